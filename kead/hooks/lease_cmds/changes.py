"""What a change by command means for the statistics.

A lease counts as assigned unless it is reclaimed or its client has released it. A command never counts into what was
ever assigned. As in Kea a lease counts in the pool that has its address, and the counters of pools follow additions,
deletions and moves between subnets, but neither an update within a subnet nor lease4-wipe; the next configuration
counts them anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kead.dhcp4.tally import Tally4
    from kead.leases.lease4 import Lease4


def note_update(tally: Tally4, old: Lease4, lease: Lease4) -> None:
    """A lease has taken the place of another one of the same address."""
    if old.subnet_id != lease.subnet_id or old.state != lease.state:
        in_pool = old.subnet_id != lease.subnet_id
        tally.removed(old, in_pool=in_pool)
        tally.added(lease, in_pool=in_pool)
