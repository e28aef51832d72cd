"""The statistics of a DHCPv4 server, an attribute a name: what exists, and from when.

A line of a constructor is the declaration. `fresh` begins anew when a configuration is applied, `kept` goes on as long
as the process (or the subnet) does, and `present=False` appears with the first event, as in Kea.
"""

from __future__ import annotations

from kead.statistics import Group, Statistics


class PacketCounters4(Group):
    """Packets of the whole server. Every dropped one counts in `pkt4_receive_drop`, whatever else it counts in."""

    __slots__ = (
        "pkt4_ack_received",
        "pkt4_ack_sent",
        "pkt4_admin_filtered",
        "pkt4_decline_received",
        "pkt4_discover_received",
        "pkt4_duplicate",
        "pkt4_inform_received",
        "pkt4_lease_query_received",
        "pkt4_lease_query_response_active_sent",
        "pkt4_lease_query_response_unassigned_sent",
        "pkt4_lease_query_response_unknown_sent",
        "pkt4_limit_exceeded",
        "pkt4_nak_received",
        "pkt4_nak_sent",
        "pkt4_not_for_us",
        "pkt4_offer_received",
        "pkt4_offer_sent",
        "pkt4_parse_failed",
        "pkt4_processing_failed",
        "pkt4_queue_full",
        "pkt4_receive_drop",
        "pkt4_received",
        "pkt4_release_received",
        "pkt4_request_received",
        "pkt4_rfc_violation",
        "pkt4_sent",
        "pkt4_service_disabled",
        "pkt4_unknown_received",
    )

    def __init__(self, statistics: Statistics) -> None:
        super().__init__(statistics, "")
        self.pkt4_received = self.kept("pkt4-received")
        self.pkt4_discover_received = self.kept("pkt4-discover-received")
        self.pkt4_offer_received = self.kept("pkt4-offer-received")
        self.pkt4_request_received = self.kept("pkt4-request-received")
        self.pkt4_ack_received = self.kept("pkt4-ack-received")
        self.pkt4_nak_received = self.kept("pkt4-nak-received")
        self.pkt4_release_received = self.kept("pkt4-release-received")
        self.pkt4_decline_received = self.kept("pkt4-decline-received")
        self.pkt4_inform_received = self.kept("pkt4-inform-received")
        self.pkt4_lease_query_received = self.kept("pkt4-lease-query-received")
        self.pkt4_unknown_received = self.kept("pkt4-unknown-received")
        self.pkt4_sent = self.kept("pkt4-sent")
        self.pkt4_offer_sent = self.kept("pkt4-offer-sent")
        self.pkt4_ack_sent = self.kept("pkt4-ack-sent")
        self.pkt4_nak_sent = self.kept("pkt4-nak-sent")
        self.pkt4_lease_query_response_unassigned_sent = self.kept("pkt4-lease-query-response-unassigned-sent")
        self.pkt4_lease_query_response_unknown_sent = self.kept("pkt4-lease-query-response-unknown-sent")
        self.pkt4_lease_query_response_active_sent = self.kept("pkt4-lease-query-response-active-sent")
        self.pkt4_service_disabled = self.kept("pkt4-service-disabled")
        self.pkt4_parse_failed = self.kept("pkt4-parse-failed")
        self.pkt4_queue_full = self.kept("pkt4-queue-full")
        self.pkt4_duplicate = self.kept("pkt4-duplicate")
        self.pkt4_rfc_violation = self.kept("pkt4-rfc-violation")
        self.pkt4_admin_filtered = self.kept("pkt4-admin-filtered")
        self.pkt4_not_for_us = self.kept("pkt4-not-for-us")
        self.pkt4_processing_failed = self.kept("pkt4-processing-failed")
        self.pkt4_limit_exceeded = self.kept("pkt4-limit-exceeded")
        self.pkt4_receive_drop = self.kept("pkt4-receive-drop")
        statistics.attach(self)


class LeaseCounters4(Group):
    """Leases of the whole server. `assigned_addresses` and `declined_addresses` are set anew from the lease store."""

    __slots__ = (
        "assigned_addresses",
        "cumulative_assigned_addresses",
        "declined_addresses",
        "reclaimed_declined_addresses",
        "reclaimed_leases",
        "v4_allocation_fail",
        "v4_allocation_fail_classes",
        "v4_allocation_fail_no_pools",
        "v4_allocation_fail_shared_network",
        "v4_allocation_fail_subnet",
        "v4_lease_reuses",
        "v4_reservation_conflicts",
    )

    def __init__(self, statistics: Statistics) -> None:
        super().__init__(statistics, "")
        self.assigned_addresses = self.kept("assigned-addresses")
        self.cumulative_assigned_addresses = self.kept("cumulative-assigned-addresses")
        self.declined_addresses = self.kept("declined-addresses")
        self.reclaimed_declined_addresses = self.kept("reclaimed-declined-addresses")
        self.reclaimed_leases = self.kept("reclaimed-leases")
        self.v4_allocation_fail = self.kept("v4-allocation-fail")
        self.v4_allocation_fail_shared_network = self.kept("v4-allocation-fail-shared-network")
        self.v4_allocation_fail_subnet = self.kept("v4-allocation-fail-subnet")
        self.v4_allocation_fail_no_pools = self.kept("v4-allocation-fail-no-pools")
        self.v4_allocation_fail_classes = self.kept("v4-allocation-fail-classes")
        self.v4_reservation_conflicts = self.kept("v4-reservation-conflicts")
        self.v4_lease_reuses = self.kept("v4-lease-reuses")
        statistics.attach(self)


class SubnetCounters4(Group):
    """`subnet[ID].…`: leases of one subnet, whose pools hold `total` addresses.

    `before` is what the previous configuration had for the same subnet.
    """

    __slots__ = (
        "assigned_addresses",
        "cumulative_assigned_addresses",
        "declined_addresses",
        "reclaimed_declined_addresses",
        "reclaimed_leases",
        "total_addresses",
        "v4_allocation_fail",
        "v4_allocation_fail_classes",
        "v4_allocation_fail_no_pools",
        "v4_allocation_fail_shared_network",
        "v4_allocation_fail_subnet",
        "v4_lease_reuses",
        "v4_reservation_conflicts",
    )

    def __init__(
        self, statistics: Statistics, subnet_id: int, total: int, before: SubnetCounters4 | None = None
    ) -> None:
        super().__init__(statistics, f"subnet[{subnet_id}].", before)
        self.total_addresses = self.fresh("total-addresses", total)
        self.assigned_addresses = self.fresh("assigned-addresses")
        self.cumulative_assigned_addresses = self.fresh("cumulative-assigned-addresses")
        self.declined_addresses = self.fresh("declined-addresses")
        self.reclaimed_declined_addresses = self.fresh("reclaimed-declined-addresses")
        self.reclaimed_leases = self.fresh("reclaimed-leases")
        self.v4_lease_reuses = self.kept("v4-lease-reuses")
        self.v4_reservation_conflicts = self.kept("v4-reservation-conflicts")
        self.v4_allocation_fail = self.kept("v4-allocation-fail", present=False)
        self.v4_allocation_fail_shared_network = self.kept("v4-allocation-fail-shared-network", present=False)
        self.v4_allocation_fail_subnet = self.kept("v4-allocation-fail-subnet", present=False)
        self.v4_allocation_fail_no_pools = self.kept("v4-allocation-fail-no-pools", present=False)
        self.v4_allocation_fail_classes = self.kept("v4-allocation-fail-classes", present=False)
        statistics.attach(self)


class PoolCounters4(Group):
    """`subnet[ID].pool[PID].…`: leases of all pools of a subnet with this pool id, `total` addresses together."""

    __slots__ = (
        "assigned_addresses",
        "cumulative_assigned_addresses",
        "declined_addresses",
        "reclaimed_declined_addresses",
        "reclaimed_leases",
        "total_addresses",
    )

    def __init__(
        self, statistics: Statistics, subnet_id: int, pool_id: int, total: int, before: PoolCounters4 | None = None
    ) -> None:
        super().__init__(statistics, f"subnet[{subnet_id}].pool[{pool_id}].", before)
        self.total_addresses = self.fresh("total-addresses", total)
        self.assigned_addresses = self.fresh("assigned-addresses")
        self.cumulative_assigned_addresses = self.fresh("cumulative-assigned-addresses")
        self.declined_addresses = self.fresh("declined-addresses")
        self.reclaimed_declined_addresses = self.fresh("reclaimed-declined-addresses")
        self.reclaimed_leases = self.fresh("reclaimed-leases")
        statistics.attach(self)
