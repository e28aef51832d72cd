"""The three DHCP clients that Debian has, each told to get, renew and release an address on one interface.

Their own scripts would change this machine's resolv.conf; ours sets the address and the route in the client's
namespace and notes what happened (dhcpcd sets both itself, and has no script here at all).
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import ClassVar

from bench.sandbox import Namespace, Sandbox, end, run
from tests.system.waiting import until

SCRIPT = """#!/bin/sh
# Called by dhclient (words in the environment) and udhcpc (the event is the first word).
event=${reason:-$1}
address=${new_ip_address:-$ip}
gateway=${new_routers:-$router}
case $event in
BOUND | RENEW | REBIND | REBOOT | bound | renew)
    ip address replace "$address/24" dev "$interface"
    [ -z "$gateway" ] || ip route replace default via "$gateway"
    ;;
RELEASE | EXPIRE | FAIL | STOP | deconfig) ip address flush dev "$interface" ;;
esac
echo "$event $address" >>"$EVENTS"
"""


class Client:
    """What all have in common: a process, and a file of events that its script writes. DHCPv6's are in clients6.py."""

    script_text: ClassVar[str] = SCRIPT

    def __init__(self, sandbox: Sandbox, namespace: Namespace, interface: str, directory: Path) -> None:
        self.sandbox = sandbox
        self.namespace = namespace
        self.interface = interface
        self.directory = directory / type(self).__name__.lower()
        self.directory.mkdir()
        self.script = self.directory / "script"
        self.script.write_text(self.script_text)
        self.script.chmod(0o755)
        self.events_file = self.directory / "events"
        self.console = self.directory / "console"
        self.process: subprocess.Popen[str] | None = None

    def run(self, *command: str | Path) -> None:
        self.process = self.sandbox.start(self.namespace, command, self.console, {"EVENTS": str(self.events_file)})

    def events(self, *kinds: str) -> list[str]:
        """The addresses of events of these kinds so far."""
        lines = self.events_file.read_text().splitlines() if self.events_file.exists() else []
        return [line.partition(" ")[2] for line in lines if line.partition(" ")[0] in kinds]

    def address(self) -> str:
        """The address on the interface now, "" when it has none."""
        found = [text.partition("/")[0] for text in self.namespace.addresses(self.interface)]
        return next((text for text in found if not text.startswith("169.254.")), "")

    def wait(self, what: str, question: Callable[[], object], patience: float = 25) -> None:
        def told() -> str:
            text = self.console.read_text(errors="replace") if self.console.exists() else ""
            return f"{type(self).__name__} {what}; it says:\n{text[-2000:]}"

        try:
            until(what, question, patience)
        except AssertionError as error:
            raise AssertionError(told()) from error

    def get(self) -> str:
        raise NotImplementedError

    def renew(self) -> None:
        raise NotImplementedError

    def release(self) -> None:
        raise NotImplementedError

    def stop(self) -> None:
        if self.process is not None:
            end(self.process, 5)


class Udhcpc(Client):
    """Busybox's: SIGUSR1 renews, SIGUSR2 releases."""

    def get(self) -> str:
        self.run("udhcpc", "-f", "-i", self.interface, "-s", self.script, "-t", "10", "-T", "1")
        self.wait("gets an address", lambda: self.events("bound") and self.address())
        return self.address()

    def renew(self) -> None:
        assert self.process is not None
        before = len(self.events("renew"))
        self.process.send_signal(signal.SIGUSR1)
        self.wait("renews", lambda: len(self.events("renew")) > before)

    def release(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR2)
        self.wait("gives its address back", lambda: not self.address())


class Dhclient(Client):
    """ISC's: it renews on its own, when the server's T1 says so."""

    def command(self, *words: str | Path) -> list[str | Path]:
        files: list[str | Path] = [
            "-cf",
            self.directory / "conf",
            "-lf",
            self.directory / "leases",
            "-pf",
            self.directory / "pid",
        ]
        # dhclient gives its script only the variables it knows and those of -e
        return [
            "dhclient",
            "-4",
            "-v",
            *files,
            "-sf",
            self.script,
            "-e",
            f"EVENTS={self.events_file}",
            *words,
            self.interface,
        ]

    def get(self) -> str:
        (self.directory / "conf").write_text("initial-interval 1;\nbackoff-cutoff 2;\n")
        self.run(*self.command("-d"))
        self.wait("gets an address", lambda: self.events("BOUND") and self.address())
        return self.address()

    def renew(self) -> None:
        before = len(self.events("RENEW"))
        self.wait("renews", lambda: len(self.events("RENEW")) > before)

    def release(self) -> None:
        self.stop()
        run(*self.namespace.command(*self.command("-r")))
        self.wait("gives its address back", lambda: not self.address())


class Dhcpcd(Client):
    """Roy Marples': told through its own control socket, sets the address itself."""

    def command(self, *words: str | Path) -> list[str | Path]:
        return ["dhcpcd", "-4", *words, self.interface]

    def get(self) -> str:
        config = self.directory / "conf"
        config.write_text(
            "noarp\nnoipv4ll\nscript /bin/true\noption routers\nrequire dhcp_server_identifier\nreboot 1\n"
        )
        self.run(*self.command("-B", "-d", "-f", config))
        self.wait("gets an address", self.address)
        return self.address()

    def renew(self) -> None:
        before = self.console.read_text().count("acknowledged")
        run(*self.namespace.command(*self.command("-N")))
        self.wait("renews", lambda: self.console.read_text().count("acknowledged") > before)

    def release(self) -> None:
        run(*self.namespace.command(*self.command("-k")), check=False)
        self.wait("gives its address back", lambda: not self.address())

    def stop(self) -> None:
        super().stop()
        Path("/var/lib/dhcpcd", f"{self.interface}.lease").unlink(missing_ok=True)


CLIENTS: dict[str, type[Client]] = {"udhcpc": Udhcpc, "dhclient": Dhclient, "dhcpcd": Dhcpcd}


def present(name: str) -> bool:
    return shutil.which(name, path="/usr/sbin:/sbin:" + os.environ.get("PATH", "")) is not None
