"""Frames: what is written reads back, and is what scapy reads; what is not ours is refused, by us and by the filter."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kead.dhcp4.channel import attach
from kead.dhcp4.frames import BROADCAST, DROP_EVERYTHING, FrameBuilder, assemble, filter_program, parse

OURS = 0xC0000201  # 192.0.2.1
CLIENT = 0xC0000263
SERVER_MAC = bytes.fromhex("020000000001")
CLIENT_MAC = bytes.fromhex("020000000002")

macs = st.binary(min_size=6, max_size=6)
addresses = st.integers(0, 0xFFFFFFFF)
ports = st.integers(0, 0xFFFF)


def built(data: bytes = b"x" * 244, source: int = CLIENT, destination: int = OURS, port: int = 67) -> bytes:
    return FrameBuilder(CLIENT_MAC).build(data, SERVER_MAC, source, 68, destination, port)


@given(st.binary(max_size=1472), macs, macs, addresses, addresses, ports, ports)
def test_what_is_built_reads_back(
    data: bytes, to: bytes, mac: bytes, source: int, destination: int, source_port: int, port: int
) -> None:
    frame = FrameBuilder(mac).build(data, to, source, source_port, destination, port)
    parsed = parse(frame, 0, len(frame), True)
    assert parsed is not None
    assert parsed[:4] == (mac, source, source_port, destination)
    assert frame[parsed[4] : parsed[5]] == data


@settings(deadline=None)  # scapy takes its time to be loaded
@given(st.binary(max_size=600), macs, macs, addresses, addresses, ports, ports)
def test_scapy_works_out_the_same_checksums(
    data: bytes, to: bytes, mac: bytes, source: int, destination: int, source_port: int, port: int
) -> None:
    layers = pytest.importorskip("scapy.layers.inet")
    ether = pytest.importorskip("scapy.layers.l2").Ether
    frame = FrameBuilder(mac).build(data, to, source, source_port, destination, port)
    read = ether(frame)
    assert bytes(read[layers.UDP].payload)[: len(data)] == data
    del read[layers.IP].chksum, read[layers.UDP].chksum
    assert bytes(read) == frame


@given(st.lists(st.binary(max_size=1472), min_size=2, max_size=4), st.integers(0, 3))
def test_headers_that_are_remembered_are_those_of_the_first_time(messages: list[bytes], number: int) -> None:
    """For a relay agent, or for all on the link: whatever was sent there before."""
    to, destination, port = [
        (CLIENT_MAC, CLIENT, 67),
        (b"\xff" * 6, BROADCAST, 68),
        (SERVER_MAC, CLIENT, 67),
        (CLIENT_MAC, CLIENT + 1, 67),
    ][number]
    builder = FrameBuilder(SERVER_MAC)
    builder.build(b"other", CLIENT_MAC, OURS, 67, CLIENT, 67)
    for data in messages * 2:
        frame = builder.build(data, to, OURS, 67, destination, port)
        assert frame == FrameBuilder(SERVER_MAC).build(data, to, OURS, 67, destination, port)
        assert parse(frame, 0, len(frame), True) == (SERVER_MAC, OURS, 67, destination, 42, len(frame))


def test_not_every_receiver_is_remembered_for_ever() -> None:
    builder = FrameBuilder(SERVER_MAC)
    for number in range(5000):
        builder.build(b"x", CLIENT_MAC, OURS, 67, number, 67)
        builder.build(b"x", CLIENT_MAC, OURS, 67, number, 68)
    assert len(builder._heads) <= 1024


def test_a_checksum_that_comes_out_as_zero_is_sent_as_ones() -> None:
    bare = FrameBuilder(CLIENT_MAC).build(b"\0\0", SERVER_MAC, CLIENT, 68, OURS, 67)
    rest = int.from_bytes(bare[40:42], "big")
    frame = FrameBuilder(CLIENT_MAC).build(rest.to_bytes(2, "big"), SERVER_MAC, CLIENT, 68, OURS, 67)
    assert frame[40:42] == b"\xff\xff"
    assert parse(frame, 0, len(frame), True) is not None


@given(st.binary(max_size=400), st.integers(0, 60), st.booleans())
def test_any_bytes_parse_or_do_not(data: bytes, start: int, verify: bool) -> None:
    parsed = parse(bytes(start) + data, start, len(data), verify)
    if parsed is not None:
        assert start + 42 <= parsed[4] <= parsed[5] <= start + len(data)


@given(st.integers(0, 285), st.integers(0, 255))
def test_one_byte_changed_never_harms(place: int, value: int) -> None:
    frame = bytearray(built())
    frame[place] = value
    parsed = parse(frame, 0, len(frame), False)
    assert parsed is None or parsed[5] <= len(frame)


def test_options_of_the_ip_header_are_stepped_over() -> None:
    plain = built(b"message")
    frame = plain[:14] + b"\x47" + plain[15:16] + (35 + 8).to_bytes(2, "big") + plain[18:34] + b"\1" * 8 + plain[34:]
    parsed = parse(frame, 0, len(frame), True)
    assert parsed is not None
    assert parsed[1:4] == (CLIENT, 68, OURS)
    assert frame[parsed[4] : parsed[5]] == b"message"


def test_padding_behind_the_datagram_is_left_out() -> None:
    frame = built(b"message") + bytes(11)
    parsed = parse(frame, 0, len(frame), True)
    assert parsed is not None
    assert frame[parsed[4] : parsed[5]] == b"message"


def test_a_wrong_checksum_is_refused_where_it_is_to_be_checked() -> None:
    frame = bytearray(built())
    frame[100] ^= 1
    assert parse(frame, 0, len(frame), True) is None
    assert parse(frame, 0, len(frame), False) is not None


def test_no_checksum_and_an_unfinished_one_are_accepted() -> None:
    frame = bytearray(built())
    frame[40:42] = b"\0\0"
    assert parse(frame, 0, len(frame), True) is not None
    pseudo = sum(int.from_bytes(frame[place : place + 2], "big") for place in (26, 28, 30, 32)) + 17 + 252
    frame[40:42] = (pseudo % 0xFFFF).to_bytes(2, "big")  # what the kernel leaves for a network card to finish
    assert parse(frame, 0, len(frame), True) is not None


@pytest.mark.parametrize(
    ("place", "value"),
    [
        pytest.param(12, 0x86, id="not IPv4"),
        pytest.param(23, 6, id="TCP"),
        pytest.param(20, 0x20, id="first fragment"),
        pytest.param(21, 1, id="later fragment"),
        pytest.param(14, 0x44, id="IP header too short"),
        pytest.param(14, 0x65, id="IP version 6"),
        pytest.param(16, 0xFF, id="longer than the frame"),
        pytest.param(38, 0xFF, id="UDP longer than IP"),
    ],
)
def test_what_is_no_whole_udp_datagram_is_refused(place: int, value: int) -> None:
    frame = bytearray(built())
    frame[place] = value
    assert parse(frame, 0, len(frame), False) is None


@contextmanager
def filtered(program: tuple[tuple[int, int, int, int], ...]) -> Iterator[Callable[[bytes], bool]]:
    """A function that says whether the kernel lets a frame through the filter (a pair of UNIX sockets will do)."""
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    with near, far:
        far.setblocking(False)
        attach(far, program)

        def passes(frame: bytes) -> bool:
            near.send(frame)
            try:
                return far.recv(4096) == frame
            except BlockingIOError:
                return False

        yield passes


def with_header(frame: bytes, **fields: tuple[int, int]) -> bytes:
    changed = bytearray(frame)
    for place, value in fields.values():
        changed[place] = value
    return bytes(changed)


def test_the_kernel_lets_through_what_is_ours() -> None:
    with filtered(filter_program(67, [OURS, OURS + 1])) as passes:
        assert passes(built())
        assert passes(built(destination=OURS + 1))
        assert passes(built(destination=BROADCAST, source=0))
        plain = built()
        options = plain[:14] + b"\x46" + plain[15:34] + b"\1\1\1\0" + plain[34:]
        assert passes(options)


def test_the_kernel_keeps_away_what_is_not() -> None:
    frame = built()
    with filtered(filter_program(67, [OURS])) as passes:
        assert not passes(built(destination=OURS + 1))
        assert not passes(built(port=68))
        assert not passes(with_header(frame, arp=(13, 6)))
        assert not passes(with_header(frame, tcp=(23, 6)))
        assert not passes(with_header(frame, first_fragment=(20, 0x20)))
        assert not passes(with_header(frame, later_fragment=(21, 8)))
        assert not passes(frame[:12] + b"\x81\0\0\5" + frame[12:])
        assert not passes(frame[:20])


def test_the_filter_takes_more_addresses_than_a_jump_is_long() -> None:
    with filtered(filter_program(1067, range(OURS, OURS + 1000))) as passes:
        assert passes(built(destination=OURS + 999, port=1067))
        assert not passes(built(destination=OURS + 1000, port=1067))
        assert not passes(built(destination=OURS + 999, port=67))


def test_a_filter_can_drop_everything() -> None:
    with filtered(DROP_EVERYTHING) as passes:
        assert not passes(built())


def test_instructions_are_eight_bytes_each() -> None:
    assert assemble([(0x15, 1, 2, 0x01020304)]) == (0x15).to_bytes(2, "little") + b"\1\2\4\3\2\1"
