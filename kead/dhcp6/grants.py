"""What becomes of a lease: given, kept, prolonged, released, declined, each with the hook point that belongs to it.

A change names the lease it replaces; if the store holds another one by now, nothing is done and the caller looks again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.config.snapshot6 import Pool6, Subnet6
from kead.dhcp6 import messages as log
from kead.dhcp6.associations import IaNa, IaPd
from kead.dhcp6.extended_info import extended_info
from kead.dhcp6.lifetimes import lifetimes, remaining
from kead.dhcp6.packet import RENEW
from kead.dhcp6.reservations import host_behind
from kead.dhcp6.wishes import NA, PD, Granted, Place, Wish, pool_of
from kead.hooks.status import SKIP
from kead.leases.lease6 import EMPTY_DUID, INFINITE, Lease6, State
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange


async def grant(x: Exchange, wish: Wish, place: Place, old: Lease6 | None, *, offering: bool) -> Granted | None:
    """A lease of this address or prefix, in place of `old`, which has ended. None: refused by a callout, or lost."""
    service = x.service
    subnet = x.subnet = place.subnet
    x.claim(place.address)
    if old is not None and not offering and old.state != State.RECLAIMED:
        await service.ask_before_reclaiming(old)
    await _settle_name(x, wish, subnet, place.address)
    lease = _lease(x, wish, place)
    on = service.hooks
    if on.lease6_select is not None:
        c = await on.lease6_select(x, query6=x.query, subnet6=subnet, fake_allocation=offering, lease6=lease)
        if c.status is SKIP:
            wish.refused = True
            return None
        lease = c.lease6
    if not offering:
        if old is None:
            if not await service.store.add(lease):
                return None
            service.tally.assigned(lease)
            _add_name(x, lease)
        elif not await _reassign(x, lease, old):
            return None
        x.stored.append(lease)
    return Granted(lease, lease.preferred_lifetime, lease.valid_lifetime)


def _lease(x: Exchange, wish: Wish, place: Place) -> Lease6:
    """The new lease."""
    subnet = place.subnet
    preferred, valid = _lifetimes(x, subnet, wish)
    hardware = x.hardware
    lease = Lease6(
        wish.type,
        place.address,
        place.length,
        x.duid,
        wish.iaid,
        preferred,
        valid,
        x.now,
        subnet.id,
        pool_id=place.pool_id,
        hwaddr=hardware.address,
        htype=hardware.type,
        hwaddr_source=hardware.source,
    )
    _name(x, lease)
    if subnet.store_extended_info and x.query.relays:
        lease.user_context = extended_info(x.query, "")
    return lease


def _lifetimes(x: Exchange, subnet: Subnet6, wish: Wish) -> tuple[int, int]:
    preferred = valid = 0
    if wish.hints:
        hint = wish.hints[0]
        preferred, valid = hint.preferred, hint.valid
    classification = x.service.classification
    if classification is None:
        return lifetimes(subnet, preferred, valid)
    return lifetimes(subnet, preferred, valid, *classification.lifetimes(x.query.classes))


async def _settle_name(x: Exchange, wish: Wish, subnet: Subnet6, address: int) -> None:
    """Follow the rules for names of the place where the client's first address is."""
    if wish.type != NA or x.addresses:
        return
    pool = pool_of(subnet, NA, address)
    await x.service.names.settle(x, subnet, pool if isinstance(pool, Pool6) else None)


def _add_name(x: Exchange, lease: Lease6) -> None:
    """Tell DNS of the name of an address that is the client's now; one of its addresses is enough."""
    changes = x.service.changes
    if changes is not None and lease.type == NA and not x.name_added:
        changes.add(lease, x.ddns)
        x.name_added = True


def _change_name(x: Exchange, lease: Lease6, old: Lease6) -> None:
    """The same for a lease that its client had: only where the name is another, or each renewal is to be told."""
    changes = x.service.changes
    if changes is None or lease.type != NA or (_same_name(lease, old) and not x.ddns.update_on_renew):
        return
    if not _same_name(lease, old):
        changes.remove(old, x.service.ddns_of(old))
    _add_name(x, lease)


def _name(x: Exchange, lease: Lease6) -> None:
    """Put the client's name into a lease."""
    lease.hostname, lease.fqdn_fwd, lease.fqdn_rev = x.hostname, x.fqdn_fwd, x.fqdn_rev
    if x.hosts and not x.hostname and (host := host_behind(x, lease)) is not None:
        lease.hostname = host.hostname
    if x.generate_name and lease.type == NA:
        lease.hostname = x.service.names.made_up(x, lease.address)


async def keep(x: Exchange, wish: Wish, old: Lease6, *, offering: bool) -> Granted | None:
    """A lease that a SOLICIT or REQUEST finds: it lasts as long as it did before, beginning now. None: lost a race.

    One that its client had given back gets new lifetimes.
    """
    service = x.service
    subnet = x.subnet
    if subnet is None or subnet.id != old.subnet_id:
        subnet = service.config.by_id.get(old.subnet_id, subnet)
    assert subnet is not None
    lease = old.copy()
    await _settle_name(x, wish, subnet, old.address)
    _name(x, lease)
    if not lease.valid_lifetime:
        lease.preferred_lifetime, lease.valid_lifetime = _lifetimes(x, subnet, wish)
    if x.trace is not None:
        x.trace("lease", text_ip6(old.address), "the client's own")
    if offering:
        return Granted(lease, lease.preferred_lifetime, lease.valid_lifetime)
    x.claim(old.address)
    lapsed = lease.state != State.DEFAULT
    lease.state = int(State.DEFAULT)
    if not lapsed and (wish.type == PD or (_same_name(lease, old) and not _tells_always(x, lease))):
        preferred, valid = remaining(subnet, old, x.now)
        if valid:
            service.tally.reused(old)
            return Granted(old, preferred, valid, reused=True)
    lease.cltt = x.now
    if not await service.store.update(lease, old):
        return None
    if lapsed:
        service.tally.assigned(lease)
    _change_name(x, lease, old)
    x.stored.append(lease)
    return Granted(lease, lease.preferred_lifetime, lease.valid_lifetime)


async def prolong(x: Exchange, wish: Wish, old: Lease6, reply: IaNa | IaPd) -> Granted | None:
    """A lease that its client renews: extended, or as it is if it is fresh enough to be reused. None: lost a race."""
    service, subnet = x.service, x.subnet
    assert subnet is not None  # the lease was looked for in it
    hardware = x.hardware
    lease = old.copy()
    lease.preferred_lifetime, lease.valid_lifetime = _lifetimes(x, subnet, wish)
    lease.cltt = x.now
    lease.hwaddr, lease.htype, lease.hwaddr_source = hardware
    lease.state = int(State.DEFAULT)
    await _settle_name(x, wish, subnet, old.address)
    _name(x, lease)
    pool = pool_of(subnet, wish.type, old.address)
    if pool is not None:
        lease.pool_id = pool.pool_id
    x.claim(old.address)
    lapsed = old.state != State.DEFAULT or old.expired(x.now)
    on = service.hooks
    chain = on.lease6_renew if x.query.type == RENEW else on.lease6_rebind
    if chain is not None:
        own_part = {"ia_na": reply} if isinstance(reply, IaNa) else {"ia_pd": reply}
        c = await chain(x, query6=x.query, lease6=lease, **own_part)
        lease = c.lease6
        if c.status is SKIP:
            return Granted(old, old.preferred_lifetime, old.valid_lifetime)
    if subnet.store_extended_info and x.query.relays:
        lease.user_context = extended_info(x.query, old.user_context)
    if x.trace is not None:
        x.trace("lease", text_ip6(old.address), "the client's own, renewed")
    if lapsed:
        if old.state != State.RECLAIMED:
            await service.ask_before_reclaiming(old)
        if not await _reassign(x, lease, old):
            return None
    else:
        if _unchanged(lease, old) and not _tells_always(x, lease):
            preferred, valid = remaining(subnet, old, x.now)
            if valid:
                service.tally.reused(old)
                return Granted(old, preferred, valid, reused=True)
        if not await service.store.update(lease, old):
            return None
        _change_name(x, lease, old)
    x.stored.append(lease)
    return Granted(lease, lease.preferred_lifetime, lease.valid_lifetime)


def _tells_always(x: Exchange, lease: Lease6) -> bool:
    """Whether DNS is told of each renewal of this lease."""
    return x.ddns.update_on_renew and bool(lease.hostname) and (lease.fqdn_fwd or lease.fqdn_rev)


def _same_name(lease: Lease6, old: Lease6) -> bool:
    return lease.hostname == old.hostname and lease.fqdn_fwd == old.fqdn_fwd and lease.fqdn_rev == old.fqdn_rev


def _unchanged(lease: Lease6, old: Lease6) -> bool:
    """Whether storing this lease would change nothing but its times."""
    return (
        lease.valid_lifetime == old.valid_lifetime
        and lease.preferred_lifetime == old.preferred_lifetime
        and lease.hwaddr == old.hwaddr
        and lease.htype == old.htype
        and _same_name(lease, old)
        and lease.user_context == old.user_context
    )


async def _reassign(x: Exchange, lease: Lease6, old: Lease6) -> bool:
    """In place of a lease that has ended."""
    if not await x.service.store.update(lease, old):
        return False
    if old.state != State.RECLAIMED:
        x.service.tally.reclaimed(old)
    x.service.tally.assigned(lease)
    changes = x.service.changes
    if changes is not None and old.type == NA and old.state != State.RECLAIMED:
        changes.remove(old, x.service.ddns_of(old))
    _add_name(x, lease)
    return True


async def release(x: Exchange, old: Lease6) -> bool:
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
        lease.valid_lifetime = lease.preferred_lifetime = 0
        lease.state = int(State.RELEASED)
        done = await service.store.update(lease, old)
    else:
        done = await service.store.delete(old)
    if not done:
        return False
    service.tally.removed(old)
    if service.changes is not None and not keep and old.type == NA:
        service.changes.remove(old, service.ddns_of(old))
    x.deleted.append(old)
    _say_released(x, old, kept=keep)
    return True


def _say_released(x: Exchange, old: Lease6, *, kept: bool) -> None:
    if old.type == PD:
        if log.RELEASE_PD.on:
            log.RELEASE_PD(x.label, text_ip6(old.address), old.prefix_length, old.iaid)
        message = log.RELEASE_PD_EXPIRED if kept else log.RELEASE_PD_DELETED
        if message.on:
            message(x.label, text_ip6(old.address), old.prefix_length, old.iaid)
    else:
        if log.RELEASE_NA.on:
            log.RELEASE_NA(x.label, text_ip6(old.address), old.iaid)
        message = log.RELEASE_NA_EXPIRED if kept else log.RELEASE_NA_DELETED
        if message.on:
            message(x.label, text_ip6(old.address), old.iaid)


async def decline(x: Exchange, old: Lease6) -> bool:
    """Put an address that somebody else uses on probation. False: the lease changed meanwhile."""
    service = x.service
    lease = Lease6(
        old.type,
        old.address,
        old.prefix_length,
        EMPTY_DUID,
        old.iaid,
        0,
        service.config.decline_probation_period,
        x.now,
        old.subnet_id,
        pool_id=old.pool_id,
        state=State.DECLINED,
    )
    if not await service.store.update(lease, old):
        return False
    service.tally.declined(lease)
    if service.changes is not None:
        service.changes.remove(old, service.ddns_of(old))
    x.stored.append(lease)
    if log.DECLINE_LEASE.on:
        log.DECLINE_LEASE(x.label, text_ip6(old.address), lease.valid_lifetime)
    return True
