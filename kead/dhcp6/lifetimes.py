"""How long a lease lasts, when its client should renew, and whether the stored lease is still good enough.

Pure arithmetic on a subnet's settings; all values are seconds, `INFINITE` means for ever.
"""

from __future__ import annotations

from kead.config.snapshot6 import Lifetime, Subnet6
from kead.leases.lease6 import INFINITE, Lease6


def lifetimes(
    subnet: Subnet6,
    preferred: int,
    valid: int,
    preferred_of_class: Lifetime | None = None,
    valid_of_class: Lifetime | None = None,
) -> tuple[int, int]:
    """Preferred and valid lifetime for a client that asked for these (0: for nothing), within what its class or else
    the subnet allows.

    A preferred lifetime that is not configured, or would outlast the valid one, is five eighths of that.
    """
    valid = _within(valid_of_class or subnet.valid, valid)
    if preferred_of_class is None and subnet.preferred_follows_valid:
        return valid * 5 // 8, valid
    preferred = _within(preferred_of_class or subnet.preferred, preferred)
    if not preferred or preferred > valid:
        preferred = valid * 5 // 8
    return preferred, valid


def _within(allowed: Lifetime, asked: int) -> int:
    if not asked:
        return allowed.default
    return min(max(asked, allowed.minimum), allowed.maximum)


def tee_times(subnet: Subnet6, preferred: int) -> tuple[int, int]:
    """T1 and T2 (RFC 8415 section 21.4) for leases preferred for so long; 0 leaves it to the client.

    Explicit timers win over calculated ones; T1 is sent when it is shorter than T2.
    """
    t1, t2 = subnet.renew_timer, subnet.rebind_timer
    if t2 is None:
        t2 = int(preferred * subnet.t2_percent + 0.5) if subnet.calculate_tee_times else 0
    if t1 is None:
        t1 = int(preferred * subnet.t1_percent + 0.5) if subnet.calculate_tee_times else 0
    return t1 if t1 < t2 else 0, t2


def remaining(subnet: Subnet6, lease: Lease6, now: int) -> tuple[int, int]:
    """What is left, preferred and valid, of an unchanged lease that may be given once more without storing it.

    (0, 0): store it anew. A lease is reused while its age is at most cache-threshold of its lifetime and at most
    cache-max-age, and while it is preferred, if it ever was.
    """
    valid, preferred = lease.valid_lifetime, lease.preferred_lifetime
    age = now - lease.cltt
    limit = int(valid * subnet.cache_threshold)
    if subnet.cache_max_age is not None:
        limit = min(limit, subnet.cache_max_age)
    if limit <= 0 or age < 0 or age > limit or age >= valid:
        return 0, 0
    if preferred not in (0, INFINITE):
        if preferred <= age:
            return 0, 0
        preferred -= age
    return preferred, valid if valid == INFINITE else valid - age
