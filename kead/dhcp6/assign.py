"""What a reply says of each identity association of a SOLICIT, REQUEST, RENEW or REBIND (RFC 8415 section 18.3).

IA_NAs come first, then IA_PDs, each kind in the query's order; each stands for itself. IA_TAs are not served.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from kead.classify.names import REJECT
from kead.config.snapshot6 import PdPool6, Subnet6
from kead.dhcp6 import leasing
from kead.dhcp6 import messages as log
from kead.dhcp6.associations import (
    NO_ADDRESSES_AVAILABLE,
    NO_BINDING,
    NO_PREFIX_AVAILABLE,
    IaAddress,
    IaNa,
    IaPd,
    IaPrefix,
    Status,
)
from kead.dhcp6.classes import settle
from kead.dhcp6.exchange_log import log_granted, log_nothing, log_wish
from kead.dhcp6.lifetimes import tee_times
from kead.dhcp6.options import IA_NA, IA_PD, ORO, PD_EXCLUDE
from kead.dhcp6.packet import RENEW
from kead.dhcp6.reservations import reserved
from kead.dhcp6.values import encode_excluded_prefix, requested_options
from kead.dhcp6.wishes import PD, Granted, Wish, pool_of

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange

REJECTED: Final = "Server rejected this request"


async def assign(x: Exchange, *, offering: bool) -> None:
    """For a SOLICIT (`offering`, or with rapid commit) or a REQUEST."""
    options = x.query.options
    selected = x.subnet
    if REJECT in x.query.classes:
        _reject(x)
        return
    for value in options.get(IA_NA, ()):
        asked = IaNa.parse(value)
        x.addresses.append(await _assign_addresses(x, asked, offering=offering))
        x.generate_name = False  # a name is made up for the first one
    if IA_PD in options:
        exclude = _wants_exclusion(x)
        for value in options[IA_PD]:
            x.prefixes.append(await _assign_prefixes(x, IaPd.parse(value), exclude, offering=offering))
    _log_move(x, selected)
    settle(x)


def _reject(x: Exchange) -> None:
    """Its client is in the class REJECT: it gets nothing, and loses nothing."""
    options = x.query.options
    for value in options.get(IA_NA, ()):
        address = IaNa(IaNa.parse(value).iaid)
        address.status = Status(NO_ADDRESSES_AVAILABLE, REJECTED)
        x.addresses.append(address)
    for value in options.get(IA_PD, ()):
        prefix = IaPd(IaPd.parse(value).iaid)
        prefix.status = Status(NO_PREFIX_AVAILABLE, REJECTED)
        x.prefixes.append(prefix)
    settle(x)


async def _assign_addresses(x: Exchange, asked: IaNa, *, offering: bool) -> IaNa:
    said = IaNa(asked.iaid)
    log_wish(x, asked, offering=offering)
    if x.subnet is None:
        said.status = Status(NO_ADDRESSES_AVAILABLE, "Server could not select subnet for this client")
        return said
    wish = Wish(asked)
    granted = await leasing.allocate(x, wish, offering=offering)
    if granted:
        one = granted[0]
        x.leased.append(one.lease)
        log_granted(x, wish, one, offering=offering)
        said.addresses.append(IaAddress(one.lease.address, one.preferred, one.valid))
        said.t1, said.t2 = tee_times(x.subnet, one.preferred)
    else:
        log_nothing(x, wish, offering=offering)
        said.status = Status(NO_ADDRESSES_AVAILABLE, "Sorry, no address could be allocated.")
    return said


async def _assign_prefixes(x: Exchange, asked: IaPd, exclude: bool, *, offering: bool) -> IaPd:
    said = IaPd(asked.iaid)
    log_wish(x, asked, offering=offering)
    if x.subnet is None:
        said.status = Status(NO_PREFIX_AVAILABLE, "Sorry, no subnet available.")
        return said
    wish = Wish(asked)
    granted = await leasing.allocate(x, wish, offering=offering)
    for one in granted:
        log_granted(x, wish, one, offering=offering)
    if granted:
        _add_prefixes(x, said, granted, exclude)
    else:
        log_nothing(x, wish, offering=offering)
        said.status = Status(NO_PREFIX_AVAILABLE, "Sorry, no prefixes could be allocated.")
    return said


async def extend(x: Exchange) -> bool:
    """For a RENEW or a REBIND. False: no reply at all."""
    options = x.query.options
    selected = x.subnet
    if selected is None and IA_PD in options and x.query.type != RENEW:
        if log.PACKET_PROCESS_FAIL.on:
            why = "no subnet found for the client sending Rebind to extend lifetime of the prefix"
            log.PACKET_PROCESS_FAIL(x.label, "REBIND", x.datagram.channel.interface.name, why)
        x.service.tally.dropped(x.service.tally.packets.pkt6_processing_failed)
        return False
    if REJECT in x.query.classes:
        _reject(x)
        return True
    for value in options.get(IA_NA, ()):
        x.addresses.append(await _extend_addresses(x, IaNa.parse(value)))
        x.generate_name = False
    if IA_PD in options:
        exclude = _wants_exclusion(x)
        for value in options[IA_PD]:
            x.prefixes.append(await _extend_prefixes(x, IaPd.parse(value), exclude))
    _log_move(x, selected)
    settle(x)
    return True


async def _extend_addresses(x: Exchange, asked: IaNa) -> IaNa:
    said = IaNa(asked.iaid)
    if log.IA_NA_EXTEND.on:
        log.IA_NA_EXTEND(x.label, asked.iaid)
    if x.subnet is None:
        said.status = Status(NO_BINDING, "Sorry, no known leases for this duid/iaid.")
        return said
    wish = Wish(asked)
    granted, lost = await leasing.extend(x, wish, said)
    given = set()
    for one in granted:
        x.leased.append(one.lease)
        log_granted(x, wish, one, offering=False, renewed=True)
        said.addresses.append(IaAddress(one.lease.address, one.preferred, one.valid))
        given.add(one.lease.address)
    for lease in lost:
        said.addresses.append(IaAddress(lease.address))
        given.add(lease.address)
    said.addresses += [IaAddress(hint.address) for hint in asked.addresses if hint.address not in given]
    if granted:
        said.t1, said.t2 = tee_times(x.subnet, _shortest(granted))
    else:
        said.status = Status(NO_ADDRESSES_AVAILABLE, "Sorry, no addresses could be assigned at this time.")
    return said


async def _extend_prefixes(x: Exchange, asked: IaPd, exclude: bool) -> IaPd:
    said = IaPd(asked.iaid)
    if log.IA_PD_EXTEND.on:
        log.IA_PD_EXTEND(x.label, asked.iaid)
    if x.subnet is None:
        said.status = Status(NO_BINDING, "Sorry, no known PD leases for this duid/iaid.")
        return said
    wish = Wish(asked)
    granted, lost = await leasing.extend(x, wish, said)
    for one in granted:
        log_granted(x, wish, one, offering=False, renewed=True)
    if granted:
        _add_prefixes(x, said, granted, exclude)
    else:
        said.status = Status(NO_PREFIX_AVAILABLE, "Sorry, no prefixes could be assigned at this time.")
    given = {(one.lease.address, one.lease.prefix_length) for one in granted}
    for lease in lost:
        said.prefixes.append(IaPrefix(lease.address, lease.prefix_length))
        given.add((lease.address, lease.prefix_length))
    said.prefixes += [
        IaPrefix(hint.address, hint.length)
        for hint in asked.prefixes
        if hint.address and hint.length and (hint.address, hint.length) not in given
    ]
    return said


def _add_prefixes(x: Exchange, said: IaPd, granted: Sequence[Granted], exclude: bool) -> None:
    subnet = x.subnet
    assert subnet is not None  # something was granted
    for one in granted:
        lease = one.lease
        x.leased.append(lease)
        prefix = IaPrefix(lease.address, lease.prefix_length, one.preferred, one.valid)
        if exclude:
            excluded = _excluded(x, subnet, lease.address, lease.prefix_length)
            if excluded:
                prefix.options = {PD_EXCLUDE: [excluded]}
        said.prefixes.append(prefix)
    said.t1, said.t2 = tee_times(subnet, _shortest(granted))


def _shortest(granted: Sequence[Granted]) -> int:
    """The preferred lifetime from which T1 and T2 follow: the shortest one that is not 0."""
    return min((one.preferred for one in granted if one.preferred), default=0)


def _wants_exclusion(x: Exchange) -> bool:
    return PD_EXCLUDE in requested_options(x.query.options.get(ORO, ())[:1])


def _excluded(x: Exchange, subnet: Subnet6, prefix: int, length: int) -> bytes:
    """The value of option 67 for a delegated prefix, b"" if neither reservation nor pool excludes any (RFC 6603)."""
    for place in reserved(x, PD):
        if (place.address, place.length) == (prefix, length):
            excluded = place.excluded
            break
    else:
        pool = pool_of(subnet, PD, prefix)
        excluded = pool.excluded if isinstance(pool, PdPool6) else None
    if excluded is None:
        return b""
    address, excluded_length = excluded
    return encode_excluded_prefix(excluded_length, address, length) if excluded_length > length else b""


def _log_move(x: Exchange, selected: Subnet6 | None) -> None:
    """Say that another subnet of the shared network than the selected one served the client."""
    subnet = x.subnet
    if subnet is not selected and subnet is not None and selected is not None and log.SUBNET_CHANGED.on:
        network = selected.network
        log.SUBNET_CHANGED(x.label, selected.text, subnet.text, network.name if network else "<no network?>")
