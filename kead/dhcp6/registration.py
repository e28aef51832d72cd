"""Addresses that clients made themselves and tell of (RFC 9686): ADDR-REG-INFORM."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp6 import messages as log
from kead.dhcp6 import reply
from kead.dhcp6.associations import IaAddress
from kead.dhcp6.options import IA_NA, IA_PD, IA_TA, IAADDR
from kead.dhcp6.wishes import ADDRESS_LENGTH, NA, in_prefix
from kead.hooks.status import DROP, SKIP
from kead.leases.lease6 import Lease6, State
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange

NO_IAID = 0


async def register(x: Exchange) -> bool:
    """Keep the address with its client. Whether there is a reply: it says that the address is registered."""
    service, tally = x.service, x.service.tally
    if not service.config.allow_address_registration:
        if log.REGISTRATION_DISABLED.on:
            log.REGISTRATION_DISABLED(x.label)
        tally.dropped(tally.packets.pkt6_admin_filtered)
        return False
    if x.subnet is None:
        tally.dropped()
        return False
    address = x.query.relays[-1].peer if x.query.relays else x.datagram.source
    old = await service.store.get(NA, address)
    why = _complaint(x, address, old)
    if why:
        if log.REGISTRATION_FAIL.on:
            log.REGISTRATION_FAIL(text_ip6(address), why)
        tally.dropped(tally.packets.pkt6_rfc_violation)
        return False
    if old is not None and old.duid != x.duid and log.REGISTRATION_CLIENT_CHANGE.on:
        log.REGISTRATION_CLIENT_CHANGE(text_ip6(address), x.duid.hex(":"), old.duid.hex(":"))
    x.with_options = False
    x.registered = IaAddress.parse(x.query.options[IAADDR][0])
    return await _store(x, _lease(x, address, x.registered), old)


def _complaint(x: Exchange, address: int, old: Lease6 | None) -> str:
    """Why the client's message or its address is not right, "" if it is."""
    options = x.query.options
    for code, name in ((IA_NA, "IA_NA"), (IA_TA, "IA_TA"), (IA_PD, "IA_PD")):
        if code in options:
            return f"unexpected {name} option"
    sent = options.get(IAADDR, ())
    if len(sent) != 1:
        return f"Exactly 1 IAADDR option expected, but {len(sent)} received"
    said = IaAddress.parse(sent[0]).address
    if said != address:
        return f"Address mismatch: client at {text_ip6(address)} wants to register {text_ip6(said)}"
    subnet = x.subnet
    if subnet is not None and not in_prefix(subnet, address):
        return f"Address {text_ip6(address)} is not in subnet {subnet.text} (id {subnet.id})"
    if subnet is not None and x.service.hosts.holders(subnet.id, address):
        return f"Address {text_ip6(address)} is reserved"
    if old is not None and old.state != State.REGISTERED:
        return f"Address {text_ip6(address)} already in use"
    return ""


def _lease(x: Exchange, address: int, said: IaAddress) -> Lease6:
    """The lease that remembers it; it lasts as long as the client says."""
    assert x.subnet is not None  # `register` has looked
    hardware = x.hardware
    return Lease6(
        NA,
        address,
        ADDRESS_LENGTH,
        x.duid,
        NO_IAID,
        said.preferred,
        said.valid,
        x.now,
        x.subnet.id,
        hwaddr=hardware.address,
        htype=hardware.type,
        hwaddr_source=hardware.source,
        fqdn_fwd=x.fqdn_fwd,
        fqdn_rev=x.fqdn_rev,
        hostname=x.hostname,
        state=State.REGISTERED,
    )


async def _store(x: Exchange, lease: Lease6, old: Lease6 | None) -> bool:
    """Store it, if addr6_register agrees. Whether there is a reply."""
    service = x.service
    chain = service.hooks.addr6_register
    if chain is not None:
        x.response = reply.compose(x)
        c = await chain(
            x,
            query6=x.query,
            response6=x.response,
            address6=lease.address,
            old_lease6=old,
            new_lease6=lease,
        )
        x.response = c.response6
        if c.status is DROP:
            if log.REGISTRATION_DROP.on:
                log.REGISTRATION_DROP(x.label, text_ip6(lease.address))
            return False
        if c.status is SKIP:
            if log.REGISTRATION_SKIP.on:
                log.REGISTRATION_SKIP(x.label, "update" if old is not None else "add", text_ip6(lease.address))
            return True
    if old is None:
        if not await service.store.add(lease):
            log.REGISTERED_LEASE_ADD_FAIL(text_ip6(lease.address))
            return False
    elif not await service.store.update(lease, old):
        log.REGISTERED_LEASE_UPDATE_FAIL(text_ip6(lease.address), "it has changed meanwhile")
        return False
    service.tally.registered(lease, old)
    if service.changes is not None:
        named = lease.hostname, lease.fqdn_fwd, lease.fqdn_rev, lease.duid
        if old is None or (old.hostname, old.fqdn_fwd, old.fqdn_rev, old.duid) != named or x.ddns.update_on_renew:
            if old is not None:
                service.changes.remove(old, service.ddns_of(old))
            service.changes.add(lease, x.ddns)
    x.stored.append(lease)
    return True
