"""Client names without any ddns- parameter: every case as Kea 3.0.4 answers it, in the OFFER, the ACK and the lease."""

from __future__ import annotations

import pytest

from kead.dhcp4.packet import ACK
from tests.dhcp4.conversation import Client, ServerUnderTest, option

ADDRESS = "192.0.2.10"


async def named(server: ServerUnderTest, client: Client, options: dict[int, bytes]) -> tuple[bytes, bytes, str]:
    """Options 12 and 81 of the replies (b"" where there is none), and the lease's host name."""
    offer = await client.discover(options=options)
    assert offer is not None
    ack = await client.request(offer, options=options)
    assert ack is not None
    assert ack.type == ACK
    answers = [(reply.options.get(12, b""), reply.options.get(81, b"")) for reply in (offer, ack)]
    assert answers[0] == answers[1]
    lease = await server.lease(ADDRESS)
    assert lease is not None
    assert not lease.fqdn_fwd
    assert not lease.fqdn_rev
    return *answers[0], lease.hostname


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        (b"Host", "host"),
        (b"host.", "host"),
        (b"host.dom", "host.dom"),
        (b"host.dom.", "host.dom."),
        (b" x\0", "x"),
        (b"a b_c", "abc"),
        (b"!!!.b", ".b"),
        (b"a.!!!.b", "a..b"),
        (b"x" * 63, "x" * 63),
        (b".", "myhost-192-0-2-10"),
    ],
)
async def test_option_12(server: ServerUnderTest, client: Client, sent: bytes, name: str) -> None:
    assert await named(server, client, {12: sent}) == (name.encode(), b"", name)


@pytest.mark.parametrize(
    "sent", [b"", b"..", b".x", b"x..y", b"!!!", b"x" * 64, b"\xe9", b".".join([b"y" * 63] * 3 + [b"z" * 62])]
)
async def test_option_12_with_no_name(server: ServerUnderTest, client: Client, sent: bytes) -> None:
    assert await named(server, client, {12: sent}) == (b"", b"", "")


@pytest.mark.parametrize(
    ("sent", "answer", "name"),
    [
        ("04000003666f6f", "0c000003666f6f00", "foo."),
        ("05000003466f6f0342617200", "0e000003666f6f0362617200", "foo.bar."),
        ("0000006120625f63", "0800006162632e", "abc."),
        ("040000036120620165", "0c00000261620165" + "00", "ab.e."),
        ("0400000361006200", "0c000002616200", "ab."),
        ("04aabb0361626300", "0caabb0361626300", "abc."),
        ("040000", "0c0000116d79686f73742d3139322d302d322d313000", "myhost-192-0-2-10."),
    ],
)
async def test_option_81(server: ServerUnderTest, client: Client, sent: str, answer: str, name: str) -> None:
    both = {12: b"ignored", 81: bytes.fromhex(sent)}
    assert await named(server, client, both) == (b"", bytes.fromhex(answer), name)


@pytest.mark.parametrize(
    "sent", ["04000000", "0400000000", "0000002e", "00000000", "04000001e900", "04000004612e622e00"]
)
async def test_option_81_with_no_name(server: ServerUnderTest, client: Client, sent: str) -> None:
    assert await named(server, client, {81: bytes.fromhex(sent)}) == (b"", b"", "")


async def test_contradicting_flags_drop_the_packet(server: ServerUnderTest, client: Client) -> None:
    assert await client.discover(options={81: bytes.fromhex("0d000003666f6f00")}) is None
    assert server.count("pkt4-parse-failed") == 1


async def test_a_configured_host_name_is_for_clients_without_one(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=[option("host-name", "shared")])
    offer = await client.discover(prl=[12])
    assert offer is not None
    assert offer.options[12] == b"shared"
    offer = await client.discover(prl=[12], options={12: b"own"})
    assert offer is not None
    assert offer.options[12] == b"own"
