"""The files of a lease file clean-up: their names, and who is at work on them.

F is the lease file. A clean-up turns F.2 (the result of the one before) and F.1 (F, renamed by the server) into
F.output, renames that to F.completed, removes F.1 and F.2, and renames F.completed to F.2. F.pid names the process.
"""

from __future__ import annotations

import os
import time
from pathlib import Path


class CleanupFiles:
    """Names beside a lease file, as Kea gives them."""

    __slots__ = ("completed", "copy", "output", "pid", "previous")

    def __init__(self, lease_file: Path) -> None:
        name = lease_file.name
        self.copy = lease_file.with_name(name + ".1")
        self.previous = lease_file.with_name(name + ".2")
        self.output = lease_file.with_name(name + ".output")
        self.completed = lease_file.with_name(name + ".completed")
        self.pid = lease_file.with_name(name + ".pid")

    def running(self) -> bool:
        """Whether a clean-up is at work."""
        try:
            return alive(self.pid)
        except (OSError, ValueError):
            return False  # a pid file that cannot be read names nobody


def alive(pid_file: Path) -> bool:
    """Whether the pid file names a live process; False if there is no file. OSError, ValueError: unreadable.

    One from before the machine was started names nobody, whoever has that number now; an empty one is what is left
    of a process that was killed before it had written it.
    """
    try:
        text = pid_file.read_text()
        written = pid_file.stat().st_mtime
    except FileNotFoundError:
        return False
    if not text or written < _started():
        return False
    process = int(text)
    if process <= 0:
        raise ValueError(f"not a process id: {process}")
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _started() -> float:
    """When this machine was started, in seconds since the epoch, a little early."""
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME) - 10
