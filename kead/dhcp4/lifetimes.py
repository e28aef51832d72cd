"""How long a lease lasts, when its client should renew, and whether the stored lease is still good enough.

Pure arithmetic on a subnet's settings; all values are seconds, `INFINITE` means for ever.
"""

from __future__ import annotations

from kead.config.snapshot4 import Lifetime, Subnet4
from kead.leases.lease4 import INFINITE, Lease4


def valid_lifetime(valid: Lifetime, asked: int) -> int:
    """What the client asked for (option 51; 0: nothing), within what its class or else its subnet allows."""
    if not asked:
        return valid.default
    return min(max(asked, valid.minimum), valid.maximum)


def tee_times(subnet: Subnet4, valid: int) -> tuple[int, int]:
    """T1 and T2 (RFC 2131 § 4.4.5) for a lease of `valid` seconds; 0 where the reply carries none.

    Explicit timers win over calculated ones; T2 is sent when shorter than the lease, T1 when shorter than what follows.
    """
    t1, t2 = subnet.renew_timer, subnet.rebind_timer
    if subnet.calculate_tee_times:
        if t1 is None:
            t1 = int(valid * subnet.t1_percent + 0.5)
        if t2 is None:
            t2 = int(valid * subnet.t2_percent + 0.5)
    t2 = t2 if t2 and t2 < valid else 0
    t1 = t1 if t1 and t1 < (t2 or valid) else 0
    return t1, t2


def remaining(subnet: Subnet4, lease: Lease4, now: int) -> int:
    """Seconds that are left of an unchanged lease that may be given once more without storing it; 0: store it anew.

    A lease is reused while its age is at most cache-threshold of its lifetime and at most cache-max-age.
    """
    if lease.valid_lifetime == INFINITE:
        return INFINITE
    if subnet.cache_threshold <= 0:
        return 0
    limit = int(lease.valid_lifetime * subnet.cache_threshold)
    if subnet.cache_max_age is not None:
        limit = min(limit, subnet.cache_max_age)
    age = now - lease.cltt
    if limit <= 0 or age < 0 or age > limit:
        return 0
    return lease.valid_lifetime - age
