"""Loading DHCPv6 lease files: Kea's rules (measured with 3.0.4), Kea's files, and files that a crash cut off.

What it shares with DHCPv4 (files of clean-ups, headers, torn ends) is tested in full in test_loading4.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kead.allocation.occupancy6 import Occupancy6
from kead.leases.csv6 import COLUMNS, HEADER, decode_row, format_row
from kead.leases.lease6 import INFINITE, Lease6
from kead.leases.loading6 import NO_CHECKS, Checks6, Loaded6, LoadError, load6
from kead.leases.memfile6 import Memfile6, MemfileSettings
from kead.leases.record6 import wake
from kead.wire.address import parse_ip6
from tests.leases.some_leases import NOW, changed
from tests.leases.some_leases6 import NET, duid, lease, leases, prefix, text

DATA = Path(__file__).with_name("data")
SUBNETS = {
    1: (parse_ip6("2001:db8::"), parse_ip6("2001:db8::ffff:ffff:ffff:ffff")),
    2: (parse_ip6("2001:db8:1::"), parse_ip6("2001:db8:1:0:ffff:ffff:ffff:ffff")),
}


def subnet_of(address: int) -> int | None:
    return next((number for number, (first, last) in SUBNETS.items() if first <= address <= last), None)


def all_of(loaded: Loaded6) -> dict[int, Lease6]:
    found = {address: wake(address, record) for address, record in loaded.records.items()}
    assert not found.keys() & loaded.restless.keys()
    return found | loaded.restless


def load(path: Path, checks: Checks6 = NO_CHECKS, max_row_errors: int = 0) -> dict[int, Lease6]:
    return all_of(load6(path, checks, max_row_errors))


@given(st.lists(leases(st.integers(NET, NET + 5)), max_size=12))
@settings(deadline=None)
def test_the_last_row_of_each_address_counts(tmp_path_factory: pytest.TempPathFactory, some: list[Lease6]) -> None:
    path = tmp_path_factory.mktemp("load") / "leases.csv"
    path.write_text(HEADER + "".join(map(format_row, some)))
    assert load(path) == {one.address: one for one in some}


FIELD = st.sampled_from(
    ["", "0", "1", "2", "7", "128", "64", "x", "-1", "+5", "1_0", " 1", "4294967296", "00:01:02", "0001", "é", "&#x41"]
)


@given(leases(), st.dictionaries(st.integers(0, 17), FIELD, max_size=2))
@settings(deadline=None)
def test_the_quick_way_reads_what_the_exact_way_reads(
    tmp_path_factory: pytest.TempPathFactory, one: Lease6, fields: dict[int, str]
) -> None:
    path = tmp_path_factory.mktemp("load") / "leases.csv"
    row = format_row(one)[:-1].split(",")
    for column, field in fields.items():
        row[column] = field
    line = ",".join(row)
    path.write_bytes(HEADER.encode() + line.encode("latin-1") + b"\n")
    try:
        expected = decode_row(line)
    except ValueError:
        assert load(path) == {}
    else:
        assert load(path) == ({expected.address: expected} if expected.valid_lifetime else {})


def test_a_file_written_by_kea_3(path: Path) -> None:
    path.write_bytes((DATA / "kea-3.0.4-v6.csv").read_bytes())
    found = load(path)
    assert sorted(found) == [
        *(parse_ip6(f"2001:db8::{n}") for n in (10, 11, 12, 13, 14)),
        parse_ip6("2001:db8:1::5"),
        parse_ip6("2001:db8:8000:100::"),
        parse_ip6("2001:db8:8000:200::"),
    ]
    renewed, with_context, infinite, declined, reclaimed, other, delegated, ended = (found[a] for a in sorted(found))
    assert renewed == lease(
        16, duid=duid(1), iaid=1, valid_lifetime=7200, preferred_lifetime=4500, hostname="new.example.org",
        hwaddr=b"\2\0\0\0\0\1", htype=1,
    )  # fmt: skip
    assert with_context.user_context == (
        '{"ISC":{"relay-info":[{"hop":1,"link":"2001:db8::1","options":"0x00250006010203040506","peer":"fe80::1",'
        '"remote-id":"010203040506"}]},"n":[1,2.5,null,true,"\\udce9"],"note":"a, b & c"}'
    )
    assert (infinite.valid_lifetime, infinite.preferred_lifetime, infinite.cltt) == (INFINITE, INFINITE, NOW)
    assert (declined.state, declined.duid) == (1, duid(4))
    assert (reclaimed.state, reclaimed.hostname, reclaimed.expire) == (2, "", 1_700_000_000)
    assert other.subnet_id == 2
    assert delegated == prefix(1)
    assert (ended.type, ended.prefix_length, ended.state, ended.iaid) == (2, 56, 2, 5)


async def test_a_file_written_by_kea_2_is_converted(path: Path, logged: list[str]) -> None:
    path.write_bytes((DATA / "kea-2.2.0-v6.csv").read_bytes())
    loaded = load6(path)
    assert loaded.converted
    later = path.with_name("later.csv")
    later.write_bytes((DATA / "kea-3.0.4-v6.csv").read_bytes())
    assert all_of(loaded) == load(later)
    assert f"DHCPSRV_MEMFILE_NEEDS_UPGRADING version of lease file: {path} schema is earlier than version 5.0" in logged
    store = Memfile6.open(MemfileSettings(path), Occupancy6(), NOW)
    assert store.needs_cleanup
    assert store.occupancy.prefixes.taken(prefix(1).address, 56)
    assert not store.occupancy.prefixes.taken(prefix(2).address, 56), "reclaimed"
    await store.close()


def test_what_we_write_is_what_kea_writes() -> None:
    """Each row of Kea's file that is a lease comes out again as it was."""
    for line in (DATA / "kea-3.0.4-v6.csv").read_text().splitlines()[1:]:
        if f",0,{NOW},1,0,0," not in line:  # the removal
            assert format_row(decode_row(line)) == line + "\n"


def test_rows_that_kea_accepts_and_rows_that_it_does_not(path: Path, logged: list[str]) -> None:
    good = "00:01:02:03,3600,1800003600,1"
    rows = [
        f"2001:db8::1,{good},2250,7,7,128,0,0,,,0,,,,0",
        f"2001:db8::2,{good},2250,2,7,0,0,0,,,0,,,,0",
        f"2001:db8::3,{good},2250,2,7,129,0,0,,,0,,,,0",
        f"2001:db8::4,{good},9999,0,7,128,0,0,,,0,,,,0,surplus",
        f"2001:db8::5,{good},2250,0,7,128,0,0,Upper.Case,zz,7,,1,0,0",
        "2001:db8::6,00:01,3600,1800003600,1,2250,0,7,128,0,0,,,0,,,,0",
        "2001:db8::7,00:00:00,3600,1800003600,1,2250,0,7,128,0,0,,,4,,,,0",
        f"2001:db8::8,{good},2250,0,7,128,0,0,,,0,,,",
    ]
    path.write_text(text(*rows))
    loaded = load6(path)
    found = all_of(loaded)
    assert sorted(found) == [NET + n for n in range(1, 6)]
    assert (found[NET + 5].hostname, found[NET + 5].hwaddr, found[NET + 5].state) == ("Upper.Case", b"", 7)
    assert loaded.errors == 3
    assert [line.partition(", error")[0] for line in logged if "ROW_ERROR" in line] == [
        f"DHCPSRV_MEMFILE_LEASE_LOAD_ROW_ERROR discarding row {n}" for n in (6, 7, 8)
    ]
    assert any("DHCPSRV_MEMFILE_READ_HWADDR_FAIL" in line for line in logged)


def test_without_a_hardware_address_its_type_and_source_mean_nothing(path: Path) -> None:
    path.write_text(text(format_row(lease(1))[:-1].replace(",,0,,,,0", ",,0,,1,2,0")))
    assert load(path) == {NET + 1: lease(1)}


def test_a_prefix_and_an_address_that_share_their_first_are_one_key(path: Path) -> None:
    path.write_text(text(format_row(prefix(1, address=NET))[:-1], format_row(lease(0))[:-1]))
    assert load(path) == {NET: lease(0)}


@pytest.mark.parametrize("state", [0, 1, 2, 3, 4])
def test_a_row_without_lifetime_takes_the_lease_away(path: Path, state: int) -> None:
    path.write_text(text(format_row(lease(1))[:-1], format_row(lease(1, valid_lifetime=0, state=state))[:-1]))
    assert load(path) == {}


@pytest.mark.parametrize("columns", range(12, 18))
def test_older_schemas(path: Path, columns: int) -> None:
    rows = [",".join(format_row(one).split(",")[:columns]) for one in (lease(1), prefix(2))]
    path.write_text(",".join(COLUMNS[:columns]) + "\n" + "\n".join(rows) + "\n2001:db8::3,02:00\n")
    loaded = load6(path)
    assert loaded.converted
    assert all_of(loaded) == {one.address: one for one in (lease(1), prefix(2))}
    assert loaded.errors == 1


def test_a_file_of_dhcpv4_is_refused(path: Path) -> None:
    path.write_bytes((DATA / "kea-3.0.4.csv").read_bytes())
    with pytest.raises(LoadError, match="invalid header 'address,hwaddr,client_id"):
        load(path)


FAIL, FIXED, DISCARD = (f"DHCPSRV_LEASE_SANITY_{kind}" for kind in ("FAIL", "FIXED", "FAIL_DISCARD"))
WRONG_ID = "The lease 2001:db8:1::1 with subnet-id 1 failed subnet-id checks"
NOWHERE = "The lease 2001:db9::1 with subnet-id 1 failed subnet-id checks"
REASON = "(the lease IP address did not belong to a configured subnet)"


@pytest.mark.parametrize(
    ("what", "subnets", "lines"),
    [
        ("none", [1, 1], []),
        ("warn", [1, 1], [f"{FAIL} {WRONG_ID} (the lease should have subnet-id 2).", f"{FAIL} {NOWHERE} {REASON}."]),
        ("fix", [2, 1], [f"{FIXED} {WRONG_ID}, but was corrected to subnet-id 2.", f"{FAIL} {NOWHERE} {REASON}."]),
        (
            "fix-del",
            [2, None],
            [
                f"{FIXED} {WRONG_ID}, but was corrected to subnet-id 2.",
                f"{DISCARD} {NOWHERE} {REASON} and was dropped.",
            ],
        ),
        (
            "del",
            [None, None],
            [
                f"{DISCARD} {WRONG_ID} (the lease should have subnet-id 2) and was dropped.",
                f"{DISCARD} {NOWHERE} {REASON} and was dropped.",
            ],
        ),
    ],
)
def test_lease_checks_look_at_addresses_and_not_at_prefixes(
    path: Path,
    logged: list[str],
    what: str,
    subnets: list[int | None],
    lines: list[str],
) -> None:
    wrong, nowhere = parse_ip6("2001:db8:1::1"), parse_ip6("2001:db9::1")
    prefixes = [prefix(1), prefix(2, subnet_id=77), prefix(3, address=parse_ip6("2001:db8:1::"), prefix_length=64)]
    some = [lease(1, address=wrong), lease(2, address=nowhere), lease(3), *prefixes]
    path.write_text(text(*(format_row(one)[:-1] for one in some)))
    found = load(path, Checks6(what, "none", SUBNETS, subnet_of))  # type: ignore[arg-type]
    assert [found[a].subnet_id if a in found else None for a in (wrong, nowhere)] == subnets
    assert [found[one.address] for one in prefixes] == prefixes
    assert [line for line in logged if "SANITY" in line] == lines


EXTENDED: list[tuple[str, list[str]]] = json.loads((DATA / "kea-3.0.4-extended6.json").read_text())
"""User contexts, and what Kea makes of each with fix, strict and pedantic."""


@pytest.mark.parametrize(("context", "outcomes"), EXTENDED, ids=range(len(EXTENDED)))
def test_extended_info_checks(path: Path, context: str, outcomes: list[str]) -> None:
    one = decode_row(format_row(lease(1, user_context=context))[:-1])
    for level, outcome in zip(("fix", "strict", "pedantic"), outcomes, strict=True):
        path.write_text(text(format_row(one)[:-1]))
        loaded = load6(path, Checks6("none", level))  # type: ignore[arg-type]
        assert all_of(loaded)[NET + 1].user_context == outcome, level
        assert loaded.modified == (outcome != one.user_context)


def test_extended_info_is_left_alone_without_checks(path: Path) -> None:
    one = lease(1, user_context='{"ISC":{"relays":5}}')
    path.write_text(text(format_row(one)[:-1]))
    assert load(path) == {NET + 1: one}


async def test_a_crash_at_any_byte_loses_the_torn_row_only(path: Path) -> None:
    rows = [format_row(lease(1)), format_row(prefix(2, hostname="host", hwaddr=b"\2\3", htype=1))]
    whole = (HEADER + "".join(rows)).encode()
    ends = [len(HEADER), len(HEADER) + len(rows[0]), len(whole)]
    for length in range(len(whole) + 1):
        path.write_bytes(whole[:length])
        store = Memfile6.open(MemfileSettings(path), Occupancy6(), NOW)
        kept = {one.address: one async for page in store.all() for one in page}
        assert store.put_new(lease(9))
        await store.close()
        complete = [lease(1), prefix(2, hostname="host", hwaddr=b"\2\3", htype=1)][
            : sum(length >= end for end in ends[1:])
        ]
        may_be = {one.address for one in complete}
        assert may_be <= kept.keys()
        again = load(path)
        assert again == {**kept, NET + 9: lease(9)}
        for address, one in kept.items():
            if address not in may_be:  # a last row without its line end: whole but for the pool's number perhaps
                assert changed(one, pool_id=0) in (lease(1), prefix(2, hostname="host", hwaddr=b"\2\3", htype=1))
        path.with_name(path.name + ".torn").unlink(missing_ok=True)
