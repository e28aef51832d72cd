"""Who must agree before a reply leaves: callouts of lease4_offer, leases4_committed, pkt4_send and buffer4_send.

At the first two a packet may be parked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp4 import messages as log
from kead.dhcp4 import reply
from kead.dhcp4.classes import offer_lifetime_of
from kead.dhcp4.exchange_log import log_response_data
from kead.dhcp4.packet import INFORM
from kead.dhcp4.reservations import host_of
from kead.hooks.status import DROP, SKIP
from kead.leases.lease4 import Lease4, State
from kead.wire.address import text_ip4

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange


async def ask_before_offer(x: Exchange, lease: Lease4) -> bool:
    """lease4_offer: callouts may find that the address is in use, which declines it. Whether the OFFER goes out."""
    service, on = x.service, x.service.hooks
    assert on.lease4_offer is not None
    if service.lot_full(x, on.lease4_offer):
        return False
    x.response = reply.compose(x)
    old = await service.store.get(lease.address)
    c = await on.lease4_offer(
        x,
        query4=x.query,
        response4=x.response,
        leases4=[lease],
        offer_lifetime=offer_lifetime_of(x, x.subnet),
        old_lease=old if old is not x.stored else None,
        host=host_of(x),
    )
    x.response = c.response4
    if c.status is DROP:
        return False
    if "offer_address_in_use" not in c:
        return True  # nobody looked
    if c.offer_address_in_use:
        await _server_decline(x, lease)
    return not c.offer_address_in_use


async def _server_decline(x: Exchange, lease: Lease4) -> None:
    """An address that was to be offered answers to somebody else: it goes on probation."""
    service = x.service
    old = await service.store.get(lease.address)
    probation = service.config.decline_probation_period
    declined = Lease4(
        lease.address, b"", b"", probation, x.now, lease.subnet_id, pool_id=lease.pool_id, state=State.DECLINED
    )
    done = await (service.store.add(declined) if old is None else service.store.update(declined, old))
    if not done:
        log.SERVER_INITIATED_DECLINE_FAILED(x.label, text_ip4(lease.address))
        return
    if old is None or old.state not in (State.DEFAULT, State.DECLINED):
        service.tally.assigned(declined)
    service.tally.declined(declined)
    log.SERVER_INITIATED_DECLINE(text_ip4(lease.address), probation)
    if service.hooks.lease4_server_decline is not None:
        await service.hooks.lease4_server_decline(x, query4=x.query, lease4=declined)


async def committed(x: Exchange) -> bool:
    """leases4_committed, after the lease is durable. Whether the reply, where there is one, goes out."""
    service, on = x.service, x.service.hooks
    assert on.leases4_committed is not None
    if service.lot_full(x, on.leases4_committed):
        return False
    await service.durable()
    if x.kind:
        x.response = reply.compose(x)
    c = await on.leases4_committed(
        x,
        query4=x.query,
        response4=x.response,
        leases4=[x.stored] if x.stored is not None else [],
        deleted_leases4=[x.deleted] if x.deleted is not None else [],
    )
    x.response = c.response4
    return c.status is not DROP


async def before_sending(x: Exchange) -> bool:
    """pkt4_send and buffer4_send may change or stop a reply. Whether it goes out; `x.data` are then its bytes."""
    on = x.service.hooks
    response = x.response if x.response is not None else reply.compose(x)
    if on.pkt4_send is not None:
        subnet = None if x.query.type == INFORM else x.subnet
        sending = await on.pkt4_send(x, query4=x.query, response4=response, subnet4=subnet)
        if sending.status is DROP:
            return False
        response = sending.response4
        if sending.status is SKIP:
            reply.address(x, response)
            x.data = sending.data if "data" in sending else b""
        else:
            reply.pack(x, response)
    else:
        reply.pack(x, response)
    if on.buffer4_send is not None:
        packed = await on.buffer4_send(x, response4=response, data=x.data)
        if packed.status in (SKIP, DROP):
            return False
        x.data = packed.data
    if log.RESPONSE_DATA.on:
        log_response_data(x, response)
    return True
