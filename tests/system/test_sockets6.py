"""The DHCPv6 server's sockets on real (virtual) links: what comes in, what goes out, and what happens to the links.

Each test runs its server's side in one namespace; the other one is the wire's other end.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest
import uvloop
from scapy.layers.dhcp6 import DUID_LL, DHCP6_Solicit, DHCP6OptClientId
from scapy.layers.inet import UDP
from scapy.layers.inet6 import IPv6
from scapy.layers.l2 import Ether

from bench.sandbox import Namespace, Sandbox, run
from kead.config.snapshot6 import InterfaceChoice, InterfacesConfig
from kead.dhcp6.packet import decode
from kead.dhcp6.sockets import ALL_SERVERS, Channel, Datagram, Sockets6
from kead.dhcp6.udp import MulticastChannel, StrayChannel
from kead.wire.address import parse_ip6, text_ip6

SERVER = parse_ip6("2001:db8::1")
SECOND = parse_ip6("2001:db8::2")
CLIENT = parse_ip6("2001:db8::99")
QUERY = b"query" * 60
REPLY = b"reply" * 60
STAMPS_ON = 0.2  # the kernel begins to note arrival times somewhat after it is asked to


@dataclass
class Link:
    """A cable from the server's namespace to another one: the server has 2001:db8::1, the other end 2001:db8::99."""

    server: Namespace
    client: Namespace
    near: str
    far: str

    @property
    def near_local(self) -> int:
        return link_local(self.server, self.near)

    @property
    def far_local(self) -> int:
        return link_local(self.client, self.far)

    def udp(self, address: int = 0, port: int = 546) -> socket.socket:
        """A UDP socket on the far end, as a client or a relay has one."""

        def made() -> socket.socket:
            number = socket.if_nametoindex(self.far)
            opened = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, number)
            opened.bind((text_ip6(address or self.far_local), port, 0, 0 if address else number))
            opened.settimeout(5)
            return opened

        return self.client.inside(made)

    def from_relay(self) -> socket.socket:
        return self.udp(CLIENT, 547)


def link_local(namespace: Namespace, interface: str) -> int:
    text = namespace.ip("-6", "-o", "address", "show", "dev", interface, "scope", "link")
    return parse_ip6(text.split("inet6 ")[1].split("/")[0])


def sysctl(namespace: Namespace, interface: str, name: str, value: int) -> None:
    run(*namespace.command("sysctl", "-qw", f"net.ipv6.conf.{interface}.{name}={value}"))


def cable(sandbox: Sandbox, one: Namespace, near: str, other: Namespace, far: str, *, dad: bool = False) -> None:
    """A cable that speaks IPv6; ``dad``: addresses are checked for duplicates first, which takes a second or two."""
    sandbox.cable(one, near, other, far)
    for namespace, interface in ((one, near), (other, far)):
        sysctl(namespace, interface, "accept_dad", int(dad and namespace is one))
        sysctl(namespace, interface, "disable_ipv6", 0)
    wait_for(lambda: "fe80" in other.ip("-6", "address", "show", "dev", far))
    wait_for(lambda: "fe80" in one.ip("-6", "address", "show", "dev", near))
    wait_for(lambda: "LOWER_UP" in one.ip("-o", "link", "show", "dev", near))


def wait_for(happened: Callable[[], Any], patience: float = 5) -> None:
    end = time.monotonic() + patience
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.01)


def add(namespace: Namespace, address: str, interface: str, *more: str) -> None:
    namespace.ip("address", "add", address, "dev", interface, *(more or ("nodad",)))


@pytest.fixture
def link(sandbox: Sandbox) -> Link:
    server, client = sandbox.namespace("server"), sandbox.namespace("client")
    near, far = sandbox.interface("s"), sandbox.interface("c")
    cable(sandbox, server, near, client, far)
    add(server, "2001:db8::1/64", near)
    add(client, "2001:db8::99/64", far)
    return Link(server, client, near, far)


@dataclass
class Opened:
    """Sockets that keep what they received."""

    sockets: Sockets6
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

    def interface(self, name: str) -> Any:
        return self.sockets.interfaces.by_name(name)

    def channel(self, kind: type[Channel]) -> Channel:
        (found,) = (channel for channel in self.sockets.channels if type(channel) is kind)
        return found


def config(*names: str, **keywords: Any) -> InterfacesConfig:
    choices = []
    for name in names:
        plain, _, address = name.partition("/")
        choices.append(InterfaceChoice(plain, parse_ip6(address) if address else None))
    return InterfacesConfig(interfaces=tuple(choices), **keywords)


def serve(
    namespace: Namespace,
    wanted: InterfacesConfig,
    scenario: Callable[[Opened], Coroutine[Any, Any, None]],
    port: int = 547,
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
        opened = Opened(Sockets6(wanted, port, readable, loop=loop, on_change=changed, on_failed=give_up))
        opened.sockets.open()
        try:
            await scenario(opened)
        finally:
            opened.sockets.close()

    def go() -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(whole())

    namespace.inside(go)


def to_all(client: socket.socket, data: bytes = QUERY, port: int = 547) -> None:
    client.sendto(data, ("ff02::1:2", port))


def sender(client: socket.socket, data: bytes = REPLY) -> tuple[int, int]:
    """Who sent the reply, and from which port."""
    got, (host, port, *_) = client.recvfrom(4096)
    assert got == data
    return parse_ip6(host), port


# --- what comes and goes ---


def test_a_client_is_heard_by_multicast_and_answered(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        before = time.time()
        to_all(client)
        datagram = await opened.got()
        assert datagram.data == QUERY
        assert (datagram.source, datagram.source_port, datagram.destination) == (link.far_local, 546, ALL_SERVERS)
        assert abs(datagram.arrived - before) < 1
        channel = datagram.channel
        assert channel.interface.name == link.near
        assert channel.address == link.near_local
        channel.send(REPLY, datagram.source, 546)
        assert sender(client) == (link.near_local, 547)
        assert opened.sockets.addresses == {link.near_local, ALL_SERVERS}
        assert opened.sockets.status() == {"status": "ready"}

    with link.udp() as client:
        serve(link.server, config(link.near), scenario)


def test_a_frame_of_another_make_is_heard(link: Link) -> None:
    """Scapy's SOLICIT, to the multicast's own MAC."""
    mac = "02:00:00:00:00:77"
    solicit = DHCP6_Solicit(trid=0x123456) / DHCP6OptClientId(duid=DUID_LL(lladdr=mac))
    frame = Ether(src=mac, dst="33:33:00:01:00:02") / IPv6(src="fe80::77", dst="ff02::1:2")
    frame = frame / UDP(sport=546, dport=547) / solicit

    def wire() -> socket.socket:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        opened.bind((link.far, 0))
        return opened

    async def scenario(opened: Opened) -> None:
        sending.send(bytes(frame))
        datagram = await opened.got()
        assert datagram.source == parse_ip6("fe80::77")
        query = decode(datagram.data)
        assert (query.type, query.transaction_id) == (1, 0x123456)

    with link.client.inside(wire) as sending:
        serve(link.server, config(link.near), scenario)


def test_the_link_local_address_is_heard(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        client.sendto(QUERY, (text_ip6(link.near_local), 547))
        datagram = await opened.got()
        assert datagram.destination == link.near_local
        datagram.channel.send(REPLY, datagram.source, 546)
        assert sender(client) == (link.near_local, 547)

    with link.udp() as client:
        serve(link.server, config(link.near), scenario)


def test_a_global_address_is_heard_only_if_chosen(link: Link) -> None:
    async def deaf(opened: Opened) -> None:
        relay.connect(("2001:db8::1", 547))
        relay.send(QUERY)
        with pytest.raises(ConnectionRefusedError):
            relay.recv(4096)
        assert opened.received == []

    async def hearing(opened: Opened) -> None:
        relay.send(QUERY)
        datagram = await opened.got()
        assert (datagram.source, datagram.source_port, datagram.destination) == (CLIENT, 547, SERVER)
        assert datagram.channel.interface.name == link.near
        assert datagram.channel.address == SERVER
        datagram.channel.send(REPLY, CLIENT, 547)
        assert sender(relay) == (SERVER, 547)

    with link.from_relay() as relay:
        serve(link.server, config(link.near), deaf)
        serve(link.server, config(f"{link.near}/2001:db8::1"), hearing)


@pytest.mark.parametrize("chosen", [False, True])
def test_a_relay_may_multicast_from_its_global_address(link: Link, chosen: bool) -> None:
    """As in Kea, the reply comes from a global address if there is a socket on one."""

    async def scenario(opened: Opened) -> None:
        to_all(relay)
        datagram = await opened.got()
        assert (datagram.source, datagram.destination) == (CLIENT, ALL_SERVERS)
        datagram.channel.send(REPLY, CLIENT, 10547)
        assert sender(other) == (SERVER if chosen else link.near_local, 547)

    name = f"{link.near}/2001:db8::1" if chosen else link.near
    with link.from_relay() as relay, link.udp(CLIENT, 10547) as other:
        serve(link.server, config(name), scenario)


def test_an_address_is_reached_over_another_interface(link: Link, sandbox: Sandbox) -> None:
    """The query comes in by the second link, to the first one's address; the reply leaves by the second."""
    near, far = sandbox.interface("t"), sandbox.interface("d")
    cable(sandbox, link.server, near, link.client, far)
    add(link.server, "2001:db8:1::1/64", near)
    add(link.client, "2001:db8:1::99/64", far)
    link.client.ip("route", "add", "2001:db8::1/128", "via", "2001:db8:1::1")

    async def scenario(opened: Opened) -> None:
        relay.sendto(QUERY, ("2001:db8::1", 547))
        datagram = await opened.got()
        assert datagram.channel.interface.name == near
        assert datagram.destination == SERVER
        datagram.channel.send(REPLY, datagram.source, 547)
        assert sender(relay) == (SERVER, 547)
        assert opened.channel(StrayChannel).addresses == (SERVER,)

    with link.udp(parse_ip6("2001:db8:1::99"), 547) as relay:
        serve(link.server, config(f"{link.near}/2001:db8::1"), scenario)


def test_the_way_back_may_lead_through_another_interface(link: Link, sandbox: Sandbox) -> None:
    """A relay agent asks over one cable, from an address that is reached over the other one."""
    near, far = sandbox.interface("t"), sandbox.interface("d")
    cable(sandbox, link.server, near, link.client, far)
    add(link.server, "2001:db8:7::1/64", near)
    add(link.client, "2001:db8:7::99/64", far)
    add(link.client, "2001:db8:8::99/128", "lo")
    link.server.ip("-6", "route", "add", "2001:db8:8::/64", "via", "2001:db8:7::99")

    async def scenario(opened: Opened) -> None:
        relay.sendto(QUERY, ("2001:db8::1", 547))
        query = await opened.got()
        assert (query.data, query.source) == (QUERY, parse_ip6("2001:db8:8::99"))
        query.channel.send(REPLY, query.source, 547)
        assert sender(relay) == (SERVER, 547)

    with link.udp(parse_ip6("2001:db8:8::99"), 547) as relay:
        serve(link.server, config(f"{link.near}/2001:db8::1"), scenario)


def test_links_are_kept_apart(link: Link, sandbox: Sandbox) -> None:
    """Both have the same link-local address; a multicast is heard once, by its own."""
    second = Link(link.server, link.client, sandbox.interface("t"), sandbox.interface("d"))
    cable(sandbox, second.server, second.near, second.client, second.far)
    for one in (link, second):
        add(one.server, "fe80::1/64", one.near)

    async def scenario(opened: Opened) -> None:
        for place, (one, client) in enumerate(((link, first), (second, other), (link, first)), 1):
            to_all(client)
            datagram = await opened.got(place)
            assert datagram.channel.interface.name == one.near
            datagram.channel.send(REPLY, datagram.source, 546)
            assert client.recv(4096) == REPLY
            client.sendto(QUERY, ("fe80::1", 547))
            await opened.until(lambda place=place: len(opened.received) > place)  # type: ignore[misc]
            assert opened.received.pop().channel.interface.name == one.near
        await asyncio.sleep(0.1)
        assert len(opened.received) == 3

    with link.udp() as first, second.udp() as other:
        serve(link.server, config(link.near, second.near), scenario)


def test_another_port_can_be_served(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        to_all(client)
        to_all(client, b"here", 5547)
        datagram = await opened.got()
        assert datagram.data == b"here"
        datagram.channel.send(REPLY, datagram.source, 546)
        assert sender(client) == (link.near_local, 5547)

    with link.udp() as client:
        serve(link.server, config(link.near), scenario, 5547)


def test_a_burst_is_kept_and_read_in_bounded_batches(link: Link) -> None:
    number = 200

    async def scenario(opened: Opened) -> None:
        await asyncio.sleep(STAMPS_ON)
        channel = opened.channel(MulticastChannel)
        channel.pause()
        sent = time.time()
        for place in range(number):
            to_all(client, struct.pack("!I", place) + bytes(1000))
        await asyncio.sleep(0.2)
        batches: list[list[Datagram]] = []
        while batch := channel.receive(64):
            batches.append(batch)
        assert [len(batch) for batch in batches] == [64, 64, 64, 8]
        whole = [datagram for batch in batches for datagram in batch]
        assert [struct.unpack("!I", datagram.data[:4])[0] for datagram in whole] == list(range(number))
        oldest = batches[1][0].arrived  # of a batch that follows a full one: the kernel's time, not now
        assert sent - 0.01 <= oldest < time.time() - 0.1
        channel.resume()
        to_all(client)
        await opened.got()

    with link.udp() as client:
        serve(link.server, config(link.near), scenario)


def test_sending_may_fail_and_says_so(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        channel = opened.channel(MulticastChannel)
        with pytest.raises(OSError, match="unreachable"):
            channel.send(REPLY, parse_ip6("2001:db8:9::1"), 547)
        with pytest.raises(OSError, match="too long"):
            channel.send(bytes(70000), link.far_local, 546)
        opened.sockets.close()
        with pytest.raises(OSError, match="Bad file descriptor"):
            channel.send(REPLY, link.far_local, 546)
        assert channel.receive(64) == []

    serve(link.server, config(link.near), scenario)


# --- who else has the port ---


def taken(link: Link, address: str = "::") -> socket.socket:
    def made() -> socket.socket:
        other = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((address, 547, 0, socket.if_nametoindex(link.near) if address.startswith("f") else 0))
        return other

    return link.server.inside(made)


def test_a_taken_port_is_told_and_tried_again(link: Link) -> None:
    other = taken(link)

    async def scenario(opened: Opened) -> None:
        assert opened.sockets.channels == ()
        status = opened.sockets.status()
        assert status["status"] == "retrying"
        unicast, multicast = (
            error.replace("socket " + error.split("socket ")[-1].split()[0], "socket N") for error in status["errors"]
        )
        assert unicast == (
            f"Failed to open unicast socket on interface {link.near}, reason: Failed to bind socket N to"
            " 2001:db8::1/port=547: Address already in use"
        )
        assert multicast == (
            f"Failed to open multicast socket on interface {link.near}, reason: Failed to open link-local socket on"
            f" interface {link.near}: Failed to bind socket N to {text_ip6(link.near_local)}/port=547: Address already"
            " in use"
        )
        other.close()
        await opened.until(lambda: len(opened.sockets.channels) == 4)
        assert opened.sockets.status() == {"status": "ready"}

    serve(link.server, config(f"{link.near}/2001:db8::1", max_retries=100, retry_wait=20), scenario)


def test_giving_up_is_told_where_all_sockets_are_required(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        assert not opened.failed
        await opened.until(lambda: opened.failed)
        status = opened.sockets.status()
        assert status["status"] == "failed"
        assert "in use" in status["errors"][0]

    with taken(link):
        serve(link.server, config(link.near, require_all=True, max_retries=2, retry_wait=10), scenario)


@pytest.mark.parametrize("address", ["2001:db8::1", "ff02::1:2", "link-local", "::"])
def test_a_second_server_is_refused_the_port(link: Link, address: str) -> None:
    async def scenario(opened: Opened) -> None:
        assert len(opened.sockets.channels) == 4
        with pytest.raises(OSError, match="in use"):
            taken(link, text_ip6(link.near_local) if address == "link-local" else address)

    serve(link.server, config(f"{link.near}/2001:db8::1"), scenario)


# --- addresses that are not, or not yet, to be had ---


def test_an_address_is_served_when_it_is_known_to_be_free(sandbox: Sandbox) -> None:
    server, client = sandbox.namespace("server"), sandbox.namespace("client")
    link = Link(server, client, sandbox.interface("s"), sandbox.interface("c"))
    cable(sandbox, server, link.near, client, link.far, dad=True)
    add(server, "2001:db8::1/64", link.near, "noprefixroute")
    assert "tentative" in server.ip("-6", "address", "show", "dev", link.near)

    async def scenario(opened: Opened) -> None:
        assert opened.sockets.channels == ()
        assert opened.sockets.errors == []
        assert not opened.failed
        await opened.until(lambda: len(opened.sockets.channels) == 4, 10)
        to_all(client_socket)
        assert (await opened.got()).destination == ALL_SERVERS

    with link.udp() as client_socket:
        serve(server, config(f"{link.near}/2001:db8::1", require_all=True), scenario)


def test_an_address_that_somebody_else_has_is_no_address(sandbox: Sandbox) -> None:
    server, client = sandbox.namespace("server"), sandbox.namespace("client")
    link = Link(server, client, sandbox.interface("s"), sandbox.interface("c"))
    cable(sandbox, server, link.near, client, link.far, dad=True)
    add(client, "2001:db8::1/64", link.far)
    add(server, "2001:db8::1/64", link.near, "noprefixroute")

    async def scenario(opened: Opened) -> None:
        await opened.until(lambda: opened.sockets.errors, 10)
        assert opened.sockets.errors == [
            f"Failed to open unicast socket on interface {link.near}, reason: somebody else on the link has the address"
            " 2001:db8::1, too"
        ]
        server.ip("address", "del", "2001:db8::1/64", "dev", link.near)
        add(server, "2001:db8::1/64", link.near)
        await opened.until(lambda: SERVER in opened.sockets.addresses)

    serve(server, config(f"{link.near}/2001:db8::1"), scenario)


def test_without_a_link_local_address_only_chosen_ones_are_heard(link: Link) -> None:
    link.server.ip("address", "del", f"{text_ip6(link.near_local)}/64", "dev", link.near)

    async def scenario(opened: Opened) -> None:
        assert opened.sockets.addresses == {SERVER}
        assert opened.sockets.errors == []
        relay.sendto(QUERY, ("2001:db8::1", 547))
        await opened.got()
        add(link.server, "fe80::1/64", link.near)
        await opened.until(lambda: ALL_SERVERS in opened.sockets.addresses)
        to_all(relay)
        assert (await opened.got(2)).channel.address == parse_ip6("fe80::1")

    with link.from_relay() as relay:
        serve(link.server, config(f"{link.near}/2001:db8::1"), scenario)


def test_an_interface_that_cannot_multicast_is_served_by_unicast(link: Link) -> None:
    link.server.ip("link", "set", link.near, "multicast", "off")

    async def scenario(opened: Opened) -> None:
        assert opened.sockets.addresses == {link.near_local}

    serve(link.server, config(link.near), scenario)


def test_the_loopback_interface_is_served_on_a_chosen_address(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        assert opened.sockets.addresses == {1}
        assert opened.sockets.errors == []
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as local:
            local.sendto(QUERY, ("::1", 547))
        assert (await opened.got()).source == 1

    serve(link.server, config("lo/::1"), scenario)


# --- interfaces that change, configurations that change ---


def test_a_link_that_goes_down_and_up_is_followed(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        link.server.ip("link", "set", link.near, "down")
        await opened.until(lambda: not opened.sockets.channels)
        assert opened.sockets.errors == [f"the interface {link.near} is down"]
        link.server.ip("link", "set", link.near, "up")
        await opened.until(lambda: opened.sockets.channels)
        assert opened.sockets.status() == {"status": "ready"}
        to_all(client)
        datagram = await opened.got()
        datagram.channel.send(REPLY, datagram.source, 546)
        assert client.recv(4096) == REPLY

    with link.udp() as client:
        serve(link.server, config(link.near), scenario)


def test_a_link_that_loses_its_carrier_stays_served(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        channels = opened.sockets.channels
        link.client.ip("link", "set", link.far, "down")
        await opened.until(lambda: not opened.interface(link.near).running)
        link.client.ip("link", "set", link.far, "up")
        await opened.until(lambda: opened.interface(link.near).running)
        assert opened.sockets.channels == channels
        wait_for(lambda: "fe80" in link.client.ip("-6", "address", "show", "dev", link.far))
        with link.udp() as client:
            to_all(client)
            await opened.got()

    serve(link.server, config(link.near), scenario)


def test_global_addresses_that_come_and_go_are_followed(link: Link) -> None:
    add(link.server, "2001:db8::2/64", link.near)

    async def scenario(opened: Opened) -> None:
        kept = opened.sockets.channels
        link.server.ip("address", "del", "2001:db8::2/64", "dev", link.near)
        await opened.until(lambda: SECOND not in opened.sockets.addresses)
        assert opened.sockets.errors == [
            f"Failed to open unicast socket on interface {link.near}, reason: the interface has no address 2001:db8::2"
        ]
        add(link.server, "2001:db8::2/64", link.near)
        await opened.until(lambda: SECOND in opened.sockets.addresses)
        assert len(set(kept) & set(opened.sockets.channels)) == 4
        relay.sendto(QUERY, ("2001:db8::2", 547))
        assert (await opened.got()).destination == SECOND

    with link.from_relay() as relay:
        serve(link.server, config(f"{link.near}/2001:db8::1", f"{link.near}/2001:db8::2"), scenario)


def test_another_link_local_address_loses_no_multicast(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        kept = opened.channel(MulticastChannel)
        kept.pause()
        to_all(client)
        old = link.near_local
        add(link.server, "fe80::1/64", link.near)
        link.server.ip("address", "del", f"{text_ip6(old)}/64", "dev", link.near)
        await opened.until(lambda: opened.sockets.addresses == {parse_ip6("fe80::1"), ALL_SERVERS})
        assert opened.channel(MulticastChannel) is kept
        kept.resume()
        datagram = await opened.got()
        datagram.channel.send(REPLY, datagram.source, 546)
        assert sender(client) == (parse_ip6("fe80::1"), 547)

    with link.udp() as client:
        serve(link.server, config(link.near), scenario)


def test_an_interface_that_comes_back_as_another_is_served(link: Link, sandbox: Sandbox) -> None:
    async def scenario(opened: Opened) -> None:
        link.server.ip("link", "del", link.near)
        await opened.until(lambda: not opened.sockets.channels)
        assert opened.sockets.errors == [
            f"fail to open socket on interface '{link.near}' as this interface doesn't exist"
        ]
        cable(sandbox, link.server, link.near, link.client, link.far)
        await opened.until(lambda: opened.sockets.channels)
        with link.udp() as client:
            to_all(client)
            datagram = await opened.got()
            datagram.channel.send(REPLY, datagram.source, 546)
            assert sender(client) == (link.near_local, 547)

    serve(link.server, config(link.near), scenario)


def test_a_new_interface_is_served_where_all_are_meant(link: Link, sandbox: Sandbox) -> None:
    async def scenario(opened: Opened) -> None:
        assert len(opened.sockets.channels) == 2
        cable(sandbox, link.server, sandbox.interface("t"), link.client, sandbox.interface("d"))
        await opened.until(lambda: len(opened.sockets.channels) == 4)

    serve(link.server, config("*"), scenario)


def test_without_re_detect_a_new_interface_waits_to_be_asked_for(link: Link, sandbox: Sandbox) -> None:
    async def scenario(opened: Opened) -> None:
        near = sandbox.interface("t")
        cable(sandbox, link.server, near, link.client, sandbox.interface("d"))
        await opened.until(lambda: opened.interface(near) and opened.interface(near).addresses)
        opened.sockets.reconfigure(config("*", re_detect=False))
        assert len(opened.sockets.channels) == 2
        opened.sockets.redetect()
        assert len(opened.sockets.channels) == 4

    serve(link.server, config("*", re_detect=False), scenario)


def test_a_reload_loses_nothing_and_may_change_everything(link: Link) -> None:
    async def scenario(opened: Opened) -> None:
        kept = opened.sockets.channels
        for number, wanted in enumerate(
            (
                config(f"{link.near}/2001:db8::1"),
                config("*"),
                config("lo/::1", link.near),
                config("*", f"{link.near}/2001:db8::1"),
            ),
            1,
        ):
            to_all(client)
            opened.sockets.reconfigure(wanted)
            assert opened.sockets.status() == {"status": "ready"}
            assert set(kept) <= set(opened.sockets.channels)
            await opened.got(number)
        opened.sockets.reconfigure(config())
        assert opened.sockets.channels == ()
        assert opened.sockets.status() == {"status": "ready"}

    with link.udp() as client:
        serve(link.server, config(link.near), scenario)
