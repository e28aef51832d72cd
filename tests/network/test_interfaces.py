"""rtnetlink's bytes and this machine's interfaces: what the kernel says, and what it could say."""

from __future__ import annotations

import socket
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.network import rtnetlink
from kead.network.interfaces import Interfaces
from kead.network.rtnetlink import Assigned, Link


def message(kind: int, body: bytes, sequence: int = 0, flags: int = 0) -> bytes:
    return struct.pack("=IHHII", 16 + len(body), kind, flags, sequence, 0) + body + bytes(-len(body) % 4)


def attribute(kind: int, value: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)


def link(kind: int = rtnetlink.NEW_LINK, family: int = 0) -> bytes:
    body = struct.pack("=BxHiII", family, 1, 7, 0x1043, 0) + attribute(3, b"eth0\0") + attribute(1, b"\2\0\0\0\0\1")
    return message(kind, body)


def address(kind: int = rtnetlink.NEW_ADDRESS) -> bytes:
    body = struct.pack("=BBBBi", 2, 24, 0, 0, 7) + attribute(1, b"\x0a\0\0\2") + attribute(2, b"\x0a\0\0\1")
    return message(kind, body)


def test_links_and_addresses_come_and_go() -> None:
    news = link() + address() + address(rtnetlink.DELETE_ADDRESS) + link(rtnetlink.DELETE_LINK)
    there = Link(False, 7, "eth0", 1, 0x1043, b"\2\0\0\0\0\1")
    assert list(rtnetlink.read(news)) == [
        there,
        Assigned(False, 7, rtnetlink.AF_INET, 0x0A000001, 0),  # not the peer's
        Assigned(True, 7, rtnetlink.AF_INET, 0x0A000001, 0),
        there._replace(gone=True),
    ]


def address6(flags: int, kind: int = rtnetlink.NEW_ADDRESS, value: str = "fe80::1") -> bytes:
    packed = socket.inet_pton(socket.AF_INET6, value)
    return message(kind, struct.pack("=BBBBi", 10, 64, flags, 253, 7) + attribute(1, packed))


@pytest.mark.parametrize(
    ("flags", "usable"),
    [(0x80, True), (0xC0, False), (0xC4, True), (0xC8, False), (0xCC, False), (0xA0, True)],
    ids=["permanent", "tentative", "optimistic", "duplicate", "optimistic duplicate", "deprecated"],
)
def test_an_ipv6_address_is_usable_when_nobody_else_has_it(flags: int, usable: bool) -> None:
    (fact,) = rtnetlink.read(address6(flags))
    assert fact == Assigned(False, 7, rtnetlink.AF_INET6, 0xFE80 << 112 | 1, flags)
    assert isinstance(fact, Assigned)
    assert fact.usable is usable


def follow(news: bytes, interfaces: Interfaces) -> bool:
    """Have the table take news as the kernel sends them; did they change anything?"""
    changed = [interfaces._take(fact) for fact in rtnetlink.read(news)]
    interfaces._rebuild()
    return any(changed)


def test_an_address_becomes_usable_or_turns_out_to_be_a_duplicate() -> None:
    table, first, second = Interfaces(rtnetlink.AF_INET6), 0xFE80 << 112 | 1, 0xFE80 << 112 | 2

    def shown() -> tuple[tuple[int, ...], ...]:
        interface = table.by_name("eth0")
        assert interface is not None
        return interface.addresses, interface.tentative, interface.duplicates

    assert follow(link() + address6(0xC0) + address6(0xC0, value="fe80::2"), table)
    assert shown() == ((), (first, second), ())
    assert follow(address6(0x80) + address6(0xC8, value="fe80::2"), table)
    assert shown() == ((first,), (), (second,))
    assert not follow(address6(0x80), table)  # its lifetimes were renewed, as routers do all the time
    assert not follow(address6(0xA0), table)
    assert follow(address6(0x80, rtnetlink.DELETE_ADDRESS), table)
    assert not follow(address6(0x80, rtnetlink.DELETE_ADDRESS), table)
    assert shown() == ((), (), (second,))


def test_a_bridges_view_of_its_ports_is_no_news() -> None:
    assert list(rtnetlink.read(link(rtnetlink.DELETE_LINK, family=7))) == []


def test_an_answer_ends_and_may_be_an_error() -> None:
    assert list(rtnetlink.read(message(3, bytes(4), sequence=5), 5)) == [None]
    assert list(rtnetlink.read(message(3, bytes(4), sequence=4), 5)) == []
    with pytest.raises(rtnetlink.DumpError):
        list(rtnetlink.read(message(2, struct.pack("=i", -1), sequence=5), 5))
    with pytest.raises(rtnetlink.DumpError):
        list(rtnetlink.read(message(3, bytes(4), sequence=5, flags=0x10), 5))


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_harm(data: bytes) -> None:
    list(rtnetlink.read(data))


@given(st.integers(0, 200), st.integers(0, 255))
def test_one_byte_changed_never_harms(place: int, value: int) -> None:
    news = bytearray(link() + address())
    news[place % len(news)] = value
    list(rtnetlink.read(bytes(news)))


@pytest.mark.parametrize("family", [rtnetlink.AF_INET, rtnetlink.AF_INET6])
def test_this_machines_interfaces_are_found(family: int) -> None:
    interfaces = Interfaces(family)
    interfaces.detect()
    assert {one.index: one.name for one in interfaces.all.values()} == dict(socket.if_nameindex())
    loopback = interfaces.by_name("lo")
    assert loopback is not None
    assert loopback.loopback
    assert interfaces.by_index(loopback.index) is loopback
    assert interfaces.by_name("no such interface") is None
