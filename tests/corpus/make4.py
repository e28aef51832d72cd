"""Writes the corpus of DHCPv4 packets: one of each kind that clients and relays are known to send.

    python tests/corpus/make4.py        # writes tests/corpus/dhcp4/*.bin; the files are kept, this says what is in them

Built byte by byte here and not with kead's encoder, so that the corpus does not inherit its faults.
"""

from __future__ import annotations

import struct
from pathlib import Path

MAC = bytes.fromhex("0200000001a7")
WINDOWS = bytes((1, 3, 6, 15, 31, 33, 43, 44, 46, 47, 119, 121, 249, 252))
LINUX = bytes((1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42))
PHONE = bytes((1, 3, 6, 15, 26, 28, 51, 58, 59, 43, 114, 108))


def ip(text: str) -> bytes:
    """Four bytes of a dotted quad."""
    return bytes(map(int, text.split(".")))


def option(code: int, value: bytes) -> bytes:
    """One option; more than 255 bytes go into several."""
    return b"".join(
        bytes((code, len(value[at : at + 255]))) + value[at : at + 255] for at in range(0, len(value) or 1, 255)
    )


def packet(
    kind: int | None,
    *options: tuple[int, bytes],
    flags: int = 0,
    ciaddr: str = "0.0.0.0",
    giaddr: str = "0.0.0.0",
    hops: int = 0,
    htype: int = 1,
    hwaddr: bytes = MAC,
    secs: int = 0,
    sname: bytes = b"",
    file: bytes = b"",
    pad: int = 0,
) -> bytes:
    """A message as it stands in the datagram."""
    head = struct.pack("!BBBBIHH", 1, htype, len(hwaddr), hops, 0x3903F326, secs, flags)
    head += ip(ciaddr) + bytes(8) + ip(giaddr)
    head += struct.pack("16s64s128s", hwaddr, sname, file) + b"\x63\x82\x53\x63"
    body = option(53, bytes((kind,))) if kind else b""
    return (head + body + b"".join(option(*each) for each in options) + b"\xff").ljust(pad, b"\0")


def name(text: str) -> bytes:
    """Labels with the root at the end."""
    return b"".join(bytes((len(label),)) + label.encode() for label in text.split(".")) + b"\0"


RELAY = (
    (1, b"ge-0/0/1:100"),
    (2, bytes.fromhex("00060200000050aa")),
    (5, ip("10.3.0.1")),
    (6, b"subscriber-17"),
    (11, ip("10.3.0.1")),
    (12, b"relay-9"),
    (19, b"\x10\x43"),
)
RAI = b"".join(option(*each) for each in RELAY)
DOCSIS = struct.pack("!IB", 4491, 13) + option(1, b"\x02\x03") + option(5, b"\x01\x01\x02\x03\x01\x01\x01")

PACKETS = {
    "discover-windows": packet(
        1,
        (61, b"\1" + MAC),
        (50, ip("192.0.2.17")),
        (12, b"DESKTOP-7QK2"),
        (60, b"MSFT 5.0"),
        (55, WINDOWS),
        flags=0x8000,
        pad=300,
    ),
    "discover-linux": packet(1, (12, b"host-17"), (55, LINUX), (57, b"\x05\xdc"), pad=300),
    "discover-phone": packet(
        1, (61, b"\xff" + bytes(range(14))), (57, b"\x05\xdc"), (60, b"android-dhcp-14"), (80, b""), (55, PHONE)
    ),
    "discover-pxe": packet(
        1,
        (57, b"\x05\xc0"),
        (97, b"\0" + bytes(range(16))),
        (93, b"\0\7"),
        (94, b"\1\3\x10"),
        (60, b"PXEClient:Arch:00007:UNDI:003016"),
        (77, b"iPXE"),
        (175, option(1, b"\1") + option(24, b"\1")),
        (55, bytes((1, 3, 6, 15, 43, 60, 66, 67, 128, 129, 130, 131, 132, 133, 134, 135))),
        secs=4,
        flags=0x8000,
        pad=548,
    ),
    "discover-relayed": packet(
        1, (61, b"\1" + MAC), (12, b"behind"), (55, LINUX), (82, RAI), hops=1, giaddr="10.3.0.1"
    ),
    "discover-modem": packet(
        1,
        (60, b"docsis3.0:" + b"01010102" * 20),
        (43, option(2, b"ECM") + option(4, b"17-0001") + option(10, b"ACME")),
        (55, bytes((1, 2, 3, 4, 7, 66, 67, 122, 125))),
        (122, option(1, ip("10.0.0.7")) + option(6, name("realm.example")) + option(8, b"\x0a")),
        (125, DOCSIS),
        (82, option(2, MAC) + option(4, b"\0\0\0\1")),
        giaddr="10.4.0.1",
        hops=1,
    ),
    "discover-vendors": packet(
        1,
        (124, struct.pack("!IB", 9, 6) + b"\5class" + struct.pack("!IB", 3561, 4) + b"\3cpe"),
        (125, struct.pack("!IB", 3561, 8) + option(1, b"00D09E")),
        (55, bytes((1, 3, 6, 43, 125))),
    ),
    "discover-overloaded": packet(
        1, (52, b"\3"), file=option(12, b"from-file") + b"\xff", sname=option(55, bytes((1, 3, 6))) + b"\xff"
    ),
    "discover-long": packet(1, (61, b"\0" + b"x" * 40), (77, b"u" * 600), (55, LINUX), (43, option(1, b"v" * 250))),
    "discover-infiniband": packet(1, (61, b"\xff" + bytes(range(18))), (55, LINUX), htype=32, hwaddr=b"", flags=0x8000),
    "request-selecting": packet(
        3,
        (50, ip("192.0.2.17")),
        (54, ip("192.0.2.1")),
        (12, b"host-17"),
        (81, b"\0\0\0host-17.example.org"),
        (55, WINDOWS),
        pad=300,
    ),
    "request-fqdn": packet(
        3, (50, ip("192.0.2.17")), (54, ip("192.0.2.1")), (81, b"\5\0\0" + name("host-17.example.org"))
    ),
    "request-reboot": packet(3, (50, ip("192.0.2.17")), (61, b"\1" + MAC), (51, b"\0\0\x0e\x10"), (55, LINUX)),
    "request-renewing": packet(3, (61, b"\1" + MAC), (55, PHONE), ciaddr="192.0.2.17"),
    "request-subnet": packet(3, (50, ip("10.9.0.17")), (118, ip("10.9.0.0")), (54, ip("192.0.2.1")), (55, LINUX)),
    "decline": packet(4, (50, ip("192.0.2.17")), (54, ip("192.0.2.1")), (56, b"address in use\0")),
    "release": packet(7, (54, ip("192.0.2.1")), (61, b"\1" + MAC), (56, b"bye"), ciaddr="192.0.2.17"),
    "inform": packet(8, (60, b"MSFT 5.0"), (55, WINDOWS), (12, b"static-1"), ciaddr="192.0.2.200", pad=300),
    "leasequery": packet(10, (55, bytes((51, 61, 82, 91, 92))), giaddr="10.3.0.1", ciaddr="10.3.0.17"),
    "lists": packet(
        1,
        (3, ip("10.0.0.1") + ip("10.0.0.2")),
        (6, ip("10.0.0.3")),
        (119, name("a.example") + b"\1b\xc0\x02"),
        (121, b"\x18\x0a\1\2" + ip("10.0.0.1") + b"\0" + ip("10.0.0.2")),
        (143, b"\0\x05https"),
        (146, b"\1" + ip("10.0.0.3") + ip("10.0.0.4") + name("example.org")),
        (162, b"\0\x0d\0\1\5\1a\1b\0\4" + ip("10.0.0.3")),
        (212, b"\0\x20" + bytes(16) + ip("10.0.0.5")),
        (78, b"\1" + ip("10.0.0.6")),
    ),
    "bootp": packet(None, (12, b"old-printer"), pad=300),
}


def main() -> None:
    """Writes the files."""
    folder = Path(__file__).resolve().parent / "dhcp4"
    folder.mkdir(exist_ok=True)
    for title, data in PACKETS.items():
        (folder / f"{title}.bin").write_bytes(data)


if __name__ == "__main__":
    main()
