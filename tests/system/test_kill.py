"""kill -9 at a random moment under load: what a client was promised is in the lease table after the restart.

KEAD_KILLS says how many times (5; 50 for the record).
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from bench.lease_file import leases
from bench.sandbox import Sandbox
from tests.system.relayed import Lab, acknowledged

KILLS = int(os.environ.get("KEAD_KILLS", "5"))


@pytest.mark.timeout(60 + 10 * KILLS)
def test_what_was_acknowledged_survives(sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    lab = Lab(sandbox, tmp_path, flavour)
    chance = random.Random(os.environ.get("KEAD_KILL_SEED", time.time_ns()))
    log = tmp_path / "acknowledged"
    lab.server.start()
    for number in range(KILLS):
        flood = lab.flood("--seconds", "1.2", "--clients", "64", "--log", log)
        time.sleep(0.3 + 0.7 * chance.random())  # the generator takes its first breath in 0.15 s
        lab.server.kill()
        assert flood.figures()["finished"] > 0
        promised = acknowledged(log)

        lab.server.start()
        table = leases(lab.server.lease_file)
        kept = {address: table[address]["hwaddr"] for address in promised if address in table}
        assert kept == promised, f"kill {number + 1}: lost {len(promised) - len(kept)} of {len(promised)}"
        # and the server has them too, not only its file: all are counted, and some are asked for
        assert lab.server.statistic("subnet[1].assigned-addresses") == len(table)
        relay = lab.relay()
        for address in chance.sample(sorted(promised), 10):
            assert relay.still_has(bytes.fromhex(promised[address].replace(":", "")), address), address
        relay.close()
    assert lab.server.stop() == 0
