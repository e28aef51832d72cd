"""What an allocator is, and the names under which configurations choose one."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final, Protocol

from kead.allocation.free_lease_queue import FreeLeaseQueueAllocator
from kead.allocation.iterative import IterativeAllocator
from kead.allocation.occupied import Occupied
from kead.allocation.pools import PoolRange
from kead.allocation.scattered import RandomAllocator

NAMES: Final = ("iterative", "random", "flq")


class Allocator(Protocol):
    """Decides which free address a client gets that has no claim to a particular one.

    One for each subnet and configuration.
    """

    def pick(
        self,
        pools: Sequence[PoolRange],
        free: Occupied,
        busy: Container[int],
        avoid: Callable[[int], bool] | None,
    ) -> int | None:
        """An address of `pools` (those that this client may use, in address order); None if there is none.

        Never one that `free` holds taken, that is in `busy` (being offered to somebody whose outcome is not known yet),
        or of which `avoid` says True (reserved, excluded). A pick promises nothing: the address stays free until the
        caller takes it. Microseconds, however full the pools are; each free address that is busy or avoided and stands
        in the way costs some tenths of one more.
        """

    def close(self) -> None:
        """The configuration is gone: stop listening."""


def make_allocator(name: str, pools: Sequence[PoolRange], occupancy: Occupied) -> Allocator:
    """The allocator of that name for a subnet with these pools; ValueError if there is none."""
    if name == "iterative":
        return IterativeAllocator()
    if name == "random":
        return RandomAllocator()
    if name == "flq":
        return FreeLeaseQueueAllocator(pools, occupancy)
    raise ValueError(f"unknown allocator '{name}': use one of {', '.join(NAMES)}")
