"""DHCPv6 leases as lines of a lease file: Kea's columns, both ways.

Law: text in, lease out, and back; no file is opened here. A line that is accepted gives the lease that Kea would
have read from it, which is laxer here than with DHCPv4: any type, any prefix length, no hardware address where it
cannot be read. One that is not raises `RowError` with Kea's reason. What `format_row` writes, `decode_row` reads as an
equal lease, whatever bytes a client put into its names.

Two things that Kea loads are refused: an IPv4 address, and an address with a zone.
"""

from __future__ import annotations

from typing import Final

from kead.leases import messages
from kead.leases.context import kea_context
from kead.leases.fields import (
    LONGEST_HWADDR,
    HeaderError,
    RowError,
    Schema,
    escape,
    read_context,
    read_flag,
    read_hwaddr,
    read_identifier,
    read_integer,
    read_text,
)
from kead.leases.lease6 import EMPTY_DUID, INFINITE, Lease6, LeaseType, State
from kead.wire.address import parse_ip6, text_ip6

__all__ = [
    "COLUMNS",
    "DEFAULTS",
    "HEADER",
    "SCHEMA",
    "HeaderError",
    "RowError",
    "decode_row",
    "format_removal",
    "format_row",
    "read_header",
    "writable",
]

COLUMNS: Final = (
    "address",
    "duid",
    "valid_lifetime",
    "expire",
    "subnet_id",
    "pref_lifetime",
    "lease_type",
    "iaid",
    "prefix_len",
    "fqdn_fwd",
    "fqdn_rev",
    "hostname",
    "hwaddr",
    "state",
    "user_context",
    "hwtype",
    "hwaddr_source",
    "pool_id",
)
DEFAULTS: Final = ("", "0", "", "", "", "0")
"""Of the columns that came after 1.0: one each with 2.0, 3.0, 3.1, two with 4.0, one with 5.0."""
SCHEMA: Final = Schema("5.0", COLUMNS, DEFAULTS)
HEADER: Final = SCHEMA.header
SHORTEST_DUID: Final = 3
LONGEST_DUID: Final = 130

_PD: Final = int(LeaseType.PD)
_DECLINED: Final = int(State.DECLINED)
_RECLAIMED: Final = int(State.RECLAIMED)

read_header = SCHEMA.read_header


def format_row(lease: Lease6) -> str:
    """The line that records this lease."""
    hwaddr = lease.hwaddr
    if hwaddr and not lease.hostname and not lease.user_context:  # most rows are like that
        valid = lease.valid_lifetime
        return (
            f"{text_ip6(lease.address)},{lease.duid.hex(':')},{valid},{lease.cltt + valid},{lease.subnet_id},"
            f"{lease.preferred_lifetime},{lease.type},{lease.iaid},{lease.prefix_length},"
            f"{'1' if lease.fqdn_fwd else '0'},{'1' if lease.fqdn_rev else '0'},,{hwaddr.hex(':')},{lease.state},,"
            f"{lease.htype},{lease.hwaddr_source},{lease.pool_id}\n"
        )
    return _row(lease, lease.valid_lifetime, lease.preferred_lifetime)


def format_removal(lease: Lease6) -> str:
    """The line that takes this lease away: itself with no lifetime left."""
    return _row(lease, 0, lease.preferred_lifetime if lease.state == _RECLAIMED else 0)


def _row(lease: Lease6, valid: int, preferred: int) -> str:
    hostname = lease.hostname
    context = lease.user_context
    hwaddr = lease.hwaddr
    source = f"{lease.htype},{lease.hwaddr_source}" if hwaddr else ","
    return (
        f"{text_ip6(lease.address)},{lease.duid.hex(':')},{valid},{lease.cltt + valid},{lease.subnet_id},{preferred},"
        f"{lease.type},{lease.iaid},{lease.prefix_length},{'1' if lease.fqdn_fwd else '0'},"
        f"{'1' if lease.fqdn_rev else '0'},{escape(hostname) if hostname else ''},{hwaddr.hex(':')},{lease.state},"
        f"{escape(kea_context(context)) if context else ''},{source},{lease.pool_id}\n"
    )


def decode_row(line: str, columns: int = len(COLUMNS)) -> Lease6:
    """The lease of a line (without line end) of a file whose header has that many columns. RowError."""
    fields = line.split(",")
    if len(fields) == 1:
        _address(fields[0])
    (
        address,
        duid,
        valid,
        expire,
        subnet,
        preferred,
        type_,
        iaid,
        prefix_length,
        forward,
        reverse,
        hostname,
        hwaddr,
        state,
        context,
        htype,
        source,
        pool,
    ) = SCHEMA.complete(fields, columns)
    valid_lifetime = read_integer(valid, 32)
    kind = read_integer(type_, 32, signed=True)
    lease = Lease6(
        kind,
        _address(address),
        read_integer(prefix_length, 32, signed=True) & 0xFF if kind == _PD else 128,
        read_identifier(duid, SHORTEST_DUID, LONGEST_DUID),
        read_integer(iaid, 32),
        read_integer(preferred, 32),
        valid_lifetime,
        read_integer(expire, 64, signed=True) - valid_lifetime,
        read_integer(subnet, 32),
        fqdn_fwd=read_flag(forward),
        fqdn_rev=read_flag(reverse),
        hostname=read_text(hostname) if hostname else "",
        state=read_integer(state, 32),
        user_context=read_context(context) if context else "",
        pool_id=read_integer(pool, 32),
    )
    if lease.duid == EMPTY_DUID and lease.state != _DECLINED:
        raise RowError("The Empty DUID is only valid for declined leases")
    if hwaddr:
        try:
            lease.hwaddr, lease.htype, lease.hwaddr_source = (
                read_hwaddr(hwaddr),
                read_integer(htype, 16) if htype else 1,
                read_integer(source, 32) if source else 0,
            )
        except RowError as error:
            messages.READ_HWADDR_FAIL(error)
    return lease


def writable(lease: Lease6) -> bool:
    """Whether a line can hold this lease so that it loads again: what a client sent may not fit Kea's limits."""
    return (
        SHORTEST_DUID <= len(lease.duid) <= LONGEST_DUID
        and (lease.duid != EMPTY_DUID or lease.state == _DECLINED)
        and len(lease.hwaddr) <= LONGEST_HWADDR
        and 0 <= lease.valid_lifetime <= INFINITE
        and 0 <= lease.preferred_lifetime <= INFINITE
        and (lease.type == _PD or lease.prefix_length == 128)
    )


def _address(text: str) -> int:
    try:
        return parse_ip6(text)
    except ValueError:
        raise RowError(f"Failed to convert string to address '{text}': Invalid argument") from None
