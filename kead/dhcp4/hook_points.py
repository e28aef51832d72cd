"""The hook points of the DHCPv4 server, one row each: when it is called, its arguments, what its statuses do.

Law: names, arguments and statuses are Kea's. An argument is written `In[…]` (the server does not read it again),
`InOut[…]` (it does) or `Out[…]` (a callout sets it; it does not exist before). `data` is not in Kea's list: it is what
Kea keeps as the buffer of the packet object. Addresses are ints. The order is that of an exchange. The table in
docs/hooks.md is this one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from kead.hooks.chain import Chain, Hooks
from kead.hooks.point import Callout, In, InOut, Out
from kead.hooks.status import DROP, PARK, SKIP

if TYPE_CHECKING:
    from kead.config.snapshot4 import Config4, Host4, Subnet4
    from kead.dhcp4.packet import Packet4
    from kead.leases.lease4 import Lease4

# A configuration


class Dhcp4SrvConfigured(
    Callout, point="dhcp4_srv_configured", effects={DROP: 'the configuration fails with `error` (else "unknown error")'}
):
    """At the end of each (re)configuration, before the new one is in force."""

    __slots__ = ("error", "io_context", "json_config", "network_state", "server_config")
    io_context: In[None]
    network_state: In[Any]
    json_config: In[dict[str, Any]]
    server_config: In[Config4]
    error: Out[str]


class Cb4Updated(Callout, point="cb4_updated"):
    """After changes fetched from a configuration backend are in force."""

    __slots__ = ("audit_entries",)
    audit_entries: In[Sequence[Any]]


# A packet


class ContextCreate(Callout, point="context_create"):
    """Before any other point of a packet, command, configuration or reclaimed lease."""

    __slots__ = ()


class Buffer4Receive(
    Callout,
    point="buffer4_receive",
    effects={SKIP: "the server does not parse: the callout has set `query4`", DROP: "the packet is dropped"},
):
    """Bytes have come and are not parsed yet."""

    __slots__ = ("data", "query4")
    query4: InOut[Packet4 | None]
    data: InOut[bytes]


class Pkt4Receive(
    Callout, point="pkt4_receive", effects={SKIP: "the packet is dropped", DROP: "the packet is dropped"}
):
    """A packet is parsed, classified and fit to be answered."""

    __slots__ = ("query4",)
    query4: InOut[Packet4]


class Subnet4Select(
    Callout,
    point="subnet4_select",
    effects={
        SKIP: "no subnet: a DISCOVER is not answered, a REQUEST gets a NAK, an INFORM an ACK without options",
        DROP: "the packet is dropped",
        PARK: "the packet waits; unparked, it goes on with the arguments as they are then",
    },
):
    """The subnet is selected (None: there is none)."""

    __slots__ = ("query4", "subnet4", "subnet4collection")
    query4: InOut[Packet4]
    subnet4: InOut[Subnet4 | None]
    subnet4collection: In[Sequence[Subnet4]]


class Host4Identifier(
    Callout, point="host4_identifier", effects={SKIP: "the identifier is not used", DROP: "the identifier is not used"}
):
    """Reservations are about to be looked up by flex-id, if `host-reservation-identifiers` has it."""

    __slots__ = ("id_type", "id_value", "query4")
    query4: In[Packet4]
    id_type: InOut[str]
    id_value: Out[bytes]


class Ddns4Update(
    Callout,
    point="ddns4_update",
    names={"fwd_update": "fwd-update", "rev_update": "rev-update", "ddns_params": "ddns-params"},
):
    """Names for a DISCOVER or REQUEST are worked out, even without any (hostname "")."""

    __slots__ = ("ddns_params", "fwd_update", "hostname", "query4", "response4", "rev_update", "subnet4")
    query4: In[Packet4]
    response4: In[Packet4]
    subnet4: In[Subnet4]
    hostname: InOut[str]
    fwd_update: InOut[bool]
    rev_update: InOut[bool]
    ddns_params: In[Any]


class Lease4Select(
    Callout, point="lease4_select", effects={SKIP: "the lease is not assigned and no other one is looked for"}
):
    """A lease is chosen and not stored yet; fake_allocation: it is for an OFFER only."""

    __slots__ = ("fake_allocation", "lease4", "offer_lft", "query4", "subnet4")
    query4: In[Packet4]
    subnet4: In[Subnet4]
    fake_allocation: In[bool]
    offer_lft: In[int]
    lease4: InOut[Lease4]


class Lease4Renew(
    Callout, point="lease4_renew", effects={SKIP: "the stored lease stays as it is; the reply is sent all the same"}
):
    """A lease is about to be renewed, or offered to the client that has it, also when it is reused as it is."""

    __slots__ = ("clientid", "hwaddr", "lease4", "query4", "subnet4")
    query4: In[Packet4]
    subnet4: In[Subnet4]
    clientid: In[bytes]
    hwaddr: In[bytes]
    lease4: InOut[Lease4]


class Lease4Release(
    Callout,
    point="lease4_release",
    effects={SKIP: "the lease is kept and expires in its time", DROP: "the lease is kept and expires in its time"},
):
    """A RELEASE is accepted, the lease still there."""

    __slots__ = ("lease4", "query4")
    query4: In[Packet4]
    lease4: In[Lease4]


class Lease4Decline(
    Callout, point="lease4_decline", effects={SKIP: "the lease is not declined", DROP: "the lease is not declined"}
):
    """A DECLINE is accepted, the lease still the client's."""

    __slots__ = ("lease4", "query4")
    query4: In[Packet4]
    lease4: In[Lease4]


class Leases4Committed(
    Callout,
    point="leases4_committed",
    effects={DROP: "no response; the leases stay changed", PARK: "the response waits"},
):
    """Changes for a REQUEST, RELEASE or DECLINE are stored (maybe none; response4 is None for the last two)."""

    __slots__ = ("deleted_leases4", "leases4", "query4", "response4")
    query4: In[Packet4]
    response4: InOut[Packet4 | None]
    leases4: In[Sequence[Lease4]]
    deleted_leases4: In[Sequence[Lease4]]


class Lease4Offer(
    Callout,
    point="lease4_offer",
    effects={
        DROP: "no OFFER",
        PARK: "the OFFER waits; unparked with `offer_address_in_use` true, it is discarded and the address declined",
    },
):
    """An OFFER is built and not sent."""

    __slots__ = ("host", "leases4", "offer_address_in_use", "offer_lifetime", "old_lease", "query4", "response4")
    query4: In[Packet4]
    response4: InOut[Packet4]
    leases4: In[Sequence[Lease4]]
    offer_lifetime: In[int]
    old_lease: In[Lease4 | None]
    host: In[Host4 | None]
    offer_address_in_use: Out[bool]


class Lease4ServerDecline(Callout, point="lease4_server_decline"):
    """The server has declined an address that was to be offered."""

    __slots__ = ("lease4", "peers_to_update", "query4")
    query4: In[Packet4]
    lease4: In[Lease4]
    peers_to_update: Out[int]


class Pkt4Send(
    Callout,
    point="pkt4_send",
    effects={SKIP: "the server does not pack: the callout has set `data`", DROP: "no response"},
):
    """The response is complete and not packed; subnet4 is None for an INFORM and where there is none."""

    __slots__ = ("data", "query4", "response4", "subnet4")
    query4: In[Packet4]
    response4: InOut[Packet4]
    subnet4: In[Subnet4 | None]
    data: Out[bytes]


class Buffer4Send(Callout, point="buffer4_send", effects={SKIP: "no response", DROP: "no response"}):
    """The response is packed and about to be sent."""

    __slots__ = ("data", "response4")
    response4: In[Packet4]
    data: InOut[bytes]


class ContextDestroy(Callout, point="context_destroy", detached=True):
    """After all other points of it; the server does not wait for these callouts."""

    __slots__ = ()


# Leases that end, and commands


class Lease4Expire(
    Callout, point="lease4_expire", effects={SKIP: "the callout has reclaimed it; the server does nothing"}
):
    """An expired lease is about to be reclaimed (remove_lease: and removed at once)."""

    __slots__ = ("lease4", "remove_lease")
    lease4: InOut[Lease4]
    remove_lease: In[bool]


class Lease4Recover(Callout, point="lease4_recover", effects={SKIP: "the lease stays declined until the next cycle"}):
    """A declined lease's probation has ended (lease4_expire came first)."""

    __slots__ = ("lease4",)
    lease4: In[Lease4]


class CommandProcessed(Callout, point="command_processed"):
    """After each control command, whichever way it came and whatever came of it."""

    __slots__ = ("arguments", "name", "response")
    name: In[str]
    arguments: In[dict[str, Any] | None]
    response: InOut[dict[str, Any]]


ROWS: Final[tuple[type[Callout], ...]] = (
    Dhcp4SrvConfigured,
    Cb4Updated,
    ContextCreate,
    Buffer4Receive,
    Pkt4Receive,
    Subnet4Select,
    Host4Identifier,
    Ddns4Update,
    Lease4Select,
    Lease4Renew,
    Lease4Release,
    Lease4Decline,
    Leases4Committed,
    Lease4Offer,
    Lease4ServerDecline,
    Pkt4Send,
    Buffer4Send,
    ContextDestroy,
    Lease4Expire,
    Lease4Recover,
    CommandProcessed,
)
POINTS: Final[dict[str, type[Callout]]] = {row.point: row for row in ROWS}


class Hooks4(Hooks):
    """The chain of each point, None where nobody listens."""

    __slots__ = tuple(POINTS)
    dhcp4_srv_configured: Chain[Dhcp4SrvConfigured] | None
    cb4_updated: Chain[Cb4Updated] | None
    context_create: Chain[ContextCreate] | None
    buffer4_receive: Chain[Buffer4Receive] | None
    pkt4_receive: Chain[Pkt4Receive] | None
    subnet4_select: Chain[Subnet4Select] | None
    host4_identifier: Chain[Host4Identifier] | None
    ddns4_update: Chain[Ddns4Update] | None
    lease4_select: Chain[Lease4Select] | None
    lease4_renew: Chain[Lease4Renew] | None
    lease4_release: Chain[Lease4Release] | None
    lease4_decline: Chain[Lease4Decline] | None
    leases4_committed: Chain[Leases4Committed] | None
    lease4_offer: Chain[Lease4Offer] | None
    lease4_server_decline: Chain[Lease4ServerDecline] | None
    pkt4_send: Chain[Pkt4Send] | None
    buffer4_send: Chain[Buffer4Send] | None
    context_destroy: Chain[ContextDestroy] | None
    lease4_expire: Chain[Lease4Expire] | None
    lease4_recover: Chain[Lease4Recover] | None
    command_processed: Chain[CommandProcessed] | None
