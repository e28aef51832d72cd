"""IPv4 addresses between their text and the `int` that kead uses inside.

An address is the value of its four bytes in network order: 192.0.2.1 is 0xC0000201. Text exists only at the
edges (configuration, commands, lease files, logs), and this is where it is made and read.
"""

from __future__ import annotations

from socket import AF_INET, inet_ntoa, inet_pton
from struct import Struct

_FOUR_BYTES = Struct("!I")
_pack = _FOUR_BYTES.pack


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
