"""Values of single DHCPv6 options, there and back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp6.packet import Packet6, decode, encode_option
from kead.dhcp6.values import (
    ClientName,
    IaAddress,
    IaNa,
    IaPd,
    IaPrefix,
    IaTa,
    Status,
    addresses,
    client_link_address,
    decode_search_list,
    encode_addresses,
    encode_client_name,
    encode_excluded_prefix,
    encode_tuples,
    encode_vendor_class,
    encode_vendor_options,
    parse_client_name,
    parse_excluded_prefix,
    remote_id,
    requested_options,
    split_options,
    tuples,
    vendor_classes,
    vendor_options,
)
from kead.wire.address import parse_ip6

CORPUS = Path(__file__).parent.parent / "corpus" / "dhcp6"


def packet(name: str) -> Packet6:
    """A packet of the corpus."""
    return decode((CORPUS / f"{name}.bin").read_bytes())


def test_an_ia_na() -> None:
    ia = IaNa.parse(packet("renew").options[3][0])
    assert (ia.iaid, ia.t1, ia.t2, ia.status, ia.options) == (1, 1500, 2400, None, {})
    (address,) = ia.addresses
    assert (address.address, address.preferred, address.valid) == (parse_ip6("2001:db8:1::17"), 3000, 4000)


def test_an_ia_pd() -> None:
    (value,) = packet("request-prefix").options[25]
    ia = IaPd.parse(value)
    (prefix,) = ia.prefixes
    assert (ia.iaid, ia.t1, ia.t2) == (1, 1500, 2400)
    assert (prefix.address, prefix.length) == (parse_ip6("2001:db8:8000::"), 56)
    assert prefix.options == {67: [b"\x40\1"]}
    assert ia.encode() == value


def test_a_status_in_an_ia() -> None:
    ia = IaNa.parse(packet("release").options[3][0])
    assert ia.status == Status(0, "bye")
    assert repr(ia.status) == "Status(0, 'bye')"
    inside = IaNa.parse(packet("decline").options[3][0]).addresses[0]
    assert inside.options == {13: [b"\0\1used"]}


def test_addresses_come_before_a_status_and_prefixes_behind_it() -> None:
    na, pd = IaNa(7, 1, 2), IaPd(8, 3, 4)
    na.status = pd.status = Status(0, "ok")
    na.addresses.append(IaAddress(1, 30, 40))
    pd.prefixes.append(IaPrefix(1 << 127, 1, 30, 40))
    assert list(split_options(na.encode()[12:])) == [5, 13]
    assert list(split_options(pd.encode()[12:])) == [13, 26]
    na.options, pd.options = {200: [b"x"]}, {14: [b""]}
    assert list(split_options(na.encode()[12:])) == [5, 13, 200]
    assert list(split_options(pd.encode()[12:])) == [13, 14, 26]


def test_temporary_addresses() -> None:
    ia = IaTa(3)
    ia.addresses.append(IaAddress(5, 1, 2))
    ia.status = Status(2)
    again = IaTa.parse(ia.encode())
    assert (again.iaid, again.addresses[0].address, again.status) == (3, 5, Status(2))
    cut = IaTa.parse(b"\0\0\0\3" + encode_option(5, bytes(23)))
    assert (cut.iaid, cut.addresses) == (3, [])


def test_a_hint_of_more_bits_than_an_address_has_is_none() -> None:
    prefix = IaPrefix.parse(bytes(8) + b"\xc8" + bytes(16))
    assert (prefix.address, prefix.length) == (0, 0)


times = st.integers(0, 0xFFFFFFFF)
inside = st.dictionaries(st.integers(200, 300), st.lists(st.binary(max_size=20), min_size=1, max_size=2), max_size=2)


def whole(ia: object) -> object:
    """All that is in an identity association or what is in it."""
    if isinstance(ia, list):
        return [whole(each) for each in ia]
    if isinstance(ia, IaNa | IaPd | IaTa | IaAddress | IaPrefix | Status):
        return [whole(getattr(ia, name)) for name in type(ia).__slots__]
    return ia


@given(times, times, times, st.lists(st.tuples(st.integers(0, 2**128 - 1), times, times, inside), max_size=4), inside)
def test_what_was_encoded_is_parsed(
    iaid: int, t1: int, t2: int, leases: list[tuple[int, int, int, dict[int, list[bytes]]]], options: dict[int, object]
) -> None:
    na, pd = IaNa(iaid, t1, t2), IaPd(iaid, t1, t2)
    for address, preferred, valid, more in leases:
        na.addresses.append(IaAddress(address, preferred, valid, more))
        length = valid % 129
        pd.prefixes.append(IaPrefix(address >> 128 - length << 128 - length, length, preferred, valid, more))
    for ia in (na, pd):
        ia.options = options  # type: ignore[assignment]
        ia.status = Status(t1 & 7, "wörds") if t2 & 1 else None
    assert whole(IaNa.parse(na.encode())) == whole(na)
    assert whole(IaPd.parse(pd.encode())) == whole(pd)


@given(st.binary(min_size=25, max_size=100))
def test_parsing_is_total(value: bytes) -> None:
    for kind in (IaNa, IaPd, IaTa, IaAddress, IaPrefix, Status):
        kind.parse(value).encode()
    tuples(value)
    vendor_options([value])
    vendor_classes([value])
    with suppress(ValueError):
        parse_client_name(value)


# --- excluded prefixes (RFC 6603) ---


@pytest.mark.parametrize(
    ("outer", "excluded", "wire"),
    [
        ("2001:db8::/48", "2001:db8:0:1::/64", "400001"),
        ("2001:db8::/56", "2001:db8:0:7f::/64", "407f"),
        ("2001:db8::/63", "2001:db8:0:1::/64", "4080"),
        ("2001:db8:0:100::/60", "2001:db8:0:10f:8000::/65", "41f8"),
        ("2001:db8::/64", "2001:db8::1/128", "800000000000000001"),
        ("::/0", "8000::/1", "0180"),
    ],
)
def test_excluded_prefixes(outer: str, excluded: str, wire: str) -> None:
    prefix, delegated = parse_ip6(outer.split("/")[0]), int(outer.split("/")[1])
    address, length = parse_ip6(excluded.split("/")[0]), int(excluded.split("/")[1])
    assert encode_excluded_prefix(length, address, delegated).hex() == wire
    assert parse_excluded_prefix(bytes.fromhex(wire), prefix, delegated) == (address, length)


@pytest.mark.parametrize(("wire", "delegated"), [("4001", 64), ("4001", 65), ("810101", 120), ("4001", 48), ("", 0)])
def test_excluded_prefixes_that_do_not_fit(wire: str, delegated: int) -> None:
    with pytest.raises(ValueError, match="excluded prefix"):
        parse_excluded_prefix(bytes.fromhex(wire), 0, delegated)


@pytest.mark.parametrize(("length", "delegated"), [(64, 64), (63, 64), (129, 64)])
def test_excluded_prefixes_that_are_not_sent(length: int, delegated: int) -> None:
    with pytest.raises(ValueError, match="does not fit"):
        encode_excluded_prefix(length, 0, delegated)


@given(st.integers(0, 2**128 - 1), st.integers(0, 127), st.integers(1, 128))
def test_excluded_prefixes_survive(address: int, delegated: int, more: int) -> None:
    length = min(128, delegated + more)
    address = address >> 128 - length << 128 - length
    wire = encode_excluded_prefix(length, address, delegated)
    outer = address >> 128 - delegated << 128 - delegated
    assert parse_excluded_prefix(wire, outer, delegated) == (address, length)


# --- names ---


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("00", ClientName(0, "", False)),
        ("0000", ClientName(0, "", False)),
        ("0103666f6f", ClientName(1, "foo", False)),
        ("0403666f6f00", ClientName(4, "foo", True)),
        ("0003666f6f036f726700", ClientName(0, "foo.org", True)),
        ("00016100ff", ClientName(0, "a", True)),
        ("000361620000", ClientName(0, "ab\\000", True)),
    ],
)
def test_client_names(wire: str, name: ClientName) -> None:
    assert parse_client_name(bytes.fromhex(wire)) == name
    if wire not in ("0000", "00016100ff"):
        assert encode_client_name(name).hex() == wire


@pytest.mark.parametrize("wire", ["", "0001", "0003" + "6162", "00c000", "0040" + "61" * 64, "00026100"])
def test_client_names_that_are_none(wire: str) -> None:
    with pytest.raises(ValueError, match=r"flags|label"):
        parse_client_name(bytes.fromhex(wire))


# --- lists, vendors, relays ---


def test_lists() -> None:
    assert addresses(bytes(15) + b"\1" + bytes(15) + b"\2" + b"rest") == [1, 2]
    assert encode_addresses([1, 2]) == bytes(15) + b"\1" + bytes(15) + b"\2"
    assert requested_options([b"\0\x17\0\x18", b"\0\x27"]) == [23, 24, 39]
    assert decode_search_list(packet("lists").options[24][0]) == ["a.example", "b.example"]


def test_tuples() -> None:
    values = [b"quiet", b"", b"root=/dev/nfs"]
    assert tuples(encode_tuples(values)) == values
    assert tuples(b"\0\1a\0\2b") == [b"a"]
    assert tuples(b"\0\1a\0") == [b"a"]


def test_vendor_options_of_a_modem() -> None:
    found = vendor_options(packet("solicit-modem").options[17])
    assert found[4491][36] == [bytes.fromhex("0200000001a7")]
    assert requested_options(found[4491][1]) == [32, 33, 34, 37, 38]
    again = vendor_options([encode_vendor_options(4491, found[4491]), encode_vendor_options(7, {1: [b"a", b"b"]})])
    assert again == {**found, 7: {1: [b"a", b"b"]}}
    assert vendor_options([b"\0\0\0\7", b"\0\0\7"]) == {7: {}}


def test_vendor_classes() -> None:
    assert vendor_classes(packet("solicit-router").options[16]) == {3561: [b"cpe", b"dslforum.org"]}
    assert vendor_classes([encode_vendor_class(9, [b"a"]), encode_vendor_class(9, [b"b"])]) == {9: [b"a", b"b"]}
    assert vendor_classes([b"\0\0\0\7"]) == {7: []}


def test_what_relays_say() -> None:
    (relay,) = packet("solicit-relayed").relays
    assert client_link_address(relay.options[79][0]) == (1, bytes.fromhex("0200000001a7"))
    assert remote_id(relay.options[37][0]) == (2636, b"circuit-17")
    outer, _ = packet("solicit-relayed-twice").relays
    assert decode_search_list(split_options(outer.options[66][0])[65][0]) == ["erp.example"]
    for short in (client_link_address, remote_id):
        with pytest.raises(ValueError, match="at least"):
            short(b"\0")
