"""Rows of lease files: round trips, and what Kea 3.0.4 accepts and refuses (measured)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.leases.csv4 import (
    COLUMNS,
    HEADER,
    HeaderError,
    RowError,
    decode_row,
    escape,
    format_removal,
    format_row,
    read_header,
    unescape,
    writable,
)
from kead.leases.lease4 import Lease4
from kead.leases.record4 import rest, wake
from tests.leases.some_leases import NOW, lease, leases

ROW = "10.0.0.1,02:00:00:00:00:01,01:02:00:00:01,3600,1800003600,1,0,0,,0,,0"


@given(leases())
def test_every_lease_loads_again_as_it_was_written(one: Lease4) -> None:
    row = format_row(one)
    assert row.endswith("\n")
    assert row.isascii()
    assert row.count("\n") == 1
    assert decode_row(row[:-1]) == one
    assert decode_row(format_row(decode_row(row[:-1]))[:-1]) == one


@given(leases())
def test_every_lease_wakes_as_it_went_to_rest(one: Lease4) -> None:
    record = rest(one)
    assert record is None or wake(one.address, record) == one


@given(st.text(max_size=60))
def test_any_line_is_a_lease_or_a_row_error(line: str) -> None:
    try:
        decode_row(line.encode("latin-1", "replace").decode("latin-1"))
    except RowError:
        pass


@given(leases(), st.integers(0, 11), st.text('0123456789abcdef:,.&#x -+_{}"', max_size=12))
def test_any_field_may_be_anything(one: Lease4, column: int, field: str) -> None:
    fields = format_row(one)[:-1].split(",")
    fields[column] = field
    try:
        again = decode_row(",".join(fields))
    except RowError:
        return
    assert decode_row(format_row(again)[:-1]) == again


def test_a_row_looks_as_kea_writes_it() -> None:
    one = lease(1, hostname="a,b.example", fqdn_fwd=True, user_context='{"a":[1,2],"b":{}}', pool_id=7)
    assert format_row(one) == (
        "10.0.0.1,02:00:00:00:00:01,01:02:00:00:01,3600,1800003600,1,1,0,a&#x2cb.example,0,"
        '{ "a": [ 1&#x2c 2 ]&#x2c "b": {  } },7\n'
    )
    assert format_row(lease(1)) == ROW + "\n"


def test_a_removal_is_the_lease_without_lifetime() -> None:
    assert format_removal(lease(1, state=2)) == f"10.0.0.1,02:00:00:00:00:01,01:02:00:00:01,0,{NOW},1,0,0,,2,,0\n"


@pytest.mark.parametrize(
    ("column", "field", "reason"),
    [
        (0, "10.0.1.999", "Failed to convert string to address '10.0.1.999'"),
        (0, "010.0.0.1", "Failed to convert string to address"),
        (0, "2001:db8::1", "Failed to convert string to address"),
        (0, "10.1", "Failed to convert string to address"),
        (1, "0200", "invalid format of the decoded string '0200'"),
        (1, "02:zz", "invalid format of the decoded string '02:zz'"),
        (1, "02:-1", "invalid format of the decoded string"),
        (1, ":".join(["02"] * 21), "address vector size exceeds MAX_HWADDR_LEN"),
        (2, "01", "identifier is too short (1), at least 2 is required"),
        (2, "01:zz", "invalid format of the decoded string '01:zz'"),
        (3, "abc", "bad lexical cast"),
        (3, "", "bad lexical cast"),
        (3, "99999999999", "bad lexical cast"),
        (3, "1_000", "bad lexical cast"),
        (4, "zzz", "bad lexical cast"),
        (4, " 1800003600", "bad lexical cast"),
        (4, "9" * 23, "bad lexical cast"),
        (5, "q", "bad lexical cast"),
        (5, "4294967296", "bad lexical cast"),
        (6, "2", "bad lexical cast"),
        (7, "", "bad lexical cast"),
        (9, "x", "bad lexical cast"),
        (9, "", "bad lexical cast"),
        (10, "{", "user context"),
        (10, "[ 1 ]", "user context '[ 1 ]' is not a JSON map"),
        (10, "[]", "user context '[]' is not a JSON map"),
        (11, "p", "bad lexical cast"),
        (11, "", "bad lexical cast"),
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
        (1, "02:0:1", "hwaddr", b"\2\0\1"),
        (1, "AA:bB", "hwaddr", b"\xaa\xbb"),
        (1, "", "hwaddr", b""),
        (2, "", "client_id", b""),
        (2, "0102", "client_id", b"\1\2"),
        (3, "+3600", "valid_lifetime", 3600),
        (3, "-1", "valid_lifetime", 0xFFFFFFFF),
        (4, "-5", "cltt", -3605),
        (8, "UP.Case&#x2cx", "hostname", "up.case,x"),
        (8, "a&#x2", "hostname", "a&#x2"),
        (8, "a&#xzz", "hostname", "a&#xzz"),
        (8, "bad host!", "hostname", "bad host!"),
        (9, "7", "state", 7),
        (9, "-1", "state", 0xFFFFFFFF),
        (10, '{ "b": 1&#x2c "a": 2 }', "user_context", '{"a":2,"b":1}'),
        (10, '{ "a": "&#xe9;" }', "user_context", '{"a":"\\udce9;"}'),
        (10, '{ "a": "\\u00e9" }', "user_context", '{"a":"\\udce9"}'),
        (10, '{ "a": "\\u00c3\\u00a9 \\u20ac \\\\u00c3" }', "user_context", '{"a":"é € \\\\u00c3"}'),
        (11, "12", "pool_id", 12),
    ],
)
def test_what_kea_accepts_is_accepted(column: int, field: str, attribute: str, value: object) -> None:
    fields = ROW.split(",")
    fields[column] = field
    assert getattr(decode_row(",".join(fields)), attribute) == value


def test_columns_beyond_ours_are_ignored_and_missing_ones_are_an_error() -> None:
    assert decode_row(ROW + ",extra", 13) == decode_row(ROW)
    with pytest.raises(RowError):
        decode_row(ROW.rpartition(",")[0])
    with pytest.raises(RowError, match="Failed to convert string to address 'complete nonsense'"):
        decode_row("complete nonsense")


@pytest.mark.parametrize("columns", [9, 10, 11])
def test_rows_of_older_schemas_get_defaults(columns: int) -> None:
    old = ",".join(ROW.split(",")[:columns])
    assert decode_row(old, columns) == lease(1)


@pytest.mark.parametrize("state", [0, 2, 3, 4])
def test_a_lease_of_nobody_is_an_error_unless_declined(state: int) -> None:
    with pytest.raises(RowError, match=r"Lease4: 10\.0\.0\.1, state: .* has neither hardware address or client id"):
        decode_row(f"10.0.0.1,,,3600,1800003600,1,0,0,,{state},,0")
    assert decode_row("10.0.0.1,,,3600,1800003600,1,0,0,,1,,0").state == 1


@pytest.mark.parametrize(
    "one",
    [
        lease(1, hwaddr=b"", client_id=b""),
        lease(1, hwaddr=bytes(21)),
        lease(1, client_id=b"\1"),
        lease(1, client_id=bytes(256)),
        lease(1, valid_lifetime=-1),
    ],
)
def test_what_could_not_be_loaded_is_not_writable(one: Lease4) -> None:
    assert not writable(one)


def test_headers() -> None:
    assert read_header(HEADER[:-1]) == 12
    assert [read_header(",".join(COLUMNS[:n])) for n in (9, 10, 11)] == [9, 10, 11]
    assert read_header(HEADER[:-1] + ",future") == 13
    with pytest.raises(HeaderError, match="invalid header 'address,mac,client_id'"):
        read_header("address,mac,client_id")
    with pytest.raises(HeaderError, match=r"header has only 8 valid column\(s\), it must have at least 9"):
        read_header(",".join(COLUMNS[:8]))


@given(st.binary(max_size=50))
def test_escaping_keeps_every_byte(data: bytes) -> None:
    name = data.decode("utf-8", "surrogateescape")
    assert unescape(escape(name)) == name.encode("utf-8", "surrogateescape")
    assert not set(escape(name)) & set(",\n\r\0")
