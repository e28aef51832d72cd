"""The kernel's messages about interfaces and addresses (rtnetlink(7)), as bytes.

Law: bytes in, facts out; no socket. Only what a DHCP server asks about an interface is decoded.

Why not pyroute2, which does all of rtnetlink: it takes 100 µs to decode one interface and 22 MiB to be there; this
takes 3 µs, so that two thousand VLANs are looked at without stopping the loop for more than some milliseconds.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

NEW_LINK: Final = 16
DELETE_LINK: Final = 17
GET_LINK: Final = 18
NEW_ADDRESS: Final = 20
DELETE_ADDRESS: Final = 21
GET_ADDRESS: Final = 22
AF_INET: Final = 2
AF_INET6: Final = 10
GROUPS: Final = {AF_INET: 0x1 | 0x10, AF_INET6: 0x1 | 0x100}
"""Multicast groups to listen to, by address family: links and the family's addresses."""

TENTATIVE: Final = 0x40
DUPLICATE: Final = 0x08
OPTIMISTIC: Final = 0x04

_DONE: Final = 3
_ERROR: Final = 2
_REQUEST_DUMP: Final = 0x301
_DUMP_INTERRUPTED: Final = 0x10
_HEADER: Final = struct.Struct("=IHHII")
_LINK: Final = struct.Struct("=BxHiII")
_ADDRESS: Final = struct.Struct("=BBBBi")
_ATTRIBUTE: Final = struct.Struct("=HH")
_LENGTHS: Final = {AF_INET: 4, AF_INET6: 16}
_LINK_MAC, _LINK_NAME = 1, 3
_ADDRESS_PEER, _ADDRESS_LOCAL = 1, 2


class Link(NamedTuple):
    """An interface that is there or (``gone``) no more. flags: IFF_… bits; kind: its hardware type (ARPHRD_…)."""

    gone: bool
    number: int
    name: str
    kind: int
    flags: int
    mac: bytes


class Assigned(NamedTuple):
    """An address that an interface has got or (``gone``) has no more, or whose flags changed.

    ``family``: AF_INET or AF_INET6. ``flags``: IFA_F_… bits. An IPv6 address is TENTATIVE until it is known that
    nobody else on the link has it (RFC 4862 section 5.4; usable all the same if OPTIMISTIC), DUPLICATE if somebody has.
    """

    gone: bool
    number: int
    family: int
    address: int
    flags: int

    @property
    def usable(self) -> bool:
        """Can a socket be bound to it?"""
        return not self.flags & TENTATIVE or self.flags & (OPTIMISTIC | DUPLICATE) == OPTIMISTIC


class DumpError(OSError):
    """The kernel refused to tell, or things changed while it told: ask again."""


def request(kind: int, sequence: int, family: int = 0) -> bytes:
    """A question for everything of ``kind``: GET_LINK, or GET_ADDRESS for the addresses of ``family``."""
    return _HEADER.pack(_HEADER.size + 16, kind, _REQUEST_DUMP, sequence, 0) + bytes((family,)) + bytes(15)


def read(data: bytes, sequence: int = 0) -> Iterator[Link | Assigned | None]:
    """What one datagram from the kernel says. None: the end of the answer to question ``sequence``.

    Raises DumpError if the kernel answers with an error, or says that its answer is not of one piece.
    """
    place = 0
    while place + _HEADER.size <= len(data):
        length, kind, flags, number, _port = _HEADER.unpack_from(data, place)
        if length < _HEADER.size or place + length > len(data):
            return
        start, end = place + _HEADER.size, place + length
        place += (length + 3) & ~3
        if sequence and number != sequence:
            continue
        if flags & _DUMP_INTERRUPTED and sequence:
            raise DumpError(4, "the interfaces changed while they were listed")
        if kind == _DONE and sequence:
            yield None
        elif kind == _ERROR and sequence:
            code = -struct.unpack_from("=i", data, start)[0] if end - start >= 4 else 0
            raise DumpError(code, "the kernel does not list the interfaces")
        elif kind in (NEW_LINK, DELETE_LINK) and end - start >= _LINK.size:
            family, hardware, index, link_flags, _change = _LINK.unpack_from(data, start)
            if family == 0:  # else a bridge's or a tunnel's view of the same interface
                attributes = dict(_attributes(data, start + _LINK.size, end))
                name = attributes.get(_LINK_NAME, b"").rstrip(b"\0").decode(errors="replace")
                yield Link(kind == DELETE_LINK, index, name, hardware, link_flags, attributes.get(_LINK_MAC, b""))
        elif kind in (NEW_ADDRESS, DELETE_ADDRESS) and end - start >= _ADDRESS.size:
            family, _prefix, address_flags, _scope, index = _ADDRESS.unpack_from(data, start)
            attributes = dict(_attributes(data, start + _ADDRESS.size, end))
            # on a point-to-point interface the plain one is the peer's
            value = attributes.get(_ADDRESS_LOCAL) or attributes.get(_ADDRESS_PEER, b"")
            if len(value) == _LENGTHS.get(family):
                address = int.from_bytes(value, "big")
                yield Assigned(kind == DELETE_ADDRESS, index, family, address, address_flags)


def _attributes(data: bytes, place: int, end: int) -> Iterator[tuple[int, bytes]]:
    while place + 4 <= end:
        length, kind = _ATTRIBUTE.unpack_from(data, place)
        if length < 4 or place + length > end:
            return
        yield kind & 0x3FFF, data[place + 4 : place + length]
        place += (length + 3) & ~3
