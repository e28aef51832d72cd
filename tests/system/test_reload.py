"""A reload under load: nothing is lost, and a configuration that is wrong changes nothing."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import pytest

from bench.sandbox import Sandbox
from bench.server import KEAD
from tests.system.lab import Lab, acknowledged, mac
from tests.system.labs import LABS, both_families
from tests.system.waiting import until

RELOADS = 5


def lifetime(lab: Lab) -> int:
    return int(lab.running()["valid-lifetime"])


@both_families
def test_sighup_under_load_loses_nothing(family: int, sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("Kea closes its sockets meanwhile")
    lab = LABS[family](sandbox, tmp_path, flavour)
    lab.server.start()
    log = tmp_path / "acknowledged"
    flood = lab.flood("--seconds", "5", "--clients", "16", "--patience", "2", "--log", log)
    for number in range(1, RELOADS + 1):
        time.sleep(0.5)
        lab.configure(**{"valid-lifetime": 7200 + number})
        lab.server.signal(signal.SIGHUP)
        until(f"reload {number}", lambda number=number: lifetime(lab) == 7200 + number)  # type: ignore[misc]
    figures = flood.figures()
    assert figures["given_up"] == 0
    assert figures["naks"] == 0
    promised = acknowledged(log)
    table = lab.table()
    assert {what: table[what] for what in promised if what in table} == promised
    relay = lab.relay()
    given = relay.lease(mac(1))
    relay.close()
    assert given is not None
    assert given.lifetime == 7200 + RELOADS


@both_families
def test_a_wrong_configuration_leaves_the_old_one_in_force(
    family: int, sandbox: Sandbox, tmp_path: Path, flavour: str
) -> None:
    lab = LABS[family](sandbox, tmp_path, flavour)
    lab.server.start()
    lab.configure(**{"valid-lifetime": 1234, "no-such-keyword": 1})
    lab.server.signal(signal.SIGHUP)
    until("the failure is logged", lambda: f"{lab.prefix}DYNAMIC_RECONFIGURATION_FAIL" in lab.server.log())
    relay = lab.relay()
    given = relay.lease(mac(1))
    relay.close()
    assert given is not None
    assert given.lifetime == 7200
    assert lab.server.stop() == 0
