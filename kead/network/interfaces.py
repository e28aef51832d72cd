"""Which network interfaces there are, now: names, MACs, flags, addresses; followed while they come and go.

Law: this file only knows; what is served on an interface is decided elsewhere. The table changes between turns of the
loop only, never under somebody's hands; an Interface itself never changes, a changed one is a new object.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Mapping
from typing import Final

from kead.network import rtnetlink
from kead.network.rtnetlink import Assigned, Link

ALL: Final = "*"
"""What stands in a configuration for all interfaces."""

_UP: Final = 0x1
_BROADCAST: Final = 0x2
_LOOPBACK: Final = 0x8
_RUNNING: Final = 0x40
_MULTICAST: Final = 0x1000
_ETHERNET: Final = 1
_BUFFER: Final = 1 << 20
_SO_RCVBUFFORCE: Final = 33
_ATTEMPTS: Final = 10


class Interface:
    """One network interface, as it was when last looked at. Immutable by agreement.

    ``kind`` is the kernel's hardware type (ARPHRD_…; 1 Ethernet), ``addresses`` are its addresses of the table's family
    in the order in which the kernel has them: IPv4's first is the main one. ``tentative``: IPv6 addresses that cannot
    be used yet, because it is being found out if they are free; ``duplicates``: those that are somebody else's.
    """

    __slots__ = ("addresses", "duplicates", "flags", "index", "kind", "mac", "name", "tentative")

    def __init__(
        self,
        name: str,
        index: int,
        kind: int,
        flags: int,
        mac: bytes,
        addresses: tuple[int, ...],
        tentative: tuple[int, ...] = (),
        duplicates: tuple[int, ...] = (),
    ) -> None:
        self.name = name
        self.index = index
        self.kind = kind
        self.flags = flags
        self.mac = mac
        self.addresses = addresses
        self.tentative = tentative
        self.duplicates = duplicates

    @property
    def assigned(self) -> tuple[int, ...]:
        """All addresses that it has, be they usable or not."""
        return (*self.addresses, *self.tentative, *self.duplicates)

    @property
    def up(self) -> bool:
        return bool(self.flags & _UP)

    @property
    def running(self) -> bool:
        """Has it a carrier?"""
        return bool(self.flags & _RUNNING)

    @property
    def loopback(self) -> bool:
        return bool(self.flags & _LOOPBACK)

    @property
    def broadcast(self) -> bool:
        return bool(self.flags & _BROADCAST)

    @property
    def multicast(self) -> bool:
        return bool(self.flags & _MULTICAST)

    @property
    def ethernet(self) -> bool:
        return self.kind == _ETHERNET and len(self.mac) == 6

    def __repr__(self) -> str:
        return f"<interface {self.name} ({self.index})>"


class Interfaces:
    """The table of interfaces of this network namespace, with their addresses of one family (AF_INET or AF_INET6).
    Empty before the first ``detect()``.
    """

    def __init__(self, family: int = rtnetlink.AF_INET) -> None:
        self._family = family
        self._links: dict[int, Link] = {}
        self._addresses: dict[int, dict[int, Assigned]] = {}
        self._by_index: dict[int, Interface] = {}
        self._by_name: dict[str, Interface] = {}
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_change: Callable[[], None] | None = None

    @property
    def all(self) -> Mapping[int, Interface]:
        """Every interface by index, ascending."""
        return self._by_index

    def by_name(self, name: str) -> Interface | None:
        return self._by_name.get(name)

    def by_index(self, index: int) -> Interface | None:
        return self._by_index.get(index)

    def detect(self) -> None:
        """Look at everything anew: some microseconds an interface. Raises OSError if the kernel does not tell."""
        for attempt in range(_ATTEMPTS):
            try:
                self._detect()
                return
            except rtnetlink.DumpError as error:
                if error.errno != errno.EINTR or attempt == _ATTEMPTS - 1:
                    raise

    def _detect(self) -> None:
        links: dict[int, Link] = {}
        addresses: dict[int, dict[int, Assigned]] = {}
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as asking:
            asking.bind((0, 0))
            asking.settimeout(5)
            for sequence, kind in enumerate((rtnetlink.GET_LINK, rtnetlink.GET_ADDRESS), 1):
                asking.send(rtnetlink.request(kind, sequence, self._family if kind == rtnetlink.GET_ADDRESS else 0))
                done = False
                while not done:
                    for fact in rtnetlink.read(asking.recv(1 << 17), sequence):
                        if fact is None:
                            done = True
                        elif isinstance(fact, Link):
                            links[fact.number] = fact
                        else:
                            addresses.setdefault(fact.number, {})[fact.address] = fact
        self._links = links
        self._addresses = addresses
        self._rebuild()

    def follow(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        """From now on keep the table right, and call ``on_change`` after each change (once for those that come
        together). Looks at everything once. Raises OSError.
        """
        following = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_NONBLOCK, 0)
        try:
            try:
                following.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _BUFFER)
            except PermissionError:
                following.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _BUFFER)
            following.bind((0, rtnetlink.GROUPS[self._family]))
            self.detect()  # after the bind, so that no change falls between
        except BaseException:
            following.close()
            raise
        self._socket, self._loop, self._on_change = following, loop, on_change
        loop.add_reader(following.fileno(), self._readable)

    def close(self) -> None:
        """Follow no more. The table stays as it is."""
        if self._socket is not None and self._loop is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _readable(self) -> None:
        assert self._socket is not None
        assert self._on_change is not None
        before = self._by_index
        changed = False
        try:
            while True:
                for fact in rtnetlink.read(self._socket.recv(1 << 17)):
                    changed |= self._take(fact)
        except BlockingIOError:
            if changed:
                self._rebuild()
        except OSError as error:
            if error.errno != errno.ENOBUFS:
                raise
            self.detect()  # news were lost: look at everything
        if self._by_index is not before:
            self._on_change()

    def _take(self, fact: Link | Assigned | None) -> bool:
        """Note one piece of news; was it any?"""
        if isinstance(fact, Link):
            if fact.gone:
                self._addresses.pop(fact.number, None)
                return self._links.pop(fact.number, None) is not None
            if self._links.get(fact.number) == fact:
                return False
            self._links[fact.number] = fact
            return True
        if fact is not None:
            there = self._addresses.setdefault(fact.number, {})
            before = there.get(fact.address)
            if fact.gone:
                return there.pop(fact.address, None) is not None
            there[fact.address] = fact
            return before is None or _standing(before) != _standing(fact)
        return False

    def _rebuild(self) -> None:
        self._by_index = {index: self._interface(index, link) for index, link in sorted(self._links.items())}
        self._by_name = {interface.name: interface for interface in self._by_index.values()}

    def _interface(self, index: int, link: Link) -> Interface:
        assigned = self._addresses.get(index, {}).values()
        usable = tuple(one.address for one in assigned if one.usable)
        doubtful = [one for one in assigned if not one.usable]
        tentative = tuple(one.address for one in doubtful if not one.flags & rtnetlink.DUPLICATE)
        duplicates = tuple(one.address for one in doubtful if one.flags & rtnetlink.DUPLICATE)
        return Interface(link.name, index, link.kind, link.flags, link.mac, usable, tentative, duplicates)


def _standing(assigned: Assigned) -> tuple[bool, int]:
    """What of an address's flags matters: is it usable, is it a duplicate?"""
    return assigned.usable, assigned.flags & rtnetlink.DUPLICATE
