"""Where files may lie, and what the machine looks like: the only things outside the text that a configuration asks.

Law: Kea 3's confinement of files (compatibility.md § 9) is worked out here once, with the environment variables that
move its directories. Off (`-X`), a violation passes. A name without a directory lies in the permitted one. (Where hook
libraries may lie is the hook framework's to say.)
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

Interfaces = Callable[[], Mapping[str, Collection[int]]]

DATA_DIRECTORY = "/var/lib/kea"
LOG_DIRECTORY = "/var/log/kea"
SOCKET_DIRECTORY = "/run/kea"
WIDEST_SOCKET_DIRECTORY = 0o750


class ForbiddenPathError(ValueError):
    """A file that may not lie there; the text is Kea's, without the place."""


@dataclass(frozen=True)
class Restrictions:
    """What a configuration is judged by besides its text.

    enforce       False with -X: files may lie anywhere
    testing       True for -t, -T and config-test: as in Kea, where log and lease files lie is not judged then
    interfaces    the interfaces of this machine with their addresses (of the server's family); None: not to be checked
    """

    enforce: bool = True
    testing: bool = False
    data_directory: str = DATA_DIRECTORY
    log_directory: str = LOG_DIRECTORY
    socket_directory: str = SOCKET_DIRECTORY
    interfaces: Interfaces | None = None

    @classmethod
    def from_environment(
        cls,
        *,
        enforce: bool = True,
        testing: bool = False,
        interfaces: Interfaces | None = None,
        environment: Mapping[str, str] = os.environ,
    ) -> Restrictions:
        """The directories as the environment says, else Kea's usual ones."""

        def directory(variable: str, usual: str) -> str:
            return (environment.get(variable) or usual).rstrip("/") or "/"

        return cls(
            enforce=enforce,
            testing=testing,
            data_directory=directory("KEA_DHCP_DATA_DIR", DATA_DIRECTORY),
            log_directory=directory("KEA_LOG_FILE_DIR", LOG_DIRECTORY),
            socket_directory=directory("KEA_CONTROL_SOCKET_DIR", SOCKET_DIRECTORY),
            interfaces=interfaces,
        )

    def lease_file(self, name: str) -> str:
        """The whole name of a lease file. ForbiddenPathError if it lies elsewhere than in the data directory."""
        return self._within(name, self.data_directory, enforce=self.enforce and not self.testing)

    def check_data_directory(self, directory: str) -> None:
        """The DHCPv6 keyword data-directory may name no other directory. ForbiddenPathError if it does."""
        if self.enforce and directory != self.data_directory:
            raise ForbiddenPathError(f"'{directory}' is invalid, supported path is '{self.data_directory}'")

    def socket_file(self, name: str) -> str:
        """The whole name of a control socket. The socket directory must be no more open than 0750, even with -X."""
        path = self._within(name, self.socket_directory, enforce=self.enforce)
        self._check_mode(self.socket_directory)
        return path

    @staticmethod
    def _within(name: str, directory: str, *, enforce: bool) -> str:
        folder, base = os.path.split(name)
        if base in ("", ".", ".."):
            raise ForbiddenPathError(f"path: '{name}' has no filename")
        if not folder:
            return os.path.join(directory, base)
        if enforce and folder != directory:
            raise _elsewhere(folder, directory)
        return name

    @staticmethod
    def _check_mode(directory: str) -> None:
        try:
            mode = stat.S_IMODE(os.stat(directory).st_mode)
        except OSError:
            return  # opening the socket will tell
        if mode & ~WIDEST_SOCKET_DIRECTORY:
            raise ForbiddenPathError(f"socket path:{directory} does not exist or has more relaxed permissions than 750")


def _elsewhere(folder: str, directory: str) -> ForbiddenPathError:
    return ForbiddenPathError(f"invalid path specified: '{folder}', supported path is '{directory}'")
