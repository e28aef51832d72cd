"""A lab for load, of either family: a server, and room for relay agents of our own, whose sockets a test may talk
through, message by message.

What a test promises or finds is named as bench.flood writes it: an address, or a prefix with its length.
"""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from bench.family import LOAD_SIDE, SERVER_SIDE, Family4, Family6
from bench.lease_file import leases
from bench.sandbox import Namespace, Sandbox
from bench.server import ROOT, Server


@dataclass(frozen=True)
class Given:
    """What a client got: addresses and prefixes, for how many seconds, and the reply that says so."""

    leases: list[str]
    lifetime: int
    reply: bytes


class Relay(ABC):
    """A relay agent's socket: whole messages out, whole replies in."""

    def __init__(self, family: Family4 | Family6, namespace: Namespace, address: str) -> None:
        self.family = family
        self.address = socket.inet_pton(family.socket_family, address)

        def make() -> socket.socket:
            made = socket.socket(family.socket_family, socket.SOCK_DGRAM)
            made.bind((address, family.port))
            return made

        self.socket = namespace.inside(make)
        self.number = int(time.time()) << 8
        self.patience = 2.0  # seconds until a question counts as unanswered

    @abstractmethod
    def read(self, data: bytes, query: bytes) -> bytes:
        """The message in a datagram, if it answers this query; b"" if not."""

    def send(self, data: bytes) -> None:
        """Any bytes."""
        self.socket.sendto(data, (self.family.server, self.family.port))

    def ask(self, query: bytes) -> bytes | None:
        """Send it and return the answer, None when none comes in time."""
        self.send(query)
        deadline = time.monotonic() + self.patience
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0] and (answer := self.read(self.socket.recv(4096), query)):
                return answer
        return None

    @abstractmethod
    def lease(self, mac: bytes) -> Given | None:
        """The whole exchange of this client; None when the server was silent on the way, or refused."""

    @abstractmethod
    def still_has(self, mac: bytes, what: str) -> bool | None:
        """Whether to the server this is the client's; None when it says nothing."""

    def close(self) -> None:
        self.socket.close()


class Lab(ABC):
    """A server (configured, not started) and the namespace of its clients."""

    family: ClassVar[Family4 | Family6]
    second_relay: ClassVar[str]
    usual: ClassVar[dict[str, Any]]
    words: ClassVar[list[str]]  # for bench.flood

    def __init__(self, sandbox: Sandbox, directory: Path, flavour: str, **keywords: Any) -> None:
        self.sandbox = sandbox
        self.directory = directory
        family = self.family
        near, self.far = sandbox.namespace("server"), sandbox.namespace("load")
        sandbox.cable(near, SERVER_SIDE, self.far, LOAD_SIDE, ipv6=family.number == 6)
        for namespace, interface, address in (
            (near, SERVER_SIDE, family.server),
            (self.far, LOAD_SIDE, family.relay),
            (self.far, LOAD_SIDE, self.second_relay),
        ):
            unchecked = ["nodad"] if family.number == 6 else []
            namespace.ip("address", "add", f"{address}/{family.length}", "dev", interface, *unchecked)
        self.server = Server(sandbox, near, directory, flavour, family=family.number)
        self.configure(**keywords)

    def configure(self, **keywords: Any) -> None:
        """Warnings and worse only: at INFO a flood would rotate away what a test looks for."""
        self.server.configure({**self.usual, **keywords}, severity="WARN")

    @property
    def prefix(self) -> str:
        """How the server's own log messages begin."""
        return f"DHCP{self.family.number}_"

    def running(self) -> dict[str, Any]:
        """The configuration in force."""
        found: dict[str, Any] = self.server.ask("config-get")["arguments"][f"Dhcp{self.family.number}"]
        return found

    def flood(self, *words: str | Path) -> Flood:
        return Flood(self, *self.words, *words)

    @abstractmethod
    def relay(self) -> Relay:
        """At the family's usual relay's address."""

    def table(self) -> dict[str, str]:
        """The lease file: what → hardware address."""
        return {self.name(row): row["hwaddr"] for row in leases(self.server.lease_file).values()}

    @staticmethod
    def name(row: dict[str, str]) -> str:
        """A row's address or prefix."""
        return row["address"]

    @abstractmethod
    def assigned(self) -> int:
        """How many leases the server thinks are out."""


class Flood:
    """bench.flood, running beside the test."""

    def __init__(self, lab: Lab, *words: str | Path) -> None:
        lab.directory.mkdir(exist_ok=True)
        command = lab.far.command("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "bench.flood", *words)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def figures(self) -> dict[str, float]:
        """Wait for its end; what it measured."""
        out, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        found: dict[str, float] = json.loads(out)
        return found


def acknowledged(log: Path) -> dict[str, str]:
    """What bench.flood --log wrote: what → hardware address."""
    return dict(line.split() for line in log.read_text().splitlines()) if log.exists() else {}


def mac(number: int) -> bytes:
    return b"\x02\x99" + number.to_bytes(4, "big")
