"""Counting what happens to packets and leases, in all the statistics that it belongs to at once.

A lease change counts globally, in its subnet and in its pool, and only when it is durable: until then it is noted
(`assigned`, `removed`, …), what was noted for a group is taken with the group (`cut`), and counted when the group is
through (`settle`). A group that fails was never counted.

What every packet counts is gathered, and put into the counters when they are looked at or sampled, a hundred times a
second at most.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum, auto
from operator import attrgetter
from typing import Final

from kead.dhcp6.counters import LeaseCounters6, PacketCounters6, PdPoolCounters6, PoolCounters6, SubnetCounters6
from kead.dhcp6.packet import (
    ADDR_REG_INFORM,
    ADDR_REG_REPLY,
    ADVERTISE,
    CONFIRM,
    DECLINE,
    DHCPV4_QUERY,
    DHCPV4_RESPONSE,
    INFORMATION_REQUEST,
    LEASE_QUERY,
    REBIND,
    RECONFIGURE,
    RELEASE,
    RENEW,
    REPLY,
    REQUEST,
    SOLICIT,
)
from kead.leases.lease6 import Lease6, LeaseType, State
from kead.statistics import Counter, Statistics


class Change(IntEnum):
    """What can become of a lease, as far as statistics care."""

    ASSIGNED = auto()
    RELEASED = auto()
    DECLINED = auto()
    RECLAIMED = auto()
    RECLAIMED_RELEASED = auto()
    RECLAIMED_DECLINED = auto()
    RECLAIMED_REGISTERED = auto()
    REGISTERED = auto()
    """By its client, or by another one in place of the client that had registered it in another subnet."""
    LEFT = auto()
    """Registered in another subnet from now on, or no longer at all."""
    ADDED = auto()
    """Assigned by an administrator: not counted in what was ever assigned."""
    ENTERED = auto()
    """Registered by an administrator: not counted in what was ever registered."""
    APPROVED = auto()
    """Declined no more, by an administrator."""


_ASSIGNED: Final = int(Change.ASSIGNED)
NO_POOL: Final = -1
"""In place of a pool id: it counts in no pool."""
UNCOUNTED: Final = -2
"""In place of a pool id: it does not count as assigned. So does, as in Kea, what is reserved outside of all pools."""
Noted = Mapping[tuple[int, bool, int, int], int]
"""(what, whether it is a prefix, subnet id, pool id): how often."""
Sizes = Iterable[tuple[int, int]]
"""Pools as (pool id, size)."""


class Tally6:
    """The counters of one server. Subnets and pools come and go with the configuration (`configure`)."""

    __slots__ = (
        "_by_type",
        "_noted",
        "_received",
        "_replies",
        "_sent",
        "_settled",
        "leases",
        "packets",
        "pd_pools",
        "pool_of",
        "pools",
        "statistics",
        "subnets",
    )

    def __init__(self, statistics: Statistics) -> None:
        self.statistics = statistics
        p = self.packets = PacketCounters6(statistics)
        self.leases = LeaseCounters6(statistics)
        self.pool_of: Callable[[Lease6], int] = attrgetter("pool_id")
        """The pool in which a lease counts: the one that has its address, whatever the lease says (a lease that was
        added by hand may lie outside of all, or say anything)."""
        self.subnets: dict[int, SubnetCounters6] = {}
        self.pools: dict[tuple[int, int], PoolCounters6] = {}
        self.pd_pools: dict[tuple[int, int], PdPoolCounters6] = {}
        self._received: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._settled: dict[tuple[int, bool, int, int], int] = {}
        self._noted: dict[tuple[int, bool, int, int], int] = {}
        self._by_type: dict[int, Counter] = {
            SOLICIT: p.pkt6_solicit_received,
            ADVERTISE: p.pkt6_advertise_received,
            REQUEST: p.pkt6_request_received,
            CONFIRM: p.pkt6_confirm_received,
            RENEW: p.pkt6_renew_received,
            REBIND: p.pkt6_rebind_received,
            REPLY: p.pkt6_reply_received,
            RELEASE: p.pkt6_release_received,
            DECLINE: p.pkt6_decline_received,
            INFORMATION_REQUEST: p.pkt6_infrequest_received,
            RECONFIGURE: p.pkt6_reconfigure_received,
            DHCPV4_QUERY: p.pkt6_dhcpv4_query_received,
            DHCPV4_RESPONSE: p.pkt6_dhcpv4_response_received,
            ADDR_REG_INFORM: p.pkt6_addr_reg_inform_received,
            ADDR_REG_REPLY: p.pkt6_addr_reg_reply_received,
        }
        self._replies = {
            ADVERTISE: p.pkt6_advertise_sent,
            REPLY: p.pkt6_reply_sent,
            ADDR_REG_REPLY: p.pkt6_addr_reg_reply_sent,
        }
        statistics.sources.append(self._count_gathered)

    def configure(self, subnets: Iterable[tuple[int, Sizes, Sizes]]) -> None:
        """Counters for these subnets: (subnet id, its pools, its pools of prefixes); those of others are forgotten."""
        for _ in self.configuring(subnets):
            pass

    def configuring(self, subnets: Iterable[tuple[int, Sizes, Sizes]]) -> Iterator[None]:
        """The same in short steps, between which packets may be counted."""
        self._count_gathered()
        old_subnets, old_pools, old_pd_pools = self.subnets.copy(), self.pools.copy(), self.pd_pools.copy()
        statistics = self.statistics
        for subnet_id, pools, pd_pools in subnets:
            addresses, prefixes = _sums(pools), _sums(pd_pools)
            old_subnets.pop(subnet_id, None)
            before = self.subnets.get(subnet_id)
            self.subnets[subnet_id] = SubnetCounters6(
                statistics, subnet_id, sum(addresses.values()), sum(prefixes.values()), before
            )
            for pool_id, size in addresses.items():
                key = (subnet_id, pool_id)
                self.pools[key] = PoolCounters6(statistics, subnet_id, pool_id, size, old_pools.pop(key, None))
            for pool_id, size in prefixes.items():
                key = (subnet_id, pool_id)
                self.pd_pools[key] = PdPoolCounters6(statistics, subnet_id, pool_id, size, old_pd_pools.pop(key, None))
            yield
        while old_subnets:
            gone, subnet = old_subnets.popitem()
            del self.subnets[gone]
            statistics.detach(subnet)
            yield
        while old_pools:
            key, pool = old_pools.popitem()
            del self.pools[key]
            statistics.detach(pool)
            yield
        while old_pd_pools:
            key, pd_pool = old_pd_pools.popitem()
            del self.pd_pools[key]
            statistics.detach(pd_pool)
            yield

    def recount(self, counts: Iterable[tuple[int, int, int, int, int]]) -> None:
        """Set what is assigned, declined and registered from the store: (subnet id, pool id, type, state, how many)."""
        self._count_gathered()
        leases = self.leases
        for counter in (leases.assigned_nas, leases.assigned_pds, leases.declined_addresses):
            counter.set(0)
        for subnet_id, pool_id, kind, state, number in counts:
            if state in (State.RECLAIMED, State.RELEASED):
                continue
            subnet = self._subnet(subnet_id)
            if state == State.REGISTERED:
                subnet.registered_nas.add(number)
                continue
            if kind == LeaseType.PD:
                leases.assigned_pds.add(number)
                subnet.assigned_pds.add(number)
                pd_pool = self.pd_pools.get((subnet_id, pool_id))
                if pd_pool is not None:
                    pd_pool.assigned_pds.add(number)
                continue
            pool = self.pools.get((subnet_id, pool_id))
            leases.assigned_nas.add(number)
            subnet.assigned_nas.add(number)
            if pool is not None:
                pool.assigned_nas.add(number)
            if state == State.DECLINED:
                leases.declined_addresses.add(number)
                subnet.declined_addresses.add(number)
                if pool is not None:
                    pool.declined_addresses.add(number)

    # Packets

    def received(self, kind: int) -> None:
        """A packet was parsed; its message type is this."""
        self._received[kind] = self._received.get(kind, 0) + 1

    def sent(self, kind: int, number: int) -> None:
        """So many replies of this type left."""
        self._sent[kind] = self._sent.get(kind, 0) + number

    def end_of_batch(self, now: float) -> None:
        """A batch is through at `now`."""
        self.statistics.end_of_batch(now, bool(self._received or self._sent or self._settled))

    def _count_gathered(self) -> None:
        """Put what was gathered into the counters."""
        for kind, number in self._received.items():
            self.packets.pkt6_received.add(number)
            self._by_type.get(kind, self.packets.pkt6_unknown_received).add(number)
            if kind == LEASE_QUERY:
                self.packets.pkt6_lease_query_received.add(number)
        self._received.clear()
        for kind, number in self._sent.items():
            self.packets.pkt6_sent.add(number)
            counter = self._replies.get(kind)
            if counter is not None:
                counter.add(number)
        self._sent.clear()
        for (change, prefix, subnet_id, pool_id), number in self._settled.items():
            self._count(change, prefix, subnet_id, pool_id, number)
        self._settled.clear()

    def parse_failed(self) -> None:
        """Bytes that are no packet. They count as received too."""
        self.packets.pkt6_received.add()
        self.packets.pkt6_parse_failed.add()
        self.packets.pkt6_receive_drop.add()

    def dropped(self, reason: Counter | None = None) -> None:
        """A packet is not answered, for the reason that this counter stands for."""
        if reason is not None:
            reason.add()
        self.packets.pkt6_receive_drop.add()

    def disabled(self, number: int) -> None:
        """So many packets came while service was switched off."""
        self.packets.pkt6_received.add(number)
        self.packets.pkt6_service_disabled.add(number)

    def overloaded(self, number: int) -> None:
        """So many packets had piled up and are dropped unread."""
        self.packets.pkt6_received.add(number)
        self.packets.pkt6_queue_full.add(number)
        self.packets.pkt6_receive_drop.add(number)

    def not_stored(self, number: int) -> None:
        """So many replies do not leave, since their leases could not be stored."""
        self.packets.pkt6_receive_drop.add(number)

    def failed(self) -> None:
        """An exchange ended in an exception."""
        self.dropped(self.packets.pkt6_processing_failed)

    def lost(self, *, full: bool) -> None:
        """A parked exchange was given up; `full`: because there was no room for it."""
        self.dropped(self.packets.pkt6_queue_full if full else None)

    # Leases

    def assigned(self, lease: Lease6) -> None:
        """An address or a prefix is given to a client."""
        self._note(Change.ASSIGNED, lease)

    def assigned_in(self, prefix: bool, subnet_id: int, pool_id: int) -> None:
        """As `assigned`, of an address or a prefix of this pool."""
        key = (_ASSIGNED, prefix, subnet_id, pool_id)
        self._noted[key] = self._noted.get(key, 0) + 1

    def declined(self, lease: Lease6) -> None:
        """An address goes on probation; it stays assigned."""
        self._note(Change.DECLINED, lease)

    def registered(self, lease: Lease6, old: Lease6 | None) -> None:
        """A client registered its own address, in place of what was registered before."""
        if old is not None and old.subnet_id == lease.subnet_id:
            return
        self._note(Change.REGISTERED, lease)
        if old is not None:
            self._note(Change.LEFT, old)

    def reclaimed(self, lease: Lease6) -> None:
        """An expired lease, as it was, has been reclaimed. One that its client had released is assigned no more."""
        if lease.state == State.DECLINED:
            self._note(Change.RECLAIMED_DECLINED, lease)
        elif lease.state == State.REGISTERED:
            self._note(Change.RECLAIMED_REGISTERED, lease)
        elif lease.state == State.RELEASED:
            self._note(Change.RECLAIMED_RELEASED, lease)
        else:
            self._note(Change.RECLAIMED, lease)

    def added(self, lease: Lease6, *, in_pool: bool = True) -> None:
        """An administrator has added this lease: it is assigned, but nobody was ever given it."""
        self._by_hand(lease, in_pool, Change.ADDED, Change.DECLINED, Change.ENTERED)

    def removed(self, lease: Lease6, *, in_pool: bool = True) -> None:
        """It is no longer a client's, whatever state it was in: released, lost, or removed by an administrator."""
        self._by_hand(lease, in_pool, Change.RELEASED, Change.APPROVED, Change.LEFT)

    def _by_hand(
        self, lease: Lease6, in_pool: bool, always: Change, if_declined: Change, if_registered: Change
    ) -> None:
        if lease.state in (State.RECLAIMED, State.RELEASED):
            return
        pool_id = self.pool_of(lease) if in_pool else NO_POOL
        prefix = lease.type == LeaseType.PD
        if lease.state == State.REGISTERED:
            self._note_in(if_registered, prefix, lease.subnet_id, pool_id)
            return
        self._note_in(always, prefix, lease.subnet_id, pool_id)
        if lease.state == State.DECLINED:
            self._note_in(if_declined, prefix, lease.subnet_id, pool_id)

    def _note(self, change: Change, lease: Lease6) -> None:
        self._note_in(change, lease.type == LeaseType.PD, lease.subnet_id, self.pool_of(lease))

    def _note_in(self, change: Change, prefix: bool, subnet_id: int, pool_id: int) -> None:
        if pool_id == UNCOUNTED:  # it was never assigned
            if change in (Change.ASSIGNED, Change.ADDED, Change.RELEASED):
                return
            if change in (Change.RECLAIMED, Change.RECLAIMED_DECLINED):
                self._note_in(Change.ADDED, prefix, subnet_id, NO_POOL)
        key = (int(change), prefix, subnet_id, pool_id)
        self._noted[key] = self._noted.get(key, 0) + 1

    def reused(self, lease: Lease6) -> None:
        """A lease was given once more without being stored."""
        for group in (self.leases, self._subnet(lease.subnet_id)):
            (group.v6_ia_pd_lease_reuses if lease.type == LeaseType.PD else group.v6_ia_na_lease_reuses).add()

    def allocation_failed(self, subnet_id: int, *, shared: bool, tried: bool, classes: bool) -> None:
        """Nothing for an identity association: counted by where and why, several reasons at once (Kea's rules)."""
        for group in (self.leases, self._subnet(subnet_id)):
            (group.v6_allocation_fail_shared_network if shared else group.v6_allocation_fail_subnet).add()
            (group.v6_allocation_fail if tried else group.v6_allocation_fail_no_pools).add()
            if classes:
                group.v6_allocation_fail_classes.add()

    # Groups

    def cut(self) -> Noted:
        """What was noted since the last cut, as `settle` takes it."""
        noted = self._noted
        if noted:
            self._noted = {}
        return noted

    def settle(self, noted: Noted) -> None:
        """These changes are durable: count them."""
        settled = self._settled
        for key, number in noted.items():
            settled[key] = settled.get(key, 0) + number

    def _count(self, change: int, prefix: bool, subnet_id: int, pool_id: int, number: int) -> None:
        key = (subnet_id, pool_id)
        subnet = self._subnet(subnet_id)
        if prefix:
            _count_prefixes(self.leases, change, number)
            _count_prefixes(subnet, change, number)
            pd_pool = self.pd_pools.get(key)
            if pd_pool is not None:
                _count_prefixes(pd_pool, change, number)
        else:
            _count_addresses(self.leases, change, number)
            _count_addresses(subnet, change, number)
            _count_registered(self.leases, subnet, change, number)
            pool = self.pools.get(key)
            if pool is not None:
                _count_addresses(pool, change, number)

    def _subnet(self, subnet_id: int) -> SubnetCounters6:
        subnet = self.subnets.get(subnet_id)
        if subnet is None:  # a lease of a subnet that is configured no more, or never was
            subnet = self.subnets[subnet_id] = SubnetCounters6(self.statistics, subnet_id, 0, 0)
        return subnet


def _sums(pools: Sizes) -> dict[int, int]:
    """How many addresses or prefixes all pools of an id have together."""
    sizes: dict[int, int] = {}
    for pool_id, size in pools:
        sizes[pool_id] = sizes.get(pool_id, 0) + size
    return sizes


def _count_addresses(group: LeaseCounters6 | SubnetCounters6 | PoolCounters6, change: int, number: int) -> None:
    match change:
        case Change.ASSIGNED:
            group.assigned_nas.add(number)
            group.cumulative_assigned_nas.add(number)
        case Change.ADDED:
            group.assigned_nas.add(number)
        case Change.APPROVED:
            group.declined_addresses.add(-number)
        case Change.RELEASED:
            group.assigned_nas.add(-number)
        case Change.DECLINED:
            group.declined_addresses.add(number)
        case Change.RECLAIMED:
            group.reclaimed_leases.add(number)
            group.assigned_nas.add(-number)
        case Change.RECLAIMED_RELEASED | Change.RECLAIMED_REGISTERED:
            group.reclaimed_leases.add(number)
        case Change.RECLAIMED_DECLINED:
            group.reclaimed_leases.add(number)
            group.assigned_nas.add(-number)
            group.declined_addresses.add(-number)
            group.reclaimed_declined_addresses.add(number)


def _count_prefixes(group: LeaseCounters6 | SubnetCounters6 | PdPoolCounters6, change: int, number: int) -> None:
    match change:
        case Change.ASSIGNED:
            group.assigned_pds.add(number)
            group.cumulative_assigned_pds.add(number)
        case Change.ADDED:
            group.assigned_pds.add(number)
        case Change.RELEASED:
            group.assigned_pds.add(-number)
        case Change.RECLAIMED:
            group.reclaimed_leases.add(number)
            group.assigned_pds.add(-number)
        case Change.RECLAIMED_RELEASED:
            group.reclaimed_leases.add(number)


def _count_registered(leases: LeaseCounters6, subnet: SubnetCounters6, change: int, number: int) -> None:
    match change:
        case Change.REGISTERED:
            subnet.registered_nas.add(number)
            subnet.cumulative_registered_nas.add(number)
            leases.cumulative_registered_nas.add(number)
        case Change.ENTERED:
            subnet.registered_nas.add(number)
        case Change.LEFT | Change.RECLAIMED_REGISTERED:
            subnet.registered_nas.add(-number)
