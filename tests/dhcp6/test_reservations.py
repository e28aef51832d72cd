"""Reservations: what is kept for a client is its own, and nobody else's (RFC 8415 section 18.3; Kea's rules)."""

from __future__ import annotations

from typing import Any

import pytest

from kead.leases.lease6 import LeaseType
from kead.wire.address import parse_ip6
from tests.dhcp6.conversation import Client, ServerUnderTest, option

MINE = "00:03:00:01:02:00:00:00:00:01"
OTHERS = "00:03:00:01:02:00:00:00:00:02"
PD = int(LeaseType.PD)


def host(duid: str = MINE, **fields: Any) -> dict[str, Any]:
    return {"duid": duid, **{name.replace("_", "-"): value for name, value in fields.items()}}


def link(*subnets: dict[str, Any]) -> list[dict[str, Any]]:
    """Two subnets on one link, with what is written of each."""
    made = [
        {"id": n, "subnet": f"2001:db8:{n}::/64", "pools": [{"pool": f"2001:db8:{n}::10 - 2001:db8:{n}::20"}], **more}
        for n, more in enumerate(subnets, 1)
    ]
    return [{"name": "floor", "interface": "eth0", "subnet6": made}]


async def test_an_address_outside_of_the_pools(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::5"])]})
    assert (await client.solicit()).address == "2001:db8:1::5"
    assert (await client.request()).address == "2001:db8:1::5"
    assert (await client.renew(na=["2001:db8:1::5"])).address == "2001:db8:1::5"
    assert (await other.request(na=["2001:db8:1::5"])).address == "2001:db8:1::10"
    lease = await server.lease("2001:db8:1::5")
    assert lease is not None
    assert (lease.duid, lease.pool_id, lease.subnet_id) == (client.duid, 0, 1)


async def test_an_address_of_a_pool_is_picked_for_nobody_else(
    server: ServerUnderTest, client: Client, other: Client
) -> None:
    server.configure(
        pools=[{"pool": "2001:db8:1::10 - 2001:db8:1::11"}],
        of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::10"])]},
    )
    assert (await other.request(na=["2001:db8:1::10"])).address == "2001:db8:1::11"
    third = Client(server, "00030001020000000003")
    assert not (await third.request()).addresses
    assert (await client.request()).address == "2001:db8:1::10"


@pytest.mark.parametrize("allocator", ["iterative", "random", "flq"])
async def test_nor_a_prefix(server: ServerUnderTest, client: Client, other: Client, allocator: str) -> None:
    pools = [{"prefix": "2001:db8:8000::", "prefix-len": 55, "delegated-len": 56}]
    server.configure(
        of_subnet={
            "pd-allocator": allocator,
            "pd-pools": pools,
            "reservations": [host(prefixes=["2001:db8:8000::/56"])],
        }
    )
    assert (await other.request(pd=["2001:db8:8000::/56"])).prefix == "2001:db8:8000:100::/56"
    assert not (await Client(server, "00030001020000000003").request(pd=[])).prefixes
    assert (await client.request(pd=[])).prefix == "2001:db8:8000::/56"


async def test_each_association_gets_one_and_the_next_what_is_free(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::6", "2001:db8:1::5"])]})
    reply = await client.request(nas={1: ["2001:db8:1::5"], 2: [], 3: []})
    assert reply.addresses == ["2001:db8:1::6", "2001:db8:1::5", "2001:db8:1::10"]


async def test_prefixes_of_any_length_from_anywhere(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"reservations": [host(prefixes=["2001:db8:5000::/56", "3001::/60"])]})
    reply = await client.request(pds={1: [], 2: [], 3: []})
    assert reply.prefixes == ["2001:db8:5000::/56", "3001::/60", "2001:db8:8000::/56"]
    lease = await server.lease("3001::", PD)
    assert lease is not None
    assert lease.prefix_length == 60


async def test_the_excluded_prefix_of_a_reservation(server: ServerUnderTest, client: Client) -> None:
    reserved = host(prefixes=["2001:db8:5000::/48"], excluded_prefixes=["2001:db8:5000:1::/64"])
    server.configure(of_subnet={"reservations": [reserved]})
    reply = await client.request(pd=[], oro=[67])
    assert reply.pd.prefixes[0].options == {
        67: [bytes((64, 0, 1))]
    }  # RFC 6603: its length and what follows the 48 bits
    assert (await client.renew(pd=["2001:db8:5000::/48"])).pd.prefixes[0].options == {}  # nobody asked


async def test_who_comes_back_to_a_reservation_loses_what_it_had(server: ServerUnderTest, client: Client) -> None:
    assert (await client.request()).address == "2001:db8:1::10"
    server.configure(of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::5"])]})
    reply = await client.renew(na=["2001:db8:1::10"])
    assert reply.addresses == ["2001:db8:1::5"]
    assert [(a.address, a.valid) for a in reply.na.addresses][1:] == [(parse_ip6("2001:db8:1::10"), 0)]
    assert await server.lease("2001:db8:1::10") is None


async def test_what_has_become_anothers_is_not_renewed(server: ServerUnderTest, client: Client, other: Client) -> None:
    assert (await client.request()).address == "2001:db8:1::10"
    server.configure(of_subnet={"reservations": [host(OTHERS, ip_addresses=["2001:db8:1::10"])]})
    assert (await other.request()).address == "2001:db8:1::11"  # as long as its holder has not come by
    assert (await client.renew(na=["2001:db8:1::10"])).address == "2001:db8:1::12"
    assert (await other.request()).address == "2001:db8:1::10"


async def test_a_lease_whose_reservation_is_gone(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::5"])]})
    assert (await client.request()).address == "2001:db8:1::5"
    server.configure()
    assert (await client.renew(na=["2001:db8:1::5"])).addresses == ["2001:db8:1::10"]


async def test_an_expired_lease_of_another_client_is_in_nobodys_way(
    server: ServerUnderTest, client: Client, other: Client
) -> None:
    await server.put("2001:db8:1::12", valid_lifetime=1)
    server.now += 2
    server.configure(of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::12"])]})
    assert (await client.request()).address == "2001:db8:1::12"


@pytest.mark.parametrize(("in_subnet", "out_of_pool", "given"), [
    (True, False, ["2001:db8:1::12", "2001:db8:1::5"]),
    (True, True, ["2001:db8:1::5", "2001:db8:1::10"]),
    (False, False, ["2001:db8:1::10", "2001:db8:1::11"]),
])  # fmt: skip
async def test_which_reservations_count(
    server: ServerUnderTest, client: Client, in_subnet: bool, out_of_pool: bool, given: list[str]
) -> None:
    server.configure(
        of_subnet={
            "reservations": [host(ip_addresses=["2001:db8:1::12", "2001:db8:1::5"])],
            "reservations-in-subnet": in_subnet,
            "reservations-out-of-pool": out_of_pool,
        }
    )
    assert (await client.request(nas={1: [], 2: []})).addresses == given


async def test_global_ones_count_where_the_selected_subnet_says_so(server: ServerUnderTest, client: Client) -> None:
    everywhere = [host(ip_addresses=["2001:db8:77::5", "2001:db8:2::5"], prefixes=["3001::/48"])]
    server.configure(networks=link({}, {}), reservations=everywhere)
    assert (await client.solicit()).address == "2001:db8:1::10"
    server.configure(networks=link({}, {"reservations-global": True}), reservations=everywhere)
    assert (await client.solicit()).address == "2001:db8:1::10"
    server.configure(networks=link({"reservations-global": True}, {}), reservations=everywhere)
    reply = await client.request(na=[], pd=[])
    assert (reply.address, reply.prefix) == ("2001:db8:2::5", "3001::/48")


async def test_a_subnets_own_comes_before_the_global_one(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::5"])]},
        reservations=[host(ip_addresses=["2001:db8:1::6"])],
        reservations_global=True,
    )
    assert (await client.request(nas={1: [], 2: []})).addresses == ["2001:db8:1::5", "2001:db8:1::6"]


async def test_in_another_subnet_of_the_link(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(networks=link({}, {"reservations": [host(ip_addresses=["2001:db8:2::5"])]}))
    assert (await client.request()).address == "2001:db8:2::5"
    assert (await other.request()).address == "2001:db8:1::10"
    lease = await server.lease("2001:db8:2::5")
    assert lease is not None
    assert lease.subnet_id == 2


async def test_the_first_identifier_that_has_one_decides(server: ServerUnderTest, client: Client) -> None:
    by_mac = {"hw-address": "02:00:00:00:00:01", "ip-addresses": ["2001:db8:1::6"]}
    hosts = [by_mac, host(ip_addresses=["2001:db8:1::5"])]
    server.configure(of_subnet={"reservations": hosts})
    assert (await client.solicit()).address == "2001:db8:1::6"
    server.configure(of_subnet={"reservations": hosts}, host_reservation_identifiers=["duid", "hw-address"])
    assert (await client.solicit()).address == "2001:db8:1::5"


async def test_by_what_a_callout_made_of_the_query(server: ServerUnderTest, client: Client) -> None:
    def host6_identifier(callout: Any) -> None:
        callout.id_type, callout.id_value = "flex-id", b"port 7"

    server.configure(
        of_subnet={"reservations": [{"flex-id": "'port 7'", "ip-addresses": ["2001:db8:1::7"]}]},
        host_reservation_identifiers=["flex-id", "duid"],
    )
    server.hook(host6_identifier=host6_identifier)
    assert (await client.request()).address == "2001:db8:1::7"


async def test_its_options_come_first(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(
        of_subnet={"reservations": [host(option_data=[option("dns-servers", "2001:db8::1")])]},
        option_data=[option("dns-servers", "2001:db8::2")],
    )
    assert (await client.request(oro=[23])).option(23) == parse_ip6("2001:db8::1").to_bytes(16, "big")
    assert (await other.request(oro=[23])).option(23) == parse_ip6("2001:db8::2").to_bytes(16, "big")
    assert (await client.request(oro=[23])).option(23) == parse_ip6("2001:db8::1").to_bytes(16, "big")


async def test_its_name_comes_before_the_clients(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::5"], hostname="Desk.Example.org")]})
    await client.request()
    lease = await server.lease("2001:db8:1::5")
    assert lease is not None
    assert lease.hostname == "Desk.Example.org"
    reply = await client.renew(na=["2001:db8:1::5"], options={39: b"\0\3own"})
    assert reply.option(39)[1:] == b"\4desk\7example\3org\0"
    lease = await server.lease("2001:db8:1::5")
    assert lease is not None
    assert lease.hostname == "Desk.Example.org."


async def test_what_is_reserved_outside_of_all_pools_does_not_count_as_assigned(
    server: ServerUnderTest, client: Client
) -> None:
    server.configure(
        of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::5", "2001:db8:1::12"], prefixes=["3001::/48"])]}
    )
    await client.request(nas={1: [], 2: []}, pd=[])
    assert server.count("subnet[1].assigned-nas") == 1
    assert server.count("subnet[1].assigned-pds") == 0
    await client.release(nas={1: ["2001:db8:1::5"], 2: ["2001:db8:1::12"]}, pd=["3001::/48"])
    assert server.count("subnet[1].assigned-nas") == 0
    assert server.count("subnet[1].assigned-pds") == 0


async def test_an_offer_changes_nothing(server: ServerUnderTest, client: Client) -> None:
    assert (await client.request()).address == "2001:db8:1::10"
    server.configure(of_subnet={"reservations": [host(ip_addresses=["2001:db8:1::5"])]})
    assert (await client.solicit()).address == "2001:db8:1::5"
    assert await server.lease("2001:db8:1::10") is not None
    assert await server.lease("2001:db8:1::5") is None


async def test_a_reservation_that_excludes_nothing(server: ServerUnderTest, client: Client) -> None:
    """Its prefix lies in a pool that excludes something: that is for the pool's own prefixes."""
    pool = {
        "prefix": "2001:db8:8000::",
        "prefix-len": 48,
        "delegated-len": 56,
        "excluded-prefix": "2001:db8:8000:1::",
        "excluded-prefix-len": 64,
    }
    server.configure(of_subnet={"pd-pools": [pool], "reservations": [host(prefixes=["2001:db8:8000:300::/56"])]})
    reply = await client.request(pds={1: [], 2: []}, oro=[67])
    assert [ia.prefixes[0].options for ia in reply.pds] == [{}, {67: [bytes((64, 1))]}]
