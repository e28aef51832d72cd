"""The log lines that every exchange writes where they are wanted: what came, and what leaves."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kead.dhcp4 import messages as log
from kead.dhcp4.label import label
from kead.dhcp4.packet import OFFER, TYPE_NAMES, Packet4
from kead.dhcp4.packet_text import packet_text
from kead.logs import GAPS, Together
from kead.wire.address import text_ip4

if TYPE_CHECKING:
    from kead.dhcp4.channel import Datagram
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
        d = x.datagram
        log.QUERY_DATA(
            x.label,
            f"local_address={text_ip4(d.destination)}:{x.service.server_port}, "
            f"remote_address={text_ip4(d.source)}:{d.source_port},\n{packet_text(query)}",
        )


def log_response_data(x: Exchange, response: Packet4) -> None:
    """The whole reply, and where it goes; its addresses are those of the exchange by now."""
    log.RESPONSE_DATA(
        x.label,
        response.name_of_type(),
        response.type,
        f"local_address={text_ip4(x.local)}:{x.service.server_port}, "
        f"remote_address={text_ip4(x.destination)}:{x.port},\n{packet_text(response)}",
    )


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


_text = lru_cache(1024)(text_ip4)  # of relay agents and of the server: the same few again and again
_OFFERED = Together(log.QUERY_LABEL, log.PACKET_RECEIVED, log.LEASE_OFFER, log.PACKET_SEND)
_ALLOCATED = Together(log.QUERY_LABEL, log.PACKET_RECEIVED, log.LEASE_ALLOC, log.PACKET_SEND)

_REUSED = Together(log.QUERY_LABEL, log.PACKET_RECEIVED, log.LEASE_ALLOC, log.LEASE_REUSE, log.PACKET_SEND)


def log_usual(query: Packet4, out: Outgoing, address: int, lifetime: int, reused: bool, server_port: int) -> None:
    """All lines of an exchange in which nothing unusual happened."""
    who, text = label(query), text_ip4(address)
    datagram = out.datagram
    kind = out.kind
    together = _OFFERED if kind == OFFER else _REUSED if reused else _ALLOCATED
    interface = datagram.channel.interface.name
    if not query.giaddr:
        together(*_usual(query.type, datagram, interface, out, lifetime, reused, server_port, who, text))
        return
    # of one relay agent's exchanges only the client and its address differ
    about = (
        query.type, datagram.source, datagram.destination, interface, out.local, out.destination, lifetime, server_port
    )  # fmt: skip
    if not together.again(about, who, text):
        together.learn(about, *_usual(query.type, datagram, interface, out, lifetime, reused, server_port, *GAPS[:2]))
        together(*_usual(query.type, datagram, interface, out, lifetime, reused, server_port, who, text))


def _usual(
    asked: int,
    datagram: Datagram,
    interface: str,
    out: Outgoing,
    lifetime: int,
    reused: bool,
    server_port: int,
    who: str,
    address: str,
) -> list[tuple[object, ...]]:
    """What the lines say, one after the other."""
    kind = out.kind
    source, destination = _text(datagram.source), _text(datagram.destination)
    sent_from, to = _text(out.local), _text(out.destination)
    lines: list[tuple[object, ...]] = [
        (who,),
        (who, TYPE_NAMES[asked], asked, source, destination, interface),
    ]
    if kind == OFFER:
        lines.append((who, address))
    else:
        lines += [(who, address, lifetime)] * (2 if reused else 1)
    lines.append((who, TYPE_NAMES[kind], kind, sent_from, server_port, to, out.port, interface))
    return lines
