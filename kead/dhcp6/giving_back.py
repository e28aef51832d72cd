"""What a reply says of each identity association of a RELEASE or a DECLINE (RFC 8415 sections 18.3.7 and 18.3.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp6 import messages as log
from kead.dhcp6.associations import NO_BINDING, SUCCESS, UNSPECIFIED_FAILURE, IaNa, IaPd, Status
from kead.dhcp6.grants import decline, release
from kead.dhcp6.options import IA_NA, IA_PD, STATUS_CODE
from kead.dhcp6.wishes import NA, PD
from kead.hooks.status import DROP, SKIP
from kead.leases.lease6 import Lease6, State
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange

SUMMARY = "Summary status for all processed IA_NAs"


async def release_all(x: Exchange) -> None:
    """Release the first address or prefix of each one; the status of all is that of the last that failed."""
    options = x.query.options
    summary = SUCCESS
    for value in options.get(IA_NA, ()):
        asked = IaNa.parse(value)
        said = IaNa(asked.iaid)
        if asked.addresses:
            said.status = await _release(x, NA, asked.iaid, asked.addresses[0].address, 128)
        else:
            said.status = Status(NO_BINDING, "You did not include an address in your RELEASE")
        x.addresses.append(said)
        summary = said.status.code or summary
    for value in options.get(IA_PD, ()):
        wanted = IaPd.parse(value)
        answer = IaPd(wanted.iaid)
        if wanted.prefixes:
            prefix = wanted.prefixes[0]
            answer.status = await _release(x, PD, wanted.iaid, prefix.address, prefix.length)
        else:
            answer.status = Status(NO_BINDING, "You did not include a prefix in your RELEASE")
        x.prefixes.append(answer)
        summary = answer.status.code or summary
    x.status = Status(summary, SUMMARY)


async def _release(x: Exchange, kind: int, iaid: int, address: int, length: int) -> Status:
    """Release this lease, if it is the client's."""
    lease = await x.service.store.get(kind, address)
    if lease is None:
        _log_not_assigned(x, kind, address, length)
        return Status(NO_BINDING, "Sorry, no known leases for this duid/iaid, can't release.")
    if lease.duid != x.duid:
        _log_foreign(x, lease)
        return Status(NO_BINDING, "This address does not belong to you, you can't release it")
    if lease.iaid != iaid:
        _log_wrong_iaid(x, lease, iaid)
        return Status(NO_BINDING, "This is your address, but you used wrong IAID")
    chain = x.service.hooks.lease6_release
    if chain is not None:
        c = await chain(x, query6=x.query, lease6=lease)
        if c.status in (SKIP, DROP):
            message = log.RELEASE_PD_SKIP if kind == PD else log.RELEASE_NA_SKIP
            if message.on:
                message(x.label)
            return _failed(x, lease)
    if not await release(x, lease):
        return _failed(x, lease)
    return Status(SUCCESS, "Lease released. Thank you, please come again.")


def _failed(x: Exchange, lease: Lease6) -> Status:
    if lease.type == PD:
        log.RELEASE_PD_FAIL(x.label, text_ip6(lease.address), lease.prefix_length, lease.iaid)
    else:
        log.RELEASE_NA_FAIL(x.label, text_ip6(lease.address), lease.iaid)
    return Status(UNSPECIFIED_FAILURE, "Server failed to release a lease")


def _log_not_assigned(x: Exchange, kind: int, address: int, length: int) -> None:
    if kind == PD:
        if log.RELEASE_PD_NOT_ASSIGNED.on:
            log.RELEASE_PD_NOT_ASSIGNED(x.label, text_ip6(address), length)
    elif log.RELEASE_NA_NOT_ASSIGNED.on:
        log.RELEASE_NA_NOT_ASSIGNED(x.label, text_ip6(address))


def _log_foreign(x: Exchange, lease: Lease6) -> None:
    if lease.type == PD:
        if log.RELEASE_PD_WRONG_DUID.on:
            log.RELEASE_PD_WRONG_DUID(x.label, text_ip6(lease.address), lease.prefix_length, lease.duid.hex(":"))
    elif log.RELEASE_NA_WRONG_DUID.on:
        log.RELEASE_NA_WRONG_DUID(x.label, text_ip6(lease.address), lease.duid.hex(":"))


def _log_wrong_iaid(x: Exchange, lease: Lease6, iaid: int) -> None:
    if lease.type == PD:
        log.RELEASE_PD_WRONG_IAID(x.label, text_ip6(lease.address), lease.prefix_length, lease.iaid, iaid)
    else:
        log.RELEASE_NA_WRONG_IAID(x.label, text_ip6(lease.address), lease.iaid, iaid)


async def decline_all(x: Exchange) -> bool:
    """Decline all addresses of all IA_NAs. False: a callout wants the packet dropped."""
    for value in x.query.options.get(IA_NA, ()):
        asked = IaNa.parse(value)
        statuses: list[Status] = []
        for address in asked.addresses:
            if not await _decline(x, asked.iaid, address.address, statuses):
                return False
        if not asked.addresses:
            statuses.append(Status(NO_BINDING, "No addresses sent in IA_NA"))
        said = IaNa(asked.iaid)
        if len(statuses) == 1:
            said.status = statuses[0]
        elif statuses:
            said.options = {STATUS_CODE: [status.encode() for status in statuses]}
        x.addresses.append(said)
    return True


async def _decline(x: Exchange, iaid: int, address: int, statuses: list[Status]) -> bool:
    """Decline this address, if it is the client's, and say so in `statuses`. False: drop the packet."""
    lease = await x.service.store.get(NA, address)
    if lease is None or lease.state != State.DEFAULT or lease.expired(x.now):
        if log.DECLINE_NO_LEASE.on:
            log.DECLINE_NO_LEASE(x.label, text_ip6(address))
        statuses[:] = [Status(NO_BINDING, "Server does not know about such an address.")]
        return True
    if lease.duid != x.duid:
        if log.DECLINE_DUID_MISMATCH.on:
            log.DECLINE_DUID_MISMATCH(x.label, text_ip6(address), lease.duid.hex(":"))
        statuses.append(Status(NO_BINDING, "This address does not belong to you, you can't decline it"))
        return True
    if lease.iaid != iaid:
        if log.DECLINE_IAID_MISMATCH.on:
            log.DECLINE_IAID_MISMATCH(x.label, text_ip6(address), iaid, lease.iaid)
        statuses[:] = [Status(NO_BINDING, "This is your address, but you used wrong IAID")]
        return True
    chain = x.service.hooks.lease6_decline
    if chain is not None:
        c = await chain(x, query6=x.query, lease6=lease)
        if c.status is SKIP:
            if log.DECLINE_SKIP.on:
                log.DECLINE_SKIP(x.label, x.datagram.channel.interface.name, text_ip6(address))
            x.stored.append(lease)
            return True
        if c.status is DROP:
            if log.DECLINE_DROP.on:
                log.DECLINE_DROP(x.label, x.datagram.channel.interface.name, text_ip6(address))
            return False
    if await decline(x, lease):
        statuses.append(Status(SUCCESS, "Lease declined. Hopefully the next one will be better."))
    else:
        statuses[:] = [Status(NO_BINDING, "Server does not know about such an address.")]
    return True
