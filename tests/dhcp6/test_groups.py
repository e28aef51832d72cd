"""Replies to relay agents that leave together: bytes, order and counts as one by one, whatever the kernel says."""

from __future__ import annotations

import errno
import os
from collections.abc import Sequence

import pytest

from kead.dhcp6.packet import SOLICIT
from kead.network.segments import FEWEST, MOST
from tests.dhcp6.conversation import Client, FakeChannel, LogFile, Reply, ServerUnderTest, interface, relay

RELAY = "2001:db8:1::77"


class GroupChannel(FakeChannel):
    """A channel that takes groups, or refuses them with `refuses`."""

    def __init__(self) -> None:
        super().__init__(interface())
        self.groups = True
        self.sizes: list[int] = []
        self.refuses = 0

    def send_group(self, group: Sequence[bytes], destination: int, port: int) -> None:
        if self.refuses:
            raise OSError(self.refuses, os.strerror(self.refuses))
        assert len({len(data) for data in group}) == 1
        assert FEWEST <= len(group) <= MOST
        self.sizes.append(len(group))
        self.sent += [Reply(data, destination, port) for data in group]


@pytest.fixture
def channel(server: ServerUnderTest) -> GroupChannel:
    return GroupChannel()


def clients(server: ServerUnderTest, number: int) -> list[Client]:
    return [Client(server, b"\0\3\0\1\2\0\0\0\3" + bytes((n,))) for n in range(number)]


def solicit(
    server: ServerUnderTest, channel: GroupChannel, askers: Sequence[Client], *, relayed: bool = True
) -> list[Reply]:
    before = len(channel.sent)
    relays = [relay(options={18: b"port"})] if relayed else []
    server.dispatcher.serve(
        [
            server.datagram(
                client.query(SOLICIT, relays=relays), source=RELAY if relayed else "fe80::c1", channel=channel
            )
            for client in askers
        ]
    )
    return channel.sent[before:]


def test_a_group_says_what_single_replies_would(server: ServerUnderTest, channel: GroupChannel) -> None:
    plain = GroupChannel()
    plain.groups = False
    askers = clients(server, FEWEST + 1)
    together = solicit(server, channel, askers)
    for client in askers:
        client.transaction_id -= 1
    single = solicit(server, plain, askers)
    assert channel.sizes == [len(askers)]
    assert [(reply.data, reply.destination, reply.port) for reply in together] == [
        (reply.data, reply.destination, reply.port) for reply in single
    ]
    assert {(reply.destination, reply.port) for reply in together} == {(RELAY, 547)}
    assert server.count("pkt6-advertise-sent") == 2 * len(askers)


def test_few_leave_one_by_one_and_so_does_what_goes_to_clients(server: ServerUnderTest, channel: GroupChannel) -> None:
    assert len(solicit(server, channel, clients(server, FEWEST - 1))) == FEWEST - 1
    assert len(solicit(server, channel, clients(server, FEWEST + 1), relayed=False)) == FEWEST + 1
    assert channel.sizes == []


def test_what_the_kernel_refuses_together_goes_one_by_one(
    server: ServerUnderTest, channel: GroupChannel, log: LogFile
) -> None:
    channel.refuses = errno.EINVAL
    askers = clients(server, 6)
    replies = solicit(server, channel, askers)
    assert [reply.packet.transaction_id for reply in replies] == [client.transaction_id for client in askers]
    assert server.count("pkt6-sent") == 6
    assert "DHCP6_PACKET_SEND_FAIL" not in log
