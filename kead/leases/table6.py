"""All DHCPv6 leases in memory: by address, by client, by the time they end. No file, no waiting, no clock.

`put_new`, `put` and `drop` keep everything right that is derived from leases: the index, the counts, which addresses
and prefixes are taken, the order and the timelines. The rest is in table.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kead.allocation.occupancy6 import Occupancy6
from kead.leases.index import Index
from kead.leases.lease6 import EMPTY_DUID, INFINITE, Lease6, LeaseType
from kead.leases.order import AddressOrder
from kead.leases.record import ENDS, STATE
from kead.leases.record6 import DUID_LENGTH, SIZE, TYPE, rest, wake
from kead.leases.table import RECLAIMED, LeaseTable
from kead.leases.timeline import Wide

_PD: Final = int(LeaseType.PD)


class LeaseTable6(LeaseTable[Lease6]):
    """The leases. Addresses are ints, of prefixes the first; times whole seconds since the epoch."""

    __slots__ = ("_by_duid", "_order", "counts", "occupancy")

    def __init__(self, occupancy: Occupancy6, now: int) -> None:
        super().__init__(now, rest, wake, Wide)
        self.occupancy = occupancy
        self.counts: dict[tuple[int, int, int, int], int] = {}
        """(subnet id, pool id, type, state): how many."""
        self._by_duid = Index(16)
        self._order = AddressOrder()

    def find(self, type: int, address: int) -> Lease6 | None:
        """The lease of this type, awake from now on."""
        lease = self._awake.get(address)
        if lease is None:
            lease = self.get(address)
            if lease is None:
                return None
        return lease if lease.type == type else None

    def of_client(self, duid: bytes) -> Sequence[Lease6]:
        """Leases with this DUID."""
        found = self._by_duid.addresses.get(duid)
        if found is None:
            return ()
        if isinstance(found, int):
            return (self.held(found),)
        return [self.held(address) for address in self._by_duid.all(duid)]

    def put_new(self, lease: Lease6) -> bool:
        """Hold this lease from now on, if its address has none."""
        address = lease.address
        if address in self._records:
            return False
        self._records[address] = b""
        self._awake[address] = lease
        self._awake_order.append(address)
        self._order.add(address)
        duid = lease.duid
        if duid != EMPTY_DUID:
            clients = self._by_duid.addresses
            if duid in clients:
                self._by_duid.enter(duid, address)
            else:
                clients[duid] = address
        # what `_count`, `_enlist`, `_takes` and `_take` do, in one go: this is on the way of every new lease
        valid, state, type = lease.valid_lifetime, lease.state, lease.type
        key = (lease.subnet_id, lease.pool_id, type, state)
        self.counts[key] = self.counts.get(key, 0) + 1
        end = lease.cltt + valid
        if valid != INFINITE:
            (self._kept if state == RECLAIMED else self._running).add(end, address)
        if state != RECLAIMED and (valid == INFINITE or end >= self.now):
            if type == _PD:
                self.occupancy.prefixes.take(address, lease.prefix_length)
            else:
                self.occupancy.addresses.take(address)
        return True

    def put(self, lease: Lease6, old: Lease6) -> None:
        """Hold this lease in place of `old`, which is what `peek` would give for its address."""
        address = lease.address
        awake = self._awake
        if address not in awake:
            self._awake_order.append(address)
        awake[address] = lease
        self._records[address] = b""
        if lease.duid != old.duid:
            self._by_duid.leave(old.duid, address)
            if lease.duid != EMPTY_DUID:
                self._by_duid.enter(lease.duid, address)
        moved = lease.prefix_length != old.prefix_length or lease.type != old.type
        if moved or lease.state != old.state or lease.subnet_id != old.subnet_id or lease.pool_id != old.pool_id:
            self._count(old, -1)
            self._count(lease, 1)
            self._enlist(lease)
        elif lease.valid_lifetime != old.valid_lifetime or lease.cltt != old.cltt:
            self._enlist(lease)
        if moved:
            self._give_back(old)
        if not self._takes(lease):
            self._give_back(lease)
        elif moved or not self._takes(old):
            self._take(lease)

    def drop(self, old: Lease6) -> None:
        """Hold no lease for its address any more. `old` is what `peek` would give."""
        address = old.address
        del self._records[address]
        self._awake.pop(address, None)
        self._order.remove(address)
        self._by_duid.leave(old.duid, address)
        self._count(old, -1)
        self._give_back(old)

    def fill(self, records: dict[int, bytes], restless: dict[int, Lease6]) -> None:
        """Take over all leases of a file: as records, and those that do not fit into one. The table must be empty."""
        self._records = records
        self._order.fill(records)
        by_duid, counts = self._by_duid, self.counts
        client = by_duid.addresses.setdefault
        ends, now, enlist = ENDS.unpack_from, self.now, self._running.add
        take, take_prefix = self.occupancy.addresses.take, self.occupancy.prefixes.take
        tallies: dict[bytes, int] = {}  # by the bytes of subnet, pool, state and type, cheaper than a tuple of four
        for address, record in records.items():
            tally = record[8:18]
            tallies[tally] = tallies.get(tally, 0) + 1
            duid = record[SIZE : SIZE + record[DUID_LENGTH]]
            if duid != EMPTY_DUID and client(duid, address) is not address:
                by_duid.enter(duid, address)
            valid, cltt = ends(record)
            end = cltt + valid
            if record[STATE] == RECLAIMED:
                if valid != INFINITE:
                    self._kept.add(end, address)
                continue
            if valid != INFINITE:
                enlist(end, address)
                if end < now:
                    continue
            if record[TYPE] == _PD:
                take_prefix(address, record[TYPE + 1])
            else:
                take(address)
        for tally, number in tallies.items():
            key = (int.from_bytes(tally[0:4], "little"), int.from_bytes(tally[4:8], "little"), tally[9], tally[8])
            counts[key] = counts.get(key, 0) + number
        for address, lease in restless.items():
            self.put_new(lease)
            self._awake_order.remove(address)

    def after(self, address: int, number: int) -> list[Lease6]:
        """At least `number` leases (less: no more there) with greater addresses, in ascending order."""
        return [self.standing(found) for found in self._order.after(address, number)]

    def _take(self, lease: Lease6) -> None:
        if lease.type == _PD:
            self.occupancy.prefixes.take(lease.address, lease.prefix_length)
        else:
            self.occupancy.addresses.take(lease.address)

    def _give_back(self, lease: Lease6) -> None:
        if lease.type == _PD:
            self.occupancy.prefixes.free(lease.address, lease.prefix_length)
        else:
            self.occupancy.addresses.free(lease.address)

    def _vacate(self, address: int) -> None:
        self._give_back(self.standing(address))

    def _count(self, lease: Lease6, number: int) -> None:
        key = (lease.subnet_id, lease.pool_id, lease.type, lease.state)
        count = self.counts.get(key, 0) + number
        if count:
            self.counts[key] = count
        else:
            del self.counts[key]
