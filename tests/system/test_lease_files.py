"""An unchanged Kea reads kead's lease file and goes on where kead stopped; and the other way round."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from bench.sandbox import Sandbox
from bench.server import KEA, KEAD
from tests.system.lab import acknowledged, mac
from tests.system.labs import LABS, both_families


@pytest.mark.parametrize(("writer", "reader"), [(KEAD, KEA), (KEA, KEAD)])
@both_families
def test_one_goes_on_where_the_other_stopped(
    family: int, writer: str, reader: str, sandbox: Sandbox, tmp_path: Path, flavour: str
) -> None:
    writer, reader = (flavour if name == KEAD else name for name in (writer, reader))
    first = LABS[family](sandbox, tmp_path / "first", writer)
    first.server.start()
    log = tmp_path / "acknowledged"
    first.flood("--seconds", "1", "--clients", "8", "--log", log).figures()
    relay = first.relay()
    given = relay.lease(mac(1))
    assert given is not None
    assert first.server.stop() == 0
    relay.close()
    table = first.table()
    assert set(acknowledged(log)) <= set(table)

    second = LABS[family](sandbox, tmp_path / "second", reader)
    shutil.copyfile(first.server.lease_file, second.server.lease_file)
    second.server.start()
    assert "ROW_ERROR" not in second.server.log()
    assert second.assigned() == len(table)
    relay = second.relay()
    for what in given.leases:
        assert relay.still_has(mac(1), what)
        assert relay.still_has(mac(2), what) is False
    relay.close()
