"""Which subnet serves a packet.

The order of the rules is Kea's (3.0). The link that relays tell of decides: the link-address nearest to the client
that says anything. If there is one, the interface-id of the relay nearest to the client is asked first. Without one
the packet counts as direct: the interface it came in on, then the address it came from. Among subnets that match and
are open to the client's classes, the lowest id wins; where all that match are closed, the next rule is asked. The
index is built once a configuration, so that ten thousand subnets cost what ten do.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from kead.config.snapshot6 import Subnet6
from kead.dhcp6.options import INTERFACE_ID
from kead.dhcp6.packet import Packet6
from kead.dhcp6.wishes import AnyPool, pool_of
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.classify.subject import Classes
    from kead.dhcp6.channel import Datagram
    from kead.dhcp6.exchange import Exchange

_MOST_LINKS = 65536
"""Links whose subnets are remembered; forged ones must not fill the memory."""


class SubnetSelector:
    """The subnets of one configuration, ready to be asked."""

    __slots__ = ("_by_interface", "_by_interface_id", "_by_link", "_by_relay", "_guarded", "_prefixes")

    def __init__(self, subnets: Iterable[Subnet6]) -> None:
        self._by_relay: dict[int, list[Subnet6]] = {}
        self._by_link: dict[int, Subnet6] = {}
        self._by_interface: dict[str, list[Subnet6]] = {}
        self._by_interface_id: dict[bytes, list[Subnet6]] = {}
        self._guarded = False
        prefixes: dict[int, dict[int, list[Subnet6]]] = {}
        for subnet in sorted(subnets, key=lambda s: s.id):
            network = subnet.network
            relays = subnet.relay_addresses or (network.relay_addresses if network else frozenset())
            for relay in relays:
                self._by_relay.setdefault(relay, []).append(subnet)
            if subnet.interface:
                self._by_interface.setdefault(subnet.interface, []).append(subnet)
            if subnet.interface_id is not None:
                self._by_interface_id.setdefault(subnet.interface_id, []).append(subnet)
            prefixes.setdefault(subnet.mask, {}).setdefault(subnet.prefix & subnet.mask, []).append(subnet)
            if subnet.classes or (network is not None and network.classes):
                self._guarded = True
        self._prefixes = tuple(prefixes.items())

    def containing(self, address: int, classes: Classes | None = None) -> Subnet6 | None:
        """The subnet with the lowest id whose prefix holds this address, and which is open to these (None: to any)."""
        best: Subnet6 | None = None
        for mask, subnets in self._prefixes:
            same = subnets.get(address & mask)
            if same is not None:
                subnet = same[0] if classes is None else _first_open(same, classes)
                if subnet is not None and (best is None or subnet.id < best.id):
                    best = subnet
        return best

    def select(self, x: Exchange) -> Subnet6 | None:
        """The subnet for this query, None if none serves it."""
        query = x.query
        classes = query.classes
        if query.relays:
            link = link_address(query)
            if link:
                interface_id = query.relays[-1].first(INTERFACE_ID)
                if interface_id is not None:
                    named = _first_open(self._by_interface_id.get(interface_id, ()), classes)
                    if named is not None:
                        return _answer(x, named, "interface-id " + interface_id.hex())
                configured = _first_open(self._by_relay.get(link, ()), classes)
                if configured is not None:
                    return _answer(x, configured, "relay address %s", link)
                near = self._by_link.get(link)
                if near is None:
                    near = self.containing(link, classes)
                    if near is not None and not self._guarded and len(self._by_link) < _MOST_LINKS:
                        self._by_link[link] = near  # the next packet of this link need not look
                return _answer(x, near, "prefix of the link-address %s", link)
        datagram = x.datagram
        interface = datagram.channel.interface
        by_interface = _first_open(self._by_interface.get(interface.name, ()), classes)
        if by_interface is not None:
            return _answer(x, by_interface, "interface " + interface.name)
        return _answer(x, self.containing(datagram.source, classes), "prefix of the source address %s", datagram.source)

    def by_link(self, link: int, interface_id: bytes | None, datagram: Datagram) -> Subnet6 | None:
        """As `select`, for the usual packet: its link is known from one relay, or (0) from how it came, and nothing
        looks at its classes.

        None is said too where nobody has asked for that link before.
        """
        if is_of_a_link(link):
            named = self._by_interface_id.get(interface_id) if interface_id is not None else None
            found = named or self._by_relay.get(link)
            return found[0] if found else self._by_link.get(link)
        by_interface = self._by_interface.get(datagram.channel.interface.name)
        return by_interface[0] if by_interface is not None else self.containing(datagram.source)


def _first_open(subnets: Sequence[Subnet6], classes: Classes) -> Subnet6 | None:
    """The first of these that is open to who is in these classes."""
    for subnet in subnets:
        if serves(subnet, classes):
            return subnet
    return None


def serves(subnet: Subnet6, classes: Classes) -> bool:
    """Whether the subnet and its shared network are open to who is in these classes."""
    network = subnet.network
    return classes.may_pass(subnet.classes) and (network is None or classes.may_pass(network.classes))


def is_of_a_link(address: int) -> bool:
    """Whether a relay agent's link-address tells which link it is: neither :: nor link-local."""
    return address != 0 and address >> 118 != 0x3FA


def link_address(query: Packet6) -> int:
    """The link-address nearest to the client that is neither :: nor link-local, 0 if there is none."""
    for relay in reversed(query.relays):
        if is_of_a_link(relay.link):
            return relay.link
    return 0


def _answer(x: Exchange, subnet: Subnet6 | None, rule: str, address: int | None = None) -> Subnet6 | None:
    if x.trace is not None:
        x.trace("subnet", subnet.text if subnet else "none", rule if address is None else rule % text_ip6(address))
    return subnet


def open_pool_of(subnet: Subnet6, kind: int, address: int, classes: Classes) -> AnyPool | None:
    """The pool of this subnet that holds the address or prefix, if both are open to who is in these classes."""
    pool = pool_of(subnet, kind, address)
    return pool if pool is not None and classes.may_pass(pool.classes) and serves(subnet, classes) else None


def siblings(subnet: Subnet6) -> Sequence[Subnet6]:
    """The subnet, then the others of its shared network by id, going round."""
    network = subnet.network
    if network is None:
        return (subnet,)
    members = network.subnets
    start = members.index(subnet)
    return members[start:] + members[:start]


def open_siblings(subnet: Subnet6, classes: Classes) -> Sequence[Subnet6]:
    """Those of them that are open to who is in these classes."""
    return [one for one in siblings(subnet) if serves(one, classes)]
