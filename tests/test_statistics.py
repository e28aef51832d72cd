"""Statistics: what Kea's commands show of what was counted, and what they change."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.statistics import Group, StatisticError, Statistics, time_text

START = 1_800_000_000.0


class Clock:
    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def statistics(clock: Clock) -> Statistics:
    return Statistics(clock)


@pytest.fixture(autouse=True)
def in_berlin() -> Iterator[None]:
    before = os.environ.get("TZ")
    os.environ["TZ"] = "Europe/Berlin"
    time.tzset()
    yield
    if before is None:
        del os.environ["TZ"]
    else:
        os.environ["TZ"] = before
    time.tzset()


def values(statistics: Statistics, name: str) -> list[int | str]:
    return [value for value, _ in statistics.get(name)[name]]


class Subnet(Group):
    __slots__ = ("assigned", "fails", "reuses", "total")

    def __init__(self, statistics: Statistics, total: int, before: Subnet | None = None) -> None:
        super().__init__(statistics, "subnet[7].", before)
        self.total = self.fresh("total-addresses", total)
        self.assigned = self.fresh("assigned-addresses")
        self.reuses = self.kept("v4-lease-reuses")
        self.fails = self.kept("v4-allocation-fail", present=False)
        statistics.attach(self)


def test_a_new_counter_has_one_sample_of_0(statistics: Statistics) -> None:
    statistics.counter("pkt4-received")
    assert statistics.get("pkt4-received") == {"pkt4-received": [[0, "2027-01-15 09:00:00.000000"]]}


def test_samples_are_newest_first_with_the_time_of_their_batch(statistics: Statistics) -> None:
    counter = statistics.counter("pkt4-received")
    counter.add()
    counter.add(2)
    statistics.end_of_batch(START + 1.25)
    counter.add()
    statistics.end_of_batch(START + 2.000001)
    assert statistics.get("pkt4-received") == {
        "pkt4-received": [
            [4, "2027-01-15 09:00:02.000001"],
            [3, "2027-01-15 09:00:01.250000"],
            [0, "2027-01-15 09:00:00.000000"],
        ]
    }


def test_a_batch_that_changes_nothing_leaves_no_sample(statistics: Statistics) -> None:
    counter, other = statistics.counter("one"), statistics.counter("other")
    for second in range(5):
        counter.add()
        if second == 3:
            other.add()
        statistics.end_of_batch(START + second)
    assert values(statistics, "one") == [5, 4, 3, 2, 1, 0]
    assert values(statistics, "other") == [1, 0]


def test_what_was_counted_outside_a_batch_is_seen_at_once(statistics: Statistics, clock: Clock) -> None:
    statistics.counter("reclaimed-leases").add(3)
    clock.now += 60
    assert statistics.get("reclaimed-leases")["reclaimed-leases"][0] == [3, "2027-01-15 09:01:00.000000"]
    assert statistics.value("reclaimed-leases") == 3


def test_under_load_samples_are_taken_a_hundred_times_a_second_and_the_newest_value_is_right(
    statistics: Statistics, clock: Clock
) -> None:
    statistics.configure(100_000, 0)
    counter = statistics.counter("pkt4-received")
    for batch in range(40_000):  # ten seconds
        counter.add()
        clock.now = START + batch / 4000
        statistics.end_of_batch(clock.now)
    last = clock.now
    clock.now += 3600
    samples = statistics.get("pkt4-received")["pkt4-received"]
    assert samples[0] == [40_000, time_text(last)]
    assert 1000 <= len(samples) <= 1060


def test_a_source_is_asked_before_samples_are_taken_and_before_anybody_reads(
    statistics: Statistics, clock: Clock
) -> None:
    counter = statistics.counter("gathered")
    waiting = [5]
    asked = []

    def collect() -> None:
        asked.append(clock.now)
        if waiting:
            counter.add(waiting.pop())

    statistics.sources.append(collect)
    assert statistics.value("gathered") == 5
    statistics.end_of_batch(clock.now)
    waiting.append(2)
    statistics.end_of_batch(clock.now + 1, gathered=True)
    waiting.append(1)
    assert [value for value, _time in statistics.get("gathered")["gathered"]] == [8, 7, 5, 0]
    before = len(asked)
    statistics.end_of_batch(clock.now + 2)
    assert len(asked) == before, "nothing was counted"


def test_fifty_batches_at_once_are_all_sampled(statistics: Statistics) -> None:
    statistics.configure(1000, 0)
    counter = statistics.counter("pkt4-received")
    for _ in range(50):
        counter.add()
        statistics.end_of_batch(START)
    assert values(statistics, "pkt4-received") == list(range(50, -1, -1))


def test_twenty_samples_are_kept(statistics: Statistics) -> None:
    counter = statistics.counter("x")
    for second in range(100):
        counter.add()
        statistics.end_of_batch(START + second)
    assert values(statistics, "x") == list(range(100, 80, -1))


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(-5, 5)), max_size=60),
    st.one_of(st.tuples(st.integers(1, 30), st.just(0)), st.tuples(st.just(0), st.integers(0, 100))),
)
def test_history_is_what_the_limit_says(steps: list[tuple[int, int]], limit: tuple[int, int]) -> None:
    statistics = Statistics(lambda: START)
    statistics.configure(*limit)
    counter = statistics.counter("x")
    model, now = [(0, START)], START
    for pause, step in steps:
        now += pause
        counter.add(step)
        statistics.end_of_batch(now)
        model.insert(0, (model[0][0] + step, now))
    count, age = limit
    wanted = model[:count] if count else [sample for sample in model if sample[1] >= now - age]
    assert counter.samples() == wanted


def test_an_age_limit_does_not_keep_more_than_twice_what_it_must(statistics: Statistics) -> None:
    statistics.configure(0, 60)
    counter = statistics.counter("x")
    for second in range(10_000):
        counter.add()
        statistics.end_of_batch(START + second)
        assert counter.history is not None
        assert len(counter.history) <= 2 * 2 * 62
    assert len(counter.samples()) == 61


def test_a_statistic_that_is_not_there(statistics: Statistics) -> None:
    assert statistics.get("nosuch") == statistics.get("") == statistics.get("subnet[7].nosuch") == {}
    assert statistics.value("nosuch") is None
    for command in (
        statistics.reset,
        statistics.remove,
        lambda name: statistics.sample_age_set(name, 1),
        lambda name: statistics.sample_count_set(name, 1),
    ):
        with pytest.raises(StatisticError, match=r"^No 'nosuch' statistic found$"):
            command("nosuch")


def test_reset_leaves_one_sample_of_0(statistics: Statistics, clock: Clock) -> None:
    counter, other = statistics.counter("x"), statistics.counter("y")
    counter.add(5)
    other.add(6)
    clock.now += 1
    assert statistics.reset("x") == "Statistic 'x' reset."
    assert statistics.get("x") == {"x": [[0, "2027-01-15 09:00:01.000000"]]}
    assert values(statistics, "y") == [6, 0]
    assert statistics.reset_all() == "All statistics reset to neutral values."
    assert values(statistics, "y") == [0]
    counter.add()
    assert values(statistics, "x") == [1, 0]


def test_a_removed_statistic_comes_back_when_it_is_counted_again(statistics: Statistics, clock: Clock) -> None:
    counter = statistics.counter("x")
    counter.add(5)
    assert statistics.remove("x") == "Statistic 'x' removed."
    assert statistics.get("x") == {}
    assert dict(statistics.all()) == {}
    with pytest.raises(StatisticError):
        statistics.remove("x")
    clock.now += 1
    counter.add(2)
    assert statistics.value("x") == 2
    assert statistics.get("x") == {"x": [[2, "2027-01-15 09:00:01.000000"]]}


def test_remove_all(statistics: Statistics) -> None:
    counter, subnet = statistics.counter("x"), Subnet(statistics, 10)
    text = statistics.remove_all()
    assert text == "Warning: statistic-remove-all command is deprecated. All statistics removed."
    assert dict(statistics.all()) == {}
    statistics.reset_all()
    assert dict(statistics.all()) == {}
    counter.add()
    subnet.assigned.add()
    assert sorted(name for name, _ in statistics.all()) == ["subnet[7].assigned-addresses", "x"]


def test_count_limit_of_one_and_of_all(statistics: Statistics) -> None:
    counter, other = statistics.counter("x"), statistics.counter("y")
    for second in range(10):
        counter.add()
        other.add()
        statistics.end_of_batch(START + second)
    assert statistics.sample_count_set("x", 3) == "Statistic 'x' count limit is set."
    assert values(statistics, "x") == [10, 9, 8]
    assert len(values(statistics, "y")) == 11
    assert statistics.sample_count_set_all(2) == "All statistics count limit are set."
    assert values(statistics, "x") == values(statistics, "y") == [10, 9]
    late = statistics.counter("z")
    for second in range(10, 20):
        late.add()
        statistics.end_of_batch(START + second)
    assert values(statistics, "z") == [10, 9]
    assert statistics.sample_count_set("z", 0) == "Statistic 'z' count limit is set."
    assert values(statistics, "z") == [10]


def test_age_limit_of_one_and_of_all(statistics: Statistics) -> None:
    counter, other = statistics.counter("x"), statistics.counter("y")
    for second in range(10):
        counter.add()
        other.add()
        statistics.end_of_batch(START + second)
    assert statistics.sample_age_set("x", 2) == "Statistic 'x' duration limit is set."
    assert values(statistics, "x") == [10, 9, 8]
    assert statistics.sample_age_set_all(1) == "All statistics duration limit are set."
    assert values(statistics, "x") == values(statistics, "y") == [10, 9]
    statistics.sample_count_set_all(20)
    assert values(statistics, "y") == [10, 9]  # what was forgotten stays so
    assert statistics.sample_age_set("x", 0)
    assert values(statistics, "x") == [10]


@pytest.mark.parametrize(
    ("command", "argument", "text"),
    [
        ("sample_count_set_all", 0, "'max-samples' parameter must not be zero"),
        ("sample_count_set_all", -1, "'max-samples' parameter must not be negative"),
        ("sample_age_set_all", -1, "'duration' parameter must not be negative"),
    ],
)
def test_limits_that_make_no_sense(statistics: Statistics, command: str, argument: int, text: str) -> None:
    with pytest.raises(StatisticError) as error:
        getattr(statistics, command)(argument)
    assert str(error.value) == text


def test_the_configuration_limits_all_by_count_or_by_age(statistics: Statistics) -> None:
    counter = statistics.counter("x")
    for second in range(10):
        counter.add()
        statistics.end_of_batch(START + second)
    statistics.sample_count_set("x", 8)
    statistics.configure(5, 1)
    assert len(values(statistics, "x")) == 5
    statistics.configure(0, 3)
    assert len(values(statistics, "x")) == 4
    statistics.configure(20, 0)
    late = Subnet(statistics, 1)
    assert counter.limit is late.total.limit is statistics.limit


def test_a_group_has_its_counters_as_attributes_and_under_their_names(statistics: Statistics) -> None:
    subnet = Subnet(statistics, 1 << 70)
    subnet.assigned.add()
    assert subnet.assigned.name == "subnet[7].assigned-addresses"
    assert statistics.counter("subnet[7].assigned-addresses") is subnet.assigned
    assert values(statistics, "subnet[7].total-addresses") == [1 << 70]
    assert values(statistics, "subnet[7].assigned-addresses") == [1, 0]
    assert len(dict(statistics.all())) == 3  # no failure yet
    subnet.fails.add()
    assert values(statistics, "subnet[7].v4-allocation-fail") == [1]


def test_global_statistics_are_those_without_subnets(statistics: Statistics) -> None:
    Subnet(statistics, 1)
    statistics.counter("subnet[9].assigned-addresses")
    statistics.counter("pkt4-sent")
    assert [name for name, _ in statistics.all_global()] == ["pkt4-sent"]


def test_a_gauge_is_set(statistics: Statistics) -> None:
    subnet = Subnet(statistics, 10)
    subnet.assigned.set(4)
    subnet.assigned.add(-1)
    statistics.end_of_batch(START)
    subnet.total.set(20)
    statistics.end_of_batch(START)
    assert values(statistics, "subnet[7].assigned-addresses") == [3, 0]
    assert values(statistics, "subnet[7].total-addresses") == [20, 10]


def test_a_new_configuration_begins_anew_with_some_and_goes_on_with_others(
    statistics: Statistics, clock: Clock
) -> None:
    old = Subnet(statistics, 10)
    for counter in (old.assigned, old.reuses, old.fails):
        counter.add(3)
    statistics.end_of_batch(START)
    clock.now += 1
    new = Subnet(statistics, 20, old)
    assert values(statistics, "subnet[7].total-addresses") == [20]
    assert statistics.get("subnet[7].assigned-addresses") == {
        "subnet[7].assigned-addresses": [[0, "2027-01-15 09:00:01.000000"]]
    }
    assert values(statistics, "subnet[7].v4-lease-reuses") == [3, 0]
    assert values(statistics, "subnet[7].v4-allocation-fail") == [3]
    old.assigned.add()  # a packet that began before
    assert values(statistics, "subnet[7].assigned-addresses") == [1, 0]
    assert new.assigned.value == 1


def test_removed_statistics_of_a_subnet_come_back_with_a_new_configuration(statistics: Statistics) -> None:
    old = Subnet(statistics, 10)
    old.fails.add()
    statistics.remove_all()
    Subnet(statistics, 10, old)
    assert sorted(name for name, _ in statistics.all()) == [
        "subnet[7].assigned-addresses",
        "subnet[7].total-addresses",
        "subnet[7].v4-lease-reuses",
    ]


def test_what_has_gone_with_its_subnet(statistics: Statistics) -> None:
    subnet = Subnet(statistics, 10)
    statistics.counter("subnet[7].pool[0].assigned-addresses")
    statistics.counter("subnet[77].assigned-addresses")
    statistics.remove_prefix("subnet[7].")
    subnet.assigned.add()
    assert [name for name, _ in statistics.all()] == ["subnet[77].assigned-addresses"]


def test_a_group_that_was_replaced_cannot_remove_its_successor(statistics: Statistics) -> None:
    old = Subnet(statistics, 10)
    new = Subnet(statistics, 20, old)
    statistics.detach(old)
    assert statistics.value("subnet[7].total-addresses") == 20
    statistics.detach(new)
    assert statistics.value("subnet[7].total-addresses") is None


def test_a_reader_may_pause_while_others_count_and_configure(statistics: Statistics) -> None:
    subnet = Subnet(statistics, 10)
    reader = statistics.all()
    next(reader)
    subnet.fails.add()
    statistics.remove_prefix("subnet[")
    statistics.counter("pkt4-received")
    assert len(list(reader)) == 2
