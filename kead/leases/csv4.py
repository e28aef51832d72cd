"""DHCPv4 leases as lines of a lease file: Kea's columns, both ways.

Law: text in, lease out, and back; no file is opened here. A line that is accepted gives the lease that Kea would
have read from it; one that is not raises `RowError` with Kea's reason. What `format_row` writes, `decode_row`
reads as an equal lease (apart from the hardware type, for which the file has no column: 1 is assumed), whatever
bytes a client put into its names.
"""

from __future__ import annotations

from typing import Final

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
    unescape,
)
from kead.leases.lease4 import INFINITE, Lease4, State
from kead.wire.address import parse_ip4, text_ip4

__all__ = [
    "COLUMNS",
    "DEFAULTS",
    "HEADER",
    "SCHEMA",
    "HeaderError",
    "RowError",
    "decode_row",
    "escape",
    "format_removal",
    "format_row",
    "read_header",
    "unescape",
    "writable",
]

COLUMNS: Final = (
    "address",
    "hwaddr",
    "client_id",
    "valid_lifetime",
    "expire",
    "subnet_id",
    "fqdn_fwd",
    "fqdn_rev",
    "hostname",
    "state",
    "user_context",
    "pool_id",
)
DEFAULTS: Final = ("0", "", "0")
"""Of the columns that came after 1.0."""
SCHEMA: Final = Schema("3.0", COLUMNS, DEFAULTS)
HEADER: Final = SCHEMA.header
_LONGEST_CLIENT_ID: Final = 255

read_header = SCHEMA.read_header


def format_row(lease: Lease4) -> str:
    """The line that records this lease."""
    hostname = lease.hostname
    context = lease.user_context
    if not hostname and not context:  # most rows are like that
        return (
            f"{text_ip4(lease.address)},{lease.hwaddr.hex(':')},{lease.client_id.hex(':')},{lease.valid_lifetime},"
            f"{lease.cltt + lease.valid_lifetime},{lease.subnet_id},{'1' if lease.fqdn_fwd else '0'},"
            f"{'1' if lease.fqdn_rev else '0'},,{lease.state},,{lease.pool_id}\n"
        )
    return (
        f"{text_ip4(lease.address)},{lease.hwaddr.hex(':')},{lease.client_id.hex(':')},{lease.valid_lifetime},"
        f"{lease.cltt + lease.valid_lifetime},{lease.subnet_id},{lease.fqdn_fwd:d},{lease.fqdn_rev:d},"
        f"{escape(hostname) if hostname else ''},{lease.state},{escape(kea_context(context)) if context else ''},"
        f"{lease.pool_id}\n"
    )


def format_removal(lease: Lease4) -> str:
    """The line that takes this lease away: itself with no lifetime left."""
    hostname = lease.hostname
    context = lease.user_context
    return (
        f"{text_ip4(lease.address)},{lease.hwaddr.hex(':')},{lease.client_id.hex(':')},0,"
        f"{lease.cltt},{lease.subnet_id},{lease.fqdn_fwd:d},{lease.fqdn_rev:d},"
        f"{escape(hostname) if hostname else ''},{lease.state},{escape(kea_context(context)) if context else ''},"
        f"{lease.pool_id}\n"
    )


def decode_row(line: str, columns: int = len(COLUMNS)) -> Lease4:
    """The lease of a line (without line end) of a file whose header has that many columns. RowError."""
    fields = line.split(",")
    if len(fields) == 1:
        _address(fields[0])
    address, hwaddr, client_id, valid, expire, subnet, forward, reverse, hostname, state, context, pool = (
        SCHEMA.complete(fields, columns)
    )
    valid_lifetime = read_integer(valid, 32)
    lease = Lease4(
        _address(address),
        read_hwaddr(hwaddr),
        read_identifier(client_id, 2, _LONGEST_CLIENT_ID) if client_id else b"",
        valid_lifetime,
        read_integer(expire, 64, signed=True) - valid_lifetime,
        read_integer(subnet, 32),
        fqdn_fwd=read_flag(forward),
        fqdn_rev=read_flag(reverse),
        hostname=read_text(hostname).lower() if hostname else "",
        state=read_integer(state, 32),
        user_context=read_context(context) if context else "",
        pool_id=read_integer(pool, 32),
    )
    if not lease.hwaddr and not lease.client_id and lease.state != State.DECLINED:
        name = {0: "default", 2: "expired-reclaimed", 3: "released", 4: "registered"}.get(
            lease.state, f"unknown ({state})"
        )
        raise RowError(f"Lease4: {address}, state: {name} has neither hardware address or client id")
    return lease


def writable(lease: Lease4) -> bool:
    """Whether a line can hold this lease so that it loads again: what a client sent may not fit Kea's limits."""
    return (
        len(lease.hwaddr) <= LONGEST_HWADDR
        and (not lease.client_id or 2 <= len(lease.client_id) <= _LONGEST_CLIENT_ID)
        and (bool(lease.hwaddr or lease.client_id) or lease.state == State.DECLINED)
        and 0 <= lease.valid_lifetime <= INFINITE
    )


def _address(text: str) -> int:
    try:
        return parse_ip4(text)
    except ValueError:
        raise RowError(f"Failed to convert string to address '{text}': Invalid argument") from None
