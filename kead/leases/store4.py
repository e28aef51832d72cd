"""What an exchange asks of a lease store, whichever it is.

Two moments are never confused. *Accepted*: `add`, `update` or `delete` has returned True, and the change cannot
lose a race any more. *Durable*: `flush` (for a whole batch) or `durable` (for one exchange that must know) is
through, and only then may a reply leave. A store that only this server writes accepts at once, without
suspending; a shared one suspends until its database has decided.

A change names the lease it replaces (`old`, the very object a look-up gave): if the store holds another one by
now the change is refused with False, and the exchange looks again.
"""

from __future__ import annotations

from asyncio import Future
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

from kead.allocation.occupancy import Occupancy
from kead.leases.lease4 import Lease4
from kead.leases.store import StoreError

__all__ = ["LeaseStore4", "LocalStore4", "StoreError"]


class LeaseStore4(Protocol):
    """DHCPv4 leases. Coroutines of a store that nobody shares never suspend."""

    occupancy: Occupancy
    """Which addresses are taken at the time of the last `tick`: the truth for a store of our own, a hint for a shared
    one.
    """

    undone: int
    """How many groups were undone so far. What an exchange was told to be accepted is gone if this has grown since."""

    def tick(self, now: int) -> None:
        """The time has come to `now`: leases that expired before it free their addresses. Once a batch; cheap."""

    async def get(self, address: int) -> Lease4 | None:
        """The lease of this address, whatever its state."""

    async def of_client(self, client_id: bytes, hwaddr: bytes) -> tuple[Sequence[Lease4], Sequence[Lease4]]:
        """Leases with this client identifier and leases with this hardware address, in all subnets (b"": none)."""

    async def add(self, lease: Lease4) -> bool:
        """Accept a lease for an address that has none."""

    async def update(self, lease: Lease4, old: Lease4) -> bool:
        """Accept `lease` in place of `old` (same address)."""

    async def delete(self, old: Lease4) -> bool:
        """Remove it."""

    def flush(self) -> Future[None] | None:
        """Make all that was accepted since the last flush durable.

        None: done. A future: under way, done when it resolves. Raises `StoreError`, now or in the future, when
        the group failed and has been undone.
        """

    async def durable(self) -> None:
        """Return when everything accepted so far is durable; raises `StoreError` if that failed."""

    async def expired(self, now: int, limit: int) -> Sequence[Lease4]:
        """At most `limit` (0: all) leases that have expired and are not yet reclaimed, longest expired first."""

    async def reclaimed(self, expired_before: int, limit: int) -> Sequence[Lease4]:
        """Leases in state RECLAIMED whose `expire` lies before that time."""

    def all(self, page: int = 1000, after: int = -1) -> AsyncIterator[Sequence[Lease4]]:
        """Every lease (of an address greater than `after`) in ascending address order, page by page; other work may
        run between pages.
        """

    async def counts(self) -> Iterable[tuple[int, int, int, int]]:
        """(subnet id, pool id, state, how many leases)."""

    async def write_file(self, path: Path) -> None:
        """Write all leases to a lease file; what was there before is kept beside it. StoreError."""

    async def close(self) -> None:
        """Make durable what is not yet, and let go of files and connections."""


@runtime_checkable
class LocalStore4(LeaseStore4, Protocol):
    """A store that nobody else writes can also be asked without waiting: these are the twins of `get` and so on."""

    def at(self, address: int) -> Lease4 | None:
        """As `get`."""

    def leases_of(self, client_id: bytes, hwaddr: bytes) -> tuple[Sequence[Lease4], Sequence[Lease4]]:
        """As `of_client`."""

    def put_new(self, lease: Lease4) -> bool:
        """As `add`."""

    def put_instead(self, lease: Lease4, old: Lease4) -> bool:
        """As `update`."""
