"""What the server sees of a socket: channels that deliver datagrams in batches and send replies.

Law: nothing here opens a socket. Reading never raises: trouble goes to the owner, who closes the channel and opens
another when it can. Sending raises what the kernel says.
"""

from __future__ import annotations

import asyncio
import ctypes
import errno
import fcntl
import socket
import struct
from collections.abc import Callable, Iterable
from typing import Final

from kead.dhcp4.frames import Instruction, assemble
from kead.network.interfaces import Interface

BUFFER: Final = 8 << 20
"""Bytes of receive buffer asked for: at the kernel's default of 208 KiB a pause of 10 ms already loses packets."""

SIZE: Final = 65536
_SO_ATTACH_FILTER: Final = 26
_SO_RCVBUFFORCE: Final = 33
_SIOCGSTAMPNS: Final = 0x8907
_STAMP: Final = struct.Struct("=qq" if struct.calcsize("l") == 8 else "=ll")


class Datagram:
    """One message as it came. Addresses are numbers; ``link_source`` is the sender's MAC where it is known, else b"";
    ``arrived`` is in seconds since the epoch: the kernel's time where that is known, else when the batch was read.
    """

    __slots__ = ("arrived", "channel", "data", "destination", "link_source", "source", "source_port")

    def __init__(
        self,
        data: bytes,
        source: int,
        source_port: int,
        destination: int,
        channel: Channel,
        link_source: bytes,
        arrived: float,
    ) -> None:
        self.data = data
        self.source = source
        self.source_port = source_port
        self.destination = destination
        self.channel = channel
        self.link_source = link_source
        self.arrived = arrived


class Channel:
    """One place to receive and to send: a raw socket on an interface, or a UDP socket on one of its addresses.

    ``interface``: where messages come from, as it is now. ``address``: the one that replies come from.
    ``addresses``: all that this channel listens to. ``direct``: can it reach a client that has no address yet?
    """

    __slots__ = (
        "_loop",
        "_on_readable",
        "_paused",
        "_trouble",
        "address",
        "addresses",
        "closed",
        "direct",
        "interface",
    )

    def __init__(
        self,
        interface: Interface,
        addresses: tuple[int, ...],
        direct: bool,
        trouble: Callable[[Channel, OSError], None],
    ) -> None:
        """``trouble`` is told when reading fails."""
        self.interface = interface
        self.addresses = addresses
        self.address = addresses[0] if addresses else 0
        self.direct = direct
        self.closed = False
        self._trouble = trouble
        self._loop: asyncio.AbstractEventLoop | None = None
        self._on_readable: Callable[[Channel], None] | None = None
        self._paused = True

    def fileno(self) -> int:
        """The descriptor that becomes readable; -1 once closed."""
        raise NotImplementedError

    def receive(self, limit: int) -> list[Datagram]:
        """What waits, oldest first, at most ``limit``; empty when nothing does. Never blocks, never raises."""
        raise NotImplementedError

    def send(
        self, data: bytes, destination: int, port: int, link_destination: bytes | None, source: int, source_port: int
    ) -> None:
        """Send ``data`` to destination:port, from source:source_port where this channel may choose (a UDP socket sends
        from what it is bound to; source 0: this channel's address).

        ``link_destination``: a MAC, for raw channels; None leaves finding it to the kernel. Raises OSError.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Close the descriptors; whoever still sends gets OSError (EBADF), whoever still reads gets nothing."""
        self.pause()
        self.closed = True

    def watch(self, loop: asyncio.AbstractEventLoop, on_readable: Callable[[Channel], None]) -> None:
        """Have ``on_readable`` called whenever something waits."""
        self._loop = loop
        self._on_readable = on_readable
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


def attach(filtered: socket.socket, program: Iterable[Instruction]) -> None:
    """Put a filter on a socket, or another in its place; nothing is lost between the two. Raises OSError."""
    code = bytearray(assemble(program))
    view = (ctypes.c_char * len(code)).from_buffer(code)
    filtered.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(code) // 8, ctypes.addressof(view))
    )


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
