"""What a change by command means for the statistics.

A lease counts as assigned unless it is reclaimed or its client has released it. A command never counts into what was
ever assigned. As in Kea a lease counts in the pool that has its address, and the counters of pools follow additions,
deletions and moves between subnets, but neither an update within a subnet nor lease4-wipe; the next configuration
counts them anew.
"""

from __future__ import annotations

from typing import Protocol, TypeVar

from kead.leases.lease import Lease

_Lease = TypeVar("_Lease", bound=Lease)
_Counted = TypeVar("_Counted", bound=Lease, contravariant=True)


class _Tally(Protocol[_Counted]):
    """Of a family's tally what counts leases that an administrator adds and takes away."""

    def added(self, lease: _Counted, *, in_pool: bool = True) -> None: ...
    def removed(self, lease: _Counted, *, in_pool: bool = True) -> None: ...


def note_update(tally: _Tally[_Lease], old: _Lease, lease: _Lease) -> None:
    """A lease has taken the place of another one of the same address."""
    if old.subnet_id != lease.subnet_id or old.state != lease.state:
        in_pool = old.subnet_id != lease.subnet_id
        tally.removed(old, in_pool=in_pool)
        tally.added(lease, in_pool=in_pool)
