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
from kead.config.snapshot4 import Config4, Subnet4
from kead.control.answers import Answer
from kead.control.registry import Command, Registry
from kead.dhcp4.hook_points import POINTS
from kead.dhcp4.subnets import SubnetSelector
from kead.dhcp4.tally import NO_POOL, Tally4
from kead.hooks.instance import Host
from kead.hooks.loading import Loaded, load
from kead.leases.lease4 import Lease4
from kead.leases.memfile4 import Memfile4, MemfileSettings
from kead.statistics import Statistics
from tests.hooks.lease_cmds.subnets import config

SUBNETS = [
    {"id": 1, "subnet": "10.0.0.0/16", "pools": [{"pool": "10.0.1.10-10.0.1.19"}]},
    {"id": 2, "subnet": "10.1.0.0/16", "pools": [{"pool": "10.1.1.10-10.1.1.19", "pool-id": 7}]},
]


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
        self.flushes = 0
        self._selector = SubnetSelector(config.subnets)

    def subnet_of(self, address: int) -> Subnet4 | None:
        return self._selector.containing(address)

    def is_busy(self, address: int) -> bool:
        return address in self.busy

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
        """The present value of a statistic."""
        value = self.statistics.get(name)[name][0][0]
        assert isinstance(value, int)
        return value


class Commands:
    """Sends commands; the answers are as they would go out."""

    def __init__(self, server: LeaseServer, loaded: Loaded) -> None:
        self.server = server
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

    async def add(self, last: int, **more: object) -> dict[str, Any]:
        """lease4-add of 10.0.1.LAST for 02:00:00:00:01:LAST."""
        hwaddr = more.pop("hw_address", f"02:00:00:00:01:{last:02x}")
        return await self("lease4-add", ip_address=f"10.0.1.{last}", hw_address=hwaddr, **more)

    async def get(self, last: int) -> dict[str, Any]:
        """What lease4-get shows of 10.0.1.LAST."""
        shown: dict[str, Any] = (await self("lease4-get", ip_address=f"10.0.1.{last}"))["arguments"]
        return shown


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
    yield Commands(server, loaded)
    await loaded.unload()


async def library(server: object, parameters: object = None, process: str = "kead-dhcp4") -> Loaded:
    """The library, by Kea's name."""
    entry = SimpleNamespace(library="libdhcp_lease_cmds.so", parameters=parameters or {})
    return await load([entry], Host(process, POINTS, server), confined=False)


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
