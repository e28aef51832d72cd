"""The parts of the comparison: what each measures, and how its rounds are repeated and summed up.

A part returns rows for the table: one per variant, medians over the rounds that counted, with the ratio to Kea's.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench import lease_file
from bench.rig import Rig, Round, Variant, say, variants
from bench.sandbox import end
from bench.server import KEA, ROOT
from bench.usage import Meter, memory


@dataclass
class Row:
    """One line of the result."""

    part: str
    server: str
    sockets: str
    figures: dict[str, float]
    ratios: dict[str, float] = field(default_factory=dict)
    rounds: int = 0


def in_turn(
    rig: Rig, what: str, contestants: list[Variant], measure: Callable[[Variant], Round]
) -> dict[Variant, list[Round]]:
    """Rounds of each contestant, one after the other; a disturbed one is repeated and not counted."""
    rounds: dict[Variant, list[Round]] = {variant: [] for variant in contestants}
    for number in range(rig.settings.rounds):
        for variant in contestants:
            for _ in range(rig.settings.tries):
                done = measure(variant)
                if rig.counted(f"{what} {number + 1}", done):
                    rounds[variant].append(done)
                    break
            else:
                say(f"  {what}: no quiet round for {variant}")
    return rounds


def summed_up(part: str, rounds: dict[Variant, list[Round]]) -> list[Row]:
    """Medians, and ratios to Kea's medians."""
    rows = []
    for variant, done in rounds.items():
        if not done:
            continue
        names = done[0].figures
        figures = {name: statistics.median(round_.figures[name] for round_ in done) for name in names}
        figures["cpu_us"] = statistics.median(round_.micros for round_ in done)
        figures["rss_mib"] = statistics.median(round_.cost.rss for round_ in done)
        figures["steal"] = max(round_.cost.steal for round_ in done)
        figures["else"] = max(round_.cost.other for round_ in done)
        rows.append(Row(part, str(variant), variant.sockets, figures, rounds=len(done)))
    with_ratios(rows)
    return rows


def with_ratios(rows: list[Row]) -> None:
    """Fill in kead's figures divided by Kea's of the same part and sockets."""
    for row in rows:
        yard = next((r for r in rows if r.server == KEA and r.sockets == row.sockets and r.part == row.part), None)
        if yard is None or yard is row:
            continue
        row.ratios = {n: v / yard.figures[n] for n, v in row.figures.items() if yard.figures.get(n)}


def highest_rate(rig: Rig, sockets: str) -> int:
    """The highest rate at which Kea (and perfdhcp) lose less than 1 %, within about 5 %."""
    variant = Variant(KEA, sockets)

    def holds(rate: int) -> bool:
        done = rig.paced(variant, rate, seconds=max(4, rig.settings.seconds // 2))
        rig.counted(f"search {sockets} {rate}/s", done)
        figures = done.figures
        # perfdhcp itself may be the one that cannot: what it did not even send is no rate to compare at
        return figures["loss"] < 1 and figures["begun"] > 0.97 * rate

    good, bad = 0, 0
    rate = 4000
    while not bad:
        if holds(rate):
            good, rate = rate, rate * 3 // 2
        elif good:
            bad = rate
        elif rate > 250:
            rate //= 2
        else:
            raise RuntimeError("Kea holds no rate here")
    while (bad - good) > good // 20:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if holds(middle) else (good, middle)
    say(f"  Kea holds {good}/s on {sockets} sockets")
    return good


def paced(rig: Rig, sockets: str, sync: bool, rate: int) -> list[Row]:
    """perfdhcp at Kea's highest rate and at half of it."""
    rate = rate or highest_rate(rig, sockets)
    rows: list[Row] = []
    for part, at in ((f"paced {rate}/s", rate), (f"half {rate // 2}/s", rate // 2)):

        def once(variant: Variant, at: int = at) -> Round:
            return rig.paced(variant, at)

        rows += summed_up(part, in_turn(rig, part, variants(sockets, sync), once))
    return rows


def flood(rig: Rig, sockets: str, sync: bool) -> list[Row]:
    """The closed loop: how much each can do at its best."""
    return summed_up("flood", in_turn(rig, "flood", variants(sockets, sync), rig.flooded))


def overload(rig: Rig, sockets: str, factor: float) -> list[Row]:
    """Offered `factor` times its own best: what still finishes, and what memory that takes."""

    def once(variant: Variant) -> Round:
        with rig.serving(variant) as server:
            rig.warm()
            seconds = str(rig.settings.seconds)
            best = rig.python("bench.flood", "--seconds", seconds, "--clients", str(rig.settings.clients))["rate"]
            before = memory(server.pid)
            meter = Meter(server.pid)
            figures = rig.python("bench.flood", "--seconds", seconds, "--offer", str(int(factor * best)))
            done = Round(variant, figures, meter.read())
            done.figures |= {
                "best": best,
                "share": figures["rate"] / best,
                "grown_mib": memory(server.pid, "VmHWM") - before,
            }
            return done

    return summed_up("overload", in_turn(rig, "overload", variants(sockets, False), once))


def million(rig: Rig, count: int) -> list[Row]:
    """Start with a full lease file: time to the first answer, memory, and the longest pause afterwards."""
    model = rig.settings.work / "leases.csv"
    say(f"  writing {count} leases")
    lease_file.write(model, count, int(time.time()), first=0x0A640000)
    try:
        return summed_up("million", in_turn(rig, "million", variants("udp", False), lambda v: _start(rig, v, model)))
    finally:
        model.unlink()


def _start(rig: Rig, variant: Variant, model: Path) -> Round:
    server = rig.prepare(variant)
    shutil.copyfile(model, server.lease_file)
    server.lease_file.chmod(0o640)
    command = rig.load("env", f"PYTHONPATH={ROOT}", sys.executable, "-m", "bench.probe", "--until-answered", "300")
    # The probe is up before the server starts; its own start-up is not measured.
    probe = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    time.sleep(0.5)
    begin = time.monotonic()
    server.launch()
    try:
        probe.communicate(timeout=310)
        started = time.monotonic() - begin
        if not server.running:
            raise RuntimeError(f"{variant} did not start:\n{server.tail()}")
        loaded = memory(server.pid)
        meter = Meter(server.pid)
        figures = rig.python("bench.probe", "--seconds", str(2 * rig.settings.seconds), "--pace", "500")
        cost = meter.read()
        figures |= {
            "start_s": started,
            "loaded_mib": loaded,
            "peak_mib": memory(server.pid, "VmHWM"),
            "finished": figures["sent"] - figures["lost"],
            "rate": 500.0,
        }
        return Round(variant, figures, cost)
    finally:
        end(probe)
        server.stop()
        shutil.rmtree(server.directory, ignore_errors=True)
