"""Replies to relay agents that leave together: bytes, order and counts as one by one, whatever the kernel says."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

import pytest

from kead.dhcp4.packet import ACK, OFFER
from kead.network.segments import FEWEST, MOST
from tests.dhcp4.conversation import SERVER, Client, FakeChannel, LogFile, Reply, ServerUnderTest, interface

RELAY = "192.0.2.2"
POOL = "192.0.2.10 - 192.0.2.250"


class GroupChannel(FakeChannel):
    """A channel that takes groups, or refuses them with `refuses`; for good where `lasting`."""

    def __init__(self, *, direct: bool = False) -> None:
        super().__init__(interface(), direct=direct)
        self.groups = True
        self.sizes: list[int] = []
        self.tried = 0
        self.refuses = 0
        self.lasting = False

    def send_group(
        self,
        group: Sequence[bytes],
        destination: int,
        port: int,
        link_destination: bytes | None,
        source: int,
        source_port: int,
    ) -> None:
        self.tried += 1
        if self.refuses:
            self.groups = not self.lasting
            raise OSError(self.refuses, os.strerror(self.refuses))
        assert len({len(data) for data in group}) == 1
        assert FEWEST <= len(group) <= MOST
        self.sizes.append(len(group))
        self.sent += [Reply(data, destination, port, link_destination or b"", source, source_port) for data in group]


@pytest.fixture
def channel(server: ServerUnderTest) -> GroupChannel:
    server.configure(pool=POOL)
    return GroupChannel()


def clients(server: ServerUnderTest, number: int) -> list[Client]:
    return [Client(server, bytes((2, 0, 0, 0, 3, n))) for n in range(number)]


def serve(
    server: ServerUnderTest,
    channel: GroupChannel,
    askers: Sequence[Client],
    kind: int = 1,
    giaddr: str = RELAY,
    link: bytes = b"\2\0\0\0\0\x63",
) -> list[Reply]:
    """A batch in which all of these ask by one relay agent; what leaves."""
    before = len(channel.sent)
    server.dispatcher.serve(
        [
            server.datagram(
                client.query(kind, giaddr=giaddr),
                source=giaddr,
                source_port=67,
                destination=SERVER,
                channel=channel,
                link_source=link if channel.direct else b"",
            )
            for client in askers
        ]
    )
    return channel.sent[before:]


@pytest.mark.parametrize("direct", [False, True], ids=["udp", "raw"])
def test_a_group_says_what_single_replies_would(server: ServerUnderTest, direct: bool) -> None:
    server.configure(pool=POOL)
    channel, plain = GroupChannel(direct=direct), GroupChannel(direct=direct)
    plain.groups = False
    askers = clients(server, FEWEST + 3)
    together = serve(server, channel, askers, 3)
    for client in askers:
        client.xid -= 1
    single = serve(server, plain, askers, 3)
    assert channel.sizes == [len(askers)]
    assert plain.sizes == []
    for one, other in zip(together, single, strict=True):
        assert (one.data, one.destination, one.port) == (other.data, other.destination, other.port)
        if direct:
            assert (one.link, one.source, one.source_port) == (other.link, other.source, other.source_port)
    assert [reply.packet.xid for reply in together] == [client.xid for client in askers], "the order of the queries"
    assert {reply.type for reply in together} == {ACK}


def test_few_leave_one_by_one(server: ServerUnderTest, channel: GroupChannel) -> None:
    assert len(serve(server, channel, clients(server, FEWEST - 1))) == FEWEST - 1
    assert channel.tried == 0


def test_a_large_batch_leaves_in_parts(server: ServerUnderTest, channel: GroupChannel) -> None:
    askers = clients(server, MOST + FEWEST + 1)
    replies = serve(server, channel, askers)
    assert channel.sizes == [MOST, FEWEST + 1]
    assert [reply.packet.xid for reply in replies] == [client.xid for client in askers]


def test_relays_and_lengths_are_kept_apart(server: ServerUnderTest, channel: GroupChannel) -> None:
    one, other = clients(server, 2 * FEWEST)[:FEWEST], clients(server, 2 * FEWEST)[FEWEST:]
    named = [Client(server, bytes((2, 0, 0, 0, 4, n)), b"\0long-client-identifier") for n in range(FEWEST)]
    mixed = [
        server.datagram(
            client.query(1, giaddr=giaddr), source=giaddr, source_port=67, destination=SERVER, channel=channel
        )
        for trio in zip(one, other, named, strict=True)
        for client, giaddr in zip(trio, (RELAY, "192.0.2.3", RELAY), strict=True)
    ]
    server.dispatcher.serve(mixed)
    assert channel.sizes == [FEWEST] * 3
    assert {(reply.destination, len(reply.data)) for reply in channel.sent} == {
        (RELAY, len(channel.sent[0].data)),
        ("192.0.2.3", len(channel.sent[0].data)),
        (RELAY, max(len(reply.data) for reply in channel.sent)),
    }
    for group in (one, other, named):
        names = {client.hwaddr for client in group}
        assert [r.packet.hwaddr for r in channel.sent if r.packet.hwaddr in names] == [c.hwaddr for c in group]


def test_clients_on_the_link_are_answered_one_by_one(server: ServerUnderTest) -> None:
    server.configure(pool=POOL)
    channel = GroupChannel(direct=True)
    server.dispatcher.serve(
        [server.datagram(client.query(1, broadcast=True), channel=channel) for client in clients(server, 8)]
    )
    assert len(channel.sent) == 8
    assert channel.tried == 0


@pytest.mark.parametrize("lasting", [False, True])
def test_what_the_kernel_refuses_together_goes_one_by_one(
    server: ServerUnderTest, channel: GroupChannel, log: LogFile, lasting: bool
) -> None:
    channel.refuses, channel.lasting = errno.EINVAL, lasting
    askers = clients(server, 6)
    for _ in range(2):
        replies = serve(server, channel, askers)
        assert [reply.packet.xid for reply in replies] == [client.xid for client in askers]
    assert channel.tried == (1 if lasting else 2)
    assert server.count("pkt4-sent") == server.count("pkt4-offer-sent") == 12
    assert "DHCP4_PACKET_SEND_FAIL" not in log


def test_a_receiver_that_cannot_be_reached_is_told_for_each(
    server: ServerUnderTest, channel: GroupChannel, log: LogFile
) -> None:
    channel.refuses = errno.ENETUNREACH
    channel.broken = OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
    assert serve(server, channel, clients(server, 5)) == []
    assert log.text.count("DHCP4_PACKET_SEND_FAIL") == 5
    assert server.count("pkt4-sent") == 0


def test_a_group_is_counted_by_what_its_replies_are(server: ServerUnderTest, channel: GroupChannel) -> None:
    askers = clients(server, 8)
    server.dispatcher.serve(
        [
            server.datagram(
                client.query(3 if place % 2 else 1, giaddr=RELAY),
                source=RELAY,
                source_port=67,
                destination=SERVER,
                channel=channel,
            )
            for place, client in enumerate(askers)
        ]
    )
    assert sorted(reply.type for reply in channel.sent) == [OFFER] * 4 + [ACK] * 4
    assert channel.sizes == [8], "an OFFER and an ACK of one length"
    assert [server.count(f"pkt4-{name}sent") for name in ("", "offer-", "ack-")] == [8, 4, 4]
