"""Addresses in the order of a moment: when a lease ends.

A bucket a second, entered once and never corrected: whoever takes entries out asks whether they still hold. So a
renewal costs one append, and what it leaves behind is found stale later. Four bytes an entry.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from heapq import heappop, heappush

Current = Callable[[int, int], bool]
"""(address, second): does this entry still hold?"""


class Timeline:
    """Entries (second, address). `entries` counts them, stale ones included."""

    __slots__ = ("_buckets", "_order", "_to_sweep", "entries")

    def __init__(self) -> None:
        self._buckets: dict[int, array[int]] = {}
        self._order: list[int] = []  # a heap of the seconds that have a bucket
        self._to_sweep: list[int] = []
        self.entries = 0

    def add(self, second: int, address: int) -> None:
        """Enter the address at that second."""
        bucket = self._buckets.get(second)
        if bucket is None:
            self._buckets[second] = array("I", (address,))
            heappush(self._order, second)
        else:
            bucket.append(address)
        self.entries += 1

    def first(self) -> int | None:
        """The earliest second that has entries, stale ones included."""
        return self._order[0] if self._order else None

    def take(self, before: int, most: int) -> list[tuple[int, array[int]]]:
        """Take out entries of seconds before that one, earliest first, at most so many."""
        taken = []
        while most > 0 and self._order and self._order[0] < before:
            second = self._order[0]
            bucket = self._buckets[second]
            if len(bucket) > most:
                taken.append((second, bucket[-most:]))
                del bucket[-most:]
                self.entries -= most
                break
            heappop(self._order)
            del self._buckets[second]
            taken.append((second, bucket))
            self.entries -= len(bucket)
            most -= len(bucket)
        return taken

    def collect(self, before: int, limit: int, current: Current, most_stale: int = 1 << 62) -> list[int] | None:
        """Addresses whose entries hold, of seconds before that one, earliest first, at most `limit` (0: all).

        Entries that hold stay; stale and double ones met on the way are dropped. None: so many were dropped that
        it is time to let others work; ask again.
        """
        found: dict[int, None] = {}
        met: list[tuple[int, array[int]]] = []
        dropped = 0
        while self._order and self._order[0] < before and not (limit and len(found) >= limit) and dropped < most_stale:
            second = heappop(self._order)
            bucket = self._buckets.pop(second)
            kept = array("I")
            for index, address in enumerate(bucket):
                if (limit and len(found) >= limit) or dropped >= most_stale:
                    kept.extend(bucket[index:])
                    break
                if address not in found and current(address, second):
                    found[address] = None
                    kept.append(address)
                else:
                    dropped += 1
            self.entries -= len(bucket) - len(kept)
            if kept:
                met.append((second, kept))
        for second, kept in met:
            self._buckets[second] = kept
            heappush(self._order, second)
        return None if dropped >= most_stale and not (limit and len(found) >= limit) else list(found)

    def sweep(self, current: Current, work: int) -> None:
        """Drop stale entries of some buckets, looking at about so many entries; goes on where it ended last."""
        if not self._to_sweep:
            self._to_sweep = list(self._buckets)
        while work > 0 and self._to_sweep:
            second = self._to_sweep.pop()
            bucket = self._buckets.get(second)
            work -= 1
            if bucket is None:
                continue
            work -= len(bucket)
            kept = array("I", dict.fromkeys(address for address in bucket if current(address, second)))
            self.entries -= len(bucket) - len(kept)
            self._buckets[second] = kept  # an empty one goes with its turn in the order
