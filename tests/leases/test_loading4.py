"""Loading lease files: Kea's rules (measured with 3.0.4), Kea's files, and files that a crash cut off."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kead.allocation.occupancy import Occupancy
from kead.leases.csv4 import COLUMNS, HEADER, decode_row, format_row
from kead.leases.lease4 import INFINITE, Lease4
from kead.leases.loading4 import NO_CHECKS, Checks4, Loaded4, LoadError, load4, read_leases
from kead.leases.memfile4 import Memfile4, MemfileSettings
from kead.leases.record4 import wake
from kead.wire.address import parse_ip4
from tests.leases.some_leases import NET, NOW, changed, lease, leases, text

DATA = Path(__file__).with_name("data")
SUBNETS = {1: (parse_ip4("10.0.0.0"), parse_ip4("10.0.255.255")), 2: (parse_ip4("10.1.0.0"), parse_ip4("10.1.255.255"))}


def subnet_of(address: int) -> int | None:
    return next((number for number, (first, last) in SUBNETS.items() if first <= address <= last), None)


def all_of(loaded: Loaded4) -> dict[int, Lease4]:
    found = {address: wake(address, record) for address, record in loaded.records.items()}
    assert not found.keys() & loaded.restless.keys()
    return found | loaded.restless


def load(path: Path, checks: Checks4 = NO_CHECKS, max_row_errors: int = 0) -> dict[int, Lease4]:
    return all_of(load4(path, checks, max_row_errors))


@given(st.lists(leases(st.integers(NET, NET + 5)), max_size=12))
@settings(deadline=None)
def test_the_last_row_of_each_address_counts(tmp_path_factory: pytest.TempPathFactory, some: list[Lease4]) -> None:
    path = tmp_path_factory.mktemp("load") / "leases.csv"
    path.write_text(HEADER + "".join(map(format_row, some)))
    assert load(path) == {one.address: one for one in some}


def test_a_file_written_by_kea_3(path: Path) -> None:
    path.write_bytes((DATA / "kea-3.0.4.csv").read_bytes())
    found = load(path)
    assert sorted(found) == [parse_ip4(f"10.0.1.{n}") for n in (10, 11, 12, 13, 15)] + [parse_ip4("10.1.0.5")]
    renewed, with_context, infinite, declined, reclaimed, other = (found[address] for address in sorted(found))
    assert (renewed.hostname, renewed.valid_lifetime, renewed.cltt) == ("new.example.org", 7200, 1795571626 - 7200)
    assert with_context.user_context == (
        '{"ISC":{"relay-agent-info":{"remote-id":"99AABB","sub-options":"0x0104AABBCCDD020399AABB"}},'
        '"n":[1,2.5,null,true,"\\udce9"],"note":"a, b & c"}'
    )
    assert infinite.valid_lifetime == INFINITE
    assert infinite.cltt == renewed.cltt
    assert (declined.state, declined.hwaddr, declined.client_id) == (1, b"", b"")
    assert (reclaimed.state, reclaimed.hostname, reclaimed.expire) == (2, "", 1700000000)
    assert (other.subnet_id, len(other.client_id)) == (2, 15)


async def test_a_file_written_by_kea_2_is_converted(path: Path, logged: list[str]) -> None:
    path.write_bytes((DATA / "kea-2.2.0.csv").read_bytes())
    loaded = load4(path)
    assert loaded.converted
    (only,) = all_of(loaded).values()
    assert (only.address, only.user_context, only.pool_id) == (parse_ip4("10.0.1.11"), '{"note":"a, b"}', 0)
    assert f"DHCPSRV_MEMFILE_NEEDS_UPGRADING version of lease file: {path} schema is earlier than version 3.0" in logged
    store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    assert store.needs_cleanup
    await store.close()


def test_what_we_write_is_what_kea_writes(path: Path) -> None:
    """Each row of Kea's file that is a lease comes out again as it was."""
    for line in (DATA / "kea-3.0.4.csv").read_text().splitlines()[1:]:
        if ",0,1795564426," not in line:  # removals
            assert format_row(decode_row(line)) == line + "\n"


@pytest.mark.parametrize(
    ("row", "error"),
    [
        ("complete nonsense", "Failed to convert string to address 'complete nonsense': Invalid argument"),
        ("10.0.1.999,02:00,,3600,1800003600,1,0,0,,0,,0", "Failed to convert string to address '10.0.1.999'"),
        ("10.0.1.11,zz:00,,3600,1800003600,1,0,0,,0,,0", "invalid format of the decoded string 'zz:00'"),
        ("10.0.1.11,0200,,3600,1800003600,1,0,0,,0,,0", "invalid format of the decoded string '0200'"),
        ("10.0.1.11,02:00,01,3600,1800003600,1,0,0,,0,,0", "identifier is too short (1), at least 2 is required"),
        ("10.0.1.11,02:00,,3600,1800003600,1,2,0,,0,,0", "bad lexical cast"),
        ("10.0.1.11,02:00,,3600,1800003600,1,0,0,,x,,0", "bad lexical cast"),
        ("10.0.1.11,02:00,,3600,1800003600,1,0,0,,0,[ 1 ],0", "user context '[ 1 ]' is not a JSON map"),
        ("10.0.1.11,,,3600,1800003600,1,0,0,,2,,0", "has neither hardware address or client id"),
        ("10.0.1.11,02:00,,3600,1800003600,1,0,0,,0,", "the row has 11 column(s), the header has 12"),
    ],
)
def test_a_bad_row_is_reported_with_its_number_and_skipped(path: Path, logged: list[str], row: str, error: str) -> None:
    path.write_text(text(format_row(lease(1))[:-1], "", row, format_row(lease(2))[:-1]))
    assert load(path) == {NET + 1: lease(1), NET + 2: lease(2)}
    (line,) = (line for line in logged if "ROW_ERROR" in line)
    assert line.startswith("DHCPSRV_MEMFILE_LEASE_LOAD_ROW_ERROR discarding row 2, error: ")
    assert error in line


def test_a_bad_row_does_not_take_the_good_one_before_it_away(path: Path) -> None:
    path.write_text(text(format_row(lease(1))[:-1], format_row(lease(1))[:-1].replace(",3600,", ",x,")))
    assert load(path) == {NET + 1: lease(1)}


def test_rows_that_kea_accepts(path: Path) -> None:
    rows = [
        "10.0.0.1,02:00:00:00:00:01,,3600,1800003600,1,0,0,,0,,0,surplus",
        "10.0.0.2,02:00:00:00:00:02,,3600,1800003600,1,0,0,,7,,0",
        "10.0.0.3,02:00:00:00:00:03,,-1,1800003600,1,0,0,,0,,0",
        "10.0.0.4,02:00:00:00:00:04,,3600,5,1,0,0,,0,,0",
        "10.0.0.5,02:00:00:00:00:05,,3600,1800003600,0,0,0,Upper.Case,0,,0",
        "10.0.0.6,,,3600,1800003600,1,0,0,,1,,0",
    ]
    path.write_text(text(*rows))
    found = load(path)
    assert [found[NET + n].state for n in range(1, 7)] == [0, 7, 0, 0, 0, 1]
    assert found[NET + 3].valid_lifetime == INFINITE
    assert found[NET + 4].cltt == 5 - 3600
    assert (found[NET + 5].hostname, found[NET + 5].subnet_id) == ("upper.case", 0)


@pytest.mark.parametrize("state", [0, 1, 2, 3])
def test_a_row_without_lifetime_takes_the_lease_away(path: Path, state: int) -> None:
    path.write_text(text(format_row(lease(1))[:-1], format_row(lease(1, valid_lifetime=0, state=state))[:-1]))
    assert load(path) == {}


@pytest.mark.parametrize("state", [0, 1, 2, 4])
def test_expired_rows_load_as_they_are(path: Path, state: int) -> None:
    old = lease(1, cltt=1000, state=state)
    path.write_text(text(format_row(old)[:-1]))
    assert load(path) == {NET + 1: old}


def test_more_bad_rows_than_allowed_refuse_the_file(path: Path) -> None:
    path.write_text(text("bad", format_row(lease(1))[:-1], "bad"))
    assert load(path, max_row_errors=2) == {NET + 1: lease(1)}
    path.write_text(text("bad", "bad", "bad"))
    assert load(path) == {}
    with pytest.raises(
        LoadError,
        match=f"exceeded maximum number of failures 2 to read a lease from the lease file {path}",
    ):
        load(path, max_row_errors=2)


@pytest.mark.parametrize(
    ("header", "error"),
    [
        (
            "address,mac,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname",
            "invalid header 'address,mac",
        ),
        (",".join(COLUMNS[:8]) + "\n", r"header has only 8 valid column\(s\), it must have at least 9"),
        ("nonsense", "invalid header 'nonsense' in CSV file"),
    ],
)
@pytest.mark.parametrize("end", ["", "\n", "\n10.0.0.1\n"])
def test_a_foreign_header_refuses_the_file(path: Path, header: str, error: str, end: str) -> None:
    path.write_text(header + end)
    with pytest.raises(LoadError, match=error):
        load(path)
    assert path.read_text() == header + end


@pytest.mark.parametrize("columns", [9, 10, 11])
def test_older_schemas(path: Path, columns: int, logged: list[str]) -> None:
    rows = [",".join(format_row(lease(n)).split(",")[:columns]) for n in (1, 2)]
    path.write_text(",".join(COLUMNS[:columns]) + "\n" + "\n".join(rows) + "\n10.0.0.3,02:00\n")
    loaded = load4(path)
    assert loaded.converted
    assert all_of(loaded) == {NET + 1: lease(1), NET + 2: lease(2)}
    assert loaded.errors == 1


def test_a_later_schema(path: Path, logged: list[str]) -> None:
    path.write_text(HEADER[:-1] + ",future\n" + format_row(lease(1))[:-1] + ",x\n")
    loaded = load4(path)
    assert loaded.converted
    assert all_of(loaded) == {NET + 1: lease(1)}
    assert any("DHCPSRV_MEMFILE_NEEDS_DOWNGRADING" in line for line in logged)


async def test_absent_empty_and_header_only_files_get_a_header(path: Path) -> None:
    for content in (None, "", HEADER[:-1], HEADER):
        if content is not None:
            path.write_text(content)
        store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
        await store.add(lease(1))
        await store.close()
        assert path.read_text() == HEADER + format_row(lease(1))
        path.unlink()


def test_files_of_clean_ups_are_read_in_order(path: Path) -> None:
    def write(suffix: str, *some: Lease4) -> None:
        Path(f"{path}{suffix}").write_text(HEADER + "".join(map(format_row, some)))

    write(".2", lease(1, hostname="previous"), lease(2, hostname="previous"), lease(3, hostname="previous"))
    write(".1", lease(2, hostname="copy"), lease(3, hostname="copy"))
    write("", lease(3, hostname="current"))
    write(".output", lease(1, hostname="output"), lease(9))
    assert {address - NET: one.hostname for address, one in load(path).items()} == {
        1: "previous",
        2: "copy",
        3: "current",
    }
    write(".completed", lease(2, hostname="completed"), lease(4))
    assert {address - NET: one.hostname for address, one in load(path).items()} == {
        2: "completed",
        3: "current",
        4: "",
    }


def test_no_loading_while_a_clean_up_runs(path: Path) -> None:
    path.write_text(text(format_row(lease(1))[:-1]))
    pid = Path(f"{path}.pid")
    pid.write_text(f"{os.getpid()}\n")
    with pytest.raises(LoadError, match="unable to load leases from files while the lease file cleanup is in progress"):
        load(path)
    os.utime(pid, (1000, 1000))  # from before this machine was started
    assert load(path)
    for dead in ("", "999999999\n", "nonsense"):
        pid.write_text(dead)
        assert load(path)


WRONG_ID = "The lease 10.1.1.5 with subnet-id 1 failed subnet-id checks"
NOWHERE = "The lease 10.9.1.5 with subnet-id 1 failed subnet-id checks"
UNKNOWN_ID = "The lease 10.0.1.12 with subnet-id 77 failed subnet-id checks"
NO_SUBNET = "(the lease IP address did not belong to a configured subnet)"
FAIL, FIXED, DISCARD = (f"DHCPSRV_LEASE_SANITY_{kind}" for kind in ("FAIL", "FIXED", "FAIL_DISCARD"))
CASES = [
    ("none", {"10.1.1.5": 1, "10.9.1.5": 1, "10.0.1.12": 77, "10.0.1.13": 1}, []),
    (
        "warn",
        {"10.1.1.5": 1, "10.9.1.5": 1, "10.0.1.12": 77, "10.0.1.13": 1},
        [
            f"{FAIL} {WRONG_ID} (the lease should have subnet-id 2).",
            f"{FAIL} {NOWHERE} {NO_SUBNET}.",
            f"{FAIL} {UNKNOWN_ID} (the lease should have subnet-id 1).",
        ],
    ),
    (
        "fix",
        {"10.1.1.5": 2, "10.9.1.5": 1, "10.0.1.12": 1, "10.0.1.13": 1},
        [
            f"{FIXED} {WRONG_ID}, but was corrected to subnet-id 2.",
            f"{FAIL} {NOWHERE} {NO_SUBNET}.",
            f"{FIXED} {UNKNOWN_ID}, but was corrected to subnet-id 1.",
        ],
    ),
    (
        "fix-del",
        {"10.1.1.5": 2, "10.0.1.12": 1, "10.0.1.13": 1},
        [
            f"{FIXED} {WRONG_ID}, but was corrected to subnet-id 2.",
            f"{DISCARD} {NOWHERE} {NO_SUBNET} and was dropped.",
            f"{FIXED} {UNKNOWN_ID}, but was corrected to subnet-id 1.",
        ],
    ),
    (
        "del",
        {"10.0.1.13": 1},
        [
            f"{DISCARD} {WRONG_ID} (the lease should have subnet-id 2) and was dropped.",
            f"{DISCARD} {NOWHERE} {NO_SUBNET} and was dropped.",
            f"{DISCARD} {UNKNOWN_ID} (the lease should have subnet-id 1) and was dropped.",
        ],
    ),
]


@pytest.mark.parametrize(("what", "subnets", "lines"), CASES, ids=[case[0] for case in CASES])
def test_lease_checks(path: Path, logged: list[str], what: str, subnets: dict[str, int], lines: list[str]) -> None:
    rows = [("10.1.1.5", 1), ("10.9.1.5", 1), ("10.0.1.12", 77), ("10.0.1.13", 1)]
    path.write_text(text(*(f"{address},02:00,,3600,1800003600,{id_},0,0,,0,,0" for address, id_ in rows)))
    found = load(path, Checks4(what, "none", SUBNETS, subnet_of))  # type: ignore[arg-type]
    assert {address: found[parse_ip4(address)].subnet_id for address in subnets} == subnets
    assert len(found) == len(subnets)
    assert [line for line in logged if "SANITY" in line] == lines


def isc(inside: str) -> str:
    return '{"ISC":' + inside + "}"


def rai(inside: str) -> str:
    return isc('{"relay-agent-info":' + inside + "}")


UPGRADED = '{"relay-id":"0708","remote-id":"040506","sub-options":"0x02030405060C020708"}'
EXTENDED = [  # user context; what becomes of it under fix, strict, pedantic ("=": it stays)
    (rai('"0x0104AABBCCDD"'), *[rai('{"sub-options":"0x0104AABBCCDD"}')] * 3),
    (rai('"0104AABBCCDD"'), *[rai('{"sub-options":"0104AABBCCDD"}')] * 3),
    (rai('"0x02030405060C020708"'), *[rai(UPGRADED)] * 3),
    (rai("5"), "", "", ""),
    ('{"ISC":5,"mine":1}', *['{"mine":1}'] * 3),
    (isc("{}"), "", "", ""),
    ('{"ISC":{"relay-agent-info":"zz"},"mine":1}', *['{"mine":1}'] * 3),
    (rai('{"sub-options":"0x02020102"}'), "=", "=", "="),
    (rai('{"remote-id":"0103","sub-options":"0x02020102"}'), "=", "=", "="),
    (rai('{"remote-id":"0102"}'), "=", "=", "="),
    (isc('{"relay-agent-info":{"sub-options":"0x0101aa"},"y":1}'), "=", "=", "="),
    (rai('{"sub-options":5}'), "=", "", ""),
    (rai('{"sub-options":"zz"}'), "=", "", ""),
    (rai('{"sub-options":"0x"}'), "=", "", ""),
    (rai('{"remote-id":"0x0102","sub-options":"0x02020102"}'), "=", "", ""),
    (rai('{"remote-id":5,"sub-options":"0x02020102"}'), "=", "", ""),
    (rai('{"comment":"c","sub-options":"0x0101aa","x":1}'), "=", "=", ""),
    ('{"mine":1}', "=", "=", "="),
]


@pytest.mark.parametrize("level", ["none", "fix", "strict", "pedantic"])
@pytest.mark.parametrize("case", EXTENDED, ids=[case[0] for case in EXTENDED])
def test_extended_info_checks(path: Path, level: str, case: tuple[str, ...]) -> None:
    before = case[0]
    after = before if level == "none" else case[("none", "fix", "strict", "pedantic").index(level)]
    path.write_text(HEADER + format_row(lease(1, user_context=before)))
    loaded = load4(path, Checks4("none", level))  # type: ignore[arg-type]
    assert all_of(loaded)[NET + 1].user_context == (before if after == "=" else after)
    assert loaded.modified == (after not in ("=", before))


# What a crash leaves behind


async def test_a_file_cut_at_any_byte_of_its_last_group_loads_with_all_before_it(path: Path) -> None:
    kept = [lease(1), lease(2, hostname="host.example", user_context='{"a":[1,2]}')]
    last = [lease(3, hostname="a,b"), changed(lease(1), cltt=NOW + 9), lease(4, pool_id=12)]
    whole = HEADER + "".join(map(format_row, kept)) + "".join(map(format_row, last))
    first = len(HEADER + "".join(map(format_row, kept)))
    for length in range(first, len(whole) + 1):
        path.write_text(whole[:length])
        store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
        found = {one.address: one async for page in store.all() for one in page}
        complete = whole[:length].count("\n") - 3
        expected = {one.address: one for one in kept + last[:complete]}
        torn = whole[:length].rpartition("\n")[2]
        if torn and torn.count(",") == 11 and torn[-1] != ",":
            del found[decode_row(torn).address]  # whole but for its line end (or the end of its pool id)
            expected.pop(decode_row(torn).address, None)
        assert found == expected, length
        await store.add(lease(9))
        await store.close()
        again = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
        assert await again.get(NET + 9) == lease(9), length
        for address, one in expected.items():
            assert await again.get(address) == one, length
        await again.close()


@given(st.integers(0, len(HEADER)))
def test_a_file_cut_in_its_header_is_begun_anew(tmp_path_factory: pytest.TempPathFactory, length: int) -> None:
    path = tmp_path_factory.mktemp("cut") / "leases.csv"
    path.write_text(HEADER[:length])
    assert load(path) == {}
    assert path.read_text() in ("", HEADER)


def test_the_torn_end_is_set_aside(path: Path, logged: list[str]) -> None:
    row = format_row(lease(2))[:30]
    path.write_text(text(format_row(lease(1))[:-1]) + row)
    assert load(path, max_row_errors=1) == {NET + 1: lease(1)}
    assert path.read_text() == HEADER + format_row(lease(1))
    beside = Path(f"{path}.torn")
    assert beside.read_text() == row + "\n"
    assert beside.stat().st_mode & 0o777 == 0o640 & ~_umask()
    (line,) = (line for line in logged if "TORN" in line)
    assert "30 bytes" in line
    assert str(beside) in line
    assert not any("ROW_ERROR" in line for line in logged)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def test_zeros_after_a_loss_of_power_are_set_aside(path: Path) -> None:
    path.write_bytes((HEADER + format_row(lease(1))).encode() + bytes(5000))
    assert load(path) == {NET + 1: lease(1)}
    assert path.read_text() == HEADER + format_row(lease(1))


def test_the_torn_end_of_an_earlier_file_stays_where_it_is(path: Path) -> None:
    copy = Path(f"{path}.1")
    copy.write_text(HEADER + format_row(lease(1)) + "10.0.0.2,02")
    assert load(path) == {NET + 1: lease(1)}
    assert copy.read_text().endswith("10.0.0.2,02")


def test_lines_longer_than_a_read(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kead.leases.loading._CHUNK", 7)
    some = [lease(n, hostname="h" * n) for n in range(1, 30)]
    path.write_text(HEADER + "".join(map(format_row, some)))
    assert load(path) == {one.address: one for one in some}


def test_a_file_that_cannot_be_read_is_an_error(path: Path) -> None:
    path.mkdir()
    with pytest.raises(LoadError, match="cannot read the lease file"):
        read_leases(path, Loaded4())
