"""Addresses between their text and the `int` that kead uses inside.

An address is the value of its bytes in network order: 192.0.2.1 is 0xC0000201, ::1 is 1. Text exists only at the
edges (configuration, commands, lease files, logs), and this is where it is made and read.
"""

from __future__ import annotations

from socket import AF_INET, AF_INET6, inet_ntoa, inet_ntop, inet_pton
from struct import Struct

_FOUR_BYTES = Struct("!I")
_pack = _FOUR_BYTES.pack
_from_bytes = int.from_bytes


def parse_ip4(text: str) -> int:
    """The address that a dotted quad names. ValueError: not four decimal numbers below 256 without leading zeros."""
    try:
        value: int = _FOUR_BYTES.unpack(inet_pton(AF_INET, text))[0]
    except (OSError, ValueError):
        raise ValueError(f"not an IPv4 address: {text!r}") from None
    return value


def text_ip4(address: int) -> str:
    """The dotted quad of an address. struct.error outside of 0..0xffffffff."""
    return inet_ntoa(_pack(address))


def parse_ip6(text: str) -> int:
    """The address that an IPv6 text names (RFC 4291 section 2.2). ValueError: none, or one with a zone."""
    try:
        return _from_bytes(inet_pton(AF_INET6, text), "big")
    except (OSError, ValueError):
        raise ValueError(f"not an IPv6 address: {text!r}") from None


def text_ip6(address: int) -> str:
    """The shortest text of an IPv6 address (RFC 5952). OverflowError outside of 0..2**128-1."""
    return inet_ntop(AF_INET6, address.to_bytes(16, "big"))
