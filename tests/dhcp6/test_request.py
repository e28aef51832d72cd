"""REQUEST (RFC 8415 section 18.3.2)."""

from __future__ import annotations

import pytest

from kead.dhcp6.associations import Status
from kead.dhcp6.packet import REPLY, REQUEST
from kead.leases.lease6 import State
from tests.dhcp6.conversation import NOW, SERVER_DUID, Client, ServerUnderTest, option


async def test_what_was_advertised_is_given_and_stored(server: ServerUnderTest, client: Client) -> None:
    offered = await client.solicit()
    reply = await client.request(na=[offered.address])
    assert reply.type == REPLY
    assert reply.address == offered.address
    assert reply.lifetimes == (3000, 4000)
    lease = await server.lease(reply.address)
    assert lease is not None
    assert (lease.duid, lease.iaid, lease.subnet_id, lease.cltt) == (client.duid, 1, 1, NOW)
    assert (lease.hwaddr.hex(":"), lease.htype, lease.hwaddr_source) == ("02:00:00:00:00:01", 1, 2)
    (row,) = server.rows()
    assert (row["address"], row["valid_lifetime"], row["pref_lifetime"]) == ("2001:db8:1::10", "4000", "3000")
    for name in ("assigned-nas", "cumulative-assigned-nas"):
        assert server.count(name) == 1
        assert server.count(f"subnet[1].{name}") == 1
        assert server.count(f"subnet[1].pool[0].{name}") == 1


async def test_an_address_and_a_prefix(server: ServerUnderTest, client: Client) -> None:
    reply = await client.request(na=[], pd=[])
    assert (reply.address, reply.prefix) == ("2001:db8:1::10", "2001:db8:8000::/56")
    rows = {row["lease_type"]: row for row in server.rows()}
    assert rows["0"]["prefix_len"] == "128"
    assert (rows["2"]["address"], rows["2"]["prefix_len"]) == ("2001:db8:8000::", "56")
    assert server.count("subnet[1].assigned-pds") == server.count("subnet[1].pd-pool[0].assigned-pds") == 1


async def test_a_duid_with_a_longer_hardware_address_than_there_are(server: ServerUnderTest) -> None:
    reply = await Client(server, b"\0\3\0\1" + b"\7" * 21).request()
    lease = await server.lease(reply.address)
    assert lease is not None
    assert (lease.hwaddr, len(lease.duid)) == (b"", 25)


async def test_an_address_of_another_client_is_not_given(server: ServerUnderTest, client: Client) -> None:
    await server.put("2001:db8:1::17")
    assert (await client.request(na=["2001:db8:1::17"])).address == "2001:db8:1::10"


async def test_a_second_request_keeps_the_lifetimes_that_the_lease_has(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    server.configure(valid_lifetime=9000, preferred_lifetime=8000, cache_threshold=0.0)
    server.now += 1000
    reply = await client.request(na=[(address, 5000, 6000)])
    assert reply.lifetimes == (3000, 4000)
    lease = await server.lease(address)
    assert lease is not None
    assert (lease.cltt, lease.valid_lifetime) == (NOW + 1000, 4000)
    assert server.count("assigned-nas") == 1


async def test_a_fresh_lease_is_reused_as_it_is(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    rows = len(server.rows())
    server.now += 700
    reply = await client.request(na=[address])
    assert reply.lifetimes == (2300, 3300)
    assert (reply.na.t1, reply.na.t2) == (1150, 1840)
    assert len(server.rows()) == rows
    assert server.count("v6-ia-na-lease-reuses") == server.count("subnet[1].v6-ia-na-lease-reuses") == 1


async def test_a_lease_that_is_a_quarter_through_is_stored_anew(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    server.now += 1001
    assert (await client.request(na=[address])).lifetimes == (3000, 4000)
    lease = await server.lease(address)
    assert lease is not None
    assert lease.cltt == NOW + 1001


async def test_a_released_lease_comes_back_with_new_lifetimes(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    await client.release(na=[address])
    server.now += 2
    server.configure(valid_lifetime=9000, preferred_lifetime=8000)
    reply = await client.request(na=[])
    assert reply.address == address
    assert reply.lifetimes == (8000, 9000)
    assert server.count("assigned-nas") == 1


async def test_an_expired_lease_of_somebody_else_is_taken_over(server: ServerUnderTest, client: Client) -> None:
    await server.put("2001:db8:1::17", cltt=NOW - 5000)
    assert (await client.request(na=["2001:db8:1::17"])).address == "2001:db8:1::17"
    lease = await server.lease("2001:db8:1::17")
    assert lease is not None
    assert lease.duid == client.duid
    assert server.count("assigned-nas") == 1
    assert server.count("reclaimed-leases") == 1


async def test_lifetimes_that_a_client_asks_for(server: ServerUnderTest, client: Client) -> None:
    server.configure(min_valid_lifetime=1000, max_valid_lifetime=5000, min_preferred_lifetime=500)
    assert (await client.request(na=[("::", 700, 4500)])).lifetimes == (700, 4500)


async def test_without_a_subnet(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"interface": "eth9"})
    reply = await client.request(na=[], pd=[])
    assert reply.na.status == Status(2, "Server could not select subnet for this client")
    assert reply.pd.status == Status(6, "Sorry, no subnet available.")


async def test_a_server_of_our_own_address_is_asked_too(client: Client) -> None:
    assert (await client.request(destination="2001:db8:1::1")).address == "2001:db8:1::10"


@pytest.mark.parametrize("count", [0, 2])
async def test_exactly_one_server_identifier(server: ServerUnderTest, client: Client, count: int) -> None:
    query = client.query(REQUEST, na=[])
    if count:
        query.options[2] = [SERVER_DUID] * count
    assert await server.exchange(server.datagram(query)) == []
    assert server.counted() == {"pkt6-rfc-violation": 1, "pkt6-receive-drop": 1}


async def test_no_reply_before_its_lease_is_stored(
    server: ServerUnderTest, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kead.leases.leasefile import LeaseFile

    order: list[str] = []
    write, send = LeaseFile.append, server.channel.send
    monkeypatch.setattr(LeaseFile, "append", lambda file, data: (order.append("row"), write(file, data)))
    monkeypatch.setattr(server.channel, "send", lambda *a: (order.append("reply"), send(*a)))
    server.deliver(server.datagram(client.query(REQUEST, na=[], server_id=SERVER_DUID)))
    assert order == ["row", "reply"]


async def test_no_reply_if_it_cannot_be_stored(
    server: ServerUnderTest, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from kead.leases.leasefile import LeaseFile

    def full(file: LeaseFile, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(LeaseFile, "append", full)
    assert await client.send(REQUEST, na=[], server_id=SERVER_DUID) is None
    monkeypatch.undo()
    assert await server.lease("2001:db8:1::10") is None
    assert server.count("assigned-nas") == 0
    assert server.count("pkt6-receive-drop") == 1
    assert (await client.request()).address == "2001:db8:1::11"


async def test_options_of_the_pool_come_first(server: ServerUnderTest, client: Client) -> None:
    pool = {"pool": "2001:db8:1::10-2001:db8:1::10", "option-data": [option("dns-servers", "2001:db8::1")]}
    server.configure(pools=[pool], of_subnet={"option-data": [option("dns-servers", "2001:db8::2")]})
    assert (await client.request(oro=[23])).option(23)[-1] == 1
    assert (await client.request(pd=[], oro=[23])).option(23)[-1] == 2


async def test_a_released_row_says_so(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    await client.release(na=[address])
    lease = await server.lease(address)
    assert lease is not None
    assert lease.state == State.RELEASED


async def test_a_lease_of_a_pool_that_is_gone(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    server.configure(pools=[{"pool": "2001:db8:1::30-2001:db8:1::39"}])
    reply = await client.request(na=[address])
    assert [a.valid for a in reply.na.addresses] == [4000], "only what is given"
    assert reply.address == "2001:db8:1::30"
    assert await server.lease(address) is None


async def test_more_associations_than_a_reply_can_hold(server: ServerUnderTest, client: Client) -> None:
    assert len((await client.request(nas={iaid: [] for iaid in range(256)})).nas) == 256
    assert await client.send(REQUEST, nas={iaid: [] for iaid in range(257)}, server_id=SERVER_DUID) is None
    assert server.counted() == {"pkt6-processing-failed": 1, "pkt6-receive-drop": 1}
