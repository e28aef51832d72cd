"""Which prefix a client gets that has no claim to a particular one.

The pools of a subnet may delegate prefixes of several lengths. Those of one length are served by an allocator of the
kind that serves addresses, to which a prefix is a number: its first bits. What is decided here is whose turn it is.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Final, Generic, NamedTuple, Protocol, TypeVar

from kead.allocation.allocator import Allocator, make_allocator
from kead.allocation.prefixes import Prefixes, PrefixesOfLength


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

    __slots__ = ("all", "allocator", "numbers", "pools", "shift", "view")

    def __init__(self, name: str, pools: tuple[PoolT, ...], prefixes: Prefixes) -> None:
        self.pools = pools
        self.shift = 128 - pools[0].delegated_length
        self.numbers: dict[int, _Numbers] = {
            pool.first: _Numbers(pool.first >> self.shift, pool.last >> self.shift) for pool in pools
        }
        self.all: Sequence[_Numbers] = tuple(self.numbers.values())
        self.view: PrefixesOfLength = prefixes.of_length(pools[0].delegated_length)
        self.allocator: Allocator = make_allocator(name, self.all, self.view)


class PrefixAllocator(Generic[PoolT]):
    """Allocates from the prefix pools of a subnet; one for each subnet and configuration.

    `name` is one of `allocator.NAMES`. Pools come in address order. ValueError: no such allocator.
    """

    __slots__ = ("_last", "_lengths", "_pools")

    def __init__(self, name: str, pools: Sequence[PoolT], prefixes: Prefixes) -> None:
        self._pools = pools
        by_length: dict[int, list[PoolT]] = {}
        for pool in pools:
            by_length.setdefault(pool.delegated_length, []).append(pool)
        self._lengths: Final = {length: _Length(name, tuple(some), prefixes) for length, some in by_length.items()}
        self._last = 0  # the length that was given last

    def pick(
        self,
        pools: Sequence[PoolT],
        busy: Container[int],
        avoid: Callable[[int, int], bool] | None,
        wanted: int = 0,
    ) -> tuple[int, PoolT] | None:
        """The address of a free prefix, and its pool; None if there is none.

        `pools`: those that this client may use, in address order. The prefix is one that overlaps none that is taken,
        whose address is not in `busy`, and of which `avoid` (address, length) does not say True.

        `wanted`: the length that the client would like, 0: any. First come pools that delegate this very length, then
        those that delegate shorter prefixes (more than it asked for), then the others. A pick promises nothing; it
        costs what picking an address costs, for each length that is looked at.
        """
        everything = pools is self._pools
        for length in self._lengths if everything and len(self._lengths) == 1 else self._order(pools, wanted):
            of = self._lengths[length]
            if everything:
                numbers = of.all
            else:
                numbers = [of.numbers[pool.first] for pool in pools if pool.delegated_length == length]
            number = of.allocator.pick(
                numbers,
                of.view,
                _Shifted(busy, of.shift) if busy else (),
                None if avoid is None and not of.view.mixed() else _avoid(of, avoid, length),
            )
            if number is not None:
                self._last = length
                address = number << of.shift
                for pool in of.pools:
                    if pool.first <= address <= pool.last:
                        return address, pool
        return None

    def close(self) -> None:
        """The configuration is gone: stop listening."""
        for of in self._lengths.values():
            of.allocator.close()

    def _order(self, pools: Sequence[PoolT], wanted: int) -> list[int]:
        """The lengths of these pools, in the order in which they are to be tried."""
        lengths = list(dict.fromkeys(pool.delegated_length for pool in pools))
        if len(lengths) > 1:
            if self._last in lengths:  # go on where we were, round to what lies before it
                place = lengths.index(self._last)
                lengths = lengths[place:] + lengths[:place]
            if wanted:
                lengths.sort(key=lambda length: (length != wanted, length > wanted))
        return lengths


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
