"""UDP channels: for relayed and other unicast traffic (``"dhcp-socket-type": "udp"``).

Law: a channel has one address and hears what is sent to that address, no broadcasts: like Kea, whose UDP mode is for
servers behind relays (a server that also heard broadcasts would answer on links where another one is to).

The address of an interface can be reached over another one, too (routers do that, and an address on the loopback
interface lives from it). Where replies have to leave by the interface that the query came in on, an address therefore
has two sockets: one bound to the device, for all that comes in on the interface itself and goes out there without
further ado; and a second one, which asks for each query's interface, for the rest. Where the routing table decides,
one plain socket does it all.

Measured, in and out over a veth pair, CPU in all, 64 and 2 packets a turn: drained recvfrom/sendto 1.00 and 1.00 ·
recvfrom_into 1.00 · recvmsg and sendmsg with packet info, as the second socket does, 1.3 and 1.2 · recvmmsg through
ctypes 0.98 and 1.02 · recvmmsg and sendmmsg 0.96 and 1.09. So it is the plain loop, and no batch form of sending.
"""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Sequence
from time import time
from typing import Final

from kead.dhcp4.channel import BEGINS, BEGINS_AT, Channel, Datagram
from kead.dhcp4.frames import BROADCAST
from kead.network import segments
from kead.network.channel import SIZE, BindError, grow, stamp, want_stamps
from kead.network.interfaces import Interface
from kead.wire.address import parse_ip4, text_ip4

_REMEMBERED: Final = 4096
_IP_PKTINFO: Final = 8
_PACKET_INFO: Final = struct.Struct("=i4s4s")
_CONTROL: Final = socket.CMSG_SPACE(_PACKET_INFO.size)

Trouble = Callable[[Channel, OSError], None]

_numbers: dict[str, int] = {}
_targets: dict[int, tuple[str, int]] = {}


def _number(text: str) -> int:
    """A sender's address as a number; remembered, as relays send often."""
    if len(_numbers) >= _REMEMBERED:
        _numbers.clear()
    number = _numbers[text] = parse_ip4(text)
    return number


def _target(destination: int, port: int) -> tuple[str, int]:
    """A receiver as the socket module wants it; remembered."""
    key = destination << 16 | port
    target = _targets.get(key)
    if target is None:
        if len(_targets) >= _REMEMBERED:
            _targets.clear()
        target = _targets[key] = (text_ip4(destination), port)
    return target


def bound(address: int, port: int) -> socket.socket:
    """A UDP socket on address:port that nobody else has. Raises BindError."""
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    try:
        opened.bind((text_ip4(address), port))
    except OSError as error:
        descriptor = opened.fileno()
        opened.close()
        raise BindError(error, descriptor) from error
    return opened


class UdpChannel(Channel):
    """A UDP socket on one address; with ``device`` it serves what comes and goes by the interface itself."""

    __slots__ = ("_behind", "_recvfrom", "_sendto", "_socket", "device")

    def __init__(self, interface: Interface, address: int, port: int, device: bool, trouble: Trouble) -> None:
        """Raises BindError if the address is taken, OSError if the kernel refuses something else."""
        super().__init__(interface, (address,), False, trouble)
        self.device = device
        self._behind = False
        self._socket = bound(address, port)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            if device:
                self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.name.encode())
            grow(self._socket)
            want_stamps(self._socket)
        except BaseException:
            self._socket.close()
            raise
        self._recvfrom = self._socket.recvfrom
        self._sendto = self._socket.sendto
        # where the routing table decides, nobody knows what they leave by
        self.groups = device and segments.cut_by_kernel(self._socket, interface.name)

    def fileno(self) -> int:
        return self._socket.fileno()

    def one(self) -> Datagram | None:
        try:
            data, (host, port) = self._recvfrom(SIZE)
        except BlockingIOError:
            return None
        except OSError as error:
            self._trouble(self, error)
            return None
        return Datagram(data, _numbers.get(host) or _number(host), port, self.address, self, b"", time())

    def receive(self, limit: int) -> list[Datagram]:
        return self._read(limit, -1)[0]

    def spare(self, limit: int, newcomers: int, oldest: float) -> tuple[list[Datagram], int]:
        return self._read(limit, newcomers)

    def _read(self, limit: int, newcomers: int) -> tuple[list[Datagram], int]:
        """``receive`` and ``spare``; ``newcomers`` -1: all of them."""
        batch: list[Datagram] = []
        append = batch.append
        recvfrom = self._recvfrom
        address = self.address
        sparing = newcomers >= 0
        dropped = 0
        now = 0.0
        try:
            for _ in range(limit):
                data, (host, port) = recvfrom(SIZE)
                if not now:  # behind: the last batch was full, so this one has waited
                    now = stamp(self._socket) if self._behind else time()
                if sparing and data[BEGINS_AT : BEGINS_AT + 3] == BEGINS:
                    newcomers -= 1
                    if newcomers < 0:
                        dropped += 1
                        continue
                source = _numbers.get(host)
                if source is None:
                    source = _number(host)
                append(Datagram(data, source, port, address, self, b"", now))
            self._behind = limit > 1  # a single one says nothing about others
        except BlockingIOError:
            self._behind = False
        except OSError as error:
            self._behind = False
            self._trouble(self, error)
        return batch, dropped

    def send(
        self, data: bytes, destination: int, port: int, link_destination: bytes | None, source: int, source_port: int
    ) -> None:
        if destination == BROADCAST and not self.device:  # the routing table knows no way there
            self._socket.sendmsg([data], leaving_by(self.interface.index, self.address), 0, _target(destination, port))
        else:
            self._sendto(data, _targets.get(destination << 16 | port) or _target(destination, port))

    def send_group(
        self,
        group: Sequence[bytes],
        destination: int,
        port: int,
        link_destination: bytes | None,
        source: int,
        source_port: int,
    ) -> None:
        try:
            self._socket.sendmsg(group, segments.ancillary(len(group[0])), 0, _target(destination, port))
        except OSError as error:
            if segments.refused(error):
                self.groups = False
            raise

    def close(self) -> None:
        super().close()
        self._socket.close()

    def beside(self) -> socket.socket:
        """A second socket on this one's address, for what comes in elsewhere. Raises OSError.

        The kernel lets both have the address while both allow it; afterwards neither does, so a second server that
        wants it is refused as ever.
        """
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            other.setblocking(False)
            for one in (self._socket, other):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.bind(self._socket.getsockname())
            other.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            other.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)
            grow(other)
            want_stamps(other)
        except BaseException:
            other.close()
            raise
        finally:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        return other


def leaving_by(index: int, source: int) -> list[tuple[int, int, bytes]]:
    """The ancillary data that sends a datagram out by interface number ``index``."""
    return [(socket.IPPROTO_IP, _IP_PKTINFO, _PACKET_INFO.pack(index, source.to_bytes(4, "big"), bytes(4)))]


class StrayChannel(Channel):
    """The second socket of an address: what came in by another interface, and goes out there again.

    Its datagrams carry, as their channel, a view of this one that knows the interface they came in on.
    """

    __slots__ = ("_behind", "_find", "_recvmsg", "_socket", "_views")

    def __init__(self, beside: UdpChannel, find: Callable[[int], Interface | None], trouble: Trouble) -> None:
        """``find`` tells an interface by its number. Raises OSError."""
        super().__init__(beside.interface, beside.addresses, False, trouble)
        self._behind = False
        self._find = find
        self._socket = beside.beside()
        self._recvmsg = self._socket.recvmsg
        self._views: dict[int, _StrayView] = {}

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self, limit: int) -> list[Datagram]:
        batch: list[Datagram] = []
        now = 0.0
        try:
            for _ in range(limit):
                data, ancillary, _flags, (host, port) = self._recvmsg(SIZE, _CONTROL)
                if not now:
                    now = stamp(self._socket) if self._behind else time()
                index, _mine, destination = _PACKET_INFO.unpack(ancillary[0][2])
                source = _numbers.get(host)
                if source is None:
                    source = _number(host)
                view = self._view(index)
                batch.append(Datagram(data, source, port, int.from_bytes(destination, "big"), view, b"", now))
            self._behind = limit > 1  # a single one says nothing about others
        except BlockingIOError:
            self._behind = False
        except OSError as error:
            self._behind = False
            self._trouble(self, error)
        return batch

    def _view(self, index: int) -> Channel:
        interface = self._find(index) or self.interface
        view = self._views.get(index)
        if view is None or view.interface is not interface:
            view = self._views[index] = _StrayView(self, interface, index)
        return view

    def send(
        self, data: bytes, destination: int, port: int, link_destination: bytes | None, source: int, source_port: int
    ) -> None:
        self.send_by(self.interface.index, data, destination, port)

    def send_by(self, index: int, data: bytes, destination: int, port: int) -> None:
        """Send by the interface number ``index``. Raises OSError."""
        self._socket.sendmsg([data], leaving_by(index, self.address), 0, _target(destination, port))

    def close(self) -> None:
        super().close()
        self._socket.close()


class _StrayView(Channel):
    """A stray channel as seen by what came in on one interface."""

    __slots__ = ("_index", "_stray")

    def __init__(self, stray: StrayChannel, interface: Interface, index: int) -> None:
        super().__init__(interface, stray.addresses, False, stray._trouble)
        self._stray = stray
        self._index = index

    def fileno(self) -> int:
        return self._stray.fileno()

    def receive(self, limit: int) -> list[Datagram]:
        return self._stray.receive(limit)

    def send(
        self, data: bytes, destination: int, port: int, link_destination: bytes | None, source: int, source_port: int
    ) -> None:
        self._stray.send_by(self._index, data, destination, port)

    def close(self) -> None:
        """Nothing of its own to close."""
