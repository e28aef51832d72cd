"""The express lane says what `serve` says: replies, leases, statistics and log lines, on conversations of all kinds.

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

from kead.dhcp6.exchange import Exchange
from kead.dhcp6.packet import (
    DECLINE,
    INFORMATION_REQUEST,
    REBIND,
    RELEASE,
    RENEW,
    REQUEST,
    SOLICIT,
    Packet6,
    decode,
    encode,
)
from kead.dhcp6.serve import serve
from kead.wire.address import parse_ip6
from tests.dhcp6.conversation import SERVER_DUID, SUBNET, Client, LogFile, Reply, ServerUnderTest, option, relay

SECOND = {
    "id": 2,
    "subnet": "2001:db8:2::/64",
    "pools": [{"pool": "2001:db8:2::10 - 2001:db8:2::11"}],
    "pd-pools": [
        {"prefix": "2001:db8:9000::", "prefix-len": 55, "delegated-len": 56},
        {"prefix": "2001:db8:a000::", "prefix-len": 63, "delegated-len": 64},
    ],
}
SMALL_POOLS = [{"pool": "2001:db8:1::10 - 2001:db8:1::11"}]
FEW_PREFIXES = [{"prefix": "2001:db8:8000::", "prefix-len": 55, "delegated-len": 56}]
EXCLUDING = {**SUBNET["pd-pools"][0], "excluded-prefix": "2001:db8:8000::", "excluded-prefix-len": 64}
DNS = option("dns-servers", "2001:db8::53")
CONFIGURATIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "few": {"pools": SMALL_POOLS, "of_subnet": {"pd_pools": FEW_PREFIXES, "rapid_commit": True}},
    "few, queue": {"pools": SMALL_POOLS, "of_subnet": {"pd_pools": FEW_PREFIXES}, "pd_allocator": "flq"},
    "timers": {"renew_timer": 900, "calculate_tee_times": True, "rebind_timer": 1800},
    "no reuse": {"cache_threshold": 0.0, "of_subnet": {"option_data": [DNS], "rapid_commit": True}},
    "little reuse": {"cache_max_age": 30, "option_data": [option("sntp-servers", "2001:db8::7", always_send=True)]},
    "bounds": {"min_valid_lifetime": 100, "max_valid_lifetime": 9000, "max_preferred_lifetime": 8000},
    "two subnets": {"subnets": [SUBNET, SECOND]},
    "network": {"networks": [{"name": "net", "interface": "eth0", "subnet6": [{**SUBNET, "interface": ""}, SECOND]}]},
    "options of pools": {"pools": [{**SMALL_POOLS[0], "option-data": [DNS]}]},
    "extended info": {"store_extended_info": True},
    "excluded": {"of_subnet": {"pd_pools": [EXCLUDING]}},
    "mixed": {"of_subnet": {"pd_pools": SECOND["pd-pools"]}},
    "hardware": {"mac_sources": ["ipv6-link-local", "duid"]},
    "kept": {"expired_leases_processing": {"hold-reclaimed-time": 3600, "flush-reclaimed-timer-wait-time": 20}},
}  # fmt: skip

ADDRESSES = [f"2001:db8:1::{n:x}" for n in (0x0, 0x10, 0x11, 0x12, 0x20, 0x99)] + ["2001:db8:2::10", "::"]
PREFIXES = [
    *("2001:db8:8000::/56", "2001:db8:8000:100::/56", "2001:db8:8000:200::/56", "2001:db8:8000:180::/56"),
    *("::/56", "::/64", "::/0", "::/128", "2001:db8:9000::/64", "2001:db8:9000::/56", "2001:db8:8000::/60"),
    "2001:db8:8000::/48",
]
LIFETIMES = st.sampled_from([(0, 0), (0, 0), (3000, 4000), (1, 2), (0xFFFFFFFF, 0xFFFFFFFF), (50, 10000)])

Twist = Callable[[Packet6, st.DrawFn], None]


def set_option(code: int, *values: bytes) -> Twist:
    def twist(query: Packet6, draw: st.DrawFn) -> None:
        query.options[code] = [draw(st.sampled_from(values))]

    return twist


def twice(*codes: int) -> Twist:
    def twist(query: Packet6, draw: st.DrawFn) -> None:
        code = draw(st.sampled_from(codes))
        if code in query.options:
            query.options[code] = query.options[code] * 2

    return twist


def without(*codes: int) -> Twist:
    def twist(query: Packet6, draw: st.DrawFn) -> None:
        query.options.pop(draw(st.sampled_from(codes)), None)

    return twist


def hinted_address(query: Packet6, draw: st.DrawFn) -> None:
    if 3 in query.options:
        about = (draw(st.sampled_from(ADDRESSES)), *draw(LIFETIMES))
        query.options[3] = Client(None, b"", 1).query(1, na=[about]).options[3]  # type: ignore[arg-type]


def hinted_prefix(query: Packet6, draw: st.DrawFn) -> None:
    if 25 in query.options:
        about = (draw(st.sampled_from(PREFIXES)), *draw(LIFETIMES))
        query.options[25] = Client(None, b"", 1).query(1, pd=[about]).options[25]  # type: ignore[arg-type]


def odd_association(query: Packet6, draw: st.DrawFn) -> None:
    code = draw(st.sampled_from([3, 25]))
    if code in query.options:
        value = query.options[code][0]
        query.options[code] = [draw(st.sampled_from([
            value + b"\0\x0d\0\2\0\0", value[:-1], value[:4] + b"\0\0\1\0\0\0\2\0" + value[12:], value + b"\0\0\0\0",
            value[:14] + b"\0\x19" + value[16:], value[:3] + b"\2" + value[4:], value * 2, value + b"\0"
        ]))]  # fmt: skip


LINKS = ["2001:db8:1::1", "2001:db8:2::1", "2001:db8:3::1", "::", "fe80::1"]
AROUND: list[dict[int, bytes]] = [
    *({}, {18: b"eth7"}, {18: b""}, {37: b"\0\0\0\1remote"}, {79: b"\0\1\2\0\0\0\0\x79"}, {135: b"\0\0"}),
    *({66: b"\0\x41\0\5\3abc\0"}, {37: b"\0"}, {17: b"\0\0\x11\x8b\4\2\0\6abcdef"}, {53: b"relay", 1000: b"x"}),
]


def relayed(query: Packet6, draw: st.DrawFn) -> None:
    about = {"options": draw(st.sampled_from(AROUND)), "hops": draw(st.integers(0, 3))}
    query.relays.append(relay(draw(st.sampled_from(LINKS)), "fe80::c2", **about))


def other_interface_id(query: Packet6, draw: st.DrawFn) -> None:
    for each in query.relays:
        each.options[18] = [b"line 2"]


TWISTS: list[Twist] = [
    relayed,
    relayed,
    other_interface_id,
    hinted_address,
    hinted_address,
    hinted_prefix,
    hinted_prefix,
    odd_association,
    without(1, 2, 3, 25, 6),
    twice(1, 2, 3, 25, 6, 8),
    set_option(1, b"", b"ab", b"\0\0\0", b"x" * 130, b"x" * 131, b"\0\4" + b"u" * 16, b"\0\3\0\1" + b"y" * 21),
    set_option(2, SERVER_DUID, b"\0\3\0\1other!"),
    set_option(4, b"\0\0\0\1", b"\0"),
    set_option(6, b"\0\x17\0\x18", b"\0\x1f\0\x43", b"", b"\0\x17\0", b"\0\x17\0\x17\0\1"),
    set_option(8, b"\0\1", b"\0"),
    set_option(14, b""),
    set_option(16, b"\0\0\x11\x8b\0\4abcd", b"\0\0\1\x37\0\x08MSFT 5.0", b"\0"),
    set_option(17, b"\0\0\x11\x8b\0\1\0\2\0\x20", b"\0\0"),
    set_option(20, b""),
    set_option(39, b"\1\4host\0", b"\0", b"\1"),
    set_option(500, b"whatever"),
]

KINDS = [SOLICIT, SOLICIT, REQUEST, REQUEST, RENEW, RENEW, REBIND, RELEASE, DECLINE, INFORMATION_REQUEST]
WANTS = [("na",), ("na",), ("pd",), ("na", "pd"), ("na", "pd")]
NAMED = (REQUEST, RENEW, RELEASE, DECLINE)


def usual(kind: int, number: int, wants: tuple[str, ...], *, hints: bool) -> Packet6:
    """What client `number` sends that has (or will get) the address and prefix of its number, if nothing is odd."""
    mac = bytes((2, 0, 0, 0, 0, number))
    duids = (b"\0\3\0\1" + mac, b"\0\1\0\1time" + mac, b"\0\2\0\0\0\1" + mac)
    client = Client(None, duids[number % 3], 1)  # type: ignore[arg-type]
    client.transaction_id = 0x1000 * kind + number
    about: dict[str, Any] = {want: [] for want in wants}
    if hints:
        if "na" in wants:
            about["na"] = [(f"2001:db8:1::{0x10 + number:x}", 3000, 4000)]
        if "pd" in wants:
            about["pd"] = [(f"2001:db8:8000:{number:x}00::/56", 3000, 4000)]
    return client.query(kind, oro=[23, 24], server_id=SERVER_DUID if kind in NAMED else b"", **about)


COMPOSED = [(usual(SOLICIT, 5, wants, hints=False), 0, "ff02::1:2", "fe80::c5") for wants in WANTS[1:4]]
"""What is usual is only known when it has been answered once."""


@st.composite
def queries(draw: st.DrawFn) -> tuple[Packet6, int, str, str]:
    """A packet, how many seconds pass before it comes, and where it goes and comes from."""
    kind = draw(st.sampled_from(KINDS))
    query = usual(kind, draw(st.integers(0, 3)), draw(st.sampled_from(WANTS)), hints=kind != SOLICIT)
    for twist in draw(st.lists(st.sampled_from(TWISTS), max_size=2)):
        twist(query, draw)
    seconds = draw(st.sampled_from([0, 0, 0, 1, 20, 1500, 1500, 5000]))
    destination = draw(st.sampled_from(["ff02::1:2"] * 6 + ["fe80::fe"]))
    source = draw(st.sampled_from(["fe80::c1", "fe80::ff:fe00:c1", "fe80::200:ff:fe00:c1", "2001:db8:2::77"]))
    return query, seconds, destination, source


def said(reply: Reply) -> tuple[bytes, str, int]:
    return reply.data, reply.destination, reply.port


@pytest.mark.parametrize("name", CONFIGURATIONS)
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(conversation=st.lists(queries(), min_size=5, max_size=30), severity=st.sampled_from(["WARN", "INFO", "DEBUG"]))
async def test_both_lanes_say_the_same(
    tmp_path: Path, log: LogFile, name: str, conversation: list[tuple[Packet6, int, str, str]], severity: str
) -> None:
    told = []
    for express in (True, False):
        path = tmp_path / f"{express}"
        path.mkdir(exist_ok=True)
        (path / "leases.csv").unlink(missing_ok=True)
        log.path.unlink(missing_ok=True)
        log.use(severity, 99)
        server = ServerUnderTest(path)
        server.configure(**CONFIGURATIONS[name])
        if not express:
            server.service.express = None
        sent = []
        for query, seconds, destination, source in [*COMPOSED, *conversation]:
            server.now += seconds
            datagram = server.datagram(query, destination=destination, source=source)
            sent.append([said(reply) for reply in server.deliver(datagram)])
        counted = {name: samples[0][0] for name, samples in server.statistics.all()}
        rows = (path / "leases.csv").read_text()
        lines = [line.split("] ", 1)[1] for line in log.lines if str(tmp_path) not in line]
        told.append((sent, rows, counted, lines))
        await server.store.close()
    for express_lane, other in zip(*told, strict=True):
        assert express_lane == other


CUTS = st.lists(st.tuples(st.integers(0, 120), st.binary(min_size=1, max_size=3)), max_size=3)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=queries(), cuts=CUTS, end=st.integers(-12, 0))
async def test_both_lanes_say_the_same_of_broken_packets(
    server: ServerUnderTest, query: tuple[Packet6, int, str, str], cuts: list[tuple[int, bytes]], end: int
) -> None:
    data = encode(query[0])
    for at, piece in cuts:
        data = (data[:at] + piece + data[at + len(piece) :])[: len(data)]
    data = data[: len(data) + end]
    told = []
    for express in (True, False):
        server = ServerUnderTest()
        server.configure()
        for composed, *_ in COMPOSED:
            server.deliver(server.datagram(composed))
        if not express:
            server.service.express = None
        replies = [said(reply) for reply in server.deliver(server.datagram(data, source=query[3]))]
        told.append((replies, {name: samples[0][0] for name, samples in server.statistics.all()}))
    assert told[0] == told[1]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The types of the messages that did not take the lane."""
    types: list[int] = []

    async def watched(x: Exchange) -> bool:
        types.append(decode(x.datagram.data).type)
        return await serve(x)

    monkeypatch.setattr("kead.dhcp6.dispatch.serve", watched)
    return types


@pytest.mark.parametrize("wants", [("na",), ("pd",), ("na", "pd")], ids="+".join)
@pytest.mark.parametrize("behind", [[], [relay(options={18: b"eth7", 37: b"\0\0\0\1remote"})]], ids=["direct", "relay"])
async def test_usual_packets_take_the_lane(
    server: ServerUnderTest, served: list[int], wants: tuple[str, ...], behind: list[Any]
) -> None:
    """And none but the first of a kind, which makes the template, takes the other way."""
    for number in range(1, 6):
        client = Client(server, b"\0\3\0\1\2\0\0\0\1" + bytes((number,)))
        way: dict[str, Any] = {"oro": [23, 24], "relays": behind, "options": {8: b"\0\0", 20: b""}}
        hints: dict[str, Any] = {want: [] for want in wants}
        offered = await client.solicit(**hints, **way)
        if "na" in wants:
            hints["na"] = [(offered.address, 3000, 4000)]
        if "pd" in wants:
            hints["pd"] = [(offered.prefix, 3000, 4000)]
        for kind in (client.request, client.renew, client.request, client.rebind):
            reply = await kind(**hints, **way)
            assert [reply.addresses, reply.prefixes] == [offered.addresses, offered.prefixes]
            assert sum(len(ia.addresses) for ia in reply.nas) + sum(len(ia.prefixes) for ia in reply.pds) == len(wants)
            server.now += 1800
        again = await client.solicit(**{want: [] for want in wants}, **way)
        assert again.addresses + again.prefixes == offered.addresses + offered.prefixes
    assert served == [SOLICIT], "the first client's"


async def test_rapid_commit_takes_the_lane(server: ServerUnderTest, served: list[int]) -> None:
    server.configure(of_subnet={"rapid_commit": True})
    addresses = []
    for number in range(1, 4):
        client = Client(server, b"\0\3\0\1\2\0\0\0\1" + bytes((number,)))
        addresses.append((await client.solicit(rapid=True)).address)
    assert addresses == ["2001:db8:1::10", "2001:db8:1::11", "2001:db8:1::12"]
    assert [row["address"] for row in server.rows()] == addresses
    assert served == [SOLICIT]


async def test_addresses_of_ended_leases_are_given_in_the_lane(server: ServerUnderTest, served: list[int]) -> None:
    server.configure(pools=SMALL_POOLS)
    for number in range(1, 6):
        client = Client(server, b"\0\3\0\1\2\0\0\0\1" + bytes((number,)))
        await client.bind()
        server.now += 3000
    assert served == [SOLICIT]
    assert server.count("assigned-nas") == 2
    assert server.count("cumulative-assigned-nas") == 5
    assert server.count("reclaimed-leases") == 3


async def test_a_lane_is_closed_where_a_library_listens(server: ServerUnderTest) -> None:
    assert server.service.express is not None
    server.hook(pkt6_receive=lambda callout: None)
    assert server.service.express is None


async def test_nothing_takes_the_lane_while_something_is_in_flight(
    server: ServerUnderTest, client: Client, served: list[int]
) -> None:
    await client.solicit()
    express = server.service.express
    assert express is not None
    assert express.open
    server.in_flight[parse_ip6("2001:db8:1::11")] = Exchange(server.service, server.datagram(b""), 0)
    assert not express.open
    assert (await Client(server, "00030001020000000002").solicit()).address == "2001:db8:1::12"
    server.in_flight.clear()
    assert served == [SOLICIT, SOLICIT]


@pytest.mark.parametrize("wants", [("na",), ("pd",), ("na", "pd")], ids="+".join)
@pytest.mark.parametrize("behind", [[], [relay(options={18: b"eth7"})]], ids=["direct", "relay"])
async def test_lines_that_are_filled_in_are_those_that_serve_writes(
    tmp_path: Path, log: LogFile, served: list[int], wants: tuple[str, ...], behind: list[Any]
) -> None:
    """Clients that differ in all that a line may tell of them: address, IAID, source, transaction, what is left."""
    told = []
    for express in (True, False):
        log.path.unlink(missing_ok=True)
        log.use("INFO")
        server = ServerUnderTest()
        server.configure(of_subnet={"relay": {"ip-addresses": ["fe80::c2"]}} if behind else None)
        if not express:
            server.service.express = None
        del served[:]
        # an offer, a lease, the same once more, prolonged while little of it is over, and when half of it is
        for kind, seconds in ((SOLICIT, 0), (REQUEST, 1), (REQUEST, 7), (RENEW, 60), (RENEW, 2500), (REBIND, 2500)):
            server.now += seconds
            for number in range(4):
                query = usual(kind, number, wants, hints=kind != SOLICIT)
                for code in (3, 25):
                    if code in query.options:
                        query.options[code] = [bytes((number, 0, 0, code)) + query.options[code][0][4:]]
                query.relays = list(behind)
                server.deliver(server.datagram(query, source="fe80::c5" if behind else f"fe80::c{number}"))
                server.now += 1
        if express:
            assert len(served) <= 6, "the others took the lane"
        told.append([line.split("] ", 1)[1] for line in log.lines])
        await server.store.close()
    assert told[0] == told[1]
    says = "\n".join(told[0])
    for what in ("will be advertised", "has been allocated for 4000 seconds", "has been reused for", "allocated\n"):
        assert what in says
