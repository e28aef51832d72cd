"""DISCOVER: an offer, or silence (RFC 2131 section 4.3.1)."""

from __future__ import annotations

import pytest

from kead.dhcp4.packet import OFFER
from kead.wire.address import parse_ip4
from tests.dhcp4.conversation import MAC, NOW, SERVER, Client, LogFile, ServerUnderTest, interface, option


async def test_an_offer_says_what_a_client_needs(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=[option("routers", "192.0.2.1"), option("domain-name-servers", "192.0.2.53")])
    offer = await client.discover()
    assert offer is not None
    assert offer.type == OFFER
    assert offer.address == "192.0.2.10"
    assert offer.lifetime == 4000
    assert offer.options[1] == parse_ip4("255.255.255.0").to_bytes(4, "big")
    assert offer.options[54] == parse_ip4(SERVER).to_bytes(4, "big")
    packet = offer.packet
    assert (packet.op, packet.xid, packet.hwaddr, packet.ciaddr) == (2, client.xid, MAC, 0)


async def test_nothing_is_stored_for_an_offer(server: ServerUnderTest, client: Client) -> None:
    assert await client.discover() is not None
    assert server.rows() == []
    assert len(server.store) == 0
    assert server.count("assigned-addresses") == 0


async def test_a_client_without_a_lease_is_offered_the_next_address_each_time(client: Client) -> None:
    offers = [await client.discover() for _ in range(12)]
    assert [int(offer.address.rpartition(".")[2]) for offer in offers if offer] == [*range(10, 21), 10]


async def test_a_free_address_that_is_asked_for_is_offered(client: Client) -> None:
    for hint in ({"requested": "192.0.2.17"}, {"ciaddr": "192.0.2.17"}):
        offer = await client.discover(**hint)
        assert offer is not None
        assert offer.address == "192.0.2.17"


@pytest.mark.parametrize("hint", ["192.0.2.9", "10.0.0.1", "192.0.2.15"])
async def test_an_unusable_hint_is_passed_over(server: ServerUnderTest, client: Client, hint: str) -> None:
    await server.put("192.0.2.15")
    offer = await client.discover(requested=hint)
    assert offer is not None
    assert offer.address == "192.0.2.10"


async def test_option_50_wins_over_ciaddr(client: Client) -> None:
    offer = await client.discover(requested="192.0.2.17", ciaddr="192.0.2.18")
    assert offer is not None
    assert offer.address == "192.0.2.17"


async def test_a_client_with_a_lease_is_offered_that_whatever_it_asks_for(client: Client) -> None:
    assert await client.bind(requested="192.0.2.17") == "192.0.2.17"
    offer = await client.discover(requested="192.0.2.12")
    assert offer is not None
    assert offer.address == "192.0.2.17"


async def test_an_offer_of_a_fresh_lease_says_how_much_of_it_is_left(server: ServerUnderTest, client: Client) -> None:
    await client.bind()
    server.now += 1000
    offer = await client.discover()
    assert offer is not None
    assert offer.lifetime == 3000
    assert server.count("v4-lease-reuses") == server.count("subnet[1].v4-lease-reuses") == 1
    server.now += 1
    offer = await client.discover()
    assert offer is not None
    assert offer.lifetime == 4000


async def test_without_a_subnet_there_is_silence(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    server.channel.interface = interface(address="10.0.0.1")
    assert await client.discover() is None
    assert "DHCP4_PACKET_NAK_0001" in log
    assert server.counted() == {}


async def test_with_a_server_identifier_it_is_refused(server: ServerUnderTest, client: Client) -> None:
    assert await client.discover(server_id=SERVER) is None
    assert server.counted() == {"pkt4-receive-drop": 1}


async def test_a_client_needs_an_identifier_or_a_hardware_address(server: ServerUnderTest) -> None:
    assert await Client(server, b"").discover() is None
    assert server.counted() == {"pkt4-receive-drop": 1}
    offer = await Client(server, b"", b"\0abc").discover()
    assert offer is not None


@pytest.mark.parametrize("client_id", [b"", b"x", b"x" * 256])
async def test_the_length_of_a_client_identifier(server: ServerUnderTest, client: Client, client_id: bytes) -> None:
    """2 to 255 bytes."""
    assert await client.discover(options={61: client_id}) is None
    assert server.counted() == {"pkt4-processing-failed": 1}
    for size in (2, 255):
        assert await client.discover(options={61: b"x" * size}) is not None


class TestFullPool:
    async def test_silence_and_statistics(self, server: ServerUnderTest, client: Client, log: LogFile) -> None:
        server.configure(pool="192.0.2.10 - 192.0.2.10")
        await server.put("192.0.2.10")
        assert await client.discover() is None
        failures = {
            "v4-allocation-fail": 1,
            "v4-allocation-fail-subnet": 1,
            "v4-allocation-fail-shared-network": 0,
            "v4-allocation-fail-no-pools": 0,
            "v4-allocation-fail-classes": 1,
        }
        assert server.counted(*failures) == failures
        in_subnet = {f"subnet[1].{name}": number for name, number in failures.items()}
        assert server.counted(*in_subnet) == in_subnet
        for message in ("FAIL", "FAIL_SUBNET", "FAIL_CLASSES"):
            assert f"ALLOC_ENGINE_V4_ALLOC_{message}" in log

    async def test_no_pool_at_all(self, server: ServerUnderTest, client: Client, log: LogFile) -> None:
        server.configure(pools=[])
        assert await client.discover() is None
        assert server.count("v4-allocation-fail-no-pools") == 1
        assert server.count("v4-allocation-fail") == 0
        assert "ALLOC_ENGINE_V4_ALLOC_FAIL_NO_POOLS" in log

    async def test_a_whole_network(self, server: ServerUnderTest, client: Client, log: LogFile) -> None:
        subnets = [
            {"id": 1, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10 - 192.0.2.10"}]},
            {"id": 2, "subnet": "198.51.100.0/24"},
        ]
        server.configure(networks=[{"name": "floor", "subnet4": subnets}])
        await server.put("192.0.2.10")
        assert await client.discover() is None
        assert server.count("v4-allocation-fail-shared-network") == 1
        assert server.count("v4-allocation-fail-subnet") == 0
        assert server.count("v4-allocation-fail-no-pools") == 0
        assert "ALLOC_ENGINE_V4_ALLOC_FAIL_SHARED_NETWORK" in log


class TestV6OnlyPreferred:
    PREFERRED = option("v6-only-preferred", "1800")

    async def test_no_address_but_the_option(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(option_data=[], of_subnet={"option_data": [self.PREFERRED]})
        offer = await client.discover(prl=[108])
        assert offer is not None
        assert offer.address == "0.0.0.0"
        assert offer.options[108] == (1800).to_bytes(4, "big")
        assert not {1, 51, 58, 59} & offer.options.keys()

    async def test_a_client_that_does_not_ask_gets_an_address(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(of_subnet={"option_data": [self.PREFERRED]})
        offer = await client.discover(prl=[1, 3])
        assert offer is not None
        assert offer.address == "192.0.2.10"

    async def test_globally_configured_it_means_nothing(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(option_data=[self.PREFERRED])
        offer = await client.discover(prl=[108])
        assert offer is not None
        assert offer.address == "192.0.2.10"

    @pytest.mark.parametrize("where", ["sibling", "network"])
    async def test_another_subnet_of_the_network_will_do(
        self, server: ServerUnderTest, client: Client, where: str
    ) -> None:
        has = {"option-data": [self.PREFERRED]}
        subnets = [
            {"id": 1, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10 - 192.0.2.20"}]},
            {"id": 2, "subnet": "198.51.100.0/24", **(has if where == "sibling" else {})},
        ]
        server.configure(networks=[{"name": "floor", "subnet4": subnets, **(has if where == "network" else {})}])
        offer = await client.discover(prl=[108])
        assert offer is not None
        assert offer.address == "0.0.0.0"
        assert 108 in offer.options


class TestOfferLifetime:
    """offer-lifetime: the offered address is held for so long."""

    @pytest.fixture(autouse=True)
    def holding(self, server: ServerUnderTest) -> None:
        server.configure(offer_lifetime=60)

    async def test_what_is_held_already_counts_as_reused(self, server: ServerUnderTest, client: Client) -> None:
        for _ in range(3):
            assert await client.discover() is not None
        assert server.count("v4-lease-reuses") == 2
        assert len(server.rows()) == 1

    async def test_the_lease_is_stored_for_that_long_but_the_real_lifetime_is_sent(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        offer = await client.discover()
        assert offer is not None
        assert offer.lifetime == 4000
        lease = await server.lease("192.0.2.10")
        assert lease is not None
        assert (lease.valid_lifetime, lease.cltt, lease.hwaddr) == (60, NOW, MAC)
        assert server.counted("assigned-addresses", "cumulative-assigned-addresses") == {
            "assigned-addresses": 1,
            "cumulative-assigned-addresses": 1,
        }

    async def test_the_same_client_is_offered_the_same(self, server: ServerUnderTest, client: Client) -> None:
        first, second = await client.discover(), await client.discover()
        assert first is not None
        assert second is not None
        assert first.address == second.address
        assert server.count("assigned-addresses") == 1

    async def test_the_request_is_not_counted_again(self, server: ServerUnderTest, client: Client) -> None:
        await client.bind()
        assert server.count("assigned-addresses") == server.count("cumulative-assigned-addresses") == 1
        lease = await server.lease("192.0.2.10")
        assert lease is not None
        assert lease.valid_lifetime == 4000

    async def test_a_lease_that_lasts_longer_is_not_shortened(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(offer_lifetime=60, cache_threshold=0.0)
        await client.bind()
        server.now += 100
        offer = await client.discover()
        assert offer is not None
        assert offer.lifetime == 4000
        lease = await server.lease("192.0.2.10")
        assert lease is not None
        assert (lease.valid_lifetime, lease.cltt) == (4000, NOW)

    async def test_what_nobody_requested_is_free_again(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.configure(pool="192.0.2.10 - 192.0.2.10", offer_lifetime=60)
        assert await client.discover() is not None
        assert await other.discover() is None
        server.now += 61
        offer = await other.discover()
        assert offer is not None
        assert offer.address == "192.0.2.10"

    async def test_an_expired_lease_is_reclaimed_before_its_address_is_held_for_another(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.configure(pool="192.0.2.10 - 192.0.2.10", offer_lifetime=60)
        await client.discover()
        server.now += 61
        await other.discover()
        assert server.counted("assigned-addresses", "reclaimed-leases", "cumulative-assigned-addresses") == {
            "assigned-addresses": 1,
            "reclaimed-leases": 1,
            "cumulative-assigned-addresses": 2,
        }
