"""The packets that expressions are tried on, as subjects; whoever changes one changes what the tables expect."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from socket import AF_INET, AF_INET6, inet_pton
from types import SimpleNamespace
from typing import Any

from kead.classify.subject import Classes
from kead.dhcp4 import options as options4
from kead.dhcp4.packet import DISCOVER, Packet4
from kead.dhcp4.packet import decode as decode4
from kead.dhcp4.packet import encode as encode4
from kead.dhcp4.subject import PacketSubject4
from kead.dhcp6 import options as options6
from kead.dhcp6.packet import SOLICIT, Packet6, Relay6, encode_option
from kead.dhcp6.packet import decode as decode6
from kead.dhcp6.packet import encode as encode6
from kead.dhcp6.subject import PacketSubject6
from kead.wire.definitions import OptionDefinition, OptionTable, OptionType

TABLE4 = options4.STANDARD.extended(
    (
        OptionDefinition(200, "mark", OptionType.UINT8),
        OptionDefinition(222, "container", OptionType.UINT8, encapsulates="inner"),
        OptionDefinition(1, "sub", OptionType.UINT16, space="inner"),
        OptionDefinition(2, "deep", OptionType.EMPTY, space="inner", encapsulates="innermost"),
        OptionDefinition(7, "last", OptionType.STRING, space="innermost"),
        OptionDefinition(223, "pair", OptionType.RECORD, fields=(OptionType.UINT8, OptionType.STRING)),
        OptionDefinition(224, "private", OptionType.UINT16),
    )
)
TABLE6 = options6.STANDARD.extended((OptionDefinition(201, "flat", OptionType.UINT16, space="dhcp6", wide=True),))


def ip(text: str) -> int:
    return int.from_bytes(inet_pton(AF_INET6 if ":" in text else AF_INET, text), "big")


def datagram(data: bytes, source: str, destination: str) -> Any:
    channel = SimpleNamespace(interface=SimpleNamespace(name="srv0"))
    return SimpleNamespace(data=data, source=ip(source), destination=ip(destination), channel=channel)


def subject4(
    options: Mapping[int, bytes], classes: Iterable[str] = (), table: OptionTable = TABLE4, **fields: int
) -> PacketSubject4:
    """A relayed DISCOVER with these options, as it would have arrived."""
    packet = Packet4(DISCOVER, 0x12345678, bytes.fromhex("020000000a0b"))
    packet.giaddr = ip("10.3.0.1")
    packet.ciaddr = ip("10.3.1.15")
    for name, value in fields.items():
        setattr(packet, name, value)
    packet.options.update(options)
    data = encode4(packet)
    return PacketSubject4(decode4(data), datagram(data, "10.3.0.2", "10.3.0.1"), table, Classes(classes))


def subject6(
    options: Iterable[tuple[int, bytes]],
    classes: Iterable[str] = (),
    relays: Iterable[Relay6] = (),
    table: OptionTable = TABLE6,
) -> PacketSubject6:
    """A SOLICIT with these options, inside of these relays (the outermost first)."""
    packet = Packet6(SOLICIT, 0x123456)
    for code, value in options:
        packet.options.setdefault(code, []).append(value)
    packet.relays = list(relays)
    data = encode6(packet)
    packet = decode6(data)
    packet.classes = Classes(classes)
    return PacketSubject6(packet, datagram(data, "2001:db8::2", "2001:db8::1"), table)


OPTIONS4 = {
    2: bytes.fromhex("ffffff00"),
    6: bytes.fromhex("0a000001"),
    12: b"MyHost",
    19: b"\1",
    43: bytes.fromhex("0102abcd0203616263"),
    50: bytes.fromhex("0a000107"),
    51: bytes.fromhex("00000e10"),
    55: bytes.fromhex("0103c8"),
    57: bytes.fromhex("05dc"),
    60: b"MSFT 5.0",
    61: bytes.fromhex("01020304"),
    77: b"\3abc",
    79: b"\1scope",
    80: b"",
    81: bytes.fromhex("050000066d79686f7374076578616d706c65036f726700"),
    82: bytes.fromhex("0105706f727437020301020305040a03000006057375622d3708000904000000ff"),
    88: b"\3foo\3bar\0\1x\0",
    93: bytes.fromhex("00070009"),
    94: bytes.fromhex("010203"),
    97: bytes.fromhex("00aabbcc"),
    108: bytes.fromhex("00000708"),
    116: b"\1",
    119: b"\3foo\3bar\0",
    121: bytes.fromhex("18c0000201020304"),
    124: bytes.fromhex("0000118b03666f6f"),
    125: bytes.fromhex("0000118b050103313233"),
    143: b"\0\3abc",
    145: b"ab",
    200: b"\5",
    212: bytes.fromhex("1020" + 32 * "0" + "01020304"),
    222: bytes.fromhex("07010200ff02050703616263"),
    223: b"abc",
    224: b"bc",
}


def usual4() -> PacketSubject4:
    return subject4(OPTIONS4, ("ALL", "VENDOR_CLASS_MSFT 5.0"))


def _container(head: str, code: int, value: bytes) -> bytes:
    return bytes.fromhex(head) + encode_option(code, value)


OPTIONS6 = (
    (1, bytes.fromhex("00030001020000000101")),
    (3, _container("000000010000000000000000", 5, inet_pton(AF_INET6, "2001:db8::1:10") + bytes(8))),
    (4, bytes.fromhex("00000001")),
    (6, bytes.fromhex("00170018")),
    (7, b"\5"),
    (8, bytes.fromhex("0064")),
    (13, b"\0\1hello"),
    (14, b""),
    (15, bytes.fromhex("0003616263")),
    (16, bytes.fromhex("0000118b0003666f6f0003626172")),
    (16, bytes.fromhex("000000090003616263")),
    (17, bytes.fromhex("0000118b000100040020002100240003313233")),
    (17, bytes.fromhex("00000009000100026162")),
    (22, bytes(16)),
    (23, inet_pton(AF_INET6, "2001:db8::53")),
    (24, b"\3foo\3bar\0\1x\0"),
    (25, _container("000000020000000000000000", 26, bytes(8) + b"\x38" + inet_pton(AF_INET6, "2001:db8:8::"))),
    (37, bytes.fromhex("000000096162")),
    (39, bytes.fromhex("01066d79686f7374076578616d706c65036f726700")),
    (41, b"EST5"),
    (59, b"http://x"),
    (60, b"\0\3abc\0\1x"),
    (61, bytes.fromhex("00070009")),
    (62, bytes.fromhex("010203")),
    (67, bytes.fromhex("40aa")),
    (79, bytes.fromhex("0001020000000101")),
    (82, bytes.fromhex("0000000a")),
    (200, b"ab"),
    (201, bytes.fromhex("0102")),
)


def usual6() -> PacketSubject6:
    outer, inner = Relay6(1, ip("2001:db8:4::9"), ip("2001:db8:3::1")), Relay6(0, ip("2001:db8:3::9"), ip("fe80::1c1"))
    outer.options = {18: [b"outer"]}
    inner.options = {37: [b"\0\0\0\x09remote"], 18: [b"port7"]}
    return subject6(OPTIONS6, ("ALL", "VENDOR_CLASS_foo", "VENDOR_CLASS_abc"), (outer, inner))
