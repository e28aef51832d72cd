"""What only DHCPv6 subnets and networks inherit: preferred lifetimes and the allocator of prefixes.

Law: as in `inheritance.py`, whose levels and common properties this takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from kead.config.inheritance import AllocatorError, Levels, Resolved
from kead.config.schema6 import Inherited
from kead.config.snapshot6 import INFINITE, Lifetime

Levels6 = Levels[Inherited]


@dataclass(frozen=True, slots=True)
class Resolved6:
    """The inherited properties of one subnet or network that DHCPv4 has not, as `snapshot6.Subnet6` describes them."""

    preferred: Lifetime
    preferred_follows_valid: bool
    allocator: str
    pd_allocator: str


def resolve6(levels: Levels6) -> tuple[Resolved, Resolved6]:
    """All that one subnet or network inherits. Raises ConfigError."""
    preferred = levels.lifetime("preferred")
    common = levels.resolve()
    allocator = levels.allocator("allocator")
    if allocator == "flq":
        _, path = levels.found("allocator")
        text = "Free Lease Queue allocator is not supported for IPv6 address pools"
        remedy = "'iterative' or 'random' expected"
        raise AllocatorError(text, place=levels.document.place(path), path=path, remedy=remedy)
    own = Resolved6(
        preferred=_following(common.valid) if preferred is None else preferred,
        preferred_follows_valid=preferred is None,
        allocator=allocator,
        pd_allocator=levels.allocator("pd_allocator"),
    )
    return common, own


def _following(valid: Lifetime) -> Lifetime:
    return Lifetime(
        *(part if part == INFINITE else part * 5 // 8 for part in (valid.minimum, valid.default, valid.maximum))
    )
