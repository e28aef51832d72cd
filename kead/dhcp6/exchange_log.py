"""The log lines that every exchange writes where they are wanted: what came, and what leaves."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kead.dhcp6 import messages as log
from kead.dhcp6.associations import IaNa, IaPd
from kead.dhcp6.label import label_of
from kead.dhcp6.packet import ADVERTISE, REBIND, RENEW, TYPE_NAMES, Packet6
from kead.dhcp6.packet_text import packet_text
from kead.dhcp6.wishes import PD, Granted, Wish
from kead.logs import Message, Together
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange
    from kead.dhcp6.glance import Glance
    from kead.dhcp6.outgoing import Outgoing
    from kead.dhcp6.portions import Portion


def log_received(x: Exchange, query: Packet6) -> None:
    log.QUERY_LABEL(x.label)
    d = x.datagram
    if log.PACKET_RECEIVED.on:
        log.PACKET_RECEIVED(
            x.label,
            query.name_of_type(),
            query.type,
            text_ip6(d.source),
            text_ip6(d.destination),
            d.channel.interface.name,
        )
    if log.QUERY_DATA.on:
        log.QUERY_DATA(
            x.label,
            f"local_address=[{text_ip6(d.destination)}]:{x.service.server_port}, "
            f"remote_address=[{text_ip6(d.source)}]:{d.source_port},\n{packet_text(query)}",
        )


def log_response_data(x: Exchange, response: Packet6) -> None:
    """The whole reply, and where it goes."""
    log.RESPONSE_DATA(
        x.label,
        response.name_of_type(),
        response.type,
        f"local_address=[{text_ip6(x.datagram.channel.address)}]:{x.service.server_port}, "
        f"remote_address=[{text_ip6(x.destination)}]:{x.port},\n{packet_text(response)}",
    )


def log_send(x: Exchange) -> None:
    channel = x.datagram.channel
    log.PACKET_SEND(
        x.label,
        TYPE_NAMES[x.kind],
        x.kind,
        text_ip6(channel.address),
        x.service.server_port,
        text_ip6(x.destination),
        x.port,
        channel.interface.name,
    )


def log_wish(x: Exchange, ia: IaNa | IaPd, *, offering: bool) -> None:
    """An identity association of a SOLICIT or a REQUEST is looked at."""
    if isinstance(ia, IaPd):
        message = log.IA_PD_SOLICIT if offering else log.IA_PD_REQUEST
        hint = ia.prefixes[0].address if ia.prefixes else None
    else:
        message = log.IA_NA_SOLICIT if offering else log.IA_NA_REQUEST
        hint = ia.addresses[0].address if ia.addresses else None
    if message.on:
        message(x.label, ia.iaid, "(no hint)" if hint is None else text_ip6(hint))


def log_granted(x: Exchange, wish: Wish, granted: Granted, *, offering: bool, renewed: bool = False) -> None:
    """A lease goes into the reply."""
    lease = granted.lease
    prefix = wish.type == PD
    what: tuple[object, ...] = (x.label, text_ip6(lease.address))
    if prefix:
        what += (lease.prefix_length,)
    what += (wish.iaid,)
    if granted.reused:
        message = log.PD_LEASE_REUSE if prefix else log.LEASE_REUSE
        what += (granted.valid,)
    elif renewed:
        message = log.PD_LEASE_RENEW if prefix else log.LEASE_RENEW
    elif offering:
        message = log.PD_LEASE_ADVERT if prefix else log.LEASE_ADVERT
    else:
        message = log.PD_LEASE_ALLOC if prefix else log.LEASE_ALLOC
        what += (granted.valid,)
    if message.on:
        message(*what)


def log_nothing(x: Exchange, wish: Wish, *, offering: bool) -> None:
    """There is nothing to give."""
    if wish.type == PD:
        message = log.PD_LEASE_ADVERT_FAIL if offering else log.PD_LEASE_ALLOC_FAIL
    else:
        message = log.LEASE_ADVERT_FAIL if offering else log.LEASE_ALLOC_FAIL
    if message.on:
        message(x.label, wish.iaid)


# The usual packet's


_text = lru_cache(64)(text_ip6)  # of the server's own addresses: the same few again and again


@lru_cache(64)
def _together(*messages: Message) -> Together:
    return Together(*messages)


def log_usual(
    seen: Glance, duid: bytes, out: Outgoing, na: Portion | None, pd: Portion | None, server_port: int
) -> None:
    """All lines of an exchange in which nothing unusual happened."""
    who = label_of(duid, int.from_bytes(seen.head[1:], "big"))
    datagram = out.datagram
    channel = datagram.channel
    interface = channel.interface.name
    source, destination = text_ip6(datagram.source), _text(datagram.destination)
    messages = [log.QUERY_LABEL, log.PACKET_RECEIVED]
    arguments: list[tuple[object, ...]] = [
        (who,),
        (who, TYPE_NAMES[seen.kind], seen.kind, source, destination, interface),
    ]
    for portion in (na, pd):
        if portion is not None:
            message, times = _message_of(portion, seen.kind, offering=out.kind == ADVERTISE)
            what = (text_ip6(portion.address), portion.length) if portion.type == PD else (text_ip6(portion.address),)
            messages.append(message)
            arguments.append((who, *what, int.from_bytes(portion.iaid, "big"), *times))
    messages.append(log.PACKET_SEND)
    sent_from = _text(channel.address)
    arguments.append((who, TYPE_NAMES[out.kind], out.kind, sent_from, server_port, source, out.port, interface))
    _together(*messages)(*arguments)


def _message_of(portion: Portion, kind: int, *, offering: bool) -> tuple[Message, tuple[int, ...]]:
    """How `log_granted` says it; and for how long, where it says that."""
    prefix = portion.type == PD
    if portion.own is not None and portion.renewed is None and not offering:
        return log.PD_LEASE_REUSE if prefix else log.LEASE_REUSE, (portion.valid,)
    if kind in (RENEW, REBIND):
        return log.PD_LEASE_RENEW if prefix else log.LEASE_RENEW, ()
    if offering:
        return log.PD_LEASE_ADVERT if prefix else log.LEASE_ADVERT, ()
    return log.PD_LEASE_ALLOC if prefix else log.LEASE_ALLOC, (portion.valid,)
