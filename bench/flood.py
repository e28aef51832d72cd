"""A load generator: DHCPv4 clients behind one relay agent, new ones all the time.

    python -m bench.flood --seconds 10 --clients 64        closed loop: 64 at once, each starts anew when it has its ACK
    python -m bench.flood --seconds 10 --offer 60000       open loop: so many new clients a second, come what may

Runs in the clients' network namespace with the relay's address on an interface. Prints one JSON map. --log FILE
writes every acknowledged address, "ADDRESS HARDWARE-ADDRESS" a line.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import select
import socket
import sys
import time
from typing import TextIO

from bench.message import ACK, NAK, OFFER, XID, YIADDR, Messages, kind

BUFFER = 8 << 20
SO_RCVBUFFORCE = 33
GROUP = 64  # messages a sendmmsg


def open_socket(relay: str, server: str) -> socket.socket:
    """The relay agent's: port 67, connected to the server, with room for bursts."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, BUFFER)
    sock.bind((relay, 67))
    sock.connect((server, 67))
    sock.setblocking(False)
    return sock


def note(log: TextIO, number: bytes, address: bytes) -> None:
    log.write(f"{socket.inet_ntoa(address)} 02:00:{number.hex(':')}\n")


def percentile(ordered: list[float], share: float) -> float:
    """In milliseconds; 0 of nothing."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3, 3) if ordered else 0.0


def closed_loop(
    sock: socket.socket, messages: Messages, clients: int, seconds: float, patience: float, log: TextIO | None
) -> dict[str, float]:
    """Exchanges by `clients` at once. Who hears nothing for `patience` seconds gives up, and a new one begins."""
    clock = time.perf_counter
    recv, send, discover, request = sock.recv, sock.send, messages.discover, messages.request
    number = int(time.time() * 50) & 0x3FFFFFFF
    waiting: dict[bytes, float] = {}
    delays: list[float] = []
    naks = given_up = 0
    poll = select.poll()
    poll.register(sock, select.POLLIN)
    begin = checked = clock()
    end = begin + seconds

    def begin_one() -> None:
        nonlocal number
        number += 1
        name = number.to_bytes(4, "big")
        waiting[name] = clock()
        try:
            send(discover(name))
        except OSError:
            pass  # nobody listens just now: as good as lost on the way

    for _ in range(clients):
        begin_one()
    while (now := clock()) < end:
        if now - checked > 0.05:
            checked = now
            late = [name for name, since in waiting.items() if now - since > patience]
            given_up += len(late)
            for name in late:
                del waiting[name]
                begin_one()
        poll.poll(20)
        while True:
            try:
                data = recv(2048)
            except BlockingIOError:
                break
            except OSError:
                continue
            name = data[XID]
            if name not in waiting:
                continue
            what = kind(data)
            if what == OFFER:
                try:
                    send(request(name, data[YIADDR]))
                except OSError:
                    pass
            elif what == ACK:
                delays.append(clock() - waiting.pop(name))
                if log is not None:
                    note(log, name, data[YIADDR])
                begin_one()
            elif what == NAK:
                naks += 1
                del waiting[name]
                begin_one()
    spent = clock() - begin
    delays.sort()
    return {
        "finished": len(delays),
        "rate": len(delays) / spent,
        "given_up": given_up,
        "naks": naks,
        "p50_ms": percentile(delays, 0.5),
        "p99_ms": percentile(delays, 0.99),
        "max_ms": percentile(delays, 1),
        "own_us": time.process_time() / max(1, len(delays)) * 1e6,
    }


class _Iovec(ctypes.Structure):
    _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))


class _Message(ctypes.Structure):
    """struct mmsghdr: a struct msghdr, which is padded to eight bytes, and how much of it was sent."""

    _fields_ = (
        ("name", ctypes.c_void_p),
        ("name_length", ctypes.c_uint32),
        ("iov", ctypes.POINTER(_Iovec)),
        ("iov_length", ctypes.c_size_t),
        ("control", ctypes.c_void_p),
        ("control_length", ctypes.c_size_t),
        ("flags", ctypes.c_int),
        ("padding", ctypes.c_int),
        ("length", ctypes.c_uint32),
    )


class Discovers:
    """GROUP DISCOVERs sent in one system call; only the numbers in them change."""

    def __init__(self, sock: socket.socket, messages: Messages) -> None:
        model = messages.discover(b"\xaa\xbb\xcc\xdd")
        self._size = len(model)
        self._places: list[int] = []
        at = model.find(b"\xaa\xbb\xcc\xdd")
        while at >= 0:
            self._places.append(at)
            at = model.find(b"\xaa\xbb\xcc\xdd", at + 1)
        self._bytes = bytearray(model * GROUP)
        self._memory = (ctypes.c_char * len(self._bytes)).from_buffer(self._bytes)
        start = ctypes.addressof(self._memory)
        self._iovecs = (_Iovec * GROUP)(*(_Iovec(start + self._size * i, self._size) for i in range(GROUP)))
        self._messages = (_Message * GROUP)()
        for i in range(GROUP):
            self._messages[i].iov = ctypes.pointer(self._iovecs[i])
            self._messages[i].iov_length = 1
        self._call = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._descriptor = sock.fileno()

    def send(self, first: int, count: int) -> int:
        """Send DISCOVERs of the clients first, first + 1, …; returns how many the kernel took."""
        data, size = self._bytes, self._size
        one, two, three = self._places
        for i in range(count):
            name = (first + i).to_bytes(4, "big")
            at = size * i
            data[at + one : at + one + 4] = data[at + two : at + two + 4] = data[at + three : at + three + 4] = name
        sent = int(self._call(self._descriptor, self._messages, count, 0))
        if sent < 0:
            code = ctypes.get_errno()
            if code not in (errno.EAGAIN, errno.ECONNREFUSED, errno.ENOBUFS):
                raise OSError(code, os.strerror(code))
            return 0
        return sent


def open_loop(
    sock: socket.socket, messages: Messages, offer: float, seconds: float, patience: float, log: TextIO | None
) -> dict[str, float]:
    """`offer` new clients a second, whatever becomes of them; an exchange counts if it ends within `patience`."""
    clock = time.perf_counter
    recv, send, request = sock.recv, sock.send, messages.request
    discovers = Discovers(sock, messages)
    first = number = int(time.time() * 50) & 0x3FFFFFFF
    sent_at: list[float] = []  # of each group of clients
    finished = late = naks = offers = 0
    delays: list[float] = []
    begin = clock()
    end = begin + seconds
    while (now := clock()) < end:
        due = int((now - begin) * offer) - (number - first)
        groups = min(8, due // GROUP)
        for _ in range(groups):
            sent_at.append(clock())
            discovers.send(number, GROUP)
            number += GROUP
        if not groups:
            select.select([sock], [], [], 0.0005)
        for _ in range(256):
            try:
                data = recv(2048)
            except BlockingIOError:
                break
            except OSError:
                continue
            what = kind(data)
            if what == OFFER:
                offers += 1
                try:
                    send(request(data[XID], data[YIADDR]))
                except OSError:
                    pass
            elif what == ACK:
                took = clock() - sent_at[(int.from_bytes(data[XID], "big") - first) // GROUP]
                if took > patience:
                    late += 1
                    continue
                finished += 1
                delays.append(took)
                if log is not None:
                    note(log, data[XID], data[YIADDR])
            elif what == NAK:
                naks += 1
    spent = clock() - begin
    delays.sort()
    return {
        "finished": finished,
        "rate": finished / spent,
        "offered": (number - first) / spent,
        "offers": offers,
        "late": late,
        "naks": naks,
        "p50_ms": percentile(delays, 0.5),
        "p99_ms": percentile(delays, 0.99),
        "max_ms": percentile(delays, 1),
        "own_us": time.process_time() / max(1, number - first) * 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.flood", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=64, help="closed loop: how many at once (64)")
    parser.add_argument("--offer", type=float, help="open loop: so many new clients a second")
    parser.add_argument("--patience", type=float, default=0, help="seconds until a client gives up (0.3; open loop 4)")
    parser.add_argument("--relay", default="10.0.0.2")
    parser.add_argument("--server", default="10.0.0.1")
    parser.add_argument("--log", help="a file for the addresses acknowledged")
    options = parser.parse_args()
    sock = open_socket(options.relay, options.server)
    messages = Messages(options.relay, options.server)
    log = open(options.log, "a") if options.log else None  # noqa: SIM115 - closed below, in either mode
    if options.offer:
        result = open_loop(sock, messages, options.offer, options.seconds, options.patience or 4, log)
    else:
        result = closed_loop(sock, messages, options.clients, options.seconds, options.patience or 0.3, log)
    if log is not None:
        log.close()
    json.dump({name: round(value, 3) for name, value in result.items()}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
