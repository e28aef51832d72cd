"""What packets and leases count is gathered, and is there whenever anybody looks."""

from __future__ import annotations

from kead.dhcp6.packet import ADVERTISE, LEASE_QUERY, REPLY, SOLICIT
from kead.dhcp6.tally import Tally6
from kead.statistics import Statistics

POOLS = [(1, [(0, 16)], [(0, 256)])]


def made() -> tuple[Statistics, Tally6]:
    statistics = Statistics(lambda: 1000.0)
    tally = Tally6(statistics)
    tally.configure(POOLS)
    return statistics, tally


def test_what_is_gathered_is_counted_when_somebody_looks() -> None:
    statistics, tally = made()
    for kind in (SOLICIT, SOLICIT, LEASE_QUERY, 200):
        tally.received(kind)
    tally.sent(ADVERTISE, 2)
    tally.sent(REPLY, 1)
    tally.sent(REPLY, 3)
    expected = {
        "pkt6-received": 4,
        "pkt6-solicit-received": 2,
        "pkt6-lease-query-received": 1,
        "pkt6-unknown-received": 2,
        "pkt6-sent": 6,
        "pkt6-advertise-sent": 2,
        "pkt6-reply-sent": 4,
    }
    for _ in range(2):
        assert {name: statistics.value(name) for name in expected} == expected


def test_leases_count_only_when_they_are_settled() -> None:
    statistics, tally = made()
    tally.assigned_in(False, 1, 0)
    tally.assigned_in(True, 1, 0)
    noted = tally.cut()
    assert statistics.value("subnet[1].assigned-nas") == 0
    tally.settle(noted)
    tally.settle(noted)
    for name in ("assigned-nas", "assigned-pds", "cumulative-assigned-nas", "pool[0].assigned-nas"):
        assert statistics.value(f"subnet[1].{name}") == 2, name
    assert statistics.value("subnet[1].pd-pool[0].assigned-pds") == 2


def test_what_is_gathered_is_of_the_subnets_that_were() -> None:
    statistics, tally = made()
    tally.assigned_in(False, 1, 0)
    tally.settle(tally.cut())
    tally.configure([])
    assert statistics.value("subnet[1].assigned-nas") is None
    assert statistics.value("cumulative-assigned-nas") == 1


def test_a_recount_replaces_what_was_gathered_before() -> None:
    statistics, tally = made()
    tally.assigned_in(False, 1, 0)
    tally.settle(tally.cut())
    tally.recount([(1, 0, 0, 0, 5)])
    assert statistics.value("assigned-nas") == 5
    assert statistics.value("cumulative-assigned-nas") == 1


def test_what_is_gathered_is_sampled_at_the_end_of_a_batch() -> None:
    statistics, tally = made()
    tally.received(SOLICIT)
    tally.end_of_batch(1001.0)
    assert dict(statistics.all())["pkt6-received"][0][0] == 1
