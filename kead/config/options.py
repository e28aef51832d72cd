"""option-data: what options a place of the configuration has, as bytes ready for the wire.

Law: one list of keywords in, one OptionScope out (config-common.md § 11). How text becomes bytes is the wire
tables' matter; which form the text has, which definition counts, and how sub-options get into their container is
decided here. Error texts are Kea's.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from typing import Any, NoReturn

from kead.config.definitions import is_name
from kead.config.errors import ConfigError, Path
from kead.config.family import Family
from kead.config.reader import Document
from kead.config.schema_common import OptionData
from kead.config.snapshot import Option, OptionScope
from kead.wire.definitions import OptionDefinition, OptionTable
from kead.wire.text import OptionTextError, encode_csv, encode_hex

_VENDOR = re.compile(r"vendor-([0-9]{1,10})\Z")


@dataclass(frozen=True, slots=True)
class ScopeOptions:
    """The scope, and the same options as config-get shows them."""

    scope: OptionScope
    shown: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class OptionReader:
    """Reads the options of one document, by the definitions of `table`."""

    document: Document
    table: OptionTable
    family: Family

    def read(self, entries: list[OptionData], path: Path, name: str, *, is_global: bool = False) -> ScopeOptions:
        """All options of one list at `path`. Raises ConfigError.

        `is_global`: text is the default form there, elsewhere it depends on whether the option has a definition.
        """
        if not entries:
            return ScopeOptions(OptionScope(name), [])
        read = [_Reading(self, entry, (*path, index), is_global).option() for index, entry in enumerate(entries)]
        shown = [show for _, _, show in sorted(read, key=lambda one: one[0].space)]
        options = [(option, definition) for option, definition, _ in read]
        return ScopeOptions(_Scope(self.document, path, self.family, options).scope(name), shown)


class _Reading:
    """One entry."""

    def __init__(self, reader: OptionReader, entry: OptionData, path: Path, is_global: bool) -> None:
        self._document = reader.document
        self._table = reader.table
        self._family = reader.family
        self._entry = entry
        self._space = reader.family.space if entry.space is None else entry.space
        self._path = path
        self._is_global = is_global

    def _refuse(self, text: str, keyword: str = "", remedy: str = "") -> NoReturn:
        path = (*self._path, keyword) if keyword in self._entry.given() else self._path
        place = self._document.place(path)
        raise ConfigError(f"{text} ({place})", place=place, path=path, remedy=remedy)

    def option(self) -> tuple[Option, OptionDefinition | None, dict[str, Any]]:
        entry = self._entry
        self._check_names()
        definition = self._definition()
        csv = entry.csv_format
        if csv is None:
            csv = self._is_global or definition is not None
        if definition is None and (csv or entry.code is None):
            self._undefined(csv)
        reserved = self._family.reserved_codes.get(entry.code or 0)
        if definition is None and reserved is not None and self._space == self._family.space:
            self._refuse(f"invalid option code '{entry.code}': {reserved}")
        has_data = entry.data is not None or not entry.never_send
        data = self._data(definition, csv) if has_data else b""
        if definition is not None:
            code, name = definition.code, definition.name
        else:
            assert entry.code is not None
            code, name = entry.code, entry.name or ""
        option = Option(
            code,
            self._space,
            data,
            entry.always_send,
            entry.never_send,
            name,
            tuple(n for n in entry.client_classes if n),
        )
        return option, definition, self._shown(option, csv, has_data)

    def _check_names(self) -> None:
        entry, family = self._entry, self._family
        code = entry.code
        if code is not None and not 0 <= code <= family.highest_code:
            must = f"it must not {family.beyond} '{family.highest_code}'"
            self._refuse(f"invalid option code '{code % (1 << 32)}', {must}", "code")
        if entry.name is not None and " " in entry.name:
            self._refuse(f"invalid option name '{entry.name}', space character is not allowed", "name")
        if not is_name(self._space):
            self._refuse(f"invalid option space name '{self._space}'", "space")
        if self._space == family.foreign:
            text = (
                f"'{family.foreign}' option space name is reserved for {family.foreign.replace('dhcp', 'DHCPv')} server"
            )
            self._refuse(text, "space")
        if code is None and entry.name is None:
            self._refuse("option data configuration requires one of 'code' or 'name' parameters to be specified")

    def _definition(self) -> OptionDefinition | None:
        entry, table = self._entry, self._table
        if entry.code is not None:
            definition = table.by_code(self._space, entry.code)
            if definition is not None and entry.name and entry.name != definition.name:
                self._refuse(
                    f"specified option name '{entry.name}' does not match the option definition: "
                    f"'{self._space}.{definition.name}'",
                    "name",
                )
            return definition
        return table.by_name(self._space, entry.name or "")

    def _undefined(self, csv: bool) -> NoReturn:
        entry = self._entry
        name = entry.name or ""
        near = difflib.get_close_matches(name, self._table.names(self._space), 1, 0.6) if name else []
        remedy = f"did you mean '{near[0]}'?" if near else ""
        if not name and entry.code is not None:
            remedy = "define it with option-def, or give hexadecimal data and csv-format false"
        having = f" having code '{entry.code or 0}'" if csv else ""
        self._refuse(f"definition for the option '{self._space}.{name}'{having} does not exist", "name", remedy)

    def _data(self, definition: OptionDefinition | None, csv: bool) -> bytes:
        text = self._entry.data or ""
        try:
            if not csv or definition is None:
                return encode_hex(text, definition)
            return encode_csv(definition, text)
        except OptionTextError as error:
            why = str(error)
            if definition is not None and not why.startswith("option data is not a valid string of hexa"):
                why = (
                    f"option data does not match option definition (space: {definition.space}, "
                    f"code: {definition.code}): {why}"
                )
            self._refuse(why, "data", error.remedy)

    def _shown(self, option: Option, csv: bool, has_data: bool) -> dict[str, Any]:
        entry = self._entry
        shown: dict[str, Any] = {
            "always-send": option.always_send,
            "code": option.code,
            "never-send": option.never_send,
            "space": option.space,
        }
        if option.name:
            shown["name"] = option.name
        if has_data:
            text = bool(csv and entry.data)
            shown["csv-format"] = text
            shown["data"] = entry.data if text else option.data.hex().upper()
        elif not option.name:
            shown["csv-format"] = False  # or else, sent back, it would ask for a definition
        if entry.client_classes:
            shown["client-classes"] = entry.client_classes
        context = entry.context()
        if context is not None:
            shown["user-context"] = context
        return shown


class _Scope:
    """The options of one list, put together."""

    def __init__(
        self,
        document: Document,
        path: Path,
        family: Family,
        options: list[tuple[Option, OptionDefinition | None]],
    ) -> None:
        self._document = document
        self._path = path
        self._family = family
        self._options = options
        self._by_space: dict[str, list[tuple[Option, OptionDefinition | None]]] = {}
        for option, definition in options:
            self._by_space.setdefault(option.space, []).append((option, definition))

    def scope(self, name: str) -> OptionScope:
        by_code: dict[int, list[Option]] = {}
        vendor: dict[int, dict[int, list[Option]]] = {}
        own = self._family.space
        for space, options in self._by_space.items():
            match = _VENDOR.match(space)
            if space != own and match is None:
                continue
            for option, definition in options:
                whole = self._with_sub_options(option, definition, (space,))
                if match is None:
                    by_code.setdefault(option.code, []).append(whole)
                else:
                    vendor.setdefault(int(match[1]), {}).setdefault(option.code, []).append(whole)
        return OptionScope(
            name,
            {code: self._in_order(code, same) for code, same in sorted(by_code.items())},
            {
                enterprise: {code: _tagged_first(same) for code, same in sorted(codes.items())}
                for enterprise, codes in sorted(vendor.items())
            },
            frozenset(o.code for o, _ in self._options if o.always_send and o.space == own),
            frozenset(o.code for o, _ in self._options if o.never_send and o.space == own),
            any(o.classes for o, _ in self._options),
        )

    def _with_sub_options(self, option: Option, definition: OptionDefinition | None, above: tuple[str, ...]) -> Option:
        """The option with the sub-options of the same list behind its own value, in code order."""
        inner = definition.encapsulates if definition is not None else ""
        found = self._by_space.get(inner, []) if inner and inner not in above else []
        if not found:
            return option
        data = bytearray(option.data)
        most = self._family.longest_sub_option
        for sub, of in sorted(found, key=lambda one: one[0].code):
            value = self._with_sub_options(sub, of, (*above, inner)).data
            if len(value) > most:
                raise ConfigError(
                    f"sub-option {sub.code} of space '{inner}' is {len(value)} bytes long, at most {most} fit "
                    f"({self._document.place(self._path)})",
                    place=self._document.place(self._path),
                    path=self._path,
                )
            data += self._family.sub_option.pack(sub.code, len(value)) + value
        return replace(option, data=bytes(data))

    def _in_order(self, code: int, options: list[Option]) -> tuple[Option, ...]:
        """Those for certain classes first, then the first of those for everybody (of some codes all)."""
        if code not in self._family.repeatable:
            return _tagged_first(options)
        return tuple(sorted(options, key=lambda option: not option.classes))


def _tagged_first(options: list[Option]) -> tuple[Option, ...]:
    """Those for certain classes, the last one first (it wins where a client is in several), then the first of those for
    everybody.
    """
    everybody = [option for option in options if not option.classes]
    return (*(option for option in reversed(options) if option.classes), *everybody[:1])
