"""Broken and excessive packets through whole servers: nothing is raised, nobody gets what is another's."""

from __future__ import annotations

from pathlib import Path

from kead import logs
from tests.fuzz import exchange6


async def test_servers_survive_twenty_thousand_mutations(tmp_path: Path) -> None:
    try:
        result = await exchange6.feed(20_000, seed=6, folder=tmp_path)
    finally:
        logs.stop()
    assert result["replies"] > 2_000, "too few are answered to mean anything"
    assert result["pkt6-parse-failed"] > 2_000, "too few are broken to mean anything"
    assert result["replies"] == result["pkt6-sent"]
    assert result["leases"] > 10
    assert result["cumulative-assigned-nas"] > 300
    assert result["KiB grown after the first quarter"] < 64 * 1024
