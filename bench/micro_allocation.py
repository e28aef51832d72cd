"""What picking an address or a prefix and counting cost, in microseconds a call: python bench/micro_allocation.py

Picks must cost the same few microseconds however large and however full the pool is. Nothing takes the picked
addresses, which is the hardest case for the random allocator: each round through a small pool ends in a search.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from timeit import repeat
from typing import NamedTuple

from kead.allocation.allocator import NAMES, make_allocator
from kead.allocation.occupancy import Occupancy
from kead.allocation.pools import has_free
from kead.allocation.prefix_allocator import PrefixAllocator
from kead.allocation.prefixes import Prefixes
from kead.allocation.sparse import SparseOccupancy
from kead.dhcp4.counters import PacketCounters4, PoolCounters4, SubnetCounters4
from kead.statistics import Statistics

NET = 0x0A000000
NET6 = 0x20010DB8 << 96


class Pool(NamedTuple):
    first: int
    last: int


SLASH_24, SLASH_8 = Pool(NET, NET + 255), Pool(NET, NET + (1 << 24) - 1)


def microseconds(call: Callable[[], object], number: int = 20_000) -> float:
    return min(repeat(call, number=number, repeat=5)) / number * 1e6


def half(occupancy: Occupancy) -> None:
    occupancy.take_all(range(SLASH_24.first, SLASH_24.last, 2))


def all_but_one(occupancy: Occupancy) -> None:
    occupancy.take_range(*SLASH_8)
    occupancy.free(NET + 12_345_678)


def pick() -> None:
    print(f"{'pick, µs':<20}", *(f"{name:>10}" for name in (*NAMES, "has_free")))
    for label, pool, fill in (
        ("empty /24", SLASH_24, lambda _: None),
        ("half-full /24", SLASH_24, half),
        ("full /24", SLASH_24, lambda occupancy: occupancy.take_range(*SLASH_24)),
        ("empty /8", SLASH_8, lambda _: None),
        ("full /8 but one", SLASH_8, all_but_one),
        ("full /8", SLASH_8, lambda occupancy: occupancy.take_range(*SLASH_8)),
    ):
        occupancy, pools = Occupancy(), (pool,)
        fill(occupancy)
        costs = []
        for name in NAMES:
            allocator = make_allocator(name, pools, occupancy)
            costs.append(microseconds(lambda: allocator.pick(pools, occupancy, (), None)))  # noqa: B023
            allocator.close()
        costs.append(microseconds(lambda: has_free(pools, occupancy)))  # noqa: B023
        print(f"{label:<20}", *(f"{cost:10.2f}" for cost in costs))


class Prefixes6(NamedTuple):
    first: int
    last: int
    delegated_length: int


def pick6() -> None:
    print(f"{'IPv6: pick, µs':<20}", *(f"{name:>10}" for name in NAMES))
    for label, length, taken in (
        ("empty /120", 120, 0),
        ("half-full /120", 120, 128),
        ("full /120", 120, 256),
        ("empty /64", 64, 0),
        ("200,000 of a /64", 64, 200_000),
        ("full /108", 108, 1 << 20),
    ):
        pools = (Pool(NET6, NET6 + (1 << (128 - length)) - 1),)
        addresses = SparseOccupancy()
        addresses.take_all(range(NET6, NET6 + taken))
        costs = []
        for name in NAMES:
            allocator = make_allocator(name, pools, addresses)
            costs.append(microseconds(lambda: allocator.pick(pools, addresses, (), None)))  # noqa: B023
            allocator.close()
        print(f"{label:<20}", *(f"{cost:10.2f}" for cost in costs))
    for label, length, delegated, taken in (
        ("empty /56 of /64", 56, 64, 0),
        ("full /56 of /64", 56, 64, 256),
        ("empty /32 of /64", 32, 64, 0),
        ("200,000 of /32 of /64", 32, 64, 200_000),
        ("full /44 of /64", 44, 64, 1 << 20),
    ):
        prefix_pools = (Prefixes6(NET6, NET6 + (1 << (128 - length)) - 1, delegated),)
        prefixes = Prefixes()
        for number in range(taken):
            prefixes.take(NET6 + (number << (128 - delegated)), delegated)
        costs = []
        for name in NAMES:
            delegating = PrefixAllocator(name, prefix_pools, prefixes)
            costs.append(microseconds(lambda: delegating.pick(prefix_pools, (), None)))  # noqa: B023
            delegating.close()
        print(f"{label:<20}", *(f"{cost:10.2f}" for cost in costs))


def count() -> None:
    statistics = Statistics()
    packets = PacketCounters4(statistics)
    begin = time.perf_counter()
    for number in range(1, 10_001):
        SubnetCounters4(statistics, number, 250)
        PoolCounters4(statistics, number, 0, 250)
    print(f"counters of 10,000 subnets and their pools: {time.perf_counter() - begin:.3f} s")
    print(f"Counter.add: {microseconds(packets.pkt4_received.add):.3f} µs")
    counters, now = packets.counters[:14], time.time()

    def batch(step: float) -> None:
        nonlocal now
        now += step
        for counter in counters:
            counter.add()
        statistics.end_of_batch(now)

    print(f"14 counters and the end of their batch, 50 a second: {microseconds(lambda: batch(0.02)):.2f} µs")
    print(f"the same, 5,000 a second: {microseconds(lambda: batch(0.0002)):.2f} µs")


if __name__ == "__main__":
    pick()
    pick6()
    count()
