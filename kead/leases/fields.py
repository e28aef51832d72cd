"""The fields of lease files that both families have, and what may differ between files: their columns.

Law: text in, value out; `RowError` with Kea's reason otherwise.

A file is handled as Latin-1 text, one character a byte. Host names and user contexts are UTF-8 in it; bytes that
are not come as surrogates (PEP 383) in a host name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from kead.leases.context import compact_context

LONGEST_HWADDR: Final = 20

_OTHER: Final = re.compile(rb"[^\x20-\x25\x27-\x2b\x2d-\x7e]")  # all but printable ASCII without ampersand and comma
_ESCAPED: Final = re.compile(rb"&#x([0-9a-fA-F]{2})")
_COLON_BYTES: Final = re.compile(r"[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2})*")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")


class RowError(ValueError):
    """A line that holds no lease. Says why, as Kea does."""


class HeaderError(ValueError):
    """A first line that belongs to no lease file of this family."""


class Schema:
    """Which columns the files of a family have, and which they had.

    version    the present one, that has all `columns`
    defaults   values of the last columns, which files of earlier versions lack
    fewest     how many columns a file has at least
    header     the first line of a file
    """

    __slots__ = ("columns", "defaults", "fewest", "header", "version")

    def __init__(self, version: str, columns: tuple[str, ...], defaults: tuple[str, ...]) -> None:
        self.version = version
        self.columns = columns
        self.defaults = defaults
        self.fewest = len(columns) - len(defaults)
        self.header = ",".join(columns) + "\n"

    def read_header(self, line: str) -> int:
        """How many columns the rows of this file have, from its first line (without line end). HeaderError.

        A longer header than ours is of a later version, whose further columns are ignored.
        """
        names = line.split(",")
        for name, expected in zip(names, self.columns, strict=False):
            if name != expected:
                raise HeaderError(f"invalid header '{line}' in CSV file")
        if len(names) < self.fewest:
            raise HeaderError(f"header has only {len(names)} valid column(s), it must have at least {self.fewest}")
        return len(names)

    def complete(self, fields: list[str], columns: int) -> Sequence[str]:
        """The fields of a row, of a file with so many columns, as one of ours would have them. RowError."""
        number = len(self.columns)
        if len(fields) < min(columns, number):
            raise RowError(f"the row has {len(fields)} column(s), the header has {columns}")
        if columns < number:
            fields[columns:] = self.defaults[columns - self.fewest :]
        return fields[:number]


def escape(text: str) -> str:
    """The text with every byte that could disturb the file written as &#x and two digits."""
    data = text.encode("utf-8", "surrogateescape")
    return _OTHER.sub(lambda found: b"&#x%02x" % found[0][0], data).decode("ascii")


def unescape(field: str) -> bytes:
    """The bytes that an escaped field stands for; what only looks like an escape stays."""
    return _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), field.encode("latin-1"))


def read_integer(text: str, bits: int, *, signed: bool = False) -> int:
    """A decimal number. A negative one of an unsigned column wraps, as it does in Kea."""
    if not _INTEGER.fullmatch(text) or len(text) > 24:
        raise RowError("bad lexical cast: source type value could not be interpreted as target")
    number = int(text)
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (-((1 << bits) - 1), (1 << bits) - 1)
    if not low <= number <= high:
        raise RowError("bad lexical cast: source type value could not be interpreted as target")
    return number if signed else number & ((1 << bits) - 1)


def read_flag(text: str) -> bool:
    """0 or 1."""
    if text not in ("0", "1"):
        raise RowError("bad lexical cast: source type value could not be interpreted as target")
    return text == "1"


def read_hwaddr(text: str) -> bytes:
    """A hardware address, with colons; nothing is none."""
    if not text:
        return b""
    value = _colon_bytes(text)
    if len(value) > LONGEST_HWADDR:
        raise RowError("address vector size exceeds MAX_HWADDR_LEN")
    return value


def read_identifier(text: str, least: int, most: int) -> bytes:
    """A client identifier or DUID of so many bytes: with colons or blanks, or all digits in a row."""
    if " " in text and ":" not in text:
        text = text.replace(" ", ":")
    if ":" in text or len(text) <= 2:
        value = _colon_bytes(text) if text else b""
    else:
        try:
            value = bytes.fromhex(text if len(text) % 2 == 0 else "0" + text)
        except ValueError:
            raise RowError(f"'{text}' is not a valid string of hexadecimal digits") from None
    if len(value) < least:
        raise RowError(f"identifier is too short ({len(value)}), at least {least} is required")
    if len(value) > most:
        raise RowError(f"identifier is too large ({len(value)}), at most {most} is required")
    return value


def read_text(field: str) -> str:
    """A text that was escaped."""
    return unescape(field).decode("utf-8", "surrogateescape")


def read_context(field: str) -> str:
    """A user context, as compact JSON text."""
    try:
        return compact_context(unescape(field))
    except ValueError as error:
        raise RowError(str(error)) from None


def _colon_bytes(text: str) -> bytes:
    """One or two hexadecimal digits a byte, colons between."""
    if not _COLON_BYTES.fullmatch(text):
        raise RowError(f"invalid format of the decoded string '{text}'")
    return bytes([int(part, 16) for part in text.split(":")])
