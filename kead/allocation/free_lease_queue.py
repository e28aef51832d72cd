"""The free-lease-queue allocator: an address rests as long as possible before somebody else gets it.

Each pool has a queue of its free addresses in the order in which they became free. Those that nobody has had since the
pool was configured come first; they need no entry in the queue but a pointer, so that a /8 costs nothing at the start.
An address that is offered goes to the end of the queue, and leaves it when it is taken.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Container, Sequence
from random import random

from kead.allocation.occupied import Occupied
from kead.allocation.pools import PoolRange


class _Queue:
    """The free addresses of one pool: unused ones from `fresh` on, others in `waiting`, the longest free first."""

    __slots__ = ("first", "fresh", "last", "waiting")

    def __init__(self, first: int, last: int) -> None:
        self.first = first
        self.last = last
        self.fresh = first
        self.waiting: OrderedDict[int, None] = OrderedDict()

    def taken(self, address: int) -> None:
        self.waiting.pop(address, None)

    def freed(self, address: int) -> None:
        self.waiting[address] = None

    def offer(self, free: Occupied, busy: Container[int], avoid: Callable[[int], bool] | None) -> int | None:
        waiting = self.waiting
        while self.fresh <= self.last:
            address = free.next_free(self.first, self.last, self.fresh)
            if address is None:
                self.fresh = self.last + 1
                break
            self.fresh = address + 1
            if address in waiting:  # it was asked for by name, and given back
                continue
            waiting[address] = None
            if address not in busy and (avoid is None or not avoid(address)):
                return address
        for _ in range(len(waiting)):
            address = next(iter(waiting))
            waiting.move_to_end(address)
            if address not in busy and (avoid is None or not avoid(address)):
                return address
        return None


class FreeLeaseQueueAllocator:
    """One queue a pool; which pool serves is decided at random, as in Kea, among those that have something to offer.

    It listens to `occupancy` from its making until `close`. `pick` must be given some of the same `pools` and the same
    occupancy.
    """

    __slots__ = ("_occupancy", "_queues", "_random")

    def __init__(self, pools: Sequence[PoolRange], occupancy: Occupied, random: Callable[[], float] = random) -> None:
        self._occupancy = occupancy
        self._random = random
        self._queues = {pool.first: _Queue(pool.first, pool.last) for pool in pools}
        for queue in self._queues.values():
            occupancy.watch(queue.first, queue.last, queue)

    def pick(
        self,
        pools: Sequence[PoolRange],
        free: Occupied,
        busy: Container[int],
        avoid: Callable[[int], bool] | None,
    ) -> int | None:
        """See `Allocator`."""
        count = len(pools)
        start = int(self._random() * count) if count > 1 else 0
        for place in range(start, start + count):
            pool = pools[place if place < count else place - count]
            address = self._queues[pool.first].offer(free, busy, avoid)
            if address is not None:
                return address
        return None

    def close(self) -> None:
        """See `Allocator`."""
        for queue in self._queues.values():
            self._occupancy.unwatch(queue.first, queue.last, queue)
