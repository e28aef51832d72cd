"""docs/hooks.md says what is so: its table is the rows, its libraries run as printed."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kead.dhcp4.hook_points import POINTS, ROWS, Hooks4
from kead.hooks import CONTINUE, DROP, PARK
from kead.hooks.instance import Host
from kead.hooks.loading import load
from kead.hooks.point import Occasion
from tests.hooks.table import PAGE, with_table


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def test_the_table_is_the_rows() -> None:
    assert PAGE.read_text() == with_table(PAGE.read_text()), "run: python -m tests.hooks.table"


def test_the_family_s_hooks_have_every_point_typed() -> None:
    assert set(Hooks4.__annotations__) == set(POINTS) == set(Hooks4.__slots__)
    for row in ROWS:
        assert Hooks4.__annotations__[row.point] == f"Chain[{row.__name__}] | None"
        assert row.__doc__
        assert set(row.effects) == row.obeys
        assert not hasattr(row(Occasion()), "__dict__"), "a handle has its arguments and nothing else"


def test_which_points_park() -> None:
    assert {row.point for row in ROWS if PARK in row.obeys} == {"subnet4_select", "lease4_offer", "leases4_committed"}
    assert {row.point for row in ROWS if row.parkable} == {"subnet4_select", "lease4_offer", "leases4_committed"}


async def test_the_library_of_ten_lines_runs_as_printed(tmp_path: Path) -> None:
    text = blocks()[0]
    assert len([line for line in text.splitlines() if line]) < 11
    file = tmp_path / "inventory.py"
    file.write_text(text)

    async def serve(reader: Any, writer: Any) -> None:
        known = await reader.readline() == b"02:00:00:00:00:01\n"
        writer.write(b"known\n" if known else b"unknown\n")
        await writer.drain()
        writer.close()

    inventory = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        names: dict[str, Any] = {}
        exec(blocks()[-1], names)  # the last one shows how to test a hook
        parameters = {"inventory": list(inventory.sockets[0].getsockname())}
        assert await names["status_of"](str(file), parameters, b"\2\0\0\0\0\1") is CONTINUE
        assert await names["status_of"](str(file), parameters, b"\2\0\0\0\0\2") is DROP
    finally:
        inventory.close()


async def test_the_command_runs_as_printed(tmp_path: Path) -> None:
    [text] = [block for block in blocks() if "@command" in block]
    file = tmp_path / "commands.py"
    file.write_text(text)
    loaded = await load([SimpleNamespace(library=str(file), parameters={})], Host("kea-dhcp4", POINTS), confined=False)

    async def reload(arguments: Any) -> int:
        return len(arguments)

    loaded.libraries[0].inventory = SimpleNamespace(reload=reload)
    request = {"command": "inventory-reload", "arguments": {"a": 1}}
    assert await loaded.answer("inventory-reload", request, Occasion()) == {"result": 0, "text": "1 entries"}
