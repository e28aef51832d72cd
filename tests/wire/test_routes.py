"""Classless static routes: text, bytes, complaints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp4.options import STANDARD
from kead.wire.routes import decode_routes, encode_routes, read_routes, show_routes
from kead.wire.text import OptionTextError, decode_text, encode_csv


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("10.0.0.0/8 - 10.0.0.1", "080a0a000001"),
        ("10.1.2.3/8-10.0.0.1", "080a0a000001"),
        ("10.0.0.0/8 - 10.0.0.1,", "080a0a000001"),
        ("0.0.0.0/0 - 10.0.0.1, 10.2.3.0/24 - 10.0.0.2", "000a000001180a02030a000002"),
        ("10.0.0.0/32 - 1.2.3.4", "200a00000001020304"),
        ("10.128.3.4/17 - 1.2.3.4", "110a800301020304"),
    ],
)
def test_what_kea_sends(text: str, wire: str) -> None:
    row = STANDARD.by_name("dhcp4", "classless-static-route")
    assert row is not None
    assert encode_csv(row, text).hex() == wire
    assert encode_csv(row, decode_text(row, bytes.fromhex(wire))).hex() == wire


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no option value specified"),
        ("x", "has invalid length=1, must be at least 5."),
        ("10.0.0.0/8", "option definition must have comma separated routes formatted as in example"),
        ("10.0.0.0/8 10.0.0.1", "option definition must have"),
        ("10.0.0.0/8 - 10.0.0.1 - 10.0.0.2", "option definition must have"),
        (" , 10.0.0.0/8 - 1.1.1.1", "option definition must have"),
        ("10.0.0.0 - 10.0.0.1", "provided IPv4 prefix 10.0.0.0 is not valid."),
        (
            "10.0.0.0/33 - 1.2.3.4",
            "provided prefix len 33 is not valid. Error: Provided IPv4 prefix len is out of 0-32",
        ),
        ("10.0.0.0/x - 1.2.3.4", "provided prefix len x is not valid."),
        ("10.0.0.0/8 - x", "provided router address x is not a valid IPv4 address."),
        ("2001::/8 - 1.2.3.4", "provided subnet_addr 2001:: is not a valid IPv4 address."),
        ("10.0.0.0 / 8 - 1.1.1.1", "provided subnet_addr 10.0.0.0  is not a valid IPv4 address."),
    ],
)
def test_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(OptionTextError) as error:
        read_routes(text)
    assert why in str(error.value)


@pytest.mark.parametrize("wire", ["", "00", "00010101", "0801010101", "2101010101010a000001", "000a000001080a"])
def test_bytes_that_are_no_routes(wire: str) -> None:
    with pytest.raises(OptionTextError):
        decode_routes(bytes.fromhex(wire))


addresses = st.integers(0, 0xFFFFFFFF)


@given(st.lists(st.tuples(addresses, st.integers(0, 32), addresses), min_size=1))
def test_routes_survive(routes: list[tuple[int, int, int]]) -> None:
    kept = [(to >> 32 - bits << 32 - bits, bits, via) for to, bits, via in routes]
    wire = encode_routes(kept)
    assert decode_routes(wire) == kept
    assert read_routes(show_routes(wire)) == wire


@given(st.binary(max_size=100))
def test_decoding_is_total_and_exact(data: bytes) -> None:
    try:
        routes = decode_routes(data)
    except OptionTextError:
        return
    assert encode_routes(routes) == data
