"""How load generators reach the server: the sockets they speak through, and the messages they speak in.

A relay agent's is a unicast socket with a fixed address. On the link, what clients send goes to the group of all
servers and the replies come from the server's own address, which a connected socket would refuse: there one socket
sends and another one, on the same port, receives.
"""

from __future__ import annotations

import argparse
import socket
from dataclasses import dataclass
from pathlib import Path

from bench.family import FAMILIES
from bench.message import Messages
from bench.message4 import Messages4
from bench.message6 import ASKS, Messages6

BUFFER = 8 << 20
SO_RCVBUFFORCE = 33
ALL_SERVERS = "ff02::1:2"
CLIENT_PORT = 546


@dataclass(frozen=True)
class Line:
    """`out` sends to the server, `back` hears its replies: one socket, or two. Neither blocks."""

    out: socket.socket
    back: socket.socket
    messages: Messages


def behind_relay(family: int, relay: str, server: str) -> socket.socket:
    """A relay agent's socket: the family's server port at both ends."""
    kind, port = FAMILIES[family].socket_family, FAMILIES[family].port
    made = _roomy(kind)
    made.bind((relay, port))
    made.connect((server, port))
    return made


def on_link(interface: str) -> tuple[socket.socket, socket.socket]:
    """Sockets of DHCPv6 clients on the link: (that sends, that receives)."""
    number = socket.if_nametoindex(interface)
    out, back = _roomy(socket.AF_INET6), _roomy(socket.AF_INET6)
    for made in (out, back):
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind((link_local(interface), CLIENT_PORT, 0, number))
    out.connect((ALL_SERVERS, 547, 0, number))
    return out, back


def link_local(interface: str) -> str:
    """The interface's link-local address. OSError: it has none."""
    for line in Path("/proc/net/if_inet6").read_text().splitlines():
        digits, _number, _length, scope, _flags, name = line.split()
        if name == interface and scope == "20":
            return socket.inet_ntop(socket.AF_INET6, bytes.fromhex(digits))
    raise OSError(f"{interface} has no link-local address")


def _roomy(kind: socket.AddressFamily) -> socket.socket:
    """A UDP socket with room for bursts."""
    made = socket.socket(kind, socket.SOCK_DGRAM)
    made.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    made.setblocking(False)
    return made


def line_arguments(parser: argparse.ArgumentParser) -> None:
    """The options that `open_line` understands."""
    parser.add_argument("--family", type=int, default=4, choices=tuple(FAMILIES))
    parser.add_argument("--ask", default="na", choices=tuple(ASKS), help="family 6: an address, a prefix, both (na)")
    parser.add_argument("--link", metavar="INTERFACE", help="family 6: no relay, clients on the link of INTERFACE")
    parser.add_argument("--relay", help="the relay agent's address")
    parser.add_argument("--server", help="the server's address")


def open_line(options: argparse.Namespace) -> Line:
    """The line that the command line asks for. SystemExit: it asks for what the family has not."""
    family = FAMILIES[options.family]
    relay, server = options.relay or family.relay, options.server or family.server
    if options.family == 4:
        if options.link or options.ask != "na":
            raise SystemExit("--link and --ask are for --family 6")
        sock = behind_relay(4, relay, server)
        return Line(sock, sock, Messages4(relay, server))
    if options.link:
        return Line(*on_link(options.link), Messages6(options.ask))
    sock = behind_relay(6, relay, server)
    return Line(sock, sock, Messages6(options.ask, relay))
