"""What picking an address and counting cost, in microseconds a call: python bench/micro_allocation.py

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
from kead.dhcp4.counters import PacketCounters4, PoolCounters4, SubnetCounters4
from kead.statistics import Statistics

NET = 0x0A000000


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
    count()
