"""The commands that show DHCPv4 leases: one, all, a page, or those of a client, name or state.

Law: nothing is changed here. What looks at every lease goes page by page, and packets are served in between.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from kead.leases.lease4 import Lease4
from kead.leases.store4 import LeaseStore4
from kead.wire.address import parse_ip4

from . import identifiers
from .handling import Answer, Call, handles, success
from .lease import host_name
from .lease4 import as_json
from .lookup import NO_MAP, Lookup, lookup_of
from .reading import PAGE, found, of_subnets, one_page, page_of, state_and_subnet, subnet_ids, text_argument, where
from .refused import EMPTY, Refused

_ETHERNET: Final = 1
_FAMILY: Final = "IPv4"


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
        return found([as_json(lease) async for page in store.all() for lease in page], _FAMILY)
    return found(await of_subnets(store.all(), subnet_ids(call), as_json), _FAMILY)


@handles("lease4-get-page")
async def lease4_get_page(call: Call) -> Answer:
    start, limit = page_of(call, "lease4-get-page", _FAMILY, parse_ip4)
    return await one_page(call.server.store.all(min(limit, PAGE), start), limit, _FAMILY, as_json)


@handles("lease4-get-by-hw-address")
async def lease4_get_by_hw_address(call: Call) -> Answer:
    hwaddr = identifiers.hwaddr(text_argument(call, "hw-address"))
    store = call.server.store
    if not hwaddr:
        return found(await where(store.all(), lambda lease: not lease.hwaddr, as_json), _FAMILY)
    return found(map(as_json, _ethernet((await store.of_client(b"", hwaddr))[1])), _FAMILY)


@handles("lease4-get-by-client-id")
async def lease4_get_by_client_id(call: Call) -> Answer:
    client_id = identifiers.client_id(text_argument(call, "client-id"))
    return found(map(as_json, (await call.server.store.of_client(client_id, b""))[0]), _FAMILY)


@handles("lease4-get-by-hostname")
async def lease4_get_by_hostname(call: Call) -> Answer:
    hostname = host_name(text_argument(call, "hostname"))
    if not hostname:
        raise Refused("'hostname' parameter is empty")
    return found(await where(call.server.store.all(), lambda lease: lease.hostname == hostname, as_json), _FAMILY)


@handles("lease4-get-by-state")
async def lease4_get_by_state(call: Call) -> Answer:
    state, subnet_id = state_and_subnet(call)

    def fits(lease: Lease4) -> bool:
        return lease.state == state and (not subnet_id or lease.subnet_id == subnet_id)

    return found(await where(call.server.store.all(), fits, as_json), _FAMILY)


async def find(store: LeaseStore4, lookup: Lookup) -> Lease4 | None:
    """The lease that is looked for; of several that a client has in a subnet the first."""
    if lookup.by == "nothing":
        return None
    if lookup.by == "address":
        return await store.get(lookup.address)
    if lookup.by == "client-id":
        leases = (await store.of_client(lookup.identifier, b""))[0]
    else:
        leases = _ethernet((await store.of_client(b"", lookup.identifier))[1])
    return next((lease for lease in leases if lease.subnet_id == lookup.subnet_id), None)


def _ethernet(leases: Iterable[Lease4]) -> list[Lease4]:
    return [lease for lease in leases if lease.htype == _ETHERNET]
