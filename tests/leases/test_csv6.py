"""Rows of DHCPv6 lease files: round trips, and what Kea 3.0.4 accepts and refuses (measured)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.leases.csv6 import (
    COLUMNS,
    HEADER,
    HeaderError,
    RowError,
    decode_row,
    format_removal,
    format_row,
    read_header,
    writable,
)
from kead.leases.lease6 import EMPTY_DUID, Lease6
from kead.leases.record6 import rest, wake
from tests.leases.some_leases import NOW
from tests.leases.some_leases6 import lease, leases, prefix

DUID = "00:01:00:01:2a:2b:2c:2d:02:00:00:00:00:01"
ROW = f"2001:db8::1,{DUID},3600,1800003600,1,2250,0,1,128,0,0,,,0,,,,0"
WITH_HWADDR = f"2001:db8::1,{DUID},3600,1800003600,1,2250,0,1,128,0,0,,02:03:04,0,,1,2,0"


@given(leases())
def test_every_lease_loads_again_as_it_was_written(one: Lease6) -> None:
    assert writable(one)
    row = format_row(one)
    assert row.endswith("\n")
    assert row.isascii()
    assert row.count("\n") == 1
    assert decode_row(row[:-1]) == one
    removal = decode_row(format_removal(one)[:-1])
    assert (removal.address, removal.valid_lifetime, removal.cltt) == (one.address, 0, one.cltt)


@given(leases())
def test_every_lease_wakes_as_it_went_to_rest(one: Lease6) -> None:
    record = rest(one)
    assert record is None or wake(one.address, record) == one


@given(st.text(max_size=60))
def test_any_line_is_a_lease_or_a_row_error(line: str) -> None:
    try:
        decode_row(line.encode("latin-1", "replace").decode("latin-1"))
    except RowError:
        pass


@given(leases(), st.integers(0, 17), st.text('0123456789abcdef:,.&#x -+_{}"', max_size=12))
def test_any_field_may_be_anything(one: Lease6, column: int, field: str) -> None:
    fields = format_row(one)[:-1].split(",")
    fields[column] = field
    try:
        again = decode_row(",".join(fields))
    except RowError:
        return
    assert decode_row(format_row(again)[:-1]) == again


def test_a_row_looks_as_kea_writes_it() -> None:
    assert format_row(lease(1)) == ROW + "\n"
    assert format_row(lease(1, hwaddr=b"\2\3\4", htype=1, hwaddr_source=2)) == WITH_HWADDR + "\n"
    assert format_row(prefix(1, hostname="a,b", fqdn_fwd=True, user_context='{"a":[1,2]}', pool_id=7)) == (
        f'2001:db8:8000:100::,{DUID},3600,1800003600,1,2250,2,1,56,1,0,a&#x2cb,,0,{{ "a": [ 1&#x2c 2 ] }},,,7\n'
    )


@pytest.mark.parametrize(("state", "preferred"), [(0, 0), (1, 0), (2, 2250), (3, 0), (4, 0)])
def test_a_removal_is_the_lease_without_lifetime(state: int, preferred: int) -> None:
    row = format_removal(lease(1, state=state))
    assert row == f"2001:db8::1,{DUID},0,{NOW},1,{preferred},0,1,128,0,0,,,{state},,,,0\n"


@pytest.mark.parametrize(
    ("column", "field", "reason"),
    [
        (0, "2001:db8::g", "Failed to convert string to address '2001:db8::g'"),
        (0, "10.0.0.1", "Failed to convert string to address"),
        (0, "fe80::1%lo", "Failed to convert string to address"),
        (1, "", "identifier is too short (0), at least 3 is required"),
        (1, "00:01", "identifier is too short (2), at least 3 is required"),
        (1, ":".join(["01"] * 131), "identifier is too large (131), at most 130 is required"),
        (1, "00:1:002:03", "invalid format of the decoded string '00:1:002:03'"),
        (1, " 00:01:02", "invalid format of the decoded string ' 00:01:02'"),
        (1, "000102zz", "'000102zz' is not a valid string of hexadecimal digits"),
        (1, "00:00:00", "The Empty DUID is only valid for declined leases"),
        (2, "x", "bad lexical cast"),
        (2, "4294967296", "bad lexical cast"),
        (3, "", "bad lexical cast"),
        (4, "q", "bad lexical cast"),
        (5, "x", "bad lexical cast"),
        (6, "x", "bad lexical cast"),
        (6, "4294967295", "bad lexical cast"),
        (7, "4294967296", "bad lexical cast"),
        (9, "2", "bad lexical cast"),
        (10, "", "bad lexical cast"),
        (13, "x", "bad lexical cast"),
        (14, "[ 1 ]", "user context '[ 1 ]' is not a JSON map"),
        (17, "", "bad lexical cast"),
    ],
)
def test_a_bad_field_is_a_row_error(column: int, field: str, reason: str) -> None:
    fields = ROW.split(",")
    fields[column] = field
    with pytest.raises(RowError) as caught:
        decode_row(",".join(fields))
    assert str(caught.value).startswith(reason)


@pytest.mark.parametrize(
    ("column", "field", "attribute", "value"),
    [
        (0, "2001:DB8:0:0::1", "address", lease(1).address),
        (0, "::ffff:1.2.3.4", "address", 0xFFFF_0102_0304),
        (1, "00010203", "duid", b"\0\1\2\3"),
        (1, "0001020", "duid", b"\0\0\x10\x20"),
        (1, "0:1:2", "duid", b"\0\1\2"),
        (1, "00 01 02", "duid", b"\0\1\2"),
        (1, "00:00:00:00", "duid", bytes(4)),
        (2, "-1", "valid_lifetime", 0xFFFFFFFF),
        (5, "9999", "preferred_lifetime", 9999),
        (6, "7", "type", 7),
        (6, "-1", "type", -1),
        (6, "256", "type", 256),
        (7, "-7", "iaid", 0xFFFFFFF9),
        (8, "64", "prefix_length", 128),
        (8, "anything", "prefix_length", 128),
        (11, "Upper.Case&#x2cx", "hostname", "Upper.Case,x"),
        (13, "7", "state", 7),
        (14, '{ "b": 1&#x2c "a": 2 }', "user_context", '{"a":2,"b":1}'),
        (15, "x", "htype", 0),
    ],
)
def test_what_kea_accepts_is_accepted(column: int, field: str, attribute: str, value: object) -> None:
    fields = ROW.split(",")
    fields[column] = field
    assert getattr(decode_row(",".join(fields)), attribute) == value


@pytest.mark.parametrize(
    ("field", "length"), [("0", 0), ("129", 129), ("300", 44), ("-1", 255), ("2147483647", 255), ("-2147483648", 0)]
)
def test_a_prefix_may_have_any_length(field: str, length: int) -> None:
    assert decode_row(ROW.replace(",0,1,128,", f",2,1,{field},")).prefix_length == length


@pytest.mark.parametrize("field", ["", "x", "2147483648", "-4294967295"])
def test_but_it_must_have_one(field: str) -> None:
    with pytest.raises(RowError):
        decode_row(ROW.replace(",0,1,128,", f",2,1,{field},"))


@pytest.mark.parametrize(
    ("hwaddr", "htype", "source", "expected"),
    [
        ("02:03:04", "", "", (b"\2\3\4", 1, 0)),
        ("0:2:3", "1", "0", (b"\0\2\3", 1, 0)),
        ("02:03:04", "-1", "-1", (b"\2\3\4", 65535, 0xFFFFFFFF)),
        ("02:03:04", "65536", "0", (b"", 0, 0)),
        ("02:03:04", "x", "0", (b"", 0, 0)),
        ("02:03:04", "1", "4294967296", (b"", 0, 0)),
        ("0203", "1", "0", (b"", 0, 0)),
        ("zz", "1", "0", (b"", 0, 0)),
        (":".join(["01"] * 21), "1", "0", (b"", 0, 0)),
        ("", "1", "1", (b"", 0, 0)),
    ],
)
def test_a_hardware_address_that_cannot_be_read_is_none(
    hwaddr: str, htype: str, source: str, expected: tuple[bytes, int, int]
) -> None:
    fields = ROW.split(",")
    fields[12], fields[15], fields[16] = hwaddr, htype, source
    one = decode_row(",".join(fields))
    assert (one.hwaddr, one.htype, one.hwaddr_source) == expected


def test_columns_beyond_ours_are_ignored_and_missing_ones_are_an_error() -> None:
    assert decode_row(ROW + ",extra", 19) == decode_row(ROW)
    with pytest.raises(RowError):
        decode_row(ROW.rpartition(",")[0])
    with pytest.raises(RowError, match="Failed to convert string to address 'complete nonsense'"):
        decode_row("complete nonsense")


@pytest.mark.parametrize("columns", range(12, 18))
def test_rows_of_older_schemas_get_defaults(columns: int) -> None:
    old = ",".join(ROW.split(",")[:columns])
    assert decode_row(old, columns) == lease(1)
    if columns > 12:
        one = decode_row(",".join(WITH_HWADDR.split(",")[:columns]), columns)
        assert (one.hwaddr, one.htype, one.hwaddr_source) == (b"\2\3\4", 1, 2 if columns > 16 else 0)


def test_a_lease_of_nobody_is_an_error_unless_declined() -> None:
    row = ROW.replace(DUID, "00:00:00")
    with pytest.raises(RowError, match="The Empty DUID is only valid for declined leases"):
        decode_row(row)
    assert decode_row(row.replace(",,,0,,,,0", ",,,1,,,,0")).duid == EMPTY_DUID


@pytest.mark.parametrize(
    "one",
    [
        lease(1, duid=b"\0\1"),
        lease(1, duid=bytes(131)),
        lease(1, duid=EMPTY_DUID),
        lease(1, hwaddr=bytes(21)),
        lease(1, valid_lifetime=-1),
        lease(1, preferred_lifetime=2**32),
        lease(1, prefix_length=64),
    ],
)
def test_what_could_not_be_loaded_is_not_writable(one: Lease6) -> None:
    assert not writable(one)


def test_headers() -> None:
    assert read_header(HEADER[:-1]) == 18
    assert [read_header(",".join(COLUMNS[:n])) for n in range(12, 18)] == list(range(12, 18))
    assert read_header(HEADER[:-1] + ",future") == 19
    with pytest.raises(HeaderError, match="invalid header 'address,mac,client_id'"):
        read_header("address,mac,client_id")
    with pytest.raises(HeaderError, match=r"header has only 11 valid column\(s\), it must have at least 12"):
        read_header(",".join(COLUMNS[:11]))
