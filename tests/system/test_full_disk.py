"""A disk that is full: no ACK leaves without its lease in the file, the log says why, and service comes back."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.lease_file import leases
from bench.sandbox import Sandbox, run
from bench.server import KEAD
from tests.system.relayed import Lab, acknowledged, mac
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


def test_no_ack_without_its_lease(small_disk: Path, sandbox: Sandbox, tmp_path: Path, flavour: str) -> None:
    if flavour != KEAD:
        pytest.skip("Kea answers with a NAK, one ERROR line a packet")
    lab = Lab(sandbox, tmp_path, flavour)
    lab.server.start()
    log = tmp_path / "acknowledged"
    lab.flood("--seconds", "2", "--clients", "8", "--log", log).figures()
    promised = acknowledged(log)
    assert promised
    table = leases(lab.server.lease_file)
    assert {address: table[address]["hwaddr"] for address in promised if address in table} == promised

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
    table = leases(lab.server.lease_file)
    assert given[0] in table
    assert lab.server.statistic("subnet[1].assigned-addresses") == len(table)
    assert lab.server.stop() == 0
