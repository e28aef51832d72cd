"""The hook points of the DHCPv6 server, one row each: when it is called, its arguments, what its statuses do.

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
    from kead.config.snapshot6 import Config6, Subnet6
    from kead.dhcp6.associations import IaNa, IaPd
    from kead.dhcp6.packet import Packet6
    from kead.leases.lease6 import Lease6

# A configuration


class Dhcp6SrvConfigured(
    Callout, point="dhcp6_srv_configured", effects={DROP: 'the configuration fails with `error` (else "unknown error")'}
):
    """At the end of each (re)configuration, before the new one is in force."""

    __slots__ = ("error", "io_context", "json_config", "network_state", "server_config")
    io_context: In[None]
    network_state: In[Any]
    json_config: In[dict[str, Any]]
    server_config: In[Config6]
    error: Out[str]


class Cb6Updated(Callout, point="cb6_updated"):
    """After changes fetched from a configuration backend are in force."""

    __slots__ = ("audit_entries",)
    audit_entries: In[Sequence[Any]]


# A packet


class ContextCreate(Callout, point="context_create"):
    """Before any other point of a packet, command, configuration or reclaimed lease."""

    __slots__ = ()


class Buffer6Receive(
    Callout,
    point="buffer6_receive",
    effects={SKIP: "the server does not parse: the callout has set `query6`", DROP: "the packet is dropped"},
):
    """Bytes have come and are not parsed yet."""

    __slots__ = ("data", "query6")
    query6: InOut[Packet6 | None]
    data: InOut[bytes]


class Pkt6Receive(
    Callout, point="pkt6_receive", effects={SKIP: "the packet is dropped", DROP: "the packet is dropped"}
):
    """A packet is parsed, classified and fit to be answered."""

    __slots__ = ("query6",)
    query6: InOut[Packet6]


class Subnet6Select(
    Callout,
    point="subnet6_select",
    effects={
        SKIP: "no subnet: no leases, and only global options",
        DROP: "the packet is dropped",
        PARK: "the packet waits; unparked, it goes on with the arguments as they are then",
    },
):
    """The subnet is selected (None: there is none)."""

    __slots__ = ("query6", "subnet6", "subnet6collection")
    query6: InOut[Packet6]
    subnet6: InOut[Subnet6 | None]
    subnet6collection: In[Sequence[Subnet6]]


class Host6Identifier(
    Callout, point="host6_identifier", effects={SKIP: "the identifier is not used", DROP: "the identifier is not used"}
):
    """Reservations are about to be looked up by flex-id, if `host-reservation-identifiers` has it."""

    __slots__ = ("id_type", "id_value", "query6")
    query6: In[Packet6]
    id_type: InOut[str]
    id_value: Out[bytes]


class Ddns6Update(
    Callout,
    point="ddns6_update",
    names={"fwd_update": "fwd-update", "rev_update": "rev-update", "ddns_params": "ddns-params"},
):
    """The client has sent its name, and what becomes of it is worked out."""

    __slots__ = ("ddns_params", "fwd_update", "hostname", "query6", "response6", "rev_update", "subnet6")
    query6: In[Packet6]
    response6: In[Packet6]
    subnet6: In[Subnet6 | None]
    hostname: InOut[str]
    fwd_update: InOut[bool]
    rev_update: InOut[bool]
    ddns_params: In[Any]


class Lease6Select(
    Callout, point="lease6_select", effects={SKIP: "the lease is not assigned: its IA gets none; others go on"}
):
    """A lease is chosen and not stored yet; fake_allocation: it is for an ADVERTISE only."""

    __slots__ = ("fake_allocation", "lease6", "query6", "subnet6")
    query6: In[Packet6]
    subnet6: In[Subnet6]
    fake_allocation: In[bool]
    lease6: InOut[Lease6]


class Lease6Renew(
    Callout, point="lease6_renew", effects={SKIP: "the stored lease stays as it is; the REPLY is sent all the same"}
):
    """A lease is about to be extended for a RENEW. Either ia_na or ia_pd exists: what the REPLY will carry."""

    __slots__ = ("ia_na", "ia_pd", "lease6", "query6")
    query6: In[Packet6]
    lease6: InOut[Lease6]
    ia_na: InOut[IaNa]
    ia_pd: InOut[IaPd]


class Lease6Rebind(
    Callout, point="lease6_rebind", effects={SKIP: "the stored lease stays as it is; the REPLY is sent all the same"}
):
    """As lease6_renew, for a REBIND."""

    __slots__ = ("ia_na", "ia_pd", "lease6", "query6")
    query6: In[Packet6]
    lease6: InOut[Lease6]
    ia_na: InOut[IaNa]
    ia_pd: InOut[IaPd]


class Lease6Release(
    Callout,
    point="lease6_release",
    effects={SKIP: "the lease is kept, its IA gets UnspecFail", DROP: "the lease is kept, its IA gets UnspecFail"},
):
    """A lease is about to be released; once a lease."""

    __slots__ = ("lease6", "query6")
    query6: In[Packet6]
    lease6: In[Lease6]


class Lease6Decline(
    Callout,
    point="lease6_decline",
    effects={SKIP: "the lease is not declined, its IA gets no status", DROP: "the packet is dropped"},
):
    """A lease is about to be declined; once a lease."""

    __slots__ = ("lease6", "query6")
    query6: In[Packet6]
    lease6: In[Lease6]


class Addr6Register(
    Callout,
    point="addr6_register",
    effects={SKIP: "the lease is not stored; the reply is sent all the same", DROP: "the packet is dropped"},
):
    """An ADDR-REG-INFORM is accepted; its lease is not stored yet (old_lease6: what was registered before)."""

    __slots__ = ("address6", "new_lease6", "old_lease6", "query6", "response6")
    query6: In[Packet6]
    response6: InOut[Packet6]
    address6: In[int]
    old_lease6: In[Lease6 | None]
    new_lease6: In[Lease6]


class Leases6Committed(
    Callout,
    point="leases6_committed",
    effects={DROP: "no response; the leases stay changed", PARK: "the response waits"},
):
    """Changes for anything but an ADVERTISE, a CONFIRM and an INFORMATION-REQUEST are stored (maybe none)."""

    __slots__ = ("deleted_leases6", "leases6", "query6", "response6")
    query6: In[Packet6]
    response6: InOut[Packet6]
    leases6: In[Sequence[Lease6]]
    deleted_leases6: In[Sequence[Lease6]]


class Pkt6Send(
    Callout,
    point="pkt6_send",
    effects={SKIP: "the server does not pack: the callout has set `data`", DROP: "no response"},
):
    """The response is complete and not packed; subnet6 is None where there is none."""

    __slots__ = ("data", "query6", "response6", "subnet6")
    query6: In[Packet6]
    response6: InOut[Packet6]
    subnet6: In[Subnet6 | None]
    data: Out[bytes]


class Buffer6Send(Callout, point="buffer6_send", effects={SKIP: "no response", DROP: "no response"}):
    """The response is packed and about to be sent."""

    __slots__ = ("data", "response6")
    response6: In[Packet6]
    data: InOut[bytes]


class ContextDestroy(Callout, point="context_destroy", detached=True):
    """After all other points of it; the server does not wait for these callouts."""

    __slots__ = ()


# Leases that end, and commands


class Lease6Expire(
    Callout, point="lease6_expire", effects={SKIP: "the callout has reclaimed it; the server does nothing"}
):
    """An expired lease is about to be reclaimed (remove_lease: and removed at once)."""

    __slots__ = ("lease6", "remove_lease")
    lease6: InOut[Lease6]
    remove_lease: In[bool]


class Lease6Recover(Callout, point="lease6_recover", effects={SKIP: "the lease stays declined until the next cycle"}):
    """A declined lease's probation has ended (lease6_expire came first)."""

    __slots__ = ("lease6",)
    lease6: In[Lease6]


class CommandProcessed(Callout, point="command_processed"):
    """After each control command, whichever way it came and whatever came of it."""

    __slots__ = ("arguments", "name", "response")
    name: In[str]
    arguments: In[dict[str, Any] | None]
    response: InOut[dict[str, Any]]


ROWS: Final[tuple[type[Callout], ...]] = (
    Dhcp6SrvConfigured,
    Cb6Updated,
    ContextCreate,
    Buffer6Receive,
    Pkt6Receive,
    Subnet6Select,
    Host6Identifier,
    Ddns6Update,
    Lease6Select,
    Lease6Renew,
    Lease6Rebind,
    Lease6Release,
    Lease6Decline,
    Addr6Register,
    Leases6Committed,
    Pkt6Send,
    Buffer6Send,
    ContextDestroy,
    Lease6Expire,
    Lease6Recover,
    CommandProcessed,
)
POINTS: Final[dict[str, type[Callout]]] = {row.point: row for row in ROWS}


class Hooks6(Hooks):
    """The chain of each point, None where nobody listens."""

    __slots__ = tuple(POINTS)
    dhcp6_srv_configured: Chain[Dhcp6SrvConfigured] | None
    cb6_updated: Chain[Cb6Updated] | None
    context_create: Chain[ContextCreate] | None
    buffer6_receive: Chain[Buffer6Receive] | None
    pkt6_receive: Chain[Pkt6Receive] | None
    subnet6_select: Chain[Subnet6Select] | None
    host6_identifier: Chain[Host6Identifier] | None
    ddns6_update: Chain[Ddns6Update] | None
    lease6_select: Chain[Lease6Select] | None
    lease6_renew: Chain[Lease6Renew] | None
    lease6_rebind: Chain[Lease6Rebind] | None
    lease6_release: Chain[Lease6Release] | None
    lease6_decline: Chain[Lease6Decline] | None
    addr6_register: Chain[Addr6Register] | None
    leases6_committed: Chain[Leases6Committed] | None
    pkt6_send: Chain[Pkt6Send] | None
    buffer6_send: Chain[Buffer6Send] | None
    context_destroy: Chain[ContextDestroy] | None
    lease6_expire: Chain[Lease6Expire] | None
    lease6_recover: Chain[Lease6Recover] | None
    command_processed: Chain[CommandProcessed] | None
