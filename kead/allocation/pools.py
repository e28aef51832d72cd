"""What an allocator needs to know of a pool, and the one way through pools that all of them share."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Protocol

from kead.allocation.occupied import Occupied

_HIGHEST = (1 << 128) - 1


class PoolRange(Protocol):
    """A range of addresses, both ends included."""

    @property
    def first(self) -> int:
        """The lowest address."""

    @property
    def last(self) -> int:
        """The highest address."""


def first_usable(
    pools: Sequence[PoolRange],
    start: int,
    free: Occupied,
    busy: Container[int],
    avoid: Callable[[int], bool] | None,
    offered: Container[int] = (),
) -> int | None:
    """The first usable address of `pools` (in address order) at or after `start`, else from the beginning on.

    Usable: free, not in `busy`, not in `offered`, not avoided. Taken ones cost nothing, each of the others a step.
    """
    for low, high in ((start, _HIGHEST), (0, start - 1)):
        for pool in pools:
            first, last = pool.first, pool.last
            if first < low:
                first = low
            if last > high:
                last = high
            address = free.next_free(first, last, first)
            while address is not None:
                if address not in busy and address not in offered and (avoid is None or not avoid(address)):
                    return address
                address = free.next_free(first, last, address + 1)
    return None


def has_free(pools: Sequence[PoolRange], free: Occupied) -> bool:
    """Whether any address of these pools is free (it may be reserved or being offered, all the same)."""
    return any(free.next_free(pool.first, pool.last, pool.first) is not None for pool in pools)


def first_or_last_of_24(address: int) -> bool:
    """Whether it ends in .0 or .255: what Kea's flag `exclude-first-last-24` keeps allocators from picking."""
    return (address + 1) & 0xFF < 2
