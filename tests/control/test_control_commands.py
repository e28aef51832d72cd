"""The common commands with Kea's texts, on a server that keeps its configuration in a variable."""

import json
import os
import stat
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from kead import logs
from kead.config.errors import ConfigError
from kead.control.answers import FATAL, CommandError
from kead.control.commands_common import register_common
from kead.control.registry import Registry
from kead.control.unix import ControlSocketError
from kead.daemon_messages import DaemonMessages
from kead.statistics import Statistics

MESSAGES = DaemonMessages("TEST4", "dhcp4", "DHCPv4")
HASH = "7AA8" * 16


class Facts:
    version = "9.8.7"

    def extended_version(self) -> str:
        return "9.8.7 (9.8.7 (test))\npremium: no"

    def report(self) -> str:
        return "a report\nof the build"


class FakeServer:
    """What the commands need of a server; ``trouble`` is raised by the next change."""

    top_key = "Dhcp4"
    restricted = True
    messages = MESSAGES
    server_tag = "tag"
    running_hash = HASH

    def __init__(self, folder: Path) -> None:
        self.config_file = str(folder / "kea-dhcp4.conf")
        self.running: Mapping[str, object] = {"valid-lifetime": 4000, "name": "caf\xc3\xa9"}
        self.started = time.monotonic() - 100
        self.configured = time.monotonic() - 5
        self.trouble: Exception | None = None
        self.done: list[object] = []

    async def apply(self, tree: dict[str, object], text: bytes) -> None:
        self._change("apply", tree, text)

    async def test(self, tree: dict[str, object], text: bytes) -> None:
        self._change("test", tree, text)

    async def reload(self) -> None:
        self._change("reload")

    def _change(self, *what: object) -> None:
        if self.trouble is not None:
            raise self.trouble
        self.done.append(what)

    def status(self) -> Mapping[str, object]:
        return {"sockets": {"status": "ready"}}

    def shutdown(self, exit_value: int = 0) -> None:
        self.done.append(("shutdown", exit_value))


class Asker:
    def __init__(self, folder: Path) -> None:
        self.server = FakeServer(folder)
        self.statistics = Statistics()
        self.registry = Registry()
        register_common(self.registry, self.server, Facts(), self.statistics)

    async def __call__(self, command: str, arguments: object = ...) -> dict[str, object]:
        request = {"command": command} if arguments is ... else {"command": command, "arguments": arguments}
        answer = await self.registry.execute_document(json.dumps(request).encode())
        assert answer is not None
        whole = answer.as_json()
        assert isinstance(whole, dict)
        return whole


@pytest.fixture
def ask(tmp_path: Path) -> Asker:
    logs.start("kea-dhcp4")
    return Asker(tmp_path)


def error(text: str) -> dict[str, object]:
    return {"result": 1, "text": text}


async def test_list_commands(ask: Asker) -> None:
    names = (await ask("list-commands"))["arguments"]
    assert names == sorted(ask.registry.names())
    assert {"config-get", "shutdown", "statistic-sample-count-set-all", "version-get"} <= set(ask.registry.names())


async def test_versions(ask: Asker) -> None:
    extended = {"extended": "9.8.7 (9.8.7 (test))\npremium: no"}
    assert await ask("version-get") == {"result": 0, "text": "9.8.7", "arguments": extended}
    assert await ask("build-report") == {"result": 0, "text": "a report\nof the build"}


async def test_small_ones(ask: Asker) -> None:
    assert await ask("server-tag-get") == {"result": 0, "arguments": {"server-tag": "tag"}}
    assert await ask("config-backend-pull") == {"result": 3, "text": "No config backend."}
    assert await ask("config-hash-get") == {"result": 0, "arguments": {"hash": HASH}}
    assert await ask("config-get", []) == {"result": 0, "arguments": {"Dhcp4": ask.server.running, "hash": HASH}}


async def test_status_get(ask: Asker) -> None:
    status = (await ask("status-get"))["arguments"]
    assert status == {"pid": os.getpid(), "uptime": 100, "reload": 5, "sockets": {"status": "ready"}}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (5, "Argument must be a map"),
        ({"exit-value": "x"}, "parameter 'exit-value' is not an integer"),
        ({"exit-value": 1.5}, "parameter 'exit-value' is not an integer"),
    ],
)
async def test_shutdown_checks_its_argument(ask: Asker, arguments: object, text: str) -> None:
    assert await ask("shutdown", arguments) == error(text)
    assert ask.server.done == []


async def test_shutdown(ask: Asker) -> None:
    assert await ask("shutdown") == {"result": 0, "text": "Shutting down."}
    assert await ask("shutdown", {"exit-value": 7, "other": 1}) == {"result": 0, "text": "Shutting down."}
    assert ask.server.done == [("shutdown", 0), ("shutdown", 7)]


@pytest.mark.parametrize("command", ["config-set", "config-test"])
@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (..., "Missing mandatory 'arguments' parameter."),
        ({}, "Missing mandatory 'Dhcp4' parameter."),
        ({"Dhcp6": {}}, "Missing mandatory 'Dhcp4' parameter."),
        ({"Dhcp4": 5}, "'Dhcp4' parameter expected to be a map."),
        ({"A": 1, "Dhcp4": {}}, "Unsupported 'A' parameter."),
        ({"Dhcp4": {}, "X": 1, "Y": 2}, "Unsupported 'X' parameter (and 'Y')."),
    ],
)
async def test_the_envelope_of_a_configuration(ask: Asker, command: str, arguments: object, text: str) -> None:
    assert await ask(command, arguments) == error(text)
    assert ask.server.done == []


async def test_a_list_of_arguments_fails_as_in_kea(ask: Asker) -> None:
    text = "Error during command processing: get(string) called on a non-map Element in (<wire>:0:40)"
    assert await ask("config-set", []) == error(text)


async def test_config_set_and_test(ask: Asker) -> None:
    tree = {"Dhcp4": {"valid-lifetime": 5}}
    assert await ask("config-set", tree) == {
        "result": 0,
        "text": "Configuration successful.",
        "arguments": {"hash": HASH},
    }
    sane = (
        "Configuration seems sane. "
        "Control-socket, hook-libraries, and D2 configuration were sanity checked, but not applied."
    )
    assert await ask("config-test", tree) == {"result": 0, "text": sane}
    whole = [json.dumps({"command": f"config-{what}", "arguments": tree}).encode() for what in ("set", "test")]
    assert ask.server.done == [("apply", tree, whole[0]), ("test", tree, whole[1])]


async def test_a_refused_configuration_is_answered_and_logged(ask: Asker, capfd: pytest.CaptureFixture[str]) -> None:
    ask.server.trouble = ConfigError("the 'id' is wrong", path=("Dhcp4", "subnet4", 3, "id"))
    assert await ask("config-set", {"Dhcp4": {}}) == error("the 'id' is wrong [at Dhcp4.subnet4[3].id]")
    assert (
        "TEST4_PARSER_FAIL failed to create or run parser for configuration element subnet4: " in capfd.readouterr().out
    )


async def test_results_beyond_1_get_through(ask: Asker) -> None:
    ask.server.trouble = CommandError("half applied", FATAL)
    assert await ask("config-set", {"Dhcp4": {}}) == {"result": 5, "text": "half applied"}
    ask.server.trouble = ControlSocketError("File name too long [system:36]", FATAL)
    assert await ask("config-set", {"Dhcp4": {}}) == {"result": 5, "text": "File name too long [system:36]"}


async def test_config_reload(ask: Asker, capfd: pytest.CaptureFixture[str]) -> None:
    answer = await ask("config-reload", 5)
    assert answer == {"result": 0, "text": "Configuration successful.", "arguments": {"hash": HASH}}
    out = capfd.readouterr().out
    ids = [line.split("] ")[1].split(" ")[0] for line in out.splitlines()]
    assert ids == ["COMMAND_RECEIVED", "TEST4_DYNAMIC_RECONFIGURATION", "TEST4_DYNAMIC_RECONFIGURATION_SUCCESS"]
    file = ask.server.config_file
    assert f"using file: {file}, after receiving SIGHUP signal or config-reload command" in out


async def test_a_failed_reload(ask: Asker, capfd: pytest.CaptureFixture[str]) -> None:
    ask.server.trouble = ConfigError("Unable to open file x", syntax=True)
    file = ask.server.config_file
    why = f"configuration error using file '{file}': Unable to open file x"
    assert await ask("config-reload") == error(f"Config reload failed: {why}")
    out = capfd.readouterr().out
    assert f"TEST4_CONFIG_LOAD_FAIL configuration error using file: {file}, reason: Unable to open file x" in out
    assert "FATAL" in out.splitlines()[-1]
    assert f"TEST4_DYNAMIC_RECONFIGURATION_FAIL dynamic server reconfiguration failed with file: {file}" in out


@pytest.mark.parametrize("filename", [..., "", "kea-dhcp4.conf", "other.json", "/HOME/other.json"])
async def test_config_write(ask: Asker, tmp_path: Path, filename: object) -> None:
    arguments = ... if filename is ... else {"filename": str(filename).replace("/HOME", str(tmp_path))}
    name = "kea-dhcp4.conf" if filename in (..., "") else Path(str(filename)).name
    answer = await ask("config-write", arguments)
    written = tmp_path / name
    assert answer == {
        "result": 0,
        "text": f"Configuration written to {written} successful",
        "arguments": {"filename": str(written), "size": written.stat().st_size},
    }
    assert json.loads(written.read_bytes()) == {"Dhcp4": ask.server.running}
    assert stat.S_IMODE(written.stat().st_mode) == 0o640
    assert [one.name for one in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(
    ("filename", "why"),
    [
        ("/tmp/x", "file /tmp/x must be in the same directory as the config file (CONF)"),
        ("../x", "file ../x must be in the same directory as the config file (CONF)"),
        ("./x", "file ./x must be in the same directory as the config file (CONF)"),
        ("/HOME/", "config file:/HOME/ is missing file name"),
        ("..", "config file:.. is missing file name"),
    ],
)
async def test_config_write_elsewhere_is_refused(ask: Asker, tmp_path: Path, filename: str, why: str) -> None:
    filename = filename.replace("/HOME", str(tmp_path))
    why = why.replace("/HOME", str(tmp_path)).replace("CONF", ask.server.config_file)
    answer = await ask("config-write", {"filename": filename})
    assert answer == error(f"not allowed to write config into {filename}: {why}")
    assert list(tmp_path.iterdir()) == []


async def test_config_write_checks_its_argument(ask: Asker) -> None:
    assert await ask("config-write", {"filename": 5}) == error("passed parameter 'filename' is not a string")
    assert await ask("config-write", []) == error("Argument must be a map")


async def test_config_write_goes_anywhere_without_restrictions(ask: Asker, tmp_path: Path) -> None:
    ask.server.restricted = False
    (tmp_path / "sub").mkdir()
    assert (await ask("config-write", {"filename": str(tmp_path / "sub" / "x")}))["result"] == 0


async def test_config_write_that_fails_leaves_nothing_behind(ask: Asker, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    text = f"Error during config-write: Unable to open file {tmp_path}/folder for writing"
    assert await ask("config-write", {"filename": "folder"}) == error(text)
    assert [one.name for one in tmp_path.iterdir()] == ["folder"]


async def test_statistics(ask: Asker) -> None:
    counter = ask.statistics.counter("pkt4-sent")
    counter.add(3)
    got = await ask("statistic-get", {"name": "pkt4-sent"})
    assert isinstance(got["arguments"], dict)
    assert got["arguments"]["pkt4-sent"][0][0] == 3
    assert await ask("statistic-get", {"name": "nosuch"}) == {"result": 0, "arguments": {}}
    everything = await ask("statistic-get-all", {"name": 5})
    assert everything["arguments"] == got["arguments"]
    assert await ask("statistic-global-get-all") == everything
    assert await ask("statistic-reset", {"name": "pkt4-sent"}) == {"result": 0, "text": "Statistic 'pkt4-sent' reset."}
    assert counter.value == 0
    text = "All statistics reset to neutral values."
    assert await ask("statistic-reset-all") == {"result": 0, "text": text}
    text = "Statistic 'pkt4-sent' removed."
    assert await ask("statistic-remove", {"name": "pkt4-sent"}) == {"result": 0, "text": text}
    text = "Warning: statistic-remove-all command is deprecated. All statistics removed."
    assert await ask("statistic-remove-all") == {"result": 0, "text": text}


@pytest.mark.parametrize(
    ("command", "arguments", "result", "text"),
    [
        ("count-set", {"name": "pkt4-sent", "max-samples": 3}, 0, "Statistic 'pkt4-sent' count limit is set."),
        ("age-set", {"name": "pkt4-sent", "duration": 60}, 0, "Statistic 'pkt4-sent' duration limit is set."),
        ("count-set-all", {"max-samples": 5}, 0, "All statistics count limit are set."),
        ("age-set-all", {"duration": 9}, 0, "All statistics duration limit are set."),
        ("count-set", {"name": "nosuch", "max-samples": 3}, 1, "No 'nosuch' statistic found"),
        ("count-set", {"name": "pkt4-sent"}, 1, "Missing mandatory 'max-samples' parameter."),
        ("count-set", {"name": "x", "max-samples": "3"}, 1, "'max-samples' parameter expected to be an integer."),
        ("count-set", ..., 1, "Missing mandatory 'name' parameter."),
        ("count-set-all", {"max-samples": 0}, 1, "'max-samples' parameter must not be zero"),
        (
            "age-set",
            {"name": "x", "duration": "y"},
            1,
            "Error during command processing: intValue() called on non-integer Element in (<wire>:0:79)",
        ),
        ("age-set-all", {"duration": -5}, 1, "'duration' parameter must not be negative"),
    ],
)
async def test_sample_limits(ask: Asker, command: str, arguments: object, result: int, text: str) -> None:
    ask.statistics.counter("pkt4-sent")
    assert await ask(f"statistic-sample-{command}", arguments) == {"result": result, "text": text}


@pytest.mark.parametrize("command", ["statistic-get", "statistic-reset", "statistic-remove"])
async def test_a_name_is_needed(ask: Asker, command: str) -> None:
    assert await ask(command) == error("Missing mandatory 'name' parameter.")
    assert await ask(command, {"name": 1}) == error("'name' parameter expected to be a string.")
