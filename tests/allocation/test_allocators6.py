"""Allocators of addresses on pools that only IPv6 has."""

from __future__ import annotations

import time
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kead.allocation.allocator import NAMES, make_allocator
from kead.allocation.in_flight import InFlight
from kead.allocation.pools import has_free
from kead.allocation.sparse import SparseOccupancy

NET = 0x20010DB8 << 96


class Pool(NamedTuple):
    first: int
    last: int


SLASH_64 = (Pool(NET, NET + (1 << 64) - 1),)
EVERYTHING = (Pool(0, (1 << 128) - 1),)


@pytest.mark.parametrize("name", NAMES)
@given(
    ends=st.lists(st.integers(250, 270), min_size=2, max_size=6),
    far=st.booleans(),
    taken=st.sets(st.integers(250, 270)),
    busy=st.sets(st.integers(250, 270), max_size=4),
)
@settings(max_examples=40, deadline=None)
def test_every_usable_address_is_given_and_no_other(
    name: str, ends: list[int], far: bool, taken: set[int], busy: set[int]
) -> None:
    ends = sorted(set(ends))
    step = 1 << 100 if far else 0
    pools = tuple(
        Pool(NET + place * step + ends[place], NET + place * step + ends[place + 1] - 1)
        for place in range(0, len(ends) - 1, 2)
    )
    occupancy, flight = SparseOccupancy(), InFlight()
    occupancy.take_all(NET + number for number in taken)
    for number in busy:
        flight.claim(NET + number, busy)
    allocator = make_allocator(name, pools, occupancy)
    usable = {
        address
        for pool in pools
        for address in range(pool.first, pool.last + 1)
        if not occupancy.taken(address) and address not in flight
    }
    given_ = set()
    while (address := allocator.pick(pools, occupancy, flight, None)) is not None:
        occupancy.take(address)
        given_.add(address)
    assert given_ == usable
    allocator.close()


@pytest.mark.parametrize("pools", [SLASH_64, EVERYTHING], ids=["/64", "/0"])
def test_random_is_spread_to_the_last_bit(pools: tuple[Pool, ...]) -> None:
    occupancy = SparseOccupancy()
    allocator = make_allocator("random", pools, occupancy)
    found = [allocator.pick(pools, occupancy, (), None) for _ in range(2000)]
    offsets = [address - pools[0].first for address in found if address is not None]
    assert len(set(offsets)) == 2000
    for bit in range(pools[0].last.bit_length() if pools is EVERYTHING else 64):
        assert 800 < sum(offset >> bit & 1 for offset in offsets) < 1200, bit


def test_random_in_pools_of_unequal_size_goes_by_size() -> None:
    pools = (Pool(NET, NET + 255), Pool(NET + (1 << 64), NET + (2 << 64) - 1))
    occupancy = SparseOccupancy()
    allocator = make_allocator("random", pools, occupancy)
    found = [allocator.pick(pools, occupancy, (), None) for _ in range(100)]
    assert all(address is not None and address >= pools[1].first for address in found)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("pools", [(Pool(NET, NET + 255),), SLASH_64, EVERYTHING], ids=["/120", "/64", "/0"])
def test_pools_of_any_size_cost_the_same(name: str, pools: tuple[Pool, ...]) -> None:
    occupancy = SparseOccupancy()
    begin = time.perf_counter()
    allocator = make_allocator(name, pools, occupancy)
    for _ in range(200):
        address = allocator.pick(pools, occupancy, (), None)
        assert address is not None
        occupancy.take(address)
    assert (time.perf_counter() - begin) / 200 < 500e-6
    allocator.close()


@pytest.mark.parametrize("name", NAMES)
def test_a_full_pool_is_found_full_in_microseconds(name: str) -> None:
    pools = (Pool(NET, NET + (1 << 17) - 1),)
    occupancy = SparseOccupancy()
    occupancy.take_all(range(pools[0].first, pools[0].last + 1))
    allocator = make_allocator(name, pools, occupancy)
    assert not has_free(pools, occupancy)
    begin = time.perf_counter()
    for _ in range(100):
        assert allocator.pick(pools, occupancy, (), None) is None
    assert (time.perf_counter() - begin) / 100 < 500e-6
    occupancy.free(NET + 77_777)
    assert allocator.pick(pools, occupancy, (), None) == NET + 77_777
    allocator.close()
