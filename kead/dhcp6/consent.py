"""Who must agree before a reply leaves: callouts of leases6_committed, pkt6_send and buffer6_send.

At the first a packet may be parked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp6 import messages as log
from kead.dhcp6 import reply
from kead.dhcp6.exchange_log import log_response_data
from kead.hooks.status import DROP, SKIP

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange
    from kead.leases.lease6 import Lease6


async def committed(x: Exchange) -> bool:
    """leases6_committed, after the leases are durable. Whether the reply goes out."""
    service, on = x.service, x.service.hooks
    assert on.leases6_committed is not None
    if service.lot_full(x, on.leases6_committed):
        return False
    await service.durable()
    if x.response is None:
        x.response = reply.compose(x)
    c = await on.leases6_committed(
        x, query6=x.query, response6=x.response, leases6=x.stored, deleted_leases6=_really_deleted(x)
    )
    x.response = c.response6
    return c.status is not DROP


def _really_deleted(x: Exchange) -> list[Lease6]:
    """What was given back and is not given again."""
    kept = {(lease.type, lease.address) for lease in x.stored}
    return [lease for lease in x.deleted if (lease.type, lease.address) not in kept]


async def before_sending(x: Exchange) -> bool:
    """pkt6_send and buffer6_send may change or stop a reply. Whether it goes out; `x.data` are then its bytes."""
    on = x.service.hooks
    response = x.response if x.response is not None else reply.compose(x)
    reply.address(x)
    if on.pkt6_send is not None:
        sending = await on.pkt6_send(x, query6=x.query, response6=response, subnet6=x.subnet)
        if sending.status is DROP:
            return False
        response = sending.response6
        if sending.status is SKIP:
            x.data = sending.data if "data" in sending else b""
        else:
            reply.pack(x, response)
    else:
        reply.pack(x, response)
    if on.buffer6_send is not None:
        packed = await on.buffer6_send(x, response6=response, data=x.data)
        if packed.status in (SKIP, DROP):
            return False
        x.data = packed.data
    if log.RESPONSE_DATA.on:
        log_response_data(x, response)
    return True
