"""Kea's lease file (CSV), read row by row as anybody would: the last row of an address counts.

Independent of kead's own reader on purpose: tests and measurements check one against the other.
"""

from __future__ import annotations

import csv
import ipaddress
import socket
from pathlib import Path

HEADER_2_2 = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context"
HEADER6_2_2 = (
    "address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,"
    "fqdn_fwd,fqdn_rev,hostname,hwaddr,state,user_context,hwtype,hwaddr_source"
)
FIRST_ADDRESS = int(ipaddress.IPv6Address("2001:db8:1::64:0:0"))
FIRST_PREFIX = int(ipaddress.IPv6Address("2001:db8:8064::"))


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


def write6(path: Path, count: int, now: int, ask: str = "na", lifetime: int = 86400, subnet_id: int = 1) -> None:
    """The same for DHCPv6: `count` addresses ("na"), /64 prefixes ("pd"), or half of each ("both"), none expired."""
    with path.open("w") as stream:
        stream.write(HEADER6_2_2 + "\n")
        kinds = {"na": ("na",), "pd": ("pd",), "both": ("na", "pd")}[ask]
        for number in range(count):
            client, kind = divmod(number, len(kinds))
            if kinds[kind] == "na":
                address, lease_type, length = FIRST_ADDRESS + client, 0, 128
            else:
                address, lease_type, length = FIRST_PREFIX + (client << 64), 2, 64
            text = socket.inet_ntop(socket.AF_INET6, address.to_bytes(16, "big"))
            mac = f"02:00:{client >> 24:02x}:{client >> 16 & 255:02x}:{client >> 8 & 255:02x}:{client & 255:02x}"
            expire = now + lifetime - client % 3600
            stream.write(
                f"{text},00:03:00:01:{mac},{lifetime},{expire},{subnet_id},{lifetime // 2},{lease_type},1,{length},"
                f"0,0,,{mac},0,,1,2\n"
            )
