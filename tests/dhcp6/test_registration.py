"""ADDR-REG-INFORM (RFC 9686)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from kead.dhcp6.associations import IaAddress, IaNa
from kead.dhcp6.packet import ADDR_REG_INFORM, ADDR_REG_REPLY, Relay6
from kead.leases.lease6 import State
from kead.wire.address import parse_ip6
from tests.dhcp6.conversation import NOW, Client, Reply, ServerUnderTest, option, relay


async def register(
    client: Client,
    address: str,
    *,
    source: str = "",
    preferred: int = 30,
    valid: int = 60,
    relays: Sequence[Relay6] = (),
    **more: Any,
) -> Reply | None:
    """Send it from that very address, unless told otherwise."""
    said = IaAddress(parse_ip6(address), preferred, valid).encode()
    options = {5: said, **more.pop("options", {})}
    return await client.send(ADDR_REG_INFORM, options=options, source=source or address, relays=relays, **more)


async def test_an_address_is_remembered(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=[option("dns-servers", "2001:db8::53")])
    reply = await register(client, "2001:db8:1::77", oro=[23])
    assert reply is not None
    assert reply.type == ADDR_REG_REPLY
    assert reply.codes == [1, 2, 5]
    assert IaAddress.parse(reply.option(5)).valid == 60
    lease = await server.lease("2001:db8:1::77")
    assert lease is not None
    assert (lease.state, lease.iaid, lease.duid) == (State.REGISTERED, 0, client.duid)
    assert (lease.preferred_lifetime, lease.valid_lifetime, lease.cltt) == (30, 60, NOW)
    names = ("cumulative-registered-nas", "subnet[1].registered-nas", "subnet[1].cumulative-registered-nas")
    assert [server.count(name) for name in names] == [1, 1, 1]
    assert server.count("assigned-nas") == 0
    assert server.count("pkt6-addr-reg-reply-sent") == 1


async def test_once_more(server: ServerUnderTest, client: Client, other: Client) -> None:
    await register(client, "2001:db8:1::77")
    server.now += 10
    assert await register(client, "2001:db8:1::77", valid=100) is not None
    assert await register(other, "2001:db8:1::77") is not None, "it goes over to another client"
    lease = await server.lease("2001:db8:1::77")
    assert lease is not None
    assert lease.duid == other.duid
    assert server.count("subnet[1].registered-nas") == server.count("cumulative-registered-nas") == 1


async def test_it_is_not_given_to_others(client: Client, other: Client) -> None:
    await register(client, "2001:db8:1::10")
    assert (await other.request(na=["2001:db8:1::10"])).address == "2001:db8:1::11"


async def test_it_is_no_lease_of_an_association(client: Client) -> None:
    await register(client, "2001:db8:1::77")
    assert (await client.request(nas={0: []})).address == "2001:db8:1::10"


async def test_through_a_relay(client: Client) -> None:
    one = relay("2001:db8:1::1", "2001:db8:1::77")
    reply = await register(client, "2001:db8:1::77", source="2001:db8:1::1", relays=[one])
    assert reply is not None
    assert reply.packet.relays[0].peer == parse_ip6("2001:db8:1::77")


async def test_a_relay_whose_address_is_not_the_clients(client: Client) -> None:
    assert await register(client, "2001:db8:1::77", relays=[relay("2001:db8:1::77", "fe80::1")]) is None


@pytest.mark.parametrize(
    ("address", "about"),
    [
        ("2001:db8:1::77", {"source": "2001:db8:1::78"}),
        ("2001:db8:2::77", {}),
        ("2001:db8:1::10", {}),
        ("2001:db8:1::77", {"options": {3: IaNa(1).encode()}}),
        ("2001:db8:1::77", {"options": {4: bytes(4)}}),
        ("2001:db8:1::77", {"pd": []}),
    ],
    ids=["not the source", "not on the link", "leased", "IA_NA", "IA_TA", "IA_PD"],
)
async def test_refused(
    server: ServerUnderTest, client: Client, other: Client, address: str, about: dict[str, Any]
) -> None:
    await other.bind()
    assert await register(client, address, **about) is None
    assert server.counted() == {"pkt6-rfc-violation": 1, "pkt6-receive-drop": 1}
    assert server.count("cumulative-registered-nas") == 0


async def test_two_addresses(server: ServerUnderTest, client: Client) -> None:
    query = client.query(ADDR_REG_INFORM)
    query.options[5] = [IaAddress(parse_ip6("2001:db8:1::77")).encode()] * 2
    assert await server.exchange(server.datagram(query, source="2001:db8:1::77")) == []
    assert server.counted() == {"pkt6-rfc-violation": 1, "pkt6-receive-drop": 1}


async def test_switched_off(server: ServerUnderTest, client: Client) -> None:
    server.configure(allow_address_registration=False)
    assert await register(client, "2001:db8:1::77") is None
    assert server.counted() == {"pkt6-admin-filtered": 1, "pkt6-receive-drop": 1}


async def test_no_subnet(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"interface": "eth9", "subnet": "2001:db8:9::/64", "pools": []})
    assert await register(client, "2001:db8:1::77") is None
    assert server.counted() == {"pkt6-receive-drop": 1}
