"""Reservations: what is kept for a client is its own, and nobody else's (RFC 2131 section 4.3; Kea's rules)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kead.dhcp4.packet import ACK, NAK, OFFER
from kead.wire.address import parse_ip4, text_ip4
from tests.dhcp4.conversation import SERVER, Client, LogFile, Reply, ServerUnderTest, option

MINE = "02:00:00:00:00:01"
OTHERS = "02:00:00:00:00:02"
OUTSIDE = "192.0.2.5"
"""In the subnet, in no pool of it."""


def host(mac: str = MINE, **fields: Any) -> dict[str, Any]:
    return {"hw-address": mac, **{name.replace("_", "-"): value for name, value in fields.items()}}


def of_subnet(*hosts: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"reservations": list(hosts), **more}


def link(*subnets: dict[str, Any]) -> list[dict[str, Any]]:
    """Subnets on one link, with what is written of each."""
    made = [
        {"id": n, "subnet": f"192.0.{n}.0/24", "pools": [{"pool": f"192.0.{n}.10 - 192.0.{n}.20"}], **more}
        for n, more in enumerate(subnets, 2)
    ]
    return [{"name": "floor", "interface": "eth0", "subnet4": made}]


async def dora(client: Client, **about: Any) -> Reply:
    """The ACK of the usual four messages."""
    offer = await client.discover(**about)
    assert offer is not None
    assert offer.type == OFFER
    about.pop("requested", None)
    ack = await client.request(offer, **about)
    assert ack is not None
    assert (ack.type, ack.address) == (ACK, offer.address)
    return ack


def kind(reply: Reply | None) -> int | None:
    return None if reply is None else reply.type


async def test_an_address_outside_of_the_pools(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(of_subnet=of_subnet(host(ip_address=OUTSIDE)))
    assert (await dora(client)).address == OUTSIDE
    assert kind(await client.renew(OUTSIDE)) == ACK
    assert kind(await client.rebind(OUTSIDE)) == ACK
    assert kind(await client.request(requested=OUTSIDE)) == ACK  # INIT-REBOOT
    assert kind(await other.request(requested=OUTSIDE, server_id=SERVER)) == NAK
    assert (await dora(other, requested=OUTSIDE)).address == "192.0.2.10"
    lease = await server.lease(OUTSIDE)
    assert lease is not None
    assert (lease.hwaddr, lease.pool_id, lease.subnet_id) == (client.hwaddr, 0, 1)


async def test_it_counts_in_the_subnet_and_in_no_pool(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet=of_subnet(host(ip_address=OUTSIDE)))
    await dora(client)
    names = ("assigned-addresses", "subnet[1].assigned-addresses", "subnet[1].pool[0].assigned-addresses")
    assert [server.count(name) for name in names] == [1, 1, 0]
    server.now += 5000
    await dora(client)
    assert server.count("reclaimed-leases") == 1
    assert [server.count(name) for name in names] == [1, 1, 0]
    await client.send(7, ciaddr=OUTSIDE, destination=SERVER)
    assert [server.count(name) for name in names] == [0, 0, 0]


@pytest.mark.parametrize("allocator", ["iterative", "random", "flq"])
async def test_an_address_of_a_pool_is_picked_for_nobody_else(
    server: ServerUnderTest, client: Client, other: Client, allocator: str
) -> None:
    server.configure(
        pool="192.0.2.10 - 192.0.2.11", of_subnet=of_subnet(host(ip_address="192.0.2.10"), allocator=allocator)
    )
    assert (await dora(other, requested="192.0.2.10")).address == "192.0.2.11"
    third = Client(server, "02:00:00:00:00:03")
    assert await third.discover() is None
    assert server.count("v4-allocation-fail") == 1
    assert kind(await third.request(requested="192.0.2.10", server_id=SERVER)) == NAK
    assert (await dora(client)).address == "192.0.2.10"


async def test_nor_with_the_ends_of_a_24_left_out(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(
        pool="192.0.2.0 - 192.0.2.2",
        of_subnet=of_subnet(host(ip_address="192.0.2.1")),
        compatibility={"exclude-first-last-24": True},
    )
    assert (await dora(other)).address == "192.0.2.2"
    assert await Client(server, "02:00:00:00:00:03").discover() is None
    assert (await dora(client)).address == "192.0.2.1"


async def test_a_request_for_another_address_is_refused_while_the_own_is_free(
    server: ServerUnderTest, client: Client
) -> None:
    server.configure(of_subnet=of_subnet(host(ip_address=OUTSIDE)))
    assert kind(await client.request(requested="192.0.2.15", server_id=SERVER)) == NAK
    assert kind(await client.request(requested="10.9.9.9", server_id=SERVER)) == NAK
    bare = await client.request()
    assert bare is not None
    assert (bare.type, bare.address) == (ACK, OUTSIDE)


async def test_a_reservation_makes_no_client_known_that_reboots(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet=of_subnet(host(ip_address=OUTSIDE)))
    assert await client.request(requested=OUTSIDE) is None
    server.configure(of_subnet=of_subnet(host(ip_address=OUTSIDE)), authoritative=True)
    assert kind(await client.request(requested=OUTSIDE)) == NAK
    await dora(client)
    assert kind(await client.request(requested=OUTSIDE)) == ACK
    assert kind(await client.request(requested="192.0.2.15")) == NAK


async def test_leased_to_another(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    """The owner gets a dynamic address, until its own is given back."""
    server.configure(of_subnet=of_subnet(host(ip_address="192.0.2.12")))
    await server.put("192.0.2.12")
    assert (await dora(client)).address == "192.0.2.10"
    assert server.counted("v4-reservation-conflicts", "subnet[1].v4-reservation-conflicts") == {
        "v4-reservation-conflicts": 1,
        "subnet[1].v4-reservation-conflicts": 1,
    }
    assert "conflicting reservation for address 192.0.2.12" in log
    assert kind(await client.request(requested="192.0.2.12", server_id=SERVER)) == NAK
    assert kind(await client.renew("192.0.2.10")) == ACK
    server.now += 4001
    assert kind(await client.renew("192.0.2.10")) == NAK
    assert (await dora(client)).address == "192.0.2.12"
    assert await server.lease("192.0.2.10") is None
    assert server.count("v4-reservation-conflicts") == 1


async def test_who_gets_a_reservation_comes_to_it_at_its_next_discover(server: ServerUnderTest, client: Client) -> None:
    assert (await dora(client)).address == "192.0.2.10"
    server.configure(of_subnet=of_subnet(host(ip_address=OUTSIDE)))
    assert kind(await client.renew("192.0.2.10")) == NAK
    offer = await client.discover()
    assert offer is not None
    assert offer.address == OUTSIDE
    assert await server.lease("192.0.2.10") is not None  # an offer changes nothing
    assert kind(await client.request(offer)) == ACK
    assert await server.lease("192.0.2.10") is None
    assert server.count("assigned-addresses") == 1


async def test_what_has_become_anothers_is_not_renewed(server: ServerUnderTest, client: Client, other: Client) -> None:
    assert (await dora(client)).address == "192.0.2.10"
    server.configure(of_subnet=of_subnet(host(OTHERS, ip_address="192.0.2.10")))
    assert kind(await client.renew("192.0.2.10")) == NAK
    assert kind(await client.request(requested="192.0.2.10")) == NAK
    bare = await client.request()
    assert bare is not None
    assert (bare.type, bare.address) == (ACK, "192.0.2.11")
    assert (await dora(other)).address == "192.0.2.10"


async def test_a_lease_whose_reservation_is_gone(server: ServerUnderTest, client: Client) -> None:
    """Outside of all pools it is nobody's address any more: silence, until the client begins anew."""
    server.configure(of_subnet=of_subnet(host(ip_address=OUTSIDE)))
    await dora(client)
    server.configure()
    assert await client.renew(OUTSIDE) is None
    assert (await dora(client)).address == "192.0.2.10"


async def test_one_that_its_owner_declined(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet=of_subnet(host(ip_address=OUTSIDE)), decline_probation_period=60)
    await dora(client)
    await client.send(4, requested=OUTSIDE)
    assert (await dora(client)).address == "192.0.2.10"
    assert server.count("v4-reservation-conflicts") == 1
    server.now += 61
    assert (await dora(client)).address == OUTSIDE


@pytest.mark.parametrize(("in_subnet", "out_of_pool", "first", "second"), [
    (True, False, "192.0.2.10", OUTSIDE),
    (True, True, "192.0.2.12", OUTSIDE),
    (False, False, "192.0.2.12", "192.0.2.13"),
])  # fmt: skip
async def test_which_reservations_count(
    server: ServerUnderTest, client: Client, other: Client, in_subnet: bool, out_of_pool: bool, first: str, second: str
) -> None:
    server.configure(
        of_subnet={
            "reservations": [host(ip_address="192.0.2.10", hostname="desk"), host(OTHERS, ip_address=OUTSIDE)],
            "reservations-in-subnet": in_subnet,
            "reservations-out-of-pool": out_of_pool,
        }
    )
    for number in (3, 4):
        await dora(Client(server, f"02:00:00:00:00:0{number}"))
    ack = await dora(client)
    assert ack.address == first
    assert ack.options.get(12) == (b"desk" if in_subnet else None)
    assert (await dora(other)).address == second


async def test_global_ones(server: ServerUnderTest, client: Client, other: Client) -> None:
    everywhere = [
        host(ip_address=OUTSIDE, hostname="g", next_server="192.0.2.9"),
        host(OTHERS, ip_address="10.9.9.9", hostname="o"),
    ]
    server.configure(reservations=everywhere)
    assert (await dora(client)).address == "192.0.2.10"
    server.configure(reservations=everywhere, reservations_global=True)
    ack = await dora(client)
    assert (ack.address, ack.options[12], text_ip4(ack.packet.siaddr)) == (OUTSIDE, b"g", "192.0.2.9")
    ack = await dora(other)  # its address is of another network; the rest counts
    assert (ack.address, ack.options[12]) == ("192.0.2.10", b"o")


async def test_a_subnets_own_comes_before_the_global_one(server: ServerUnderTest, client: Client) -> None:
    everywhere: dict[str, Any] = {
        "reservations": [host(ip_address=OUTSIDE, hostname="g")],
        "reservations_global": True,
    }
    server.configure(of_subnet=of_subnet(host(ip_address="192.0.2.6", hostname="s")), **everywhere)
    ack = await dora(client)
    assert (ack.address, ack.options[12]) == ("192.0.2.6", b"s")
    server.configure(of_subnet=of_subnet(host(hostname="s")), **everywhere)
    ack = await dora(client)
    assert (ack.address, ack.options[12]) == ("192.0.2.10", b"s")


async def test_the_first_identifier_that_has_one_decides(server: ServerUnderTest) -> None:
    client = Client(server, client_id=b"\xff\1\2\3\4\0\1duid")
    hosts = [
        {"client-id": client.client_id.hex(), "ip-address": "192.0.2.7"},
        {"duid": b"\0\1duid".hex(), "ip-address": "192.0.2.6"},
        host(ip_address=OUTSIDE),
    ]
    for order, address in [
        (["hw-address", "duid", "client-id"], OUTSIDE),
        (["duid", "client-id"], "192.0.2.6"),
        (["client-id", "duid"], "192.0.2.7"),
        (["circuit-id"], "192.0.2.10"),
    ]:
        server.configure(of_subnet={"reservations": hosts}, host_reservation_identifiers=order)
        offer = await client.discover()
        assert offer is not None
        assert offer.address == address, order


@pytest.mark.parametrize(
    ("agent", "address"),
    [(b"\1\4port", OUTSIDE), (b"\2\4port", "192.0.2.10"), (b"\1\5port1", "192.0.2.10"), (b"\1\0", "192.0.2.10")],
)
async def test_by_what_the_relay_agent_says(
    server: ServerUnderTest, client: Client, agent: bytes, address: str
) -> None:
    server.configure(of_subnet={"reservations": [{"circuit-id": "'port'", "ip-address": OUTSIDE}]})
    ack = await dora(client, giaddr="192.0.2.2", options={82: agent})
    assert ack.address == address


async def test_by_what_a_callout_made_of_the_query(server: ServerUnderTest, client: Client) -> None:
    seen: list[Any] = []

    def host4_identifier(callout: Any) -> None:
        callout.id_type, callout.id_value = "flex-id", b"port 7"

    def lease4_offer(callout: Any) -> None:
        seen.append(callout.host)

    server.configure(
        of_subnet={"reservations": [{"flex-id": "'port 7'", "ip-address": "192.0.2.7"}]},
        host_reservation_identifiers=["flex-id", "hw-address"],
    )
    server.hook(host4_identifier=host4_identifier, lease4_offer=lease4_offer)
    assert (await dora(client)).address == "192.0.2.7"
    assert [host.identifier for host in seen] == [b"port 7"]


async def test_a_callout_may_say_of_which_kind_it_is(server: ServerUnderTest, client: Client) -> None:
    def host4_identifier(callout: Any) -> None:
        callout.id_type, callout.id_value = "hw-address", bytes.fromhex(OTHERS.replace(":", ""))

    server.configure(
        of_subnet=of_subnet(host(OTHERS, ip_address=OUTSIDE)), host_reservation_identifiers=["flex-id", "hw-address"]
    )
    server.hook(host4_identifier=host4_identifier)
    assert (await dora(client)).address == OUTSIDE


async def test_several_hosts_with_one_address(server: ServerUnderTest, client: Client, other: Client) -> None:
    hosts = [host(ip_address=OUTSIDE), host(OTHERS, ip_address=OUTSIDE)]
    server.configure(of_subnet={"reservations": hosts}, ip_reservations_unique=False)
    assert (await dora(client)).address == OUTSIDE
    assert (await dora(other)).address == "192.0.2.10"
    await client.send(7, ciaddr=OUTSIDE, destination=SERVER)
    server.now += 1
    assert (await dora(other)).address == OUTSIDE


async def test_options_and_header_fields(server: ServerUnderTest, client: Client, other: Client) -> None:
    """The reservation's first, then the pool's, the subnet's and so on; the same for a DHCPINFORM."""
    server.configure(
        of_subnet={
            "reservations": [
                host(
                    option_data=[
                        option("domain-name-servers", "192.0.2.53"),
                        option("log-servers", "192.0.2.7", always_send=True),
                        option("ntp-servers", "192.0.2.8", never_send=True),
                    ],
                    next_server="192.0.2.9",
                    server_hostname="files",
                    boot_file_name="/mine",
                )
            ],
            "next-server": "192.0.2.3",
            "boot-file-name": "/all",
            "pools": [
                {
                    "pool": "192.0.2.10 - 192.0.2.20",
                    "option-data": [option("domain-name-servers", "192.0.2.54"), option("ntp-servers", "192.0.2.55")],
                }
            ],
        }
    )
    informed = await client.send(8, ciaddr="192.0.2.77", destination=SERVER, prl=[6, 42])
    assert informed is not None
    for ack in (await dora(client, prl=[6, 42]), informed):
        assert ack.options[6] == parse_ip4("192.0.2.53").to_bytes(4, "big")
        assert ack.options[7] == parse_ip4("192.0.2.7").to_bytes(4, "big")
        assert 42 not in ack.options
        packet = ack.packet
        assert (text_ip4(packet.siaddr), packet.sname.rstrip(b"\0"), packet.file.rstrip(b"\0")) == (
            "192.0.2.9",
            b"files",
            b"/mine",
        )
    ack = await dora(other, prl=[6, 42])
    assert ack.options[6] == parse_ip4("192.0.2.54").to_bytes(4, "big")
    assert ack.options[42] == parse_ip4("192.0.2.55").to_bytes(4, "big")
    assert 7 not in ack.options
    packet = ack.packet
    assert (text_ip4(packet.siaddr), packet.sname.rstrip(b"\0"), packet.file.rstrip(b"\0")) == (
        "192.0.2.3",
        b"",
        b"/all",
    )


@pytest.mark.parametrize(("reserved", "asked", "code", "said", "stored"), [
    ("Desk.Example.org", {}, 12, b"desk.example.org", "desk.example.org"),
    ("desk.", {}, 12, b"desk", "desk"),
    ("desk", {12: b"own"}, 12, b"desk", "desk"),
    ("Desk", {81: b"\4\0\0\3own\0"}, 81, b"\x0c\0\0\4desk\0", "desk."),
    ("desk", {81: b"\1\0\0own"}, 81, b"\x0a\0\0desk.", "desk."),
    ("d" * 64, {81: b"\1\0\0own"}, 81, None, ""),
    ("a..b", {81: b"\1\0\0own"}, 81, None, ""),
    (".", {12: b"own"}, 12, None, ""),
])  # fmt: skip
async def test_its_name_comes_before_the_clients(
    server: ServerUnderTest,
    client: Client,
    reserved: str,
    asked: dict[int, bytes],
    code: int,
    said: bytes | None,
    stored: str,
) -> None:
    server.configure(of_subnet={"reservations": [host(hostname=reserved)]})
    ack = await dora(client, options=asked)
    assert ack.options.get(code) == said
    lease = await server.lease("192.0.2.10")
    assert lease is not None
    assert lease.hostname == stored


class TestSharedNetworks:
    """Several subnets on one link: what is reserved in any of them counts."""

    async def test_in_another_subnet_of_the_link(self, server: ServerUnderTest, client: Client, other: Client) -> None:
        server.configure(networks=link({}, {"reservations": [host(ip_address="192.0.3.5", hostname="three")]}))
        ack = await dora(client)
        assert (ack.address, ack.options[12]) == ("192.0.3.5", b"three")
        assert (await dora(other)).address == "192.0.2.10"
        lease = await server.lease("192.0.3.5")
        assert lease is not None
        assert lease.subnet_id == 3

    async def test_nobody_is_given_what_is_reserved_in_any_of_them(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.configure(networks=link({}, {"reservations": [host(ip_address="192.0.3.10")]}))
        assert kind(await other.request(requested="192.0.3.10", server_id=SERVER)) == NAK
        assert (await dora(other, requested="192.0.3.10")).address == "192.0.3.11"
        assert (await dora(client)).address == "192.0.3.10"

    async def test_the_name_is_that_of_the_subnet_of_the_lease(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(
            networks=link(
                {"reservations": [host(hostname="two")], "pools": []}, {"reservations": [host(hostname="three")]}
            )
        )
        ack = await dora(client)
        assert (ack.address, ack.options[12]) == ("192.0.3.10", b"three")
        server.configure(networks=link({"reservations": [host(hostname="two")], "pools": []}, {}))
        server.now += 2000
        renewed = await client.renew("192.0.3.10", options={12: b"own"})
        assert renewed is not None
        assert renewed.options[12] == b"own"

    async def test_global_ones_count_where_the_selected_subnet_says_so(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        everywhere = [host(ip_address="192.0.3.5")]
        for flags, address in [((True, True), "192.0.3.5"), ((False, True), None), ((True, False), None)]:
            networks = link(*({"reservations-global": flag} for flag in flags))
            server.configure(networks=networks, reservations=everywhere)
            offer = await client.discover()
            assert offer is not None
            assert (offer.address == "192.0.3.5") == (address is not None), flags

    async def test_a_conflict_counts_where_the_lease_is(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(networks=link({}, {"reservations": [host(ip_address="192.0.3.12")]}))
        await server.put("192.0.3.12", subnet_id=3)
        await dora(client)
        assert server.counted("subnet[2].v4-reservation-conflicts", "subnet[3].v4-reservation-conflicts") == {
            "subnet[2].v4-reservation-conflicts": 0,
            "subnet[3].v4-reservation-conflicts": 1,
        }


ADDRESSES = [f"192.0.2.{last}" for last in (5, 10, 11, 12, 13)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    owners=st.dictionaries(st.sampled_from(ADDRESSES), st.integers(1, 4), max_size=3),
    steps=st.lists(
        st.tuples(
            st.integers(1, 4),
            st.sampled_from(["discover", "request", "renew", "release", "decline", "later"]),
            st.sampled_from(["", *ADDRESSES]),
        ),
        min_size=5,
        max_size=25,
    ),
)
async def test_nobody_ever_gets_what_is_anothers(
    log: LogFile, owners: dict[str, int], steps: list[tuple[int, str, str]]
) -> None:
    """Whatever clients ask for, and however the reserved addresses fared before."""
    server = ServerUnderTest()
    by_owner = {owner: address for address, owner in owners.items()}
    hosts = [host(f"02:00:00:00:00:0{owner}", ip_address=address) for owner, address in by_owner.items()]
    server.configure(pool="192.0.2.10 - 192.0.2.14", of_subnet={"reservations": hosts})
    for number, what, address in steps:
        client = Client(server, f"02:00:00:00:00:0{number}")
        reply = None
        if what == "discover":
            reply = await client.discover(requested=address)
        elif what == "request":
            reply = await client.request(requested=address, server_id=SERVER)
        elif what == "renew" and address:
            reply = await client.renew(address)
        elif what == "release" and address:
            await client.send(7, ciaddr=address, destination=SERVER)
        elif what == "decline" and address:
            await client.send(4, requested=address)
        elif what == "later":
            server.now += 3000
        if reply is None or reply.type == NAK:
            continue
        mine = by_owner.get(number)
        if what == "discover" and mine is not None and reply.address != mine:
            assert await server.lease(mine) is not None  # somebody has declined it, or still has it
        assert reply.address not in {reserved for owner, reserved in by_owner.items() if owner != number}
    await server.store.close()
