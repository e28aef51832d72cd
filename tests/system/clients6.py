"""The three DHCPv6 clients that Debian has (busybox's udhcpc6 is not built in), each told to get an address, a prefix
or both on one interface, and to give them back.

An address belongs on that interface, a prefix or its first network on the client's own one (`lan`): dibbler-client and
dhcpcd put both there themselves, dhclient's script is ours. Where they keep what they remember is fixed in the
programs; each sees its own directory there (`hidden`).
"""

from __future__ import annotations

import shlex
import signal
from dataclasses import dataclass
from ipaddress import IPv6Network
from pathlib import Path
from typing import ClassVar

from bench.sandbox import Namespace, Sandbox, run
from tests.system.clients import Client

# The exit status 3 makes dhclient send a DECLINE.
SCRIPT = """#!/bin/sh
case $reason in
BOUND6 | RENEW6 | REBIND6)
    if [ -n "$new_ip6_address" ]; then
        ip address replace "$new_ip6_address/64" dev "$interface"
        while found=$(ip -o address show dev "$interface" to "$new_ip6_address" tentative) && [ -n "$found" ]; do
            case $found in
            *dadfailed*)
                ip address delete "$new_ip6_address/64" dev "$interface"
                exit 3
                ;;
            esac
            sleep 0.1
        done
    fi
    [ -z "$new_ip6_prefix" ] || ip address replace "${new_ip6_prefix%::/*}::1/64" dev "$LAN"
    ;;
RELEASE6 | EXPIRE6)
    [ -z "$old_ip6_address" ] || ip address delete "$old_ip6_address/64" dev "$interface"
    [ -z "$old_ip6_prefix" ] || ip address delete "${old_ip6_prefix%::/*}::1/64" dev "$LAN"
    ;;
esac
exit 0
"""


@dataclass(frozen=True)
class Wish:
    """What a client asks for."""

    address: bool = True
    prefix: bool = False
    rapid_commit: bool = False


def hidden(directory: Path, *places: str) -> list[str]:
    """A command's first words: it sees `directory` in these places, nobody else does (`ip netns exec` sees to that).

    Where a place does not exist it has to be made, and the machine's own directory above it is out of sight.
    """
    own, lines = shlex.quote(str(directory)), ["set -e"]
    for place in places:
        lines.append(f"[ -d {place} ] || {{ mount -t tmpfs tmpfs {Path(place).parent}; mkdir {place}; }}")
        lines.append(f"mount --bind {own} {place}")
    return ["sh", "-c", "\n".join([*lines, 'exec "$@"']), "sh"]


class Client6(Client):
    """A client; `renew` nudges those that can be nudged: the others do so at T1."""

    script_text: ClassVar[str] = SCRIPT

    def __init__(
        self, sandbox: Sandbox, namespace: Namespace, interface: str, directory: Path, lan: str, wish: Wish
    ) -> None:
        super().__init__(sandbox, namespace, interface, directory)
        self.lan = lan
        self.wish = wish

    def address(self) -> str:
        """The address that is in use on the interface now, "" when it has none (or it is still being checked)."""
        words = ("-6", "-o", "address", "show", "dev", self.interface, "scope", "global", "-tentative")
        return next((line.split()[3].split("/")[0] for line in self.namespace.ip(*words).splitlines()), "")

    def delegated(self) -> IPv6Network | None:
        """The network that the client's own link has out of a delegated prefix."""
        routes = self.namespace.ip("-6", "route", "show", "dev", self.lan).splitlines()
        return next((IPv6Network(line.split()[0]) for line in routes if not line.startswith("fe80")), None)

    def has_all(self) -> bool:
        return bool(self.address()) == self.wish.address and bool(self.delegated()) == self.wish.prefix

    def get(self) -> str:
        """Until all that it wishes for is on its interfaces; the address, "" when it wants none."""
        self.begin()
        self.wait("gets what it wants", self.has_all)
        return self.address()

    def begin(self) -> None:
        """Start."""
        raise NotImplementedError

    def renew(self) -> None:
        """Renew, now or at T1."""

    def restart(self) -> None:
        """As after a loss of power: it has what it has written down, and asks whether that still holds."""
        assert self.process is not None
        self.namespace.kill_all()  # dhcpcd is several processes
        self.process.wait()
        self.begin()

    def release(self) -> None:
        self.give_back()
        self.wait("gives back what it has", lambda: not self.address() and self.delegated() is None)

    def give_back(self) -> None:
        raise NotImplementedError


class Dhclient6(Client6):
    """ISC's."""

    def command(self, *words: str | Path) -> list[str | Path]:
        kinds = [word for word, wanted in (("-N", self.wish.address), ("-P", self.wish.prefix)) if wanted]
        files = [f"-{name[0]}f" for name in ("conf", "leases", "pid")]
        places = [self.directory / name for name in ("conf", "leases", "pid")]
        named: list[str | Path] = []
        for file, place in zip(files, places, strict=True):
            named += [file, place]
        script: list[str | Path] = ["-sf", self.script, "-e", f"LAN={self.lan}"]
        return ["dhclient", "-6", *kinds, "-v", "--dad-wait-time", "5", *named, *script, *words, self.interface]

    def begin(self) -> None:
        rapid = "send dhcp6.rapid-commit;\n" if self.wish.rapid_commit else ""
        (self.directory / "conf").write_text(rapid)
        self.run(*self.command("-d"))

    def give_back(self) -> None:
        self.stop()
        run(*self.namespace.command(*self.command("-r")))


class Dhcpcd6(Client6):
    """Roy Marples': SIGUSR1 renews, SIGALRM releases and ends."""

    def begin(self) -> None:
        config = self.directory / "conf"
        lines = ["ipv6only", "noipv6rs", "duid ll", "script /bin/true"]
        lines += ["option rapid_commit"] * self.wish.rapid_commit
        lines += [f"interface {self.interface}"]
        lines += ["ia_na 1"] * self.wish.address + [f"ia_pd 2 {self.lan}/0/64"] * self.wish.prefix
        config.write_text("\n".join([*lines, ""]))
        words = hidden(self.directory, "/var/lib/dhcpcd")
        self.run(*words, "dhcpcd", "-6", "-B", "-d", "-f", config, self.interface)

    def renew(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGUSR1)

    def give_back(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGALRM)


class Dibbler6(Client6):
    """Debian's dibbler-client: SIGTERM releases and ends."""

    def begin(self) -> None:
        lines = ["log-mode short", "log-level 8", f'downlink-prefix-ifaces "{self.lan}"']
        lines += [f'iface "{self.interface}" {{', *["rapid-commit yes"] * self.wish.rapid_commit]
        lines += ["ia { }"] * self.wish.address + ["pd { }"] * self.wish.prefix + ["}"]
        (self.directory / "client.conf").write_text("\n".join([*lines, ""]))
        words = hidden(self.directory, "/var/lib/dibbler", "/etc/dibbler", "/var/log/dibbler")
        self.run(*words, "dibbler-client", "run")

    def give_back(self) -> None:
        self.stop()


CLIENTS6: dict[str, type[Client6]] = {"dhclient": Dhclient6, "dhcpcd": Dhcpcd6, "dibbler": Dibbler6}
