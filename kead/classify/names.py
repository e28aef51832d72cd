"""Names of classes that mean something by themselves, whether they are defined or not."""

from __future__ import annotations

from typing import Final

ALL: Final = "ALL"
KNOWN: Final = "KNOWN"
UNKNOWN: Final = "UNKNOWN"
BOOTP: Final = "BOOTP"
DROP: Final = "DROP"
REJECT: Final = "REJECT"
SKIP_DDNS: Final = "SKIP_DDNS"

BUILT_IN: Final = (ALL, KNOWN, UNKNOWN, BOOTP)
"""Classes that there are without a definition; one of theirs may carry options, but no test."""
PREFIXES: Final = ("VENDOR_CLASS_", "HA_", "AFTER_", "EXTERNAL_")
"""Names that need no definition: somebody else puts packets into these classes."""
SPAWN: Final = "SPAWN_"
"""What the names begin with that templates give."""
