"""Counting what happens to packets and leases, in all the statistics that it belongs to at once.

A lease change counts globally, in its subnet and in its pool, and only when it is durable: until then it is noted
(`assigned`, `released`, …), what was noted for a group is taken with the group (`cut`), and counted when the group is
through (`settle`). A group that fails was never counted.

What every packet counts is gathered, and put into the counters when they are looked at or sampled, a hundred times a
second at most: a packet that comes alone would pay 4 microseconds for it, a quarter of what it costs in all.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum, auto
from operator import attrgetter
from typing import Final

from kead.dhcp4.counters import LeaseCounters4, PacketCounters4, PoolCounters4, SubnetCounters4
from kead.dhcp4.packet import ACK, DECLINE, DISCOVER, INFORM, LEASE_QUERY, NAK, OFFER, RELEASE, REQUEST
from kead.leases.lease4 import Lease4, State
from kead.statistics import Counter, Statistics


class Change(IntEnum):
    """What can become of a lease, as far as statistics care."""

    ASSIGNED = auto()
    RELEASED = auto()
    DECLINED = auto()
    RECLAIMED = auto()
    RECLAIMED_RELEASED = auto()
    RECLAIMED_DECLINED = auto()
    ADDED = auto()
    """Assigned by an administrator: not counted in what was ever assigned."""
    APPROVED = auto()
    """Declined no more, by an administrator."""


_ASSIGNED: Final = int(Change.ASSIGNED)  # a plain number, since every lease hashes it
NO_POOL: Final = -1
"""In place of a pool id: it counts in no pool."""
Noted = Mapping[tuple[int, int, int], int]
"""(what, subnet id, pool id): how often."""


class Tally4:
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
        "pool_of",
        "pools",
        "statistics",
        "subnets",
    )

    def __init__(self, statistics: Statistics) -> None:
        self.statistics = statistics
        p = self.packets = PacketCounters4(statistics)
        self.leases = LeaseCounters4(statistics)
        self.pool_of: Callable[[Lease4], int] = attrgetter("pool_id")
        """The pool in which a lease counts: the one that has its address, whatever the lease says (a lease that was
        added by hand may lie outside of all, or say anything)."""
        self.subnets: dict[int, SubnetCounters4] = {}
        self.pools: dict[tuple[int, int], PoolCounters4] = {}
        self._received: dict[int, int] = {}
        self._sent: dict[int, int] = {}
        self._settled: dict[tuple[int, int, int], int] = {}
        self._noted: dict[tuple[int, int, int], int] = {}
        self._by_type: dict[int, Counter] = {
            DISCOVER: p.pkt4_discover_received,
            OFFER: p.pkt4_offer_received,
            REQUEST: p.pkt4_request_received,
            DECLINE: p.pkt4_decline_received,
            ACK: p.pkt4_ack_received,
            NAK: p.pkt4_nak_received,
            RELEASE: p.pkt4_release_received,
            INFORM: p.pkt4_inform_received,
        }
        self._replies = {OFFER: p.pkt4_offer_sent, ACK: p.pkt4_ack_sent, NAK: p.pkt4_nak_sent}
        statistics.sources.append(self._count_gathered)

    def configure(self, subnets: Iterable[tuple[int, Iterable[tuple[int, int]]]]) -> None:
        """Counters for these subnets: (subnet id, its pools as (pool id, size)); those of others are forgotten."""
        for _ in self.configuring(subnets):
            pass

    def configuring(self, subnets: Iterable[tuple[int, Iterable[tuple[int, int]]]]) -> Iterator[None]:
        """The same in short steps, between which packets may be counted."""
        self._count_gathered()
        old_subnets, old_pools = self.subnets.copy(), self.pools.copy()
        for subnet_id, pools in subnets:
            sizes: dict[int, int] = {}
            for pool_id, size in pools:
                sizes[pool_id] = sizes.get(pool_id, 0) + size
            old_subnets.pop(subnet_id, None)
            before = self.subnets.get(subnet_id)
            self.subnets[subnet_id] = SubnetCounters4(self.statistics, subnet_id, sum(sizes.values()), before)
            for pool_id, size in sizes.items():
                key = (subnet_id, pool_id)
                self.pools[key] = PoolCounters4(self.statistics, subnet_id, pool_id, size, old_pools.pop(key, None))
            yield
        while old_subnets:
            gone, subnet = old_subnets.popitem()
            del self.subnets[gone]
            self.statistics.detach(subnet)
            yield
        while old_pools:
            key, pool = old_pools.popitem()
            del self.pools[key]
            self.statistics.detach(pool)
            yield

    def recount(self, counts: Iterable[tuple[int, int, int, int]]) -> None:
        """Set what is assigned and declined from the store: (subnet id, pool id, state, how many)."""
        self._count_gathered()
        total = declined_total = 0
        per_subnet: dict[int, list[int]] = {}
        per_pool: dict[tuple[int, int], list[int]] = {}
        for subnet_id, pool_id, state, number in counts:
            if state in (State.RECLAIMED, State.RELEASED):
                continue
            declined = number if state == State.DECLINED else 0
            total += number
            declined_total += declined
            for sums in (per_subnet.setdefault(subnet_id, [0, 0]), per_pool.setdefault((subnet_id, pool_id), [0, 0])):
                sums[0] += number
                sums[1] += declined
        self.leases.assigned_addresses.set(total)
        self.leases.declined_addresses.set(declined_total)
        for subnet_id, (assigned, declined) in per_subnet.items():
            subnet = self._subnet(subnet_id)
            subnet.assigned_addresses.set(assigned)
            subnet.declined_addresses.set(declined)
        for key, (assigned, declined) in per_pool.items():
            pool = self.pools.get(key)
            if pool is not None:
                pool.assigned_addresses.set(assigned)
                pool.declined_addresses.set(declined)

    # Packets

    def received(self, kind: int) -> None:
        """A packet was parsed; its message type is this (0: none)."""
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
            self.packets.pkt4_received.add(number)
            counter = self._by_type.get(kind)
            if counter is not None:
                counter.add(number)
            else:
                self.packets.pkt4_unknown_received.add(number)
                if kind == LEASE_QUERY:
                    self.packets.pkt4_lease_query_received.add(number)
        self._received.clear()
        for kind, number in self._sent.items():
            self.packets.pkt4_sent.add(number)
            self._replies[kind].add(number)
        self._sent.clear()
        for (change, subnet_id, pool_id), number in self._settled.items():
            self._count(self.leases, change, number)
            self._count(self._subnet(subnet_id), change, number)
            pool = self.pools.get((subnet_id, pool_id))
            if pool is not None:
                self._count(pool, change, number)
        self._settled.clear()

    def parse_failed(self) -> None:
        """Bytes that are no packet. They count as received too."""
        self.packets.pkt4_received.add()
        self.packets.pkt4_parse_failed.add()
        self.packets.pkt4_receive_drop.add()

    def dropped(self, reason: Counter | None = None) -> None:
        """A packet is not answered, for the reason that this counter stands for."""
        if reason is not None:
            reason.add()
        self.packets.pkt4_receive_drop.add()

    def disabled(self, number: int) -> None:
        """So many packets came while service was switched off."""
        self.packets.pkt4_service_disabled.add(number)

    def overloaded(self, number: int) -> None:
        """So many packets had piled up and are dropped unread."""
        self.packets.pkt4_received.add(number)
        self.packets.pkt4_queue_full.add(number)
        self.packets.pkt4_receive_drop.add(number)

    def not_stored(self, number: int) -> None:
        """So many replies do not leave, since their leases could not be stored."""
        self.packets.pkt4_receive_drop.add(number)

    def failed(self) -> None:
        """An exchange ended in an exception."""
        self.dropped(self.packets.pkt4_processing_failed)

    def lost(self, *, full: bool) -> None:
        """A parked exchange was given up; `full`: because there was no room for it."""
        self.dropped(self.packets.pkt4_queue_full if full else None)

    # Leases

    def assigned(self, lease: Lease4, *, in_pool: bool = True) -> None:
        """An address is given to a client (an offered one too, where offers are stored).

        Not `in_pool`: it is reserved for the client, outside of all pools, and counts in none.
        """
        key = (_ASSIGNED, lease.subnet_id, lease.pool_id if in_pool else NO_POOL)
        self._noted[key] = self._noted.get(key, 0) + 1

    def released(self, lease: Lease4) -> None:
        """An address is no longer a client's."""
        self._note(Change.RELEASED, lease)

    def declined(self, lease: Lease4) -> None:
        """An address goes on probation; it stays assigned."""
        self._note(Change.DECLINED, lease)

    def reclaimed(self, lease: Lease4) -> None:
        """An expired lease, as it was, has been reclaimed. One that its client had released is assigned no more."""
        if lease.state == State.DECLINED:
            self._note(Change.RECLAIMED_DECLINED, lease)
        elif lease.state == State.RELEASED:
            self._note(Change.RECLAIMED_RELEASED, lease)
        else:
            self._note(Change.RECLAIMED, lease)

    def added(self, lease: Lease4, *, in_pool: bool = True) -> None:
        """An administrator has added this lease: it is assigned, but nobody was ever given it."""
        self._by_hand(lease, in_pool, Change.ADDED, Change.DECLINED)

    def removed(self, lease: Lease4, *, in_pool: bool = True) -> None:
        """An administrator has removed this lease, in whatever state it was."""
        self._by_hand(lease, in_pool, Change.RELEASED, Change.APPROVED)

    def _by_hand(self, lease: Lease4, in_pool: bool, always: Change, if_declined: Change) -> None:
        if lease.state in (State.RECLAIMED, State.RELEASED):
            return
        pool_id = self.pool_of(lease) if in_pool else NO_POOL
        self._note_in(always, lease.subnet_id, pool_id)
        if lease.state == State.DECLINED:
            self._note_in(if_declined, lease.subnet_id, pool_id)

    def _note(self, change: Change, lease: Lease4) -> None:
        self._note_in(change, lease.subnet_id, self.pool_of(lease))

    def _note_in(self, change: Change, subnet_id: int, pool_id: int) -> None:
        key = (change, subnet_id, pool_id)
        self._noted[key] = self._noted.get(key, 0) + 1

    def reused(self, lease: Lease4) -> None:
        """A lease was given once more without being stored."""
        self.leases.v4_lease_reuses.add()
        self._subnet(lease.subnet_id).v4_lease_reuses.add()

    def in_conflict(self, subnet_id: int) -> None:
        """What is reserved for a client is leased to another one, in this subnet."""
        self.leases.v4_reservation_conflicts.add()
        self._subnet(subnet_id).v4_reservation_conflicts.add()

    def allocation_failed(self, subnet_id: int, *, shared: bool, tried: bool, no_pools: bool, classes: bool) -> None:
        """No address for a client: counted by where and why, several reasons at once (Kea's rules)."""
        for group in (self.leases, self._subnet(subnet_id)):
            (group.v4_allocation_fail_shared_network if shared else group.v4_allocation_fail_subnet).add()
            if tried:
                group.v4_allocation_fail.add()
            if no_pools:
                group.v4_allocation_fail_no_pools.add()
            if classes:
                group.v4_allocation_fail_classes.add()

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

    def _subnet(self, subnet_id: int) -> SubnetCounters4:
        subnet = self.subnets.get(subnet_id)
        if subnet is None:  # a lease of a subnet that is configured no more, or never was
            subnet = self.subnets[subnet_id] = SubnetCounters4(self.statistics, subnet_id, 0)
        return subnet

    @staticmethod
    def _count(group: LeaseCounters4 | SubnetCounters4 | PoolCounters4, change: int, number: int) -> None:
        match change:
            case Change.ASSIGNED:
                group.assigned_addresses.add(number)
                group.cumulative_assigned_addresses.add(number)
            case Change.ADDED:
                group.assigned_addresses.add(number)
            case Change.APPROVED:
                group.declined_addresses.add(-number)
            case Change.RELEASED:
                group.assigned_addresses.add(-number)
            case Change.DECLINED:
                group.declined_addresses.add(number)
            case Change.RECLAIMED:
                group.reclaimed_leases.add(number)
                group.assigned_addresses.add(-number)
            case Change.RECLAIMED_RELEASED:
                group.reclaimed_leases.add(number)
            case Change.RECLAIMED_DECLINED:
                group.reclaimed_leases.add(number)
                group.assigned_addresses.add(-number)
                group.declined_addresses.add(-number)
                group.reclaimed_declined_addresses.add(number)
