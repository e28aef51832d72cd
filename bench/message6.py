"""DHCPv6 messages of made-up clients, as bytes: on the link, or wrapped by one relay agent; as little work per
message as can be.

Client number n has the transaction id n, the DUID-LL of the hardware address 02:00 + n, and behind a relay the
address fe80::200:0 + n: one number says who it is.
"""

from __future__ import annotations

import socket
import struct

from bench.message import DONE, OFFERED, OTHER, REFUSED

SOLICIT, ADVERTISE, REQUEST, REPLY, RELAY_FORW, RELAY_REPL = 1, 2, 3, 7, 12, 13
CLIENT_ID, SERVER_ID, IA_NA, IAADDR, RELAY_MSG, IA_PD, IAPREFIX = 1, 2, 3, 5, 9, 25, 26
ASKS = {"na": (IA_NA,), "pd": (IA_PD,), "both": (IA_NA, IA_PD)}
_LEASE = {IA_NA: IAADDR, IA_PD: IAPREFIX}  # what an association holds
_PEER = slice(30, 34)  # the end of a relayed message's peer-address
_HEAD = struct.Struct("!HH")
_ELAPSED = bytes((0, 8, 0, 2, 0, 0))
_ASKED = bytes((0, 6, 0, 4, 0, 23, 0, 24))  # option request: DNS servers, domain list


class Messages6:
    """What clients say that want `ask` ("na", "pd", "both"), behind the relay `relay` or, without one, on the link."""

    def __init__(self, ask: str = "na", relay: str | None = None) -> None:
        self._wanted = ASKS[ask]
        self._client = _HEAD.pack(CLIENT_ID, 10) + bytes((0, 3, 0, 1, 2, 0))
        self._end = _ELAPSED + _ASKED
        empty = b"".join(_HEAD.pack(code, 12) + bytes((0, 0, 0, 1)) + bytes(8) for code in self._wanted)
        self._solicit = self._end + empty
        self._wrapper = b""
        if relay is not None:
            address = socket.inet_pton(socket.AF_INET6, relay)
            self._wrapper = bytes((RELAY_FORW, 0)) + address + bytes.fromhex("fe80000000000000 02000000")

    def first(self, number: bytes) -> bytes:
        """SOLICIT."""
        return self._wrapped(number, b"".join((b"\x01", number[1:], self._client, number, self._solicit)))

    def second(self, number: bytes, offer: bytes) -> bytes:
        """REQUEST for all that the ADVERTISE holds, from the server that sent it."""
        server, leases = self._taken(offer)
        return self._wrapped(number, b"".join((b"\x03", number[1:], self._client, number, server, self._end, *leases)))

    def _wrapped(self, number: bytes, message: bytes) -> bytes:
        if not self._wrapper:
            return message
        return b"".join((self._wrapper, number, _HEAD.pack(RELAY_MSG, len(message)), message))

    def read(self, data: bytes) -> tuple[bytes, int]:
        """Refused is who did not get each thing that was asked for."""
        start, _end = _message(data)
        if start < 0:
            return b"", OTHER
        number = data[_PEER] if start else b"\0" + data[1:4]
        what = data[start]
        if what != ADVERTISE and what != REPLY:
            return number, OTHER
        if len(self._taken(data)[1]) < len(self._wanted):
            return number, REFUSED
        return number, OFFERED if what == ADVERTISE else DONE

    def bound(self, number: bytes, reply: bytes) -> list[str]:
        found = []
        for association in self._taken(reply)[1]:
            if association[1] == IA_NA:
                text = socket.inet_ntop(socket.AF_INET6, association[20:36])
            else:
                text = f"{socket.inet_ntop(socket.AF_INET6, association[29:45])}/{association[28]}"
            found.append(f"{text} 02:00:{number.hex(':')}")
        return found

    def _taken(self, data: bytes) -> tuple[bytes, list[bytes]]:
        """The server's identifier and the associations that hold a lease, as options ready to be sent back."""
        at, end = _message(data)
        at += 4
        server = b""
        leases = []
        while at + 4 <= end:
            code, length = _HEAD.unpack_from(data, at)
            if at + 4 + length > end:
                break  # cut off on the way
            if code == SERVER_ID:
                server = data[at : at + 4 + length]
            elif code in self._wanted and length > 16 and data[at + 17] == _LEASE[code]:
                leases.append(data[at : at + 4 + length])
            at += 4 + length
        return server, leases


def _message(data: bytes) -> tuple[int, int]:
    """Where the server's message lies in what came: (first byte, end); (-1, 0): it holds none."""
    if not data or data[0] != RELAY_REPL:
        return (0, len(data)) if len(data) >= 4 else (-1, 0)
    at = 34
    while at + 8 <= len(data):
        code, length = _HEAD.unpack_from(data, at)
        if code == RELAY_MSG:
            return at + 4, min(len(data), at + 4 + length)
        at += 4 + length
    return -1, 0
