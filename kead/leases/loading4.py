"""From DHCPv4 lease files to leases. What holds for both families is in loading.py; plain rows are read here."""

from __future__ import annotations

from pathlib import Path
from socket import AF_INET, inet_pton
from struct import error as StructError
from typing import Final

from kead.leases import messages
from kead.leases.csv4 import DEFAULTS, SCHEMA, decode_row
from kead.leases.extended import Outcome
from kead.leases.extended4 import check_extended_info
from kead.leases.lease4 import Lease4
from kead.leases.loading import NO_CHECKS, Checks, Loaded, LoadError, Reader
from kead.leases.record4 import HEAD, rest
from kead.wire.address import text_ip4

__all__ = ["NO_CHECKS", "Checks4", "LoadError", "Loaded4", "load4", "read_leases"]

Checks4 = Checks
Loaded4 = Loaded[Lease4]

_PLAIN_STATES: Final = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4}
_PLAIN_FLAGS: Final = {("0", "0"): 0, ("1", "0"): 1, ("0", "1"): 2, ("1", "1"): 3}


def load4(path: Path, checks: Checks4 = NO_CHECKS, max_row_errors: int = 0) -> Loaded4:
    """The leases of a lease file and of those that clean-ups left beside it. LoadError."""
    loaded = Loaded4()
    _Reader(loaded, checks, max_row_errors, decode_row, rest).load(path)
    messages.EXTRACT_EXTENDED_INFO(len(loaded.records) + len(loaded.restless), loaded.modified, 0, loaded.with_ids)
    return loaded


def read_leases(path: Path, loaded: Loaded4, checks: Checks4 = NO_CHECKS, max_row_errors: int = 0) -> None:
    """Add the leases of one file; the later of two rows counts. LoadError."""
    _Reader(loaded, checks, max_row_errors, decode_row, rest).read(path)


class _Reader(Reader[Lease4]):
    schema = SCHEMA

    def _check_extended_info(self, lease: Lease4) -> Outcome:
        return check_extended_info(lease, self._checks.extended_info_checks)

    def _address(self, lease: Lease4) -> str:
        return text_ip4(lease.address)

    def _rows(self, lines: list[str], number: int) -> int:
        """Read some rows; plain ones right here, as fast as they may, all others by `_row`. Returns the last number."""
        records = self._loaded.records
        restless = self._loaded.restless
        spans = self._checks.subnets if self._checks.lease_checks != "none" else None
        missing = "".join("," + value for value in DEFAULTS[self._columns - SCHEMA.fewest :])
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
