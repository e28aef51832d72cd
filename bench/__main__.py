"""The comparison as a program: `script/bench`. What is measured and how: docs/performance.md."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bench import parts
from bench.rig import Rig, Settings, say
from bench.sandbox import Sandbox, run
from bench.server import program

PARTS = ("paced", "flood", "overload", "million")
# Which figures of a part go into its table: name, heading, decimals.
COLUMNS = {
    "paced": [("cpu_us", "CPU us", 1), ("rate", "done/s", 0), ("loss", "lost %", 2), ("delay_ms", "delay ms", 3)],
    "flood": [("cpu_us", "CPU us", 1), ("rate", "done/s", 0), ("p50_ms", "p50 ms", 2), ("p99_ms", "p99 ms", 2)],
    "overload": [
        ("best", "best/s", 0),
        ("offered", "offered/s", 0),
        ("rate", "done/s", 0),
        ("share", "of best", 2),
        ("grown_mib", "grown MiB", 0),
    ],
    "million": [
        ("start_s", "start s", 2),
        ("loaded_mib", "RSS MiB", 0),
        ("peak_mib", "peak MiB", 0),
        ("p999_ms", "p99.9 ms", 2),
        ("max_ms", "pause ms", 1),
        ("probe_late_max_ms", "probe late", 1),
    ],
}
COLUMNS["half"] = COLUMNS["paced"]
COMMON = [("rss_mib", "RSS MiB", 0), ("steal", "steal %", 1), ("else", "else %", 1)]


def table(rows: list[parts.Row]) -> str:
    """All rows, a Markdown table per part; a ratio to Kea's figure in brackets."""
    lines: list[str] = []
    for name in dict.fromkeys(row.part for row in rows):
        of_part = [row for row in rows if row.part == name]
        columns = COLUMNS[name.split()[0]]
        columns = columns + [c for c in COMMON if c[1] not in {column[1] for column in columns}]
        lines += ["", f"**{name}**", "", "| server | sockets | rounds | " + " | ".join(c[1] for c in columns) + " |"]
        lines.append("|---" * (3 + len(columns)) + "|")
        for row in of_part:
            cells = [cell(row, *column) for column in columns]
            lines.append(f"| {row.server} | {row.sockets} | {row.rounds} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(row: parts.Row, figure: str, _heading: str, decimals: int) -> str:
    value = f"{row.figures[figure]:.{decimals}f}"
    ratio = row.ratios.get(figure)
    return value if ratio is None or figure in ("steal", "else") else f"{value} ({ratio:.2f})"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench", description="kead beside kea-dhcp4, in turn, on the same cores."
    )
    parser.add_argument("--only", default=",".join(PARTS), help="parts, of " + ", ".join(PARTS))
    parser.add_argument("--sockets", default="udp,raw", help="udp, raw or both")
    parser.add_argument("--quick", action="store_true", help="one short round each: a look, not a result")
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds of each server (3)")
    parser.add_argument("--seconds", type=int, default=10, help="length of a round (10)")
    parser.add_argument("--rate", type=int, default=0, help="paced: do not search for Kea's highest rate, take this")
    parser.add_argument("--clients", type=int, default=64, help="flood: how many clients at once (64)")
    parser.add_argument("--factor", type=float, default=3.0, help="overload: how many times its best (3)")
    parser.add_argument("--leases", type=int, default=1_000_000, help="million: how many (1000000)")
    parser.add_argument("--no-sync", action="store_true", help="leave the rounds with fdatasync out")
    parser.add_argument("--severity", default="INFO", help="of the log, on both sides (INFO, as shipped)")
    parser.add_argument("--cores", default="0:1", help="SERVER:LOAD (0:1)")
    parser.add_argument("--disturbance", type=float, default=15, help="per cent of a core others may take (15)")
    parser.add_argument("--accept-disturbed", action="store_true", help="count disturbed rounds too: not a result")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp"), help="where lease files and logs lie: a disk")
    parser.add_argument("--json", type=Path, help="write all figures there")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers and namespaces go on this way out too
    chosen = options.only.split(",")
    if unknown := set(chosen) - set(PARTS):
        raise SystemExit(f"no such part: {', '.join(sorted(unknown))} (there are {', '.join(PARTS)})")
    cores = [int(text) for text in options.cores.split(":")]
    work = Path(tempfile.mkdtemp(prefix="kead-bench-", dir=options.work))
    settings = Settings(
        work=work,
        seconds=3 if options.quick else options.seconds,
        rounds=1 if options.quick else options.rounds,
        disturbance=options.disturbance,
        server_core=cores[0],
        load_core=cores[1],
        severity=options.severity,
        clients=options.clients,
        accept_disturbed=options.accept_disturbed,
    )
    os.sched_setaffinity(0, {settings.load_core})  # we wait while a round runs, but not on the server's core
    sync = not (options.no_sync or options.quick)
    say(f"kea-dhcp4 {run(program('kea'), '-v').strip()} and kead {run(program('kead'), '-v').strip()}")
    rows: list[parts.Row] = []
    try:
        with Sandbox() as sandbox:
            rig = Rig(sandbox, settings)
            for sockets in options.sockets.split(","):
                if "paced" in chosen:
                    rows += parts.paced(rig, sockets, sync, options.rate)
                if "flood" in chosen:
                    rows += parts.flood(rig, sockets, sync)
                if "overload" in chosen:
                    rows += parts.overload(rig, sockets, options.factor)
            if "million" in chosen:
                rows += parts.million(rig, options.leases)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        print(table(rows))
        if options.json:
            result = {"time": time.time(), "options": vars(options), "rows": [asdict(row) for row in rows]}
            options.json.write_text(json.dumps(result, indent=1, default=str))


if __name__ == "__main__":
    main()
