"""Whose code runs in the server: files that only root or the server's own user can have written.

Whoever may talk to the control channel may name a library; that must not let him run a file of his own with the
server's rights (as CVE-2025-32801 did).
"""

from __future__ import annotations

import os
import stat

_OTHERS = stat.S_IWGRP | stat.S_IWOTH


class NotTrusted(Exception):
    """Why a file or directory may have been written by somebody else."""


def check_directory(path: str) -> None:
    """Raises NotTrusted, or OSError."""
    _check(path, os.stat(path))


def read_trusted(path: str, *, confined: bool, follow: bool = False) -> bytes:
    """The bytes of this regular file, read through the descriptor that was checked. Raises NotTrusted, or OSError.

    confined  check owner and mode
    follow    a symbolic link is all right (its target is what is checked)
    """
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK  # a FIFO must not make us wait
    if confined and not follow:
        if os.path.islink(path):
            raise NotTrusted(f"{path} is a symbolic link; put the file itself there")
        flags |= os.O_NOFOLLOW
    descriptor = os.open(path, flags)
    with os.fdopen(descriptor, "rb") as file:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            raise NotTrusted(f"{path} is not a regular file")
        if confined:
            _check(path, found)
        return file.read()


def _check(path: str, found: os.stat_result) -> None:
    if found.st_uid not in (0, os.geteuid()):
        raise NotTrusted(f"{path} belongs to user {found.st_uid}; it must belong to root or to the server's own user")
    if found.st_mode & _OTHERS:
        raise NotTrusted(
            f"{path} can be written by group or others (mode {stat.S_IMODE(found.st_mode):04o}): chmod go-w"
        )
