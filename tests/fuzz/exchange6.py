"""Broken and excessive DHCPv6 packets through whole servers, from bytes to replies and leases.

    python tests/fuzz/exchange6.py 10000000 --seed 1 --processes 2

Each mutation (mutate6.py), and now and then a packet that is whole but too much (extremes6.py), goes to one of several
servers, whose configurations differ in what they make of it; it comes from the link, from relays or by unicast.
Demanded: nothing is raised on its way (a packet that cannot be served is refused, not stumbled over), and every reply
is a message of the right kind that gives only what its client then has. `Watched` looks at each change of a lease:
nobody gets what another one holds, or what is in no pool. In the end all leases are what their files say, statistics
are what leases say, and memory has stopped growing.
"""

from __future__ import annotations

import argparse
import asyncio
import resource
import sys
import tempfile
import time
import traceback
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from kead import logs
from kead.allocation.occupancy6 import Occupancy6
from kead.config.snapshot6 import Config6
from kead.dhcp6.associations import IaNa, IaPd
from kead.dhcp6.channel import Datagram
from kead.dhcp6.dispatch import Dispatcher
from kead.dhcp6.exchange import Exchange
from kead.dhcp6.packet import ADDR_REG_REPLY, ADVERTISE, RELAY_REPL, REPLY, PacketError
from kead.dhcp6.tally import Tally6
from kead.dhcp6.wishes import NA, PD, in_prefix, pool_of
from kead.hooks.status import CONTINUE
from kead.leases.csv6 import format_row
from kead.leases.lease6 import EMPTY_DUID, Lease6, State
from kead.leases.memfile6 import Memfile6, MemfileSettings
from kead.leases.reclamation import Reclamation6
from kead.statistics import Statistics
from kead.wire.address import parse_ip6, text_ip6
from tests.corpus.make6 import MAC, ip
from tests.dhcp6.conversation import (
    ALL_SERVERS,
    NOW,
    SERVER_DUID,
    FakeChannel,
    Reply,
    ServerUnderTest,
    interface,
    option,
)
from tests.fuzz.extremes6 import ADDRESSES, PREFIXES, extreme, relays
from tests.fuzz.mutate6 import corpus, mutations

BATCH = 16
PATIENCE = 100_000
"""Turns of the loop after which whoever is still parked waits for ever: thousands of associations wait one by one."""
EXTREME = 0.03
"""How many of the packets are of extremes6.py."""
MACS = [b"\2\0\0\0" + number.to_bytes(2, "big") for number in range(150)]
PLAIN: dict[str, Any] = {
    "subnets": [
        {
            "id": 1,
            "subnet": "2001:db8:1::/64",
            "interface": "eth0",
            "pools": [{"pool": "2001:db8:1::10 - 2001:db8:1::ff"}],
            "pd-pools": [
                {
                    "prefix": "2001:db8:8000::",
                    "prefix-len": 48,
                    "delegated-len": 56,
                    "excluded-prefix": "2001:db8:8000:ab::",
                    "excluded-prefix-len": 64,
                }
            ],
        }
    ],
    "preferred_lifetime": 30,
    "valid_lifetime": 60,
    "decline_probation_period": 20,
}
NETWORK: dict[str, Any] = {
    "networks": [
        {
            "name": "floor",
            "interface": "eth0",
            "rapid-commit": True,
            "subnet6": [
                {
                    "id": 1,
                    "subnet": "2001:db8:1::/64",
                    "pools": [
                        {"pool": "2001:db8:1::10 - 2001:db8:1::1f"},
                        {"pool": "2001:db8:1::40/126", "pool-id": 5},
                    ],
                    "pd-pools": [
                        {"prefix": "2001:db8:8000::", "prefix-len": 52, "delegated-len": 56},
                        {"prefix": "2001:db8:9000::", "prefix-len": 60, "delegated-len": 64, "pool-id": 7},
                    ],
                },
                {
                    "id": 2,
                    "subnet": "2001:db8:2::/48",
                    "pools": [{"pool": "2001:db8:2::/122", "option-data": [option("dns-servers", "2001:db8::53")]}],
                    "pd-pools": [{"prefix": "2001:db8:a000::", "prefix-len": 60, "delegated-len": 62}],
                },
            ],
        },
        {"name": "others", "relay": {"ip-addresses": ["2001:db8:77::1"]}, "subnet6": [
            {"id": 3, "subnet": "2001:db8:3::/64", "interface-id": "port3",
             "pools": [{"pool": "2001:db8:3::/120"}],
             "pd-pools": [{"prefix": "2001:db8:b000::", "prefix-len": 60, "delegated-len": 60}]},
        ]},
    ],
    "store_extended_info": True,
    "relay_supplied_options": ["24", "65"],
    "mac_sources": ["docsis-modem", "docsis-cmts", "client-link-addr-option", "remote-id", "duid"],
    "preferred_lifetime": 30,
    "min_preferred_lifetime": 5,
    "max_preferred_lifetime": 40,
    "valid_lifetime": 60,
    "min_valid_lifetime": 10,
    "max_valid_lifetime": 80,
    "cache_threshold": 0.0,
}  # fmt: skip
SPARSE: dict[str, Any] = {
    "subnets": [
        {
            "id": 1,
            "subnet": "2001:db8:1::/64",
            "interface": "eth0",
            "pools": [{"pool": "2001:db8:1::10 - 2001:db8:1::13"}],
            "pd-pools": [{"prefix": "2001:db8:8000::", "prefix-len": 54, "delegated-len": 56}],
            "allocator": "random",
            "pd-allocator": "flq",
        }
    ],
    "expired_leases_processing": {"hold-reclaimed-time": 0, "flush-reclaimed-timer-wait-time": 0},
    "compatibility": {"lenient-option-parsing": True},
    "decline_probation_period": 5,
    "valid_lifetime": 60,
    "option_data": [
        option("dns-servers", ",".join(f"2001:db8::{n:x}" for n in range(1, 100)), always_send=True),
        {"name": "tftp-servers", "space": "vendor-4491", "code": 32, "csv-format": False, "data": ip("::1").hex(),
         "always-send": True},
    ],
}  # fmt: skip


def _listener(callout: Any) -> None:
    callout.context["seen"] = True
    callout.status = CONTINUE


LISTENERS = dict.fromkeys(
    (
        "pkt6_receive",
        "subnet6_select",
        "ddns6_update",
        "lease6_select",
        "lease6_renew",
        "lease6_rebind",
        "lease6_release",
        "lease6_decline",
        "addr6_register",
        "leases6_committed",
        "pkt6_send",
        "buffer6_send",
    ),
    _listener,
)


async def _slow_listener(callout: Any) -> None:
    """Others' packets overtake the one that waits here."""
    await asyncio.sleep(0)
    callout.status = CONTINUE


SLOW_LISTENERS = dict.fromkeys(
    ("pkt6_receive", "lease6_select", "lease6_renew", "lease6_release", "lease6_decline", "leases6_committed"),
    _slow_listener,
)


class Strict(Dispatcher):
    """A dispatcher that lets no failure pass."""

    def _failed(self, x: Exchange, error: BaseException) -> None:
        raise AssertionError(f"{error!r} for {x.datagram.data.hex()}") from error


class Channel(FakeChannel):
    """A channel that knows what replies look like."""

    unread = 0

    def send(self, data: bytes, destination: int, port: int) -> None:
        try:
            super().send(data, destination, port)
        except PacketError:
            assert data[0] == RELAY_REPL  # options that a relay supplies go on to the client as they are
            self.unread += 1


class Watched(Memfile6):
    """A store that lets no wrong change pass. `config` is the configuration of which leases are."""

    config: Config6
    now = NOW

    def tick(self, now: int) -> None:
        self.now = now
        super().tick(now)

    def put_new(self, lease: Lease6) -> bool:
        self._belongs(lease)
        return super().put_new(lease)

    def put_instead(self, lease: Lease6, old: Lease6) -> bool:
        assert (lease.type, lease.address) == (old.type, old.address), f"{lease} in place of {old}"
        if lease.state == State.DECLINED:
            assert (lease.duid, old.state) == (EMPTY_DUID, State.DEFAULT), f"{lease} in place of {old}"
            assert not old.expired(self.now), f"{old} has expired, and is declined"
        elif lease.state == State.RECLAIMED:
            assert old.expired(self.now), f"{old} has not expired, and is reclaimed"
        elif (lease.duid, lease.iaid) != (old.duid, old.iaid):
            both_registered = lease.state == old.state == State.REGISTERED
            assert both_registered or old.expired(self.now), f"{lease} takes what {old} holds"
        self._belongs(lease)
        return super().put_instead(lease, old)

    def _belongs(self, lease: Lease6) -> None:
        """It is in a pool, and whole."""
        subnet = self.config.by_id[lease.subnet_id]
        assert 3 <= len(lease.duid) <= 130
        if lease.state == State.REGISTERED:
            assert lease.type == NA
            assert in_prefix(subnet, lease.address), f"{lease} is outside of its subnet"
            return
        pool = pool_of(subnet, lease.type, lease.address)
        assert pool is not None, f"{lease} is outside of all pools"
        if lease.type == PD:
            assert lease.prefix_length == pool.delegated_length
            assert not lease.address & ((1 << 128 - lease.prefix_length) - 1), f"{lease} has bits beyond its length"
        else:
            assert lease.prefix_length == 128


class Server(ServerUnderTest):
    """One of the servers that a run feeds."""

    def __init__(self, folder: Path, configuration: dict[str, Any]) -> None:
        super().__init__(folder, dispatcher=Strict, store=Watched)
        self.channel: Channel = Channel(interface())
        config = self.configure(**configuration)
        self.tally.pool_of = self.service.pool_id_of
        assert isinstance(self.store, Watched)
        self.store.config = config
        self.keeps_released = config.expiration.hold_reclaimed_time > 0

    async def feed(self, datagrams: list[Datagram]) -> list[Reply]:
        """One batch, and what must be true of what comes out of it."""
        self.now += 0.25
        self.dispatcher.serve(datagrams)
        if self.libraries.chains:  # leases6_committed has waited until its lease was durable
            for _ in range(PATIENCE):
                if not self.dispatcher.lot.parked:
                    break
                await self.settle(1)  # packets of one client wait for each other
            assert not self.dispatcher.lot.parked, "somebody waits for ever"
            await self.settle(2)
        sent, self.channel.sent = self.channel.sent, []
        for reply in sent:
            self._check(reply)
        return sent

    def _check(self, reply: Reply) -> None:
        assert reply.type in (ADVERTISE, REPLY, ADDR_REG_REPLY)
        assert reply.option(2) == SERVER_DUID
        duid = reply.packet.duid
        given = [
            (NA, ia.iaid, one.address, 128, one.preferred, one.valid)
            for ia in map(IaNa.parse, reply.options.get(3, ()))
            for one in ia.addresses
        ] + [
            (PD, ia.iaid, one.address, one.length, one.preferred, one.valid)
            for ia in map(IaPd.parse, reply.options.get(25, ()))
            for one in ia.prefixes
        ]
        for kind, iaid, address, length, preferred, valid in given:
            if not valid:
                continue
            assert preferred <= valid
            assert any(pool_of(subnet, kind, address) is not None for subnet in self.config.subnets)
            if reply.type != REPLY:
                continue
            lease = self.store.at(kind, address)
            if lease is None or lease.state != State.DEFAULT:  # the same batch has given it back
                continue
            mine = (lease.duid, lease.iaid, lease.prefix_length) == (duid, iaid, length)
            assert mine or not self.keeps_released, f"{text_ip6(address)} was given, and somebody else has it: {lease}"

    async def reclaim(self) -> None:
        """What the timer does now and then."""
        reclamation = Reclamation6(self.store, self.config.expiration, self.service.reclaim)
        await reclamation.run_cycle(int(self.now), 0, 0, remove=not self.keeps_released)
        self.dispatcher.make_durable()

    async def check_leases(self) -> int:
        """Its leases are those of its file, and its statistics those of its leases. How many there are."""
        await self.store.durable()
        leases = [format_row(lease) async for page in self.store.all() for lease in page]
        assert self.path is not None
        again = Memfile6.open(MemfileSettings(self.path), Occupancy6(), int(self.now))
        assert leases == [format_row(lease) async for page in again.all() for lease in page]
        await again.close()
        truth = Tally6(Statistics())
        truth.configure(
            (s.id, [(p.pool_id, p.size) for p in s.pools], [(p.pool_id, p.size) for p in s.pd_pools])
            for s in self.config.subnets
        )
        truth.recount(await self.store.counts())
        for name in self._counted():
            assert self.count(name) == (truth.statistics.value(name) or 0), name
        return len(leases)

    def _counted(self) -> list[str]:
        names = ["assigned-nas", "assigned-pds", "declined-addresses"]
        for subnet in self.config.subnets:
            of = f"subnet[{subnet.id}]"
            names += [
                f"{of}.{name}" for name in ("assigned-nas", "assigned-pds", "declined-addresses", "registered-nas")
            ]
            names += [f"{of}.pool[{number}].assigned-nas" for number in subnet.pool_ids]
            names += [f"{of}.pd-pool[{number}].assigned-pds" for number in subnet.pd_pool_ids]
        return names


class Feeder:
    """Makes datagrams, and brings each on one of the ways that packets come."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._mutations = mutations(corpus(), seed)

    def next(self, server: Server) -> Datagram:
        """The next one for this server."""
        random = self._random
        if random.random() < EXTREME:
            data = extreme(random)
        else:
            data = next(self._mutations)
            if random.random() < 0.8:
                data = data.replace(MAC, random.choice(MACS))
            if random.random() < 0.8:
                data = data.replace(_ADDRESS, random.choice(ADDRESSES))
            if random.random() < 0.8:
                data = data.replace(_PREFIX, random.choice(PREFIXES))
            if random.random() < 0.3:
                data = relays(random, data, random.choice((1, 1, 1, 2, 5)))
        way = random.random()
        channel = server.channel
        if way < 0.7:
            return Datagram(data, _CLIENT, 546, _MULTICAST, channel, server.now)
        if way < 0.8:
            return Datagram(data, parse_ip6("2001:db8:1::99"), 546, _MULTICAST, channel, server.now)
        return Datagram(data, int.from_bytes(random.choice(ADDRESSES), "big"), 547, _SERVER, channel, server.now)


_ADDRESS, _PREFIX = ip("2001:db8:1::17"), ip("2001:db8:8000::")
_CLIENT, _SERVER, _MULTICAST = parse_ip6("fe80::c1"), parse_ip6("2001:db8:1::1"), parse_ip6(ALL_SERVERS)


async def feed(count: int, seed: int, folder: Path) -> dict[str, int]:
    """Feeds so many packets; what came of them. AssertionError on a fault. Lease files are made in `folder`."""
    logs.configure([{"name": "kea-dhcp6", "severity": "NONE"}], root="kea-dhcp6")
    servers = []
    for name, configuration in (
        ("plain", PLAIN),
        ("network", NETWORK),
        ("sparse", SPARSE),
        ("hooked", PLAIN),
        ("slow", SPARSE),
    ):
        (folder / name).mkdir()
        servers.append(Server(folder / name, configuration))
    servers[-2].hook(LISTENERS)
    servers[-1].hook(SLOW_LISTENERS)
    feeder = Feeder(seed)
    memory = replies = 0
    for number, start in enumerate(range(0, count, BATCH)):
        server = servers[number % len(servers)]
        replies += len(await server.feed([feeder.next(server) for _ in range(min(BATCH, count - start))]))
        if number % 1000 < len(servers):
            await server.reclaim()
        if not memory and start >= count // 4:
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory
    leases = 0
    for server in servers:
        leases += await server.check_leases()
        assert not server.in_flight
        assert not server.guard._busy
        assert not server.dispatcher.lot.parked
        await server.store.close()
    counted = {
        name: sum(server.count(name) for server in servers)
        for name in ("pkt6-received", "pkt6-parse-failed", "pkt6-receive-drop", "pkt6-sent", "cumulative-assigned-nas")
    }
    replies += sum(server.channel.unread for server in servers)
    return {**counted, "replies": replies, "leases": leases, "KiB grown after the first quarter": grown}


def run(count: int, seed: int) -> dict[str, int]:
    """`feed` in a loop and a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(feed(count, seed, Path(folder)))


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description="feed broken DHCPv6 packets to whole servers")
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
