"""Which address a client gets, and what becomes of leases meanwhile."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from kead.dhcp4.packet import ACK, NAK
from kead.leases.lease4 import INFINITE, State
from tests.dhcp4.conversation import MAC, NOW, SERVER, Client, ServerUnderTest, option


class TestWhoIsWho:
    async def test_a_client_that_begins_to_send_an_identifier_keeps_its_lease(self, server: ServerUnderTest) -> None:
        address = await Client(server).bind()
        server.now += 1
        assert await Client(server, MAC, b"\1new").bind() == address
        lease = await server.lease(address)
        assert lease is not None
        assert lease.client_id == b"\1new"

    async def test_another_identifier_is_another_client(self, server: ServerUnderTest) -> None:
        one = await Client(server, MAC, b"\1one").bind()
        assert await Client(server, MAC, b"\1two").bind() != one

    async def test_without_identifier_the_hardware_address_will_do(self, server: ServerUnderTest) -> None:
        one = await Client(server, MAC, b"\1one").bind()
        assert await Client(server, MAC).bind() == one

    async def test_the_identifier_counts_more_than_the_card(self, server: ServerUnderTest) -> None:
        address = await Client(server, MAC, b"\1one").bind()
        assert await Client(server, "02:00:00:00:00:77", b"\1one").bind() == address
        lease = await server.lease(address)
        assert lease is not None
        assert lease.hwaddr.hex() == "020000000077"

    async def test_the_same_bytes_of_another_hardware_type_are_another_client(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        assert await client.bind() != await client.bind(htype=6)

    async def test_without_match_client_id_only_the_card_counts(self, server: ServerUnderTest) -> None:
        server.configure(match_client_id=False)
        one = await Client(server, MAC, b"\1one").bind()
        assert await Client(server, MAC, b"\1two").bind() == one
        assert await Client(server, "02:00:00:00:00:77", b"\1one").bind() != one
        lease = await server.lease(one)
        assert lease is not None
        assert lease.client_id == b""

    async def test_without_a_card_the_identifier_counts_all_the_same(self, server: ServerUnderTest) -> None:
        """Else the lease would be nobody's, and could not be loaded again."""
        server.configure(match_client_id=False)
        one = await Client(server, b"", b"\1one").bind()
        two = await Client(server, b"", b"\1two").bind()
        assert one != two
        assert await Client(server, b"", b"\1one").bind() == one
        lease = await server.lease(one)
        assert lease is not None
        assert (lease.hwaddr, lease.client_id) == (b"", b"\1one")


class TestAddresses:
    async def test_the_lease_of_another_client_that_has_ended(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        server.configure(pool="192.0.2.10 - 192.0.2.10", valid_lifetime=100)
        await client.bind()
        server.now += 100
        assert await other.discover() is None, "a lease lasts to the end of its last second"
        server.now += 1
        assert await other.bind() == "192.0.2.10"
        counts = server.counted("assigned-addresses", "reclaimed-leases", "cumulative-assigned-addresses")
        assert list(counts.values()) == [1, 1, 2]
        assert [row[1] for row in server.rows()] == ["02:00:00:00:00:01", "02:00:00:00:00:02"]

    async def test_the_own_lease_that_has_ended(self, server: ServerUnderTest, client: Client) -> None:
        await client.bind(requested="192.0.2.17")
        server.now += 5000
        assert await client.bind() == "192.0.2.17"
        counts = server.counted("assigned-addresses", "reclaimed-leases", "cumulative-assigned-addresses")
        assert list(counts.values()) == [1, 1, 2]

    async def test_the_own_lease_that_is_reclaimed_is_not_reclaimed_again(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        lease = await server.put("192.0.2.17", hwaddr=MAC, valid_lifetime=10)
        reclaimed = lease.copy()
        reclaimed.state = State.RECLAIMED
        assert await server.store.update(reclaimed, lease)
        server.tally.reclaimed(lease)
        server.dispatcher.make_durable()
        server.now += 20
        assert await client.bind() == "192.0.2.17"
        counts = server.counted("assigned-addresses", "reclaimed-leases", "cumulative-assigned-addresses")
        assert list(counts.values()) == [1, 1, 2]

    async def test_the_old_lease_goes_after_the_new_one_is_stored(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        old = await client.bind()
        ack = await client.request(requested="192.0.2.17", server_id=SERVER)
        assert ack is not None
        assert ack.address == "192.0.2.17"
        assert await server.lease(old) is None
        assert [(row[0], row[3]) for row in server.rows()[-2:]] == [("192.0.2.17", "4000"), (old, "0")]
        assert server.count("assigned-addresses") == 1

    async def test_a_client_that_is_refused_keeps_its_old_lease(self, server: ServerUnderTest, client: Client) -> None:
        old = await client.bind()
        await server.put("192.0.2.17")
        nak = await client.request(requested="192.0.2.17", server_id=SERVER)
        assert nak is not None
        assert nak.type == NAK
        assert await server.lease(old) is not None

    async def test_first_and_last_of_24_are_passed_over_but_given_to_who_asks(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        server.configure(pool="192.0.2.0 - 192.0.2.2", compatibility={"exclude-first-last-24": True})
        offers = [await client.discover() for _ in range(3)]
        assert {offer.address for offer in offers if offer} == {"192.0.2.1", "192.0.2.2"}
        asked = await client.discover(requested="192.0.2.0")
        assert asked is not None
        assert asked.address == "192.0.2.0"

    async def test_pools_are_used_in_address_order(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(pools=[{"pool": "192.0.2.50/32"}, {"pool": "192.0.2.10/32"}, {"pool": "192.0.2.20/32"}])
        offers = [await client.discover() for _ in range(4)]
        assert [offer.address for offer in offers if offer] == ["192.0.2.10", "192.0.2.20", "192.0.2.50", "192.0.2.10"]

    @pytest.mark.parametrize("allocator", ["random", "flq"])
    async def test_other_allocators_exhaust_the_pool_too(self, server: ServerUnderTest, allocator: str) -> None:
        server.configure(allocator=allocator, pool="192.0.2.10 - 192.0.2.13")
        bound = {await Client(server, bytes((2, 0, 0, 0, 1, n))).bind() for n in range(4)}
        assert len(bound) == 4
        assert await Client(server, bytes((2, 0, 0, 0, 1, 9))).discover() is None


class TestSharedNetwork:
    @pytest.fixture(autouse=True)
    def floor(self, server: ServerUnderTest) -> None:
        subnets = [
            {"id": 1, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10 - 192.0.2.10"}]},
            {
                "id": 2,
                "subnet": "198.51.100.0/24",
                "pools": [{"pool": "198.51.100.10 - 198.51.100.19"}],
                "option-data": [option("routers", "198.51.100.1")],
            },
        ]
        server.configure(networks=[{"name": "floor", "subnet4": subnets}])

    async def test_the_next_subnet_when_the_first_is_full(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        assert await client.bind() == "192.0.2.10"
        offer = await other.discover()
        assert offer is not None
        assert offer.address == "198.51.100.10"
        assert offer.options[3] == bytes([198, 51, 100, 1])
        assert server.count("v4-allocation-fail") == 0

    async def test_the_search_begins_where_it_was_successful_last(
        self, server: ServerUnderTest, client: Client, other: Client
    ) -> None:
        first = await client.bind()
        assert await other.bind() == "198.51.100.10"
        await client.release(first)
        server.now += 1
        assert await Client(server, "02:00:00:00:00:03").bind() == "198.51.100.11"

    async def test_each_failure_counts_where_its_search_ended(self, server: ServerUnderTest, client: Client) -> None:
        first = {"id": 1, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10/32"}]}
        last = {"id": 2, "subnet": "198.51.100.0/24", "pools": [{"pool": "198.51.100.10/32"}]}
        server.configure(networks=[{"name": "floor", "subnet4": [first, last]}])
        for number in range(2):
            await Client(server, bytes((2, 0, 0, 0, 1, number))).bind()
        for _ in range(3):
            assert await client.discover() is None
        names = [f"subnet[{number}].v4-allocation-fail-shared-network" for number in (1, 2)]
        assert server.counted(*names) == dict(zip(names, (2, 1), strict=True))

    async def test_an_address_of_a_sibling_may_be_asked_for(self, client: Client) -> None:
        ack = await client.request(requested="198.51.100.17", server_id=SERVER)
        assert ack is not None
        assert (ack.type, ack.address) == (ACK, "198.51.100.17")

    async def test_a_lease_in_a_sibling_is_the_clients_own(self, client: Client) -> None:
        await client.bind(requested="198.51.100.17")
        offer = await client.discover()
        assert offer is not None
        assert offer.address == "198.51.100.17"
        reboot = await client.request(requested="192.0.2.10")
        assert reboot is not None
        assert reboot.type == NAK

    async def test_moving_to_a_sibling_ends_the_old_lease(self, server: ServerUnderTest, client: Client) -> None:
        old = await client.bind()
        ack = await client.request(requested="198.51.100.17", server_id=SERVER)
        assert ack is not None
        assert await server.lease(old) is None
        assert server.counted("subnet[1].assigned-addresses", "subnet[2].assigned-addresses") == {
            "subnet[1].assigned-addresses": 0,
            "subnet[2].assigned-addresses": 1,
        }


class TestReuse:
    """cache-threshold: a fresh lease is given once more without being stored."""

    async def renewed(self, server: ServerUnderTest, client: Client, after: int, **about: Any) -> tuple[int, bool]:
        """The lifetime that a renewal after so many seconds gets, and whether it was stored."""
        address = await client.bind()
        rows = len(server.rows())
        server.now += after
        ack = await client.renew(address, **about)
        assert ack is not None
        assert ack.type == ACK
        stored = len(server.rows()) > rows
        assert server.count("v4-lease-reuses") == (not stored)
        return ack.lifetime, stored

    async def test_on_by_default_for_a_quarter(self, server: ServerUnderTest, client: Client) -> None:
        assert await self.renewed(server, client, 1000) == (3000, False)

    async def test_and_not_longer(self, server: ServerUnderTest, client: Client) -> None:
        assert await self.renewed(server, client, 1001) == (4000, True)

    async def test_timers_follow_the_full_lifetime(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(calculate_tee_times=True)
        address = await client.bind()
        server.now += 900
        ack = await client.renew(address)
        assert ack is not None
        assert ack.options[58] == (2000).to_bytes(4, "big")

    async def test_off(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(cache_threshold=0.0)
        assert await self.renewed(server, client, 1) == (4000, True)

    @pytest.mark.parametrize(("most", "stored"), [(0, True), (99, True), (100, False)])
    async def test_a_greatest_age(self, server: ServerUnderTest, client: Client, most: int, stored: bool) -> None:
        server.configure(cache_max_age=most)
        assert (await self.renewed(server, client, 100))[1] is stored

    async def test_infinite_leases_always(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(valid_lifetime=INFINITE)
        assert await self.renewed(server, client, 10**8) == (INFINITE, False)

    @pytest.mark.parametrize(
        "change",
        [
            {"options": {61: b"\1now"}},
            {"options": {12: b"now-named"}},
            {"options": {51: (300).to_bytes(4, "big")}},
        ],
    )
    async def test_not_when_anything_else_changes(
        self, server: ServerUnderTest, client: Client, change: dict[str, Any]
    ) -> None:
        server.configure(min_valid_lifetime=100)
        assert (await self.renewed(server, client, 10, **change))[1] is True

    async def test_not_when_the_relay_agent_says_something_new(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(store_extended_info=True)
        relayed = {"giaddr": "192.0.2.2", "options": {82: b"\1\2ab"}}
        address = await client.bind(**relayed)
        rows = len(server.rows())
        server.now += 10
        await client.renew(address, **relayed)
        assert len(server.rows()) == rows
        await client.renew(address, giaddr="192.0.2.2", options={82: b"\1\2xy"})
        assert len(server.rows()) == rows + 1

    async def test_not_when_the_lease_has_ended(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(cache_threshold=0.99, valid_lifetime=100)
        assert await self.renewed(server, client, 101) == (100, True)


class TestExtendedInfo:
    RELAYED: ClassVar[dict[str, Any]] = {"giaddr": "192.0.2.2", "options": {82: b"\2\3\xaa\xbb\xcc\x0c\2\xdd\xee"}}

    async def test_what_the_relay_agent_said_is_kept(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(store_extended_info=True)
        address = await client.bind(**self.RELAYED)
        lease = await server.lease(address)
        assert lease is not None
        assert lease.user_context == (
            '{"ISC":{"relay-agent-info":{"relay-id":"DDEE","remote-id":"AABBCC","sub-options":"0x0203AABBCC0C02DDEE"}}}'
        )

    async def test_a_renewal_past_the_relay_agent_gets_it_back(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(store_extended_info=True, stash_agent_options=True, cache_threshold=0.0)
        address = await client.bind(**self.RELAYED)
        seen: list[bytes] = []
        server.hook(pkt4_receive=lambda c: seen.append(c.query4.options.get(82, b"")))
        ack = await client.renew(address)
        assert ack is not None
        assert seen == [self.RELAYED["options"][82]]
        assert 82 not in ack.options

    async def test_not_for_another_client(self, server: ServerUnderTest, client: Client, other: Client) -> None:
        server.configure(store_extended_info=True, stash_agent_options=True)
        address = await client.bind(**self.RELAYED)
        seen: list[bytes] = []
        server.hook(pkt4_receive=lambda c: seen.append(c.query4.options.get(82, b"")))
        await other.renew(address)
        server.now += 5000
        await client.renew(address)
        assert seen == [b"", b""]


class TestLifetimes:
    async def test_what_the_client_asks_for_within_bounds(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(min_valid_lifetime=1000, max_valid_lifetime=9000)
        for asked, given in ((0, 4000), (5000, 5000), (10, 1000), (INFINITE, 9000)):
            ack = await client.request(requested="192.0.2.15", server_id=SERVER, options={51: asked.to_bytes(4, "big")})
            assert ack is not None
            assert ack.lifetime == given
            lease = await server.lease("192.0.2.15")
            assert lease is not None
            assert (lease.valid_lifetime, lease.cltt) == (given, NOW)
