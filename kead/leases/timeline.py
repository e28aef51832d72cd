"""Addresses in the order of a moment: when a lease ends.

A bucket a second, entered once and never corrected: whoever takes entries out asks whether they still hold. So a
renewal costs one append, and what it leaves behind is found stale later. Four bytes an entry for IPv4 addresses, 16
for IPv6.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from heapq import heappop, heappush
from typing import Final, Protocol

Current = Callable[[int, int], bool]
"""(address, second): does this entry still hold?"""


class Bucket(Protocol):
    """A list of addresses."""

    def append(self, address: int, /) -> None: ...
    def extend(self, addresses: Iterable[int], /) -> None: ...
    def __len__(self) -> int: ...
    def __iter__(self) -> Iterator[int]: ...
    def __getitem__(self, part: slice, /) -> Bucket: ...
    def __delitem__(self, part: slice, /) -> None: ...


class Wide:
    """A bucket of IPv6 addresses."""

    __slots__ = ("_data",)

    def __init__(self, addresses: Iterable[int] = ()) -> None:
        self._data = bytearray().join([address.to_bytes(16, "big") for address in addresses])

    def append(self, address: int, /) -> None:
        self._data += address.to_bytes(16, "big")

    def extend(self, addresses: Iterable[int], /) -> None:
        for address in addresses:
            self._data += address.to_bytes(16, "big")

    def __len__(self) -> int:
        return len(self._data) >> 4

    def __iter__(self) -> Iterator[int]:
        data = self._data
        return iter([int.from_bytes(data[start : start + 16], "big") for start in range(0, len(data), 16)])

    def __getitem__(self, part: slice, /) -> Wide:
        taken = Wide()
        taken._data = self._data[self._bytes(part)]
        return taken

    def __delitem__(self, part: slice, /) -> None:
        del self._data[self._bytes(part)]

    def _bytes(self, part: slice) -> slice:
        first, end, _ = part.indices(len(self))
        return slice(first << 4, end << 4)


NARROW: Final[Callable[[Iterable[int]], Bucket]] = partial(array, "I")
"""Makes a bucket of IPv4 addresses."""


class Timeline:
    """Entries (second, address). `entries` counts them, stale ones included. `bucket` makes one with some addresses."""

    __slots__ = ("_bucket", "_buckets", "_order", "_to_sweep", "entries")

    def __init__(self, bucket: Callable[[Iterable[int]], Bucket] = NARROW) -> None:
        self._bucket = bucket
        self._buckets: dict[int, Bucket] = {}
        self._order: list[int] = []  # a heap of the seconds that have a bucket
        self._to_sweep: list[int] = []
        self.entries = 0

    def add(self, second: int, address: int) -> None:
        """Enter the address at that second."""
        bucket = self._buckets.get(second)
        if bucket is None:
            self._buckets[second] = self._bucket((address,))
            heappush(self._order, second)
        else:
            bucket.append(address)
        self.entries += 1

    def first(self) -> int | None:
        """The earliest second that has entries, stale ones included."""
        return self._order[0] if self._order else None

    def take(self, before: int, most: int) -> list[tuple[int, Bucket]]:
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
        met: list[tuple[int, Bucket]] = []
        dropped = 0
        while self._order and self._order[0] < before and not (limit and len(found) >= limit) and dropped < most_stale:
            second = heappop(self._order)
            bucket = self._buckets.pop(second)
            kept = self._bucket(())
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
            kept = self._bucket(dict.fromkeys(address for address in bucket if current(address, second)))
            self.entries -= len(bucket) - len(kept)
            self._buckets[second] = kept  # an empty one goes with its turn in the order
