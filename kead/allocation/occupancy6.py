"""Which IPv6 addresses and prefixes are taken.

Addresses and prefixes do not disturb each other: pools of the one inside pools of the other are a matter for whoever
writes the configuration.
"""

from __future__ import annotations

from kead.allocation.prefixes import Prefixes
from kead.allocation.sparse import SparseOccupancy


class Occupancy6:
    """The two sets."""

    __slots__ = ("addresses", "prefixes")

    def __init__(self) -> None:
        self.addresses = SparseOccupancy()
        """What allocators of addresses are given (`make_allocator`)."""
        self.prefixes = Prefixes()
        """What allocators of prefixes are given (`PrefixAllocator`)."""
