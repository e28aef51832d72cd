"""DECLINE: somebody else uses the address; it rests (RFC 2131 section 4.3.3)."""

from __future__ import annotations

from kead.dhcp4.packet import NAK
from kead.leases.lease4 import State
from tests.dhcp4.conversation import MAC, NOW, Client, LogFile, ServerUnderTest


async def test_the_lease_forgets_its_client_and_rests(server: ServerUnderTest, client: Client) -> None:
    server.configure(decline_probation_period=600)
    client.client_id = b"\1abc"
    address = await client.bind(options={12: b"me"})
    server.now += 10
    assert await client.decline(address) is None
    lease = await server.lease(address)
    assert lease is not None
    assert (lease.state, lease.valid_lifetime, lease.cltt) == (State.DECLINED, 600, NOW + 10)
    assert (lease.hwaddr, lease.client_id, lease.hostname) == (b"", b"", "")
    for prefix in ("", "subnet[1].", "subnet[1].pool[0]."):
        assert server.count(prefix + "declined-addresses") == 1
        assert server.count(prefix + "assigned-addresses") == 1


async def test_nobody_gets_the_address_meanwhile(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(pool="192.0.2.10 - 192.0.2.11", decline_probation_period=600)
    address = await client.bind()
    await client.decline(address)
    assert await client.bind() == "192.0.2.11"
    assert await other.discover() is None
    nak = await other.request(requested=address, server_id="192.0.2.1")
    assert nak is not None
    assert nak.type == NAK


async def test_after_probation_it_is_given_out_and_counted_as_recovered(
    server: ServerUnderTest, client: Client, other: Client
) -> None:
    server.configure(pool="192.0.2.10 - 192.0.2.10", decline_probation_period=600)
    address = await client.bind()
    await client.decline(address)
    server.now += 601
    assert await other.bind() == address
    assert server.counted(
        "declined-addresses", "assigned-addresses", "reclaimed-declined-addresses", "reclaimed-leases"
    ) == {
        "declined-addresses": 0,
        "assigned-addresses": 1,
        "reclaimed-declined-addresses": 1,
        "reclaimed-leases": 1,
    }


async def test_it_must_name_an_address(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    assert await client.send(4, ciaddr=address) is None
    assert server.counted() == {"pkt4-receive-drop": 1}
    assert server.count("declined-addresses") == 0


async def test_only_the_own_lease(server: ServerUnderTest, client: Client, other: Client, log: LogFile) -> None:
    address = await client.bind()
    await other.decline(address)
    assert "DHCP4_DECLINE_LEASE_MISMATCH" in log
    await other.decline("192.0.2.19")
    assert "DHCP4_DECLINE_LEASE_NOT_FOUND" in log
    assert server.count("declined-addresses") == 0
    assert server.counted() == {}


async def test_not_twice_and_not_after_the_end(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    server.now += 4001
    await client.decline(address)
    assert server.count("declined-addresses") == 0
    await client.renew(address)
    await client.decline(address)
    await client.decline(address)
    assert server.count("declined-addresses") == 1


async def test_a_server_identifier_is_not_needed(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    assert await client.send(4, requested=address) is None
    lease = await server.lease(address)
    assert lease is not None
    assert lease.state == State.DECLINED
    assert client.hwaddr == MAC
