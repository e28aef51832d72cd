"""Leases in memory, as far as both families agree: awake and at rest, and the time they end.

A lease is awake (an object) or at rest (a record). Asking for it wakes it; the longest awake are put to rest when there
are too many.

The dictionaries with an entry a lease hold nothing but atoms, so the garbage collector never walks them, however they
came to be large.

An address is taken from a lease's acceptance to its end, unless the lease is reclaimed. Ends come to pass in
`tick`, some thousand a call, so that no mass expiry holds the loop.

What else is derived from leases (indexes, counts, which addresses are taken) is for the families' tables, which keep it
right in `put_new`, `put` and `drop`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterable
from typing import Final, Generic, TypeVar

from kead.leases.lease import INFINITE, Lease
from kead.leases.record import ENDS, STATE
from kead.leases.timeline import Bucket, Timeline

LeaseT = TypeVar("LeaseT", bound=Lease)

RECLAIMED: Final = 2
_AWAKE: Final = 16384
"""How many leases may be awake: what an exchange touches twice should be, what the collector walks should be few."""
_ENDS_A_TICK: Final = 1024
_RESTS_AT_ONCE: Final = 256
_SWEEP_A_TICK: Final = 1024
_STALE: Final = 50_000
_STALE_AT_ONCE: Final = 2048


class LeaseTable(ABC, Generic[LeaseT]):
    """The leases. Addresses are ints; times whole seconds since the epoch.

    `rest` and `wake` turn a lease into its record (None: it has none) and back; `bucket` makes a bucket of a timeline.
    """

    __slots__ = (
        "_awake",
        "_awake_order",
        "_due",
        "_kept",
        "_records",
        "_rest",
        "_running",
        "_wake",
        "now",
    )

    def __init__(
        self,
        now: int,
        rest: Callable[[LeaseT], bytes | None],
        wake: Callable[[int, bytes], LeaseT],
        bucket: Callable[[Iterable[int]], Bucket],
    ) -> None:
        self.now = now
        self._rest = rest
        self._wake = wake
        self._records: dict[int, bytes] = {}  # every lease; b"": awake, and changed since
        self._awake: dict[int, LeaseT] = {}
        self._awake_order: deque[int] = deque()  # longest awake first; without what can never rest
        self._running = Timeline(bucket)  # leases that have not ended yet, as far as tick knows
        self._due = Timeline(bucket)  # ended, to be reclaimed
        self._kept = Timeline(bucket)  # reclaimed, to be flushed

    @abstractmethod
    def put_new(self, lease: LeaseT) -> bool:
        """Hold this lease from now on, if its address has none."""

    @abstractmethod
    def put(self, lease: LeaseT, old: LeaseT) -> None:
        """Hold this lease in place of `old`, which is what `peek` would give for its address."""

    @abstractmethod
    def drop(self, old: LeaseT) -> None:
        """Hold no lease for its address any more. `old` is what `peek` would give."""

    @abstractmethod
    def after(self, address: int, number: int) -> list[LeaseT]:
        """At least `number` leases (less: no more there) with greater addresses, in ascending order."""

    @abstractmethod
    def _vacate(self, address: int) -> None:
        """The lease of this address has ended: it is free."""

    def __len__(self) -> int:
        return len(self._records)

    def __contains__(self, address: int) -> bool:
        return address in self._records

    def get(self, address: int) -> LeaseT | None:
        """The lease of the address, awake from now on."""
        lease = self._awake.get(address)
        if lease is None:
            record = self._records.get(address)
            if record is None:
                return None
            lease = self._wake(address, record)
            self._awake[address] = lease
            self._awake_order.append(address)
        return lease

    def peek(self, address: int) -> LeaseT | None:
        """The lease of the address, which goes on resting if it did."""
        lease = self._awake.get(address)
        if lease is None:
            record = self._records.get(address)
            if record is not None:
                return self._wake(address, record)
        return lease

    def held(self, address: int) -> LeaseT:
        """The lease of an address that has one. KeyError."""
        lease = self.get(address)
        if lease is None:
            raise KeyError(address)
        return lease

    def standing(self, address: int) -> LeaseT:
        """As `held`, but it goes on resting if it did. KeyError."""
        return self._awake.get(address) or self._wake(address, self._records[address])

    def holds(self, old: LeaseT) -> bool:
        """Whether this lease is still what its address has: the very object, or its equal after a rest."""
        lease = self._awake.get(old.address)
        if lease is None:
            record = self._records.get(old.address)
            return record is not None and record == self._rest(old)
        return lease is old or lease == old

    def restore(self, address: int, earlier: LeaseT | None) -> None:
        """Have what there was before: this lease, or none."""
        present = self.peek(address)
        if earlier is None:
            if present is not None:
                self.drop(present)
        elif present is None:
            self.put_new(earlier)
        else:
            self.put(earlier, present)

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
                record = self._rest(lease)
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

    def expired(self, now: int, limit: int) -> list[LeaseT] | None:
        """At most `limit` (0: all) leases that have expired and are not reclaimed, longest expired first, of those
        that have matured. None: it takes longer; ask again.
        """
        found = self._due.collect(now, limit, self._runs, _STALE_AT_ONCE)
        return None if found is None else [self.standing(address) for address in found]

    def reclaimed(self, expired_before: int, limit: int) -> list[LeaseT] | None:
        """At most `limit` (0: all) reclaimed leases that ended before that time, longest ago first. None as above."""
        found = self._kept.collect(expired_before, limit, self._stays, _STALE_AT_ONCE)
        return None if found is None else [self.standing(address) for address in found]

    def _takes(self, lease: LeaseT) -> bool:
        valid = lease.valid_lifetime
        return lease.state != RECLAIMED and (valid == INFINITE or lease.cltt + valid >= self.now)

    def _enlist(self, lease: LeaseT) -> None:
        if lease.valid_lifetime != INFINITE:
            timeline = self._kept if lease.state == RECLAIMED else self._running
            timeline.add(lease.cltt + lease.valid_lifetime, lease.address)

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
        return cltt + valid == second and valid != INFINITE and state != RECLAIMED

    def _stays(self, address: int, second: int) -> bool:
        """Whether the address has a reclaimed lease that ended at that second."""
        lease = self.peek(address)
        return lease is not None and lease.state == RECLAIMED and lease.cltt + lease.valid_lifetime == second

    def _end(self, ended: Iterable[tuple[int, Iterable[int]]]) -> None:
        for second, addresses in ended:
            for address in addresses:
                if self._runs(address, second):
                    self._vacate(address)
                    self._due.add(second, address)
