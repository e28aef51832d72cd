"""script/bench runs from end to end. What it measures here means nothing: the rounds are too short."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bench.server import KEAD, ROOT

PARTS = ("paced 500/s", "half 250/s", "renew 250/s", "flood", "overload", "million")


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("family", "words", "load"),
    [
        (4, ["--sockets", "udp"], "udp"),
        (6, ["--ask", "both"], "both"),
        (6, ["--ask", "na", "--via", "link", "--only", "paced,flood"], "na link"),
    ],
    ids=["DHCPv4", "DHCPv6", "DHCPv6 on the link"],
)
def test_a_short_comparison(tmp_path: Path, flavour: str, family: int, words: list[str], load: str) -> None:
    if flavour != KEAD:
        pytest.skip("compares kead with Kea")
    rows, output = bench(tmp_path, "--family", str(family), *words)
    parts = [part for part in PARTS if "--only" not in words or part.split()[0] in ("paced", "half", "flood")]
    assert [(row["part"], row["server"]) for row in rows] == [(p, s) for p in parts for s in ("kea", "kead")]
    for row in rows:
        assert (row["family"], row["load"]) == (family, load)
        assert row["figures"]["finished"] > 0
        assert row["figures"]["cpu_us"] > 0
        assert row["figures"]["rss_mib"] > 1
        assert bool(row["ratios"]) == (row["server"] == KEAD)
        if row["part"].startswith("renew"):
            assert row["figures"]["renewed"] > 200
            assert row["figures"]["renewals_lost"] < 1
    assert f"**DHCPv{family}, flood**" in output
    assert f"| kead | {load} | 1 |" in output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--ask", "pd"], "--ask: only with --family 6"),
        (["--family", "6", "--sockets", "udp"], "--sockets: only with --family 4"),
        (["--family", "6", "--ask", "ta"], "no such thing: ta"),
        (["--only", "paced,fast"], "no such thing: fast"),
    ],
)
def test_a_choice_that_makes_no_sense_is_refused(tmp_path: Path, words: list[str], said: str) -> None:
    done = start(tmp_path, *words)
    assert done.returncode == 1
    assert said in done.stdout


def start(tmp_path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    short = ["--quick", "--accept-disturbed", "--rate", "500", "--leases", "5000", "--work", str(tmp_path)]
    return subprocess.run(
        [sys.executable, "-m", "bench", *short, *words],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip


def bench(tmp_path: Path, *words: str) -> tuple[list[dict[str, Any]], str]:
    """The rows and what was printed."""
    result = tmp_path / "result.json"
    done = start(tmp_path, *words, "--json", str(result))
    assert done.returncode == 0, done.stdout
    rows: list[dict[str, Any]] = json.loads(result.read_text())["rows"]
    return rows, done.stdout
