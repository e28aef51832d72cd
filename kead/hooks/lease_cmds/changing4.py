"""The commands that change DHCPv4 leases, or write them to a file.

Law: an answer of success leaves after the change is stored. A change is noted for the statistics in the same turn of
the loop in which the store has accepted it.
"""

from __future__ import annotations

import time

from kead.leases.lease4 import Lease4
from kead.wire.address import text_ip4

from . import messages
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
from .lease4 import check_client, lease_of
from .lookup import NO_MAP, lookup_of
from .reading4 import find
from .refused import CONFLICT, EMPTY, Refused


@handles("lease4-add")
async def lease4_add(call: Call) -> Answer:
    if not call.has_arguments:
        raise Refused("no parameters specified for the command")
    arguments, server = call.map(), call.server
    lease = lease_of(arguments, server, int(time.time()))
    arguments.boolean("force-create")
    _check_busy(call, lease, "added")
    exists = await server.store.get(lease.address) is not None
    if not exists:
        check_client(lease)
    if exists or not await server.store.add(lease):
        raise Refused("IPv4 lease already exists.", CONFLICT)
    server.tally.added(lease)
    await server.durable()
    text = text_ip4(lease.address)
    messages.ADDED(text)
    return success(f"Lease for address {text}, subnet-id {lease.subnet_id} added.")


@handles("lease4-update")
async def lease4_update(call: Call) -> Answer:
    if not call.has_arguments:
        raise Refused("no parameters specified for lease4-update command")
    arguments, server = call.map(), call.server
    lease = lease_of(arguments, server, int(time.time()))
    force = arguments.boolean("force-create")
    _check_busy(call, lease, "updated")
    old = await server.store.get(lease.address)
    if old is not None or force:
        check_client(lease)
    text = text_ip4(lease.address)
    if old is None and force and await server.store.add(lease):
        server.tally.added(lease)
    elif old is not None and await server.store.update(lease, old):
        note_update(server.tally, old, lease)
    else:
        raise changed_meanwhile(text)
    await server.durable()
    messages.UPDATED(text)
    return success("IPv4 lease added." if old is None else "IPv4 lease updated.")


def _check_busy(call: Call, lease: Lease4, what: str) -> None:
    if call.server.is_busy(lease.address):
        raise busy(text_ip4(lease.address), what)


@handles("lease4-del")
async def lease4_del(call: Call) -> Answer:
    arguments = call.map(NO_MAP)
    lookup = lookup_of(arguments)
    if lookup.by == "duid":
        raise Refused("Delete by duid is not allowed in v4.")
    server = call.server
    lease = await find(server.store, lookup)
    if lease is None or not await server.store.delete(lease):
        return {"result": EMPTY, "text": "IPv4 lease not found."}
    server.tally.removed(lease)
    if arguments.boolean("update-ddns"):
        server.name_changed(lease, added=False)
    await server.durable()
    messages.DELETED(text_ip4(lease.address))
    return success("IPv4 lease deleted.")


@handles("lease4-wipe")
async def lease4_wipe(call: Call) -> Answer:
    server = call.server
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
    messages.WIPED(call.text())
    return wiped(number, subnets, "IPv4")


@handles("lease4-resend-ddns")
async def lease4_resend_ddns(call: Call) -> Answer:
    address = address_to_resend(call, v6=False)
    server = call.server
    if not server.config.d2_client.enable_updates:
        raise updates_off()
    lease = await server.store.get(address)
    text = text_ip4(address)
    check_name(lease, text)
    assert lease is not None
    server.name_changed(lease, added=True)
    await server.durable()
    told = resent(lease, text)
    messages.RESENT(told)
    return success(told)


@handles("lease4-write")
async def lease4_write(call: Call) -> Answer:
    path = file_to_write(call, call.server)
    await call.server.store.write_file(path)
    return success(f"IPv4 lease database into '{path}'.")
