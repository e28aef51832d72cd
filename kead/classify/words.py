"""The words of an expression with a meaning of their own: numbers, codes and names of options, levels, enterprises.

What is wrong with one is said in Kea's words, at the word.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NoReturn

from lark import Token

from kead.classify.errors import ExpressionError
from kead.classify.parsing import Node, span_of, tokens_of
from kead.classify.subject import ANY_ENTERPRISE, Path
from kead.wire.definitions import OptionDefinition, OptionTable, OptionType

_HIGHEST_CODE: Final = {4: 255, 6: 65535}
_SPACES: Final = {4: "dhcp4", 6: "dhcp6"}
_LATE: Final = 43
_FIRST_PRIVATE: Final = 224
"""Options of DHCPv4 whose format a class may define, from here on and 43."""
_NEST_LEVELS: Final = (-32, 31)
_UINT32: Final = 0xFFFFFFFF
_INT64: Final = 1 << 63


class Words:
    """What words may say in one expression, of one family, under one table of options."""

    __slots__ = ("_family", "_space", "_table", "_text")

    def __init__(self, text: str, family: int, table: OptionTable) -> None:
        self._text = text
        self._family = family
        self._table = table
        self._space = _SPACES[family]

    def refuse(self, why: str, token: Token, *, positioned: bool = True, remedy: str = "") -> NoReturn:
        """Raises the ExpressionError."""
        raise ExpressionError(why, self._text, span_of(token), positioned=positioned, remedy=remedy)

    def number(self, token: Token) -> int:
        """Any that fits 64 bits with a sign."""
        value = int(token) if len(token.lstrip("-0")) < 20 else _INT64
        if not -_INT64 <= value < _INT64:
            self.refuse(f"Failed to convert {token} to an integer.", token)
        return value

    def limited(self, token: Token, highest: int, what: str = "Invalid value in") -> int:
        """A number from 0 to the highest."""
        value = self.number(token)
        if not 0 <= value <= highest:
            self.refuse(f"{what} {value}. Allowed range: 0..{highest}", token)
        return value

    def path(self, tokens: Sequence[Token], space: str = "") -> Path:
        """The codes of an option and of those in it; the first stands in `space` ("": the family's own)."""
        space = space or self._space
        path: list[int] = []
        for token in tokens:
            definition: OptionDefinition | None
            if token.type == "OPTION_NAME":
                definition = self._table.by_name(space, token) or self._table.by_name(self._space, token)
                if definition is None:
                    self.refuse(f"option '{token}' is not defined", token)
                code = definition.code
            else:
                code = self.limited(token, _HIGHEST_CODE[self._family], "Option code has invalid value in")
                definition = self._table.by_code(space, code)
            path.append(code)
            space = definition.encapsulates if definition is not None else ""
        return tuple(path)

    def is_string(self, path: Path) -> bool:
        """Whether the text of this option is its value, now and for every packet."""
        code = path[0]
        if len(path) > 1 or (self._family == 4 and (code == _LATE or code >= _FIRST_PRIVATE)):
            return False
        definition = self._table.by_code(self._space, code)
        return definition is not None and definition.type is OptionType.STRING and not definition.encapsulates

    def level(self, node: Node) -> int:
        """Of a relay."""
        token = tokens_of(node)[0]
        level = self.number(token)
        if self._family == 4:
            self.refuse("Nest level invalid for DHCPv4 packets", token, remedy="relay4[…] for DHCPv4")
        low, high = _NEST_LEVELS
        if not low <= level <= high:
            self.refuse(f"Nest level has invalid value in {level}. Allowed range: {low}..{high}", token)
        return level

    def enterprise(self, node: Node) -> int:
        """Of a vendor; ANY_ENTERPRISE for any."""
        token = tokens_of(node)[0]
        return ANY_ENTERPRISE if token.type == "ANY" else self.limited(token, _UINT32)

    def only_in(self, family: int, token: Token) -> None:
        """Refuses a word that the other family has."""
        if self._family != family:
            self.refuse(f"{token} can only be used in DHCPv{family}.", token)
