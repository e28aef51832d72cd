"""Options of DHCPv4 as Kea's log shows them, those that have a form of their own (see `kead.wire.dump`)."""

from __future__ import annotations

from collections.abc import Iterable

from kead.dhcp4.options import (
    CLASSLESS_STATIC_ROUTE,
    DHCP4_SPACE,
    FQDN,
    VIVCO_SUBOPTIONS,
    VIVSO_SUBOPTIONS,
)
from kead.dhcp4.packet import split_suboptions
from kead.dhcp4.values import parse_classless_routes, parse_client_name
from kead.wire.address import text_ip4
from kead.wire.definitions import OptionTable
from kead.wire.dump import Dump, tuples

_SLP_SERVICE_SCOPE = 79


def dump_of(table: OptionTable) -> Dump:
    """How options look under the definitions of this table."""
    return Dump(table, 3, _split, _SPECIAL)


def _split(data: bytes) -> Iterable[tuple[int, bytes]]:
    return split_suboptions(data).items()


def _client_name(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    name = parse_client_name(data)
    flags = ", ".join(f"{letter}={name.flags >> bit & 1}" for letter, bit in (("N", 3), ("E", 2), ("O", 1), ("S", 0)))
    text = name.name + ("." if name.complete and name.name else "")
    kind = "full" if name.complete else "partial"
    return f"type={FQDN} (CLIENT_FQDN), flags: ({flags}), domain-name='{text}' ({kind})"


def _routes(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    shown = ", ".join(
        f"Route {number} (subnet {text_ip4(destination)}/{length}, router IP {text_ip4(router)})"
        for number, (destination, length, router) in enumerate(parse_classless_routes(data), 1)
    )
    return f"type={CLASSLESS_STATIC_ROUTE}(CLASSLESS_STATIC_ROUTE), len={len(data)}, {shown}"


def _vendor_class(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    if len(data) < 5:
        raise ValueError("cut short")
    enterprise = int.from_bytes(data[:4], "big")
    values, at = [], 0
    while at + 5 <= len(data):
        end = at + 5 + data[at + 4]
        values.append(data[at + 5 : end])
        at = end
    return (
        f"type={VIVCO_SUBOPTIONS}, len={len(data)},  enterprise id=0x{enterprise:x}"
        f"{tuples(values, 'vendor-class-data')}"
    )


def _vendor_options(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    if len(data) < 5:
        raise ValueError("cut short")
    enterprise = int.from_bytes(data[:4], "big")
    inner = dump.options(f"vendor-{enterprise}", data[5:], indent, depth)
    return f"{dump.head(VIVSO_SUBOPTIONS, data)} {enterprise} (uint32) {data[4]} (uint8){inner}"


def _service_scope(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    if not data:
        raise ValueError("cut short")
    scopes = data[1:].decode("latin-1")
    return f'{dump.head(_SLP_SERVICE_SCOPE, data)} mandatory:{data[0]}, scope-list:"{scopes}"'


_SPECIAL = {
    (DHCP4_SPACE, _SLP_SERVICE_SCOPE): _service_scope,
    (DHCP4_SPACE, FQDN): _client_name,
    (DHCP4_SPACE, CLASSLESS_STATIC_ROUTE): _routes,
    (DHCP4_SPACE, VIVCO_SUBOPTIONS): _vendor_class,
    (DHCP4_SPACE, VIVSO_SUBOPTIONS): _vendor_options,
}
