"""Which address a client gets: its own again, the one it asks for, or one that the allocator picks.

`offer` (for DISCOVER) and `assign` (for REQUEST) are the two questions an exchange asks; the rest are their steps.
A lease that is offered is not stored, unless the subnet has an offer-lifetime. Every store change goes through
`_grant`, `_replace`, `_reassign` and `_remove`, which keep the statistics in step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.config.snapshot4 import Pool4, Subnet4
from kead.dhcp4 import messages as log
from kead.dhcp4.extended_info import extended_info
from kead.dhcp4.lifetimes import remaining, valid_lifetime
from kead.dhcp4.options import AGENT_OPTIONS, LEASE_TIME
from kead.dhcp4.reservations import Reserved, is_for_another, reserved
from kead.dhcp4.subnets import pool_of, siblings
from kead.hooks import SKIP
from kead.leases.lease4 import INFINITE, Lease4, State
from kead.wire.address import text_ip4

if TYPE_CHECKING:
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
            return await _renew(x, own, offering=True)
        lease = await _take(x, place.subnet, pool_of(*place), place.address, offering=True)
        if lease is not None or x.refused:
            return lease
        await _conflict(x, place)
    if own is not None:
        home = _home(x, own.address)
        if home is not None and not (service.hosts and is_for_another(x, own.address)):
            x.subnet = home[0]
            return await _renew(x, own, offering=True)
    if x.requested:
        home = _home(x, x.requested)
        if home is not None and not (service.hosts and is_for_another(x, x.requested)):
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
                    x.unknown_address = not await _of_another(x, requested)
                    return None
                lease = await _pick(x, offering=False)
            elif own is not None and own.address == requested:
                x.subnet = home[0]
                lease = await _renew(x, own, offering=False)
                if lease is None and not x.refused:
                    continue  # somebody changed our lease while a callout took its time: look again
            else:
                lease = await _take(x, *home, requested, offering=False)
        if lease is not None and own is not None and own.address != lease.address:
            await _remove(x, own)
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
    for subnet in (x.subnet,) if x.subnet.network is None else siblings(x.subnet):
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


def identity(x: Exchange, subnet: Subnet4) -> bytes:
    """The client identifier, where the subnet cares for it or the client has no hardware address to be known by."""
    return x.client_id if subnet.match_client_id or not x.query.hwaddr else b""


async def _of_another(x: Exchange, address: int) -> bool:
    """Whether somebody else holds this address, in whatever network."""
    lease = await x.service.store.get(address)
    if lease is None or lease.expired(x.now):
        return False
    client_id = x.client_id if x.subnet.match_client_id else b""
    return not lease.belongs_to(client_id, x.query.htype, x.query.hwaddr)


def _home(x: Exchange, address: int) -> tuple[Subnet4, Pool4] | None:
    """The subnet of the client's network, and its pool, where this address lies."""
    pool = pool_of(x.subnet, address)
    if pool is not None:
        return x.subnet, pool
    if x.subnet.network is not None:
        for subnet in siblings(x.subnet)[1:]:
            pool = pool_of(subnet, address)
            if pool is not None:
                return subnet, pool
    return None


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
    return await _grant(x, subnet, pool, address, old, offering=offering)


async def _pick(x: Exchange, *, offering: bool) -> Lease4 | None:
    """An address that the subnets' allocators choose, beginning where the network was searched last."""
    service = x.service
    store = service.store
    start = x.subnet
    if start.network is None:
        subnets: tuple[Subnet4, ...] = (start,)
    else:
        subnets = tuple(siblings(service.recent.first(start.network, start)))
    tried = empty = 0
    for subnet in subnets:
        if not subnet.pools:
            empty += 1
            continue
        service.recent.note(subnet)
        allocator, avoid = service.allocator(subnet), service.avoid(subnet)
        for _ in range(ATTEMPTS):
            address = allocator.pick(subnet.pools, store.occupancy, service.in_flight, avoid)
            if address is None:
                break
            pool = pool_of(subnet, address)
            assert pool is not None  # the allocator picks from these pools
            old = await store.get(address)
            if old is not None and not old.expired(x.now):
                continue  # a shared store knows better than our picture of it
            if x.trace is not None:
                x.trace("address", text_ip4(address), f"picked from pool {pool.text} of subnet {subnet.id}")
            lease = await _grant(x, subnet, pool, address, old, offering=offering)
            if lease is not None or x.refused:
                return lease
        tried += sum(p.size for p in subnet.pools)
    service.allocation_failed(x, subnets[-1], tried, empty, len(subnets))
    return None


async def _grant(
    x: Exchange, subnet: Subnet4, pool: Pool4 | None, address: int, old: Lease4 | None, *, offering: bool
) -> Lease4 | None:
    """A lease of this address, in place of `old`, which has ended. None: refused by a callout, or lost."""
    service, query = x.service, x.query
    x.subnet = subnet
    if service.guard.serialize:
        x.claim(address)
    if old is not None and (not offering or subnet.offer_lifetime):
        await _reclaim(x, old)
    asked = query.options.get(LEASE_TIME)
    x.lifetime = x.full_lifetime = (
        subnet.valid.default if asked is None else valid_lifetime(subnet, int.from_bytes(asked[:4], "big"))
    )
    if x.generate_name:
        service.names.settle(x, address)
    lease = Lease4(
        address,
        query.hwaddr,
        x.client_id if subnet.match_client_id else identity(x, subnet),
        x.lifetime,
        x.now,
        subnet.id,
        htype=query.htype,
        pool_id=pool.pool_id if pool is not None else 0,
    )
    if x.hostname:
        lease.hostname, lease.fqdn_fwd, lease.fqdn_rev = x.hostname, x.fqdn_fwd, x.fqdn_rev
    if subnet.store_extended_info and AGENT_OPTIONS in query.options:
        lease.user_context = extended_info(query, "")
    on = service.hooks
    if on.lease4_select is not None:
        c = await on.lease4_select(
            x,
            query4=query,
            subnet4=subnet,
            fake_allocation=offering,
            offer_lft=(subnet.offer_lifetime or 0) if offering else 0,
            lease4=lease,
        )
        if c.status is SKIP:
            x.refused = True
            return None
        lease = c.lease4
        x.lifetime = x.full_lifetime = lease.valid_lifetime
    if offering:
        if not subnet.offer_lifetime:
            return lease
        x.full_lifetime = subnet.offer_lifetime  # the client's timers follow what is stored
        stored = _for_offer(lease, subnet)
    else:
        stored = lease
    if old is not None:
        if not await _reassign(x, stored, old, in_pool=pool is not None):
            return None
    elif await service.store.add(stored):
        service.tally.assigned(stored, in_pool=pool is not None)
    else:
        return None
    x.stored = stored
    x.promises = True
    return lease


async def _renew(x: Exchange, old: Lease4, *, offering: bool) -> Lease4 | None:
    """The client's own lease once more: extended, or as it is if it is fresh enough to be reused. None: lost a race."""
    service, query, subnet = x.service, x.query, x.subnet
    pool = pool_of(subnet, old.address)
    asked = query.options.get(LEASE_TIME)
    valid = subnet.valid.default if asked is None else valid_lifetime(subnet, int.from_bytes(asked[:4], "big"))
    context = old.user_context
    if subnet.store_extended_info and AGENT_OPTIONS in query.options:
        context = extended_info(query, context)
    if x.generate_name:
        service.names.settle(x, old.address)
    lease = Lease4(
        old.address,
        query.hwaddr,
        identity(x, subnet),
        valid,
        x.now,
        subnet.id,
        htype=query.htype,
        pool_id=pool.pool_id if pool is not None else old.pool_id,
        fqdn_fwd=x.fqdn_fwd,
        fqdn_rev=x.fqdn_rev,
        hostname=x.hostname,
        user_context=context,
    )
    lapsed = old.state != State.DEFAULT or old.expired(x.now)
    if service.guard.serialize:
        x.claim(old.address)
    x.lifetime = x.full_lifetime = valid
    if not lapsed and unchanged(lease, old):
        left = remaining(subnet, old, x.now)
        if left:
            x.lifetime = left
            x.reused = True
    if x.trace is not None:
        x.trace("lease", text_ip4(old.address), "reused as it is" if x.reused else "the client's own, renewed")
    if lapsed and (not offering or subnet.offer_lifetime):
        await _reclaim(x, old)
    skipped = False
    on = service.hooks
    if on.lease4_renew is not None:  # for an offer too, as in Kea
        c = await on.lease4_renew(
            x, query4=query, subnet4=subnet, clientid=x.client_id, hwaddr=query.hwaddr, lease4=lease
        )
        lease = c.lease4
        skipped = c.status is SKIP
        if skipped:
            x.reused = False
        if not x.reused:
            x.lifetime = x.full_lifetime = lease.valid_lifetime
    if x.reused:
        service.tally.reused(old)
        return lease if offering else old
    if skipped:
        return lease
    if offering:
        if subnet.offer_lifetime:
            stored = _for_offer(lease, subnet)
            if lapsed or old.expire <= stored.expire:
                x.full_lifetime = subnet.offer_lifetime
                if not lapsed and unchanged(stored, old) and remaining(subnet, old, x.now):
                    service.tally.reused(old)
                    return lease
                if not await (
                    _reassign(x, stored, old, in_pool=pool is not None) if lapsed else _replace(x, stored, old)
                ):
                    return None
                x.stored = stored
                x.promises = True
        return lease
    if not await (_reassign(x, lease, old, in_pool=pool is not None) if lapsed else _replace(x, lease, old)):
        return None
    x.stored = lease
    return lease


def unchanged(lease: Lease4, old: Lease4) -> bool:
    """Whether storing this lease would change nothing but its times."""
    return (
        lease.valid_lifetime == old.valid_lifetime
        and lease.subnet_id == old.subnet_id
        and lease.hwaddr == old.hwaddr
        and lease.htype == old.htype
        and lease.client_id == old.client_id
        and lease.hostname == old.hostname
        and lease.fqdn_fwd == old.fqdn_fwd
        and lease.fqdn_rev == old.fqdn_rev
        and lease.user_context == old.user_context
    )


def _for_offer(lease: Lease4, subnet: Subnet4) -> Lease4:
    """The row that holds an offered address until the client asks for it."""
    stored = lease.copy()
    stored.valid_lifetime = subnet.offer_lifetime or 0
    stored.fqdn_fwd = stored.fqdn_rev = False
    return stored


async def _reclaim(x: Exchange, lease: Lease4) -> None:
    """An expired lease that is about to be given out once more passes the callouts that every expired lease passes.

    It counts as reclaimed when another one has taken its place (`_reassign`).
    """
    if lease.state != State.RECLAIMED:
        await x.service.ask_before_reclaiming(lease)


async def _replace(x: Exchange, lease: Lease4, old: Lease4) -> bool:
    """In place of a lease that counts as assigned."""
    return await x.service.store.update(lease, old)


async def _reassign(x: Exchange, lease: Lease4, old: Lease4, *, in_pool: bool) -> bool:
    """In place of a lease that has ended."""
    if not await x.service.store.update(lease, old):
        return False
    if old.state != State.RECLAIMED:
        x.service.tally.reclaimed(old)
    x.service.tally.assigned(lease, in_pool=in_pool)
    return True


async def _remove(x: Exchange, old: Lease4) -> None:
    """The client has another address now: this lease goes."""
    if await x.service.store.delete(old) and old.state in (State.DEFAULT, State.DECLINED):
        x.service.tally.released(old)


async def release(x: Exchange, old: Lease4) -> bool:
    """End a lease that its client gives back: kept for it for a while where the configuration says so, else deleted."""
    service = x.service
    expiration = service.config.expiration
    keep = (
        expiration.flush_reclaimed_timer_wait_time > 0
        and expiration.hold_reclaimed_time > 0
        and old.valid_lifetime != INFINITE
    )
    if keep:
        lease = old.copy()
        lease.valid_lifetime = 0
        lease.cltt = x.now
        lease.state = State.RELEASED
        done = await service.store.update(lease, old)
    else:
        done = await service.store.delete(old)
    if done:
        service.tally.released(old)
        message = log.RELEASE_EXPIRED if keep else log.RELEASE_DELETED
        if message.on:
            message(x.label, text_ip4(old.address))
    return done


async def decline(x: Exchange, old: Lease4) -> Lease4 | None:
    """Put an address that somebody else uses on probation. The declined lease, None if it changed meanwhile."""
    service = x.service
    lease = Lease4(
        old.address,
        b"",
        b"",
        service.config.decline_probation_period,
        x.now,
        old.subnet_id,
        pool_id=old.pool_id,
        state=State.DECLINED,
    )
    if not await service.store.update(lease, old):
        return None
    service.tally.declined(lease)
    if log.DECLINE_LEASE.on:
        log.DECLINE_LEASE(text_ip4(old.address), x.label, lease.valid_lifetime)
    return lease
