"""The commands that show DHCPv4 leases: one, all, a page, or those of a client, name or state.

Law: nothing is changed here. What looks at every lease goes page by page, and packets are served in between.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final

from kead.leases.lease4 import Lease4, State
from kead.leases.store4 import LeaseStore4
from kead.wire.address import parse_ip4

from . import identifiers
from .arguments import is_address
from .handling import Answer, Call, handles, success
from .lease4 import STATES, as_json, host_name
from .lookup import NO_MAP, Lookup, lookup_of
from .refused import EMPTY, SUCCESS, Refused

_ETHERNET: Final = 1
_MOST: Final = 0xFFFFFFFF
NO_ARGUMENTS: Final = "Command arguments missing or a not a map."


@handles("lease4-get")
async def lease4_get(call: Call) -> Answer:
    lookup = lookup_of(call.map(NO_MAP))
    if lookup.by == "duid":
        raise Refused("Query by duid is not allowed in v4.")
    lease = await find(call.server.store, lookup)
    if lease is None:
        return {"result": EMPTY, "text": "Lease not found."}
    return success("IPv4 lease found.") | {"arguments": as_json(lease)}


@handles("lease4-get-all")
async def lease4_get_all(call: Call) -> Answer:
    store = call.server.store
    if not call.has_arguments:
        return _found([as_json(lease) async for page in store.all() for lease in page])
    wanted = subnet_ids(call)
    by_subnet: dict[int, list[dict[str, Any]]] = {subnet_id: [] for subnet_id in wanted}
    if wanted:
        async for page in store.all():
            for lease in page:
                shown = by_subnet.get(lease.subnet_id)
                if shown is not None:
                    shown.append(as_json(lease))
    return _found([lease for subnet_id in wanted for lease in by_subnet[subnet_id]])


def subnet_ids(call: Call) -> list[int]:
    """The subnets that lease4-get-all is asked for, as often and in the order as they are listed."""
    arguments = call.map()
    if "subnets" not in arguments:
        raise Refused("'subnets' parameter not specified")
    subnets = arguments.get("subnets")
    if not isinstance(subnets, list):
        raise Refused("'subnets' parameter must be a list")
    for subnet_id in subnets:
        if not isinstance(subnet_id, int) or isinstance(subnet_id, bool):
            raise Refused("listed subnet identifiers must be numbers")
    return [subnet_id & _MOST for subnet_id in subnets]


@handles("lease4-get-page")
async def lease4_get_page(call: Call) -> Answer:
    start, limit = page_of(call, "lease4-get-page", "IPv4", parse_ip4)
    leases: list[dict[str, Any]] = []
    async for page in call.server.store.all(min(limit, 1000), start):
        leases += map(as_json, page[: limit - len(leases)])
        if len(leases) >= limit:
            break
    answer = _found(leases)
    answer["arguments"]["count"] = len(leases)
    return answer


def page_of(call: Call, name: str, family: str, parse: Callable[[str], int]) -> tuple[int, int]:
    """After which address (-1: from the first one on) a page begins, and how many leases it holds at most."""
    if not call.has_arguments:
        raise Refused(f"no parameters specified for the {name} command")
    arguments = call.map()
    if "from" not in arguments:
        raise Refused("'from' parameter not specified")
    if "limit" not in arguments:
        raise Refused("'limit' parameter not specified")
    limit, start = arguments.get("limit"), arguments.get("from")
    if not isinstance(limit, int) or isinstance(limit, bool):
        raise Refused("'limit' parameter must be a number")
    if not isinstance(start, str):
        raise Refused("'from' parameter must be a string")
    address = -1
    if start != "start":
        try:
            address = parse(start) or -1
        except ValueError:
            if is_address(start):
                raise Refused(f"'from' parameter value {start} is not an {family} address") from None
            raise Refused(f"'from' parameter value is neither 'start' keyword nor a valid {family} address") from None
    if not limit:
        raise Refused("page size of retrieved leases must not be 0")
    if not 0 < limit <= _MOST:
        raise Refused("page size of retrieved leases must not be greater than 4294967295")
    return address, limit


@handles("lease4-get-by-hw-address")
async def lease4_get_by_hw_address(call: Call) -> Answer:
    hwaddr = identifiers.hwaddr(text_argument(call, "hw-address"))
    store = call.server.store
    if not hwaddr:
        return _found(await _where(store, lambda lease: not lease.hwaddr))
    return _found(map(as_json, _ethernet((await store.of_client(b"", hwaddr))[1])))


@handles("lease4-get-by-client-id")
async def lease4_get_by_client_id(call: Call) -> Answer:
    client_id = identifiers.client_id(text_argument(call, "client-id"))
    return _found(map(as_json, (await call.server.store.of_client(client_id, b""))[0]))


@handles("lease4-get-by-hostname")
async def lease4_get_by_hostname(call: Call) -> Answer:
    hostname = host_name(text_argument(call, "hostname"))
    if not hostname:
        raise Refused("'hostname' parameter is empty")
    return _found(await _where(call.server.store, lambda lease: lease.hostname == hostname))


@handles("lease4-get-by-state")
async def lease4_get_by_state(call: Call) -> Answer:
    arguments = call.map(NO_ARGUMENTS)
    if "state" not in arguments:
        raise Refused("'state' parameter not specified")
    state = state_of(arguments.get("state"))
    subnet_id = arguments.number("subnet-id", 0)
    return _found(
        await _where(
            call.server.store,
            lambda lease: lease.state == state and (not subnet_id or lease.subnet_id == subnet_id),
        )
    )


def state_of(value: object) -> int:
    """A state's number, from that or its name."""
    names = {"assigned": State.DEFAULT} | {name: state for state, name in STATES.items()}
    if isinstance(value, str) and value in names:
        return names[value]
    if isinstance(value, int) and not isinstance(value, bool) and value in list(State):
        return value
    if not isinstance(value, (str, int)) or isinstance(value, bool):
        raise Refused("'state' parameter must be a number or a string")
    raise Refused(f"unknown state: {value}")


def text_argument(call: Call, key: str) -> str:
    """The one argument of a command that looks for something."""
    arguments = call.map(NO_ARGUMENTS)
    if key not in arguments:
        raise Refused(f"'{key}' parameter not specified")
    value = arguments.get(key)
    if not isinstance(value, str):
        raise Refused(f"'{key}' parameter must be a string")
    return value


async def find(store: LeaseStore4, lookup: Lookup) -> Lease4 | None:
    """The lease that is looked for; of several that a client has in a subnet the first."""
    if lookup.by == "address":
        return await store.get(lookup.address)
    if lookup.by == "client-id":
        found = (await store.of_client(lookup.identifier, b""))[0]
    else:
        found = _ethernet((await store.of_client(b"", lookup.identifier))[1])
    return next((lease for lease in found if lease.subnet_id == lookup.subnet_id), None)


def _ethernet(leases: Iterable[Lease4]) -> list[Lease4]:
    return [lease for lease in leases if lease.htype == _ETHERNET]


async def _where(store: LeaseStore4, fits: Callable[[Lease4], bool]) -> list[dict[str, Any]]:
    return [as_json(lease) async for page in store.all() for lease in page if fits(lease)]


def _found(leases: Iterable[dict[str, Any]]) -> Answer:
    shown = list(leases)
    return {
        "result": SUCCESS if shown else EMPTY,
        "text": f"{len(shown)} IPv4 lease(s) found.",
        "arguments": {"leases": shown},
    }
