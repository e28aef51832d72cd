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
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from bench import parts
from bench.family import FAMILIES
from bench.rig import Rig, Settings, say
from bench.sandbox import Sandbox, run
from bench.server import KEA, KEAD, program

PARTS = ("paced", "renew", "flood", "overload", "million")
DEFAULTS = {"sockets": "udp,raw", "ask": "na,pd,both", "via": "relay"}  # of what only one family has
# Which figures of a part go into its table: name, heading, decimals.
COLUMNS = {
    "paced": [("cpu_us", "CPU us", 1), ("rate", "done/s", 0), ("loss", "lost %", 2), ("delay_ms", "delay ms", 3)],
    "renew": [
        ("cpu_us", "CPU us", 1),
        ("rate", "done/s", 0),
        ("renewed", "renewed/s", 0),
        ("loss", "lost %", 2),
        ("renewals_lost", "renewals lost %", 2),
        ("delay_ms", "delay ms", 3),
    ],
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
    for family, name in dict.fromkeys((row.family, row.part) for row in rows):
        of_part = [row for row in rows if (row.family, row.part) == (family, name)]
        columns = COLUMNS[name.split()[0]]
        columns = columns + [c for c in COMMON if c[1] not in {column[1] for column in columns}]
        headings = ["server", "load", "rounds", *(column[1] for column in columns)]
        lines += ["", f"**{FAMILIES[family]}, {name}**", "", "| " + " | ".join(headings) + " |"]
        lines.append("|---" * len(headings) + "|")
        for row in of_part:
            cells = [cell(row, *column) for column in columns]
            lines.append(f"| {row.server} | {row.load} | {row.rounds} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def cell(row: parts.Row, figure: str, _heading: str, decimals: int) -> str:
    value = f"{row.figures[figure]:.{decimals}f}"
    ratio = row.ratios.get(figure)
    return value if ratio is None or figure in ("steal", "else") else f"{value} ({ratio:.2f})"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench", description="kead beside kea-dhcp4 or kea-dhcp6, in turn, on the same cores."
    )
    parser.add_argument("--family", default="4", help="4, 6 or 4,6 (4)")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, of " + ", ".join(PARTS))
    parser.add_argument("--sockets", help="family 4: udp, raw (udp,raw)")
    parser.add_argument("--ask", help="family 6: na (addresses), pd (prefixes), both of them (na,pd,both)")
    parser.add_argument("--via", help="family 6: relay, link (relay)")
    parser.add_argument("--servers", default=f"{KEA},{KEAD}", help="one alone gives figures and no ratios (kea,kead)")
    parser.add_argument("--quick", action="store_true", help="one short round each: a look, not a result")
    parser.add_argument("--rounds", type=int, default=3, help="counted rounds of each server (3)")
    parser.add_argument("--seconds", type=int, default=10, help="length of a round (10)")
    parser.add_argument("--rate", type=int, default=0, help="paced, renew: instead of Kea's highest rate")
    parser.add_argument("--clients", type=int, default=64, help="flood: how many clients at once (64)")
    parser.add_argument("--factor", type=float, default=3.0, help="overload: how many times its best (3)")
    parser.add_argument("--leases", type=int, default=1_000_000, help="million: how many (1000000)")
    parser.add_argument("--no-sync", action="store_true", help="leave the rounds with fdatasync out")
    parser.add_argument("--severity", default="INFO", help="of the log, on both sides (INFO, as shipped)")
    parser.add_argument(
        "--cable",
        choices=("plain", "cut"),
        default="plain",
        help="cut: what is sent as one is cut by the kernel, as before most network cards; a veth pair takes it whole",
    )
    parser.add_argument("--cores", default="0:1", help="SERVER:LOAD (0:1)")
    parser.add_argument("--disturbance", type=float, default=15, help="per cent of a core others may take (15)")
    parser.add_argument("--accept-disturbed", action="store_true", help="count disturbed rounds too: not a result")
    parser.add_argument("--work", type=Path, default=Path("/var/tmp"), help="where lease files and logs lie: a disk")
    parser.add_argument("--json", type=Path, help="write all figures there")
    return parser.parse_args()


def listed(name: str, text: str, known: tuple[str, ...]) -> list[str]:
    """The words of a list on the command line. SystemExit: one of them is unknown."""
    words = text.split(",")
    if unknown := [word for word in words if word not in known]:
        raise SystemExit(f"{name}: no such thing: {', '.join(unknown)} (there are {', '.join(known)})")
    return words


def loads(options: argparse.Namespace) -> dict[int, list[str]]:
    """Family → the loads chosen (`family.py` says what they are). SystemExit: the choice makes no sense."""
    families = listed("--family", options.family, ("4", "6"))
    for family, names in (("4", ("sockets",)), ("6", ("ask", "via"))):
        if family not in families and (given := [f"--{name}" for name in names if getattr(options, name)]):
            raise SystemExit(f"{', '.join(given)}: only with --family {family}")
    chosen = {name: getattr(options, name) or default for name, default in DEFAULTS.items()}
    sockets = listed("--sockets", chosen["sockets"], ("udp", "raw"))
    asks = listed("--ask", chosen["ask"], ("na", "pd", "both"))
    ways = listed("--via", chosen["via"], ("relay", "link"))
    six = [ask if way == "relay" else f"{ask} {way}" for way in ways for ask in asks]
    return {int(family): sockets if family == "4" else six for family in families}


def measure(rig: Rig, options: argparse.Namespace, chosen: list[str], family_loads: list[str]) -> Iterator[parts.Row]:
    """The chosen parts of one family, load by load."""
    sync = not (options.no_sync or options.quick)
    for load in family_loads:
        if "paced" in chosen or "renew" in chosen:
            rate = options.rate or parts.highest_rate(rig, load)
            if "paced" in chosen:
                yield from parts.paced(rig, load, sync, rate)
            if "renew" in chosen:
                yield from parts.renew(rig, load, sync, rate)
        if "flood" in chosen:
            yield from parts.flood(rig, load, sync)
        if "overload" in chosen:
            yield from parts.overload(rig, load, options.factor)
    if "million" in chosen:
        yield from parts.million(rig, family_loads[0], options.leases)


def main() -> None:
    options = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that servers and namespaces go on this way out too
    chosen = listed("--only", options.only, PARTS)
    servers = listed("--servers", options.servers, (KEA, KEAD))
    families = loads(options)
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
        servers=tuple(servers),
        cable=options.cable,
    )
    os.sched_setaffinity(0, {settings.load_core})  # we wait while a round runs, but not on the server's core
    rows: list[parts.Row] = []
    try:
        with Sandbox() as sandbox:
            for family, family_loads in families.items():
                versions = [f"{name}-dhcp{family} {run(program(name, family), '-v').strip()}" for name in servers]
                say(" and ".join(versions))
                rig = Rig(sandbox, settings, FAMILIES[family])
                rows.extend(measure(rig, options, chosen, family_loads))  # one by one: what there is, is shown
    finally:
        shutil.rmtree(work, ignore_errors=True)
        print(table(rows))
        if options.json:
            result = {"time": time.time(), "options": vars(options), "rows": [asdict(row) for row in rows]}
            options.json.write_text(json.dumps(result, indent=1, default=str))


if __name__ == "__main__":
    main()
