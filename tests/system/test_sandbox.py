"""A sandbox leaves nothing behind: not even what a daemon in it has started, whatever became of the daemon."""

from __future__ import annotations

from pathlib import Path

from bench.sandbox import Sandbox, run
from tests.system.waiting import until


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        namespace = sandbox.namespace("alone")
        sandbox.start(namespace, ["sh", "-c", "setsid sleep 1000 & echo $! >pid; exec sleep 0"], tmp_path / "console")
        until("the child runs", lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        child = int((tmp_path / "pid").read_text())
        until("it is alone", lambda: sandbox.processes[0].poll() is not None)
        assert Path(f"/proc/{child}").exists()
    until("it is gone", lambda: not Path(f"/proc/{child}").exists() or "State:\tZ" in status(child))
    assert namespace.name not in run("ip", "netns", "list")
    assert not Path("/etc/netns", namespace.name).exists()


def status(number: int) -> str:
    try:
        return Path(f"/proc/{number}/status").read_text()
    except OSError:
        return ""
