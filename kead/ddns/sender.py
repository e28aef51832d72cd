"""The way of name change requests: a queue, and a UDP socket that it is sent from as fast as that takes them.

Nobody waits for it. UDP tells nobody whether the daemon hears, so a request may be lost, as with every sender of this
protocol. When the queue is full or the socket fails, updates are suspended until the next configuration.
"""

from __future__ import annotations

import asyncio
import ctypes
import socket
import struct
from collections import deque
from collections.abc import Sequence
from ipaddress import ip_address
from typing import Final

import asyncio_dgram
from asyncio_dgram.aio import DatagramServer

from kead.config.snapshot import D2Client
from kead.ddns import messages as log

LEAVING: Final = 1.0
"""Seconds that the queue gets to empty when the server ends."""
_SO_ATTACH_FILTER: Final = 26
_DROP_ALL: Final = struct.pack("=HBBI", 6, 0, 0, 0)
"""A filter of one instruction: return 0, so many bytes of a packet are kept."""


class Sender:
    """Sends to one daemon. OSError of the socket: see `open_socket`."""

    def __init__(self, settings: D2Client) -> None:
        self.settings = settings
        self.suspended = False
        self._to = (settings.server_ip, settings.server_port)
        self._queue: deque[bytes] = deque()
        self._more = asyncio.Event()
        self._socket: socket.socket | None = None
        self._stream: object = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Open the socket and send what comes. Where that fails updates are suspended, which is logged."""
        try:
            self._socket = open_socket(self.settings)
        except OSError as error:
            self._fail(error.strerror or str(error), b"")
            return
        self._task = asyncio.get_running_loop().create_task(self._run(self._socket))
        log.STARTED(f"from {self.settings.sender_ip} to {self._to[0]} port {self._to[1]}")

    def put(self, data: bytes) -> None:
        """Send this request, or drop it: while updates are suspended, or when there is no room for it."""
        if self.suspended:
            return
        if len(self._queue) >= self.settings.max_queue_size:
            self._make_room()
            if len(self._queue) >= self.settings.max_queue_size:
                self._fail("the queue is full", data)
                return
        self._queue.append(data)
        self._more.set()

    def _make_room(self) -> None:
        """A burst fills the queue before the loop has its turn: send as much as the socket takes without waiting."""
        queue = self._queue
        while queue and self._socket is not None:
            try:
                self._socket.sendto(queue[0], self._to)
            except OSError:
                return
            queue.popleft()

    async def _run(self, sock: socket.socket) -> None:
        queue = self._queue
        stream = self._stream = await asyncio_dgram.from_socket(sock)
        assert isinstance(stream, DatagramServer)  # not connected: then nobody tells of a deaf daemon
        data = b""
        try:
            while True:
                while queue:
                    data = queue.popleft()
                    await stream.send(data, self._to)
                    if log.SENT.on:
                        log.SENT(data[2:].decode())
                self._more.clear()
                await self._more.wait()
        except OSError as error:
            self._fail(error.strerror or str(error), data)
        finally:
            stream.close()
            self._socket = None

    def _fail(self, why: str, data: bytes) -> None:
        """As Kea: whoever cannot send stops trying, and stops promising clients that names are updated."""
        log.REJECTED(why, data[2:].decode() or "none")
        self.suspended = True
        self._queue.clear()
        log.SUSPENDED()

    async def drain(self) -> None:
        """Come back when nothing waits any more, or it has had time enough."""
        deadline = asyncio.get_running_loop().time() + LEAVING
        while self._queue and self._task is not None and not self._task.done():
            if asyncio.get_running_loop().time() >= deadline:
                return
            await asyncio.sleep(0.01)

    def close(self) -> Sequence[bytes]:
        """Send no more. What waits yet."""
        waiting = list(self._queue)
        self._queue.clear()
        if self._task is not None:
            self._task.cancel()
            self._task = None
            if self._stream is None and self._socket is not None:  # the task has not begun
                self._socket.close()
            log.STOPPED(len(waiting))
        return waiting


def open_socket(settings: D2Client) -> socket.socket:
    """The socket that requests leave from. OSError: there is no such address, or its port is taken."""
    family = socket.AF_INET6 if ip_address(settings.sender_ip).version == 6 else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
    try:
        if settings.sender_port:  # the one of the configuration before may not be closed yet
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _hear_nothing(sock)
        sock.bind((settings.sender_ip, settings.sender_port))
    except BaseException:
        sock.close()
        raise
    return sock


def _hear_nothing(sock: socket.socket) -> None:
    """The kernel drops what comes in: nobody answers requests, and what others send must fill no memory."""
    program = ctypes.create_string_buffer(_DROP_ALL, len(_DROP_ALL))
    sock.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", 1, ctypes.addressof(program)))
