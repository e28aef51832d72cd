"""The timeline: order, limits, stale entries; with narrow and wide buckets."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.leases.timeline import NARROW, Bucket, Timeline, Wide

entries = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 20)), max_size=60)


both = pytest.mark.parametrize("bucket", [NARROW, Wide], ids=["narrow", "wide"])
Make = Callable[[Iterable[int]], Bucket]


def holds(address: int, second: int) -> bool:
    return True


@both
@given(entries, st.integers(0, 35), st.integers(0, 10))
def test_collect_gives_the_earliest_that_hold_and_keeps_them(
    bucket: Make, some: list[tuple[int, int]], before: int, limit: int
) -> None:
    line = Timeline(bucket)
    latest: dict[int, int] = {}
    for second, address in some:
        line.add(second, address)
        latest[address] = second
    expected = sorted((second, address) for address, second in latest.items() if second < before)

    def current(address: int, second: int) -> bool:
        return latest[address] == second

    for _ in range(2):
        found = line.collect(before, limit, current)
        seconds = [latest[address] for address in found]
        assert seconds == [second for second, _ in expected][: limit or None]
        assert len(set(found)) == len(found)
    assert sorted(line.collect(before, 0, current)) == sorted(address for _, address in expected)


@both
@given(entries, st.integers(0, 35), st.integers(1, 7))
def test_take_takes_each_entry_once_in_order(bucket: Make, some: list[tuple[int, int]], before: int, most: int) -> None:
    line = Timeline(bucket)
    for second, address in some:
        line.add(second, address)
    taken: list[tuple[int, int]] = []
    while part := line.take(before, most):
        assert sum(len(bucket) for _, bucket in part) <= most
        taken += [(second, address) for second, bucket in part for address in bucket]
    assert [second for second, _ in taken] == sorted(second for second, _ in some if second < before)
    assert sorted(taken) == sorted(entry for entry in some if entry[0] < before)
    assert line.entries == len(some) - len(taken)


@both
@given(entries, st.integers(0, 3), st.integers(1, 4))
def test_collecting_in_turns_comes_to_the_same(
    bucket: Make, some: list[tuple[int, int]], limit: int, most_stale: int
) -> None:
    line, other = Timeline(bucket), Timeline(bucket)
    latest: dict[int, int] = {}
    for second, address in some:
        line.add(second, address)
        other.add(second, address)
        latest[address] = second

    def current(address: int, second: int) -> bool:
        return latest[address] == second

    turns = 0
    while (found := line.collect(100, limit, current, most_stale)) is None:
        turns += 1
    assert found == other.collect(100, limit, current)
    assert turns <= len(some) // most_stale


def test_sweeping_drops_what_renewals_leave_behind() -> None:
    line = Timeline()
    for second in range(5000):
        line.add(second, 1)
    for _ in range(20):
        line.sweep(lambda address, second: second == 4999, 1000)
    assert line.entries == 1
    assert line.collect(10_000, 0, holds) == [1]


@both
@given(entries)
def test_sweeping_loses_nothing_that_holds(bucket: Make, some: list[tuple[int, int]]) -> None:
    line = Timeline(bucket)
    for second, address in some:
        line.add(second, address)
        line.sweep(lambda address, second: second % 2 == 0, 3)
    for _ in range(len(some) + 1):
        line.sweep(lambda address, second: second % 2 == 0, 100)
    found = line.take(100, 1000)
    assert {(s, a) for s, bucket in found for a in bucket} == {(s, a) for s, a in some if s % 2 == 0}


@given(st.lists(st.integers(0, 2**128 - 1)), st.integers(-5, 20), st.integers(-5, 20))
def test_a_wide_bucket_is_a_list_of_addresses(some: list[int], first: int, end: int) -> None:
    bucket, plain = Wide(some[:3]), some[:3]
    bucket.extend(some[3:5])
    plain.extend(some[3:5])
    for address in some[5:]:
        bucket.append(address)
        plain.append(address)
    assert (list(bucket), len(bucket)) == (plain, len(plain))
    assert list(bucket[first:end]) == plain[first:end]
    assert list(bucket[first:]) == plain[first:]
    del bucket[first:end]
    del plain[first:end]
    assert list(bucket) == plain
