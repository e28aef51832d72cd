"""Which options and header fields a reply carries, and where it goes.

`compose` says what is in a reply, as a packet that callouts may change. `pack_quickly` gives the same bytes for the
usual case, in which nobody wants to change them: all but the header, option 61 and option 82 depends only on the
subnet, the pool, the lifetime and what the client asked for, so these bytes are composed once, kept as a template,
and afterwards only joined. A template is cut from what `compose` and `encode` made, so the two cannot differ.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from kead.dhcp4.lifetimes import tee_times
from kead.dhcp4.options import (
    AGENT_OPTIONS,
    CLIENT_IDENTIFIER,
    DOMAIN_NAME,
    DOMAIN_NAME_SERVERS,
    FQDN,
    HOST_NAME,
    LEASE_TIME,
    MESSAGE_TYPE,
    PARAMETER_REQUEST_LIST,
    RAI_RELAY_PORT,
    REBINDING_TIME,
    RENEWAL_TIME,
    ROUTERS,
    SERVER_IDENTIFIER,
    SUBNET_MASK,
    SUBNET_SELECTION,
    VIVCO_SUBOPTIONS,
    VIVSO_SUBOPTIONS,
)
from kead.dhcp4.packet import (
    ACK,
    BOOTREPLY,
    BROADCAST_FLAG,
    HEADER_LENGTH,
    INFORM,
    NAK,
    PIECE,
    Packet4,
    encode,
    encode_option,
)
from kead.dhcp4.reservations import has_values, host_of
from kead.dhcp4.subnets import BROADCAST, pool_of
from kead.dhcp4.vendor import add_vendor_options

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kead.config.snapshot4 import ClientClass4, OptionScope, Pool4, Subnet4
    from kead.dhcp4.exchange import Exchange
    from kead.dhcp4.service import Service4
    from kead.dhcp4.sockets import Datagram
    from kead.leases.lease4 import Lease4

BASIC = (ROUTERS, DOMAIN_NAME_SERVERS, DOMAIN_NAME)
"""Sent whenever configured, asked for or not."""
OWN = frozenset(
    (
        LEASE_TIME,
        MESSAGE_TYPE,
        SERVER_IDENTIFIER,
        RENEWAL_TIME,
        REBINDING_TIME,
        CLIENT_IDENTIFIER,
        AGENT_OPTIONS,
        FQDN,
        SUBNET_SELECTION,
    )
)
"""Worked out for each reply, never taken from the configuration."""
PERSONAL = frozenset((FQDN, SUBNET_SELECTION, VIVCO_SUBOPTIONS, VIVSO_SUBOPTIONS))
"""Options of a query whose answer differs from client to client: such a reply is composed anew."""

PAST_OPTIONS = 255
ETHERNET_BROADCAST = b"\xff\xff\xff\xff\xff\xff"
_FRONT = Struct("!BBBBIHHIIII16s")
"""The header up to sname."""
_pack_front = _FRONT.pack
_pack_lifetime = Struct("!BBI").pack
_END = b"\xff"
_CLIENT_ID_HEADS = tuple(bytes((CLIENT_IDENTIFIER, length)) for length in range(PIECE + 1))
_AGENT_HEADS = tuple(bytes((AGENT_OPTIONS, length)) for length in range(PIECE + 1))
_MOST_TEMPLATES = 4096


class Template:
    """The bytes of a reply that do not change from client to client, and where to put in those that do: the header, the
    client's own name (12), the lifetime (51), the client identifier (61) and the relay agent's options (82).
    It is cut from a reply with a lease.
    """

    __slots__ = ("_lifetime", "_pieces", "_siaddr", "_to_id")

    def __init__(self, response: Packet4, named: bool) -> None:
        """`named`: option 12 of this reply is its client's own, and not part of the template."""
        own = (LEASE_TIME, CLIENT_IDENTIFIER, AGENT_OPTIONS, *((HOST_NAME,) if named else ()))
        bounds = (HOST_NAME, LEASE_TIME, CLIENT_IDENTIFIER, PAST_OPTIONS)
        parts = [Packet4() for _ in bounds]
        parts[0].sname, parts[0].file = response.sname, response.file
        for code, value in response.options.items():
            if code == MESSAGE_TYPE:
                parts[0].options[code] = value
            elif code not in own:
                parts[next(n for n, bound in enumerate(bounds) if code <= bound)].options[code] = value
        self._siaddr = response.siaddr
        first, *rest = (encode(part)[:-1] for part in parts)
        self._pieces = (first[_FRONT.size :], *(part[HEADER_LENGTH:] for part in rest))
        # with the lifetime of the reply that it is cut from, for a client without a name: most replies are like that
        before_name, before_lifetime, before_id, _rest = self._pieces
        lifetime = response.options[LEASE_TIME]
        self._lifetime = int.from_bytes(lifetime, "big")
        self._to_id = before_name + before_lifetime + encode_option(LEASE_TIME, lifetime) + before_id

    def fill(
        self, query: Packet4, kind: int, yiaddr: int, lifetime: int, hostname: str, client_id: bytes, agent: bytes
    ) -> bytes:
        """The reply to this query. Options 12, 61 and 82 are in it where their values are not empty (82: at most
        253 bytes).
        """
        before_name, before_lifetime, before_id, rest = self._pieces
        pieces = [
            _pack_front(
                BOOTREPLY, query.htype, query.hlen, query.hops, query.xid, 0, query.flags,
                query.ciaddr if kind == ACK else 0, yiaddr, self._siaddr, query.giaddr, query.hwaddr,
            )
        ]  # fmt: skip
        if lifetime == self._lifetime and not hostname:
            pieces.append(self._to_id)
        else:
            pieces.append(before_name)
            if hostname:
                pieces.append(encode_option(HOST_NAME, hostname.encode("latin-1", "replace")))
            pieces += before_lifetime, _pack_lifetime(LEASE_TIME, 4, lifetime), before_id
        if client_id:
            if len(client_id) <= PIECE:
                pieces += _CLIENT_ID_HEADS[len(client_id)], client_id
            else:
                pieces.append(encode_option(CLIENT_IDENTIFIER, client_id))
        pieces.append(rest)
        if agent:
            pieces += _AGENT_HEADS[len(agent)], agent
        pieces.append(_END)
        return b"".join(pieces)


TemplateKey = tuple[int, "Subnet4", "Pool4 | None", bytes | None, int, int, bool, tuple[str, ...]]
"""All that decides what is in a reply: its message type; the subnet; the pool, where pools have options; the parameter
request list; the lifetime that T1 and T2 follow; the server's address; whether the client has a name; its classes, as
far as they matter here."""


class Templates(dict[TemplateKey, Template]):
    """Replies already composed under one configuration."""

    def keep(self, key: TemplateKey, response: Packet4, named: bool) -> Template:
        """Cut the template out of a composed reply."""
        if len(self) >= _MOST_TEMPLATES:
            self.clear()  # clients that ask for ever other lists must not fill the memory
        template = self[key] = Template(response, named)
        return template


def pack_quickly(x: Exchange) -> None:
    """Put the reply's bytes and destination into the exchange: what `compose` and `pack` would, but quicker."""
    query, service, lease = x.query, x.service, x.lease
    asked = query.options
    agent = b"" if x.stashed else asked.get(AGENT_OPTIONS, b"")
    personal = not PERSONAL.isdisjoint(asked) or (x.hosts and (host := host_of(x)) is not None and has_values(host))
    if lease is None or x.trace is not None or personal or len(agent) > PIECE:
        pack(x, compose(x))
        return
    kind, subnet = x.kind, x.subnet
    pool = pool_of(subnet, lease.address) if service.pools_have_options else None
    named = bool(x.hostname)
    classes = service.classification.decisive(query.classes) if service.classification is not None else ()
    key: TemplateKey = (kind, subnet, pool, asked.get(PARAMETER_REQUEST_LIST), x.full_lifetime, x.local, named, classes)
    template = service.templates.get(key) or service.templates.keep(key, compose(x), named)
    client_id = x.client_id if service.echo_client_id else b""
    x.data = template.fill(query, kind, lease.address, x.lifetime, x.hostname, client_id, agent)
    x.destination, x.port, x.link_destination = route(service, query, x.datagram, kind, lease.address, query.flags)


def pack(x: Exchange, response: Packet4) -> None:
    """Say where this reply goes, and encode it."""
    address(x, response)
    x.data = encode(response)


def compose(x: Exchange) -> Packet4:
    """The reply as a packet: OFFER or ACK (with a lease or, for INFORM and v6-only clients, without), or NAK."""
    query, kind, lease = x.query, x.kind, x.lease
    response = Packet4(kind, query.xid, op=BOOTREPLY)
    response.htype, response.hlen = query.htype, query.hlen
    response.chaddr, response.hwaddr = query.hwaddr.ljust(16, b"\0"), query.hwaddr
    response.hops, response.flags, response.giaddr = query.hops, query.flags, query.giaddr
    options = response.options
    options[SERVER_IDENTIFIER] = _server_id(x).to_bytes(4, "big")
    if x.client_id and x.service.config.echo_client_id:
        options[CLIENT_IDENTIFIER] = x.client_id
    if SUBNET_SELECTION in query.options:
        options[SUBNET_SELECTION] = query.options[SUBNET_SELECTION][:4]
    if query.options.get(AGENT_OPTIONS) and not x.stashed:
        options[AGENT_OPTIONS] = query.options[AGENT_OPTIONS]
    if kind == NAK:
        return response
    if kind == ACK:
        response.ciaddr = query.ciaddr
    subnet = x.subnet
    if lease is not None:
        response.yiaddr = lease.address
        options[SUBNET_MASK] = subnet.mask.to_bytes(4, "big")
        options[LEASE_TIME] = x.lifetime.to_bytes(4, "big")
        t1, t2 = tee_times(subnet, x.full_lifetime)
        if t1:
            options[RENEWAL_TIME] = t1.to_bytes(4, "big")
        if t2:
            options[REBINDING_TIME] = t2.to_bytes(4, "big")
        x.service.names.answer(x, response)
    if subnet is not None:
        response.siaddr = subnet.next_server
        response.sname = subnet.server_hostname.ljust(64, b"\0") if subnet.server_hostname else b""
        response.file = subnet.boot_file_name.ljust(128, b"\0") if subnet.boot_file_name else b""
    classification = x.service.classification
    if classification is not None:
        _set_fields(response, classification.fields(query.classes))
    host = host_of(x)
    if host is not None:
        response.siaddr = host.next_server or response.siaddr
        response.sname = host.server_hostname.ljust(64, b"\0") if host.server_hostname else response.sname
        response.file = host.boot_file_name.ljust(128, b"\0") if host.boot_file_name else response.file
    if subnet is not None and not x.bare:
        scopes = _scopes(x, lease)
        _add_configured(x, options, scopes)
        add_vendor_options(query, options, scopes)
    return response


def _set_fields(response: Packet4, classes: Iterable[ClientClass4]) -> None:
    """Header fields from classes, each from the first that has it."""
    fields = tuple(classes)
    response.siaddr = next((each.next_server for each in fields if each.next_server), response.siaddr)
    name = next((each.server_hostname for each in fields if each.server_hostname), b"")
    file = next((each.boot_file_name for each in fields if each.boot_file_name), b"")
    response.sname = name.ljust(64, b"\0") if name else response.sname
    response.file = file.ljust(128, b"\0") if file else response.file


def _server_id(x: Exchange) -> int:
    """The configured dhcp-server-identifier, else the address that the query was for (RFC 2131 section 4.1)."""
    subnet, classification = x.subnet, x.service.classification
    if classification is None:
        configured = subnet.server_id if subnet is not None else None
        return configured if configured is not None else x.local
    scopes: list[OptionScope] = []
    if subnet is not None:
        scopes.append(subnet.options)
        if subnet.network is not None:
            scopes.append(subnet.network.options)
    for scope in (*scopes, *classification.options(x), x.service.config.options):
        for option in scope.of(x.query.classes).by_code.get(SERVER_IDENTIFIER, ()):
            if len(option.data) == 4 and not option.never_send:
                return int.from_bytes(option.data, "big")
    return x.local


def _scopes(x: Exchange, lease: Lease4 | None) -> list[OptionScope]:
    """Where options may come from, the most specific place first."""
    scopes: list[OptionScope] = []
    subnet = x.subnet
    if subnet is not None:
        host = host_of(x)
        if host is not None:
            scopes.append(host.options)
        if lease is not None:
            pool = pool_of(subnet, lease.address)
            if pool is not None:
                scopes.append(pool.options)
        scopes.append(subnet.options)
        if subnet.network is not None:
            scopes.append(subnet.network.options)
    classification = x.service.classification
    if classification is None:
        scopes.append(x.service.config.options)
        return scopes
    scopes += classification.options(x)
    scopes.append(x.service.config.options)
    return [scope.of(x.query.classes) for scope in scopes]


def _add_configured(x: Exchange, options: dict[int, bytes], scopes: Sequence[OptionScope]) -> None:
    """What the client asks for, what is always sent, what every client needs: each from the first scope that has it."""
    wanted = list(x.query.options.get(PARAMETER_REQUEST_LIST, b""))
    wanted += BASIC
    for scope in scopes:
        wanted += scope.always
    for code in wanted:
        if code in options or code in OWN or any(code in scope.never for scope in scopes):
            continue
        for scope in scopes:
            found = scope.by_code.get(code)
            if found:
                options[code] = found[0].data
                if x.trace is not None:
                    x.trace("option", f"{found[0].name or code}", scope.name)
                break


def address(x: Exchange, response: Packet4) -> None:
    """Say where this reply goes, and set what depends on that in its header (RFC 2131 section 4.1)."""
    query = x.query
    relayed = _relayed(query)
    if query.type == INFORM:
        if query.ciaddr:
            response.giaddr = response.hops = 0
            response.options.pop(AGENT_OPTIONS, None)
        elif relayed:
            response.flags |= BROADCAST_FLAG
    elif response.type == NAK and relayed:
        response.flags |= BROADCAST_FLAG
    x.destination, x.port, x.link_destination = route(
        x.service, query, x.datagram, response.type, response.yiaddr, response.flags
    )


def _relayed(query: Packet4) -> bool:
    return query.giaddr != 0 and query.giaddr != BROADCAST


def route(
    service: Service4, query: Packet4, datagram: Datagram, kind: int, yiaddr: int, flags: int
) -> tuple[int, int, bytes]:
    """Where a reply goes: address, port, link-layer address (used by raw sockets only). `flags`: the reply's."""
    link = datagram.link_source or (query.hwaddr if query.hlen == 6 else b"")
    giaddr = query.giaddr
    if giaddr and giaddr != BROADCAST and not (query.type == INFORM and query.ciaddr):
        if AGENT_OPTIONS in query.options and RAI_RELAY_PORT in query.relay_info():
            return giaddr, datagram.source_port, link
        return giaddr, service.relay_port, link
    if query.flags & BROADCAST_FLAG and not (giaddr and giaddr != BROADCAST):
        link = ETHERNET_BROADCAST
    if query.ciaddr:
        destination = query.ciaddr
    elif kind == NAK or (yiaddr and (flags & BROADCAST_FLAG or not datagram.channel.direct)):
        destination = BROADCAST
    else:
        destination = yiaddr or datagram.source or BROADCAST
    return destination, service.client_port, link
