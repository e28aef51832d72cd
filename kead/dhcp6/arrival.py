"""A query has come in: is it for us, is it sound, and which subnet serves it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp6 import messages as log
from kead.dhcp6.duid import complaint
from kead.dhcp6.options import CLIENTID, IA_NA, IA_PD, IA_TA, SERVERID
from kead.dhcp6.packet import (
    ADDR_REG_INFORM,
    CONFIRM,
    DECLINE,
    INFORMATION_REQUEST,
    REBIND,
    RELEASE,
    RENEW,
    REQUEST,
    SOLICIT,
    Packet6,
)
from kead.dhcp6.reservations import client, find_hosts
from kead.hooks.status import DROP, SKIP
from kead.hosts.configured import GLOBAL
from kead.leases.lease6 import EMPTY_DUID
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.dhcp6.classes import Classification
    from kead.dhcp6.exchange import Exchange

NO_SERVER = frozenset((SOLICIT, CONFIRM, REBIND, ADDR_REG_INFORM))
"""Messages to whichever server there is: they name none."""
ONE_SERVER = frozenset((REQUEST, RENEW, RELEASE, DECLINE))
"""Messages to the server that they name."""
ASSOCIATIONS = (IA_NA, IA_TA, IA_PD)
MOST_ASSOCIATIONS = 256
"""So many identity associations a message may have: a reply to them surely fits into a datagram."""
MULTICAST_ONLY = frozenset((SOLICIT, CONFIRM, REBIND, INFORMATION_REQUEST))
"""Messages that a client may not send to a server's own address (RFC 8415 section 16)."""


def for_us(x: Exchange, query: Packet6) -> bool:
    """Whether this message is for this server, and came the way that it may come."""
    named = query.options.get(SERVERID)
    if named is not None and named[0] != x.service.duid:
        tally = x.service.tally
        tally.dropped(tally.packets.pkt6_not_for_us)
        if log.PACKET_SERVERID_MISMATCH.on:
            log.PACKET_SERVERID_MISMATCH(x.label, named[0].hex(":"), x.service.duid.hex(":"))
        return False
    if not query.relays and x.datagram.destination >> 120 != 0xFF and query.type in MULTICAST_ONLY:
        tally = x.service.tally
        tally.dropped(tally.packets.pkt6_rfc_violation)
        if log.PACKET_UNICAST.on:
            log.PACKET_UNICAST(x.label, query.name_of_type())
        return False
    return True


def sound(x: Exchange, query: Packet6) -> bool:
    """Whether its type is one that clients send, with the identifiers that belong to it (RFC 8415 section 16)."""
    kind = query.type
    clients = query.options.get(CLIENTID, ())
    servers = query.options.get(SERVERID, ())
    why = ""
    if kind == INFORMATION_REQUEST:
        if len(clients) > 1 or len(servers) > 1:
            why = "Empty or multiple identifiers"
    elif kind in NO_SERVER or kind in ONE_SERVER:
        if len(clients) != 1:
            why = f"Exactly 1 client-id option expected, but {len(clients)} received"
        elif kind in NO_SERVER:
            if servers:
                why = f"Server-id option was not expected, but {len(servers)} received"
        elif len(servers) != 1:
            why = f"Exactly 1 server-id option expected, but {len(servers)} received"
    else:
        x.service.tally.dropped()
        if log.PACKET_UNKNOWN_TYPE.on:
            log.PACKET_UNKNOWN_TYPE(x.label, kind, x.datagram.channel.interface.name)
        return False
    if not why and clients:
        why = complaint(clients[0]) if clients[0] != EMPTY_DUID else "the DUID 00:00:00 stands for nobody"
    if why:
        tally = x.service.tally
        tally.dropped(tally.packets.pkt6_rfc_violation)
        if log.REQUIRED_OPTIONS_CHECK_FAIL.on:
            log.REQUIRED_OPTIONS_CHECK_FAIL(x.label, query.name_of_type(), text_ip6(x.datagram.source), why)
        return False
    number = sum(len(query.options.get(code, ())) for code in ASSOCIATIONS)
    if number > MOST_ASSOCIATIONS:
        tally = x.service.tally
        tally.dropped(tally.packets.pkt6_processing_failed)
        if log.PACKET_PROCESS_FAIL.on:
            why = f"{number} identity associations are too many: the reply would fit into no datagram"
            log.PACKET_PROCESS_FAIL(x.label, query.name_of_type(), x.datagram.channel.interface.name, why)
        return False
    return True


async def find_subnet(x: Exchange) -> bool:
    """Choose the subnet (None: none serves this client). False: a callout wants the packet dropped."""
    service = x.service
    classification = service.classification
    if classification is not None and service.looks_early and not await _look_early(x, classification):
        return False
    subnet = x.subnet = service.selector.select(x)
    if subnet is None:
        if log.SUBNET_SELECTION_FAILED.on:
            log.SUBNET_SELECTION_FAILED(x.label)
    elif log.SUBNET_SELECTED.on:
        log.SUBNET_SELECTED(x.label, subnet.id)
    if service.asks_about_subnets and not await _ask_about_subnet(x):
        return False
    if service.hosts:
        find_hosts(x)
    return classification is None or classification.know(x)


async def _look_early(x: Exchange, classification: Classification) -> bool:
    """Look for a global reservation: its classes may open subnets. False: they want the packet dropped."""
    await _identify(x)
    host = x.service.hosts.find(GLOBAL, client(x))
    return host is None or classification.know_early(x, host)


async def _ask_about_subnet(x: Exchange) -> bool:
    """subnet6_select may choose another one, host6_identifier identify the client. False: drop the packet."""
    service = x.service
    on = service.hooks
    if on.subnet6_select is not None:
        if on.subnet6_select.waits and service.lot_full(x, on.subnet6_select):
            return False
        c = await on.subnet6_select(x, query6=x.query, subnet6=x.subnet, subnet6collection=service.config.subnets)
        if c.status is DROP:
            return False
        x.query = c.query6
        x.subnet = None if c.status is SKIP else c.subnet6
        if x.subject is not None:
            x.subject.follow(x.query)
    if x.subnet is not None and not service.looks_early:
        await _identify(x)
    return True


async def _identify(x: Exchange) -> None:
    """host6_identifier may make an identifier of the query, by which reservations are looked up."""
    service = x.service
    chain = service.hooks.host6_identifier
    if chain is not None and service.identifies_flexibly:
        found = await chain(x, query6=x.query, id_type="flex-id")
        if found.status not in (SKIP, DROP) and "id_value" in found:
            x.identifier = (found.id_type, found.id_value)
