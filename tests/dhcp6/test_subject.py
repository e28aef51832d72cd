"""A DHCPv6 packet as expressions see it; what the expressions make of it is in tests/classify."""

from __future__ import annotations

import pytest

from kead.dhcp6.packet import Relay6
from tests.classify.packets import ip, subject6


def test_what_is_not_there() -> None:
    subject = subject6([])
    assert subject.option(1) is None
    assert subject.inner((3, 5)) is None
    assert subject.text((3,)) is None
    assert subject.vendor() == subject.vendor_class() == b""
    assert not subject.has_vendor(0)
    assert not subject.has_vendor_class(0)
    assert subject.vendor_option(0, (1,)) is None
    assert subject.vendor_text(0, (1,)) is None
    assert subject.vendor_class_data(0, 0) == b""
    assert list(subject.vendor_class_names()) == []


@pytest.mark.parametrize(("level", "peer"), [(0, 1), (1, 2), (2, 3), (-1, 3), (-3, 1), (3, None), (-4, None)])
def test_relays_count_from_both_ends(level: int, peer: int | None) -> None:
    """The nearest to the server stands first in the packet."""
    relays = [Relay6(number, link=10 + number, peer=number) for number in (1, 2, 3)]
    for relay in relays:
        relay.options = {18: [bytes((relay.peer,))]}
    subject = subject6([(14, b"")], relays=relays)
    if peer is None:
        assert subject.relay_peer(level) == subject.relay_link(level) == b""
        assert subject.relay_option(level, (18,)) is None
        assert subject.relay_text(level, (18,)) is None
    else:
        assert subject.relay_peer(level) == peer.to_bytes(16, "big")
        assert subject.relay_link(level) == (10 + peer).to_bytes(16, "big")
        assert subject.relay_option(level, (18,)) == bytes((peer,))
        assert subject.relay_text(level, (18,)) == b"type=00018, len=00001: %02x" % peer


def test_of_an_option_that_repeats_the_first_counts() -> None:
    subject = subject6([(17, bytes(3) + b"\1" + bytes.fromhex("0001000161")), (17, bytes(3) + b"\2")])
    assert subject.vendor() == bytes(3) + b"\1"
    assert subject.vendor_option(1, (1,)) == b"a"
    assert not subject.has_vendor(2)
    assert subject.inner((17, 1)) == b"a"


def test_multicasts_were_sent_to_the_group() -> None:
    subject = subject6([])
    subject.datagram.destination = ip("ff02::1:2")
    assert subject.destination() == ip("ff02::1:2").to_bytes(16, "big")
