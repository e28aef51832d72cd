"""The systemd unit: accepted by systemd, hardened, and the server does run with no more than it grants."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from bench.sandbox import Sandbox
from bench.server import KEAD, ROOT
from tests.system.relayed import Lab, mac

UNIT = ROOT / "systemd" / "kead-dhcp4.service"
CAPABILITIES = {"CAP_NET_RAW", "CAP_NET_BIND_SERVICE"}


def analyze(*words: str | Path) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def settings() -> dict[str, str]:
    lines = [line for line in UNIT.read_text().splitlines() if "=" in line and not line.startswith("#")]
    return dict(line.split("=", 1) for line in lines)


def test_systemd_finds_no_fault() -> None:
    assert analyze("verify", UNIT) == ""


def test_exposure_is_low() -> None:
    report = analyze("security", "--offline=true", UNIT)
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", report)
    assert found is not None, report
    assert float(found[1]) <= 2.0


def test_it_may_open_raw_sockets_and_port_67_and_nothing_more() -> None:
    unit = settings()
    assert set(unit["CapabilityBoundingSet"].split()) == CAPABILITIES
    assert set(unit["AmbientCapabilities"].split()) == CAPABILITIES
    assert unit["Type"] == "notify"


def test_the_server_serves_with_these_capabilities_only(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    lab = Lab(sandbox, tmp_path, flavour, **{"interfaces-config": {"interfaces": ["near"], "dhcp-socket-type": "raw"}})
    kept = "-all,+net_raw,+net_bind_service"
    lab.server.prefix = ["setpriv", f"--bounding-set={kept}", "--inh-caps=-all", "--no-new-privs"]
    lab.server.start()
    status = Path(f"/proc/{lab.server.pid}/status").read_text()
    bits = int(re.search(r"^CapEff:\s+(\S+)", status, re.M)[1], 16)  # type: ignore[index]
    assert bits == 1 << 10 | 1 << 13  # CAP_NET_BIND_SERVICE, CAP_NET_RAW
    relay = lab.relay()
    assert relay.lease(mac(1)) is not None
    relay.close()


def test_it_tells_systemd_when_it_is_ready_reloads_and_stops(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("kea-dhcp4 tells systemd nothing")
    lab = Lab(sandbox, tmp_path, flavour)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        lab.server.extra = {"NOTIFY_SOCKET": str(tmp_path / "notify")}

        def told(word: str) -> None:
            while word not in manager.recv(4096).decode().splitlines():
                pass  # STATUS=…, WATCHDOG=1 and the like come between

        lab.server.launch()
        told("READY=1")
        assert lab.server.ready()
        lab.server.signal(signal.SIGHUP)
        told("RELOADING=1")
        told("READY=1")
        assert lab.server.stop() == 0
        told("STOPPING=1")
