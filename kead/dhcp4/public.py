"""What a hook library may rely on in the DHCPv4 server that loaded it: `callout.library.server` is one of these.

Law: everything here stays; whatever else the server has may change any day. Nothing here suspends but what says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kead.config.snapshot4 import Config4, Subnet4
    from kead.dhcp4.tally import Tally4
    from kead.leases.lease4 import Lease4
    from kead.leases.store4 import LeaseStore4


class PublicServer4(Protocol):
    """A running DHCPv4 server, seen by its hook libraries.

    config      the configuration in force; another object after a reload
    store       the leases; who changes them notes that in `tally` at once, then awaits `durable`
    tally       the statistics of packets and leases
    restricted  files may lie only where Kea allows it (no -X)
    """

    config: Config4
    store: LeaseStore4
    tally: Tally4
    restricted: bool

    def subnet_of(self, address: int) -> Subnet4 | None:
        """The configured subnet whose prefix has the address."""

    def is_busy(self, address: int) -> bool:
        """Whether a packet that is being served is about to get this address."""

    def name_changed(self, lease: Lease4, *, added: bool) -> None:
        """Tell DNS when all is durable that the lease has its name, or had it; nothing without updates or a name."""

    async def durable(self) -> None:
        """Come back when all that was accepted so far is stored and counted. StoreError: it was undone instead."""
