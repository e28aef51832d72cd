"""Breaks DHCPv6 packets in every way that a network or an attacker might, and feeds them to the codec.

    python -m tests.fuzz.mutate6 100000 --seed 3

The sequence of mutations follows from the seed, so a failure that it prints can be had again. What must hold: decode
raises PacketError or gives a packet, that packet can be asked everything, and once encoded and decoded again it says
the same. Mutations know where options are, also those in containers and relays, so that most of them get past the
header and break one thing at a time.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from random import Random

from kead.dhcp6.duid import describe, parse
from kead.dhcp6.packet import Packet6, PacketError, decode, encode
from kead.dhcp6.values import (
    IaAddress,
    IaNa,
    IaPd,
    IaPrefix,
    IaTa,
    client_link_address,
    parse_client_name,
    parse_excluded_prefix,
    remote_id,
    requested_options,
    split_options,
    tuples,
    vendor_classes,
    vendor_options,
)

CORPUS = Path(__file__).resolve().parent.parent / "corpus" / "dhcp6"
HEADER = 4
RELAY_HEADER = 34
INSIDE = {3: 12, 4: 4, 5: 24, 9: 0, 17: 4, 25: 12, 26: 25, 44: 17, 45: 0, 56: 0, 66: 0, 94: 0, 95: 0, 96: 0}
"""Where the options in a container begin."""
LOOKED_INTO = (
    *(1, 2, 3, 4, 5, 6, 8, 9, 11, 13, 15, 16, 17, 18, 23, 24, 25, 26, 32, 36, 37, 39, 43, 44, 45, 47),
    *(51, 56, 60, 61, 62, 66, 67, 74, 79, 80, 88, 89, 90, 91, 92, 93, 94, 95, 96, 135, 136, 143, 144),
)
EDGES = (0, 1, 2, 3, 4, 12, 16, 24, 25, 63, 64, 127, 128, 129, 192, 254, 255)

Span = tuple[int, int]
Mutator = Callable[[Random, bytearray, Sequence[Span], Sequence[bytes]], bytearray]


def corpus() -> list[bytes]:
    """The packets that tests keep, in order of their names."""
    return [path.read_bytes() for path in sorted(CORPUS.glob("*.bin"))]


def spans(data: bytes) -> list[Span]:
    """Where the options of a whole packet begin and end, those in containers and relayed messages too."""
    found: list[Span] = []
    todo = [(RELAY_HEADER if data[0] in (12, 13) else HEADER, len(data))]
    while todo:
        at, end = todo.pop()
        while at + 4 <= end:
            code = int.from_bytes(data[at : at + 2], "big")
            start = at + 4
            after = start + int.from_bytes(data[at + 2 : start], "big")
            if after > end:
                break
            found.append((at, after))
            if code == 9 and start < after:
                todo.append((start + (RELAY_HEADER if data[start] in (12, 13) else HEADER), after))
            elif code in INSIDE:
                todo.append((start + INSIDE[code], after))
            at = after
    return found


def _two(number: int) -> bytes:
    return (number & 0xFFFF).to_bytes(2, "big")


def _flip(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    for _ in range(random.randrange(1, 5)):
        data[int(random.random() * len(data))] ^= 1 << int(random.random() * 8)
    return data


def _edge(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    data[random.randrange(len(data))] = random.choice(EDGES)
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
    near = end - start - 4 + random.randrange(-3, 4)
    data[start + 2 : start + 4] = _two(random.choice((*EDGES, 0xFFFF)) if random.random() < 0.5 else near)
    return data


def _code(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    start = random.choice(options)[0]
    data[start : start + 2] = _two(random.choice(LOOKED_INTO))
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
    value = random.randbytes(random.choice((0, 1, 2, 3, 4, 5, 9, 12, 16, 24, 25, 30, 130)))
    if random.random() < 0.5:
        value = bytes(len(value))
    at = random.choice(options)[0]
    data[at:at] = _two(random.choice(LOOKED_INTO)) + _two(len(value)) + value
    return data


def _value(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    start, end = random.choice(options)
    data[start + 4 : end] = random.randbytes(end - start - 4)
    return data


def _resize(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    """An option longer or shorter than it was, whole again; what is around it keeps its length."""
    start, end = random.choice(options)
    value = (bytes(data[start + 4 : end]) + bytes(3))[: max(0, end - start - 4 + random.randrange(-4, 4))]
    data[start + 2 : end] = _two(len(value)) + value
    return data


def _wrap(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    """In one more relay, or in many; or in an IA, again and again."""
    for _ in range(random.choice((1, 1, 2, 32, 33, 40))):
        head = bytes((random.choice((12, 12, 12, 13)), random.randrange(256))) + random.randbytes(32)
        data = bytearray(head + _two(9) + _two(len(data)) + data)
    return data


def _nest(random: Random, data: bytearray, options: Sequence[Span], others: Sequence[bytes]) -> bytearray:
    start, end = random.choice(options)
    piece = bytes(data[start:end])
    for _ in range(random.choice((1, 2, 100))):
        code = random.choice((3, 5, 25, 26, 44, 45, 56, 94))
        piece = _two(code) + _two(INSIDE[code] + len(piece)) + bytes(INSIDE[code]) + piece
    at = random.choice(options)[0]
    data[at:at] = piece
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
    _resize,
    _resize,
    _wrap,
    _nest,
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
        while random.random() < 0.3 and len(data) > HEADER:
            data = random.choice(_AFTERWARDS)(random, data, (), whole)
        yield bytes(data)


def ask_all(packet: Packet6) -> None:
    """Everything that a callout might ask of a packet. Only ValueError may come, of what says it raises that."""
    packet.name_of_type()
    describe(packet.duid)
    parse(packet.duid)
    options = packet.options
    for value in options.get(3, ()):
        IaNa.parse(value).encode()
    for value in options.get(4, ()):
        IaTa.parse(value).encode()
    for value in options.get(25, ()):
        for prefix in IaPd.parse(value).prefixes:
            for excluded in prefix.options.get(67, ()):
                with suppress(ValueError):
                    parse_excluded_prefix(excluded, prefix.address, prefix.length)
    for value in options.get(5, ()):
        IaAddress.parse(value).encode()
    for value in options.get(26, ()):
        IaPrefix.parse(value).encode()
    for value in options.get(39, ()):
        parse_client_name(value)
    requested_options(options.get(6, ()))
    for options in (packet.options, *(relay.options for relay in packet.relays)):
        vendor_options(options.get(17, ()))
        vendor_classes(options.get(16, ()))
        for value in options.get(15, ()):
            tuples(value)
        for value in options.get(37, ()):
            remote_id(value)
        for value in options.get(66, ()):
            split_options(value)
        for value in options.get(79, ()):
            with suppress(ValueError):
                client_link_address(value)


def said(packet: Packet6) -> object:
    """All that a packet says."""
    relays = [(relay.type, relay.hops, relay.link, relay.peer, relay.options) for relay in packet.relays]
    return packet.type, packet.transaction_id, packet.options, relays


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
        if said(packet) != said(again):
            raise AssertionError(f"mutation {number} of seed {seed} is not the same after encoding: {data.hex()}")
    return {"accepted": accepted, "refused": refused, "slower than 1 ms": slow}


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="feed broken DHCPv6 packets to the codec")
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
