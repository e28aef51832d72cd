"""REQUEST: which of four states the client is in, and what it gets (RFC 2131 section 4.3.2)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from kead.dhcp4.packet import ACK, NAK
from kead.wire.address import parse_ip4
from tests.dhcp4.conversation import MAC, NOW, SERVER, Client, LogFile, Reply, ServerUnderTest, interface, option

Ask = Callable[[Client, str], Coroutine[Any, Any, Reply | None]]


async def selecting(client: Client, address: str) -> Reply | None:
    return await client.request(requested=address, server_id=SERVER)


async def renewing(client: Client, address: str) -> Reply | None:
    return await client.renew(address)


async def rebinding(client: Client, address: str) -> Reply | None:
    return await client.rebind(address)


async def rebooting(client: Client, address: str) -> Reply | None:
    return await client.request(requested=address)


STATES = pytest.mark.parametrize("ask", [selecting, renewing, rebinding])


def kind(reply: Reply | None) -> int | None:
    return None if reply is None else reply.type


async def test_the_usual_way(server: ServerUnderTest, client: Client) -> None:
    server.configure(renew_timer=1000, rebind_timer=2000)
    offer = await client.discover()
    ack = await client.request(offer)
    assert ack is not None
    assert (ack.type, ack.address, ack.lifetime) == (ACK, "192.0.2.10", 4000)
    assert ack.options[58] == (1000).to_bytes(4, "big")
    assert ack.options[59] == (2000).to_bytes(4, "big")
    assert server.rows() == [
        ["192.0.2.10", "02:00:00:00:00:01", "", "4000", str(NOW + 4000), "1", "0", "0", "", "0", "", "0"]
    ]
    assert server.counted("assigned-addresses", "subnet[1].assigned-addresses", "subnet[1].pool[0].assigned-addresses")
    assert server.count("subnet[1].pool[0].cumulative-assigned-addresses") == 1


@STATES
class TestAddresses:
    """What becomes of a request for an address, whatever the state."""

    async def test_in_a_pool_and_free(self, client: Client, ask: Ask) -> None:
        ack = await ask(client, "192.0.2.15")
        assert ack is not None
        assert (ack.type, ack.address) == (ACK, "192.0.2.15")

    async def test_leased_to_another(self, server: ServerUnderTest, client: Client, ask: Ask) -> None:
        await server.put("192.0.2.15")
        assert kind(await ask(client, "192.0.2.15")) == NAK
        assert server.count("pkt4-nak-sent") == 1
        assert server.count("v4-allocation-fail") == 0

    async def test_declined(self, server: ServerUnderTest, client: Client, ask: Ask) -> None:
        await server.put("192.0.2.15", hwaddr=b"", state=1, valid_lifetime=86400)
        assert kind(await ask(client, "192.0.2.15")) == NAK
        server.now += 86401
        assert kind(await ask(client, "192.0.2.15")) == ACK

    @pytest.mark.parametrize("state", [0, 2, 3])
    async def test_ended(self, server: ServerUnderTest, client: Client, ask: Ask, state: int) -> None:
        await server.put("192.0.2.15", valid_lifetime=10, state=state)
        server.now += 11
        ack = await ask(client, "192.0.2.15")
        assert kind(ack) == ACK
        lease = await server.lease("192.0.2.15")
        assert lease is not None
        assert lease.hwaddr == MAC

    @pytest.mark.parametrize("address", ["192.0.2.200", "10.9.9.9"])
    async def test_in_no_pool(self, server: ServerUnderTest, client: Client, ask: Ask, address: str) -> None:
        query = {"source": "192.0.2.99"} if ask is renewing else {}
        if ask is selecting:
            reply = await selecting(client, address)
        elif ask is renewing:
            reply = await client.renew(address, giaddr="192.0.2.2", **query)
        else:
            reply = await rebinding(client, address)
        assert reply is None
        assert server.rows() == []

    async def test_in_no_pool_and_leased_to_another(self, server: ServerUnderTest, client: Client, ask: Ask) -> None:
        await server.put("192.0.2.200", subnet_id=7)
        assert kind(await ask(client, "192.0.2.200")) == NAK

    async def test_the_own_one_whose_pool_has_moved_away(
        self, server: ServerUnderTest, client: Client, ask: Ask
    ) -> None:
        await client.bind()
        server.configure(pool="192.0.2.100 - 192.0.2.110")
        assert await ask(client, "192.0.2.10") is None
        offer = await client.discover()
        assert offer is not None
        assert offer.address == "192.0.2.100"
        assert kind(await client.request(offer)) == ACK
        assert await server.lease("192.0.2.10") is None
        assert server.count("assigned-addresses") == 1


class TestInitReboot:
    async def test_the_own_address(self, client: Client) -> None:
        address = await client.bind()
        ack = await rebooting(client, address)
        assert ack is not None
        assert (ack.type, ack.address) == (ACK, address)

    @pytest.mark.parametrize("authoritative", [False, True])
    async def test_another_address_than_the_own(
        self, server: ServerUnderTest, client: Client, authoritative: bool
    ) -> None:
        server.configure(authoritative=authoritative)
        await client.bind()
        for address in ("192.0.2.11", "10.9.9.9"):
            assert kind(await rebooting(client, address)) == NAK

    async def test_an_unknown_client(self, server: ServerUnderTest, client: Client) -> None:
        assert await rebooting(client, "192.0.2.15") is None
        server.configure(authoritative=True)
        assert kind(await rebooting(client, "192.0.2.15")) == NAK

    async def test_an_address_of_another_network_is_refused(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(subnet="192.0.2.0/24", pool="192.0.2.10 - 192.0.2.20", authoritative=True)
        assert kind(await client.request(requested="10.9.9.9")) == NAK

    async def test_a_lease_that_has_ended_is_remembered(self, server: ServerUnderTest, client: Client) -> None:
        address = await client.bind()
        server.now += 5000
        assert kind(await rebooting(client, address)) == ACK
        assert kind(await client.release(address)) is None
        assert kind(await rebooting(client, address)) == ACK

    async def test_no_subnet(self, server: ServerUnderTest, client: Client) -> None:
        server.channel.interface = interface(address="10.0.0.1")
        assert await rebooting(client, "192.0.2.15") is None
        server.configure(authoritative=True)
        assert kind(await rebooting(client, "192.0.2.15")) == NAK


class TestNoSubnet:
    @pytest.fixture(autouse=True)
    def elsewhere(self, server: ServerUnderTest) -> None:
        server.channel.interface = interface(address="10.0.0.1")

    async def test_selecting_is_refused(self, server: ServerUnderTest, client: Client, log: LogFile) -> None:
        assert kind(await selecting(client, "192.0.2.15")) == NAK
        assert "DHCP4_PACKET_NAK_0001" in log

    async def test_renewing_is_refused(self, client: Client) -> None:
        assert kind(await renewing(client, "10.9.9.9")) == NAK

    async def test_rebinding_is_ignored(self, server: ServerUnderTest, client: Client) -> None:
        for authoritative in (False, True):
            server.configure(authoritative=authoritative)
            assert await rebinding(client, "10.9.9.9") is None


class TestNoAddressNamed:
    """Kea's extension: neither option 50 nor ciaddr."""

    @pytest.mark.parametrize("server_id", ["", SERVER])
    async def test_any_address_will_do(self, client: Client, server_id: str) -> None:
        ack = await client.request(server_id=server_id)
        assert ack is not None
        assert (ack.type, ack.address) == (ACK, "192.0.2.10")

    async def test_the_own_one_first(self, client: Client) -> None:
        await client.bind(requested="192.0.2.17")
        ack = await client.request()
        assert ack is not None
        assert ack.address == "192.0.2.17"

    async def test_a_new_one_when_the_pool_of_the_own_has_moved(self, server: ServerUnderTest, client: Client) -> None:
        await client.bind()
        server.configure(pool="192.0.2.100 - 192.0.2.110")
        ack = await client.request()
        assert ack is not None
        assert ack.address == "192.0.2.100"
        assert await server.lease("192.0.2.10") is None

    async def test_none_left_is_refused(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(pool="192.0.2.10 - 192.0.2.10")
        await server.put("192.0.2.10")
        assert kind(await client.request()) == NAK
        assert server.count("v4-allocation-fail") == 1


class TestServerIdentifier:
    async def test_a_foreign_one_means_another_server(self, server: ServerUnderTest, client: Client) -> None:
        assert await client.request(requested="192.0.2.15", server_id="192.0.2.254") is None
        assert server.counted() == {"pkt4-not-for-us": 1, "pkt4-receive-drop": 1}

    async def test_none_at_all(self, client: Client) -> None:
        assert kind(await client.request(requested="192.0.2.15", server_id="0.0.0.0")) == ACK

    async def test_a_configured_one_and_the_own_addresses_are_accepted(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        server.configure(option_data=[option("dhcp-server-identifier", "9.9.9.9")])
        for server_id in ("9.9.9.9", SERVER):
            ack = await client.request(requested="192.0.2.15", server_id=server_id)
            assert ack is not None
            assert ack.options[54] == bytes([9, 9, 9, 9])

    async def test_what_the_relay_agent_overrides_is_accepted(self, client: Client) -> None:
        override = bytes([11, 4]) + parse_ip4("7.7.7.7").to_bytes(4, "big")
        about = {"requested": "192.0.2.15", "server_id": "7.7.7.7", "giaddr": "192.0.2.2"}
        ack = await client.request(**about, options={82: override})
        assert ack is not None
        assert ack.options[54] == parse_ip4(SERVER).to_bytes(4, "big")
        assert await client.request(**{**about, "server_id": "7.7.7.8"}, options={82: override}) is None

    async def test_it_may_be_ignored(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(compatibility={"ignore-dhcp-server-identifier": True})
        assert kind(await client.request(requested="192.0.2.15", server_id="192.0.2.254")) == ACK


class TestNak:
    async def test_it_says_little(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(
            next_server="192.0.2.7",
            option_data=[option("routers", "192.0.2.1", always_send=True)],
            echo_client_id=True,
        )
        await server.put("192.0.2.15")
        client.client_id = b"\1abc"
        nak = await client.request(
            requested="192.0.2.15", server_id=SERVER, prl=[3], options={12: b"me", 82: b"\1\2ab"}, giaddr="192.0.2.2"
        )
        assert nak is not None
        assert nak.codes == [53, 54, 61, 82]
        packet = nak.packet
        assert (packet.yiaddr, packet.ciaddr, packet.siaddr) == (0, 0, 0)

    async def test_ciaddr_is_not_copied(self, server: ServerUnderTest, client: Client) -> None:
        await server.put("192.0.2.15")
        nak = await renewing(client, "192.0.2.15")
        assert nak is not None
        assert nak.packet.ciaddr == 0


class TestV6OnlyPreferred:
    async def test_acknowledged_without_address_and_nothing_is_stored(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        server.configure(of_subnet={"option_data": [option("v6-only-preferred", "1800")]})
        ack = await client.request(requested="192.0.2.15", server_id=SERVER, prl=[108])
        assert ack is not None
        assert (ack.type, ack.address) == (ACK, "0.0.0.0")
        assert 51 not in ack.options
        assert server.rows() == []
