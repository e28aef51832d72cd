"""Broken DHCPv4 packets from whole ones, without end, and a driver that feeds them to the codec.

    python tests/fuzz/mutate4.py 10000000 --seed 1

`mutations` is the reusable part: from a corpus of datagrams and a seed it yields datagrams, the same for the same
seed. Most keep enough of their structure to get past the header: lengths that lie, options twice, cut or spliced,
codes exchanged for those that are looked into, bit flips, truncation. The driver demands that `decode` gives a packet
or `PacketError`, that a packet can be encoded and decoded again to the same, and that its values can be asked for.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from random import Random

from kead.dhcp4.packet import Packet4, PacketError, decode, encode
from kead.dhcp4.values import parse_classless_routes, parse_client_name, vendor_classes, vendor_suboptions

CORPUS = Path(__file__).resolve().parent.parent / "corpus" / "dhcp4"
HEADER = 240
LOOKED_INTO = (43, 50, 51, 52, 53, 54, 55, 57, 61, 78, 81, 82, 88, 93, 97, 119, 121, 122, 124, 125, 143, 146, 162, 212)
EDGES = (0, 1, 2, 3, 4, 63, 64, 127, 128, 192, 253, 254, 255)

Span = tuple[int, int]
Mutator = Callable[[Random, bytearray, Sequence[Span], Sequence[bytes]], bytearray]


def corpus() -> list[bytes]:
    """The packets that tests keep, in order of their names."""
    return [path.read_bytes() for path in sorted(CORPUS.glob("*.bin"))]


def spans(data: bytes) -> list[Span]:
    """Where the options of a whole packet begin and end."""
    found = []
    at = HEADER
    while at + 1 < len(data) and data[at] != 255:
        end = at + 1 if data[at] == 0 else at + 2 + data[at + 1]
        if data[at]:
            found.append((at, min(end, len(data))))
        at = end
    return found


def _flip(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    for _ in range(random.randrange(1, 5)):
        data[int(random.random() * len(data))] ^= 1 << int(random.random() * 8)
    return data


def _edge(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    at = random.randrange(min(HEADER, len(data) - 1), len(data))
    data[at] = random.choice(EDGES)
    return data


def _truncate(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    del data[random.randrange(HEADER if random.random() < 0.9 else 0, len(data)) :]
    return data


def _splice(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    other = random.choice(others)
    data[random.randrange(HEADER, len(data)) :] = other[random.randrange(HEADER, len(other)) :]
    return data


def _length(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    start, end = random.choice(options)
    data[start + 1] = (
        random.choice(EDGES) if random.random() < 0.5 else (end - start - 2 + random.randrange(-3, 4)) & 255
    )
    return data


def _code(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    data[random.choice(options)[0]] = random.choice(LOOKED_INTO)
    return data


def _twice(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    start, end = random.choice(options)
    at = random.choice(options)[0]
    data[at:at] = data[start:end] * random.choice((1, 1, 1, 2, 40))
    return data


def _drop(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    start, end = random.choice(options)
    del data[start:end]
    return data


def _insert(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    value = random.randbytes(random.choice((0, 1, 2, 3, 4, 5, 9, 30, 255)))
    at = random.choice(options)[0]
    data[at:at] = bytes((random.choice(LOOKED_INTO), len(value))) + value
    return data


def _value(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    start, end = random.choice(options)
    data[start + 2 : end] = random.randbytes(end - start - 2)
    return data


def _overload(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    start, end = random.choice(options)
    piece = (data[start:end] * 3)[:64]
    at = random.choice((44, 108))
    data[at : at + len(piece)] = piece
    place = random.choice(options)[0]
    data[place:place] = bytes((52, 1, random.randrange(5)))
    return data


MUTATORS: tuple[Mutator, ...] = (
    _flip,
    _edge,
    _truncate,
    _splice,
    _length,
    _length,
    _code,
    _code,
    _twice,
    _drop,
    _insert,
    _value,
    _overload,
)
_AFTERWARDS: tuple[Mutator, ...] = (_flip, _edge, _truncate)
"""Those that need no knowledge of where options are."""


def mutations(packets: Sequence[bytes], seed: int) -> Iterator[bytes]:
    """Broken variants of these packets without end. Each packet must have options; the seed fixes the sequence."""
    random = Random(seed)
    known = [(packet, spans(packet)) for packet in packets]
    known = [(packet, options) for packet, options in known if options]
    if not known:
        raise ValueError("no packet with options in the corpus")
    whole = [packet for packet, _ in known]
    while True:
        packet, options = random.choice(known)
        data = random.choice(MUTATORS)(random, bytearray(packet), options, whole)
        while random.random() < 0.4 and len(data) > HEADER:
            data = random.choice(_AFTERWARDS)(random, data, (), whole)
        yield bytes(data)


def ask_all(packet: Packet4) -> None:
    """Everything that a callout might ask of a packet. Only ValueError may come, of what says it raises that."""
    packet.relay_info()
    packet.name_of_type()
    options = packet.options
    vendor_suboptions(options.get(125, b""))
    vendor_classes(options.get(124, b""))
    if 81 in options:
        parse_client_name(options[81])
    if 121 in options:
        parse_classless_routes(options[121])


def same(one: Packet4, other: Packet4) -> bool:
    """Whether two packets say the same; of their options, the order does not matter."""
    return all(getattr(one, name) == getattr(other, name) for name in Packet4.__slots__)


def run(packets: Sequence[bytes], count: int, seed: int) -> dict[str, int]:
    """Feeds so many mutations to the codec; how many were accepted, how many refused. AssertionError on a fault."""
    accepted = refused = slow = 0
    clock = time.process_time
    for number, data in zip(range(count), mutations(packets, seed), strict=False):
        before = clock()
        try:
            packet = decode(data)
        except PacketError:
            packet = None
        except BaseException as error:
            raise AssertionError(f"mutation {number} of seed {seed}: {error!r} for {data.hex()}") from error
        if clock() - before > 0.001:
            slow += 1
        if packet is None:
            refused += 1
            continue
        accepted += 1
        try:
            ask_all(packet)
            again = decode(encode(packet))
        except Exception as error:
            raise AssertionError(f"mutation {number} of seed {seed}: {error!r} after decoding {data.hex()}") from error
        if not same(packet, again):
            raise AssertionError(f"mutation {number} of seed {seed} is not the same after encoding: {data.hex()}")
    return {"accepted": accepted, "refused": refused, "slower than 1 ms": slow}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="feed broken DHCPv4 packets to the codec")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    before = time.perf_counter()
    try:
        result = run(corpus(), arguments.count, arguments.seed)
    except AssertionError as error:
        print(error, file=sys.stderr)
        return 1
    seconds = time.perf_counter() - before
    print(", ".join(f"{key} {value}" for key, value in result.items()), f"in {seconds:.1f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
