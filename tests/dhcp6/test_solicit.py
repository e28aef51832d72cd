"""SOLICIT (RFC 8415 section 18.3.1): what a client would get, or gets at once."""

from __future__ import annotations

from kead.dhcp6.associations import Status
from kead.dhcp6.packet import ADVERTISE, REPLY, SOLICIT
from tests.dhcp6.conversation import NOW, SERVER_DUID, SUBNET, Client, LogFile, ServerUnderTest, option, relay

NETWORK = [
    {
        "name": "floor",
        "interface": "eth0",
        "subnet6": [
            {"id": 1, "subnet": "2001:db8:1::/64", "pools": [{"pool": "2001:db8:1::10-2001:db8:1::10"}]},
            {"id": 2, "subnet": "2001:db8:2::/64", "pools": [{"pool": "2001:db8:2::10-2001:db8:2::20"}]},
        ],
    }
]


async def test_an_advertise_offers_an_address_and_stores_nothing(server: ServerUnderTest, client: Client) -> None:
    reply = await client.solicit()
    assert reply.type == ADVERTISE
    assert reply.address == "2001:db8:1::10"
    assert reply.lifetimes == (3000, 4000)
    assert (reply.na.t1, reply.na.t2) == (1500, 2400)
    assert reply.option(1) == client.duid
    assert reply.option(2) == SERVER_DUID
    assert (reply.destination, reply.port) == ("fe80::c1", 546)
    assert await server.lease("2001:db8:1::10") is None
    assert server.rows() == []
    assert server.count("assigned-nas") == 0


async def test_the_next_client_is_offered_the_next_address(client: Client, other: Client) -> None:
    assert (await client.solicit()).address == "2001:db8:1::10"
    assert (await other.solicit()).address == "2001:db8:1::11"


async def test_a_hint_in_a_pool_is_honoured(client: Client) -> None:
    assert (await client.solicit(na=["2001:db8:1::17"])).address == "2001:db8:1::17"


async def test_a_hint_outside_of_all_pools_is_not(client: Client) -> None:
    assert (await client.solicit(na=["2001:db8:1::99"])).address == "2001:db8:1::10"


async def test_a_hint_that_is_leased_is_not(server: ServerUnderTest, client: Client) -> None:
    await server.put("2001:db8:1::17")
    assert (await client.solicit(na=["2001:db8:1::17"])).address == "2001:db8:1::10"


async def test_an_expired_lease_is_in_nobodys_way(server: ServerUnderTest, client: Client) -> None:
    await server.put("2001:db8:1::17", cltt=NOW - 5000)
    assert (await client.solicit(na=["2001:db8:1::17"])).address == "2001:db8:1::17"


async def test_a_registered_address_is_not_given_out_even_when_it_has_expired(
    server: ServerUnderTest, client: Client
) -> None:
    await server.put("2001:db8:1::17", cltt=NOW - 5000, state=4)
    assert (await client.solicit(na=["2001:db8:1::17"])).address == "2001:db8:1::10"


async def test_addresses_and_prefixes_in_one_message(client: Client) -> None:
    reply = await client.solicit(nas={1: [], 2: []}, pds={1: [], 9: []})
    assert [ia.iaid for ia in reply.nas] == [1, 2]
    assert reply.addresses == ["2001:db8:1::10", "2001:db8:1::11"]
    assert [ia.iaid for ia in reply.pds] == [1, 9]
    assert reply.prefixes == ["2001:db8:8000::/56", "2001:db8:8000:100::/56"]
    assert reply.codes == [1, 2, 3, 3, 25, 25]


async def test_two_associations_do_not_get_what_both_hint_at(client: Client) -> None:
    reply = await client.solicit(nas={1: ["2001:db8:1::15"], 2: ["2001:db8:1::15"]})
    assert reply.addresses == ["2001:db8:1::15", "2001:db8:1::10"]


async def test_temporary_addresses_are_not_served(client: Client) -> None:
    reply = await client.solicit(na=[], options={4: (7).to_bytes(4, "big")})
    assert 4 not in reply.options


async def test_a_client_is_told_what_it_has_already(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    server.now += 1000
    server.configure(valid_lifetime=9000, preferred_lifetime=8000)
    reply = await client.solicit(na=["2001:db8:1::1f"])
    assert reply.address == address
    assert reply.lifetimes == (3000, 4000), "the lease lasts as long as it did before"


async def test_an_exhausted_pool(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    server.configure(pools=[{"pool": "2001:db8:1::10-2001:db8:1::10"}])
    await server.put("2001:db8:1::10")
    reply = await client.solicit(na=[], pd=[])
    assert reply.na.addresses == []
    assert reply.na.status == Status(2, "Sorry, no address could be allocated.")
    assert (reply.na.t1, reply.na.t2) == (0, 0)
    assert reply.prefix == "2001:db8:8000::/56", "each association stands for itself"
    assert server.count("v6-allocation-fail") == server.count("subnet[1].v6-allocation-fail-subnet") == 1
    assert "ALLOC_ENGINE_V6_ALLOC_FAIL_SUBNET" in log


async def test_a_subnet_without_pools(server: ServerUnderTest, client: Client) -> None:
    server.configure(pools=[], of_subnet={"pd-pools": []})
    reply = await client.solicit(na=[], pd=[])
    assert reply.na.status == Status(2, "Sorry, no address could be allocated.")
    assert reply.pd.status == Status(6, "Sorry, no prefixes could be allocated.")
    assert server.count("v6-allocation-fail-no-pools") == 2
    assert server.count("v6-allocation-fail") == 0


async def test_without_a_subnet_a_solicit_is_answered_all_the_same(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"interface": "eth9"}, option_data=[option("dns-servers", "2001:db8::53")])
    reply = await client.solicit(na=[], pd=[], oro=[23])
    assert reply.type == ADVERTISE
    assert reply.na.status == Status(2, "Server could not select subnet for this client")
    assert reply.pd.status == Status(6, "Sorry, no subnet available.")
    assert 23 in reply.options


async def test_a_shared_network_goes_on_where_there_is_room(server: ServerUnderTest, client: Client) -> None:
    server.configure(networks=NETWORK)
    await server.put("2001:db8:1::10")
    assert (await client.solicit()).address == "2001:db8:2::10"


async def test_a_hint_in_another_subnet_of_the_network_is_honoured(server: ServerUnderTest, client: Client) -> None:
    server.configure(networks=NETWORK)
    assert (await client.solicit(na=["2001:db8:2::15"])).address == "2001:db8:2::15"


# Rapid commit


async def test_rapid_commit_gives_the_address_at_once(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"rapid-commit": True})
    reply = await client.solicit(rapid=True)
    assert reply.type == REPLY
    assert reply.option(14) == b""
    lease = await server.lease(reply.address)
    assert lease is not None
    assert lease.duid == client.duid
    assert server.count("assigned-nas") == 1
    assert server.count("pkt6-reply-sent") == 1


async def test_rapid_commit_that_is_not_configured_or_not_asked_for(server: ServerUnderTest, client: Client) -> None:
    assert (await client.solicit(rapid=True)).type == ADVERTISE
    server.configure(of_subnet={"rapid-commit": True})
    assert (await client.solicit()).type == ADVERTISE
    assert server.rows() == []


async def test_rapid_commit_replies_even_if_there_is_nothing_to_give(server: ServerUnderTest, client: Client) -> None:
    server.configure(pools=[], of_subnet={"rapid-commit": True})
    reply = await client.solicit(rapid=True)
    assert reply.type == REPLY
    assert 14 in reply.options
    assert reply.na.status is not None


# What is not answered


async def test_identifiers(server: ServerUnderTest, client: Client) -> None:
    assert await client.send(SOLICIT, server_id=SERVER_DUID) is None
    assert await client.send(SOLICIT, server_id=b"\0\3\0\1\2\2\2\2\2\2") is None
    assert await Client(server, b"").send(SOLICIT) is None
    assert await Client(server, b"\0\3").send(SOLICIT) is None
    assert await Client(server, bytes(131)).send(SOLICIT) is None
    assert await Client(server, bytes(3)).send(SOLICIT) is None  # in leases it stands for nobody
    assert server.counted() == {"pkt6-not-for-us": 1, "pkt6-rfc-violation": 5, "pkt6-receive-drop": 6}
    assert await Client(server, b"\1" * 130).send(SOLICIT) is not None


async def test_a_solicit_to_a_servers_own_address(server: ServerUnderTest, client: Client) -> None:
    assert await client.send(SOLICIT, destination="2001:db8:1::1") is None
    assert server.counted() == {"pkt6-rfc-violation": 1, "pkt6-receive-drop": 1}
    assert await client.send(SOLICIT, na=[], destination="2001:db8:1::1", relays=[relay()]) is not None


async def test_the_subnets_prefix_may_be_that_of_the_source(server: ServerUnderTest, client: Client) -> None:
    server.configure(subnets=[{**SUBNET, "interface": ""}])
    assert (await client.solicit(source="2001:db8:1::99")).address == "2001:db8:1::10"
    assert (await client.solicit()).na.status is not None
