"""The servers that may load this library, by the names that they go by."""

from __future__ import annotations

from typing import Final

DHCP4: Final = frozenset(("kea-dhcp4", "kead-dhcp4"))
DHCP6: Final = frozenset(("kea-dhcp6", "kead-dhcp6"))
