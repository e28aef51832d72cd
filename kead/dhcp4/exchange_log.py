"""The log lines that every exchange writes where they are wanted: what came, and what leaves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead.dhcp4 import messages as log
from kead.dhcp4.packet import TYPE_NAMES, Packet4
from kead.wire.address import text_ip4

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange


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
