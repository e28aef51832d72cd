"""The statistics of a DHCPv6 server, an attribute a name: what exists, and from when.

A line of a constructor is the declaration. `fresh` begins anew when a configuration is applied, `kept` goes on as long
as the process (or the subnet) does, and `present=False` appears with the first event, as in Kea.
"""

from __future__ import annotations

from kead.statistics import Group, Statistics


class PacketCounters6(Group):
    """Packets of the whole server. Every dropped one counts in `pkt6_receive_drop`, whatever else it counts in."""

    __slots__ = (
        "pkt6_addr_reg_inform_received",
        "pkt6_addr_reg_reply_received",
        "pkt6_addr_reg_reply_sent",
        "pkt6_admin_filtered",
        "pkt6_advertise_received",
        "pkt6_advertise_sent",
        "pkt6_confirm_received",
        "pkt6_decline_received",
        "pkt6_dhcpv4_query_received",
        "pkt6_dhcpv4_response_received",
        "pkt6_dhcpv4_response_sent",
        "pkt6_duplicate",
        "pkt6_infrequest_received",
        "pkt6_lease_query_received",
        "pkt6_lease_query_reply_sent",
        "pkt6_limit_exceeded",
        "pkt6_not_for_us",
        "pkt6_parse_failed",
        "pkt6_processing_failed",
        "pkt6_queue_full",
        "pkt6_rebind_received",
        "pkt6_receive_drop",
        "pkt6_received",
        "pkt6_reconfigure_received",
        "pkt6_release_received",
        "pkt6_renew_received",
        "pkt6_reply_received",
        "pkt6_reply_sent",
        "pkt6_request_received",
        "pkt6_rfc_violation",
        "pkt6_sent",
        "pkt6_service_disabled",
        "pkt6_solicit_received",
        "pkt6_unknown_received",
    )

    def __init__(self, statistics: Statistics) -> None:
        super().__init__(statistics, "")
        self.pkt6_received = self.kept("pkt6-received")
        self.pkt6_solicit_received = self.kept("pkt6-solicit-received")
        self.pkt6_advertise_received = self.kept("pkt6-advertise-received")
        self.pkt6_request_received = self.kept("pkt6-request-received")
        self.pkt6_reply_received = self.kept("pkt6-reply-received")
        self.pkt6_renew_received = self.kept("pkt6-renew-received")
        self.pkt6_rebind_received = self.kept("pkt6-rebind-received")
        self.pkt6_decline_received = self.kept("pkt6-decline-received")
        self.pkt6_release_received = self.kept("pkt6-release-received")
        self.pkt6_infrequest_received = self.kept("pkt6-infrequest-received")
        self.pkt6_lease_query_received = self.kept("pkt6-lease-query-received")
        self.pkt6_dhcpv4_query_received = self.kept("pkt6-dhcpv4-query-received")
        self.pkt6_dhcpv4_response_received = self.kept("pkt6-dhcpv4-response-received")
        self.pkt6_addr_reg_inform_received = self.kept("pkt6-addr-reg-inform-received")
        self.pkt6_addr_reg_reply_received = self.kept("pkt6-addr-reg-reply-received")
        self.pkt6_confirm_received = self.kept("pkt6-confirm-received", present=False)
        self.pkt6_reconfigure_received = self.kept("pkt6-reconfigure-received", present=False)
        self.pkt6_unknown_received = self.kept("pkt6-unknown-received")
        self.pkt6_sent = self.kept("pkt6-sent")
        self.pkt6_advertise_sent = self.kept("pkt6-advertise-sent")
        self.pkt6_reply_sent = self.kept("pkt6-reply-sent")
        self.pkt6_lease_query_reply_sent = self.kept("pkt6-lease-query-reply-sent")
        self.pkt6_dhcpv4_response_sent = self.kept("pkt6-dhcpv4-response-sent")
        self.pkt6_addr_reg_reply_sent = self.kept("pkt6-addr-reg-reply-sent")
        self.pkt6_service_disabled = self.kept("pkt6-service-disabled")
        self.pkt6_parse_failed = self.kept("pkt6-parse-failed")
        self.pkt6_queue_full = self.kept("pkt6-queue-full")
        self.pkt6_duplicate = self.kept("pkt6-duplicate")
        self.pkt6_rfc_violation = self.kept("pkt6-rfc-violation")
        self.pkt6_admin_filtered = self.kept("pkt6-admin-filtered")
        self.pkt6_not_for_us = self.kept("pkt6-not-for-us")
        self.pkt6_processing_failed = self.kept("pkt6-processing-failed")
        self.pkt6_limit_exceeded = self.kept("pkt6-limit-exceeded")
        self.pkt6_receive_drop = self.kept("pkt6-receive-drop")
        statistics.attach(self)


class LeaseCounters6(Group):
    """Leases of the whole server. What is assigned and declined is set anew from the lease store."""

    __slots__ = (
        "assigned_nas",
        "assigned_pds",
        "cumulative_assigned_nas",
        "cumulative_assigned_pds",
        "cumulative_registered_nas",
        "declined_addresses",
        "reclaimed_declined_addresses",
        "reclaimed_leases",
        "v6_allocation_fail",
        "v6_allocation_fail_classes",
        "v6_allocation_fail_no_pools",
        "v6_allocation_fail_shared_network",
        "v6_allocation_fail_subnet",
        "v6_ia_na_lease_reuses",
        "v6_ia_pd_lease_reuses",
    )

    def __init__(self, statistics: Statistics) -> None:
        super().__init__(statistics, "")
        self.assigned_nas = self.kept("assigned-nas")
        self.assigned_pds = self.kept("assigned-pds")
        self.cumulative_assigned_nas = self.kept("cumulative-assigned-nas")
        self.cumulative_assigned_pds = self.kept("cumulative-assigned-pds")
        self.cumulative_registered_nas = self.kept("cumulative-registered-nas")
        self.declined_addresses = self.kept("declined-addresses")
        self.reclaimed_declined_addresses = self.kept("reclaimed-declined-addresses")
        self.reclaimed_leases = self.kept("reclaimed-leases")
        self.v6_allocation_fail = self.kept("v6-allocation-fail")
        self.v6_allocation_fail_shared_network = self.kept("v6-allocation-fail-shared-network")
        self.v6_allocation_fail_subnet = self.kept("v6-allocation-fail-subnet")
        self.v6_allocation_fail_no_pools = self.kept("v6-allocation-fail-no-pools")
        self.v6_allocation_fail_classes = self.kept("v6-allocation-fail-classes")
        self.v6_ia_na_lease_reuses = self.kept("v6-ia-na-lease-reuses")
        self.v6_ia_pd_lease_reuses = self.kept("v6-ia-pd-lease-reuses")
        statistics.attach(self)


class SubnetCounters6(Group):
    """`subnet[ID].…`: leases of one subnet, whose pools hold so many addresses and prefixes.

    `before` is what the previous configuration had for the same subnet.
    """

    __slots__ = (
        "assigned_nas",
        "assigned_pds",
        "cumulative_assigned_nas",
        "cumulative_assigned_pds",
        "cumulative_registered_nas",
        "declined_addresses",
        "reclaimed_declined_addresses",
        "reclaimed_leases",
        "registered_nas",
        "total_nas",
        "total_pds",
        "v6_allocation_fail",
        "v6_allocation_fail_classes",
        "v6_allocation_fail_no_pools",
        "v6_allocation_fail_shared_network",
        "v6_allocation_fail_subnet",
        "v6_ia_na_lease_reuses",
        "v6_ia_pd_lease_reuses",
    )

    def __init__(
        self,
        statistics: Statistics,
        subnet_id: int,
        addresses: int,
        prefixes: int,
        before: SubnetCounters6 | None = None,
    ) -> None:
        super().__init__(statistics, f"subnet[{subnet_id}].", before)
        self.total_nas = self.fresh("total-nas", addresses)
        self.total_pds = self.fresh("total-pds", prefixes)
        self.assigned_nas = self.fresh("assigned-nas")
        self.assigned_pds = self.fresh("assigned-pds")
        self.registered_nas = self.fresh("registered-nas")
        self.cumulative_assigned_nas = self.fresh("cumulative-assigned-nas")
        self.cumulative_assigned_pds = self.fresh("cumulative-assigned-pds")
        self.cumulative_registered_nas = self.fresh("cumulative-registered-nas")
        self.declined_addresses = self.fresh("declined-addresses")
        self.reclaimed_declined_addresses = self.fresh("reclaimed-declined-addresses")
        self.reclaimed_leases = self.fresh("reclaimed-leases")
        self.v6_ia_na_lease_reuses = self.kept("v6-ia-na-lease-reuses")
        self.v6_ia_pd_lease_reuses = self.kept("v6-ia-pd-lease-reuses")
        self.v6_allocation_fail = self.kept("v6-allocation-fail", present=False)
        self.v6_allocation_fail_shared_network = self.kept("v6-allocation-fail-shared-network", present=False)
        self.v6_allocation_fail_subnet = self.kept("v6-allocation-fail-subnet", present=False)
        self.v6_allocation_fail_no_pools = self.kept("v6-allocation-fail-no-pools", present=False)
        self.v6_allocation_fail_classes = self.kept("v6-allocation-fail-classes", present=False)
        statistics.attach(self)


class PoolCounters6(Group):
    """`subnet[ID].pool[PID].…`: leases of all pools of a subnet with this pool id, `total` addresses together."""

    __slots__ = (
        "assigned_nas",
        "cumulative_assigned_nas",
        "declined_addresses",
        "reclaimed_declined_addresses",
        "reclaimed_leases",
        "total_nas",
    )

    def __init__(
        self, statistics: Statistics, subnet_id: int, pool_id: int, total: int, before: PoolCounters6 | None = None
    ) -> None:
        super().__init__(statistics, f"subnet[{subnet_id}].pool[{pool_id}].", before)
        self.total_nas = self.fresh("total-nas", total)
        self.assigned_nas = self.fresh("assigned-nas")
        self.cumulative_assigned_nas = self.fresh("cumulative-assigned-nas")
        self.declined_addresses = self.fresh("declined-addresses")
        self.reclaimed_declined_addresses = self.fresh("reclaimed-declined-addresses")
        self.reclaimed_leases = self.fresh("reclaimed-leases")
        statistics.attach(self)


class PdPoolCounters6(Group):
    """`subnet[ID].pd-pool[PID].…`: leases of all pools of prefixes with this pool id, `total` prefixes together."""

    __slots__ = ("assigned_pds", "cumulative_assigned_pds", "reclaimed_leases", "total_pds")

    def __init__(
        self, statistics: Statistics, subnet_id: int, pool_id: int, total: int, before: PdPoolCounters6 | None = None
    ) -> None:
        super().__init__(statistics, f"subnet[{subnet_id}].pd-pool[{pool_id}].", before)
        self.total_pds = self.fresh("total-pds", total)
        self.assigned_pds = self.fresh("assigned-pds")
        self.cumulative_assigned_pds = self.fresh("cumulative-assigned-pds")
        self.reclaimed_leases = self.fresh("reclaimed-leases")
        statistics.attach(self)
