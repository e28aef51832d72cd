"""UDP channels: on link-local addresses, for multicasts, and on the global addresses that a configuration names.

Law: a channel hears what comes in on its interface and is sent to its address, and sends out by that interface. So the
interface that a query came by needs no asking, and its reply needs no choosing.

A socket bound to a link-local address, or to a multicast one of link scope, is the kernel's for that interface alone.
A global address can be reached over another interface, too (an address on the loopback interface lives from it), and
has two sockets therefore: one bound to the device, for all that comes and goes there without further ado; and a second
one, which asks for each query's interface, for the rest. Where the way back leads through another interface than the
query came by, the device's socket finds no route; then the second one sends as the routing table says.

Multicasts are heard by a socket of their own, bound to the group, once however many addresses an interface has. It
cannot send: it has the others send for it.

Measured, in and out over a veth pair, CPU in all, 64 packets a turn: a global address 1.00 (drained recvfrom/sendto;
IPv4's is 0.94) · multicasts, answered by another socket 1.05 · the second socket, recvmsg and sendmsg with packet info,
1.5.
"""

from __future__ import annotations

import errno
import socket
import struct
from collections.abc import Callable, Sequence
from time import time
from typing import Any, Final

from kead.dhcp6.channel import Channel, Datagram
from kead.dhcp6.selection import is_link_local
from kead.network import segments
from kead.network.channel import SIZE, BindError, grow, stamp, want_stamps
from kead.network.interfaces import Interface
from kead.wire.address import parse_ip6, text_ip6

ALL_SERVERS: Final = parse_ip6("ff02::1:2")
"""All_DHCP_Relay_Agents_and_Servers (RFC 8415 section 7.1). As in Kea, All_DHCP_Servers (ff05::1:3) is not joined."""

_REMEMBERED: Final = 4096
_NO_WAY: Final = frozenset((errno.ENETUNREACH, errno.EHOSTUNREACH))
_PACKET_INFO: Final = struct.Struct("=16si")
_CONTROL: Final = socket.CMSG_SPACE(_PACKET_INFO.size)

Trouble = Callable[[Any, OSError], None]

_numbers: dict[str, int] = {}
_targets: dict[int, tuple[str, int]] = {}


def _number(text: str) -> int:
    """A sender's address as a number; remembered, as relays send often."""
    if len(_numbers) >= _REMEMBERED:
        _numbers.clear()
    number = _numbers[text] = parse_ip6(text)
    return number


def _target(destination: int, port: int) -> tuple[str, int]:
    """A receiver as the socket module wants it; remembered. Which link is meant the sending socket knows."""
    key = destination << 16 | port
    target = _targets.get(key)
    if target is None:
        if len(_targets) >= _REMEMBERED:
            _targets.clear()
        target = _targets[key] = (text_ip6(destination), port)
    return target


def bound(address: int, port: int, scope: int = 0) -> socket.socket:
    """A UDP socket on address:port that nobody else has; ``scope``: the interface's number, for addresses of link
    scope. Raises BindError.
    """
    opened = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    opened.setblocking(False)
    try:
        opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((text_ip6(address), port, 0, scope))
    except OSError as error:
        descriptor = opened.fileno()
        opened.close()
        raise BindError(error, descriptor) from error
    return opened


class _PlainChannel(Channel):
    """A socket of one interface, whose datagrams all have one destination."""

    __slots__ = ("_behind", "_recvfrom", "_socket")

    def __init__(self, interface: Interface, address: int, opened: socket.socket, trouble: Trouble) -> None:
        super().__init__(interface, (address,), trouble)
        self._behind = False
        self._socket = opened
        self._recvfrom = opened.recvfrom

    def fileno(self) -> int:
        return self._socket.fileno()

    def one(self) -> Datagram | None:
        try:
            data, (host, port, _flow, _scope) = self._recvfrom(SIZE)
        except BlockingIOError:
            return None
        except OSError as error:
            self._trouble(self, error)
            return None
        return Datagram(data, _numbers.get(host) or _number(host), port, self.addresses[0], self, time())

    def receive(self, limit: int) -> list[Datagram]:
        batch: list[Datagram] = []
        append = batch.append
        recvfrom = self._recvfrom
        (destination,) = self.addresses
        now = 0.0
        try:
            for _ in range(limit):
                data, (host, port, _flow, _scope) = recvfrom(SIZE)
                if not now:  # behind: the last batch was full, so this one has waited
                    now = stamp(self._socket) if self._behind else time()
                source = _numbers.get(host)
                if source is None:
                    source = _number(host)
                append(Datagram(data, source, port, destination, self, now))
            self._behind = limit > 1  # a single one says nothing about others
        except BlockingIOError:
            self._behind = False
        except OSError as error:
            self._behind = False
            self._trouble(self, error)
        return batch

    def close(self) -> None:
        super().close()
        self._socket.close()


class UdpChannel(_PlainChannel):
    """A socket on one address of an interface, link-local or global."""

    __slots__ = ("_sendmsg", "_sendto", "aside")

    def __init__(self, interface: Interface, address: int, port: int, trouble: Trouble) -> None:
        """Raises BindError if the address cannot be had, OSError if the kernel refuses something else."""
        local = is_link_local(address)
        opened = bound(address, port, interface.index if local else 0)
        try:
            if not local:
                opened.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, interface.name.encode())
            grow(opened)
            want_stamps(opened)
        except BaseException:
            opened.close()
            raise
        super().__init__(interface, address, opened, trouble)
        self.aside: socket.socket | None = None
        """The second socket of a global address."""
        self._sendto = opened.sendto
        self._sendmsg = opened.sendmsg
        self.groups = segments.cut_by_kernel(opened, interface.name)

    def send(self, data: bytes, destination: int, port: int) -> None:
        target = _targets.get(destination << 16 | port) or _target(destination, port)
        try:
            self._sendto(data, target)
        except OSError as error:
            if self.aside is None or error.errno not in _NO_WAY:
                raise
            self.aside.sendto(data, target)

    def send_group(self, group: Sequence[bytes], destination: int, port: int) -> None:
        try:
            self._sendmsg(group, segments.ancillary(len(group[0])), 0, _target(destination, port))
        except OSError as error:
            if segments.refused(error):
                self.groups = False
            raise

    def beside(self) -> socket.socket:
        """A second socket on this one's (global) address, for what comes in elsewhere. Raises OSError.

        The kernel lets both have the address while both allow it; afterwards neither does, so a second server that
        wants it is refused as ever.
        """
        other = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        try:
            other.setblocking(False)
            for one in (self._socket, other):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            other.bind(self._socket.getsockname())
            other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_RECVPKTINFO, 1)
            grow(other)
            want_stamps(other)
        except BaseException:
            other.close()
            raise
        finally:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
        return other


class MulticastChannel(_PlainChannel):
    """A socket on the group of all servers, on one interface. Replies go out by others: see ``answer_by``."""

    __slots__ = ("_global", "_local")

    def __init__(self, interface: Interface, port: int, local: UdpChannel, trouble: Trouble) -> None:
        """``local``: a channel on a link-local address of the interface. Raises BindError, OSError."""
        opened = bound(ALL_SERVERS, port, interface.index)
        try:
            group = ALL_SERVERS.to_bytes(16, "big") + struct.pack("=I", interface.index)
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, group)
            grow(opened)
            want_stamps(opened)
        except BaseException:
            opened.close()
            raise
        super().__init__(interface, ALL_SERVERS, opened, trouble)
        self.answer_by(local, None)

    def answer_by(self, local: UdpChannel, unicast: UdpChannel | None) -> None:
        """Reply by ``local``; to other than link-local addresses (a relay may have sent from one) by ``unicast``, if
        there is one, as in Kea. ``address`` is the first's.
        """
        self._local = local
        self._global = unicast or local
        self.address = local.address
        self.groups = self._local.groups and self._global.groups

    def send_group(self, group: Sequence[bytes], destination: int, port: int) -> None:
        speaker = self._local if is_link_local(destination) else self._global
        try:
            speaker.send_group(group, destination, port)
        finally:
            self.groups = speaker.groups

    def send(self, data: bytes, destination: int, port: int) -> None:
        (self._local if is_link_local(destination) else self._global).send(data, destination, port)


class StrayChannel(Channel):
    """The second socket of a global address: what came in by another interface, and goes out there again.

    Its datagrams carry, as their channel, a view of this one that knows the interface they came in on.
    """

    __slots__ = ("_behind", "_find", "_recvmsg", "_socket", "_views")

    def __init__(self, beside: UdpChannel, find: Callable[[int], Interface | None], trouble: Trouble) -> None:
        """``find`` tells an interface by its number. Raises OSError."""
        super().__init__(beside.interface, beside.addresses, trouble)
        self._behind = False
        self._find = find
        self._socket = beside.aside = beside.beside()
        self._recvmsg = self._socket.recvmsg
        self._views: dict[int, _StrayView] = {}

    def fileno(self) -> int:
        return self._socket.fileno()

    def receive(self, limit: int) -> list[Datagram]:
        batch: list[Datagram] = []
        now = 0.0
        try:
            for _ in range(limit):
                data, ancillary, _flags, (host, port, _flow, _scope) = self._recvmsg(SIZE, _CONTROL)
                if not now:
                    now = stamp(self._socket) if self._behind else time()
                destination, index = _PACKET_INFO.unpack(ancillary[0][2])
                source = _numbers.get(host)
                if source is None:
                    source = _number(host)
                batch.append(Datagram(data, source, port, int.from_bytes(destination, "big"), self._view(index), now))
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

    def send(self, data: bytes, destination: int, port: int) -> None:
        self.send_by(self.interface.index, data, destination, port)

    def send_by(self, index: int, data: bytes, destination: int, port: int) -> None:
        """Send by the interface number ``index``. Raises OSError."""
        leaving_by = _PACKET_INFO.pack(self.address.to_bytes(16, "big"), index)
        ancillary = [(socket.IPPROTO_IPV6, socket.IPV6_PKTINFO, leaving_by)]
        self._socket.sendmsg([data], ancillary, 0, _target(destination, port))

    def close(self) -> None:
        super().close()
        self._socket.close()


class _StrayView(Channel):
    """A stray channel as seen by what came in on one interface."""

    __slots__ = ("_index", "_stray")

    def __init__(self, stray: StrayChannel, interface: Interface, index: int) -> None:
        super().__init__(interface, stray.addresses, stray._trouble)
        self._stray = stray
        self._index = index

    def fileno(self) -> int:
        return self._stray.fileno()

    def receive(self, limit: int) -> list[Datagram]:
        return self._stray.receive(limit)

    def send(self, data: bytes, destination: int, port: int) -> None:
        self._stray.send_by(self._index, data, destination, port)

    def close(self) -> None:
        """Nothing of its own to close."""
