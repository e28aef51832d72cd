"""Which leases a client has: from an identifier to addresses.

The dictionary holds nothing but atoms, and most identifiers cost it no more than their one address.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_A_FEW: Final = 8


class Index:
    """From an identifier to the addresses of its leases, in the order in which they came."""

    __slots__ = ("_crowds", "_width", "addresses")

    def __init__(self, width: int) -> None:
        self._width = width
        self.addresses: dict[bytes, int | bytes] = {}
        """One address; or a few, `width` bytes each; or b"" for many."""
        self._crowds: dict[bytes, dict[int, None]] = {}  # a client that forges identifiers must not cost squares

    def all(self, key: bytes) -> list[int]:
        """All addresses of the identifier."""
        found = self.addresses[key]
        if isinstance(found, int):
            return [found]
        return self._few(found) if found else list(self._crowds[key])

    def enter(self, key: bytes, address: int) -> None:
        """The identifier has a lease of this address (too)."""
        found = self.addresses.get(key)
        if found is None:
            self.addresses[key] = address
        elif isinstance(found, int):
            width = self._width
            self.addresses[key] = found.to_bytes(width, "big") + address.to_bytes(width, "big")
        elif not found:
            self._crowds[key][address] = None
        elif len(found) < _A_FEW * self._width:
            self.addresses[key] = found + self._pack((address,))
        else:
            self._crowds[key] = dict.fromkeys((*self._few(found), address))
            self.addresses[key] = b""

    def leave(self, key: bytes, address: int) -> None:
        """The identifier has no lease of this address any more; nothing happens if it had none."""
        found = self.addresses.get(key)
        if found is None:
            return
        if isinstance(found, int):
            if found == address:
                del self.addresses[key]
            return
        if not found:
            crowd = self._crowds[key]
            crowd.pop(address, None)
            if len(crowd) > 2:
                return
            del self._crowds[key]
            others = list(crowd)
        else:
            others = [one for one in self._few(found) if one != address]
        self.addresses[key] = others[0] if len(others) == 1 else self._pack(others)

    def _pack(self, addresses: Iterable[int]) -> bytes:
        width = self._width
        return b"".join([address.to_bytes(width, "big") for address in addresses])

    def _few(self, packed: bytes) -> list[int]:
        width = self._width
        return [int.from_bytes(packed[start : start + width], "big") for start in range(0, len(packed), width)]
