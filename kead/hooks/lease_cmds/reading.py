"""What the commands that show leases ask for, whichever family: subnets, pages, states, one text; and their answer.

Law: reads arguments and leases. What is refused, and in which order, is as in Kea 3.0.4.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from typing import Any, Final, TypeVar

from kead.leases.lease import Lease, State

from .arguments import is_address
from .handling import Answer, Call
from .lease import STATES
from .refused import EMPTY, SUCCESS, Refused

NO_ARGUMENTS: Final = "Command arguments missing or a not a map."
PAGE: Final = 1000
"""How many leases are shown between two turns of the loop."""
_MOST: Final = 0xFFFFFFFF
_Lease = TypeVar("_Lease", bound=Lease)
_Pages = AsyncIterator[Sequence[_Lease]]
_Show = Callable[[_Lease], dict[str, Any]]


def found(leases: Iterable[dict[str, Any]], family: str) -> Answer:
    """The answer that shows these leases. `family`: "IPv4" or "IPv6"."""
    shown = list(leases)
    return {
        "result": SUCCESS if shown else EMPTY,
        "text": f"{len(shown)} {family} lease(s) found.",
        "arguments": {"leases": shown},
    }


async def where(pages: _Pages[_Lease], fits: Callable[[_Lease], bool], show: _Show[_Lease]) -> list[dict[str, Any]]:
    """All leases that fit."""
    return [show(lease) async for page in pages for lease in page if fits(lease)]


async def of_subnets(pages: _Pages[_Lease], wanted: list[int], show: _Show[_Lease]) -> list[dict[str, Any]]:
    """The leases of these subnets: in the subnets' order, of one listed twice twice."""
    by_subnet: dict[int, list[dict[str, Any]]] = {subnet_id: [] for subnet_id in wanted}
    if wanted:
        async for page in pages:
            for lease in page:
                shown = by_subnet.get(lease.subnet_id)
                if shown is not None:
                    shown.append(show(lease))
    return [lease for subnet_id in wanted for lease in by_subnet[subnet_id]]


async def one_page(pages: _Pages[_Lease], limit: int, family: str, show: _Show[_Lease]) -> Answer:
    """The answer that shows the first `limit` leases, with their number."""
    leases: list[dict[str, Any]] = []
    async for page in pages:
        leases += map(show, page[: limit - len(leases)])
        if len(leases) >= limit:
            break
    answer = found(leases, family)
    answer["arguments"]["count"] = len(leases)
    return answer


def subnet_ids(call: Call) -> list[int]:
    """The subnets that a -get-all is asked for, as often and in the order as they are listed."""
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


def state_and_subnet(call: Call) -> tuple[int, int]:
    """The state that a -get-by-state is asked for, and the subnet, 0 for all."""
    arguments = call.map(NO_ARGUMENTS)
    if "state" not in arguments:
        raise Refused("'state' parameter not specified")
    return _state(arguments.get("state")), arguments.number("subnet-id", 0)


def _state(value: object) -> int:
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
