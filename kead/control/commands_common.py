"""The commands that every daemon has: about its versions, its commands, its state, its end (control.md § 4, 6).

Law: what a daemon is is given to it; Kea's texts are here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from typing import Protocol

from kead.control.answers import EMPTY, Answer
from kead.control.commands_config import ConfigurableServer, config_commands
from kead.control.commands_statistics import statistic_commands
from kead.control.envelope import Argument, Kind, Request
from kead.control.registry import Command, Registry
from kead.statistics import Statistics


class Facts(Protocol):
    """What a program says of itself; kead.daemon.Program does."""

    version: str

    def extended_version(self) -> str:
        """The lines of -V."""

    def report(self) -> str:
        """The lines of -W."""


class CommonServer(ConfigurableServer, Protocol):
    """A server that the common commands can be about."""

    @property
    def server_tag(self) -> str:
        """The configured server-tag, "" if there is none."""

    @property
    def started(self) -> float:
        """time.monotonic() when it was started."""

    @property
    def configured(self) -> float:
        """time.monotonic() when the configuration in force came into force."""

    def status(self) -> Mapping[str, object]:
        """What status-get tells besides pid, uptime and reload."""

    def shutdown(self, exit_value: int = 0) -> None:
        """Ask for the end; returns at once."""


def register_common(registry: Registry, server: CommonServer, facts: Facts, statistics: Statistics) -> None:
    """Register all commands of this file, of commands_config.py and of commands_statistics.py."""
    registry.register(*common_commands(registry, server, facts))
    registry.register(*config_commands(server))
    registry.register(*statistic_commands(statistics))


def common_commands(registry: Registry, server: CommonServer, facts: Facts) -> Iterable[Command]:
    """The commands, ready to be registered."""

    def build_report(_: Request) -> Answer:
        return Answer(text=facts.report())

    def config_backend_pull(_: Request) -> Answer:
        return Answer(EMPTY, "No config backend.")

    def list_commands(_: Request) -> Answer:
        return Answer(arguments=registry.names())

    def server_tag_get(_: Request) -> Answer:
        return Answer(arguments={"server-tag": server.server_tag})

    def shutdown(request: Request) -> Answer:
        server.shutdown(request.integer("exit-value"))
        return Answer(text="Shutting down.")

    def status_get(_: Request) -> Answer:
        now = time.monotonic()
        status = {"pid": os.getpid(), "uptime": int(now - server.started), "reload": int(now - server.configured)}
        return Answer(arguments={**status, **server.status()})

    def version_get(_: Request) -> Answer:
        return Answer(text=facts.version, arguments={"extended": facts.extended_version()})

    exit_value = Argument("exit-value", Kind.INTEGER, mandatory=False, wrong="parameter 'exit-value' is not an integer")
    return (
        Command("build-report", build_report),
        Command("config-backend-pull", config_backend_pull),
        Command("list-commands", list_commands),
        Command("server-tag-get", server_tag_get),
        Command("shutdown", shutdown, (exit_value,), not_a_map="Argument must be a map"),
        Command("status-get", status_get),
        Command("version-get", version_get),
    )
