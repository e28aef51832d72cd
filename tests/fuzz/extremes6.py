"""DHCPv6 packets that are whole but too much of something, or say what cannot be.

Relays in relays, hundreds of identity associations, addresses without number, DUIDs of every length, prefixes and
excluded prefixes of impossible lengths. Each function takes a source of chance and gives bytes.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from tests.corpus.make6 import CMTS, LL, LLT, MAC, SERVER, ia, ip, numbers, option, packet, relayed, texts

ADDRESSES = [ip(f"2001:db8:1::{number:x}") for number in range(0x08, 0x108)] + [
    *(ip(f"2001:db8:2::{number:x}") for number in range(0x40)),
    *(ip(f"2001:db8:3::{number:x}") for number in range(0x40)),
    *(ip(text) for text in ("::", "::1", "fe80::1", "ff02::1:2", "2001:db8:8000::", "2001:db8:9999::1")),
]
PREFIXES = [
    *(ip(f"2001:db8:{pool}:{number:x}00::") for pool in ("8000", "9000") for number in range(0x10)),
    *(ip(f"2001:db8:{pool}:{number:x}::") for pool in ("9000", "a000", "b000") for number in range(0x10)),
    *(ip(text) for text in ("::", "2001:db8:8000:ffff::", "2001:db8:1::", "2001:db8:9999::", "8000::")),
]
LINKS = (
    "2001:db8:1::1",
    "2001:db8:1::1",
    "2001:db8:2::1",
    "2001:db8:3::1",
    "2001:db8:77::1",
    "::",
    "fe80::1",
    "2001::1",
)
LENGTHS = (0, 0, 1, 48, 55, 56, 56, 57, 60, 62, 64, 64, 65, 127, 128, 129, 200, 255)
KINDS = (1, 1, 3, 3, 3, 4, 5, 5, 6, 8, 9, 11, 36)
TO_ONE_SERVER = (3, 5, 8, 9)
DUID_LENGTHS = (0, 1, 2, 3, 4, 8, 127, 128, 129, 130, 131, 132, 255, 256, 1000, 60000)
MANY = (2, 3, 10, 10, 30, 30, 300, 1000, 4000)
LIFETIMES = (0, 0, 1, 30, 60, 0x7FFFFFFF, 0xFFFFFFFE, 0xFFFFFFFF)


def _head(random: Random) -> tuple[int, list[tuple[int, bytes]]]:
    """A type, and the identifiers that belong to it."""
    kind = random.choice(KINDS)
    duid = random.choice((LL, LLT))[:-2] + random.randrange(150).to_bytes(2, "big")
    options = [(1, duid)]
    if kind in TO_ONE_SERVER:
        options.append((2, SERVER))
    if random.random() < 0.3:
        options.append((14, b""))
    if random.random() < 0.3:
        options.append((6, numbers(23, 24, 39, 67, 17, 16)))
    return kind, options


def _times(random: Random) -> bytes:
    return random.choice(LIFETIMES).to_bytes(4, "big") + random.choice(LIFETIMES).to_bytes(4, "big")


def _address(random: Random, more: bytes = b"") -> tuple[int, bytes]:
    return 5, random.choice(ADDRESSES) + _times(random) + more


def _excluded(random: Random) -> bytes:
    """An option 67, seldom one that can be."""
    value = random.randbytes(random.choice((0, 1, 2, 9, 9, 10, 17, 30)))
    if value:
        value = bytes((random.choice((0, 1, 56, 57, 64, 128, 129, 255)),)) + value[1:]
    return option(67, value)


def _prefix(random: Random) -> tuple[int, bytes]:
    more = _excluded(random) if random.random() < 0.2 else b""
    return 26, _times(random) + bytes((random.choice(LENGTHS),)) + random.choice(PREFIXES) + more


def _association(random: Random, iaid: int, leases: int) -> tuple[int, bytes]:
    if random.random() < 0.5:
        return 3, ia(iaid, *(_address(random) for _ in range(leases)))
    return 25, ia(iaid, *(_prefix(random) for _ in range(leases)))


def many_associations(random: Random) -> bytes:
    """So many that the pools are too small for them, and the reply for a datagram."""
    kind, options = _head(random)
    several = random.choice(MANY)
    options += [_association(random, n % random.choice((several, 3)), random.randrange(2)) for n in range(several)]
    return packet(kind, *options)


def many_leases(random: Random) -> bytes:
    """One association with very many addresses or prefixes in it."""
    kind, options = _head(random)
    options.append(_association(random, random.randrange(4), random.choice(MANY) // 3))
    return packet(kind, *options)


def few(random: Random) -> bytes:
    """An honest client's message; without these nobody would have what the others might take."""
    kind, options = _head(random)
    options += [_association(random, random.randrange(2), random.randrange(3)) for _ in range(random.randrange(1, 3))]
    return packet(kind, *options)


def odd_duid(random: Random) -> bytes:
    """A DUID of a length that is none, or just one."""
    kind, options = _head(random)
    duid = random.choice((LL, LLT, b"\0\0\0\0", b"\0\2\0\0", b"\0\4", b"\xff\xff"))
    options[0] = (1, duid.ljust(random.choice(DUID_LENGTHS), b"\x11")[: random.choice(DUID_LENGTHS)])
    return packet(kind, *options, _association(random, 1, 1))


def odd_prefix(random: Random) -> bytes:
    """Prefixes of lengths that no prefix has, with excluded prefixes that do not fit into them."""
    kind, options = _head(random)
    options.append((25, ia(1, *(_prefix(random) for _ in range(random.randrange(1, 4))))))
    options.append((6, numbers(67)))
    return packet(kind, *options)


def long_lists(random: Random) -> bytes:
    """Options that have no end."""
    kind, options = _head(random)
    options.append((6, numbers(*(random.randrange(0x10000) for _ in range(random.choice(MANY))))))
    options.append((15, texts(*(b"x" * random.randrange(3) for _ in range(random.choice(MANY))))))
    options += [(random.choice((11, 16, 17, 18, 39, 67)), b"\0" * random.randrange(20)) for _ in range(30)]
    return packet(kind, *options, _association(random, 1, 1))


def registration(random: Random) -> bytes:
    """An address that its client has made itself, which may be one of a pool."""
    _, options = _head(random)
    address = random.choice(ADDRESSES)
    return relayed(packet(36, options[0], (5, address + _times(random))), peer="2001:db8:1::20")


def relays(random: Random, data: bytes, deep: int) -> bytes:
    """The message in so many relays, as far as a datagram goes."""
    for hop in range(deep):
        options = []
        if random.random() < 0.2:
            options.append((18, random.choice((b"port3", b"port4", b"", b"x" * 300))))
        if random.random() < 0.1:
            options.append((66, option(65, b"\3erp\0") + option(24, b"\1a\0") + option(3, bytes(12))))
        if random.random() < 0.1:
            options += [(37, bytes(4) + MAC), (79, b"\0\1" + MAC), (17, CMTS), (135, b"\x10\x43")]
        if len(data) > 65000:
            break
        peer = random.choice(("fe80::a7", "2001:db8:1::99", "2001:db8:1::20"))
        data = relayed(data, *options, hops=hop & 255, link=random.choice(LINKS), peer=peer)
    return data


def relay_bomb(random: Random) -> bytes:
    """As deep as relays may be, deeper, and so deep that a datagram is full; or with lengths that contradict."""
    data = bytearray(relays(random, few(random), random.choice((1, 2, 8, 31, 32, 33, 34, 35, 100, 1700))))
    if random.random() < 0.5:
        for _ in range(random.randrange(1, 4)):  # somewhere a length is another one
            place = data.find(b"\0\x09", random.randrange(len(data)))
            if place > 0 and place + 4 <= len(data):
                data[place + 2 : place + 4] = random.choice((0, 1, 3, 4, 33, 34, 38, 0xFFFF)).to_bytes(2, "big")
    return bytes(data)


KINDS_OF_EXTREMES: tuple[Callable[[Random], bytes], ...] = (
    many_associations,
    many_leases,
    *(few,) * 20,
    odd_duid,
    odd_duid,
    odd_prefix,
    odd_prefix,
    long_lists,
    registration,
    relay_bomb,
    relay_bomb,
)


def extreme(random: Random) -> bytes:
    """One of them."""
    data = random.choice(KINDS_OF_EXTREMES)(random)
    if random.random() < 0.1:
        data = relays(random, data, random.randrange(1, 4))
    return data[:65507]
