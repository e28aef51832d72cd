"""The random allocator: nobody can foretell the next address, and servers that share a database rarely collide."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Sequence
from struct import Struct

from kead.allocation.occupied import Occupied
from kead.allocation.pools import PoolRange, first_usable

_TRIES = 6  # with half of the pool taken, one pick in 64 needs more
_PROBES = Struct(f"{_TRIES}I")
_MANY = 1 << 24
"""In pools larger than this probes of 32 bits would favour some addresses, or miss most."""
_REMEMBERED = 16384


class RandomAllocator:
    """Picks at random among all addresses of the pools, and none twice until all have had their turn.

    As long as a few probes find a free address every one is equally likely. In a crowded pool the search goes on from
    a random place to the next free one: as quick, but who stands behind many taken addresses is likelier to be picked.

    "None twice" holds for as many as are remembered (16,384): addresses offered but not taken need no more than that,
    and forgetting them does no harm but a repeated offer. `random` gives that many unpredictable bytes.
    """

    __slots__ = ("_offered", "_random")

    def __init__(self, random: Callable[[int], bytes] = os.urandom) -> None:
        self._random = random
        self._offered: set[int] = set()

    def pick(
        self,
        pools: Sequence[PoolRange],
        free: Occupied,
        busy: Container[int],
        avoid: Callable[[int], bool] | None,
    ) -> int | None:
        """See `Allocator`."""
        size = 0
        for pool in pools:
            size += pool.last - pool.first + 1
        if not size:
            return None
        address = 0
        offered, taken = self._offered, free.taken
        numbers: Sequence[int] = _PROBES.unpack(self._random(_PROBES.size))
        bits = 32
        if size > _MANY:
            numbers, bits = self._wide(size)
        for number in numbers:
            place = number * size >> bits
            for pool in pools:
                address = pool.first + place
                if address <= pool.last:
                    break
                place = address - pool.last - 1
            if (
                not taken(address)
                and address not in offered
                and address not in busy
                and (avoid is None or not avoid(address))
            ):
                return self._offer(address)
        found = first_usable(pools, address, free, busy, avoid, offered)
        if found is None and offered:
            found = first_usable(pools, address, free, busy, avoid)
            if found is not None:  # all have had their turn: begin again
                offered.clear()
        return None if found is None else self._offer(found)

    def _wide(self, size: int) -> tuple[Sequence[int], int]:
        """Numbers of so many bits that each of that many places is as likely as the others."""
        width = size.bit_length() // 8 + 8
        data = self._random(_TRIES * width)
        return [int.from_bytes(data[start : start + width], "big") for start in range(0, len(data), width)], 8 * width

    def _offer(self, address: int) -> int:
        if len(self._offered) >= _REMEMBERED:
            self._offered.clear()
        self._offered.add(address)
        return address

    def close(self) -> None:
        """See `Allocator`."""
