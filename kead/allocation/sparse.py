"""Which of very many numbers are taken, and the next one that is not.

The law of this file: no size matters. A /32 of IPv6 addresses costs what its taken ones cost, whether they stand side
by side or each alone, and finding a free one costs a few microseconds in an empty range and in a full one.

Numbers are kept in blocks of 256, one bit each, in a dictionary that has the blocks with a taken number. Above stand
dictionaries of the same form, one a level: which blocks are full, which groups of 256 blocks are full, and so on, as
far as there are any. A search looks at two blocks a level at most.

Nothing here knows leases or pools.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from kead.allocation.occupied import Watcher

_BITS: Final = 8
_SIZE: Final = 1 << _BITS
_MASK: Final = _SIZE - 1
_FULL: Final = (1 << _SIZE) - 1
_BIT: Final = tuple(1 << place for place in range(_SIZE))


class SparseOccupancy:
    """The set of taken numbers. Memory: some 130 bytes each where they are far apart, half a byte side by side."""

    __slots__ = ("_blocks", "_cover", "_full", "_number", "_starts", "_watchers")

    def __init__(self) -> None:
        self._blocks: dict[int, int] = {}
        self._full: list[dict[int, int]] = []  # [0]: which blocks are full, [1]: which groups of 256 of them, …
        self._number = 0
        self._watchers: list[tuple[int, int, Watcher]] = []
        self._starts: list[int] | None = None  # where the set of listeners changes; None: to be found out
        self._cover: list[tuple[Watcher, ...]] = []  # who listens from there on

    def __len__(self) -> int:
        """How many are taken in all."""
        return self._number

    def __iter__(self) -> Iterator[int]:
        """Those that are taken, in no order."""
        for index, mask in self._blocks.items():
            base = index << _BITS
            while mask:
                low = mask & -mask
                yield base + low.bit_length() - 1
                mask ^= low

    def take(self, address: int) -> bool:
        """Mark it taken; False if it was already."""
        index = address >> _BITS
        bit = _BIT[address & _MASK]
        mask = self._blocks.get(index, 0)
        if mask & bit:
            return False
        mask |= bit
        if mask == _FULL:
            self._blocks[index] = _FULL  # the one object, whoever is full
            self._fill(index)
        else:
            self._blocks[index] = mask
        self._number += 1
        if self._watchers:
            for watcher in self._listeners(address):
                watcher.taken(address)
        return True

    def free(self, address: int) -> bool:
        """Mark it free; False if it was already."""
        index = address >> _BITS
        bit = _BIT[address & _MASK]
        mask = self._blocks.get(index, 0)
        if not mask & bit:
            return False
        if mask == _FULL:
            self._clear(index)
        mask ^= bit
        if mask:
            self._blocks[index] = mask
        else:
            del self._blocks[index]
        self._number -= 1
        if self._watchers:
            for watcher in self._listeners(address):
                watcher.freed(address)
        return True

    def take_all(self, addresses: Iterable[int]) -> None:
        """Mark many taken."""
        for address in addresses:
            self.take(address)

    def taken(self, address: int) -> bool:
        """Whether it is taken."""
        return self._blocks.get(address >> _BITS, 0) & _BIT[address & _MASK] != 0

    def next_free(self, first: int, last: int, start: int) -> int | None:
        """The first free one at or after `start` in first..last (both included), without wrapping around."""
        if start < first:
            start = first
        if start > last:
            return None
        mask = self._blocks.get(start >> _BITS)
        if mask is None:
            return start
        rest = (_FULL ^ mask) >> (start & _MASK)
        if rest:
            address = start + (rest & -rest).bit_length() - 1
        else:
            index = self._next_block((start >> _BITS) + 1)
            rest = _FULL ^ self._blocks.get(index, 0)
            address = (index << _BITS) + (rest & -rest).bit_length() - 1
        return address if address <= last else None

    def watch(self, first: int, last: int, watcher: Watcher) -> None:
        """Tell `watcher` of every change in first..last (both included) from now on."""
        self._watchers.append((first, last, watcher))
        self._starts = None

    def unwatch(self, first: int, last: int, watcher: Watcher) -> None:
        """End what `watch` with the same arguments began; nothing happens if it did not."""
        self._watchers = [w for w in self._watchers if not (w[0] == first and w[1] == last and w[2] is watcher)]
        self._starts = None

    def _next_block(self, index: int) -> int:
        """The first block at or after that one that is not full."""
        full = self._full
        level = 0
        while level < len(full):  # up, until something at or after our place is not full
            mask = full[level].get(index >> _BITS)
            if mask is None:
                break
            rest = (_FULL ^ mask) >> (index & _MASK)
            if rest:
                index += (rest & -rest).bit_length() - 1
                break
            index = (index >> _BITS) + 1
            level += 1
        while level:  # and down to the first in it
            level -= 1
            rest = _FULL ^ full[level].get(index, 0)
            index = (index << _BITS) + (rest & -rest).bit_length() - 1
        return index

    def _fill(self, index: int) -> None:
        """The block is full now."""
        for level in self._full:
            bit = _BIT[index & _MASK]
            index >>= _BITS
            mask = level.get(index, 0) | bit
            level[index] = mask
            if mask != _FULL:
                return
        self._full.append({index >> _BITS: _BIT[index & _MASK]})

    def _clear(self, index: int) -> None:
        """The block is no longer full."""
        for level in self._full:
            bit = _BIT[index & _MASK]
            index >>= _BITS
            before = level[index]
            if before == bit:
                del level[index]
            else:
                level[index] = before ^ bit
            if before != _FULL:
                return

    def _listeners(self, address: int) -> tuple[Watcher, ...]:
        starts = self._starts
        if starts is None:
            starts = self._find_out()
        place = bisect_right(starts, address)
        return self._cover[place - 1] if place else ()

    def _find_out(self) -> list[int]:
        """Cut the numbers into ranges, each with those who listen there."""
        changes: dict[int, list[tuple[Watcher, bool]]] = {}
        for first, last, watcher in self._watchers:
            changes.setdefault(first, []).append((watcher, True))
            changes.setdefault(last + 1, []).append((watcher, False))
        starts = sorted(changes)
        present: list[Watcher] = []
        cover = []
        for start in starts:
            for watcher, comes in changes[start]:
                if comes:
                    present.append(watcher)
                else:
                    present.remove(watcher)
            cover.append(tuple(present))
        self._starts = starts
        self._cover = cover
        return starts
