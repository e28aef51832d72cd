"""What a change by command means for the statistics.

A lease counts as assigned unless it is reclaimed or its client has released it. A command never counts into what was
ever assigned. As in Kea a lease counts in the pool that has its address, and the counters of pools follow additions,
deletions and moves between subnets, but neither an update within a subnet nor lease4-wipe; the next configuration
counts them anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp4.tally import NO_POOL, Change
from kead.leases.lease4 import Lease4, State

if TYPE_CHECKING:
    from kead.dhcp4.tally import Tally4


def note_addition(tally: Tally4, lease: Lease4) -> None:
    _note(tally, lease, tally.pool_of(lease), 1)


def note_removal(tally: Tally4, lease: Lease4, *, pool: bool = True) -> None:
    _note(tally, lease, tally.pool_of(lease) if pool else NO_POOL, -1)


def note_update(tally: Tally4, old: Lease4, lease: Lease4) -> None:
    if old.subnet_id != lease.subnet_id:
        note_removal(tally, old)
        note_addition(tally, lease)
    elif old.state != lease.state:
        _note(tally, old, NO_POOL, -1)
        _note(tally, lease, NO_POOL, 1)


def _note(tally: Tally4, lease: Lease4, pool_id: int, sign: int) -> None:
    if lease.state in (State.RECLAIMED, State.RELEASED):
        return
    tally.note(Change.ADDED if sign > 0 else Change.RELEASED, lease.subnet_id, pool_id)
    if lease.state == State.DECLINED:
        tally.note(Change.DECLINED if sign > 0 else Change.APPROVED, lease.subnet_id, pool_id)
