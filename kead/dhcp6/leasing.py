"""Which addresses and prefixes an identity association gets; what is done to a lease then is in `grants.py`.

`allocate` is for SOLICIT and REQUEST, `extend` for RENEW and REBIND. An identity association is its client's DUID, a
type (addresses or prefixes) and an IAID; its leases are looked for in the whole shared network. Where two exchanges
want the same, the store has the last word: a change that comes too late is refused, and the exchange looks again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kead.config.snapshot6 import PdPool6, Subnet6
from kead.dhcp6.associations import IaNa, IaPd, IaPrefix
from kead.dhcp6.grants import grant, keep, prolong
from kead.dhcp6.reservations import is_for_another, reserved
from kead.dhcp6.subnets import open_pool_of, open_siblings, siblings
from kead.dhcp6.wishes import ADDRESS_LENGTH, NA, PD, AnyPool, Granted, Place, Wish, pool_of
from kead.leases.lease6 import Lease6, State
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange

ATTEMPTS: Final = 8
"""How often an exchange that loses an address to another one tries again."""
_EQUAL, _SHORTER, _LONGER = range(3)


async def allocate(x: Exchange, wish: Wish, *, offering: bool) -> list[Granted]:
    """What it has already, as long as that was to last; else what it hints at, or what is free. Empty: nothing.

    `offering`: nothing is stored.
    """
    for _ in range(ATTEMPTS):
        own, _removed = await _leases_to_keep(x, wish)
        if x.service.hosts:
            own, given, _lost = await _reserved_first(x, wish, own, offering=offering)
            if given is not None:
                return [given]
        if not own:
            granted = await _search(x, wish, offering=offering)
            return [granted] if granted is not None else []
        kept: list[Granted] = []
        for lease in own:
            once_more = await keep(x, wish, lease, offering=offering)
            if once_more is None:
                break  # somebody changed our lease: look again
            kept.append(once_more)
        else:
            return kept
    return []


async def extend(x: Exchange, wish: Wish, reply: IaNa | IaPd) -> tuple[list[Granted], list[Lease6]]:
    """What it has, for longer, or else what is free; and what it has lost, as far as its client is to be told unasked.

    `reply` is what callouts see of the reply.
    """
    removed: list[Lease6] = []
    for _ in range(ATTEMPTS):
        own, outside = await _leases_to_keep(x, wish)
        removed += outside
        if x.service.hosts:
            own, given, lost = await _reserved_first(x, wish, own, offering=False)
            removed += lost
            if given is not None:
                return [given], removed
        if not own:
            found = await _search(x, wish, offering=False)
            if found is None:
                return [], removed
            return [found], [] if found.picked else removed
        granted: list[Granted] = []
        for lease in own:
            _move(x, lease.subnet_id)
            once_more = await prolong(x, wish, lease, reply)
            if once_more is None:
                break
            granted.append(once_more)
        else:
            return granted, removed
    return [], removed


async def _reserved_first(
    x: Exchange, wish: Wish, own: list[Lease6], *, offering: bool
) -> tuple[list[Lease6], Granted | None, list[Lease6]]:
    """What reservations make of its leases `own`: those that it keeps; what it is given instead, because it is reserved
    for it; and those that it loses.
    """
    keeping = [lease for lease in own if not _reserved_for_another(x, lease)]
    given: Granted | None = None
    places = reserved(x, wish.type)
    if places:
        its = {(place.address, place.length) for place in places}
        matching = [lease for lease in keeping if (lease.address, lease.prefix_length) in its]
        if not matching:
            given = await _take_reserved(x, wish, places, offering=offering)
        if matching or given is not None:
            keeping = matching
    lost = [lease for lease in own if lease not in keeping]
    return keeping, given, [] if offering else await _give_up(x, lost)


def _reserved_for_another(x: Exchange, lease: Lease6) -> bool:
    subnet = x.service.config.by_id.get(lease.subnet_id)
    return subnet is not None and is_for_another(x, subnet, lease.type, lease.address)


async def _take_reserved(x: Exchange, wish: Wish, places: Sequence[Place], *, offering: bool) -> Granted | None:
    """The first of these that no other identity association of the client has, and nobody else either."""
    service = x.service
    for place in places:
        address = place.address
        if any(lease.address == address and lease.prefix_length == place.length for lease in x.leased):
            continue
        if service.in_flight.get(address, x) is not x:
            continue
        old = await service.store.get(wish.type, address)
        if old is not None and not is_free(old, x.now):
            if x.trace is not None:
                x.trace("address", text_ip6(address), "reserved for the client, but leased to another")
            continue
        if wish.type == PD and old is None and service.overlaps(address, place.length):
            continue
        if x.trace is not None:
            x.trace("address", text_ip6(address), "reserved for the client")
        granted = await grant(x, wish, place, old, offering=offering)
        if granted is not None or wish.refused:
            return granted
    return None


async def _give_up(x: Exchange, leases: Sequence[Lease6]) -> list[Lease6]:
    """Remove these leases of the client; those that are gone now."""
    gone = [lease for lease in leases if await x.service.store.delete(lease)]
    for lease in gone:
        x.service.tally.removed(lease)
        if x.service.changes is not None and lease.type == NA:
            x.service.changes.remove(lease, x.service.ddns_of(lease), first=True)
        x.deleted.append(lease)
    return gone


async def _leases_to_keep(x: Exchange, wish: Wish) -> tuple[list[Lease6], list[Lease6]]:
    """Its leases; and those that lie in no pool of its network open to it, nor are reserved: they are removed."""
    subnet, classes = x.subnet, x.query.classes
    own = await find_leases(x, wish)
    if not own or subnet is None:
        return own, []
    its = {(place.address, place.length) for place in reserved(x, wish.type)} if x.hosts else ()
    outside = await _give_up(
        x,
        [
            lease
            for lease in own
            if all(open_pool_of(one, wish.type, lease.address, classes) is None for one in siblings(subnet))
            and (lease.address, lease.prefix_length) not in its
        ],
    )
    return [lease for lease in own if lease not in outside], outside


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
    classes = x.query.classes
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
                pool = open_pool_of(subnet, wish.type, hint.address, classes)
                if pool is not None and (wish.type == NA or _matches(pool, match, wanted)):
                    granted = await _take(x, wish, subnet, pool, hint.address, offering=offering)
                    if granted is not None:
                        return granted
                    if wish.refused:
                        break
        last = x.service.recent.first(selected, wish.type)
        for subnet in open_siblings(last, classes):
            pools: list[AnyPool] = (
                [pool for pool in subnet.pools if classes.may_pass(pool.classes)]
                if wish.type == NA
                else [p for p in subnet.pd_pools if classes.may_pass(p.classes) and _matches(p, match, wanted)]
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
    if address in service.in_flight or (service.hosts and is_for_another(x, subnet, wish.type, address)):
        return None
    old = await service.store.get(wish.type, address)
    if old is not None and not is_free(old, x.now):
        if x.trace is not None:
            x.trace("address", text_ip6(address), "leased to another client")
        return None
    if isinstance(pool, PdPool6) and old is None and service.overlaps(address, pool.delegated_length):
        return None
    if x.trace is not None:
        x.trace("address", text_ip6(address), "requested and free")
    return await grant(x, wish, Place.in_pool(subnet, pool, address), old, offering=offering)


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
        if old is not None and not is_free(old, x.now):
            continue  # a shared store knows better than our picture of it
        if x.trace is not None:
            x.trace("address", text_ip6(address), f"picked from pool {pool.text} of subnet {subnet.id}")
        granted = await grant(x, wish, Place.in_pool(subnet, pool, address), old, offering=offering)
        if granted is not None:
            granted.picked = True
        if granted is not None or wish.refused:
            return granted
    return None


def is_free(lease: Lease6, now: int) -> bool:
    """Whether what is left of a lease is in nobody's way."""
    return lease.expired(now) and lease.state != State.REGISTERED
