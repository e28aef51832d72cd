"""What an identity association of a usual message gets: `leasing` and `grants` for the express lane.

Law: as in express.py. `find` says what it would get, None where that is not so simple; `pick` chooses where the client
has no claim; only `store` changes leases and counts, when nothing can go wrong any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, Final

from kead.allocation.pools import has_free
from kead.config.snapshot6 import PdPool6
from kead.dhcp6.glance import HEAD
from kead.dhcp6.hardware import Hardware
from kead.dhcp6.leasing import ATTEMPTS, is_free
from kead.dhcp6.lifetimes import remaining
from kead.dhcp6.options import IAADDR, IAPREFIX
from kead.dhcp6.packet import REBIND, RENEW
from kead.dhcp6.terms import Terms
from kead.dhcp6.wishes import ADDRESS_LENGTH, NA, PD, AnyPool, pool_of
from kead.leases.lease6 import Lease6, State

if TYPE_CHECKING:
    from kead.config.snapshot6 import Subnet6
    from kead.dhcp6.service import Service6
    from kead.leases.store6 import LocalStore6

_BARE: Final = HEAD + 12
"""Bytes of an identity association with nothing in it, and of one with an address or a prefix."""
_WITH_ADDRESS: Final = _BARE + HEAD + 24
_WITH_PREFIX: Final = _BARE + HEAD + 25
_ADDRESS_HEAD: Final = IAADDR << 16 | 24
_PREFIX_HEAD: Final = IAPREFIX << 16 | 25
_address_at = Struct("!I16sII").unpack_from
_prefix_at = Struct("!IIIB16s").unpack_from
_number = int.from_bytes
_EXTENDS: Final = frozenset((RENEW, REBIND))
_DEFAULT: Final = int(State.DEFAULT)
_REGISTERED: Final = int(State.REGISTERED)
_RECLAIMED: Final = int(State.RECLAIMED)


class Portion:
    """One address or prefix, and how long.

    iaid      as its client wrote it
    address   0: it is to be picked
    own       the lease that the client has already
    renewed   what is to be stored instead; None: it is good enough as it is
    old       what is left of a lease of somebody else
    """

    __slots__ = ("address", "iaid", "length", "old", "own", "pool_id", "preferred", "renewed", "type", "valid")

    def __init__(
        self,
        type: int,
        iaid: bytes,
        preferred: int,
        valid: int,
        address: int = 0,
        length: int = ADDRESS_LENGTH,
        pool_id: int = 0,
        own: Lease6 | None = None,
        old: Lease6 | None = None,
    ) -> None:
        self.type = type
        self.iaid = iaid
        self.preferred = preferred
        self.valid = valid
        self.address = address
        self.length = length
        self.pool_id = pool_id
        self.own = own
        self.old = old
        self.renewed: Lease6 | None = None


class Portions:
    """Portions out of one service's pools."""

    __slots__ = ("_service", "_store")

    def __init__(self, service: Service6, store: LocalStore6) -> None:
        self._service = service
        self._store = store

    def find(
        self,
        type: int,
        asked: bytes,
        terms: Terms,
        leases: Sequence[Lease6],
        kind: int,
        hardware: Hardware | None,
        now: int,
    ) -> Portion | None:
        """What `asked`, an IA_NA or IA_PD with its head, gets by a message of this kind.

        `leases`: all of its client's. `hardware`: the client's, None where nothing is to be stored.
        """
        size = len(asked)
        hint = preferred = valid = 0
        length = ADDRESS_LENGTH
        if size != _BARE:
            if type == NA:
                if size != _WITH_ADDRESS:
                    return None
                head, address, preferred, valid = _address_at(asked, _BARE)
                if head != _ADDRESS_HEAD:
                    return None
            else:
                if size != _WITH_PREFIX:
                    return None
                head, preferred, valid, length, address = _prefix_at(asked, _BARE)
                if head != _PREFIX_HEAD or length > ADDRESS_LENGTH:
                    return None
            hint = _number(address, "big")
            if type == PD:
                hint = hint >> ADDRESS_LENGTH - length << ADDRESS_LENGTH - length
            elif not hint:
                return None
        iaid = asked[4:8]
        extends = kind in _EXTENDS
        if leases:
            number = _number(iaid, "big")
            subnet_id = terms.subnet.id
            own: Lease6 | None = None
            for lease in leases:
                if lease.iaid == number and lease.type == type and lease.subnet_id == subnet_id:
                    if own is not None:
                        return None
                    own = lease
            if own is not None:
                if hardware is None:
                    return _shown(own, iaid, terms)
                if not extends:
                    return _kept(own, iaid, terms, now)
                if hint and (hint != own.address or (type == PD and length != own.prefix_length)):
                    return None  # the client is to be told that it has lost this one
                return _prolonged(own, iaid, terms, terms.lifetimes(preferred, valid), hardware, now)
        if extends:
            return None
        subnet = terms.subnet
        preferred, valid = terms.lifetimes(preferred, valid)
        if not hint:
            if not (subnet.pools if type == NA else subnet.pd_pools):
                return None
            if type == PD and length != ADDRESS_LENGTH and length and length != terms.delegated:
                return None
            return Portion(type, iaid, preferred, valid)
        pool = pool_of(subnet, type, hint)
        if pool is None:
            return None
        if type == PD and isinstance(pool, PdPool6) and length != pool.delegated_length:
            return None
        old: Lease6 | None = None
        if self._store.holds_any(hint):
            old = self._store.at(type, hint)
            if old is None or not is_free(old, now):
                return None
        elif type == PD and self._store.occupancy.prefixes.taken(hint, length):
            return None
        return Portion(type, iaid, preferred, valid, hint, length, pool.pool_id, None, old)

    def pick(self, na: Portion | None, pd: Portion | None, subnet: Subnet6, *, offering: bool, now: int) -> bool:
        """Choose what is not known yet. False: there is not enough, and nothing has been chosen."""
        if pd is not None and not pd.address:
            # the allocators' places must not move for a packet that is served elsewhere
            if na is not None and not na.address and not has_free(subnet.pools, self._store.occupancy.addresses):
                return False
            if not self._pick(pd, subnet, subnet.pd_pools, offering=offering, now=now):
                return False
        return na is None or bool(na.address) or self._pick(na, subnet, subnet.pools, offering=offering, now=now)

    def _pick(self, portion: Portion, subnet: Subnet6, pools: Sequence[AnyPool], *, offering: bool, now: int) -> bool:
        """As `leasing` does: what the allocator takes for free may still be registered to somebody."""
        store, type = self._store, portion.type
        for _ in range(ATTEMPTS):
            address = self._service.pick(subnet, type, pools)
            if address is None:
                return False
            old: Lease6 | None = None
            if store.holds_any(address):
                old = store.at(type, address)
                if not offering if old is None else not is_free(old, now):
                    continue
            pool = pool_of(subnet, type, address)
            assert pool is not None  # the allocator picks from these pools
            portion.address, portion.pool_id, portion.old = address, pool.pool_id, old
            if isinstance(pool, PdPool6):
                portion.length = pool.delegated_length
            return True
        return False

    def store(self, portion: Portion, subnet: Subnet6, duid: bytes, hardware: Hardware, now: int) -> None:
        """Have the store accept it, and count it."""
        store, tally = self._store, self._service.tally
        own = portion.own
        if own is not None:
            if portion.renewed is None:
                tally.reused(own)
            else:
                accepted = store.put_instead(portion.renewed, own)
                assert accepted  # it was there when this packet came
            return
        lease = Lease6(
            portion.type,
            portion.address,
            portion.length,
            duid,
            _number(portion.iaid, "big"),
            portion.preferred,
            portion.valid,
            now,
            subnet.id,
            pool_id=portion.pool_id,
            hwaddr=hardware.address,
            htype=hardware.type,
            hwaddr_source=hardware.source,
        )
        old = portion.old
        accepted = store.put_new(lease) if old is None else store.put_instead(lease, old)
        assert accepted  # `find` and `pick` have looked
        if old is not None and old.state != _RECLAIMED:
            tally.reclaimed(old)
        tally.assigned_in(portion.type == PD, subnet.id, portion.pool_id)


def _own_portion(own: Lease6, iaid: bytes, terms: Terms, preferred: int, valid: int) -> Portion | None:
    pool = pool_of(terms.subnet, own.type, own.address)
    if pool is None or own.state != _DEFAULT or not own.valid_lifetime:
        return None
    return Portion(own.type, iaid, preferred, valid, own.address, own.prefix_length, pool.pool_id, own)


def _shown(own: Lease6, iaid: bytes, terms: Terms) -> Portion | None:
    """`grants.keep`, offering."""
    return _own_portion(own, iaid, terms, own.preferred_lifetime, own.valid_lifetime)


def _kept(own: Lease6, iaid: bytes, terms: Terms, now: int) -> Portion | None:
    """`grants.keep` of a lease without a name."""
    portion = _own_portion(own, iaid, terms, own.preferred_lifetime, own.valid_lifetime)
    if portion is None or own.hostname or own.fqdn_fwd or own.fqdn_rev:
        return None
    preferred, valid = remaining(terms.subnet, own, now)
    if valid:
        portion.preferred, portion.valid = preferred, valid
    else:
        lease = portion.renewed = own.copy()
        lease.cltt = now
    return portion


def _prolonged(
    own: Lease6, iaid: bytes, terms: Terms, lifetimes: tuple[int, int], hardware: Hardware, now: int
) -> Portion | None:
    """`grants.prolong` of a lease in force and without a name."""
    preferred, valid = lifetimes
    portion = _own_portion(own, iaid, terms, preferred, valid)
    if portion is None or own.expired(now) or own.hostname or own.fqdn_fwd or own.fqdn_rev:
        return None
    if (
        valid == own.valid_lifetime
        and preferred == own.preferred_lifetime
        and hardware.address == own.hwaddr
        and hardware.type == own.htype
    ):
        left = remaining(terms.subnet, own, now)
        if left[1]:
            portion.preferred, portion.valid = left
            return portion
    portion.renewed = Lease6(
        own.type,
        own.address,
        own.prefix_length,
        own.duid,
        own.iaid,
        preferred,
        valid,
        now,
        own.subnet_id,
        pool_id=portion.pool_id,
        hwaddr=hardware.address,
        htype=hardware.type,
        hwaddr_source=hardware.source,
        user_context=own.user_context,
    )
    return portion
