"""What the outbox needs to know of a reply: its bytes, where they go, and what has to be durable before."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kead.dhcp6.channel import Datagram


class Outgoing:
    """A reply to `datagram`.

    kind      its message type
    promises  it must not leave before the leases of its group are durable; an ADVERTISE promises nothing
    undone    how many groups the store had undone when the query came: if there are more by now, a promise is void
    """

    __slots__ = ("data", "datagram", "destination", "kind", "port", "promises", "undone")

    datagram: Datagram
    kind: int
    data: bytes
    destination: int
    port: int
    promises: bool
    undone: int
