"""What an option is: the row that says it, and the table of rows.

A row carries everything that differs between two options: code, name, type, whether it repeats, the fields of a
record, the space of its sub-options. Reading, writing, checking and explaining follow from the row; no code
anywhere asks for one particular option to learn its format. Both families keep their standard options in such a
table, and a configuration's own definitions extend it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum


class OptionType(Enum):
    """The types of option data, by the names that configurations use."""

    EMPTY = "empty"
    BINARY = "binary"
    BOOLEAN = "boolean"
    INT8 = "int8"
    INT16 = "int16"
    INT32 = "int32"
    UINT8 = "uint8"
    UINT16 = "uint16"
    UINT32 = "uint32"
    IPV4 = "ipv4-address"
    IPV6 = "ipv6-address"
    IPV6_PREFIX = "ipv6-prefix"
    PSID = "psid"
    STRING = "string"
    TUPLE = "tuple"
    FQDN = "fqdn"
    INTERNAL = "internal"
    RECORD = "record"


SIZES = {
    OptionType.BOOLEAN: 1,
    OptionType.INT8: 1,
    OptionType.INT16: 2,
    OptionType.INT32: 4,
    OptionType.UINT8: 1,
    OptionType.UINT16: 2,
    OptionType.UINT32: 4,
    OptionType.IPV4: 4,
    OptionType.IPV6: 16,
    OptionType.PSID: 3,
}
"""Bytes of a value, for the types where all values have the same size."""


@dataclass(frozen=True, slots=True)
class OptionDefinition:
    """One option's row.

    `array`: the value repeats; in a record only its last field does. `fields`: the types of a record, else empty.
    `encapsulates`: the space of the sub-options that follow the value, "" if there are none.
    `wide`: as all of DHCPv6 and a few options of DHCPv4 have it: tuples have a length of two bytes, not one, and lists
    of names know no compression but may be empty.
    """

    code: int
    name: str
    type: OptionType
    array: bool = False
    fields: tuple[OptionType, ...] = ()
    encapsulates: str = ""
    space: str = "dhcp4"
    wide: bool = False


class OptionTable:
    """Definitions by space and code, and by space and name. It never changes; `extended` makes another one."""

    __slots__ = ("_codes", "_names")

    def __init__(self, definitions: Iterable[OptionDefinition] = ()) -> None:
        self._codes: dict[str, dict[int, OptionDefinition]] = {}
        self._names: dict[str, dict[str, OptionDefinition]] = {}
        for definition in definitions:
            self._add(definition)

    def _add(self, definition: OptionDefinition) -> None:
        codes = self._codes.setdefault(definition.space, {})
        names = self._names.setdefault(definition.space, {})
        for former in (codes.get(definition.code), names.get(definition.name)):
            if former is not None:
                codes.pop(former.code, None)
                names.pop(former.name, None)
        codes[definition.code] = definition
        names[definition.name] = definition

    def by_code(self, space: str, code: int) -> OptionDefinition | None:
        """The definition of a code in a space, None if there is none."""
        codes = self._codes.get(space)
        return None if codes is None else codes.get(code)

    def by_name(self, space: str, name: str) -> OptionDefinition | None:
        """The definition of a name in a space, None if there is none."""
        names = self._names.get(space)
        return None if names is None else names.get(name)

    def extended(self, definitions: Iterable[OptionDefinition]) -> OptionTable:
        """This table and these definitions, which replace those of the same code or name in the same space."""
        table = OptionTable(self)
        for definition in definitions:
            table._add(definition)
        return table

    def spaces(self) -> tuple[str, ...]:
        """The spaces that have definitions, in order of first appearance."""
        return tuple(self._codes)

    def names(self, space: str) -> tuple[str, ...]:
        """The names of a space in code order, for messages and completion."""
        return tuple(definition.name for _, definition in sorted(self._codes.get(space, {}).items()))

    def codes(self, space: str) -> tuple[int, ...]:
        """The codes of a space, ascending."""
        return tuple(sorted(self._codes.get(space, ())))

    def __iter__(self) -> Iterator[OptionDefinition]:
        for codes in self._codes.values():
            yield from codes.values()

    def __len__(self) -> int:
        return sum(len(codes) for codes in self._codes.values())
