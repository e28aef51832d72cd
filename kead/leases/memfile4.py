"""The memfile of DHCPv4 leases: a `LocalStore4`. What it does with groups and files is in memfile.py."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from kead.allocation.occupancy import Occupancy
from kead.leases.csv4 import SCHEMA, format_removal, format_row, writable
from kead.leases.lease4 import Lease4
from kead.leases.leasefile import LeaseFile
from kead.leases.loading4 import NO_CHECKS, Checks4, load4
from kead.leases.memfile import Durability, Form, Memfile, MemfileSettings, announce, open_file
from kead.leases.table4 import LeaseTable4

__all__ = ["Durability", "Memfile4", "MemfileSettings"]

_FORM: Final = Form(4, SCHEMA, format_row, format_removal, writable)


class Memfile4(Memfile[Lease4]):
    """A `LocalStore4`."""

    _table: LeaseTable4

    def __init__(self, table: LeaseTable4, file: LeaseFile | None, durability: Durability = "write") -> None:
        super().__init__(table, _FORM, file, durability)
        self.occupancy: Occupancy = table.occupancy

    @classmethod
    def open(cls, settings: MemfileSettings, occupancy: Occupancy, now: int, checks: Checks4 = NO_CHECKS) -> Memfile4:
        """Load the files and begin to append. LoadError: they are not to be used; StoreError: no access."""
        announce(settings, _FORM)
        table = LeaseTable4(occupancy, now)
        if settings.path is None:
            return cls(table, None)
        loaded = load4(settings.path, checks, settings.max_row_errors)
        table.fill(loaded.records, loaded.restless)
        store = cls(table, open_file(settings.path, _FORM), settings.durability)
        store.needs_cleanup = loaded.converted
        return store

    # At once, as nobody shares this store …

    def at(self, address: int) -> Lease4 | None:
        return self._table.get(address)

    def leases_of(self, client_id: bytes, hwaddr: bytes) -> tuple[Sequence[Lease4], Sequence[Lease4]]:
        return self._table.of_both(client_id, hwaddr)

    async def get(self, address: int) -> Lease4 | None:
        return self._table.get(address)

    async def of_client(self, client_id: bytes, hwaddr: bytes) -> tuple[Sequence[Lease4], Sequence[Lease4]]:
        return self._table.of_both(client_id, hwaddr)

    async def counts(self) -> Iterable[tuple[int, int, int, int]]:
        return [(subnet, pool, state, number) for (subnet, pool, state), number in self._table.counts.items()]
