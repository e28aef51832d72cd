"""One query and all that is known of it, from the datagram to the reply that is to be sent.

Nothing is decided here. `serve.py` fills an exchange step by step; hook libraries see it through their callouts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.config.snapshot4 import NO_DDNS
from kead.dhcp4.label import label
from kead.dhcp4.outgoing import Outgoing
from kead.dhcp4.packet import Packet4

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kead.config.snapshot4 import Host4, Subnet4
    from kead.dhcp4.service import Service4
    from kead.dhcp4.sockets import Datagram
    from kead.dhcp4.subject import PacketSubject4
    from kead.hooks.point import Contexts
    from kead.leases.lease4 import Lease4
    from kead.trace import Trace


class Exchange(Outgoing):
    """One query and all that is known of it. Attributes fill up as the exchange goes on."""

    __slots__ = (
        "_label",
        "bare",
        "claimed",
        "client_id",
        "contexts",
        "ddns",
        "decoded",
        "deleted",
        "early_host",
        "fqdn_fwd",
        "fqdn_rev",
        "full_lifetime",
        "generate_name",
        "guarded",
        "hostname",
        "hosts",
        "identifier",
        "lease",
        "lifetime",
        "named_in",
        "now",
        "query",
        "refused",
        "requested",
        "response",
        "reused",
        "service",
        "stashed",
        "stored",
        "subject",
        "subnet",
        "trace",
        "unknown_address",
    )

    query: Packet4
    subnet: Subnet4
    """Set from subnet selection on; `serve` ends or goes a way of its own where there is none."""

    def __init__(
        self,
        service: Service4,
        datagram: Datagram,
        now: int,
        trace: Trace | None = None,
        query: Packet4 | None = None,
    ) -> None:
        """`query`: the datagram's message, where it is decoded already."""
        self.service = service
        self.decoded = query
        self.datagram = datagram
        channel = datagram.channel
        self.local = datagram.destination if datagram.destination in channel.addresses else channel.address
        """The address that the query was for, or would have been had its client known it."""
        self.now = now
        self.trace = trace
        self._label = ""
        self.undone = service.store.undone
        self.contexts: Contexts | None = None
        self.guarded = False
        self.claimed = 0
        """The address this exchange is about to give out; nobody else may meanwhile."""
        self.client_id = b""
        self.identifier: tuple[str, bytes] | None = None
        """What a host4_identifier callout made of the query."""
        self.hosts: Mapping[int, Host4] = {}
        """The client's reservations, by subnet id; 0: its global one."""
        self.early_host: Host4 | None = None
        """Its global one, if that was looked up before a subnet was selected."""
        self.subject: PacketSubject4 | None = None
        """The query as expressions see it, where anybody looks at classes."""
        self.requested = 0
        self.hostname = ""
        self.fqdn_fwd = self.fqdn_rev = False
        self.named_in: Subnet4 | None = None
        """The subnet whose rules for names were followed."""
        self.ddns = NO_DDNS
        """Those rules, or its pool's."""
        self.lifetime = self.full_lifetime = 0
        self.reused = self.refused = self.unknown_address = False
        self.bare = self.stashed = self.generate_name = False
        """bare: a callout took the subnet away, so no options are sent; stashed: option 82 is not the query's own."""
        self.stored: Lease4 | None = None
        self.deleted: Lease4 | None = None
        self.kind = 0  # as long as there is no reply
        self.promises = False
        self.lease: Lease4 | None = None
        """The lease that the reply carries."""
        self.response: Packet4 | None = None
        self.data = b""
        self.destination = 0
        self.port = 0
        self.link_destination = b""

    @property
    def label(self) -> str:
        """How log lines name this client and its query, as Kea writes it."""
        if not self._label:
            self._label = label(self.query)
        return self._label

    def claim(self, address: int) -> None:
        """Nobody else gets this address before this exchange is over."""
        if self.claimed != address:
            self._let_go()
            self.service.in_flight[address] = self
            self.claimed = address

    def finish(self) -> None:
        """The exchange is over, however it ended: what it held is free again."""
        self._let_go()
        if self.guarded:
            self.guarded = False
            self.service.guard.leave(self)

    def _let_go(self) -> None:
        """Of the address, unless its holder's own renewal has taken it over meanwhile."""
        if self.claimed:
            if self.service.in_flight.get(self.claimed) is self:
                del self.service.in_flight[self.claimed]
            self.claimed = 0
