"""INFORM: configuration only (RFC 2131 section 4.3.5)."""

from __future__ import annotations

import pytest

from kead.dhcp4.packet import ACK
from kead.wire.address import parse_ip4
from tests.dhcp4.conversation import SERVER, Client, ServerUnderTest, interface, option

ROUTERS = option("routers", "192.0.2.1")


async def test_options_but_no_lease(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"option_data": [ROUTERS]}, renew_timer=10, rebind_timer=20)
    ack = await client.inform("192.0.2.200")
    assert ack is not None
    assert (ack.type, ack.address) == (ACK, "0.0.0.0")
    assert ack.packet.ciaddr == parse_ip4("192.0.2.200")
    assert ack.codes == [53, 3, 54]
    assert ack.destination == "192.0.2.200"
    assert ack.port == 68
    assert server.rows() == []


async def test_no_subnet_is_needed(server: ServerUnderTest, client: Client) -> None:
    server.channel.interface = interface(address="10.0.0.1")
    server.configure(of_subnet={"option_data": [ROUTERS]}, option_data=[option("domain-name", "example.org")])
    ack = await client.inform(source="10.7.7.7", destination=SERVER)
    assert ack is not None
    assert ack.codes == [53, 54], "who is not in our networks gets no options of theirs"


async def test_a_client_without_any_address_cannot_ask(server: ServerUnderTest, client: Client) -> None:
    assert await client.inform() is None
    assert server.counted() == {"pkt4-rfc-violation": 1, "pkt4-receive-drop": 1}


async def test_an_answer_to_the_client_itself_hides_the_relay_agent(client: Client) -> None:
    ack = await client.inform("192.0.2.200", giaddr="192.0.2.2", hops=3, options={82: b"\1\2ab"})
    assert ack is not None
    assert ack.destination == "192.0.2.200"
    packet = ack.packet
    assert (packet.giaddr, packet.hops) == (0, 0)
    assert 82 not in packet.options


async def test_an_answer_through_the_relay_agent_asks_for_a_broadcast(client: Client) -> None:
    ack = await client.inform(giaddr="192.0.2.2", options={82: b"\1\2ab"})
    assert ack is not None
    assert (ack.destination, ack.port) == ("192.0.2.2", 67)
    assert ack.packet.flags == 0x8000
    assert ack.options[82] == b"\1\2ab"


async def test_without_ciaddr_it_goes_to_where_it_came_from(client: Client) -> None:
    ack = await client.inform(source="192.0.2.77")
    assert ack is not None
    assert (ack.destination, ack.port) == ("192.0.2.77", 68)


@pytest.mark.parametrize("client_id", [b"", b"x", b"x" * 256])
async def test_a_client_identifier_of_no_length_counts_as_dropped_too(
    server: ServerUnderTest, client: Client, client_id: bytes
) -> None:
    """Kea's rule, for this type alone."""
    assert await client.inform("192.0.2.200", options={61: client_id}) is None
    assert server.counted() == {"pkt4-processing-failed": 1, "pkt4-receive-drop": 1}
