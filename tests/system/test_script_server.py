"""README's first command: `script/server` makes a sandbox, serves real clients of both families, leaves nothing."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.sandbox import Namespace, Sandbox, run
from bench.server import KEAD, ROOT
from tests.system.waiting import until

SCRIPT = ROOT / "script" / "server"


@pytest.fixture(autouse=True)
def _only_kead(flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("script/server starts kead")


def namespaces(pid: int) -> list[str]:
    return [line.split()[0] for line in run("ip", "netns", "list").splitlines() if line.startswith(f"kead-{pid}-")]


@contextmanager
def serving(console: Path, *words: str, says: str = "Serving. Ctrl-C") -> Iterator[subprocess.Popen[bytes]]:
    """The script in a session of its own, as a terminal would run it, once it serves (or says something else)."""
    with console.open("w") as stream:
        process = subprocess.Popen([SCRIPT, *words], stdout=stream, stderr=subprocess.STDOUT, start_new_session=True)
    try:
        until("script/server serves", lambda: says in console.read_text(), patience=60)
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def test_once_clients_get_leases_and_all_is_removed() -> None:
    process = subprocess.Popen([SCRIPT, "--once"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    out, _ = process.communicate(timeout=90)
    assert process.returncode == 0, out
    assert "bound: 192.0.2.100/24, router 192.0.2.1" in out
    assert "DHCP4_STARTED" in out
    assert "DHCP4_LEASE_ALLOC" in out
    assert re.search(r"^192\.0\.2\.100,", out, re.M), out
    words = re.findall(r"^(XMT: \w+|RCV: \w+)", out, re.M)
    assert words == ["XMT: Solicit", "RCV: Advertise", "XMT: Request", "RCV: Reply"]
    assert "BOUND: 2001:db8:1::1000, DNS 2001:db8:1::1, search example.org." in out
    assert "BOUND: prefix 2001:db8:8000::/56" in out
    assert "DHCP6_STARTED" in out
    assert "DHCP6_PD_LEASE_ALLOC" in out
    assert re.search(r"^2001:db8:1::1000,.*,3600,\d+,1,3000,0,", out, re.M), out
    assert re.search(r"^2001:db8:8000::,.*,3600,\d+,1,3000,2,\d+,56,", out, re.M), out
    assert namespaces(process.pid) == []
    kept = re.findall(r"^--- What it keeps \((\S+)\)", out, re.M)
    assert [Path(path).name for path in kept] == ["kea-leases4.csv", "kea-leases6.csv"]
    assert not any(Path(path).parent.parent.exists() for path in kept)
    for dead in ("Ask them", "client again", "Where things are"):
        assert dead not in out


@pytest.mark.parametrize(("family", "other"), [("4", "6"), ("6", "4")])
def test_one_family_alone(family: str, other: str) -> None:
    out = run(SCRIPT, f"-{family}", "--once")
    assert f"DHCP{family}_STARTED" in out
    assert f"DHCP{family}_LEASE_ALLOC" in out
    assert f"DHCP{other}" not in out
    assert f"DHCPv{other}" not in out


def test_once_with_state_says_what_is_kept(tmp_path: Path) -> None:
    out = run(SCRIPT, "--once", "--state", tmp_path / "state")
    kept = re.search(r"^--- Where things are\n((?:  .*\n)+)", out, re.M)
    assert kept is not None
    named = [line.split() for line in kept[1].splitlines()]
    assert [name for name, _ in named] == [name for name in ("configuration", "log", "leases") for _ in "46"]
    assert all(Path(path).exists() for _, path in named)
    assert "Ask them" not in out


def test_a_state_is_used_again(tmp_path: Path) -> None:
    """The second run waits for its own server, not for what an earlier one has logged, and shows its own lines."""
    words = [str(SCRIPT), "-4", "--once", "--state", str(tmp_path / "state")]
    run(*words)
    out = run(*words)
    assert out.count("DHCP4_STARTED") == 1
    assert "lease of 192.0.2.100 obtained" in out or "lease of 192.0.2.101 obtained" in out


def test_it_serves_until_ctrl_c_and_answers_as_printed(tmp_path: Path) -> None:
    console = tmp_path / "console"
    with serving(console) as process:
        asked = re.findall(r"^ +(python3 -c .*)$", console.read_text(), re.M)
        assert len(asked) == 2
        for line in asked:
            assert json.loads(run("bash", "-c", line))["result"] == 0
        again = re.findall(r"^ +client again +(.*)$", console.read_text(), re.M)
        assert len(again) == 2
        assert "bound: 192.0.2.100/24" in run("bash", "-c", again[0])
        client = subprocess.Popen(again[1].split(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert client.stdout is not None
        assert any("Bound to lease" in line for line in client.stdout)
        here = namespaces(process.pid)
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
        assert time.monotonic() - began < 10
        assert client.wait(5) is not None, "a client that is still there goes too"
        client.stdout.close()
        assert len(here) == 2
        assert namespaces(process.pid) == []
    assert "Traceback" not in console.read_text()


def test_ctrl_c_while_a_client_asks_ends_it_at_once(tmp_path: Path) -> None:
    """dhclient would go on asking for half a minute, with no server there any more."""
    console = tmp_path / "console"
    with serving(console, says="(dhclient)") as process:
        began = time.monotonic()
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(20) == 0
        assert time.monotonic() - began < 5
        assert namespaces(process.pid) == []
    assert "BOUND" not in console.read_text(), "it was still asking"
    assert "Serving" not in console.read_text()


def test_a_server_that_ends_ends_all(tmp_path: Path) -> None:
    console = tmp_path / "console"
    with serving(console) as process:
        [_, asked] = re.findall(r"^ +(python3 -c .*)$", console.read_text(), re.M)
        run("bash", "-c", asked.replace("status-get", "shutdown"))
        assert process.wait(20) == 0
        assert namespaces(process.pid) == []
    assert "A server has ended (status 0), and so does the rest." in console.read_text()


def two_hosts(sandbox: Sandbox, *, ipv6: bool = False) -> tuple[Namespace, Namespace]:
    here, there = sandbox.namespace("here"), sandbox.namespace("there")
    sandbox.cable(here, "lan0", there, "far0", ipv6=ipv6)
    return here, there


def test_with_an_interface_it_serves_that_network(sandbox: Sandbox, tmp_path: Path) -> None:
    here, there = two_hosts(sandbox)
    here.ip("address", "add", "10.77.0.1/24", "dev", "lan0")
    server = sandbox.start(here, [SCRIPT, "--state", tmp_path / "state", "lan0"], tmp_path / "console")
    until("it serves", lambda: "Serving. Ctrl-C" in (tmp_path / "console").read_text(), patience=60)
    assert "No DHCPv6: lan0 has no global IPv6 address." in (tmp_path / "console").read_text()
    out = run(*there.command("udhcpc", "-i", "far0", "-s", "/bin/true", "-f", "-n", "-q"))
    assert "lease of 10.77.0.128 obtained from 10.77.0.1" in out
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0
    assert "10.77.0.128," in (tmp_path / "state" / "lib" / "kea-leases4.csv").read_text()


def test_with_an_interface_of_both_families_it_serves_both(sandbox: Sandbox, tmp_path: Path) -> None:
    here, there = two_hosts(sandbox, ipv6=True)
    here.ip("address", "add", "10.77.0.1/24", "dev", "lan0")
    here.ip("address", "add", "fd00:77::1/64", "dev", "lan0", "nodad")
    server = sandbox.start(here, [SCRIPT, "--state", tmp_path / "state", "lan0"], tmp_path / "console")
    until("it serves", lambda: "Serving. Ctrl-C" in (tmp_path / "console").read_text(), patience=60)
    run(*there.command("udhcpc", "-i", "far0", "-s", "/bin/true", "-f", "-n", "-q"))
    files = f"-cf /dev/null -lf {tmp_path}/leases -pf {tmp_path}/pid -sf /bin/true".split()
    client = sandbox.start(there, ["dhclient", "-6", "-v", "-d", *files, "far0"], tmp_path / "client")
    until("a lease", lambda: "Bound to lease" in (tmp_path / "client").read_text(), patience=20)
    client.terminate()
    client.wait(5)
    server.send_signal(signal.SIGTERM)
    assert server.wait(20) == 0
    assert "10.77.0.128," in (tmp_path / "state" / "lib" / "kea-leases4.csv").read_text()
    assert "\nfd00:77:0:0:8000::," in (tmp_path / "state" / "lib" / "kea-leases6.csv").read_text()


@pytest.mark.parametrize(
    ("address", "pool"),
    [
        ("10.77.0.1/24", "10.77.0.128 - 10.77.0.254"),
        ("10.77.0.254/24", "10.77.0.128 - 10.77.0.253"),
        ("10.77.0.129/24", "10.77.0.130 - 10.77.0.254"),
        ("10.77.0.6/29", "10.77.0.4 - 10.77.0.5"),
        ("fd00:77::1/64", "fd00:77:0:0:8000:: - fd00:77::8000:0:0:fff"),
        ("fd00:77::8000:0:0:5/64", "fd00:77::8000:0:0:6 - fd00:77::8000:0:0:1005"),
        ("fd00:77::ffff:0:0:5/64", "fd00:77:0:0:8000:: - fd00:77::8000:0:0:fff"),
        ("fd00:77::7/125", "fd00:77::4 - fd00:77::6"),
    ],
)
def test_the_pool_is_of_the_network_and_without_the_servers_address(address: str, pool: str) -> None:
    family = 6 if ":" in address else 4
    out = run("python3", ROOT / "script" / "fit.py", ROOT / "etc" / f"kea-dhcp{family}.json", "lan0", address)
    assert f'"pool": "{pool}"' in out
    assert "pd-pools" not in out
    words = re.sub(r"^\s*//.*", "", out, flags=re.M)
    assert "192.0.2." not in words
    assert "2001:db8:" not in words


def test_an_interface_without_an_address_is_a_clear_error(sandbox: Sandbox) -> None:
    here, _ = two_hosts(sandbox)
    with pytest.raises(RuntimeError, match="lan0 has no IPv4 address"):
        run(*here.command(SCRIPT, "lan0"))


def test_a_family_that_was_asked_for_must_be_there(sandbox: Sandbox) -> None:
    here, _ = two_hosts(sandbox)
    here.ip("address", "add", "10.77.0.1/24", "dev", "lan0")
    with pytest.raises(RuntimeError, match="lan0 has no global IPv6 address"):
        run(*here.command(SCRIPT, "-6", "lan0"))
