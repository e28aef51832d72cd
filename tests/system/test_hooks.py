"""Hook libraries in the running server: slow, raising, dropping, editing, and reloaded under load."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from bench.sandbox import Sandbox
from bench.server import KEAD
from tests.system.lab import Lab, mac
from tests.system.labs import LABS, both_families
from tests.system.relayed import options as options4
from tests.system.relayed6 import options as options6
from tests.system.waiting import until

# What the two families call things: whose packet it is, where a name is set
NAMES = {
    4: {
        "point": "pkt4_receive",
        "second": "callout.query4.giaddr == 0x0A000003",
        "query": "query4",
        "odd": "callout.query4.hwaddr[5] & 1",
        "send": "pkt4_send",
        "edit": "callout.response4.options[15] = domain",
    },
    6: {
        "point": "pkt6_receive",
        "second": "callout.query6.relays[0].link & 0xFF == 3",
        "query": "query6",
        "odd": "callout.query6.duid[-1] & 1",
        "send": "pkt6_send",
        "edit": "callout.response6.options[59] = [domain]",
    },
}
NAME_OPTION = {4: 15, 6: 59}  # the domain name; the boot file's URL

PARK = """
\"\"\"Each REQUEST through the second relay waits 50 ms; nobody else does.\"\"\"
import asyncio

async def {point}(callout):
    if {second} and callout.{query}.type == 3:
        await asyncio.sleep(0.05)
"""

RAISE = """
\"\"\"Raises for every client whose hardware address ends in an odd byte.\"\"\"
def {point}(callout):
    if {odd}:
        raise RuntimeError("odd")
"""

DROPPING = """
\"\"\"Nothing for clients whose hardware address ends in an odd byte.\"\"\"
from kead.hooks import DROP

def {point}(callout):
    if {odd}:
        callout.status = DROP
"""

EDIT = """
\"\"\"Every reply gets another name.\"\"\"
def {send}(callout):
    domain = callout.library.parameters["domain"].encode()
    {edit}
"""

COUNT = """
\"\"\"Notes in a file when it is loaded and unloaded; works a little on every packet.\"\"\"
def note(library, word):
    with open(library.parameters["file"], "a") as file:
        file.write(word + "\\n")

def load(library):
    library.seen = 0
    note(library, "load")

def unload(library):
    note(library, "unload")

async def {point}(callout):
    callout.library.seen += 1
"""


@pytest.fixture(autouse=True)
def _only_kead(flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("Kea loads no Python")


def with_library(family: int, sandbox: Sandbox, directory: Path, source: str, **parameters: Any) -> Lab:
    file = directory / "run" / "library.py"
    file.parent.mkdir(mode=0o750)
    file.write_text(source.format(**NAMES[family]))
    lab = LABS[family](sandbox, directory, KEAD)
    lab.server.extra = {"KEA_HOOKS_PATH": str(file.parent)}
    lab.configure(**{"hooks-libraries": [{"library": str(file), "parameters": parameters}]})
    return lab


def loads(notes: Path) -> int:
    return notes.read_text().split().count("load")


@both_families
def test_a_library_that_takes_its_time_stops_only_its_packets(family: int, sandbox: Sandbox, tmp_path: Path) -> None:
    lab = with_library(family, sandbox, tmp_path, PARK)
    lab.server.start()
    alone = lab.flood("--seconds", "2", "--clients", "4").figures()
    slow = lab.flood("--seconds", "4", "--clients", "16", "--relay", lab.second_relay, "--patience", "2")
    time.sleep(0.5)
    beside = lab.flood("--seconds", "2", "--clients", "4").figures()
    parked = slow.figures()
    assert parked["given_up"] == 0
    assert parked["p50_ms"] >= 50
    assert parked["rate"] > 0.4 * 16 / 0.05  # all sixteen wait at the same time
    assert beside["given_up"] == 0
    assert beside["p99_ms"] < 50  # nobody else waits for them
    assert beside["rate"] > 0.5 * alone["rate"]
    assert lab.server.stop() == 0


@both_families
def test_a_library_that_raises_costs_that_packet_and_is_named(family: int, sandbox: Sandbox, tmp_path: Path) -> None:
    lab = with_library(family, sandbox, tmp_path, RAISE)
    lab.server.start()
    relay = lab.relay()
    assert relay.lease(mac(2)) is not None
    relay.patience = 0.5
    assert relay.lease(mac(3)) is None
    relay.patience = 2.0
    assert relay.lease(mac(4)) is not None
    relay.close()
    complaints = [line for line in lab.server.log().splitlines() if "HOOKS_CALLOUT_EXCEPTION" in line]
    assert complaints
    assert "library.py" in complaints[0]
    assert "odd" in complaints[0]


@both_families
def test_a_library_that_drops_is_obeyed(family: int, sandbox: Sandbox, tmp_path: Path) -> None:
    lab = with_library(family, sandbox, tmp_path, DROPPING)
    lab.server.start()
    relay = lab.relay()
    assert relay.lease(mac(2)) is not None
    relay.patience = 0.5
    assert relay.lease(mac(3)) is None
    relay.close()
    assert lab.server.statistic(f"pkt{family}-sent") == 2


@both_families
def test_a_library_edits_options(family: int, sandbox: Sandbox, tmp_path: Path) -> None:
    lab = with_library(family, sandbox, tmp_path, EDIT, domain="edited.example")
    lab.server.start()
    relay = lab.relay()
    given = relay.lease(mac(1))
    relay.close()
    assert given is not None
    found = dict(options6(given.reply[4:])) if family == 6 else options4(given.reply)
    assert found[NAME_OPTION[family]] == b"edited.example"


@both_families
def test_a_library_reloaded_under_load_loses_no_packet(family: int, sandbox: Sandbox, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    lab = with_library(family, sandbox, tmp_path, COUNT, file=str(notes))
    lab.server.start()
    flood = lab.flood("--seconds", "4", "--clients", "16", "--patience", "2")
    for number in range(1, 6):
        time.sleep(0.4)
        lab.server.signal(signal.SIGHUP)
        until(f"reload {number}", lambda number=number: loads(notes) == number + 1)  # type: ignore[misc]
    assert flood.figures()["given_up"] == 0
    assert lab.server.stop() == 0
    assert loads(notes) == 6
    assert notes.read_text().split().count("unload") == 6
