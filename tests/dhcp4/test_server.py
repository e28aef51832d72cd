"""The DHCPv4 server: what `tests.server_contract` asks of both families, and what it logs, counts and warns of."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kead.daemon import Launch
from kead.dhcp4.main import Dhcp4
from kead.leases.lease4 import Lease4
from kead.wire.address import parse_ip4
from tests import started
from tests.dhcp4.conversation import SUBNET, Client, FakeChannel, LogFile, Reply, ServerUnderTest, interface
from tests.server_contract import *  # noqa: F403 - the tests of both families


class Up(started.Up):
    """A Server4."""

    family = 4
    program = Dhcp4
    subnet = SUBNET
    size = 11
    first, second = "192.0.2.10", "192.0.2.11"
    other = {"id": 9, "subnet": "10.0.0.0/8"}  # noqa: RUF012
    addresses = "addresses"
    reclaims_own = 1
    first_client = {"hwaddr": bytes.fromhex("020000000001")}  # noqa: RUF012

    def make_channel(self) -> FakeChannel:
        return FakeChannel(interface())

    def query(self, kind: int, client: int, **about: Any) -> Any:
        asking = Client(ServerUnderTest.__new__(ServerUnderTest), b"\2\0\0\0\0" + bytes((client,)))
        asking.server.now = time.time()
        asking.server.channel = self.channel
        return asking.server.datagram(asking.query(kind, **about))

    def lifetime(self, reply: Reply) -> int:
        return reply.lifetime

    def lease(self, number: int, *, cltt: int, valid: int = 10, **fields: Any) -> Lease4:
        values = {"hwaddr": bytes((number,)) * 6, "client_id": b"", **fields}
        return Lease4(parse_ip4(self.first) + number, valid_lifetime=valid, cltt=cltt, subnet_id=1, **values)

    async def add(self, lease: Lease4) -> None:
        assert await self.server.store.add(lease)
        self.server.tally.assigned(lease)

    async def stored(self, address: str | int) -> Lease4 | None:
        found: Lease4 | None = await self.server.store.get(parse_ip4(address) if isinstance(address, str) else address)
        return found


@pytest.fixture
async def up(tmp_path: Path, log: LogFile) -> AsyncIterator[Up]:
    made = Up(tmp_path)
    made.write()
    yield made
    await made.server.close()


@pytest.fixture
async def running(up: Up) -> Up:
    await up.server.start()
    return up


async def test_it_says_what_it_serves(running: Up) -> None:
    said = [line.split("] ", 1)[1] for line in (running.folder / "log").read_text().splitlines() if "] " in line]
    subnet = "DHCPSRV_CFGMGR_NEW_SUBNET4 a new subnet has been added to configuration: 192.0.2.0/24 with params: "
    assert subnet + "valid-lifetime=4000" in said
    complete = "DHCP4_CONFIG_COMPLETE DHCPv4 server has completed configuration: added IPv4 subnets: 1; DDNS: disabled"
    at = said.index(complete)
    allocator = "DHCPSRV_CFGMGR_USE_ALLOCATOR using the iterative allocator for V4 leases in subnet 192.0.2.0/24"
    threads = "DHCP4_MULTI_THREADING_INFO enabled: no, number of threads: 0, queue size: 0"
    assert said[at + 1 : at + 3] == [allocator, threads]


async def test_leases_of_before_are_there_and_counted(up: Up) -> None:
    now = int(time.time())
    rows = [
        f"192.0.2.{n},02:00:00:00:00:0{n % 10},,4000,{now + 4000},1,0,0,,{state},,0"
        for n, state in ((11, 0), (12, 0), (13, 1), (14, 2))
    ]
    header = (
        "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context,pool_id"
    )
    (up.folder / "leases.csv").write_text("\n".join([header, *rows, ""]))
    await up.server.start()
    assert up.count("subnet[1].assigned-addresses") == 3
    assert up.count("subnet[1].declined-addresses") == 1
    assert up.count("subnet[1].pool[0].assigned-addresses") == 3
    assert up.count("assigned-addresses") == 3
    offer = await up.asks()
    assert offer is not None
    assert offer.address == "192.0.2.11"


@pytest.mark.parametrize("extra", [False, True], ids=["-t", "-T"])
async def test_a_check_tells_the_older_spellings(up: Up, log: LogFile, extra: bool) -> None:
    up.write(subnet4=[{**SUBNET, "require-client-classes": []}])
    await Dhcp4().check(Launch(str(up.file), restricted=False), extra=extra)
    warnings = [line for line in log.lines if " DHCP4_CONFIG_SYNTAX_WARNING " in line]
    assert [line.rpartition(" is an older spelling: ")[2] for line in warnings] == [
        "use 'control-sockets'",
        "use 'evaluate-additional-classes'",
    ]
