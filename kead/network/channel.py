"""A channel: one socket that delivers datagrams in batches, watched by the loop.

Law: nothing here opens a socket. Reading never raises: trouble goes to the owner, who closes the channel and opens
another when it can. What a datagram is, and how replies are sent, each family says itself.
"""

from __future__ import annotations

import asyncio
import errno
import fcntl
import select
import socket
import struct
from collections.abc import Callable
from typing import Any, Final, Generic, Self, TypeVar

from kead.network.interfaces import Interface

BUFFER: Final = 8 << 20
"""Bytes of receive buffer asked for: at the kernel's default of 208 KiB a pause of 10 ms already loses packets."""

SIZE: Final = 65536
_SO_RCVBUFFORCE: Final = 33
_SIOCGSTAMPNS: Final = 0x8907
_STAMP: Final = struct.Struct("=qq" if struct.calcsize("l") == 8 else "=ll")

D = TypeVar("D")


class BindError(OSError):
    """The address could not be had; ``descriptor`` is the socket's number, which Kea's message shows."""

    def __init__(self, error: OSError, descriptor: int) -> None:
        super().__init__(error.errno, error.strerror)
        self.descriptor = descriptor


class Channel(Generic[D]):
    """One place to receive datagrams (D) from.

    ``interface``: where messages come from, as it is now. ``address``: the one that replies come from.
    ``addresses``: all that this channel listens to. ``groups``: can it send several datagrams of one length to one
    receiver at once (see `kead.network.segments`)?
    """

    __slots__ = (
        "_loop",
        "_on_readable",
        "_paused",
        "_poll",
        "_trouble",
        "address",
        "addresses",
        "closed",
        "groups",
        "interface",
    )

    def __init__(
        self, interface: Interface, addresses: tuple[int, ...], trouble: Callable[[Any, OSError], None]
    ) -> None:
        """``trouble`` is told when reading fails: this channel, and why."""
        self.interface = interface
        self.addresses = addresses
        self.address = addresses[0] if addresses else 0
        self.closed = False
        self.groups = False
        self._trouble = trouble
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_readable: Callable[[Any], None] | None = None
        self._paused = True
        self._poll = select.poll()

    def fileno(self) -> int:
        """The descriptor that becomes readable; -1 once closed."""
        raise NotImplementedError

    def receive(self, limit: int) -> list[D]:
        """What waits, oldest first, at most ``limit``; empty when nothing does. Never blocks, never raises."""
        raise NotImplementedError

    def waits(self) -> bool:
        """Does something wait? Only on a channel that is watched. Costs 0.3 microseconds, a ``receive`` in vain 1."""
        return not self.closed and bool(self._poll.poll(0))

    def one(self) -> D | None:
        """The oldest that waits, if any does: ``receive(1)``, where packets come one by one."""
        batch = self.receive(1)
        return batch[0] if batch else None

    def spare(self, limit: int, newcomers: int, oldest: float) -> tuple[list[D], int]:
        """``receive`` when there is too much to do, and how many it has dropped: it may drop newcomers, who only wish
        for an address, after the first ``newcomers`` of them, and what came before ``oldest`` (seconds since the
        epoch), where that is cheaper than giving them.
        """
        return self.receive(limit), 0

    def close(self) -> None:
        """Close the descriptors; whoever still sends gets OSError (EBADF), whoever still reads gets nothing."""
        self.pause()
        self.closed = True

    def watch(self, loop: asyncio.AbstractEventLoop, on_readable: Callable[[Self], None]) -> None:
        """Have ``on_readable`` called whenever something waits."""
        self._loop = loop
        self._on_readable = on_readable
        self._poll.register(self.fileno(), select.POLLIN)
        self.resume()

    def pause(self) -> None:
        """Be silent although something waits (to let more of it gather)."""
        if self._loop is not None and not self._paused:
            self._paused = True
            self._loop.remove_reader(self.fileno())

    def resume(self) -> None:
        """Be watched again after pause()."""
        if self._loop is not None and self._on_readable is not None and self._paused and not self.closed:
            self._paused = False
            self._loop.add_reader(self.fileno(), self._on_readable, self)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.interface.name} {self.addresses}>"


def grow(receiving: socket.socket, size: int = BUFFER) -> None:
    """Give a socket a large receive buffer: beyond the system's limit with CAP_NET_ADMIN, else up to that limit."""
    try:
        receiving.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, size)
    except PermissionError:
        receiving.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, size)


def want_stamps(stamped: socket.socket) -> None:
    """Have the kernel note arrival times, so that ``stamp`` can tell them."""
    try:
        stamp(stamped)
    except OSError as error:
        if error.errno != errno.ENOENT:  # nothing has come yet: the noting is on
            raise


def stamp(stamped: socket.socket) -> float:
    """When what was last read from the socket had come from the network. One system call: ask once a batch."""
    seconds, nanoseconds = _STAMP.unpack(fcntl.ioctl(stamped.fileno(), _SIOCGSTAMPNS, bytes(_STAMP.size)))
    return float(seconds + nanoseconds * 1e-9)
