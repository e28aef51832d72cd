"""The express lane says what `serve` says: replies, leases and statistics, on conversations of all kinds.

Two servers under the same configuration hear the same packets at the same times; one has its lane closed. Whatever a
client asks, neither may be told from the other by what it sends, stores or counts.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kead.dhcp4.exchange import Exchange
from kead.dhcp4.packet import DECLINE, DISCOVER, RELEASE, REQUEST, Packet4, decode
from kead.dhcp4.serve import serve
from kead.wire.address import parse_ip4
from tests.dhcp4.conversation import SUBNET, LogFile, ServerUnderTest, option

RESERVED: list[dict[str, Any]] = [
    {"hw-address": "02:00:00:00:00:77", "ip-address": "192.0.2.12"},
    {"hw-address": "02:00:00:00:00:01", "ip-address": "192.0.2.99", "hostname": "Reserved"},
    {"client-id": "00736861726564", "ip-address": "192.0.2.11"},
    {"circuit-id": "'abc'", "option-data": [option("routers", "192.0.2.1")], "boot-file-name": "/boot"},
    {"client-id": "01:02:00:00:00:00:00", "ip-address": "192.0.2.10"},
    {"hw-address": "02:00:00:00:00:78", "ip-address": "192.0.2.11"},
    {"hw-address": "02:00:00:00:00:02", "ip-address": "192.0.2.13"},
]
"""The clients of `usual` meet some as their own, and some as those of others."""

CONFIGURATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"renew_timer": 900, "calculate_tee_times": True, "echo_client_id": False},
    {"cache_threshold": 0.0, "of_subnet": {"option_data": [option("routers", "192.0.2.1")]}},
    {"cache_max_age": 30, "option_data": [option("domain-name", "example.org", always_send=True)]},
    {"match_client_id": False},
    {"option_data": [option("host-name", "configured")], "authoritative": True},
    {"pool": "192.0.2.10 - 192.0.2.11"},
    {"subnets": [SUBNET, {"id": 2, "subnet": "198.51.100.0/24", "pools": [{"pool": "198.51.100.10 - 198.51.100.12"}]}]},
    {"pool": "192.0.2.10 - 192.0.2.14", "of_subnet": {"reservations": RESERVED}, "ip_reservations_unique": False},
    {"of_subnet": {"reservations": RESERVED, "reservations_out_of_pool": True}, "ip_reservations_unique": False},
    {"of_subnet": {"reservations": RESERVED, "reservations_in_subnet": False}, "ip_reservations_unique": False},
    {"pool": "192.0.2.10 - 192.0.2.12", "reservations_global": True, "reservations": RESERVED[1:4]},
    {"next_server": "192.0.2.9", "boot_file_name": "/boot", "min_valid_lifetime": 100, "max_valid_lifetime": 9000},
)

SERVER_ID = parse_ip4("192.0.2.1").to_bytes(4, "big")
AGENTS = [
    b"",
    b"\1\3abc",
    b"\1\3abc\2\4remo",
    b"\5\4\xc0\0\2\0",
    b"\5\4\xc6\x33\x64\0",
    b"\x0b\4\xc0\0\2\1",
    b"\x0b\4\xc0\0\2\x4d",
    b"\x13\0",
    b"\1",
]
ADDRESSES = [0, *(parse_ip4(f"192.0.2.{last}") for last in (10, 11, 12, 13, 20, 99)), parse_ip4("10.9.9.9")]


def set_option(code: int, *values: bytes) -> Callable[[Packet4, st.DrawFn], None]:
    def twist(query: Packet4, draw: st.DrawFn) -> None:
        query.options[code] = draw(st.sampled_from(values))

    return twist


def set_field(name: str, *values: int) -> Callable[[Packet4, st.DrawFn], None]:
    def twist(query: Packet4, draw: st.DrawFn) -> None:
        setattr(query, name, draw(st.sampled_from(values)))

    return twist


def relayed(query: Packet4, draw: st.DrawFn) -> None:
    query.giaddr = parse_ip4("192.0.2.2")
    query.options[82] = draw(st.sampled_from(AGENTS))


def without_client_id(query: Packet4, draw: st.DrawFn) -> None:
    query.options.pop(61, None)


TWISTS = (
    relayed,
    without_client_id,
    set_option(12, b"host", b"Host.Example", b".", b"a b", b"!!!"),
    set_option(50, *(address.to_bytes(4, "big") for address in ADDRESSES)),
    set_option(51, b"\0\0\0\0", b"\0\0\0\x64", b"\xff\xff\xff\xff"),
    set_option(54, SERVER_ID, b"\xc0\0\2\x4d"),
    set_option(55, b"\1\3\6", b"\1\3\6\x0c\x0f\x33", b"\x6c"),
    set_option(61, b"", b"x", b"y" * 255, b"\0shared", b"\1\2\0\0\0\0\1"),
    set_option(81, b"\5\0\0\4host\0"),
    set_option(82, *AGENTS),
    set_option(118, b"\xc0\0\2\0", b"\xc6\x33\x64\0"),
    set_field("htype", 6),
    set_field("flags", 0x8000),
    set_field("giaddr", parse_ip4("192.0.2.2"), parse_ip4("198.51.100.1"), 0xFFFFFFFF),
    set_field("ciaddr", *ADDRESSES),
)


def usual(kind: int, number: int, state: str) -> Packet4:
    """What client `number` sends that has (or will get) the address of its number, if nothing is odd about it; the
    last one has no client identifier.
    """
    mac = bytes((2, 0, 0, 0, 0, number))
    query = Packet4(kind, number, mac)
    query.options[55] = b"\1\3\6"
    if number != 2:
        query.options[61] = b"\1" + mac
    address = parse_ip4("192.0.2.10") + number
    if state == "selecting":
        query.options |= {50: address.to_bytes(4, "big"), 54: SERVER_ID}
    elif state == "reboot":
        query.options[50] = address.to_bytes(4, "big")
    elif state == "renewing":
        query.ciaddr = address
    elif state == "declining":
        query.options[50] = address.to_bytes(4, "big")
    return query


STATES = [
    (DISCOVER, ""),
    (REQUEST, "selecting"),
    (REQUEST, "selecting"),
    (REQUEST, "renewing"),
    (REQUEST, "renewing"),
    (REQUEST, "reboot"),
    (RELEASE, "renewing"),
    (DECLINE, "declining"),
]


TEMPLATES = [(usual(kind, 3, state), 0) for kind, state in STATES[:4]]
"""What is usual is only known when it has been answered once."""


@st.composite
def queries(draw: st.DrawFn) -> tuple[Packet4, int]:
    """A packet, and how many seconds pass before it comes."""
    kind, state = draw(st.sampled_from(STATES))
    query = usual(kind, draw(st.integers(0, 2)), state)
    for twist in draw(st.lists(st.sampled_from(TWISTS), max_size=2)):
        twist(query, draw)
    return query, draw(st.sampled_from([0, 0, 0, 1, 20, 1500, 5000]))


@pytest.mark.parametrize("configuration", CONFIGURATIONS, ids=lambda c: ",".join(c) or "plain")
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conversation=st.lists(queries(), min_size=5, max_size=30), info=st.booleans())
async def test_both_lanes_say_the_same(
    tmp_path: Path, log: LogFile, configuration: dict[str, Any], conversation: list[tuple[Packet4, int]], info: bool
) -> None:
    told = []
    for express in (True, False):
        path = tmp_path / f"{express}"
        path.mkdir(exist_ok=True)
        (path / "leases.csv").unlink(missing_ok=True)
        log.path.unlink(missing_ok=True)
        log.use("INFO" if info else "WARN")
        server = ServerUnderTest(path)
        server.configure(**configuration)
        if not express:
            server.service.express = None
        sent = []
        for query, seconds in [*TEMPLATES, *conversation]:
            server.now += seconds
            sent.append([(r.data, r.destination, r.port, r.link) for r in server.deliver(server.datagram(query))])
        counted = {name: samples[0][0] for name, samples in server.statistics.all()}
        rows = (path / "leases.csv").read_text()
        told.append((sent, rows, counted, [line.split("] ", 1)[1] for line in log.lines if "MEMFILE" not in line]))
        await server.store.close()
    assert told[0] == told[1]


async def test_usual_packets_take_the_lane(server: ServerUnderTest, monkeypatch: pytest.MonkeyPatch) -> None:
    """And none but the first of a kind, which makes the template, takes the other way."""
    served: list[int] = []

    async def watched(x: Exchange) -> bool:
        served.append(decode(x.datagram.data).type)
        return await serve(x)

    monkeypatch.setattr("kead.dhcp4.dispatch.serve", watched)
    for number in range(1, 6):
        mac = bytes((2, 0, 0, 0, 1, number))
        discover = Packet4(DISCOVER, number, mac)
        discover.options |= {61: b"\1" + mac, 55: b"\1\3\6", 12: b"host%d" % number, 82: b"\1\3abc", 60: b"vendor"}
        discover.giaddr = parse_ip4("192.0.2.2")
        (offered,) = server.deliver(server.datagram(discover))
        request = Packet4(REQUEST, number, mac)
        request.options |= discover.options | {
            53: bytes((REQUEST,)),
            50: offered.packet.yiaddr.to_bytes(4, "big"),
            54: parse_ip4("192.0.2.1").to_bytes(4, "big"),
        }
        request.giaddr = discover.giaddr
        assert len(server.deliver(server.datagram(request))) == 1
        server.now += 2000
        renewal = Packet4(REQUEST, number, mac)
        renewal.options |= {61: b"\1" + mac, 55: b"\1\3\6", 12: b"host%d" % number}
        renewal.ciaddr = offered.packet.yiaddr
        assert len(server.deliver(server.datagram(renewal, destination="192.0.2.1"))) == 1
    assert served == [DISCOVER, REQUEST], "the first client's"


async def test_a_reserved_address_that_another_client_has(server: ServerUnderTest) -> None:
    """Is a conflict, which the lane leaves to `serve`."""
    mine = Packet4(DISCOVER, 1, b"\2\0\0\0\0\1")
    server.configure(of_subnet={"reservations": [{"hw-address": "02:00:00:00:00:01", "ip-address": "192.0.2.5"}]})
    for _ in range(2):
        (offered,) = server.deliver(server.datagram(mine))
        assert offered.address == "192.0.2.5"
    await server.put("192.0.2.5")
    (offered,) = server.deliver(server.datagram(mine))
    assert offered.address == "192.0.2.10"
    assert server.count("v4-reservation-conflicts") == 1
