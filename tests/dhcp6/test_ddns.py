"""Option 39 under the ddns- parameters, as Kea 3.0.4 answers it, and what DNS is told."""

from __future__ import annotations

from typing import Any

import pytest

from kead.leases.lease6 import State
from tests.dhcp6.conversation import Client, ServerUnderTest

ON: dict[str, Any] = {"dhcp_ddns": {"enable-updates": True}, "ddns_qualifying_suffix": "example.org"}


def fqdn(flags: int, *labels: bytes, complete: bool = True) -> dict[int, bytes]:
    name = b"".join(bytes((len(label),)) + label for label in labels)
    return {39: bytes((flags,)) + name + (b"\0" if complete else b"")}


FOO = fqdn(1, b"foo", complete=False)
MADE_UP = "myhost-{}.example.org."


def said(reply: Any) -> str:
    """The flags and the name of option 39; "" without it."""
    (wire,) = reply.options.get(39) or (b"",)
    labels, at = [], 1
    while at < len(wire) and wire[at]:
        labels.append(wire[at + 1 : at + 1 + wire[at]].decode("latin-1"))
        at += 1 + wire[at]
    return f"{wire[0]} {'.'.join(labels)}{'.' * bool(labels)}" if wire else ""


def made_up(address: str) -> str:
    text = address.replace(":", "-")
    return MADE_UP.format(text + "0" * text.endswith("-"))


@pytest.mark.parametrize(
    ("mode", "options", "advertised", "replied"),
    [
        ("never", {}, "", ""),
        ("always", {}, "1 ", "1 *"),
        ("when-present", {}, "", ""),
        ("when-not-present", {}, "1 ", "1 *"),
        ("never", FOO, "1 foo.example.org.", "1 foo.example.org."),
        ("always", FOO, "1 ", "1 *"),
        ("when-present", FOO, "1 ", "1 *"),
        ("when-not-present", FOO, "1 foo.example.org.", "1 foo.example.org."),
        ("never", {39: b"\1"}, "1 ", "1 *"),
    ],
)
async def test_whose_name_is_taken(
    server: ServerUnderTest, client: Client, mode: str, options: dict[int, bytes], advertised: str, replied: str
) -> None:
    server.configure(**ON, ddns_replace_client_name=mode)
    assert said(await client.solicit(options=options)) == advertised
    assert server.d2.take() == []
    reply = await client.request(options=options)
    name = made_up(reply.address) if replied.endswith("*") else replied[2:]
    assert said(reply) == replied.replace("*", name)
    lease = await server.lease(reply.address)
    assert lease is not None
    assert (lease.hostname, lease.fqdn_fwd, lease.fqdn_rev) == (name, bool(name), bool(name))
    assert server.d2.take() == ([("add", "FR", name, reply.address)] if name else [])


@pytest.mark.parametrize(
    ("sent", "parameters", "answered", "directions"),
    [
        (0, {}, 0, "R"),
        (0, {"ddns_override_client_update": True}, 1 | 2, "FR"),
        (1, {}, 1, "FR"),
        (4, {}, 4, ""),
        (4, {"ddns_override_no_update": True}, 1 | 2, "FR"),
        (1, {"ddns_send_updates": False}, 4 | 2, ""),
        (1, {"dhcp_ddns": {"enable-updates": False}}, 4 | 2, ""),
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
    reply = await client.request(options=fqdn(sent, b"foo", complete=False))
    assert said(reply) == f"{answered} foo.example.org."
    assert server.d2.take() == ([("add", directions, "foo.example.org.", reply.address)] if directions else [])


async def test_what_cannot_be_a_name(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON)
    for options in (fqdn(1, b"___"), fqdn(1)):
        reply = await client.request(options=options)
        assert said(reply) == ""
        lease = await server.lease(reply.address)
        assert lease is not None
        assert (lease.hostname, lease.fqdn_fwd, lease.fqdn_rev) == ("", True, True)
    assert server.d2.take() == []


async def test_without_updates_no_name_is_made_up_for_who_sends_none(server: ServerUnderTest, client: Client) -> None:
    server.configure(ddns_replace_client_name="always", ddns_qualifying_suffix="example.org")
    assert said(await client.request()) == ""


async def test_the_pool_counts_before_the_subnet(server: ServerUnderTest, client: Client) -> None:
    pool = {"pool": "2001:db8:1::10 - 2001:db8:1::20", "ddns-qualifying-suffix": "pool.example"}
    server.configure(**ON, of_subnet={"pools": [pool]})
    assert said(await client.solicit(options=FOO)) == "1 foo.pool.example."
    assert said(await client.request(options=FOO)) == "1 foo.pool.example."


async def test_one_address_is_enough(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON)
    reply = await client.request(nas={1: [], 2: []}, options=FOO)
    ((change, _, name, address),) = server.d2.take()
    assert (change, name, address) == ("add", "foo.example.org.", reply.addresses[0])


async def test_renewals(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON)
    address = await client.bind(options=FOO)
    server.d2.take()
    await client.renew(na=[address], options=FOO)
    assert server.d2.take() == []
    await client.renew(na=[address], options=fqdn(1, b"bar", complete=False))
    assert server.d2.take() == [
        ("remove", "FR", "foo.example.org.", address),
        ("add", "FR", "bar.example.org.", address),
    ]
    await client.renew(na=[address])
    assert server.d2.take() == [("remove", "FR", "bar.example.org.", address)]
    server.configure(**ON, ddns_update_on_renew=True)
    await client.renew(na=[address], options=FOO)
    server.d2.take()
    await client.renew(na=[address], options=FOO)
    assert server.d2.take() == [("add", "FR", "foo.example.org.", address)]


async def test_given_back_and_declined(server: ServerUnderTest, client: Client) -> None:
    server.configure(**ON, expired_leases_processing={"hold-reclaimed-time": 0})
    address = await client.bind(options=FOO)
    await client.release(na=[address])
    assert server.d2.take()[1:] == [("remove", "FR", "foo.example.org.", address)]
    server.configure(**ON)
    address = await client.bind(options=FOO)
    await client.release(na=[address])
    assert server.d2.take()[1:] == []
    lease = await server.lease(address)
    assert lease is not None
    assert lease.state == State.RELEASED
    assert await server.service.reclaim(lease)
    await server.dispatcher.durable()
    assert server.d2.take() == [("remove", "FR", "foo.example.org.", address)]
    address = await client.bind(options=FOO)
    await client.decline(na=[address])
    assert server.d2.take()[-1] == ("remove", "FR", "foo.example.org.", address)
