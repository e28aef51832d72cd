"""Occupancy is a set of addresses; whatever its blocks do, it must answer as a set does."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from kead.allocation.occupancy import Occupancy

# Addresses that crowd around the edges of blocks (4096) and of /8s, where mistakes live.
EDGES = (0x0A000000, 0x0A001000, 0x0AFFF000, 0x0B000000, 0x0AFFFFFF, 0, 0xFFFFF000, 0xFFFFFFFF)
ADDRESS = st.builds(lambda edge, step: min(max(edge + step, 0), 0xFFFFFFFF), st.sampled_from(EDGES), st.integers(-3, 3))


class AsASet(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.occupancy = Occupancy()
        self.model: set[int] = set()

    @rule(address=ADDRESS)
    def take(self, address: int) -> None:
        assert self.occupancy.take(address) == (address not in self.model)
        self.model.add(address)

    @rule(address=ADDRESS)
    def free(self, address: int) -> None:
        assert self.occupancy.free(address) == (address in self.model)
        self.model.discard(address)

    @rule(addresses=st.lists(ADDRESS, max_size=8))
    def take_all(self, addresses: list[int]) -> None:
        self.occupancy.take_all(addresses)
        self.model.update(addresses)

    @rule(first=ADDRESS, length=st.sampled_from((0, 1, 5, 4095, 4096, 4097, 9000)))
    def take_range(self, first: int, length: int) -> None:
        last = min(first + length - 1, 0xFFFFFFFF)
        self.occupancy.take_range(first, last)
        self.model.update(range(first, last + 1))

    @rule(first=ADDRESS, length=st.integers(0, 9000))
    def free_some(self, first: int, length: int) -> None:
        for address in [taken for taken in self.model if first <= taken < first + length]:
            assert self.occupancy.free(address)
            self.model.discard(address)

    @rule(address=ADDRESS)
    def taken(self, address: int) -> None:
        assert self.occupancy.taken(address) == (address in self.model)

    @rule(first=ADDRESS, last=ADDRESS)
    def count(self, first: int, last: int) -> None:
        assert self.occupancy.count(first, last) == sum(first <= address <= last for address in self.model)

    @rule(first=ADDRESS, last=ADDRESS, start=ADDRESS)
    def next_free(self, first: int, last: int, start: int) -> None:
        address = max(first, start)
        while address in self.model:
            address += 1
        assert self.occupancy.next_free(first, last, start) == (address if address <= last else None)

    @invariant()
    def length(self) -> None:
        assert len(self.occupancy) == len(self.model)


TestAsASet = AsASet.TestCase
TestAsASet.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


@given(st.lists(ADDRESS), st.lists(ADDRESS))
def test_no_block_outlives_its_last_address(taken: list[int], freed: list[int]) -> None:
    occupancy = Occupancy()
    occupancy.take_all(taken)
    for address in freed:
        occupancy.free(address)
    left = set(taken) - set(freed)
    assert set(occupancy._blocks) == {address >> 12 for address in left}


def test_a_full_slash_8() -> None:
    occupancy = Occupancy()
    first, last = 0x0A000000, 0x0AFFFFFF
    occupancy.take_range(first, last)
    assert occupancy.count(first, last) == len(occupancy) == 1 << 24
    assert occupancy.next_free(first, last, first) is None
    occupancy.free(0x0A123456)
    assert occupancy.next_free(first, last, first) == 0x0A123456
    assert occupancy.next_free(first, last, 0x0A123457) is None
    assert occupancy.next_free(first, last + 1, 0x0A123457) == last + 1


def test_a_block_that_was_filled_one_by_one_is_stepped_over() -> None:
    occupancy = Occupancy()
    for address in range(4095, 8192):
        occupancy.take(address)
    assert occupancy.next_free(0, 10_000, 4095) == 8192
    occupancy.free(5000)
    assert occupancy.next_free(0, 10_000, 4095) == 5000
    occupancy.take(5000)
    assert occupancy.next_free(0, 8191, 4095) is None


class Listener:
    def __init__(self) -> None:
        self.heard: list[tuple[str, int]] = []

    def taken(self, address: int) -> None:
        self.heard.append(("taken", address))

    def freed(self, address: int) -> None:
        self.heard.append(("freed", address))


def test_a_watcher_hears_changes_in_its_range_only() -> None:
    occupancy, listener = Occupancy(), Listener()
    occupancy.take(4095)
    occupancy.watch(4094, 4097, listener)
    for address in (4093, 4094, 4095, 4097, 4098):
        occupancy.take(address)
    occupancy.take_range(4096, 4099)
    occupancy.take_all([4093, 4096])
    for address in (4098, 4095, 4095):
        occupancy.free(address)
    assert listener.heard == [("taken", 4094), ("taken", 4097), ("taken", 4096), ("freed", 4095)]


def test_a_watcher_that_left_hears_nothing_and_others_still_do() -> None:
    occupancy, one, other = Occupancy(), Listener(), Listener()
    occupancy.watch(1, 10_000, one)
    occupancy.watch(5000, 6000, other)
    occupancy.unwatch(1, 10_000, one)
    occupancy.unwatch(1, 10_000, one)
    occupancy.take(5500)
    assert (one.heard, other.heard) == ([], [("taken", 5500)])
    occupancy.unwatch(5000, 6000, other)
    assert not occupancy._watchers
