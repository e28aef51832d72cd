"""The UNIX control socket: connections in, one command each, one answer each.

Law: bytes and time only; what a command does the function given to it decides. No connection holds up another: each
has its own feed and its own timer, hundreds may idle (control.md § 2).

The rules: a client sends one JSON document, in pieces as it likes, each within 10 s of the one before; it may
half-close after it, not before its end. It gets one document, without a line end, and the connection is closed. What
it sends after its command is ignored.

Files: the socket (0770 whatever the umask) and ``<socket>.lock`` (0600), flock'ed while the server runs; both go when
it stops. A socket that nobody holds the lock of is a left-over and replaced.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import fcntl
import os
import socket
import stat
from collections.abc import Awaitable, Callable
from typing import Final, cast

from kead.beside import in_thread
from kead.config.pieces import free_tree
from kead.control import messages
from kead.control.answers import ERROR, FATAL, Answer, gentle_text_form
from kead.control.json_feed import Feed, FeedError
from kead.control.json_text import LONG

TIMEOUT: Final = 10.0
LONGEST_NAME: Final = 107
"""Bytes of a path that fit into a sockaddr_un with its final NUL."""
BACKLOG: Final = 1024

Execute = Callable[[bytes], Awaitable[Answer | None]]
"""A command's text to its answer; None closes the connection without one."""


class ControlSocketError(Exception):
    """A control socket that cannot be had; the text is Kea's, ``result`` what a config-set answers with."""

    def __init__(self, text: str, result: int = ERROR) -> None:
        super().__init__(text)
        self.result = result


class UnixSocket:
    """One listening control socket."""

    def __init__(self, path: str, execute: Execute, *, timeout: float = TIMEOUT) -> None:
        self.path = path
        self.execute = execute
        self.timeout = timeout
        self.connections: set[_Connection] = set()
        self._lock = -1
        self._identity: tuple[int, int] | None = None
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Lock, bind, listen. Raises ControlSocketError; then nothing is left behind."""
        if len(os.fsencode(self.path)) > LONGEST_NAME:
            raise ControlSocketError("File name too long [system:36]", FATAL)
        self._lock = _take_lock(self.path + ".lock")
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC)
        try:
            self._bind(listening)
            loop = asyncio.get_running_loop()
            self._server = await loop.create_unix_server(lambda: _Connection(self), sock=listening, backlog=BACKLOG)
        except OSError as error:
            listening.close()
            self._remove_files()
            number = error.errno or errno.EIO
            raise ControlSocketError(f"{os.strerror(number)} [system:{number}]", FATAL) from error
        messages.ACCEPTOR_START(self.path)

    def _bind(self, listening: socket.socket) -> None:
        with contextlib.suppress(FileNotFoundError):
            if stat.S_ISSOCK(os.lstat(self.path).st_mode):  # a left-over: whoever runs would hold the lock
                os.unlink(self.path)
        listening.bind(self.path)
        state = os.lstat(self.path)
        self._identity = (state.st_dev, state.st_ino)
        os.chmod(self.path, 0o770)

    def close(self) -> None:
        """Stop listening, drop connections without a complete command, remove the files.

        Commands under way go on, and their answers arrive; ``drain`` waits for those.
        """
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in tuple(self.connections):
            connection.close_if_idle()
        self._remove_files()

    async def drain(self, seconds: float) -> None:
        """Wait until no connection is left, at most so long; then cut off what is left. Not from within a command."""
        deadline = asyncio.get_running_loop().time() + seconds
        while self.connections and asyncio.get_running_loop().time() < deadline:
            waiting = [connection.gone for connection in self.connections]
            await asyncio.wait(waiting, timeout=deadline - asyncio.get_running_loop().time())
        for connection in tuple(self.connections):
            connection.abort()

    def _remove_files(self) -> None:
        with contextlib.suppress(OSError):
            state = os.lstat(self.path)
            if self._identity == (state.st_dev, state.st_ino):
                os.unlink(self.path)
        self._identity = None
        if self._lock >= 0:
            with contextlib.suppress(OSError):
                os.unlink(self.path + ".lock")
            os.close(self._lock)
            self._lock = -1


def _take_lock(path: str) -> int:
    """An open, locked lock file. Raises ControlSocketError when another process holds it."""
    while True:
        try:
            lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        except OSError as error:
            why = os.strerror(error.errno or errno.EIO)
            raise ControlSocketError(f"cannot create socket lockfile, {path}, : {why}", FATAL) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            named = os.stat(path)
        except FileNotFoundError:
            os.close(lock)  # its holder has just stopped and removed it: what we locked is nobody's file
            continue
        except OSError as error:
            os.close(lock)
            why = os.strerror(error.errno or errno.EIO)
            raise ControlSocketError(f"cannot lock socket lockfile, {path}, : {why}", FATAL) from error
        mine = os.fstat(lock)
        if (named.st_dev, named.st_ino) == (mine.st_dev, mine.st_ino):
            return lock
        os.close(lock)


class _Connection(asyncio.Protocol):
    """One client: pieces in until its command is complete, then the answer, then the end."""

    def __init__(self, owner: UnixSocket) -> None:
        self._owner = owner
        self._feed = Feed()
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        self._answered = False
        self._number = -1
        self.gone: asyncio.Future[None] = self._loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._owner.connections.add(self)
        peer = transport.get_extra_info("socket")
        self._number = peer.fileno() if peer is not None else -1
        if messages.CONNECTION_OPENED.on:
            messages.CONNECTION_OPENED(self._number)
        self._restart_timer()

    def connection_lost(self, error: Exception | None) -> None:
        self._stop_timer()
        self._owner.connections.discard(self)
        self._transport = None
        if error is not None and not isinstance(error, ConnectionError):
            messages.READ_FAIL(error, self._number)
        if messages.CONNECTION_CLOSED.on:
            messages.CONNECTION_CLOSED(self._number)
        if not self.gone.done():
            self.gone.set_result(None)

    def data_received(self, data: bytes) -> None:
        if messages.READ.on:
            messages.READ(len(data), self._number)
        if self._answered or self._task is not None:
            return
        self._restart_timer()
        try:
            complete = self._feed.push(data)
        except FeedError as error:
            messages.PROCESS_ERROR1(error)
            self._start(Answer(ERROR, str(error)))
        else:
            if complete:
                self._start(None)

    def eof_received(self) -> bool:
        """True keeps the connection open: there is an answer to come."""
        return self._answered or self._task is not None

    def _start(self, answer: Answer | None) -> None:
        self._stop_timer()
        self._task = self._loop.create_task(self._serve(answer))

    async def _serve(self, answer: Answer | None) -> None:
        """Carry the command out, unless its answer is known already, and send the answer."""
        if answer is None:
            document = self._feed.document
            self._feed = Feed()  # the text may be long and is not needed twice
            answer = await self._owner.execute(document)
        whole = None if answer is None else answer.as_json()
        text = "" if answer is None else await gentle_text_form(whole)
        if answer is not None and not answer.shared and len(text) >= LONG:
            await in_thread(free_tree, whole)
        self._finish(text.encode("ascii"))

    def _finish(self, data: bytes) -> None:
        self._answered = True
        if self._transport is None:  # the client did not wait
            return
        self._transport.write(data)
        if messages.WRITE.on:
            messages.WRITE(len(data), self._number)
        self._transport.close()  # after what was written has gone
        self._timer = self._loop.call_later(self._owner.timeout, self._check_progress, self._left())

    def _left(self) -> int:
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def _check_progress(self, before: int) -> None:
        """A client that has stopped reading its answer must not keep it in memory for ever."""
        left = self._left()
        if left >= before:
            messages.WRITE_FAIL(self._number, "the client does not read its answer")
            self.abort()
        else:
            self._timer = self._loop.call_later(self._owner.timeout, self._check_progress, left)

    def _restart_timer(self) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(self._owner.timeout, self._timed_out)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _timed_out(self) -> None:
        if messages.CONNECTION_TIMEOUT.on:
            messages.CONNECTION_TIMEOUT(self._number)
        text = "Connection over control channel timed out"
        if self._feed.received:
            text += f", discarded partial command of {self._feed.received} bytes"
        self._start(Answer(ERROR, text))

    def close_if_idle(self) -> None:
        """Close the connection if its command is not complete yet."""
        if self._task is None and self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End the connection at once."""
        if self._transport is not None:
            self._transport.abort()
