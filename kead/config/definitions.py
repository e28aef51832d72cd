"""option-def: the formats that a configuration adds to the standard ones.

Law: a list of keywords in, an option table out. The rules are config-common.md § 10; every text is Kea's.
"""

from __future__ import annotations

import difflib
import re
from typing import NoReturn

from kead.config.errors import ConfigError, Path
from kead.config.family import Family
from kead.config.reader import Document
from kead.config.schema_common import OptionDef
from kead.wire.definitions import OptionDefinition, OptionTable, OptionType

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_-]*[A-Za-z0-9])?\Z")
_TYPES = {kind.value: kind for kind in OptionType}
_NO_ARRAYS = {
    OptionType.STRING: "array of strings is not a valid option definition.",
    OptionType.BINARY: "array of binary values is not a valid option definition.",
    OptionType.EMPTY: "array of empty value is not a valid option definition.",
    OptionType.INTERNAL: "array of internal values is not a valid option definition.",
}


def is_name(text: str) -> bool:
    """Whether it can be the name of an option or of an option space."""
    return _NAME.match(text) is not None


def extended_table(
    document: Document, entries: list[OptionDef], path: Path, table: OptionTable, family: Family
) -> OptionTable:
    """`table` with the definitions of `entries` (at `path` in the document). Raises ConfigError."""
    definitions = read_definitions(document, entries, path, table, family)
    return table.extended(definitions) if definitions else table


def read_definitions(
    document: Document, entries: list[OptionDef], path: Path, table: OptionTable, family: Family
) -> list[OptionDefinition]:
    """The definitions of `entries`, which may not be those of `table`. Raises ConfigError."""
    definitions: list[OptionDefinition] = []
    taken: set[tuple[str, int | str]] = set()
    for index, entry in enumerate(entries):
        reading = _Reading(document, entry, (*path, index), family)
        definition = reading.definition(table)
        for what, key in (("code", definition.code), ("name", definition.name)):
            if (definition.space, key) in taken:
                reading.refuse(
                    f"option definition with {what} '{key}' already exists in option space '{definition.space}'"
                )
            taken.add((definition.space, key))
        definitions.append(definition)
    return definitions


class _Reading:
    """One entry."""

    def __init__(self, document: Document, entry: OptionDef, path: Path, family: Family) -> None:
        self._document = document
        self._entry = entry
        self._path = path
        self._family = family
        self._space = family.space if entry.space is None else entry.space

    def refuse(self, text: str, keyword: str = "", remedy: str = "") -> NoReturn:
        path = (*self._path, keyword) if keyword else self._path
        place = self._document.place(path)
        raise ConfigError(f"{text} ({place})", place=place, path=path, remedy=remedy)

    def definition(self, table: OptionTable) -> OptionDefinition:
        entry = self._entry
        self._check_code()
        if not is_name(self._space):
            self.refuse(f"invalid option space name '{self._space}'", "space")
        kind = _TYPES.get(entry.type)
        fields = self._fields(kind)
        if not is_name(entry.name):
            self.refuse(f"invalid option name '{entry.name}'")
        if kind is None:
            near = difflib.get_close_matches(entry.type, _TYPES, 1, 0.6)
            remedy = f"did you mean '{near[0]}'?" if near else f"one of {', '.join(_TYPES)}"
            self.refuse("option type 255 not supported.", remedy=remedy)
        self._check_shape(kind, fields)
        self._check_encapsulation()
        definition = OptionDefinition(
            entry.code,
            entry.name,
            kind,
            entry.array,
            fields,
            entry.encapsulate,
            self._space,
            wide=self._family.wide_tuples,
        )
        self._check_standard(definition, table)
        return definition

    def _check_code(self) -> None:
        code = self._entry.code
        if code < 0:
            self.refuse("option code must not be negative", "code")
        highest = self._family.highest_code
        if code > highest:
            self.refuse(f"invalid option code '{code}', it must not be greater than '{highest}'", "code")
        if self._space == self._family.space and code in self._family.reserved_codes:
            self.refuse(f"invalid option code '{code}': {self._family.reserved_codes[code]}", "code")

    def _fields(self, kind: OptionType | None) -> tuple[OptionType, ...]:
        words = [word.strip() for word in self._entry.record_types.split(",")]
        if words[-1] == "":
            words.pop()
        complaint = "invalid record type values specified for the option definition: "
        if words and kind is not OptionType.RECORD:
            self.refuse(
                f"{complaint}'record' option type must be used instead of '{self._entry.type}' to add data fields to "
                "the record",
                "record-types",
            )
        for word in words:
            if word not in _TYPES or word in ("empty", "record"):
                shown = word if word in _TYPES else "unknown"
                self.refuse(f"{complaint}attempted to add invalid data type '{shown}' to the record.", "record-types")
        return tuple(_TYPES[word] for word in words)

    def _check_shape(self, kind: OptionType, fields: tuple[OptionType, ...]) -> None:
        repeated = kind
        if kind is OptionType.RECORD:
            if len(fields) < 2:
                self.refuse(
                    f"invalid number of data fields: {len(fields)} specified for the option of type 'record'. "
                    "Expected at least 2 fields."
                )
            for field in fields[:-1]:
                if field in (OptionType.STRING, OptionType.BINARY):
                    self.refuse(f"{field.value} data field can't be laid before data fields of other types.")
            if OptionType.INTERNAL in fields:
                self.refuse("internal data type can't be stored as a field in an option record.")
            repeated = fields[-1]
        if self._entry.array and repeated in _NO_ARRAYS:
            self.refuse(_NO_ARRAYS[repeated])
        if kind is OptionType.INTERNAL:
            self.refuse(f"option '{self._entry.name}' of type 'internal' is not supported")

    def _check_encapsulation(self) -> None:
        entry, inner = self._entry, self._entry.encapsulate
        if not inner:
            return
        if not is_name(inner):
            self.refuse(f"invalid encapsulated option space name: '{inner}'")
        name = f"{self._space}.{entry.name}"
        if entry.array:
            self.refuse(f"option '{name}', comprising an array of data fields may not encapsulate any option space")
        if inner == self._space:
            self.refuse(
                f"option must not encapsulate an option space it belongs to: '{name}' is set to encapsulate '{inner}'"
            )

    def _check_standard(self, definition: OptionDefinition, table: OptionTable) -> None:
        space = definition.space
        by_code = table.by_code(space, definition.code)
        redefinable = _vendor(space) or (space == self._family.space and definition.code in self._family.redefinable)
        if by_code is not None and not redefinable:
            self._standard(str(definition.code), space)
        by_name = table.by_name(space, definition.name)
        if by_name is not None and by_name.code != definition.code and not _vendor(space):
            self._standard(definition.name, space)

    def _standard(self, what: str, space: str) -> None:
        self.refuse(f"unable to override definition of option '{what}' in standard option space '{space}'")


def _vendor(space: str) -> bool:
    """Spaces of vendors' sub-options: Kea has definitions for some and lets a configuration replace them."""
    return space.startswith("vendor-")
