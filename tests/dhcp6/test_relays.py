"""Messages through relays: which subnet, what they find again, what they supply (RFC 8415 section 19, RFC 6422)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kead.dhcp6.packet import RELAY_REPL, SOLICIT
from kead.wire.address import parse_ip6
from tests.dhcp6.conversation import Client, ServerUnderTest, option, relay

SUBNETS: list[dict[str, Any]] = [
    {"id": 1, "subnet": "2001:db8:1::/64", "interface": "eth0", "pools": [{"pool": "2001:db8:1::10/128"}]},
    {"id": 2, "subnet": "2001:db8:2::/64", "pools": [{"pool": "2001:db8:2::10/128"}]},
    {"id": 3, "subnet": "2001:db8:3::/64", "interface-id": "port7", "pools": [{"pool": "2001:db8:3::10/128"}]},
    {
        "id": 4,
        "subnet": "2001:db8:4::/64",
        "relay": {"ip-addresses": ["2001:db8:2::99", "2001:db8:99::1"]},
        "pools": [{"pool": "2001:db8:4::10/128"}],
    },
]


@pytest.fixture(autouse=True)
def several(server: ServerUnderTest) -> None:
    server.configure(subnets=SUBNETS)


PORT7 = {18: b"port7"}
PORT8 = {18: b"port8"}


@pytest.mark.parametrize(
    ("relays", "address"),
    [
        ([relay("2001:db8:2::1")], "2001:db8:2::10"),
        ([relay("2001:db8:2::99")], "2001:db8:4::10"),
        ([relay("2001:db8:99::1")], "2001:db8:4::10"),
        ([relay("2001:db8:2::1", options=PORT7)], "2001:db8:3::10"),
        ([relay("2001:db8:2::1", options=PORT8)], "2001:db8:2::10"),
        ([relay("::")], "2001:db8:1::10"),
        ([relay("fe80::1")], "2001:db8:1::10"),
        ([relay("::", options=PORT7)], "2001:db8:1::10"),
        ([relay("2001:db8:1::1"), relay("2001:db8:2::1")], "2001:db8:2::10"),
        ([relay("2001:db8:2::1"), relay("fe80::1"), relay("::")], "2001:db8:2::10"),
        ([relay("2001:db8:2::1", options=PORT7), relay("::")], "2001:db8:2::10"),
        ([relay("2001:db8:2::1"), relay("::", options=PORT7)], "2001:db8:3::10"),
    ],
    ids=[
        "prefix", "relay address inside of another prefix", "relay address", "interface-id", "unknown interface-id",
        "no link", "link-local link", "interface-id without a link", "nearest to the client", "the first that says so",
        "interface-id of another relay", "interface-id of the nearest",
    ],
)  # fmt: skip
async def test_the_subnet(client: Client, relays: list[Any], address: str) -> None:
    reply = await client.solicit(relays=relays, source="2001:db8:77::1")
    assert reply.address == address


async def test_an_unknown_link_has_no_subnet(client: Client) -> None:
    assert (await client.solicit(relays=[relay("2001:db8:77::1")])).na.status is not None


async def test_an_option_of_the_client_is_no_relays_option(client: Client) -> None:
    assert (await client.solicit(options=PORT7)).address == "2001:db8:1::10"


async def test_relays_find_their_headers_again(client: Client) -> None:
    relays = [
        relay("2001:db8:2::1", "2001:db8:5::5", hops=1, options={18: b"outer", 37: b"\0\0\0\1x", 38: b"y"}),
        relay("2001:db8:2::2", "fe80::c1", options={18: b"inner", 79: b"\0\1\2\0\0\0\0\1"}),
    ]
    reply = await client.solicit(relays=relays, source="2001:db8:2::1")
    back = reply.packet.relays
    assert [one.type for one in back] == [RELAY_REPL] * 2
    assert [(one.hops, one.link, one.peer) for one in back] == [
        (1, parse_ip6("2001:db8:2::1"), parse_ip6("2001:db8:5::5")),
        (0, parse_ip6("2001:db8:2::2"), parse_ip6("fe80::c1")),
    ]
    assert [one.options for one in back] == [{18: [b"outer"]}, {18: [b"inner"]}]
    assert (reply.destination, reply.port) == ("2001:db8:2::1", 547)


async def test_the_port_of_a_relay_that_says_so(client: Client) -> None:
    port = {135: b"\0\0"}
    reply = await client.solicit(relays=[relay("2001:db8:2::1", options=port)], source_port=1234)
    assert reply.port == 1234
    assert reply.packet.relays[0].options == {135: [b"\0\0"]}
    inner = [relay("2001:db8:2::1"), relay("2001:db8:2::1", options=port)]
    reply = await client.solicit(relays=inner, source_port=1234)
    assert reply.port == 547
    assert reply.packet.relays[1].options == {135: [b"\0\0"]}


async def test_many_relays(client: Client) -> None:
    relays = [relay("2001:db8:2::1", hops=31 - n) for n in range(32)]
    reply = await client.solicit(relays=relays)
    assert len(reply.packet.relays) == 32
    assert reply.address == "2001:db8:2::10"


def supplied(*options: tuple[int, bytes]) -> dict[int, bytes]:
    data = b"".join(code.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value for code, value in options)
    return {66: data}


async def test_options_that_relays_supply(server: ServerUnderTest, client: Client) -> None:
    dns = option("dns-servers", "2001:db8::53")
    server.configure(subnets=SUBNETS, relay_supplied_options=["23", "24", "31"], option_data=[dns])
    relays = [
        relay("2001:db8:2::1", options=supplied((31, b"far" + bytes(13)), (65, b"\3far\0"))),
        relay("2001:db8:2::1", options=supplied((23, bytes(16)), (31, b"near" + bytes(12)), (32, bytes(4)))),
    ]
    reply = await client.solicit(relays=relays, oro=[23])
    assert reply.option(23)[-1] == 0x53, "what the server has itself wins"
    assert reply.option(31)[:4] == b"near"
    assert reply.option(65) == b"\3far\0"
    assert 32 not in reply.options, "not allowed"


async def test_extended_info(server: ServerUnderTest, client: Client) -> None:
    server.configure(subnets=SUBNETS, store_extended_info=True, cache_threshold=0.0)
    inside = relay("2001:db8:2::1", "fe80::c1", options={53: b"\xab\xcd", 37: b"\0\0\0\1x"})
    address = await client.bind(relays=[relay("2001:db8:2::1", hops=1), inside])
    lease = await server.lease(address)
    assert lease is not None
    said = json.loads(lease.user_context)
    assert said == {
        "ISC": {
            "relay-info": [
                {"hop": 1, "link": "2001:db8:2::1", "peer": "fe80::c1"},
                {
                    "hop": 0,
                    "link": "2001:db8:2::1",
                    "peer": "fe80::c1",
                    "options": "0x0025000500000001780035" + "0002ABCD",
                    "remote-id": "0000000178",
                    "relay-id": "ABCD",
                },
            ]
        }
    }
    await client.renew(na=[address], relays=[relay("2001:db8:2::1", hops=3)])
    renewed = await server.lease(address)
    assert renewed is not None
    assert [one["hop"] for one in json.loads(renewed.user_context)["ISC"]["relay-info"]] == [3]


async def test_a_broken_relay_spoils_the_packet(server: ServerUnderTest) -> None:
    data = b"\x0c" + bytes(33) + b"\0\x12\0\1x"
    assert await server.exchange(server.datagram(data)) == []
    assert server.counted() == {"pkt6-parse-failed": 1, "pkt6-receive-drop": 1}


async def test_unicast_through_a_relay_is_usual(client: Client) -> None:
    assert await client.send(SOLICIT, na=[], relays=[relay("2001:db8:2::1")], destination="2001:db8::1") is not None


async def test_ports_of_the_command_line_are_for_relay_agents_too(server: ServerUnderTest, client: Client) -> None:
    server.configure()
    server.service.client_port = server.service.relay_port = 1546
    assert (await client.solicit()).port == 1546
    assert (await client.solicit(relays=[relay("2001:db8:1::1")])).port == 1546
