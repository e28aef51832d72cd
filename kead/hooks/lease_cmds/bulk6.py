"""lease6-bulk-apply: many leases removed and put with one command.

Law: everything is read before anything is changed, and what cannot be read refuses the whole command. After that each
lease stands for itself: first the removals, then the others, each put whether its address has a lease or not. They
become durable in groups, and packets are served in between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterable
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kead.leases.lease6 import Lease6
from kead.wire.address import text_ip6

from . import messages
from .arguments import Arguments
from .changing6 import deleted, put, take
from .handling import Answer, Call, handles
from .lease6 import lease_of, type_name
from .lookup import NO_MAP, Lookup
from .reading import NO_ARGUMENTS
from .reading6 import find
from .refused import EMPTY, SUCCESS, Refused

if TYPE_CHECKING:
    from kead.dhcp6.public import PublicServer6

_Failed = dict[str, Any]
_Removal = tuple[Lookup, Lease6 | None]
_Any = TypeVar("_Any")
GROUP: Final = 200
"""How many leases are read, or changed, between two turns of the loop: some 5 ms."""


@handles("lease6-bulk-apply")
async def lease6_bulk_apply(call: Call) -> Answer:
    arguments, server = call.map(NO_ARGUMENTS), call.server6
    if "deleted-leases" not in arguments and "leases" not in arguments:
        raise Refused("neither 'deleted-leases' nor 'leases' parameter specified")
    number = 0
    failed: dict[str, list[_Failed]] = {"failed-deleted-leases": [], "failed-leases": []}
    async for change in _in_groups(server, await _read(arguments, server)):
        if isinstance(change, Lease6):
            try:
                await put(server, change, force=True)
                number += 1
            except Refused as refused:
                those = failed["failed-leases"]
                those.append(_failed(change.type, change.address, refused.result, refused.text))
            continue
        lookup, lease = change
        if lease is not None and await take(server, lease):
            number += 1
        elif lease is not None or lookup.by != "duid":  # what a client has nothing of is not named
            failed["failed-deleted-leases"].append(_not_found(lookup, lease))
    messages.APPLIED6(number)
    answer: Answer = {
        "result": SUCCESS if number else EMPTY,
        "text": f"Bulk apply of {number} IPv6 leases completed.",
    }
    shown = {key: those for key, those in failed.items() if those}
    return answer | {"arguments": shown} if shown else answer


async def _read(arguments: Arguments, server: PublicServer6) -> list[_Removal | Lease6]:
    """What is to be done, in that order. Refused: something in it cannot be read."""
    lists = {key: _elements(arguments, key) for key in ("deleted-leases", "leases")}
    removals: list[_Removal] = []
    async for element in _gently(lists["deleted-leases"]):
        lookup = deleted(element)
        removals.append((lookup, await find(server.store, lookup)))
    now = int(time.time())
    leases: list[Lease6] = []
    async for element in _gently(lists["leases"]):
        try:
            leases.append(lease_of(element, server, now))
            element.boolean("force-create")  # means nothing here, but must be one
        except Refused as refused:
            raise Refused(refused.text) from None
    return [*removals, *leases]


async def _gently(elements: Iterable[_Any]) -> AsyncIterator[_Any]:
    for number, element in enumerate(elements, 1):
        yield element
        if number % GROUP == 0:
            await asyncio.sleep(0)


async def _in_groups(server: PublicServer6, changes: list[_Removal | Lease6]) -> AsyncIterator[_Removal | Lease6]:
    """Each change in turn. A group is durable before the next one begins, so that none is undone unnoticed."""
    for start in range(0, len(changes), GROUP):
        for change in changes[start : start + GROUP]:
            yield change
        await server.durable()
        await asyncio.sleep(0)


def _elements(arguments: Arguments, key: str) -> list[Arguments]:
    if key not in arguments:
        return []
    elements = arguments.get(key)
    if not isinstance(elements, list):
        raise Refused(f"the '{key}' parameter must be a list")
    return [_element(arguments, key, position, element) for position, element in enumerate(elements)]


def _element(arguments: Arguments, key: str, position: int, element: object) -> Arguments:
    if isinstance(element, dict):
        return Arguments(element, lambda *path: arguments.place(key, position, *path))
    if key == "deleted-leases":
        raise Refused(NO_MAP)
    raise Refused(f"get(string) called on a non-map Element in ({arguments.place(key, position)})")


def _not_found(lookup: Lookup, lease: Lease6 | None) -> _Failed:
    """A lease that was to be removed is not there, or not any more."""
    address = lease.address if lease is not None else lookup.address if lookup.by == "address" else None
    return _failed(lookup.type, address, EMPTY, "lease not found")


def _failed(kind: int, address: int | None, result: int, text: str) -> _Failed:
    failed: _Failed = {"type": type_name(kind), "result": result, "error-message": text}
    if address is not None:
        failed["ip-address"] = text_ip6(address)
    return failed
