"""Which prefixes are taken: never two that overlap are called free, whatever lengths there are."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kead.allocation.occupancy6 import Occupancy6
from kead.allocation.prefixes import Prefixes

BASE = 0x20010DB8 << 96
LENGTHS = (44, 46, 48, 50, 128)
SPAN = 44  # all play in this one prefix


def network(number: int, length: int) -> int:
    return BASE + (number % (1 << (length - SPAN)) << (128 - length))


PREFIX = st.tuples(st.integers(0, 63), st.sampled_from(LENGTHS)).map(lambda one: (network(*one), one[1]))
ODD = st.sampled_from([(BASE, 0), (BASE + 1, 48), (BASE + (5 << 78), 200), (BASE, -1)])


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    shift = 128 - min(one[1], other[1])
    return one[0] >> shift == other[0] >> shift


def proper(one: tuple[int, int]) -> tuple[int, int]:
    address, length = one
    return one if 1 <= length <= 128 and not address & ((1 << (128 - length)) - 1) else (address, 128)


class AsASet(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.prefixes = Prefixes()
        self.model: set[tuple[int, int]] = set()

    @rule(one=PREFIX | ODD)
    def take(self, one: tuple[int, int]) -> None:
        assert self.prefixes.take(*one) == (proper(one) not in self.model)
        self.model.add(proper(one))

    @rule(one=PREFIX | ODD)
    def free(self, one: tuple[int, int]) -> None:
        assert self.prefixes.free(*one) == (proper(one) in self.model)
        self.model.discard(proper(one))

    @rule(data=st.data())
    def free_one(self, data: st.DataObject) -> None:
        if self.model:
            one = data.draw(st.sampled_from(sorted(self.model)))
            assert self.prefixes.free(*one)
            self.model.discard(one)

    @rule(one=PREFIX)
    def taken(self, one: tuple[int, int]) -> None:
        assert self.prefixes.taken(*one) == any(overlap(one, other) for other in self.model)

    @rule(
        length=st.sampled_from(LENGTHS[:4]), first=st.integers(0, 63), last=st.integers(0, 63), start=st.integers(0, 63)
    )
    def next_free(self, length: int, first: int, last: int, start: int) -> None:
        view = self.prefixes.of_length(length)
        shift = 128 - length
        size = 1 << (length - SPAN)
        base = BASE >> shift
        first, last, start = first % size, last % size, start % size
        expected = next(
            (
                base + number
                for number in range(max(first, start), last + 1)
                if not any(overlap(((base + number) << shift, length), other) for other in self.model)
            ),
            None,
        )
        assert view.next_free(base + first, base + last, base + start) == expected
        assert view.mixed() == any(other != length for _, other in self.model)

    @invariant()
    def length(self) -> None:
        assert len(self.prefixes) == len(self.model)


TestAsASet = AsASet.TestCase
TestAsASet.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)


@given(st.lists(PREFIX, max_size=20), st.sampled_from(LENGTHS))
def test_a_view_that_comes_late_sees_what_was_taken_before(some: list[tuple[int, int]], length: int) -> None:
    early, late = Prefixes(), Prefixes()
    early.of_length(length)
    for one in some:
        early.take(*one)
        late.take(*one)
    for number in range(64):
        assert early.taken(network(number, length), length) == late.taken(network(number, length), length)


@pytest.mark.parametrize("length", [0, -1, 129])
def test_there_are_no_such_prefixes(length: int) -> None:
    with pytest.raises(ValueError, match="not the length of a prefix"):
        Prefixes().of_length(length)


def test_old_leases_of_another_length_are_stepped_over_in_microseconds() -> None:
    """The pool once delegated /56, all of them taken, and delegates /60 now, or /52."""
    prefixes = Prefixes()
    for number in range(1 << 16):
        prefixes.take(BASE + (number << 72), 56)
    for length in (52, 60):
        view, shift = prefixes.of_length(length), 128 - length
        first, last = BASE >> shift, (BASE + (1 << 88) - 1) >> shift
        begin = time.perf_counter()
        for _ in range(100):
            assert view.next_free(first, last, first) is None
        assert (time.perf_counter() - begin) / 100 < 500e-6


def test_addresses_and_prefixes_are_apart() -> None:
    occupancy = Occupancy6()
    occupancy.addresses.take(BASE)
    assert not occupancy.prefixes.taken(BASE, 64)
    occupancy.prefixes.take(BASE, 64)
    assert not occupancy.addresses.taken(BASE + 1)
