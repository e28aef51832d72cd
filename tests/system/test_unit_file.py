"""The systemd units: accepted by systemd, hardened, and the servers do run with no more than they grant."""

from __future__ import annotations

import re
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from bench.sandbox import Namespace, Sandbox
from bench.server import KEAD, ROOT, Server
from tests.system.lab import mac
from tests.system.relayed import Lab

NET_BIND_SERVICE, NET_RAW = 1 << 10, 1 << 13
CAPABILITIES = {4: {"CAP_NET_RAW", "CAP_NET_BIND_SERVICE"}, 6: {"CAP_NET_BIND_SERVICE"}}
both_families = pytest.mark.parametrize("family", [4, 6], ids=["DHCPv4", "DHCPv6"])

# A SOLICIT for an address, from a client with a DUID of its link-layer address; and in a relay agent's hands
SOLICIT = bytes.fromhex("01abcdef 0001000a00030001020000000001 0003000c000000010000000000000000")
RELAYED = b"\x0c\x00" + b"".join(
    (
        socket.inet_pton(socket.AF_INET6, "2001:db8:1::"),
        socket.inet_pton(socket.AF_INET6, "fe80::1"),
        b"\x00\x09" + len(SOLICIT).to_bytes(2, "big") + SOLICIT,
    )
)
ADVERTISE, RELAY_REPL = 2, 13


def unit(family: int) -> Path:
    return ROOT / "systemd" / f"kead-dhcp{family}.service"


def analyze(*words: str | Path) -> str:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("needs systemd-analyze")
    done = subprocess.run(
        ["systemd-analyze", *map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def lines(family: int) -> list[str]:
    return [line for line in unit(family).read_text().splitlines() if "=" in line and not line.startswith("#")]


def settings(family: int) -> dict[str, str]:
    return dict(line.split("=", 1) for line in lines(family))


@both_families
def test_systemd_finds_no_fault(family: int) -> None:
    assert analyze("verify", unit(family)) == ""


@both_families
def test_exposure_is_low(family: int) -> None:
    report = analyze("security", "--offline=true", unit(family))
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", report)
    assert found is not None, report
    assert float(found[1]) <= 2.0


@both_families
def test_it_may_open_its_sockets_and_nothing_more(family: int) -> None:
    found = settings(family)
    assert set(found["CapabilityBoundingSet"].split()) == CAPABILITIES[family]
    assert set(found["AmbientCapabilities"].split()) == CAPABILITIES[family]
    assert found["Type"] == "notify"
    assert ("AF_PACKET" in found["RestrictAddressFamilies"]) == (family == 4)


def test_the_two_differ_only_in_what_the_families_need() -> None:
    four = {line.replace("CAP_NET_RAW ", "").removesuffix(" AF_PACKET") for line in lines(4)}
    six = {re.sub(r"(?<=dhcp)6|(?<=DHCPv)6", "4", line) for line in lines(6)}
    assert four == six


@both_families
def test_one_that_ends_leaves_the_other_its_sockets(family: int) -> None:
    """Both have theirs in one directory, which systemd would remove."""
    found = settings(family)
    assert found["RuntimeDirectory"] == "kead"
    assert found["RuntimeDirectoryPreserve"] == "yes"


def bounded(server: Server, *capabilities: str) -> None:
    """Start it with these capabilities and no way to others."""
    kept = ",".join(["-all", *(f"+{name}" for name in capabilities)])
    server.prefix = ["setpriv", f"--bounding-set={kept}", "--inh-caps=-all", "--no-new-privs"]
    server.start()


def effective(server: Server) -> int:
    status = Path(f"/proc/{server.pid}/status").read_text()
    return int(re.search(r"^CapEff:\s+(\S+)", status, re.M)[1], 16)  # type: ignore[index]


def test_the_dhcpv4_server_serves_with_these_capabilities_only(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    lab = Lab(sandbox, tmp_path, flavour, **{"interfaces-config": {"interfaces": ["near"], "dhcp-socket-type": "raw"}})
    bounded(lab.server, "net_raw", "net_bind_service")
    assert effective(lab.server) == NET_BIND_SERVICE | NET_RAW
    relay = lab.relay()
    assert relay.lease(mac(1)) is not None
    relay.close()


def server6(sandbox: Sandbox, directory: Path, flavour: str) -> tuple[Server, Namespace]:
    """A DHCPv6 server, not started, and the namespace of its client and its relay agent."""
    here, there = sandbox.namespace("server"), sandbox.namespace("client")
    sandbox.cable(here, "near", there, "far", ipv6=True)
    here.ip("address", "add", "2001:db8::1/64", "dev", "near", "nodad")
    there.ip("address", "add", "2001:db8::2/64", "dev", "far", "nodad")
    server = Server(sandbox, here, directory, flavour, family=6)
    subnet = {"id": 1, "subnet": "2001:db8:1::/64", "pools": [{"pool": "2001:db8:1::/80"}], "interface": "near"}
    server.configure({"interfaces-config": {"interfaces": ["near", "near/2001:db8::1"]}, "subnet6": [subnet]})
    return server, there


def answer(there: Namespace, port: int, query: bytes, destination: str) -> bytes:
    def made() -> socket.socket:
        made = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        made.bind(("::", port))
        made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, socket.if_nametoindex("far"))
        made.settimeout(5)
        return made

    with there.inside(made) as opened:
        opened.sendto(query, (destination, 547))
        return opened.recv(4096)


def test_the_dhcpv6_server_serves_with_these_capabilities_only(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    server, there = server6(sandbox, tmp_path, flavour)
    bounded(server, "net_bind_service")
    assert effective(server) == NET_BIND_SERVICE
    assert answer(there, 546, SOLICIT, "ff02::1:2")[0] == ADVERTISE
    assert answer(there, 547, RELAYED, "2001:db8::1")[0] == RELAY_REPL


@both_families
def test_it_tells_systemd_when_it_is_ready_reloads_and_stops(
    sandbox: Sandbox, tmp_path: Path, flavour: str, family: int
) -> None:
    if flavour != KEAD:
        pytest.skip("Kea tells systemd nothing")
    server = Lab(sandbox, tmp_path, flavour).server if family == 4 else server6(sandbox, tmp_path, flavour)[0]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(str(tmp_path / "notify"))
        manager.settimeout(20)
        server.extra = {"NOTIFY_SOCKET": str(tmp_path / "notify")}

        def told(word: str) -> None:
            while word not in manager.recv(4096).decode().splitlines():
                pass  # STATUS=…, WATCHDOG=1 and the like come between

        server.launch()
        told("READY=1")
        assert server.ready()
        server.signal(signal.SIGHUP)
        told("RELOADING=1")
        told("READY=1")
        assert server.stop() == 0
        told("STOPPING=1")
