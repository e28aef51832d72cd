"""Client classes in a DHCPv6 exchange: what `kead.membership` asks, and what they give besides options."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kead import membership
from kead.config.snapshot6 import Config6, Host6, Lifetime, Subnet6
from kead.dhcp6 import messages
from kead.dhcp6.packet_text import packet_text
from kead.dhcp6.reservations import host_of
from kead.dhcp6.subject import PacketSubject6
from kead.dhcp6.wishes import AnyPool

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange


class Classification(membership.Membership["Exchange"]):
    """The classes of one configuration, and what each has for its members."""

    __slots__ = ("_preferred", "_table", "_valid")

    words = messages

    def __init__(self, config: Config6) -> None:
        classes = config.classes.values()
        self._table = config.table
        self._preferred = {each.name: each.preferred for each in classes if each.preferred is not None}
        self._valid = {each.name: each.valid for each in classes if each.valid is not None}
        super().__init__(config, _pools)

    def _subject_of(self, x: Exchange) -> PacketSubject6:
        return PacketSubject6(x.query, x.datagram, self._table)

    def _host_of(self, x: Exchange) -> Host6 | None:
        return host_of(x)

    def _text_of(self, x: Exchange) -> str:
        return packet_text(x.query)

    def _count_dropped(self, x: Exchange) -> None:
        tally = x.service.tally
        tally.dropped(tally.packets.pkt6_admin_filtered)

    def lifetimes(self, names: Iterable[str]) -> tuple[Lifetime | None, Lifetime | None]:
        """Preferred and valid, each of the first class that has it. If it is 0 the subnet's counts, as in Kea: None."""
        return _first(self._preferred, names), _first(self._valid, names)


def settle(x: Exchange) -> None:
    """Subnet and leases are what they will be: which classes follow from that."""
    if x.service.classification is not None:
        x.service.classification.settle_for(x, x.pools)


def matter(config: Config6) -> bool:
    """Whether anything in this configuration looks at the classes of a packet."""
    return membership.matter(config, _pools)


def _first(lifetimes: dict[str, Lifetime], names: Iterable[str]) -> Lifetime | None:
    first = next((lifetimes[name] for name in names if name in lifetimes), None)
    return None if first is None or not first.maximum else first


def _pools(subnet: Subnet6) -> Sequence[AnyPool]:
    return (*subnet.pools, *subnet.pd_pools)
