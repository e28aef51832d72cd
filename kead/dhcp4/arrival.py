"""A query has come in: is it for us, and which subnet serves it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp4 import messages as log
from kead.dhcp4.extended_info import stashed_agent_options
from kead.dhcp4.options import AGENT_OPTIONS, MESSAGE_TYPE, RAI_SERVER_ID_OVERRIDE, SERVER_IDENTIFIER
from kead.dhcp4.packet import DECLINE, DISCOVER, INFORM, RELEASE, REQUEST, Packet4
from kead.dhcp4.reservations import global_host
from kead.hooks.status import DROP, SKIP

if TYPE_CHECKING:
    from kead.dhcp4.classes import Classification
    from kead.dhcp4.exchange import Exchange

FOR_SERVERS = frozenset((DISCOVER, REQUEST, RELEASE, DECLINE, INFORM))
"""Message types that a server answers or acts upon."""


def acceptable(x: Exchange, query: Packet4) -> bool:
    """Whether this is a message for a server, and for this one."""
    tally = x.service.tally
    if query.type not in FOR_SERVERS:
        tally.dropped()
        if MESSAGE_TYPE not in query.options:
            if log.PACKET_NO_TYPE.on:
                log.PACKET_NO_TYPE(x.label)
        elif log.PACKET_UNKNOWN_TYPE.on:
            log.PACKET_UNKNOWN_TYPE(x.label, query.type)
        return False
    if query.type == INFORM and not query.ciaddr and not x.datagram.source and not query.giaddr:
        tally.dropped(tally.packets.pkt4_rfc_violation)
        if log.PACKET_INSANE.on:
            log.PACKET_INSANE(x.label, "a DHCPINFORM from a client without an address")
        return False
    value = query.options.get(SERVER_IDENTIFIER)
    if value is not None:
        service = x.service
        address = int.from_bytes(value[:4], "big")
        if address not in service.server_ids and not service.config.compatibility.ignore_dhcp_server_identifier:
            classification = service.classification
            if classification is not None and classification.is_server(query.classes, address):
                return True
            override = query.relay_info().get(RAI_SERVER_ID_OVERRIDE) if AGENT_OPTIONS in query.options else None
            if override is None or int.from_bytes(override[:4], "big") != address:
                tally.dropped(tally.packets.pkt4_not_for_us)
                if log.PACKET_WRONG_SERVER.on:
                    log.PACKET_WRONG_SERVER(x.label, x.datagram.channel.interface.name)
                return False
    return True


def find_subnet(x: Exchange) -> None:
    """Choose the subnet (None: none serves this client)."""
    subnet = x.service.selector.select(x)
    if not x.client_id and not x.query.hwaddr:
        refuse(x, "neither a client identifier nor a hardware address")
        subnet = None
    x.subnet = subnet  # type: ignore[assignment]  # None goes a way of its own at once
    if subnet is None:
        if log.SUBNET_SELECTION_FAILED.on:
            log.SUBNET_SELECTION_FAILED(x.label)
    elif log.SUBNET_SELECTED.on:
        log.SUBNET_SELECTED(x.label, subnet.id)


async def ask_about_subnet(x: Exchange) -> bool:
    """subnet4_select may choose another one, host4_identifier identify the client. False: drop the packet."""
    service = x.service
    on = service.hooks
    if on.subnet4_select is not None:
        if on.subnet4_select.waits and service.lot_full(x, on.subnet4_select):
            return False
        c = await on.subnet4_select(x, query4=x.query, subnet4=x.subnet, subnet4collection=service.config.subnets)
        if c.status is DROP:
            return False
        x.query = c.query4
        x.subnet = None if c.status is SKIP else c.subnet4  # type: ignore[assignment]
        x.bare = c.status is SKIP
    await _ask_who(x)
    return True


async def _ask_who(x: Exchange) -> None:
    """host4_identifier, once."""
    service = x.service
    point = service.hooks.host4_identifier
    if point is not None and service.identifies_flexibly and x.identifier is None:
        found = await point(x, query4=x.query, id_type="flex-id")
        if found.status not in (SKIP, DROP) and "id_value" in found:
            x.identifier = (found.id_type, found.id_value)


async def look_up_early(x: Exchange, classification: Classification) -> bool:
    """early-global-reservations-lookup: classes of the client's global reservation can choose its subnet.

    False: drop the packet.
    """
    if not x.service.hosts:
        return True
    await _ask_who(x)
    host = global_host(x)
    return host is None or classification.know_early(x, host)


async def recover_agent_options(x: Exchange) -> None:
    """A renewal that bypasses its relay agent gets the option 82 that the lease remembers (stash-agent-options)."""
    query = x.query
    if query.ciaddr and not query.giaddr and not query.options.get(AGENT_OPTIONS):
        lease = await x.service.store.get(query.ciaddr)
        if lease is not None and not lease.expired(x.now):
            stashed = stashed_agent_options(lease.user_context)
            if stashed and lease.belongs_to(query.client_id, query.htype, query.hwaddr):
                query.options[AGENT_OPTIONS] = stashed
                x.stashed = True


def refuse(x: Exchange, why: str) -> None:
    x.service.tally.dropped()
    if log.PACKET_INSANE.on:
        log.PACKET_INSANE(x.label, why)
