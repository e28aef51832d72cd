"""Kea's lease file (CSV), read row by row as anybody would: the last row of an address counts.

Independent of kead's own reader on purpose: tests and measurements check one against the other.
"""

from __future__ import annotations

import csv
from pathlib import Path

HEADER_2_2 = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"


def rows(path: Path) -> list[dict[str, str]]:
    """Every row, oldest first, as column → text."""
    with path.open(newline="") as stream:
        return list(csv.DictReader(stream))


def leases(path: Path) -> dict[str, dict[str, str]]:
    """Address → its last row; addresses whose last row says "removed" (valid lifetime 0, state 0) are not in it."""
    table: dict[str, dict[str, str]] = {}
    files = [path.with_name(path.name + ending) for ending in (".2", ".1")]
    for file in [*files, path]:
        if not file.exists():
            continue
        for row in rows(file):
            if row["valid_lifetime"] == "0" and row["state"] != "3":
                table.pop(row["address"], None)
            else:
                table[row["address"]] = row
    return table


def write(path: Path, count: int, now: int, first: int = 0x0A010000, lifetime: int = 86400, subnet_id: int = 1) -> None:
    """A lease file of Kea 2.2's shape with `count` leases, from address `first` on, none of them expired."""
    with path.open("w") as stream:
        stream.write(HEADER_2_2 + "\n")
        for number in range(count):
            address = first + number
            dotted = f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"
            mac = f"02:00:{number >> 24:02x}:{number >> 16 & 255:02x}:{number >> 8 & 255:02x}:{number & 255:02x}"
            stream.write(f"{dotted},{mac},01:{mac},{lifetime},{now + lifetime - number % 3600},{subnet_id},0,0,,0,\n")
