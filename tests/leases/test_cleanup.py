"""The clean-up as a server does it: rotation, the process, what it leaves, and what it must not touch."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import pytest

from kead.allocation.occupancy import Occupancy
from kead.leases import cleanup
from kead.leases.cleanup import LeaseFileCleanup, lfc_command
from kead.leases.csv4 import HEADER, format_row
from kead.leases.memfile4 import Memfile4, MemfileSettings
from tests.leases.some_leases import NET, NOW, changed, lease, until

DATA = Path(__file__).with_name("data")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    monkeypatch.setattr(cleanup, "lfc_command", lambda: [sys.executable, "-m", "kead.leases.lfc"])
    return tmp_path / "leases.csv"


def names(path: Path) -> list[str]:
    return sorted(one.name.removeprefix(path.name) for one in path.parent.iterdir())


async def test_a_clean_up_while_leases_go_on_changing(path: Path) -> None:
    store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    held = lease(1)
    await store.add(held)
    for second in range(1, 20):
        renewed = changed(held, cltt=NOW + second)
        await store.update(renewed, held)
        held = renewed
    store.flush()
    running = asyncio.create_task(LeaseFileCleanup(store, 0).run())
    await asyncio.sleep(0)
    await store.add(lease(2))
    store.flush()
    assert await running == 0
    await store.add(lease(3))
    store.flush()
    assert names(path) == ["", ".2"]
    assert Path(f"{path}.2").read_text() == HEADER + format_row(held)
    assert path.read_text() == HEADER + format_row(lease(2)) + format_row(lease(3))
    assert await LeaseFileCleanup(store, 0).run() == 0
    assert path.read_text() == HEADER
    await store.close()
    again = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    assert [await again.get(NET + n) for n in (1, 2, 3)] == [held, lease(2), lease(3)]
    await again.close()


@pytest.mark.parametrize("left", [".1", ".completed"])
async def test_what_a_killed_clean_up_left_is_finished_first(path: Path, left: str) -> None:
    path.with_name(path.name + left).write_text(HEADER + format_row(lease(7)))
    store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    await store.add(lease(1))
    store.flush()
    assert await LeaseFileCleanup(store, 0).run() == 0
    assert names(path) == ["", ".2"]
    assert path.read_text() == HEADER + format_row(lease(1)), "not rotated"
    assert Path(f"{path}.2").read_text() == HEADER + format_row(lease(7))
    await store.close()


async def test_none_is_started_while_another_runs(path: Path) -> None:
    store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    Path(f"{path}.pid").write_text(f"{os.getppid()}\n")
    assert await LeaseFileCleanup(store, 0).run() is None
    assert names(path) == ["", ".pid"]
    await store.close()


async def test_an_older_file_is_converted_at_start(path: Path) -> None:
    path.write_bytes((DATA / "kea-2.2.0.csv").read_bytes())
    store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    assert store.needs_cleanup
    clean = LeaseFileCleanup(store, 0)
    clean.start()
    await until(lambda: names(path) == ["", ".2"])
    await clean.stop()
    assert not store.needs_cleanup
    assert path.read_text() == HEADER
    assert Path(f"{path}.2").read_text().startswith(HEADER + "10.0.1.11,")
    await store.close()


async def test_the_interval(path: Path) -> None:
    store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    await store.add(lease(1))
    store.flush()
    clean = LeaseFileCleanup(store, 0.01)  # type: ignore[arg-type]  # any number of seconds
    clean.start()
    await until(lambda: names(path) == ["", ".2"])
    await clean.stop()
    await store.close()


async def test_a_program_that_cannot_be_started_is_no_disaster(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "lfc_command", lambda: ["/nonexistent/kead-lfc"])
    store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    await store.add(lease(1))
    assert await LeaseFileCleanup(store, 0).run() is None
    await store.add(lease(2))
    await store.close()
    again = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    assert len(again) == 2
    await again.close()


def test_which_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEA_LFC_EXECUTABLE", "/usr/sbin/kea-lfc")
    assert lfc_command() == ["/usr/sbin/kea-lfc"]
    monkeypatch.delenv("KEA_LFC_EXECUTABLE")
    monkeypatch.setattr(sys, "executable", "/nowhere/python3")
    assert lfc_command() == ["/nowhere/python3", "-m", "kead.leases.lfc"]
