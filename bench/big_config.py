"""Configurations as big as you like: subnets, each with a pool and reservations. Both families.

    python -m bench.big_config --family 4 --subnets 10000 --reservations 10 > big.json

The subnets lie apart from those of the load generators (`bench/family.py`), so that a whole configuration may have
both.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from kead.wire.address import text_ip4, text_ip6

Subnet = dict[str, Any]

_FIRST4 = 0x64000000  # 100.0.0.0/8, cut into /24s
_FIRST6 = 0x3FFF << 112  # 3fff::/20 (RFC 9637), cut into /64s


def subnets(family: int, number: int, reservations: int, first_id: int = 1) -> list[Subnet]:
    """So many subnets with ids from `first_id` on; at most 65,536, with at most 200 reservations each.

    Each has a pool of 50 addresses, two options, and one relay agent of its own; reservations (by hardware address, in
    DHCPv6 by DUID) lie outside of the pool, each with an address and a name, every tenth with an option.
    """
    make = _subnet4 if family == 4 else _subnet6
    return [make(index, reservations, first_id) for index in range(number)]


def configuration(family: int, number: int, reservations: int) -> dict[str, Any]:
    """A whole configuration of such subnets, with nothing else in it."""
    return {f"Dhcp{family}": {"valid-lifetime": 3600, f"subnet{family}": subnets(family, number, reservations)}}


def _subnet4(index: int, reservations: int, first_id: int) -> Subnet:
    base = _FIRST4 + (index << 8)
    return {
        "id": first_id + index,
        "subnet": f"{text_ip4(base)}/24",
        "pools": [{"pool": f"{text_ip4(base + 204)} - {text_ip4(base + 253)}"}],
        "relay": {"ip-addresses": [text_ip4(base + 1)]},
        "option-data": [
            {"name": "routers", "data": text_ip4(base + 1)},
            {"name": "domain-name", "data": f"site{index}.example.org"},
        ],
        "reservations": [
            {
                "hw-address": _client(index, number).hex(":"),
                "ip-address": text_ip4(base + 2 + number),
                "hostname": f"host{number}.site{index}",
                **({} if number % 10 else {"option-data": [{"name": "log-servers", "data": text_ip4(base + 1)}]}),
            }
            for number in range(reservations)
        ],
    }


def _subnet6(index: int, reservations: int, first_id: int) -> Subnet:
    base = _FIRST6 + (index << 64)
    return {
        "id": first_id + index,
        "subnet": f"{text_ip6(base)}/64",
        "pools": [{"pool": f"{text_ip6(base + 0x10000)} - {text_ip6(base + 0x10031)}"}],
        "relay": {"ip-addresses": [text_ip6(base + 1)]},
        "option-data": [
            {"name": "dns-servers", "data": text_ip6(base + 1)},
            {"name": "domain-search", "data": f"site{index}.example.org"},
        ],
        "reservations": [
            {
                "duid": (b"\x00\x03\x00\x01" + _client(index, number)).hex(":"),
                "ip-addresses": [text_ip6(base + 2 + number)],
                "hostname": f"host{number}.site{index}",
                **({} if number % 10 else {"option-data": [{"name": "sntp-servers", "data": text_ip6(base + 1)}]}),
            }
            for number in range(reservations)
        ],
    }


def _client(index: int, number: int) -> bytes:
    return b"\x02\xb1" + index.to_bytes(3, "big") + number.to_bytes(1, "big")


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.big_config")
    parser.add_argument("--family", type=int, choices=(4, 6), default=4)
    parser.add_argument("--subnets", type=int, default=10_000)
    parser.add_argument("--reservations", type=int, default=10, help="in each subnet")
    options = parser.parse_args()
    json.dump(configuration(options.family, options.subnets, options.reservations), sys.stdout, indent=1)
    print()


if __name__ == "__main__":
    main()
