"""The PID file: who runs with this configuration, and refusing to run twice.

Law: one file, ``<directory>/<stem of the configuration file>.<kea program>.pid``, ``PID\\n``, 0640; made before the
configuration is read, removed at the end (compatibility.md § 2). keactrl and supervisors find the process by it.

A file that names no live process is a left-over and overwritten, and so is one that names a zombie (nobody has
fetched its status yet), this very process (a container's server is always PID 1) or holds no number (the machine died
while it was written); Kea refuses to start on the last three.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from pathlib import PurePath
from typing import Final

DEFAULT_DIRECTORY: Final = "/run/kea"


class AlreadyRunning(Exception):
    """The file names a live process; the text is Kea's."""


class PidFileError(Exception):
    """The file cannot be written; the text is Kea's."""


def pid_file_path(config_file: str, program: str) -> str:
    """Where the PID file of this program lies; KEA_PIDFILE_DIR moves it."""
    directory = os.environ.get("KEA_PIDFILE_DIR") or DEFAULT_DIRECTORY
    return os.path.join(directory, f"{PurePath(config_file).stem}.{program}.pid")


class PidFile:
    """The PID file of this process while it runs."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._mine = False

    def create(self) -> None:
        """Write this process's id. Raises AlreadyRunning or PidFileError."""
        try:
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        except OSError as error:
            raise PidFileError(f"Unable to open PID file '{self.path}' for write") from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # two that start at once must not both find it stale
            other = _number(os.read(descriptor, 64))
            if other is not None and other != os.getpid() and _alive(other):
                raise AlreadyRunning(f"Daemon::createPIDFile: PID: {other} exists, PID file: {self.path}")
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
            self._mine = True
        except OSError as error:
            raise PidFileError(f"Unable to write PID file '{self.path}': {error.strerror}") from error
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """Remove the file if it is still this process's."""
        if not self._mine:
            return
        self._mine = False
        with contextlib.suppress(OSError):
            with open(self.path, "rb") as file:
                owner = _number(file.read(64))
            if owner == os.getpid():
                os.unlink(self.path)


def _number(text: bytes) -> int | None:
    digits = text.strip()
    return int(digits) if digits.isdigit() and len(digits) < 12 else None


def _alive(process: int) -> bool:
    """Whether the process runs. A zombie does not: it has ended, and only its parent has not taken notice."""
    if process <= 0 or _is_zombie(process):
        return False
    try:
        os.kill(process, 0)
    except OSError as error:
        return error.errno == errno.EPERM
    return True


def _is_zombie(process: int) -> bool:
    """False where /proc does not tell."""
    try:
        with open(f"/proc/{process}/stat", "rb") as file:
            status = file.read()
    except OSError:
        return False
    return status.rpartition(b") ")[2].startswith(b"Z")  # the name before it may hold anything
