"""What the decoders of both families have in common: the one error that they raise, lists of numbers in options."""

from __future__ import annotations


class PacketError(ValueError):
    """These bytes are no DHCP message, or one that must not be answered. `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def integers(value: bytes, size: int) -> list[int]:
    """The unsigned numbers of `size` bytes each in a list of them; a rest is left out."""
    return [int.from_bytes(value[at : at + size], "big") for at in range(0, len(value) - size + 1, size)]
