"""What the two families differ in as far as the bench is concerned: addresses, what clients ask for, the
configuration for it, and the words for perfdhcp and for our own generators.

A *load* is a short text that says what is compared under one heading: DHCPv4's say which sockets the server uses
("udp", "raw"), DHCPv6's what clients ask for and, if no relay is between, that they are on the link ("na", "pd",
"both", "na link" …).
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import lease_file

SERVER_SIDE, LOAD_SIDE = "near", "far"  # the interfaces at the two ends of the cable


@dataclass(frozen=True)
class Family:
    """Common facts of a family. Its server is `server`, its relay agent `relay`, in one network `length` bits long."""

    number: int
    socket_family: socket.AddressFamily
    port: int
    server: str
    relay: str
    length: int

    def __str__(self) -> str:
        return f"DHCPv{self.number}"


class Family4(Family):
    """DHCPv4: always relayed."""

    def configuration(self, load: str) -> dict[str, Any]:
        return {
            "interfaces-config": {"interfaces": [SERVER_SIDE], "dhcp-socket-type": load},
            "valid-lifetime": 7200,
            "subnet4": [{"id": 1, "subnet": "10.0.0.0/8", "pools": [{"pool": "10.1.0.0 - 10.200.255.255"}]}],
        }

    def write_leases(self, path: Path, count: int, now: int, load: str) -> None:
        """A lease file from the middle of the pool."""
        lease_file.write(path, count, now, first=0x0A640000)

    def relayed(self, load: str) -> bool:
        return True

    def generator(self, load: str) -> list[str]:
        """Words for bench.flood and bench.probe."""
        return []

    def perfdhcp(self, load: str) -> list[str]:
        """Words for perfdhcp, all but the server."""
        return ["-4"]

    def target(self, load: str) -> list[str]:
        """perfdhcp's last word."""
        return [self.server]


class Family6(Family):
    """DHCPv6: addresses, prefixes or both, relayed or on the link."""

    def configuration(self, load: str) -> dict[str, Any]:
        """Kea hears what is sent to a global address only where that address is listed."""
        subnet = {
            "id": 1,
            "subnet": "2001:db8::/32",
            "interface": SERVER_SIDE,
            "pools": [{"pool": "2001:db8:1::/64"}],
            "pd-pools": [{"prefix": "2001:db8:8000::", "prefix-len": 33, "delegated-len": 64}],
        }
        return {
            "interfaces-config": {"interfaces": [SERVER_SIDE, f"{SERVER_SIDE}/{self.server}"]},
            "preferred-lifetime": 3600,
            "valid-lifetime": 7200,
            "subnet6": [subnet],
        }

    def write_leases(self, path: Path, count: int, now: int, load: str) -> None:
        """A lease file from the middle of the pools; if clients want both, half of it are addresses, half prefixes."""
        lease_file.write6(path, count, now, load.split()[0])

    def relayed(self, load: str) -> bool:
        return not load.endswith(" link")

    def generator(self, load: str) -> list[str]:
        words = ["--family", "6", "--ask", load.split()[0]]
        return words if self.relayed(load) else [*words, "--link", LOAD_SIDE]

    def perfdhcp(self, load: str) -> list[str]:
        kind = {"na": "address-only", "pd": "prefix-only", "both": "address-and-prefix"}[load.split()[0]]
        words = ["-6", "-l", LOAD_SIDE, "-e", kind]
        return [*words, "-A", "1"] if self.relayed(load) else words

    def target(self, load: str) -> list[str]:
        """On the link perfdhcp finds the group of all servers on its own."""
        return [self.server] if self.relayed(load) else []


FAMILIES: dict[int, Family4 | Family6] = {
    4: Family4(4, socket.AF_INET, 67, "10.0.0.1", "10.0.0.2", 8),
    6: Family6(6, socket.AF_INET6, 547, "2001:db8::1", "2001:db8::2", 32),
}
