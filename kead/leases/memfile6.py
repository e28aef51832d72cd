"""The memfile of DHCPv6 leases: a `LocalStore6`. What it does with groups and files is in memfile.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kead.allocation.occupancy6 import Occupancy6
from kead.leases.csv6 import SCHEMA, format_removal, format_row, writable
from kead.leases.lease6 import Lease6
from kead.leases.leasefile import LeaseFile
from kead.leases.loading6 import NO_CHECKS, Checks6, load6
from kead.leases.memfile import Durability, Form, Memfile, MemfileSettings, announce, open_file
from kead.leases.table6 import LeaseTable6

__all__ = ["Durability", "Memfile6", "MemfileSettings"]

_FORM: Final = Form(6, SCHEMA, format_row, format_removal, writable)


class Memfile6(Memfile[Lease6]):
    """A `LocalStore6`."""

    _table: LeaseTable6

    def __init__(self, table: LeaseTable6, file: LeaseFile | None, durability: Durability = "write") -> None:
        super().__init__(table, _FORM, file, durability)
        self.occupancy: Occupancy6 = table.occupancy

    @classmethod
    def open(cls, settings: MemfileSettings, occupancy: Occupancy6, now: int, checks: Checks6 = NO_CHECKS) -> Memfile6:
        """Load the files and begin to append. LoadError: they are not to be used; StoreError: no access."""
        announce(settings, _FORM)
        table = LeaseTable6(occupancy, now)
        if settings.path is None:
            return cls(table, None)
        loaded = load6(settings.path, checks, settings.max_row_errors)
        table.fill(loaded.records, loaded.restless)
        store = cls(table, open_file(settings.path, _FORM), settings.durability)
        store.needs_cleanup = loaded.converted
        return store

    def holds_any(self, address: int) -> bool:
        return address in self._table

    def at(self, type: int, address: int) -> Lease6 | None:
        return self._table.find(type, address)

    def leases_of(self, duid: bytes) -> Sequence[Lease6]:
        return self._table.of_client(duid)

    async def get(self, type: int, address: int) -> Lease6 | None:
        return self._table.find(type, address)

    async def of_client(self, duid: bytes) -> Sequence[Lease6]:
        return self._table.of_client(duid)

    async def counts(self) -> Iterable[tuple[int, int, int, int, int]]:
        return [(*key, number) for key, number in self._table.counts.items()]
