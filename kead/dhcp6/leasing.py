"""Which addresses and prefixes an identity association gets, and what becomes of the leases that it has.

`allocate` is for SOLICIT and REQUEST, `extend` for RENEW and REBIND. An identity association is its client's DUID, a
type (addresses or prefixes) and an IAID; its leases are looked for in the whole shared network. Where two exchanges
want the same, the store has the last word: a change that comes too late is refused, and the exchange looks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kead.config.snapshot6 import PdPool6, Pool6, Subnet6
from kead.dhcp6 import messages as log
from kead.dhcp6.associations import IaAddress, IaNa, IaPd, IaPrefix
from kead.dhcp6.extended_info import extended_info
from kead.dhcp6.lifetimes import lifetimes, remaining
from kead.dhcp6.packet import RENEW
from kead.dhcp6.subnets import siblings
from kead.hooks.status import SKIP
from kead.leases.lease6 import EMPTY_DUID, INFINITE, Lease6, LeaseType, State
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange

ATTEMPTS: Final = 8
"""How often an exchange that loses an address to another one tries again."""
AnyPool = Pool6 | PdPool6
NA: Final = int(LeaseType.NA)
PD: Final = int(LeaseType.PD)
ADDRESS_LENGTH: Final = 128
_EQUAL, _SHORTER, _LONGER = range(3)


class Wish:
    """An identity association as its client wrote it; `hints` are the addresses or prefixes in it."""

    __slots__ = ("hints", "iaid", "refused", "type")

    hints: Sequence[IaAddress | IaPrefix]

    def __init__(self, ia: IaNa | IaPd) -> None:
        self.iaid = ia.iaid
        if isinstance(ia, IaNa):
            self.type = NA
            self.hints = ia.addresses
        else:
            self.type = PD
            self.hints = ia.prefixes
        self.refused = False
        """A callout did not want its lease; no other one is looked for."""


class Granted:
    """What an identity association gets: a lease, and how long it is preferred and valid from now on."""

    __slots__ = ("lease", "preferred", "reused", "valid")

    def __init__(self, lease: Lease6, preferred: int, valid: int, *, reused: bool = False) -> None:
        self.lease = lease
        self.preferred = preferred
        self.valid = valid
        self.reused = reused


async def allocate(x: Exchange, wish: Wish, *, offering: bool) -> list[Granted]:
    """What it has already, as long as that was to last; else what it hints at, or what is free. Empty: nothing.

    `offering`: nothing is stored.
    """
    for _ in range(ATTEMPTS):
        own = await find_leases(x, wish)
        if not own:
            granted = await _search(x, wish, offering=offering)
            return [granted] if granted is not None else []
        kept: list[Granted] = []
        for lease in own:
            once_more = await _keep(x, wish, lease, offering=offering)
            if once_more is None:
                break  # somebody changed our lease: look again
            kept.append(once_more)
        else:
            return kept
    return []


async def extend(x: Exchange, wish: Wish, reply: IaNa | IaPd) -> list[Granted]:
    """What it has, for longer; what it has no right to any more is removed. Empty: nothing.

    `reply` is what callouts see of the reply.
    """
    for _ in range(ATTEMPTS):
        granted: list[Granted] = []
        own = await find_leases(x, wish)
        lost = False
        for lease in own:
            _move(x, lease.subnet_id)
            subnet = x.subnet
            assert subnet is not None  # find_leases looked in it
            if wish.type == NA and not in_prefix(subnet, lease.address):
                if await x.service.store.delete(lease):
                    x.service.tally.removed(lease)
                    x.deleted.append(lease)
                    continue
                lost = True
                break
            once_more = await _extend(x, wish, subnet, lease, reply)
            if once_more is None:
                lost = True
                break
            granted.append(once_more)
        if lost:
            continue
        if not granted:
            found = await _search(x, wish, offering=False)
            if found is not None:
                granted.append(found)
        return granted
    return []


async def find_leases(x: Exchange, wish: Wish) -> list[Lease6]:
    """Its leases: those of the selected subnet first, then those of its shared network's others."""
    subnet = x.subnet
    if subnet is None:
        return []
    of_client = await x.service.store.of_client(x.duid)
    if not of_client:
        return []
    own = [
        lease
        for lease in of_client
        if lease.iaid == wish.iaid and lease.type == wish.type and lease.state != State.REGISTERED
    ]
    if not own:
        return own
    if subnet.network is None:
        return [lease for lease in own if lease.subnet_id == subnet.id]
    return [lease for one in siblings(subnet) for lease in own if lease.subnet_id == one.id]


def pool_of(subnet: Subnet6, kind: int, address: int) -> AnyPool | None:
    """The pool of this subnet that holds the address, or the prefix that begins with it."""
    pools: Sequence[AnyPool] = subnet.pd_pools if kind == PD else subnet.pools
    for pool in pools:
        if pool.first <= address <= pool.last:
            return pool
    return None


def in_prefix(subnet: Subnet6, address: int) -> bool:
    """Whether the address is one of this subnet."""
    return (address ^ subnet.prefix) & subnet.mask == 0


def _move(x: Exchange, subnet_id: int) -> None:
    """From now on the subnet of the shared network that has this id serves the client."""
    subnet = x.subnet
    if subnet is not None and subnet.id != subnet_id and subnet.network is not None:
        for other in subnet.network.subnets:
            if other.id == subnet_id:
                x.subnet = other
                return


async def _search(x: Exchange, wish: Wish, *, offering: bool) -> Granted | None:
    """A lease that it did not have.

    A client that hints at a length of prefix gets one of that length, else a shorter one, else a longer one.
    """
    selected = x.subnet
    assert selected is not None
    hint = wish.hints[0] if wish.hints else None
    wanted = 0
    matches: Sequence[int] = (_LONGER,)
    if wish.type == PD and isinstance(hint, IaPrefix):
        wanted = hint.length if hint.length != ADDRESS_LENGTH else 0
        matches = (_EQUAL, _SHORTER, _LONGER) if wanted else matches
    tried = full = empty = 0
    last = selected
    for match in matches:
        if hint is not None:
            for subnet in siblings(selected):
                pool = pool_of(subnet, wish.type, hint.address)
                if pool is not None and (wish.type == NA or _matches(pool, match, wanted)):
                    granted = await _take(x, wish, subnet, pool, hint.address, offering=offering)
                    if granted is not None:
                        return granted
                    if wish.refused:
                        break
        last, network = selected, selected.network
        if network is not None:
            last = x.service.recent.first(network, wish.type, selected)
        for subnet in siblings(last):
            pools: list[AnyPool] = (
                list(subnet.pools)
                if wish.type == NA
                else [pool for pool in subnet.pd_pools if _matches(pool, match, wanted)]
            )
            if not pools:
                empty += 1
                continue
            full += 1
            tried += sum(pool.size for pool in pools)
            if wish.refused:
                continue
            granted = await _pick(x, wish, subnet, pools, offering=offering)
            if granted is not None:
                return granted
    x.subnet = last
    x.service.allocation_failed(x, last, tried, full, empty)
    return None


def _matches(pool: AnyPool, match: int, wanted: int) -> bool:
    """Whether the pool's prefixes are as long as wanted, shorter or longer."""
    assert isinstance(pool, PdPool6)
    length = pool.delegated_length
    if match == _EQUAL:
        return length == wanted
    return length < wanted if match == _SHORTER else length > wanted


async def _take(
    x: Exchange, wish: Wish, subnet: Subnet6, pool: AnyPool, address: int, *, offering: bool
) -> Granted | None:
    """What the client hints at, if nobody holds it."""
    service = x.service
    if isinstance(pool, PdPool6):
        address &= -1 << ADDRESS_LENGTH - pool.delegated_length
    if address in service.in_flight:
        return None
    old = await service.store.get(wish.type, address)
    if old is not None and not _free(old, x.now):
        if x.trace is not None:
            x.trace("address", text_ip6(address), "leased to another client")
        return None
    if isinstance(pool, PdPool6) and old is None and service.overlaps(address, pool.delegated_length):
        return None
    if x.trace is not None:
        x.trace("address", text_ip6(address), "requested and free")
    return await _grant(x, wish, subnet, pool, address, old, offering=offering)


async def _pick(x: Exchange, wish: Wish, subnet: Subnet6, pools: list[AnyPool], *, offering: bool) -> Granted | None:
    """What the subnet's allocator chooses."""
    service = x.service
    service.recent.note(subnet, wish.type)
    for _ in range(ATTEMPTS):
        address = service.pick(subnet, wish.type, pools)
        if address is None:
            return None
        pool = pool_of(subnet, wish.type, address)
        assert pool is not None  # the allocator picks from these pools
        old = await service.store.get(wish.type, address)
        if old is not None and not _free(old, x.now):
            continue  # a shared store knows better than our picture of it
        if x.trace is not None:
            x.trace("address", text_ip6(address), f"picked from pool {pool.text} of subnet {subnet.id}")
        granted = await _grant(x, wish, subnet, pool, address, old, offering=offering)
        if granted is not None or wish.refused:
            return granted
    return None


def _free(lease: Lease6, now: int) -> bool:
    """Whether what is left of a lease is in nobody's way."""
    return lease.expired(now) and lease.state != State.REGISTERED


async def _grant(
    x: Exchange, wish: Wish, subnet: Subnet6, pool: AnyPool, address: int, old: Lease6 | None, *, offering: bool
) -> Granted | None:
    """A lease of this address or prefix, in place of `old`, which has ended. None: refused by a callout, or lost."""
    service = x.service
    x.subnet = subnet
    x.claim(address)
    if old is not None and not offering and old.state != State.RECLAIMED:
        await service.ask_before_reclaiming(old)
    lease = _lease(x, wish, subnet, pool, address)
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
        elif not await _reassign(x, lease, old):
            return None
        x.stored.append(lease)
    return Granted(lease, lease.preferred_lifetime, lease.valid_lifetime)


def _lease(x: Exchange, wish: Wish, subnet: Subnet6, pool: AnyPool, address: int) -> Lease6:
    """The new lease."""
    preferred, valid = _lifetimes(subnet, wish)
    hardware = x.hardware
    lease = Lease6(
        wish.type,
        address,
        pool.delegated_length if isinstance(pool, PdPool6) else ADDRESS_LENGTH,
        x.duid,
        wish.iaid,
        preferred,
        valid,
        x.now,
        subnet.id,
        pool_id=pool.pool_id,
        hwaddr=hardware.address,
        htype=hardware.type,
        hwaddr_source=hardware.source,
    )
    _name(x, lease)
    if subnet.store_extended_info and x.query.relays:
        lease.user_context = extended_info(x.query, "")
    return lease


def _lifetimes(subnet: Subnet6, wish: Wish) -> tuple[int, int]:
    if wish.hints:
        hint = wish.hints[0]
        return lifetimes(subnet, hint.preferred, hint.valid)
    return lifetimes(subnet, 0, 0)


def _name(x: Exchange, lease: Lease6) -> None:
    """Put the client's name into a lease."""
    lease.hostname, lease.fqdn_fwd, lease.fqdn_rev = x.hostname, x.fqdn_fwd, x.fqdn_rev
    if x.generate_name and lease.type == NA:
        lease.hostname = x.service.names.made_up(x, lease.address)


async def _keep(x: Exchange, wish: Wish, old: Lease6, *, offering: bool) -> Granted | None:
    """A lease that a SOLICIT or REQUEST finds: it lasts as long as it did before, beginning now. None: lost a race.

    One that its client had given back gets new lifetimes.
    """
    service = x.service
    subnet = x.subnet
    if subnet is None or subnet.id != old.subnet_id:
        subnet = service.config.by_id.get(old.subnet_id, subnet)
    assert subnet is not None
    lease = old.copy()
    _name(x, lease)
    if not lease.valid_lifetime:
        lease.preferred_lifetime, lease.valid_lifetime = _lifetimes(subnet, wish)
    if x.trace is not None:
        x.trace("lease", text_ip6(old.address), "the client's own")
    if offering:
        return Granted(lease, lease.preferred_lifetime, lease.valid_lifetime)
    x.claim(old.address)
    lapsed = lease.state != State.DEFAULT
    lease.state = int(State.DEFAULT)
    if not lapsed and (wish.type == PD or _same_name(lease, old)):
        preferred, valid = remaining(subnet, old, x.now)
        if valid:
            service.tally.reused(old)
            return Granted(old, preferred, valid, reused=True)
    lease.cltt = x.now
    if not await service.store.update(lease, old):
        return None
    if lapsed:
        if old.state != State.RECLAIMED:
            service.tally.reclaimed(old)
        service.tally.assigned(lease)
    x.stored.append(lease)
    return Granted(lease, lease.preferred_lifetime, lease.valid_lifetime)


async def _extend(x: Exchange, wish: Wish, subnet: Subnet6, old: Lease6, reply: IaNa | IaPd) -> Granted | None:
    """A lease that its client renews: extended, or as it is if it is fresh enough to be reused. None: lost a race."""
    service = x.service
    hardware = x.hardware
    lease = old.copy()
    lease.preferred_lifetime, lease.valid_lifetime = _lifetimes(subnet, wish)
    lease.cltt = x.now
    lease.hwaddr, lease.htype, lease.hwaddr_source = hardware
    lease.state = int(State.DEFAULT)
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
        if _unchanged(lease, old):
            preferred, valid = remaining(subnet, old, x.now)
            if valid:
                service.tally.reused(old)
                return Granted(old, preferred, valid, reused=True)
        if not await service.store.update(lease, old):
            return None
    x.stored.append(lease)
    return Granted(lease, lease.preferred_lifetime, lease.valid_lifetime)


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
    x.stored.append(lease)
    if log.DECLINE_LEASE.on:
        log.DECLINE_LEASE(x.label, text_ip6(old.address), lease.valid_lifetime)
    return True
