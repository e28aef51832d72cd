"""Which IPv4 addresses are taken, and the next one that is not.

The law of this file: finding a free address costs the same few microseconds in an empty /24 and in a full /8.
Addresses are kept in blocks of 4096, one byte each (0 free, 1 taken), made when one of them is taken and dropped
when the last of them is freed. Above the blocks stands, for each /8, a byte per block that says "full". Both
levels are searched by `bytearray.find`, that is by C's memchr, so a full /8 is two short searches and not
sixteen million steps.

Nothing here knows leases or pools. Addresses are plain ints, the value of the four bytes.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Final

from kead.allocation.occupied import Watcher

_SHIFT: Final = 12
_BLOCK: Final = 1 << _SHIFT  # addresses in a block, and blocks in a /8
_MASK: Final = _BLOCK - 1


class _Region:
    """The 4096 blocks of one /8: which of them are full, and how many addresses are taken in each."""

    __slots__ = ("counts", "full", "total")

    def __init__(self) -> None:
        self.full = bytearray(_BLOCK)
        self.counts = array("H", bytes(2 * _BLOCK))
        self.total = 0


class Occupancy:
    """The set of taken addresses.

    Memory: one byte an address in blocks that hold a taken one, 12 KiB for each /8 with such a block.
    """

    __slots__ = ("_blocks", "_regions", "_watchers")

    def __init__(self) -> None:
        self._blocks: dict[int, bytearray] = {}
        self._regions: dict[int, _Region] = {}
        self._watchers: dict[int, tuple[tuple[int, int, Watcher], ...]] = {}

    def __len__(self) -> int:
        """How many addresses are taken in all."""
        return sum(region.total for region in self._regions.values())

    def take(self, address: int) -> bool:
        """Mark it taken; False if it was already."""
        index = address >> _SHIFT
        block = self._blocks.get(index)
        if block is None:
            block = self._touch(index)
        offset = address & _MASK
        if block[offset]:
            return False
        block[offset] = 1
        region = self._regions[index >> _SHIFT]
        place = index & _MASK
        count = region.counts[place] + 1
        region.counts[place] = count
        region.total += 1
        if count == _BLOCK:
            region.full[place] = 1
        if self._watchers:
            for first, last, watcher in self._watchers.get(index, ()):
                if first <= address <= last:
                    watcher.taken(address)
        return True

    def free(self, address: int) -> bool:
        """Mark it free; False if it was already."""
        index = address >> _SHIFT
        block = self._blocks.get(index)
        offset = address & _MASK
        if block is None or not block[offset]:
            return False
        block[offset] = 0
        region = self._regions[index >> _SHIFT]
        place = index & _MASK
        count = region.counts[place] - 1
        region.counts[place] = count
        region.total -= 1
        region.full[place] = 0
        if not count:
            del self._blocks[index]
        if self._watchers:
            for first, last, watcher in self._watchers.get(index, ()):
                if first <= address <= last:
                    watcher.freed(address)
        return True

    def taken(self, address: int) -> bool:
        """Whether it is taken."""
        block = self._blocks.get(address >> _SHIFT)
        return block is not None and block[address & _MASK] == 1

    def next_free(self, first: int, last: int, start: int) -> int | None:
        """The first free address at or after `start` in first..last (both included), without wrapping around."""
        if start < first:
            start = first
        if start > last:
            return None
        block = self._blocks.get(start >> _SHIFT)
        if block is None:
            return start
        offset = block.find(0, start & _MASK)
        if offset < 0:
            return self._next_free_block(start, last)
        address = (start & ~_MASK) + offset
        return address if address <= last else None

    def count(self, first: int, last: int) -> int:
        """How many addresses of first..last (both included) are taken.

        Whole blocks and whole /8s are counted by their sums; only a block at either end that lies partly outside is
        looked through.
        """
        if last < first:
            return 0
        end = last + 1
        low, high = first >> _SHIFT, end >> _SHIFT
        if low == high:
            return self._count_in_block(low, first & _MASK, end & _MASK)
        count = self._count_in_block(high, 0, end & _MASK)
        if first & _MASK:
            count += self._count_in_block(low, first & _MASK, _BLOCK)
            low += 1
        return count + self._count_blocks(low, high)

    def take_all(self, addresses: Iterable[int]) -> None:
        """Mark many taken, as after loading a lease file; quickest when neighbours follow each other."""
        if self._watchers:
            for address in addresses:
                self.take(address)
            return
        touched: set[int] = set()
        previous = -1
        block = bytearray()
        for address in addresses:
            index = address >> _SHIFT
            if index != previous:
                found = self._blocks.get(index)
                block = self._touch(index) if found is None else found
                touched.add(index)
                previous = index
            block[address & _MASK] = 1
        for index in touched:
            self._recount(index)

    def take_range(self, first: int, last: int) -> None:
        """Mark every address of first..last (both included) taken."""
        if self._watchers:
            for address in range(first, last + 1):
                self.take(address)
            return
        for index in range(first >> _SHIFT, (last >> _SHIFT) + 1):
            start = max(first - (index << _SHIFT), 0)
            end = min(last - (index << _SHIFT), _MASK) + 1
            block = self._blocks.get(index)
            if block is None:
                block = self._touch(index)
            block[start:end] = b"\1" * (end - start)
            self._recount(index)

    def watch(self, first: int, last: int, watcher: Watcher) -> None:
        """Tell `watcher` of every change in first..last (both included) from now on.

        Nobody else pays: without any watcher a change costs one test more, with watchers elsewhere one look-up.
        """
        entry = (first, last, watcher)
        for index in range(first >> _SHIFT, (last >> _SHIFT) + 1):
            self._watchers[index] = (*self._watchers.get(index, ()), entry)

    def unwatch(self, first: int, last: int, watcher: Watcher) -> None:
        """End what `watch` with the same arguments began; nothing happens if it did not."""
        for index in range(first >> _SHIFT, (last >> _SHIFT) + 1):
            rest = tuple(
                entry
                for entry in self._watchers.get(index, ())
                if not (entry[0] == first and entry[1] == last and entry[2] is watcher)
            )
            if rest:
                self._watchers[index] = rest
            else:
                self._watchers.pop(index, None)

    def _touch(self, index: int) -> bytearray:
        block = bytearray(_BLOCK)
        self._blocks[index] = block
        if index >> _SHIFT not in self._regions:
            self._regions[index >> _SHIFT] = _Region()
        return block

    def _recount(self, index: int) -> None:
        region, place = self._regions[index >> _SHIFT], index & _MASK
        count = self._blocks[index].count(1)
        region.total += count - region.counts[place]
        region.counts[place] = count
        region.full[place] = count == _BLOCK

    def _next_free_block(self, start: int, last: int) -> int | None:
        """The first free address after the block of `start`, which has none left."""
        index, last_index = (start >> _SHIFT) + 1, last >> _SHIFT
        while index <= last_index:
            region = self._regions.get(index >> _SHIFT)
            if region is None:
                return index << _SHIFT
            place = region.full.find(0, index & _MASK)
            if place >= 0:
                index = (index & ~_MASK) + place
                block = self._blocks.get(index)
                address = (index << _SHIFT) + (0 if block is None else block.find(0))
                return address if address <= last else None
            index = (index | _MASK) + 1
        return None

    def _count_in_block(self, index: int, start: int, end: int) -> int:
        region = self._regions.get(index >> _SHIFT)
        count = 0 if region is None else region.counts[index & _MASK]
        if not count:
            return 0
        if count == _BLOCK:
            return end - start
        return self._blocks[index].count(1, start, end)

    def _count_blocks(self, index: int, end: int) -> int:
        """Taken addresses in whole blocks index..end-1."""
        total = 0
        while index < end:
            following = min((index | _MASK) + 1, end)
            region = self._regions.get(index >> _SHIFT)
            if region is not None:
                if following - index == _BLOCK:
                    total += region.total
                else:
                    place = index & _MASK
                    total += sum(region.counts[place : place + following - index])
            index = following
        return total
