"""DHCPv4 in Ethernet frames: what a packet socket needs to know of Ethernet, IPv4 and UDP (RFC 894, 791, 768, 1071).

Law: bytes in, bytes out. No socket, no clock; nothing here raises on bytes from the network.

A packet socket sees frames before the kernel has looked at them, so three things are done here that the kernel does
for a UDP socket: choosing (``filter_program``, which the kernel runs), reading (``parse``), and writing
(``FrameBuilder``). VLAN tags never appear in the bytes, as the kernel takes them off; the filter asks the kernel for
them.

A sum in one's complement (RFC 1071) is the remainder modulo 0xffff of all the bytes read as one number: CPython works
that out in half the time that adding up an unpacked array takes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

BROADCAST: Final = 0xFFFFFFFF
BROADCAST_MAC: Final = b"\xff" * 6
ETHERTYPE_IPV4: Final = 0x0800
_UDP: Final = 17
_DONT_FRAGMENT: Final = 0x4000
_TTL: Final = 64

# destination MAC, source MAC, type | version+length, service, total length, id, flags+offset, TTL, protocol, checksum,
# source, destination | source port, destination port, length; then comes the checksum
_HEADERS: Final = struct.Struct("!6s6sHBBHHHBBHIIHHH")
HEADERS: Final = 42
"""Bytes of them: Ethernet, IP without options, UDP."""
DATAGRAM_HEADERS: Final = 28
"""Bytes of the IP and UDP headers that are written here."""
_BEFORE_UDP: Final = 34
_pack_checksum: Final = struct.Struct("!H").pack
_LOW_76: Final = (1 << 1216) - 1
_LOW_38: Final = (1 << 608) - 1
_REMEMBERED: Final = 1024

# struct virtio_net_hdr, in this machine's byte order: flags, kind, bytes of headers, bytes of each datagram, where the
# checksum begins to count, and where it stands from there (Linux 6.2 and later know the kind)
_OFFLOAD: Final = struct.Struct("=BBHHHH")
_CHECKSUM_BEGUN: Final = 1
_SEGMENT_UDP: Final = 5
_READ: Final = struct.Struct("!6x6sHBxHxxHxBxxIIHHHH").unpack_from
_READ_UDP: Final = struct.Struct("!HHHH").unpack_from

Parsed = tuple[bytes, int, int, int, int, int]


def parse(frame: bytes | bytearray | memoryview, start: int, size: int, verify: bool) -> Parsed | None:
    """The DHCP message in the Ethernet frame ``frame[start : start + size]``: (source MAC, source address, source port,
    destination address, first byte of the message, first byte after it); None if there is none in it.

    ``verify``: is the UDP checksum to be checked? A frame that another program on this machine sent comes over a veth
    pair or a bridge with only the pseudo-header's part of it filled in (the network card would have done the rest);
    that is accepted too, and so is none at all (RFC 768).
    """
    if size < HEADERS:
        return None
    mac, kind, version, total, fragment, protocol, source, destination, source_port, _port, length, given = _READ(
        frame, start
    )
    if kind != ETHERTYPE_IPV4 or protocol != _UDP or fragment & 0x3FFF or total + 14 > size:
        return None
    first = start + HEADERS
    header = 20
    if version != 0x45:  # options in the IP header
        header = (version & 15) << 2
        if version >> 4 != 4 or header < 20 or header + 8 > total:
            return None
        first = start + 22 + header
        source_port, _port, length, given = _READ_UDP(frame, first - 8)
    if length < 8 or header + length > total:
        return None
    end = first - 8 + length
    if verify and given:
        pseudo = (source >> 16) + (source & 0xFFFF) + (destination >> 16) + (destination & 0xFFFF) + _UDP + length
        datagram = bytes(frame[first - 8 : end])
        if length & 1:
            datagram += b"\0"
        if (pseudo + int.from_bytes(datagram, "big")) % 0xFFFF and (given - pseudo) % 0xFFFF:
            return None
    return mac, source, source_port, destination, first, end


class FrameBuilder:
    """Writes the frames that leave by one network card."""

    __slots__ = ("_heads", "mac")

    def __init__(self, mac: bytes) -> None:
        """``mac``: the card's own address, 6 bytes."""
        self.mac = mac
        self._heads: dict[tuple[bytes, int, int, int, int, int], tuple[bytes, int]] = {}

    def build(
        self, data: bytes, link_destination: bytes, source: int, source_port: int, destination: int, port: int
    ) -> bytes:
        """``data`` as a UDP datagram in an Ethernet frame, both checksums filled in.

        ``link_destination``: 6 bytes; addresses as numbers. Raises struct.error if a number does not fit.
        """
        size = len(data)
        # a relay agent, or everybody on the link: the same headers again and again
        if port == source_port or destination == BROADCAST:
            key = (link_destination, source, source_port, destination, port, size)
            found = self._heads.get(key)
            if found is None:
                if len(self._heads) >= _REMEMBERED:
                    self._heads.clear()
                found = self._heads[key] = self._head(*key)
            head, rest = found
        else:
            head, rest = self._head(link_destination, source, source_port, destination, port, size)
        number = int.from_bytes(data, "big")
        if size & 1:
            number <<= 8
        # 1 more or less in a digit of 16 bits is the same as in the digit before: folded twice, a message of usual
        # length leaves half the work to the division
        number = (number & _LOW_76) + (number >> 1216)
        number = (number & _LOW_38) + (number >> 608)
        # never 0, which would say «none»
        return head + _pack_checksum(0xFFFF - (rest + number) % 0xFFFF) + data

    def group(
        self,
        size: int,
        number: int,
        link_destination: bytes,
        source: int,
        source_port: int,
        destination: int,
        port: int,
    ) -> bytes:
        """What goes before ``number`` datagrams of ``size`` bytes each that the kernel is to send to one receiver, by a
        packet socket that wants a struct virtio_net_hdr (PACKET_VNET_HDR): that, and the headers of one long datagram,
        its UDP checksum begun as an offload wants it. The kernel makes of it those of each datagram, numbered by their
        IP identification.
        """
        head, rest = self._head(link_destination, source, source_port, destination, port, size * number)
        begun = (rest - source_port - port - (size * number + 8)) % 0xFFFF
        return (
            _OFFLOAD.pack(_CHECKSUM_BEGUN, _SEGMENT_UDP, HEADERS, size, _BEFORE_UDP, 6) + head + _pack_checksum(begun)
        )

    def _head(
        self, link_destination: bytes, source: int, source_port: int, destination: int, port: int, size: int
    ) -> tuple[bytes, int]:
        """All headers of a datagram of ``size`` bytes but the UDP checksum, and the sum of what that covers of them."""
        length = size + 8
        addresses = (source >> 16) + (source & 0xFFFF) + (destination >> 16) + (destination & 0xFFFF)
        ip = -(0x4500 + length + 20 + _DONT_FRAGMENT + (_TTL << 8 | _UDP) + addresses) % 0xFFFF
        head = _HEADERS.pack(
            link_destination,
            self.mac,
            ETHERTYPE_IPV4,
            0x45,
            0,
            length + 20,
            0,
            _DONT_FRAGMENT,
            _TTL,
            _UDP,
            ip,
            source,
            destination,
            source_port,
            port,
            length,
        )
        # the length stands in the pseudo-header and in the header
        return head, addresses + _UDP + length + length + source_port + port


# --- the filter that the kernel runs (classic BPF; Documentation/networking/filter.rst of the Linux sources) ---

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand

_LOAD_WORD, _LOAD_HALF, _LOAD_BYTE = 0x20, 0x28, 0x30
_LOAD_HALF_AT_X, _X_IS_HEADER_LENGTH = 0x48, 0xB1
_IF_EQUAL, _IF_GREATER, _IF_ANY_BIT, _RETURN = 0x15, 0x25, 0x45, 0x06
_ANCILLARY: Final = 0xFFFFF000  # loads from here ask the kernel about the packet
_PACKET_TYPE: Final = _ANCILLARY + 4
_VLAN_TAG: Final = _ANCILLARY + 44
_VLAN_ID: Final = 0x0FFF
_WHOLE: Final = 0x40000
_TO_DROP: Final = -1  # a jump to where the packet is dropped, worked out at the end

DROP_EVERYTHING: Final[tuple[Instruction, ...]] = ((_RETURN, 0, 0, 0),)


def filter_program(port: int, addresses: Iterable[int]) -> tuple[Instruction, ...]:
    """What a packet socket shall see: whole UDP datagrams to ``port``, sent to the limited broadcast address or to one
    of ``addresses``, and meant for this machine (not overheard by a card that listens to everything).

    Fragments are left out, first ones too: nobody puts them together at this level. Frames of a VLAN are left out too:
    they belong to the VLAN's own interface, and an answer by this one would go out untagged. A tag that carries a
    priority only (VLAN 0, IEEE 802.1p) is no VLAN.
    """
    program: list[Instruction] = [
        (_LOAD_WORD, 0, 0, _PACKET_TYPE),
        (_IF_GREATER, _TO_DROP, 0, 2),  # 0 to us, 1 broadcast, 2 multicast; 3 to others, 4 from us
        (_LOAD_WORD, 0, 0, _VLAN_TAG),
        (_IF_ANY_BIT, _TO_DROP, 0, _VLAN_ID),
        (_LOAD_HALF, 0, 0, 12),
        (_IF_EQUAL, 0, _TO_DROP, ETHERTYPE_IPV4),
        (_LOAD_BYTE, 0, 0, 23),
        (_IF_EQUAL, 0, _TO_DROP, _UDP),
        (_LOAD_HALF, 0, 0, 20),
        (_IF_ANY_BIT, _TO_DROP, 0, 0x3FFF),
        (_X_IS_HEADER_LENGTH, 0, 0, 14),
        (_LOAD_HALF_AT_X, 0, 0, 16),
        (_IF_EQUAL, 1, 0, port),
        (_RETURN, 0, 0, 0),
    ]
    drop = len(program) - 1  # before the addresses: a conditional jump goes forward, and no more than 255 instructions
    program.append((_LOAD_WORD, 0, 0, 30))
    for address in (BROADCAST, *addresses):
        program += [(_IF_EQUAL, 0, 1, address), (_RETURN, 0, 0, _WHOLE)]
    program.append((_RETURN, 0, 0, 0))
    return tuple(
        (
            code,
            drop - place - 1 if true == _TO_DROP else true,
            drop - place - 1 if false == _TO_DROP else false,
            operand,
        )
        for place, (code, true, false, operand) in enumerate(program)
    )


def assemble(program: Iterable[Instruction]) -> bytes:
    """The program as the kernel takes it: an array of struct sock_filter in this machine's byte order."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
