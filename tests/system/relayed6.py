"""The lab of DHCPv6: a server at 2001:db8::1, relay agents at 2001:db8::2 and 2001:db8::3; each client wants an
address and a prefix, and is known by a DUID made of its hardware address.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from typing import ClassVar

from bench.family import FAMILIES
from bench.message6 import (
    ADVERTISE,
    CLIENT_ID,
    IA_NA,
    IA_PD,
    IAADDR,
    IAPREFIX,
    RELAY_FORW,
    RELAY_MSG,
    RELAY_REPL,
    REPLY,
    REQUEST,
    SERVER_ID,
    SOLICIT,
)
from tests.system import lab
from tests.system.lab import Given

FAMILY = FAMILIES[6]
RENEW = 5
HEADERS = {IA_NA: 12, IA_PD: 12, IAADDR: 24, IAPREFIX: 25}  # bytes before the sub-options
NOBODY = bytes.fromhex("0299ffffffff")


class Lab6(lab.Lab):
    """The server takes what relays send to its global address."""

    family = FAMILY
    second_relay = "2001:db8::3"
    words: ClassVar[list[str]] = ["--family", "6", "--ask", "both"]
    usual = FAMILY.configuration("both")

    def relay(self) -> Relay6:
        return Relay6(FAMILY, self.far, FAMILY.relay)

    @staticmethod
    def name(row: dict[str, str]) -> str:
        return f"{row['address']}/{row['prefix_len']}" if row["lease_type"] == "2" else row["address"]

    def assigned(self) -> int:
        return sum(self.server.statistic(f"subnet[1].assigned-{kind}") for kind in ("nas", "pds"))


def option(code: int, value: bytes) -> bytes:
    return code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value


def options(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Code and value, one after the other."""
    while data:
        length = int.from_bytes(data[2:4], "big")
        yield int.from_bytes(data[:2], "big"), data[4 : 4 + length]
        data = data[4 + length :]


def leases(message: bytes) -> dict[str, int]:
    """All addresses and prefixes in a message, each with its valid lifetime."""
    found = {}
    for code, value in options(message[4:]):
        if code in (IA_NA, IA_PD):
            for kind, lease in options(value[HEADERS[code] :]):
                if kind == IAADDR:
                    found[socket.inet_ntop(socket.AF_INET6, lease[:16])] = int.from_bytes(lease[20:24], "big")
                elif kind == IAPREFIX:
                    text = f"{socket.inet_ntop(socket.AF_INET6, lease[9:25])}/{lease[8]}"
                    found[text] = int.from_bytes(lease[4:8], "big")
    return found


def association(what: str = "", *, prefix: bool = False) -> bytes:
    """An identity association with nothing in it, or with this lease; its lifetimes are left to the server."""
    address, _, length = what.partition("/")
    number = ipaddress.IPv6Address(address).packed if what else b""
    if length or prefix:
        inside = option(IAPREFIX, bytes(8) + bytes((int(length),)) + number) if what else b""
        return option(IA_PD, bytes((0, 0, 0, 1)) + bytes(8) + inside)
    return option(IA_NA, bytes((0, 0, 0, 1)) + bytes(8) + (option(IAADDR, number + bytes(8)) if what else b""))


class Relay6(lab.Relay):
    """Speaks DHCPv6."""

    def message(self, what: int, mac: bytes, content: bytes) -> bytes:
        """A message of this type from this client, in a RELAY-FORW."""
        return self.wrapped(self.bare(what, mac, content))

    def bare(self, what: int, mac: bytes, content: bytes) -> bytes:
        """The client's own message, with a new transaction id."""
        self.number += 1
        transaction = (self.number & 0xFFFFFF).to_bytes(3, "big")
        return bytes((what,)) + transaction + option(CLIENT_ID, b"\0\3\0\1" + mac) + content

    def wrapped(self, message: bytes) -> bytes:
        return bytes((RELAY_FORW, 0)) + self.address + bytes.fromhex("fe80") + bytes(14) + option(RELAY_MSG, message)

    def read(self, data: bytes, query: bytes) -> bytes:
        if data[0] != RELAY_REPL:
            return b""
        message = dict(options(data[34:]))[RELAY_MSG]
        return message if message[1:4] == dict(options(query[34:]))[RELAY_MSG][1:4] else b""

    def lease(self, mac: bytes) -> Given | None:
        """An address and a prefix."""
        offer = self.ask(self.message(SOLICIT, mac, association() + association(prefix=True)))
        if offer is None or offer[0] != ADVERTISE:
            return None
        kept = b"".join(option(code, value) for code, value in options(offer[4:]) if code in (SERVER_ID, IA_NA, IA_PD))
        reply = self.ask(self.message(REQUEST, mac, kept))
        if reply is None or reply[0] != REPLY or len(found := leases(reply)) < 2:
            return None
        return Given(list(found), min(found.values()), reply)

    def still_has(self, mac: bytes, what: str) -> bool | None:
        """Nobody else is offered it, and the client itself may renew it."""
        offer = self.ask(self.message(SOLICIT, NOBODY, association(what)))
        if offer is None:
            return None
        if what in leases(offer):
            return False
        server = option(SERVER_ID, dict(options(offer[4:]))[SERVER_ID])
        answer = self.ask(self.message(RENEW, mac, server + association(what)))
        return None if answer is None else leases(answer).get(what, 0) > 0
