"""How a server of either family starts, how a configuration comes into force, and how one that fails leaves no trace.

A family's test_server.py imports these tests, and has the fixtures `up` (a server that is not started) and `running`.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from kead.control.envelope import Request
from kead.daemon import Launch
from tests.control.control_client import ask
from tests.started import Up

WAITS = """
import asyncio
import os

async def {point}(callout):
    while not os.path.exists({go!r}):
        await asyncio.sleep(0.002)
"""


async def set_around_a_parked_packet(up: Up, **more: Any) -> None:
    """config-set; what waits in WAITS goes on as soon as the new configuration serves."""
    before = up.server.config
    setting = asyncio.get_running_loop().create_task(up.set(**more))
    while up.server.config is before and not setting.done():  # noqa: ASYNC110 - nobody tells
        await asyncio.sleep(0.002)
    (up.folder / "go").touch()
    assert (await setting).result == 0
    await asyncio.sleep(0)


async def test_it_starts_and_answers(running: Up) -> None:
    offer = await running.asks()
    assert offer is not None
    assert offer.address == running.first
    answer = json.loads(await ask(running.folder / "ctl", b'{"command": "config-get"}'))
    assert answer["arguments"][running.key]["valid-lifetime"] == 4000
    assert f"DHCP{running.family}_CONFIG_COMPLETE" in running.log()


@pytest.mark.parametrize(
    ("mistake", "text"),
    [
        ({"valid_lifetime": "x"}, "valid-lifetime"),
        ({"hooks_libraries": [{"library": "no-such-library"}]}, "no-such-library"),
        ({"lease_database": {"type": "memfile", "name": "/no/such/folder/leases.csv"}}, "/no/such/folder"),
        ({"control_socket": {"socket-type": "unix", "socket-name": "/no/such/folder/ctl"}}, "/no/such/folder"),
        ({"loggers": [{"name": "", "output-options": [{"output": "/no/such/folder/log"}]}]}, "/no/such"),
    ],
)
async def test_a_start_that_fails_says_why(up: Up, mistake: dict[str, Any], text: str) -> None:
    for logger in mistake.get("loggers", ()):
        logger["name"] = up.name
    up.write(**mistake)
    with pytest.raises(Exception, match=text):
        await up.server.start()


class TestReload:
    async def test_the_next_packet_is_served_under_it(self, running: Up) -> None:
        assert (await running.asks()) is not None
        pools = [{"pool": f"{running.second} - {running.second}"}]
        answer = await running.set(**running.subnets({**running.subnet, "id": 7, "pools": pools}))
        assert (answer.result, answer.text) == (0, "Configuration successful.")
        offer = await running.asks()
        assert offer is not None
        assert offer.address == running.second
        assert running.count(f"subnet[1].total-{running.addresses}") is None
        assert running.count(f"subnet[7].total-{running.addresses}") == 1
        assert running.count(f"pkt{running.family}-received") == 2

    async def test_leases_stay(self, running: Up) -> None:
        ack = await running.asks(3)
        assert ack is not None
        await running.set(valid_lifetime=5000)
        offer = await running.asks()
        assert offer is not None
        assert offer.address == ack.address
        assert running.assigned() == 1

    async def test_from_the_file(self, running: Up) -> None:
        running.write(valid_lifetime=1234)
        assert (await running.command("config-reload")).result == 0
        offer = await running.asks()
        assert offer is not None
        assert running.lifetime(offer) == 1234

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
        path.write_text(WAITS.format(point=f"subnet{up.family}_select", go=str(up.folder / "go")))
        up.write(hooks_libraries=[{"library": str(path)}])
        await up.server.start()
        assert await up.asks() is None
        await set_around_a_parked_packet(up)
        assert len(up.channel.sent) == 1

    @pytest.mark.parametrize("committed", [False, True])
    async def test_a_parked_packet_whose_lease_went_into_another_file_is_not_answered(
        self, up: Up, committed: bool
    ) -> None:
        path = up.folder / "slow.py"
        path.write_text(WAITS.format(point=f"lease{up.family}_select", go=str(up.folder / "go")))
        if committed:
            note = f"open({str(up.history_file)!r}, 'a').write('committed\\n')"
            path.write_text(path.read_text() + f"\ndef leases{up.family}_committed(callout):\n    {note}\n")
        up.write(hooks_libraries=[{"library": str(path)}])
        await up.server.start()
        assert await up.asks(3) is None
        other = {"type": "memfile", "name": str(up.folder / "other.csv"), "lfc-interval": 0}
        await set_around_a_parked_packet(up, lease_database=other)
        assert not up.channel.sent
        assert not up.history()
        assert "a reload has put another lease database in its place" in (up.folder / "log").read_text()

    async def test_another_lease_file(self, running: Up) -> None:
        await running.asks(3)
        other = {"type": "memfile", "name": str(running.folder / "other.csv"), "lfc-interval": 0}
        assert (await running.set(lease_database=other)).result == 0
        assert running.assigned() == 0
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
            running.server.dispatcher.serve([running.query(3, 0x55)])
            await switch(*arguments)

        monkeypatch.setattr(running.server, "_switch", meanwhile)
        database = {"type": "memfile", "name": str(running.folder / "leases.csv"), "lfc-interval": 0, **change}
        assert (await running.set(lease_database=database)).result == 0
        for address in (running.first, running.second):
            assert await running.stored(address) is not None
        assert running.assigned() == 2
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
        assert (offer.address, up.history()) == (up.first, ["old packet"])
        shown = (await up.command("config-get")).arguments
        assert isinstance(shown, dict)
        assert shown[up.key]["valid-lifetime"] == 4000
        assert up.server.running_hash == (await up.command("config-hash-get")).arguments["hash"]  # type: ignore[index]
        assert up.assigned() == 1
        assert up.count(f"subnet[1].total-{up.addresses}") == up.size
        assert up.count(f"subnet[9].total-{up.addresses}") is None
        assert len(up.server.reclamation._timers) == 2
        assert json.loads(await ask(up.folder / "ctl", b'{"command": "version-get"}'))["result"] == 0
        expired = up.lease(9, cltt=up.now() - 100)
        await up.server.store.add(expired)
        await up.command("leases-reclaim", remove=True)
        assert await up.stored(expired.address) is None

    def new(self, up: Up) -> dict[str, Any]:
        """A configuration that could come into force, were it not for something more."""
        return {"valid_lifetime": 9, **up.subnets(up.other)}

    async def test_a_mistake(self, up: Up) -> None:
        assert (await up.set(**self.new(up), renew_timer="x")).result == 1
        await self.as_it_was(up, history=[])

    async def test_a_library_that_is_not_there(self, up: Up) -> None:
        answer = await up.set(**self.new(up), hooks_libraries=[{"library": "no-such"}])
        assert answer.result == 1
        await self.as_it_was(up, history=[])

    async def test_a_library_that_does_not_load(self, up: Up) -> None:
        libraries = [up.library("one"), up.library("two", load="raise ValueError('no database')")]
        answer = await up.set(**self.new(up), hooks_libraries=libraries)
        assert answer.result != 0
        assert "no database" in answer.text
        await self.as_it_was(up, history=["one load", "two load", "two unload", "one unload"])

    async def test_a_library_that_objects_to_the_configuration(self, up: Up) -> None:
        objects = up.library("one", configured="callout.error = 'not like this'; callout.status = DROP")
        answer = await up.set(**self.new(up), hooks_libraries=[objects])
        assert answer.result != 0
        assert "not like this" in answer.text
        await self.as_it_was(up, history=["one load", "one configured", "one unload"])

    async def test_a_control_socket_that_cannot_be_opened(self, up: Up) -> None:
        socket = {"socket-type": "unix", "socket-name": "/no/such/folder/ctl"}
        assert (await up.set(**self.new(up), control_socket=socket)).result != 0
        await self.as_it_was(up, history=[])

    async def test_a_lease_file_that_cannot_be_opened(self, up: Up) -> None:
        database = {"type": "memfile", "name": "/no/such/folder/leases.csv"}
        assert (await up.set(**self.new(up), lease_database=database)).result != 0
        await self.as_it_was(up, history=[])

    async def test_a_log_file_that_cannot_be_opened(self, up: Up) -> None:
        loggers = [{"name": up.name, "output-options": [{"output": "/no/such/folder/log"}]}]
        assert (await up.set(**self.new(up), loggers=loggers)).result != 0
        await self.as_it_was(up, history=[])

    async def test_a_library_that_does_not_start(self, up: Up) -> None:
        """Only then the old ones are gone already; they are loaded anew."""
        libraries = [up.library("one", start="raise ValueError('port is taken')")]
        answer = await up.set(
            **self.new(up),
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


async def test_a_check_does_not_judge_where_logs_lie(up: Up) -> None:
    """As in Kea. A start does."""
    tree = up.tree(loggers=[{"name": up.name, "output-options": [{"output": "/nowhere/kea.log"}]}])
    del tree[up.key]["control-socket"]
    up.file.write_text(json.dumps(tree))
    await up.program().check(Launch(str(up.file)), extra=True)


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
    await running.server.store.add(running.lease(5, cltt=running.now()))
    await running.server.close()
    assert len((running.folder / "leases.csv").read_text().splitlines()) == 2
