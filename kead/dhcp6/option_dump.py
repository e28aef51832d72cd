"""Options of DHCPv6 as Kea's log shows them, those that have a form of their own (see `kead.wire.dump`)."""

from __future__ import annotations

from collections.abc import Iterable

from kead.dhcp6.options import (
    CLIENT_FQDN,
    DHCP6_SPACE,
    IA_NA,
    IA_PD,
    IA_TA,
    IAADDR,
    IAPREFIX,
    PD_EXCLUDE,
    STATUS_CODE,
    VENDOR_CLASS,
    VENDOR_OPTS,
)
from kead.dhcp6.packet import split_options
from kead.dhcp6.values import parse_client_name, tuples
from kead.wire import dump as dumps
from kead.wire.address import text_ip6
from kead.wire.definitions import OptionTable
from kead.wire.dump import Dump

_STATUSES = ("Success", "UnspecFail", "NoAddrsAvail", "NoBinding", "NotOnLink", "UseMulticast", "NoPrefixAvail")
_number = int.from_bytes


def dump_of(table: OptionTable) -> Dump:
    """How options look under the definitions of this table."""
    return Dump(table, 5, _split, _SPECIAL)


def _split(data: bytes) -> Iterable[tuple[int, bytes]]:
    return [(code, value) for code, values in sorted(split_options(data).items()) for value in values]


def _long_enough(data: bytes, length: int) -> None:
    if len(data) < length:
        raise ValueError("cut short")


def _association(code: int, name: str) -> dumps.Special:
    def show(dump: Dump, data: bytes, indent: str, depth: int) -> str:
        _long_enough(data, 12)
        iaid, t1, t2 = (_number(data[at : at + 4], "big") for at in (0, 4, 8))
        inner = dump.options(DHCP6_SPACE, data[12:], indent, depth)
        return f"{dump.head(code, data, name)} iaid={iaid}, t1={t1}, t2={t2}{inner}"

    return show


def _temporary(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    _long_enough(data, 4)
    inner = dump.options(DHCP6_SPACE, data[4:], indent, depth)
    return f"{dump.head(IA_TA, data)} {_number(data[:4], 'big')} (uint32){inner}"


def _address(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    _long_enough(data, 24)
    preferred, valid = _number(data[16:20], "big"), _number(data[20:24], "big")
    inner = dump.options(DHCP6_SPACE, data[24:], indent, depth)
    return (
        f"{dump.head(IAADDR, data, '(IAADDR)')} address={text_ip6(_number(data[:16], 'big'))}, "
        f"preferred-lft={preferred}, valid-lft={valid}{inner}"
    )


def _prefix(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    _long_enough(data, 25)
    preferred, valid = _number(data[:4], "big"), _number(data[4:8], "big")
    inner = dump.options(DHCP6_SPACE, data[25:], indent, depth)
    return (
        f"{dump.head(IAPREFIX, data, '(IAPREFIX)')} prefix={text_ip6(_number(data[9:25], 'big'))}/{data[8]}, "
        f"preferred-lft={preferred}, valid-lft={valid}{inner}"
    )


def _status(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    _long_enough(data, 2)
    code = _number(data[:2], "big")
    name = _STATUSES[code] if code < len(_STATUSES) else "(unknown status code)"
    words = data[2:].decode("latin-1")
    return f'{dump.head(STATUS_CODE, data)} {name}({code}) "{words}"'


def _client_name(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    name = parse_client_name(data)
    flags = ", ".join(f"{letter}={name.flags >> bit & 1}" for letter, bit in (("N", 2), ("O", 1), ("S", 0)))
    text = name.name + ("." if name.complete and name.name else "")
    kind = "full" if name.complete else "partial"
    return f"type={CLIENT_FQDN}(CLIENT_FQDN), flags: ({flags}), domain-name='{text}' ({kind})"


def _vendor_class(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    _long_enough(data, 4)
    shown = dumps.tuples(tuples(data[4:]), "vendor-class-data")
    return f"type={VENDOR_CLASS}, len={len(data)},  enterprise id=0x{_number(data[:4], 'big'):x}{shown}"


def _vendor_options(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    _long_enough(data, 4)
    enterprise = _number(data[:4], "big")
    inner = dump.options(f"vendor-{enterprise}", data[4:], indent, depth)
    return f"{dump.head(VENDOR_OPTS, data)} {enterprise} (uint32){inner}"


def _excluded(dump: Dump, data: bytes, indent: str, depth: int) -> str:
    _long_enough(data, 2)
    return f"{dump.head(PD_EXCLUDE, data)} excluded-prefix-len={data[0]}, subnet-id=0x{data[1:].hex().upper()}"


_SPECIAL: dict[tuple[str, int], dumps.Special] = {
    (DHCP6_SPACE, IA_NA): _association(IA_NA, "(IA_NA)"),
    (DHCP6_SPACE, IA_TA): _temporary,
    (DHCP6_SPACE, IAADDR): _address,
    (DHCP6_SPACE, STATUS_CODE): _status,
    (DHCP6_SPACE, VENDOR_CLASS): _vendor_class,
    (DHCP6_SPACE, VENDOR_OPTS): _vendor_options,
    (DHCP6_SPACE, IA_PD): _association(IA_PD, "(IA_PD)"),
    (DHCP6_SPACE, IAPREFIX): _prefix,
    (DHCP6_SPACE, CLIENT_FQDN): _client_name,
    (DHCP6_SPACE, PD_EXCLUDE): _excluded,
}
