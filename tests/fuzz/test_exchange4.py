"""Broken packets through whole servers: nothing is raised, and what is stored could be loaded."""

from __future__ import annotations

from kead import logs
from tests.fuzz import exchange4


async def test_servers_survive_twenty_thousand_mutations() -> None:
    try:
        result = await exchange4.feed(20_000, seed=4)
    finally:
        logs.stop()
    assert result["replies"] > 2_000, "too few are answered to mean anything"
    assert result["pkt4-parse-failed"] > 2_000, "too few are broken to mean anything"
    assert result["replies"] == result["pkt4-sent"]
    assert result["leases"] > 10
    assert result["KiB grown after the first quarter"] < 64 * 1024
