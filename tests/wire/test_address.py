"""Addresses between text and int."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.wire.address import parse_ip4, parse_ip6, text_ip4, text_ip6


def test_an_address_is_the_value_of_its_bytes() -> None:
    assert parse_ip4("192.0.2.1") == 0xC0000201
    assert text_ip4(0xC0000201) == "192.0.2.1"


@pytest.mark.parametrize(
    "text",
    ["", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", " 1.2.3.4", "1.2.3.4\0", "::1", "1.2.3.-4", "١.2.3.4"],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="not an IPv4 address"):
        parse_ip4(text)


@given(st.integers(0, 0xFFFFFFFF))
def test_round_trip(address: int) -> None:
    assert text_ip4(address) == str(ipaddress.IPv4Address(address))
    assert parse_ip4(text_ip4(address)) == address


@pytest.mark.parametrize(
    ("text", "value", "short"),
    [
        ("::", 0, "::"),
        ("::1", 1, "::1"),
        ("2001:DB8:0:0:0:0:0:1", 0x20010DB8 << 96 | 1, "2001:db8::1"),
        ("::ffff:192.0.2.1", 0xFFFFC0000201, "::ffff:192.0.2.1"),
        ("1:0:0:2::", 1 << 112 | 2 << 64, "1:0:0:2::"),
    ],
)
def test_ip6(text: str, value: int, short: str) -> None:
    assert parse_ip6(text) == value
    assert text_ip6(value) == short


@pytest.mark.parametrize(
    "text", ["", ":", "1", "1.2.3.4", "::1%eth0", "::1/64", " ::1", "::1\0", "12345::", "::g", "1::2::3"]
)
def test_what_is_no_ip6(text: str) -> None:
    with pytest.raises(ValueError, match="not an IPv6 address"):
        parse_ip6(text)


@given(st.integers(0, (1 << 128) - 1))
def test_ip6_round_trip(address: int) -> None:
    assert ipaddress.IPv6Address(text_ip6(address)) == ipaddress.IPv6Address(address)
    assert parse_ip6(text_ip6(address)) == address


@pytest.mark.parametrize("address", [-1, 1 << 128])
def test_an_ip6_has_128_bits(address: int) -> None:
    with pytest.raises(OverflowError):
        text_ip6(address)
