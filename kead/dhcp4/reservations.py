"""What is reserved for a client, and what for others. The table is `kead.hosts`; here are the rules.

A subnet honours its own reservations (reservations-in-subnet), those of its pools' addresses too (unless
reservations-out-of-pool says that there are none), and the global ones (reservations-global). The address of a global
reservation has to be one of a subnet of the client's network. One reservation counts for the name, the options and the
header fields of a reply: that of the subnet that serves the client, or else its global one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from kead.config.snapshot import IdentifierType
from kead.config.snapshot4 import Host4, Subnet4
from kead.dhcp4.options import AGENT_OPTIONS, RAI_CIRCUIT_ID
from kead.dhcp4.subnets import pool_of, siblings
from kead.hosts.configured import GLOBAL

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange
    from kead.dhcp4.packet import Packet4
    from kead.dhcp4.service import Service4

Known = Sequence[tuple[IdentifierType, bytes]]
_HOLDS_DUID: Final = b"\xff"
"""A client identifier that begins so is an IAID of four bytes and a DUID (RFC 4361 section 6.1)."""
_DUID_AT: Final = 5


class Reserved(NamedTuple):
    """An address that is the client's, and the subnet that it is one of."""

    subnet: Subnet4
    address: int


def client(service: Service4, query: Packet4, client_id: bytes, flexible: tuple[str, bytes] | None = None) -> Known:
    """What the client may be known by, in the order of host-reservation-identifiers; `flexible`: in place of flex-id.

    Only that by which anybody is known at all.
    """
    known: list[tuple[IdentifierType, bytes]] = []
    for kind in service.host_identifiers:
        if kind == "hw-address":
            known.append(("hw-address", query.hwaddr))
        elif kind == "duid" and client_id[:1] == _HOLDS_DUID:
            known.append(("duid", client_id[_DUID_AT:]))
        elif kind == "circuit-id" and AGENT_OPTIONS in query.options:
            known.append(("circuit-id", query.relay_info().get(RAI_CIRCUIT_ID, b"")))
        elif kind == "client-id":
            known.append(("client-id", client_id))
        elif kind == "flex-id" and flexible is not None:
            known.append((cast(IdentifierType, flexible[0]), flexible[1]))
    return [each for each in known if each[1]]


def _client_of(x: Exchange) -> Known:
    return client(x.service, x.query, x.client_id, x.identifier)


def find_hosts(x: Exchange) -> None:
    """Set `x.hosts`: the client's reservations, by subnet id (0: its global one), as far as they count."""
    hosts = x.service.hosts
    known = _client_of(x)
    if x.subnet is None or not known:
        return
    found: dict[int, Host4] = {}
    if x.subnet.reservations_in_subnet:  # that the client is connected to; else its siblings' do not count either
        for subnet in siblings(x.subnet, x.query.classes):
            if subnet.reservations_in_subnet and (host := hosts.find(subnet.id, known)) is not None:
                found[subnet.id] = host
    if x.subnet.reservations_global:
        host = hosts.find(GLOBAL, known)
        if host is not None:
            found[GLOBAL] = host
    x.hosts = found


def global_host(x: Exchange) -> Host4 | None:
    """The client's global reservation, whether or not it counts where the client is."""
    return x.service.hosts.find(GLOBAL, _client_of(x))


def host_of(x: Exchange) -> Host4 | None:
    """The reservation that counts in the subnet that serves the client."""
    subnet = x.subnet
    if subnet is None or not x.hosts:
        return None
    return x.hosts.get(subnet.id) or (x.hosts.get(GLOBAL) if subnet.reservations_global else None)


def reserved(x: Exchange) -> Reserved | None:
    """The address that is reserved for the client, where it has one: in its subnet, else in others of the network."""
    everywhere = x.hosts.get(GLOBAL)
    for subnet in siblings(x.subnet, x.query.classes):
        host = x.hosts.get(subnet.id)
        if host is None and subnet.reservations_global:
            host = everywhere
        if (
            host is not None
            and host.address
            and not (host.address ^ subnet.prefix) & subnet.mask
            and (host is everywhere or _honoured(subnet, host.address))
        ):
            return Reserved(subnet, host.address)
    return None


def is_for_another(x: Exchange, address: int) -> bool:
    """Whether others have a reservation for this address in the client's network, and the client has none."""
    hosts = x.service.hosts
    for subnet in siblings(x.subnet, x.query.classes):
        holders = hosts.holders(subnet.id, address)
        if holders and subnet.reservations_in_subnet and _honoured(subnet, address):
            known = _client_of(x)
            if not any((host.identifier_type, host.identifier) in known for host in holders):
                return True
    return False


def avoid(service: Service4, subnet: Subnet4) -> Callable[[int], bool] | None:
    """What no client is given in this subnet unless it is reserved for it; None if that is nothing."""
    addresses = service.hosts.addresses(subnet.id)
    if not addresses or not subnet.reservations_in_subnet or subnet.reservations_out_of_pool:
        return None
    return addresses.__contains__


def own_host(service: Service4, subnet: Subnet4, query: Packet4, client_id: bytes) -> Host4 | None:
    """The reservation that counts for this client of the subnet, which is in no network."""
    hosts = service.hosts
    here = subnet.reservations_in_subnet and hosts.any_in(subnet.id)
    everywhere = subnet.reservations_global and hosts.any_in(GLOBAL)
    if not here and not everywhere:
        return None
    known = client(service, query, client_id)
    return (hosts.find(subnet.id, known) if here else None) or (hosts.find(GLOBAL, known) if everywhere else None)


def only_address(subnet: Subnet4, host: Host4) -> int:
    """The address that this reservation is, where it is one of the subnet and nothing else; 0: there is more to it."""
    simple = host.subnet_id == subnet.id and not host.hostname and not host.classes and not has_values(host)
    return host.address if simple and host.address and _honoured(subnet, host.address) else 0


def has_values(host: Host4) -> bool:
    """Whether the reservation says what a reply carries, but for address and name."""
    options = host.options
    return bool(options.by_code or options.vendor or host.next_server or host.server_hostname or host.boot_file_name)


def _honoured(subnet: Subnet4, address: int) -> bool:
    """Whether a reservation of this address counts."""
    return not subnet.reservations_out_of_pool or pool_of(subnet, address) is None
