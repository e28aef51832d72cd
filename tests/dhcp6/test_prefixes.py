"""Prefix delegation: hints of prefixes and lengths, excluded prefixes (RFC 8415 section 18.3, RFC 6603)."""

from __future__ import annotations

import pytest

from kead.dhcp6.associations import SUCCESS, IaPd, IaPrefix, Status
from kead.leases.lease6 import LeaseType
from kead.wire.address import parse_ip6
from tests.dhcp6.conversation import NOW, Client, ServerUnderTest, prefix_of

POOLS = [
    {"prefix": "2001:db8:6000::", "prefix-len": 48, "delegated-len": 60},
    {"prefix": "2001:db8:7000::", "prefix-len": 48, "delegated-len": 56},
    {"prefix": "2001:db8:8000::", "prefix-len": 48, "delegated-len": 64},
]


@pytest.mark.parametrize(
    ("hint", "given"),
    [
        ("::/56", "2001:db8:7000::/56"),
        ("::/60", "2001:db8:6000::/60"),
        ("::/64", "2001:db8:8000::/64"),
        ("::/62", "2001:db8:6000::/60"),  # more than it wants rather than less
        ("::/48", "2001:db8:6000::/60"),
        ("::/0", "2001:db8:6000::/60"),
        ("2001:db8:7000:300::/56", "2001:db8:7000:300::/56"),
        ("2001:db8:8000:3::/56", "2001:db8:7000::/56"),  # the length counts for more
        ("2001:db8:9000::/56", "2001:db8:7000::/56"),
        ("2001:db8:8000:3::/0", "2001:db8:6000::/60"),  # bits beyond the length are none of the prefix
        ("2001:db8:7000:3ff::/56", "2001:db8:7000:300::/56"),
    ],
)
async def test_hints(server: ServerUnderTest, client: Client, hint: str, given: str) -> None:
    server.configure(of_subnet={"pd-pools": POOLS})
    assert (await client.solicit(pd=[hint])).prefix == given


async def test_a_length_that_no_prefix_has_counts_for_nothing(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"pd-pools": POOLS})
    hint = IaPrefix(parse_ip6("2001:db8:8000:3::"), 200)
    asked = IaPd(client.iaid)
    asked.prefixes = [hint]
    assert (await client.request(pds={}, options={25: asked.encode()})).prefix == "2001:db8:8000:3::/64"
    asked.iaid = 2
    reply = await client.renew(pds={}, options={25: asked.encode()})
    assert reply.prefixes == ["2001:db8:6000::/60"]
    assert len(reply.pd.prefixes) == 1  # what is no prefix is not taken away either
    asked.iaid = client.iaid
    reply = await client.release(options={25: asked.encode()})
    assert reply.status == Status(SUCCESS, "Summary status for all processed IA_NAs")


async def test_a_hint_inside_of_a_larger_prefix_gets_that(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"pd-pools": POOLS[1:2]})
    assert (await client.solicit(pd=["2001:db8:7000:305::/64"])).prefix == "2001:db8:7000:300::/56"


async def test_a_prefix_that_is_taken(server: ServerUnderTest, client: Client, other: Client) -> None:
    assert (await other.request(pd=["2001:db8:8000:300::/56"])).prefix == "2001:db8:8000:300::/56"
    assert (await client.request(pd=["2001:db8:8000:300::/56"])).prefix == "2001:db8:8000::/56"


async def test_a_prefix_inside_of_a_delegated_one(server: ServerUnderTest, client: Client) -> None:
    """Left by another configuration, which delegated larger ones."""
    await server.put("2001:db8:8000::", type=LeaseType.PD, prefix_length=52)
    assert (await client.request(pd=["2001:db8:8000:300::/56"])).prefix == "2001:db8:8000:1000::/56"


async def test_an_expired_delegation_is_taken_over(server: ServerUnderTest, client: Client) -> None:
    await server.put("2001:db8:8000:300::", type=LeaseType.PD, prefix_length=56, cltt=NOW - 5000)
    assert (await client.request(pd=["2001:db8:8000:300::/56"])).prefix == "2001:db8:8000:300::/56"
    assert server.count("subnet[1].assigned-pds") == 1


async def test_exhausted_and_then_the_next_length(server: ServerUnderTest, client: Client) -> None:
    small = {"prefix": "2001:db8:7000::", "prefix-len": 56, "delegated-len": 56}
    server.configure(of_subnet={"pd-pools": [small, POOLS[2]]})
    first = await client.request(pds={1: ["::/56"], 2: ["::/56"]})
    assert first.prefixes == ["2001:db8:7000::/56", "2001:db8:8000::/64"]


EXCLUDING = {**POOLS[1], "excluded-prefix": "2001:db8:7000:55::", "excluded-prefix-len": 64}


async def test_an_excluded_prefix_is_told_to_who_asks(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"pd-pools": [EXCLUDING]})
    (prefix,) = (await client.solicit(pd=["2001:db8:7000:300::/56"], oro=[67])).pd.prefixes
    assert prefix.options == {67: [bytes((64, 0x55))]}
    (prefix,) = (await client.solicit(pd=[])).pd.prefixes
    assert prefix.options == {}


async def test_an_excluded_prefix_in_every_message(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"pd-pools": [EXCLUDING]})
    given = await client.request(pd=[], oro=[67])
    for reply in (given, await client.renew(pd=[given.prefix], oro=[67]), await client.rebind(pd=[], oro=[67])):
        assert [prefix.options for prefix in reply.pd.prefixes] == [{67: [bytes((64, 0x55))]}]


async def test_the_status_stands_before_what_is_taken_away(server: ServerUnderTest, client: Client) -> None:
    server.configure(of_subnet={"pd-pools": []})
    reply = await client.renew(pd=["2001:db8:8000::/56"])
    value = reply.option(25)
    assert int.from_bytes(value[12:14], "big") == 13
    assert reply.pd.prefixes[0].address == parse_ip6("2001:db8:8000::")


async def test_t1_and_t2_follow_the_shortest_preferred_lifetime(server: ServerUnderTest, client: Client) -> None:
    for number, preferred in ((1, 1000), (2, 600)):
        await server.put(
            f"2001:db8:8000:{number}00::",
            type=LeaseType.PD,
            prefix_length=56,
            duid=client.duid,
            preferred_lifetime=preferred,
        )
    reply = await client.solicit(pd=[])
    assert len(reply.pd.prefixes) == 2
    assert (reply.pd.t1, reply.pd.t2) == (300, 480)


def test_hints_as_they_are_written() -> None:
    assert prefix_of("2001:db8::/56").length == 56
