"""A UDP channel on the loopback interface: batches in, replies out, and what happens to a closed one."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator

import pytest

from kead.dhcp6.channel import Channel
from kead.dhcp6.udp import StrayChannel, UdpChannel
from kead.network.channel import BindError
from kead.network.interfaces import Interface, Interfaces
from kead.network.rtnetlink import AF_INET6

LOCALHOST = 1


def loopback() -> Interface:
    table = Interfaces(AF_INET6)
    table.detect()
    interface = table.by_name("lo")
    if interface is None or LOCALHOST not in interface.addresses:
        pytest.skip("needs ::1")
    return interface


class Troubles(list[tuple[Channel, OSError]]):
    def told(self, channel: Channel, error: OSError) -> None:
        self.append((channel, error))


@pytest.fixture
def troubles() -> Troubles:
    return Troubles()


@pytest.fixture
def client() -> Iterator[socket.socket]:
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as opened:
        opened.bind(("::1", 0))
        opened.settimeout(5)
        yield opened


@pytest.fixture
def channel(troubles: Troubles) -> Iterator[UdpChannel]:
    opened = UdpChannel(loopback(), LOCALHOST, 0, troubles.told)
    yield opened
    opened.close()


def port_of(channel: UdpChannel) -> int:
    with socket.socket(fileno=os.dup(channel.fileno())) as same:
        return int(same.getsockname()[1])


def test_what_waits_comes_in_bounded_batches(channel: UdpChannel, client: socket.socket) -> None:
    assert channel.receive(10) == []
    for number in range(5):
        client.sendto(bytes((number,)), ("::1", port_of(channel)))
    batches = [channel.receive(3), channel.receive(3), channel.receive(3)]
    assert [[datagram.data for datagram in batch] for batch in batches] == [[b"\0", b"\1", b"\2"], [b"\3", b"\4"], []]
    first, later = batches[0][0], batches[1][0]
    assert (first.source, first.source_port, first.destination) == (LOCALHOST, client.getsockname()[1], LOCALHOST)
    assert first.channel is channel
    assert later.arrived <= first.arrived + 1  # the kernel's time, as the batch before was full
    assert first.channel.interface.name == "lo"


def test_one_after_the_other(channel: UdpChannel, client: socket.socket, troubles: Troubles) -> None:
    assert channel.one() is None
    for number in range(3):
        client.sendto(bytes((number,)), ("::1", port_of(channel)))
    one = channel.one()
    assert one is not None
    assert (one.data, one.source, one.source_port) == (b"\0", LOCALHOST, client.getsockname()[1])
    assert (one.destination, one.channel) == (LOCALHOST, channel)
    assert [datagram.data for datagram in channel.receive(9)] == [b"\1", b"\2"]
    assert not troubles
    channel.close()
    assert channel.one() is None
    assert [error.errno for _channel, error in troubles] == [errno.EBADF]


def test_a_datagram_may_be_empty_or_as_long_as_can_be(channel: UdpChannel, client: socket.socket) -> None:
    for data in (b"", bytes(65000)):
        client.sendto(data, ("::1", port_of(channel)))
        assert [datagram.data for datagram in channel.receive(2)] == [data]


def test_a_reply_comes_from_the_address_and_port(channel: UdpChannel, client: socket.socket) -> None:
    channel.send(b"reply", LOCALHOST, client.getsockname()[1])
    assert client.recvfrom(100) == (b"reply", ("::1", port_of(channel), 0, 0))


def test_the_buffer_is_large(channel: UdpChannel) -> None:
    with socket.socket(fileno=os.dup(channel.fileno())) as same:
        granted = same.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
    with open("/proc/sys/net/core/rmem_max") as file:
        allowed = int(file.read())
    assert granted >= 2 * min(8 << 20, allowed)


def test_an_address_has_one_owner(channel: UdpChannel, troubles: Troubles) -> None:
    with pytest.raises(BindError) as caught:
        UdpChannel(loopback(), LOCALHOST, port_of(channel), troubles.told)
    assert caught.value.errno == errno.EADDRINUSE
    beside = StrayChannel(channel, lambda index: None, troubles.told)
    with pytest.raises(BindError):
        UdpChannel(loopback(), LOCALHOST, port_of(channel), troubles.told)
    beside.close()


def test_a_closed_channel_says_so_and_is_silent(channel: UdpChannel, troubles: Troubles) -> None:
    channel.close()
    assert channel.closed
    assert channel.receive(10) == []
    assert [(where, error.errno) for where, error in troubles] == [(channel, errno.EBADF)]
    with pytest.raises(OSError, match="Bad file descriptor"):
        channel.send(b"", LOCALHOST, 9)
