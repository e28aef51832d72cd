"""The commands that show DHCPv6 leases: one, all, a page, or those of a client, name or state.

Law: nothing is changed here. What looks at every lease goes page by page, and packets are served in between.
"""

from __future__ import annotations

from typing import Final

from kead.leases.lease6 import Lease6
from kead.leases.store6 import LeaseStore6
from kead.wire.address import parse_ip6

from . import identifiers
from .handling import Answer, Call, handles, success
from .lease import host_name
from .lease6 import as_json
from .lookup import NO_MAP, Lookup, lookup_of
from .reading import PAGE, found, of_subnets, one_page, page_of, state_and_subnet, subnet_ids, text_argument, where
from .refused import EMPTY, Refused

_FAMILY: Final = "IPv6"


@handles("lease6-get")
async def lease6_get(call: Call) -> Answer:
    lookup = lookup_of(call.map(NO_MAP), v6=True)
    if lookup.by in ("hw-address", "client-id"):
        raise Refused(f"Query by {lookup.by} is not allowed in v6.")
    lease = await find(call.server6.store, lookup)
    if lease is None:
        return {"result": EMPTY, "text": "Lease not found."}
    return success("IPv6 lease found.") | {"arguments": as_json(lease)}


@handles("lease6-get-all")
async def lease6_get_all(call: Call) -> Answer:
    store = call.server6.store
    if not call.has_arguments:
        return found([as_json(lease) async for page in store.all() for lease in page], _FAMILY)
    return found(await of_subnets(store.all(), subnet_ids(call), as_json), _FAMILY)


@handles("lease6-get-page")
async def lease6_get_page(call: Call) -> Answer:
    start, limit = page_of(call, "lease6-get-page", _FAMILY, parse_ip6)
    return await one_page(call.server6.store.all(min(limit, PAGE), start), limit, _FAMILY, as_json)


@handles("lease6-get-by-duid")
async def lease6_get_by_duid(call: Call) -> Answer:
    duid = identifiers.duid(text_argument(call, "duid"))
    return found(map(as_json, await call.server6.store.of_client(duid)), _FAMILY)


@handles("lease6-get-by-hw-address")
async def lease6_get_by_hw_address(call: Call) -> Answer:
    hwaddr = identifiers.hwaddr(text_argument(call, "hw-address"))
    if not hwaddr:
        return found([], _FAMILY)
    return found(await where(call.server6.store.all(), lambda lease: lease.hwaddr == hwaddr, as_json), _FAMILY)


@handles("lease6-get-by-hostname")
async def lease6_get_by_hostname(call: Call) -> Answer:
    hostname = host_name(text_argument(call, "hostname"))
    if not hostname:
        raise Refused("'hostname' parameter is empty")
    return found(await where(call.server6.store.all(), lambda lease: lease.hostname == hostname, as_json), _FAMILY)


@handles("lease6-get-by-state")
async def lease6_get_by_state(call: Call) -> Answer:
    state, subnet_id = state_and_subnet(call)

    def fits(lease: Lease6) -> bool:
        return lease.state == state and (not subnet_id or lease.subnet_id == subnet_id)

    return found(await where(call.server6.store.all(), fits, as_json), _FAMILY)


async def find(store: LeaseStore6, lookup: Lookup) -> Lease6 | None:
    """The lease that is looked for, by its type and address or by its identity association in a subnet.

    Refused: an association has several leases, so it does not say which one.
    """
    if lookup.by == "nothing":
        return None
    if lookup.by == "address":
        return await store.get(lookup.type, lookup.address)
    leases = [
        lease
        for lease in await store.of_client(lookup.identifier)
        if lease.type == lookup.type and lease.iaid == lookup.iaid and lease.subnet_id == lookup.subnet_id
    ]
    if len(leases) > 1:
        raise Refused(
            f"More than one lease found for type {lookup.type}, duid {lookup.identifier.hex(':')}, "
            f"iaid {lookup.iaid} and subnet-id {lookup.subnet_id}"
        )
    return leases[0] if leases else None
