"""A server with the lease_cmds library and no sockets: commands go in as JSON text, answers come out."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kead.allocation.occupancy import Occupancy
from kead.allocation.occupancy6 import Occupancy6
from kead.config.snapshot4 import Config4, Subnet4
from kead.config.snapshot6 import Config6, Subnet6
from kead.control.answers import Answer
from kead.control.registry import Command, Registry
from kead.dhcp4 import hook_points as hook_points4
from kead.dhcp4 import subnets as subnets4
from kead.dhcp4.tally import NO_POOL, Tally4
from kead.dhcp6 import hook_points as hook_points6
from kead.dhcp6 import subnets as subnets6
from kead.dhcp6.tally import Tally6
from kead.hooks.instance import Host
from kead.hooks.loading import Loaded, load
from kead.leases.lease4 import Lease4
from kead.leases.lease6 import Lease6, LeaseType
from kead.leases.memfile4 import Memfile4, MemfileSettings
from kead.leases.memfile6 import Memfile6
from kead.statistics import Statistics
from tests.hooks.lease_cmds.subnets import config, config6

SUBNETS = [
    {"id": 1, "subnet": "10.0.0.0/16", "pools": [{"pool": "10.0.1.10-10.0.1.19"}]},
    {"id": 2, "subnet": "10.1.0.0/16", "pools": [{"pool": "10.1.1.10-10.1.1.19", "pool-id": 7}]},
]
SUBNETS6 = [
    {
        "id": 1,
        "subnet": "2001:db8::/64",
        "pools": [{"pool": "2001:db8::1:10-2001:db8::1:19"}],
        "pd-pools": [{"prefix": "2001:db8:8000::", "prefix-len": 48, "delegated-len": 56}],
    },
    {"id": 2, "subnet": "2001:db8:1::/64", "pools": [{"pool": "2001:db8:1::1:10-2001:db8:1::1:19", "pool-id": 7}]},
]


def counted(statistics: Statistics, name: str) -> int:
    """The present value of a statistic."""
    value = statistics.get(name)[name][0][0]
    assert isinstance(value, int)
    return value


class LeaseServer:
    """What `PublicServer4` promises, with a real store and real counters; durable without a dispatcher."""

    restricted = True

    def __init__(self, config: Config4, store: Memfile4) -> None:
        self.config, self.store = config, store
        self.statistics = Statistics()
        self.tally = Tally4(self.statistics)
        self.tally.pool_of = self._pool_of
        self.tally.configure((s.id, [(pool.pool_id, pool.size) for pool in s.pools]) for s in config.subnets)
        self.busy: set[int] = set()
        self.told: list[tuple[str, str]] = []
        self.flushes = 0
        self._selector = subnets4.SubnetSelector(config.subnets)

    def subnet_of(self, address: int) -> Subnet4 | None:
        return self._selector.containing(address)

    def is_busy(self, address: int) -> bool:
        return address in self.busy

    def name_changed(self, lease: Lease4, *, added: bool) -> None:
        self.told.append(("add" if added else "remove", lease.hostname))

    async def durable(self) -> None:
        noted = self.tally.cut()
        self.store.flush()
        await self.store.durable()
        self.tally.settle(noted)
        self.flushes += 1

    def _pool_of(self, lease: Lease4) -> int:
        subnet = self.config.by_id.get(lease.subnet_id)
        for pool in subnet.pools if subnet is not None else ():
            if pool.first <= lease.address <= pool.last:
                return pool.pool_id
        return NO_POOL

    def counted(self, name: str) -> int:
        return counted(self.statistics, name)


class LeaseServer6:
    """What `PublicServer6` promises, in the same way."""

    restricted = True

    def __init__(self, config: Config6, store: Memfile6) -> None:
        self.config, self.store = config, store
        self.statistics = Statistics()
        self.tally = Tally6(self.statistics)
        self.tally.pool_of = self._pool_of
        self.tally.configure(
            (
                s.id,
                [(pool.pool_id, pool.size) for pool in s.pools],
                [(pd_pool.pool_id, pd_pool.size) for pd_pool in s.pd_pools],
            )
            for s in config.subnets
        )
        self.busy: set[int] = set()
        self.told: list[tuple[str, str]] = []
        self.flushes = 0
        self._selector = subnets6.SubnetSelector(config.subnets)

    def subnet_of(self, address: int) -> Subnet6 | None:
        return self._selector.containing(address)

    def is_busy(self, address: int) -> bool:
        return address in self.busy

    def name_changed(self, lease: Lease6, *, added: bool) -> None:
        self.told.append(("add" if added else "remove", lease.hostname))

    async def durable(self) -> None:
        noted = self.tally.cut()
        self.store.flush()
        await self.store.durable()
        self.tally.settle(noted)
        self.flushes += 1

    def _pool_of(self, lease: Lease6) -> int:
        subnet = self.config.by_id.get(lease.subnet_id)
        if subnet is None:
            return NO_POOL
        for pool in subnet.pd_pools if lease.type == LeaseType.PD else subnet.pools:
            if pool.first <= lease.address <= pool.last:
                return pool.pool_id
        return NO_POOL

    def counted(self, name: str) -> int:
        """The present value of a statistic."""
        return counted(self.statistics, name)


class Sender:
    """Sends commands; the answers are as they would go out."""

    def __init__(self, loaded: Loaded) -> None:
        self._registry = Registry()

        def handler(name: str) -> Any:
            async def handle(request: Any) -> Any:
                async with loaded.occasion() as occasion:
                    return Answer.from_json(await loaded.answer(name, request.whole, occasion, request.place))

            return handle

        self._registry.set_hook_commands([Command(name, handler(name)) for name in loaded.commands])
        self.names = sorted(loaded.commands)

    async def __call__(self, command: str, arguments: object = ..., **more: object) -> dict[str, Any]:
        """Send a command; `a_b=1` is the argument "a-b"."""
        if more:
            arguments = {key.replace("_", "-"): value for key, value in more.items()}
        request = {"command": command} | ({} if arguments is ... else {"arguments": arguments})
        answer = await self._registry.execute_document(json.dumps(request, separators=(",", ":")).encode())
        assert answer is not None
        whole = answer.as_json()
        assert isinstance(whole, dict)
        return whole


class Commands(Sender):
    """Those of a DHCPv4 server."""

    async def add(self, last: int, **more: object) -> dict[str, Any]:
        """lease4-add of 10.0.1.LAST for 02:00:00:00:01:LAST."""
        hwaddr = more.pop("hw_address", f"02:00:00:00:01:{last:02x}")
        return await self("lease4-add", ip_address=f"10.0.1.{last}", hw_address=hwaddr, **more)

    async def get(self, last: int) -> dict[str, Any]:
        """What lease4-get shows of 10.0.1.LAST."""
        shown: dict[str, Any] = (await self("lease4-get", ip_address=f"10.0.1.{last}"))["arguments"]
        return shown


class Commands6(Sender):
    """Those of a DHCPv6 server."""

    async def add(self, last: int, **more: object) -> dict[str, Any]:
        """lease6-add of 2001:db8::1:LAST (hexadecimal) for DUID 00:01:02:LAST, IAID LAST."""
        lease: dict[str, object] = {"duid": f"00:01:02:{last:02x}", "iaid": last}
        return await self("lease6-add", ip_address=f"2001:db8::1:{last:x}", **(lease | more))

    async def add_prefix(self, last: int, **more: object) -> dict[str, Any]:
        """lease6-add of 2001:db8:8000:LAST00::/56 in subnet 1 for DUID 00:01:02:LAST, IAID LAST."""
        lease: dict[str, object] = {"duid": f"00:01:02:{last:02x}", "iaid": last, "type": "IA_PD", "prefix_len": 56}
        return await self("lease6-add", ip_address=prefix(last), **(lease | {"subnet_id": 1} | more))

    async def get(self, last: int) -> dict[str, Any]:
        """What lease6-get shows of 2001:db8::1:LAST."""
        shown: dict[str, Any] = (await self("lease6-get", ip_address=f"2001:db8::1:{last:x}"))["arguments"]
        return shown


def prefix(last: int) -> str:
    """2001:db8:8000:LAST00::"""
    return f"2001:db8:8000:{last:x}00::"


@pytest.fixture
def lease_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEA_DHCP_DATA_DIR", str(tmp_path))
    return tmp_path / "kea-leases4.csv"


@pytest.fixture
async def server(lease_file: Path) -> AsyncIterator[LeaseServer]:
    store = Memfile4.open(MemfileSettings(lease_file), Occupancy(), 0)
    server = LeaseServer(config(SUBNETS), store)
    yield server
    await server.store.close()


@pytest.fixture
async def commands(server: LeaseServer) -> AsyncIterator[Commands]:
    loaded = await library(server)
    yield Commands(loaded)
    await loaded.unload()


@pytest.fixture
def lease_file6(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("KEA_DHCP_DATA_DIR", str(tmp_path))
    return tmp_path / "kea-leases6.csv"


@pytest.fixture
async def server6(lease_file6: Path) -> AsyncIterator[LeaseServer6]:
    store = Memfile6.open(MemfileSettings(lease_file6), Occupancy6(), 0)
    server = LeaseServer6(config6(SUBNETS6), store)
    yield server
    await server.store.close()


@pytest.fixture
async def commands6(server6: LeaseServer6) -> AsyncIterator[Commands6]:
    loaded = await library(server6, process="kead-dhcp6")
    yield Commands6(loaded)
    await loaded.unload()


async def library(server: object, parameters: object = None, process: str = "kead-dhcp4") -> Loaded:
    """The library, by Kea's name."""
    points = hook_points6.POINTS if process.endswith("6") else hook_points4.POINTS
    entry = SimpleNamespace(library="libdhcp_lease_cmds.so", parameters=parameters or {})
    return await load([entry], Host(process, points, server), confined=False)


@pytest.fixture
def turns() -> Callable[[], Any]:
    """Counts the loop's turns while something runs."""

    async def count(work: Any) -> tuple[Any, int]:
        task = asyncio.ensure_future(work)
        number = 0
        while not task.done():
            await asyncio.sleep(0)
            number += 1
        return task.result(), number

    return lambda: count
