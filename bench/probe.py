"""A probe: new clients at an even pace, the delay of each offer noted. It sees every pause that a client would.

    python -m bench.probe --until-answered 60              how long until the first offer
    python -m bench.probe --seconds 20 --pace 500          delays and losses at 500 new clients a second

Runs in the clients' network namespace. Prints one JSON map, times in milliseconds.
"""

from __future__ import annotations

import argparse
import json
import select
import sys
import time

from bench.flood import percentile
from bench.line import Line, line_arguments, open_line
from bench.message import CLIENTS, OFFERED

FIRST_CLIENT = CLIENTS * 3 // 4  # neither one of the flood's nor one whose lease is in a file


def drain(line: Line, sent: dict[bytes, float], delays: list[float]) -> None:
    """Take all that has arrived."""
    while True:
        try:
            data = line.back.recv(2048)
        except BlockingIOError:
            return
        except OSError:
            continue
        name, what = line.messages.read(data)
        if what == OFFERED and (since := sent.pop(name, None)) is not None:
            delays.append(time.perf_counter() - since)


def send(line: Line, number: int, sent: dict[bytes, float]) -> None:
    name = (FIRST_CLIENT + number).to_bytes(4, "big")
    sent[name] = time.perf_counter()
    try:
        line.out.send(line.messages.first(name))
    except OSError:
        pass  # nobody listens yet


def first_answer(line: Line, limit: float) -> dict[str, float]:
    """Ask every few milliseconds until somebody answers. `first_ms` counts from now; -1: nobody did."""
    begin = time.perf_counter()
    sent: dict[bytes, float] = {}
    delays: list[float] = []
    number = 0
    while not delays and time.perf_counter() < begin + limit:
        send(line, number, sent)
        number += 1
        select.select([line.back], [], [], 0.005)
        drain(line, sent, delays)
    return {"first_ms": (time.perf_counter() - begin) * 1e3 if delays else -1}


def pace(line: Line, rate: float, seconds: float) -> dict[str, float]:
    """An even stream of new clients, who only ask. A late or lost answer is a pause of the server (or of ours)."""
    sent: dict[bytes, float] = {}
    delays: list[float] = []
    own: list[float] = []  # how late we were ourselves: a pause of the probe is none of the server
    begin = time.perf_counter()
    total = int(rate * seconds)
    for number in range(total):
        due = begin + number / rate
        while (left := due - time.perf_counter()) > 0:
            select.select([line.back], [], [], left)
            drain(line, sent, delays)
        own.append(time.perf_counter() - due)
        send(line, number, sent)
        drain(line, sent, delays)
    finish = time.perf_counter() + 1
    while sent and time.perf_counter() < finish:
        select.select([line.back], [], [], 0.05)
        drain(line, sent, delays)
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
    line_arguments(parser)
    options = parser.parse_args()
    line = open_line(options)
    if options.until_answered:
        result = first_answer(line, options.until_answered)
    else:
        result = pace(line, options.pace, options.seconds)
    json.dump({name: round(value, 3) for name, value in result.items()}, sys.stdout)
    print()


if __name__ == "__main__":
    main()
