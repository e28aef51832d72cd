"""Which control sockets the configuration asks for, and opening and closing them when that changes.

Law: the new one is open before the old one goes, so a change that fails leaves what was there. A socket whose name
stays is left alone, with its connections. Paths are confined as Kea 3 does (compatibility.md § 9): the texts are
Kea's.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from typing import Final

from kead.control.unix import TIMEOUT, ControlSocketError, Execute, UnixSocket

DEFAULT_DIRECTORY: Final = "/run/kea"
OPEN_AT_MOST: Final = 0o750


def socket_directory() -> str:
    """Where UNIX control sockets lie: KEA_CONTROL_SOCKET_DIR, else /run/kea; without a final slash."""
    return (os.environ.get("KEA_CONTROL_SOCKET_DIR") or DEFAULT_DIRECTORY).rstrip("/") or "/"


def unix_path(entries: Sequence[Mapping[str, object]], *, restricted: bool = True) -> str | None:
    """The whole path of the UNIX socket that a ``control-sockets`` list asks for, None for none.

    ``restricted`` (not -X) refuses other directories. Raises ControlSocketError.
    """
    path: str | None = None
    for entry in entries:
        kind = entry.get("socket-type")
        if kind is None:
            raise ControlSocketError("'socket-type' parameter is mandatory in control-sockets items")
        if kind in ("http", "https"):
            raise ControlSocketError(f"control sockets of type '{kind}' are not supported yet")
        if kind != "unix":
            raise ControlSocketError(f"unsupported 'socket-type': '{kind}' not 'unix', 'http' or 'https'")
        if path is not None:
            raise ControlSocketError("control socket of type 'unix' already configured")
        name = entry.get("socket-name")
        if not isinstance(name, str):
            raise ControlSocketError("Mandatory 'socket-name' parameter missing")
        path = socket_path(name, restricted=restricted)
    return path


def socket_path(name: str, *, restricted: bool = True) -> str:
    """The whole path of a socket's name; a bare name lies in the socket directory. Raises ControlSocketError."""
    directory = socket_directory()
    folder, file = os.path.split(name)
    if not file:
        raise ControlSocketError(f"'socket-name' is invalid: path: '{name}' has no filename")
    if not folder:
        folder = directory
    elif restricted and folder.rstrip("/") != directory:
        text = f"invalid path specified: '{folder}', supported path is '{directory}'"
        raise ControlSocketError(f"'socket-name' is invalid: {text}")
    if not _private(directory):
        text = f"socket path:{directory} does not exist or has more relaxed permissions than {OPEN_AT_MOST:o}"
        raise ControlSocketError(f"'socket-name' is invalid: {text}")
    return os.path.join(folder, file)


def _private(directory: str) -> bool:
    """Is there such a directory, and is it open to nobody but owner and group?"""
    try:
        mode = os.stat(directory).st_mode
    except OSError:
        return False
    return stat.S_ISDIR(mode) and not stat.S_IMODE(mode) & ~OPEN_AT_MOST & 0o777


class ControlSockets:
    """The control sockets of a daemon."""

    def __init__(self, execute: Execute, *, timeout: float = TIMEOUT) -> None:
        self._execute = execute
        self._timeout = timeout
        self._unix: UnixSocket | None = None
        self._leaving: list[UnixSocket] = []

    @property
    def path(self) -> str | None:
        """The path of the UNIX socket that is open."""
        return self._unix.path if self._unix is not None else None

    async def apply(self, path: str | None) -> None:
        """Have this UNIX socket (None: none). Raises ControlSocketError; then what was open still is."""
        if path == self.path:
            return
        new: UnixSocket | None = None
        if path is not None:
            new = UnixSocket(path, self._execute, timeout=self._timeout)
            await new.open()
        self._retire()
        self._unix = new

    def _retire(self) -> None:
        self._leaving = [one for one in self._leaving if one.connections]
        if self._unix is not None:
            self._unix.close()
            self._leaving.append(self._unix)
            self._unix = None

    async def close(self, seconds: float = 2.0) -> None:
        """Close all; answers to commands under way still go out, for at most so long. Not from within a command."""
        self._retire()
        for one in self._leaving:
            await one.drain(seconds)
        self._leaving.clear()
