"""The server: how it starts, how a configuration comes into force, and how one that fails leaves no trace."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from kead.control.answers import Answer
from kead.control.envelope import Request
from kead.daemon import Launch
from kead.dhcp4.main import Dhcp4
from kead.dhcp4.server import Server4
from kead.leases.lease4 import Lease4, State
from kead.wire.address import parse_ip4
from tests.control.control_client import ask
from tests.dhcp4.conversation import SUBNET, Client, FakeChannel, LogFile, Reply, ServerUnderTest, interface

LIBRARY = """
from kead.hooks import DROP
HISTORY = {history!r}

def note(what):
    with open(HISTORY, "a") as file:
        file.write({name!r} + " " + what + "\\n")

def load(library):
    note("load")
    {load}

def start(library):
    note("start")
    {start}

def unload(library):
    note("unload")

def pkt4_receive(callout):
    note("packet")

def dhcp4_srv_configured(callout):
    note("configured")
    {configured}
"""


class Up:
    """A Server4 of this process, with everything of it in one folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / "kea-dhcp4.conf"
        self.history_file = folder / "history"
        self.channel = FakeChannel(interface())
        program = Dhcp4()
        self.server = Server4(Launch(str(self.file), restricted=False, server_port=0), program, program.messages)

    def tree(self, **more: Any) -> dict[str, Any]:
        usual: dict[str, Any] = {
            "valid-lifetime": 4000,
            "subnet4": [SUBNET],
            "interfaces-config": {"interfaces": []},
            "lease-database": {"type": "memfile", "name": str(self.folder / "leases.csv"), "lfc-interval": 0},
            "control-socket": {"socket-type": "unix", "socket-name": str(self.folder / "ctl")},
            "loggers": [
                {"name": "kea-dhcp4", "severity": "INFO", "output-options": [{"output": str(self.folder / "log")}]}
            ],
        }
        usual.update({name.replace("_", "-"): value for name, value in more.items()})
        return {"Dhcp4": usual}

    def write(self, **more: Any) -> None:
        self.file.write_text(json.dumps(self.tree(**more)))

    def library(
        self, name: str, *, load: str = "pass", start: str = "pass", configured: str = "pass"
    ) -> dict[str, Any]:
        """A hook library that writes down its life; its entry in hooks-libraries."""
        path = self.folder / f"{name}.py"
        path.write_text(
            LIBRARY.format(history=str(self.history_file), name=name, load=load, start=start, configured=configured)
        )
        return {"library": str(path)}

    def history(self) -> list[str]:
        """What libraries wrote since the last look."""
        lines = self.history_file.read_text().splitlines() if self.history_file.exists() else []
        self.history_file.write_text("")
        return lines

    async def command(self, name: str, **arguments: Any) -> Answer:
        document = {"command": name, **({"arguments": arguments} if arguments else {})}
        answer = await self.server.registry.execute_document(json.dumps(document).encode())
        assert answer is not None
        return answer

    async def set(self, **more: Any) -> Answer:
        """config-set."""
        return await self.command("config-set", **self.tree(**more))

    async def asks(self, kind: int = 1, **about: Any) -> Reply | None:
        """What a client gets."""
        client = Client(ServerUnderTest.__new__(ServerUnderTest))
        client.server.now = time.time()
        client.server.channel = self.channel
        query = client.query(kind, **about)
        before = len(self.channel.sent)
        self.server.dispatcher.serve([client.server.datagram(query)])
        for _ in range(40):
            await asyncio.sleep(0)
        sent = self.channel.sent[before:]
        return sent[0] if sent else None

    def count(self, name: str) -> int | None:
        return self.server.statistics.value(name)


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


async def test_it_starts_and_answers(running: Up) -> None:
    offer = await running.asks()
    assert offer is not None
    assert offer.address == "192.0.2.10"
    answer = json.loads(await ask(running.folder / "ctl", b'{"command": "config-get"}'))
    assert answer["arguments"]["Dhcp4"]["valid-lifetime"] == 4000
    assert "DHCP4_CONFIG_COMPLETE" in (running.folder / "log").read_text()


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


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        ({"valid_lifetime": "x"}, "valid-lifetime"),
        ({"hooks_libraries": [{"library": "no-such-library"}]}, "no-such-library"),
        ({"lease_database": {"type": "memfile", "name": "/no/such/folder/leases.csv"}}, "/no/such/folder"),
        ({"control_socket": {"socket-type": "unix", "socket-name": "/no/such/folder/ctl"}}, "/no/such/folder"),
        ({"loggers": [{"name": "kea-dhcp4", "output-options": [{"output": "/no/such/folder/log"}]}]}, "/no/such"),
    ],
)
async def test_a_start_that_fails_says_why(up: Up, mistake: dict[str, Any], text: str) -> None:
    up.write(**mistake)
    with pytest.raises(Exception, match=text):
        await up.server.start()


class TestReload:
    async def test_the_next_packet_is_served_under_it(self, running: Up) -> None:
        assert (await running.asks()) is not None
        pools = [{"pool": "192.0.2.100 - 192.0.2.110"}]
        answer = await running.set(subnet4=[{**SUBNET, "id": 7, "pools": pools}])
        assert (answer.result, answer.text) == (0, "Configuration successful.")
        offer = await running.asks()
        assert offer is not None
        assert offer.address == "192.0.2.100"
        assert running.count("subnet[1].total-addresses") is None
        assert running.count("subnet[7].total-addresses") == 11
        assert running.count("pkt4-received") == 2

    async def test_leases_stay(self, running: Up) -> None:
        ack = await running.asks(3, requested="192.0.2.17", server_id="0.0.0.0")
        ack = await running.asks(3)
        assert ack is not None
        await running.set(valid_lifetime=5000)
        offer = await running.asks()
        assert offer is not None
        assert offer.address == ack.address
        assert running.count("subnet[1].assigned-addresses") == 1

    async def test_from_the_file(self, running: Up) -> None:
        running.write(valid_lifetime=1234)
        assert (await running.command("config-reload")).result == 0
        offer = await running.asks()
        assert offer is not None
        assert offer.lifetime == 1234

    async def test_libraries_are_all_loaded_anew(self, up: Up) -> None:
        up.write(hooks_libraries=[up.library("one"), up.library("two")])
        await up.server.start()
        assert up.history() == [
            "one load", "two load", "one configured", "two configured", "one start", "two start"
        ]  # fmt: skip
        await up.asks()
        assert up.history() == ["one packet", "two packet"]
        await up.set(hooks_libraries=[up.library("two")])
        assert up.history() == ["two load", "two configured", "two unload", "one unload", "two start"]
        await up.asks()
        assert up.history() == ["two packet"]
        await up.set()
        await up.asks()
        assert up.history() == ["two unload"]

    async def test_a_packet_that_is_parked_gets_to_finish(self, up: Up) -> None:
        path = up.folder / "slow.py"
        path.write_text("import asyncio\n\nasync def subnet4_select(callout):\n    await asyncio.sleep(0.05)\n")
        up.write(hooks_libraries=[{"library": str(path)}])
        await up.server.start()
        assert await up.asks() is None
        await up.set()
        await asyncio.sleep(0)
        assert len(up.channel.sent) == 1

    @pytest.mark.parametrize("committed", [False, True])
    async def test_a_parked_packet_whose_lease_went_into_another_file_is_not_answered(
        self, up: Up, committed: bool
    ) -> None:
        path = up.folder / "slow.py"
        path.write_text("import asyncio\n\nasync def lease4_select(callout):\n    await asyncio.sleep(0.05)\n")
        if committed:
            note = f"open({str(up.history_file)!r}, 'a').write('committed\\n')"
            path.write_text(path.read_text() + f"\ndef leases4_committed(callout):\n    {note}\n")
        up.write(hooks_libraries=[{"library": str(path)}])
        await up.server.start()
        assert await up.asks(3) is None
        other = {"type": "memfile", "name": str(up.folder / "other.csv"), "lfc-interval": 0}
        assert (await up.set(lease_database=other)).result == 0
        await asyncio.sleep(0.1)
        assert not up.channel.sent
        assert not up.history()
        assert "a reload has put another lease database in its place" in (up.folder / "log").read_text()

    async def test_another_lease_file(self, running: Up) -> None:
        await running.asks(3)
        other = {"type": "memfile", "name": str(running.folder / "other.csv"), "lfc-interval": 0}
        assert (await running.set(lease_database=other)).result == 0
        assert running.count("assigned-addresses") == 0
        await running.asks(3)
        assert len((running.folder / "other.csv").read_text().splitlines()) == 2
        assert len((running.folder / "leases.csv").read_text().splitlines()) == 2

    @pytest.mark.parametrize(
        "change", [{"lfc-interval": 100}, {"max-row-errors": 5}, {"durability": "fsync"}], ids=lambda c: next(iter(c))
    )
    async def test_the_same_file_with_other_settings_loses_no_lease(
        self, running: Up, monkeypatch: pytest.MonkeyPatch, change: dict[str, Any]
    ) -> None:
        """Packets go on while the configuration is brought in, also between the loading of the file and the switch."""
        await running.asks(3)
        switch = running.server._switch

        async def meanwhile(*arguments: Any) -> None:
            client = Client(ServerUnderTest.__new__(ServerUnderTest), "02:00:00:00:00:55")
            client.server.now = time.time()
            client.server.channel = running.channel
            running.server.dispatcher.serve([client.server.datagram(client.query(3))])
            await switch(*arguments)

        monkeypatch.setattr(running.server, "_switch", meanwhile)
        database = {"type": "memfile", "name": str(running.folder / "leases.csv"), "lfc-interval": 0, **change}
        assert (await running.set(lease_database=database)).result == 0
        for address in ("192.0.2.10", "192.0.2.11"):
            assert await running.server.store.get(parse_ip4(address)) is not None
        assert running.count("assigned-addresses") == 2
        for _ in range(200):
            if len(running.channel.sent) >= 3:
                break
            await running.asks(3)
            await asyncio.sleep(0.002)
        assert len(running.channel.sent) >= 3


class TestReloadThatFails:
    """Everything is as it was: configuration, libraries, leases, sockets, statistics, timers."""

    @pytest.fixture
    async def up(self, up: Up) -> Up:
        up.write(hooks_libraries=[up.library("old")])
        await up.server.start()
        await up.asks(3)
        up.history()
        return up

    async def as_it_was(self, up: Up, *, history: list[str]) -> None:
        assert up.history() == history
        offer = await up.asks()
        assert offer is not None
        assert (offer.address, up.history()) == ("192.0.2.10", ["old packet"])
        shown = (await up.command("config-get")).arguments
        assert isinstance(shown, dict)
        assert shown["Dhcp4"]["valid-lifetime"] == 4000
        assert up.server.running_hash == (await up.command("config-hash-get")).arguments["hash"]  # type: ignore[index]
        assert up.count("subnet[1].assigned-addresses") == 1
        assert up.count("subnet[1].total-addresses") == 11
        assert up.count("subnet[9].total-addresses") is None
        assert len(up.server.reclamation._timers) == 2
        assert json.loads(await ask(up.folder / "ctl", b'{"command": "version-get"}'))["result"] == 0
        expired = Lease4(parse_ip4("192.0.2.20"), b"\1" * 6, b"", 10, int(time.time()) - 100, 1)
        await up.server.store.add(expired)
        await up.command("leases-reclaim", remove=True)
        assert await up.server.store.get(expired.address) is None

    NEW = (("valid_lifetime", 9), ("subnet4", [{"id": 9, "subnet": "10.0.0.0/8"}]))

    async def test_a_mistake(self, up: Up) -> None:
        assert (await up.set(**dict(self.NEW), renew_timer="x")).result == 1
        await self.as_it_was(up, history=[])

    async def test_a_library_that_is_not_there(self, up: Up) -> None:
        answer = await up.set(**dict(self.NEW), hooks_libraries=[{"library": "no-such"}])
        assert answer.result == 1
        await self.as_it_was(up, history=[])

    async def test_a_library_that_does_not_load(self, up: Up) -> None:
        libraries = [up.library("one"), up.library("two", load="raise ValueError('no database')")]
        answer = await up.set(**dict(self.NEW), hooks_libraries=libraries)
        assert answer.result != 0
        assert "no database" in answer.text
        await self.as_it_was(up, history=["one load", "two load", "two unload", "one unload"])

    async def test_a_library_that_objects_to_the_configuration(self, up: Up) -> None:
        objects = up.library("one", configured="callout.error = 'not like this'; callout.status = DROP")
        answer = await up.set(**dict(self.NEW), hooks_libraries=[objects])
        assert answer.result != 0
        assert "not like this" in answer.text
        await self.as_it_was(up, history=["one load", "one configured", "one unload"])

    async def test_a_control_socket_that_cannot_be_opened(self, up: Up) -> None:
        socket = {"socket-type": "unix", "socket-name": "/no/such/folder/ctl"}
        assert (await up.set(**dict(self.NEW), control_socket=socket)).result != 0
        await self.as_it_was(up, history=[])

    async def test_a_lease_file_that_cannot_be_opened(self, up: Up) -> None:
        database = {"type": "memfile", "name": "/no/such/folder/leases.csv"}
        assert (await up.set(**dict(self.NEW), lease_database=database)).result != 0
        await self.as_it_was(up, history=[])

    async def test_a_log_file_that_cannot_be_opened(self, up: Up) -> None:
        loggers = [{"name": "kea-dhcp4", "output-options": [{"output": "/no/such/folder/log"}]}]
        assert (await up.set(**dict(self.NEW), loggers=loggers)).result != 0
        await self.as_it_was(up, history=[])

    async def test_a_library_that_does_not_start(self, up: Up) -> None:
        """Only then the old ones are gone already; they are loaded anew."""
        libraries = [up.library("one", start="raise ValueError('port is taken')")]
        answer = await up.set(
            **dict(self.NEW),
            hooks_libraries=libraries,
            control_socket={"socket-type": "unix", "socket-name": str(up.folder / "ctl2")},
        )
        assert answer.result != 0
        assert "port is taken" in answer.text
        await self.as_it_was(
            up,
            history=["one load", "one configured", "old unload", "one start", "one unload", "old load", "old start"],
        )


async def test_config_test_changes_nothing(running: Up) -> None:
    tree = running.tree(valid_lifetime=9, hooks_libraries=[running.library("one")])
    answer = await running.command("config-test", **tree)
    assert answer.result == 0
    assert "sane" in answer.text
    assert running.history() == []
    assert running.server.config.subnets[0].valid.default == 4000
    bad = running.tree(hooks_libraries=[{"library": "no-such"}])
    assert (await running.command("config-test", **bad)).result == 1


async def test_commands_of_libraries(up: Up) -> None:
    path = up.folder / "commands.py"
    path.write_text(
        "from kead.hooks import command\n\n"
        "@command('inventory-get')\ndef get(callout):\n    callout.response = {'result': 0, 'text': 'yours'}\n\n"
        "def command_processed(callout):\n"
        "    if callout.name == 'version-get':\n        callout.response = {'result': 3, 'text': 'changed'}\n"
    )
    up.write(hooks_libraries=[{"library": str(path)}])
    await up.server.start()
    assert (await up.command("inventory-get")).text == "yours"
    assert (await up.command("version-get")).text == "changed"
    names = (await up.command("list-commands")).arguments
    assert isinstance(names, list)
    assert "inventory-get" in names
    await up.set()
    assert (await up.command("inventory-get")).result == 2


@pytest.mark.parametrize("extra", [False, True], ids=["-t", "-T"])
async def test_a_check_tells_the_older_spellings(up: Up, log: LogFile, extra: bool) -> None:
    up.write(subnet4=[{**SUBNET, "require-client-classes": []}])
    await Dhcp4().check(Launch(str(up.file), restricted=False), extra=extra)
    warnings = [line for line in log.lines if " DHCP4_CONFIG_SYNTAX_WARNING " in line]
    assert [line.rpartition(" is an older spelling: ")[2] for line in warnings] == [
        "use 'control-sockets'",
        "use 'evaluate-additional-classes'",
    ]


async def test_a_check_does_not_judge_where_logs_lie(up: Up) -> None:
    """As in Kea. A start does."""
    tree = up.tree(loggers=[{"name": "kea-dhcp4", "output-options": [{"output": "/nowhere/kea.log"}]}])
    del tree["Dhcp4"]["control-socket"]
    up.file.write_text(json.dumps(tree))
    await Dhcp4().check(Launch(str(up.file)), extra=True)


async def test_status_get(running: Up) -> None:
    status = (await running.command("status-get")).arguments
    assert isinstance(status, dict)
    assert status["sockets"] == {"status": "ready"}
    assert status["dhcp-state"]["globally-disabled"] is False
    assert status["csv-lease-file"] == str(running.folder / "leases.csv")
    assert status["multi-threading-enabled"] is True


async def test_shutdown(running: Up) -> None:
    ended = asyncio.get_running_loop().create_task(running.server.wait_closed())
    answer = await running.server.registry.execute(Request("shutdown", {"exit-value": 7}))
    assert answer is not None
    assert answer.result == 0
    assert await asyncio.wait_for(ended, 5) == 7
    await running.server.close()
    await running.server.close()
    assert not (running.folder / "ctl").exists()


async def test_what_was_accepted_is_written_at_the_end(running: Up) -> None:
    lease = Lease4(parse_ip4("192.0.2.15"), b"\1" * 6, b"", 10, int(time.time()), 1, state=State.DEFAULT)
    await running.server.store.add(lease)
    await running.server.close()
    assert "192.0.2.15," in (running.folder / "leases.csv").read_text()
