"""DHCPv4 leases as lines of a lease file: Kea's columns, both ways.

Law: text in, lease out, and back; no file is opened here. A line that is accepted gives the lease that Kea would
have read from it; one that is not raises `RowError` with Kea's reason. What `format_row` writes, `decode_row`
reads as an equal lease (apart from the hardware type, for which the file has no column: 1 is assumed), whatever
bytes a client put into its names.

A file is handled as Latin-1 text, one character a byte. Host names and user contexts are UTF-8 in it; bytes that
are not come as surrogates (PEP 383) in a host name.
"""

from __future__ import annotations

import re
from typing import Final

from kead.leases.context import compact_context, kea_context
from kead.leases.lease4 import INFINITE, Lease4, State
from kead.wire.address import parse_ip4, text_ip4

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
HEADER: Final = ",".join(COLUMNS) + "\n"
VERSIONS: Final = {9: "1.0", 10: "2.0", 11: "2.1", 12: "3.0"}
"""Schema version by number of columns. A longer header is a later version, whose further columns are ignored."""
DEFAULTS: Final = ("0", "", "0")
"""Of the columns that came after 1.0."""
_FEWEST: Final = min(VERSIONS)
_LONGEST_HWADDR: Final = 20
_LONGEST_CLIENT_ID: Final = 255

_OTHER: Final = re.compile(rb"[^\x20-\x25\x27-\x2b\x2d-\x7e]")  # all but printable ASCII without ampersand and comma
_ESCAPED: Final = re.compile(rb"&#x([0-9a-fA-F]{2})")
_COLON_BYTES: Final = re.compile(r"[0-9a-fA-F]{1,2}(?::[0-9a-fA-F]{1,2})*")
_INTEGER: Final = re.compile(r"[+-]?[0-9]+")


class RowError(ValueError):
    """A line that holds no lease. Says why, as Kea does."""


class HeaderError(ValueError):
    """A first line that belongs to no lease file of this family."""


def read_header(line: str) -> int:
    """How many columns the rows of this file have, from its first line (without line end)."""
    names = line.split(",")
    for name, expected in zip(names, COLUMNS, strict=False):
        if name != expected:
            raise HeaderError(f"invalid header '{line}' in CSV file")
    if len(names) < _FEWEST:
        raise HeaderError(f"header has only {len(names)} valid column(s), it must have at least {_FEWEST}")
    return len(names)


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
    if len(fields) < min(columns, len(COLUMNS)):
        if len(fields) == 1:
            _address(fields[0])
        raise RowError(f"the row has {len(fields)} column(s), the header has {columns}")
    if columns < len(COLUMNS):
        fields[columns:] = DEFAULTS[columns - _FEWEST :]
    address, hwaddr, client_id, valid, expire, subnet, forward, reverse, hostname, state, context, pool = fields[:12]
    valid_lifetime = _integer(valid, 32)
    lease = Lease4(
        _address(address),
        _hwaddr(hwaddr),
        _client_id(client_id),
        valid_lifetime,
        _integer(expire, 64, signed=True) - valid_lifetime,
        _integer(subnet, 32),
        fqdn_fwd=_flag(forward),
        fqdn_rev=_flag(reverse),
        hostname=_text(hostname).lower() if hostname else "",
        state=_integer(state, 32),
        user_context=_context(context) if context else "",
        pool_id=_integer(pool, 32),
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
        len(lease.hwaddr) <= _LONGEST_HWADDR
        and (not lease.client_id or 2 <= len(lease.client_id) <= _LONGEST_CLIENT_ID)
        and (bool(lease.hwaddr or lease.client_id) or lease.state == State.DECLINED)
        and 0 <= lease.valid_lifetime <= INFINITE
    )


def escape(text: str) -> str:
    """The text with every byte that could disturb the file written as &#x and two digits."""
    data = text.encode("utf-8", "surrogateescape")
    return _OTHER.sub(lambda found: b"&#x%02x" % found[0][0], data).decode("ascii")


def unescape(field: str) -> bytes:
    """The bytes that an escaped field stands for; what only looks like an escape stays."""
    return _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), field.encode("latin-1"))


def _address(text: str) -> int:
    try:
        return parse_ip4(text)
    except ValueError:
        raise RowError(f"Failed to convert string to address '{text}': Invalid argument") from None


def _integer(text: str, bits: int, *, signed: bool = False) -> int:
    """A decimal number. A negative one of an unsigned column wraps, as it does in Kea."""
    if not _INTEGER.fullmatch(text) or len(text) > 24:
        raise RowError("bad lexical cast: source type value could not be interpreted as target")
    number = int(text)
    low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if signed else (-((1 << bits) - 1), (1 << bits) - 1)
    if not low <= number <= high:
        raise RowError("bad lexical cast: source type value could not be interpreted as target")
    return number if signed else number & ((1 << bits) - 1)


def _flag(text: str) -> bool:
    if text not in ("0", "1"):
        raise RowError("bad lexical cast: source type value could not be interpreted as target")
    return text == "1"


def _colon_bytes(text: str) -> bytes:
    """One or two hexadecimal digits a byte, colons between."""
    if not _COLON_BYTES.fullmatch(text):
        raise RowError(f"invalid format of the decoded string '{text}'")
    return bytes([int(part, 16) for part in text.split(":")])


def _hwaddr(text: str) -> bytes:
    if not text:
        return b""
    value = _colon_bytes(text)
    if len(value) > _LONGEST_HWADDR:
        raise RowError("address vector size exceeds MAX_HWADDR_LEN")
    return value


def _client_id(text: str) -> bytes:
    """With colons, or all digits in a row."""
    if not text:
        return b""
    if ":" in text or len(text) <= 2:
        value = _colon_bytes(text)
    else:
        try:
            value = bytes.fromhex(text if len(text) % 2 == 0 else "0" + text)
        except ValueError:
            raise RowError(f"'{text}' is not a valid string of hexadecimal digits") from None
    if len(value) < 2:
        raise RowError(f"identifier is too short ({len(value)}), at least 2 is required")
    if len(value) > _LONGEST_CLIENT_ID:
        raise RowError(f"identifier is too large ({len(value)}), at most {_LONGEST_CLIENT_ID} is required")
    return value


def _text(field: str) -> str:
    return unescape(field).decode("utf-8", "surrogateescape")


def _context(field: str) -> str:
    try:
        return compact_context(unescape(field))
    except ValueError as error:
        raise RowError(str(error)) from None
