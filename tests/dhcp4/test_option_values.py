"""Values of single options, there and back."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp4.packet import decode
from kead.dhcp4.values import (
    ClientName,
    addresses,
    decode_search_list,
    encode_addresses,
    encode_classless_routes,
    encode_client_name,
    encode_suboptions,
    encode_vendor_classes,
    encode_vendor_suboptions,
    integers,
    parse_classless_routes,
    parse_client_name,
    split_suboptions,
    vendor_classes,
    vendor_suboptions,
)

CORPUS = Path(__file__).parent.parent / "corpus" / "dhcp4"


def options(name: str) -> dict[int, bytes]:
    """The options of a packet of the corpus."""
    return decode((CORPUS / f"{name}.bin").read_bytes()).options


def test_lists() -> None:
    assert addresses(bytes((10, 0, 0, 1, 10, 0, 0, 2, 10))) == [0x0A000001, 0x0A000002]
    assert encode_addresses([0x0A000001]) == bytes((10, 0, 0, 1))
    assert integers(b"\0\1\0\2\3", 2) == [1, 2]


def test_vendor_options_of_a_modem() -> None:
    modem = options("discover-modem")
    assert vendor_suboptions(modem[125]) == {4491: {1: b"\2\3", 5: b"\1\1\2\3\1\1\1"}}
    assert split_suboptions(modem[43]) == {2: b"ECM", 4: b"17-0001", 10: b"ACME"}
    vendors = options("discover-vendors")
    assert vendor_classes(vendors[124]) == {9: [b"class"], 3561: [b"cpe"]}
    assert vendor_suboptions(vendors[125]) == {3561: {1: b"00D09E"}}


def test_a_bare_enterprise_number_counts() -> None:
    assert vendor_suboptions(b"\0\0\0\7") == vendor_suboptions(b"\0\0\0\7\0") == {7: {}}
    assert vendor_classes(b"\0\0\0\7") == {7: []}
    assert vendor_suboptions(b"\0\0\7") == {}


def test_what_is_cut_off_is_left_out() -> None:
    assert vendor_suboptions(b"\0\0\0\7\5\1\1a\0\0\0\0\1") == {7: {1: b"a", 0: b""}}
    assert vendor_suboptions(b"\0\0\0\7\xff\1\1a") == {7: {}}
    assert vendor_classes(b"\0\0\0\7\4\1a\5b") == {7: [b"a"]}


def test_entries_of_one_enterprise_belong_together() -> None:
    assert vendor_suboptions(b"\0\0\0\7\3\1\1a\0\0\0\7\6\1\1b\2\1c") == {7: {1: b"ab", 2: b"c"}}


@given(
    st.dictionaries(
        st.integers(0, 0xFFFFFFFF), st.dictionaries(st.integers(0, 255), st.binary(max_size=30), max_size=4)
    )
)
def test_vendor_suboptions_survive(enterprises: dict[int, dict[int, bytes]]) -> None:
    assert vendor_suboptions(encode_vendor_suboptions(enterprises)) == enterprises


@given(st.dictionaries(st.integers(0, 0xFFFFFFFF), st.lists(st.binary(max_size=40), max_size=4)))
def test_vendor_classes_survive(enterprises: dict[int, list[bytes]]) -> None:
    assert vendor_classes(encode_vendor_classes(enterprises)) == enterprises


@given(st.dictionaries(st.integers(0, 255), st.binary(max_size=700)))
def test_suboptions_survive(suboptions: dict[int, bytes]) -> None:
    assert split_suboptions(encode_suboptions(suboptions)) == suboptions


def test_an_entry_holds_255_bytes() -> None:
    with pytest.raises(ValueError, match="an entry holds 255"):
        encode_vendor_suboptions({7: {1: b"x" * 254}})


@given(st.binary(max_size=300))
def test_reading_is_total(data: bytes) -> None:
    assert all(isinstance(number, int) for number in vendor_suboptions(data))
    assert all(isinstance(number, int) for number in vendor_classes(data))
    with suppress(ValueError):
        parse_client_name(data)
    with suppress(ValueError):
        parse_classless_routes(data)


@pytest.mark.parametrize(
    ("wire", "name"),
    [
        ("050000" + "03666f6f036f726700", ClientName(5, "foo.org", True)),
        ("04000003666f6f", ClientName(4, "foo", False)),
        ("040000", ClientName(4, "", False)),
        ("04000000", ClientName(4, "", True)),
        ("000000", ClientName(0, "", False)),
        ("0000002e", ClientName(0, "", True)),
        ("000000666f6f", ClientName(0, "foo", False)),
        ("000000666f6f2e6f72672e", ClientName(0, "foo.org", True)),
        ("010000666f6f0000", ClientName(1, "foo", False)),
    ],
)
def test_client_names(wire: str, name: ClientName) -> None:
    assert parse_client_name(bytes.fromhex(wire)) == name
    assert parse_client_name(encode_client_name(name)) == name


def test_labels_of_a_client_name() -> None:
    assert parse_client_name(options("request-fqdn")[81]).labels == ["host-17", "example", "org"]
    assert ClientName(0, "", False).labels == []


@pytest.mark.parametrize("wire", ["", "0500", "0500003f41", "000000612e2e62", "040000c000"])
def test_broken_client_names(wire: str) -> None:
    with pytest.raises(ValueError, match=r"at least 3|label"):
        parse_client_name(bytes.fromhex(wire))


def test_lists_of_a_server() -> None:
    lists = options("lists")
    assert decode_search_list(lists[119]) == ["a.example", "b.example"]
    routes = [(0x0A010200, 24, 0x0A000001), (0, 0, 0x0A000002)]
    assert parse_classless_routes(lists[121]) == routes
    assert encode_classless_routes(routes) == lists[121]
