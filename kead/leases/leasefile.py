"""The lease file as the operating system sees it: appended in groups, cut back after a failure, rotated.

Law: after every call the file ends where the last complete group ended, or the object knows that it does not
(`_dirty`) and puts that right before anything else is written. Nothing here knows what a lease is.
"""

from __future__ import annotations

import os
from pathlib import Path

from kead.leases.writing import give_name

_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CLOEXEC
_MODE = 0o640


class LeaseFile:
    """A file open for appending. `length`: how many bytes of it are good."""

    __slots__ = ("_descriptor", "_dirty", "_header", "length", "path")

    def __init__(self, path: Path, header: bytes) -> None:
        """Open it, with the header if it is new or empty. OSError."""
        self.path = path
        self._header = header
        self._dirty = False
        self._descriptor = os.open(path, _FLAGS | os.O_CREAT, _MODE)
        self.length = 0
        try:
            self.length = os.fstat(self._descriptor).st_size
            if not self.length:
                self.append(header)
                sync_directory(path.parent)
        except OSError:
            os.close(self._descriptor)
            raise

    def append(self, data: bytes) -> None:
        """Write it all at the end, or leave the file as it was and raise OSError."""
        if self._dirty:
            self.cut(self.length)
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError:
            self._cut_or_remember(self.length)
            raise
        self.length += len(data)

    def cut(self, length: int) -> None:
        """Let the file end there. OSError: it will be tried again before the next write."""
        self.length = length
        self._dirty = True
        os.ftruncate(self._descriptor, length)
        self._dirty = False

    def _cut_or_remember(self, length: int) -> None:
        try:
            self.cut(length)
        except OSError:
            pass  # the caller hears of the first failure; _dirty keeps this one

    def sync(self) -> None:
        """Have what was written survive a loss of power. Blocks: for a thread. OSError."""
        os.fdatasync(self._descriptor)

    def rotate(self, to: Path) -> None:
        """Rename the file and begin a new one with its name. OSError: everything is as it was.

        A kill between the steps leaves the renamed file and no or an empty new one, which loading knows.
        """
        os.rename(self.path, to)
        try:
            descriptor = os.open(self.path, _FLAGS | os.O_CREAT | os.O_EXCL, _MODE)
        except OSError:
            os.rename(to, self.path)
            raise
        former, self._descriptor = (self._descriptor, self.length), descriptor
        self.length = 0
        try:
            self.append(self._header)
        except OSError:
            os.rename(to, self.path)  # over the new one, which holds nothing
            self._descriptor, self.length = former
            self._dirty = False
            os.close(descriptor)
            raise
        os.close(former[0])

    def replace(self, new: Path, backup: Path, start: int) -> None:
        """Go on in another file, which takes this one's name; this one is kept as `backup`.

        What was appended here from `start` on is appended there first. OSError: everything is as it was.
        """
        if self._dirty:
            self.cut(self.length)
        with self.path.open("rb") as present:
            present.seek(start)
            tail = memoryview(present.read(self.length - start))
        descriptor = os.open(new, _FLAGS)
        try:
            while tail:
                tail = tail[os.write(descriptor, tail) :]
            os.fdatasync(descriptor)
            length = os.fstat(descriptor).st_size
            give_name(new, self.path, backup)
        except OSError:
            os.close(descriptor)
            raise
        former, self._descriptor, self.length = self._descriptor, descriptor, length
        os.close(former)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._descriptor)


def sync_directory(path: Path) -> None:
    """Have renames in a directory survive a loss of power, where its file system can do that."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError:
        pass  # EINVAL on file systems without it; the rename itself has been done
    finally:
        os.close(descriptor)
