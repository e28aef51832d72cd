"""From lease files to leases: which files, in which order, what of a damaged one counts, what is put right.

Law: a lease that a file holds in whole is never lost for what stands beside it. Rows that hold none are reported
and skipped; only what Kea refuses outright (a foreign header, more bad rows than allowed, a clean-up under way)
raises `LoadError`. The last row of a file that a crash cut off is set aside into a file beside it.
"""

from __future__ import annotations

import gc
import os
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar, Final, Generic, Literal

from kead.leases import messages
from kead.leases.cleanup_files import CleanupFiles
from kead.leases.extended import ExtendedInfoChecks, Outcome
from kead.leases.fields import HeaderError, RowError, Schema
from kead.leases.table import LeaseT

LeaseChecks = Literal["none", "warn", "fix", "fix-del", "del"]

_CHUNK: Final = 4 << 20


class LoadError(Exception):
    """The files cannot be used as they are."""


@dataclass(frozen=True, slots=True)
class Checks:
    """`sanity-checks` of the configuration, with the subnets they look at."""

    lease_checks: LeaseChecks = "warn"
    extended_info_checks: ExtendedInfoChecks = "fix"
    subnets: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Subnet id to its first and last address."""
    subnet_of: Callable[[int], int | None] = lambda address: None
    """The id of a subnet that has the address."""


NO_CHECKS: Final = Checks("none", "none")


class Loaded(Generic[LeaseT]):
    """What files hold: the last version of each lease."""

    __slots__ = (
        "converted",
        "errors",
        "looked_at",
        "modified",
        "records",
        "restless",
        "rows",
        "with_ids",
    )

    def __init__(self) -> None:
        self.records: dict[int, bytes] = {}
        """By address, as the family packs them."""
        self.restless: dict[int, LeaseT] = {}
        """Those that do not fit into a record."""
        self.converted = False
        """Whether a file had another schema than ours."""
        self.rows = 0
        self.errors = 0
        self.modified = self.with_ids = 0  # by the checks of extended info; with relay or remote id


class _Lines:
    """A file's lines in lists; what has no line end comes last, apart."""

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._ready = ""
        self.rest = ""
        """What follows the last line end; right after the last list."""

    def first(self) -> str | None:
        """The first line; None: there is not even a whole one (see `rest`)."""
        while True:
            line, end, self.rest = self.rest.partition("\n")
            if end:
                return line
            chunk = self._read(_CHUNK)
            self.rest = line + chunk.decode("latin-1")
            if not chunk:
                return None

    def __iter__(self) -> Iterator[list[str]]:
        lines = self.rest.split("\n")
        while True:
            self.rest = lines.pop()
            yield lines
            chunk = self._read(_CHUNK)
            if not chunk:
                return
            lines = (self.rest + chunk.decode("latin-1")).split("\n")


class Reader(ABC, Generic[LeaseT]):
    """Reads the files of a family, each into what the ones before it gave. One a load."""

    schema: ClassVar[Schema]

    def __init__(
        self,
        loaded: Loaded[LeaseT],
        checks: Checks,
        max_row_errors: int,
        decode_row: Callable[[str, int], LeaseT],
        rest: Callable[[LeaseT], bytes | None],
    ) -> None:
        self._loaded = loaded
        self._checks = checks
        self._max_row_errors = max_row_errors
        self._decode_row = decode_row
        self._rest = rest
        self._columns = 0
        self._errors = 0
        self._path = Path()

    def load(self, path: Path) -> None:
        """Read a lease file and those that clean-ups left beside it. LoadError."""
        files = CleanupFiles(path)
        if files.running():
            raise LoadError("unable to load leases from files while the lease file cleanup is in progress")
        earlier = (files.completed,) if files.completed.exists() else (files.previous, files.copy)
        collecting = gc.isenabled()
        gc.disable()  # nothing made here is garbage
        try:
            for file in earlier:
                if file.exists():
                    self.read(file)
            if path.exists():
                self.read(path, current=True)
        finally:
            if collecting:
                gc.enable()

    def read(self, path: Path, *, current: bool = False) -> None:
        """Add the leases of one file; the later of two rows counts. `current`: this file will be appended to, so a
        torn end is taken off it. LoadError.
        """
        messages.LEASE_FILE_LOAD(path)
        self._path = path
        self._errors = 0
        schema = self.schema
        try:
            with path.open("rb", buffering=0) as file:
                lines = _Lines(file.read)
                columns = self._columns = self._header(lines, current)
                if columns:
                    if columns != len(schema.columns):
                        self._loaded.converted = True
                        earlier = columns < len(schema.columns)
                        message = messages.NEEDS_UPGRADING if earlier else messages.NEEDS_DOWNGRADING
                        message(path, schema.version)
                    self._all_rows(lines, current)
        except OSError as error:
            raise LoadError(f"cannot read the lease file {path}: {error.strerror}") from error

    def _header(self, lines: _Lines, current: bool) -> int:
        """How many columns the file has; 0: it is empty."""
        path, schema = self._path, self.schema
        header = lines.first()
        try:
            if header is not None:
                return schema.read_header(header)
            if not lines.rest:
                return 0
            if lines.rest != schema.header.rstrip() and schema.header.startswith(
                lines.rest
            ):  # killed while it was made
                _set_aside(path, lines.rest, current)
                lines.rest = ""
                return 0
            header, lines.rest = lines.rest, ""
            columns = schema.read_header(header)
            if current:
                _end_line(path)
            return columns
        except HeaderError as error:
            raise LoadError(f"{error} ({path})") from error

    def _all_rows(self, lines: _Lines, current: bool) -> None:
        """Read all rows and see to the end."""
        number = 0
        for some in lines:
            number = self._rows(some, number)
        if lines.rest:
            try:
                lease = self._decode_row(lines.rest, self._columns)
            except RowError:
                _set_aside(self._path, lines.rest, current)
            else:
                number += 1
                self._keep(lease)
                if current:
                    _end_line(self._path)
        self._loaded.rows += number
        self._loaded.errors += self._errors

    @abstractmethod
    def _rows(self, lines: list[str], number: int) -> int:
        """Read some rows; plain ones right here, as fast as they may, all others by `_row`. Returns the last number."""

    @abstractmethod
    def _check_extended_info(self, lease: LeaseT) -> Outcome:
        """Put its extended info right."""

    @abstractmethod
    def _address(self, lease: LeaseT) -> str:
        """Its address for people."""

    def _belongs_somewhere(self, lease: LeaseT) -> bool:
        """Whether its address has to lie in its subnet."""
        return True

    def _row(self, line: str, number: int) -> None:
        """Read any row, exactly."""
        try:
            lease = self._decode_row(line, self._columns)
        except RowError as error:
            self._errors += 1
            messages.ROW_ERROR(number, error)
            if self._max_row_errors and self._errors > self._max_row_errors:
                raise LoadError(
                    f"exceeded maximum number of failures {self._max_row_errors} to read a lease from the lease file "
                    f"{self._path}"
                ) from error
        else:
            self._keep(lease)

    def _keep(self, lease: LeaseT) -> None:
        loaded = self._loaded
        if not self._in_its_subnet(lease):
            return
        loaded.records.pop(lease.address, None)
        loaded.restless.pop(lease.address, None)
        if not lease.valid_lifetime:
            return
        if lease.user_context and self._checks.extended_info_checks != "none":
            outcome = self._check_extended_info(lease)
            loaded.modified += outcome.modified
            loaded.with_ids += outcome.has_ids
        record = self._rest(lease)
        if record is None:
            loaded.restless[lease.address] = lease
        else:
            loaded.records[lease.address] = record

    def _in_its_subnet(self, lease: LeaseT) -> bool:
        """Do what `lease-checks` says about this lease; False: it is dropped."""
        what = self._checks.lease_checks
        if what == "none" or not self._belongs_somewhere(lease):
            return True
        span = self._checks.subnets.get(lease.subnet_id)
        if span is not None and span[0] <= lease.address <= span[1]:
            return True
        address = self._address(lease)
        right = self._checks.subnet_of(lease.address)
        if right is not None and what in ("fix", "fix-del"):
            messages.SANITY_FIXED(address, lease.subnet_id, right)
            lease.subnet_id = right
            return True
        if right is None:
            reason = "the lease IP address did not belong to a configured subnet"
        else:
            reason = f"the lease should have subnet-id {right}"
        if what in ("fix-del", "del"):
            messages.SANITY_FAIL_DISCARD(address, lease.subnet_id, reason)
            return False
        messages.SANITY_FAIL(address, lease.subnet_id, reason)
        return True


def _end_line(path: Path) -> None:
    """Give a file that goes on the line end that its last, whole line lacks."""
    with path.open("ab", buffering=0) as file:
        file.write(b"\n")


def _set_aside(path: Path, torn: str, current: bool) -> None:
    """Report the torn end of a file; if the file is to go on, take it off and keep it beside."""
    data = torn.encode("latin-1")
    if not current:
        messages.TORN_ROW(path, len(data), "they are left where they are")
        return
    beside = path.with_name(path.name + ".torn")
    with open(beside, "ab", opener=_private) as file:
        file.write(data + b"\n")
    os.truncate(path, path.stat().st_size - len(data))
    messages.TORN_ROW(path, len(data), f"they are set aside in {beside}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o640)
