"""A DHCPv4 lease between its JSON in commands and kead's own form.

Law: reads no store and changes nothing. What is refused, and in which order, is as in Kea 3.0.4.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kead.control import json_text
from kead.control.answers import text_form
from kead.leases.context import compact_context, kea_context, load
from kead.leases.extended4 import check_extended_info
from kead.leases.lease4 import Lease4, State
from kead.wire.address import text_ip4

from . import identifiers
from .arguments import Arguments
from .refused import CONFLICT, Refused

if TYPE_CHECKING:
    from kead.config.snapshot4 import Subnet4
    from kead.dhcp4.public import PublicServer4

STATES: Final = {
    State.DEFAULT: "default",
    State.DECLINED: "declined",
    State.RECLAIMED: "expired-reclaimed",
    State.RELEASED: "released",
    State.REGISTERED: "registered",
}
_SUPPORTED: Final = (
    "supported values are: 0 (default), 1 (declined), 2 (expired-reclaimed), 3 (released) and 4 (registered)"
)


def lease_of(arguments: Arguments, server: PublicServer4, now: int) -> Lease4:
    """The lease that the arguments describe; what they leave open is the subnet's or nothing. `now`: in seconds."""
    address = arguments.address("ip-address")
    hwaddr = identifiers.hwaddr(arguments.string("hw-address"))
    subnet = _subnet(arguments, server, address)
    pool_id = arguments.number("pool-id", 0)
    client_id = identifiers.client_id(arguments.string("client-id")) if "client-id" in arguments else b""
    valid = arguments.number("valid-lft", subnet.valid.default)
    cltt = _begin(arguments, address, valid, now)
    forward = arguments.boolean("fqdn-fwd")
    reverse = arguments.boolean("fqdn-rev")
    hostname = host_name(arguments.string("hostname", ""))
    if (forward or reverse) and not hostname:
        raise Refused("No hostname specified and either forward or reverse fqdn was set to true.")
    state = arguments.number("state", 0)
    if state > State.REGISTERED:
        raise Refused(f"Invalid state value: {state}, {_SUPPORTED}")
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
        state=state,
        user_context=_context(arguments),
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


def _begin(arguments: Arguments, address: int, valid: int, now: int) -> int:
    """When the client was last heard of, from the time when the lease ends."""
    if "expire" not in arguments:
        return now
    expire = arguments.integer("expire")
    if expire <= 0:
        raise Refused(f"expiration time must be positive for address {text_ip4(address)}")
    if expire < valid:
        raise Refused(f"expiration time must be greater than valid lifetime for address {text_ip4(address)}")
    return expire - valid


def _context(arguments: Arguments) -> str:
    """user-context and comment together, as leases keep it."""
    context, comment = arguments.get("user-context"), arguments.get("comment")
    if "user-context" not in arguments:
        context = {}
    elif not isinstance(context, dict):
        raise Refused(f"Invalid user context '{text_form(context)}' is not a JSON map.")
    if "comment" in arguments:
        if "comment" in context:
            raise Refused(f"Duplicated comment entry '{text_form(comment)}' in user context '{text_form(context)}'")
        context = {**context, "comment": comment}
    return compact_context(text_form(context).encode()) if context else ""


def host_name(text: str) -> str:
    """A name as leases keep it: lower case, as far as ASCII goes."""
    if text.isascii():
        return text.lower()
    data = b"".join(one.encode("latin-1" if one <= "\xff" else "utf-8") for one in text)
    return data.lower().decode("utf-8", "surrogateescape")


def as_json(lease: Lease4) -> dict[str, Any]:
    """The lease as commands show it."""
    shown: dict[str, Any] = {
        "ip-address": text_ip4(lease.address),
        "subnet-id": lease.subnet_id,
        "hw-address": lease.hwaddr.hex(":"),
        "valid-lft": lease.valid_lifetime,
        "cltt": lease.cltt,
        "fqdn-fwd": lease.fqdn_fwd,
        "fqdn-rev": lease.fqdn_rev,
        "hostname": _disguised(lease.hostname),
        "state": lease.state,
    }
    if lease.pool_id:
        shown["pool-id"] = lease.pool_id
    if lease.client_id:
        shown["client-id"] = lease.client_id.hex(":")
    if lease.user_context:
        shown["user-context"] = _context_tree(lease.user_context)
    return shown


def _disguised(text: str) -> str:
    return text if text.isascii() else text.encode("utf-8", "surrogateescape").decode("latin-1")


def _context_tree(text: str) -> object:
    return load(text) if text.isascii() and "\\udc" not in text else json_text.read(kea_context(text).encode())
