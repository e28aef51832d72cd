"""The log lines that every exchange writes where they are wanted: what came, and what leaves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from kead.dhcp6 import messages as log
from kead.dhcp6.associations import IaNa, IaPd
from kead.dhcp6.label import label_of
from kead.dhcp6.packet import ADVERTISE, REBIND, RENEW, TYPE_NAMES, Packet6
from kead.dhcp6.packet_text import packet_text
from kead.dhcp6.wishes import PD, Granted, Wish
from kead.logs import GAPS, Message, Together
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


_text = lru_cache(1024)(text_ip6)  # of relay agents and of the server: the same few again and again
_number = int.from_bytes


@lru_cache(64)
def _together(*messages: Message) -> Together:
    return Together(*messages)


def log_usual(
    seen: Glance, duid: bytes, out: Outgoing, na: Portion | None, pd: Portion | None, server_port: int
) -> None:
    """All lines of an exchange in which nothing unusual happened."""
    datagram, offering = out.datagram, out.kind == ADVERTISE
    channel = datagram.channel
    source = _text(datagram.source) if seen.relay else text_ip6(datagram.source)
    of_leases: tuple[Message, ...] = ()
    # of all exchanges of a kind only these differ
    values: tuple[str, ...] = (label_of(duid, _number(seen.head[1:], "big")), source)
    length = 0
    if na is not None:
        of_leases = (_message_of(na, seen.kind, offering=offering),)
        values += (text_ip6(na.address), str(_number(na.iaid, "big")), str(na.valid))
    if pd is not None:
        length = pd.length
        of_leases += (_message_of(pd, seen.kind, offering=offering),)
        values += (text_ip6(pd.address), str(_number(pd.iaid, "big")), str(pd.valid))
    together = _together(log.QUERY_LABEL, log.PACKET_RECEIVED, *of_leases, log.PACKET_SEND)
    interface = channel.interface.name
    about = (seen.kind, out.kind, datagram.destination, interface, channel.address, server_port, out.port, length)
    if not together.again(about, *values):
        together.learn(about, *_usual(*about, of_leases, GAPS[: len(values)]))
        together(*_usual(*about, of_leases, values))


def _usual(
    asked: int,
    answered: int,
    destination: int,
    interface: str,
    sent_from: int,
    server_port: int,
    port: int,
    length: int,
    of_leases: Sequence[Message],
    values: Sequence[str],
) -> list[tuple[object, ...]]:
    """What the lines say, one after the other. `values`: the label and the source; then of every lease its address,
    the IAID and how long it is valid.
    """
    who, source = values[:2]
    lines: list[tuple[object, ...]] = [
        (who,),
        (who, TYPE_NAMES[asked], asked, source, _text(destination), interface),
    ]
    for place, message in enumerate(of_leases):
        address, iaid, valid = values[2 + 3 * place : 5 + 3 * place]
        what = (who, address, length, iaid) if message in _OF_PREFIXES else (who, address, iaid)
        lines.append((*what, valid) if message in _TELL_HOW_LONG else what)
    lines.append((who, TYPE_NAMES[answered], answered, _text(sent_from), server_port, source, port, interface))
    return lines


_OF_PREFIXES: Final = frozenset((log.PD_LEASE_ADVERT, log.PD_LEASE_ALLOC, log.PD_LEASE_RENEW, log.PD_LEASE_REUSE))
_TELL_HOW_LONG: Final = frozenset((log.LEASE_ALLOC, log.LEASE_REUSE, log.PD_LEASE_ALLOC, log.PD_LEASE_REUSE))


def _message_of(portion: Portion, kind: int, *, offering: bool) -> Message:
    """How `log_granted` says it."""
    prefix = portion.type == PD
    if portion.own is not None and portion.renewed is None and not offering:
        return log.PD_LEASE_REUSE if prefix else log.LEASE_REUSE
    if kind in (RENEW, REBIND):
        return log.PD_LEASE_RENEW if prefix else log.LEASE_RENEW
    if offering:
        return log.PD_LEASE_ADVERT if prefix else log.LEASE_ADVERT
    return log.PD_LEASE_ALLOC if prefix else log.LEASE_ALLOC
