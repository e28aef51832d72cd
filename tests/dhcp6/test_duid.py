"""DUIDs: what they say, and new ones."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp6 import DUID_EN, DUID_LL, DUID_LLT, DUID_UUID

from kead.dhcp6.duid import (
    EN,
    LL,
    LLT,
    UUID,
    Duid,
    complaint,
    describe,
    from_text,
    hardware_address,
    make_en,
    make_ll,
    make_llt,
    make_uuid,
    parse,
    text,
)

MAC = bytes.fromhex("0200000001a7")


@pytest.mark.parametrize(
    ("wire", "said", "words"),
    [
        (
            "000100010000000a0200000001a7",
            Duid(LLT, MAC, hardware_type=1, time=946_684_810),
            "LLT, hardware type 1, 02:00:00:00:01:a7, time 946684810",
        ),
        ("0002000009bf0123", Duid(EN, b"\1\x23", enterprise=2495), "EN, enterprise 2495, 01:23"),
        ("000300060200000001a7", Duid(LL, MAC, hardware_type=6), "LL, hardware type 6, 02:00:00:00:01:a7"),
        (
            "0004000102030405060708090a0b0c0d0e0f",
            Duid(UUID, bytes(range(16))),
            "UUID, 00010203-0405-0607-0809-0a0b0c0d0e0f",
        ),
        ("0001000000", Duid(0, b"\0\1\0\0\0"), "opaque, 00:01:00:00:00"),
        ("000400010203", Duid(0, b"\0\4\0\1\2\3"), "opaque, 00:04:00:01:02:03"),
        ("00090102", Duid(0, b"\0\x09\1\2"), "opaque, 00:09:01:02"),
        ("", Duid(0, b""), "opaque, "),
    ],
)
def test_what_they_say(wire: str, said: Duid, words: str) -> None:
    assert parse(bytes.fromhex(wire)) == said
    assert describe(bytes.fromhex(wire)) == words


def test_new_ones_are_those_of_scapy() -> None:
    mac = "02:00:00:00:01:a7"
    assert make_llt(1, MAC, 946_684_800 + 77) == bytes(DUID_LLT(timeval=77, lladdr=mac))
    assert make_ll(1, MAC) == bytes(DUID_LL(lladdr=mac))
    assert make_en(2495, b"abc") == bytes(DUID_EN(enterprisenum=2495, id=b"abc"))
    assert make_uuid(bytes(range(16))) == bytes(DUID_UUID(uuid=bytes(range(16))))


def test_time_goes_round() -> None:
    assert make_llt(1, MAC, 946_684_800 + (1 << 32) + 5)[4:8] == b"\0\0\0\5"


@pytest.mark.parametrize(("length", "fine"), [(0, 0), (1, 0), (2, 0), (3, 1), (128, 1), (130, 1), (131, 0), (9000, 0)])
def test_lengths(length: int, fine: bool) -> None:
    assert (complaint(bytes(length)) == "") == fine
    if not fine:
        assert str(length) in complaint(bytes(length))


def test_none_is_made_that_nobody_would_take() -> None:
    with pytest.raises(ValueError, match="131"):
        make_ll(1, bytes(127))
    with pytest.raises(ValueError, match="131"):
        make_en(1, bytes(125))
    with pytest.raises(ValueError, match="16 bytes"):
        make_uuid(bytes(15))


def test_hardware_addresses() -> None:
    assert hardware_address(make_llt(6, MAC, 0)) == (6, MAC)
    assert hardware_address(make_ll(1, MAC)) == (1, MAC)
    assert hardware_address(make_en(1, MAC)) is hardware_address(b"\0\3") is None


@pytest.mark.parametrize("written", ["00:03:00:01:02", "0:3:0:1:2", "0003000102", "00 03 00 01 02"])
def test_texts(written: str) -> None:
    assert from_text(written) == b"\0\3\0\1\2"
    assert text(from_text(written)) == "00:03:00:01:02"


@pytest.mark.parametrize("written", ["", "00", "00:0", "00:03:zz", "000", "0x0003000102", "00:" * 140 + "00"])
def test_texts_that_are_none(written: str) -> None:
    with pytest.raises(ValueError, match="DUID"):
        from_text(written)


@given(st.binary(max_size=140))
def test_total(duid: bytes) -> None:
    assert describe(duid)
    assert parse(duid).identifier in duid
    if not complaint(duid):
        assert from_text(text(duid)) == duid
