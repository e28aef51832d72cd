"""RELEASE and DECLINE (RFC 8415 sections 18.3.7 and 18.3.8)."""

from __future__ import annotations

from typing import Any

import pytest

from kead.dhcp6.associations import SUCCESS, Status
from kead.dhcp6.packet import DECLINE, RELEASE
from kead.leases.lease6 import EMPTY_DUID, LeaseType, State
from tests.dhcp6.conversation import NOW, SERVER_DUID, Client, LogFile, ServerUnderTest, option

NO_AFFINITY: dict[str, Any] = {
    "expired_leases_processing": {"hold-reclaimed-time": 0, "flush-reclaimed-timer-wait-time": 0}
}
SUMMARY = "Summary status for all processed IA_NAs"
RELEASED = Status(SUCCESS, "Lease released. Thank you, please come again.")
UNKNOWN = Status(3, "Sorry, no known leases for this duid/iaid, can't release.")


async def test_a_released_lease_is_kept_for_its_client(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    reply = await client.release(na=[address])
    assert reply.na.status == RELEASED
    assert (reply.na.t1, reply.na.t2, reply.na.addresses) == (0, 0, [])
    assert reply.status == Status(SUCCESS, SUMMARY)
    lease = await server.lease(address)
    assert lease is not None
    assert (lease.state, lease.valid_lifetime, lease.preferred_lifetime) == (State.RELEASED, 0, 0)
    assert lease.duid == client.duid
    assert server.count("assigned-nas") == server.count("subnet[1].assigned-nas") == 0


async def test_a_released_lease_is_gone(server: ServerUnderTest, client: Client) -> None:
    server.configure(**NO_AFFINITY)
    address = await client.bind()
    assert (await client.release(na=[address])).na.status == RELEASED
    assert await server.lease(address) is None
    assert server.count("assigned-nas") == 0


async def test_a_prefix_is_released_by_its_address(server: ServerUnderTest, client: Client) -> None:
    await client.delegate()
    reply = await client.release(pd=["2001:db8:8000::/64"])
    assert reply.pd.status == RELEASED
    assert reply.status == Status(SUCCESS, SUMMARY)
    lease = await server.lease("2001:db8:8000::", LeaseType.PD)
    assert lease is not None
    assert lease.state == State.RELEASED
    assert server.count("assigned-pds") == 0


async def test_bits_beyond_the_length_of_a_prefix_do_not_count(server: ServerUnderTest, client: Client) -> None:
    await client.delegate()
    assert (await client.release(pd=["2001:db8:8000:ff::1/56"])).pd.status == RELEASED


async def test_a_lease_that_nobody_has(client: Client) -> None:
    reply = await client.release(na=["2001:db8:1::15"], pd=["2001:db8:8000::/56"])
    assert (reply.na.status, reply.pd.status) == (UNKNOWN, UNKNOWN)
    assert reply.status == Status(3, SUMMARY)


async def test_a_lease_of_somebody_else(server: ServerUnderTest, client: Client, other: Client) -> None:
    address = await other.bind()
    reply = await client.release(na=[address])
    assert reply.na.status == Status(3, "This address does not belong to you, you can't release it")
    lease = await server.lease(address)
    assert lease is not None
    assert lease.state == State.DEFAULT


async def test_another_association(client: Client) -> None:
    address = await client.bind()
    reply = await client.release(nas={9: [address]})
    assert reply.na.status == Status(3, "This is your address, but you used wrong IAID")


async def test_an_association_without_anything_in_it(client: Client) -> None:
    reply = await client.release(na=[], pd=[])
    assert reply.na.status == Status(3, "You did not include an address in your RELEASE")
    assert reply.pd.status == Status(3, "You did not include a prefix in your RELEASE")


async def test_no_association_at_all(client: Client) -> None:
    reply = await client.release()
    assert reply.status == Status(SUCCESS, SUMMARY)
    assert reply.codes == [1, 2, 13]


async def test_one_that_fails_makes_all_fail(client: Client) -> None:
    address = await client.bind()
    for order in ({1: [address], 2: ["2001:db8:1::99"]}, {2: ["2001:db8:1::99"], 1: [address]}):
        reply = await client.release(nas=order)
        assert reply.status == Status(3, SUMMARY)


async def test_a_release_once_more_changes_no_statistics(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    await client.release(na=[address])
    assert (await client.release(na=[address])).na.status == RELEASED
    assert server.count("assigned-nas") == 0


async def test_a_reply_to_a_release_has_no_configured_options(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=[option("dns-servers", "2001:db8::53", always_send=True)])
    address = await client.bind()
    assert 23 not in (await client.release(na=[address], oro=[23])).options


# DECLINE


async def test_a_declined_address_rests(server: ServerUnderTest, client: Client, other: Client, log: LogFile) -> None:
    server.configure(decline_probation_period=600)
    address = await client.bind()
    reply = await client.decline(na=[address])
    assert reply.na.status == Status(SUCCESS, "Lease declined. Hopefully the next one will be better.")
    assert reply.na.addresses == []
    assert reply.status is None
    lease = await server.lease(address)
    assert lease is not None
    assert (lease.state, lease.duid, lease.valid_lifetime) == (State.DECLINED, EMPTY_DUID, 600)
    assert (lease.preferred_lifetime, lease.hwaddr) == (0, b"")
    assert server.count("declined-addresses") == server.count("subnet[1].pool[0].declined-addresses") == 1
    assert server.count("assigned-nas") == 1
    assert (await other.solicit(na=[address])).address != address
    server.now += 601
    assert (await other.solicit(na=[address])).address == address


@pytest.mark.parametrize(
    ("about", "text"),
    [
        ({"na": ["2001:db8:1::99"]}, "Server does not know about such an address."),
        ({"nas": {9: ["2001:db8:1::10"]}}, "This is your address, but you used wrong IAID"),
        ({"na": []}, "No addresses sent in IA_NA"),
    ],
)
async def test_what_cannot_be_declined(
    server: ServerUnderTest, client: Client, about: dict[str, Any], text: str
) -> None:
    await client.bind()
    assert (await client.decline(**about)).na.status == Status(3, text)
    assert server.count("declined-addresses") == 0


async def test_an_address_of_somebody_else_cannot_be_declined(client: Client, other: Client) -> None:
    address = await other.bind()
    status = (await client.decline(na=[address])).na.status
    assert status == Status(3, "This address does not belong to you, you can't decline it")


async def test_an_expired_lease_cannot_be_declined(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind()
    server.now += 5000
    status = (await client.decline(na=[address])).na.status
    assert status == Status(3, "Server does not know about such an address.")


async def test_two_addresses_in_one_association(server: ServerUnderTest, client: Client) -> None:
    for address in ("2001:db8:1::11", "2001:db8:1::12"):
        await server.put(address, duid=client.duid, cltt=NOW)
    reply = await client.decline(na=["2001:db8:1::11", "2001:db8:1::12"])
    assert reply.option(3).count(b"Lease declined.") == 2
    assert server.count("declined-addresses") == 2


async def test_a_decline_without_associations(client: Client) -> None:
    assert (await client.decline()).codes == [1, 2]


@pytest.mark.parametrize("kind", [RELEASE, DECLINE])
async def test_identifiers(server: ServerUnderTest, client: Client, kind: int) -> None:
    assert await client.send(kind, na=[]) is None
    assert await Client(server, b"").send(kind, na=[], server_id=SERVER_DUID) is None
    assert server.counted() == {"pkt6-rfc-violation": 2, "pkt6-receive-drop": 2}
