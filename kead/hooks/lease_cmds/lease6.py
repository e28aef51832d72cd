"""A DHCPv6 lease between its JSON in commands and kead's own form.

Law: reads no store and changes nothing. What is refused, and in which order, is as in Kea 3.0.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kead.leases.extended6 import check_extended_info
from kead.leases.lease6 import EMPTY_DUID, Lease6, LeaseType, State
from kead.wire.address import text_ip6

from . import identifiers
from .arguments import Arguments
from .lease import STATES, begin_of, common_json, context_of, names_of, state_of
from .refused import CONFLICT, Refused

if TYPE_CHECKING:
    from kead.config.snapshot6 import Subnet6
    from kead.dhcp6.public import PublicServer6

TYPES: Final = {LeaseType.NA: "IA_NA", LeaseType.TA: "IA_TA", LeaseType.PD: "IA_PD"}
_KINDS: Final = {name: kind for kind, name in TYPES.items()}
_ETHERNET: Final = 1


def lease_of(arguments: Arguments, server: PublicServer6, now: int) -> Lease6:
    """The lease that the arguments describe; what they leave open is the subnet's or nothing. `now`: in seconds."""
    address = arguments.address("ip-address", v6=True)
    text = text_ip6(address)
    duid = identifiers.duid(arguments.string("duid"))
    kind = _kind(arguments)
    length = arguments.number("prefix-len", most=255) if kind == LeaseType.PD else 128
    subnet = _subnet(arguments, server, kind, address)
    pool_id = arguments.number("pool-id", 0)
    iaid = arguments.number("iaid")
    hwaddr = identifiers.hwaddr(arguments.string("hw-address")) if "hw-address" in arguments else b""
    valid = arguments.number("valid-lft", subnet.valid.default)
    preferred = arguments.number("preferred-lft", subnet.valid.default)  # the valid one: so does Kea
    cltt = begin_of(arguments, text, valid, now)
    forward, reverse, hostname = names_of(arguments)
    state = state_of(arguments)
    if kind == LeaseType.PD and state == State.DECLINED:
        raise Refused("Invalid declined state for PD prefix.")
    lease = Lease6(
        kind,
        address,
        length,
        duid,
        iaid,
        preferred,
        valid,
        cltt,
        subnet.id,
        pool_id=pool_id,
        hwaddr=hwaddr,
        htype=_ETHERNET if hwaddr else 0,
        fqdn_fwd=forward,
        fqdn_rev=reverse,
        hostname=hostname,
        state=state,
        user_context=context_of(arguments),
    )
    _check_prefix(address, length)
    if lease.user_context:
        check_extended_info(lease, server.config.sanity.extended_info_checks)
    return lease


def check_client(lease: Lease6) -> None:
    """A lease is somebody's, unless it is declined. In Kea the store looks at that, so it comes last."""
    if lease.duid == EMPTY_DUID and lease.state != State.DECLINED:
        raise Refused(f"Lease6: {text_ip6(lease.address)}, state: {STATES[State(lease.state)]}, has no DUID")


def check_registration(old: Lease6, lease: Lease6) -> None:
    """An address that its client has registered (RFC 9686) stays one, and no other becomes one."""
    if old.state == lease.state or State.REGISTERED not in (old.state, lease.state):
        return
    text = text_ip6(lease.address)
    if lease.state == State.REGISTERED:
        raise Refused(f"address in use: {text} can't be registered")
    raise Refused(f"illegal reuse of registered address {text}")


def _kind(arguments: Arguments) -> LeaseType:
    name = arguments.string("type", "IA_NA")
    kind = _KINDS.get(name)
    if kind is None:
        raise Refused(f"Incorrect lease type: {name}, the only supported values are: IA_NA and IA_PD")
    return kind


def _subnet(arguments: Arguments, server: PublicServer6, kind: LeaseType, address: int) -> Subnet6:
    subnet_id = arguments.number("subnet-id", 0)
    text = text_ip6(address)
    if not subnet_id:
        if kind != LeaseType.NA:
            raise Refused(
                "Subnet-id is 0 or not specified. This is allowed for address leases only, not prefix leases."
            )
        found = server.subnet_of(address)
        if found is None:
            raise Refused(f"subnet-id not specified and failed to find a subnet for address {text}", CONFLICT)
        return found
    subnet = server.config.by_id.get(subnet_id)
    if subnet is None:
        raise Refused(f"Invalid subnet-id: No IPv6 subnet with subnet-id={subnet_id} currently configured.", CONFLICT)
    if kind == LeaseType.NA and (address ^ subnet.prefix) & subnet.mask:
        raise Refused(f"The address {text} does not belong to subnet {subnet.text}, subnet-id={subnet_id}", CONFLICT)
    return subnet


def _check_prefix(address: int, length: int) -> None:
    if not 0 < length <= 128:
        raise Refused(f"Invalid prefix length: {length}")
    beyond = address & ((1 << (128 - length)) - 1)
    if beyond:
        raise Refused(
            f"Prefix address: {text_ip6(address)} exceeds prefix/prefix-len pair: {text_ip6(address ^ beyond)}/{length}"
        )


def as_json(lease: Lease6) -> dict[str, Any]:
    """The lease as commands show it."""
    shown = common_json(lease, text_ip6(lease.address))
    shown["type"] = type_name(lease.type)
    shown["duid"] = lease.duid.hex(":")
    shown["iaid"] = lease.iaid
    shown["preferred-lft"] = lease.preferred_lifetime
    if lease.type == LeaseType.PD:
        shown["prefix-len"] = lease.prefix_length
    if lease.hwaddr:
        shown["hw-address"] = lease.hwaddr.hex(":")
    return shown


def type_name(kind: int) -> str:
    """What is leased, as commands call it. A lease file may hold numbers that mean nothing."""
    return TYPES[LeaseType(kind)] if kind in list(LeaseType) else f"unknown ({kind})"
