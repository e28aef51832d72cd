"""Delegating prefixes: what is promised, which pool has its turn, and pools of any size."""

from __future__ import annotations

import time
from typing import NamedTuple

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kead.allocation.allocator import NAMES
from kead.allocation.in_flight import InFlight
from kead.allocation.prefix_allocator import PrefixAllocator
from kead.allocation.prefixes import Prefixes

BASE = 0x20010DB8 << 96


class Pool(NamedTuple):
    first: int
    last: int
    delegated_length: int


def pool(number: int, length: int, delegated: int) -> Pool:
    """The number-th prefix of that length behind 2001:db8::."""
    first = BASE + (number << (128 - length))
    return Pool(first, first + (1 << (128 - length)) - 1, delegated)


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    shift = 128 - min(one[1], other[1])
    return one[0] >> shift == other[0] >> shift


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
@settings(max_examples=40, deadline=None)
def test_what_every_allocator_promises(name: str, data: st.DataObject) -> None:
    lengths = data.draw(st.lists(st.sampled_from([44, 45, 46, 47]), min_size=1, max_size=4))
    pools = [pool(number, 43, length) for number, length in enumerate(lengths)]
    prefixes, busy = Prefixes(), InFlight()
    allocator = PrefixAllocator(name, pools, prefixes)
    taken: list[tuple[int, int]] = []
    prefix = st.tuples(st.integers(0, 63), st.sampled_from([43, 44, 46, 47, 128])).map(
        lambda one: (BASE + (one[0] << 80), one[1])
    )
    for address, length in data.draw(st.lists(prefix, max_size=6)):
        if not address & ((1 << (128 - length)) - 1) and prefixes.take(address, length):
            taken.append((address, length))
    for address, length in data.draw(st.lists(prefix, max_size=3)):
        busy.claim(address, length)
    reserved = data.draw(st.sets(st.integers(0, 15).map(lambda number: BASE + (number << 81)), max_size=3))

    def avoid(address: int, length: int) -> bool:
        return address in reserved

    turn = st.tuples(
        st.lists(st.sampled_from(pools), min_size=1, unique=True).map(sorted),
        st.booleans(),
    )
    # drawn at once: what is drawn may not hang on what an allocator picks at random
    for usable, taking in data.draw(st.lists(turn, min_size=20, max_size=80)):
        found = allocator.pick(usable, busy, avoid)
        candidates = [
            (one, each.delegated_length)
            for each in usable
            for one in range(each.first, each.last + 1, 1 << (128 - each.delegated_length))
            if one not in busy and one not in reserved
        ]
        free = [one for one in candidates if not any(overlap(one, other) for other in taken)]
        if found is None:
            assert not free
            break
        address, of = found
        assert (address, of.delegated_length) in free
        assert of in usable
        assert of.first <= address <= of.last
        if taking:
            prefixes.take(address, of.delegated_length)
            taken.append((address, of.delegated_length))
    allocator.close()


ABA = [pool(0, 63, 64), pool(4, 62, 63), pool(6, 63, 64)]
ONES = [pool(0, 64, 64), pool(4, 63, 63), pool(6, 63, 64)]


@pytest.mark.parametrize(
    ("pools", "taken", "turns"),
    [
        (
            ABA,
            "",
            "any a0 64 a1 64 c0 64 c1 any a0 63 b0 any b1 any c0 64 c1 >62 a0 >62 a1 <65 b0 <65 b1 63 b0 63 b1 64 c0",
        ),
        (ABA, "b0 b1", "any a0 63 - any c0 63 - any c1 64 a0 63 - 64 a1 63 - any c0 any c1"),
        (ABA, "b0 b1", "63 - any c0 any c1 63 - any a0"),
        (ABA, "a0 b0 b1 c0 c1", "any a1 any a1 64 a1 63 - any a1"),
        (ONES, "", "any a0 any b0 64 a0 any c0 64 c1 64 a0 any b0 63 b0 64 a0 63 b0 any c0 any c1 64 a0 any b0"),
    ],
)
def test_the_walk_through_pools_is_keas(pools: list[Pool], taken: str, turns: str) -> None:
    """Each turn: prefixes of which length are asked for, and the pool and the number in it that come. 3.0.4 answered so
    where it was asked."""
    prefixes = Prefixes()
    allocator = PrefixAllocator("iterative", pools, prefixes)
    for name in taken.split():
        of = pools["abc".index(name[0])]
        prefixes.take(of.first + (int(name[1]) << 128 - of.delegated_length), of.delegated_length)
    words = turns.split()
    for lengths, expected in zip(words[::2], words[1::2], strict=True):
        usable = [one for one in pools if _fits(one.delegated_length, lengths)]
        found = allocator.pick(usable, (), None)
        said = "-"
        if found is not None:
            said = f"{'abc'[pools.index(found[1])]}{(found[0] - found[1].first) >> 128 - found[1].delegated_length}"
        assert said == expected, f"{lengths} in {turns}"


def _fits(length: int, lengths: str) -> bool:
    if lengths == "any":
        return True
    if lengths[0] in "<>":
        bound = int(lengths[1:])
        return length < bound if lengths[0] == "<" else length > bound
    return length == int(lengths)


@pytest.mark.parametrize("name", ["random", "flq"])
def test_each_pool_has_its_chance(name: str) -> None:
    pools = [pool(0, 48, 64), pool(1, 48, 60), pool(2, 48, 56)]
    chances = iter((0.0, 0.4, 0.9, 0.99, 0.5))
    allocator = PrefixAllocator(name, pools, Prefixes(), random=lambda: next(chances))
    found = [allocator.pick(pools, (), None) for _ in range(5)]
    assert [one[1].delegated_length for one in found if one is not None] == [64, 60, 56, 56, 60]
    allocator.close()


@pytest.mark.parametrize("name", NAMES)
def test_no_pools(name: str) -> None:
    allocator = PrefixAllocator(name, ABA, Prefixes())
    assert allocator.pick([], (), None) is None
    allocator.close()


def test_iterative_goes_through_the_pool_in_order_and_round() -> None:
    pools = [pool(0, 46, 48)]
    prefixes = Prefixes()
    allocator = PrefixAllocator("iterative", pools, prefixes)
    prefixes.take(BASE + (1 << 80), 48)
    numbers = [((allocator.pick(pools, (), None) or (0, None))[0] - BASE) >> 80 for _ in range(5)]
    assert numbers == [0, 2, 3, 0, 2]


def test_random_is_spread_over_a_pool_of_any_size() -> None:
    pools = [pool(0, 16, 120)]
    prefixes = Prefixes()
    allocator = PrefixAllocator("random", pools, prefixes)
    size = 1 << 104
    found = [allocator.pick(pools, (), None) for _ in range(2000)]
    numbers = [one[0] - pools[0].first >> 8 for one in found if one is not None]
    assert len(set(numbers)) == 2000
    eighths = [0] * 8
    for number in numbers:
        eighths[number * 8 // size] += 1
    assert min(eighths) > 150
    for bit in range(104):
        assert 800 < sum(number >> bit & 1 for number in numbers) < 1200, bit


def test_a_queue_gives_back_what_rested_longest() -> None:
    pools = [pool(0, 62, 64)]
    prefixes = Prefixes()
    allocator = PrefixAllocator("flq", pools, prefixes)

    def number() -> int:
        found = allocator.pick(pools, (), None)
        return -1 if found is None else (found[0] - BASE) >> 64

    for expected in range(4):
        assert number() == expected
        prefixes.take(BASE + (expected << 64), 64)
    assert number() == -1
    for freed in (2, 0, 3):
        prefixes.free(BASE + (freed << 64), 64)
    prefixes.take(BASE + (1 << 65), 65)  # half of number 2
    assert [number(), number(), number()] == [0, 3, 0]
    allocator.close()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("length", "delegated"), [(120, 128), (48, 64), (32, 64), (16, 120)])
def test_pools_of_any_size_cost_the_same(name: str, length: int, delegated: int) -> None:
    pools = [pool(0, length, delegated)]
    prefixes = Prefixes()
    begin = time.perf_counter()
    allocator = PrefixAllocator(name, pools, prefixes)
    for _ in range(200):
        found = allocator.pick(pools, (), None)
        assert found is not None
        prefixes.take(found[0], delegated)
    assert (time.perf_counter() - begin) / 200 < 500e-6
    assert len(prefixes) == 200
    allocator.close()


def test_an_unknown_name_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown allocator"):
        PrefixAllocator("none", [pool(0, 48, 64)], Prefixes())
