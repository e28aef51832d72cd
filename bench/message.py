"""What load generators need of a family's messages (`message4.py`, `message6.py`), and no more.

Clients are numbers: four bytes, of which generators change only the last three (`CLIENTS`), since a DHCPv6
transaction id has no more. One number says who it is, in the transaction id and in the identity alike.
"""

from __future__ import annotations

from typing import Protocol

CLIENTS = 1 << 24
OTHER, OFFERED, DONE, REFUSED = range(4)  # what a reply means to a client


class Messages(Protocol):
    """Made-up clients of one family, which all ask for the same kind of thing."""

    def first(self, number: bytes) -> bytes:
        """What begins an exchange: DISCOVER, SOLICIT. Of one length, whatever the number."""

    def second(self, number: bytes, offer: bytes) -> bytes:
        """REQUEST for what this reply offers."""

    def read(self, data: bytes) -> tuple[bytes, int]:
        """Whose reply this is, and what it means (OFFERED, DONE, REFUSED, OTHER)."""

    def bound(self, number: bytes, reply: bytes) -> list[str]:
        """What a reply that is DONE gives, as "ADDRESS HARDWARE-ADDRESS"; a prefix with its length."""
