"""Where log lines go: a console stream, a file that rotates, the system log.

Law: an output never raises into its caller. What cannot be written is counted (``lost``) and said once on stderr; the
next good write ends that spell. Nothing here knows severities' order, loggers or configuration: text in, bytes out.

Lines come one by one (``add``) and are written by ``flush``: the caller decides how many make one write. Files are
opened for appending, each write is one system call of whole lines, so several processes may share one.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import socket
import time
from typing import Final, Protocol

GATHERED_AT_MOST: Final = 64 * 1024
"""Characters that wait for a flush at most, per output."""

SMALLEST_ROTATION: Final = 204800
"""Kea takes a smaller ``maxsize`` for "never rotate"."""

DEVICE: Final = "/dev/log"
FACILITIES: Final = {
    **{
        name: number
        for number, name in enumerate(
            ("kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp")
        )
    },
    **{f"local{number}": 16 + number for number in range(8)},
}


class Output(Protocol):
    """What a message is written to."""

    lost: int

    def add(self, line: str, priority: int) -> None:
        """Take one line; ``priority`` is syslog's (0 to 7)."""

    def flush(self) -> None:
        """Write what was taken."""

    def close(self) -> None:
        """Write everything and let go of what is open."""


def complain(text: str) -> None:
    """The last resort: a line on stderr, and if that fails too there is nobody left to tell."""
    with contextlib.suppress(OSError):
        os.write(2, f"kead: {text}\n".encode("utf-8", "backslashreplace"))


def _write_all(descriptor: int, data: bytes) -> None:
    """Write the whole of it or raise OSError."""
    written = os.write(descriptor, data)
    while written < len(data):  # a short write: the disk filled up, or a signal came
        written += os.write(descriptor, data[written:])


class StreamOutput:
    """stdout or stderr, by descriptor: what others printed before may still wait in their buffers, a log line never
    does.
    """

    def __init__(self, descriptor: int) -> None:
        self.lost = 0
        self._descriptor = descriptor
        self._lines: list[str] = []

    def add(self, line: str, priority: int) -> None:
        self._lines.append(line)

    def flush(self) -> None:
        if not self._lines:
            return
        lines = self._lines
        self._lines = []
        try:
            _write_all(self._descriptor, "".join(lines).encode("utf-8", "backslashreplace"))
        except OSError:
            self.lost += len(lines)  # a closed console is no reason to stop, and there is no better place to say it

    def close(self) -> None:
        self.flush()


class FileOutput:
    """A log file, 0640, rotated to FILE.1 … FILE.``versions`` when it has passed ``size`` bytes.

    ``immediate`` false gathers lines until 64 KiB wait: fewer writes, but what waits is lost with the process.
    Raises OSError when the file cannot be opened, which only the configuration of loggers does.
    """

    def __init__(self, path: str, size: int, versions: int, immediate: bool = True) -> None:
        self.lost = 0
        self.path = path
        self._rotate_at = size if size >= SMALLEST_ROTATION else None
        self._versions = versions
        self._immediate = immediate
        self._lines: list[str] = []
        self._characters = 0
        self._in_trouble = False
        self._descriptor = self._open()

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOCTTY, 0o640)

    def add(self, line: str, priority: int) -> None:
        self._lines.append(line)
        self._characters += len(line)
        if self._characters > GATHERED_AT_MOST:
            self._write()

    def flush(self) -> None:
        if self._lines and self._immediate:
            self._write()

    def _write(self) -> None:
        lines = self._lines
        self._lines = []
        self._characters = 0
        try:
            self._mind_the_file()
            _write_all(self._descriptor, "".join(lines).encode("utf-8", "backslashreplace"))
        except OSError as error:
            self.lost += len(lines)
            if not self._in_trouble:
                self._in_trouble = True
                why = os.strerror(error.errno or errno.EIO)
                complain(f"cannot write to the log file '{self.path}': {why}; lines are being lost")
        else:
            self._in_trouble = False

    def _mind_the_file(self) -> None:
        """Rotate a file that has grown enough, make one anew that somebody removed."""
        state = os.fstat(self._descriptor)
        if state.st_nlink == 0:
            self._reopen()
        elif self._rotate_at is not None and state.st_size >= self._rotate_at:
            self._rotate(state)

    def _reopen(self) -> None:
        descriptor = self._open()
        os.close(self._descriptor)
        self._descriptor = descriptor

    def _rotate(self, state: os.stat_result) -> None:
        """Shift FILE to FILE.1 and so on, unless another process that logs to the same file was quicker."""
        lock = os.open(self.path + ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            with contextlib.suppress(FileNotFoundError):
                named = os.stat(self.path)
                if (named.st_dev, named.st_ino) == (state.st_dev, state.st_ino):
                    self._shift()
            self._reopen()
        finally:
            os.close(lock)

    def _shift(self) -> None:
        if self._versions <= 0:
            os.unlink(self.path)
            return
        for version in range(self._versions - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.rename(f"{self.path}.{version}", f"{self.path}.{version + 1}")
        os.rename(self.path, f"{self.path}.1")

    def close(self) -> None:
        if self._lines:
            self._write()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


class SyslogOutput:
    """The system log, by datagrams in the form of syslog(3); never waits: a full or absent log costs the line."""

    def __init__(self, identity: str, facility: str = "local0", device: str = DEVICE) -> None:
        self.lost = 0
        self._identity = identity
        self._facility = FACILITIES[facility] << 3
        self._device = device
        self._socket: socket.socket | None = None
        self._waiting: list[tuple[str, int]] = []

    def add(self, line: str, priority: int) -> None:
        self._waiting.append((line, priority))

    def flush(self) -> None:
        waiting = self._waiting
        if not waiting:
            return
        self._waiting = []
        head = time.strftime("%b %e %H:%M:%S ") + self._identity
        for line, priority in waiting:
            text = line.rstrip("\n")
            self._send(f"<{self._facility | priority}>{head}: {text}".encode("utf-8", "backslashreplace"))

    def _send(self, data: bytes) -> None:
        for _ in range(2):  # the log daemon may have been restarted since the last line: one new connection
            try:
                if self._socket is None:
                    self._socket = socket.socket(
                        socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC
                    )
                    self._socket.connect(self._device)
                self._socket.send(data)
            except BlockingIOError:
                break
            except OSError:
                self._disconnect()
            else:
                return
        self.lost += 1

    def _disconnect(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def close(self) -> None:
        self.flush()
        self._disconnect()
