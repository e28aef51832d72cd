"""A usual message seen at a glance: its options cut apart, each with its head as it stood on the wire, nothing decoded.

This is for the express lane, which copies most options into its reply as they are. Law: what is seen here, `decode`
sees the same; whatever `decode` would have to look at more closely (a broken option, an option twice, a second relay)
and whatever changes the course of an exchange is not seen at all.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from kead.dhcp6.checks import ALWAYS, LOOK_AT
from kead.dhcp6.options import (
    CLIENT_FQDN,
    IA_NA,
    IA_PD,
    ORO,
    RELAY_MSG,
    RELAY_SOURCE_PORT,
    RSOO,
    VENDOR_CLASS,
    VENDOR_OPTS,
)
from kead.dhcp6.packet import REBIND, RELAY_FORW, RENEW, REQUEST, SOLICIT, Packet6, Relay6

Pieces = dict[int, bytes]
"""Code to the whole option, head and value."""

HEAD: Final = 4
"""Bytes of an option before its value, and of a message before its options."""
RELAY_HEAD: Final = 34
"""Bytes of a relay's message before its options."""

_KINDS: Final = frozenset((SOLICIT, REQUEST, RENEW, REBIND))
_RELAYED: Final = bytes((RELAY_FORW,))
_option_at = Struct("!HH").unpack_from
_number = int.from_bytes


def _least(special: tuple[int, ...], plain: dict[int, int]) -> tuple[int, ...]:
    """By code: how long a value must be for that there is nothing to look at in it."""
    least = list(LOOK_AT)
    for code in special:
        least[code] = ALWAYS
    for code, length in plain.items():
        least[code] = length
    return tuple(least)


_IN_MESSAGE: Final = _least((CLIENT_FQDN, VENDOR_CLASS, VENDOR_OPTS), {IA_NA: 12, IA_PD: 12, ORO: 2})
"""Of identity associations only those of one shape are served, and a template is found only for a sound ORO."""
_IN_RELAY: Final = _least((RSOO, RELAY_SOURCE_PORT, VENDOR_OPTS), {RELAY_MSG: HEAD})


class Glance:
    """A SOLICIT, REQUEST, RENEW or REBIND.

    head      its type and transaction id, four bytes
    relay     the head of the one relay's message around it, b"" if there is none
    around    that relay's options
    """

    __slots__ = ("around", "head", "kind", "options", "relay")

    kind: int
    head: bytes
    options: Pieces
    relay: bytes
    around: Pieces

    def outline(self) -> Packet6:
        """The packet without what stands in identity associations, which nobody has looked at."""
        packet = Packet6(self.kind, _number(self.head[1:], "big"))
        packet.options = {code: [piece[HEAD:]] for code, piece in self.options.items() if code not in (IA_NA, IA_PD)}
        if self.relay:
            relay = Relay6(self.relay[1], _number(self.relay[2:18], "big"), _number(self.relay[18:], "big"))
            relay.options = {code: [piece[HEAD:]] for code, piece in self.around.items() if code != RELAY_MSG}
            packet.relays = [relay]
        return packet


_new = Glance.__new__
_NOTHING: Final[Pieces] = {}


def glance(data: bytes) -> Glance | None:
    """What a datagram says, None if that takes a closer look."""
    seen = _new(Glance)
    if data[:1] == _RELAYED:
        around = _pieces(data, RELAY_HEAD, _IN_RELAY)
        if around is None or RELAY_MSG not in around:
            return None
        seen.relay = data[:RELAY_HEAD]
        seen.around = around
        data = around[RELAY_MSG][HEAD:]
    else:
        seen.relay = b""
        seen.around = _NOTHING
    head = data[:HEAD]
    if len(head) < HEAD or head[0] not in _KINDS:
        return None
    seen.kind = head[0]
    seen.head = head
    options = _pieces(data, HEAD, _IN_MESSAGE)
    if options is None:
        return None
    seen.options = options
    return seen


def _pieces(data: bytes, at: int, least: tuple[int, ...]) -> Pieces | None:
    found: Pieces = {}
    end = len(data)
    last = end - HEAD
    while at <= last:
        code, length = _option_at(data, at)
        start = at
        at += HEAD + length
        if at > end or code in found or (code < 256 and length < least[code]):
            return None
        found[code] = data[start:at]
    return found
