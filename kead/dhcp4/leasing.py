"""Which address a client gets: its own again, the one it asks for, or one that the allocator picks.

`offer` (for DISCOVER) and `assign` (for REQUEST) are the two questions an exchange asks; the rest are their steps.
A lease that is offered is not stored, unless the subnet has an offer-lifetime. What is done to a lease then is in
`grants.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.config.snapshot4 import Pool4, Subnet4
from kead.dhcp4 import messages as log
from kead.dhcp4.grants import grant, identity, remove, renew
from kead.dhcp4.reservations import Reserved, is_for_another, reserved
from kead.dhcp4.subnets import is_open, open_pool_of, pool_of, serves, siblings
from kead.leases.lease4 import Lease4
from kead.wire.address import text_ip4

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kead.dhcp4.exchange import Exchange

ATTEMPTS = 8
"""How often an exchange that loses an address to another one tries again."""


async def offer(x: Exchange) -> Lease4 | None:
    """The lease to offer, None when there is none to be had. `x.lifetime` says for how long."""
    service = x.service
    own = await find_lease(x)
    place = reserved(x) if x.hosts else None
    if place is not None:
        x.subnet = place.subnet
        if own is not None and own.address == place.address:
            return await renew(x, own, offering=True)
        lease = await _take(x, place.subnet, pool_of(*place), place.address, offering=True)
        if lease is not None or x.refused:
            return lease
        await _conflict(x, place)
    if own is not None:
        home = _home(x, own.address)
        if home is not None and not (service.hosts and is_for_another(x, own.address)):
            x.subnet = home[0]
            return await renew(x, own, offering=True)
    if x.requested:
        home = _home(x, x.requested)
        if home is not None:
            x.subnet = home[0]
            if not (service.hosts and is_for_another(x, x.requested)):
                lease = await _take(x, *home, x.requested, offering=True)
                if lease is not None or x.refused:
                    return lease
    return await _pick(x, offering=True)


async def assign(x: Exchange) -> Lease4 | None:
    """The lease to acknowledge, stored; None for a NAK, or for silence where `x.unknown_address` says so."""
    for _ in range(ATTEMPTS):
        own = await find_lease(x)
        requested = x.requested or (own.address if own is not None else 0)
        place = None
        if x.service.hosts:
            place = reserved(x) if x.hosts else None
            if place is not None and not x.requested:
                requested = place.address
            elif requested and is_for_another(x, requested):
                if x.requested:
                    return None
                requested = 0
        if not requested:
            lease = await _pick(x, offering=False)
        else:
            home: tuple[Subnet4, Pool4 | None] | None
            if place is not None and place.address == requested:
                home = place.subnet, pool_of(*place)
            elif place is not None and await _is_free(x, place.address):
                return None  # the client shall begin anew, and be offered what is reserved for it
            else:
                home = _home(x, requested)
            if home is None:
                if x.requested:
                    x.unknown_address = not _in_any_pool(x, requested) and not await _of_another(x, requested)
                    return None
                lease = await _pick(x, offering=False)
            elif own is not None and own.address == requested:
                x.subnet = home[0]
                lease = await renew(x, own, offering=False)
                if lease is None and not x.refused:
                    continue  # somebody changed our lease while a callout took its time: look again
            else:
                lease = await _take(x, *home, requested, offering=False)
        if lease is not None and own is not None and own.address != lease.address:
            await remove(x, own)
            x.deleted = own
        return lease
    return None


async def find_lease(x: Exchange) -> Lease4 | None:
    """The client's lease in the selected subnet or another one of its shared network, which then becomes the subnet.

    By client identifier first, then by hardware address (`Lease4.belongs_to`).
    """
    query = x.query
    by_id, by_hwaddr = await x.service.store.of_client(x.client_id, query.hwaddr)
    if not by_id and not by_hwaddr:
        return None
    for subnet in (x.subnet,) if x.subnet.network is None else siblings(x.subnet, query.classes):
        client_id = identity(x, subnet)
        if client_id:
            for lease in by_id:
                if lease.subnet_id == subnet.id:
                    x.subnet = subnet
                    return lease
        for lease in by_hwaddr:
            if lease.subnet_id == subnet.id and lease.belongs_to(client_id, query.htype, query.hwaddr):
                x.subnet = subnet
                return lease
    return None


async def _of_another(x: Exchange, address: int) -> bool:
    """Whether somebody else holds this address, in whatever network."""
    lease = await x.service.store.get(address)
    if lease is None or lease.expired(x.now):
        return False
    client_id = x.client_id if x.subnet.match_client_id else b""
    return not lease.belongs_to(client_id, x.query.htype, x.query.hwaddr)


def _home(x: Exchange, address: int) -> tuple[Subnet4, Pool4] | None:
    """The subnet of the client's network, and its pool, where this address lies; both are for the client's classes."""
    classes = x.query.classes
    pool = open_pool_of(x.subnet, address, classes)
    if pool is not None:
        return x.subnet, pool
    if x.subnet.network is not None:
        for subnet in siblings(x.subnet, classes)[1:]:
            pool = open_pool_of(subnet, address, classes)
            if pool is not None:
                return subnet, pool
    return None


def _in_any_pool(x: Exchange, address: int) -> bool:
    """Whether the address is of a pool of the client's network, though that may be closed to the client."""
    network = x.subnet.network
    subnets = (x.subnet,) if network is None else network.subnets
    return any(pool_of(subnet, address) is not None for subnet in subnets)


async def _is_free(x: Exchange, address: int) -> bool:
    lease = await x.service.store.get(address)
    return lease is None or lease.expired(x.now)


async def _conflict(x: Exchange, place: Reserved) -> None:
    """What is reserved for the client is leased to another one: say so in the log and the statistics."""
    lease = await x.service.store.get(place.address)
    x.service.tally.in_conflict(lease.subnet_id if lease is not None else place.subnet.id)
    if log.RESERVED_ADDRESS_TAKEN.on:
        log.RESERVED_ADDRESS_TAKEN(x.label, text_ip4(place.address), f"{lease}")


async def _take(x: Exchange, subnet: Subnet4, pool: Pool4 | None, address: int, *, offering: bool) -> Lease4 | None:
    """This very address, if nobody holds it."""
    service = x.service
    if service.in_flight.get(address, x) is not x:
        return None
    old = await service.store.get(address)
    if old is not None and not old.expired(x.now):
        if x.trace is not None:
            x.trace("address", text_ip4(address), "leased to another client")
        return None
    if x.trace is not None:
        x.trace("address", text_ip4(address), "requested and free")
    return await grant(x, subnet, pool, address, old, offering=offering)


async def _pick(x: Exchange, *, offering: bool) -> Lease4 | None:
    """An address that the subnets' allocators choose, beginning where the network was searched last."""
    service = x.service
    store = service.store
    start = x.subnet
    classes = x.query.classes
    subnets: Sequence[Subnet4] = (start,)
    if start.network is not None:
        subnets = siblings(service.recent.first(start), classes)
    if service.classification is not None and not serves(subnets[0], classes):
        subnets = subnets[1:]  # it was open before the client's reservation was known
        if not subnets:
            return None
    tried = empty = 0
    for subnet in subnets:
        pools: Sequence[Pool4] = subnet.pools
        if service.classification is not None:
            pools = [pool for pool in pools if is_open(pool.classes, classes)]
        if not pools:
            empty += 1
            continue
        service.recent.note(subnet)
        allocator, avoid = service.allocator(subnet), service.avoid(subnet)
        for _ in range(ATTEMPTS):
            address = allocator.pick(pools, store.occupancy, service.in_flight, avoid)
            if address is None:
                break
            pool = pool_of(subnet, address)
            assert pool is not None  # the allocator picks from these pools
            old = await store.get(address)
            if old is not None and not old.expired(x.now):
                continue  # a shared store knows better than our picture of it
            if x.trace is not None:
                x.trace("address", text_ip4(address), f"picked from pool {pool.text} of subnet {subnet.id}")
            lease = await grant(x, subnet, pool, address, old, offering=offering)
            if lease is not None or x.refused:
                return lease
        tried += sum(p.size for p in pools)
    service.allocation_failed(x, subnets[-1], tried, empty, len(subnets))
    return None
