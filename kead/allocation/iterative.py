"""The iterative allocator: each client gets the address after the last one picked."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from kead.allocation.occupancy import Occupancy
from kead.allocation.pools import PoolRange, first_usable


class IterativeAllocator:
    """Walks through the pools in address order, round and round, stepping over what cannot be used.

    The pointer is one for the whole subnet. It stands before the first address when the subnet is configured, is moved
    by every pick, whether or not the client takes the address, and by nothing else.
    """

    __slots__ = ("_next",)

    def __init__(self) -> None:
        self._next = 0

    def pick(
        self,
        pools: Sequence[PoolRange],
        free: Occupancy,
        busy: Container[int],
        avoid: Callable[[int], bool] | None,
    ) -> int | None:
        """See `Allocator`."""
        address = first_usable(pools, self._next, free, busy, avoid)
        if address is not None:
            self._next = address + 1
        return address

    def close(self) -> None:
        """See `Allocator`."""
