"""The networks that DHCPv6 clients of the system tests live in: beside the server, or behind relay agents.

    server 2001:db8:100::1 — relay — 2001:db8:101:: — relay — 2001:db8:1::/64 client — its own network (lan)

Addresses for clients are of 2001:db8:1::/64, prefixes of 2001:db8:8000::/48; other subnets are there to be chosen by
mistake. What passes the server's interface is kept (`Wire`).
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.sandbox import Namespace, Sandbox, run
from bench.server import Server
from tests.system.clients6 import hidden
from tests.system.waiting import until

RENEW_TIMER, REBIND_TIMER = 2, 4
PREFIX = "2001:db8:1::"
DELEGATED = "2001:db8:8000::"  # /48
FIRST = "2001:db8:1::100"  # the first address that a client gets
INTERFACE_ID = "1stF"  # dibbler-relay knows only numbers: four bytes, and nine digits
OTHER = "2001:db8:2::"  # another subnet
EVERYTHING = 0x0003  # ETH_P_ALL


class Wire:
    """Every Ethernet frame on an interface from now on."""

    def __init__(self, namespace: Namespace, interface: str) -> None:
        def make() -> socket.socket:
            made = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(EVERYTHING))
            made.bind((interface, EVERYTHING))
            made.setblocking(False)
            return made

        self._socket = namespace.inside(make)

    def frames(self) -> list[bytes]:
        """Those since the last look."""
        found = []
        while True:
            try:
                found.append(self._socket.recv(65536))
            except BlockingIOError:
                return found

    def close(self) -> None:
        self._socket.close()


@dataclass
class Network6:
    """A server that runs, and an interface from which a client without an address can reach it."""

    server: Server
    near: str
    client: Namespace
    interface: str
    lan: str

    def wire(self) -> Wire:
        return Wire(self.server.namespace, self.near)

    def hwaddr(self, interface: str) -> str:
        return self.client.ip("-o", "link", "show", "dev", interface).split("link/ether ")[1].split()[0]


def subnet6(number: int, prefix: str, delegated: str = "", **keywords: Any) -> dict[str, Any]:
    """A /64 with 256 addresses, and perhaps a /48 of which to delegate prefixes."""
    return {
        "id": number,
        "subnet": f"{prefix}/64",
        "pools": [{"pool": f"{prefix}100 - {prefix}1ff"}],
        "pd-pools": [{"prefix": delegated, "prefix-len": 48, "delegated-len": 56}] if delegated else [],
        "rapid-commit": True,
        "preferred-lifetime": 550,
        "valid-lifetime": 600,
        "renew-timer": RENEW_TIMER,
        "rebind-timer": REBIND_TIMER,
        **keywords,
    }


def server_in(sandbox: Sandbox, namespace: Namespace, directory: Path, flavour: str) -> Server:
    """A server, not started. Kea 2.2 keeps its DUID in a fixed place: it sees its own directory there."""
    server = Server(sandbox, namespace, directory, flavour, family=6)
    server.prefix = hidden(directory / "lib", "/var/lib/kea")
    return server


def _own_network(sandbox: Sandbox, client: Namespace) -> str:
    """The client's own network: a cable with both ends in its namespace."""
    lan, end = sandbox.interface("l"), sandbox.interface("e")
    sandbox.cable(client, lan, client, end, ipv6=True)
    return lan


def beside(sandbox: Sandbox, directory: Path, flavour: str, **keywords: Any) -> Network6:
    """Client and server on one link."""
    server_side, client_side = sandbox.namespace("server"), sandbox.namespace("client")
    near, far = sandbox.interface("s"), sandbox.interface("c")
    sandbox.cable(server_side, near, client_side, far, ipv6=True)
    server_side.ip("address", "add", f"{PREFIX}1/64", "dev", near, "nodad")
    server = server_in(sandbox, server_side, directory, flavour)
    network = Network6(server, near, client_side, far, _own_network(sandbox, client_side))
    configure_beside(network, **keywords)
    server.start()
    return network


def configure_beside(network: Network6, **keywords: Any) -> None:
    """Write the server's configuration (again)."""
    subnets = [
        subnet6(1, PREFIX, DELEGATED, interface=network.near),
        subnet6(2, OTHER, "2001:db8:9000::"),
    ]
    network.server.configure({"interfaces-config": {"interfaces": [network.near]}, "subnet6": subnets, **keywords})


def behind_relays(
    sandbox: Sandbox, directory: Path, flavour: str, relays: Sequence[str], *, by_name: bool = False
) -> Network6:
    """A client behind these relay agents (names of RELAYS), the first of them on its link. `by_name`: the client's
    subnet is known by the relay's interface-id only, and its link-address is one of another subnet.
    """
    client_side, server_side = sandbox.namespace("client"), sandbox.namespace("server")
    agents = [sandbox.namespace("relay") for _ in relays]
    far, near = sandbox.interface("c"), sandbox.interface("s")
    links = [OTHER if by_name else PREFIX, *(f"2001:db8:10{number}::" for number, _ in enumerate(relays))]
    lower, lower_interface = client_side, far
    for link, upper, upper_interface in zip(
        links, [*agents, server_side], [*["below"] * len(relays), near], strict=True
    ):
        sandbox.cable(lower, lower_interface, upper, upper_interface, ipv6=True)
        upper.ip("address", "add", f"{link}1/64", "dev", upper_interface, "nodad")
        if lower is not client_side:
            lower.ip("address", "add", f"{link}2/64", "dev", lower_interface, "nodad")
        lower, lower_interface = upper, "above"
    server = server_in(sandbox, server_side, directory, flavour)
    subnets = [
        subnet6(1, PREFIX, DELEGATED, **({"interface-id": INTERFACE_ID} if by_name else {})),
        *(subnet6(number, link) for number, link in enumerate([OTHER, *links[1:]], 2)),
    ]
    interfaces = {"interfaces": [near, f"{near}/{links[-1]}1"]}
    server.configure({"interfaces-config": interfaces, "subnet6": subnets})
    server.start()
    for number, (kind, agent) in enumerate(zip(relays, agents, strict=True)):
        RELAYS[kind](sandbox, agent, directory / f"relay{number}", f"{links[number]}1", f"{links[number + 1]}1")
    return Network6(server, near, client_side, far, _own_network(sandbox, client_side))


def _isc(sandbox: Sandbox, namespace: Namespace, directory: Path, below: str, above: str) -> None:
    directory.mkdir()
    words = ["-l", "below", "-u", f"{above}%above"]
    sandbox.start(namespace, ["dhcrelay", "-6", "-d", "-I", "--no-pid", *words], directory / "console")
    until("dhcrelay listens", lambda: ":547" in run(*namespace.command("ss", "-Hlnu6")))


def _dibbler(sandbox: Sandbox, namespace: Namespace, directory: Path, below: str, above: str) -> None:
    directory.mkdir()
    lower = f"client multicast yes\nclient unicast {below}\ninterface-id {int.from_bytes(INTERFACE_ID.encode())}\n"
    (directory / "relay.conf").write_text(
        f'log-mode short\nlog-level 8\niface "below" {{\n{lower}}}\niface "above" {{\nserver unicast {above}\n}}\n'
    )
    words = hidden(directory, "/var/lib/dibbler", "/etc/dibbler", "/var/log/dibbler")
    console = directory / "console"
    sandbox.start(namespace, [*words, "dibbler-relay", "run"], console)
    until("dibbler-relay listens", lambda: console.exists() and "Accepting messages" in console.read_text())


RELAYS: dict[str, Callable[[Sandbox, Namespace, Path, str, str], None]] = {"isc": _isc, "dibbler": _dibbler}
