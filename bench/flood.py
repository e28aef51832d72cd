"""A load generator: clients behind one relay agent (DHCPv6 too: on the link), new ones all the time.

    python -m bench.flood --seconds 10 --clients 64        closed loop: 64 at once, each starts anew when it has its ACK
    python -m bench.flood --seconds 10 --offer 60000       open loop: so many new clients a second, come what may
    python -m bench.flood --family 6 --ask both            an address and a prefix for each; also: --link INTERFACE

Runs in the clients' network namespace with the relay's address on an interface. Prints one JSON map. --log FILE
writes every acknowledged address, "ADDRESS HARDWARE-ADDRESS" a line.
"""

from __future__ import annotations

import argparse
import ctypes
import errno
import json
import os
import re
import select
import sys
import time
from typing import TextIO

from bench.line import Line, line_arguments, open_line
from bench.message import CLIENTS, DONE, OFFERED, REFUSED

MARK = b"\x00\xbb\xcc\xdd"
GROUP = 64  # messages a sendmmsg


def new_clients() -> int:
    """The number of a first client that no run before this one has had: a second's worth is 100,000 of them."""
    return int(time.time() * 100_000) % (CLIENTS // 2)


def percentile(ordered: list[float], share: float) -> float:
    """In milliseconds; 0 of nothing."""
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1e3, 3) if ordered else 0.0


def closed_loop(line: Line, clients: int, seconds: float, patience: float, log: TextIO | None) -> dict[str, float]:
    """Exchanges by `clients` at once. Who hears nothing for `patience` seconds gives up, and a new one begins."""
    clock = time.perf_counter
    recv, send, messages = line.back.recv, line.out.send, line.messages
    first, second, read = messages.first, messages.second, messages.read
    number = new_clients()
    waiting: dict[bytes, float] = {}
    delays: list[float] = []
    naks = given_up = 0
    poll = select.poll()
    poll.register(line.back, select.POLLIN)
    used = time.process_time()
    begin = checked = clock()
    end = begin + seconds

    def begin_one() -> None:
        nonlocal number
        number = (number + 1) % CLIENTS
        name = number.to_bytes(4, "big")
        waiting[name] = clock()
        try:
            send(first(name))
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
            name, what = read(data)
            if name not in waiting:
                continue
            if what == OFFERED:
                try:
                    send(second(name, data))
                except OSError:
                    pass
            elif what == DONE:
                delays.append(clock() - waiting.pop(name))
                if log is not None:
                    log.writelines(text + "\n" for text in messages.bound(name, data))
                begin_one()
            elif what == REFUSED:
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
        "own_us": (time.process_time() - used) / max(1, len(delays)) * 1e6,
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


class Beginnings:
    """GROUP DISCOVERs or SOLICITs sent in one system call; only the numbers in them change."""

    def __init__(self, line: Line) -> None:
        model = line.messages.first(MARK)
        self._size = len(model)
        self._places = [found.start() for found in re.finditer(re.escape(MARK[1:]), model)]
        self._bytes = bytearray(line.messages.first(bytes(4)) * GROUP)
        self._memory = (ctypes.c_char * len(self._bytes)).from_buffer(self._bytes)
        start = ctypes.addressof(self._memory)
        self._iovecs = (_Iovec * GROUP)(*(_Iovec(start + self._size * i, self._size) for i in range(GROUP)))
        self._messages = (_Message * GROUP)()
        for i in range(GROUP):
            self._messages[i].iov = ctypes.pointer(self._iovecs[i])
            self._messages[i].iov_length = 1
        self._call = ctypes.CDLL(None, use_errno=True).sendmmsg
        self._descriptor = line.out.fileno()

    def send(self, first: int, count: int) -> int:
        """Send those of the clients first, first + 1, …; returns how many the kernel took."""
        data, size = self._bytes, self._size
        one, two, *more = self._places
        for i in range(count):
            name = ((first + i) % CLIENTS).to_bytes(3, "big")
            at = size * i
            data[at + one : at + one + 3] = data[at + two : at + two + 3] = name
            for place in more:
                data[at + place : at + place + 3] = name
        sent = int(self._call(self._descriptor, self._messages, count, 0))
        if sent < 0:
            code = ctypes.get_errno()
            if code not in (errno.EAGAIN, errno.ECONNREFUSED, errno.ENOBUFS):
                raise OSError(code, os.strerror(code))
            return 0
        return sent


def open_loop(line: Line, offer: float, seconds: float, patience: float, log: TextIO | None) -> dict[str, float]:
    """`offer` new clients a second, whatever becomes of them; an exchange counts if it ends within `patience`."""
    clock = time.perf_counter
    recv, send, messages = line.back.recv, line.out.send, line.messages
    second, read = messages.second, messages.read
    beginnings = Beginnings(line)
    first = number = new_clients()
    sent_at: list[float] = []  # of each group of clients
    finished = late = naks = offers = 0
    delays: list[float] = []
    used = time.process_time()
    begin = clock()
    end = begin + seconds
    while (now := clock()) < end:
        due = int((now - begin) * offer) - (number - first)
        groups = min(8, due // GROUP)
        for _ in range(groups):
            sent_at.append(clock())
            beginnings.send(number, GROUP)
            number += GROUP
        if not groups:
            select.select([line.back], [], [], 0.0005)
        for _ in range(256):
            try:
                data = recv(2048)
            except BlockingIOError:
                break
            except OSError:
                continue
            name, what = read(data)
            if what == OFFERED:
                offers += 1
                try:
                    send(second(name, data))
                except OSError:
                    pass
            elif what == DONE:
                group = (int.from_bytes(name, "big") - first) % CLIENTS // GROUP
                if group >= len(sent_at):
                    continue  # a late answer to an earlier run
                took = clock() - sent_at[group]
                if took > patience:
                    late += 1
                    continue
                finished += 1
                delays.append(took)
                if log is not None:
                    log.writelines(text + "\n" for text in messages.bound(name, data))
            elif what == REFUSED:
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
        "own_us": (time.process_time() - used) / max(1, number - first) * 1e6,
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.flood", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--clients", type=int, default=64, help="closed loop: how many at once (64)")
    parser.add_argument("--offer", type=float, help="open loop: so many new clients a second")
    parser.add_argument("--patience", type=float, default=0, help="seconds until a client gives up (0.3; open loop 4)")
    line_arguments(parser)
    parser.add_argument("--log", help="a file for the addresses acknowledged")
    options = parser.parse_args()
    line = open_line(options)
    log = open(options.log, "a") if options.log else None  # noqa: SIM115 - closed below, in either mode
    if options.offer:
        result = open_loop(line, options.offer, options.seconds, options.patience or 4, log)
    else:
        result = closed_loop(line, options.clients, options.seconds, options.patience or 0.3, log)
    if log is not None:
        log.close()
    json.dump({name: round(value, 3) for name, value in result.items()}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
