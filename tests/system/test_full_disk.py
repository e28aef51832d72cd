"""A disk that is full: nothing is promised without its lease in the file, the log says why, and service comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.sandbox import Sandbox, run
from bench.server import KEAD
from tests.system.lab import acknowledged, mac
from tests.system.labs import LABS, both_families
from tests.system.waiting import until


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Half a MiB, of which all but a little is taken by a file that can be removed."""
    place = tmp_path / "lib"
    place.mkdir()
    run("mount", "-t", "tmpfs", "-o", "size=512k,mode=750", "tmpfs", place)
    (place / "ballast").write_bytes(bytes(448 << 10))
    yield place
    run("umount", "-l", place)


@both_families
def test_no_promise_without_its_lease(
    family: int, small_disk: Path, sandbox: Sandbox, tmp_path: Path, flavour: str
) -> None:
    if flavour != KEAD:
        pytest.skip("Kea answers with a NAK, one ERROR line a packet")
    lab = LABS[family](sandbox, tmp_path, flavour)
    lab.server.start()
    log = tmp_path / "acknowledged"
    lab.flood("--seconds", "2", "--clients", "8", "--log", log).figures()
    promised = acknowledged(log)
    assert promised
    table = lab.table()
    assert {what: table[what] for what in promised if what in table} == promised

    full = lab.flood("--seconds", "1", "--clients", "8", "--log", log).figures()
    assert full["finished"] == 0
    assert lab.server.running
    errors = [line for line in lab.server.log().splitlines() if " ERROR " in line]
    assert any("No space left on device" in line for line in errors), lab.server.tail()
    assert len(errors) < 1000, "a full disk must not fill the log's disk as well"

    (small_disk / "ballast").unlink()
    relay = lab.relay()
    given = until("service comes back", lambda: relay.lease(mac(1)))
    relay.close()
    # What was refused is not half-kept: the table in memory is the one of the file.
    table = lab.table()
    assert set(given.leases) <= set(table)
    assert lab.assigned() == len(table)
    assert lab.server.stop() == 0
