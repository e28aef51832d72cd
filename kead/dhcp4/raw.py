"""Raw channels: Ethernet frames by a packet socket, to reach clients that have no address yet.

Law: one packet socket an interface, however many addresses it has, so that a broadcast is served once. Everything is
sent by it, to relays too (to the MAC that the query came from), past routing table, neighbour table and firewall, as
Kea does.

Beside it each address has a UDP socket with a filter that lets nothing in: it keeps the kernel from answering «port
unreachable», shows other servers that the port is taken, and sends what has no MAC given.

Measured, in and out over a veth pair, CPU in all, 64 and 2 packets a turn: drained recv/send 1.00 and 1.00 ·
recv_into 1.01 · recvmsg with auxiliary data 1.15 · recvmmsg through ctypes 0.98 · recvmmsg and sendmmsg 0.94 and 1.06
· memory-mapped receive ring and send 0.96 and 0.90. The ring also needs no privilege to be large, and tells for each
frame when it arrived and whether its checksum is known to be good, which recv would have to work out: with that the
ring costs three quarters of recv. So it is the ring where it can be had, with recv as the other way.
"""

from __future__ import annotations

import errno
import mmap
import os
import platform
import socket
import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import time
from typing import Final

from kead.dhcp4.channel import BEGINS_AT, Channel, Datagram, attach
from kead.dhcp4.frames import (
    BROADCAST_MAC,
    DATAGRAM_HEADERS,
    DROP_EVERYTHING,
    HEADERS,
    FrameBuilder,
    filter_program,
    parse,
)
from kead.dhcp4.options import MESSAGE_TYPE
from kead.dhcp4.packet import DISCOVER
from kead.dhcp4.udp import bound
from kead.network import segments
from kead.network.channel import SIZE, grow, stamp, want_stamps
from kead.network.interfaces import Interface
from kead.wire.address import text_ip4

_SOL_PACKET: Final = 263
_PACKET_RX_RING: Final = 5
_PACKET_VERSION: Final = 10
_PACKET_VNET_HDR: Final = 15
_PACKET_IGNORE_OUTGOING: Final = 23
_TPACKET_V2: Final = 1
_ETH_P_ALL: Final = 3
_FOR_USER: Final = 0x1
_CHECKSUM_KNOWN: Final = 0x8 | 0x80  # not filled in yet (sent on this machine), or found good
_SLOT_HEADER: Final = struct.Struct("=IIIHHII").unpack_from  # status, length, captured, offsets, seconds, nanoseconds
_SLOT: Final = 2048
_SLOTS: Final = 2048
_BLOCK: Final = 1 << 16
_OPTION_AT: Final = HEADERS + BEGINS_AT
_KIND_AT: Final = _OPTION_AT + 2

RINGS_MOST: Final = 16
"""More interfaces than this are served without rings: a ring holds 4 MiB even while nothing comes."""

_ORDERED: Final = platform.machine() in ("x86_64", "AMD64", "i686", "i386")
"""Do loads and stores happen in program order here? Python has no memory barriers to make them."""

Trouble = Callable[[Channel, OSError], None]


class RawChannel(Channel):
    """A packet socket on one interface, read with recv."""

    __slots__ = ("_behind", "_builder", "_grouping", "_guards", "_port", "_recv", "_send", "_socket")

    def __init__(self, interface: Interface, port: int, trouble: Trouble) -> None:
        """Listens to no address yet: see ``listen``. Raises OSError."""
        super().__init__(interface, (), True, trouble)
        self._port = port
        self._behind = False
        self._guards: dict[int, socket.socket] = {}
        self._builder = FrameBuilder(interface.mac)
        self._grouping: socket.socket | None = None
        self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)  # 0: nothing comes in before it is bound
        try:
            self._socket.setblocking(False)
            attach(self._socket, DROP_EVERYTHING)
            with suppress(OSError):  # before Linux 4.20 the filter alone keeps them away, which costs more
                self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
            self._prepare()
            self._socket.bind((interface.name, _ETH_P_ALL))
        except BaseException:
            self._socket.close()
            raise
        self._recv = self._socket.recv
        self._send = self._socket.send
        if segments.cut_by_kernel(self._socket, interface.name):
            self._grouping = _grouping(interface)
            self.groups = self._grouping is not None

    def _prepare(self) -> None:
        grow(self._socket)
        want_stamps(self._socket)

    def fileno(self) -> int:
        return self._socket.fileno()

    def listen(self, interface: Interface, addresses: tuple[int, ...]) -> list[tuple[int, OSError]]:
        """Listen to ``addresses`` from now on, and to broadcasts; what comes meanwhile is not lost.

        Returns those that another program has, with the reason; they are left out.
        """
        self.interface = interface
        if interface.mac != self._builder.mac:
            self._builder = FrameBuilder(interface.mac)
        problems: list[tuple[int, OSError]] = []
        had: list[int] = []
        for address in addresses:
            if address not in self._guards:
                try:
                    guard = bound(address, self._port)
                    guard.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
                    attach(guard, DROP_EVERYTHING)
                    self._guards[address] = guard
                except OSError as error:
                    problems.append((address, error))
                    continue
            had.append(address)
        for address in [old for old in self._guards if old not in had]:
            self._guards.pop(address).close()
        if tuple(had) != self.addresses:
            attach(self._socket, filter_program(self._port, had) if had else DROP_EVERYTHING)
            self.addresses = tuple(had)
            self.address = had[0] if had else 0
        return problems

    def receive(self, limit: int) -> list[Datagram]:
        batch: list[Datagram] = []
        append = batch.append
        recv = self._recv
        now = 0.0
        try:
            for _ in range(limit):
                frame = recv(SIZE)
                if not now:
                    now = stamp(self._socket) if self._behind else time()
                parsed = parse(frame, 0, len(frame), True)
                if parsed is not None:
                    mac, source, port, destination, first, end = parsed
                    append(Datagram(frame[first:end], source, port, destination, self, mac, now))
            self._behind = limit > 1  # a single one says nothing about others
        except BlockingIOError:
            self._behind = False
        except OSError as error:
            self._behind = False
            self._trouble(self, error)
        return batch

    def send(
        self, data: bytes, destination: int, port: int, link_destination: bytes | None, source: int, source_port: int
    ) -> None:
        if link_destination is None:
            self._guards.get(source, self._guards[self.address]).sendto(data, (text_ip4(destination), port))
        else:
            if len(link_destination) != 6:  # a client of another kind of network, behind a bridge (RFC 4390)
                link_destination = BROADCAST_MAC
            self._send(
                self._builder.build(data, link_destination, source or self.address, source_port, destination, port)
            )

    def send_group(
        self,
        group: Sequence[bytes],
        destination: int,
        port: int,
        link_destination: bytes | None,
        source: int,
        source_port: int,
    ) -> None:
        grouping = self._grouping
        size = len(group[0])
        if grouping is None or link_destination is None or len(link_destination) != 6:
            raise OSError(errno.EOPNOTSUPP, os.strerror(errno.EOPNOTSUPP))
        if size + DATAGRAM_HEADERS > segments.mtu(grouping, self.interface.name):
            raise OSError(errno.EMSGSIZE, os.strerror(errno.EMSGSIZE))
        head = self._builder.group(
            size, len(group), link_destination, source or self.address, source_port, destination, port
        )
        try:
            grouping.sendmsg([head, *group])
        except OSError as error:
            if error.errno == errno.EINVAL or segments.refused(error):  # EINVAL: before Linux 6.2
                self.groups = False
            raise

    def close(self) -> None:
        super().close()
        self._socket.close()
        if self._grouping is not None:
            self._grouping.close()
        for guard in self._guards.values():
            guard.close()


class RingChannel(RawChannel):
    """A packet socket whose frames the kernel puts into memory that it shares with us (TPACKET_V2).

    The ring is a row of slots of one size. A slot with the user bit set in its first word holds a frame and is ours
    until we write 0 there; the kernel fills slots in order, and drops frames when it comes to one that is still ours.
    A frame longer than a slot (no DHCP message on a network with usual MTU is) arrives cut off, and is ignored.
    """

    __slots__ = ("_map", "_next", "_states", "_view")

    def _prepare(self) -> None:
        self._socket.setsockopt(_SOL_PACKET, _PACKET_VERSION, _TPACKET_V2)
        size = _SLOT * _SLOTS
        self._socket.setsockopt(
            _SOL_PACKET, _PACKET_RX_RING, struct.pack("=IIII", _BLOCK, size // _BLOCK, _SLOT, _SLOTS)
        )
        self._map = mmap.mmap(self._socket.fileno(), size)
        self._view = memoryview(self._map)
        self._states = self._view.cast("I")
        self._next = 0

    def one(self) -> Datagram | None:
        slot = self._next
        if self.closed:
            return None
        state = self._states[slot * (_SLOT // 4)]
        if not state & _FOR_USER:
            self._check()
            return None
        start = slot * _SLOT
        _state, _length, size, offset, _net, seconds, nanoseconds = _SLOT_HEADER(self._view, start)
        parsed = parse(self._view, start + offset, size, not state & _CHECKSUM_KNOWN)
        datagram = None
        if parsed is not None:
            mac, source, port, destination, first, end = parsed
            arrived = seconds + nanoseconds * 1e-9
            datagram = Datagram(bytes(self._view[first:end]), source, port, destination, self, mac, arrived)
        self._states[slot * (_SLOT // 4)] = 0
        self._next = slot + 1 if slot + 1 < _SLOTS else 0
        return datagram

    def receive(self, limit: int) -> list[Datagram]:
        return self._read(limit, -1, 0.0)[0]

    def spare(self, limit: int, newcomers: int, oldest: float) -> tuple[list[Datagram], int]:
        return self._read(limit, newcomers, oldest)

    def _read(self, limit: int, newcomers: int, oldest: float) -> tuple[list[Datagram], int]:
        """``receive`` and ``spare``; ``newcomers`` -1: all of them."""
        batch: list[Datagram] = []
        dropped = 0
        if self.closed:
            return batch, dropped
        append = batch.append
        sparing = newcomers >= 0
        states = self._states
        view = self._view
        slot = self._next
        for _ in range(limit):
            word = slot * (_SLOT // 4)
            state = states[word]
            if not state & _FOR_USER:
                if not batch:
                    self._check()
                break
            start = slot * _SLOT
            _state, _length, size, offset, _net, seconds, nanoseconds = _SLOT_HEADER(view, start)
            arrived = seconds + nanoseconds * 1e-9
            wanted = True
            if sparing:
                # what has an IP header of unusual length, or no message at all, looks like no newcomer's
                if view[start + offset + _KIND_AT] == DISCOVER and view[start + offset + _OPTION_AT] == MESSAGE_TYPE:
                    newcomers -= arrived >= oldest
                    wanted = newcomers >= 0
                if arrived < oldest or not wanted:
                    dropped += 1
                    wanted = False
            parsed = parse(view, start + offset, size, not state & _CHECKSUM_KNOWN) if wanted else None
            if parsed is not None:
                mac, source, port, destination, first, end = parsed
                append(Datagram(bytes(view[first:end]), source, port, destination, self, mac, arrived))
            states[word] = 0
            slot += 1
            if slot == _SLOTS:
                slot = 0
        self._next = slot
        return batch, dropped

    def _check(self) -> None:
        """Woken for nothing: is it an error that the socket has to tell?"""
        code = self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code:
            self._trouble(self, OSError(code, os.strerror(code)))

    def close(self) -> None:
        if not self.closed:
            super().close()
            self._states.release()
            self._view.release()
            self._map.close()  # it has a descriptor of its own for the socket


def _grouping(interface: Interface) -> socket.socket | None:
    """A packet socket that sends groups and hears nothing; None if the machine has none. The one that receives cannot
    be it, as one with a ring may not want that header.
    """
    opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    try:
        opened.setblocking(False)
        opened.setsockopt(_SOL_PACKET, _PACKET_VNET_HDR, 1)
        opened.bind((interface.name, 0))
    except OSError:
        opened.close()
        return None
    return opened


def open_raw(interface: Interface, port: int, trouble: Trouble, ring: bool) -> RawChannel:
    """A raw channel on ``interface``; ``ring``: with a memory-mapped ring if the machine has it. Raises OSError."""
    if ring and _ORDERED:
        try:
            return RingChannel(interface, port, trouble)
        except OSError as error:
            if error.errno not in (errno.ENOMEM, errno.EINVAL, errno.ENOPROTOOPT):
                raise
    return RawChannel(interface, port, trouble)
