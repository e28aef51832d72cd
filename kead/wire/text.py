"""Option data as configurations write it, and as people read it: whole options from their rows.

Two forms of text: values separated by commas, read by the option's type (`encode_csv`), and plain bytes in
hexadecimal (`encode_hex`), which `fit` then measures against the type. `decode_text` is the way back to the first
form. Errors say only what is wrong; who calls knows where it stands.
"""

from __future__ import annotations

import re

from kead.wire import dnr, routes
from kead.wire.definitions import SIZES, OptionDefinition, OptionType
from kead.wire.names import DomainNameError, check_names
from kead.wire.values import OptionTextError, codec_of, to_latin

__all__ = ("OptionTextError", "decode_text", "encode_csv", "encode_hex", "fit", "split_csv")

_INTERNAL_READERS = {
    "classless-static-route": routes.read_routes,
    "v4-dnr": dnr.read_resolvers,
    "v6-dnr": dnr.read_resolver6,
}
_INTERNAL_SHOWERS = {
    "classless-static-route": routes.show_routes,
    "v4-dnr": dnr.show_resolvers,
    "v6-dnr": dnr.show_resolver6,
}

_DELIMITED = re.compile(r"[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2})*|[0-9a-fA-F]{1,2}(?: [0-9a-fA-F]{1,2})*", re.ASCII)
_DIGITS = re.compile(r"(?:0x)?([0-9a-fA-F]+)", re.ASCII)


def split_csv(text: str) -> list[str]:
    """The fields between commas, trimmed, those without a character left out.

    A backslash before a comma keeps it in the field, one before a backslash stands for a single one; before
    anything else it is itself.
    """
    fields: list[str] = []
    field: list[str] = []
    at = 0
    while at < len(text):
        character = text[at]
        if character == "\\" and text[at + 1 : at + 2] in ("\\", ","):
            field.append(text[at + 1])
            at += 2
            continue
        at += 1
        if character == ",":
            fields.append("".join(field))
            field.clear()
        else:
            field.append(character)
    fields.append("".join(field))
    return [each.strip() for each in fields if each]


def encode_csv(definition: OptionDefinition, text: str) -> bytes:
    """The bytes of an option's value from comma-separated text. Surplus fields are not looked at.

    OptionTextError: a field that is no value of its type, or too few of them.
    """
    if definition.type is OptionType.INTERNAL:
        return _INTERNAL_READERS[definition.name](text)
    fields = split_csv(text)
    if definition.type is OptionType.EMPTY:
        if fields:
            raise OptionTextError("attempt to write invalid option data field type into the option buffer: 0")
        return b""
    if definition.type is OptionType.RECORD:
        return _encode_record(definition, fields)
    codec = codec_of(definition, definition.type)
    if definition.array:
        if not fields:
            return fit(definition, b"")
        return b"".join(codec.read(field) for field in fields)
    if not fields:
        raise OptionTextError("no option value specified")
    value = codec.read(fields[0])
    if not value:
        raise _empty(definition)
    return value


def _empty(definition: OptionDefinition) -> OptionTextError:
    return OptionTextError(
        f"failed to parse an option '{definition.code}' holding string value' was empty or contained only nuls"
    )


def _encode_record(definition: OptionDefinition, fields: list[str]) -> bytes:
    types = definition.fields
    if len(fields) < len(types):
        wanted = ", ".join(each.value for each in types) + (" …" if definition.array else "")
        raise OptionTextError(
            f"number of data fields for the option type '{definition.code}' is greater than number of values provided.",
            f"{len(types)} values are needed ({wanted}), {len(fields)} given",
        )
    parts = [codec_of(definition, type).read(field) for type, field in zip(types, fields, strict=False)]
    if definition.array:
        last = codec_of(definition, types[-1])
        parts += [last.read(field) for field in fields[len(types) :]]
    return b"".join(parts)


def encode_hex(text: str, definition: OptionDefinition | None = None) -> bytes:
    """The bytes that hexadecimal text or 'text in single quotes' stands for; with a definition, fitted to its type.

    Octets of one or two digits with a colon or a blank between all of them, or digits without anything between,
    with or without 0x before them. OptionTextError: anything else, or bytes that do not fit.
    """
    if len(text) > 2 and text[0] == text[-1] == "'" and text[1:-1].strip():
        data = to_latin(text[1:-1])
    elif not text:
        data = b""
    elif _DELIMITED.fullmatch(text):
        data = bytes(int(octet, 16) for octet in re.split("[: ]", text))
    else:
        match = _DIGITS.fullmatch(text)
        if match is None:
            raise OptionTextError(f"option data is not a valid string of hexadecimal digits: {text}")
        digits = match[1]
        data = bytes.fromhex(digits if len(digits) % 2 == 0 else "0" + digits)
    if definition is None:
        return data
    value = fit(definition, data)
    behind = definition.encapsulates and definition.type in SIZES and not definition.array
    return data if behind else value  # bytes behind a value of fixed size are sub-options


def fit(definition: OptionDefinition, data: bytes) -> bytes:
    """The part of these bytes that is the option's value; what a value of fixed size does not need is cut off.

    OptionTextError: too short, or broken inside.
    """
    kind = definition.type
    if kind is OptionType.EMPTY:
        return data if definition.encapsulates else b""  # bytes behind no value are sub-options
    if kind is OptionType.INTERNAL:
        _INTERNAL_SHOWERS[definition.name](data)
        return data
    if kind is OptionType.BINARY:
        return data
    if kind is OptionType.RECORD:
        return data[: _record_end(definition, data)]
    if definition.array:
        return data[: _array_end(definition, data)]
    if kind is OptionType.STRING:
        value = data.rstrip(b"\0")
        if not value:
            raise _empty(definition)
        return value
    size = SIZES.get(kind, 0)
    if len(data) < size and kind not in (OptionType.BOOLEAN, OptionType.IPV4, OptionType.IPV6, OptionType.PSID):
        raise OptionTextError(f"OptionInt {definition.code} truncated")
    return data[: codec_of(definition, kind).end(data, 0)]


def _record_end(definition: OptionDefinition, data: bytes) -> int:
    at = start = 0
    for type in definition.fields:
        start = at
        at = codec_of(definition, type).end(data, at)
    if definition.array and definition.fields[-1] is OptionType.FQDN:
        return _names_end(definition, data, start)
    if definition.array:
        codec = codec_of(definition, definition.fields[-1])
        size = SIZES.get(definition.fields[-1], 1)
        while len(data) - at >= size:  # less than one more value: left over, and left out
            at = codec.end(data, at)
    return at


def _names_end(definition: OptionDefinition, data: bytes, at: int) -> int:
    """The end of a list of names that goes on to the end."""
    try:
        check_names(data, at, pointers=not definition.wide)
    except DomainNameError as error:
        raise OptionTextError(str(error)) from None
    return len(data)


def _array_end(definition: OptionDefinition, data: bytes) -> int:
    kind = definition.type
    size = SIZES.get(kind, 0)
    if kind is OptionType.IPV4 and len(data) % size:
        raise OptionTextError(
            f"DHCPv4 Option4AddrLst {definition.code} has invalid length={len(data)}, must be divisible by {size}."
        )
    if kind is OptionType.IPV6 and len(data) % size:
        raise OptionTextError(f"Option {definition.code} malformed: len={len(data)} is not divisible by {size}.")
    if kind in (OptionType.IPV4, OptionType.IPV6):
        return len(data)
    if kind is OptionType.FQDN and not data and not definition.wide:
        raise OptionTextError("FQDN list option has invalid length of 0")
    if kind is OptionType.FQDN:
        return _names_end(definition, data, 0)
    if size and not data:
        raise OptionTextError(f"option {definition.code} empty")
    if size and len(data) % size:
        raise OptionTextError(f"OptionIntArray {definition.code} truncated")
    codec = codec_of(definition, kind)
    at = 0
    while at < len(data):
        at = codec.end(data, at)
    return at


def decode_text(definition: OptionDefinition, data: bytes) -> str:
    """A value as text that `encode_csv` takes, for people. Total: bytes that are no such value appear as 0x….

    Values of fixed size that are followed by more bytes show their own part only.
    """
    kind = definition.type
    try:
        if kind is OptionType.INTERNAL:
            return _INTERNAL_SHOWERS[definition.name](data)
        if kind is OptionType.EMPTY:
            return "0x" + data.hex() if data else ""
        if kind is OptionType.RECORD:
            return ", ".join(_show_record(definition, data))
        codec = codec_of(definition, kind)
        if not definition.array:
            return codec.show(data[: codec.end(data, 0)])
        shown, at = [], 0
        while at < len(data):
            end = codec.end(data, at)
            shown.append(codec.show(data[at:end]))
            at = end
        return ", ".join(shown)
    except (OptionTextError, DomainNameError):
        return "0x" + data.hex()


def _show_record(definition: OptionDefinition, data: bytes) -> list[str]:
    end = _record_end(definition, data)
    shown, at, field = [], 0, 0
    last = len(definition.fields) - 1
    while at < end or field <= last:
        codec = codec_of(definition, definition.fields[min(field, last)])
        after = codec.end(data[:end], at)
        shown.append(codec.show(data[at:after]))
        at = after
        field += 1
    return shown
