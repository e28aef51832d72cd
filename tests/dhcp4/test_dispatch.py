"""Batches: no reply before its lease is durable, and nobody at the cost of the others."""

from __future__ import annotations

import asyncio
import errno
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kead.dhcp4.channel import Datagram
from kead.dhcp4.packet import ACK, NAK, OFFER
from kead.dispatch import BACKLOG, BATCH, NEWCOMERS, STALE
from kead.leases.leasefile import LeaseFile
from tests.dhcp4.conversation import SERVER, Client, LogFile, Reply, ServerUnderTest


def full_disk(file: LeaseFile, data: bytes) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def fill(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing can be written."""
    monkeypatch.setattr(LeaseFile, "append", full_disk)


def kinds(replies: list[Reply]) -> list[int]:
    return [reply.type for reply in replies]


class TestDurability:
    async def test_a_reply_leaves_after_its_row_is_written(
        self, server: ServerUnderTest, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order: list[str] = []
        write, send = LeaseFile.append, server.channel.send
        monkeypatch.setattr(LeaseFile, "append", lambda file, data: (order.append("row"), write(file, data)))
        monkeypatch.setattr(server.channel, "send", lambda *a: (order.append("reply"), send(*a)))
        query = client.query(3, requested="192.0.2.15", server_id=SERVER)
        server.deliver(server.datagram(query))
        assert order == ["row", "reply"]

    async def test_a_batch_is_one_write(self, server: ServerUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
        writes: list[bytes] = []
        monkeypatch.setattr(LeaseFile, "append", lambda file, data: writes.append(data))
        clients = [Client(server, bytes((2, 0, 0, 0, 2, n))) for n in range(8)]
        replies = server.deliver(*(server.datagram(each.query(3)) for each in clients))
        assert kinds(replies) == [ACK] * 8
        assert len(writes) == 1
        assert writes[0].count(b"\n") == 8

    async def test_no_ack_if_it_cannot_be_written(
        self,
        server: ServerUnderTest,
        client: Client,
        other: Client,
        log: LogFile,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        third = Client(server, "02:00:00:00:00:03")
        await server.put("192.0.2.19")
        leases, rows = len(server.store), server.rows()
        before = server.counted("assigned-addresses", "cumulative-assigned-addresses", "subnet[1].assigned-addresses")
        with monkeypatch.context() as patch:
            fill(patch)
            replies = server.deliver(
                server.datagram(client.query(3, requested="192.0.2.15", server_id=SERVER)),
                server.datagram(other.query(1)),
                server.datagram(third.query(3, requested="192.0.2.19", server_id=SERVER)),
            )
        assert sorted(kinds(replies)) == [OFFER, NAK], "these promise nothing"
        assert await server.lease("192.0.2.15") is None
        assert (len(server.store), server.rows()) == (leases, rows)
        assert server.counted(*before) == before
        assert server.counted() == {"pkt4-receive-drop": 1}
        assert "DHCP4_LEASE_STORE_FAILED" in log
        again = await client.request(requested="192.0.2.15", server_id=SERVER)
        assert again is not None
        assert again.type == ACK
        assert server.count("cumulative-assigned-addresses") == before["cumulative-assigned-addresses"] + 1

    async def test_a_held_offer_waits_like_an_ack(
        self, server: ServerUnderTest, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server.configure(offer_lifetime=60)
        with monkeypatch.context() as patch:
            fill(patch)
            assert await client.discover() is None
        assert await client.discover() is not None

    async def test_releases_and_declines_that_cannot_be_written_have_not_happened(
        self, server: ServerUnderTest, client: Client, other: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, two = await client.bind(), await other.bind()
        with monkeypatch.context() as patch:
            fill(patch)
            await client.release(one)
            await other.decline(two)
        for address in (one, two):
            lease = await server.lease(address)
            assert lease is not None
            assert lease.state == 0
        assert server.counted("assigned-addresses", "declined-addresses") == {
            "assigned-addresses": 2,
            "declined-addresses": 0,
        }

    async def test_a_reply_that_cannot_be_sent_is_logged_and_not_counted(
        self, server: ServerUnderTest, client: Client, other: Client, log: LogFile
    ) -> None:
        server.channel.broken = OSError(errno.ENETUNREACH, "Network is unreachable")
        assert await client.discover() is None
        assert server.count("pkt4-sent") == 0
        assert "DHCP4_PACKET_SEND_FAIL" in log
        server.channel.broken = None
        assert await other.discover() is not None


class TestFsync:
    """Where a lease must survive the machine, its ACK waits for the disk; the server does not."""

    @pytest.fixture
    async def server(
        self, tmp_path: Path, log: LogFile, monkeypatch: pytest.MonkeyPatch
    ) -> AsyncIterator[ServerUnderTest]:
        under_test = ServerUnderTest(tmp_path, durability="fsync")
        under_test.configure()
        self.disk = threading.Event()
        self.broken = False

        def sync(file: LeaseFile) -> None:
            self.disk.wait(10)
            if self.broken:
                raise OSError(errno.EIO, "Input/output error")

        monkeypatch.setattr(LeaseFile, "sync", sync)
        yield under_test
        self.broken = False
        self.disk.set()
        await under_test.store.close()

    async def until(self, server: ServerUnderTest, replies: int) -> list[int]:
        """What has left, once there are so many or the disk has had its time."""
        for _ in range(1000):
            if len(server.channel.sent) >= replies and not server.store._under_way:
                break
            await asyncio.sleep(0.001)
        await server.settle()
        return kinds(server.channel.sent)

    async def test_the_ack_waits_and_the_offer_does_not(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.deliver(server.datagram(client.query(3)), server.datagram(other.query(1)))
        await server.settle()
        assert kinds(server.channel.sent) == [OFFER]
        assert server.count("assigned-addresses") == 0
        server.deliver(server.datagram(other.query(1)))
        assert kinds(server.channel.sent) == [OFFER, OFFER], "the next batch is served meanwhile"
        self.disk.set()
        assert await self.until(server, 3) == [OFFER, OFFER, ACK]
        assert server.count("assigned-addresses") == 1

    async def test_an_ack_of_a_fresh_lease_waits_for_those_before_it(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        """It promises what the group under way has not made durable yet."""
        server.deliver(server.datagram(client.query(3)))
        server.deliver(server.datagram(client.query(3)))
        await server.settle()
        sent = kinds(server.channel.sent)
        self.disk.set()
        assert await self.until(server, 2) == [ACK, ACK]
        assert sent == []

    async def test_a_failed_sync_undoes_what_rests_on_it(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.deliver(server.datagram(client.query(3)))
        server.deliver(server.datagram(other.query(3)))
        self.broken = True
        self.disk.set()
        assert await self.until(server, 1) == []
        for _ in range(200):
            if not len(server.store):
                break
            await asyncio.sleep(0.001)
        assert len(server.store) == 0
        assert server.count("assigned-addresses") == 0

    async def test_an_exchange_that_resumes_after_its_group_was_undone_sends_nothing(
        self, server: ServerUnderTest, client: Client, log: LogFile
    ) -> None:
        opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        async def pkt4_send(callout: Any) -> None:
            await opened

        server.hook(pkt4_send=pkt4_send)
        server.deliver(server.datagram(client.query(3)))
        await server.settle()
        assert len(server.store) == 1
        self.broken = True
        self.disk.set()
        for _ in range(1000):
            if not len(server.store):
                break
            await asyncio.sleep(0.001)
        assert len(server.store) == 0
        opened.set_result(None)
        await server.settle()
        assert server.channel.sent == []
        assert "their group was undone while they waited" in log.text
        self.broken = False
        server.hook()
        server.deliver(server.datagram(client.query(3)))
        assert await self.until(server, 1) == [ACK]


class TestTooMuch:
    """More packets than a turn of the loop serves."""

    def waiting(self, server: ServerUnderTest, *datagrams: Any) -> None:
        server.channel.waiting.extend(datagrams)

    async def test_a_turn_looks_at_so_many_and_no_more(self, server: ServerUnderTest, client: Client) -> None:
        self.waiting(server, *(server.datagram(client.query(3)) for _ in range(BATCH + BACKLOG + 20)))
        server.dispatcher.readable(server.channel)
        assert len(server.channel.sent) == BATCH + BACKLOG
        server.dispatcher.readable(server.channel)
        assert len(server.channel.sent) == BATCH + BACKLOG + 20

    async def test_of_very_many_discovers_those_that_came_last_are_dropped(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        discovers = [server.datagram(client.query(1)) for _ in range(NEWCOMERS + 100)]
        self.waiting(server, *discovers, server.datagram(other.query(3)))
        server.dispatcher.readable(server.channel)
        assert server.channel.sent[0].type == ACK
        assert kinds(server.channel.sent[1:]) == [OFFER] * NEWCOMERS
        assert server.counted() == {"pkt4-queue-full": 100, "pkt4-receive-drop": 100}
        assert server.count("pkt4-received") == NEWCOMERS + 101

    async def test_requests_go_before_discovers(self, server: ServerUnderTest, client: Client, other: Client) -> None:
        discovers = [server.datagram(client.query(1)) for _ in range(BATCH - 1)]
        self.waiting(server, *discovers, server.datagram(other.query(3)))
        server.dispatcher.readable(server.channel)
        assert server.channel.sent[0].type == ACK
        assert kinds(server.channel.sent[1:]) == [OFFER] * (BATCH - 1)

    async def test_what_nobody_waits_for_any_more_is_dropped_and_counted(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        old = [server.datagram(client.query(1), arrived=server.now - STALE - 0.1) for _ in range(BATCH - 3)]
        self.waiting(server, *old, *(server.datagram(client.query(1)) for _ in range(3)))
        server.dispatcher.readable(server.channel)
        assert len(server.channel.sent) == 3
        assert server.counted() == {"pkt4-queue-full": BATCH - 3, "pkt4-receive-drop": BATCH - 3}
        assert server.count("pkt4-received") == BATCH

    async def test_with_little_to_do_even_the_late_are_served(self, server: ServerUnderTest, client: Client) -> None:
        self.waiting(server, server.datagram(client.query(1), arrived=server.now - 60))
        server.dispatcher.readable(server.channel)
        assert len(server.channel.sent) == 1

    async def test_nothing_to_read(self, server: ServerUnderTest) -> None:
        server.dispatcher.readable(server.channel)
        assert server.channel.sent == []


def test_packets_that_come_one_by_one_are_served_before_more_is_asked_for(
    server: ServerUnderTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And whatever came meanwhile is served without waiting for the loop."""
    channel, dispatcher = server.channel, server.dispatcher
    told: list[str] = []
    receive, send = channel.receive, channel.send
    later: list[Datagram] = []

    def waits() -> bool:
        told.append("more?")
        channel.waiting += later
        later.clear()
        return bool(channel.waiting)

    def receiving(limit: int) -> list[Datagram]:
        batch = receive(limit)
        told.append(f"{len(batch)} of {min(limit, 2)}")
        return batch

    def sending(*about: Any) -> None:
        told.append("reply")
        send(*about)

    monkeypatch.setattr(channel, "waits", waits)
    monkeypatch.setattr(channel, "receive", receiving)
    monkeypatch.setattr(channel, "send", sending)

    def asked(*numbers: int) -> list[Datagram]:
        return [server.datagram(Client(server, bytes((2, 0, 0, 0, 5, n))).query(1)) for n in numbers]

    channel.waiting = asked(1)
    dispatcher.readable(channel)
    assert told == ["1 of 2", "reply"]
    told.clear()
    channel.waiting = asked(2)
    dispatcher.readable(channel)
    assert told == ["1 of 1", "reply", "more?"]
    told.clear()
    channel.waiting, later[:] = asked(3), asked(4)
    dispatcher.readable(channel)
    assert told == ["1 of 1", "reply", "more?", "1 of 2", "reply"]
    told.clear()
    channel.waiting = []
    dispatcher.readable(channel)
    assert told == ["0 of 1"], "woken for nothing"
    told.clear()
    channel.waiting = asked(5, 6)
    dispatcher.readable(channel)
    assert told == ["1 of 1", "reply", "more?", "1 of 2", "reply"]
    told.clear()
    channel.waiting, dispatcher.pace.alone = asked(7, 8), False
    dispatcher.readable(channel)
    assert told == ["2 of 2", "reply", "reply"]
    told.clear()
    channel.waiting = asked(9)
    dispatcher.readable(channel)
    assert told == ["1 of 2", "reply"], "they no longer came one by one"


async def test_a_service_that_is_switched_off_answers_nobody(server: ServerUnderTest, client: Client) -> None:
    server.dispatcher.disabled = True
    assert await client.discover() is None
    assert server.count("pkt4-service-disabled") == 1
    assert server.count("pkt4-received") == 0, "as in Kea 3.0"
    server.dispatcher.disabled = False
    assert await client.discover() is not None


async def test_the_time_is_read_once_a_batch(server: ServerUnderTest, client: Client, other: Client) -> None:
    moments = iter([1_700_000_100.9, 1_700_000_200.0, 1_700_000_300.0])
    server.dispatcher._clock = lambda: next(moments)
    server.deliver(server.datagram(client.query(3)), server.datagram(other.query(3)))
    for address in ("192.0.2.10", "192.0.2.11"):
        lease = await server.lease(address)
        assert lease is not None
        assert lease.cltt == 1_700_000_100


async def test_bytes_that_are_no_packet(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    log.everything()
    replies = server.deliver(
        server.datagram(b""),
        server.datagram(b"x" * 235),
        server.datagram(b"x" * 239),
        server.datagram(b"\0" * 300),
        server.datagram(client.query(1)),
    )
    assert kinds(replies) == [OFFER]
    assert server.counted() == {"pkt4-parse-failed": 2, "pkt4-receive-drop": 2}
    assert server.count("pkt4-received") == 3, "what has no header is no packet"
    for message in ("DHCP4_BUFFER_RECEIVE_FAIL", "DHCP4_PACKET_DROP_0001"):
        assert message in log


@pytest.mark.parametrize(
    ("kind", "message"), [(0, "DHCP4_PACKET_DROP_0009"), (2, "DHCP4_PACKET_DROP_0006"), (99, "DHCP4_PACKET_DROP_0006")]
)
async def test_types_that_no_server_answers(
    server: ServerUnderTest, client: Client, log: LogFile, kind: int, message: str
) -> None:
    log.everything()
    assert await client.send(kind) is None
    assert server.counted() == {"pkt4-receive-drop": 1}
    assert message in log


async def test_a_failure_in_one_exchange_is_logged_counted_and_no_concern_of_the_others(
    server: ServerUnderTest, client: Client, other: Client, log: LogFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    select = type(server.service.selector).select

    def fail(selector: Any, x: Any) -> Any:
        if x.query.hwaddr == client.hwaddr:
            raise RuntimeError("broken")
        return select(selector, x)

    with monkeypatch.context() as patch:
        patch.setattr(type(server.service.selector), "select", fail)
        replies = server.deliver(server.datagram(client.query(1)), server.datagram(other.query(1)))
    assert kinds(replies) == [OFFER]
    assert server.counted() == {"pkt4-processing-failed": 1, "pkt4-receive-drop": 1}
    assert "DHCP4_PACKET_PROCESS_EXCEPTION" in log
    log.path.write_text("")


async def test_bytes_that_no_frame_holds_are_no_concern_of_the_others(
    server: ServerUnderTest, client: Client, other: Client, log: LogFile
) -> None:
    def send(data: object, *where: object) -> None:
        if not isinstance(data, bytes):
            raise TypeError("a bytes-like object is required")
        replies.append(data)

    def spoil(callout: Any) -> None:
        if callout.response4.hwaddr == client.hwaddr:
            callout.data = "not bytes"

    replies: list[bytes] = []
    server.hook(buffer4_send=spoil)
    server.channel.send = send  # type: ignore[method-assign,assignment]  # as strict as a socket
    server.deliver(server.datagram(client.query(1)), server.datagram(other.query(1)))
    assert len(replies) == 1
    assert server.counted() == {"pkt4-processing-failed": 1, "pkt4-receive-drop": 1}
    assert "DHCP4_PACKET_PROCESS_EXCEPTION" in log
    log.path.write_text("")


async def test_replies_are_counted_by_what_they_are(server: ServerUnderTest, client: Client) -> None:
    await client.bind()
    await client.inform("192.0.2.200")
    await server.put("192.0.2.15")
    await client.request(requested="192.0.2.15", server_id=SERVER)
    names = ("pkt4-sent", "pkt4-offer-sent", "pkt4-ack-sent", "pkt4-nak-sent", "pkt4-received", "pkt4-inform-received")
    assert list(server.counted(*names).values()) == [4, 1, 2, 1, 4, 1]
