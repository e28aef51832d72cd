"""The client's name in its own option: 81 of DHCPv4 (RFC 4702), 39 of DHCPv6 (RFC 4704)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClientName:
    """Who updates DNS, and the client's name.

    `flags` in DHCPv4: 1 S, 2 O, 4 E (wire form), 8 N; in DHCPv6: 1 S, 2 O, 4 N. `complete`: the name ended with the
    root; else the server adds a domain. `name` is text without the final dot, "" if the client sent none.
    """

    flags: int
    name: str
    complete: bool

    @property
    def labels(self) -> list[str]:
        """The labels of the name."""
        return self.name.split(".") if self.name else []
