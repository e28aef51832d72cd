"""A lab for load: a server at 10.0.0.1, and room for relay agents of our own at 10.0.0.2 and up; with one such
relay to talk through, message by message."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.message4 import ACK, DISCOVER, NAK, OFFER, REQUEST, XID, YIADDR, kind
from bench.sandbox import Namespace, Sandbox
from bench.server import ROOT, Server

SERVER, RELAY = "10.0.0.1", "10.0.0.2"


class Lab:
    """A server (configured, not started) and the namespace of its clients."""

    def __init__(self, sandbox: Sandbox, directory: Path, flavour: str, **keywords: Any) -> None:
        self.sandbox = sandbox
        self.directory = directory
        near, self.far = sandbox.namespace("server"), sandbox.namespace("load")
        sandbox.cable(near, "near", self.far, "far")
        near.ip("address", "add", f"{SERVER}/8", "dev", "near")
        for last in (2, 3):
            self.far.ip("address", "add", f"10.0.0.{last}/8", "dev", "far")
        self.server = Server(sandbox, near, directory, flavour)
        self.configure(**keywords)

    def configure(self, **keywords: Any) -> None:
        """Warnings and worse only: at INFO a flood would rotate away what a test looks for."""
        self.server.configure(
            {
                "interfaces-config": {"interfaces": ["near"], "dhcp-socket-type": "udp"},
                "valid-lifetime": 7200,
                "authoritative": True,
                "subnet4": [{"id": 1, "subnet": "10.0.0.0/8", "pools": [{"pool": "10.1.0.0 - 10.200.255.255"}]}],
                **keywords,
            },
            severity="WARN",
        )

    def flood(self, *words: str | Path) -> Flood:
        return Flood(self, *words)

    def relay(self, address: str = RELAY) -> Relay:
        return Relay(self.far, address)


class Flood:
    """bench.flood, running beside the test."""

    def __init__(self, lab: Lab, *words: str | Path) -> None:
        lab.directory.mkdir(exist_ok=True)
        command = lab.far.command("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "bench.flood", *words)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def figures(self) -> dict[str, float]:
        """Wait for its end; what it measured."""
        out, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0
        found: dict[str, float] = json.loads(out)
        return found


class Relay:
    """A relay agent's socket: whole messages out, whole replies in."""

    def __init__(self, namespace: Namespace, address: str) -> None:
        self.giaddr = socket.inet_aton(address)

        def make() -> socket.socket:
            made = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            made.bind((address, 67))
            return made

        self.socket = namespace.inside(make)
        self.number = int(time.time()) << 8 & 0x3FFFFFFF

    def message(self, what: int, mac: bytes, options: bytes = b"") -> bytes:
        """A message of this type from this client, with a new transaction id."""
        self.number += 1
        head = bytes((1, 1, 6, 1)) + self.number.to_bytes(4, "big") + bytes(16) + self.giaddr + mac + bytes(10 + 192)
        return head + b"\x63\x82\x53\x63" + bytes((53, 1, what)) + options + b"\xff"

    def ask(self, message: bytes, patience: float = 2.0) -> bytes | None:
        """Send it and return the reply with its transaction id, None when none comes in time."""
        self.socket.sendto(message, (SERVER, 67))
        deadline = time.monotonic() + patience
        while (left := deadline - time.monotonic()) > 0:
            if select.select([self.socket], [], [], left)[0]:
                data = self.socket.recv(2048)
                if data[XID] == message[XID]:
                    return data
        return None

    def lease(self, mac: bytes) -> tuple[str, bytes] | None:
        """The whole exchange: the address, and the ACK; None when the server was silent on the way."""
        offer = self.ask(self.message(DISCOVER, mac))
        if offer is None or kind(offer) != OFFER:
            return None
        server = b"\x36\x04" + socket.inet_aton(SERVER)
        ack = self.ask(self.message(REQUEST, mac, server + b"\x32\x04" + offer[YIADDR]))
        if ack is None or kind(ack) != ACK:
            return None
        return socket.inet_ntoa(ack[YIADDR]), ack

    def still_has(self, mac: bytes, address: str) -> bool | None:
        """INIT-REBOOT: whether the server confirms the address; None when it says nothing."""
        answer = self.ask(self.message(REQUEST, mac, b"\x32\x04" + socket.inet_aton(address)))
        if answer is None or kind(answer) not in (ACK, NAK):
            return None
        return kind(answer) == ACK

    def close(self) -> None:
        self.socket.close()


def options(reply: bytes) -> dict[int, bytes]:
    """The options of a reply (no overload, no long options: what these tests ask for is short)."""
    found: dict[int, bytes] = {}
    at = 240
    while at < len(reply) and reply[at] != 255:
        if reply[at] == 0:
            at += 1
            continue
        found[reply[at]] = reply[at + 2 : at + 2 + reply[at + 1]]
        at += 2 + reply[at + 1]
    return found


def acknowledged(log: Path) -> dict[str, str]:
    """What bench.flood --log wrote: address → hardware address."""
    return dict(line.split() for line in log.read_text().splitlines()) if log.exists() else {}


def mac(number: int) -> bytes:
    return b"\x02\x99" + number.to_bytes(4, "big")
