"""What becomes of a lease: granted, renewed, removed, released, declined; `leasing.py` says which address it is of.

Every store change goes through `grant`, `renew`, `remove`, `release` and `decline`, which keep the statistics in step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.config.snapshot4 import Pool4, Subnet4
from kead.dhcp4 import messages as log
from kead.dhcp4.classes import offer_lifetime_of, valid_of
from kead.dhcp4.extended_info import extended_info
from kead.dhcp4.lifetimes import remaining, valid_lifetime
from kead.dhcp4.options import AGENT_OPTIONS, LEASE_TIME
from kead.dhcp4.subnets import pool_of
from kead.hooks import SKIP
from kead.leases.lease4 import INFINITE, Lease4, State
from kead.wire.address import text_ip4

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange


def identity(x: Exchange, subnet: Subnet4) -> bytes:
    """The client identifier, where the subnet cares for it or the client has no hardware address to be known by."""
    return x.client_id if subnet.match_client_id or not x.query.hwaddr else b""


def _valid_lifetime(x: Exchange, subnet: Subnet4) -> int:
    valid = valid_of(x, subnet)
    asked = x.query.options.get(LEASE_TIME)
    return valid.default if asked is None else valid_lifetime(valid, int.from_bytes(asked[:4], "big"))


async def grant(
    x: Exchange, subnet: Subnet4, pool: Pool4 | None, address: int, old: Lease4 | None, *, offering: bool
) -> Lease4 | None:
    """A lease of this address, in place of `old`, which has ended. None: refused by a callout, or lost."""
    service, query = x.service, x.query
    x.subnet = subnet
    if service.guard.serialize:
        x.claim(address)
    await service.names.settle(x, subnet, pool, address)
    to_store = offer_lifetime_of(x, subnet) if offering else 0
    if old is not None and (not offering or to_store):
        await _reclaim(x, old)
    x.lifetime = x.full_lifetime = _valid_lifetime(x, subnet)
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
            offer_lft=to_store,
            lease4=lease,
        )
        if c.status is SKIP:
            x.refused = True
            return None
        lease = c.lease4
        x.lifetime = x.full_lifetime = lease.valid_lifetime
    if offering:
        if not to_store:
            return lease
        x.full_lifetime = to_store  # the client's timers follow what is stored
        stored = _for_offer(lease, to_store)
    else:
        stored = lease
    if old is not None:
        if not await _reassign(x, stored, old, in_pool=pool is not None):
            return None
    elif await service.store.add(stored):
        service.tally.assigned(stored, in_pool=pool is not None)
        if service.changes is not None:
            service.changes.add(stored, x.ddns)
    else:
        return None
    x.stored = stored
    x.promises = True
    return lease


async def renew(x: Exchange, old: Lease4, *, offering: bool) -> Lease4 | None:
    """The client's own lease once more: extended, or as it is if it is fresh enough to be reused. None: lost a race."""
    service, query, subnet = x.service, x.query, x.subnet
    pool = pool_of(subnet, old.address)
    valid = _valid_lifetime(x, subnet)
    to_store = offer_lifetime_of(x, subnet) if offering else 0
    context = old.user_context
    if subnet.store_extended_info and AGENT_OPTIONS in query.options:
        context = extended_info(query, context)
    renamed = await service.names.settle(x, subnet, pool, old.address)
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
    told = x.ddns.update_on_renew and bool(x.hostname) and (x.fqdn_fwd or x.fqdn_rev)  # of each renewal
    if not lapsed and not renamed and not told and unchanged(lease, old):  # renamed: as in Kea, where it is named twice
        left = remaining(subnet, old, x.now)
        if left:
            x.lifetime = left
            x.reused = True
    if x.trace is not None:
        x.trace("lease", text_ip4(old.address), "reused as it is" if x.reused else "the client's own, renewed")
    if lapsed and (not offering or to_store):
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
        if to_store:
            stored = _for_offer(lease, to_store)
            if lapsed or old.expire <= stored.expire:
                x.full_lifetime = to_store
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


def _for_offer(lease: Lease4, seconds: int) -> Lease4:
    """The row that holds an offered address until the client asks for it."""
    stored = lease.copy()
    stored.valid_lifetime = seconds
    stored.fqdn_fwd = stored.fqdn_rev = False
    return stored


async def _reclaim(x: Exchange, lease: Lease4) -> None:
    """An expired lease that is about to be given out once more passes the callouts that every expired lease passes.

    It counts as reclaimed when another one has taken its place (`_reassign`).
    """
    if lease.state != State.RECLAIMED:
        await x.service.ask_before_reclaiming(lease)


async def _replace(x: Exchange, lease: Lease4, old: Lease4) -> bool:
    """In place of a lease that counts as assigned. DNS is told if the name is another, or of each renewal."""
    if not await x.service.store.update(lease, old):
        return False
    changes = x.service.changes
    if changes is not None:
        same = (lease.hostname, lease.fqdn_fwd, lease.fqdn_rev) == (old.hostname, old.fqdn_fwd, old.fqdn_rev)
        if not same:
            changes.remove(old, x.service.ddns_of(old))
        if not same or x.ddns.update_on_renew:
            changes.add(lease, x.ddns)
    return True


async def _reassign(x: Exchange, lease: Lease4, old: Lease4, *, in_pool: bool) -> bool:
    """In place of a lease that has ended."""
    if not await x.service.store.update(lease, old):
        return False
    if old.state != State.RECLAIMED:
        x.service.tally.reclaimed(old)
    x.service.tally.assigned(lease, in_pool=in_pool)
    if x.service.changes is not None:
        if old.state != State.RECLAIMED:
            x.service.changes.remove(old, x.service.ddns_of(old))
        x.service.changes.add(lease, x.ddns)
    return True


async def remove(x: Exchange, old: Lease4) -> None:
    """The client has another address now: this lease goes."""
    service = x.service
    if not await service.store.delete(old):
        return
    if old.state in (State.DEFAULT, State.DECLINED):
        service.tally.released(old)
    if service.changes is not None:
        service.changes.remove(old, service.ddns_of(old), first=True)


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
        if service.changes is not None and not keep:
            service.changes.remove(old, service.ddns_of(old))
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
    if service.changes is not None:
        service.changes.remove(old, service.ddns_of(old))
    if log.DECLINE_LEASE.on:
        log.DECLINE_LEASE(text_ip4(old.address), x.label, lease.valid_lifetime)
    return lease
