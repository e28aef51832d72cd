"""DNS names: total, bounded, and of one mind with text."""

from __future__ import annotations

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.wire.names import (
    DomainNameError,
    check_names,
    decode_name,
    decode_search_list,
    encode_name,
    encode_search_list,
    partial_labels,
    read_labels,
    split_text,
    text_labels,
)

LONGEST = ".".join(["a" * 63] * 3 + ["b" * 61])


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("example.org", "076578616d706c65036f726700"),
        ("example.org.", "076578616d706c65036f726700"),
        ("Example.ORG", "074578616d706c65034f524700"),
        (".", "00"),
        ("a\\.b.c", "03612e62016300"),
        ("\\097\\000", "02610000"),
        ("é", "01e900"),
    ],
)
def test_text_to_wire(text: str, wire: str) -> None:
    assert encode_name(text).hex() == wire


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "incomplete"),
        ("a..b", "duplicate period"),
        ("..", "non terminating empty label"),
        (".a", "non terminating empty label"),
        ("a" * 64, "label is too long"),
        (LONGEST + "b", "too long"),
        ("a\\", "escape"),
        ("a\\25", "escape"),
        ("a\\256", "too large"),
        ("☃", "no place"),
    ],
)
def test_texts_that_are_no_names(text: str, why: str) -> None:
    with pytest.raises(DomainNameError, match=why):
        encode_name(text)


def test_the_longest_name_has_255_bytes() -> None:
    assert len(encode_name(LONGEST)) == 255
    assert decode_name(encode_name(LONGEST)) == (LONGEST, 255)


@pytest.mark.parametrize(
    ("wire", "why"),
    [
        ("", "incomplete"),
        ("03", "incomplete"),
        ("0361", "incomplete"),
        ("0161", "incomplete"),
        ("c0", "incomplete"),
        ("c000", "pointer"),
        ("0161c000", "pointer"),
        ("c002016100", "pointer"),
        ("40", "unknown label"),
        ("80", "unknown label"),
        (encode_name(LONGEST)[:-1].hex() + "016200", "too long"),
    ],
)
def test_bytes_that_are_no_name(wire: str, why: str) -> None:
    with pytest.raises(DomainNameError, match=why):
        decode_name(bytes.fromhex(wire))


def test_compressed_search_list_of_rfc_3397() -> None:
    wire = b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04"
    assert decode_search_list(wire) == ["eng.apple.com", "marketing.apple.com"]
    assert encode_search_list(["eng.apple.com", "marketing.apple.com"], compress=True) == wire
    assert encode_search_list(["a.b", "c.b"]).hex() == "01610162000163016200"


def test_a_chain_of_pointers_is_followed_backwards_for_a_while() -> None:
    chain = b"\0" + b"".join((0xC000 | max(0, 1 + 2 * (i - 1))).to_bytes(2, "big") for i in range(3000))
    assert decode_name(chain, 31) == (".", 33)
    check_names(chain)
    with pytest.raises(DomainNameError, match="too many"):
        decode_name(chain, len(chain) - 2)


def test_a_pointer_must_not_lead_to_itself_by_way_of_another() -> None:
    with pytest.raises(DomainNameError, match="out of range"):
        decode_name(b"\0\0\xc0\x02\xc0\x02", 4)


@pytest.mark.parametrize(("extra", "fits"), [(53, True), (54, False)])
def test_what_pointers_lead_to_counts_for_the_length(extra: int, fits: bool) -> None:
    data = encode_name(".".join(["a" * 49] * 4)) + bytes((extra,)) + b"b" * extra + b"\xc0\0"
    if fits:
        check_names(data)
        assert len(encode_name(decode_search_list(data)[1])) == 255
        return
    for read in (check_names, decode_search_list):
        with pytest.raises(DomainNameError, match="too long"):
            read(data)


def test_long_lists_are_compressed_only_as_far_as_pointers_reach() -> None:
    names = [f"host-{number}.{'x' * 50}.{number}.example" for number in range(500)] * 2
    wire = encode_search_list(names, compress=True)
    assert len(wire) > 0x5000
    assert decode_search_list(wire) == names


def test_checking_takes_linear_time() -> None:
    hostile = b"\1a" * 60 + b"\0" + b"\xc0\0" * 30_000
    before = process_time()
    check_names(hostile)
    assert process_time() - before < 0.5


labels = st.lists(st.binary(min_size=1, max_size=63), max_size=4).filter(
    lambda each: sum(map(len, each)) + len(each) < 255
)


@given(labels)
def test_labels_survive_text(names: list[bytes]) -> None:
    text = text_labels(names)
    assert split_text(text) == names
    assert read_labels(encode_name(text)) == (names, len(encode_name(text)))


@given(st.lists(labels, max_size=6), st.booleans())
def test_search_lists_survive(lists: list[list[bytes]], compress: bool) -> None:
    names = [text_labels(each) for each in lists]
    wire = encode_search_list(names, compress=compress)
    assert decode_search_list(wire) == names
    assert not compress or len(wire) <= len(encode_search_list(names))
    check_names(wire)


@given(st.binary(max_size=600))
def test_reading_is_total(data: bytes) -> None:
    try:
        names = decode_search_list(data)
    except DomainNameError:
        with pytest.raises(DomainNameError):
            check_names(data)
        return
    assert decode_search_list(encode_search_list(names)) == names


@pytest.mark.parametrize(
    ("wire", "labels"),
    [
        ("", []),
        ("00", []),
        ("0000", []),
        ("0161", [b"a"]),
        ("016100", [b"a"]),
        ("016100ff", [b"a"]),
        ("0161026263", [b"a", b"bc"]),
    ],
)
def test_names_without_their_end(wire: str, labels: list[bytes]) -> None:
    assert partial_labels(bytes.fromhex(wire)) == labels


@pytest.mark.parametrize(
    "wire", ["01", "0361", "c000", "40" + "61" * 64, "0161c0", "026100", ("3f" + "61" * 63) * 4, "ff"]
)
def test_names_without_their_end_that_are_none(wire: str) -> None:
    with pytest.raises(DomainNameError):
        partial_labels(bytes.fromhex(wire))


def test_lists_without_pointers() -> None:
    plain, compressed = b"\1a\0\1b\0", b"\1a\0\1b\xc0\0"
    check_names(plain, pointers=False)
    check_names(compressed)
    with pytest.raises(DomainNameError, match="pointer"):
        check_names(compressed, pointers=False)
