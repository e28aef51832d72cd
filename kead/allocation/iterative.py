"""The iterative allocator: each client gets the address after the last one picked."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from kead.allocation.occupied import Occupied
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
        free: Occupied,
        busy: Container[int],
        avoid: Callable[[int], bool] | None,
    ) -> int | None:
        """See `Allocator`."""
        address: int | None = self._next
        for pool in pools:  # most often the very next one will do
            if pool.first <= self._next <= pool.last:
                if free.taken(self._next) or self._next in busy or (avoid is not None and avoid(self._next)):
                    address = None
                break
        else:
            address = None
        if address is None:
            address = first_usable(pools, self._next, free, busy, avoid)
            if address is None:
                return None
        self._next = address + 1
        return address

    def close(self) -> None:
        """See `Allocator`."""
