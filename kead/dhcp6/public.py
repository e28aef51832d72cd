"""What a hook library may rely on in the DHCPv6 server that loaded it: `callout.library.server` is one of these.

Law: everything here stays; whatever else the server has may change any day. Nothing here suspends but what says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from kead.config.snapshot6 import Config6, Subnet6
    from kead.dhcp6.tally import Tally6
    from kead.leases.lease6 import Lease6
    from kead.leases.store6 import LeaseStore6


class PublicServer6(Protocol):
    """A running DHCPv6 server, seen by its hook libraries.

    config      the configuration in force; another object after a reload
    store       the leases; who changes them notes that in `tally` at once, then awaits `durable`
    tally       the statistics of packets and leases
    restricted  files may lie only where Kea allows it (no -X)
    """

    config: Config6
    store: LeaseStore6
    tally: Tally6
    restricted: bool

    def subnet_of(self, address: int) -> Subnet6 | None:
        """The configured subnet whose prefix has the address."""

    def is_busy(self, address: int) -> bool:
        """Whether a packet that is being served is about to get this address."""

    def name_changed(self, lease: Lease6, *, added: bool) -> None:
        """Tell DNS when all is durable that the lease has its name, or had it; nothing without updates or a name."""

    async def durable(self) -> None:
        """Come back when all that was accepted so far is stored and counted. StoreError: it was undone instead."""
