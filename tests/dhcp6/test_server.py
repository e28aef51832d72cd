"""The DHCPv6 server: what `tests.server_contract` asks of both families, what it logs and counts; and its DUID."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kead.dhcp6 import duid
from kead.dhcp6.main import Dhcp6
from kead.dhcp6.server_id import FILE_NAME
from kead.leases.lease6 import Lease6
from kead.wire.address import parse_ip6
from tests import started
from tests.dhcp6.conversation import DUID, SUBNET, Client, FakeChannel, LogFile, Reply, ServerUnderTest, interface
from tests.server_contract import *  # noqa: F403 - the tests of both families

EN = {"type": "EN", "enterprise-id": 4242, "identifier": "0A0B0C"}
OTHER = {"type": "EN", "enterprise-id": 4242, "identifier": "0D0E0F"}
EN_TEXT, OTHER_TEXT = "00:02:00:00:10:92:0a:0b:0c", "00:02:00:00:10:92:0d:0e:0f"
SERVERID = 2


class Up(started.Up):
    """A Server6, whose DUID lies in the folder `data`."""

    family = 6
    program = Dhcp6
    subnet = SUBNET
    size = 17
    first, second = "2001:db8:1::10", "2001:db8:1::11"
    other = {"id": 9, "subnet": "2001:db8:9::/64"}  # noqa: RUF012
    addresses = "nas"
    reclaims_own = 0
    first_client = {"duid": DUID}  # noqa: RUF012

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.data = folder / "data"
        self.data.mkdir()

    def tree(self, **more: Any) -> dict[str, Any]:
        """An EN needs no interface with a hardware address, which machines need not have."""
        return super().tree(**{"server-id": {"type": "EN"}, **more})

    @property
    def stored_duid(self) -> str:
        return (self.data / FILE_NAME).read_text()

    def make_channel(self) -> FakeChannel:
        return FakeChannel(interface())

    def query(self, kind: int, client: int, **about: Any) -> Any:
        asking = Client(ServerUnderTest.__new__(ServerUnderTest), DUID[:-1] + bytes((client,)))
        asking.server.now = time.time()
        asking.server.channel = self.channel
        server = {"server_id": self.server.config.duid} if kind == 3 else {}
        return asking.server.datagram(asking.query(kind, **{"na": [], **server, **about}))

    def lifetime(self, reply: Reply) -> int:
        return reply.lifetimes[1]

    def lease(self, number: int, *, cltt: int, valid: int = 10, **fields: Any) -> Lease6:
        values = {"duid": DUID[:-1] + bytes((0xA0 + number,)), "iaid": 1, **fields}
        return Lease6(
            type=0,
            address=parse_ip6(self.first) + number,
            prefix_length=128,
            preferred_lifetime=valid // 2,
            valid_lifetime=valid,
            cltt=cltt,
            subnet_id=1,
            **values,
        )

    async def add(self, lease: Lease6) -> None:
        assert await self.server.store.add(lease)
        self.server.tally.assigned(lease)

    async def stored(self, address: str | int) -> Lease6 | None:
        number = parse_ip6(address) if isinstance(address, str) else address
        found: Lease6 | None = await self.server.store.get(0, number)
        return found


@pytest.fixture
async def up(tmp_path: Path, log: LogFile, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Up]:
    made = Up(tmp_path)
    monkeypatch.setenv("KEA_DHCP_DATA_DIR", str(made.data))
    made.write()
    yield made
    await made.server.close()


@pytest.fixture
async def running(up: Up) -> Up:
    await up.server.start()
    return up


async def test_it_says_what_it_serves(running: Up) -> None:
    said = [line.split("] ", 1)[1] for line in running.log().splitlines() if "] " in line]
    subnet = "DHCPSRV_CFGMGR_NEW_SUBNET6 a new subnet has been added to configuration: 2001:db8:1::/64 with params: "
    assert any(line.startswith(subnet) for line in said)
    complete = "DHCP6_CONFIG_COMPLETE DHCPv6 server has completed configuration: added IPv6 subnets: 1; DDNS: disabled"
    at = said.index(complete)
    allocator = "DHCPSRV_CFGMGR_USE_ALLOCATOR using the iterative allocator for IA_{} leases in subnet 2001:db8:1::/64"
    threads = "DHCP6_MULTI_THREADING_INFO enabled: no, number of threads: 0, queue size: 0"
    assert said[at + 1 : at + 4] == [allocator.format("NA"), allocator.format("PD"), threads]


async def test_leases_of_before_are_there_and_counted(up: Up) -> None:
    now = up.now()
    rows = [
        f"2001:db8:1::1{n},00:03:00:01:02:00:00:00:00:0{n},4000,{now + 4000},1,3000,0,1,128,0,0,,,{state},,,,0"
        for n, state in ((0, 0), (2, 0), (3, 1), (4, 2))
    ]
    rows.append(f"2001:db8:8000::,00:03:00:01:02:00:00:00:00:07,4000,{now + 4000},1,3000,2,1,56,0,0,,,0,,,,0")
    header = (
        "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,fqdn_fwd,fqdn_rev,"
        "hostname,hwaddr,state,user_context,hwtype,hwaddr_source,pool_id"
    )
    (up.folder / "leases.csv").write_text("\n".join([header, *rows, ""]))
    await up.server.start()
    assert up.count("subnet[1].assigned-nas") == 3
    assert up.count("subnet[1].assigned-pds") == 1
    assert up.count("subnet[1].declined-addresses") == 1
    assert up.count("subnet[1].pool[0].assigned-nas") == 3
    assert up.count("subnet[1].pd-pool[0].assigned-pds") == 1
    assert (up.count("assigned-nas"), up.count("assigned-pds")) == (3, 1)
    offer = await up.asks(pd=[])
    assert offer is not None
    assert offer.address == "2001:db8:1::11"
    assert offer.prefix == "2001:db8:8000:100::/56"


class TestDuid:
    async def said_in_replies(self, up: Up) -> str:
        reply = await up.asks()
        assert reply is not None
        return duid.text(reply.option(SERVERID))

    async def check(self, up: Up, text: str) -> None:
        """This is the server's name: to clients, to itself, in the file."""
        assert await self.said_in_replies(up) == text
        assert duid.text(up.server.config.duid) == text
        assert up.stored_duid == text

    async def test_a_new_one_is_stored(self, running: Up) -> None:
        made = duid.text(running.server.config.duid)
        assert made.startswith("00:02:00:00:09:bf:")
        await self.check(running, made)

    async def test_it_is_stored_before_anybody_can_hear_of_it(
        self, running: Up, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = duid.text(running.server.config.duid)
        switch = running.server._switch
        seen = []

        async def watched(*arguments: Any) -> None:
            seen.append((running.stored_duid, duid.text(running.server.config.duid)))
            await switch(*arguments)

        monkeypatch.setattr(running.server, "_switch", watched)
        assert (await running.set(server_id=OTHER)).result == 0
        assert seen == [(OTHER_TEXT, before)]
        await self.check(running, OTHER_TEXT)

    async def test_it_survives_reloads_and_restarts(self, running: Up) -> None:
        made = running.stored_duid
        assert (await running.set(valid_lifetime=5000)).result == 0
        await self.check(running, made)
        await running.server.close()
        running.server = running.make_server()
        await running.server.start()
        await self.check(running, made)

    async def test_the_configuration_may_change_it(self, running: Up) -> None:
        for wanted, text in ((EN, EN_TEXT), (OTHER, OTHER_TEXT)):
            assert (await running.set(server_id=wanted)).result == 0
            await self.check(running, text)
        replaced = [line for line in running.log().splitlines() if "DHCP6_SERVERID_REPLACED" in line]
        assert EN_TEXT in replaced[-1]

    async def test_what_is_not_to_be_kept_is_not(self, up: Up) -> None:
        up.write(server_id={**EN, "persist": False})
        await up.server.start()
        assert await self.said_in_replies(up) == EN_TEXT
        assert not (up.data / FILE_NAME).exists()

    @pytest.mark.parametrize(
        "mistake", ["valid-lifetime", "control-socket", "lease-database", "loggers", "library", "start"]
    )
    async def test_a_reload_that_fails_brings_the_old_one_back(self, up: Up, mistake: str) -> None:
        up.write(server_id=EN)
        await up.server.start()
        more: dict[str, Any] = {
            "valid-lifetime": "x",
            "control-socket": {"socket-type": "unix", "socket-name": "/no/such/folder/ctl"},
            "lease-database": {"type": "memfile", "name": "/no/such/folder/leases.csv"},
            "loggers": [{"name": up.name, "output-options": [{"output": "/no/such/folder/log"}]}],
        }
        if mistake == "library":
            more = {mistake: 0, "hooks-libraries": [up.library("one", load="raise ValueError")]}
        elif mistake == "start":
            more = {mistake: 0, "hooks-libraries": [up.library("one", start="raise ValueError")]}
        name = mistake if mistake in up.tree()[up.key] else "hooks-libraries"
        answer = await up.set(**{"server_id": OTHER, name: more[name]})
        assert answer.result != 0
        await self.check(up, EN_TEXT)

    async def test_a_check_stores_nothing(self, running: Up) -> None:
        made = running.stored_duid
        assert (await running.command("config-test", **running.tree(server_id=OTHER))).result == 0
        await self.check(running, made)
        running.write(server_id=OTHER)
        await Dhcp6().check(started.Launch(str(running.file), restricted=False), extra=True)
        await self.check(running, made)

    async def test_without_a_place_for_it_there_is_no_start(self, up: Up) -> None:
        up.data.rmdir()
        with pytest.raises(Exception, match=f"unable to open DUID file {up.data}/{FILE_NAME} for writing"):
            await up.server.start()

    async def test_one_that_cannot_be_read_is_not_replaced(self, up: Up) -> None:
        (up.data / FILE_NAME).mkdir()
        with pytest.raises(Exception, match="for reading"):
            await up.server.start()

    async def test_without_a_place_for_it_a_reload_changes_nothing(self, running: Up) -> None:
        made = running.stored_duid
        shutil.rmtree(running.data)
        answer = await running.set(server_id=OTHER, valid_lifetime=9)
        assert answer.result != 0
        assert "unable to open DUID file" in answer.text
        assert await self.said_in_replies(running) == made
        shown = (await running.command("config-get")).arguments
        assert json.dumps(shown).count('"valid-lifetime":4000') + json.dumps(shown).count('"valid-lifetime": 4000')
        running.data.mkdir()
        assert (await running.set(valid_lifetime=5000)).result == 0
        await self.check(running, made)
