"""A big configuration comes into force while clients are served: how long that takes, the longest pause, the memory.

    python -m bench.reload                                     # both families, 10,000 subnets of 10 reservations
    python -m bench.reload --family 4 --by config-set --pace 1000

A server begins with one subnet. Then its configuration grows, is loaded once more, asked for, and shrinks again, while
new clients ask at an even pace (`bench/probe.py`). Last it is started with the big configuration. Needs root. Prints
one JSON map a family; times in seconds and milliseconds as named, memory in MiB.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

from bench.big_config import subnets
from bench.family import FAMILIES
from bench.rig import Rig, Settings, Variant, say
from bench.sandbox import Sandbox
from bench.server import KEAD, Server
from bench.usage import cpu, memory

WAYS = ("sighup", "config-reload", "config-set")
_LOAD = {4: "udp", 6: "na"}
_PATIENCE = 120.0


class Probe:
    """bench.probe beside the measurement."""

    def __init__(self, rig: Rig, load: str, pace: int, seconds: float) -> None:
        command = rig.generator("bench.probe", load, "--pace", str(pace), "--seconds", f"{seconds:.1f}")
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    def figures(self) -> dict[str, float]:
        out, _ = self._process.communicate(timeout=600)
        found: dict[str, float] = json.loads(out)
        return found


def in_force(server: Server, hash_before: str) -> None:
    """Wait until another configuration is in force. A reload by signal has no other end that can be seen."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        if server.ask("config-hash-get", timeout=_PATIENCE)["arguments"]["hash"] != hash_before:
            return
        time.sleep(0.02)
    raise TimeoutError(f"no other configuration within {_PATIENCE} seconds:\n{server.tail()}")


def bring_in(server: Server, way: str) -> None:
    """Have the server take what its configuration file says now; back when it is in force."""
    before = str(server.ask("config-hash-get")["arguments"]["hash"])
    if way == "sighup":
        server.signal(signal.SIGHUP)
        in_force(server, before)
        return
    arguments = json.loads(server.config_file.read_text()) if way == "config-set" else None
    answer = server.ask(way, arguments, timeout=_PATIENCE)
    if answer["result"] != 0:
        raise RuntimeError(answer["text"])


def measured(rig: Rig, server: Server, work: Callable[[], object], pace: int, expected: float) -> dict[str, float]:
    """Something that is done under load. `expected`: seconds that it should take at most."""
    load = _LOAD[rig.family.number]
    probe = Probe(rig, load, pace, expected + 4)
    time.sleep(1.5)  # the probe is a process that has to start
    peak = memory(server.pid)
    used, begin = cpu(server.pid), time.perf_counter()
    with ThreadPoolExecutor() as threads:
        change = threads.submit(work)
        while not wait([change], timeout=0.1).done:
            peak = max(peak, memory(server.pid))
        change.result()
    seconds = time.perf_counter() - begin
    figures = probe.figures()
    return {
        "seconds": round(seconds, 2),
        "cpu_s": round(cpu(server.pid) - used, 2),
        "rss_mib": round(memory(server.pid)),
        "peak_mib": round(max(peak, memory(server.pid))),
        **{name: figures[name] for name in ("lost", "p50_ms", "p99_ms", "max_ms", "probe_late_max_ms")},
    }


def measure(rig: Rig, options: argparse.Namespace) -> dict[str, Any]:
    """All of one family."""
    family = rig.family.number
    variant = Variant(KEAD, _LOAD[family])
    small = rig.configuration(variant)
    members = f"subnet{family}"
    big = {**small, members: small[members] + subnets(family, options.subnets, options.reservations, first_id=2)}
    server = rig.prepare(variant)
    result: dict[str, Any] = {"family": family, "subnets": options.subnets, "way": options.by}

    def change() -> None:
        bring_in(server, options.by)

    def get() -> None:
        server.ask("config-get", timeout=_PATIENCE)

    try:
        server.start()
        result["small_mib"] = round(memory(server.pid))
        for name, body in (
            ("grows", big),
            ("again", {**big, "valid-lifetime": 7201}),
            ("shrinks", small),
        ):
            server.configure(body, severity=options.severity)
            result[name] = measured(rig, server, change, options.pace, options.seconds)
            say(f"  DHCPv{family} {name}: {result[name]}")
            if name == "again":
                result["config-get"] = measured(rig, server, get, options.pace, options.seconds)
                say(f"  DHCPv{family} config-get: {result['config-get']}")
        server.stop()
        server.configure(big, severity=options.severity)
        begin = time.perf_counter()
        server.start(_PATIENCE)
        result["start"] = {"seconds": round(time.perf_counter() - begin, 2), "rss_mib": round(memory(server.pid))}
    finally:
        if server.process is not None:
            server.stop()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.reload")
    parser.add_argument("--family", type=int, choices=tuple(FAMILIES), help="both, if not said")
    parser.add_argument("--subnets", type=int, default=10_000)
    parser.add_argument("--reservations", type=int, default=10, help="in each subnet")
    parser.add_argument("--by", choices=WAYS, default="sighup")
    parser.add_argument("--pace", type=int, default=500, help="new clients a second meanwhile")
    parser.add_argument("--seconds", type=float, default=15, help="how long one change may take, at most")
    parser.add_argument("--severity", default="INFO")
    options = parser.parse_args()
    for family in (options.family,) if options.family else tuple(FAMILIES):
        work = Path(tempfile.mkdtemp(prefix="kead-reload-"))
        try:
            with Sandbox() as sandbox:
                rig = Rig(sandbox, Settings(work=work), FAMILIES[family])
                json.dump(measure(rig, options), sys.stdout)
                print(flush=True)
        finally:
            shutil.rmtree(work, ignore_errors=True)


if __name__ == "__main__":
    main()
