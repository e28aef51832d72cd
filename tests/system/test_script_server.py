"""README's first command: `script/server` makes a sandbox, serves a real client, and leaves nothing behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from bench.sandbox import Sandbox, run
from bench.server import KEAD, ROOT
from tests.system.waiting import until

SCRIPT = ROOT / "script" / "server"


@pytest.fixture(autouse=True)
def _only_kead(flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("script/server starts kead")


def left_behind(pid: int) -> list[str]:
    return [line for line in run("ip", "netns", "list").splitlines() if line.startswith(f"kead-{pid}-")]


def test_once_a_client_gets_a_lease_and_all_is_removed() -> None:
    process = subprocess.Popen([SCRIPT, "--once"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    out, _ = process.communicate(timeout=90)
    assert process.returncode == 0, out
    assert "bound: 192.0.2.100/24, router 192.0.2.1" in out
    assert "DHCP4_STARTED" in out
    assert "DHCP4_LEASE_ALLOC" in out
    assert re.search(r"^192\.0\.2\.100,", out, re.M), out
    assert left_behind(process.pid) == []
    assert not Path(re.search(r"--- The lease \((\S+)\)", out)[1]).exists()  # type: ignore[index]
    for dead in ("Ask it", "another client", "Where things are"):
        assert dead not in out


def test_once_with_state_says_what_is_kept(tmp_path: Path) -> None:
    out = run(SCRIPT, "--once", "--state", tmp_path / "state")
    kept = re.search(r"^--- Where things are\n((?:  .*\n)+)", out, re.M)
    assert kept is not None
    named = [line.split() for line in kept[1].splitlines()]
    assert [name for name, _ in named] == ["configuration", "log", "leases"]
    assert all(Path(path).exists() for _, path in named)
    assert "Ask it" not in out


def test_it_serves_until_ctrl_c_and_answers_as_printed(tmp_path: Path) -> None:
    console = tmp_path / "console"
    with console.open("w") as stream:
        process = subprocess.Popen([SCRIPT], stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        until("script/server serves", lambda: "Serving. Ctrl-C" in console.read_text(), patience=60)
        printed = re.search(r"^ +(python3 -c .*)$", console.read_text(), re.M)
        assert printed is not None
        answer = json.loads(run("bash", "-c", printed[1]))
        assert answer["result"] == 0
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
        assert left_behind(process.pid) == []
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def test_with_an_interface_it_serves_that_network(sandbox: Sandbox, tmp_path: Path) -> None:
    here, there = sandbox.namespace("here"), sandbox.namespace("there")
    sandbox.cable(here, "lan0", there, "far0")
    here.ip("address", "add", "10.77.0.1/24", "dev", "lan0")
    server = sandbox.start(here, [SCRIPT, "--state", tmp_path / "state", "lan0"], tmp_path / "console")
    until("it serves", lambda: "Serving. Ctrl-C" in (tmp_path / "console").read_text(), patience=60)
    out = run(*there.command("udhcpc", "-i", "far0", "-s", "/bin/true", "-f", "-n", "-q"))
    assert "lease of 10.77.0.128 obtained from 10.77.0.1" in out
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0
    assert "10.77.0.128," in (tmp_path / "state" / "lib" / "kea-leases4.csv").read_text()


def test_an_interface_without_an_address_is_a_clear_error(sandbox: Sandbox) -> None:
    here, there = sandbox.namespace("here"), sandbox.namespace("there")
    sandbox.cable(here, "lan0", there, "far0")
    with pytest.raises(RuntimeError, match="lan0 has no IPv4 address"):
        run(*here.command(SCRIPT, "lan0"))
