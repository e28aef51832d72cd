"""Names under the ddns- parameters, as Kea 3.0.4 gives them, and what DNS is told of them."""

from __future__ import annotations

from typing import Any

import pytest

from kead.leases.lease4 import State
from tests.dhcp4.conversation import Client, ServerUnderTest

ADDRESS = "192.0.2.10"
MADE_UP = "myhost-192-0-2-10.example.org"
ON: dict[str, Any] = {"dhcp_ddns": {"enable-updates": True}, "ddns_qualifying_suffix": "example.org"}


def fqdn(flags: int, *labels: bytes, complete: bool = True) -> dict[int, bytes]:
    name = b"".join(bytes((len(label),)) + label for label in labels)
    return {81: bytes((flags | 4, 0, 0)) + name + (b"\0" if complete else b"")}


FOO = fqdn(1, b"foo", complete=False)


async def answers(client: Client, options: dict[int, bytes]) -> tuple[str, str]:
    """Options 12 and 81 of the replies: text, and flags with text; the same in both."""
    said = []
    offer = await client.discover(options=options)
    ack = await client.request(offer, options=options)
    for reply in (offer, ack):
        assert reply is not None
        wire = reply.options.get(81, b"")
        labels, at = [], 3
        while at < len(wire) and wire[at]:
            labels.append(wire[at + 1 : at + 1 + wire[at]].decode("latin-1"))
            at += 1 + wire[at]
        text = f"{wire[0] & ~4} {'.'.join(labels)}." if wire else ""
        said.append((reply.options.get(12, b"").decode("latin-1"), text))
    assert said[0] == said[1]
    return said[0]


NAMES: list[tuple[Any, ...]] = [
    # what is sent; options 12 and 81 for never, always, when-present, when-not-present
    ("nothing", {}, ("", ""), (MADE_UP, ""), ("", ""), (MADE_UP, "")),
    (
        "81 partial",
        FOO,
        ("", "1 foo.example.org."),
        ("", f"1 {MADE_UP}."),
        ("", f"1 {MADE_UP}."),
        ("", "1 foo.example.org."),
    ),
    ("81 empty", {81: b"\5\0\0"}, *[("", f"1 {MADE_UP}.")] * 4),
    ("12", {12: b"Host"}, ("host.example.org", ""), (MADE_UP, ""), (MADE_UP, ""), ("host.example.org", "")),
    ("12 dot", {12: b"."}, *[(MADE_UP, "")] * 4),
    ("12 malformed", {12: b"x..y"}, *[("", "")] * 4),
]
MODES = ("never", "always", "when-present", "when-not-present")


@pytest.mark.parametrize(
    ("mode", "options", "expected"),
    [
        pytest.param(mode, options, said, id=f"{what}, {mode}")
        for what, options, *all_said in NAMES
        for mode, said in zip(MODES, all_said, strict=True)
    ],
)
async def test_whose_name_is_taken(
    server: ServerUnderTest, client: Client, mode: str, options: dict[int, bytes], expected: tuple[str, str]
) -> None:
    server.configure(**ON, ddns_replace_client_name=mode)
    assert await answers(client, options) == expected
    lease = await server.lease(ADDRESS)
    assert lease is not None
    assert lease.hostname == (expected[0] or expected[1][2:])
    assert (lease.fqdn_fwd, lease.fqdn_rev) == (bool(lease.hostname), bool(lease.hostname))
    name = lease.hostname.removesuffix(".") + "."
    assert server.d2.take() == ([("add", "FR", name, ADDRESS)] if lease.hostname else [])


@pytest.mark.parametrize(
    ("options", "said", "told"),
    [
        (fqdn(1, b"Foo", b"Bar"), ("", "1 foo.bar."), "foo.bar."),
        (fqdn(1, b"foo", b"bar", complete=False), ("", "1 foo.bar.example.org."), "foo.bar.example.org."),
        (fqdn(1, b"example", b"org", complete=False), ("", "1 example.org."), "example.org."),
        ({81: b"\1\0\0foo"}, ("", "1 oo.example.org."), "foo.example.org."),
        (fqdn(1), ("", ""), ""),
        ({12: b"host.dom"}, ("host.dom", ""), "host.dom."),
        ({12: b"host.dom."}, ("host.dom.", ""), "host.dom."),
        ({12: b"example.org"}, ("example.org", ""), "example.org."),
        ({12: b"a.!!!.b"}, ("a..b", ""), ""),
        ({12: b"a b_c"}, ("abc.example.org", ""), "abc.example.org."),
    ],
)
async def test_names_are_made_whole(
    server: ServerUnderTest, client: Client, options: dict[int, bytes], said: tuple[str, str], told: str
) -> None:
    server.configure(**ON)
    if 81 in options and not options[81][0] & 4:  # text: no labels
        offer = await client.discover(options=options)
        assert offer is not None
        assert offer.options[81] == b"\1\0\0foo.example.org."
        return
    assert await answers(client, options) == said
    assert server.d2.take() == ([("add", "FR", told, ADDRESS)] if told else [])


@pytest.mark.parametrize(
    ("sent", "parameters", "answered", "directions"),
    [
        (0, {}, 0, "R"),
        (0, {"ddns_override_client_update": True}, 1 | 2, "FR"),
        (1, {}, 1, "FR"),
        (8, {}, 8, ""),
        (8, {"ddns_override_no_update": True}, 1 | 2, "FR"),
        (0, {"ddns_send_updates": False}, 8, ""),
        (1, {"ddns_send_updates": False}, 8 | 2, ""),
        (8, {"ddns_send_updates": False, "ddns_override_no_update": True}, 8, ""),
        (1, {"dhcp_ddns": {"enable-updates": False}}, 8 | 2, ""),
    ],
)
async def test_who_updates(
    server: ServerUnderTest,
    client: Client,
    sent: int,
    parameters: dict[str, Any],
    answered: int,
    directions: str,
) -> None:
    server.configure(**ON | parameters)
    assert (await answers(client, fqdn(sent, b"foo", complete=False)))[1] == f"{answered} foo.example.org."
    lease = await server.lease(ADDRESS)
    assert lease is not None
    assert "F" * lease.fqdn_fwd + "R" * lease.fqdn_rev == directions
    assert server.d2.take() == ([("add", directions, "foo.example.org.", ADDRESS)] if directions else [])


@pytest.mark.parametrize(
    ("parameters", "options", "said"),
    [
        ({"ddns_generated_prefix": ""}, {81: b"\5\0\0"}, ("", "1 -192-0-2-10.example.org.")),
        ({"ddns_generated_prefix": "a..b"}, {81: b"\5\0\0"}, ("", "")),
        ({"ddns_qualifying_suffix": "Example.ORG."}, {12: b"host"}, ("host.Example.ORG", "")),
        ({"ddns_qualifying_suffix": "Example.ORG."}, FOO, ("", "1 foo.example.org.")),
        ({"ddns_qualifying_suffix": "a..b"}, FOO, ("", "")),
        ({"ddns_qualifying_suffix": ""}, {12: b"host"}, ("host", "")),
        ({"hostname_char_replacement": "X"}, {12: b"a b_c"}, ("axbxc.example.org", "")),
        ({"hostname_char_set": ""}, fqdn(1, b"a b"), ("", "1 a b.")),
        ({"hostname_char_set": "[a-m]"}, {12: b"mnop"}, ("nop.example.org", "")),
        ({"hostname_char_set": "[^a-z]", "hostname_char_replacement": "z"}, {12: b"A.b"}, ("zzb", "")),
        ({"hostname_char_set": "[^a-z]", "hostname_char_replacement": "z"}, fqdn(1, b"A!", b"b"), ("", "1 az.b.")),
    ],
)
async def test_parameters(
    server: ServerUnderTest,
    client: Client,
    parameters: dict[str, Any],
    options: dict[int, bytes],
    said: tuple[str, str],
) -> None:
    server.configure(**ON | parameters)
    assert await answers(client, options) == said


async def test_the_pool_counts_before_the_subnet(server: ServerUnderTest, client: Client) -> None:
    pool = {"pool": "192.0.2.10 - 192.0.2.20", "ddns-qualifying-suffix": "pool.example"}
    server.configure(**ON, pools=[pool], of_subnet={"ddns_qualifying_suffix": "subnet.example"})
    assert await answers(client, {12: b"host"}) == ("host.pool.example", "")
    assert server.d2.take() == [("add", "FR", "host.pool.example.", ADDRESS)]


async def test_a_reserved_name_comes_first(server: ServerUnderTest, client: Client) -> None:
    host = {"hw-address": "02:00:00:00:00:01", "hostname": "Resv"}
    server.configure(**ON, ddns_replace_client_name="always", of_subnet={"reservations": [host]})
    assert await answers(client, {}) == ("resv.example.org", "")
    assert await answers(client, FOO) == ("", "1 resv.example.org.")


# What DNS is told, and when


async def test_a_renewal_tells_nothing_new(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON)
    address = await client.bind(options=FOO)
    server.d2.take()
    server.now += 3000
    await client.renew(address, options=FOO)
    assert server.d2.take() == []
    server.configure(**ON, ddns_update_on_renew=True)
    await client.renew(address, options=FOO)
    assert server.d2.take() == [("add", "FR", "foo.example.org.", address)]
    assert server.count("v4-lease-reuses") == 0


async def test_another_name(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON)
    address = await client.bind(options={12: b"one"})
    server.d2.take()
    await client.renew(address, options={12: b"two"})
    assert server.d2.take() == [
        ("remove", "FR", "one.example.org.", address),
        ("add", "FR", "two.example.org.", address),
    ]
    await client.renew(address)
    assert server.d2.take() == [("remove", "FR", "two.example.org.", address)]


async def test_an_offer_tells_nothing(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON, offer_lifetime=60)
    offer = await client.discover(options=FOO)
    assert server.d2.take() == []
    await client.request(offer, options=FOO)
    assert server.d2.take() == [("add", "FR", "foo.example.org.", ADDRESS)]


async def test_given_back(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON, expired_leases_processing={"hold-reclaimed-time": 0})
    await client.release(await client.bind(options=FOO))
    assert server.d2.take()[1:] == [("remove", "FR", "foo.example.org.", ADDRESS)]
    server.configure(**ON)
    await client.release(await client.bind(options=FOO))
    lease = await server.lease(ADDRESS)
    assert lease is not None
    assert lease.state == State.RELEASED
    assert server.d2.take()[1:] == []
    server.now += 2
    assert await server.service.reclaim(lease)
    await server.dispatcher.durable()
    assert server.d2.take() == [("remove", "FR", "foo.example.org.", ADDRESS)]


async def test_declined(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON)
    await client.decline(await client.bind(options=FOO))
    assert server.d2.take()[1:] == [("remove", "FR", "foo.example.org.", ADDRESS)]


async def test_an_expired_lease_of_another_client(server: ServerUnderTest, client: Client, other: Client) -> None:
    server.configure(**ON, pool="192.0.2.10 - 192.0.2.10")
    await client.bind(options=FOO)
    server.d2.take()
    server.now += 10_000
    await other.bind(options={12: b"bar"})
    assert server.d2.take() == [
        ("remove", "FR", "foo.example.org.", ADDRESS),
        ("add", "FR", "bar.example.org.", ADDRESS),
    ]


async def test_another_address(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON)
    await client.bind(options=FOO)
    server.d2.take()
    await client.request(requested="192.0.2.12", options={**FOO, 54: bytes((192, 0, 2, 1))})
    assert server.d2.take() == [
        ("remove", "FR", "foo.example.org.", ADDRESS),
        ("add", "FR", "foo.example.org.", "192.0.2.12"),
    ]


async def test_while_updates_are_suspended_nobody_is_promised_any(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON)
    server.d2.suspended = True
    assert (await answers(client, FOO))[1] == "10 foo.example.org."
    lease = await server.lease(ADDRESS)
    assert lease is not None
    assert not lease.fqdn_fwd


async def test_what_a_request_says(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON, ddns_conflict_resolution_mode="no-check-without-dhcid", ddns_ttl_percent=0.5)
    await client.bind(options=FOO)
    (request,) = server.d2.requests
    assert request["conflict-resolution-mode"] == "no-check-without-dhcid"
    assert request["lease-length"] == 2000
    assert request["dhcid"].startswith("000001")


async def test_callouts_see_the_parameters_and_may_change_names(server: ServerUnderTest, client: Client) -> None:
    seen: list[str] = []

    def ddns4_update(c: Any) -> None:
        seen.append(c.ddns_params.qualifying_suffix)
        c.hostname, c.fwd_update, c.rev_update = "hook.example.net", True, False

    server.configure(**ON)
    server.hook(ddns4_update=ddns4_update)
    assert await answers(client, {12: b"host"}) == ("hook.example.net", "")
    assert set(seen) == {"example.org"}
    assert server.d2.take() == [("add", "F", "hook.example.net.", ADDRESS)]


async def test_subnets_with_parameters_have_no_express_lane(server: ServerUnderTest) -> None:
    for parameters, plain in (
        (ON, False),
        ({}, True),
        ({"ddns_replace_client_name": "always"}, False),
        ({"ddns_update_on_renew": True}, True),
        ({"hostname_char_set": "x"}, False),
    ):
        config = server.configure(**parameters)
        assert config.subnets[0].ddns.plain is plain
