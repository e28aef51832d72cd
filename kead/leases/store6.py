"""What an exchange asks of a store of DHCPv6 leases, whichever it is.

The law is that of store4.py: *accepted* and *durable* are two moments, and a change names the lease it replaces.

An address belongs to one lease, whatever its type: files and tables have it as their key. So while the prefix
2001:db8::/48 is leased, a lease of the address 2001:db8:: is refused, and the other way round.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from kead.allocation.occupancy6 import Occupancy6
from kead.leases.lease6 import Lease6
from kead.leases.store import StoreError

__all__ = ["LeaseStore6", "LocalStore6", "StoreError"]


class LeaseStore6(Protocol):
    """DHCPv6 leases. Coroutines of a store that nobody shares never suspend."""

    occupancy: Occupancy6
    """Which addresses and prefixes are taken at the time of the last `tick`: the truth for a store of our own, a hint
    for a shared one.
    """

    undone: int
    """How many groups were undone so far. What an exchange was told to be accepted is gone if this has grown since."""

    def tick(self, now: int) -> None:
        """The time has come to `now`: leases that expired before it free their addresses. Once a batch; cheap."""

    async def get(self, type: int, address: int) -> Lease6 | None:
        """The lease of this address or of the prefix that begins with it, whatever its state and length."""

    async def of_client(self, duid: bytes) -> Sequence[Lease6]:
        """All leases with this DUID: of every type, IAID, subnet and state, in the order in which they came."""

    async def add(self, lease: Lease6) -> bool:
        """Accept a lease for an address that has none."""

    async def update(self, lease: Lease6, old: Lease6) -> bool:
        """Accept `lease` in place of `old` (same address)."""

    async def delete(self, old: Lease6) -> bool:
        """Remove it."""

    def flush(self) -> Future[None] | None:
        """Make all that was accepted since the last flush durable.

        None: done. A future: under way, done when it resolves. Raises `StoreError`, now or in the future, when
        the group failed and has been undone.
        """

    async def durable(self) -> None:
        """Return when everything accepted so far is durable; raises `StoreError` if that failed."""

    async def expired(self, now: int, limit: int) -> Sequence[Lease6]:
        """At most `limit` (0: all) leases that have expired and are not yet reclaimed, longest expired first."""

    async def reclaimed(self, expired_before: int, limit: int) -> Sequence[Lease6]:
        """Leases in state RECLAIMED whose `expire` lies before that time."""

    def all(self, page: int = 1000, after: int = -1) -> AsyncIterator[Sequence[Lease6]]:
        """Every lease (of an address greater than `after`) in ascending address order, page by page; other work may
        run between pages.
        """

    async def counts(self) -> Iterable[tuple[int, int, int, int, int]]:
        """(subnet id, pool id, type, state, how many leases)."""

    async def write_file(self, path: Path) -> None:
        """Write all leases to a lease file; what was there before is kept beside it. StoreError."""

    async def close(self) -> None:
        """Make durable what is not yet, and let go of files and connections."""


@runtime_checkable
class LocalStore6(LeaseStore6, Protocol):
    """A store that nobody else writes can also be asked without waiting: these are the twins of `get` and so on."""

    def holds_any(self, address: int) -> bool:
        """Whether there is a lease of this address, or of a prefix that begins with it, whatever its type and state."""

    def at(self, type: int, address: int) -> Lease6 | None:
        """As `get`."""

    def leases_of(self, duid: bytes) -> Sequence[Lease6]:
        """As `of_client`."""

    def put_new(self, lease: Lease6) -> bool:
        """As `add`."""

    def put_instead(self, lease: Lease6, old: Lease6) -> bool:
        """As `update`."""
