"""The way of requests: a socket, a bounded queue, and what happens when either fails."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from kead.config.errors import ConfigError
from kead.config.snapshot import D2Client, Ddns
from kead.ddns.changes import NameChanges
from kead.ddns.request import request4
from kead.leases.lease4 import Lease4

LEASE = Lease4(1, b"123456", b"", 100, 100, 1, hostname="a.b", fqdn_fwd=True)
USUAL = Ddns()


@pytest.fixture
def daemon() -> Iterator[socket.socket]:
    """Who receives requests."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as made:
        made.bind(("127.0.0.1", 0))
        made.setblocking(False)
        yield made


def settings(daemon: socket.socket, room: int = 1024) -> D2Client:
    return D2Client(enable_updates=True, server_port=daemon.getsockname()[1], max_queue_size=room)


def note(changes: NameChanges[Lease4], number: int = 1) -> None:
    for _ in range(number):
        changes.add(LEASE, USUAL)
    changes.send(changes.cut())


async def _readable(daemon: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    ready = loop.create_future()
    loop.add_reader(daemon, ready.set_result, None)
    await ready
    loop.remove_reader(daemon)


async def received(daemon: socket.socket, number: int = 1) -> list[bytes]:
    loop = asyncio.get_running_loop()
    return [await asyncio.wait_for(loop.sock_recv(daemon, 4096), 5) for _ in range(number)]


async def test_a_request_leaves(daemon: socket.socket) -> None:
    changes = NameChanges(request4)
    changes.configure(settings(daemon))
    note(changes)
    assert b'"fqdn":"a.b."' in (await received(daemon))[0]
    await changes.close()
    note(changes)  # nobody hears it any more


async def test_what_has_no_name_or_no_direction_is_nothing(daemon: socket.socket) -> None:
    changes = NameChanges(request4)
    lease = LEASE.copy()
    lease.fqdn_fwd = False
    changes.add(lease, USUAL)
    changes.remove(lease, USUAL)
    lease = LEASE.copy()
    lease.hostname = ""
    changes.add(lease, USUAL)
    assert not changes.cut()


async def test_a_burst_larger_than_the_queue_is_sent(daemon: socket.socket) -> None:
    changes = NameChanges(request4)
    changes.configure(settings(daemon, room=8))
    note(changes, 50)
    assert not changes.suspended
    assert len(await received(daemon, 50)) == 50
    await changes.close()


async def test_nothing_waits_at_the_end(daemon: socket.socket) -> None:
    changes = NameChanges(request4)
    changes.configure(settings(daemon))
    note(changes, 20)
    await changes.close()
    assert len(await received(daemon, 20)) == 20


async def test_a_full_queue_suspends_until_the_next_configuration(daemon: socket.socket) -> None:
    changes = NameChanges(request4)
    own = settings(daemon, room=2)
    changes.configure(own)
    sender = changes.sender
    assert sender is not None
    blocked, sender._socket = sender._socket, None  # as if the socket took nothing
    note(changes, 3)
    assert changes.suspended
    sender._socket = blocked
    note(changes)
    changes.configure(own)
    assert not changes.suspended
    note(changes)
    assert len(await received(daemon)) == 1
    with pytest.raises(BlockingIOError):
        daemon.recv(4096)
    await changes.close()


async def test_a_socket_that_fails_suspends() -> None:
    changes = NameChanges(request4)
    changes.configure(D2Client(enable_updates=True, server_ip="127.0.0.1", sender_ip="192.0.2.77"))
    assert changes.suspended
    note(changes)
    await changes.close()


async def test_an_address_that_is_not_ours_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="Error starting DHCP_DDNS client"):
        NameChanges.check(D2Client(enable_updates=True, sender_ip="192.0.2.77"))
    NameChanges.check(D2Client(sender_ip="192.0.2.77"))


async def test_what_waits_goes_the_new_way(daemon: socket.socket) -> None:
    changes = NameChanges(request4)
    changes.configure(D2Client(enable_updates=True, server_port=9))
    note(changes, 3)
    changes.configure(settings(daemon))
    assert len(await received(daemon, 3)) == 3
    changes.configure(D2Client())
    assert changes.sender is None
    await changes.close()


async def test_what_comes_in_is_not_kept(daemon: socket.socket) -> None:
    changes = NameChanges(request4)
    changes.configure(settings(daemon))
    note(changes)
    await asyncio.wait_for(_readable(daemon), 5)
    sender = daemon.recvfrom(4096)[1]
    for _ in range(100):
        daemon.sendto(b"x" * 1000, sender)
    await asyncio.sleep(0.05)
    assert changes.sender is not None
    stream = changes.sender._stream
    assert getattr(stream, "_recvq").empty()  # noqa: B009
    await changes.close()
