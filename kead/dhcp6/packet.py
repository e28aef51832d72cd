"""One DHCPv6 message: bytes to `Packet6`, `Packet6` to bytes (RFC 8415 sections 8, 9 and 21.1).

The law of this file: `decode` is total. Whatever the network brings, it gives a packet or raises `PacketError`,
in time linear to the datagram and without recursion, however deeply relays have wrapped the message. It is on the way
of every packet, so it makes one pass over the bytes, decodes no value that nobody asked for, and knows an option only
by its code, its least length and its bytes.
"""

from __future__ import annotations

from struct import Struct
from typing import Final

from kead.classify.subject import Classes
from kead.dhcp6.checks import LOOK_AT, REST_IS_LOST, SURE_AT, complaint, forgivable
from kead.wire.packets import PacketError as PacketError

SOLICIT: Final = 1
ADVERTISE: Final = 2
REQUEST: Final = 3
CONFIRM: Final = 4
RENEW: Final = 5
REBIND: Final = 6
REPLY: Final = 7
RELEASE: Final = 8
DECLINE: Final = 9
RECONFIGURE: Final = 10
INFORMATION_REQUEST: Final = 11
RELAY_FORW: Final = 12
RELAY_REPL: Final = 13
LEASE_QUERY: Final = 14
LEASE_QUERY_REPLY: Final = 15
LEASE_QUERY_DONE: Final = 16
LEASE_QUERY_DATA: Final = 17
DHCPV4_QUERY: Final = 20
DHCPV4_RESPONSE: Final = 21
ADDR_REG_INFORM: Final = 36
ADDR_REG_REPLY: Final = 37

TYPE_NAMES: Final = {
    SOLICIT: "SOLICIT",
    ADVERTISE: "ADVERTISE",
    REQUEST: "REQUEST",
    CONFIRM: "CONFIRM",
    RENEW: "RENEW",
    REBIND: "REBIND",
    REPLY: "REPLY",
    RELEASE: "RELEASE",
    DECLINE: "DECLINE",
    RECONFIGURE: "RECONFIGURE",
    INFORMATION_REQUEST: "INFORMATION_REQUEST",
    RELAY_FORW: "RELAY_FORWARD",
    RELAY_REPL: "RELAY_REPLY",
    LEASE_QUERY: "LEASEQUERY",
    LEASE_QUERY_REPLY: "LEASEQUERY_REPLY",
    LEASE_QUERY_DONE: "LEASEQUERY_DONE",
    LEASE_QUERY_DATA: "LEASEQUERY_DATA",
    DHCPV4_QUERY: "DHCPV4_QUERY",
    DHCPV4_RESPONSE: "DHCPV4_RESPONSE",
    ADDR_REG_INFORM: "ADDR_REG_INFORM",
    ADDR_REG_REPLY: "ADDR_REG_REPLY",
}

Options = dict[int, list[bytes]]
"""Code to the values of all its instances, in order of appearance."""

MAXIMUM_RELAYS: Final = 33
"""How many relays may have wrapped a message: as many as Kea accepts. What they say about hops is not looked at."""

_RELAY_HEADER_LENGTH: Final = 34
_OPTION = Struct("!HH")
_option_at = _OPTION.unpack_from
_pack_option = _OPTION.pack
_RELAY = Struct("!BB16s16s")
_relay_at = _RELAY.unpack_from
_pack_relay = _RELAY.pack
_number = int.from_bytes


class Relay6:
    """What one relay put around the message: a RELAY-FORW (type 12) or, in a reply, a RELAY-REPL (13).

    `link` and `peer` are addresses as ints. `options` are those beside the relayed message, which is not among them.
    """

    __slots__ = ("hops", "link", "options", "peer", "type")

    type: int
    hops: int
    link: int
    peer: int
    options: Options

    def __init__(self, hops: int = 0, link: int = 0, peer: int = 0, *, type: int = RELAY_FORW) -> None:
        self.type = type
        self.hops = hops
        self.link = link
        self.peer = peer
        self.options = {}

    def first(self, code: int) -> bytes | None:
        """The value of the first instance of an option, None if there is none."""
        values = self.options.get(code)
        return values[0] if values else None


class Packet6:
    """A message, query or reply. `transaction_id` has 24 bits; `type` is that of the innermost message.

    `classes` are the client classes that a query is in, as far as anybody looks at classes. `relays` stand outermost
    first: relays[0] is the nearest to the server, relays[-1] the nearest to the client.
    """

    __slots__ = ("classes", "options", "relays", "transaction_id", "type")

    type: int
    transaction_id: int
    options: Options
    relays: list[Relay6]
    classes: Classes

    def __init__(self, type: int = 0, transaction_id: int = 0) -> None:
        self.type = type
        self.transaction_id = transaction_id
        self.options = {}
        self.relays = []
        self.classes = Classes()

    def first(self, code: int) -> bytes | None:
        """The value of the first instance of an option, None if there is none."""
        values = self.options.get(code)
        return values[0] if values else None

    @property
    def duid(self) -> bytes:
        """The client's DUID: option 1, b"" if there is none."""
        values = self.options.get(1)
        return values[0] if values else b""

    def name_of_type(self) -> str:
        """SOLICIT and so on; UNKNOWN for a type without a name."""
        return TYPE_NAMES.get(self.type, "UNKNOWN")

    def __repr__(self) -> str:
        """Which message it is, in short; `packet_text.packet_text` shows all of it."""
        try:
            return f"<Packet6 {self.name_of_type()} xid={self.transaction_id:#x} duid={self.duid.hex(':')}>"
        except Exception:  # noqa: BLE001  (a hook library can put anything into the fields, or leave them unset)
            return "<Packet6 with odd fields>"


_new_packet = Packet6.__new__
_new_relay = Relay6.__new__
_new_classes = Classes.__new__


def decode(data: bytes, lenient: bool = False) -> Packet6:
    """The message in these bytes. PacketError: a header cut short, a relay without a message, or a broken option.

    Options that are cut off at the end are left out with all that follows. `lenient`: so are options of the message
    whose names are broken.
    """
    packet = _new_packet(Packet6)
    relays: list[Relay6] = []
    packet.relays = relays
    packet.classes = _new_classes(Classes)
    at = 0
    end = len(data)
    if end and data[0] in (RELAY_FORW, RELAY_REPL):
        at, end = _unwrap(data, relays)
    if end - at < 4:
        raise PacketError(f"truncated header: {end - at} bytes, at least 4 are needed")
    packet.type = data[at]
    packet.transaction_id = data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]
    options: Options = {}
    packet.options = options
    look_at = LOOK_AT
    sure_at = SURE_AT
    at += 4
    last = end - 4
    while at <= last:
        code, length = _option_at(data, at)
        start = at + 4
        at = start + length
        if at > end:
            break
        value = data[start:at]
        if code < 256 and length < look_at[code] and length != sure_at[code]:
            why = complaint(code, value)
            if why:
                if why == REST_IS_LOST:
                    break
                if lenient and forgivable(code, value):
                    continue
                raise PacketError(why)
        if code in options:
            options[code].append(value)
        else:
            options[code] = [value]
    return packet


def _unwrap(data: bytes, relays: list[Relay6]) -> tuple[int, int]:
    """Reads the relays from the outside to the inside; where the message itself begins and ends.

    Nothing is copied but the options' values, so that a chain of relays costs no more than its bytes.
    """
    at, end = 0, len(data)
    while True:
        if len(relays) >= MAXIMUM_RELAYS:
            raise PacketError(f"more than {MAXIMUM_RELAYS} relays")
        if end - at < _RELAY_HEADER_LENGTH:
            raise PacketError(f"truncated relay header: {end - at} bytes, at least {_RELAY_HEADER_LENGTH} are needed")
        relay = _new_relay(Relay6)
        relay.type, relay.hops, link, peer = _relay_at(data, at)
        relay.link = _number(link, "big")
        relay.peer = _number(peer, "big")
        at += _RELAY_HEADER_LENGTH
        inner = inner_end = 0
        options: Options = {}
        relay.options = options
        while at <= end - 4:
            code, length = _option_at(data, at)
            start = at + 4
            at = start + length
            if at > end:
                break
            if code == 9:
                inner, inner_end = start, at
                continue
            value = data[start:at]
            if code < 256 and length < LOOK_AT[code]:
                why = complaint(code, value)
                if why == REST_IS_LOST:
                    break
                if why:
                    raise PacketError(f"relay: {why}")
            if code in options:
                options[code].append(value)
            else:
                options[code] = [value]
        relays.append(relay)
        if inner == inner_end:
            raise PacketError("a relay without the relayed message")
        at, end = inner, inner_end
        if data[at] not in (RELAY_FORW, RELAY_REPL):
            return at, end


def split_options(data: bytes) -> Options:
    """The options in these bytes, as in a container. Total: stops where they are cut."""
    found: Options = {}
    at, end = 0, len(data)
    while at <= end - 4:
        code, length = _option_at(data, at)
        start = at + 4
        at = start + length
        if at > end:
            break
        if code in found:
            found[code].append(data[start:at])
        else:
            found[code] = [data[start:at]]
    return found


def encode_option(code: int, value: bytes) -> bytes:
    """One option on the wire. struct.error: a code or a length that has no room in 16 bits."""
    return _pack_option(code, len(value)) + value


def encode_options(options: Options) -> bytes:
    """Options on the wire, ascending by code, the instances of a code in their order."""
    return b"".join([_pack_option(code, len(value)) + value for code in sorted(options) for value in options[code]])


def encode(packet: Packet6) -> bytes:
    """The message on the wire, inside of its relays; options ascending by code, but for a relayed message: it is last.

    struct.error: a header field, a value or a relayed message that does not fit.
    """
    data = (packet.type << 24 | packet.transaction_id).to_bytes(4, "big") + encode_options(packet.options)
    for relay in reversed(packet.relays):
        head = _pack_relay(relay.type, relay.hops, relay.link.to_bytes(16, "big"), relay.peer.to_bytes(16, "big"))
        data = head + encode_options(relay.options) + _pack_option(9, len(data)) + data
    return data
