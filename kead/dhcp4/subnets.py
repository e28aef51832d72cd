"""Which subnet serves a packet.

The order of the rules is Kea's: a link named by the relay agent or the client (RFC 3527, RFC 3011) decides
alone; then the relay agent's address; then the address that the client uses, if it wrote to us by unicast; last
the interface the packet came in on. Among subnets that match, the lowest id wins. The index is built once a
configuration, so that ten thousand subnets cost what ten do.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import TYPE_CHECKING

from kead.config.snapshot4 import Pool4, Subnet4
from kead.dhcp4.options import AGENT_OPTIONS, RAI_LINK_SELECTION, SUBNET_SELECTION
from kead.dhcp4.packet import Packet4
from kead.wire.address import text_ip4

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange
    from kead.dhcp4.sockets import Datagram

BROADCAST = 0xFFFFFFFF
_MOST_AGENTS = 65536
"""Relay agents whose subnets are remembered; forged ones must not fill the memory."""


class SubnetSelector:
    """The subnets of one configuration, ready to be asked."""

    __slots__ = ("_by_agent", "_by_interface", "_by_relay", "_ignore_link_selection", "_prefixes")

    def __init__(self, subnets: Iterable[Subnet4], *, ignore_link_selection: bool = False) -> None:
        self._ignore_link_selection = ignore_link_selection
        self._by_relay: dict[int, Subnet4] = {}
        self._by_agent: dict[int, Subnet4] = {}
        self._by_interface: dict[str, Subnet4] = {}
        prefixes: dict[int, dict[int, Subnet4]] = {}
        for subnet in sorted(subnets, key=lambda s: s.id):
            network = subnet.network
            relays = subnet.relay_addresses or (network.relay_addresses if network else frozenset())
            for relay in relays:
                self._by_relay.setdefault(relay, subnet)
            interface = subnet.interface or (network.interface if network else None)
            if interface:
                self._by_interface.setdefault(interface, subnet)
            prefixes.setdefault(subnet.mask, {}).setdefault(subnet.prefix & subnet.mask, subnet)
        self._prefixes = tuple(prefixes.items())

    def containing(self, address: int) -> Subnet4 | None:
        """The subnet with the lowest id whose prefix holds this address."""
        best: Subnet4 | None = None
        for mask, subnets in self._prefixes:
            subnet = subnets.get(address & mask)
            if subnet is not None and (best is None or subnet.id < best.id):
                best = subnet
        return best

    def by_link(self, query: Packet4, datagram: Datagram) -> Subnet4 | None:
        """What `select` says for a query that names no link; None where it has to look."""
        if query.giaddr:
            return self._by_relay.get(query.giaddr) or self._by_agent.get(query.giaddr)
        if datagram.destination != BROADCAST:
            return self.containing(query.ciaddr) if query.ciaddr else None
        interface = datagram.channel.interface
        named = self._by_interface.get(interface.name)
        if named is None and interface.addresses:
            return self.containing(interface.addresses[0])
        return named

    def select(self, x: Exchange) -> Subnet4 | None:
        """The subnet for this query, None if none serves it."""
        query = x.query
        options = query.options
        if AGENT_OPTIONS in options or SUBNET_SELECTION in options:
            link = self._named_link(query)
            if link:
                return self._answer(x, self._with(link, query), "link selection %s", link)
        if query.giaddr:
            configured = self._behind(query)
            if configured is not None:
                return self._answer(x, configured, "relay address %s", query.giaddr)
            return self._answer(x, self._around(query), "prefix of the relay agent's address %s", query.giaddr)
        datagram = x.datagram
        if datagram.destination != BROADCAST:
            address = query.ciaddr or datagram.source
            if address:
                return self._answer(x, self._with(address, query), "prefix of the client's address %s", address)
        interface = datagram.channel.interface
        by_interface = self._at(interface.name, query)
        if by_interface is not None:
            return self._answer(x, by_interface, "interface " + interface.name, None)
        for address in interface.addresses[:1]:
            return self._answer(x, self._with(address, query), "prefix of the interface's address %s", address)
        return self._answer(x, None, "interface " + interface.name + " has no address", None)

    # Where a rule finds a subnet. Here each is for every client.

    def _with(self, address: int, query: Packet4) -> Subnet4 | None:
        """In whose prefix the address is."""
        return self.containing(address)

    def _behind(self, query: Packet4) -> Subnet4 | None:
        """That is configured to be behind the query's relay agent."""
        return self._by_relay.get(query.giaddr)

    def _around(self, query: Packet4) -> Subnet4 | None:
        """In whose prefix the query's relay agent is."""
        near = self._by_agent.get(query.giaddr)
        if near is None:
            near = self.containing(query.giaddr)
            if near is not None and len(self._by_agent) < _MOST_AGENTS:
                self._by_agent[query.giaddr] = near  # the next packet of this agent need not look
        return near

    def _at(self, interface: str, query: Packet4) -> Subnet4 | None:
        """That is configured to be at this interface."""
        return self._by_interface.get(interface)

    def _named_link(self, query: Packet4) -> int:
        """The link that the relay agent (RFC 3527) or else the client (RFC 3011) names, 0 for none."""
        options = query.options
        link = 0
        if AGENT_OPTIONS in options and not self._ignore_link_selection:
            link = int.from_bytes(query.relay_info().get(RAI_LINK_SELECTION, b"")[:4], "big")
        if not link and SUBNET_SELECTION in options:
            link = int.from_bytes(options[SUBNET_SELECTION][:4], "big")
        return link

    @staticmethod
    def _answer(x: Exchange, subnet: Subnet4 | None, rule: str, address: int | None) -> Subnet4 | None:
        if x.trace is not None:
            why = rule if address is None else rule % text_ip4(address)
            x.trace("subnet", subnet.text if subnet else "none", why)
        return subnet


class GuardedSelector(SubnetSelector):
    """The same where subnets are for certain classes only: those that are closed to the client are passed over."""

    __slots__ = ("_all_at", "_all_behind", "_all_with")

    def __init__(self, subnets: Iterable[Subnet4], *, ignore_link_selection: bool = False) -> None:
        subnets = sorted(subnets, key=lambda s: s.id)
        super().__init__(subnets, ignore_link_selection=ignore_link_selection)
        self._all_behind: dict[int, list[Subnet4]] = {}
        self._all_at: dict[str, list[Subnet4]] = {}
        self._all_with: dict[int, dict[int, list[Subnet4]]] = {}
        for subnet in subnets:
            network = subnet.network
            for relay in subnet.relay_addresses or (network.relay_addresses if network else frozenset()):
                self._all_behind.setdefault(relay, []).append(subnet)
            interface = subnet.interface or (network.interface if network else None)
            if interface:
                self._all_at.setdefault(interface, []).append(subnet)
            self._all_with.setdefault(subnet.mask, {}).setdefault(subnet.prefix & subnet.mask, []).append(subnet)

    def _with(self, address: int, query: Packet4) -> Subnet4 | None:
        found = (_open(same.get(address & mask, ()), query) for mask, same in self._all_with.items())
        return min((subnet for subnet in found if subnet is not None), key=lambda s: s.id, default=None)

    def _behind(self, query: Packet4) -> Subnet4 | None:
        return _open(self._all_behind.get(query.giaddr, ()), query)

    def _around(self, query: Packet4) -> Subnet4 | None:
        return self._with(query.giaddr, query)

    def _at(self, interface: str, query: Packet4) -> Subnet4 | None:
        return _open(self._all_at.get(interface, ()), query)


def make_selector(subnets: Sequence[Subnet4], *, ignore_link_selection: bool) -> SubnetSelector:
    """The one that these subnets need."""
    guarded = any(s.classes or (s.network is not None and s.network.classes) for s in subnets)
    return (GuardedSelector if guarded else SubnetSelector)(subnets, ignore_link_selection=ignore_link_selection)


def _open(subnets: Sequence[Subnet4], query: Packet4) -> Subnet4 | None:
    return next((subnet for subnet in subnets if serves(subnet, query.classes)), None)


def is_open(guard: Sequence[str], classes: Container[str]) -> bool:
    """Whether a network, a subnet, a pool with this guard is for a client in these classes."""
    return not guard or any(name in classes for name in guard)


def serves(subnet: Subnet4, classes: Container[str]) -> bool:
    """Whether the subnet, and its network, is for a client in these classes."""
    network = subnet.network
    return is_open(subnet.classes, classes) and (network is None or is_open(network.classes, classes))


def pool_of(subnet: Subnet4, address: int) -> Pool4 | None:
    """The pool of this subnet that holds the address."""
    for pool in subnet.pools:
        if pool.first <= address <= pool.last:
            return pool
    return None


def open_pool_of(subnet: Subnet4, address: int, classes: Container[str]) -> Pool4 | None:
    """The pool of this subnet that holds the address, if it is for a client in these classes."""
    pool = pool_of(subnet, address)
    return pool if pool is None or is_open(pool.classes, classes) else None


def siblings(subnet: Subnet4, classes: Container[str]) -> Sequence[Subnet4]:
    """The subnet, then the others of its shared network by id, going round, that are for a client in these classes."""
    network = subnet.network
    if network is None:
        return (subnet,)
    members = network.subnets
    start = members.index(subnet)
    around = members[start + 1 :] + members[:start]
    return (subnet, *(other for other in around if serves(other, classes)))
