"""Name change requests: what the DHCP server asks of the daemon that updates DNS, and the bytes that say it (sans-IO).

A datagram is a length of two bytes and as many bytes of JSON. Older daemons insist on `lease-expires-on`, newer ones
have no use for it.
"""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Final

from kead.config.snapshot import Ddns
from kead.leases.lease4 import Lease4
from kead.leases.lease6 import Lease6
from kead.wire.address import text_ip4, text_ip6
from kead.wire.names import encode_name

ADD: Final = 0
REMOVE: Final = 1
_OF_HARDWARE, _OF_CLIENT_ID, _OF_DUID = range(3)
_SHA_256: Final = 1
_DUID_CLIENT_ID: Final = 255  # a client identifier of RFC 4361: type, IAID, DUID
_DUID_AT: Final = 5
_SHORTEST, _LONGEST = 6, 135
_PART: Final = 0.33333
_LEAST_TTL: Final = 600


@dataclass(frozen=True, slots=True)
class NameChangeRequest:
    """Add or remove what DNS says of a name and an address.

    change           ADD or REMOVE
    forward, reverse the name's address, the address's name
    name             complete
    dhcid            RDATA of the DHCID record, by which others know whose the name is (RFC 4701)
    ttl              seconds
    """

    change: int
    forward: bool
    reverse: bool
    name: str
    address: str
    dhcid: bytes
    ttl: int
    conflict_resolution_mode: str

    def encode(self, now: int) -> bytes:
        """The datagram."""
        text = json.dumps(
            {
                "change-type": self.change,
                "forward-change": self.forward,
                "reverse-change": self.reverse,
                "fqdn": self.name,
                "ip-address": self.address,
                "dhcid": self.dhcid.hex().upper(),
                "lease-expires-on": time.strftime("%Y%m%d%H%M%S", time.gmtime(now + self.ttl)),
                "lease-length": self.ttl,
                "conflict-resolution-mode": self.conflict_resolution_mode,
            },
            separators=(",", ":"),
        ).encode("ascii")
        return len(text).to_bytes(2, "big") + text


def request4(change: int, lease: Lease4, ddns: Ddns) -> NameChangeRequest:
    """What this lease, with a name, asks for. DomainNameError: DNS has no such name."""
    client_id = lease.client_id
    if client_id[:1] == bytes((_DUID_CLIENT_ID,)) and _SHORTEST <= len(client_id) <= _LONGEST:
        who = _OF_DUID, client_id[_DUID_AT:]
    elif client_id:
        who = _OF_CLIENT_ID, client_id
    else:
        who = _OF_HARDWARE, bytes((lease.htype & 0xFF,)) + lease.hwaddr
    return _request(change, lease, text_ip4(lease.address), who, ddns)


def request6(change: int, lease: Lease6, ddns: Ddns) -> NameChangeRequest:
    """What this lease, with a name, asks for. DomainNameError: DNS has no such name."""
    return _request(change, lease, text_ip6(lease.address), (_OF_DUID, lease.duid), ddns)


def _request(
    change: int, lease: Lease4 | Lease6, address: str, who: tuple[int, bytes], ddns: Ddns
) -> NameChangeRequest:
    name = lease.hostname.removesuffix(".") + "."
    return NameChangeRequest(
        change,
        lease.fqdn_fwd,
        lease.fqdn_rev,
        name,
        address,
        dhcid(*who, name),
        ttl(lease.valid_lifetime, ddns),
        ddns.conflict_resolution_mode,
    )


def dhcid(kind: int, identifier: bytes, name: str) -> bytes:
    """RFC 4701 section 3. `kind`: what the identifier is: 0 hardware type and address, 1 client identifier, 2 DUID."""
    digest = hashlib.sha256(identifier + encode_name(name.lower())).digest()
    return bytes((0, kind, _SHA_256)) + digest


def ttl(valid_lifetime: int, ddns: Ddns) -> int:
    """How long resolvers may remember a name, in seconds: what is configured, else a part of the lease's time."""
    if ddns.ttl:
        return ddns.ttl
    part = ddns.ttl_percent if ddns.ttl_percent > 0 else _PART
    wanted = int(valid_lifetime * part + 0.5)
    least = ddns.ttl_min or _LEAST_TTL
    if wanted < least:
        return least
    return min(wanted, ddns.ttl_max) if ddns.ttl_max else wanted
