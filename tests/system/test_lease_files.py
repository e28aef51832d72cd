"""An unchanged Kea reads kead's lease file and goes on where kead stopped; and the other way round."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.lease_file import leases
from bench.sandbox import Sandbox
from bench.server import KEA, KEAD
from tests.system.relayed import Lab, acknowledged, mac


@pytest.mark.parametrize(("writer", "reader"), [(KEAD, KEA), (KEA, KEAD)])
def test_one_goes_on_where_the_other_stopped(
    writer: str, reader: str, sandbox: Sandbox, tmp_path: Path, flavour: str
) -> None:
    writer, reader = (flavour if name == KEAD else name for name in (writer, reader))
    first = Lab(sandbox, tmp_path / "first", writer)
    first.server.start()
    log = tmp_path / "acknowledged"
    first.flood("--seconds", "1", "--clients", "8", "--log", log).figures()
    relay = first.relay()
    given = relay.lease(mac(1))
    assert given is not None
    assert first.server.stop() == 0
    relay.close()
    table = leases(first.server.lease_file)
    assert set(acknowledged(log)) <= set(table)

    second = Lab(sandbox, tmp_path / "second", reader)
    shutil.copyfile(first.server.lease_file, second.server.lease_file)
    second.server.start()
    assert "ROW_ERROR" not in second.server.log()
    assert second.server.statistic("subnet[1].assigned-addresses") == len(table)
    relay = second.relay()
    assert relay.still_has(mac(1), given[0])
    assert relay.still_has(mac(2), given[0]) is False
    relay.close()
