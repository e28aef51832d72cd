"""A lease file on a disk that really fills up: a tiny tmpfs."""

from __future__ import annotations

import ctypes
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from kead.allocation.occupancy import Occupancy
from kead.leases.memfile4 import Durability, Memfile4, MemfileSettings
from kead.leases.store4 import StoreError
from tests.leases.some_leases import NET, NOW, lease

pytestmark = pytest.mark.system
_libc = ctypes.CDLL(None, use_errno=True)


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    if os.geteuid():
        pytest.skip("needs root")
    folder = tmp_path / "tiny"
    folder.mkdir()
    if _libc.mount(b"kead-test", os.fsencode(folder), b"tmpfs", 0, b"size=64k"):
        pytest.skip(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    yield folder
    _libc.umount2(os.fsencode(folder), 2)


@pytest.mark.parametrize("durability", ["write", "fsync"])
async def test_a_disk_that_fills_up_and_gets_room_again(tiny: Path, durability: Durability) -> None:
    ballast = tiny / "ballast"
    ballast.write_bytes(bytes(40_000))
    path = tiny / "leases.csv"
    store = Memfile4.open(MemfileSettings(path, durability), Occupancy(), NOW)
    stored: list[int] = []
    failures: list[str] = []
    for number in range(1, 601):
        await store.add(lease(number))
        try:
            future = store.flush()
            if future is not None:
                await future
        except StoreError as error:
            failures.append(str(error))
            assert await store.get(NET + number) is None
        else:
            stored.append(number)
        if number == 500:
            ballast.unlink()
    assert len(failures) > 50
    assert all("No space left on device" in failure for failure in failures)
    assert stored[-100:] == list(range(501, 601)), "as soon as there is room all goes on"
    await store.close()
    again = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    assert [one.address - NET async for page in again.all() for one in page] == stored
    assert not Path(f"{path}.torn").exists()
    await again.close()
