"""The memfile: the contract, on disk and in memory only, with groups that fail; and what is its own."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant

from kead.allocation.occupancy import Occupancy
from kead.leases import table
from kead.leases.csv4 import HEADER, format_row
from kead.leases.leasefile import LeaseFile
from kead.leases.memfile4 import Durability, Memfile4, MemfileSettings
from kead.leases.store4 import LeaseStore4, StoreError
from tests.leases.some_leases import NET, NOW, changed, lease
from tests.leases.store_contract import StoreContract

quick = settings(max_examples=25, stateful_step_count=30, deadline=None)


def open_memfile(path: Path | None, durability: Durability = "write", now: int = NOW) -> Memfile4:
    return Memfile4.open(MemfileSettings(path, durability), Occupancy(), now)


class Disk:
    """What the lease file's module knows as `os`: the real one, whose disk can be full or broken."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.room: int | None = None
        self.broken = False
        self.writes: list[bytes] = []
        monkeypatch.setattr("kead.leases.leasefile.os", self)

    def __getattr__(self, name: str) -> object:
        return getattr(os, name)

    def write(self, descriptor: int, data: bytes) -> int:
        self.writes.append(bytes(data))
        if self.room is None:
            return os.write(descriptor, data)
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = os.write(descriptor, data[: self.room])
        self.room -= written
        return written

    def fdatasync(self, descriptor: int) -> None:
        if self.broken:
            raise OSError(errno.EIO, "Input/output error")
        os.fdatasync(descriptor)


class MemfileContract(StoreContract):
    can_fail = True
    durability: Durability = "write"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.disk = Disk(self.patch)

    async def open(self) -> LeaseStore4:
        return open_memfile(self.folder / "leases.csv", self.durability, self.now)

    def fail(self) -> None:
        self.disk.room = 40  # less than a row: a short write, then none

    def heal(self) -> None:
        self.disk.room = None
        self.disk.broken = False

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            self.patch.undo()
            shutil.rmtree(self.folder)

    @invariant()
    def file_ends_with_a_row(self) -> None:
        if hasattr(self, "store"):
            assert (self.folder / "leases.csv").read_bytes().endswith(b"\n")


class SyncedContract(MemfileContract):
    durability: Durability = "fsync"

    def fail(self) -> None:
        self.disk.broken = True


class SleepyContract(MemfileContract):
    """As many leases as possible at rest."""

    def __init__(self) -> None:
        super().__init__()
        self.patch.setattr(table, "_AWAKE", 1)


class InMemoryContract(StoreContract):
    survives = False

    async def open(self) -> LeaseStore4:
        return open_memfile(None, now=self.now)


class TestMemfile(MemfileContract.TestCase):  # type: ignore[name-defined,misc]
    settings = quick


class TestSynced(SyncedContract.TestCase):  # type: ignore[name-defined,misc]
    settings = quick


class TestSleepy(SleepyContract.TestCase):  # type: ignore[name-defined,misc]
    settings = quick


class TestInMemory(InMemoryContract.TestCase):  # type: ignore[name-defined,misc]
    settings = quick


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    return Disk(monkeypatch)


async def test_a_group_is_one_write_and_a_row_a_change(path: Path, disk: Disk) -> None:
    store = open_memfile(path)
    disk.writes.clear()
    first, second = lease(1), lease(2)
    renewed = changed(first, cltt=NOW + 5)
    assert await store.add(first)
    assert await store.add(second)
    assert await store.update(renewed, first)
    assert await store.delete(second)
    assert path.read_text() == HEADER
    assert store.flush() is None
    assert len(disk.writes) == 1
    assert path.read_text() == HEADER + format_row(first) + format_row(second) + format_row(renewed) + (
        f"10.0.0.2,02:00:00:00:00:02,01:02:00:00:02,0,{NOW},1,0,0,,0,,0\n"
    )
    assert store.flush() is None
    assert len(disk.writes) == 1
    await store.close()
    assert os.stat(path).st_mode & 0o777 & ~0o640 == 0


async def test_coroutines_of_the_memfile_never_suspend(path: Path) -> None:
    store = open_memfile(path)
    for coroutine in (
        store.add(lease(1)),
        store.get(NET + 1),
        store.of_client(b"\1\2", b"\2"),
        store.durable(),
        store.expired(NOW + 9000, 0),
        store.reclaimed(NOW, 0),
        store.counts(),
        store.update(lease(1, cltt=NOW + 1), lease(1)),
        store.delete(lease(1, cltt=NOW + 1)),
    ):
        with pytest.raises(StopIteration):
            coroutine.send(None)
    await store.close()


async def test_a_full_disk_undoes_the_group_and_room_brings_service_back(path: Path, disk: Disk) -> None:
    store = open_memfile(path)
    kept = lease(1)
    await store.add(kept)
    store.flush()
    before = path.read_text()
    disk.room = 100  # the first row fits, the second does not
    renewed, new = changed(kept, cltt=NOW + 9), lease(2)
    await store.update(renewed, kept)
    await store.add(new)
    with pytest.raises(StoreError, match=r"cannot write the lease file .*: No space left on device"):
        store.flush()
    assert path.read_text() == before
    assert await store.get(NET + 1) == kept
    assert await store.get(NET + 2) is None
    assert not store.occupancy.taken(NET + 2)
    assert store.undone == 1
    assert store.flush() is None, "there is nothing left to write"
    disk.room = None
    assert await store.add(new)
    assert store.flush() is None
    assert path.read_text() == before + format_row(new)
    await store.close()


async def test_a_tail_that_could_not_be_cut_is_cut_before_the_next_write(
    path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_memfile(path)
    disk.room = 30
    await store.add(lease(1))
    with monkeypatch.context() as patch:
        patch.setattr(disk, "ftruncate", _broken, raising=False)
        with pytest.raises(StoreError):
            store.flush()
        disk.room = None
        await store.add(lease(2))
        with pytest.raises(StoreError):
            store.flush()
    assert path.read_text() == HEADER + format_row(lease(1))[:30]
    await store.add(lease(3))
    store.flush()
    assert path.read_text() == HEADER + format_row(lease(3))
    await store.close()


def _broken(*_: object) -> None:
    raise OSError(errno.EIO, "Input/output error")


async def test_what_durable_failed_to_store_fails_the_next_flush_too(path: Path, disk: Disk) -> None:
    store = open_memfile(path)
    disk.room = 0
    await store.add(lease(1))
    with pytest.raises(StoreError):
        await store.durable()
    await store.add(lease(2))  # a later exchange of the same batch
    with pytest.raises(StoreError):
        store.flush()
    assert len(store) == 0
    disk.room = None
    await store.add(lease(3))
    assert store.flush() is None
    assert len(store) == 1
    await store.close()


async def test_groups_are_synced_one_after_the_other_while_others_gather(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    syncs: list[str] = []
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def sync(file: LeaseFile) -> None:
        asyncio.run_coroutine_threadsafe(gate.wait(), loop).result(10)
        syncs.append(path.read_text())

    monkeypatch.setattr(LeaseFile, "sync", sync)
    store = open_memfile(path, "fsync")
    await store.add(lease(1))
    first = store.flush()
    await store.add(lease(2))
    second = store.flush()
    await store.add(lease(3))
    third = store.flush()
    assert None not in (first, second, third)
    await asyncio.sleep(0.01)
    assert not first.done()
    assert path.read_text().count("\n") == 4, "written while the first is being synced"
    assert await store.get(NET + 3) == lease(3), "accepted, though not durable"
    gate.set()
    await asyncio.gather(first, second, third)
    assert len(syncs) == 2, "the second sync is for all that came meanwhile"
    await store.close()


async def test_a_sync_that_fails_undoes_its_group_and_those_after_it(path: Path, disk: Disk) -> None:
    store = open_memfile(path, "fsync")
    one = lease(1)
    await store.add(one)
    done = store.flush()
    assert done is not None
    await done
    before = path.read_text()
    disk.broken = True
    renewed = changed(one, cltt=NOW + 1)
    await store.update(renewed, one)
    first = store.flush()
    await store.add(lease(2))
    second = store.flush()
    again = changed(renewed, cltt=NOW + 2)
    await store.update(again, renewed)  # gathering when the news comes
    assert None not in (first, second)
    for future in (first, second):
        with pytest.raises(StoreError, match="cannot sync"):
            await future
    assert await store.get(NET + 1) == one
    assert await store.get(NET + 2) is None
    assert path.read_text() == before
    with pytest.raises(StoreError):
        store.flush()
    disk.broken = False
    await store.add(lease(3))
    await store.durable()
    assert path.read_text() == before + format_row(lease(3))
    await store.close()


@pytest.mark.parametrize("durability", ["write", "fsync"])
async def test_rotation_loses_nothing(path: Path, durability: Durability) -> None:
    store = open_memfile(path, durability)
    copy = path.with_name("leases.csv.1")
    waiting = []
    for number in range(1, 40):
        await store.add(lease(number))
        waiting.append(store.flush())
        if number == 20:
            rotation = asyncio.ensure_future(store.rotate(copy))
        await asyncio.sleep(0)
    await rotation
    await asyncio.gather(*(future for future in waiting if future is not None))
    await store.close()
    both = copy.read_text() + path.read_text()
    assert both.count(HEADER) == 2
    assert both.replace(HEADER, "") == "".join(format_row(lease(number)) for number in range(1, 40))
    again = open_memfile(path)
    assert len(again) == 39
    await again.close()


async def test_a_rotation_that_fails_changes_nothing(path: Path, disk: Disk) -> None:
    store = open_memfile(path)
    await store.add(lease(1))
    store.flush()
    disk.room = 10
    with pytest.raises(StoreError, match="cannot rotate"):
        await store.rotate(path.with_name("leases.csv.1"))
    disk.room = None
    await store.add(lease(2))
    store.flush()
    assert path.read_text() == HEADER + format_row(lease(1)) + format_row(lease(2))
    assert sorted(p.name for p in path.parent.iterdir()) == ["leases.csv"]
    await store.close()


async def test_mass_expiry_is_worked_off_in_slices(path: Path) -> None:
    store = open_memfile(None)
    for number in range(1, 5001):
        await store.add(lease(number, valid_lifetime=10))
    store.tick(NOW + 11)
    assert 0 < store.occupancy.count(NET, NET + 65535) < 5000
    for _ in range(10):
        store.tick(NOW + 11)
    assert store.occupancy.count(NET, NET + 65535) == 0
    assert len(await store.expired(NOW + 11, 0)) == 5000


async def test_one_identifier_with_many_leases_costs_no_squares() -> None:
    store = open_memfile(None)
    for number in range(1, 3001):
        await store.add(lease(number, hwaddr=b"\2\2\2\2\2\2"))
    _, found = await store.of_client(b"", b"\2\2\2\2\2\2")
    assert [one.address for one in found] == list(range(NET + 1, NET + 3001))
    for number in range(1, 2999):
        await store.delete(lease(number, hwaddr=b"\2\2\2\2\2\2"))
    _, found = await store.of_client(b"", b"\2\2\2\2\2\2")
    assert [one.address for one in found] == [NET + 2999, NET + 3000]


async def test_renewals_leave_no_garbage_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "_STALE", 100)
    store = open_memfile(None)
    held = lease(1)
    await store.add(held)
    for second in range(1, 3000):
        renewed = changed(held, cltt=NOW + second)
        await store.update(renewed, held)
        store.flush()
        store.tick(NOW)
        held = renewed
    assert store._table._running.entries < 250
    assert [one.address for one in await store.expired(NOW + 10_000, 0)] == [NET + 1]


async def test_a_lease_that_no_file_could_hold_is_refused(path: Path) -> None:
    store = open_memfile(path)
    with pytest.raises(ValueError, match="cannot hold"):
        await store.add(lease(1, client_id=b"\1"))
    await store.close()
    assert path.read_text() == HEADER
