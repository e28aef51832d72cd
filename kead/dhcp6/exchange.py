"""One query and all that is known of it, from the datagram to the reply that is to be sent.

Nothing is decided here. `serve.py` fills an exchange step by step; hook libraries see it through their callouts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.config.snapshot6 import NO_DDNS
from kead.dhcp6.hardware import Hardware, hardware_of
from kead.dhcp6.label import label
from kead.dhcp6.outgoing import Outgoing
from kead.dhcp6.packet import Packet6
from kead.dhcp6.wishes import AnyPool, pool_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kead.config.snapshot6 import Host6, Subnet6
    from kead.dhcp6.associations import IaAddress, IaNa, IaPd, Status
    from kead.dhcp6.channel import Datagram
    from kead.dhcp6.service import Service6
    from kead.dhcp6.subject import PacketSubject6
    from kead.hooks.point import Contexts
    from kead.leases.lease6 import Lease6
    from kead.trace import Trace
    from kead.wire.client_names import ClientName


class Exchange(Outgoing):
    """One query and all that is known of it. Attributes fill up as the exchange goes on."""

    __slots__ = (
        "_claims",
        "_hardware",
        "_label",
        "addresses",
        "contexts",
        "ddns",
        "decoded",
        "deleted",
        "duid",
        "early_host",
        "fqdn_fwd",
        "fqdn_rev",
        "generate_name",
        "guarded",
        "hostname",
        "hosts",
        "identifier",
        "leased",
        "name",
        "name_added",
        "now",
        "prefixes",
        "query",
        "rapid_commit",
        "registered",
        "response",
        "service",
        "status",
        "stored",
        "subject",
        "subnet",
        "trace",
        "with_options",
    )

    query: Packet6

    def __init__(
        self,
        service: Service6,
        datagram: Datagram,
        now: int,
        trace: Trace | None = None,
        query: Packet6 | None = None,
    ) -> None:
        """`query`: the datagram's message, where it is decoded already."""
        self.service = service
        self.decoded = query
        self.datagram = datagram
        self.now = now
        self.trace = trace
        self._label = ""
        self.undone = service.store.undone
        self.contexts: Contexts | None = None
        self.guarded = False
        self._claims: tuple[int, ...] = ()
        self._hardware: Hardware | None = None
        self.duid = b""
        self.identifier: tuple[str, bytes] | None = None
        """What a host6_identifier callout made of the query."""
        self.hosts: Mapping[int, Host6] = {}
        """The client's reservations by subnet id, 0 for the global one, as far as they count."""
        self.early_host: Host6 | None = None
        """Its global one, if that was looked up before a subnet was selected."""
        self.subject: PacketSubject6 | None = None
        """The query as expressions see it, where anybody looks at classes."""
        self.subnet: Subnet6 | None = None
        """That of the shared network which served the client last."""
        self.hostname = ""
        self.fqdn_fwd = self.fqdn_rev = self.generate_name = False
        self.ddns = NO_DDNS
        """The rules for names that were followed."""
        self.name_added = False
        """Whether DNS is told of the client's name with one of its addresses."""
        self.name: ClientName | None = None
        """What option 39 of the reply says."""
        self.addresses: list[IaNa] = []
        self.prefixes: list[IaPd] = []
        """What the reply says of each identity association."""
        self.status: Status | None = None
        """What it says of all of them."""
        self.registered: IaAddress | None = None
        self.rapid_commit = False
        self.with_options = True
        """Whether the reply carries what is configured."""
        self.leased: list[Lease6] = []
        """Leases that the reply carries: their pools' options go with them."""
        self.stored: list[Lease6] = []
        self.deleted: list[Lease6] = []
        self.kind = 0  # as long as there is no reply
        self.promises = False
        self.response: Packet6 | None = None
        self.data = b""
        self.destination = 0
        self.port = 0

    @property
    def label(self) -> str:
        """How log lines name this client and its query, as Kea writes it."""
        if not self._label:
            self._label = label(self.query)
        return self._label

    @property
    def hardware(self) -> Hardware:
        """The client's hardware address, from the best of the configured sources."""
        if self._hardware is None:
            self._hardware = hardware_of(self.query, self.datagram, self.service.config.mac_sources)
        return self._hardware

    @property
    def pools(self) -> list[AnyPool]:
        """Those of its subnet in which the leases of the reply lie, in the order of the addresses."""
        subnet, leased = self.subnet, self.leased
        if subnet is None or not leased:
            return []
        if len(leased) > 1:
            leased = sorted(leased, key=lambda lease: (lease.address, lease.prefix_length))
        pools = [pool_of(subnet, lease.type, lease.address) for lease in leased]
        return [pool for pool in pools if pool is not None]

    def claim(self, address: int) -> None:
        """Nobody else gets this address or prefix before this exchange is over."""
        in_flight = self.service.in_flight
        if in_flight.get(address) is not self:
            in_flight[address] = self
            self._claims += (address,)

    def finish(self) -> None:
        """The exchange is over, however it ended: what it held is free again."""
        if self._claims:
            in_flight = self.service.in_flight
            for address in self._claims:
                if in_flight.get(address) is self:  # unless its holder's own renewal has taken it over meanwhile
                    del in_flight[address]
            self._claims = ()
        if self.guarded:
            self.guarded = False
            self.service.guard.leave(self)
