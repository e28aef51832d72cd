"""Counting: what belongs together is counted together, and leases when they are durable."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp4.tally import Tally4
from kead.leases.lease4 import Lease4, State
from kead.statistics import Statistics

NAMES = (
    "assigned-addresses",
    "cumulative-assigned-addresses",
    "declined-addresses",
    "reclaimed-leases",
    "reclaimed-declined-addresses",
)


def tally() -> Tally4:
    made = Tally4(Statistics(lambda: 0.0))
    made.configure([(1, [(0, 10), (0, 5), (7, 100)]), (2, [])])
    return made


def lease(state: int = State.DEFAULT, pool: int = 0, subnet: int = 1) -> Lease4:
    return Lease4(1, b"mac", b"", 10, 0, subnet, pool_id=pool, state=state)


def values(of: Tally4, prefix: str = "") -> list[int | None]:
    return [of.statistics.value(prefix + name) for name in NAMES]


def test_pools_with_the_same_id_are_one() -> None:
    assert tally().statistics.value("subnet[1].pool[0].total-addresses") == 15
    assert tally().statistics.value("subnet[1].total-addresses") == 115
    assert tally().statistics.value("subnet[2].total-addresses") == 0


def test_a_lease_counts_globally_in_its_subnet_and_in_its_pool() -> None:
    counts = tally()
    counts.assigned(lease(pool=7))
    assert values(counts) == [0, 0, 0, 0, 0], "not before it is durable"
    counts.settle(counts.cut())
    for prefix in ("", "subnet[1].", "subnet[1].pool[7]."):
        assert values(counts, prefix) == [1, 1, 0, 0, 0]
    assert values(counts, "subnet[1].pool[0].") == [0, 0, 0, 0, 0]


def test_a_group_that_fails_is_never_counted() -> None:
    counts = tally()
    counts.assigned(lease())
    counts.cut()
    counts.released(lease())
    counts.settle(counts.cut())
    assert values(counts) == [-1, 0, 0, 0, 0]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.DEFAULT, [0, 1, 0, 1, 0]),
        (State.DECLINED, [0, 1, 0, 1, 1]),
        (State.RELEASED, [0, 1, 0, 1, 0]),
    ],
)
def test_what_is_reclaimed_is_assigned_no_more(state: State, expected: list[int]) -> None:
    counts = tally()
    counts.assigned(lease())
    if state is State.DECLINED:
        counts.declined(lease())
    elif state is State.RELEASED:
        counts.released(lease())
    counts.reclaimed(lease(state))
    counts.settle(counts.cut())
    for prefix in ("", "subnet[1].", "subnet[1].pool[0]."):
        assert values(counts, prefix) == expected


def test_a_lease_of_a_subnet_that_is_gone_counts_all_the_same() -> None:
    counts = tally()
    counts.assigned(lease(subnet=99))
    counts.settle(counts.cut())
    assert values(counts) == values(counts, "subnet[99].") == [1, 1, 0, 0, 0]


def test_counted_anew_from_the_store() -> None:
    counts = tally()
    counts.recount([(1, 0, State.DEFAULT, 3), (1, 7, State.DECLINED, 2), (1, 0, State.RECLAIMED, 9), (2, 0, 0, 1)])
    assert values(counts) == [6, 0, 2, 0, 0]
    assert values(counts, "subnet[1].") == [5, 0, 2, 0, 0]
    assert values(counts, "subnet[1].pool[7].") == [2, 0, 2, 0, 0]
    assert values(counts, "subnet[2].") == [1, 0, 0, 0, 0]


def test_a_new_configuration() -> None:
    counts = tally()
    counts.assigned(lease())
    counts.settle(counts.cut())
    counts.reused(lease())
    counts.configure([(1, [(0, 20)]), (3, [(0, 1)])])
    assert counts.statistics.value("subnet[1].pool[0].total-addresses") == 20
    assert counts.statistics.value("subnet[2].total-addresses") is None
    assert counts.statistics.value("subnet[1].pool[7].total-addresses") is None
    assert counts.statistics.value("cumulative-assigned-addresses") == 1
    assert counts.statistics.value("subnet[1].v4-lease-reuses") == 1


def test_failures_of_a_subnet_appear_with_the_first() -> None:
    counts = tally()
    assert counts.statistics.value("v4-allocation-fail") == 0
    assert counts.statistics.value("subnet[1].v4-allocation-fail") is None
    counts.allocation_failed(1, shared=False, tried=True, no_pools=False, classes=True)
    assert counts.statistics.value("subnet[1].v4-allocation-fail") == 1
    assert counts.statistics.value("subnet[1].v4-allocation-fail-no-pools") is None


EVENTS = st.lists(
    st.tuples(st.sampled_from(["assigned", "released", "declined", "reclaimed"]), st.sampled_from([0, 7]))
)


@given(EVENTS, st.sets(st.integers(0, 20)))
def test_pools_add_up_to_subnets_and_subnets_to_the_whole(events: list[tuple[str, int]], cuts: set[int]) -> None:
    counts = tally()
    for number, (event, pool) in enumerate(events):
        getattr(counts, event)(lease(State.DECLINED if event == "declined" else State.DEFAULT, pool))
        if number in cuts:
            counts.settle(counts.cut())
    counts.settle(counts.cut())
    whole, subnet = values(counts), values(counts, "subnet[1].")
    pools = [sum(filter(None, pair)) for pair in zip(*(values(counts, f"subnet[1].pool[{n}].") for n in (0, 7)))]  # noqa: B905
    assert whole == subnet == pools


def test_packets_by_type() -> None:
    counts = tally()
    for kind in itertools.chain(range(12), [0]):
        counts.received(kind)
    counts.end_of_batch(0.0)
    packets = counts.packets
    assert packets.pkt4_received.value == 13
    assert packets.pkt4_unknown_received.value == 5, "0 twice, 9, 10 and 11"
    assert packets.pkt4_lease_query_received.value == 1
    assert packets.pkt4_discover_received.value == packets.pkt4_inform_received.value == 1
    counts.parse_failed()
    assert (packets.pkt4_received.value, packets.pkt4_parse_failed.value, packets.pkt4_receive_drop.value) == (14, 1, 1)
