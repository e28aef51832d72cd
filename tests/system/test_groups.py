"""Datagrams that the kernel takes as a group, on real (virtual) links: what arrives, and where none may be sent."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import socket
import struct

import pytest

from bench.sandbox import Namespace
from kead.dhcp4.channel import Channel
from kead.dhcp4.frames import parse
from kead.network import segments
from tests.system import test_sockets6 as six
from tests.system.test_sockets import CLIENT, QUERY, SERVER, Link, Opened, config, link, ready, serve, way
from tests.system.test_sockets6 import link as link6

__all__ = ["link", "link6", "way"]  # fixtures

SEGMENTATION, CHECKSUMS = b"tx-udp-segmentation", b"tx-checksum-ip-generic"
GROUP = [bytes((n,)) * 301 for n in range(7)]


def switch_off(namespace: Namespace, interface: str, feature: bytes) -> None:
    """`ethtool -K INTERFACE FEATURE off`"""

    def ask(asking: socket.socket, command: bytearray) -> None:
        view = (ctypes.c_char * len(command)).from_buffer(command)
        request = struct.pack("@16sP16x", interface.encode(), ctypes.addressof(view))
        fcntl.ioctl(asking.fileno(), 0x8946, request)  # SIOCETHTOOL

    def work() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            strings = bytearray(struct.pack("=III", 0x1B, 4, 0) + bytes(32 * 512))  # ETHTOOL_GSTRINGS
            ask(asking, strings)
            (count,) = struct.unpack_from("=I", strings, 8)
            names = [bytes(strings[at : at + 32]).rstrip(b"\0") for at in range(12, 12 + 32 * count, 32)]
            block, bit = divmod(names.index(feature), 32)
            words = [0, 0] * ((count + 31) // 32)  # which to set, and to what
            words[2 * block] = 1 << bit
            ask(asking, bytearray(struct.pack(f"=II{len(words)}I", 0x3B, len(words) // 2, *words)))  # ETHTOOL_SFEATURES

    namespace.inside(work)


def cuts(namespace: Namespace, interface: str) -> bool:
    def ask() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
            return segments.cut_by_kernel(asking, interface)

    return namespace.inside(ask)


def test_where_the_kernel_cuts(link: Link) -> None:
    assert not cuts(link.server, link.near), "a virtual cable hands them over whole"
    assert not cuts(link.server, "lo")
    assert not cuts(link.server, "nowhere")
    switch_off(link.server, link.near, SEGMENTATION)
    assert cuts(link.server, link.near)
    assert not cuts(link.client, link.far)


@pytest.mark.parametrize("udp", [True, False], ids=["udp", "raw"])
def test_none_are_sent_where_they_would_arrive_whole(link: Link, udp: bool) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        assert not any(channel.groups for channel in opened.sockets.channels)

    serve(link.server, config(link.near, udp=udp), scenario)


def test_none_are_sent_where_the_routing_table_decides(link: Link) -> None:
    switch_off(link.server, link.near, SEGMENTATION)
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        assert not any(channel.groups for channel in opened.sockets.channels)

    serve(link.server, config(link.near, udp=True, use_routing=True), scenario)


async def heard(opened: Opened, relay: socket.socket) -> Channel:
    """The channel by which a relay agent's query comes."""
    relay.sendto(QUERY, ("192.0.2.1", 67))
    channel = (await opened.got()).channel
    assert channel.groups
    return channel


@pytest.mark.parametrize("udp", [True, False], ids=["udp", "raw"])
@pytest.mark.parametrize("checksums", [True, False], ids=["the card sums", "the kernel sums"])
def test_each_datagram_arrives_by_itself(link: Link, udp: bool, checksums: bool) -> None:
    """On the cable, as a relay agent with a packet socket sees it, and at a UDP socket; with good checksums."""
    switch_off(link.server, link.near, SEGMENTATION)
    if not checksums:
        switch_off(link.server, link.near, CHECKSUMS)
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        channel = await heard(opened, relay)
        try:
            channel.send_group(GROUP, CLIENT, 67, link.far_mac, SERVER, 67)
        except OSError as error:
            if udp and not checksums and error.errno == errno.EIO:
                assert not channel.groups
                pytest.skip("before Linux 6.11 UDP groups need a card that works out checksums")
            raise
        assert [relay.recvfrom(4096) for _ in GROUP] == [(data, ("192.0.2.1", 67)) for data in GROUP]
        seen: list[bytes] = []
        while len(seen) < len(GROUP):
            frame = wire.recv(65536)
            if frame[12:14] == b"\x08\x00" and frame[:6] == link.far_mac:
                seen.append(frame)
        for frame, data in zip(seen, GROUP, strict=True):
            assert len(frame) == 42 + len(data)
            parsed = parse(frame, 0, len(frame), True)
            assert parsed is not None
            mac, source, port, destination, first, end = parsed
            assert (mac, source, port, destination) == (link.near_mac, SERVER, 67, CLIENT)
            assert frame[first:end] == data
            header = sum(struct.unpack_from("!10H", frame, 14))
            assert header % 0xFFFF == 0, "the IP header's checksum"
            if not checksums:
                pseudo = sum(struct.unpack("!4H", frame[26:34])) + 17 + len(data) + 8
                datagram = frame[34:end] + bytes(len(data) & 1)
                assert (pseudo + sum(struct.unpack(f"!{len(datagram) // 2}H", datagram))) % 0xFFFF == 0, "and UDP's"
        assert channel.groups

    with link.wire() as wire, link.udp() as relay:
        serve(link.server, config(link.near, udp=udp), scenario)


@pytest.mark.parametrize("udp", [True, False], ids=["udp", "raw"])
def test_datagrams_too_long_for_the_link_are_refused(link: Link, udp: bool) -> None:
    switch_off(link.server, link.near, SEGMENTATION)
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        channel = await heard(opened, relay)
        with pytest.raises(OSError, match=r"Message too long|Invalid argument"):
            channel.send_group([bytes(1473)] * 5, CLIENT, 67, link.far_mac, SERVER, 67)
        assert channel.groups, "others may be shorter"
        channel.send_group([bytes(1472)] * 5, CLIENT, 67, link.far_mac, SERVER, 67)
        assert [len(relay.recv(4096)) for _ in range(5)] == [1472] * 5

    with link.udp() as relay:
        serve(link.server, config(link.near, udp=udp), scenario)


def test_a_kernel_that_knows_no_such_frames_is_asked_once(link: Link, monkeypatch: pytest.MonkeyPatch) -> None:
    from kead.dhcp4 import frames

    monkeypatch.setattr(frames, "_SEGMENT_UDP", 77)
    switch_off(link.server, link.near, SEGMENTATION)
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        channel = await heard(opened, relay)
        with pytest.raises(OSError, match="Invalid argument"):
            channel.send_group(GROUP, CLIENT, 67, link.far_mac, SERVER, 67)
        assert not channel.groups

    with link.udp() as relay:
        serve(link.server, config(link.near), scenario)


@pytest.mark.parametrize("multicast", [True, False])
def test_relays_are_answered_in_groups_by_ipv6_too(link6: six.Link, multicast: bool) -> None:
    switch_off(link6.server, link6.near, SEGMENTATION)
    chosen = link6.near if multicast else f"{link6.near}/2001:db8::1"

    async def scenario(opened: six.Opened) -> None:
        if multicast:
            six.to_all(relay, port=547)
        else:
            relay.sendto(QUERY, ("2001:db8::1", 547))
        datagram = await opened.got()
        channel = datagram.channel
        assert channel.groups
        channel.send_group(GROUP, datagram.source, 547)
        assert [relay.recv(65536) for _ in GROUP] == GROUP
        with pytest.raises(OSError, match=r"Message too long|Invalid argument"):
            channel.send_group([bytes(1453)] * 5, datagram.source, 547)
        assert channel.groups, "others may be shorter"

    with link6.udp(0 if multicast else six.CLIENT, 547) as relay:
        six.serve(link6.server, six.config(chosen), scenario)


def test_none_are_sent_where_they_would_arrive_whole_by_ipv6(link6: six.Link) -> None:
    async def scenario(opened: six.Opened) -> None:
        assert not any(channel.groups for channel in opened.sockets.channels)

    six.serve(link6.server, six.config(link6.near), scenario)
