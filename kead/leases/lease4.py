"""A DHCPv4 lease: which client holds which address until when.

A lease that a store has accepted is never changed in place. Who wants another one copies it, changes the
copy and commits that; so a store can undo a group by putting the old objects back.
"""

from __future__ import annotations

from kead.leases.lease import INFINITE, State

__all__ = ["INFINITE", "Lease4", "State"]


class Lease4:
    """One address and its client.

    Times are whole seconds since the epoch, lifetimes seconds (`INFINITE`: never expires), addresses the value
    of the four bytes. `state` is a plain int, since files may hold values that `State` does not know.
    `user_context` is compact JSON text of a map, or "". Everything here is an atom, so that a million leases
    cost the garbage collector nothing.
    """

    __slots__ = (
        "address",
        "client_id",
        "cltt",
        "fqdn_fwd",
        "fqdn_rev",
        "hostname",
        "htype",
        "hwaddr",
        "pool_id",
        "state",
        "subnet_id",
        "user_context",
        "valid_lifetime",
    )

    def __init__(
        self,
        address: int,
        hwaddr: bytes,
        client_id: bytes,
        valid_lifetime: int,
        cltt: int,
        subnet_id: int,
        *,
        htype: int = 1,
        pool_id: int = 0,
        fqdn_fwd: bool = False,
        fqdn_rev: bool = False,
        hostname: str = "",
        state: int = 0,
        user_context: str = "",
    ) -> None:
        self.address = address
        self.hwaddr = hwaddr
        self.htype = htype
        self.client_id = client_id
        self.valid_lifetime = valid_lifetime
        self.cltt = cltt
        self.subnet_id = subnet_id
        self.pool_id = pool_id
        self.fqdn_fwd = fqdn_fwd
        self.fqdn_rev = fqdn_rev
        self.hostname = hostname
        self.state = state
        self.user_context = user_context

    def copy(self) -> Lease4:
        """The same lease, free to be changed."""
        return Lease4(
            self.address,
            self.hwaddr,
            self.client_id,
            self.valid_lifetime,
            self.cltt,
            self.subnet_id,
            htype=self.htype,
            pool_id=self.pool_id,
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

    def belongs_to(self, client_id: bytes, htype: int, hwaddr: bytes) -> bool:
        """Whether this client holds it: by client identifier where both have one, else by hardware address."""
        if client_id and self.client_id:
            return client_id == self.client_id
        return hwaddr == self.hwaddr and htype == self.htype

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Lease4):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # a value that may be copied and changed is no key

    def __repr__(self) -> str:
        return "Lease4(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__slots__) + ")"
