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
from bench.family import LOAD_SIDE, SERVER_SIDE, Family4, Family6
from bench.sandbox import Namespace, Sandbox, run
from bench.server import KEA, KEAD, ROOT, Server
from bench.usage import Cost, Meter


@dataclass(frozen=True)
class Variant:
    """One of the servers compared: which program, under which load, whether each group of leases is synced to disk."""

    flavour: str
    load: str
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
        """CPU microseconds of the server per finished exchange (or renewal)."""
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
    servers: tuple[str, ...] = (KEA, KEAD)
    cable: str = "plain"
    sync_setting: dict[str, Any] = field(default_factory=lambda: {"durability": "fsync"})


class Rig:
    """Makes servers of one family and puts load on them."""

    def __init__(self, sandbox: Sandbox, settings: Settings, family: Family4 | Family6) -> None:
        self.sandbox = sandbox
        self.settings = settings
        self.family = family
        self.near: Namespace = sandbox.namespace("server")
        self.far: Namespace = sandbox.namespace("load")
        sandbox.cable(self.near, SERVER_SIDE, self.far, LOAD_SIDE, ipv6=family.number == 6)
        if settings.cable == "cut":
            run(*self.near.command("ethtool", "-K", SERVER_SIDE, "tx-udp-segmentation", "off"))
        self.near.ip("address", "add", f"{family.server}/{family.length}", "dev", SERVER_SIDE)
        self._relayed = False
        self._step = 0

    def configuration(self, variant: Variant) -> dict[str, Any]:
        database: dict[str, Any] = self.settings.sync_setting if variant.sync else {}
        return {**self.family.configuration(variant.load), "lease-database": database}

    def stand(self, relayed: bool) -> None:
        """Give the load's side a relay agent's address or take it away: perfdhcp as a client would speak from it."""
        if relayed != self._relayed:
            address = f"{self.family.relay}/{self.family.length}"
            self.far.ip("address", "add" if relayed else "delete", address, "dev", LOAD_SIDE)
            self._relayed = relayed

    def prepare(self, variant: Variant) -> Server:
        """A server with an empty directory, configured, not started; the load's side is ready for it."""
        self.stand(self.family.relayed(variant.load))
        self._step += 1
        directory = self.settings.work / f"round-{self._step}"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        prefix = ["taskset", "-c", str(self.settings.server_core)]
        server = Server(self.sandbox, self.near, directory, variant.flavour, prefix, self.family.number)
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

    def generator(self, module: str, load: str, *words: str) -> list[str]:
        """The command of one of our own (bench.flood, bench.probe)."""
        named = self.family.generator(load)
        return self.load("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", module, *named, *words)

    def python(self, module: str, load: str, *words: str) -> dict[str, float]:
        """Run one of our generators and return its figures."""
        text = run(*self.generator(module, load, *words), timeout=600)
        figures: dict[str, float] = json.loads(text.splitlines()[-1])
        return figures

    def paced(self, variant: Variant, rate: int, seconds: int | None = None, renewals: int = 0) -> Round:
        """One round by perfdhcp at this many exchanges a second, and as many renewals as said."""
        length = seconds or self.settings.seconds
        with self.serving(variant) as server:
            self.warm(variant.load)
            kind = self.family.perfdhcp(variant.load)
            words = perfdhcp.command(kind, rate, length, 2 * rate * length, self._step, renewals)
            meter = Meter(server.pid)
            text = run(*self.load(*words, *self.family.target(variant.load)), check=False, timeout=600)
            cost = meter.read()
        outcome = perfdhcp.read(text, length)
        figures = {
            "finished": float(outcome.count + outcome.renewals),
            "rate": outcome.finished,
            "begun": outcome.begun,
            "loss": outcome.loss,
            "delay_ms": outcome.delay,
            "worst_ms": outcome.worst,
            "renewed": outcome.renewals / length,
            "renewals_lost": outcome.lost_renewals,
        }
        return Round(variant, figures, cost)

    def flooded(self, variant: Variant) -> Round:
        """One round of the closed loop."""
        with self.serving(variant) as server:
            self.warm(variant.load)
            meter = Meter(server.pid)
            words = ("--seconds", str(self.settings.seconds), "--clients", str(self.settings.clients))
            figures = self.python("bench.flood", variant.load, *words)
            return Round(variant, figures, meter.read())

    def warm(self, load: str) -> None:
        """A breath of load before a round, so that first-time work (imports, caches) is not counted."""
        self.python("bench.flood", load, "--seconds", "0.5", "--clients", "4")

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

    def variants(self, load: str, sync: bool) -> list[Variant]:
        """Those to compare, in the order in which they take their turns."""
        found = [Variant(flavour, load) for flavour in self.settings.servers]
        return [*found, Variant(KEAD, load, sync=True)] if sync and KEAD in self.settings.servers else found


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
