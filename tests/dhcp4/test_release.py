"""RELEASE: the client gives its address back; nobody answers (RFC 2131 section 4.3.4)."""

from __future__ import annotations

from kead.dhcp4.packet import ACK
from kead.leases.lease4 import State
from tests.dhcp4.conversation import MAC, NOW, Client, LogFile, ServerUnderTest

NO_AFFINITY = {"hold-reclaimed-time": 0}


async def test_the_lease_is_kept_for_its_client_but_assigned_no_more(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    server.now += 100
    assert await client.release(address) is None
    lease = await server.lease(address)
    assert lease is not None
    assert (lease.state, lease.valid_lifetime, lease.cltt, lease.hwaddr) == (State.RELEASED, 0, NOW + 100, MAC)
    assert server.rows()[-1][3:5] == ["0", str(NOW + 100)]
    for name in ("assigned-addresses", "subnet[1].assigned-addresses", "subnet[1].pool[0].assigned-addresses"):
        assert server.count(name) == 0
    assert server.count("cumulative-assigned-addresses") == 1


async def test_a_second_release_changes_nothing(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    await client.release(address)
    rows = server.rows()
    await client.release(address)
    assert server.rows() == rows
    assert server.count("assigned-addresses") == 0


async def test_without_affinity_it_is_deleted(server: ServerUnderTest, client: Client) -> None:
    for expiration in ({"hold-reclaimed-time": 0}, {"flush-reclaimed-timer-wait-time": 0}):
        server.configure(expired_leases_processing=expiration)
        address = await client.bind()
        await client.release(address)
        assert await server.lease(address) is None
        assert server.rows()[-1][3] == "0"
        assert server.count("assigned-addresses") == 0


async def test_an_infinite_lease_is_deleted(server: ServerUnderTest, client: Client) -> None:
    server.configure(valid_lifetime=0xFFFFFFFF)
    address = await client.bind()
    await client.release(address)
    assert await server.lease(address) is None


async def test_its_address_goes_to_whoever_asks_from_the_next_second_on(
    server: ServerUnderTest, client: Client, other: Client
) -> None:
    address = await client.bind()
    await client.release(address)
    server.now += 1
    ack = await other.renew(address)
    assert ack is not None
    assert ack.type == ACK
    assert server.counted("reclaimed-leases", "assigned-addresses") == {"reclaimed-leases": 1, "assigned-addresses": 1}


async def test_the_old_client_gets_it_back(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind(requested="192.0.2.17")
    await client.release(address)
    server.now += 10
    assert await client.bind() == address
    assert server.counted("reclaimed-leases", "assigned-addresses") == {"reclaimed-leases": 1, "assigned-addresses": 1}


async def test_nobody_releases_what_belongs_to_another(
    server: ServerUnderTest, client: Client, other: Client, log: LogFile
) -> None:
    log.everything()
    address = await client.bind()
    await other.release(address)
    assert "DHCP4_RELEASE_FAIL_WRONG_CLIENT" in log
    await other.release("192.0.2.19")
    assert "DHCP4_RELEASE_FAIL_NO_LEASE" in log
    lease = await server.lease(address)
    assert lease is not None
    assert lease.state == State.DEFAULT


async def test_who_the_client_is(server: ServerUnderTest) -> None:
    """By identifier, even where match-client-id is off; without one by hardware address."""
    one = Client(server, MAC, b"\1one")
    address = await one.bind()
    await Client(server, MAC, b"\1two").release(address)
    assert server.count("assigned-addresses") == 1
    await Client(server, MAC).release(address)
    assert server.count("assigned-addresses") == 0
    server.now += 1
    await one.bind()
    await Client(server, "02:00:00:00:00:09", b"\1one").release(address)
    assert server.count("assigned-addresses") == 0


async def test_option_50_is_not_looked_at(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    await client.release(address, requested="192.0.2.19")
    assert server.count("assigned-addresses") == 0


async def test_a_declined_lease_is_not_released(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    await client.decline(address)
    await client.release(address)
    lease = await server.lease(address)
    assert lease is not None
    assert lease.state == State.DECLINED


async def test_who_says_by_nothing_who_it_is(server: ServerUnderTest) -> None:
    nobody = Client(server, b"")
    await nobody.release("192.0.2.15")
    assert server.counted() == {"pkt4-receive-drop": 1}
    await nobody.decline("192.0.2.15")
    assert server.counted() == {"pkt4-receive-drop": 2}
