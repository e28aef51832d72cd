"""The log lines that every exchange writes where they are wanted: what came, and what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp4 import messages as log
from kead.dhcp4.label import label
from kead.dhcp4.packet import OFFER, TYPE_NAMES, Packet4
from kead.wire.address import text_ip4

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange
    from kead.dhcp4.outgoing import Outgoing


def log_received(x: Exchange, query: Packet4) -> None:
    log.QUERY_LABEL(x.label)
    if log.PACKET_RECEIVED.on:
        d = x.datagram
        log.PACKET_RECEIVED(
            x.label,
            query.name_of_type(),
            query.type,
            text_ip4(d.source),
            text_ip4(d.destination),
            d.channel.interface.name,
        )
    if log.QUERY_DATA.on:
        log.QUERY_DATA(x.label, query)


def log_send(x: Exchange) -> None:
    channel = x.datagram.channel
    log.PACKET_SEND(
        x.label,
        TYPE_NAMES[x.kind],
        x.kind,
        text_ip4(x.local),
        x.service.server_port,
        text_ip4(x.destination),
        x.port,
        channel.interface.name,
    )


def log_usual(query: Packet4, out: Outgoing, address: int, lifetime: int, reused: bool, server_port: int) -> None:
    """All lines of an exchange in which nothing unusual happened."""
    who = label(query)
    datagram = out.datagram
    interface = datagram.channel.interface.name
    if log.QUERY_LABEL.on:
        log.QUERY_LABEL(who)
    if log.PACKET_RECEIVED.on:
        source, destination = text_ip4(datagram.source), text_ip4(datagram.destination)
        log.PACKET_RECEIVED(who, TYPE_NAMES[query.type], query.type, source, destination, interface)
    if log.LEASE_OFFER.on:
        if out.kind == OFFER:
            log.LEASE_OFFER(who, text_ip4(address))
        else:
            log.LEASE_ALLOC(who, text_ip4(address), lifetime)
            if reused:
                log.LEASE_REUSE(who, text_ip4(address), lifetime)
    if log.PACKET_SEND.on:
        kind = out.kind
        sent_from, to = text_ip4(out.local), text_ip4(out.destination)
        log.PACKET_SEND(who, TYPE_NAMES[kind], kind, sent_from, server_port, to, out.port, interface)
