"""The memfile of DHCPv6 leases: the contract, on disk and in memory only, with groups that fail; and what is its own.

What it shares with DHCPv4 (groups, syncs, rotation) is tested in test_memfile4.py.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant

from kead.allocation.occupancy6 import Occupancy6
from kead.leases import table
from kead.leases.csv6 import HEADER, decode_row, format_removal, format_row
from kead.leases.lease6 import EMPTY_DUID, INFINITE, LeaseType
from kead.leases.memfile6 import Durability, Memfile6, MemfileSettings
from kead.leases.store6 import LocalStore6, StoreError
from tests.leases.some_leases import NOW
from tests.leases.some_leases6 import NET, PREFIXES, changed, duid, lease, prefix
from tests.leases.store_contract import StoreContract
from tests.leases.test_memfile4 import Disk

quick = settings(max_examples=25, stateful_step_count=30, deadline=None)


def open_memfile(path: Path | None, durability: Durability = "write", now: int = NOW) -> Memfile6:
    return Memfile6.open(MemfileSettings(path, durability), Occupancy6(), now)


class StoreContract6(StoreContract):
    """Odd numbers are prefixes, of two lengths; even ones addresses."""

    def address_of(self, number: int) -> int:
        return PREFIXES + (number << 72) if number % 2 else NET + number

    async def find(self, number: int) -> Any:
        kind, other = (2, 0) if number % 2 else (0, 2)
        found = await self.store.get(kind, self.address_of(number))
        assert found is None or await self.store.get(other, self.address_of(number)) is None
        return found

    def make(self, number: int, client: int, valid: int, state: int) -> Any:
        fields = {
            "duid": duid(client) if client else EMPTY_DUID,
            "iaid": number,
            "preferred_lifetime": valid // 2,
            "valid_lifetime": valid,
            "cltt": self.now,
            "state": state if client else 1,
            "subnet_id": 1 + number % 2,
        }
        if number % 2:
            return prefix(number, **fields, prefix_length=56 + 4 * (client % 2))
        return lease(number, **fields)

    @staticmethod
    def kind(one: Any) -> tuple[int, ...]:
        return one.subnet_id, one.pool_id, one.type, one.state

    def taken(self) -> set[int]:
        occupancy = self.store.occupancy
        numbers = range(16)
        found = {NET + n for n in numbers if occupancy.addresses.taken(NET + n)}
        found |= {self.address_of(n) for n in numbers if n % 2 and occupancy.prefixes.taken(self.address_of(n), 56)}
        assert len(occupancy.addresses) + len(occupancy.prefixes) == len(found)
        return found

    def check_clients(self, client: int) -> None:
        found = self.do(self.store.of_client(duid(client)))
        assert {one.address for one in found} == {
            one.address for one in self.accepted.values() if one.duid == duid(client)
        }
        assert all(one == self.accepted[one.address] for one in found)


class MemfileContract(StoreContract6):
    can_fail = True
    durability: Durability = "write"

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.patch = pytest.MonkeyPatch()
        self.disk = Disk(self.patch)

    async def open(self) -> LocalStore6:
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


class InMemoryContract(StoreContract6):
    survives = False

    async def open(self) -> LocalStore6:
        return open_memfile(None, now=self.now)


class TestMemfile(MemfileContract.TestCase):  # type: ignore[name-defined,misc]
    settings = quick


class TestSynced(SyncedContract.TestCase):  # type: ignore[name-defined,misc]
    settings = quick


class TestSleepy(SleepyContract.TestCase):  # type: ignore[name-defined,misc]
    settings = quick


class TestInMemory(InMemoryContract.TestCase):  # type: ignore[name-defined,misc]
    settings = quick


async def test_it_is_a_local_store(path: Path) -> None:
    store = open_memfile(path)
    assert isinstance(store, LocalStore6)
    await store.close()


async def test_a_group_is_a_row_a_change(path: Path) -> None:
    store = open_memfile(path)
    address, delegated = lease(1), prefix(1)
    renewed = changed(address, cltt=NOW + 5)
    assert store.put_new(address)
    assert store.put_new(delegated)
    assert store.put_instead(renewed, address)
    assert await store.delete(delegated)
    assert path.read_text() == HEADER
    assert store.flush() is None
    assert path.read_text() == HEADER + format_row(address) + format_row(delegated) + format_row(
        renewed
    ) + format_removal(delegated)
    await store.close()


async def test_the_release_of_an_address_with_affinity_is_a_row_that_takes_it_away(path: Path) -> None:
    store = open_memfile(path)
    held = lease(1)
    await store.add(held)
    await store.update(changed(held, valid_lifetime=0, preferred_lifetime=0, state=3, cltt=NOW + 9), held)
    assert store.at(LeaseType.NA, NET + 1) is not None
    store.tick(NOW + 10)
    assert not store.occupancy.addresses.taken(NET + 1)
    await store.close()
    again = open_memfile(path)
    assert len(again) == 0
    await again.close()


async def test_leases_of_a_client_come_whatever_their_kind_in_their_order(path: Path) -> None:
    store = open_memfile(path)
    some = [
        prefix(5, duid=duid(1)),
        lease(2, duid=duid(1), subnet_id=7),
        lease(1),
        lease(9, duid=duid(1), state=4, iaid=0),
        lease(3, duid=duid(2)),
    ]
    for one in some:
        assert store.put_new(one)
    assert list(store.leases_of(duid(1))) == [some[0], some[1], some[2], some[3]]
    assert list(await store.of_client(duid(2))) == [some[4]]
    assert list(store.leases_of(duid(3))) == []
    await store.close()


async def test_declined_leases_are_nobodys(path: Path) -> None:
    store = open_memfile(path)
    held = lease(1)
    await store.add(held)
    declined = changed(held, state=1, duid=EMPTY_DUID, preferred_lifetime=0)
    assert store.put_instead(declined, held)
    assert list(store.leases_of(held.duid)) == []
    assert list(store.leases_of(EMPTY_DUID)) == []
    assert store.occupancy.addresses.taken(NET + 1)
    await store.close()
    again = open_memfile(path)
    assert again.at(0, NET + 1) == declined
    assert list(again.leases_of(EMPTY_DUID)) == []
    await again.close()


async def test_an_address_has_one_lease_whatever_its_type(path: Path) -> None:
    store = open_memfile(path)
    first = prefix(1, address=NET, prefix_length=48)
    assert store.put_new(first)
    assert not store.put_new(lease(0))
    assert store.at(LeaseType.NA, NET) is None
    assert store.at(LeaseType.PD, NET) is first
    await store.close()


async def test_a_change_of_length_or_type_moves_what_is_taken() -> None:
    store = open_memfile(None)
    one = prefix(1)
    store.put_new(one)
    longer = changed(one, prefix_length=60)
    assert store.put_instead(longer, one)
    prefixes = store.occupancy.prefixes
    assert prefixes.taken(one.address, 60)
    assert prefixes.taken(one.address, 56)
    assert not prefixes.taken(one.address + (1 << 68), 60)
    assert len(prefixes) == 1
    address = changed(one, type=0, prefix_length=128)
    assert store.put_instead(address, longer)
    assert len(prefixes) == 0
    assert store.occupancy.addresses.taken(one.address)
    assert await store.counts() == [(1, 0, 0, 0, 1)]


async def test_a_full_disk_undoes_the_group(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk = Disk(monkeypatch)
    store = open_memfile(path)
    kept = lease(1)
    await store.add(kept)
    store.flush()
    before = path.read_text()
    disk.room = 150  # the first row fits, the second does not
    await store.update(changed(kept, cltt=NOW + 9), kept)
    await store.add(prefix(2))
    with pytest.raises(StoreError, match=r"cannot write the lease file .*: No space left on device"):
        store.flush()
    assert path.read_text() == before
    assert store.at(0, NET + 1) == kept
    assert store.at(2, prefix(2).address) is None
    assert len(store.occupancy.prefixes) == 0
    assert store.undone == 1
    disk.room = None
    await store.add(prefix(2))
    store.flush()
    assert path.read_text() == before + format_row(prefix(2))
    await store.close()


async def test_mass_expiry_is_worked_off_in_slices() -> None:
    store = open_memfile(None)
    for number in range(1, 3001):
        store.put_new(lease(number, valid_lifetime=10))
        store.put_new(prefix(number, valid_lifetime=10))
    occupancy = store.occupancy
    store.tick(NOW + 11)
    assert 0 < len(occupancy.addresses) + len(occupancy.prefixes) < 6000
    for _ in range(10):
        store.tick(NOW + 11)
    assert len(occupancy.addresses) + len(occupancy.prefixes) == 0
    assert len(await store.expired(NOW + 11, 0)) == 6000


async def test_one_duid_with_many_leases_costs_no_squares() -> None:
    store = open_memfile(None)
    for number in range(1, 3001):
        store.put_new(prefix(number, duid=duid(1)))
    assert [one.iaid for one in store.leases_of(duid(1))] == list(range(1, 3001))
    for number in range(1, 2999):
        await store.delete(prefix(number, duid=duid(1)))
    assert [one.iaid for one in store.leases_of(duid(1))] == [2999, 3000]
    for number in (2999, 3000):
        await store.delete(prefix(number, duid=duid(1)))
    assert list(store.leases_of(duid(1))) == []
    store.put_new(prefix(7, duid=duid(1)))
    assert [one.iaid for one in store.leases_of(duid(1))] == [7]


async def test_what_has_ended_before_the_start_is_free(path: Path) -> None:
    path.write_text(HEADER + "".join(map(format_row, (lease(1), prefix(2), lease(3, cltt=NOW + 9)))))
    store = open_memfile(path, now=NOW + 3601)
    assert not store.occupancy.addresses.taken(NET + 1)
    assert store.occupancy.addresses.taken(NET + 3)
    assert len(store.occupancy.prefixes) == 0
    store.tick(NOW + 3601)
    assert [one.iaid for one in await store.expired(NOW + 3601, 0)] == [1, 2]
    await store.close()


async def test_pages_in_address_order_over_the_whole_space(path: Path) -> None:
    store = open_memfile(path)
    some = [lease(0, address=number * 0x9E3779B97F4A7C15F39CC0605CEDC834 % 2**128) for number in range(1, 3000)]
    for one in some:
        store.put_new(one)
    await store.close()
    store = open_memfile(path)
    extra = lease(0, address=5)
    store.put_new(extra)
    addresses = sorted([one.address for one in some] + [5])
    assert [one.address async for page in store.all(100) for one in page] == addresses
    assert [one.address async for page in store.all(100, addresses[700]) for one in page] == addresses[701:]
    await store.close()


async def test_a_lease_that_no_file_could_hold_is_refused(path: Path) -> None:
    store = open_memfile(path)
    for one in (lease(1, duid=b"\0"), lease(1, duid=bytes(131)), lease(1, duid=EMPTY_DUID)):
        with pytest.raises(ValueError, match="cannot hold"):
            store.put_new(one)
    await store.close()
    assert path.read_text() == HEADER


async def test_what_only_files_know_stays_awake(path: Path) -> None:
    odd = [
        lease(1, type=300),
        lease(2, type=-1),
        lease(3, state=300),
        lease(4, hostname="nul\0byte"),
        lease(5, cltt=-9),
    ]
    path.write_text(HEADER + "".join(map(format_row, odd)))
    store = open_memfile(path)
    assert [one async for page in store.all() for one in page] == odd
    assert store.at(300, NET + 1) == odd[0]
    await store.close()
    assert decode_row(path.read_text().splitlines()[-1]) == odd[-1]


async def test_infinite_leases_never_end() -> None:
    store = open_memfile(None)
    store.put_new(prefix(1, valid_lifetime=INFINITE, preferred_lifetime=INFINITE))
    store.tick(NOW + 2**33)
    assert store.occupancy.prefixes.taken(prefix(1).address, 56)
    assert await store.expired(NOW + 2**33, 0) == []
