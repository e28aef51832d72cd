"""Which options a reply carries, and where it goes.

`compose` says what is in a reply, as a packet that callouts may change. `pack_quickly` gives the same bytes for the
usual case, in which nobody wants to change them: what is configured depends only on the subnet, the pools and what the
client asked for, so these bytes are composed once, kept as a template, and afterwards only joined with what is the
client's own. A template is cut from what `compose` made, so the two cannot differ.
"""

from __future__ import annotations

from collections.abc import Sequence
from struct import Struct
from typing import TYPE_CHECKING, Final

from kead.dhcp6.options import (
    CLIENT_FQDN,
    CLIENTID,
    IA_NA,
    IA_PD,
    IAADDR,
    INTERFACE_ID,
    ORO,
    RAPID_COMMIT,
    RELAY_SOURCE_PORT,
    RSOO,
    SERVERID,
    STATUS_CODE,
    VENDOR_CLASS,
    VENDOR_OPTS,
)
from kead.dhcp6.packet import RELAY_REPL, Options, Packet6, Relay6, encode, encode_options, split_options
from kead.dhcp6.reservations import host_of
from kead.dhcp6.values import encode_client_name, requested_options
from kead.dhcp6.vendor import add_vendor_options

if TYPE_CHECKING:
    from kead.config.snapshot6 import OptionScope
    from kead.dhcp6.exchange import Exchange

ECHOED: Final = (INTERFACE_ID, RELAY_SOURCE_PORT)
"""What a relay finds again in the RELAY-REPL to it, of all that it put into its RELAY-FORW."""
_OWN: Final = (CLIENTID, SERVERID, IA_NA, STATUS_CODE, RAPID_COMMIT, IA_PD, CLIENT_FQDN)
"""Options of a reply that are worked out for each client, ascending."""
_PERSONAL: Final = frozenset((VENDOR_CLASS, VENDOR_OPTS))
"""Options of a query on which configured options may depend."""
_pack_option = Struct("!HH").pack
_pack_relay = Struct("!BB16s16s").pack
_MOST_TEMPLATES: Final = 4096
_LONGEST_LIST: Final = 256
"""Bytes of an ORO whose template is kept: honest clients ask for some dozen options of two bytes each."""
_NO_LIST: Final = (b"",)


def compose(x: Exchange) -> Packet6:
    """The reply as a packet, inside of its relays."""
    response = Packet6(x.kind, x.query.transaction_id)
    options = response.options
    _add_own(x, options)
    if x.with_options:
        _add_configured(x, options, _scopes(x))
    if x.query.relays:
        response.relays = _relays(x.query)
        _add_relays_options(x, options)
    return response


def pack(x: Exchange, response: Packet6) -> None:
    """Encode it."""
    x.data = encode(response)


def address(x: Exchange) -> None:
    """Say where the reply goes: back where the query came from (RFC 8415 section 19.3, RFC 8357)."""
    datagram, query = x.datagram, x.query
    x.destination = datagram.source
    if not query.relays:
        x.port = x.service.client_port
    elif RELAY_SOURCE_PORT in query.relays[0].options:
        x.port = datagram.source_port
    else:
        x.port = x.service.relay_port


def _add_own(x: Exchange, options: Options) -> None:
    """What is worked out for this client."""
    client = x.query.options.get(CLIENTID)
    if client is not None:
        options[CLIENTID] = client[:1]
    options[SERVERID] = [x.service.duid]
    if x.addresses:
        options[IA_NA] = [ia.encode() for ia in x.addresses]
    if x.registered is not None:
        options[IAADDR] = [x.registered.encode()]
    if x.status is not None:
        options[STATUS_CODE] = [x.status.encode()]
    if x.rapid_commit:
        options[RAPID_COMMIT] = [b""]
    if x.prefixes:
        options[IA_PD] = [ia.encode() for ia in x.prefixes]
    if x.name is not None:
        options[CLIENT_FQDN] = [encode_client_name(x.name)]


def _scopes(x: Exchange) -> list[OptionScope]:
    """Where options may come from, the most specific place first."""
    scopes: list[OptionScope] = []
    subnet = x.subnet
    if subnet is not None:
        host = host_of(x)
        if host is not None:
            scopes.append(host.options)
        if x.service.pools_have_options:
            for pool in x.pools:
                if pool.options not in scopes:
                    scopes.append(pool.options)
        scopes.append(subnet.options)
        if subnet.network is not None:
            scopes.append(subnet.network.options)
    if x.service.classification is not None:
        scopes += x.service.classification.options(x)
    scopes.append(x.service.config.options)
    return scopes


def _add_configured(x: Exchange, options: Options, scopes: Sequence[OptionScope]) -> None:
    """What the client asks for and what is always sent: each from the first scope that has it for its classes.

    What is sent always or never is so whether that option is for its classes or not, as in Kea.
    """
    wanted = requested_options(x.query.options.get(ORO, ())[:1])
    for scope in scopes:
        wanted += scope.always
    classes = x.query.classes
    seen = [scope.of(classes) for scope in scopes]
    for code in wanted:
        if code in options or any(code in scope.never for scope in scopes):
            continue
        for scope in seen:
            found = scope.by_code.get(code)
            if found:
                options[code] = [found[0].data]
                if x.trace is not None:
                    x.trace("option", f"{found[0].name or code}", scope.name)
                break
    add_vendor_options(x.query, options, scopes, seen, on_link=x.subnet is not None)


def _relays(query: Packet6) -> list[Relay6]:
    """The relays of a reply: those of the query, with what they find again."""
    relays = []
    for relay in query.relays:
        back = Relay6(relay.hops, relay.link, relay.peer, type=RELAY_REPL)
        for code in ECHOED:
            value = relay.options.get(code)
            if value is not None:
                back.options[code] = value[:1]
        relays.append(back)
    return relays


def _add_relays_options(x: Exchange, options: Options) -> None:
    """What relays supply (RFC 6422), as far as that is allowed: the relay nearest to the client is heard first."""
    allowed = x.service.config.relay_supplied_options
    for relay in reversed(x.query.relays):
        for value in relay.options.get(RSOO, ())[:1]:
            for code, values in split_options(value).items():
                if code in allowed and code not in options:
                    options[code] = values[:1]


# The same, quickly


def _has_own_options(x: Exchange) -> bool:
    host = host_of(x)
    return host is not None and bool(host.options.by_code or host.options.vendor)


class Templates(dict[tuple[object, ...], tuple[bytes, ...]]):
    """Configured options of replies already composed under one configuration, by all that decides what they are.

    The value is the options between the client's own ones: pieces that are joined with them.
    """

    def keep(self, key: tuple[object, ...], response: Packet6, own: Options) -> tuple[bytes, ...]:
        """Cut the template out of a composed reply; `own` are the client's own options in it."""
        if len(self) >= _MOST_TEMPLATES:
            self.clear()  # clients that ask for ever other lists must not fill the memory
        parts: list[Options] = [{} for _ in range(len(_OWN) + 1)]
        for code, values in response.options.items():
            if code not in own:
                parts[sum(other < code for other in _OWN)][code] = values
        template = self[key] = tuple(map(encode_options, parts))
        return template


def pack_quickly(x: Exchange) -> None:
    """Put the reply's bytes and destination into the exchange: what `compose` and `pack` would, but quicker."""
    address(x)
    query = x.query
    asked = query.options
    service = x.service
    quick = x.with_options and x.trace is None and not service.pools_have_options and _PERSONAL.isdisjoint(asked)
    if x.hosts and _has_own_options(x):
        quick = False
    for relay in query.relays:
        if RSOO in relay.options:
            quick = False
    oro = asked.get(ORO, _NO_LIST)[0]
    if not quick or len(oro) > _LONGEST_LIST:
        pack(x, compose(x))
        return
    own: Options = {}
    _add_own(x, own)
    # which of the client's own options are there decides which configured ones are not
    key: tuple[object, ...] = (x.subnet, oro, *own)
    if service.classification is not None:
        key = (service.classification.decisive(query.classes), *key)
    template = service.templates.get(key)
    if template is None:
        template = service.templates.keep(key, compose(x), own)
    pieces = [(x.kind << 24 | query.transaction_id).to_bytes(4, "big")]
    for code, configured in zip(_OWN, template, strict=False):
        if configured:
            pieces.append(configured)
        for value in own.get(code, ()):
            pieces += _pack_option(code, len(value)), value
    pieces.append(template[-1])
    data = b"".join(pieces)
    for relay in reversed(query.relays):
        parts = [
            _pack_relay(RELAY_REPL, relay.hops, relay.link.to_bytes(16, "big"), relay.peer.to_bytes(16, "big")),
        ]
        for code in ECHOED:
            echoed = relay.options.get(code)
            if echoed is not None:
                parts += _pack_option(code, len(echoed[0])), echoed[0]
        parts += _pack_option(9, len(data)), data
        data = b"".join(parts)
    x.data = data
