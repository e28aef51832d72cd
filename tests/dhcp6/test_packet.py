"""The DHCPv6 codec: total, stable, and of one mind with Kea 3.0.4 and scapy about what packets say."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers import dhcp6 as theirs
from scapy.packet import Packet as TheirPacket

from kead.dhcp6.packet import (
    ADVERTISE,
    INFORMATION_REQUEST,
    MAXIMUM_RELAYS,
    RELAY_FORW,
    RELAY_REPL,
    REPLY,
    SOLICIT,
    Packet6,
    PacketError,
    Relay6,
    decode,
    encode,
    encode_option,
    encode_options,
    split_options,
)
from kead.dhcp6.values import parse_client_name
from kead.wire.address import parse_ip6, text_ip6
from tests.corpus.make6 import PACKETS, numbers, option, packet, relayed
from tests.fuzz.mutate6 import ask_all, said

DUID = bytes.fromhex("00030001020000000101")
BARE = packet(SOLICIT, (1, DUID))


def with_option(code: int, value: bytes) -> bytes:
    """A SOLICIT with one more option."""
    return BARE + option(code, value)


# --- the message ---


def test_header_fields() -> None:
    message = decode(packet(11, (1, DUID), xid=0xABCDEF))
    assert (message.type, message.transaction_id, message.relays) == (INFORMATION_REQUEST, 0xABCDEF, [])
    assert message.name_of_type() == "INFORMATION_REQUEST"
    assert message.duid == message.first(1) == DUID
    assert message.first(2) is None


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_short_header_is_refused(length: int) -> None:
    with pytest.raises(PacketError, match="truncated header"):
        decode(BARE[:length])


def test_a_bare_header_is_a_message() -> None:
    message = decode(BARE[:4])
    assert (message.options, message.duid) == ({}, b"")


@pytest.mark.parametrize("kind", [0, 2, 18, 22, 200, 255])
def test_any_type_is_decoded(kind: int) -> None:
    message = decode(packet(kind))
    assert message.type == kind
    assert message.name_of_type() == ("ADVERTISE" if kind == ADVERTISE else "UNKNOWN")


def test_every_instance_is_kept_in_order() -> None:
    message = decode(packet(1, (3, bytes(12)), (1, DUID), (3, b"\1" * 12), (0, b""), (65535, b"x")))
    assert message.options == {3: [bytes(12), b"\1" * 12], 1: [DUID], 0: [b""], 65535: [b"x"]}
    assert list(message.options) == [3, 1, 0, 65535]


@pytest.mark.parametrize("tail", [b"", b"\0", b"\0\1", b"\0\x08\0", b"\0\x08\0\2\0", b"\0\1\xff\xff" + bytes(50)])
def test_what_is_cut_off_is_left_out(tail: bytes) -> None:
    assert decode(BARE + tail).options == {1: [DUID]}


# --- relays ---


def test_relays_stand_outermost_first() -> None:
    message = decode(PACKETS["solicit-relayed-twice"])
    outer, inner = message.relays
    assert (outer.type, outer.hops, text_ip6(outer.peer)) == (RELAY_FORW, 1, "2001:db8:2::1")
    assert (inner.hops, inner.link, text_ip6(inner.peer)) == (0, 0, "fe80::a7")
    assert (outer.first(18), inner.first(18), outer.first(9)) == (b"outer", b"inner", None)
    assert list(outer.options) == [18, 53, 66, 135]
    assert (message.type, message.transaction_id) == (SOLICIT, 0xA1B2C3)
    assert list(message.options) == [1, 25, 8]


@pytest.mark.parametrize("count", [1, 8, 32, 33])
def test_many_relays(count: int) -> None:
    data = BARE
    for number in range(count):
        data = relayed(data, (18, bytes((number,))), hops=number)
    message = decode(data)
    assert [relay.hops for relay in message.relays] == list(reversed(range(count)))
    assert encode(message)[:1] == b"\x0c"
    assert said(decode(encode(message))) == said(message)


@pytest.mark.parametrize("count", [34, 100, 1500])
def test_too_many_relays(count: int) -> None:
    assert MAXIMUM_RELAYS == 33
    data = BARE
    for _ in range(count):
        data = relayed(data)
    with pytest.raises(PacketError, match="more than 33 relays"):
        decode(data[:65535])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (relayed(BARE)[:34], "without the relayed message"),
        (relayed(BARE)[:37], "without the relayed message"),
        (relayed(BARE)[:-1], "without the relayed message"),
        (relayed(b""), "without the relayed message"),
        (relayed(BARE) + option(9, b""), "without the relayed message"),
        (relayed(b"\1\2\3"), "truncated header: 3 bytes"),
        (relayed(BARE) + option(9, b"\1"), "truncated header: 1 bytes"),
        (relayed(b"\x0c"), "truncated relay header: 1 bytes"),
        (relayed(relayed(BARE)[:33]), "truncated relay header: 33 bytes"),
        (relayed(relayed(BARE)[:34]), "without the relayed message"),
        *((relayed(BARE)[:length], "truncated relay header") for length in (1, 2, 4, 33)),
        (relayed(BARE, (6, b"\0")), "relay: option 6"),
        (relayed(BARE, (37, b"\0\0\0")), "relay: option 37"),
        (relayed(BARE, (17, b"\0\0\x11\x8b\0")), "without the relayed message"),
    ],
)
def test_broken_relays(data: bytes, why: str) -> None:
    with pytest.raises(PacketError, match=why):
        decode(data)


def test_the_last_relayed_message_counts() -> None:
    message = decode(relayed(BARE) + option(9, packet(11, xid=5)))
    assert (message.type, message.transaction_id, len(message.relays)) == (11, 5, 1)


def test_a_relayed_reply_is_decoded_too() -> None:
    message = decode(b"\x0d" + relayed(BARE)[1:])
    assert (message.type, message.relays[0].type) == (SOLICIT, RELAY_REPL)


# --- what Kea 3.0.4 was seen to refuse and to accept ---

IA = "00" * 12
ADDRESS = "00" * 24
PREFIX = "00" * 8 + "40" + "00" * 16
RULE = "00" * 7
SELECTION = "00" * 17
NAMES = (21, 24, 29, 30, 33, 58)
LONG = ("3f" + "61" * 63) * 3


def sub(code: int, value: str) -> str:
    """An option as it stands in another, in hexadecimal."""
    return option(code, bytes.fromhex(value)).hex()


REFUSED = [
    *((code, length * "00") for code in (3, 25) for length in (0, 4, 11)),
    *((4, length * "00") for length in range(4)),
    *((5, length * "00") for length in (0, 23)),
    *((26, length * "00") for length in (0, 24)),
    *((code, length * "01") for code in (6, 43, 61) for length in (0, 1, 3, 5)),
    *((code, "") for code in (7, 8, 12, 13, 16, 19, 32, 36, 37, 39, 44, 46, 47, 51, 57, 62, 64, 65, 67, 74, 80, 82)),
    *((code, "") for code in (83, 135, 144)),
    *((code, "01") for code in (8, 13, 135)),
    *((code, length * "01") for code in (32, 46, 82, 83, 37) for length in range(4)),
    *((code, length * "01") for code in (12, 47, 80) for length in (1, 15)),
    *((code, length * "01") for code in (22, 23, 27, 28, 31, 34, 40, 48, 52, 88, 143) for length in (1, 15, 17, 31)),
    *((code, length * "01") for code in (36, 62) for length in range(3)),
    *((44, length * "01") for length in (1, 16)),
    (44, "00" * 17 + sub(6, "00")),
    (45, sub(5, "00" * 23)),
    *((16, text) for text in ("000001", "0000000100", "000000010002", "0000000100016100", "00000001000261")),
    *((17, text) for text in ("0000118b0001000100", "0000118b00010000", "0000118b0020000100", "0000118b002600020000")),
    *((17, text) for text in ("0000118b00020000", "0000118b0002000100", "000009bfea61000100", "000009bfea62000100")),
    *((code, text) for code in NAMES for text in ("01", "0161", "0161c000", "016100c000", "c000", "016100016200ff")),
    *((code, LONG + "3e" + "61" * 62 + "00") for code in NAMES),
    *((code, text) for code in (51, 57, 64, 65) for text in ("00", "01", "0161", "c000")),
    *((39, text) for text in ("0101", "000361", "0003616200", "00ff", "00c000", "0040" + "61" * 64 + "00")),
    *((39, text) for text in ("00" + LONG + "3e" + "61" * 62 + "00", "0500", "05016100", "ff", "0106000000000000")),
    *((code, text) for code in (60, 136) for text in ("00", "0001", "00016100", "000000")),
    *((67, text) for text in ("00", "40", "0001", "0000")),
    *((74, SELECTION + text) for text in ("", "00", "01", "0161", "0161000162")),
    *((3, IA + sub(code, "00")) for code in (3, 4, 5, 6, 8, 12, 13, 23, 25, 26, 32, 46, 67, 80, 144)),
    *((25, IA + sub(code, "00")) for code in (3, 5, 6, 13, 26)),
    *((3, IA + sub(5, ADDRESS + sub(code, "00"))) for code in (3, 5, 6, 13, 23)),
    *((25, IA + sub(26, PREFIX + sub(code, "00"))) for code in (5, 6, 13, 26, 67)),
    (3, IA + sub(39, "")),
    (5, ADDRESS + sub(6, "00")),
    *((94, sub(89, length * "00")) for length in range(7)),
    *((94, sub(90, length * "00")) for length in (0, 15)),
    *((94, sub(89, RULE + text)) for text in ("81" + "00" * 20, "80" + "00" * 15, "40" + "00" * 7)),
    *((94, sub(89, RULE + "00" + sub(93, length * "00"))) for length in range(4)),
    *((95, sub(91, text)) for text in ("", "81" + "00" * 20, "40" + "00" * 7)),
    *((96, sub(92, text)) for text in ("000000", "00" * 4 + "40" + "00" * 7, "00" * 5 + sub(93, "000000"))),
    *((56, sub(1, length * "00")) for length in (0, 15)),
    *((56, sub(3, text)) for text in ("", "00", "01")),
    *((144, text) for text in ("0001", "0001000000", "0001000101", "0001000501610162", "000100040161016200")),
    *((144, "000100050161016200" + text) for text in ("00", "0000", "000f" + "00" * 15, "0010" + "00" * 15)),
    *((144, "000100050161016200" + "0010" + "00" * 16 + text) for text in ("00", "0001", "00010004", "0003000203")),
]
ACCEPTED = [
    *(
        (code, length * "01")
        for code in (0, 10, 11, 14, 15, 18, 20, 38, 53, 59, 66, 79, 87, 103, 148)
        for length in range(5)
    ),
    *((code, length * "01") for code in (9, 35, 41, 42, 68, 89, 90, 91, 92, 93, 200, 256, 300) for length in range(5)),
    *((code, IA) for code in (3, 25)),
    *((3, IA + text) for text in ("00", "000500", "00050018616263", sub(200, ""), sub(9, "00"), sub(15, "00"))),
    *((4, "00000000" + text) for text in ("", sub(5, ""), sub(6, "00"), sub(3, ""))),
    (3, IA + sub(5, ADDRESS + sub(13, "0000") + "000d00")),
    (25, IA + sub(26, PREFIX + sub(67, "4001"))),
    (26, "00" * 8 + "81" + "00" * 16),
    *((6, text) for text in ("0001", "00010002")),
    *((8, text) for text in ("0000", "000000")),
    *((code, length * "01") for code in (22, 23, 88) for length in (0, 16, 32)),
    *((16, text) for text in ("00000000", "000000010000", "000000010001610000", "0000118b0003616263000164")),
    *((17, text) for text in ("0000118b", "0000118b000100020023", "0000000700010000", "0000118b00240000")),
    *((code, text) for code in NAMES for text in ("", "00", "0000", "016100", "01610000")),
    *((code, LONG + "3d" + "61" * 61 + "00") for code in NAMES),
    *((code, text) for code in (51, 57, 64, 65) for text in ("0000", "016100", "016100ff", "016100c000")),
    *((39, text) for text in ("00", "000000", "0403616263", "00016100ff", "f0016100", "000120", "010161016200")),
    *((39, "00" + LONG + text) for text in ("3d" + "61" * 61 + "00", "3d" + "61" * 61)),
    *((code, text) for code in (60, 136) for text in ("", "0000", "000161", "0000000161")),
    *((67, text) for text in ("4000", "0101", "8101", "ff" + "00" * 16)),
    *((74, SELECTION + text) for text in ("0000", "016100", "01610000")),
    *((94, text) for text in ("", "616263", "005900ff", sub(89, RULE), sub(89, RULE + "00"), sub(91, ""), sub(93, ""))),
    (94, sub(89, RULE + "80" + "00" * 16 + sub(93, "00110000"))),
    *((95, text) for text in (sub(91, "00"), sub(91, "40" + "00" * 8), sub(90, ""))),
    *((96, text) for text in (sub(92, "00" * 4), sub(92, "00" * 5 + sub(93, "00100000")))),
    *((56, text) for text in (sub(1, "00" * 16), sub(3, "0000"), sub(4, ""))),
    *((66, sub(code, "")) for code in (6, 8, 23, 65)),
    *((144, text) for text in ("0001000100", "000100050161016200", "000100060161016200ff")),
    (144, "000100050161016200" + "0010" + "00" * 16 + "0001000403646f74"),
]


@pytest.mark.parametrize(("code", "value"), REFUSED)
def test_a_value_that_is_none_spoils_the_packet(code: int, value: str) -> None:
    with pytest.raises(PacketError) as refusal:
        decode(with_option(code, bytes.fromhex(value)))
    assert f"option {code}" in refusal.value.reason


@pytest.mark.parametrize(("code", "value"), ACCEPTED)
def test_other_values_do_not(code: int, value: str) -> None:
    data = bytes.fromhex(value)
    message = decode(with_option(code, data))
    assert message.options[code] == [data]
    ask_all(message)


@pytest.mark.parametrize(
    "broken",
    [
        *(option(17, bytes.fromhex(text)) for text in ("", "00", "000000", "0000118b00", "0000000700010005aa")),
        option(3, bytes(12) + option(17, b"\0\0\x11\x8b\0")),
        option(25, bytes(12) + option(26, bytes(25) + option(17, b"\0\0\0\7\0\1"))),
    ],
    ids=lambda data: data.hex()[:40],
)
def test_a_vendor_cut_short_takes_the_rest_along(broken: bytes) -> None:
    assert decode(BARE + broken + option(6, b"\0") + option(8, b"\0\0")).options == {1: [DUID]}


@pytest.mark.parametrize(("code", "value"), [(24, "0161"), (39, "0003616200"), (60, "000561"), (16, "00000001000561")])
def test_lenient_parsing_leaves_broken_names_out(code: int, value: str) -> None:
    data = with_option(code, bytes.fromhex(value)) + option(8, b"\0\0")
    assert decode(data, lenient=True).options.keys() == {1, 8}


@pytest.mark.parametrize(("code", "value"), [(3, "00"), (6, "00"), (39, ""), (39, "05016100"), (16, "00"), (23, "00")])
def test_lenient_parsing_forgives_nothing_else(code: int, value: str) -> None:
    with pytest.raises(PacketError):
        decode(with_option(code, bytes.fromhex(value)), lenient=True)


# --- encode ---


def test_order_on_the_wire() -> None:
    reply = Packet6(REPLY, 0x010203)
    reply.options |= {23: [b"d"], 2: [b"s"], 3: [b"y", b"x"], 1: [b"c"], 300: [b""]}
    assert encode(reply).hex() == "07010203" + "0001000163" + "0002000173" + "0003000179" + "0003000178" + (
        "0017000164" + "012c0000"
    )


def test_a_relayed_message_comes_last() -> None:
    reply = Packet6(REPLY, 1)
    for hops, name in ((1, b"outer"), (0, b"in")):
        relay = Relay6(hops, parse_ip6("2001:db8::1"), parse_ip6("fe80::1"), type=RELAY_REPL)
        relay.options |= {135: [b"\0\0"], 18: [name]}
        reply.relays.append(relay)
    data = encode(reply)
    head = "20010db8" + "0" * 23 + "1" + "fe80" + "0" * 27 + "1"
    assert data[:34].hex() == "0d01" + head
    assert data[34:].hex().startswith("00120005" + b"outer".hex() + "008700020000" + "0009" + "0036" + "0d00" + head)
    assert said(decode(data)) == said(reply)


def test_what_does_not_fit_is_refused() -> None:
    for options in ({1: [bytes(65536)]}, {65536: [b""]}, {-1: [b""]}):
        with pytest.raises(struct.error):
            encode_options(options)
    reply = Packet6(REPLY, 1)
    reply.options = {200: [bytes(65530)]}
    reply.relays.append(Relay6(type=RELAY_REPL))
    with pytest.raises(struct.error):
        encode(reply)


def encode_labels(labels: list[bytes]) -> bytes:
    """Flags and labels, some too long, some empty."""
    return b"\1" + b"".join(bytes((len(label),)) + label for label in labels)


codes = st.integers(149, 65535).filter(lambda code: code not in (60000, 60001, 60002))
some_options = st.dictionaries(codes, st.lists(st.binary(max_size=60), min_size=1, max_size=3), max_size=6)
addresses = st.integers(0, 2**128 - 1)


@st.composite
def packets(draw: st.DrawFn) -> Packet6:
    """Packets whose options have no rows, so that any bytes are a value of theirs."""
    message = Packet6(
        draw(st.integers(0, 255).filter(lambda kind: kind not in (12, 13))), draw(st.integers(0, 0xFFFFFF))
    )
    message.options = draw(some_options)
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from((RELAY_FORW, RELAY_REPL)))
        relay = Relay6(draw(st.integers(0, 255)), draw(addresses), draw(addresses), type=kind)
        relay.options = draw(some_options)
        message.relays.append(relay)
    return message


@given(packets())
def test_what_was_encoded_is_decoded(message: Packet6) -> None:
    assert said(decode(encode(message))) == said(message)


@given(st.binary(max_size=400))
def test_decode_is_total(data: bytes) -> None:
    with suppress(PacketError):
        ask_all(decode(data))


@given(st.lists(st.tuples(st.integers(0, 150), st.binary(max_size=60)), max_size=6), st.booleans())
def test_decode_is_total_behind_the_headers(options: list[tuple[int, bytes]], relay: bool) -> None:
    data = packet(1, *options)
    with suppress(PacketError):
        message = decode(relayed(data, *options) if relay else data)
        ask_all(message)
        assert said(decode(encode(message))) == said(message)


@given(st.one_of(st.binary(max_size=80), st.lists(st.binary(max_size=66), max_size=5).map(encode_labels)))
def test_the_names_that_pass_are_those_that_can_be_read(value: bytes) -> None:
    try:
        parse_client_name(value)
        fine = value[0] & 5 != 5
    except ValueError:
        fine = False
    if fine:
        decode(with_option(39, value))
    else:
        with pytest.raises(PacketError, match="option 39"):
            decode(with_option(39, value))


@given(st.binary(max_size=300))
def test_splitting_is_total(data: bytes) -> None:
    options = split_options(data)
    assert sum(4 + len(value) for values in options.values() for value in values) <= len(data)
    assert split_options(encode_options(options)) == options


def nested(code: int, head: int, depth: int) -> bytes:
    """Containers in containers."""
    data = b""
    for _ in range(depth):
        data = encode_option(code, bytes(head) + data)
    return data


def wrapped(count: int) -> bytes:
    """A message in many relays."""
    data = BARE
    for _ in range(count):
        data = relayed(data)
    return data


@pytest.mark.parametrize(
    "data",
    [
        BARE + option(14, b"") * 16_000,
        BARE + option(3, bytes(12)) * 4_000,
        BARE + nested(3, 12, 4_000),
        BARE + nested(45, 0, 16_000),
        BARE + nested(94, 0, 16_000),
        BARE + option(3, bytes(12) + option(5, bytes(24)) * 2_300),
        BARE + option(17, b"\0\0\x11\x8b" + option(1, b"\0\1") * 10_000),
        BARE + option(60, b"\0\0" * 32_000),
        BARE + option(24, b"\0" * 65_000),
        BARE + option(24, b"\1a\0" * 21_000),
        BARE + option(6, b"\0\1" * 32_000),
        wrapped(1700),
        relayed(BARE, *((18, b""),) * 15_000),
    ],
    ids=[
        *("empty options", "associations", "nested associations", "nested data", "nested softwires", "addresses"),
        *("vendor options", "texts", "roots", "names", "request", "relays", "interfaces"),
    ],
)
def test_no_datagram_takes_long(data: bytes) -> None:
    assert len(data) < 65_536 + 1_000
    before = process_time()
    with suppress(PacketError):
        ask_all(decode(data))
    assert process_time() - before < 0.1  # some ten times what it takes


# --- second opinions ---


@pytest.mark.parametrize("name", PACKETS)
def test_the_corpus_is_accepted_and_stable(name: str) -> None:
    message = decode((Path(__file__).parent.parent / "corpus" / "dhcp6" / f"{name}.bin").read_bytes())
    kinds = {"solicit": 1, "request": 3, "confirm": 4, "renew": 5, "rebind": 6, "release": 8, "decline": 9, "lists": 1}
    kinds |= {"information": 11, "leasequery": 14, "dhcpv4": 20, "address": 36}
    assert message.type == kinds[name.split("-")[0]]
    assert said(decode(encode(message))) == said(message)
    ask_all(message)


def layers(packet: TheirPacket) -> list[TheirPacket]:
    """Scapy's options behind a message, one after the other."""
    found = []
    layer = packet.payload
    while isinstance(layer, TheirPacket) and hasattr(layer, "optcode"):
        found.append(layer)
        layer = layer.payload
    return found


@pytest.mark.parametrize("name", [name for name in PACKETS if "relayed" not in name and PACKETS[name][0] < 12])
def test_scapy_reads_the_same(name: str) -> None:
    data = PACKETS[name]
    message, other = decode(data), theirs.DHCP6(data)
    assert (message.type, message.transaction_id) == (other.msgtype, other.trid)
    kind: str = theirs.dhcp6_cls_by_type[other.msgtype]
    found = layers(getattr(theirs, kind)(data))
    if name != "lists":
        assert sorted(each.optcode for each in found) == sorted(
            code for code, values in message.options.items() for _ in values
        )
    for each in found:
        if each.optcode == 1:
            assert bytes(each.duid) == message.duid
        if each.optcode == 6:
            assert numbers(*each.reqopts) == message.first(6)
        if each.optcode == 8:
            assert each.elapsedtime == int.from_bytes(message.options[8][0], "big")


def test_scapy_reads_relays_the_same() -> None:
    message = decode(PACKETS["solicit-relayed"])
    other = theirs.DHCP6_RelayForward(PACKETS["solicit-relayed"])
    (relay,) = message.relays
    assert (relay.hops, text_ip6(relay.link), text_ip6(relay.peer)) == (other.hopcount, other.linkaddr, other.peeraddr)
    assert bytes(other[theirs.DHCP6OptIfaceId].ifaceid) == relay.first(18)
    assert other[theirs.DHCP6OptRemoteID].remoteid == (relay.first(37) or b"")[4:]
    assert other[theirs.DHCP6_Solicit].trid == message.transaction_id


def test_scapy_writes_the_same() -> None:
    other = (
        theirs.DHCP6_Request(trid=0x112233)
        / theirs.DHCP6OptClientId(duid=theirs.DUID_LL(lladdr="02:00:00:00:01:01"))
        / theirs.DHCP6OptServerId(duid=theirs.DUID_EN(enterprisenum=2495, id=b"server"))
        / theirs.DHCP6OptIA_NA(
            iaid=7, T1=1, T2=2, ianaopts=[theirs.DHCP6OptIAAddress(addr="2001:db8::1", preflft=3, validlft=4)]
        )
        / theirs.DHCP6OptOptReq(reqopts=[23, 24])
        / theirs.DHCP6OptElapsedTime(elapsedtime=5)
    )
    ours = Packet6(3, 0x112233)
    ours.options = {
        8: [b"\0\5"],
        6: [b"\0\x17\0\x18"],
        3: [
            struct.pack("!III", 7, 1, 2) + option(5, parse_ip6("2001:db8::1").to_bytes(16, "big") + b"\0\0\0\3\0\0\0\4")
        ],
        2: [b"\0\2" + (2495).to_bytes(4, "big") + b"server"],
        1: [DUID],
    }
    assert encode(ours) == bytes(other)
    assert said(decode(bytes(other))) == said(ours)
