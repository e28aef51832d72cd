"""The commands that change DHCPv6 leases one at a time or all at once, or write them to a file.

Law: an answer of success leaves after the change is stored. A change is noted for the statistics in the same turn of
the loop in which the store has accepted it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from kead.leases.lease6 import Lease6, LeaseType
from kead.wire.address import text_ip6

from . import messages
from .arguments import Arguments
from .changes import note_update
from .changing import (
    address_to_resend,
    busy,
    changed_meanwhile,
    check_name,
    file_to_write,
    resent,
    updates_off,
    wiped,
    wiped_subnet,
)
from .handling import Answer, Call, handles, success
from .lease6 import check_client, check_registration, lease_of
from .lookup import NO_MAP, Lookup, lookup_of
from .reading6 import find
from .refused import CONFLICT, EMPTY, Refused

if TYPE_CHECKING:
    from kead.dhcp6.public import PublicServer6


@handles("lease6-add")
async def lease6_add(call: Call) -> Answer:
    if not call.has_arguments:
        raise Refused("no parameters specified for the command")
    arguments, server = call.map(), call.server6
    lease = lease_of(arguments, server, int(time.time()))
    arguments.boolean("force-create")
    text = text_ip6(lease.address)
    if server.is_busy(lease.address):
        raise busy(text, "added")
    exists = await server.store.get(lease.type, lease.address) is not None
    if not exists:
        check_client(lease)
    if exists or not await server.store.add(lease):
        raise Refused("IPv6 lease already exists.", CONFLICT)
    server.tally.added(lease)
    await server.durable()
    messages.ADDED6(text)
    what = f"address {text}" if lease.type == LeaseType.NA else f"prefix {text}/{lease.prefix_length}"
    return success(f"Lease for {what}, subnet-id {lease.subnet_id} added.")


@handles("lease6-update")
async def lease6_update(call: Call) -> Answer:
    if not call.has_arguments:
        raise Refused("no parameters specified for lease6-update command")
    arguments, server = call.map(), call.server6
    lease = lease_of(arguments, server, int(time.time()))
    added = await put(server, lease, force=arguments.boolean("force-create"))
    await server.durable()
    messages.UPDATED6(text_ip6(lease.address))
    return success("IPv6 lease added." if added else "IPv6 lease updated.")


async def put(server: PublicServer6, lease: Lease6, *, force: bool) -> bool:
    """Have a lease accepted in place of the one that its address has; with `force` there need be none.

    Whether there was none. Refused: it cannot take that one's place, or the address is in use otherwise.
    """
    text = text_ip6(lease.address)
    if server.is_busy(lease.address):
        raise busy(text, "updated")
    old = await server.store.get(lease.type, lease.address)
    if old is not None:
        check_registration(old, lease)
    if old is not None or force:
        check_client(lease)
    if old is None and force and await server.store.add(lease):
        server.tally.added(lease)
    elif old is not None and await server.store.update(lease, old):
        note_update(server.tally, old, lease)
    else:
        raise changed_meanwhile(text)
    return old is None


@handles("lease6-del")
async def lease6_del(call: Call) -> Answer:
    server = call.server6
    arguments = call.map(NO_MAP)
    lease = await find(server.store, deleted(arguments))
    if lease is None or not await take(server, lease):
        return {"result": EMPTY, "text": "IPv6 lease not found."}
    if arguments.boolean("update-ddns"):
        server.name_changed(lease, added=False)
    await server.durable()
    messages.DELETED6(text_ip6(lease.address))
    return success("IPv6 lease deleted.")


def deleted(arguments: Arguments) -> Lookup:
    """Which lease is to be deleted."""
    lookup = lookup_of(arguments, v6=True)
    if lookup.by == "hw-address":
        raise Refused("Delete by hw-address is not allowed in v6.")
    if lookup.by == "client-id":
        raise Refused("Unknown query type: 3")
    return lookup


async def take(server: PublicServer6, lease: Lease6) -> bool:
    """Have a lease's removal accepted. False: it has gone or changed meanwhile."""
    if not await server.store.delete(lease):
        return False
    server.tally.removed(lease)
    return True


@handles("lease6-wipe")
async def lease6_wipe(call: Call) -> Answer:
    server = call.server6
    chosen = wiped_subnet(call)
    subnets = [chosen] if chosen else [subnet.id for subnet in server.config.subnets]
    wanted, number = frozenset(subnets), 0
    async for page in server.store.all():
        before = number
        for lease in page:
            if lease.subnet_id in wanted and await server.store.delete(lease):
                server.tally.removed(lease, in_pool=False)
                number += 1
        if number != before:
            await server.durable()
    messages.WIPED6(call.text())
    return wiped(number, subnets, "IPv6")


@handles("lease6-resend-ddns")
async def lease6_resend_ddns(call: Call) -> Answer:
    address = address_to_resend(call, v6=True)
    if not call.in_dhcp6:
        raise updates_off()
    server = call.server6
    if not server.config.d2_client.enable_updates:
        raise updates_off()
    lease = await server.store.get(LeaseType.NA, address)
    text = text_ip6(address)
    check_name(lease, text)
    assert lease is not None
    server.name_changed(lease, added=True)
    await server.durable()
    told = resent(lease, text)
    messages.RESENT6(told)
    return success(told)


@handles("lease6-write")
async def lease6_write(call: Call) -> Answer:
    if not call.in_dhcp6:
        raise Refused("this server has no IPv6 leases to write")
    server = call.server6
    path = file_to_write(call, server)
    await server.store.write_file(path)
    return success(f"IPv6 lease database into '{path}'.")
