"""The express lane: the usual DISCOVER, REQUEST and renewal, each answered in one go.

Nearly every packet of a network is one of these, from a client with nothing special about it, and most servers have
nobody listening at any hook point. Such a packet needs no coroutine, and an answer that says what `serve` would say
can be given in a fraction of its time. Law: this lane decides nothing of its own. Whatever is not usual (an option that
changes the course of things, a lease in another state, a pool without room, a reply not composed before) is left to
`serve`, from the beginning, with nothing changed and nothing counted. Tests compare the two lanes, bytes and leases, on
random conversations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kead import logs
from kead.dhcp4 import messages as log
from kead.dhcp4.exchange_log import log_usual
from kead.dhcp4.grants import unchanged
from kead.dhcp4.lifetimes import remaining
from kead.dhcp4.names import from_host_name
from kead.dhcp4.options import (
    AGENT_OPTIONS,
    CLIENT_IDENTIFIER,
    FQDN,
    HOST_NAME,
    LEASE_TIME,
    PARAMETER_REQUEST_LIST,
    RAI_LINK_SELECTION,
    REQUESTED_ADDRESS,
    SERVER_IDENTIFIER,
    SUBNET_SELECTION,
    VIVCO_SUBOPTIONS,
    VIVSO_SUBOPTIONS,
)
from kead.dhcp4.outgoing import Outgoing
from kead.dhcp4.packet import ACK, DISCOVER, OFFER, PIECE, REQUEST, Packet4
from kead.dhcp4.reply import TemplateKey, route
from kead.dhcp4.reservations import only_address, own_host
from kead.dhcp4.subnets import pool_of
from kead.leases.lease4 import Lease4, State

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kead.allocation.allocator import Allocator
    from kead.config.snapshot4 import Subnet4
    from kead.dhcp4.service import Service4
    from kead.dhcp4.sockets import Datagram
    from kead.leases.store4 import LocalStore4

SPECIAL = frozenset((FQDN, LEASE_TIME, SUBNET_SELECTION, VIVCO_SUBOPTIONS, VIVSO_SUBOPTIONS))
"""Options of a query that `serve` has to look at."""


class Express:
    """The lane of one service, whose store nobody shares and at whose points nobody listens."""

    def __init__(self, service: Service4, store: LocalStore4) -> None:
        self._service = service
        self._store = store
        self._usual: dict[Subnet4, Allocator | None] = {}
        """Of each subnet met: its allocator, or None where its packets are not for this lane."""
        self._avoid: dict[Subnet4, Callable[[int], bool] | None] = {}

    @property
    def open(self) -> bool:
        """Whether packets may take it now: not while something is in flight, or is to be logged in detail."""
        return not self._service.in_flight and not log.SUBNET_SELECTED.on and not log.DISCOVER.on

    def answer(self, query: Packet4, datagram: Datagram, now: int) -> Outgoing | None:
        """The reply to this query, its lease accepted. None: it is for `serve`."""
        options = query.options
        kind = query.type
        if kind not in (DISCOVER, REQUEST) or not query.hwaddr or not SPECIAL.isdisjoint(options):
            return None
        client_id = options.get(CLIENT_IDENTIFIER, b"")
        if (client_id and not 2 <= len(client_id) <= PIECE) or (not client_id and CLIENT_IDENTIFIER in options):
            return None
        agent = options.get(AGENT_OPTIONS, b"")
        if agent and (len(agent) > PIECE or RAI_LINK_SELECTION in query.relay_info()):
            return None
        service = self._service
        subnet = service.selector.by_link(query, datagram)
        if subnet is None:
            return None
        hostname = ""
        if HOST_NAME in options:
            hostname, generate = from_host_name(options[HOST_NAME])
            if generate:
                return None
        channel = datagram.channel
        local = datagram.destination if datagram.destination in channel.addresses else channel.address
        lifetime = subnet.valid.default
        reply = OFFER if kind == DISCOVER else ACK
        key: TemplateKey = (
            reply, subnet, None, options.get(PARAMETER_REQUEST_LIST), lifetime, local, bool(hostname), ()
        )  # fmt: skip
        template = service.templates.get(key)
        if template is None:
            return None
        allocator = self._usual.get(subnet)
        if allocator is None:
            if subnet in self._usual:
                return None
            allocator = self._usual[subnet] = self._allocator_of(subnet)
            if allocator is None:
                return None
        hosts = service.hosts
        reserved = 0
        if hosts and (host := own_host(service, subnet, query, client_id)) is not None:
            reserved = only_address(subnet, host)
            if not reserved:
                return None
        store = self._store
        by_id, by_hwaddr = store.leases_of(client_id, query.hwaddr)
        own: Lease4 | None = None
        if by_id or by_hwaddr:
            own = by_hwaddr[0] if len(by_hwaddr) == 1 else None
            if own is None or not _usual(own, query, client_id, by_id, subnet, now):
                return None
        reused = False
        if own is None and kind == DISCOVER:
            address = self._free(query, subnet, allocator) if not reserved else self._reserved(query, reserved)
            if not address:
                return None
        else:
            address = self._wanted(query, own) if kind == REQUEST else self._held(query, own)
            pool = pool_of(subnet, address)
            if reserved:
                if address != reserved:
                    return None
            elif pool is None or (hosts and hosts.holders(subnet.id, address)):
                return None
            lease = Lease4(
                address,
                query.hwaddr,
                client_id,
                lifetime,
                now,
                subnet.id,
                htype=query.htype,
                pool_id=pool.pool_id if pool is not None else 0,
                hostname=hostname,
            )
            if own is not None and unchanged(lease, own) and (left := remaining(subnet, own, now)):
                lifetime, reused = left, True
                service.tally.reused(own)
            elif kind == REQUEST:
                if own is not None:
                    if not store.put_instead(lease, own):
                        return None
                elif store.put_new(lease):
                    service.tally.assigned(lease, in_pool=pool is not None)
                else:
                    return None  # what is left of another client's lease
        service.tally.received(kind)
        out = Outgoing()
        out.datagram = datagram
        out.local = local
        out.kind = reply
        out.promises = kind == REQUEST
        out.undone = store.undone
        echoed = client_id if service.echo_client_id else b""
        out.data = template.fill(query, reply, address, lifetime, hostname, echoed, agent)
        out.destination, out.port, out.link_destination = route(service, query, datagram, reply, address, query.flags)
        if log.QUERY_LABEL.on or log.PACKET_RECEIVED.on or log.LEASE_OFFER.on or log.PACKET_SEND.on:
            logs.later(log_usual, query, out, address, lifetime, reused, service.server_port)
        return out

    def _free(self, query: Packet4, subnet: Subnet4, allocator: Allocator) -> int:
        """The next free address for a client that has none and asks for none; 0: not so simple."""
        options = query.options
        if SERVER_IDENTIFIER in options or query.ciaddr or REQUESTED_ADDRESS in options:
            return 0
        # nothing to step round: while an exchange holds an address in flight the lane is closed (`open`), and here
        # one is through before the next begins
        return allocator.pick(subnet.pools, self._store.occupancy, (), self._avoid[subnet]) or 0

    def _reserved(self, query: Packet4, address: int) -> int:
        """The address that is reserved for a client that has none; 0: not so simple."""
        return address if SERVER_IDENTIFIER not in query.options and self._store.at(address) is None else 0

    def _held(self, query: Packet4, own: Lease4 | None) -> int:
        """The client's own address, to be offered again; 0: not so simple."""
        return 0 if own is None or SERVER_IDENTIFIER in query.options else own.address

    def _wanted(self, query: Packet4, own: Lease4 | None) -> int:
        """The address that a client selects, has, or had before it started anew; 0: not so simple."""
        options = query.options
        identifier = options.get(SERVER_IDENTIFIER)
        asked = options.get(REQUESTED_ADDRESS)
        if asked is None:
            if identifier is not None:
                return 0
            address = query.ciaddr
        else:
            address = int.from_bytes(asked[:4], "big")
            if identifier is None:
                if own is None or log.INIT_REBOOT.on:
                    return 0
            elif int.from_bytes(identifier[:4], "big") not in self._service.server_ids:
                return 0
        return address if own is None or own.address == address else 0

    def _allocator_of(self, subnet: Subnet4) -> Allocator | None:
        """The subnet's allocator, None where its packets are not for this lane."""
        service = self._service
        if (
            not subnet.pools
            or subnet.network is not None
            or subnet.offer_lifetime
            or not subnet.match_client_id
            or subnet.store_extended_info
            or service.pools_have_options
            or service.avoids
            or not subnet.ddns.plain
            or any(pool.ddns is not None and not pool.ddns.plain for pool in subnet.pools)
        ):
            return None
        self._avoid[subnet] = service.avoid(subnet)
        return service.allocator(subnet)


def _usual(own: Lease4, query: Packet4, client_id: bytes, by_id: Sequence[Lease4], subnet: Subnet4, now: int) -> bool:
    """Whether this is the client's one lease, by both of its identifiers, and in force."""
    return (
        (by_id[0] is own and len(by_id) == 1 if by_id else not client_id)
        and own.htype == query.htype
        and own.subnet_id == subnet.id
        and own.state == State.DEFAULT
        and not own.expired(now)
        and not own.user_context
    )
