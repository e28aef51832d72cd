"""DHCPv4 messages of made-up clients behind one relay agent, as bytes; as little work per message as can be.

Client number n has the transaction id n and the hardware address 02:00 + n: one number says who it is.
"""

from __future__ import annotations

import socket

from bench.message import DONE, OFFERED, OTHER, REFUSED

DISCOVER, OFFER, REQUEST, ACK, NAK = 1, 2, 3, 5, 6
_COOKIE = b"\x63\x82\x53\x63"
_ASKED = (
    b"\x37\x07\x01\x03\x06\x0f\x1c\x33\x36"  # option 55: mask, routers, DNS, domain, broadcast, lease time, server id
)
XID = slice(4, 8)
YIADDR = slice(16, 20)
_MEANING = {OFFER: OFFERED, ACK: DONE, NAK: REFUSED}


class Messages4:
    """What clients behind the relay `relay` say to the server `server`, and what its replies mean."""

    def __init__(self, relay: str, server: str) -> None:
        giaddr = socket.inet_aton(relay)
        head = bytes((1, 1, 6, 1))
        middle = bytes(16) + giaddr + b"\x02\x00"
        after = bytes(10) + bytes(192) + _COOKIE
        client_id = b"\x3d\x07\x01\x02\x00"
        self._head = head
        self._middle = middle
        self._discover = after + bytes((53, 1, DISCOVER)) + client_id
        self._request = after + bytes((53, 1, REQUEST)) + client_id
        self._end = _ASKED + b"\xff"
        self._server = _ASKED + b"\x36\x04" + socket.inet_aton(server) + b"\x32\x04"

    def first(self, number: bytes) -> bytes:
        """DISCOVER."""
        return b"".join((self._head, number, self._middle, number, self._discover, number, self._end))

    def second(self, number: bytes, offer: bytes) -> bytes:
        """REQUEST (selecting) for the address in the OFFER."""
        return b"".join(
            (self._head, number, self._middle, number, self._request, number, self._server, offer[YIADDR], b"\xff")
        )

    def read(self, data: bytes) -> tuple[bytes, int]:
        return data[XID], _MEANING.get(kind(data), OTHER)

    def bound(self, number: bytes, reply: bytes) -> list[str]:
        return [f"{socket.inet_ntoa(reply[YIADDR])} 02:00:{number.hex(':')}"]


def kind(data: bytes) -> int:
    """The message type of a reply, 0 if it has none."""
    if len(data) > 242 and data[240] == 53:  # every server puts it first
        return data[242]
    at = data.find(b"\x35\x01", 240)
    return data[at + 2] if at > 0 else 0
