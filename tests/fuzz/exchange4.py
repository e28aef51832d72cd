"""Broken DHCPv4 packets through whole servers, from bytes to replies and leases.

    python tests/fuzz/exchange4.py 10000000 --seed 1 --processes 2

Each mutation (mutate4.py) goes to one of several servers, whose configurations differ in what they make of a packet;
it comes from the link, from a relay agent or by unicast. Demanded: nothing is raised on its way (a packet that cannot
be served is refused, not stumbled over), every reply is a message of the right kind to the query it answers, every
lease that is stored could be loaded again from a lease file, and memory stops growing.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import time
import traceback
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from kead import logs
from kead.dhcp4.channel import Datagram
from kead.dhcp4.dispatch import Dispatcher
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.packet import ACK, BOOTREPLY, NAK, OFFER, decode
from kead.hooks.status import CONTINUE
from kead.leases.csv4 import decode_row, format_row
from kead.wire.address import parse_ip4
from tests.corpus.make4 import MAC
from tests.dhcp4.conversation import SERVER, FakeChannel, ServerUnderTest, option
from tests.fuzz.mutate4 import corpus, mutations

BATCH = 16
MACS = [b"\2\0\0\0" + number.to_bytes(2, "big") for number in range(150)]
PLAIN: dict[str, Any] = {"pool": "192.0.2.10 - 192.0.2.200", "authoritative": True, "valid_lifetime": 60}
NETWORK: dict[str, Any] = {
    "networks": [
        {
            "name": "floor",
            "interface": "eth0",
            "option-data": [option("v6-only-preferred", "1800")],
            "subnet4": [
                {"id": 1, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10 - 192.0.2.40"}]},
                {"id": 2, "subnet": "10.0.0.0/8", "pools": [{"pool": "10.0.0.10 - 10.0.0.40"}], "offer-lifetime": 30},
                {
                    "id": 3,
                    "subnet": "198.51.100.0/24",
                    "match-client-id": False,
                    "pools": [{"pool": "198.51.100.0/29", "option-data": [option("routers", "198.51.100.1")]}],
                },
            ],
        }
    ],
    "store_extended_info": True,
    "stash_agent_options": True,
    "valid_lifetime": 60,
    "min_valid_lifetime": 5,
    "max_valid_lifetime": 0xFFFFFFFF,
    "calculate_tee_times": True,
}  # fmt: skip
SPARSE: dict[str, Any] = {
    "pool": "192.0.2.10 - 192.0.2.12",
    "of_subnet": {"match_client_id": False, "cache_threshold": 0.0},
    "compatibility": {"ignore-dhcp-server-identifier": True, "ignore-rai-link-selection": True},
    "echo_client_id": False,
    "option_data": [
        option("domain-name-servers", ",".join(f"192.0.2.{n}" for n in range(1, 100)), always_send=True),
        {"name": "tftp-servers", "space": "vendor-4491", "code": 2, "csv-format": False, "data": "c0000201",
         "always-send": True},
    ],
}  # fmt: skip

RESERVED: dict[str, Any] = {
    "pool": "192.0.2.10 - 192.0.2.60",
    "valid_lifetime": 60,
    "of_subnet": {
        "reservations": [
            {"hw-address": mac.hex(":"), "ip-address": f"192.0.2.{5 + 3 * number}", "hostname": f"Host{number}."}
            for number, mac in enumerate(MACS[:30])
        ]
        + [
            {"circuit-id": "'circuit'", "boot-file-name": "/boot", "option-data": [option("routers", "192.0.2.1")]},
            {"client-id": "01" + MACS[40].hex(), "ip-address": "192.0.2.8", "hostname": "n" * 80},
        ],
    },
    "ip_reservations_unique": False,
    "reservations": [{"hw-address": mac.hex(":"), "ip-address": "192.0.2.99"} for mac in MACS[20:50]],
    "reservations_global": True,
}  # fmt: skip


def _listener(callout: Any) -> None:
    callout.context["seen"] = True
    callout.status = CONTINUE


LISTENERS = dict.fromkeys(
    (
        "pkt4_receive",
        "subnet4_select",
        "ddns4_update",
        "lease4_select",
        "lease4_renew",
        "lease4_release",
        "lease4_decline",
        "lease4_offer",
        "leases4_committed",
        "pkt4_send",
        "buffer4_send",
    ),
    _listener,
)


class Strict(Dispatcher):
    """A dispatcher that lets no failure pass."""

    def _failed(self, x: Exchange, error: BaseException) -> None:
        raise AssertionError(f"{error!r} for {x.datagram.data.hex()}") from error


class Servers:
    """The servers that a run feeds."""

    def __init__(self) -> None:
        logs.configure([{"name": "kea-dhcp4", "severity": "NONE"}], root="kea-dhcp4")
        self.all = [ServerUnderTest(dispatcher=Strict) for _ in range(5)]
        for server, configuration in zip(self.all, (PLAIN, NETWORK, SPARSE, PLAIN, RESERVED), strict=True):
            server.configure(**configuration)
        self.all[3].hook(LISTENERS)
        self.replies = 0

    async def feed(self, server: ServerUnderTest, datagrams: list[Datagram]) -> None:
        """One batch, and what must be true of what comes out of it."""
        server.now += 0.05
        server.dispatcher.serve(datagrams)
        if server.libraries.chains:  # leases4_committed has waited until its lease was durable
            for _ in range(10 * BATCH):
                if not server.dispatcher.lot.parked:
                    break
                await server.settle(1)  # packets of one client wait for each other
            assert not server.dispatcher.lot.parked, "somebody waits for ever"
            await server.settle(2)
        sent, server.channel.sent = server.channel.sent, []
        self.replies += len(sent)
        for reply in sent:
            packet = decode(reply.data)
            assert packet.op == BOOTREPLY
            assert packet.type in (OFFER, ACK, NAK)
            assert packet.type != NAK or not packet.yiaddr
            assert 54 in packet.options

    async def check_leases(self) -> int:
        """Every lease can be loaded again. How many there are."""
        number = 0
        for server in self.all:
            async for page in server.store.all():
                for lease in page:
                    number += 1
                    again = decode_row(format_row(lease).rstrip("\n"))
                    again.htype = lease.htype
                    assert again == lease, f"{lease} is loaded as {again}"
        return number


def place(random: Random, server: ServerUnderTest, data: bytes) -> Datagram:
    """The datagram, from one of the directions that packets come from."""
    if random.random() < 0.6:
        data = data.replace(MAC, random.choice(MACS))
    way = random.random()
    channel: FakeChannel = server.channel
    if way < 0.5:
        return Datagram(data, 0, 68, 0xFFFFFFFF, channel, data[28:34], server.now)
    if way < 0.8:
        return Datagram(data, _RELAY, 67, _SERVER, channel, b"\2\0\0\0\0\x77", server.now)
    return Datagram(data, _CLIENT, 68, _SERVER, channel, data[28:34], server.now)


_RELAY, _SERVER, _CLIENT = parse_ip4("192.0.2.2"), parse_ip4(SERVER), parse_ip4("192.0.2.11")


def localize(packets: Sequence[bytes]) -> list[bytes]:
    """The corpus, each packet with addresses that these servers know, and without a hardware address."""
    found = list(packets)
    found += [packet[:2] + b"\0" + packet[3:] for packet in packets]
    for packet in packets:
        for ciaddr, giaddr in (("0.0.0.0", "0.0.0.0"), ("192.0.2.11", "0.0.0.0"), ("0.0.0.0", "192.0.2.2")):
            head = bytearray(packet)
            head[12:16] = parse_ip4(ciaddr).to_bytes(4, "big")
            head[24:28] = parse_ip4(giaddr).to_bytes(4, "big")
            found.append(bytes(head))
    return found


async def feed(count: int, seed: int) -> dict[str, int]:
    """Feeds so many mutations; what came of them. AssertionError on a fault."""
    servers = Servers()
    random = Random(seed)
    source = mutations(localize(corpus()), seed)
    memory = 0
    for start in range(0, count, BATCH):
        server = servers.all[(start // BATCH) % len(servers.all)]
        batch = [place(random, server, next(source)) for _ in range(min(BATCH, count - start))]
        await servers.feed(server, batch)
        if not memory and start >= count // 4:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    leases = await servers.check_leases()
    for server in servers.all:
        assert not server.in_flight
        assert not server.guard._busy
        assert not server.dispatcher.lot.parked
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    counted = {
        name: sum(server.count(name) for server in servers.all)
        for name in ("pkt4-received", "pkt4-parse-failed", "pkt4-processing-failed", "pkt4-sent")
    }
    return {**counted, "replies": servers.replies, "leases": leases, "KiB grown after the first quarter": grown}


def run(count: int, seed: int) -> dict[str, int]:
    """`feed` in a loop of its own."""
    return asyncio.run(feed(count, seed))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="feed broken DHCPv4 packets to whole servers")
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=1)
    arguments = parser.parse_args()
    before = time.perf_counter()
    each = arguments.count // arguments.processes
    seeds = [arguments.seed + n for n in range(arguments.processes)]
    with ProcessPoolExecutor(arguments.processes) as pool:
        for seed, future in [(seed, pool.submit(run, each, seed)) for seed in seeds]:
            try:
                result = future.result()
            except AssertionError as error:
                print(f"seed {seed}: {error}", file=sys.stderr)
                traceback.print_exception(error)
                return 1
            print(f"seed {seed}:", ", ".join(f"{key} {value}" for key, value in result.items()))
    print(f"in {time.perf_counter() - before:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
