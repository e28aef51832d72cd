"""The names of a DHCPv4 server's statistics, and when they exist."""

from __future__ import annotations

from kead.dhcp4.counters import LeaseCounters4, PacketCounters4, PoolCounters4, SubnetCounters4
from kead.statistics import Statistics

# What Kea 3.0.4 shows just after its start with one subnet of ten addresses.
AT_START = """
cumulative-assigned-addresses declined-addresses pkt4-ack-received pkt4-ack-sent pkt4-decline-received
pkt4-discover-received pkt4-inform-received pkt4-nak-received pkt4-nak-sent pkt4-offer-received pkt4-offer-sent
pkt4-parse-failed pkt4-receive-drop pkt4-received pkt4-release-received pkt4-request-received pkt4-sent
pkt4-unknown-received reclaimed-declined-addresses reclaimed-leases subnet[1].assigned-addresses
subnet[1].cumulative-assigned-addresses subnet[1].declined-addresses subnet[1].pool[0].assigned-addresses
subnet[1].pool[0].cumulative-assigned-addresses subnet[1].pool[0].declined-addresses
subnet[1].pool[0].reclaimed-declined-addresses subnet[1].pool[0].reclaimed-leases
subnet[1].pool[0].total-addresses subnet[1].reclaimed-declined-addresses subnet[1].reclaimed-leases
subnet[1].total-addresses subnet[1].v4-lease-reuses subnet[1].v4-reservation-conflicts v4-allocation-fail
v4-allocation-fail-classes v4-allocation-fail-no-pools v4-allocation-fail-shared-network
v4-allocation-fail-subnet v4-lease-reuses v4-reservation-conflicts
"""

# What Kea 3.3 has added.
LATER = """
assigned-addresses pkt4-admin-filtered pkt4-duplicate pkt4-lease-query-received
pkt4-lease-query-response-active-sent pkt4-lease-query-response-unassigned-sent
pkt4-lease-query-response-unknown-sent pkt4-limit-exceeded pkt4-not-for-us pkt4-processing-failed
pkt4-queue-full pkt4-rfc-violation pkt4-service-disabled
"""


def test_what_exists_from_the_start() -> None:
    statistics = Statistics()
    PacketCounters4(statistics)
    LeaseCounters4(statistics)
    SubnetCounters4(statistics, 1, 10)
    PoolCounters4(statistics, 1, 0, 10)
    found = {name: [value for value, _ in samples] for name, samples in statistics.all()}
    assert sorted(found) == sorted((AT_START + LATER).split())
    assert {name for name, history in found.items() if history != [0]} == {
        "subnet[1].total-addresses",
        "subnet[1].pool[0].total-addresses",
    }
    assert found["subnet[1].total-addresses"] == [10]


def test_every_attribute_is_the_counter_of_its_name() -> None:
    statistics = Statistics()
    groups = (
        PacketCounters4(statistics),
        LeaseCounters4(statistics),
        SubnetCounters4(statistics, 5, 10),
        PoolCounters4(statistics, 5, 3, 10),
    )
    for group, prefix in zip(groups, ("", "", "subnet[5].", "subnet[5].pool[3]."), strict=True):
        attributes = type(group).__slots__
        assert len(group.counters) == len(attributes)
        for attribute in attributes:
            assert getattr(group, attribute).name == prefix + attribute.replace("_", "-")


def test_the_failures_of_a_subnet_appear_with_the_first() -> None:
    statistics = Statistics()
    subnet = SubnetCounters4(statistics, 1, 10)
    assert statistics.get("subnet[1].v4-allocation-fail-subnet") == {}
    subnet.v4_allocation_fail_subnet.add()
    samples = statistics.get("subnet[1].v4-allocation-fail-subnet")["subnet[1].v4-allocation-fail-subnet"]
    assert [value for value, _ in samples] == [1]


def test_what_a_new_configuration_begins_anew() -> None:
    statistics = Statistics()
    old = SubnetCounters4(statistics, 1, 10), PoolCounters4(statistics, 1, 0, 10)
    for group in old:
        for counter in group.counters:
            counter.add()
    subnet = SubnetCounters4(statistics, 1, 20, old[0])
    pool = PoolCounters4(statistics, 1, 0, 20, old[1])
    assert {counter.leaf for counter in subnet.counters if counter.value == 1} == {
        "v4-lease-reuses",
        "v4-reservation-conflicts",
        "v4-allocation-fail",
        "v4-allocation-fail-shared-network",
        "v4-allocation-fail-subnet",
        "v4-allocation-fail-no-pools",
        "v4-allocation-fail-classes",
    }
    assert [counter.value for counter in pool.counters] == [20, 0, 0, 0, 0, 0]
