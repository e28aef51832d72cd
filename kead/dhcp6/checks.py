"""What makes an option of a received packet so wrong that the packet is not answered.

The measure is each option's row: too short for its type, a list that is no whole number of values, a broken name.
Longer than needed is fine, and an option without a row may hold anything. `MINIMUM_LENGTH` lets the decoder see
with one look that an option cannot be wrong; only those that might be come here.
"""

from __future__ import annotations

from kead.dhcp6.options import MINIMUM_LENGTH

ALWAYS = 1 << 20
"""More than any value has: its option is looked at whatever its length."""


def _look_at(code: int) -> int:
    if code in (3, 4, 5, 25, 26, 6):
        return ALWAYS
    return MINIMUM_LENGTH[code]


LOOK_AT = tuple(_look_at(code) for code in range(256))
"""By code: a value with fewer bytes than this is looked at by `complaint`."""

_HEAD = {3: 12, 4: 4, 5: 24, 25: 12, 26: 25}


def complaint(code: int, value: bytes) -> str:
    """What is wrong with the whole value of an option, "" if nothing is."""
    least = _HEAD.get(code) or MINIMUM_LENGTH[code]
    if len(value) < least:
        return f"option {code} has {len(value)} bytes, at least {least} are needed"
    if code == 6 and (not value or len(value) % 2):
        return f"option {code} has {len(value)} bytes, pairs of them are needed"
    return ""
