"""A server of either family in the tests' process, started from a configuration file, with everything of it in one
folder. A family says what it calls things and how its clients ask (`Up`'s subclasses, in its test_server.py).
"""

from __future__ import annotations

import asyncio
import json
import time
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar

from kead.control.answers import Answer
from kead.daemon import Launch, Program

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

def pkt{family}_receive(callout):
    note("packet")

def dhcp{family}_srv_configured(callout):
    note("configured")
    {configured}
"""


class Up(ABC):
    """A server, not started yet."""

    family: ClassVar[int]
    program: ClassVar[type[Program]]
    subnet: ClassVar[dict[str, Any]]
    """The only subnet: number 1, with a pool of `size` addresses, of which `first` and `second` are given out first."""
    size: ClassVar[int]
    first: ClassVar[str]
    second: ClassVar[str]
    other: ClassVar[dict[str, Any]]
    """A subnet elsewhere, as number 9."""
    addresses: ClassVar[str]
    """What statistics call addresses: "total-…", "assigned-…"."""
    reclaims_own: ClassVar[int]
    """Whether a REQUEST for the client's own lease that has ended counts as a reclamation, 1 or 0, as in Kea."""
    first_client: ClassVar[dict[str, Any]]
    """The fields of a lease of client 1."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.file = folder / f"{self.name}.conf"
        self.history_file = folder / "history"
        self.channel = self.make_channel()
        self.server = self.make_server()

    @property
    def name(self) -> str:
        """As Kea's server, its configuration and its loggers are called."""
        return f"kea-dhcp{self.family}"

    @property
    def key(self) -> str:
        return f"Dhcp{self.family}"

    def make_server(self) -> Any:
        """Another server with the same files."""
        return self.program().make_server(Launch(str(self.file), restricted=False, server_port=0))

    @abstractmethod
    def make_channel(self) -> Any:
        """What keeps the replies, in `sent`."""

    @abstractmethod
    def query(self, kind: int, client: int, **about: Any) -> Any:
        """The datagram of a client's message: DISCOVER or SOLICIT (1), REQUEST (3)."""

    @abstractmethod
    def lifetime(self, reply: Any) -> int:
        """The seconds that a reply gives."""

    @abstractmethod
    def lease(self, number: int, *, cltt: int, valid: int = 10, **fields: Any) -> Any:
        """A lease of the subnet, with the number-th address."""

    @abstractmethod
    async def add(self, lease: Any) -> None:
        """Put it into the store, and count it."""

    @abstractmethod
    async def stored(self, address: str | int) -> Any:
        """The lease in the store."""

    def tree(self, **more: Any) -> dict[str, Any]:
        usual: dict[str, Any] = {
            "valid-lifetime": 4000,
            f"subnet{self.family}": [self.subnet],
            "interfaces-config": {"interfaces": []},
            "lease-database": {"type": "memfile", "name": str(self.folder / "leases.csv"), "lfc-interval": 0},
            "control-socket": {"socket-type": "unix", "socket-name": str(self.folder / "ctl")},
            "loggers": [
                {"name": self.name, "severity": "INFO", "output-options": [{"output": str(self.folder / "log")}]}
            ],
        }
        usual.update({name.replace("_", "-"): value for name, value in more.items()})
        return {self.key: usual}

    def subnets(self, *subnets: dict[str, Any]) -> dict[str, Any]:
        """These subnets, as keywords of `write` and `set`."""
        return {f"subnet{self.family}": list(subnets)}

    def write(self, **more: Any) -> None:
        self.file.write_text(json.dumps(self.tree(**more)))

    def library(
        self, name: str, *, load: str = "pass", start: str = "pass", configured: str = "pass"
    ) -> dict[str, Any]:
        """A hook library that writes down its life; its entry in hooks-libraries."""
        path = self.folder / f"{name}.py"
        said = {"load": load, "start": start, "configured": configured}
        path.write_text(LIBRARY.format(history=str(self.history_file), name=name, family=self.family, **said))
        return {"library": str(path)}

    def history(self) -> list[str]:
        """What libraries wrote since the last look."""
        lines = self.history_file.read_text().splitlines() if self.history_file.exists() else []
        self.history_file.write_text("")
        return lines

    def log(self) -> str:
        return (self.folder / "log").read_text()

    async def command(self, name: str, **arguments: Any) -> Answer:
        document = {"command": name, **({"arguments": arguments} if arguments else {})}
        answer: Answer | None = await self.server.registry.execute_document(json.dumps(document).encode())
        assert answer is not None
        return answer

    async def said(self, command: str, **arguments: Any) -> tuple[int, str]:
        answer = await self.command(command, **arguments)
        return answer.result, answer.text

    async def document(self, text: str) -> tuple[int, str]:
        """A command as it is written."""
        answer = await self.server.registry.execute_document(text.encode())
        assert answer is not None
        return answer.result, answer.text

    async def set(self, **more: Any) -> Answer:
        """config-set."""
        return await self.command("config-set", **self.tree(**more))

    async def asks(self, kind: int = 1, *, client: int = 1, **about: Any) -> Any:
        """What a client gets; None for silence."""
        before = len(self.channel.sent)
        self.server.dispatcher.serve([self.query(kind, client, **about)])
        for _ in range(40):
            await asyncio.sleep(0)
        sent = self.channel.sent[before:]
        return sent[0] if sent else None

    def count(self, name: str) -> int | None:
        found: int | None = self.server.statistics.value(name)
        return found

    def assigned(self) -> int | None:
        return self.count(f"subnet[1].assigned-{self.addresses}")

    @staticmethod
    def now() -> int:
        return int(time.time())
