"""RENEW and REBIND (RFC 8415 sections 18.3.4 and 18.3.5)."""

from __future__ import annotations

import pytest

from kead.dhcp6.associations import Status
from kead.dhcp6.packet import REBIND, RENEW, REPLY
from kead.leases.lease6 import LeaseType
from kead.wire.address import text_ip6
from tests.dhcp6.conversation import NOW, SERVER_DUID, SUBNET, Client, Reply, ServerUnderTest
from tests.dhcp6.test_solicit import NETWORK


async def either(client: Client, kind: int, **about: object) -> Reply:
    if kind == RENEW:
        return await client.renew(**about)
    return await client.rebind(**about)


def taken_away(reply: Reply) -> list[str]:
    """What a reply shows at 0/0."""
    return [text_ip6(a.address) for ia in reply.nas for a in ia.addresses if not a.valid] + [
        f"{text_ip6(p.address)}/{p.length}" for ia in reply.pds for p in ia.prefixes if not p.valid
    ]


BOTH = pytest.mark.parametrize("kind", [RENEW, REBIND])


@BOTH
async def test_a_lease_is_extended(server: ServerUnderTest, client: Client, kind: int) -> None:
    address = await client.bind()
    server.now += 1500
    reply = await either(client, kind, na=[address])
    assert reply.type == REPLY
    assert reply.address == address
    assert reply.lifetimes == (3000, 4000)
    assert reply.na.status is None
    lease = await server.lease(address)
    assert lease is not None
    assert lease.cltt == NOW + 1500
    assert server.count("assigned-nas") == server.count("cumulative-assigned-nas") == 1


@BOTH
async def test_lifetimes_are_those_of_the_configuration_now(server: ServerUnderTest, client: Client, kind: int) -> None:
    address = await client.bind()
    server.configure(valid_lifetime=9000, preferred_lifetime=8000)
    assert (await either(client, kind, na=[address])).lifetimes == (8000, 9000)


@BOTH
async def test_a_fresh_lease_is_reused(server: ServerUnderTest, client: Client, kind: int) -> None:
    address = await client.bind()
    rows = len(server.rows())
    server.now += 400
    assert (await either(client, kind, na=[address])).lifetimes == (2600, 3600)
    assert len(server.rows()) == rows
    assert server.count("v6-ia-na-lease-reuses") == 1


@BOTH
async def test_a_prefix_is_extended(server: ServerUnderTest, client: Client, kind: int) -> None:
    prefix = await client.delegate()
    server.now += 1500
    assert (await either(client, kind, pd=[prefix])).prefix == prefix
    lease = await server.lease("2001:db8:8000::", LeaseType.PD)
    assert lease is not None
    assert lease.cltt == NOW + 1500


@BOTH
async def test_who_has_no_lease_gets_one(client: Client, kind: int) -> None:
    reply = await either(client, kind, na=["2001:db8:1::15"], pd=[])
    assert reply.addresses == ["2001:db8:1::15"]
    assert reply.prefixes == ["2001:db8:8000::/56"]


@BOTH
async def test_what_is_not_given_is_taken_away(server: ServerUnderTest, client: Client, kind: int) -> None:
    address = await client.bind()
    reply = await either(client, kind, na=["2001:db8:1::99", address, "2001:db8:9::1"])
    assert reply.addresses == [address]
    assert taken_away(reply) == ["2001:db8:1::99", "2001:db8:9::1"]


@BOTH
async def test_a_foreign_prefix_is_taken_away(client: Client, kind: int) -> None:
    prefix = await client.delegate()
    reply = await either(client, kind, pd=[prefix, "2001:db8:7700::/56", "::/60"])
    assert reply.prefixes == [prefix]
    assert taken_away(reply) == ["2001:db8:7700::/56"], "a prefix :: is only a wish for a length"


@BOTH
async def test_an_address_of_somebody_else(server: ServerUnderTest, client: Client, kind: int) -> None:
    await server.put("2001:db8:1::15")
    reply = await either(client, kind, na=["2001:db8:1::15"])
    assert reply.addresses == ["2001:db8:1::10"]
    assert taken_away(reply) == ["2001:db8:1::15"]


@BOTH
async def test_nothing_can_be_assigned(server: ServerUnderTest, client: Client, kind: int) -> None:
    server.configure(pools=[], of_subnet={"pd-pools": []})
    reply = await either(client, kind, na=["2001:db8:1::15"], pd=["2001:db8:8000::/56"])
    assert reply.na.status == Status(2, "Sorry, no addresses could be assigned at this time.")
    assert reply.pd.status == Status(6, "Sorry, no prefixes could be assigned at this time.")
    assert (reply.na.t1, reply.na.t2) == (0, 0)
    assert taken_away(reply) == ["2001:db8:1::15", "2001:db8:8000::/56"]


async def test_a_renew_without_a_subnet(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"interface": "eth9"})
    reply = await client.renew(na=["2001:db8:1::15"], pd=["2001:db8:8000::/56"])
    assert reply.na.status == Status(3, "Sorry, no known leases for this duid/iaid.")
    assert reply.pd.status == Status(3, "Sorry, no known PD leases for this duid/iaid.")


async def test_a_rebind_without_a_subnet(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"interface": "eth9"})
    reply = await client.rebind(na=["2001:db8:1::15"])
    assert reply.na.status == Status(3, "Sorry, no known leases for this duid/iaid.")
    assert await client.send(REBIND, na=[], pd=[]) is None
    assert server.counted() == {"pkt6-processing-failed": 1, "pkt6-receive-drop": 1}


@BOTH
async def test_several_associations_stand_for_themselves(server: ServerUnderTest, client: Client, kind: int) -> None:
    await client.request(nas={1: [], 2: []})
    server.now += 1500
    reply = await either(client, kind, nas={2: ["2001:db8:1::11"], 1: ["2001:db8:1::10"], 7: []})
    assert [ia.iaid for ia in reply.nas] == [2, 1, 7]
    assert reply.addresses == ["2001:db8:1::11", "2001:db8:1::10", "2001:db8:1::12"]


@BOTH
async def test_an_expired_lease_comes_back(server: ServerUnderTest, client: Client, kind: int) -> None:
    address = await client.bind()
    server.now += 5000
    assert (await either(client, kind, na=[address])).address == address
    assert server.count("reclaimed-leases") == 1
    assert server.count("assigned-nas") == 1
    assert server.count("cumulative-assigned-nas") == 2


@BOTH
async def test_a_lease_of_another_subnet_of_the_network(server: ServerUnderTest, client: Client, kind: int) -> None:
    server.configure(networks=NETWORK)
    reply = await client.request(na=["2001:db8:2::15"])
    assert reply.address == "2001:db8:2::15"
    server.now += 2000
    assert (await either(client, kind, na=["2001:db8:2::15"])).address == "2001:db8:2::15"


@BOTH
async def test_an_address_that_is_no_longer_of_its_subnet(server: ServerUnderTest, client: Client, kind: int) -> None:
    address = await client.bind()
    moved = {**SUBNET, "subnet": "2001:db8:5::/64", "pools": [{"pool": "2001:db8:5::10-2001:db8:5::20"}]}
    server.configure(subnets=[moved])
    reply = await either(client, kind, na=[address])
    assert reply.addresses == ["2001:db8:5::10"]
    assert taken_away(reply) == [address]
    assert await server.lease(address) is None
    assert server.count("assigned-nas") == 1


async def test_a_renew_of_another_servers(server: ServerUnderTest, client: Client) -> None:
    assert await client.send(RENEW, na=[], server_id=b"\0\3\0\1\2\2\2\2\2\2") is None
    assert await client.send(RENEW, na=[]) is None
    assert await client.send(REBIND, na=[], server_id=SERVER_DUID) is None
    assert server.counted() == {"pkt6-not-for-us": 1, "pkt6-rfc-violation": 2, "pkt6-receive-drop": 3}


@BOTH
async def test_a_lease_of_a_pool_that_is_gone(server: ServerUnderTest, client: Client, kind: int) -> None:
    address = await client.bind()
    server.configure(pools=[{"pool": "2001:db8:1::30-2001:db8:1::39"}])
    reply = await either(client, kind, na=[])
    assert reply.addresses == ["2001:db8:1::30"]
    assert taken_away(reply) == [], "it was not listed"
    assert await server.lease(address) is None


@BOTH
async def test_what_is_lost_is_told_where_there_is_nothing_new(
    server: ServerUnderTest, client: Client, kind: int
) -> None:
    address = await client.bind()
    prefix = await client.delegate()
    server.configure(pools=[], of_subnet={"pd-pools": []})
    reply = await either(client, kind, na=[], pd=[])
    assert taken_away(reply) == [address, prefix]
    assert reply.na.status is not None
    assert reply.pd.status is not None
