"""All DHCPv4 leases in memory: by address, by client, by the time they end. No file, no waiting, no clock.

`put_new`, `put` and `drop` keep everything right that is derived from leases: the indexes, the counts, which addresses
are taken, and the timelines. The rest is in table.py.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Final

from kead.allocation.occupancy import Occupancy
from kead.leases.index import Index
from kead.leases.lease4 import INFINITE, Lease4
from kead.leases.record import ENDS, STATE
from kead.leases.record4 import CLIENT_ID_LENGTH, HWADDR_LENGTH, SIZE, rest, wake
from kead.leases.table import RECLAIMED, LeaseTable
from kead.leases.timeline import NARROW

_BLOCK_BITS: Final = 10


class LeaseTable4(LeaseTable[Lease4]):
    """The leases. Addresses are ints; times whole seconds since the epoch."""

    __slots__ = ("_blocks", "_by_client", "_by_hwaddr", "counts", "occupancy")

    def __init__(self, occupancy: Occupancy, now: int) -> None:
        super().__init__(now, rest, wake, NARROW)
        self.occupancy = occupancy
        self.counts: dict[tuple[int, int, int], int] = {}
        self._by_client = Index(4)
        self._by_hwaddr = Index(4)
        self._blocks: dict[int, int] = {}  # leases a block of 1024 addresses, for walking in address order

    def of_both(self, client_id: bytes, hwaddr: bytes) -> tuple[Sequence[Lease4], Sequence[Lease4]]:
        """Leases with this client identifier, and those with this hardware address."""
        by_client = self.of_client(client_id) if client_id in self._by_client.addresses else ()
        return by_client, self.of_hwaddr(hwaddr) if hwaddr in self._by_hwaddr.addresses else ()

    def of_client(self, client_id: bytes) -> Sequence[Lease4]:
        """Leases with this client identifier."""
        found = self._by_client.addresses.get(client_id)
        if found is None:
            return ()
        if isinstance(found, int):
            return (self.held(found),)
        return [self.held(address) for address in self._by_client.all(client_id)]

    def of_hwaddr(self, hwaddr: bytes) -> Sequence[Lease4]:
        """Leases with this hardware address."""
        found = self._by_hwaddr.addresses.get(hwaddr)
        if found is None:
            return ()
        if isinstance(found, int):
            return (self.held(found),)
        return [self.held(address) for address in self._by_hwaddr.all(hwaddr)]

    def put_new(self, lease: Lease4) -> bool:
        """Hold this lease from now on, if its address has none. On the way of every new client, hence in one piece."""
        address = lease.address
        if address in self._records:
            return False
        self._records[address] = b""
        self._awake[address] = lease
        self._awake_order.append(address)
        block = address >> _BLOCK_BITS
        self._blocks[block] = self._blocks.get(block, 0) + 1
        client_id, hwaddr = lease.client_id, lease.hwaddr
        if client_id:
            clients = self._by_client.addresses
            if client_id in clients:
                self._by_client.enter(client_id, address)
            else:
                clients[client_id] = address
        if hwaddr:
            interfaces = self._by_hwaddr.addresses
            if hwaddr in interfaces:
                self._by_hwaddr.enter(hwaddr, address)
            else:
                interfaces[hwaddr] = address
        kind = (lease.subnet_id, lease.pool_id, lease.state)
        self.counts[kind] = self.counts.get(kind, 0) + 1
        self._enlist(lease)
        if self._takes(lease):
            self.occupancy.take(address)
        return True

    def put(self, lease: Lease4, old: Lease4) -> None:
        """Hold this lease in place of `old`, which is what `peek` would give for its address."""
        address = lease.address
        awake = self._awake
        if address not in awake:
            self._awake_order.append(address)
        awake[address] = lease
        self._records[address] = b""
        if lease.client_id != old.client_id:
            self._by_client.leave(old.client_id, address)
            if lease.client_id:
                self._by_client.enter(lease.client_id, address)
        if lease.hwaddr != old.hwaddr:
            self._by_hwaddr.leave(old.hwaddr, address)
            if lease.hwaddr:
                self._by_hwaddr.enter(lease.hwaddr, address)
        if lease.state != old.state or lease.subnet_id != old.subnet_id or lease.pool_id != old.pool_id:
            self._count(old, -1)
            self._count(lease, 1)
            self._enlist(lease)
        elif lease.valid_lifetime != old.valid_lifetime or lease.cltt != old.cltt:
            self._enlist(lease)
        if not self._takes(lease):
            self.occupancy.free(address)
        elif not self._takes(old):
            self.occupancy.take(address)

    def drop(self, old: Lease4) -> None:
        """Hold no lease for its address any more. `old` is what `peek` would give."""
        address = old.address
        del self._records[address]
        self._awake.pop(address, None)
        block = address >> _BLOCK_BITS
        self._blocks[block] -= 1
        if not self._blocks[block]:
            del self._blocks[block]
        self._by_client.leave(old.client_id, address)
        self._by_hwaddr.leave(old.hwaddr, address)
        self._count(old, -1)
        self.occupancy.free(address)

    def fill(self, records: dict[int, bytes], restless: dict[int, Lease4]) -> None:
        """Take over all leases of a file: as records, and those that do not fit into one. The table must be empty."""
        self._records = records
        by_client, by_hwaddr, blocks, counts = self._by_client, self._by_hwaddr, self._blocks, self.counts
        client, hardware = by_client.addresses.setdefault, by_hwaddr.addresses.setdefault
        ends, now, enlist = ENDS.unpack_from, self.now, self._running.add
        taken: list[int] = []
        take = taken.append
        tallies: dict[bytes, int] = {}  # by the bytes of subnet, pool and state, cheaper than a tuple of three
        for address, record in records.items():
            tally = record[8:17]
            tallies[tally] = tallies.get(tally, 0) + 1
            middle = SIZE + record[HWADDR_LENGTH]
            hwaddr = record[SIZE:middle]
            client_id = record[middle : middle + record[CLIENT_ID_LENGTH]]
            if client_id and client(client_id, address) is not address:
                by_client.enter(client_id, address)
            if hwaddr and hardware(hwaddr, address) is not address:
                by_hwaddr.enter(hwaddr, address)
            valid, cltt = ends(record)
            end = cltt + valid
            if record[STATE] == RECLAIMED:
                if valid != INFINITE:
                    self._kept.add(end, address)
            elif valid == INFINITE:
                take(address)
            else:
                enlist(end, address)
                if end >= now:
                    take(address)
        for tally, number in tallies.items():
            key = (int.from_bytes(tally[0:4], "little"), int.from_bytes(tally[4:8], "little"), tally[8])
            counts[key] = counts.get(key, 0) + number
        for address in records:
            block = address >> _BLOCK_BITS
            blocks[block] = blocks.get(block, 0) + 1
        self.occupancy.take_all(taken)
        for address, lease in restless.items():
            self.put_new(lease)
            self._awake_order.remove(address)

    def after(self, address: int, number: int) -> list[Lease4]:
        """At least `number` leases (less: no more there) with greater addresses, in ascending order."""
        found: list[Lease4] = []
        records = self._records
        blocks = sorted(self._blocks)  # one entry a thousand addresses
        first = (address + 1) >> _BLOCK_BITS
        for block in blocks[bisect_right(blocks, first - 1) :]:
            start = max(block << _BLOCK_BITS, address + 1)
            for candidate in range(start, (block + 1) << _BLOCK_BITS):
                if candidate in records:
                    found.append(self.standing(candidate))
            if len(found) >= number:
                break
        return found

    def _count(self, lease: Lease4, number: int) -> None:
        key = (lease.subnet_id, lease.pool_id, lease.state)
        count = self.counts.get(key, 0) + number
        if count:
            self.counts[key] = count
        else:
            del self.counts[key]

    def _vacate(self, address: int) -> None:
        self.occupancy.free(address)
