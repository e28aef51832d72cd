"""The functions of the language: bytes in, bytes out, as Kea computes them.

Each takes its constant arguments first and gives a function of the rest, so that what can be decided when an
expression is compiled is decided then. EvaluationError: these bytes have no such value.
"""

from __future__ import annotations

from collections.abc import Callable
from socket import AF_INET, AF_INET6, inet_ntop
from typing import Final

from kead.classify.errors import EvaluationError

Change = Callable[[bytes], bytes]

_INT: Final = 1 << 31
"""What Kea computes with: parameters beyond are fine in the text and fail when used."""


def substring(start: int, length: int | None) -> Change:
    """`length` bytes from `start` on; None: all. A negative start counts from the end, a negative length backwards."""
    for value, what in ((start, "starting position"), (length or 0, "length")):
        if not -_INT <= value < _INT:
            return _failing(
                f"the parameter '{value}' for the {what} of the substring couldn't be converted to an integer."
            )
    if start >= 0 and (length is None or length >= 0):
        part = slice(start, None if length is None else start + length)
        return lambda data: data[part]

    def odd(data: bytes) -> bytes:
        first = start if start >= 0 else len(data) + start
        if not 0 <= first < len(data):
            return b""
        if length is None:
            return data[first:]
        if length < 0:
            return data[max(0, first + length) : first]
        return data[first : first + length]

    return odd


def split(field: int) -> Callable[[bytes, bytes], bytes]:
    """The field with this number, from 1, of what lies between bytes that are among the delimiters."""

    def fields(data: bytes, delimiters: bytes) -> bytes:
        if not delimiters:
            return data
        if field < 1:
            return b""
        if len(delimiters) > 1:
            data = data.translate(_to_first(delimiters))
        parts = data.split(delimiters[:1])
        return parts[field - 1] if field <= len(parts) else b""

    return fields


def _to_first(delimiters: bytes) -> bytes:
    table = bytearray(range(256))
    for each in delimiters:
        table[each] = delimiters[0]
    return bytes(table)


def hexstring(data: bytes, separator: bytes) -> bytes:
    """Two lower-case digits a byte, the separator between bytes."""
    if not separator:
        return data.hex().encode()
    if len(separator) == 1 and separator.isascii():
        return data.hex(separator).encode()
    return separator.join([b"%02x" % byte for byte in data])


def addrtotext(data: bytes) -> bytes:
    """The text of an IPv4 or IPv6 address; of nothing, nothing."""
    size = len(data)
    if size == 4:
        return inet_ntop(AF_INET, data).encode()
    if size == 16:
        return inet_ntop(AF_INET6, data).encode()
    if size == 0:
        return b""
    raise EvaluationError("Can not convert to valid address.")


def number_to_text(name: str) -> Change:
    """uint8totext and its kin: the decimal number in so many bits; of nothing, nothing."""
    kind = name.removesuffix("totext")
    signed = not kind.startswith("u")
    size = int(kind.lstrip("uint")) // 8

    def text(data: bytes) -> bytes:
        if len(data) != size:
            if not data:
                return b""
            raise EvaluationError(f"Can not convert to valid {kind}.")
        return b"%d" % int.from_bytes(data, "big", signed=signed)

    return text


def _failing(reason: str) -> Change:
    def fail(data: bytes) -> bytes:
        raise EvaluationError(reason)

    return fail
