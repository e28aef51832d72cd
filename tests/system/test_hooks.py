"""Hook libraries in the running server: slow, raising, dropping, editing, and reloaded under load."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

import pytest

from bench.sandbox import Sandbox
from bench.server import KEAD
from tests.system.relayed import Lab, mac, options
from tests.system.waiting import until

PARK = """
\"\"\"Each REQUEST through the relay 10.0.0.3 waits 50 ms; nobody else does.\"\"\"
import asyncio

async def pkt4_receive(callout):
    if callout.query4.giaddr == 0x0A000003 and callout.query4.type == 3:
        await asyncio.sleep(0.05)
"""

RAISE = """
\"\"\"Raises for every client whose hardware address ends in an odd byte.\"\"\"
def pkt4_receive(callout):
    if callout.query4.hwaddr[5] & 1:
        raise RuntimeError("odd")
"""

DROPPING = """
\"\"\"Nothing for clients whose hardware address ends in an odd byte.\"\"\"
from kead.hooks import DROP

def pkt4_receive(callout):
    if callout.query4.hwaddr[5] & 1:
        callout.status = DROP
"""

EDIT = """
\"\"\"Every reply gets another domain name.\"\"\"
def pkt4_send(callout):
    callout.response4.options[15] = callout.library.parameters["domain"].encode()
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

async def pkt4_receive(callout):
    callout.library.seen += 1
"""


@pytest.fixture(autouse=True)
def _only_kead(flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("kea-dhcp4 loads no Python")


def with_library(sandbox: Sandbox, directory: Path, source: str, **parameters: Any) -> Lab:
    file = directory / "run" / "library.py"
    file.parent.mkdir(mode=0o750)
    file.write_text(source)
    lab = Lab(sandbox, directory, KEAD)
    lab.server.extra = {"KEA_HOOKS_PATH": str(file.parent)}
    lab.configure(**{"hooks-libraries": [{"library": str(file), "parameters": parameters}]})
    return lab


def loads(notes: Path) -> int:
    return notes.read_text().split().count("load")


def test_a_library_that_takes_its_time_stops_only_its_own_packets(sandbox: Sandbox, tmp_path: Path) -> None:
    lab = with_library(sandbox, tmp_path, PARK)
    lab.server.start()
    alone = lab.flood("--seconds", "2", "--clients", "4").figures()
    slow = lab.flood("--seconds", "4", "--clients", "16", "--relay", "10.0.0.3", "--patience", "2")
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


def test_a_library_that_raises_costs_that_packet_and_is_named(sandbox: Sandbox, tmp_path: Path) -> None:
    lab = with_library(sandbox, tmp_path, RAISE)
    lab.server.start()
    relay = lab.relay()
    assert relay.lease(mac(2)) is not None
    assert relay.lease(mac(3)) is None
    assert relay.lease(mac(4)) is not None
    relay.close()
    complaints = [line for line in lab.server.log().splitlines() if "HOOKS_CALLOUT_EXCEPTION" in line]
    assert complaints
    assert "library.py" in complaints[0]
    assert "odd" in complaints[0]


def test_a_library_that_drops_is_obeyed(sandbox: Sandbox, tmp_path: Path) -> None:
    lab = with_library(sandbox, tmp_path, DROPPING)
    lab.server.start()
    relay = lab.relay()
    assert relay.lease(mac(2)) is not None
    assert relay.lease(mac(3)) is None
    relay.close()
    assert lab.server.statistic("pkt4-offer-sent") == 1


def test_a_library_edits_options(sandbox: Sandbox, tmp_path: Path) -> None:
    lab = with_library(sandbox, tmp_path, EDIT, domain="edited.example")
    lab.server.start()
    relay = lab.relay()
    given = relay.lease(mac(1))
    relay.close()
    assert given is not None
    assert options(given[1])[15] == b"edited.example"


def test_a_library_reloaded_under_load_loses_no_packet(sandbox: Sandbox, tmp_path: Path) -> None:
    notes = tmp_path / "notes"
    lab = with_library(sandbox, tmp_path, COUNT, file=str(notes))
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
