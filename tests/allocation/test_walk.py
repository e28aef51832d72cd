"""The walk through pools against one that looks at each prefix in turn, as Kea's iterative allocator does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kead.allocation.sparse import SparseOccupancy
from kead.allocation.walk import ADDRESS_LENGTH, Stretch, Walk


class OneByOne:
    """Pools by name: first and last number. Each pool knows what it gave last, unless it has come to its end."""

    def __init__(self, pools: dict[str, tuple[int, int]]) -> None:
        self.pools = pools
        self.given = {name: first for name, (first, _) in pools.items()}
        self.valid = dict.fromkeys(pools, False)
        self.last = ""

    def candidate(self, names: list[str]) -> int:
        """The next number to look at."""
        start = names.index(self.last) if self.last in names else 0
        for name in names[start:]:
            first, last = self.pools[name]
            if not self.valid[name] and self.given[name] == first:
                return self._gives(name, first)
            if self.valid[name] and self.given[name] < last:
                return self._gives(name, self.given[name] + 1)
            self.valid[name] = False
        for name in names:
            self.given[name], self.valid[name] = self.pools[name][0], False
        return self._gives(names[0], self.pools[names[0]][0])

    def _gives(self, name: str, number: int) -> int:
        self.given[name], self.valid[name], self.last = number, True, name
        return number

    def pick(self, names: list[str], taken: set[int]) -> int | None:
        """One that is free, unless as many as the pools have were looked at in vain."""
        for _ in range(sum(last - first + 1 for first, last in (self.pools[name] for name in names))):
            number = self.candidate(names)
            if number not in taken:
                return number
        return None


SIZES = st.lists(st.integers(1, 4), min_size=1, max_size=4)
TURNS = st.lists(st.tuples(st.integers(1, 15), st.integers(0, 9), st.booleans()), max_size=60)


@given(SIZES, TURNS)
@settings(max_examples=400, deadline=None)
def test_the_walk_goes_as_one_that_takes_each_step(sizes: list[int], turns: list[tuple[int, int, bool]]) -> None:
    """A turn: which pools the client may use (as bits), what is given back before, whether it takes what it gets."""
    pools = {name: (10 * place, 10 * place + size - 1) for place, (name, size) in enumerate(zip("abcd", sizes))}  # noqa: B905
    slow, walk, free = OneByOne(pools), Walk(), SparseOccupancy()
    stretches = {name: Stretch(first, first, last, ADDRESS_LENGTH, free) for name, (first, last) in pools.items()}
    taken: list[int] = []
    for bits, back, takes in turns:
        if taken and back < 3:
            free.free(taken.pop(back % len(taken)))
        names = [name for place, name in enumerate(pools) if bits >> place & 1]
        if not names:
            continue
        expected = slow.pick(names, set(taken))
        found = walk.pick([stretches[name] for name in names], (), None)
        if expected is None and found is not None:
            return  # it had looked at as many, but not at this one: from here on the two go apart
        assert (None if found is None else found[1]) == expected
        if takes and expected is not None:
            taken.append(expected)
            free.take(expected)


def test_what_is_busy_or_to_be_avoided_is_passed() -> None:
    walk, free = Walk(), SparseOccupancy()
    pool = Stretch(1, 0, 5, 64, free)
    assert walk.pick([pool], {0, 1 << 64}, lambda address, length: (address >> 64, length) == (2, 64)) == (pool, 3)
    assert walk.pick([pool], (), None) == (pool, 4)
