"""Option 39 (RFC 4704), without any ddns- parameter."""

from __future__ import annotations

import pytest

from tests.dhcp6.conversation import Client, ServerUnderTest


def wire(flags: int, *labels: bytes, complete: bool = True) -> dict[int, bytes]:
    name = b"".join(bytes((len(label),)) + label for label in labels)
    return {39: bytes((flags,)) + name + (b"\0" if complete else b"")}


@pytest.mark.parametrize(
    ("sent", "answered", "stored"),
    [
        (wire(1, b"myhost", b"example", b"com"), b"\6\6myhost\7example\3com\0", "myhost.example.com."),
        (wire(0, b"host"), b"\4\4host\0", "host."),
        (wire(4, b"host"), b"\4\4host\0", "host."),
        (wire(1, b"Host", complete=False), b"\6\4host\0", "host."),
        (wire(1, b"my_host", b"ex!mple"), b"\6\6myhost\6exmple\0", "myhost.exmple."),
        (wire(1, b"___"), None, ""),
        (wire(1), None, ""),
    ],
    ids=["S", "nothing", "N", "partial", "unfit characters", "nothing fit", "the root"],
)
async def test_names(
    server: ServerUnderTest, client: Client, sent: dict[int, bytes], answered: bytes | None, stored: str
) -> None:
    for reply in (await client.solicit(options=sent), await client.request(options=sent)):
        assert reply.options.get(39) == ([answered] if answered else None)
    lease = await server.lease(reply.address)
    assert lease is not None
    assert (lease.hostname, lease.fqdn_fwd, lease.fqdn_rev) == (stored, False, False)


async def test_a_name_is_made_up_for_who_sends_none(server: ServerUnderTest, client: Client) -> None:
    empty = {39: b"\1"}
    assert (await client.solicit(options=empty)).option(39) == b"\6"
    reply = await client.request(nas={1: ["2001:db8:1::15"], 2: []}, pd=[], options=empty)
    assert reply.option(39) == b"\6\x15myhost-2001-db8-1--15\0"
    names = {row["address"]: row["hostname"] for row in server.rows()}
    assert names.pop("2001:db8:1::15") == "myhost-2001-db8-1--15."
    assert set(names.values()) == {""}


async def test_a_changed_name_is_stored_at_once(server: ServerUnderTest, client: Client) -> None:
    address = await client.bind(options=wire(0, b"one"))
    await client.renew(na=[address], options=wire(0, b"two"))
    lease = await server.lease(address)
    assert lease is not None
    assert lease.hostname == "two."
    assert server.count("v6-ia-na-lease-reuses") == 0


async def test_without_leases_names_are_not_answered(client: Client) -> None:
    assert 39 not in (await client.inform(options=wire(0, b"one"))).options
