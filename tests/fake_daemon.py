"""A daemon whose server does nothing but live: for the tests of kead.daemon, run as a process of its own.

Its configuration: {"Dhcp4": {"log": file, "socket": path, "fail": text, "slow": seconds, "break": text}}.
It leaves a directory and a file behind, to see with which modes.
"""

import asyncio
import json
import os
import time
from collections.abc import Mapping, Sequence

from kead import logs
from kead.config.errors import ConfigError
from kead.control.answers import Answer
from kead.control.commands_common import register_common
from kead.control.registry import Command, Registry
from kead.control.sockets import ControlSockets
from kead.daemon import Launch, Program, Server, run
from kead.daemon_messages import DaemonMessages
from kead.statistics import Statistics

MESSAGES = DaemonMessages("DHCP4", "dhcp4", "DHCPv4")


def read(path: str) -> dict[str, object]:
    try:
        with open(path, encoding="latin-1") as file:
            tree = json.load(file)
    except OSError as error:
        raise ConfigError(f"Unable to open file {path}", syntax=True) from error
    except ValueError as error:
        raise ConfigError(f"{path}:1.1: syntax error", syntax=True) from error
    found = tree["Dhcp4"]
    assert isinstance(found, dict)
    return found


def judge(tree: Mapping[str, object]) -> None:
    if "fail" in tree:
        raise ConfigError(str(tree["fail"]), path=("Dhcp4", "subnet4", 0))


class FakeServer:
    top_key = "Dhcp4"
    messages = MESSAGES
    server_tag = ""
    running_hash = "0" * 64

    def __init__(self, program: Program, launch: Launch) -> None:
        self.registry = Registry()
        self.config_file = launch.config_file
        self.restricted = launch.restricted
        self.running: Mapping[str, object] = {}
        self.started = self.configured = time.monotonic()
        self._launch = launch
        self._sockets = ControlSockets(self.registry.execute_document)
        self._end: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        register_common(self.registry, self, program, Statistics())
        self.registry.register(
            Command("trip", lambda _: Answer() if asyncio.get_running_loop().call_soon(int, "x") else None),
            Command("launch", lambda _: Answer(arguments=[launch.server_port, launch.client_port, launch.restricted])),
        )

    async def start(self) -> None:
        os.makedirs("made", exist_ok=True)
        with open("made/file", "w"):
            pass
        await self.reload()

    async def reload(self) -> None:
        tree = read(self.config_file)
        loggers = [{"name": "kea-dhcp4", "output-options": [{"output": tree["log"]}]}] if "log" in tree else []
        logs.configure(loggers)
        judge(tree)
        slow = tree.get("slow", 0)
        assert isinstance(slow, (int, float))
        await asyncio.sleep(slow)
        socket = tree.get("socket")
        await self._sockets.apply(str(socket) if socket else None)
        if "break" in tree:
            self._end.set_exception(RuntimeError(str(tree["break"])))
        self.running = tree

    async def apply(self, tree: dict[str, object], text: bytes) -> None:
        raise ConfigError("not here")

    async def test(self, tree: dict[str, object], text: bytes) -> None:
        raise ConfigError("not here")

    def status(self) -> Mapping[str, object]:
        return {}

    def shutdown(self, exit_value: int = 0) -> None:
        if not self._end.done():
            self._end.set_result(exit_value)

    async def wait_closed(self) -> int:
        return await asyncio.shield(self._end)

    async def close(self) -> None:
        await self._sockets.close()


class FakeProgram(Program):
    name = "kead-fake4"
    kea_name = "kea-dhcp4"
    protocol = "DHCPv4"
    top_key = "Dhcp4"
    messages = MESSAGES
    version = "9.8.7"

    async def check(self, launch: Launch, *, extra: bool) -> None:
        tree = read(launch.config_file)
        if extra or "only-extra" not in tree:
            judge(tree)

    def schema(self) -> str:
        return "{}"

    def make_server(self, launch: Launch) -> Server:
        return FakeServer(self, launch)


def main(argv: Sequence[str]) -> int:
    return run(FakeProgram(), argv)
