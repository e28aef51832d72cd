"""The commands that change DHCPv4 leases, or write them to a file.

Law: an answer of success leaves after the change is stored. A change is noted for the statistics in the same turn of
the loop in which the store has accepted it.
"""

from __future__ import annotations

import time
from pathlib import Path

from kead.config.restrictions import ForbiddenPathError, Restrictions
from kead.leases.cleanup_files import CleanupFiles
from kead.leases.lease4 import Lease4
from kead.wire.address import text_ip4

from . import messages
from .arguments import family_address, is_address
from .changes import note_update
from .handling import Answer, Call, handles, success
from .lease4 import check_client, lease_of
from .lookup import NO_MAP, lookup_of
from .reading4 import find
from .refused import CONFLICT, EMPTY, SUCCESS, Refused


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
        raise Refused(
            f"failed to update the lease with address {text} either because the lease has been deleted or it has "
            "changed in the database, in both cases a retry might succeed",
            CONFLICT,
        )
    await server.durable()
    messages.UPDATED(text)
    return success("IPv4 lease added." if old is None else "IPv4 lease updated.")


def _check_busy(call: Call, lease: Lease4, what: str) -> None:
    if call.server.is_busy(lease.address):
        raise Refused(f"ResourceBusy: IP address:{text_ip4(lease.address)} could not be {what}.", CONFLICT)


@handles("lease4-del")
async def lease4_del(call: Call) -> Answer:
    lookup = lookup_of(call.map(NO_MAP))
    if lookup.by == "duid":
        raise Refused("Delete by duid is not allowed in v4.")
    server = call.server
    lease = await find(server.store, lookup)
    if lease is None or not await server.store.delete(lease):
        return {"result": EMPTY, "text": "IPv4 lease not found."}
    server.tally.removed(lease)
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
    text = " ".join([f"Deleted {number} IPv4 lease(s) from subnet(s)", *map(str, subnets)])
    return {"result": SUCCESS if number else EMPTY, "text": text}


def wiped_subnet(call: Call) -> int:
    """The subnet that is to be wiped, 0 for all."""
    if not call.has_arguments:
        return 0
    try:
        return call.map().number("subnet-id", 0)
    except Refused as refused:
        if refused.text.startswith("get("):
            raise call.no_map("contains") from None
        raise


@handles("lease4-resend-ddns")
async def lease4_resend_ddns(call: Call) -> Answer:
    raise no_updates(call, v6=False)


def no_updates(call: Call, *, v6: bool) -> Refused:
    """A server without DNS updates has none to send again; but first the address is looked at, as in Kea."""
    arguments = call.map("" if call.has_arguments else "'ip-address' parameter is missing.")
    if "ip-address" not in arguments:
        return Refused("'ip-address' parameter is missing.")
    text = arguments.get("ip-address")
    if not isinstance(text, str):
        return Refused("'ip-address' is not a string.")
    if not is_address(text):
        return Refused(f"'{text}' is not a valid IP address.")
    family_address(text, v6=v6)
    return Refused("DDNS updating is not enabled", CONFLICT)


@handles("lease4-write")
async def lease4_write(call: Call) -> Answer:
    path = file_to_write(call)
    await call.server.store.write_file(path)
    return success(f"IPv4 lease database into '{path}'.")


def file_to_write(call: Call) -> Path:
    """The file that a write command names; it must not be one that a clean-up works with."""
    if not call.has_arguments:
        raise Refused("no parameters specified for the command")
    arguments = call.map()
    if "filename" not in arguments:
        raise Refused("'filename' parameter not specified")
    name = arguments.get("filename")
    if not isinstance(name, str):
        raise Refused("'filename' parameter must be a string")
    try:
        path = Path(Restrictions.from_environment(enforce=call.server.restricted).lease_file(name))
    except ForbiddenPathError as error:
        raise Refused(f"'filename' parameter is invalid: {error}") from None
    files = CleanupFiles(Path(call.server.config.lease_database.path))
    if path in (files.copy, files.previous, files.completed, files.output, files.pid):
        raise Refused(f"'filename' parameter is invalid: '{path}' belongs to the clean-up of the lease file")
    return path
