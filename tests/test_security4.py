"""What went wrong elsewhere (CVEs, audits, faults), and the tests by which kead stands it, as far as DHCPv4 goes.

| threat or fault | tests |
|---|---|
| malformed packets of any kind | fuzz/test_mutations4, fuzz/test_exchange4, dhcp4/test_packet |
| | dhcp4/test_dispatch: bytes that are no packet |
| one broken packet costs the others nothing | dhcp4/test_dispatch: a failure in one exchange |
| options in loops, 64 KiB, nested vendor options | dhcp4/test_packet, dhcp4/test_vendor; here: bombs |
| names: long, empty labels, cleaned to nothing | dhcp4/test_names, wire/test_dns_names; here: names |
| (2019-6473, 2025-11232, #4557) | |
| client identifiers of 0, 1, 255 and more bytes | dhcp4/test_discover: the length of a client identifier |
| neither it nor a hardware address | dhcp4/test_leasing: without a card; here: what is stored can be loaded |
| (2015-8373, 2019-6474) | |
| unicast requests without a subnet (2025-40779) | here: unicast requests without a subnet |
| logging crashes the server (2015-8373, #4719) | here: with all logging on |
| callout handles are never freed (2018-5739) | here: soak with a library |
| a second RELEASE spoils statistics (#4670) | dhcp4/test_release: a second release changes nothing |
| an expired lease and a hook's SKIP (2483) | dhcp4/test_hooks_in_exchange: skip at lease4_select of an expired lease |
| special characters in lease files (2499) | leases/test_csv4; here: what is stored can be loaded |
| broken or newer rows, large files | leases/test_loading4 |
| floods of strangers, of DECLINEs | dhcp4/test_dispatch: too much; here: starvation |
| bounded memory | dhcp4/test_reply: templates do not fill the memory; here: soak |
| power loss, full disk, kill -9 | dhcp4/test_dispatch: durability, fsync; leases/test_full_disk |
| | system/test_kill, system/test_full_disk |
| a reload with an error | dhcp4/test_server: a reload that fails |
| a library that fails to load leaves none | dhcp4/test_server: a library that does not load, does not start |
| values pass the check and nothing is answered | config/test_mistakes4 |
| option lists above 255 bytes | dhcp4/test_reply: a long option goes out in pieces |
| callouts that block or never come back | hooks/test_hook_chain, test_parking_lot |
| | dhcp4/test_hooks_in_exchange: parking |
| deep, huge, slow JSON (2026-3608) | control/test_control_unix, control/test_control_text |
| paths, libraries as root (2025-32801, -32802) | config/test_restrictions, hooks/test_hook_finding |
| files that anybody reads (2025-32803) | test_daemon |
| secrets in logs | test_logs |
"""

from __future__ import annotations

import gc
import time
import tracemalloc
from pathlib import Path

import pytest

from kead.allocation.occupancy import Occupancy
from kead.dhcp4.packet import ACK, NAK
from kead.leases.memfile4 import Memfile4, MemfileSettings
from tests.dhcp4.conftest import client, log, other, server
from tests.dhcp4.conversation import NOW, SERVER, Client, LogFile, ServerUnderTest, interface
from tests.fuzz.mutate4 import corpus

__all__ = ("client", "log", "other", "server")  # fixtures

NASTY = [
    b"",
    b".",
    b"..",
    b"a..b",
    b"aaa..bbb",
    b"\0\0\0",
    b"!!!",
    b"a.!!!.b",
    b"!.!",
    b"x" * 64,
    b"x" * 63 + b"." + b"y" * 64,
    b".".join([b"x" * 60] * 5),
    b"x" * 600,
    b"$(reboot);",
    b"a,b&c\nd\re",
    "\u00fc\u4e2d".encode(),
    bytes(range(256)),
]


@pytest.mark.parametrize("name", NASTY)
async def test_names(server: ServerUnderTest, client: Client, name: bytes) -> None:
    """A name that is no good is no reason for silence, and what is stored of it is fit for a lease file and DNS."""
    offered = {12: name}
    qualified = {81: b"\0\0\0" + name}
    wired = {81: b"\4\0\0" + bytes((min(len(name), 63),)) + name[:63] + b"\0"}
    for options in (offered, qualified, wired, offered | qualified):
        reply = await client.request(options=options)
        if reply is None:  # refused when it was parsed: a broken option 81
            assert 81 in options
            assert server.count("pkt4-parse-failed") > 0
            continue
        assert reply.type == ACK
        lease = await server.lease(reply.address)
        assert lease is not None
        assert len(lease.hostname) <= 255
        labels = lease.hostname.rstrip(".").split(".")
        assert all(len(label) <= 63 for label in labels)
        assert all(labels) or not lease.hostname or 81 not in options, "of option 12 Kea keeps `a..b` of `a.!.b`"
        assert lease.hostname == lease.hostname.lower()
        assert set(lease.hostname) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-")


@pytest.mark.parametrize("size", [0, 1, 2, 128, 129, 254, 255, 256, 1000])
@pytest.mark.parametrize("hlen", [0, 1, 6, 16])
@pytest.mark.parametrize("match", [True, False])
async def test_what_is_stored_can_be_loaded(server: ServerUnderTest, size: int, hlen: int, match: bool) -> None:
    """No client identifier and no hardware address makes a lease that the next start stumbles over."""
    server.configure(match_client_id=match, store_extended_info=True)
    nasty = bytes(range(1, 256))
    client = Client(server, nasty[:hlen], (nasty * 4)[:size])
    agent = {82: b"\1\xc8" + nasty[:200] + b"\2\3,\n&"}
    await client.request(options={12: b"a,b&c\nd", **agent}, giaddr="192.0.2.2")
    stored = [lease async for page in server.store.all() for lease in page]
    assert server.path is not None
    again = Memfile4.open(MemfileSettings(server.path, max_row_errors=1), Occupancy(), NOW)
    assert [lease async for page in again.all() for lease in page] == stored
    await again.close()
    assert len(stored) == (size in (0, *range(2, 256)) and bool(size or hlen))


async def test_unicast_requests_without_a_subnet(server: ServerUnderTest, client: Client) -> None:
    server.channel.interface = interface(address="10.0.0.1")
    for packet in corpus():
        server.deliver(server.datagram(packet, source="172.16.0.9", destination=SERVER))
    for kind in (1, 3, 4, 7, 8):
        for options in ({}, {50: b"\xac\x10\0\7"}, {61: b"\1abc", 55: bytes(range(1, 255)), 82: b"\5\4\xac\x10\0\1"}):
            reply = await client.send(kind, ciaddr="172.16.0.9", destination=SERVER, options=options)
            assert reply is None or reply.type in (ACK, NAK)
    assert server.count("pkt4-processing-failed") == 0


async def test_with_all_logging_on(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    """Logging of what clients send is safe: nothing raises, and no client writes lines of its own."""
    log.everything()
    for packet in corpus():
        server.deliver(server.datagram(packet), server.datagram(packet, source="192.0.2.9", destination=SERVER))
    nasty = b"\n2026-01-01 FATAL [kea-dhcp4] YOU HAVE BEEN HACKED %s %d\x1b[31m\0"
    options = dict.fromkeys((12, 60, 61, 77, 82, 124, 125, 224), nasty)
    for kind in range(1, 9):
        await client.send(kind, requested="192.0.2.15", options=options)
    assert not [line for line in log.lines if line.startswith("2026-01-01")]
    assert "\x1b" not in log.text


def bombs() -> dict[str, bytes]:
    head = corpus()[0][:240]
    return {
        "full of options of one byte": head + bytes((12, 0)) * 32000,
        "one option in 8000 pieces": head + b"\x35\1\1" + b"\x2b\6\1\1\1\2\2\1\1" * 8000,
        "agent options in loops": head + b"\x35\1\1" + (b"\x52\xfe" + b"\1\0" * 127) * 250,
        "nested vendor options": head + b"\x35\1\1" + (b"\x7d\xff" + b"\0\0\0\x09\xfa" + b"\x7d\5" * 125) * 250,
        "padding": head + bytes(65000),
        "a long name": head + b"\x35\1\1" + (b"\x51\xff" + b"\4\0\0" + b"\1a" * 126) * 250,
        "search lists that point": head + b"\x35\1\1" + (b"\x77\xfe" + b"\1a\xc0\0" * 63 + b"\xc0\0") * 250,
    }


@pytest.mark.parametrize("name", bombs())
async def test_bombs(server: ServerUnderTest, client: Client, name: str) -> None:
    """A datagram of 64 KiB that is made to cost much costs little (on average, and even of the worst kinds)."""
    data = bombs()[name]
    best = 1.0
    for _ in range(5):
        began = time.process_time()
        server.deliver(server.datagram(data))
        best = min(best, time.process_time() - began)
    assert best < 0.05
    assert await client.discover() is not None


async def test_starvation(server: ServerUnderTest, client: Client) -> None:
    """Strangers by the thousand, who decline what they get, cost those who have an address nothing."""
    address = await client.bind()
    for number in range(3000):
        stranger = Client(server, b"\6" + number.to_bytes(5, "big"))
        (offer,) = server.deliver(server.datagram(stranger.query(1))) or (None,)
        if offer is not None:
            server.deliver(server.datagram(stranger.query(3, requested=offer.address, server_id=SERVER)))
            server.deliver(server.datagram(stranger.query(4, requested=offer.address)))
    assert len(server.store) == 11
    assert server.count("assigned-addresses") == 11
    assert server.count("declined-addresses") == 10
    ack = await client.renew(address)
    assert ack is not None
    assert ack.type == ACK


class TestSoak:
    async def exchanges(self, server: ServerUnderTest, count: int) -> None:
        clients = [Client(server, b"\2\0\0" + n.to_bytes(3, "big")) for n in range(200)]
        queries = [
            [server.datagram(each.query(kind, prl=[1, 3, 6, 15], options=options)) for each in batch]
            for batch in (clients[start : start + 20] for start in range(0, 200, 20))
            for kind, options in ((1, {}), (3, {}), (3, {12: b"me"}), (7, {}))
        ]
        for number in range(count // 20):
            server.now += 0.2
            server.dispatcher.serve(queries[number % len(queries)])
            server.channel.sent.clear()
            if server.libraries.chains:
                await server.settle(8)

    async def grown(self, server: ServerUnderTest, warm: int, count: int) -> float:
        """Bytes that are left per exchange after the warm-up, which lasts longer than leases do."""
        await self.exchanges(server, warm)
        gc.collect()
        tracemalloc.start()
        try:
            await self.exchanges(server, warm)
            gc.collect()
            before, _ = tracemalloc.get_traced_memory()
            await self.exchanges(server, count)
            gc.collect()
            after, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        return (after - before) / count

    async def test_memory_is_flat(self, log: LogFile, tmp_path: Path) -> None:
        server = ServerUnderTest()
        server.configure(pool="192.0.2.10 - 192.0.2.250", valid_lifetime=300)
        assert await self.grown(server, 50_000, 100_000) < 0.5
        assert not server.in_flight

    async def test_with_a_library(self, log: LogFile) -> None:
        server = ServerUnderTest()
        server.configure(pool="192.0.2.10 - 192.0.2.250")

        def remember(callout: object) -> None:
            callout.context["bytes"] = bytes(1000)  # type: ignore[attr-defined]

        async def patient(callout: object) -> None:
            remember(callout)

        server.hook(pkt4_receive=remember, subnet4_select=patient, leases4_committed=remember)
        assert await self.grown(server, 4_000, 16_000) < 5
        assert server.dispatcher.lot.parked == 0
