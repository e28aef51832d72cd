"""docs/operations.md: the commands that it shows are understood as they stand there, by its own way of asking."""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.dhcp4.conversation import LogFile
from tests.dhcp4.test_server import Up

PAGE = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()


def shown() -> list[tuple[str, str]]:
    """Each command of the table, with its arguments."""
    table = PAGE.partition("| command | arguments | |\n|---|---|---|\n")[2].partition("\n\n")[0]
    found = []
    for names, arguments, _ in (line.strip("|").split("|")[:3] for line in table.splitlines()):
        found += [(name, arguments.strip().strip("`")) for name in re.findall(r"`([\w-]+)`", names)]
    return found


@pytest.fixture
async def running(tmp_path: Path, log: LogFile) -> AsyncIterator[Up]:
    made = Up(tmp_path)
    made.write()
    await made.server.start()
    yield made
    await made.server.close()


@pytest.mark.parametrize(("command", "arguments"), [pair for pair in shown() if "…" not in pair[1]])
async def test_a_command_is_understood(running: Up, command: str, arguments: str) -> None:
    request = {"command": command, **({"arguments": json.loads(arguments)} if arguments else {})}
    answer = await running.server.registry.execute_document(json.dumps(request).encode())
    assert answer is not None
    assert answer.result == 0, answer.text


def test_the_page_shows_most_of_them() -> None:
    assert len(shown()) > 20


async def test_the_way_to_ask(running: Up) -> None:
    block = PAGE.partition("    ask() {\n")[2].partition("\n\n")[0]
    script = "ask() {\n" + block
    for number in "46":  # both ask the one server there is
        (running.folder / f"kea{number}-ctrl-socket").symlink_to("ctl")
    for indented in (script, script.replace("\n    ", "\n")):  # copied from the source, or as it is rendered
        process = await asyncio.create_subprocess_exec(
            "sh",
            "-c",
            indented,
            stdout=asyncio.subprocess.PIPE,
            env={"PATH": os.environ["PATH"], "SOCKETS": str(running.folder)},
        )
        out, _ = await asyncio.wait_for(process.communicate(), 20)
        answers = [json.loads(line) for line in out.splitlines() if line.strip()]
        assert [answer["arguments"]["pid"] for answer in answers] == [os.getpid()] * 2
