"""From lease files to leases: which files, in which order, what of a damaged one counts, what is put right.

Law: a lease that a file holds in whole is never lost for what stands beside it. Rows that hold none are reported
and skipped; only what Kea refuses outright (a foreign header, more bad rows than allowed, a clean-up under way)
raises `LoadError`. The last row of a file that a crash cut off is set aside into a file beside it.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from socket import AF_INET, inet_pton
from struct import error as StructError
from typing import Final, Literal

from kead.leases import messages
from kead.leases.cleanup_files import CleanupFiles
from kead.leases.csv4 import COLUMNS, DEFAULTS, HEADER, VERSIONS, HeaderError, RowError, decode_row, read_header
from kead.leases.extended4 import ExtendedInfoChecks, check_extended_info
from kead.leases.lease4 import Lease4
from kead.leases.record4 import HEAD, rest
from kead.wire.address import text_ip4

LeaseChecks = Literal["none", "warn", "fix", "fix-del", "del"]

_CHUNK: Final = 4 << 20
_PLAIN_STATES: Final = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4}
_PLAIN_FLAGS: Final = {("0", "0"): 0, ("1", "0"): 1, ("0", "1"): 2, ("1", "1"): 3}


class LoadError(Exception):
    """The files cannot be used as they are."""


@dataclass(frozen=True, slots=True)
class Checks4:
    """`sanity-checks` of the configuration, with the subnets they look at."""

    lease_checks: LeaseChecks = "warn"
    extended_info_checks: ExtendedInfoChecks = "fix"
    subnets: Mapping[int, tuple[int, int]] = field(default_factory=dict)
    """Subnet id to its first and last address."""
    subnet_of: Callable[[int], int | None] = lambda address: None
    """The id of a subnet that has the address."""


NO_CHECKS: Final = Checks4("none", "none")


class Loaded4:
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
        """By address, as record4.py packs them."""
        self.restless: dict[int, Lease4] = {}
        """Those that do not fit into a record."""
        self.converted = False
        """Whether a file had another schema than ours."""
        self.rows = 0
        self.errors = 0
        self.modified = self.with_ids = 0  # by the checks of extended info; with relay or remote id


def load4(path: Path, checks: Checks4 = NO_CHECKS, max_row_errors: int = 0) -> Loaded4:
    """The leases of a lease file and of those that clean-ups left beside it. LoadError."""
    files = CleanupFiles(path)
    if files.running():
        raise LoadError("unable to load leases from files while the lease file cleanup is in progress")
    loaded = Loaded4()
    earlier = (files.completed,) if files.completed.exists() else (files.previous, files.copy)
    collecting = gc.isenabled()
    gc.disable()  # nothing made here is garbage
    try:
        for file in earlier:
            if file.exists():
                read_leases(file, loaded, checks, max_row_errors)
        if path.exists():
            read_leases(path, loaded, checks, max_row_errors, current=True)
    finally:
        if collecting:
            gc.enable()
    messages.EXTRACT_EXTENDED_INFO(len(loaded.records) + len(loaded.restless), loaded.modified, 0, loaded.with_ids)
    return loaded


def read_leases(
    path: Path, loaded: Loaded4, checks: Checks4 = NO_CHECKS, max_row_errors: int = 0, *, current: bool = False
) -> None:
    """Add the leases of one file; the later of two rows counts. `current`: this file will be appended to, so a torn
    end is taken off it. LoadError.
    """
    messages.LEASE_FILE_LOAD(path)
    try:
        with path.open("rb", buffering=0) as file:
            lines = _Lines(file.read)
            columns = _header(path, lines, current)
            if columns:
                if columns != len(COLUMNS):
                    loaded.converted = True
                    earlier = columns < len(COLUMNS)
                    (messages.NEEDS_UPGRADING if earlier else messages.NEEDS_DOWNGRADING)(path)
                _Reader(path, loaded, checks, max_row_errors, columns).read(lines, current)
    except OSError as error:
        raise LoadError(f"cannot read the lease file {path}: {error.strerror}") from error


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


def _header(path: Path, lines: _Lines, current: bool) -> int:
    """How many columns the file has; 0: it is empty."""
    header = lines.first()
    try:
        if header is not None:
            return read_header(header)
        if not lines.rest:
            return 0
        if lines.rest != HEADER.rstrip() and HEADER.startswith(lines.rest):  # killed while it was made
            _set_aside(path, lines.rest, current)
            lines.rest = ""
            return 0
        header, lines.rest = lines.rest, ""
        columns = read_header(header)
        if current:
            _end_line(path)
        return columns
    except HeaderError as error:
        raise LoadError(f"{error} ({path})") from error


class _Reader:
    """Reads the rows of one file."""

    def __init__(self, path: Path, loaded: Loaded4, checks: Checks4, max_row_errors: int, columns: int) -> None:
        self._path = path
        self._loaded = loaded
        self._checks = checks
        self._max_row_errors = max_row_errors
        self._columns = columns
        self._errors = 0

    def read(self, lines: _Lines, current: bool) -> None:
        """Read all rows and see to the end."""
        number = 0
        for some in lines:
            number = self._rows(some, number)
        if lines.rest:
            try:
                lease = decode_row(lines.rest, self._columns)
            except RowError:
                _set_aside(self._path, lines.rest, current)
            else:
                number += 1
                self._keep(lease)
                if current:
                    _end_line(self._path)
        self._loaded.rows += number
        self._loaded.errors += self._errors

    def _rows(self, lines: list[str], number: int) -> int:
        """Read some rows; plain ones right here, as fast as they may, all others by `_row`. Returns the last number."""
        records = self._loaded.records
        restless = self._loaded.restless
        spans = self._checks.subnets if self._checks.lease_checks != "none" else None
        missing = "".join("," + value for value in DEFAULTS[self._columns - min(VERSIONS) :])
        from_hex, from_bytes, pack = bytes.fromhex, int.from_bytes, HEAD.pack
        for line in lines:
            if not line:
                continue
            number += 1
            try:
                (
                    address_text,
                    hw,
                    cid,
                    valid_text,
                    expire,
                    subnet_text,
                    forward,
                    reverse,
                    hostname,
                    state,
                    context,
                    pool,
                ) = (line + missing).split(",")
                hwaddr = from_hex(hw.replace(":", " "))
                client_id = from_hex(cid.replace(":", " "))
                if (
                    context
                    or " " in line
                    or "_" in line
                    or len(hwaddr) * 3 != len(hw) + (hw != "")
                    or len(client_id) * 3 != len(cid) + (cid != "")
                    or len(client_id) == 1
                    or len(hwaddr) > 20
                    or not (hw or cid)
                ):
                    self._row(line, number)
                    continue
                if hostname and (not line.isascii() or "&" in hostname or hostname != hostname.lower()):
                    self._row(line, number)
                    continue
                address = from_bytes(inet_pton(AF_INET, address_text), "big")
                valid = int(valid_text)
                subnet = int(subnet_text)
                record = pack(
                    valid,
                    int(expire) - valid,
                    subnet,
                    int(pool),
                    _PLAIN_STATES[state],
                    1,
                    _PLAIN_FLAGS[forward, reverse],
                    len(hwaddr),
                    len(client_id),
                ) + b"%b%b" % (hwaddr, client_id)
                if spans is not None:
                    first, last = spans[subnet]
                    if not first <= address <= last:
                        self._row(line, number)
                        continue
            except (ValueError, LookupError, OSError, StructError):
                self._row(line, number)
                continue
            if hostname:
                record += hostname.encode() + b"\0"
            if valid:
                records[address] = record
            else:
                records.pop(address, None)
            if restless:
                restless.pop(address, None)
        return number

    def _row(self, line: str, number: int) -> None:
        """Read any row, exactly."""
        try:
            lease = decode_row(line, self._columns)
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

    def _keep(self, lease: Lease4) -> None:
        loaded = self._loaded
        if not self._in_its_subnet(lease):
            return
        loaded.records.pop(lease.address, None)
        loaded.restless.pop(lease.address, None)
        if not lease.valid_lifetime:
            return
        if lease.user_context and self._checks.extended_info_checks != "none":
            outcome = check_extended_info(lease, self._checks.extended_info_checks)
            loaded.modified += outcome.modified
            loaded.with_ids += outcome.has_ids
        record = rest(lease)
        if record is None:
            loaded.restless[lease.address] = lease
        else:
            loaded.records[lease.address] = record

    def _in_its_subnet(self, lease: Lease4) -> bool:
        """Do what `lease-checks` says about this lease; False: it is dropped."""
        what = self._checks.lease_checks
        if what == "none":
            return True
        span = self._checks.subnets.get(lease.subnet_id)
        if span is not None and span[0] <= lease.address <= span[1]:
            return True
        address = text_ip4(lease.address)
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
