"""What the server answers: one query, from bytes to reply, with every hook point visible in its place.

`serve` is the whole way of a packet. It is a coroutine that knows no socket and no clock: a datagram and the time
come in, and what is to be sent (or nothing) stands in the exchange when it is through. A message type is a short
coroutine named after it. Whoever must wait (a callout, a database) suspends only this exchange.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from struct import error as StructError

from kead.dhcp6 import messages as log
from kead.dhcp6 import reply
from kead.dhcp6.arrival import find_subnet, for_us, sound
from kead.dhcp6.assign import assign, extend
from kead.dhcp6.associations import NOT_ON_LINK, SUCCESS, IaNa, Status
from kead.dhcp6.classes import settle
from kead.dhcp6.consent import before_sending, committed
from kead.dhcp6.exchange import Exchange
from kead.dhcp6.exchange_log import log_received, log_send
from kead.dhcp6.giving_back import decline_all, release_all
from kead.dhcp6.names import rules
from kead.dhcp6.options import CLIENT_FQDN, IA_NA, RAPID_COMMIT
from kead.dhcp6.packet import (
    ADDR_REG_INFORM,
    ADDR_REG_REPLY,
    ADVERTISE,
    CONFIRM,
    DECLINE,
    INFORMATION_REQUEST,
    REBIND,
    RELAY_FORW,
    RELAY_REPL,
    RELEASE,
    RENEW,
    REPLY,
    REQUEST,
    SOLICIT,
    Packet6,
    PacketError,
    decode,
)
from kead.dhcp6.registration import register
from kead.dhcp6.wishes import in_prefix
from kead.hooks.status import DROP, SKIP
from kead.wire.address import text_ip6

RELAY_HEADER = 34
"""Bytes of a relay's message before its options."""


def headless(data: bytes) -> bool:
    """Whether this is a relay's message cut short in its header: to Kea that is a message of an unknown type."""
    return 4 <= len(data) < RELAY_HEADER and data[0] in (RELAY_FORW, RELAY_REPL)


async def serve(x: Exchange) -> bool:
    """One query, from bytes to reply (RFC 8415 section 18.3). True: `x.data` holds a reply to be sent."""
    service = x.service
    on, tally, datagram = service.hooks, service.tally, x.datagram
    try:
        if on.buffer6_receive is None:
            query = x.query = x.decoded or decode(datagram.data, service.lenient)
        else:
            raw = await on.buffer6_receive(x, query6=None, data=datagram.data)
            if raw.status is DROP:
                return False
            query = x.query = (raw.query6 or Packet6()) if raw.status is SKIP else decode(raw.data, service.lenient)
    except PacketError as error:
        if headless(datagram.data):
            tally.received(datagram.data[0])
            tally.dropped()
        else:
            tally.parse_failed()
        if log.PACKET_PARSE_FAIL.on:
            log.PACKET_PARSE_FAIL(
                "duid=[no info], [no hwaddr info]",
                text_ip6(datagram.source),
                text_ip6(datagram.destination),
                datagram.channel.interface.name,
                error.reason,
                datagram.data[:64].hex(),
            )
        return False
    tally.received(query.type)
    if log.QUERY_LABEL.on:
        log_received(x, query)
    if not for_us(x, query):
        return False
    if service.classification is not None:
        service.classification.arrive(x)
    if on.pkt6_receive is not None:
        c = await on.pkt6_receive(x, query6=query)
        if c.status in (SKIP, DROP):
            if log.HOOK_PACKET_DROPPED.on:
                log.HOOK_PACKET_DROPPED(x.label)
            return False
        query = x.query = c.query6
        if x.subject is not None:
            x.subject.follow(query)
    if service.classification is not None and service.classification.dropped(x):
        return False
    if not sound(x, query):
        return False
    x.duid = query.duid
    if service.guard.serialize and not await service.guard.enter(x):
        return False
    if not await find_subnet(x):
        return False
    if not await ANSWER[query.type](x):
        return False
    try:
        if x.response is None and not service.shows_replies and not log.RESPONSE_DATA.on:
            reply.pack_quickly(x)
        elif not await before_sending(x):
            return False
    except StructError as error:  # an option that is longer than options can be
        log.PACKET_SEND_FAIL(x.label, f"the reply fits into no datagram: {error}")
        return False
    if log.PACKET_SEND.on:
        log_send(x)
    return True


async def solicit(x: Exchange) -> bool:
    """RFC 8415 section 18.3.1: say what the client would get, or give it at once (rapid commit)."""
    query = x.query
    subnet = x.subnet
    x.kind = ADVERTISE
    if RAPID_COMMIT in query.options and subnet is not None and subnet.rapid_commit:
        if log.RAPID_COMMIT.on:
            log.RAPID_COMMIT(x.label)
        x.kind = REPLY
        x.rapid_commit = True
    await _choose_name(x)
    await assign(x, offering=not x.rapid_commit)
    return not x.rapid_commit or await _commit(x)


async def request(x: Exchange) -> bool:
    """RFC 8415 section 18.3.2: give the client what it was offered, or what is free."""
    x.kind = REPLY
    await _choose_name(x)
    await assign(x, offering=False)
    return await _commit(x)


async def renew(x: Exchange) -> bool:
    """RFC 8415 sections 18.3.4 and 18.3.5 (REBIND too): the client's leases for longer; those it has none of, new."""
    x.kind = REPLY
    await _choose_name(x)
    return await extend(x) and await _commit(x)


async def confirm(x: Exchange) -> bool:
    """RFC 8415 section 18.3.3: are the client's addresses right for its link? Leases are not looked at."""
    addresses = [address for value in x.query.options.get(IA_NA, ()) for address in IaNa.parse(value).addresses]
    if not addresses:
        return False
    x.kind = REPLY
    settle(x)
    subnet = x.subnet
    if subnet is None:
        x.status = Status(NOT_ON_LINK, "No subnet selected")
        return True
    for address in addresses:
        if not in_prefix(subnet, address.address):
            x.status = Status(NOT_ON_LINK, f"Address {text_ip6(address.address)} is not on link.")
            return True
    x.status = Status(SUCCESS, "All addresses are on-link")
    return True


async def release(x: Exchange) -> bool:
    """RFC 8415 section 18.3.7: the client gives back what it has."""
    x.kind = REPLY
    x.with_options = False
    settle(x)
    await release_all(x)
    return await _commit(x)


async def decline(x: Exchange) -> bool:
    """RFC 8415 section 18.3.8: somebody else uses the client's addresses. They rest for the probation period."""
    x.kind = REPLY
    x.with_options = False
    settle(x)
    return await decline_all(x) and await _commit(x)


async def information_request(x: Exchange) -> bool:
    """RFC 8415 section 18.3.6: configuration, and nothing of leases."""
    x.kind = REPLY
    settle(x)
    return True


async def inform_of_address(x: Exchange) -> bool:
    """RFC 9686 section 4.2: the client has made itself an address, and tells of it."""
    x.kind = ADDR_REG_REPLY
    await _choose_name(x)
    return await register(x) and await _commit(x)


ANSWER: dict[int, Callable[[Exchange], Awaitable[bool]]] = {
    SOLICIT: solicit,
    REQUEST: request,
    CONFIRM: confirm,
    RENEW: renew,
    REBIND: renew,
    RELEASE: release,
    DECLINE: decline,
    INFORMATION_REQUEST: information_request,
    ADDR_REG_INFORM: inform_of_address,
}


async def _choose_name(x: Exchange) -> None:
    ddns = rules(x)
    if CLIENT_FQDN in x.query.options or ddns.makes_names:
        await x.service.names.choose(x, ddns)


async def _commit(x: Exchange) -> bool:
    """Leases are changed, or might have been."""
    x.promises = True
    return x.service.hooks.leases6_committed is None or await committed(x)
