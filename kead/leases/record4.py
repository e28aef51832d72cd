"""A lease at rest: one small `bytes` instead of an object with a dozen attributes.

A million leases are mostly looked at once in half their lifetime. As records they take a third of the memory, and
the garbage collector never sees them. Leases wake (become `Lease4`) when somebody asks for them.

Layout, little endian: valid lifetime, cltt, subnet id, pool id (32 bits each), state (8), hardware type (16), flags
(8: 1 forward, 2 reverse), length of the hardware address (8), of the client identifier (8); then these two; then,
if there is either, the host name, NUL, the user context, in UTF-8.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError
from typing import Final

from kead.leases.lease4 import Lease4

HEAD: Final = Struct("<IIIIBHBBB")
SIZE: Final = HEAD.size
HWADDR_LENGTH: Final = SIZE - 2
CLIENT_ID_LENGTH: Final = SIZE - 1

_head = HEAD.pack
_unpack = HEAD.unpack_from
_new = Lease4.__new__


def rest(lease: Lease4) -> bytes | None:
    """The record of a lease; None: it does not fit into one and must stay awake."""
    hwaddr = lease.hwaddr
    client_id = lease.client_id
    try:
        record = (
            _head(
                lease.valid_lifetime,
                lease.cltt,
                lease.subnet_id,
                lease.pool_id,
                lease.state,
                lease.htype,
                lease.fqdn_fwd + 2 * lease.fqdn_rev,
                len(hwaddr),
                len(client_id),
            )
            + hwaddr
            + client_id
        )
    except StructError:
        return None
    if lease.hostname or lease.user_context:
        if "\0" in lease.hostname:
            return None
        return record + f"{lease.hostname}\0{lease.user_context}".encode("utf-8", "surrogateescape")
    return record


def wake(address: int, record: bytes) -> Lease4:
    """The lease of a record."""
    lease = _new(Lease4)
    (
        lease.valid_lifetime,
        lease.cltt,
        lease.subnet_id,
        lease.pool_id,
        lease.state,
        lease.htype,
        flags,
        hwaddr_length,
        client_id_length,
    ) = _unpack(record)
    lease.address = address
    middle = SIZE + hwaddr_length
    end = middle + client_id_length
    lease.hwaddr = record[SIZE:middle]
    lease.client_id = record[middle:end]
    lease.fqdn_fwd = flags & 1 != 0
    lease.fqdn_rev = flags & 2 != 0
    if len(record) == end:
        lease.hostname = ""
        lease.user_context = ""
    else:
        lease.hostname, _, lease.user_context = record[end:].decode("utf-8", "surrogateescape").partition("\0")
    return lease
