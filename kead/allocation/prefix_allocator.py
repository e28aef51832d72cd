"""Which prefix a client gets that has no claim to a particular one.

The pools of a subnet may delegate prefixes of several lengths; a prefix is known by its number: its first bits. The
iterative allocator walks through all pools (`walk.py`). For the others those of one length are served by an allocator
of the kind that serves addresses, and what is decided here is whose turn it is: as in Kea, chance says.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from random import random
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from kead.allocation.allocator import Allocator, make_allocator
from kead.allocation.prefixes import Prefixes, PrefixesOfLength
from kead.allocation.walk import Stretch, Walk

ITERATIVE: Final = "iterative"


class PrefixPool(Protocol):
    """A range of prefixes. `first` is the first prefix's address, `last` the last address of the last one."""

    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...
    @property
    def delegated_length(self) -> int: ...


PoolT = TypeVar("PoolT", bound=PrefixPool)


class _Numbers(NamedTuple):
    """A pool's prefixes as numbers."""

    first: int
    last: int


class _Length(Generic[PoolT]):
    """All pools with one delegated length."""

    __slots__ = ("allocator", "numbers", "pools", "shift", "view")

    def __init__(self, name: str, pools: tuple[PoolT, ...], prefixes: Prefixes) -> None:
        self.pools = pools
        self.shift = 128 - pools[0].delegated_length
        self.numbers: dict[int, _Numbers] = {
            pool.first: _Numbers(pool.first >> self.shift, pool.last >> self.shift) for pool in pools
        }
        self.view: PrefixesOfLength = prefixes.of_length(pools[0].delegated_length)
        self.allocator: Allocator | None = None
        if name != ITERATIVE:
            self.allocator = make_allocator(name, tuple(self.numbers.values()), self.view)


class PrefixAllocator(Generic[PoolT]):
    """Allocates from the prefix pools of a subnet; one for each subnet and configuration.

    `name` is one of `allocator.NAMES`. Pools come in address order. ValueError: no such allocator. `random` gives
    numbers from 0 on and below 1.
    """

    __slots__ = ("_lengths", "_named", "_pools", "_random", "_walk", "_way", "_ways")

    def __init__(
        self, name: str, pools: Sequence[PoolT], prefixes: Prefixes, random: Callable[[], float] = random
    ) -> None:
        by_length: dict[int, list[PoolT]] = {}
        for pool in pools:
            by_length.setdefault(pool.delegated_length, []).append(pool)
        self._lengths: Final = {length: _Length(name, tuple(some), prefixes) for length, some in by_length.items()}
        self._pools = pools
        self._named = {pool.first: pool for pool in pools}
        self._walk = Walk() if name == ITERATIVE else None
        self._way = {
            first: Stretch(first, *self._lengths[length].numbers[first], length, self._lengths[length].view)
            for first, length in ((pool.first, pool.delegated_length) for pool in pools)
        }
        self._ways = tuple(self._way.values())
        self._random = random

    def pick(
        self, pools: Sequence[PoolT], busy: Container[int], avoid: Callable[[int, int], bool] | None
    ) -> tuple[int, PoolT] | None:
        """The address of a free prefix, and its pool; None if there is none.

        `pools`: those that this client may use, in address order. The prefix is one that overlaps none that is taken,
        whose address is not in `busy`, and of which `avoid` (address, length) does not say True.

        A pick promises nothing; it costs what picking an address costs, for each pool or length that is looked at.
        """
        if not pools:
            return None
        if self._walk is not None:
            ways = self._ways if pools is self._pools else [self._way[pool.first] for pool in pools]
            found = self._walk.pick(ways, busy, avoid)
            if found is None:
                return None
            way, place = found
            return place << 128 - way.length, self._named[way.name]
        for length in self._order(pools):
            of = self._lengths[length]
            numbers = [of.numbers[pool.first] for pool in pools if pool.delegated_length == length]
            assert of.allocator is not None  # only who walks has none
            number = of.allocator.pick(
                numbers,
                of.view,
                _Shifted(busy, of.shift) if busy else (),
                None if avoid is None and not of.view.mixed() else _avoid(of, avoid, length),
            )
            if number is not None:
                address = number << of.shift
                for pool in of.pools:
                    if pool.first <= address <= pool.last:
                        return address, pool
        return None

    def close(self) -> None:
        """The configuration is gone: stop listening."""
        for of in self._lengths.values():
            if of.allocator is not None:
                of.allocator.close()

    def _order(self, pools: Sequence[PoolT]) -> list[int]:
        """The lengths of these pools, in the order in which they are to be tried: each pool is as likely the first."""
        start = int(self._random() * len(pools)) if len(self._lengths) > 1 else 0
        return list(dict.fromkeys(pool.delegated_length for pool in (*pools[start:], *pools[:start])))


class _Shifted:
    """What is in flight, asked by number."""

    __slots__ = ("_busy", "_shift")

    def __init__(self, busy: Container[int], shift: int) -> None:
        self._busy = busy
        self._shift = shift

    def __contains__(self, number: object) -> bool:
        return isinstance(number, int) and number << self._shift in self._busy


def _avoid(of: _Length[PoolT], avoid: Callable[[int, int], bool] | None, length: int) -> Callable[[int], bool]:
    """`avoid` by number; with what other lengths are in the way, of which a queue of free prefixes does not hear."""
    shift, view = of.shift, of.view
    if avoid is None:
        return view.overlapped
    if view.mixed():
        return lambda number: view.overlapped(number) or avoid(number << shift, length)
    return lambda number: avoid(number << shift, length)
