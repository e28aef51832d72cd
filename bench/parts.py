"""The parts of the comparison: what each measures, and how its rounds are repeated and summed up.

A part returns rows for the table: one per variant, medians over the rounds that counted, with the ratio to Kea's.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.rig import Rig, Round, Variant, say
from bench.sandbox import end
from bench.server import KEA
from bench.usage import Meter, memory


@dataclass
class Row:
    """One line of the result."""

    family: int
    part: str
    server: str
    load: str
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


def summed_up(rig: Rig, part: str, rounds: dict[Variant, list[Round]]) -> list[Row]:
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
        rows.append(Row(rig.family.number, part, str(variant), variant.load, figures, rounds=len(done)))
    with_ratios(rows)
    return rows


def with_ratios(rows: list[Row]) -> None:
    """Fill in kead's figures divided by Kea's of the same family, part and load."""

    def place(row: Row) -> tuple[int, str, str]:
        return row.family, row.part, row.load

    for row in rows:
        yard = next((r for r in rows if r.server == KEA and place(r) == place(row)), None)
        if yard is None or yard is row:
            continue
        row.ratios = {n: v / yard.figures[n] for n, v in row.figures.items() if yard.figures.get(n)}


def highest_rate(rig: Rig, load: str) -> int:
    """The highest rate at which Kea (and perfdhcp) lose less than 1 %, within about 5 %."""
    variant = Variant(KEA, load)

    def holds(rate: int) -> bool:
        done = rig.paced(variant, rate, seconds=max(4, rig.settings.seconds // 2))
        rig.counted(f"search {load} {rate}/s", done)
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
    say(f"  Kea holds {good}/s ({rig.family}, {load})")
    return good


def paced(rig: Rig, load: str, sync: bool, rate: int) -> list[Row]:
    """perfdhcp at Kea's highest rate and at half of it."""
    rows: list[Row] = []
    for part, at in ((f"paced {rate}/s", rate), (f"half {rate // 2}/s", rate // 2)):

        def once(variant: Variant, at: int = at) -> Round:
            return rig.paced(variant, at)

        rows += summed_up(rig, part, in_turn(rig, part, rig.variants(load, sync), once))
    return rows


def renew(rig: Rig, load: str, sync: bool, rate: int) -> list[Row]:
    """perfdhcp at half of Kea's highest rate, with as many renewals of the leases as there are exchanges."""
    part = f"renew {rate // 2}/s"

    def once(variant: Variant) -> Round:
        return rig.paced(variant, rate // 2, renewals=rate // 2)

    return summed_up(rig, part, in_turn(rig, part, rig.variants(load, sync), once))


def flood(rig: Rig, load: str, sync: bool) -> list[Row]:
    """The closed loop: how much each can do at its best."""
    return summed_up(rig, "flood", in_turn(rig, "flood", rig.variants(load, sync), rig.flooded))


def overload(rig: Rig, load: str, factor: float) -> list[Row]:
    """Offered `factor` times its own best: what still finishes, and what memory that takes."""

    def once(variant: Variant) -> Round:
        with rig.serving(variant) as server:
            rig.warm(load)
            seconds = str(rig.settings.seconds)
            clients = str(rig.settings.clients)
            best = rig.python("bench.flood", load, "--seconds", seconds, "--clients", clients)["rate"]
            before = memory(server.pid)
            meter = Meter(server.pid)
            figures = rig.python("bench.flood", load, "--seconds", seconds, "--offer", str(int(factor * best)))
            done = Round(variant, figures, meter.read())
            done.figures |= {
                "best": best,
                "share": figures["rate"] / best,
                "grown_mib": memory(server.pid, "VmHWM") - before,
            }
            return done

    return summed_up(rig, "overload", in_turn(rig, "overload", rig.variants(load, False), once))


def million(rig: Rig, load: str, count: int) -> list[Row]:
    """Start with a full lease file: time to the first answer, memory, and the longest pause afterwards."""
    model = rig.settings.work / "leases.csv"
    say(f"  writing {count} leases")
    rig.family.write_leases(model, count, int(time.time()), load)
    try:
        rounds = in_turn(rig, "million", rig.variants(load, False), lambda variant: _start(rig, variant, model))
        return summed_up(rig, "million", rounds)
    finally:
        model.unlink()


def _start(rig: Rig, variant: Variant, model: Path) -> Round:
    server = rig.prepare(variant)
    shutil.copyfile(model, server.lease_file)
    server.lease_file.chmod(0o640)
    command = rig.generator("bench.probe", variant.load, "--until-answered", "300")
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
        figures = rig.python("bench.probe", variant.load, "--seconds", str(2 * rig.settings.seconds), "--pace", "500")
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
