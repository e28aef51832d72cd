"""What leases of both families have in common: their states, and the lifetime that never ends."""

from __future__ import annotations

from enum import IntEnum

INFINITE = 0xFFFFFFFF


class State(IntEnum):
    """What Kea's lease files and tables write in the column `state`."""

    DEFAULT = 0
    DECLINED = 1
    RECLAIMED = 2
    RELEASED = 3
    REGISTERED = 4
