"""A probe: DISCOVERs at an even pace, the delay of each OFFER noted. It sees every pause that a client would.

    python -m bench.probe --until-answered 60              how long until the first OFFER
    python -m bench.probe --seconds 20 --pace 500          delays and losses at 500 DISCOVERs a second

Runs in the clients' network namespace. Prints one JSON map, times in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import select
import socket
import sys
import time

from bench.flood import open_socket, percentile
from bench.message import OFFER, XID, Messages, kind

FIRST_CLIENT = 0x7F000000


def drain(sock: socket.socket, sent: dict[bytes, float], delays: list[float]) -> None:
    """Take all that has arrived."""
    while True:
        try:
            data = sock.recv(2048)
        except BlockingIOError:
            return
        except OSError:
            continue
        if kind(data) == OFFER and (since := sent.pop(data[XID], None)) is not None:
            delays.append(time.perf_counter() - since)


def send(sock: socket.socket, messages: Messages, number: int, sent: dict[bytes, float]) -> None:
    name = (FIRST_CLIENT + number).to_bytes(4, "big")
    sent[name] = time.perf_counter()
    try:
        sock.send(messages.discover(name))
    except OSError:
        pass  # nobody listens yet


def first_answer(sock: socket.socket, messages: Messages, limit: float) -> dict[str, float]:
    """Ask every few milliseconds until somebody answers. `first_ms` counts from now; -1: nobody did."""
    begin = time.perf_counter()
    sent: dict[bytes, float] = {}
    delays: list[float] = []
    number = 0
    while not delays and time.perf_counter() < begin + limit:
        send(sock, messages, number, sent)
        number += 1
        select.select([sock], [], [], 0.005)
        drain(sock, sent, delays)
    return {"first_ms": (time.perf_counter() - begin) * 1e3 if delays else -1}


def pace(sock: socket.socket, messages: Messages, rate: float, seconds: float) -> dict[str, float]:
    """An even stream of DISCOVERs from a few clients. A late or lost answer is a pause of the server (or of ours)."""
    sent: dict[bytes, float] = {}
    delays: list[float] = []
    own: list[float] = []  # how late we were ourselves: a pause of the probe is none of the server
    begin = time.perf_counter()
    total = int(rate * seconds)
    for number in range(total):
        due = begin + number / rate
        while (left := due - time.perf_counter()) > 0:
            select.select([sock], [], [], left)
            drain(sock, sent, delays)
        own.append(time.perf_counter() - due)
        send(sock, messages, number, sent)
        drain(sock, sent, delays)
    finish = time.perf_counter() + 1
    while sent and time.perf_counter() < finish:
        select.select([sock], [], [], 0.05)
        drain(sock, sent, delays)
    delays.sort()
    own.sort()
    return {
        "sent": total,
        "lost": len(sent),
        "p50_ms": percentile(delays, 0.5),
        "p99_ms": percentile(delays, 0.99),
        "p999_ms": percentile(delays, 0.999),
        "max_ms": percentile(delays, 1),
        "probe_late_max_ms": percentile(own, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.probe")
    parser.add_argument("--until-answered", type=float, metavar="SECONDS")
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--pace", type=float, default=500)
    parser.add_argument("--relay", default="10.0.0.2")
    parser.add_argument("--server", default="10.0.0.1")
    options = parser.parse_args()
    sock = open_socket(options.relay, options.server)
    messages = Messages(options.relay, options.server)
    if options.until_answered:
        result = first_answer(sock, messages, options.until_answered)
    else:
        result = pace(sock, messages, options.pace, options.seconds)
    json.dump({name: round(value, 3) for name, value in result.items()}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
