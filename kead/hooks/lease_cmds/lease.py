"""What the JSON of a lease has in both families: times, names, states, user contexts.

Law: reads arguments and leases only. What is refused is what Kea 3.0.4 refuses; in which order, lease4.py and lease6.py
say.
"""

from __future__ import annotations

from typing import Any, Final

from kead.control import json_text
from kead.control.answers import text_form
from kead.leases.context import compact_context, kea_context, load
from kead.leases.lease import Lease, State

from .arguments import Arguments
from .refused import Refused

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


def begin_of(arguments: Arguments, address: str, valid: int, now: int) -> int:
    """When the client was last heard of, from the time when the lease ends."""
    if "expire" not in arguments:
        return now
    expire = arguments.integer("expire")
    if expire <= 0:
        raise Refused(f"expiration time must be positive for address {address}")
    if expire < valid:
        raise Refused(f"expiration time must be greater than valid lifetime for address {address}")
    return expire - valid


def names_of(arguments: Arguments) -> tuple[bool, bool, str]:
    """fqdn-fwd, fqdn-rev, hostname."""
    forward = arguments.boolean("fqdn-fwd")
    reverse = arguments.boolean("fqdn-rev")
    hostname = host_name(arguments.string("hostname", ""))
    if (forward or reverse) and not hostname:
        raise Refused("No hostname specified and either forward or reverse fqdn was set to true.")
    return forward, reverse, hostname


def state_of(arguments: Arguments) -> int:
    """The state, a number."""
    state = arguments.number("state", 0)
    if state > State.REGISTERED:
        raise Refused(f"Invalid state value: {state}, {_SUPPORTED}")
    return state


def context_of(arguments: Arguments) -> str:
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


def common_json(lease: Lease, address: str) -> dict[str, Any]:
    """What commands show of a lease of either family."""
    hostname = lease.hostname
    shown: dict[str, Any] = {
        "ip-address": address,
        "subnet-id": lease.subnet_id,
        "valid-lft": lease.valid_lifetime,
        "cltt": lease.cltt,
        "fqdn-fwd": lease.fqdn_fwd,
        "fqdn-rev": lease.fqdn_rev,
        "hostname": hostname if hostname.isascii() else hostname.encode("utf-8", "surrogateescape").decode("latin-1"),
        "state": lease.state,
    }
    if lease.pool_id:
        shown["pool-id"] = lease.pool_id
    if lease.user_context:
        shown["user-context"] = _context_tree(lease.user_context)
    return shown


def _context_tree(text: str) -> object:
    return load(text) if text.isascii() and "\\udc" not in text else json_text.read(kea_context(text).encode())
