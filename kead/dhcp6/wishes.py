"""What an identity association wants and what it gets: the words that the files about leases share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kead.config.snapshot6 import PdPool6, Pool6, Prefix, Subnet6
from kead.dhcp6.associations import IaAddress, IaNa, IaPd, IaPrefix
from kead.leases.lease6 import Lease6, LeaseType

AnyPool = Pool6 | PdPool6
NA: Final = int(LeaseType.NA)
PD: Final = int(LeaseType.PD)
ADDRESS_LENGTH: Final = 128


class Wish:
    """An identity association as its client wrote it; `hints` are the addresses or prefixes in it."""

    __slots__ = ("hints", "iaid", "refused", "type")

    hints: Sequence[IaAddress | IaPrefix]

    def __init__(self, ia: IaNa | IaPd) -> None:
        self.iaid = ia.iaid
        if isinstance(ia, IaNa):
            self.type = NA
            self.hints = ia.addresses
        else:
            self.type = PD
            self.hints = ia.prefixes
        self.refused = False
        """A callout did not want its lease; no other one is looked for."""


@dataclass(frozen=True, slots=True)
class Place:
    """An address or a prefix that may be granted in a subnet. `excluded`: the reservation's own, for option 67."""

    subnet: Subnet6
    address: int
    length: int
    pool_id: int
    excluded: Prefix | None = None

    @classmethod
    def in_pool(cls, subnet: Subnet6, pool: AnyPool, address: int) -> Place:
        """One of a pool."""
        length = pool.delegated_length if isinstance(pool, PdPool6) else ADDRESS_LENGTH
        return cls(subnet, address, length, pool.pool_id)


class Granted:
    """What an identity association gets: a lease, and how long it is preferred and valid from now on."""

    __slots__ = ("lease", "picked", "preferred", "reused", "valid")

    def __init__(self, lease: Lease6, preferred: int, valid: int, *, reused: bool = False) -> None:
        self.lease = lease
        self.preferred = preferred
        self.valid = valid
        self.reused = reused
        self.picked = False
        """An allocator chose it; the client had no claim to it."""


def pool_of(subnet: Subnet6, kind: int, address: int) -> AnyPool | None:
    """The pool of this subnet that holds the address, or the prefix that begins with it."""
    pools: Sequence[AnyPool] = subnet.pd_pools if kind == PD else subnet.pools
    for pool in pools:
        if pool.first <= address <= pool.last:
            return pool
    return None


def in_prefix(subnet: Subnet6, address: int) -> bool:
    """Whether the address is one of this subnet."""
    return (address ^ subnet.prefix) & subnet.mask == 0
