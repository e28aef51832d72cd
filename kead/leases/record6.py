"""A DHCPv6 lease at rest: one small `bytes` instead of an object with many attributes. Why: see record4.py.

Layout, little endian: valid lifetime, cltt, subnet id, pool id (32 bits each), state, type, prefix length (8 each),
flags (8: 1 forward, 2 reverse), preferred lifetime, IAID, source of the hardware address (32 each), hardware type (16),
length of the DUID (8), of the hardware address (8); then these two; then, if there is either, the host name, NUL, the
user context, in UTF-8.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError
from typing import Final

from kead.leases.lease6 import Lease6

HEAD: Final = Struct("<IIIIBBBBIIIHBB")
SIZE: Final = HEAD.size
TYPE: Final = 17
"""Where the byte of the type is, and after it that of the prefix length."""
DUID_LENGTH: Final = SIZE - 2

_head = HEAD.pack
_unpack = HEAD.unpack_from
_new = Lease6.__new__


def rest(lease: Lease6) -> bytes | None:
    """The record of a lease; None: it does not fit into one and must stay awake."""
    duid = lease.duid
    hwaddr = lease.hwaddr
    try:
        record = (
            _head(
                lease.valid_lifetime,
                lease.cltt,
                lease.subnet_id,
                lease.pool_id,
                lease.state,
                lease.type,
                lease.prefix_length,
                lease.fqdn_fwd + 2 * lease.fqdn_rev,
                lease.preferred_lifetime,
                lease.iaid,
                lease.hwaddr_source,
                lease.htype,
                len(duid),
                len(hwaddr),
            )
            + duid
            + hwaddr
        )
    except StructError:
        return None
    if lease.hostname or lease.user_context:
        if "\0" in lease.hostname:
            return None
        return record + f"{lease.hostname}\0{lease.user_context}".encode("utf-8", "surrogateescape")
    return record


def wake(address: int, record: bytes) -> Lease6:
    """The lease of a record."""
    lease = _new(Lease6)
    (
        lease.valid_lifetime,
        lease.cltt,
        lease.subnet_id,
        lease.pool_id,
        lease.state,
        lease.type,
        lease.prefix_length,
        flags,
        lease.preferred_lifetime,
        lease.iaid,
        lease.hwaddr_source,
        lease.htype,
        duid_length,
        hwaddr_length,
    ) = _unpack(record)
    lease.address = address
    middle = SIZE + duid_length
    end = middle + hwaddr_length
    lease.duid = record[SIZE:middle]
    lease.hwaddr = record[middle:end]
    lease.fqdn_fwd = flags & 1 != 0
    lease.fqdn_rev = flags & 2 != 0
    if len(record) == end:
        lease.hostname = ""
        lease.user_context = ""
    else:
        lease.hostname, _, lease.user_context = record[end:].decode("utf-8", "surrogateescape").partition("\0")
    return lease
