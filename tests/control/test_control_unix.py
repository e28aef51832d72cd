"""The UNIX control socket, with real sockets: one command a connection, timers, files, locks (control.md § 2)."""

import asyncio
import os
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kead.control.answers import Answer
from kead.control.envelope import Request
from kead.control.registry import Command, Registry
from kead.control.sockets import ControlSockets
from kead.control.unix import ControlSocketError, UnixSocket
from tests.control.control_client import Client, ask

HELLO = b'{"command": "hello"}'
HELLO_ANSWER = b'{ "result": 0, "text": "hello" }'
QUICK = 0.15
"""Instead of 10 s."""


class Gate:
    """A command that waits until the test lets it go on."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()

    async def __call__(self, _: Request) -> Answer:
        self.begun.set()
        await self.go_on.wait()
        return Answer(text="waited")


@pytest.fixture
def gate() -> Gate:
    return Gate()


@pytest.fixture
def registry(gate: Gate) -> Registry:
    registry = Registry()
    registry.register(
        Command("hello", lambda _: Answer(text="hello")),
        Command("echo", lambda request: Answer(arguments=request.arguments)),
        Command("silence", lambda _: None),
        Command("wait", gate),
    )
    return registry


@pytest.fixture
async def path(registry: Registry, tmp_path: Path) -> AsyncIterator[Path]:
    control = UnixSocket(str(tmp_path / "ctl"), registry.execute_document, timeout=QUICK)
    await control.open()
    yield tmp_path / "ctl"
    control.close()
    await control.drain(1)


async def test_a_command_is_answered_without_a_line_end_and_the_connection_closed(path: Path) -> None:
    assert type(asyncio.get_running_loop()).__module__ == "uvloop"  # as in the daemons: see conftest.py
    assert await ask(path, HELLO) == HELLO_ANSWER


async def test_pieces_are_put_together_each_restarting_the_timer(path: Path) -> None:
    client = await Client.connect(path)
    for byte in b"  # c\n" + HELLO:
        await client.send(bytes([byte]))
        await asyncio.sleep(QUICK / 10)  # all in all longer than the timer
    assert await client.answer() == HELLO_ANSWER


async def test_half_close_after_the_document_is_fine(path: Path) -> None:
    client = await Client.connect(path)
    await client.send(HELLO)
    client.half_close()
    assert await client.answer() == HELLO_ANSWER


async def test_half_close_before_its_end_closes_without_an_answer(path: Path) -> None:
    client = await Client.connect(path)
    await client.send(HELLO[:-1])
    client.half_close()
    assert await client.answer() == b""


async def test_half_close_while_the_command_runs_is_fine(path: Path, gate: Gate) -> None:
    client = await Client.connect(path)
    await client.send(b'{"command": "wait"}')
    await gate.begun.wait()
    client.half_close()
    await asyncio.sleep(0.01)
    gate.go_on.set()
    assert await client.answer() == b'{ "result": 0, "text": "waited" }'


async def test_what_follows_the_document_is_ignored(path: Path) -> None:
    assert await ask(path, HELLO + b"garbage" * 10000) == HELLO_ANSWER
    assert await ask(path, HELLO + HELLO) == HELLO_ANSWER


async def test_silence_and_half_commands_time_out(path: Path) -> None:
    text = b'{ "result": 1, "text": "Connection over control channel timed out%s" }'
    assert await ask(path, b"") == text % b""
    assert await ask(path, b" \n") == text % b""
    assert await ask(path, HELLO[:-1]) == text % b", discarded partial command of 19 bytes"


async def test_a_command_that_runs_long_does_not_time_out(path: Path, gate: Gate) -> None:
    client = await Client.connect(path)
    await client.send(b'{"command": "wait"}')
    await asyncio.sleep(QUICK * 1.5)
    gate.go_on.set()
    assert await client.answer() == b'{ "result": 0, "text": "waited" }'


async def test_bad_json_is_answered(path: Path) -> None:
    assert await ask(path, b"jumble") == b'{ "result": 1, "text": "invalid first character j" }'
    assert await ask(path, b'{"command": }') == (
        b'{ "result": 1, "text": "error: unexpected character } in <wire>:0:13" }'
    )


async def test_no_answer_is_a_closed_connection(path: Path) -> None:
    assert await ask(path, b'{"command": "silence"}') == b""


async def test_hundreds_of_idle_connections_disturb_nobody(path: Path) -> None:
    idle = [await Client.connect(path) for _ in range(300)]
    assert await ask(path, HELLO) == HELLO_ANSWER
    for client in idle:
        client.writer.close()


async def test_eight_mebibytes_go_in_and_out(path: Path) -> None:
    text = "x" * (8 << 20)
    answer = await ask(path, b'{"command": "echo", "arguments": {"text": "' + text.encode() + b'"}}')
    assert answer == b'{ "arguments": { "text": "' + text.encode() + b'" }, "result": 0 }'


async def test_a_client_that_does_not_read_its_answer_is_cut_off(path: Path) -> None:
    stuck = socket.socket(socket.AF_UNIX)
    stuck.connect(str(path))
    text = b'{"command": "echo", "arguments": "' + b"x" * (4 << 20) + b'"}'
    await asyncio.to_thread(stuck.sendall, text)
    await asyncio.sleep(QUICK * 4)
    stuck.settimeout(5)
    received = 0
    try:
        while piece := stuck.recv(1 << 20):
            received += len(piece)
    except ConnectionResetError:
        pass
    stuck.close()
    assert 0 < received < 4 << 20


async def test_a_client_that_has_gone_does_not_break_its_command(path: Path, gate: Gate) -> None:
    client = await Client.connect(path)
    await client.send(b'{"command": "wait"}')
    await gate.begun.wait()
    client.writer.transport.abort()
    await asyncio.sleep(0.01)
    gate.go_on.set()
    assert await ask(path, HELLO) == HELLO_ANSWER


async def test_modes_of_the_files_whatever_the_umask(registry: Registry, tmp_path: Path) -> None:
    control = UnixSocket(str(tmp_path / "ctl"), registry.execute_document)
    old = os.umask(0o077)
    try:
        await control.open()
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "ctl").stat().st_mode) == 0o770
    assert stat.S_IMODE((tmp_path / "ctl.lock").stat().st_mode) == 0o600
    control.close()
    assert list(tmp_path.iterdir()) == []


async def test_left_over_files_are_replaced(registry: Registry, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as former:
        former.bind(str(tmp_path / "ctl"))
    (tmp_path / "ctl.lock").touch()
    control = UnixSocket(str(tmp_path / "ctl"), registry.execute_document)
    await control.open()
    assert await ask(tmp_path / "ctl", HELLO) == HELLO_ANSWER
    control.close()


async def test_another_file_of_that_name_is_not_touched(registry: Registry, tmp_path: Path) -> None:
    (tmp_path / "ctl").write_text("precious")
    control = UnixSocket(str(tmp_path / "ctl"), registry.execute_document)
    with pytest.raises(ControlSocketError, match="Address already in use"):
        await control.open()
    assert (tmp_path / "ctl").read_text() == "precious"
    assert not (tmp_path / "ctl.lock").exists()


async def test_a_socket_that_another_process_holds_is_refused_and_stays(registry: Registry, tmp_path: Path) -> None:
    script = "import fcntl, sys; f = open(sys.argv[1], 'w'); fcntl.flock(f, 2); print('held', flush=True); input()"
    holder = subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path / "ctl.lock")], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert holder.stdout is not None
    assert await asyncio.to_thread(holder.stdout.readline) == b"held\n"
    (tmp_path / "ctl").touch()
    control = UnixSocket(str(tmp_path / "ctl"), registry.execute_document)
    with pytest.raises(ControlSocketError) as caught:
        await control.open()
    text = f"cannot lock socket lockfile, {tmp_path}/ctl.lock, : Resource temporarily unavailable"
    assert str(caught.value) == text
    assert (tmp_path / "ctl").exists()
    assert (tmp_path / "ctl.lock").exists()
    holder.communicate(b"\n")


async def test_a_directory_that_is_not_there(registry: Registry, tmp_path: Path) -> None:
    control = UnixSocket(str(tmp_path / "no" / "ctl"), registry.execute_document)
    with pytest.raises(ControlSocketError, match=r"cannot create socket lockfile, .*: No such file or directory"):
        await control.open()


async def test_names_that_fit_and_that_do_not(registry: Registry, tmp_path: Path) -> None:
    room = 107 - len(str(tmp_path)) - 1
    control = UnixSocket(str(tmp_path / ("x" * room)), registry.execute_document)
    await control.open()
    control.close()
    control = UnixSocket(str(tmp_path / ("x" * (room + 1))), registry.execute_document)
    with pytest.raises(ControlSocketError, match=r"^File name too long \[system:36\]$") as caught:
        await control.open()
    assert caught.value.result == 5
    assert list(tmp_path.iterdir()) == []


async def test_closing_drops_the_idle_and_lets_answers_through(registry: Registry, gate: Gate, tmp_path: Path) -> None:
    control = UnixSocket(str(tmp_path / "ctl"), registry.execute_document)
    await control.open()
    idle, busy = await Client.connect(tmp_path / "ctl"), await Client.connect(tmp_path / "ctl")
    await busy.send(b'{"command": "wait"}')
    await gate.begun.wait()
    control.close()
    assert await idle.answer() == b""
    gate.go_on.set()
    drained = asyncio.create_task(control.drain(5))
    assert await busy.answer() == b'{ "result": 0, "text": "waited" }'
    await asyncio.wait_for(drained, 1)


async def test_draining_has_an_end(registry: Registry, gate: Gate, tmp_path: Path) -> None:
    control = UnixSocket(str(tmp_path / "ctl"), registry.execute_document)
    await control.open()
    busy = await Client.connect(tmp_path / "ctl")
    await busy.send(b'{"command": "wait"}')
    await gate.begun.wait()
    control.close()
    await control.drain(0.05)
    assert await busy.answer() == b""
    gate.go_on.set()


async def test_a_removed_socket_file_of_another_is_left(registry: Registry, tmp_path: Path) -> None:
    control = UnixSocket(str(tmp_path / "ctl"), registry.execute_document)
    await control.open()
    (tmp_path / "ctl").unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(tmp_path / "ctl"))
        control.close()
        assert (tmp_path / "ctl").exists()


async def test_a_command_may_move_the_socket_it_came_by(tmp_path: Path) -> None:
    registry = Registry()
    sockets = ControlSockets(registry.execute_document)

    async def move(_: Request) -> Answer:
        await sockets.apply(str(tmp_path / "new"))
        return Answer(text="moved")

    registry.register(Command("move", move), Command("hello", lambda _: Answer(text="hello")))
    await sockets.apply(str(tmp_path / "old"))
    assert await ask(tmp_path / "old", b'{"command": "move"}') == b'{ "result": 0, "text": "moved" }'
    assert not (tmp_path / "old").exists()
    assert await ask(tmp_path / "new", HELLO) == HELLO_ANSWER
    await sockets.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_change_that_fails_leaves_what_was_open(registry: Registry, tmp_path: Path) -> None:
    sockets = ControlSockets(registry.execute_document)
    await sockets.apply(str(tmp_path / "ctl"))
    with pytest.raises(ControlSocketError):
        await sockets.apply(str(tmp_path / "no" / "ctl"))
    assert sockets.path == str(tmp_path / "ctl")
    assert await ask(tmp_path / "ctl", HELLO) == HELLO_ANSWER
    await sockets.close()


async def test_the_same_name_again_changes_nothing(registry: Registry, tmp_path: Path) -> None:
    sockets = ControlSockets(registry.execute_document)
    await sockets.apply(str(tmp_path / "ctl"))
    client = await Client.connect(tmp_path / "ctl")
    (tmp_path / "ctl").unlink()
    await sockets.apply(str(tmp_path / "ctl"))
    assert not (tmp_path / "ctl").exists()
    await client.send(HELLO)
    assert await client.answer() == HELLO_ANSWER
    await sockets.apply(None)
    assert sockets.path is None
