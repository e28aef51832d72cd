"""The lab of DHCPv4: a server at 10.0.0.1, relay agents at 10.0.0.2 and 10.0.0.3."""

from __future__ import annotations

import socket
from typing import Any, ClassVar

from bench.family import FAMILIES
from bench.message4 import ACK, DISCOVER, NAK, OFFER, REQUEST, XID, YIADDR, kind
from tests.system import lab
from tests.system.lab import Given

FAMILY = FAMILIES[4]


class Lab(lab.Lab):
    """The server takes what relays send to its address."""

    family = FAMILY
    second_relay = "10.0.0.3"
    words: ClassVar[list[str]] = []
    usual: ClassVar[dict[str, Any]] = {
        "interfaces-config": {"interfaces": ["near"], "dhcp-socket-type": "udp"},
        "valid-lifetime": 7200,
        "authoritative": True,
        "subnet4": [{"id": 1, "subnet": "10.0.0.0/8", "pools": [{"pool": "10.1.0.0 - 10.200.255.255"}]}],
    }

    def relay(self) -> Relay:
        return Relay(FAMILY, self.far, FAMILY.relay)

    def assigned(self) -> int:
        return self.server.statistic("subnet[1].assigned-addresses")


class Relay(lab.Relay):
    """Speaks DHCPv4."""

    def message(self, what: int, mac: bytes, options: bytes = b"") -> bytes:
        """A message of this type from this client, with a new transaction id."""
        self.number += 1
        transaction = (self.number & 0x3FFFFFFF).to_bytes(4, "big")
        head = bytes((1, 1, 6, 1)) + transaction + bytes(16) + self.address + mac + bytes(10 + 192)
        return head + b"\x63\x82\x53\x63" + bytes((53, 1, what)) + options + b"\xff"

    def read(self, data: bytes, query: bytes) -> bytes:
        return data if data[XID] == query[XID] else b""

    def lease(self, mac: bytes) -> Given | None:
        offer = self.ask(self.message(DISCOVER, mac))
        if offer is None or kind(offer) != OFFER:
            return None
        server = b"\x36\x04" + socket.inet_aton(FAMILY.server)
        ack = self.ask(self.message(REQUEST, mac, server + b"\x32\x04" + offer[YIADDR]))
        if ack is None or kind(ack) != ACK:
            return None
        return Given([socket.inet_ntoa(ack[YIADDR])], int.from_bytes(options(ack)[51], "big"), ack)

    def still_has(self, mac: bytes, what: str) -> bool | None:
        """INIT-REBOOT: the server confirms the address, or refuses."""
        answer = self.ask(self.message(REQUEST, mac, b"\x32\x04" + socket.inet_aton(what)))
        if answer is None or kind(answer) not in (ACK, NAK):
            return None
        return kind(answer) == ACK


def options(reply: bytes) -> dict[int, bytes]:
    """The options of a reply (no overload, no long options: what these tests ask for is short)."""
    found: dict[int, bytes] = {}
    at = 240
    while at < len(reply) and reply[at] != 255:
        if reply[at] == 0:
            at += 1
            continue
        found[reply[at]] = reply[at + 2 : at + 2 + reply[at + 1]]
        at += 2 + reply[at + 1]
    return found
