"""The server's sockets on real (virtual) links: what comes in, what goes out, and what happens to the links.

Each test runs its server's side in one namespace; the other one is the wire's other end.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import socket
import struct
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop

from bench.sandbox import Namespace, Sandbox
from kead.config.snapshot4 import InterfaceChoice, InterfacesConfig
from kead.dhcp4 import raw
from kead.dhcp4.frames import BROADCAST, BROADCAST_MAC, FrameBuilder, parse
from kead.dhcp4.sockets import Channel, Datagram, Sockets4
from kead.dhcp4.udp import StrayChannel
from kead.wire.address import parse_ip4

SERVER = parse_ip4("192.0.2.1")
SECOND = parse_ip4("192.0.2.2")
CLIENT = parse_ip4("192.0.2.99")
QUERY = b"query" * 60
REPLY = b"reply" * 60
STAMPS_ON = 0.2  # the kernel begins to note arrival times somewhat after it is asked to


@dataclass
class Link:
    """A cable from the server's namespace to another one: the server has 192.0.2.1, the other end 192.0.2.99."""

    server: Namespace
    client: Namespace
    near: str
    far: str

    def mac(self, namespace: Namespace, interface: str) -> bytes:
        text = namespace.ip("-o", "link", "show", "dev", interface).split("link/ether ")[1].split()[0]
        return bytes.fromhex(text.replace(":", ""))

    @property
    def near_mac(self) -> bytes:
        return self.mac(self.server, self.near)

    @property
    def far_mac(self) -> bytes:
        return self.mac(self.client, self.far)

    def wire(self) -> socket.socket:
        """A packet socket on the far end: sends and sees whole frames."""

        def made() -> socket.socket:
            opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
            opened.bind((self.far, 0))
            opened.settimeout(5)
            return opened

        return self.client.inside(made)

    def udp(self, address: str = "192.0.2.99", port: int = 67) -> socket.socket:
        """A UDP socket on the far end, as a relay has one."""

        def made() -> socket.socket:
            opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            opened.bind((address, port))
            opened.settimeout(5)
            return opened

        return self.client.inside(made)

    def frame(
        self,
        data: bytes = QUERY,
        destination: int = BROADCAST,
        mac: bytes = BROADCAST_MAC,
        source: int = 0,
        port: int = 67,
    ) -> bytes:
        return FrameBuilder(self.far_mac).build(data, mac, source, 68, destination, port)


@pytest.fixture
def link(sandbox: Sandbox) -> Link:
    server, client = sandbox.namespace("server"), sandbox.namespace("client")
    near, far = sandbox.interface("s"), sandbox.interface("c")
    sandbox.cable(server, near, client, far)
    server.ip("address", "add", "192.0.2.1/24", "dev", near)
    client.ip("address", "add", "192.0.2.99/24", "dev", far)
    return Link(server, client, near, far)


@pytest.fixture(params=["ring", "recv"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Both ways to read a packet socket."""
    if request.param == "recv":
        monkeypatch.setattr(raw, "_ORDERED", False)
    return str(request.param)


@dataclass
class Opened:
    """Sockets that keep what they received."""

    sockets: Sockets4
    changes: int = 0
    received: list[Datagram] = field(default_factory=list)
    failed: bool = False

    async def until(self, happened: Callable[[], Any], patience: float = 5) -> None:
        end = time.monotonic() + patience
        while not happened():
            assert time.monotonic() < end, f"not happened; errors: {self.sockets.errors}"
            await asyncio.sleep(0.01)

    async def got(self, number: int = 1) -> Datagram:
        await self.until(lambda: len(self.received) >= number)
        return self.received[number - 1]


def config(*names: str, **keywords: Any) -> InterfacesConfig:
    choices = []
    for name in names:
        plain, _, address = name.partition("/")
        choices.append(InterfaceChoice(plain, parse_ip4(address) if address else None))
    return InterfacesConfig(interfaces=tuple(choices), **keywords)


def serve(
    namespace: Namespace, wanted: InterfacesConfig, scenario: Callable[[Opened], Coroutine[Any, Any, None]]
) -> None:
    """Open sockets in the namespace, run the scenario with them, close them."""

    async def whole() -> None:
        def readable(channel: Channel) -> None:
            opened.received += channel.receive(64)

        def give_up() -> None:
            opened.failed = True

        def changed() -> None:
            opened.changes += 1

        loop = asyncio.get_running_loop()
        opened = Opened(Sockets4(wanted, 67, readable, loop=loop, on_change=changed, on_failed=give_up))
        opened.sockets.open()
        try:
            await scenario(opened)
        finally:
            opened.sockets.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(whole())

    namespace.inside(run)


def ready(namespace: Namespace, interface: str) -> None:
    """Wait until the interface has its carrier."""
    end = time.monotonic() + 5
    while "LOWER_UP" not in namespace.ip("-o", "link", "show", "dev", interface):
        assert time.monotonic() < end
        time.sleep(0.01)


def next_frame(wire: socket.socket, data: bytes) -> bytes:
    """The first frame that carries these data."""
    while True:
        frame = wire.recv(4096)
        if frame.endswith(data):
            return frame


# --- raw ---


def test_a_client_without_address_is_heard_and_answered(link: Link, way: str) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        wire.send(link.frame())
        before = time.time()
        datagram = await opened.got()
        assert datagram.data == QUERY
        assert (datagram.source, datagram.source_port, datagram.destination) == (0, 68, BROADCAST)
        assert datagram.link_source == link.far_mac
        assert abs(datagram.arrived - before) < 1
        channel = datagram.channel
        assert channel.direct
        assert channel.address == SERVER
        assert channel.interface.name == link.near
        channel.send(REPLY, CLIENT + 1, 68, link.far_mac, channel.address, 67)
        frame = next_frame(wire, REPLY)
        assert frame[:12] == link.far_mac + link.near_mac
        parsed = parse(frame, 0, len(frame), True)
        assert parsed is not None
        assert parsed[1:4] == (SERVER, 67, CLIENT + 1)

    with link.wire() as wire:
        serve(link.server, config(link.near), scenario)


def test_a_relay_is_heard_and_the_kernel_keeps_out_of_it(link: Link, way: str) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        relay.connect(("192.0.2.1", 67))
        relay.send(QUERY)  # by a veth pair: its checksum is not filled in
        datagram = await opened.got()
        assert (datagram.source, datagram.source_port, datagram.destination) == (CLIENT, 67, SERVER)
        datagram.channel.send(REPLY, CLIENT, 67, datagram.link_source, SERVER, 67)
        assert relay.recv(4096) == REPLY
        datagram.channel.send(REPLY + b"2", CLIENT, 67, None, SERVER, 67)  # the kernel finds the MAC
        assert relay.recv(4096) == REPLY + b"2"
        relay.send(QUERY)
        await opened.got(2)
        relay.send(QUERY)  # «port unreachable» would have come by now, and be raised here
        await opened.got(3)

    with link.udp() as relay:
        serve(link.server, config(link.near), scenario)


def test_only_what_is_meant_for_the_server_is_heard(link: Link, way: str) -> None:
    ready(link.server, link.near)
    tagged, priority = b"\x81\0\0\5", b"\x81\0\xe0\0"

    async def scenario(opened: Opened) -> None:
        whole = link.frame()
        fragment = whole[:20] + b"\x20\0" + whole[22:]
        damaged = whole[:-1] + b"?"
        wire.send(link.frame(port=68))
        wire.send(link.frame(destination=SECOND))
        wire.send(link.frame(destination=SERVER, mac=b"\2\0\0\0\0\x77"))
        wire.send(fragment)
        wire.send(damaged)
        wire.send(whole[:12] + tagged + whole[12:])
        wire.send(whole[:12] + priority + whole[12:])
        wire.send(link.frame(b"the end", destination=SERVER, mac=link.near_mac))
        await opened.until(lambda: opened.received and opened.received[-1].data == b"the end")
        assert [datagram.data for datagram in opened.received] == [QUERY, b"the end"]  # the first: priority only

    with link.wire() as wire:
        link.server.ip("link", "set", link.near, "promisc", "on")
        serve(link.server, config(link.near), scenario)


def test_a_broadcast_is_heard_once_however_many_addresses(link: Link, way: str) -> None:
    link.server.ip("address", "add", "192.0.2.2/24", "dev", link.near)
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        assert opened.sockets.addresses == {SERVER, SECOND}
        wire.send(link.frame())
        wire.send(link.frame(destination=SECOND, mac=link.near_mac))
        await opened.got(2)
        assert [datagram.destination for datagram in opened.received] == [BROADCAST, SECOND]

    with link.wire() as wire:
        serve(link.server, config(link.near), scenario)


def test_a_burst_is_kept_and_read_in_bounded_batches(link: Link, way: str) -> None:
    ready(link.server, link.near)
    number = 200

    async def scenario(opened: Opened) -> None:
        await asyncio.sleep(STAMPS_ON)
        (channel,) = opened.sockets.channels
        channel.pause()
        sent = time.time()
        for place in range(number):
            wire.send(link.frame(struct.pack("!I", place)))
        await asyncio.sleep(0.2)
        batches: list[list[Datagram]] = []
        while batch := channel.receive(64):
            batches.append(batch)
        assert [len(batch) for batch in batches] == [64, 64, 64, 8]
        whole = [datagram for batch in batches for datagram in batch]
        assert [struct.unpack("!I", datagram.data)[0] for datagram in whole] == list(range(number))
        oldest = batches[1][0].arrived  # of a batch that follows a full one: the kernel's time, not now
        assert sent - 0.01 <= oldest < time.time() - 0.1
        channel.resume()
        wire.send(link.frame())
        await opened.got()

    with link.wire() as wire:
        serve(link.server, config(link.near), scenario)


@pytest.mark.parametrize("udp", [True, False], ids=["udp", "raw"])
def test_one_after_the_other(link: Link, udp: bool) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        await asyncio.sleep(STAMPS_ON)
        (channel, *_) = opened.sockets.channels
        channel.pause()
        assert not channel.waits()
        assert channel.one() is None
        before = time.time()
        for number in range(4):
            relay.sendto(b"%d" % number, ("192.0.2.1", 67))
        await asyncio.sleep(0.05)
        for number in range(2):
            assert channel.waits()
            datagram = channel.one()
            assert datagram is not None
            assert (datagram.data, datagram.source, datagram.source_port) == (b"%d" % number, CLIENT, 67)
            assert (datagram.destination, datagram.channel) == (SERVER, channel)
            assert datagram.link_source == (b"" if udp else link.far_mac)
            assert before <= datagram.arrived <= time.time()
        assert [datagram.data for datagram in channel.receive(9)] == [b"2", b"3"]
        assert not channel.waits()
        channel.close()
        assert not channel.waits()

    with link.udp() as relay:
        serve(link.server, config(link.near, udp=udp), scenario)


@pytest.mark.parametrize("udp", [True, False], ids=["udp", "raw"])
def test_newcomers_beyond_a_number_are_dropped_while_reading(link: Link, udp: bool) -> None:
    """And only they: not who asks for an address, not who is no client at all."""
    ready(link.server, link.near)
    discover, request = (bytes(240) + bytes((53, 1, kind, 255)) for kind in (1, 3))

    async def scenario(opened: Opened) -> None:
        (channel, *_) = opened.sockets.channels
        channel.pause()
        for message in (discover, request, discover, discover, b"short", discover, request):
            relay.sendto(message, ("192.0.2.1", 67))
        await asyncio.sleep(0.05)
        batch, dropped = channel.spare(100, 2, time.time() - 5)
        assert [datagram.data for datagram in batch] == [discover, request, discover, b"short", request]
        assert dropped == 2
        assert channel.spare(100, 2, time.time() - 5) == ([], 0)
        for _ in range(3):
            relay.sendto(discover, ("192.0.2.1", 67))
        await asyncio.sleep(0.05)
        assert [datagram.data for datagram in channel.receive(100)] == [discover] * 3

    with link.udp() as relay:
        serve(link.server, config(link.near, udp=udp), scenario)


def test_what_has_waited_too_long_is_dropped_from_a_ring_and_takes_nobody_s_place(link: Link) -> None:
    ready(link.server, link.near)
    discover = bytes(240) + bytes((53, 1, 1, 255))

    async def scenario(opened: Opened) -> None:
        (channel,) = opened.sockets.channels
        channel.pause()
        for _ in range(5):
            relay.sendto(discover, ("192.0.2.1", 67))
        await asyncio.sleep(0.1)
        border = time.time()
        for _ in range(3):
            relay.sendto(discover, ("192.0.2.1", 67))
        await asyncio.sleep(0.05)
        batch, dropped = channel.spare(100, 2, border)
        assert len(batch) == 2
        assert all(datagram.arrived >= border for datagram in batch)
        assert dropped == 6

    with link.udp() as relay:
        serve(link.server, config(link.near), scenario)


def test_a_ring_goes_round(link: Link) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        for turn in range(1, 26):
            for _ in range(100):
                wire.send(frame)
            await opened.until(lambda turn=turn: len(opened.received) == 100 * turn)  # type: ignore[misc]

    with link.wire() as wire:
        frame = link.frame()
        serve(link.server, config(link.near), scenario)


def test_a_ring_goes_round_one_by_one(link: Link) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        (channel,) = opened.sockets.channels
        channel.pause()
        for _turn in range(25):
            for _ in range(100):
                wire.send(frame)
            got = [channel.one() for _ in range(100)]
            assert all(datagram is not None and datagram.data == QUERY for datagram in got)
            assert channel.one() is None

    with link.wire() as wire:
        frame = link.frame()
        serve(link.server, config(link.near), scenario)


def test_sending_may_fail_and_says_so(link: Link, way: str) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        (channel,) = opened.sockets.channels
        with pytest.raises(OSError, match="too long"):
            channel.send(bytes(3000), CLIENT, 68, link.far_mac, SERVER, 67)
        channel.send(REPLY, CLIENT, 68, b"\1\2\3", SERVER, 67)  # no Ethernet address
        assert next_frame(wire, REPLY)[:6] == BROADCAST_MAC
        channel.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            channel.send(REPLY, CLIENT, 68, link.far_mac, SERVER, 67)
        assert channel.receive(64) == []

    with link.wire() as wire:
        serve(link.server, config(link.near), scenario)


# --- udp ---


@pytest.mark.parametrize("use_routing", [False, True])
def test_udp_hears_relays_and_no_broadcasts(link: Link, use_routing: bool) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        relay.sendto(b"broadcast", ("255.255.255.255", 67))
        relay.sendto(QUERY, ("192.0.2.1", 67))
        datagram = await opened.got()
        assert (datagram.data, datagram.source, datagram.source_port) == (QUERY, CLIENT, 67)
        assert datagram.destination == SERVER
        assert not datagram.channel.direct
        datagram.channel.send(REPLY, CLIENT, 67, None, SERVER, 67)
        assert relay.recvfrom(4096) == (REPLY, ("192.0.2.1", 67))
        datagram.channel.send(REPLY, BROADCAST, 68, None, SERVER, 67)
        frame = next_frame(wire, REPLY)
        while frame[:6] != BROADCAST_MAC:
            frame = next_frame(wire, REPLY)
        assert frame[26:34] == SERVER.to_bytes(4, "big") + b"\xff" * 4

    with link.wire() as wire, link.udp() as relay:
        link.client.ip("route", "add", "default", "dev", link.far)
        serve(link.server, config(link.near, udp=True, use_routing=use_routing), scenario)


def test_an_address_is_reached_over_another_interface(link: Link, sandbox: Sandbox) -> None:
    """The query comes in by the second link, to the first one's address; the reply leaves by the second."""
    near, far = sandbox.interface("t"), sandbox.interface("d")
    sandbox.cable(link.server, near, link.client, far)
    link.server.ip("address", "add", "198.51.100.1/24", "dev", near)
    link.client.ip("address", "add", "198.51.100.99/24", "dev", far)
    link.client.ip("route", "add", "192.0.2.1/32", "via", "198.51.100.1")
    ready(link.server, link.near)
    ready(link.server, near)

    async def scenario(opened: Opened) -> None:
        relay.sendto(QUERY, ("192.0.2.1", 67))
        datagram = await opened.got()
        assert datagram.channel.interface.name == near
        assert datagram.destination == SERVER
        datagram.channel.send(REPLY, datagram.source, 67, None, SERVER, 67)
        assert relay.recvfrom(4096) == (REPLY, ("192.0.2.1", 67))
        assert any(isinstance(channel, StrayChannel) for channel in opened.sockets.channels)

    with link.udp("198.51.100.99") as relay:
        serve(link.server, config(link.near, udp=True), scenario)


def test_udp_tells_how_long_packets_waited(link: Link) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        await asyncio.sleep(STAMPS_ON)
        channel = opened.sockets.channels[0]
        channel.pause()
        for _ in range(150):
            relay.sendto(QUERY, ("192.0.2.1", 67))
        sent = time.time()
        await asyncio.sleep(0.2)
        first, second, third = channel.receive(64), channel.receive(64), channel.receive(64)
        assert (len(first), len(second), len(third)) == (64, 64, 22)
        assert second[0].arrived <= sent
        assert third[0].arrived <= sent

    with link.udp() as relay:
        serve(link.server, config(link.near, udp=True), scenario)


# --- who else has the port ---


def taken(link: Link) -> socket.socket:
    def made() -> socket.socket:
        other = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("192.0.2.1", 67))
        return other

    return link.server.inside(made)


def test_a_taken_port_is_told_and_tried_again(link: Link) -> None:
    ready(link.server, link.near)
    other = taken(link)

    async def scenario(opened: Opened) -> None:
        assert opened.sockets.channels == ()
        assert opened.sockets.status() == {
            "status": "retrying",
            "errors": [
                f"Failed to open socket on interface {link.near}, reason: failed to bind fallback socket to address"
                " 192.0.2.1, port 67, reason: Address already in use - is another DHCP server running?"
            ],
        }
        other.close()
        await opened.until(lambda: opened.sockets.channels)
        assert opened.sockets.status() == {"status": "ready"}

    serve(link.server, config(link.near, max_retries=100, retry_wait=20), scenario)


@pytest.mark.parametrize("udp", [False, True])
def test_giving_up_is_told_where_all_sockets_are_required(link: Link, udp: bool) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        assert not opened.failed
        await opened.until(lambda: opened.failed)
        status = opened.sockets.status()
        assert status["status"] == "failed"
        assert "192.0.2.1" in status["errors"][0]

    with taken(link):
        serve(link.server, config(link.near, udp=udp, require_all=True, max_retries=2, retry_wait=10), scenario)


@pytest.mark.parametrize("udp", [False, True])
def test_a_second_server_is_refused_the_port(link: Link, udp: bool) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        assert opened.sockets.channels
        with pytest.raises(OSError, match="in use"):
            taken(link)

    serve(link.server, config(link.near, udp=udp), scenario)


# --- interfaces that change, configurations that change ---


def test_a_link_that_goes_down_and_up_is_followed(link: Link, way: str) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        link.server.ip("link", "set", link.near, "down")
        await opened.until(lambda: not opened.sockets.channels)
        assert opened.sockets.errors == [f"the interface {link.near} is down"]
        link.server.ip("link", "set", link.near, "up")
        await opened.until(lambda: opened.sockets.channels)
        assert opened.sockets.status() == {"status": "ready"}
        wire.send(link.frame())
        assert (await opened.got()).data == QUERY

    with link.wire() as wire:
        serve(link.server, config(link.near), scenario)


@pytest.mark.parametrize("udp", [False, True])
def test_addresses_that_come_and_go_are_followed(link: Link, udp: bool) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        kept = opened.sockets.channels[0]
        link.server.ip("address", "add", "192.0.2.2/24", "dev", link.near)
        await opened.until(lambda: opened.sockets.addresses == {SERVER, SECOND})
        assert opened.changes == 2
        relay.sendto(QUERY, ("192.0.2.2", 67))
        assert (await opened.got()).destination == SECOND
        assert opened.sockets.channels[0] is kept
        link.server.ip("address", "del", "192.0.2.2/24", "dev", link.near)
        await opened.until(lambda: opened.sockets.addresses == {SERVER})
        relay.sendto(QUERY, ("192.0.2.1", 67))
        assert (await opened.got(2)).destination == SERVER
        assert opened.sockets.channels[0] is kept

    with link.udp() as relay:
        serve(link.server, config(link.near, udp=udp), scenario)


@pytest.mark.parametrize("udp", [False, True])
def test_an_interface_that_comes_back_as_another_is_served(link: Link, sandbox: Sandbox, udp: bool) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        link.server.ip("link", "del", link.near)
        await opened.until(lambda: not opened.sockets.channels)
        assert opened.sockets.status()["status"] == "failed"
        sandbox.cable(link.server, link.near, link.client, link.far)
        link.server.ip("address", "add", "192.0.2.1/24", "dev", link.near)
        link.client.ip("address", "add", "192.0.2.99/24", "dev", link.far)
        await opened.until(lambda: opened.sockets.channels)
        with link.udp() as relay:
            relay.sendto(QUERY, ("192.0.2.1", 67))
            assert (await opened.got()).data == QUERY

    serve(link.server, config(link.near, udp=udp), scenario)


def test_a_new_interface_is_served_where_all_are_meant(link: Link, sandbox: Sandbox) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        near, far = sandbox.interface("t"), sandbox.interface("d")
        sandbox.cable(link.server, near, link.client, far)
        link.server.ip("address", "add", "198.51.100.1/24", "dev", near)
        await opened.until(lambda: len(opened.sockets.channels) == 2)

    serve(link.server, config("*"), scenario)


def test_without_re_detect_a_new_interface_waits_to_be_asked_for(link: Link, sandbox: Sandbox) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        near, far = sandbox.interface("t"), sandbox.interface("d")
        sandbox.cable(link.server, near, link.client, far)
        link.server.ip("address", "add", "198.51.100.1/24", "dev", near)
        await opened.until(lambda: opened.sockets.interfaces.by_name(near))
        ready(link.server, near)
        opened.sockets.reconfigure(config("*", re_detect=False))
        assert len(opened.sockets.channels) == 1
        opened.sockets.redetect()
        assert len(opened.sockets.channels) == 2

    serve(link.server, config("*", re_detect=False), scenario)


def test_a_reload_loses_nothing(link: Link, way: str) -> None:
    link.server.ip("address", "add", "192.0.2.2/24", "dev", link.near)
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        (channel,) = opened.sockets.channels
        for place in range(50):
            wire.send(link.frame(struct.pack("!I", place)))
            if place == 25:
                opened.sockets.reconfigure(config(f"{link.near}/192.0.2.1"))
        await opened.got(50)
        assert opened.sockets.channels == (channel,)
        assert opened.sockets.addresses == {SERVER}

    with link.wire() as wire:
        serve(link.server, config(link.near), scenario)


def test_a_reload_may_change_everything(link: Link) -> None:
    ready(link.server, link.near)

    async def scenario(opened: Opened) -> None:
        for number, wanted in enumerate(
            (
                config(link.near, udp=True),
                config(link.near, udp=True, use_routing=True),
                config("*", udp=True),
                config("lo", link.near, udp=True),
                config(link.near),
            ),
            1,
        ):
            opened.sockets.reconfigure(wanted)
            assert opened.sockets.status() == {"status": "ready"}
            relay.sendto(QUERY, ("192.0.2.1", 67))
            await opened.got(number)
        opened.sockets.reconfigure(config())
        assert opened.sockets.channels == ()
        assert opened.sockets.status() == {"status": "ready"}

    with link.udp() as relay:
        serve(link.server, config(link.near), scenario)


def test_a_tunnel_is_served_by_udp(link: Link) -> None:
    """There are no Ethernet frames on it, but relays may be behind it."""

    def attach() -> int:
        descriptor = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(descriptor, 0x400454CA, struct.pack("16sH22x", b"ktun", 0x1001))  # TUNSETIFF: plain IP packets
        return descriptor

    if not os.path.exists("/dev/net/tun"):
        pytest.skip("needs /dev/net/tun")
    tunnel = link.server.inside(attach)
    link.server.ip("address", "add", "10.0.0.1/24", "dev", "ktun")
    link.server.ip("link", "set", "ktun", "up")

    async def scenario(opened: Opened) -> None:
        assert opened.sockets.errors == []
        packet = FrameBuilder(bytes(6)).build(QUERY, bytes(6), CLIENT, 67, parse_ip4("10.0.0.1"), 67)[14:]
        os.write(tunnel, packet)
        datagram = await opened.got()
        assert (datagram.data, datagram.source) == (QUERY, CLIENT)
        assert not datagram.channel.direct

    try:
        serve(link.server, config("ktun"), scenario)
    finally:
        os.close(tunnel)
