"""Sparse occupancy is a set of numbers, of any size; whatever its levels do, it must answer as a set does."""

from __future__ import annotations

import time

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kead.allocation.sparse import SparseOccupancy

# Numbers that crowd around the edges of blocks (256), of groups of blocks (65536) and of groups of those.
EDGES = (0, 256, 65_536, 1 << 24, 1 << 64, (1 << 64) + 65_536, (1 << 128) - 1)
NUMBER = st.builds(
    lambda edge, step: min(max(edge + step, 0), (1 << 128) - 1), st.sampled_from(EDGES), st.integers(-3, 3)
)


class AsASet(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.occupancy = SparseOccupancy()
        self.model: set[int] = set()

    @rule(number=NUMBER)
    def take(self, number: int) -> None:
        assert self.occupancy.take(number) == (number not in self.model)
        self.model.add(number)

    @rule(number=NUMBER)
    def free(self, number: int) -> None:
        assert self.occupancy.free(number) == (number in self.model)
        self.model.discard(number)

    @rule(first=NUMBER, length=st.sampled_from((1, 5, 255, 256, 257, 600)))
    def take_all(self, first: int, length: int) -> None:
        some = range(first, min(first + length, 1 << 128))
        self.occupancy.take_all(some)
        self.model.update(some)

    @rule(first=NUMBER, length=st.integers(0, 600))
    def free_some(self, first: int, length: int) -> None:
        for number in [taken for taken in self.model if first <= taken < first + length]:
            assert self.occupancy.free(number)
            self.model.discard(number)

    @rule(number=NUMBER)
    def taken(self, number: int) -> None:
        assert self.occupancy.taken(number) == (number in self.model)

    @rule(first=NUMBER, last=NUMBER, start=NUMBER)
    def next_free(self, first: int, last: int, start: int) -> None:
        number = max(first, start)
        while number in self.model:
            number += 1
        assert self.occupancy.next_free(first, last, start) == (number if number <= last else None)

    @invariant()
    def content(self) -> None:
        assert len(self.occupancy) == len(self.model)
        assert set(self.occupancy) == self.model


TestAsASet = AsASet.TestCase
TestAsASet.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.permutations(range(4)), st.integers(0, (1 << 18) - 1))
@settings(max_examples=8, deadline=None)
def test_a_large_full_range_is_stepped_over(order: list[int], hole: int) -> None:
    occupancy = SparseOccupancy()
    base = (1 << 100) + (1 << 18)
    quarter = 1 << 16
    for part in order:
        occupancy.take_all(range(base + part * quarter, base + (part + 1) * quarter))
    last = base + (1 << 18) - 1
    assert occupancy.next_free(base, last, base) is None
    assert occupancy.next_free(base, last + 1, base) == last + 1
    occupancy.free(base + hole)
    assert occupancy.next_free(base, last, base) == base + hole
    assert occupancy.next_free(base, last, base + hole + 1) is None
    occupancy.take(base + hole)
    assert occupancy.next_free(base, last, base) is None
    for number in range(base, last + 1):
        occupancy.free(number)
    assert len(occupancy) == 0
    assert not occupancy._blocks
    assert not any(occupancy._full)


def test_full_is_found_in_microseconds() -> None:
    occupancy = SparseOccupancy()
    occupancy.take_all(range(1 << 20))
    begin = time.perf_counter()
    for _ in range(1000):
        assert occupancy.next_free(0, (1 << 20) - 1, 0) is None
    assert (time.perf_counter() - begin) / 1000 < 100e-6


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def taken(self, address: int) -> None:
        self.heard.append(("taken", address))

    def freed(self, address: int) -> None:
        self.heard.append(("freed", address))


RANGES = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda ends: (min(ends), max(ends))), max_size=5
)


@given(RANGES, st.lists(st.integers(0, 31), max_size=20), st.integers(0, 5))
def test_watchers_hear_changes_in_their_ranges_only(
    ranges: list[tuple[int, int]], changes: list[int], leave: int
) -> None:
    base = 1 << 90
    occupancy, listeners = SparseOccupancy(), [Listener() for _ in ranges]
    for (first, last), listener in zip(ranges, listeners, strict=True):
        occupancy.watch(base + first, base + last, listener)
    for (first, last), listener in list(zip(ranges, listeners, strict=True))[:leave]:
        occupancy.unwatch(base + first, base + last, listener)
        occupancy.unwatch(base + first, base + last, listener)
    heard: list[tuple[str, int]] = []
    for change in changes:
        if occupancy.take(base + change):
            heard.append(("taken", base + change))
        else:
            occupancy.free(base + change)
            heard.append(("freed", base + change))
    for place, ((first, last), listener) in enumerate(zip(ranges, listeners, strict=True)):
        expected = [] if place < leave else [one for one in heard if base + first <= one[1] <= base + last]
        assert listener.heard == expected
