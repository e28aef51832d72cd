"""From DHCPv6 lease files to leases. What holds for both families is in loading.py; plain rows are read here."""

from __future__ import annotations

from pathlib import Path
from socket import AF_INET6, inet_pton
from struct import error as StructError
from typing import Final

from kead.leases import messages
from kead.leases.csv6 import DEFAULTS, LONGEST_DUID, SCHEMA, SHORTEST_DUID, decode_row
from kead.leases.extended import Outcome
from kead.leases.extended6 import check_extended_info
from kead.leases.lease6 import EMPTY_DUID, Lease6, LeaseType
from kead.leases.loading import NO_CHECKS, Checks, Loaded, LoadError, Reader
from kead.leases.record6 import HEAD, rest
from kead.wire.address import text_ip6

__all__ = ["NO_CHECKS", "Checks6", "LoadError", "Loaded6", "load6", "read_leases"]

Checks6 = Checks
Loaded6 = Loaded[Lease6]

_PLAIN_STATES: Final = {"0": 0, "1": 1, "2": 2, "3": 3, "4": 4}
_PLAIN_FLAGS: Final = {("0", "0"): 0, ("1", "0"): 1, ("0", "1"): 2, ("1", "1"): 3}
_PLAIN_TYPES: Final = {("0", "128"): 0, ("1", "128"): 1} | {("2", str(length)): 2 for length in range(256)}


def load6(path: Path, checks: Checks6 = NO_CHECKS, max_row_errors: int = 0) -> Loaded6:
    """The leases of a lease file and of those that clean-ups left beside it. LoadError."""
    loaded = Loaded6()
    _Reader(loaded, checks, max_row_errors, decode_row, rest).load(path)
    messages.BUILD_EXTENDED_INFO6(len(loaded.records) + len(loaded.restless), loaded.modified, 0)
    return loaded


def read_leases(path: Path, loaded: Loaded6, checks: Checks6 = NO_CHECKS, max_row_errors: int = 0) -> None:
    """Add the leases of one file; the later of two rows counts. LoadError."""
    _Reader(loaded, checks, max_row_errors, decode_row, rest).read(path)


class _Reader(Reader[Lease6]):
    schema = SCHEMA

    def _check_extended_info(self, lease: Lease6) -> Outcome:
        return check_extended_info(lease, self._checks.extended_info_checks)

    def _address(self, lease: Lease6) -> str:
        return text_ip6(lease.address)

    def _belongs_somewhere(self, lease: Lease6) -> bool:
        return lease.type != LeaseType.PD

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
                    duid_text,
                    valid_text,
                    expire,
                    subnet_text,
                    preferred,
                    type_,
                    iaid,
                    length,
                    forward,
                    reverse,
                    hostname,
                    hw,
                    state,
                    context,
                    htype,
                    source,
                    pool,
                ) = (line + missing).split(",")
                duid = from_hex(duid_text.replace(":", " "))
                hwaddr = from_hex(hw.replace(":", " "))
                if (
                    context
                    or " " in line
                    or "_" in line
                    or len(duid) * 3 != len(duid_text) + 1
                    or not SHORTEST_DUID <= len(duid) <= LONGEST_DUID
                    or duid == EMPTY_DUID
                    or len(hwaddr) * 3 != len(hw) + (hw != "")
                    or len(hwaddr) > 20
                ):
                    self._row(line, number)
                    continue
                if hostname and (not line.isascii() or "&" in hostname):
                    self._row(line, number)
                    continue
                address = from_bytes(inet_pton(AF_INET6, address_text), "big")
                valid = int(valid_text)
                subnet = int(subnet_text)
                record = pack(
                    valid,
                    int(expire) - valid,
                    subnet,
                    int(pool),
                    _PLAIN_STATES[state],
                    _PLAIN_TYPES[type_, length],
                    int(length),
                    _PLAIN_FLAGS[forward, reverse],
                    int(preferred),
                    int(iaid),
                    int(source) if hw else 0,
                    int(htype) if hw else 0,
                    len(duid),
                    len(hwaddr),
                ) + b"%b%b" % (duid, hwaddr)
                if spans is not None and type_ != "2":
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
