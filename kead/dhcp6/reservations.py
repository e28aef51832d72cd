"""What is reserved for a client, and what for others. The table is `kead.hosts`; here are the rules (dhcp6.md § 4).

A subnet honours its own reservations (reservations-in-subnet), those of its pools too (unless reservations-out-of-pool
says that there are none), and the global ones (reservations-global). An address of a global reservation has to be one
of a subnet of the client's network; a prefix need not be.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

from kead.config.snapshot import IdentifierType
from kead.config.snapshot6 import Host6, Subnet6
from kead.dhcp6.subnets import open_siblings, siblings
from kead.dhcp6.wishes import ADDRESS_LENGTH, NA, PD, Place, in_prefix, pool_of
from kead.hosts.configured import GLOBAL

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange
    from kead.dhcp6.service import Service6
    from kead.leases.lease6 import Lease6


def client(x: Exchange) -> Sequence[tuple[IdentifierType, bytes]]:
    """What the client may be known by, in the order of host-reservation-identifiers."""
    known: list[tuple[IdentifierType, bytes]] = []
    for kind in x.service.config.host_identifiers:
        if kind == "duid":
            known.append(("duid", x.duid))
        elif kind == "hw-address" and x.hardware.address:
            known.append(("hw-address", x.hardware.address))
        elif kind == "flex-id" and x.identifier is not None:
            known.append((cast(IdentifierType, x.identifier[0]), x.identifier[1]))
    return known


def find_hosts(x: Exchange) -> None:
    """Set `x.hosts`: the client's reservations, by subnet id (0: its global one), as far as they count."""
    hosts = x.service.hosts
    known = client(x)
    if x.subnet is None or not known:
        return
    found: dict[int, Host6] = {}
    for subnet in open_siblings(x.subnet, x.query.classes):
        if subnet.reservations_in_subnet and (host := hosts.find(subnet.id, known)) is not None:
            found[subnet.id] = host
    if x.subnet.reservations_global:
        host = x.early_host or hosts.find(GLOBAL, known)
        if host is not None:
            found[GLOBAL] = host
    x.hosts = found


def host_of(x: Exchange) -> Host6 | None:
    """The reservation whose name and options count, in the subnet that serves the client."""
    subnet = x.subnet
    if subnet is None or not x.hosts:
        return None
    return x.hosts.get(subnet.id) or (x.hosts.get(GLOBAL) if subnet.reservations_global else None)


def host_behind(x: Exchange, lease: Lease6) -> Host6 | None:
    """The client's reservation that this lease is of, else the one that counts where the lease is."""
    for host in x.hosts.values():
        if lease.type == NA and lease.address in host.addresses:
            return host
        if lease.type == PD and (lease.address, lease.prefix_length) in host.prefixes:
            return host
    return host_of(x)


def reserved(x: Exchange, kind: int) -> list[Place]:
    """What is reserved for the client, in the order in which its identity associations get it."""
    places: list[Place] = []
    if not x.hosts or x.subnet is None:
        return places
    for subnet in open_siblings(x.subnet, x.query.classes):
        host = x.hosts.get(subnet.id)
        if host is not None:
            places += [place for place in _resources(host, subnet, kind) if _honoured(subnet, kind, place.address)]
    host = x.hosts.get(GLOBAL)
    if host is not None:
        for subnet in siblings(x.subnet):
            found = _resources(host, subnet, kind)
            if kind != NA:
                return places + found
            places += [place for place in found if in_prefix(subnet, place.address)]
    return places


def is_for_another(x: Exchange, subnet: Subnet6, kind: int, address: int) -> bool:
    """Whether others have a reservation for this address or prefix, and the client has none."""
    holders = x.service.hosts.holders(subnet.id, address)
    if not holders or not subnet.reservations_in_subnet or not _honoured(subnet, kind, address):
        return False
    return x.hosts.get(subnet.id) not in holders


def avoid(service: Service6, subnet: Subnet6, kind: int) -> Callable[[int], bool] | None:
    """What no client is given in this subnet unless it is reserved for it; None if that is nothing."""
    hosts = service.hosts
    if not subnet.reservations_in_subnet or subnet.reservations_out_of_pool or not hosts.any_in(subnet.id):
        return None
    return lambda address: bool(hosts.holders(subnet.id, address))


def _resources(host: Host6, subnet: Subnet6, kind: int) -> list[Place]:
    def pool_id(address: int) -> int:
        pool = pool_of(subnet, kind, address)
        return pool.pool_id if pool is not None else 0

    if kind == NA:
        return [Place(subnet, address, ADDRESS_LENGTH, pool_id(address)) for address in host.addresses]
    return [
        Place(subnet, prefix, length, pool_id(prefix), excluded)
        for (prefix, length), excluded in zip(host.prefixes, host.excluded, strict=True)
    ]


def _honoured(subnet: Subnet6, kind: int, address: int) -> bool:
    """Whether a reservation of this address counts."""
    return not subnet.reservations_out_of_pool or pool_of(subnet, kind, address) is None
