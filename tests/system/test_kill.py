"""kill -9 at a random moment under load: what a client was promised is in the lease table after the restart,
addresses and prefixes alike.

KEAD_KILLS says how many times (5; 50 for the record).
"""

from __future__ import annotations

import os
import random
import time
from pathlib import Path

import pytest

from bench.sandbox import Sandbox
from tests.system.lab import acknowledged
from tests.system.labs import LABS, both_families
from tests.system.waiting import until

KILLS = int(os.environ.get("KEAD_KILLS", "5"))


@pytest.mark.timeout(60 + 10 * KILLS)
@both_families
def test_what_was_acknowledged_survives(family: int, sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    lab = LABS[family](sandbox, tmp_path, flavour)
    chance = random.Random(os.environ.get("KEAD_KILL_SEED", time.time_ns()))
    log = tmp_path / "acknowledged"
    lab.server.start()
    for number in range(KILLS):
        before = lab.assigned()
        flood = lab.flood("--seconds", "1.2", "--clients", "64", "--log", log)
        until("the load has begun", lambda before=before: lab.assigned() > before)  # type: ignore[misc]
        time.sleep(0.8 * chance.random())
        lab.server.kill()
        assert flood.figures()["finished"] > 0
        promised = acknowledged(log)

        lab.server.start()
        table = lab.table()
        kept = {what: table[what] for what in promised if what in table}
        assert kept == promised, f"kill {number + 1}: lost {len(promised) - len(kept)} of {len(promised)}"
        # and the server has them too, not only its file: all are counted, and some are asked for
        assert lab.assigned() == len(table)
        relay = lab.relay()
        for what in chance.sample(sorted(promised), 10):
            assert relay.still_has(bytes.fromhex(promised[what].replace(":", "")), what), what
        relay.close()
    assert lab.server.stop() == 0
