"""What leases of both families have in common: their states, the lifetime that never ends, and most of their fields."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol, Self

INFINITE = 0xFFFFFFFF


class State(IntEnum):
    """What Kea's lease files and tables write in the column `state`."""

    DEFAULT = 0
    DECLINED = 1
    RECLAIMED = 2
    RELEASED = 3
    REGISTERED = 4


class Lease(Protocol):
    """What a lease of either family has, and what may be done to a copy of it."""

    address: int
    valid_lifetime: int
    cltt: int
    subnet_id: int
    pool_id: int
    fqdn_fwd: bool
    fqdn_rev: bool
    hostname: str
    state: int
    user_context: str

    def copy(self) -> Self:
        """The same lease, free to be changed."""
