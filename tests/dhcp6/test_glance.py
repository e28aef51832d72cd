"""A glance sees what `decode` sees, or nothing."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kead.dhcp6.glance import HEAD, glance
from kead.dhcp6.packet import REBIND, RELEASE, RENEW, REQUEST, SOLICIT, Packet6, PacketError, decode, encode
from kead.wire.address import parse_ip6
from tests.dhcp6.conversation import relay

VALUES = st.sampled_from([b"", b"\0", b"\0\1", b"\0\1\0\2", b"\0\0\0\1" + b"\0" * 8, b"\0\3\0\1\2\0\0\0\0\1", b"eth7"])
OPTIONS = st.dictionaries(
    st.sampled_from([1, 2, 3, 4, 6, 8, 9, 14, 16, 17, 18, 20, 25, 37, 39, 66, 79, 135, 300]),
    st.lists(VALUES, min_size=1, max_size=1),
    max_size=5,
)
HEX = "01abcdef 0001000a00030001020000000001 0003000c00000001 0000000000000000 000600040017 0018 00080002 0000"


def message(text: str = HEX) -> bytes:
    return bytes.fromhex(text.replace(" ", ""))


@settings(max_examples=500, deadline=None)
@given(
    kind=st.sampled_from([SOLICIT, SOLICIT, REQUEST, RENEW, REBIND, RELEASE]),
    options=OPTIONS,
    around=st.lists(OPTIONS, max_size=2),
    cut=st.integers(-6, 0),
    change=st.tuples(st.integers(0, 80), st.integers(0, 255)) | st.none(),
)
def test_what_is_seen_is_what_is_decoded(
    kind: int, options: dict[int, list[bytes]], around: list[dict[int, list[bytes]]], cut: int, change: tuple[int, int]
) -> None:
    packet = Packet6(kind, 0xABCDEF)
    packet.options = options
    for outer in around:
        packet.relays.append(relay())
        packet.relays[-1].options = {code: values for code, values in outer.items() if code != 9}
    data = bytearray(encode(packet))
    if change is not None and change[0] < len(data):
        data[change[0]] = change[1]
    wire = bytes(data[: len(data) + cut])
    seen = glance(wire)
    if seen is None:
        return
    inside = {code: piece[HEAD:] for code, piece in seen.options.items()}
    if not len(inside.get(3, b"\0" * 12)) == len(inside.get(25, b"\0" * 12)) == 12 or len(inside.get(6, b"")) % 2:
        return  # what the lane itself looks at before it makes anything of it
    whole = decode(wire)
    outline = seen.outline()
    assert {code: values for code, values in whole.options.items() if code not in (3, 25)} == outline.options
    assert whole.options == {code: [value] for code, value in inside.items()}
    assert (
        (whole.type, whole.transaction_id)
        == (outline.type, outline.transaction_id)
        == (seen.kind, whole.transaction_id)
    )
    assert [(r.hops, r.link, r.peer, r.options) for r in whole.relays] == [
        (r.hops, r.link, r.peer, r.options) for r in outline.relays
    ]


def test_options_are_seen_with_their_heads() -> None:
    seen = glance(message())
    assert seen is not None
    assert (seen.kind, seen.head.hex(), seen.relay, seen.around) == (SOLICIT, "01abcdef", b"", {})
    assert list(seen.options) == [1, 3, 6, 8]
    assert seen.options[1].hex() == "0001000a00030001020000000001"


def test_a_message_in_one_relays_message_is_seen() -> None:
    packet = decode(message())
    packet.relays.append(relay("2001:db8::1", "fe80::7", options={18: b"eth7"}))
    seen = glance(encode(packet))
    assert seen is not None
    assert seen.relay[2:18] == parse_ip6("2001:db8::1").to_bytes(16, "big")
    assert seen.around[18].hex() == "0012000465746837"
    packet.relays.append(relay())
    assert glance(encode(packet)) is None, "two relays"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "01abcd",
        HEX.replace("01abcdef", "08abcdef"),
        HEX[:-2],
        HEX + "0001000a00030001020000000001",
        HEX + "00270001 00",
        HEX + "00100006 00000000 0000",
        HEX + "00110004 00000000",
        HEX.replace("00080002 0000", "00080001 00"),
    ],
    ids=["nothing", "no head", "RELEASE", "cut", "twice", "a name", "vendor class", "vendor options", "too short"],
)
def test_what_takes_a_closer_look_is_not_seen(text: str) -> None:
    assert glance(message(text)) is None


def test_the_closer_look_finds_what_is_broken() -> None:
    with pytest.raises(PacketError):
        decode(message(HEX.replace("00080002 0000", "00080001 00")))
