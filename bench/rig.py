"""The bench's rig: two namespaces, a server on one core, the load on another, one measured round at a time.

Every round has a server of its own with an empty directory (unless a part keeps it), so no round inherits
another's leases, log or memory.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench import perfdhcp
from bench.sandbox import Namespace, Sandbox, run
from bench.server import KEA, KEAD, ROOT, Server
from bench.usage import Cost, Meter

SERVER, RELAY = "10.0.0.1", "10.0.0.2"
POOL = "10.1.0.0 - 10.200.255.255"


@dataclass(frozen=True)
class Variant:
    """One of the servers compared: which program, which sockets, whether each group of leases is synced to disk."""

    flavour: str
    sockets: str = "udp"
    sync: bool = False

    def __str__(self) -> str:
        return self.flavour + (" fdatasync" if self.sync else "")


@dataclass
class Round:
    """What one round gave: the load's own figures, and the cost."""

    variant: Variant
    figures: dict[str, float]
    cost: Cost
    counted: bool = True

    @property
    def micros(self) -> float:
        """CPU microseconds of the server per finished exchange."""
        return self.cost.cpu * 1e6 / self.figures["finished"] if self.figures["finished"] else float("inf")


@dataclass
class Settings:
    """What the command line chose."""

    work: Path
    seconds: int = 10
    rounds: int = 3
    tries: int = 6
    disturbance: float = 15.0
    server_core: int = 0
    load_core: int = 1
    severity: str = "INFO"
    clients: int = 64
    accept_disturbed: bool = False
    sync_setting: dict[str, Any] = field(default_factory=lambda: {"durability": "fsync"})


class Rig:
    """Makes servers and puts load on them."""

    def __init__(self, sandbox: Sandbox, settings: Settings) -> None:
        self.sandbox = sandbox
        self.settings = settings
        self.near: Namespace = sandbox.namespace("server")
        self.far: Namespace = sandbox.namespace("load")
        sandbox.cable(self.near, "near", self.far, "far")
        self.near.ip("address", "add", f"{SERVER}/8", "dev", "near")
        self.far.ip("address", "add", f"{RELAY}/8", "dev", "far")
        self._step = 0

    def configuration(self, variant: Variant) -> dict[str, Any]:
        database: dict[str, Any] = self.settings.sync_setting if variant.sync else {}
        return {
            "interfaces-config": {"interfaces": ["near"], "dhcp-socket-type": variant.sockets},
            "lease-database": database,
            "valid-lifetime": 7200,
            "subnet4": [{"id": 1, "subnet": "10.0.0.0/8", "pools": [{"pool": POOL}]}],
        }

    def prepare(self, variant: Variant) -> Server:
        """A server with an empty directory, configured, not started."""
        self._step += 1
        directory = self.settings.work / f"round-{self._step}"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        prefix = ["taskset", "-c", str(self.settings.server_core)]
        server = Server(self.sandbox, self.near, directory, variant.flavour, prefix)
        server.configure(self.configuration(variant), severity=self.settings.severity)
        return server

    @contextmanager
    def serving(self, variant: Variant) -> Iterator[Server]:
        """A running server; afterwards it and its directory are gone."""
        server = self.prepare(variant)
        try:
            server.start()
            yield server
        finally:
            if server.process is not None:
                server.stop()
            shutil.rmtree(server.directory, ignore_errors=True)

    def load(self, *words: str) -> list[str]:
        """A load generator's command, in the clients' namespace and on their core."""
        return self.far.command("taskset", "-c", str(self.settings.load_core), *words)

    def python(self, module: str, *words: str) -> dict[str, float]:
        """Run one of our generators (bench.flood, bench.probe) and return its figures."""
        text = run(*self.load("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", module, *words), timeout=600)
        figures: dict[str, float] = json.loads(text.splitlines()[-1])
        return figures

    def paced(self, variant: Variant, rate: int, seconds: int | None = None) -> Round:
        """One round by perfdhcp at this many exchanges a second."""
        length = seconds or self.settings.seconds
        with self.serving(variant) as server:
            self.warm()
            meter = Meter(server.pid)
            text = run(
                *self.load(*perfdhcp.command(rate, length, 2 * rate * length, self._step, SERVER)),
                check=False,
                timeout=600,
            )
            cost = meter.read()
        outcome = perfdhcp.read(text, length)
        figures = {
            "finished": float(outcome.count),
            "rate": outcome.finished,
            "begun": outcome.begun,
            "loss": outcome.loss,
            "delay_ms": outcome.delay,
            "worst_ms": outcome.worst,
        }
        return Round(variant, figures, cost)

    def flooded(self, variant: Variant) -> Round:
        """One round of the closed loop."""
        with self.serving(variant) as server:
            self.warm()
            meter = Meter(server.pid)
            words = ("--seconds", str(self.settings.seconds), "--clients", str(self.settings.clients))
            figures = self.python("bench.flood", *words)
            return Round(variant, figures, meter.read())

    def warm(self) -> None:
        """A breath of load before a round, so that first-time work (imports, caches) is not counted."""
        self.python("bench.flood", "--seconds", "0.5", "--clients", "4")

    def counted(self, what: str, round_: Round) -> bool:
        """Whether a round was quiet enough to count; says so on the way."""
        cost = round_.cost
        round_.counted = cost.quiet(self.settings.disturbance) or self.settings.accept_disturbed
        say(
            f"  {what:<28} {round_.variant!s:<15} {round_.micros:7.1f} us  {round_.figures['rate']:8.0f}/s"
            f"  rss {cost.rss:5.0f} MiB  steal {cost.steal:4.1f}%  else {cost.other:4.1f}%"
            + ("" if round_.counted else "  disturbed: repeated")
        )
        return round_.counted


def variants(sockets: str, sync: bool) -> list[Variant]:
    """Those to compare, in the order in which they take their turns."""
    found = [Variant(KEA, sockets), Variant(KEAD, sockets)]
    return [*found, Variant(KEAD, sockets, sync=True)] if sync else found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
