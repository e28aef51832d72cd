"""Allocators: what all of them promise, then each one's own order."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from kead.allocation.allocator import NAMES, Allocator, make_allocator
from kead.allocation.free_lease_queue import FreeLeaseQueueAllocator
from kead.allocation.iterative import IterativeAllocator
from kead.allocation.occupancy import Occupancy
from kead.allocation.pools import first_or_last_of_24, has_free
from kead.allocation.scattered import RandomAllocator


class Pool(NamedTuple):
    first: int
    last: int


NET = 0x0A000000
SLASH_8 = (Pool(NET, NET + (1 << 24) - 1),)
SLASH_24 = (Pool(NET, NET + 255),)


def pools_of(ends: list[int]) -> tuple[Pool, ...]:
    ends = sorted(set(ends))
    return tuple(Pool(NET + ends[place], NET + ends[place + 1] - 1) for place in range(0, len(ends) - 1, 2))


POOLS = st.lists(st.integers(4060, 4140), min_size=2, max_size=8).map(pools_of).filter(bool)
SOME = st.sets(st.integers(4060, 4140).map(lambda offset: NET + offset))


def seeded(seed: int) -> Callable[[int], bytes]:
    return random.Random(seed).randbytes


def picks(allocator: Allocator, pools: tuple[Pool, ...], free: Occupancy, count: int) -> list[int]:
    """So many addresses, each as an offset from the network, none of them taken by its client."""
    found = [allocator.pick(pools, free, (), None) for _ in range(count)]
    return [-1 if address is None else address - NET for address in found]


@pytest.mark.parametrize("name", NAMES)
@given(POOLS, SOME, SOME, SOME)
@settings(deadline=None)
def test_every_usable_address_is_handed_out_once_and_no_other(
    name: str, pools: tuple[Pool, ...], taken: set[int], busy: set[int], avoided: set[int]
) -> None:
    free = Occupancy()
    allocator = make_allocator(name, pools, free)
    for address in taken:
        free.take(address)
    handed_out = []
    while (address := allocator.pick(pools, free, busy, avoided.__contains__)) is not None:
        assert free.take(address)
        handed_out.append(address)
    everything = {address for pool in pools for address in range(pool.first, pool.last + 1)}
    assert len(handed_out) == len(set(handed_out))
    assert set(handed_out) == everything - taken - busy - avoided


@pytest.mark.parametrize("name", NAMES)
@given(POOLS.map(lambda pools: pools[:1]), SOME, SOME)
@settings(deadline=None)
def test_offers_that_nobody_takes_repeat_only_when_all_had_their_turn(
    name: str, pools: tuple[Pool, ...], taken: set[int], avoided: set[int]
) -> None:
    free = Occupancy()
    allocator = make_allocator(name, pools, free)
    for address in taken:
        free.take(address)
    usable = set(range(pools[0].first, pools[0].last + 1)) - taken - avoided
    for _ in range(3):
        assert {allocator.pick(pools, free, (), avoided.__contains__) for _ in usable} == usable
    assert (allocator.pick(pools, free, (), avoided.__contains__) is None) == (not usable)


@pytest.mark.parametrize("name", NAMES)
def test_a_client_gets_addresses_of_its_own_pools_only(name: str) -> None:
    pools = (Pool(NET, NET + 9), Pool(NET + 20, NET + 29), Pool(NET + 40, NET + 49))
    free = Occupancy()
    allocator = make_allocator(name, pools, free)
    offered = {allocator.pick(pools[1:2], free, (), None) for _ in range(30)}
    assert offered == set(range(NET + 20, NET + 30))
    assert allocator.pick((), free, (), None) is None


@pytest.mark.parametrize("name", NAMES)
def test_an_address_that_was_busy_is_found_later(name: str) -> None:
    pools, free = (Pool(NET, NET),), Occupancy()
    allocator = make_allocator(name, pools, free)
    assert allocator.pick(pools, free, {NET}, None) is None
    assert allocator.pick(pools, free, (), None) == NET


@pytest.mark.parametrize("name", NAMES)
def test_a_freed_address_is_found_again(name: str) -> None:
    free = Occupancy()
    allocator = make_allocator(name, SLASH_24, free)
    free.take_range(NET, NET + 255)
    assert allocator.pick(SLASH_24, free, (), None) is None
    free.free(NET + 77)
    assert allocator.pick(SLASH_24, free, (), None) == NET + 77
    free.take(NET + 77)
    assert allocator.pick(SLASH_24, free, (), None) is None


@pytest.mark.parametrize("name", NAMES)
def test_the_highest_and_the_lowest_address(name: str) -> None:
    pools, free = (Pool(0, 1), Pool(0xFFFFFFFE, 0xFFFFFFFF)), Occupancy()
    allocator = make_allocator(name, pools, free)
    found = set()
    for _ in range(4):
        address = allocator.pick(pools, free, (), None)
        assert address is not None
        free.take(address)
        found.add(address)
    assert found == {0, 1, 0xFFFFFFFE, 0xFFFFFFFF}
    assert allocator.pick(pools, free, (), None) is None


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("freed", [(), (NET + 12_345_678,)])
def test_a_full_slash_8_takes_no_scanning(name: str, freed: tuple[int, ...]) -> None:
    free = Occupancy()
    free.take_range(*SLASH_8[0])
    allocator = make_allocator(name, SLASH_8, free)
    for address in freed:
        free.free(address)
    begin = time.perf_counter()
    found = {allocator.pick(SLASH_8, free, (), None) for _ in range(1000)}
    assert time.perf_counter() - begin < 0.5  # a hundred times what it takes, a thousandth of a scan
    assert found == (set(freed) or {None})


@pytest.mark.parametrize("name", NAMES)
def test_the_excluded_ends_of_a_24(name: str) -> None:
    pools = (Pool(NET + 250, NET + 260),)
    free = Occupancy()
    allocator = make_allocator(name, pools, free)
    offered = {allocator.pick(pools, free, (), first_or_last_of_24) for _ in range(50)}
    assert offered == set(range(NET + 250, NET + 261)) - {NET + 255, NET + 256}


def test_a_name_that_nobody_has() -> None:
    with pytest.raises(ValueError, match="unknown allocator 'shared-flq': use one of iterative, random, flq"):
        make_allocator("shared-flq", SLASH_24, Occupancy())


def test_has_free() -> None:
    free = Occupancy()
    pools = (Pool(NET, NET + 1), Pool(NET + 8, NET + 9))
    assert has_free(pools, free)
    free.take_range(NET, NET + 8)
    assert has_free(pools, free)
    free.take(NET + 9)
    assert not has_free(pools, free)
    assert not has_free((), free)


# Iterative


def test_iterative_goes_on_by_one_and_around() -> None:
    pools = (Pool(NET, NET + 2), Pool(NET + 10, NET + 11))
    assert picks(IterativeAllocator(), pools, Occupancy(), 7) == [0, 1, 2, 10, 11, 0, 1]


def test_iterative_steps_over_taken_ones_and_does_not_go_back() -> None:
    pools, free = (Pool(NET, NET + 5),), Occupancy()
    allocator = IterativeAllocator()
    assert picks(allocator, pools, free, 2) == [0, 1]
    free.take(NET + 2)
    free.take(NET + 4)
    assert picks(allocator, pools, free, 3) == [3, 5, 0]
    free.free(NET + 4)
    assert picks(allocator, pools, free, 4) == [1, 3, 4, 5]


def test_iterative_goes_on_in_each_pool_where_it_was() -> None:
    low, high, free = Pool(NET, NET + 9), Pool(NET + 20, NET + 29), Occupancy()
    allocator = IterativeAllocator()
    assert picks(allocator, (high,), free, 2) == [20, 21]
    assert picks(allocator, (low,), free, 2) == [0, 1]
    assert picks(allocator, (low, high), free, 9)[-2:] == [9, 22]


@pytest.mark.parametrize(
    ("clients", "expected"),
    [
        ("abababba", "a0 b0 a1 b1 a2 b2 b3 a3"),
        (
            "aabaacbabbccaababcccacbbac",
            "a0 a1 b0 a2 a3 b1 b2 a0 b3 b0 b1 b2 a1 a2 b3 a3 b0 b1 b2 b3 a0 a1 b0 b1 a2 a3",
        ),
    ],
)
def test_iterative_has_a_pointer_into_each_pool(clients: str, expected: str) -> None:
    """What 3.0.4 offers to clients who may use the first pool (a), the second (b) or both (c)."""
    first, second = Pool(10, 13), Pool(20, 23)
    pools = {"a": [first], "b": [second], "c": [first, second]}
    allocator, free = IterativeAllocator(), Occupancy()
    found = [allocator.pick(pools[client], free, (), None) or 0 for client in clients]
    assert [f"{'_ab'[address // 10]}{address % 10}" for address in found] == expected.split()


def test_iterative_comes_around_to_the_address_before_its_pointer_last() -> None:
    pools, free = (Pool(NET, NET + 9),), Occupancy()
    allocator = IterativeAllocator()
    picks(allocator, pools, free, 5)
    free.take_range(NET, NET + 9)
    free.free(NET + 4)
    assert picks(allocator, pools, free, 2) == [4, 4]


# Random


def test_random_treats_all_addresses_alike() -> None:
    """Also those of a small pool beside a large one, and also when three quarters are taken."""
    pools, free = (Pool(NET, NET + 9), Pool(NET + 50, NET + 139)), Occupancy()
    for offset in range(140):
        if offset % 4:
            free.take(NET + offset)
    random_bytes, counts = seeded(1), Counter[int]()
    for _ in range(20_000):
        counts.update(picks(RandomAllocator(random_bytes), pools, free, 1))
    assert set(counts) == {0, 4, 8, *range(52, 140, 4)}
    expected = 20_000 / len(counts)
    assert all(0.8 * expected < count < 1.2 * expected for count in counts.values())


def test_random_is_not_the_same_twice() -> None:
    assert picks(RandomAllocator(), SLASH_8, Occupancy(), 5) != picks(RandomAllocator(), SLASH_8, Occupancy(), 5)


def test_random_repeats_nothing_while_a_large_pool_has_addresses_left() -> None:
    offered = picks(RandomAllocator(seeded(2)), (Pool(NET, NET + 16_000),), Occupancy(), 16_000)
    assert len(set(offered)) == 16_000


def test_random_remembers_a_bounded_number() -> None:
    allocator = RandomAllocator(seeded(3))
    picks(allocator, SLASH_8, Occupancy(), 40_000)
    assert len(allocator._offered) <= 16_384


# Free lease queue


def test_flq_hands_out_unused_ones_first_then_the_longest_free() -> None:
    pools, free = (Pool(NET, NET + 4),), Occupancy()
    allocator = FreeLeaseQueueAllocator(pools, free)
    for offset in picks(allocator, pools, free, 4):
        free.take(NET + offset)
    for offset in (2, 0, 3):
        free.free(NET + offset)
    assert picks(allocator, pools, free, 5) == [4, 2, 0, 3, 4]


def test_flq_knows_what_was_taken_before_it_began_and_what_a_client_asked_for() -> None:
    pools, free = (Pool(NET, NET + 3),), Occupancy()
    free.take(NET)
    allocator = FreeLeaseQueueAllocator(pools, free)
    free.take(NET + 2)
    free.free(NET + 2)  # used after all, so behind the others
    free.free(NET)
    assert picks(allocator, pools, free, 4) == [1, 3, 2, 0]


def test_flq_keeps_no_entries_for_a_slash_8_that_nobody_used_or_that_is_full() -> None:
    free = Occupancy()
    allocator = FreeLeaseQueueAllocator(SLASH_8, free)
    for _ in range(5000):
        address = allocator.pick(SLASH_8, free, (), None)
        assert address is not None
        free.take(address)
    assert not allocator._queues[NET].waiting


def test_flq_does_not_grow_when_addresses_come_and_go_unpicked() -> None:
    free = Occupancy()
    allocator = FreeLeaseQueueAllocator(SLASH_24, free)
    for _ in range(1000):
        for offset in (5, 6):
            free.take(NET + offset)
            free.free(NET + offset)
    assert list(allocator._queues[NET].waiting) == [NET + 5, NET + 6]


def test_flq_spreads_over_pools_and_ends_in_the_one_that_has_some() -> None:
    pools, free = (Pool(NET, NET + 9), Pool(NET + 20, NET + 29)), Occupancy()
    allocator = FreeLeaseQueueAllocator(pools, free, iter([0.0, 0.99, 0.5, 0.49, 0.0, 0.99]).__next__)
    assert picks(allocator, pools, free, 4) == [0, 20, 21, 1]
    free.take_range(NET, NET + 9)
    assert picks(allocator, pools, free, 2) == [22, 23]


def test_flq_that_is_closed_hears_nothing_more() -> None:
    free = Occupancy()
    old, new = (FreeLeaseQueueAllocator(SLASH_24, free) for _ in range(2))
    old.close()
    old.close()
    free.take(NET)
    free.free(NET)
    assert not old._queues[NET].waiting
    assert list(new._queues[NET].waiting) == [NET]


class QueueOrder(RuleBasedStateMachine):
    """A pool of six: an address's turn comes by when it was last freed or offered; unused ones go first."""

    def __init__(self) -> None:
        super().__init__()
        self.pools = (Pool(NET, NET + 5),)
        self.free = Occupancy()
        self.allocator = FreeLeaseQueueAllocator(self.pools, self.free)
        self.unused = set(range(6))
        self.since: dict[int, int] = {}
        self.held: set[int] = set()
        self.clock = 0

    def stamp(self, offset: int) -> None:
        self.clock += 1
        self.unused.discard(offset)
        self.since[offset] = self.clock

    @rule(take=st.booleans())
    def pick(self, take: bool) -> None:
        [offset] = picks(self.allocator, self.pools, self.free, 1)
        unused = self.unused - self.held
        waiting = self.since.keys() - self.held
        if unused:
            assert offset == min(unused)
        elif waiting:
            assert offset == min(waiting, key=self.since.__getitem__)
        else:
            assert offset == -1
            return
        self.stamp(offset)
        if take:
            self.ask(offset)

    @rule(offset=st.integers(0, 5))
    def ask(self, offset: int) -> None:
        assert self.free.take(NET + offset) == (offset not in self.held)
        self.held.add(offset)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def give_back(self, data: st.DataObject) -> None:
        offset = data.draw(st.sampled_from(sorted(self.held)))
        self.free.free(NET + offset)
        self.held.discard(offset)
        self.stamp(offset)


TestQueueOrder = QueueOrder.TestCase
TestQueueOrder.settings = settings(max_examples=60, stateful_step_count=30, deadline=None)
