"""Which lease a command is about: the arguments that lease4-get and lease4-del (and those of DHCPv6) share.

Law: reads arguments only. What is refused, and in which order, is as in Kea 3.0.4.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from . import identifiers
from .arguments import Arguments, family_address
from .refused import Refused

By = Literal["address", "hw-address", "client-id", "duid", "nothing"]
_LEASE_TYPES: Final = {"IA_NA": 0, "IA_TA": 1, "IA_PD": 2, "V4": 3, "0": 0, "1": 1, "2": 2, "3": 3}
_32_BITS: Final = 0xFFFFFFFF
NO_MAP: Final = "Parameters missing or are not a map."


@dataclass(frozen=True, slots=True)
class Lookup:
    """By what to look: an address, or an identifier in a subnet, or nothing, which finds nothing.

    type, iaid  of DHCPv6 leases; type as in a lease file
    """

    by: By
    type: int
    address: int = 0
    identifier: bytes = b""
    iaid: int = 0
    subnet_id: int = 0


def lookup_of(arguments: Arguments, *, v6: bool = False) -> Lookup:
    """What the arguments ask for."""
    lease_type = _lease_type(arguments)
    if "update-ddns" in arguments and not isinstance(arguments.get("update-ddns"), bool):
        raise Refused("'update-ddns' is not a boolean")
    if "ip-address" in arguments:
        text = arguments.get("ip-address")
        if not isinstance(text, str):
            raise Refused("'ip-address' is not a string.")
        return Lookup("address", lease_type, family_address(text, v6=v6))
    if "subnet-id" not in arguments:
        raise Refused("Mandatory 'subnet-id' parameter missing.")
    subnet_id = arguments.get("subnet-id")
    if not _is_integer(subnet_id):
        raise Refused("'subnet-id' parameter is not integer.")
    iaid = arguments.get("iaid") if "iaid" in arguments else 0
    if not _is_integer(iaid):
        raise Refused(f"intValue() called on non-integer Element in ({arguments.place('iaid')})")
    kind, identifier = arguments.get("identifier-type"), arguments.get("identifier")
    for name, value in (("identifier-type", kind), ("identifier", identifier)):
        if not isinstance(value, str):
            raise Refused(f"No 'ip-address' provided and '{name}' is either missing or not a string.")
    if kind == "address":
        return Lookup("nothing", lease_type)  # Kea takes the word, then it has no address to look for
    reader = {"hw-address": identifiers.hwaddr, "client-id": identifiers.client_id, "duid": identifiers.duid}.get(kind)
    if reader is None:
        raise Refused(f"Incorrect identifier type: {kind}, the only supported values are: address, hw-address, duid")
    return Lookup(kind, lease_type, 0, reader(identifier), iaid & _32_BITS, subnet_id & _32_BITS)


def _lease_type(arguments: Arguments) -> int:
    if "type" not in arguments:
        return 0
    name = arguments.get("type")
    if not isinstance(name, str):
        raise Refused(f"stringValue() called on non-string Element in ({arguments.place('type')})")
    number = _LEASE_TYPES.get(name)
    if number is None:
        raise Refused(f"Invalid lease type specified: {name}, only supported values are: IA_NA, IA_TA, IA_PD and V4")
    return number


def _is_integer(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
