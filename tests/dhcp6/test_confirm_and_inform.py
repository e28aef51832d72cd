"""CONFIRM and INFORMATION-REQUEST (RFC 8415 sections 18.3.3 and 18.3.6), and what no server answers."""

from __future__ import annotations

import pytest

from kead.dhcp6.associations import Status
from kead.dhcp6.packet import CONFIRM, INFORMATION_REQUEST, REPLY
from tests.dhcp6.conversation import SERVER_DUID, Client, ServerUnderTest, option
from tests.dhcp6.test_solicit import NETWORK


async def test_addresses_on_the_link(client: Client) -> None:
    reply = await client.confirm(nas={1: ["2001:db8:1::99"], 2: ["2001:db8:1::98"]})
    assert reply is not None
    assert reply.type == REPLY
    assert reply.status == Status(0, "All addresses are on-link")
    assert reply.codes == [1, 2, 13]


async def test_one_address_that_is_not(client: Client) -> None:
    reply = await client.confirm(nas={1: ["2001:db8:1::99"], 2: ["2001:db8:2::98"]})
    assert reply is not None
    assert reply.status == Status(4, "Address 2001:db8:2::98 is not on link.")


async def test_another_subnet_of_the_network_is_another_link(server: ServerUnderTest, client: Client) -> None:
    server.configure(networks=NETWORK)
    reply = await client.confirm(na=["2001:db8:2::98"])
    assert reply is not None
    assert reply.status == Status(4, "Address 2001:db8:2::98 is not on link.")


async def test_no_subnet(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"interface": "eth9"})
    reply = await client.confirm(na=["2001:db8:1::98"])
    assert reply is not None
    assert reply.status == Status(4, "No subnet selected")


async def test_nothing_to_confirm(server: ServerUnderTest, client: Client) -> None:
    assert await client.confirm(na=[]) is None
    assert await client.confirm(pd=["2001:db8:8000::/56"]) is None
    assert await client.confirm() is None
    assert server.count("pkt6-confirm-received") == 3


async def test_a_confirm_gets_options(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=[option("dns-servers", "2001:db8::53")])
    reply = await client.confirm(na=["2001:db8:1::98"], oro=[23])
    assert reply is not None
    assert 23 in reply.options


async def test_information(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=[option("dns-servers", "2001:db8::53"), option("information-refresh-time", "600")])
    reply = await client.inform(oro=[23, 32], na=[])
    assert reply.codes == [1, 2, 23, 32]


async def test_information_for_nobody_in_particular(server: ServerUnderTest) -> None:
    assert (await Client(server, b"").inform()).codes == [2]
    assert (await Client(server, b"").inform(server_id=SERVER_DUID)).codes == [2]


async def test_information_without_a_subnet(server: ServerUnderTest, client: Client) -> None:
    one = [option("dns-servers", "2001:db8::1")]
    server.configure(option_data=one, of_subnet={"interface": "eth9", "option-data": [option("sntp-servers", "::2")]})
    assert (await client.inform(oro=[23, 31])).codes == [1, 2, 23]


@pytest.mark.parametrize("kind", [CONFIRM, INFORMATION_REQUEST])
async def test_to_a_servers_own_address(server: ServerUnderTest, client: Client, kind: int) -> None:
    assert await client.send(kind, na=["2001:db8:1::9"], destination="2001:db8:1::1") is None
    assert server.counted() == {"pkt6-rfc-violation": 1, "pkt6-receive-drop": 1}


@pytest.mark.parametrize("kind", [2, 7, 10, 14, 20, 99])
async def test_what_clients_do_not_send(server: ServerUnderTest, client: Client, kind: int) -> None:
    assert await client.send(kind) is None
    assert server.counted() == {"pkt6-receive-drop": 1}


@pytest.mark.parametrize("data", [b"", b"\1\0\0", b"\1\0\0\1\0\3\0\4\0\0\0\1", b"\x0c" + bytes(33)])
async def test_bytes_that_are_no_packet(server: ServerUnderTest, data: bytes) -> None:
    assert await server.exchange(server.datagram(data)) == []
    assert server.counted() == {"pkt6-parse-failed": 1, "pkt6-receive-drop": 1}
    assert server.count("pkt6-received") == 1


async def test_a_relays_header_cut_short_is_a_message_of_an_unknown_type(server: ServerUnderTest) -> None:
    assert await server.exchange(server.datagram(b"\x0c" + bytes(20))) == []
    assert server.counted() == {"pkt6-receive-drop": 1}
    assert server.count("pkt6-unknown-received") == 1
