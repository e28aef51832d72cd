"""Client classes in a DHCPv4 exchange: what `kead.membership` asks, and what they give besides options."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final

from kead import membership
from kead.classify.names import BOOTP, REJECT
from kead.config.snapshot4 import INFINITE, ClientClass4, Config4, Host4, Lifetime, Pool4, Subnet4
from kead.dhcp4 import messages
from kead.dhcp4.options import SERVER_IDENTIFIER
from kead.dhcp4.packet_text import packet_text
from kead.dhcp4.reservations import host_of
from kead.dhcp4.subject import PacketSubject4
from kead.dhcp4.subnets import pool_of

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange
    from kead.leases.lease4 import Lease4

_FOR_EVER: Final = Lifetime(INFINITE, INFINITE, INFINITE)
"""What members of BOOTP get: their clients do not know of lifetimes."""


class Classification(membership.Membership["Exchange"]):
    """The classes of one configuration, and what each has for its members."""

    __slots__ = ("_fields", "_offers", "_table", "_valid")

    words = messages

    def __init__(self, config: Config4) -> None:
        classes = config.classes.values()
        self._table = config.table
        self._fields = {
            each.name: each for each in classes if each.next_server or each.server_hostname or each.boot_file_name
        }
        self._valid = {each.name: each.valid for each in classes if each.valid is not None}
        self._offers = {each.name: each.offer_lifetime for each in classes if each.offer_lifetime is not None}
        super().__init__(config, _pools, self._fields)

    def _subject_of(self, x: Exchange) -> PacketSubject4:
        return PacketSubject4(x.query, x.datagram, self._table)

    def _host_of(self, x: Exchange) -> Host4 | None:
        return host_of(x)

    def _text_of(self, x: Exchange) -> str:
        return packet_text(x.query)

    def _count_dropped(self, x: Exchange) -> None:
        tally = x.service.tally
        tally.dropped(tally.packets.pkt4_admin_filtered)

    def settle(self, x: Exchange, lease: Lease4 | None) -> None:
        """Subnet and lease are what they will be: which classes follow from that."""
        pool = pool_of(x.subnet, lease.address) if lease is not None else None
        self.settle_for(x, (pool,) if pool is not None else ())

    def valid(self, names: Iterable[str]) -> Lifetime | None:
        """The lifetimes of the first class that has some. If they are 0 the subnet's count, as in Kea: None."""
        if BOOTP in names:
            return _FOR_EVER
        first = next((self._valid[name] for name in names if name in self._valid), None)
        return None if first is None or not first.maximum else first

    def offer_lifetime(self, names: Iterable[str]) -> int | None:
        """For how long an offer is stored, by the first class that says so."""
        if BOOTP in names:
            return 0
        return next((self._offers[name] for name in names if name in self._offers), None)

    def fields(self, names: Iterable[str]) -> Iterator[ClientClass4]:
        """Those of its classes that have something for the header, in their rank."""
        return (self._fields[name] for name in names if name in self._fields)

    def is_server(self, names: Iterable[str], address: int) -> bool:
        """Whether this server calls itself so to members of one of these classes (option 54)."""
        value = address.to_bytes(4, "big")
        scopes = (self._options[name] for name in names if name in self._options)
        return any(value == option.data for scope in scopes for option in scope.by_code.get(SERVER_IDENTIFIER, ()))


def valid_of(x: Exchange, subnet: Subnet4) -> Lifetime:
    """The lifetimes that count for this client: those of its first class that has some, or else the subnet's."""
    classification = x.service.classification
    own = None if classification is None else classification.valid(x.query.classes)
    return subnet.valid if own is None else own


def offer_lifetime_of(x: Exchange, subnet: Subnet4) -> int:
    """For how long an offer to this client is stored; 0: not at all."""
    classification = x.service.classification
    own = None if classification is None else classification.offer_lifetime(x.query.classes)
    return (subnet.offer_lifetime or 0) if own is None else own


def rejected(x: Exchange) -> bool:
    """Whether the packet's classes want its client to get nothing; then that is logged."""
    if REJECT not in x.query.classes:
        return False
    if messages.NAK_REJECTED.on:
        messages.NAK_REJECTED(x.label)
    return True


def matter(config: Config4) -> bool:
    """Whether anything in this configuration looks at the classes of a packet."""
    return membership.matter(config, _pools)


def _pools(subnet: Subnet4) -> Sequence[Pool4]:
    return subnet.pools
