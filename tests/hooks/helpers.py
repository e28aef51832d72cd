"""What the tests of hooks share: libraries by path, packets, and a lot to drive what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from kead.dhcp4.hook_points import POINTS, Hooks4
from kead.dhcp4.packet import Packet4
from kead.hooks.chain import chains_of
from kead.hooks.instance import Host
from kead.hooks.library import Library, Registration
from kead.hooks.loading import Loaded, load
from kead.hooks.point import Contexts
from kead.parking_lot import Lost, ParkingLot

LIBRARIES = Path(__file__).parent / "libraries"
HOST = Host("kea-dhcp4", POINTS)


@dataclass
class Entry:
    """As hooks-libraries has them."""

    library: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Exchange:
    """All that the framework asks of one."""

    def __init__(self) -> None:
        self.contexts: Contexts | None = None


def query(message_type: int = 1, hwaddr: bytes = b"\x02\0\0\0\0\1") -> Packet4:
    packet = Packet4()
    packet.type = message_type
    packet.hwaddr = hwaddr
    packet.options = {53: bytes([message_type])}
    return packet


async def loaded(*entries: tuple[str, Mapping[str, Any]]) -> Loaded:
    """Test libraries by their names."""
    return await load(
        [Entry(str(LIBRARIES / f"{name}.py"), parameters) for name, parameters in entries], HOST, confined=False
    )


def library(name: str = "test", **functions: Any) -> Library:
    """A library out of functions, without a file."""
    made = Library(name, {}, "kea-dhcp4", None, ModuleType(name))
    for point, function in functions.items():
        made.registrations.append(Registration(made, point, function, asyncio.iscoroutinefunction(function)))
    return made


def hooks(*libraries: Library) -> Hooks4:
    return Hooks4(chains_of(POINTS, libraries))


class Server:
    """A lot that remembers how its exchanges ended."""

    def __init__(self, limit: int = 0, deadline: float = 5.0) -> None:
        self.ends: list[tuple[str, Any]] = []
        self.lot: ParkingLot[str, Any] = ParkingLot(
            limit, deadline, finished=self.finished, failed=self.failed, dropped=self.dropped
        )

    def finished(self, exchange: str, result: Any) -> None:
        self.ends.append((exchange, result))

    def failed(self, exchange: str, error: BaseException) -> None:
        self.ends.append((exchange, error))

    def dropped(self, exchange: str, why: Lost) -> None:
        self.ends.append((exchange, why))

    def drive(self, work: Coroutine[Any, Any, Any], name: str = "x") -> Any:
        return self.lot.drive(work, name)


async def turns(count: int = 5) -> None:
    """Let the loop turn."""
    for _ in range(count):
        await asyncio.sleep(0)
