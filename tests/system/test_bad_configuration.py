"""Wrong configurations and commands, seen from outside: a running server says what is wrong and where, and serves on as
before; one that starts ends with the reason.
"""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from bench.sandbox import Sandbox
from bench.server import KEAD
from tests.system.lab import Lab, mac
from tests.system.labs import LABS, both_families
from tests.system.waiting import until

SILENT = "Kea 2.2 serves nobody any more after some of them"


def still_serves(lab: Lab, number: int) -> None:
    """A new client gets what the first configuration says."""
    relay = lab.relay()
    given = relay.lease(mac(number))
    relay.close()
    assert given is not None
    assert given.lifetime == 7200
    assert lab.running()["valid-lifetime"] == 7200


def raw(lab: Lab, request: bytes, *, hang_up: bool = False) -> dict[str, object]:
    """What the control socket says to these bytes; {} where it says nothing, or nobody waits for it."""
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(10)
        channel.connect(str(lab.server.socket_file))
        channel.sendall(request)
        if hang_up:
            return {}
        channel.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: channel.recv(65536), b""))
    found: dict[str, object] = json.loads(answer) if answer else {}
    return found


@both_families
def test_a_reload_of_a_broken_file_changes_nothing(family: int, sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip(SILENT)
    lab = LABS[family](sandbox, tmp_path, flavour)
    lab.server.start()
    good = lab.server.config_file.read_text()
    shorter = good.replace('"valid-lifetime": 7200', '"valid-lifetime": 1234')
    assert shorter != good
    failed = f"{lab.prefix}DYNAMIC_RECONFIGURATION_FAIL"
    mistakes = {
        "cut off": shorter[: len(shorter) // 2],
        "empty": "",
        "not JSON": "\0\xff{[",
        "another server's": shorter.replace(f"Dhcp{family}", "Dhcp9"),
        "a wrong type": shorter.replace("1234", '"long"'),
        "a pool elsewhere": re.sub(r'"pool": "[^"]*"', '"pool": "::1 - ::2"', shorter),
    }
    for number, (what, text) in enumerate(mistakes.items(), 1):
        lab.server.config_file.write_text(text)
        lab.server.signal(signal.SIGHUP)
        until(f"{what}: it is logged", lambda number=number: lab.server.log().count(failed) == number)  # type: ignore[misc]
        still_serves(lab, number)
    lab.server.config_file.unlink()
    lab.server.signal(signal.SIGHUP)
    until("no file: it is logged", lambda: lab.server.log().count(failed) == len(mistakes) + 1)
    still_serves(lab, 100)
    assert lab.server.stop() == 0


@both_families
def test_a_start_with_a_broken_file_ends_with_the_reason(
    family: int, sandbox: Sandbox, tmp_path: Path, flavour: str
) -> None:
    lab = LABS[family](sandbox, tmp_path, flavour)
    lab.configure(**{"no-such-keyword": 1})
    lab.server.launch()
    process = lab.server.process
    assert isinstance(process, subprocess.Popen)
    assert process.wait(20) != 0
    assert "no-such-keyword" in lab.server.log()
    assert not lab.server.socket_file.exists()


@both_families
def test_broken_commands_are_answered_or_ignored(family: int, sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip(SILENT)
    lab = LABS[family](sandbox, tmp_path, flavour)
    lab.server.start()
    for request in (b"", b"{", b'{"command": "config-get"', b"\xff\xfe", b"[" * 20_000, b" " * 200_000):
        raw(lab, request)
        raw(lab, request, hang_up=True)
    for request in (b"[]", b"1", b'{"command": 7}', b'{"arguments": {}}', b'{"command": "config-set"}', b"nonsense"):
        assert raw(lab, request)["result"] == 1, request
    assert raw(lab, b'{"command": "no-such-command"}')["result"] == 2
    wrong = {f"Dhcp{family}": {**lab.running(), "valid-lifetime": "x"}}
    for command in ("config-set", "config-test"):
        assert lab.server.ask(command, wrong)["result"] == 1
    still_serves(lab, 1)
    assert lab.server.stop() == 0
