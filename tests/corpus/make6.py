"""Writes the corpus of DHCPv6 packets: one of each kind that clients and relays are known to send.

    python tests/corpus/make6.py        # writes tests/corpus/dhcp6/*.bin; the files are kept, this says what is in them

Built byte by byte here and not with kead's encoder, so that the corpus does not inherit its faults.
"""

from __future__ import annotations

import struct
from ipaddress import IPv6Address
from pathlib import Path

MAC = bytes.fromhex("0200000001a7")
LLT = b"\0\1\0\1\x2b\xf0\xaa\x01" + MAC
LL = b"\0\3\0\1" + MAC
EN = b"\0\2" + struct.pack("!I", 2495) + bytes.fromhex("87a6c1d2e3f40516")
UUID = b"\0\4" + bytes(range(0xA0, 0xB0))
SERVER = b"\0\2" + struct.pack("!I", 2495) + bytes.fromhex("0123456789abcdef")
WINDOWS = (17, 23, 24, 32, 39)
LINUX = (23, 24, 31, 39, 56, 82, 83)
ROUTER = (23, 24, 64, 67, 82, 94, 95, 96)


def ip(text: str) -> bytes:
    """Sixteen bytes of an address."""
    return IPv6Address(text).packed


def option(code: int, value: bytes) -> bytes:
    """One option."""
    return struct.pack("!HH", code, len(value)) + value


def packet(kind: int, *options: tuple[int, bytes], xid: int = 0xA1B2C3) -> bytes:
    """A message as it stands in the datagram."""
    return struct.pack("!I", kind << 24 | xid) + b"".join(option(*each) for each in options)


def relayed(
    message: bytes, *options: tuple[int, bytes], hops: int = 0, link: str = "2001:db8:1::1", peer: str = "fe80::a7"
) -> bytes:
    """A message inside of a RELAY-FORW."""
    head = struct.pack("!BB", 12, hops) + ip(link) + ip(peer)
    return head + b"".join(option(*each) for each in options) + option(9, message)


def numbers(*codes: int) -> bytes:
    """Numbers of two bytes."""
    return b"".join(struct.pack("!H", code) for code in codes)


def texts(*values: bytes) -> bytes:
    """Bytes with their lengths before them."""
    return b"".join(struct.pack("!H", len(value)) + value for value in values)


def name(text: str) -> bytes:
    """Labels with the root at the end."""
    return b"".join(bytes((len(label),)) + label.encode() for label in text.split(".")) + b"\0"


def ia(iaid: int, *options: tuple[int, bytes], t1: int = 0, t2: int = 0) -> bytes:
    """An IA_NA or IA_PD."""
    return struct.pack("!III", iaid, t1, t2) + b"".join(option(*each) for each in options)


def address(text: str, preferred: int = 0, valid: int = 0, more: bytes = b"") -> tuple[int, bytes]:
    """An IAADDR."""
    return 5, ip(text) + struct.pack("!II", preferred, valid) + more


def prefix(text: str, length: int, preferred: int = 0, valid: int = 0, more: bytes = b"") -> tuple[int, bytes]:
    """An IAPREFIX."""
    return 26, struct.pack("!IIB", preferred, valid, length) + ip(text) + more


MODEM = struct.pack("!I", 4491) + b"".join(
    option(*each)
    for each in (
        (1, numbers(32, 33, 34, 37, 38)),
        (2, b"ECM"),
        (4, b"17-0001"),
        (10, b"ACME"),
        (35, bytes.fromhex("0102030405")),
        (36, MAC),
    )
)
CMTS = struct.pack("!I", 4491) + option(1026, MAC)

PACKETS = {
    "solicit-windows": packet(
        1,
        (8, b"\0\0"),
        (1, LLT),
        (3, ia(0x0E020000)),
        (39, b"\0" + name("DESKTOP-7QK2")[:-1]),
        (16, struct.pack("!I", 311) + texts(b"MSFT 5.0")),
        (6, numbers(*WINDOWS)),
    ),
    "solicit-linux": packet(
        1, (1, EN), (6, numbers(*LINUX)), (8, b"\0\x64"), (14, b""), (3, ia(1)), (39, b"\1\6host17")
    ),
    "solicit-phone": packet(1, (1, UUID), (8, b"\0\0"), (6, numbers(23, 24)), (3, ia(7, t1=3600, t2=5400))),
    "solicit-router": packet(
        1,
        (1, LL),
        (3, ia(1)),
        (25, ia(1, prefix("::", 56))),
        (6, numbers(*ROUTER)),
        (14, b""),
        (20, b""),
        (8, b"\0\0"),
        (16, struct.pack("!I", 3561) + texts(b"cpe", b"dslforum.org")),
    ),
    "solicit-several": packet(
        1,
        (1, LLT),
        (3, ia(1, address("2001:db8:1::17", 3000, 4000))),
        (3, ia(2)),
        (4, struct.pack("!I", 3)),
        (25, ia(4, prefix("2001:db8:8000::", 48, 100, 200))),
        (25, ia(5)),
        (6, numbers(23)),
    ),
    "solicit-modem": packet(
        1, (1, LLT), (3, ia(0)), (6, numbers(17)), (8, b"\0\0"), (14, b""), (17, MODEM), (15, texts(b"docsis3.1"))
    ),
    "solicit-pxe": packet(
        1,
        (1, UUID),
        (3, ia(0x11223344)),
        (6, numbers(59, 60)),
        (61, numbers(7)),
        (62, b"\1\3\x10"),
        (15, texts(b"iPXE")),
        (16, struct.pack("!I", 343) + texts(b"PXEClient:Arch:00007:UNDI:003016")),
    ),
    "solicit-relayed": relayed(
        packet(1, (1, LLT), (3, ia(1)), (8, b"\0\0"), (6, numbers(*LINUX))),
        (18, b"ge-0/0/1:100"),
        (37, struct.pack("!I", 2636) + b"circuit-17"),
        (38, b"subscriber-17"),
        (79, b"\0\1" + MAC),
    ),
    "solicit-relayed-twice": relayed(
        relayed(
            packet(1, (1, EN), (25, ia(1)), (8, b"\0\0")),
            (18, b"inner"),
            (37, struct.pack("!I", 9) + b"id"),
            (17, CMTS),
            link="::",
        ),
        (18, b"outer"),
        (53, LL),
        (66, option(65, name("erp.example"))),
        (135, b"\x10\x43"),
        hops=1,
        peer="2001:db8:2::1",
    ),
    "request": packet(
        3,
        (1, LLT),
        (2, SERVER),
        (3, ia(1, address("2001:db8:1::17", 3000, 4000))),
        (6, numbers(*WINDOWS)),
        (8, b"\0\0"),
        (39, b"\1" + name("host17.example.org")),
    ),
    "request-prefix": packet(
        3,
        (1, LL),
        (2, SERVER),
        (25, ia(1, prefix("2001:db8:8000::", 56, 3000, 4000, option(67, b"\x40\x01")), t1=1500, t2=2400)),
        (6, numbers(67)),
    ),
    "confirm": packet(4, (1, LLT), (3, ia(1, address("2001:db8:1::17"), address("2001:db8:1::18"))), (8, b"\0\0")),
    "renew": packet(
        5,
        (1, LLT),
        (2, SERVER),
        (3, ia(1, address("2001:db8:1::17", 3000, 4000), t1=1500, t2=2400)),
        (25, ia(1, prefix("2001:db8:8000::", 56, 3000, 4000))),
        (8, b"\0\0"),
    ),
    "rebind": packet(6, (1, LLT), (3, ia(1, address("2001:db8:1::17", 3000, 4000))), (6, numbers(23, 24))),
    "release": packet(8, (1, LLT), (2, SERVER), (3, ia(1, address("2001:db8:1::17"), (13, b"\0\0bye")))),
    "decline": packet(9, (1, LLT), (2, SERVER), (3, ia(1, address("2001:db8:1::17", more=option(13, b"\0\1used"))))),
    "information-request": packet(11, (8, b"\0\0"), (6, numbers(21, 22, 23, 24, 32)), (1, LL)),
    "information-request-anonymous": packet(11, (6, numbers(23)), (8, b"\xff\xff")),
    "leasequery": packet(14, (1, LL), (44, b"\1" + ip("2001:db8:1::17") + option(6, numbers(23)))),
    "dhcpv4-query": packet(20, (87, bytes(240)), (88, b"")),
    "address-registration": packet(36, (1, LLT), address("2001:db8:1::99", 3000, 4000), (39, b"\1" + name("me.org"))),
    "lists": packet(
        1,
        (1, LL),
        (11, b"\3\0\0" + bytes(8)),
        (12, ip("2001:db8::1")),
        (13, b"\0\0fine"),
        (23, ip("2001:db8::1") + ip("2001:db8::2")),
        (24, name("a.example") + name("b.example")),
        (36, b"\0\0\1x"),
        (45, option(1, LL) + option(46, b"\0\0\0\1")),
        (47, ip("2001:db8::1") + b"relayed"),
        (51, name("lost.example")),
        (56, option(1, ip("2001:db8::7")) + option(3, name("ntp.example"))),
        (60, texts(b"quiet", b"root=/dev/nfs")),
        (67, b"\x40\x01"),
        (74, ip("2001:db8::1") + b"\1" + name("example")),
        (82, b"\0\0\0\x3c"),
        (94, option(89, b"\0\x0c\x18\xc0\0\2\0\x20\x20\1\x0d\xb8" + option(93, b"\0\4\x10\0")) + option(90, ip("::1"))),
        (95, option(91, b"\x40\x20\1\x0d\xb8\0\1\0\0")),
        (96, option(92, b"\xc0\0\2\1\x20\x20\1\x0d\xb8" + option(93, b"\0\4\x10\0"))),
        (103, b"https://portal.example/"),
        (136, texts(b"https://sztp.example")),
        (144, b"\0\1\0\5\1a\1b\0\0\x10" + ip("2001:db8::1") + struct.pack("!HH", 3, 2) + b"\3\x55"),
    ),
}


def main() -> None:
    """Writes the files."""
    folder = Path(__file__).resolve().parent / "dhcp6"
    folder.mkdir(exist_ok=True)
    for title, data in PACKETS.items():
        (folder / f"{title}.bin").write_bytes(data)


if __name__ == "__main__":
    main()
