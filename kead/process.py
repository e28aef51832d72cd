"""What a process is to the system: its name and its umask.

Law: plain calls to the kernel, nothing of DHCP.
"""

from __future__ import annotations

import ctypes
import os
from typing import Final

_PR_SET_NAME: Final = 15
PRIVATE: Final = 0o027


def set_process_name(name: str) -> None:
    """Set the name that ps and killall see; the kernel keeps 15 bytes. Where there is no prctl the old name stays."""
    try:
        prctl = ctypes.CDLL(None).prctl
    except AttributeError:
        return
    prctl(_PR_SET_NAME, ctypes.c_char_p(name.encode()[:15]), 0, 0, 0)


def tighten_umask() -> None:
    """Files that are made from now on are for owner and group only, whatever was inherited; a tighter umask stays."""
    inherited = os.umask(PRIVATE)
    os.umask(inherited | PRIVATE)
