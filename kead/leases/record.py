"""A lease at rest, as far as both families agree: the first bytes of its record.

Little endian: valid lifetime, cltt, subnet id, pool id (32 bits each), state (8). What follows is each family's own.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

ENDS: Final = Struct("<II")
"""Valid lifetime and cltt, at the record's beginning."""
STATE: Final = 16
"""Where the byte of the state is."""
