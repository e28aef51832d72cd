"""The express lane: the usual SOLICIT, REQUEST, RENEW and REBIND, each answered in one go.

Nearly every packet of a network is one of these, with at most one IA_NA and one IA_PD, from a client with nothing
special about it, and most servers have nobody listening at any hook point. Such a packet needs no coroutine, and an
answer that says what `serve` would say can be given in a fraction of its time. Law: this lane decides nothing of its
own. Whatever is not usual (an option that changes the course of things, several leases of one identity association, a
hint that cannot be met, a pool without room, a reply not composed before) is left to `serve`, from the beginning, with
nothing changed and nothing counted. Tests compare the two lanes, bytes and leases, on random conversations.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Final

from kead import logs
from kead.dhcp6 import messages as log
from kead.dhcp6.duid import MAXIMUM_LENGTH, MINIMUM_LENGTH
from kead.dhcp6.exchange_log import log_usual
from kead.dhcp6.glance import HEAD, Glance, glance
from kead.dhcp6.hardware import Hardware, hardware_of, of_duid
from kead.dhcp6.options import (
    CLIENT_LINKLAYER_ADDR,
    CLIENTID,
    IA_NA,
    IA_PD,
    INTERFACE_ID,
    ORO,
    RAPID_COMMIT,
    RELAY_MSG,
    SERVERID,
)
from kead.dhcp6.outgoing import Outgoing
from kead.dhcp6.packet import (
    ADVERTISE,
    REBIND,
    RELAY_REPL,
    RENEW,
    REPLY,
    REQUEST,
    SOLICIT,
    encode_option,
)
from kead.dhcp6.portions import Portions
from kead.dhcp6.terms import Terms
from kead.dhcp6.wishes import NA, PD
from kead.leases.lease6 import EMPTY_DUID

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kead.config.snapshot6 import Ddns, Subnet6
    from kead.dhcp6.channel import Datagram
    from kead.dhcp6.service import Service6
    from kead.leases.store6 import LocalStore6

_SHORTEST: Final = HEAD + MINIMUM_LENGTH
_LONGEST: Final = HEAD + MAXIMUM_LENGTH
_NOBODY: Final = encode_option(CLIENTID, EMPTY_DUID)
_NAME_SERVER: Final = frozenset((REQUEST, RENEW))
_TO_ALL: Final = frozenset((SOLICIT, REBIND))
_ADVERTISE: Final = bytes((ADVERTISE,))
_REPLY: Final = bytes((REPLY,))
_RELAYED: Final = bytes((RELAY_REPL,))
_pack_option = Struct("!HH").pack


class Express:
    """The lane of one service, whose store nobody shares and at whose points nobody listens."""

    def __init__(self, service: Service6, store: LocalStore6) -> None:
        self._service = service
        self._store = store
        self._portions = Portions(service, store)
        self._server = encode_option(SERVERID, service.duid)
        sources = service.config.mac_sources
        self._looks_at_duid = bool(sources) and sources[0] in ("any", "duid")
        self._terms: dict[Subnet6, Terms | None] = {}
        """Of each subnet met: on which terms it serves, or None where its packets are not for this lane."""

    @property
    def open(self) -> bool:
        """Whether packets may take it now: not while something is in flight, or is to be logged in detail."""
        in_detail = log.SUBNET_SELECTED.on or log.RAPID_COMMIT.on or log.IA_NA_SOLICIT.on
        return not self._service.in_flight and not in_detail

    def answer(self, datagram: Datagram, now: int) -> Outgoing | None:
        """The reply to this query, its leases accepted. None: it is for `serve`."""
        seen = glance(datagram.data)
        if seen is None:
            return None
        kind, options = seen.kind, seen.options
        client, of_address, of_prefix = options.get(CLIENTID), options.get(IA_NA), options.get(IA_PD)
        if client is None or not _SHORTEST <= len(client) <= _LONGEST or client == _NOBODY:
            return None
        if options.get(SERVERID) != (self._server if kind in _NAME_SERVER else None):
            return None
        if kind in _TO_ALL and not seen.relay and datagram.destination >> 120 != 0xFF:
            return None
        terms = self._terms_of(seen, datagram)
        if terms is None:
            return None
        subnet = terms.subnet
        rapid = kind == SOLICIT and RAPID_COMMIT in options and subnet.rapid_commit
        joints = terms.joints(options.get(ORO, b""), of_address is not None, of_prefix is not None, rapid)
        if joints is None:
            return None
        duid = client[HEAD:]
        offering = kind == SOLICIT and not rapid
        hardware = None if offering else self._hardware(duid, seen, datagram)
        portions = self._portions
        leases = self._store.leases_of(duid)
        na = pd = None
        if of_address is not None:
            na = portions.find(NA, of_address, terms, leases, kind, hardware, now)
            if na is None:
                return None
        if of_prefix is not None:
            pd = portions.find(PD, of_prefix, terms, leases, kind, hardware, now)
            if pd is None or (na is not None and na.address == pd.address != 0):
                return None
        if not portions.pick(na, pd, subnet, offering=offering, now=now):
            return None
        service = self._service
        service.tally.received(kind)
        before, after_server, after_address, rest = joints
        pieces = [_ADVERTISE if offering else _REPLY, seen.head[1:], before, client, after_server]
        if na is not None:
            if hardware is not None:
                portions.store(na, subnet, duid, hardware, now)
            pieces.append(terms.address(na.iaid, na.address, na.preferred, na.valid))
        pieces.append(after_address)
        if pd is not None:
            if hardware is not None:
                portions.store(pd, subnet, duid, hardware, now)
            pieces.append(terms.prefix(pd.iaid, pd.address, pd.length, pd.preferred, pd.valid))
        pieces.append(rest)
        out = Outgoing()
        out.datagram = datagram
        out.kind = ADVERTISE if offering else REPLY
        out.promises = not offering
        out.undone = self._store.undone
        out.data = b"".join(pieces)
        out.destination = datagram.source
        out.port = service.client_port
        if seen.relay:
            out.data = _relayed(seen, out.data)
            out.port = service.relay_port
        if log.QUERY_LABEL.on or log.PACKET_RECEIVED.on or log.LEASE_ADVERT.on or log.PACKET_SEND.on:
            logs.later(log_usual, seen, duid, out, na, pd, service.server_port)
        return out

    def _terms_of(self, seen: Glance, datagram: Datagram) -> Terms | None:
        """Those of the subnet that serves this client; None: it is not for this lane."""
        link, interface_id = 0, None
        if seen.relay:
            link = int.from_bytes(seen.relay[2:18], "big")
            piece = seen.around.get(INTERFACE_ID)
            interface_id = None if piece is None else piece[HEAD:]
        subnet = self._service.selector.by_link(link, interface_id, datagram)
        if subnet is None:
            return None
        try:
            return self._terms[subnet]
        except KeyError:
            usual = self._is_usual(subnet)
            terms = self._terms[subnet] = Terms(subnet, self._service.templates, self._service.duid) if usual else None
            return terms

    def _is_usual(self, subnet: Subnet6) -> bool:
        """Whether its packets are for this lane."""
        return (
            subnet.network is None
            and not any(rules.updates and rules.makes_names for rules in _rules(subnet))
            and not subnet.store_extended_info
            and not self._service.pools_have_options
            and not any(pool.excluded for pool in subnet.pd_pools)
            and not any(
                pd.first <= pool.last and pool.first <= pd.last for pd in subnet.pd_pools for pool in subnet.pools
            )
        )

    def _hardware(self, duid: bytes, seen: Glance, datagram: Datagram) -> Hardware:
        """The client's hardware address; mostly its DUID has it, and that is looked at first."""
        if self._looks_at_duid and CLIENT_LINKLAYER_ADDR not in seen.around:
            hardware = of_duid(duid)
            if hardware is not None:
                return hardware
        return hardware_of(seen.outline(), datagram, self._service.config.mac_sources)


def _relayed(seen: Glance, data: bytes) -> bytes:
    """The reply in the one relay's message to which it goes back."""
    echoed = seen.around.get(INTERFACE_ID, b"")
    return b"".join((_RELAYED, seen.relay[1:], echoed, _pack_option(RELAY_MSG, len(data)), data))


def _rules(subnet: Subnet6) -> Iterator[Ddns]:
    """For names: the subnet's and its pools'."""
    yield subnet.ddns
    for pool in subnet.pools:
        if pool.ddns is not None:
            yield pool.ddns
