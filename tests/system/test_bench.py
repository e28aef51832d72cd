"""script/bench runs from end to end. What it measures here means nothing: the rounds are too short."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from bench.server import KEAD, ROOT


@pytest.mark.timeout(240)
def test_a_short_comparison(tmp_path: Path, flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("compares kead with Kea")
    result = tmp_path / "result.json"
    words = ["--quick", "--accept-disturbed", "--sockets", "udp", "--rate", "500", "--leases", "5000"]
    done = subprocess.run(
        [sys.executable, "-m", "bench", *words, "--work", tmp_path, "--json", result],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    rows = json.loads(result.read_text())["rows"]
    parts = ["paced 500/s", "half 250/s", "flood", "overload", "million"]
    assert [(row["part"], row["server"]) for row in rows] == [(p, s) for p in parts for s in ("kea", "kead")]
    for row in rows:
        assert row["figures"]["finished"] > 0
        assert row["figures"]["cpu_us"] > 0
        assert row["figures"]["rss_mib"] > 1
        assert bool(row["ratios"]) == (row["server"] == KEAD)
    assert "| kead | udp | 1 |" in done.stdout
