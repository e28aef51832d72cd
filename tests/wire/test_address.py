"""Addresses between text and int."""

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.wire.address import parse_ip4, text_ip4


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
