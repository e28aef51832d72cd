"""Option data as text: the same bytes and the same complaints as Kea 3.0.4, word for word.

The answers are in `option_answers.py`; what differs on purpose is here.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp4.options import STANDARD
from kead.wire.definitions import OptionDefinition, OptionType
from kead.wire.text import OptionTextError, decode_text, encode_csv, encode_hex, fit, split_csv
from tests.wire.option_answers import HEXADECIMAL, TEXTS, WRONG_HEXADECIMAL, WRONG_TEXTS

# where kead is stricter than Kea, which sends broken options for these, or says less about what is wrong
STRICTER = [
    ("ipv4-address", "::1", "Failed to convert string to address '::1'"),
    ("ipv4-address many", "2001:db8::1", "Failed to convert string to address"),
    ("ipv6-address", "10.0.0.1", "Failed to convert string to address"),
    ("fqdn", ".", "the root is no value"),
    ("fqdn", "a b", "' ' is no character"),
    ("fqdn many", "a@b", "'@' is no character"),
    ("fqdn", "a\\.b", "'.' is no character"),
    ("tuple many", "  ", "empty"),
    ("string", "\u0141", "has no single byte"),
    ("tuple", "x" * 256, "size 256 larger than 255"),
    ("fqdn", "a" * 64, "label is too long"),
]


def definition(text: str) -> OptionDefinition:
    """A row of this type."""
    name, _, rest = text.removesuffix(" many").partition(" ")
    fields = tuple(OptionType(field) for field in rest.split(",")) if rest else ()
    return OptionDefinition(224, "o224", OptionType(name), text.endswith(" many"), fields)


@pytest.mark.parametrize(("kind", "text", "wire"), TEXTS)
def test_csv(kind: str, text: str, wire: str) -> None:
    assert encode_csv(definition(kind), text).hex() == wire


@pytest.mark.parametrize(("kind", "text", "wire"), HEXADECIMAL)
def test_hexadecimal(kind: str, text: str, wire: str) -> None:
    row = definition(kind)
    assert encode_hex(text, row).hex() == wire
    assert fit(row, encode_hex(text)).hex() == wire


@pytest.mark.parametrize(("kind", "text", "why"), WRONG_TEXTS)
def test_wrong_csv(kind: str, text: str, why: str) -> None:
    with pytest.raises(OptionTextError) as error:
        encode_csv(definition(kind), text)
    assert str(error.value) == why


@pytest.mark.parametrize(("kind", "text", "why"), WRONG_HEXADECIMAL)
def test_wrong_hexadecimal(kind: str, text: str, why: str) -> None:
    with pytest.raises(OptionTextError) as error:
        encode_hex(text, definition(kind))
    assert str(error.value) == why


@pytest.mark.parametrize(("kind", "text", "why"), STRICTER)
def test_stricter_than_kea(kind: str, text: str, why: str) -> None:
    with pytest.raises(OptionTextError) as error:
        encode_csv(definition(kind), text)
    assert why in str(error.value)


# --- the standard options ---

STANDARD_TEXTS = [
    ("domain-search", "A.b, c.D.", "01410162000163014400"),
    ("slp-directory-agent", "true,1.2.3.4,5.6.7.8", "010102030405060708"),
    ("slp-service-scope", "true,abc", "01616263"),
    ("vivco-suboptions", "9,020102", "00000009020102"),
    ("v4-sztp-redirect", "abc,def", "00036162630003646566"),
    ("v4-sztp-redirect", "", ""),
    ("rdnss-selection", "1,1.2.3.4,5.6.7.8,a.b,c.d", "01010203040506070801610162000163016400"),
    ("option-6rd", "1,2,2001:db8::,1.2.3.4", "010220010db800000000000000000000000001020304"),
    ("v4-portparams", "1,3/4", "01043000"),
    ("domain-name", "example.org.", "6578616d706c652e6f72672e"),
    ("vendor-encapsulated-options", "", ""),
    ("uuid-guid", "1,0102", "010102"),
    ("client-ndi", "1,2,3", "010203"),
    ("status-code", "1,abc", "01616263"),
    ("routers", "", ""),
    ("v4-lost", "a.b", "0161016200"),
]


@pytest.mark.parametrize(("name", "text", "wire"), STANDARD_TEXTS)
def test_standard_options(name: str, text: str, wire: str) -> None:
    row = STANDARD.by_name("dhcp4", name)
    assert row is not None
    assert encode_csv(row, text).hex() == wire
    assert fit(row, bytes.fromhex(wire)).hex() == wire


# --- there and back ---


@pytest.mark.parametrize(("kind", "text", "wire"), TEXTS)
def test_shown_text_gives_the_same_bytes(kind: str, text: str, wire: str) -> None:
    row = definition(kind)
    shown = decode_text(row, bytes.fromhex(wire))
    assert encode_csv(row, shown).hex() == wire


def test_shown_text_is_what_a_person_would_write() -> None:
    assert decode_text(definition("ipv4-address many"), bytes((10, 0, 0, 1, 10, 0, 0, 2))) == "10.0.0.1, 10.0.0.2"
    assert decode_text(definition("record boolean,ipv6-prefix,psid"), b"\1\x20\x20\1\x0d\xb8\4\x30\0") == (
        "true, 2001:db8::/32, 3/4"
    )
    assert decode_text(definition("string"), b"a,b") == "a\\,b"
    assert decode_text(definition("uint16"), b"\1") == "0x01"
    assert decode_text(definition("empty"), b"") == ""
    assert decode_text(definition("fqdn many"), b"\1a\0\1b\xc0\0") == "0x0161000162c000", "a name that points back"


PLAIN_TYPES = [each for each in OptionType if each.value not in ("record", "internal", "empty")]


@given(st.sampled_from(PLAIN_TYPES), st.booleans(), st.booleans(), st.binary(max_size=80))
def test_showing_is_total(kind: OptionType, many: bool, wide: bool, data: bytes) -> None:
    row = OptionDefinition(224, "o", kind, array=many, wide=wide)
    assert isinstance(decode_text(row, data), str)


@given(st.sampled_from([each for each in STANDARD if each.code not in (43, 82, 122, 152)]), st.binary(max_size=60))
def test_fitting_is_total_and_final(row: OptionDefinition, data: bytes) -> None:
    try:
        value = fit(row, data)
    except OptionTextError as error:
        assert str(error)  # noqa: PT017 - that there is a reason is the point
        return
    assert data.startswith(value)
    try:
        assert fit(row, value) == value
    except OptionTextError:
        assert row.type is OptionType.FQDN
    assert isinstance(decode_text(row, value), str)


@given(st.lists(st.text(st.characters(max_codepoint=255), min_size=1).filter(lambda t: t == t.strip()), max_size=5))
def test_fields_survive_escaping(fields: list[str]) -> None:
    escaped = ", ".join(field.replace("\\", "\\\\").replace(",", "\\,") for field in fields)
    assert split_csv(escaped) == fields


@given(st.integers(-(2**31), 2**31 - 1))
def test_integers(value: int) -> None:
    row = definition("int32")
    assert encode_csv(row, str(value)) == value.to_bytes(4, "big", signed=True)
    assert decode_text(row, encode_csv(row, str(value))) == str(value)


@given(st.binary(min_size=1, max_size=40), st.sampled_from((":", " ", "")))
def test_every_hexadecimal_form(data: bytes, separator: str) -> None:
    text = data.hex(separator) if separator else data.hex()
    assert encode_hex(text) == encode_hex(text.upper()) == data
