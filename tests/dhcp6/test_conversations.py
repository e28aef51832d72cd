"""What always holds, whatever clients do: found out with random conversations, and with broken packets."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kead.dhcp6.packet import DECLINE, REBIND, RELEASE, RENEW, REQUEST, SOLICIT, encode
from kead.leases.lease6 import Lease6, LeaseType, State
from kead.wire.address import text_ip6
from tests.dhcp6.conversation import SERVER_DUID, Client, Reply, ServerUnderTest, relay

SMALL: dict[str, Any] = {
    "pools": [{"pool": "2001:db8:1::10-2001:db8:1::13"}],
    "pd-pools": [
        {"prefix": "2001:db8:8000::", "prefix-len": 54, "delegated-len": 56},
        {"prefix": "2001:db8:9000::", "prefix-len": 62, "delegated-len": 64},
    ],
    "rapid-commit": True,
}
ADDRESSES = st.lists(st.sampled_from([f"2001:db8:1::{n:x}" for n in range(0x0F, 0x15)]), max_size=2)
PREFIXES = st.lists(
    st.sampled_from(
        ["::/56", "::/64", "::/60", "2001:db8:8000:100::/56", "2001:db8:8000:100::/64", "2001:db8:9000::/64"]
    ),
    max_size=2,
)
STEPS = st.tuples(
    st.integers(0, 2),
    st.sampled_from([SOLICIT, REQUEST, REQUEST, RENEW, REBIND, RELEASE, DECLINE]),
    st.fixed_dictionaries(
        {
            "nas": st.dictionaries(st.integers(1, 2), ADDRESSES, max_size=2),
            "pds": st.dictionaries(st.integers(1, 2), PREFIXES, max_size=2),
            "rapid": st.booleans(),
        }
    ),
    st.sampled_from([0, 1, 900, 2000, 5000]),
)


async def leases(server: ServerUnderTest) -> list[Lease6]:
    return [lease async for page in server.store.all() for lease in page]


def in_force(lease: Lease6, now: float) -> bool:
    return lease.state == State.DEFAULT and not lease.expired(int(now))


async def check(server: ServerUnderTest, client: Client, kind: int, reply: Reply) -> None:
    """The reply says what the store has, nothing overlaps, and the statistics are right."""
    all_leases = await leases(server)
    for_client = {
        (lease.address, lease.iaid): lease
        for lease in all_leases
        if lease.duid == client.duid and in_force(lease, server.now)
    }
    if kind != SOLICIT or reply.type == 7:
        for ia in reply.nas:
            for address in ia.addresses:
                assert not address.valid or (address.address, ia.iaid) in for_client, text_ip6(address.address)
        for ia_pd in reply.pds:
            for prefix in ia_pd.prefixes:
                assert not prefix.valid or for_client[prefix.address, ia_pd.iaid].prefix_length == prefix.length
    prefixes = sorted(
        (lease.address, lease.prefix_length)
        for lease in all_leases
        if lease.type == LeaseType.PD and in_force(lease, server.now)
    )
    for (one, length), (other, _) in pairwise(prefixes):
        assert one + (1 << 128 - length) <= other, "two delegated prefixes overlap"
    kept = [lease for lease in all_leases if lease.state in (State.DEFAULT, State.DECLINED)]
    assert server.count("assigned-nas") == sum(lease.type == LeaseType.NA for lease in kept)
    assert server.count("assigned-pds") == sum(lease.type == LeaseType.PD for lease in kept)
    assert server.count("declined-addresses") == sum(lease.state == State.DECLINED for lease in kept)
    for total in ("assigned-nas", "declined-addresses"):
        assert server.count(total) == server.count(f"subnet[1].{total}") == server.count(f"subnet[1].pool[0].{total}")


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(steps=st.lists(STEPS, min_size=1, max_size=12))
async def test_replies_leases_and_statistics_agree(steps: list[tuple[int, int, dict[str, Any], int]]) -> None:
    server = ServerUnderTest()
    server.configure(of_subnet=SMALL)
    clients = [Client(server, b"\0\3\0\1\2\0\0\0\0" + bytes((n,))) for n in range(3)]
    for who, kind, about, later in steps:
        server.now += later
        client = clients[who]
        named = SERVER_DUID if kind in (REQUEST, RENEW, RELEASE, DECLINE) else b""
        query = client.query(kind, server_id=named, **about)
        (reply,) = server.deliver(server.datagram(query))
        assert not server.in_flight
        await check(server, client, kind, reply)
    await server.store.close()


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    kind=st.integers(0, 40),
    cuts=st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=4)), max_size=4),
    relays=st.integers(0, 3),
)
async def test_broken_packets_do_no_harm(
    server: ServerUnderTest, kind: int, cuts: list[tuple[int, bytes]], relays: int
) -> None:
    client = Client(server)
    about: dict[str, Any] = {"nas": {1: ["2001:db8:1::15"], 2: []}, "pds": {1: ["2001:db8:8000::/56"]}}
    options = {39: b"\1\4host\0", 17: b"\0\0\x11\x8b\0\1\0\2\0\x20"}
    query = client.query(
        kind, oro=[23, 67], server_id=SERVER_DUID, options=options, relays=[relay(options={18: b"x"})] * relays, **about
    )
    data = encode(query)
    for at, piece in cuts:
        data = data[:at] + piece + data[at + len(piece) :]
    for sent in (data, data[: len(data) // 2]):
        server.deliver(server.datagram(sent))
    assert server.count("pkt6-processing-failed") == 0
    assert not server.in_flight
