"""What the server answers: one query, from bytes to reply.

`serve` is the whole way of a packet; hook points stand on it in their places, here or in the step that is called. What
is as usual, where nobody listens, takes a short cut that says the same (`express.py`). It is a coroutine that knows no
socket and no clock: a datagram and the time come in, and what is to be sent (or nothing) stands in the exchange when
it is through. A message type is a short coroutine named after it. Whoever must wait (a callout, a database) suspends
only this exchange.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from kead.dhcp4 import messages as log
from kead.dhcp4 import reply
from kead.dhcp4.arrival import (
    acceptable,
    ask_about_subnet,
    find_subnet,
    look_up_early,
    recover_agent_options,
    refuse,
)
from kead.dhcp4.classes import rejected
from kead.dhcp4.consent import ask_before_offer, before_sending, committed
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.exchange_log import log_received, log_send
from kead.dhcp4.grants import decline, release
from kead.dhcp4.leasing import assign, find_lease, offer
from kead.dhcp4.options import (
    CLIENT_IDENTIFIER,
    FQDN,
    HOST_NAME,
    PARAMETER_REQUEST_LIST,
    REQUESTED_ADDRESS,
    SERVER_IDENTIFIER,
    V6_ONLY_PREFERRED,
)
from kead.dhcp4.packet import (
    ACK,
    DECLINE,
    DISCOVER,
    INFORM,
    NAK,
    OFFER,
    RELEASE,
    REQUEST,
    Packet4,
    PacketError,
    decode,
)
from kead.dhcp4.reservations import find_hosts
from kead.dhcp4.subnets import BROADCAST, siblings
from kead.hooks.status import DROP, SKIP
from kead.leases.lease4 import Lease4, State
from kead.wire.address import text_ip4

FIXED_FIELDS = 236
"""Bytes of a header without the magic cookie."""


async def serve(x: Exchange) -> bool:
    """One query, from bytes to reply (RFC 2131 section 4.3). True: `x.data` holds a reply to be sent."""
    service = x.service
    on, tally, datagram = service.hooks, service.tally, x.datagram
    try:
        if on.buffer4_receive is None:
            query = x.query = x.decoded or decode(datagram.data, service.lenient)
        else:
            raw = await on.buffer4_receive(x, query4=None, data=datagram.data)
            if raw.status is DROP:
                return False
            query = x.query = (raw.query4 or Packet4()) if raw.status is SKIP else decode(raw.data, service.lenient)
    except PacketError as error:
        if len(datagram.data) < FIXED_FIELDS:  # no packet at all: Kea's statistics do not know of it either
            if log.BUFFER_RECEIVE_FAIL.on:
                log.BUFFER_RECEIVE_FAIL(f"{error.reason}, from {text_ip4(datagram.source)}")
            return False
        tally.parse_failed()
        if log.PACKET_PARSE_FAIL.on:
            log.PACKET_PARSE_FAIL(
                text_ip4(datagram.source), text_ip4(datagram.destination), datagram.channel.interface.name, error.reason
            )
        return False
    kind = query.type
    tally.received(kind)
    if log.QUERY_LABEL.on:
        log_received(x, query)
    if service.config.stash_agent_options and kind == REQUEST:
        await recover_agent_options(x)
    classification = service.classification
    if classification is not None:
        classification.arrive(x)
    options = query.options
    # what could be unacceptable in a DISCOVER is only a server identifier: the usual one saves the call
    if (kind != DISCOVER or SERVER_IDENTIFIER in options) and not acceptable(x, query):
        return False
    if on.pkt4_receive is not None:
        c = await on.pkt4_receive(x, query4=query)
        if c.status in (SKIP, DROP):
            if log.HOOK_PACKET_DROPPED.on:
                log.HOOK_PACKET_DROPPED(x.label)
            return False
        x.query = c.query4
        options = c.query4.options
        if x.subject is not None:
            x.subject.follow(x.query)
    if classification is not None and classification.dropped(x):
        return False
    client_id = options.get(CLIENT_IDENTIFIER)
    if client_id is None:
        pass
    elif 2 <= len(client_id) <= 255:
        x.client_id = client_id
    else:
        tally.packets.pkt4_processing_failed.add()
        if kind == INFORM:
            tally.dropped()  # as in Kea, which counts it for no other type
        if log.PACKET_INSANE.on:
            log.PACKET_INSANE(x.label, f"the client identifier (option 61) has {len(client_id)} bytes, not 2 to 255")
        return False
    if service.guard.serialize and not await service.guard.enter(x):
        return False
    if classification is not None and classification.early and not await look_up_early(x, classification):
        return False
    if not await ANSWER[kind](x):
        return False
    if x.response is None and not service.shows_replies and not log.RESPONSE_DATA.on:
        reply.pack_quickly(x)
    elif not await before_sending(x):
        return False
    if log.PACKET_SEND.on:
        log_send(x)
    return True


async def discover(x: Exchange) -> bool:
    """RFC 2131 section 4.3.1: offer an address that nobody else gets meanwhile, if there is one."""
    query, service = x.query, x.service
    if SERVER_IDENTIFIER in query.options:
        refuse(x, "a DHCPDISCOVER with a server identifier")
        return False
    find_subnet(x)
    if service.asks_about_subnets and not await ask_about_subnet(x):
        return False
    if service.hosts:
        find_hosts(x)
    if service.classification is not None and not service.classification.know(x):
        return False
    if x.subnet is None:
        log.NAK_NO_SUBNET(x.label, text_ip4(x.datagram.source), "DHCPDISCOVER")
        return False
    if service.classification is not None and rejected(x):
        return False
    x.requested = _option_address(query) if REQUESTED_ADDRESS in query.options else query.ciaddr
    if log.DISCOVER.on:
        log.DISCOVER(x.label, text_ip4(x.requested))
    if service.offers_v6_only and _prefers_v6_only(x):
        return _without_address(x, OFFER)
    if HOST_NAME in query.options or FQDN in query.options or x.hosts or service.hooks.ddns4_update is not None:
        await service.names.choose(x, x.subnet.ddns)
    x.kind = OFFER
    lease = x.lease = await offer(x)
    if lease is None:
        if log.NAK_NO_OFFER.on:
            log.NAK_NO_OFFER(x.label, text_ip4(query.ciaddr), text_ip4(_option_address(query)))
        return False
    if service.classification is not None:
        service.classification.settle(x, lease)
    if log.LEASE_OFFER.on:
        log.LEASE_OFFER(x.label, text_ip4(lease.address))
    return service.hooks.lease4_offer is None or await ask_before_offer(x, lease)


async def request(x: Exchange) -> bool:
    """RFC 2131 section 4.3.2: selecting, init-reboot, renewing or rebinding, as the query itself tells."""
    query, service = x.query, x.service
    find_subnet(x)
    if service.asks_about_subnets and not await ask_about_subnet(x):
        return False
    if service.hosts:
        find_hosts(x)
    if service.classification is not None and not service.classification.know(x):
        return False
    x.requested = _option_address(query) if REQUESTED_ADDRESS in query.options else query.ciaddr
    if log.REQUEST.on:
        log.REQUEST(x.label, text_ip4(x.requested))
    init_reboot = SERVER_IDENTIFIER not in query.options and REQUESTED_ADDRESS in query.options
    if x.subnet is None:
        if init_reboot and not service.config.authoritative:
            return False
        if query.ciaddr and not init_reboot and x.datagram.destination == BROADCAST:
            return False  # rebinding: another server may know this network
        log.NAK_NO_SUBNET(x.label, text_ip4(x.datagram.source), "DHCPREQUEST")
        return await _nak(x)
    if service.classification is not None and rejected(x):
        return await _nak(x)
    if init_reboot:
        if log.INIT_REBOOT.on:
            log.INIT_REBOOT(x.label, text_ip4(x.requested))
        selected = x.subnet
        own = await find_lease(x)
        x.subnet = selected  # its lease may be in another one of the network: `assign` will see
        if own is None and not selected.authoritative:
            if log.NO_LEASE_INIT_REBOOT.on:
                log.NO_LEASE_INIT_REBOOT(x.label, text_ip4(x.requested))
            return False
        if own is None or own.address != x.requested:
            if log.NAK_INIT_REBOOT.on:
                log.NAK_INIT_REBOOT(x.label, text_ip4(x.requested))
            return await _nak(x)
    if service.offers_v6_only and _prefers_v6_only(x):
        return _without_address(x, ACK) and (service.hooks.leases4_committed is None or await committed(x))
    if HOST_NAME in query.options or FQDN in query.options or x.hosts or service.hooks.ddns4_update is not None:
        await service.names.choose(x, x.subnet.ddns)
    lease = x.lease = await assign(x)
    if lease is None:
        message = log.UNKNOWN_ADDRESS_REQUESTED if x.unknown_address else log.NAK_NO_LEASE
        if message.on:
            message(x.label, text_ip4(query.ciaddr), text_ip4(_option_address(query)))
        return False if x.unknown_address else await _nak(x)
    if service.classification is not None:
        service.classification.settle(x, lease)
    if log.LEASE_ALLOC.on:
        log.LEASE_ALLOC(x.label, text_ip4(lease.address), x.lifetime)
    if x.reused and log.LEASE_REUSE.on:
        log.LEASE_REUSE(x.label, text_ip4(lease.address), x.lifetime)
    x.kind = ACK
    x.promises = True
    return service.hooks.leases4_committed is None or await committed(x)


async def release_(x: Exchange) -> bool:
    """RFC 2131 section 4.3.4: the client gives its address back. No reply."""
    query, service = x.query, x.service
    if _nobody(x):
        return False
    lease = await service.store.get(query.ciaddr)
    released: Lease4 | None = None
    if lease is None or lease.state != State.DEFAULT:
        if log.RELEASE_FAIL_NO_LEASE.on:
            log.RELEASE_FAIL_NO_LEASE(x.label, text_ip4(query.ciaddr))
    elif not lease.belongs_to(x.client_id, query.htype, query.hwaddr):
        if log.RELEASE_FAIL_WRONG_CLIENT.on:
            log.RELEASE_FAIL_WRONG_CLIENT(x.label, text_ip4(query.ciaddr))
    elif service.hooks.lease4_release is None or (
        await service.hooks.lease4_release(x, query4=query, lease4=lease)
    ).status not in (SKIP, DROP):
        if log.RELEASE.on:
            log.RELEASE(x.label, text_ip4(lease.address))
        if await release(x, lease):
            released = lease
    if service.hooks.leases4_committed is not None:
        x.deleted = released
        await committed(x)
    return False


async def decline_(x: Exchange) -> bool:
    """RFC 2131 section 4.3.3: somebody else uses the address. It rests for the probation period. No reply."""
    query, service = x.query, x.service
    if _nobody(x):
        return False
    address = _option_address(query)
    if REQUESTED_ADDRESS not in query.options:
        refuse(x, "a DHCPDECLINE without a requested address")
        return False
    lease = await service.store.get(address)
    declined: Lease4 | None = None
    if lease is None:
        log.DECLINE_LEASE_NOT_FOUND(text_ip4(address), x.label)
    elif (
        lease.state != State.DEFAULT
        or lease.expired(x.now)
        or not lease.belongs_to(x.client_id, query.htype, query.hwaddr)
    ):
        log.DECLINE_LEASE_MISMATCH(
            text_ip4(address), x.label, query.hwaddr.hex(":"), lease.hwaddr.hex(":"), x.client_id.hex(":"),
            lease.client_id.hex(":"),
        )  # fmt: skip
    elif service.hooks.lease4_decline is None or (
        await service.hooks.lease4_decline(x, query4=query, lease4=lease)
    ).status not in (SKIP, DROP):
        declined = await decline(x, lease)
    if service.hooks.leases4_committed is not None:
        x.stored = declined
        await committed(x)
    return False


async def inform(x: Exchange) -> bool:
    """RFC 2131 section 4.3.5: configuration for a client that has an address of its own; no lease is touched."""
    find_subnet(x)
    if x.service.asks_about_subnets and not await ask_about_subnet(x):
        return False
    service = x.service
    if service.hosts:
        find_hosts(x)
    if service.classification is not None:
        if not service.classification.know(x):
            return False
        service.classification.settle(x, None)
    x.kind = ACK
    return True


ANSWER: dict[int, Callable[[Exchange], Awaitable[bool]]] = {
    DISCOVER: discover,
    REQUEST: request,
    RELEASE: release_,
    DECLINE: decline_,
    INFORM: inform,
}


async def _nak(x: Exchange) -> bool:
    x.kind = NAK
    return x.service.hooks.leases4_committed is None or await committed(x)


def _without_address(x: Exchange, kind: int) -> bool:
    """The reply to a client that prefers IPv6: only the option that says how long to do without an address."""
    x.kind = kind
    if x.service.classification is not None:
        x.service.classification.settle(x, None)
    x.response = reply.compose(x)
    if V6_ONLY_PREFERRED in x.response.options:
        return True
    if log.V6_ONLY_PREFERRED_MISSING.on:
        log.V6_ONLY_PREFERRED_MISSING(x.label)
    return False


def _prefers_v6_only(x: Exchange) -> bool:
    """Whether this client rather does without an IPv4 address, and its network too (RFC 8925)."""
    requested = x.query.options.get(PARAMETER_REQUEST_LIST)
    if requested is None or V6_ONLY_PREFERRED not in requested:
        return False
    for subnet in siblings(x.subnet, x.query.classes):
        if V6_ONLY_PREFERRED in subnet.options.by_code:
            x.subnet = subnet
            return True
    network = x.subnet.network
    return network is not None and V6_ONLY_PREFERRED in network.options.by_code


def _nobody(x: Exchange) -> bool:
    """Whether the client says by nothing who it is; then it is refused."""
    nobody = not x.client_id and not x.query.hwaddr
    if nobody:
        refuse(x, "neither a client identifier nor a hardware address")
    return nobody


def _option_address(query: Packet4) -> int:
    value = query.options.get(REQUESTED_ADDRESS)
    return int.from_bytes(value[:4], "big") if value is not None else 0
