"""A DHCPv6 lease: which client holds which address or prefix until when.

A lease that a store has accepted is never changed in place. Who wants another one copies it, changes the
copy and commits that; so a store can undo a group by putting the old objects back.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final

from kead.leases.lease import INFINITE, State

__all__ = ["EMPTY_DUID", "INFINITE", "HwaddrSource", "Lease6", "LeaseType", "State"]

EMPTY_DUID: Final = b"\0\0\0"
"""In place of a DUID where there is no client: in a declined lease."""


class LeaseType(IntEnum):
    """What is leased: an address, a temporary address, a prefix. As in the column `lease_type`."""

    NA = 0
    TA = 1
    PD = 2


class HwaddrSource(IntEnum):
    """Where a hardware address was taken from. As in the column `hwaddr_source`."""

    UNKNOWN = 0
    RAW = 1
    DUID = 2
    IPV6_LINK_LOCAL = 4
    CLIENT_LINK_ADDR = 8
    REMOTE_ID = 16
    SUBSCRIBER_ID = 32
    DOCSIS_CMTS = 64
    DOCSIS_MODEM = 128


class Lease6:
    """One address or prefix and its client, which is an identity association (type, DUID, IAID) of RFC 9915.

    Times are whole seconds since the epoch, lifetimes seconds (`INFINITE`: never ends), addresses the value of the 16
    bytes. `prefix_length` is 128 for addresses. `type`, `state` and `hwaddr_source` are plain ints, since files may
    hold values that the enumerations do not know. `htype` and `hwaddr_source` mean nothing without `hwaddr`.
    `user_context` is compact JSON text of a map, or "". Everything here is an atom, so that a million leases cost the
    garbage collector nothing.
    """

    __slots__ = (
        "address",
        "cltt",
        "duid",
        "fqdn_fwd",
        "fqdn_rev",
        "hostname",
        "htype",
        "hwaddr",
        "hwaddr_source",
        "iaid",
        "pool_id",
        "preferred_lifetime",
        "prefix_length",
        "state",
        "subnet_id",
        "type",
        "user_context",
        "valid_lifetime",
    )

    def __init__(
        self,
        type: int,
        address: int,
        prefix_length: int,
        duid: bytes,
        iaid: int,
        preferred_lifetime: int,
        valid_lifetime: int,
        cltt: int,
        subnet_id: int,
        *,
        pool_id: int = 0,
        hwaddr: bytes = b"",
        htype: int = 0,
        hwaddr_source: int = 0,
        fqdn_fwd: bool = False,
        fqdn_rev: bool = False,
        hostname: str = "",
        state: int = 0,
        user_context: str = "",
    ) -> None:
        self.type = type
        self.address = address
        self.prefix_length = prefix_length
        self.duid = duid
        self.iaid = iaid
        self.preferred_lifetime = preferred_lifetime
        self.valid_lifetime = valid_lifetime
        self.cltt = cltt
        self.subnet_id = subnet_id
        self.pool_id = pool_id
        self.hwaddr = hwaddr
        self.htype = htype
        self.hwaddr_source = hwaddr_source
        self.fqdn_fwd = fqdn_fwd
        self.fqdn_rev = fqdn_rev
        self.hostname = hostname
        self.state = state
        self.user_context = user_context

    def copy(self) -> Lease6:
        """The same lease, free to be changed."""
        return Lease6(
            self.type,
            self.address,
            self.prefix_length,
            self.duid,
            self.iaid,
            self.preferred_lifetime,
            self.valid_lifetime,
            self.cltt,
            self.subnet_id,
            pool_id=self.pool_id,
            hwaddr=self.hwaddr,
            htype=self.htype,
            hwaddr_source=self.hwaddr_source,
            fqdn_fwd=self.fqdn_fwd,
            fqdn_rev=self.fqdn_rev,
            hostname=self.hostname,
            state=self.state,
            user_context=self.user_context,
        )

    @property
    def expire(self) -> int:
        """When it ends; an infinite lease has no end, and says `cltt + INFINITE` as Kea's files do."""
        return self.cltt + self.valid_lifetime

    def expired(self, now: int) -> bool:
        """Whether it has ended: from the second after its last one on."""
        return self.valid_lifetime != INFINITE and self.cltt + self.valid_lifetime < now

    def belongs_to(self, type: int, duid: bytes, iaid: int) -> bool:
        """Whether this identity association holds it."""
        return self.iaid == iaid and self.duid == duid and self.type == type

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lease6):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # a value that may be copied and changed is no key

    def __repr__(self) -> str:
        return "Lease6(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__) + ")"
