"""Identifiers as people write them in commands, in Kea's ways and with Kea's complaints.

Law: text in, bytes out, or `Refused`. A hardware address is hexadecimal with colons; a client identifier or DUID may
also have blanks between its bytes, or nothing, or begin with 0x.
"""

from __future__ import annotations

import re
from typing import Final

from .refused import Refused

LONGEST_HWADDR: Final = 20
_DIGITS: Final = re.compile(r"[0-9A-Fa-f]*")


def hwaddr(text: str) -> bytes:
    """A hardware address; an empty text is an empty one."""
    value = _separated(text, ":")
    if len(value) > LONGEST_HWADDR:
        raise Refused("address vector size exceeds MAX_HWADDR_LEN")
    return value


def client_id(text: str) -> bytes:
    """A client identifier, 2 to 255 bytes."""
    return _identifier(text, 2, 255)


def duid(text: str) -> bytes:
    """A DHCP unique identifier, 3 to 130 bytes."""
    return _identifier(text, 3, 130)


def _identifier(text: str, shortest: int, longest: int) -> bytes:
    if ":" in text:
        value = _separated(text, ":")
    elif " " in text:
        value = _separated(text, " ")
    else:
        digits = text.removeprefix("0x")
        if not _DIGITS.fullmatch(digits):
            raise Refused(f"'{text}' is not a valid string of hexadecimal digits")
        value = bytes.fromhex("0" + digits if len(digits) % 2 else digits)
    if len(value) < shortest:
        raise Refused(f"identifier is too short ({len(value)}), at least {shortest} is required")
    if len(value) > longest:
        raise Refused(f"identifier is too large ({len(value)}), at most {longest} is required")
    return value


def _separated(text: str, separator: str) -> bytes:
    if not text:
        return b""
    parts = text.split(separator)
    for part in parts:
        if not part:
            raise Refused(f"two consecutive separators ('{separator}') specified in a decoded string '{text}'")
        if len(part) > 2:
            raise Refused(f"invalid format of the decoded string '{text}'")
        for digit in part:
            if not _DIGITS.fullmatch(digit):
                raise Refused(f"'{digit}' is not a valid hexadecimal digit in decoded string '{text}'")
    return bytes(int(part, 16) for part in parts)
