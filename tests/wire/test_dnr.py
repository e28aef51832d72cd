"""Encrypted DNS resolvers: text, bytes, complaints."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp4.options import STANDARD
from kead.dhcp6.options import STANDARD as STANDARD6
from kead.wire.dnr import (
    Resolver,
    decode_resolver6,
    decode_resolvers,
    encode_resolver6,
    encode_resolvers,
    read_resolver6,
    read_resolvers,
)
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


# --- option 144 of DHCPv6: one resolver, lengths of two bytes ---

NAME6 = "0001" + "0005" + "0161016200"
TWO6 = "0020" + "20010db8" + "0" * 23 + "1" + "0" * 31 + "2"


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("1, a.b", NAME6),
        ("1, a.b,", NAME6),
        ("1, .", "0001000100"),
        ("1, a.b, 2001:db8::1 ::2", NAME6 + TWO6),
        ("1, a.b, 2001:db8::1%eth0 ::2", NAME6 + TWO6),
        (
            "1, a.b, 2001:db8::1 ::2, alpn=dot\\,h2 port=853 dohpath=/q{?dns}\\|x",
            NAME6 + TWO6 + "0001000703646f74026832" + "000300020355" + "0007000b2f717b3f646e737d5c7c78",
        ),
        (
            "100, dot1.example.org., 2001:db8::1 ::2, alpn=dot port=8530",
            "0064001204646f7431076578616d706c65036f726700" + TWO6 + "0001000403646f74000300022152",
        ),
    ],
)
def test_what_kea_sends_in_dhcp6(text: str, wire: str) -> None:
    row = STANDARD6.by_name("dhcp6", "v6-dnr")
    assert row is not None
    assert encode_csv(row, text).hex() == wire
    assert encode_csv(row, decode_text(row, bytes.fromhex(wire))).hex() == wire


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no option value specified"),
        ("1", "DHCPv6 Encrypted DNS Option (144) malformed: Option config requires at least comma separated"),
        ("1, a.b | 2, c.d", "Cannot parse IPv6 address from given value: c.d. Error: Failed to convert string"),
        ("1, a.b, 10.0.0.1", "from given value: 10.0.0.1. Error: Given address is not IPv6 address."),
        ("70000, a.b", "Cannot parse uint_16 integer Service priority from given value: 70000."),
        ("1, a.b, , alpn=dot", "at least one valid IP address"),
        ("1, a.b, ::1, ohttp=1", "key ohttp not supported in DNR option SvcParams"),
        ("1, a.b, ::1, alpn=h3", "dohpath SvcParam missing"),
    ],
)
def test_what_is_wrong_in_dhcp6(text: str, why: str) -> None:
    with pytest.raises(OptionTextError) as error:
        read_resolver6(text)
    assert why in str(error.value)


@given(
    st.builds(
        Resolver,
        st.integers(0, 65535),
        st.sampled_from(("a.example", "resolver.example.org", ".")),
        st.lists(st.integers(0, (1 << 128) - 1), min_size=1, max_size=5).map(tuple),
        st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=300)), max_size=4).map(tuple),
    )
)
def test_a_resolver_survives(resolver: Resolver) -> None:
    assert decode_resolver6(encode_resolver6(resolver)) == resolver


def test_more_addresses_than_have_room() -> None:
    with pytest.raises(OptionTextError, match="more addresses"):
        encode_resolver6(Resolver(1, "a.b", (1,) * 4096))
    with pytest.raises(OptionTextError, match="more addresses"):
        encode_resolvers([Resolver(1, "a.b", (1,) * 64)])
