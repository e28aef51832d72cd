"""The iterative allocator: each client gets the address after the last one picked."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

from kead.allocation.occupied import Occupied
from kead.allocation.pools import PoolRange
from kead.allocation.walk import ADDRESS_LENGTH, Stretch, Walk


class IterativeAllocator:
    """Walks through the pools in address order, round and round, stepping over what cannot be used (`walk.py`).

    Pointers stand before the first addresses when the subnet is configured, are moved by every pick, whether or not the
    client takes the address, and by nothing else.
    """

    __slots__ = ("_walk",)

    def __init__(self) -> None:
        self._walk = Walk()

    def pick(
        self,
        pools: Sequence[PoolRange],
        free: Occupied,
        busy: Container[int],
        avoid: Callable[[int], bool] | None,
    ) -> int | None:
        """See `Allocator`."""
        walk = self._walk
        last = walk.at
        for pool in pools:  # most often the next free one will do
            first = pool.first
            if first == last:
                address = free.next_free(first, pool.last, walk.next.get(first, first))
                if address is None or address in busy or (avoid is not None and avoid(address)):
                    break
                walk.next[first] = address + 1
                return address
        if not pools:
            return None
        stretches = [Stretch(pool.first, pool.first, pool.last, ADDRESS_LENGTH, free) for pool in pools]
        found = walk.pick(stretches, busy, None if avoid is None else lambda address, _: avoid(address))
        return found[1] if found is not None else None

    def close(self) -> None:
        """See `Allocator`."""
