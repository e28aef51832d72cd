"""An option as Kea's log shows it: type=051, len=004: 3600 (uint32).

Expressions see this text (`option[51].text`), so configurations may compare it: every blank counts. What is put
together here follows from an option's row; options with a form of their own are given by the families (`special`).
Total: what is no value of its option appears as plain bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from kead.wire.definitions import OptionDefinition, OptionTable, OptionType
from kead.wire.names import decode_search_list
from kead.wire.text import fit
from kead.wire.values import codec_of

Split = Callable[[bytes], Iterable[tuple[int, bytes]]]
"""The options in the bytes of a container."""
Special = Callable[["Dump", bytes, str, int], str]
"""An option's whole text, for a dump, its value, the indent and the depth of what is in it. May raise ValueError."""

_DEEPEST = 8
_NUMBERS = (
    OptionType.INT8,
    OptionType.INT16,
    OptionType.INT32,
    OptionType.UINT8,
    OptionType.UINT16,
    OptionType.UINT32,
)
_ADDRESSES = (OptionType.IPV4, OptionType.IPV6)


class Dump:
    """How options of one family and one configuration look.

    `digits` of codes and lengths; `split` takes a container apart; `special` has the options with their own form, by
    space and code.
    """

    __slots__ = ("_digits", "_special", "_split", "_table")

    def __init__(
        self, table: OptionTable, digits: int, split: Split, special: Mapping[tuple[str, int], Special]
    ) -> None:
        self._table = table
        self._digits = digits
        self._split = split
        self._special = special

    def show(self, space: str, code: int, data: bytes, definition: OptionDefinition | None) -> bytes:
        """The text of one option; of a string, the string."""
        if definition is not None and definition.type is OptionType.STRING and not definition.encapsulates:
            return data
        return self._option(space, code, data, definition, "", 0).encode("latin-1", "replace")

    def head(self, code: int, data: bytes, name: str = "") -> str:
        """type=003, len=008:"""
        return f"type={code:0{self._digits}}{name}, len={len(data):0{self._digits}}:"

    def options(self, space: str, data: bytes, indent: str, depth: int) -> str:
        """What is in a container, on lines of its own."""
        lines = [
            "\n" + self._option(space, code, value, self._table.by_code(space, code), indent + "  ", depth + 1)
            for code, value in self._split(data)
        ]
        return ",\noptions:" + "".join(lines) if lines else ""

    def _option(
        self, space: str, code: int, data: bytes, definition: OptionDefinition | None, indent: str, depth: int
    ) -> str:
        special = self._special.get((space, code))
        try:
            if special is not None and depth < _DEEPEST:
                return indent + special(self, data, indent, depth)
            if definition is not None and depth < _DEEPEST and definition.type is not OptionType.INTERNAL:
                return self._defined(definition, data, indent, depth)
        except ValueError:
            pass
        return f"{indent}{self.head(code, data)} {plain(data)}"

    def _defined(self, definition: OptionDefinition, data: bytes, indent: str, depth: int) -> str:
        kind, inner = definition.type, definition.encapsulates
        size = 0 if kind is OptionType.EMPTY else len(fit(definition, data))
        head = indent + self.head(definition.code, data)
        if inner:
            shown = "".join(" " + each for each in _fields(definition, data[:size])) if size else ""
            return head + shown + self.options(inner, data[size:], indent, depth)
        if kind in (OptionType.EMPTY, OptionType.BINARY):
            return f"{head} {plain(data)}"
        if definition.array and kind is OptionType.TUPLE:
            return f"{indent}type={definition.code}, len={len(data)}" + tuples(_tuples(definition, data), "data")
        return head + "".join(" " + each for each in _fields(definition, data[:size]))


def _fields(definition: OptionDefinition, data: bytes) -> Iterable[str]:
    """Every value of an option with its type, 3600 (uint32)."""
    kind = definition.type
    if kind is OptionType.EMPTY:
        return
    if kind is OptionType.FQDN and definition.array:
        for name in decode_search_list(data):
            yield f'"{name.rstrip(".")}." (fqdn)'
        return
    types = definition.fields if kind is OptionType.RECORD else (kind,)
    at = number = 0
    while at < len(data) or number < len(types):
        type = types[min(number, len(types) - 1)]
        codec = codec_of(definition, type)
        end = codec.end(data, at)
        text = _value(type, data[at:end], codec.show(data[at:end]))
        if definition.array and kind in _ADDRESSES:
            yield text
        elif definition.array and kind in _NUMBERS:
            yield f"{text}({type.value})"
        else:
            yield f"{text} ({type.value})"
        if end == at:
            return
        at = end
        number += 1
        if number >= len(types) and not definition.array:
            return


def _value(type: OptionType, data: bytes, shown: str) -> str:
    if type is OptionType.STRING:
        return f'"{data.decode("latin-1")}"'
    if type is OptionType.BINARY:
        return data.hex().upper() + (f" '{data.decode()}'" if printable(data) else "")
    if type is OptionType.FQDN:
        return f'"{shown.rstrip(".")}."'
    return shown


def _tuples(definition: OptionDefinition, data: bytes) -> list[bytes]:
    codec = codec_of(definition, OptionType.TUPLE)
    prefix = 2 if definition.wide else 1
    found, at = [], 0
    while at < len(data):
        end = codec.end(data, at)
        found.append(data[at + prefix : end])
        at = end
    return found


def tuples(values: Iterable[bytes], name: str) -> str:
    """, data-len0=3, data0='abc'"""
    return "".join(
        f", data-len{at}={len(value)}, {name}{at}='{value.decode('latin-1')}'" for at, value in enumerate(values)
    )


def printable(data: bytes) -> bool:
    """Whether all of it is ASCII that one sees."""
    return all(32 <= byte <= 126 for byte in data)


def plain(data: bytes) -> str:
    """61:62:63 'abc', the text where all of it is printable."""
    return data.hex(":") + (f" '{data.decode()}'" if data and printable(data) else "" if data else "''")
