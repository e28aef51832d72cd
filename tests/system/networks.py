"""The two networks that clients of the system tests live in: beside the server, or behind a relay agent."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.sandbox import Namespace, Sandbox, run
from bench.server import Server

RENEW_TIMER = 4


@dataclass
class Network:
    """A server that runs, and an interface from which a client without an address can reach it."""

    server: Server
    client: Namespace
    interface: str
    mac: str
    prefix: str  # of the addresses that clients get: "192.0.2."


def subnet(number: int, prefix: str) -> dict[str, Any]:
    """A /24 whose first address is the router's, with a pool in its upper half."""
    return {
        "id": number,
        "subnet": f"{prefix}0/24",
        "pools": [{"pool": f"{prefix}100 - {prefix}200"}],
        "option-data": [{"name": "routers", "data": f"{prefix}1"}],
        "valid-lifetime": 600,
        "renew-timer": RENEW_TIMER,
        "rebind-timer": 500,
    }


def mac_of(namespace: Namespace, interface: str) -> str:
    return namespace.ip("-o", "link", "show", "dev", interface).split("link/ether ")[1].split()[0]


def beside(sandbox: Sandbox, directory: Path, flavour: str, **keywords: Any) -> Network:
    """Client and server on one link, raw sockets: 192.0.2.0/24."""
    server_side, client_side = sandbox.namespace("server"), sandbox.namespace("client")
    near, far = sandbox.interface("s"), sandbox.interface("c")
    sandbox.cable(server_side, near, client_side, far)
    server_side.ip("address", "add", "192.0.2.1/24", "dev", near)
    server = Server(sandbox, server_side, directory, flavour)
    interfaces = {"interfaces": [near], "dhcp-socket-type": "raw"}
    server.configure({"interfaces-config": interfaces, "subnet4": [subnet(1, "192.0.2.")], **keywords})
    server.start()
    return Network(server, client_side, far, mac_of(client_side, far), "192.0.2.")


def behind_relay(sandbox: Sandbox, directory: Path, flavour: str, socket_type: str, **keywords: Any) -> Network:
    """server 10.0.0.1 — 10.0.0.2 relay 198.51.100.1 — client. Clients' own packets are routed through the relay."""
    server_side, middle, client_side = (sandbox.namespace(role) for role in ("server", "relay", "client"))
    near, up, down, far = (sandbox.interface(letter) for letter in "sudc")
    sandbox.cable(server_side, near, middle, up)
    sandbox.cable(middle, down, client_side, far)
    server_side.ip("address", "add", "10.0.0.1/24", "dev", near)
    middle.ip("address", "add", "10.0.0.2/24", "dev", up)
    middle.ip("address", "add", "198.51.100.1/24", "dev", down)
    server_side.ip("route", "add", "198.51.100.0/24", "via", "10.0.0.2")
    run(*middle.command("sysctl", "-qw", "net.ipv4.ip_forward=1"))
    server = Server(sandbox, server_side, directory, flavour)
    interfaces = {"interfaces": [near], "dhcp-socket-type": socket_type}
    server.configure({"interfaces-config": interfaces, "subnet4": [subnet(1, "198.51.100.")], **keywords})
    server.start()
    relay = ["dhcrelay", "-4", "-d", "--no-pid", "-id", down, "-iu", up, "10.0.0.1"]
    sandbox.start(middle, relay, directory / "relay.log")
    return Network(server, client_side, far, mac_of(client_side, far), "198.51.100.")
