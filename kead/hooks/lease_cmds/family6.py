"""The commands for DHCPv6 leases in a server that has none.

Kea registers both families' commands in both servers. Here arguments are checked as there; then nothing is found, and
nothing can be added, since no IPv6 subnet is configured.
"""

from __future__ import annotations

from typing import Final

from kead.wire.address import parse_ip6

from . import identifiers
from .arguments import Arguments
from .changing4 import no_updates, wiped_subnet
from .handling import Answer, Call, handles
from .lookup import NO_MAP, lookup_of
from .reading4 import NO_ARGUMENTS, page_of, state_of, subnet_ids, text_argument
from .refused import CONFLICT, EMPTY, Refused

_NONE: Final = "0 IPv6 lease(s) found."


def _nothing(text: str) -> Answer:
    return {"result": EMPTY, "text": text}


def _no_leases() -> Answer:
    return _nothing(_NONE) | {"arguments": {"leases": []}}


@handles("lease6-add")
async def lease6_add(call: Call) -> Answer:
    if not call.has_arguments:
        raise Refused("no parameters specified for the command")
    raise _not_addable(call.map())


@handles("lease6-update")
async def lease6_update(call: Call) -> Answer:
    if not call.has_arguments:
        raise Refused("no parameters specified for lease6-update command")
    raise _not_addable(call.map())


@handles("lease6-bulk-apply")
async def lease6_bulk_apply(call: Call) -> Answer:
    arguments = call.map(NO_ARGUMENTS)
    if "deleted-leases" not in arguments and "leases" not in arguments:
        raise Refused("neither 'deleted-leases' nor 'leases' parameter specified")
    for key in ("deleted-leases", "leases"):
        if key in arguments and not isinstance(arguments.get(key), list):
            raise Refused(f"the '{key}' parameter must be a list")
    failed = []
    for position, entry in enumerate(arguments.get("deleted-leases") or []):
        lease = _element(arguments, "deleted-leases", position, entry)
        lookup_of(lease, v6=True)
        failed.append(
            {
                "type": lease.get("type") or "IA_NA",
                "ip-address": lease.get("ip-address") or "::",
                "result": EMPTY,
                "error-message": "lease not found",
            }
        )
    for position, entry in enumerate(arguments.get("leases") or []):
        refused = _not_addable(_element(arguments, "leases", position, entry))
        raise Refused(refused.text)
    answer = _nothing("Bulk apply of 0 IPv6 leases completed.")
    return answer | {"arguments": {"failed-deleted-leases": failed}} if failed else answer


def _element(arguments: Arguments, key: str, position: int, entry: object) -> Arguments:
    if not isinstance(entry, dict):
        raise Refused(NO_MAP)
    return Arguments(entry, lambda *path: arguments.place(key, position, *path))


def _not_addable(arguments: Arguments) -> Refused:
    """Why this lease cannot be here, after what is wrong with it in itself."""
    arguments.address("ip-address", v6=True)
    identifiers.duid(arguments.string("duid"))
    kind = arguments.string("type", "IA_NA")
    if kind not in ("IA_NA", "IA_PD"):
        return Refused(f"Incorrect lease type: {kind}, the only supported values are: IA_NA and IA_PD")
    if kind == "IA_PD":
        length = arguments.number("prefix-len", most=255)
        if not 0 < length <= 128:
            return Refused(f"Invalid prefix length: {length}")
    arguments.number("iaid")
    if "hw-address" in arguments:
        identifiers.hwaddr(arguments.string("hw-address"))
    subnet_id = arguments.number("subnet-id", 0)
    if subnet_id:
        return Refused(f"Invalid subnet-id: No IPv6 subnet with subnet-id={subnet_id} currently configured.", CONFLICT)
    if kind == "IA_PD":
        return Refused("Subnet-id is 0 or not specified. This is allowed for address leases only, not prefix leases.")
    text = arguments.string("ip-address")
    return Refused(f"subnet-id not specified and failed to find a subnet for address {text}", CONFLICT)


@handles("lease6-get")
async def lease6_get(call: Call) -> Answer:
    by = lookup_of(call.map(NO_MAP), v6=True).by
    if by in ("hw-address", "client-id"):
        raise Refused(f"Query by {by} is not allowed in v6.")
    return _nothing("Lease not found.")


@handles("lease6-del")
async def lease6_del(call: Call) -> Answer:
    by = lookup_of(call.map(NO_MAP), v6=True).by
    if by in ("hw-address", "client-id"):
        raise Refused(f"Delete by {by} is not allowed in v6.")
    return _nothing("IPv6 lease not found.")


@handles("lease6-get-all")
async def lease6_get_all(call: Call) -> Answer:
    if call.has_arguments:
        subnet_ids(call)
    return _no_leases()


@handles("lease6-get-page")
async def lease6_get_page(call: Call) -> Answer:
    page_of(call, "lease6-get-page", "IPv6", parse_ip6)
    return _nothing(_NONE) | {"arguments": {"count": 0, "leases": []}}


@handles("lease6-get-by-duid")
async def lease6_get_by_duid(call: Call) -> Answer:
    identifiers.duid(text_argument(call, "duid"))
    return _no_leases()


@handles("lease6-get-by-hw-address")
async def lease6_get_by_hw_address(call: Call) -> Answer:
    identifiers.hwaddr(text_argument(call, "hw-address"))
    return _no_leases()


@handles("lease6-get-by-hostname")
async def lease6_get_by_hostname(call: Call) -> Answer:
    if not text_argument(call, "hostname"):
        raise Refused("'hostname' parameter is empty")
    return _no_leases()


@handles("lease6-get-by-state")
async def lease6_get_by_state(call: Call) -> Answer:
    arguments = call.map(NO_ARGUMENTS)
    if "state" not in arguments:
        raise Refused("'state' parameter not specified")
    state_of(arguments.get("state"))
    arguments.number("subnet-id", 0)
    return _no_leases()


@handles("lease6-wipe")
async def lease6_wipe(call: Call) -> Answer:
    chosen = wiped_subnet(call)
    return _nothing("Deleted 0 IPv6 lease(s) from subnet(s)" + (f" {chosen}" if chosen else ""))


@handles("lease6-resend-ddns")
async def lease6_resend_ddns(call: Call) -> Answer:
    raise no_updates(call, v6=True)


@handles("lease6-write")
async def lease6_write(call: Call) -> Answer:
    raise Refused("this server has no IPv6 leases to write")
