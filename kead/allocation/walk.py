"""The iterative allocator's way through the pools of a subnet, of addresses or of prefixes of several lengths.

Each pool has a pointer of its own. A walk goes on in the pool that served last, and from its end into the next one,
where that one's pointer is; only when all are through do all begin anew. Who may not use all pools, or hints at a
length of prefix, walks only through some of them, and then the way is no circle: what comes next is what Kea's walk
gives, since clients and their administrators see it. Kea looks at one after the other; here all that are taken are
passed in one step.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final, NamedTuple

from kead.allocation.occupied import Occupied

ADDRESS_LENGTH: Final = 128
"""Of a pool of addresses, also of IPv4: an address is its own number."""
BEGIN: Final = -1
"""No pool's name: none has served yet."""


Avoid = Callable[[int, int], bool]
"""Whether a prefix (address, length) is not to be given."""


class Stretch(NamedTuple):
    """A pool: its prefixes as numbers, which are their first `length` bits, both ends included."""

    name: int
    first: int
    last: int
    length: int
    free: Occupied


class Walk:
    """Pointers into the pools of one subnet. `pick` is given some of them, always under the same names (not BEGIN).

    at     the pool that served last
    next   the next number of each pool that has not just begun; one above its last: it is through
    """

    __slots__ = ("at", "next")

    def __init__(self) -> None:
        self.next: dict[int, int] = {}
        self.at = BEGIN

    def pick(self, pools: Sequence[Stretch], busy: Container[int], avoid: Avoid | None) -> tuple[Stretch, int] | None:
        """A pool and a number in it; None if there is nothing in any. There must be one pool at least."""
        start = looked = 0
        for place, pool in enumerate(pools):
            if pool.name == self.at:
                start = place
                break
        for pool in pools[start:] if start else pools:
            begin = self.next.get(pool.name, pool.first)
            if self._serve(pool, begin, busy, avoid):
                return pool, self.next[pool.name] - 1
            looked += pool.last - begin + 1
            self._through(pool)
        for pool in pools:
            self.next.pop(pool.name, None)
        for pool in pools:
            if self._serve(pool, pool.first, busy, avoid):
                return pool, self.next[pool.name] - 1
            self._through(pool)
        self._stand(pools, looked)
        return None

    def _serve(self, pool: Stretch, begin: int, busy: Container[int], avoid: Avoid | None) -> bool:
        """Set the pointer of this pool behind its first prefix from `begin` on that can be given, if there is one."""
        name, first, last, length, free = pool
        number = free.next_free(first, last, begin)
        if busy or avoid is not None:
            while number is not None:
                address = number << 128 - length
                if address not in busy and (avoid is None or not avoid(address, length)):
                    break
                number = free.next_free(first, last, number + 1)
        if number is None:
            return False
        self.at = name
        self.next[name] = number + 1
        return True

    def _through(self, pool: Stretch) -> None:
        """This pool has come to its end. One of a single prefix has then begun anew already."""
        if pool.first == pool.last:
            self.next.pop(pool.name, None)
        else:
            self.next[pool.name] = pool.last + 1

    def _stand(self, pools: Sequence[Stretch], looked: int) -> None:
        """After a walk in vain: where it ends when each prefix is looked at, `looked` of them before all began anew."""
        left = sum(pool.last - pool.first + 1 for pool in pools) - looked
        if not left:
            self.at = pools[-1].name
            self.next[self.at] = pools[-1].last + 1
            return
        for pool in pools:
            size = pool.last - pool.first + 1
            if left > size:
                left -= size
            elif left:
                self.at = pool.name
                self.next[pool.name] = pool.first + left
                left = 0
            else:
                self.next.pop(pool.name, None)
