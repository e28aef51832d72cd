"""Addresses that are being offered: chosen by an exchange whose outcome is not known yet.

Between the choice of an address and the moment when the store has accepted the lease an exchange may wait (for a hook,
for a database). Meanwhile nobody else may choose the same address. Exchanges that never wait need not claim anything.
"""

from __future__ import annotations


class InFlight(dict[int, object]):
    """Address -> its owner, whatever object stands for the exchange. `in` says whether an address is being offered.

    Bounded by the number of exchanges that wait.
    """

    __slots__ = ()

    def claim(self, address: int, owner: object) -> bool:
        """Make it the owner's; False if somebody else has it."""
        return self.setdefault(address, owner) is owner

    def release(self, address: int, owner: object) -> None:
        """The outcome is known. Nothing happens if it is not the owner's."""
        if self.get(address) is owner:
            del self[address]
