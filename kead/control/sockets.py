"""The control sockets of a daemon, opened and closed as the configuration changes.

Law: the new one is open before the old one goes, so a change that fails leaves what was there. A socket whose name
stays is left alone, with its connections, even if somebody removed its file (control.md § 2). Where sockets may lie
the configuration decides.
"""

from __future__ import annotations

from kead.control.unix import TIMEOUT, Execute, UnixSocket


class ControlSockets:
    """The control sockets of a daemon: today one UNIX socket at most."""

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
