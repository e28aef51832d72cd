"""Encrypted DNS resolvers: text, bytes, complaints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp4.options import STANDARD
from kead.wire.dnr import Resolver, decode_resolvers, encode_resolvers, read_resolvers
from kead.wire.text import OptionTextError, decode_text, encode_csv

TWO = (
    "002c000212087265736f6c766572076578616d706c6500040a0005060001000803646f7403646f71000300022152"
    "001c00031906666f6f657870087265736f6c766572076578616d706c6500"
)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("2, resolver.example., 10.0.5.6, alpn=dot\\,doq port=8530 | 3, fooexp.resolver.example.", TWO),
        ("1, a.b", "00080001050161016200"),
        ("1, a.b, 10.0.0.1 10.0.0.2", "00110001050161016200080a0000010a000002"),
        ("1, a.b, 10.0.0.1,", "000d0001050161016200040a000001"),
        ("1, a.b, 10.0.0.1, port=853", "00130001050161016200040a000001000300020355"),
        (
            "1, a.b, 10.0.0.1, alpn=h2 dohpath=/q{?dns}",
            "00200001050161016200040a00000100010003026832000700082f717b3f646e737d",
        ),
        ("1, a.b, 10.0.0.1, port=853 alpn=dot", "001b0001050161016200040a0000010001000403646f74000300020355"),
        ("1, .", "000400010100"),
    ],
)
def test_what_kea_sends(text: str, wire: str) -> None:
    row = STANDARD.by_name("dhcp4", "v4-dnr")
    assert row is not None
    assert encode_csv(row, text).hex() == wire
    assert encode_csv(row, decode_text(row, bytes.fromhex(wire))).hex() == wire


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no option value specified"),
        ("1", "at least comma separated Service Priority and ADN"),
        ("1, a.b | ", "at least comma separated Service Priority and ADN"),
        ("x, a.b", "Cannot parse uint_16 integer Service priority from given value: x."),
        ("70000, a.b", "Service priority from given value: 70000."),
        ("-1, a.b", "Service priority from given value: -1."),
        ("1, , 10.0.0.1", "Cannot parse ADN FQDN from given value: ."),
        ("1, a.b, , alpn=dot", "at least one valid IP address"),
        ("1, a.b, 10.0.0, alpn=dot", "Cannot parse IPv4 address from given value: 10.0.0."),
        ("1, a.b, 10.0.0.1, alpn", "pair syntax must be used"),
        ("1, a.b, 10.0.0.1, alpn=", "pair syntax must be used"),
        ("1, a.b, 10.0.0.1, alpn = dot", "pair syntax must be used"),
        ("1, a.b, 10.0.0.1, alpn=dot alpn=doq", "key alpn is duplicated."),
        ("1, a.b, 10.0.0.1, alpn=nonsense", "alpn-id nonsense not found in ALPN-IDs registry"),
        ("1, a.b, 10.0.0.1, foo=bar", "key foo not found in SvcParamKeys registry"),
        ("1, a.b, 10.0.0.1, ech=abc", "key ech not supported"),
        ("1, a.b, 10.0.0.1, ipv4hint=1.2.3.4", "key ipv4hint must not be used"),
        ("1, a.b, 10.0.0.1, port=70000", "port nr from given value: 70000."),
        ("1, a.b, 10.0.0.1, dohpath=/q", "MUST contain a 'dns' variable."),
        ("1, a.b, 10.0.0.1, alpn=h3", "dohpath SvcParam missing"),
        ("1, a.b, 10.0.0.1, alpn=dot, x", "maximum 4 comma separated fields"),
    ],
)
def test_what_is_wrong(text: str, why: str) -> None:
    with pytest.raises(OptionTextError) as error:
        read_resolvers(text)
    assert why in str(error.value)


@pytest.mark.parametrize(
    "wire",
    [
        "00",
        "0000",
        "0005",
        "0003000100",
        "000800010401610162",
        "0009000105016101620000",
        "0009000106016101620000",
        "000d0001050161016200030a0000",
        "000d0001050161016200050a000001",
        "00150001050161016200040a00000100030002 0050",
    ],
)
def test_bytes_that_are_no_resolvers(wire: str) -> None:
    with pytest.raises(OptionTextError):
        decode_resolvers(bytes.fromhex(wire))


@given(
    st.lists(
        st.builds(
            Resolver,
            st.integers(0, 65535),
            st.sampled_from(("a.example", "resolver.example.org", ".")),
            st.lists(st.integers(0, 0xFFFFFFFF), min_size=1, max_size=5).map(tuple),
            st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=300)), max_size=4).map(tuple),
        ),
        max_size=4,
    )
)
def test_resolvers_survive(resolvers: list[Resolver]) -> None:
    assert decode_resolvers(encode_resolvers(resolvers)) == resolvers


@given(st.binary(max_size=120))
def test_decoding_is_total(data: bytes) -> None:
    row = STANDARD.by_name("dhcp4", "v4-dnr")
    assert row is not None
    assert isinstance(decode_text(row, data), str)
