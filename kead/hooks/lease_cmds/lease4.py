"""A DHCPv4 lease between its JSON in commands and kead's own form.

Law: reads no store and changes nothing. What is refused, and in which order, is as in Kea 3.0.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kead.leases.extended4 import check_extended_info
from kead.leases.lease4 import Lease4, State
from kead.wire.address import text_ip4

from . import identifiers
from .arguments import Arguments
from .lease import STATES, begin_of, common_json, context_of, names_of, state_of
from .refused import CONFLICT, Refused

if TYPE_CHECKING:
    from kead.config.snapshot4 import Subnet4
    from kead.dhcp4.public import PublicServer4


def lease_of(arguments: Arguments, server: PublicServer4, now: int) -> Lease4:
    """The lease that the arguments describe; what they leave open is the subnet's or nothing. `now`: in seconds."""
    address = arguments.address("ip-address")
    hwaddr = identifiers.hwaddr(arguments.string("hw-address"))
    subnet = _subnet(arguments, server, address)
    pool_id = arguments.number("pool-id", 0)
    client_id = identifiers.client_id(arguments.string("client-id")) if "client-id" in arguments else b""
    valid = arguments.number("valid-lft", subnet.valid.default)
    cltt = begin_of(arguments, text_ip4(address), valid, now)
    forward, reverse, hostname = names_of(arguments)
    lease = Lease4(
        address,
        hwaddr,
        client_id,
        valid,
        cltt,
        subnet.id,
        pool_id=pool_id,
        fqdn_fwd=forward,
        fqdn_rev=reverse,
        hostname=hostname,
        state=state_of(arguments),
        user_context=context_of(arguments),
    )
    if lease.user_context:
        check_extended_info(lease, server.config.sanity.extended_info_checks)
    return lease


def check_client(lease: Lease4) -> None:
    """A lease is somebody's, unless it is declined. In Kea the store looks at that, so it comes last."""
    if not lease.hwaddr and not lease.client_id and lease.state != State.DECLINED:
        raise Refused(
            f"Lease4: {text_ip4(lease.address)}, state: {STATES[State(lease.state)]} has neither hardware address or "
            "client id"
        )


def _subnet(arguments: Arguments, server: PublicServer4, address: int) -> Subnet4:
    subnet_id = arguments.number("subnet-id", 0)
    text = text_ip4(address)
    if not subnet_id:
        found = server.subnet_of(address)
        if found is None:
            raise Refused(f"subnet-id not specified and failed to find a subnet for address {text}", CONFLICT)
        return found
    subnet = server.config.by_id.get(subnet_id)
    if subnet is None:
        raise Refused(f"Invalid subnet-id: No IPv4 subnet with subnet-id={subnet_id} currently configured.", CONFLICT)
    if (address ^ subnet.prefix) & subnet.mask:
        raise Refused(f"The address {text} does not belong to subnet {subnet.text}, subnet-id={subnet_id}", CONFLICT)
    return subnet


def as_json(lease: Lease4) -> dict[str, Any]:
    """The lease as commands show it."""
    shown = common_json(lease, text_ip4(lease.address))
    shown["hw-address"] = lease.hwaddr.hex(":")
    if lease.client_id:
        shown["client-id"] = lease.client_id.hex(":")
    return shown
