"""One exchange in flight per client: what arrives meanwhile waits, the newest of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from kead.dhcp6.packet import RELEASE, REQUEST, SOLICIT
from kead.parking_lot import Lost
from tests.dhcp6.conversation import SERVER_DUID, Client, LogFile, ServerUnderTest


class Gate:
    """A callout that lets packets wait until it is opened; it knows who came through."""

    def __init__(self) -> None:
        self.waiting: list[asyncio.Future[None]] = []
        self.seen: list[int] = []

    async def __call__(self, callout: Any) -> None:
        self.seen.append(callout.query6.transaction_id)
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

    async def subnet6_select(callout: Any) -> None:
        await made(callout)

    server.hook(subnet6_select=subnet6_select)
    return made


async def test_of_several_the_newest_waits_and_the_others_are_dropped_and_counted(
    server: ServerUnderTest, client: Client, gate: Gate, log: LogFile
) -> None:
    log.everything()
    queries = [client.query(SOLICIT, na=[]) for _ in range(5)]
    for query in queries:
        await server.exchange(server.datagram(query))
    assert gate.seen == [queries[0].transaction_id]
    assert server.counted() == {"pkt6-duplicate": 3, "pkt6-receive-drop": 3}
    for _ in range(2):
        gate.open()
        await server.settle()
    answered = [reply.packet.transaction_id for reply in server.channel.sent]
    assert answered == [queries[0].transaction_id, queries[4].transaction_id]
    assert server.dispatcher.lot.parked == 0
    assert "DHCP6_PACKET_DROP_DUPLICATE" in log


async def test_others_do_not_wait(server: ServerUnderTest, client: Client, other: Client, gate: Gate) -> None:
    await server.exchange(server.datagram(client.query(SOLICIT)), server.datagram(other.query(SOLICIT)))
    assert len(gate.seen) == 2


async def test_clients_without_identifiers_do_not_wait_for_each_other(server: ServerUnderTest, gate: Gate) -> None:
    nobody = Client(server, b"")
    await server.exchange(server.datagram(nobody.query(11)), server.datagram(nobody.query(11)))
    assert len(gate.seen) == 2


async def test_a_release_waits_for_the_request_before_it(server: ServerUnderTest, client: Client, gate: Gate) -> None:
    request = client.query(REQUEST, na=["2001:db8:1::15"], server_id=SERVER_DUID)
    release = client.query(RELEASE, na=["2001:db8:1::15"], server_id=SERVER_DUID)
    await server.exchange(server.datagram(request), server.datagram(release))
    for _ in range(2):
        gate.open()
        await server.settle()
    assert len(server.channel.sent) == 2
    assert server.count("assigned-nas") == 0
    assert server.count("cumulative-assigned-nas") == 1


async def test_who_waits_goes_on_when_the_one_before_is_given_up(
    server: ServerUnderTest, client: Client, gate: Gate
) -> None:
    await server.exchange(server.datagram(client.query(SOLICIT)), server.datagram(client.query(SOLICIT)))
    entry = next(iter(server.dispatcher.lot._entries))
    server.dispatcher.lot._lose(entry, Lost.EXPIRED)
    await server.settle()
    assert len(gate.seen) == 2
    gate.open()
    await server.settle()
    assert len(server.channel.sent) == 1


async def test_without_libraries_nobody_is_guarded(server: ServerUnderTest, client: Client) -> None:
    assert not server.guard.serialize
    assert len(server.deliver(*(server.datagram(client.query(SOLICIT)) for _ in range(2)))) == 2
