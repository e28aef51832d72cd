"""One exchange in flight per client: what arrives meanwhile waits, the newest of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kead.dhcp4.packet import ACK, OFFER
from kead.parking_lot import Lost
from tests.dhcp4.conversation import MAC, Client, LogFile, ServerUnderTest


class Gate:
    """A callout that lets packets wait until it is opened; it knows who came through."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self.seen: list[int] = []

    async def __call__(self, callout: Any) -> None:
        self.seen.append(callout.query4.xid)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append(future)
        await future

    def open(self) -> None:
        """Let who waits now go on."""
        waiting, self.waiting = self.waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)


@pytest.fixture
async def gate(server: ServerUnderTest) -> Gate:
    made = Gate()

    async def subnet4_select(callout: Any) -> None:
        await made(callout)

    server.hook(subnet4_select=subnet4_select)
    return made


def offers(server: ServerUnderTest) -> list[int]:
    return [reply.packet.xid for reply in server.channel.sent]


async def test_the_second_packet_of_a_client_waits_for_the_first(
    server: ServerUnderTest, client: Client, gate: Gate
) -> None:
    first, second = client.query(1), client.query(1)
    await server.exchange(server.datagram(first), server.datagram(second))
    assert gate.seen == [first.xid]
    gate.open()
    await server.settle()
    assert gate.seen == [first.xid, second.xid]
    gate.open()
    await server.settle()
    assert offers(server) == [first.xid, second.xid]


async def test_of_several_the_newest_waits_and_the_others_are_dropped_and_counted(
    server: ServerUnderTest, client: Client, gate: Gate
) -> None:
    queries = [client.query(1) for _ in range(5)]
    for query in queries:
        await server.exchange(server.datagram(query))
    assert server.counted() == {"pkt4-duplicate": 3, "pkt4-receive-drop": 3}
    for _ in range(2):
        gate.open()
        await server.settle()
    assert offers(server) == [queries[0].xid, queries[4].xid]
    assert server.dispatcher.lot.parked == 0


async def test_others_do_not_wait(server: ServerUnderTest, client: Client, other: Client, gate: Gate) -> None:
    await server.exchange(server.datagram(client.query(1)), server.datagram(other.query(1)))
    assert len(gate.seen) == 2


async def test_either_identifier_is_enough_to_be_the_same_client(server: ServerUnderTest, gate: Gate) -> None:
    for one in (Client(server, MAC, b"\1one"), Client(server, MAC, b"\1two"), Client(server, b"\2" * 6, b"\1one")):
        await server.exchange(server.datagram(one.query(1)))
    assert len(gate.seen) == 1
    for _ in range(3):
        gate.open()
        await server.settle()
    assert server.counted() == {"pkt4-duplicate": 1, "pkt4-receive-drop": 1}


async def test_the_log_says_by_what_a_duplicate_was_known(
    server: ServerUnderTest, client: Client, gate: Gate, log: LogFile
) -> None:
    log.everything()
    for _ in range(3):
        await server.exchange(server.datagram(client.query(1)))
    assert "DHCP4_PACKET_DROP_0012" in log
    client.client_id = b"\1abc"
    await server.exchange(server.datagram(client.query(1)))
    await server.exchange(server.datagram(client.query(1)))
    assert "DHCP4_PACKET_DROP_0011" in log
    while server.dispatcher.lot.parked:
        gate.open()
        await server.settle()


async def test_a_release_waits_for_the_request_before_it(server: ServerUnderTest, client: Client, gate: Gate) -> None:
    request = client.query(3, requested="192.0.2.15", server_id="192.0.2.1")
    release = client.query(7, ciaddr="192.0.2.15")
    await server.exchange(server.datagram(request), server.datagram(release))
    gate.open()
    await server.settle()
    assert [reply.type for reply in server.channel.sent] == [ACK]
    assert server.count("assigned-addresses") == 0
    assert server.count("cumulative-assigned-addresses") == 1


async def test_who_waits_goes_on_when_the_one_before_is_given_up(
    server: ServerUnderTest, client: Client, gate: Gate
) -> None:
    await server.exchange(server.datagram(client.query(1)), server.datagram(client.query(1)))
    entry = next(iter(server.dispatcher.lot._entries))
    server.dispatcher.lot._lose(entry, Lost.EXPIRED)
    await server.settle()
    assert len(gate.seen) == 2
    gate.open()
    await server.settle()
    assert [reply.type for reply in server.channel.sent] == [OFFER]


async def test_without_libraries_nobody_is_guarded(server: ServerUnderTest, client: Client) -> None:
    assert not server.guard.serialize
    replies = server.deliver(server.datagram(client.query(1)), server.datagram(client.query(1)))
    assert [reply.type for reply in replies] == [OFFER, OFFER]
