"""Names reach DNS: kead, Kea's kea-dhcp-ddns and BIND in one namespace, both families."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from bench.sandbox import Sandbox, run
from tests.system.lab import Lab, mac
from tests.system.labs import LABS, both_families
from tests.system.waiting import until

PORT = 5353
ZONES = {4: "10.in-addr.arpa", 6: "ip6.arpa"}
USUAL: dict[str, Any] = {
    "dhcp-ddns": {"enable-updates": True},
    "ddns-qualifying-suffix": "example.org",
    "ddns-replace-client-name": "when-not-present",
    "expired-leases-processing": {"reclaim-timer-wait-time": 1, "flush-reclaimed-timer-wait-time": 0},
}


class Dns:
    """BIND, with a zone of names and one of addresses, and kea-dhcp-ddns, which updates them."""

    def __init__(self, lab: Lab, directory: Path) -> None:
        self.lab = lab
        self.console = directory / "ddns.console"
        directory.mkdir()
        directory.chmod(0o777)
        reverse = ZONES[lab.family.number]
        zones = ""
        for zone in ("example.org", reverse):
            file = directory / f"{zone}.zone"
            file.write_text(f"$TTL 60\n@ SOA ns.{zone}. root.{zone}. 1 60 60 60 60\n@ NS ns.{zone}.\nns A 127.0.0.1\n")
            zones += f'zone "{zone}" {{ type primary; file "{file}"; allow-update {{ any; }}; check-names ignore; }};\n'
        named = directory / "named.conf"
        named.write_text(
            f'options {{ directory "{directory}"; pid-file none; session-keyfile none; recursion no; '
            f"listen-on port {PORT} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }}; dnssec-validation no; "
            f"empty-zones-enable no; }};\ncontrols {{}};\n{zones}"
        )
        updater = directory / "ddns.conf"

        def domains(name: str) -> dict[str, Any]:
            servers = [{"ip-address": "127.0.0.1", "port": PORT}]
            return {"ddns-domains": [{"name": f"{name}.", "dns-servers": servers}]}

        output = {"output": "stdout"}
        loggers = [{"name": "*", "severity": "DEBUG", "debuglevel": 50, "output_options": [output]}]
        whole = {"forward-ddns": domains("example.org"), "reverse-ddns": domains(reverse), "loggers": loggers}
        updater.write_text(json.dumps({"DhcpDdns": whole}))
        self.near = lab.server.namespace
        environment = {"KEA_PIDFILE_DIR": str(directory), "KEA_LOCKFILE_DIR": str(directory)}
        start = lab.sandbox.start
        start(self.near, ["named", "-f", "-c", str(named)], directory / "named.console", {})
        start(self.near, ["kea-dhcp-ddns", "-c", str(updater)], self.console, environment)
        until("named answers", lambda: "SOA" in self.dig("example.org", "SOA", "+noall", "+answer"))
        until("kea-dhcp-ddns listens", lambda: "DHCP_DDNS_STARTED" in self.told())
        self.directory = directory

    def dig(self, *words: str) -> str:
        """What dig prints; nothing while named does not answer yet."""
        command = self.near.command("dig", "@127.0.0.1", "-p", str(PORT), "+tries=1", "+time=2", *words)
        return run(*command, check=False)

    def told(self) -> str:
        """What kea-dhcp-ddns has printed."""
        return self.console.read_text()

    def address_of(self, name: str) -> str:
        return self.dig("+short", name, "A" if self.lab.family.number == 4 else "AAAA").strip()

    def name_of(self, address: str) -> str:
        return self.dig("+short", "-x", address).strip()


def made_up(address: str) -> str:
    text = address.replace(".", "-").replace(":", "-")
    return f"myhost-{text}{'0' if text.endswith('-') else ''}.example.org."


@both_families
def test_names_come_and_go_with_their_leases(family: int, sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    lab = LABS[family](sandbox, tmp_path / "lab", flavour, **USUAL, **{"valid-lifetime": 4})
    dns = Dns(lab, tmp_path / "dns")
    lab.server.start()
    relay = lab.relay()
    given = relay.lease(mac(1))
    assert given is not None
    address = given.leases[0]
    name = made_up(address)
    until("the name has its address", lambda: dns.address_of(name) == address)
    until("the address has its name", lambda: dns.name_of(address) == name)
    assert dns.dig("+short", name, "DHCID").strip()
    until("the lease has expired, and the name is gone", lambda: not dns.address_of(name))
    until("the address has no name", lambda: not dns.name_of(address))
    relay.close()
    assert "INVALID_NCR" not in dns.told()


@both_families
def test_nobody_waits_for_a_daemon_that_is_not_there(
    family: int, sandbox: Sandbox, tmp_path: Path, flavour: str
) -> None:
    lab = LABS[family](sandbox, tmp_path / "lab", flavour, **USUAL)
    lab.server.start()
    relay = lab.relay()
    for number in range(1, 20):
        assert relay.lease(mac(number)) is not None
    relay.close()
    assert "SUSPEND_UPDATES" not in lab.server.log()


def test_a_sender_address_of_another_machine_is_refused(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    lab = LABS[4](sandbox, tmp_path / "lab", flavour)
    lab.server.start()
    tree = lab.running() | {"dhcp-ddns": {"enable-updates": True, "sender-ip": "192.0.2.77"}}
    answer = lab.server.ask("config-set", {"Dhcp4": tree})
    assert answer["result"] == 1
    assert "192.0.2.77" in answer["text"]
    assert lab.running()["dhcp-ddns"]["enable-updates"] is False
