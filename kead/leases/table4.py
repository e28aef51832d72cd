"""All DHCPv4 leases in memory: by address, by client, by the time they end. No file, no waiting, no clock.

A lease is awake (`Lease4`) or at rest (record4.py). Asking for it wakes it; the longest awake are put to rest when
there are too many. `put` and `drop` keep everything right that is derived from leases: the indexes, the counts, which
addresses are taken, and the timelines.

The dictionaries with an entry a lease hold nothing but atoms, so the garbage collector never walks them, however they
came to be large.

An address is taken from a lease's acceptance to its end, unless the lease is reclaimed. Ends come to pass in
`tick`, some thousand a call, so that no mass expiry holds the loop.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final

from kead.allocation.occupancy import Occupancy
from kead.leases.lease4 import INFINITE, Lease4
from kead.leases.record4 import CLIENT_ID_LENGTH, ENDS, HWADDR_LENGTH, SIZE, STATE, rest, wake
from kead.leases.timeline import Timeline

_RECLAIMED: Final = 2
_AWAKE: Final = 16384
"""How many leases may be awake: what an exchange touches twice should be, what the collector walks should be few."""
_ENDS_A_TICK: Final = 1024
_RESTS_AT_ONCE: Final = 256
_SWEEP_A_TICK: Final = 1024
_STALE: Final = 50_000
_STALE_AT_ONCE: Final = 2048
_BLOCK_BITS: Final = 10
_A_FEW: Final = 4 * 8


class LeaseTable4:
    """The leases. Addresses are ints; times whole seconds since the epoch."""

    __slots__ = (
        "_awake",
        "_awake_order",
        "_blocks",
        "_by_client",
        "_by_hwaddr",
        "_due",
        "_kept",
        "_records",
        "_running",
        "counts",
        "now",
        "occupancy",
    )

    def __init__(self, occupancy: Occupancy, now: int) -> None:
        self.occupancy = occupancy
        self.now = now
        self.counts: dict[tuple[int, int, int], int] = {}
        self._records: dict[int, bytes] = {}  # every lease; b"": awake, and changed since
        self._awake: dict[int, Lease4] = {}
        self._awake_order: deque[int] = deque()  # longest awake first; without what can never rest
        self._by_client = Index()
        self._by_hwaddr = Index()
        self._blocks: dict[int, int] = {}  # leases a block of 1024 addresses, for walking in address order
        self._running = Timeline()  # leases that have not ended yet, as far as tick knows
        self._due = Timeline()  # ended, to be reclaimed
        self._kept = Timeline()  # reclaimed, to be flushed

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, address: int) -> bool:
        return address in self._records

    def get(self, address: int) -> Lease4 | None:
        """The lease of the address, awake from now on."""
        lease = self._awake.get(address)
        if lease is None:
            record = self._records.get(address)
            if record is None:
                return None
            lease = wake(address, record)
            self._awake[address] = lease
            self._awake_order.append(address)
        return lease

    def peek(self, address: int) -> Lease4 | None:
        """The lease of the address, which goes on resting if it did."""
        lease = self._awake.get(address)
        if lease is None:
            record = self._records.get(address)
            if record is not None:
                return wake(address, record)
        return lease

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

    def held(self, address: int) -> Lease4:
        """The lease of an address that has one. KeyError."""
        lease = self.get(address)
        if lease is None:
            raise KeyError(address)
        return lease

    def standing(self, address: int) -> Lease4:
        """As `held`, but it goes on resting if it did. KeyError."""
        return self._awake.get(address) or wake(address, self._records[address])

    def holds(self, old: Lease4) -> bool:
        """Whether this lease is still what its address has: the very object, or its equal after a rest."""
        lease = self._awake.get(old.address)
        if lease is None:
            record = self._records.get(old.address)
            return record is not None and record == rest(old)
        return lease is old or lease == old

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

    def restore(self, address: int, earlier: Lease4 | None) -> None:
        """Have what there was before: this lease, or none."""
        present = self.peek(address)
        if earlier is None:
            if present is not None:
                self.drop(present)
        elif present is None:
            self.put_new(earlier)
        else:
            self.put(earlier, present)

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
            if record[STATE] == _RECLAIMED:
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

    def tick(self, now: int) -> None:
        """It is `now`: what has ended frees its address. Also a slice of the table's own tidying."""
        if now > self.now:
            self.now = now
        self.settle()
        self._end(self._running.take(self.now, _ENDS_A_TICK))
        bound = 2 * len(self._records) + _STALE
        if self._running.entries > bound:
            self._running.sweep(self._runs, _SWEEP_A_TICK)
        if self._due.entries > bound:
            self._due.sweep(self._runs, _SWEEP_A_TICK)
        if self._kept.entries > bound:
            self._kept.sweep(self._stays, _SWEEP_A_TICK)

    def settle(self) -> None:
        """Put the longest awake to rest if there are too many. Once a batch or group; cheap."""
        order = self._awake_order
        if len(order) <= _AWAKE:
            return
        awake, records = self._awake, self._records
        for _ in range(min(_RESTS_AT_ONCE, len(order) - _AWAKE)):
            address = order.popleft()
            lease = awake.get(address)
            if lease is None:
                continue  # deleted meanwhile
            if not records[address]:
                record = rest(lease)
                if record is None:
                    continue  # it stays awake for good; there are few of those
                records[address] = record
            del awake[address]

    def mature(self, now: int, most: int) -> bool:
        """Look at up to so many entries of leases that may have ended before `now`; whether there are more."""
        if now > self.now:
            self.now = now
        self._end(self._running.take(now, most))
        first = self._running.first()
        return first is not None and first < now

    def expired(self, now: int, limit: int) -> list[Lease4] | None:
        """At most `limit` (0: all) leases that have expired and are not reclaimed, longest expired first, of those
        that have matured. None: it takes longer; ask again.
        """
        found = self._due.collect(now, limit, self._runs, _STALE_AT_ONCE)
        return None if found is None else [self.standing(address) for address in found]

    def reclaimed(self, expired_before: int, limit: int) -> list[Lease4] | None:
        """At most `limit` (0: all) reclaimed leases that ended before that time, longest ago first. None as above."""
        found = self._kept.collect(expired_before, limit, self._stays, _STALE_AT_ONCE)
        return None if found is None else [self.standing(address) for address in found]

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

    def _takes(self, lease: Lease4) -> bool:
        valid = lease.valid_lifetime
        return lease.state != _RECLAIMED and (valid == INFINITE or lease.cltt + valid >= self.now)

    def _enlist(self, lease: Lease4) -> None:
        if lease.valid_lifetime != INFINITE:
            timeline = self._kept if lease.state == _RECLAIMED else self._running
            timeline.add(lease.cltt + lease.valid_lifetime, lease.address)

    def _count(self, lease: Lease4, number: int) -> None:
        key = (lease.subnet_id, lease.pool_id, lease.state)
        count = self.counts.get(key, 0) + number
        if count:
            self.counts[key] = count
        else:
            del self.counts[key]

    def _runs(self, address: int, second: int) -> bool:
        """Whether the address has a lease that ends at that second and is not reclaimed."""
        record = self._records.get(address)
        if record is None:
            return False
        if record:
            valid, cltt = ENDS.unpack_from(record)
            state = record[STATE]
        else:
            lease = self._awake[address]
            valid, cltt, state = lease.valid_lifetime, lease.cltt, lease.state
        return cltt + valid == second and valid != INFINITE and state != _RECLAIMED

    def _stays(self, address: int, second: int) -> bool:
        """Whether the address has a reclaimed lease that ended at that second."""
        lease = self.peek(address)
        return lease is not None and lease.state == _RECLAIMED and lease.cltt + lease.valid_lifetime == second

    def _end(self, ended: Iterable[tuple[int, Iterable[int]]]) -> None:
        for second, addresses in ended:
            for address in addresses:
                if self._runs(address, second):
                    self.occupancy.free(address)
                    self._due.add(second, address)


class Index:
    """From an identifier to the addresses of its leases, in the order in which they came."""

    __slots__ = ("_crowds", "addresses")

    def __init__(self) -> None:
        self.addresses: dict[bytes, int | bytes] = {}
        """One address; or a few, four bytes each; or b"" for many."""
        self._crowds: dict[bytes, dict[int, None]] = {}  # a client that forges identifiers must not cost squares

    def all(self, key: bytes) -> list[int]:
        """All addresses of the identifier."""
        found = self.addresses[key]
        if isinstance(found, int):
            return [found]
        return list(_few(found)) if found else list(self._crowds[key])

    def enter(self, key: bytes, address: int) -> None:
        """The identifier has a lease of this address (too)."""
        found = self.addresses.get(key)
        if found is None:
            self.addresses[key] = address
        elif isinstance(found, int):
            self.addresses[key] = array("I", (found, address)).tobytes()
        elif not found:
            self._crowds[key][address] = None
        elif len(found) < _A_FEW:
            self.addresses[key] = found + array("I", (address,)).tobytes()
        else:
            self._crowds[key] = dict.fromkeys((*_few(found), address))
            self.addresses[key] = b""

    def leave(self, key: bytes, address: int) -> None:
        """The identifier has no lease of this address any more; nothing happens if it had none."""
        found = self.addresses.get(key)
        if found is None:
            return
        if isinstance(found, int):
            if found == address:
                del self.addresses[key]
            return
        if not found:
            crowd = self._crowds[key]
            crowd.pop(address, None)
            if len(crowd) > 2:
                return
            del self._crowds[key]
            others = array("I", crowd)
        else:
            others = array("I", (one for one in _few(found) if one != address))
        self.addresses[key] = others[0] if len(others) == 1 else others.tobytes()


def _few(packed: bytes) -> array[int]:
    return array("I", packed)
