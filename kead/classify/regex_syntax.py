"""Regular expressions as Kea's configurations write them: the ECMAScript grammar over bytes, text to tree.

Kea hands them to the C++ library, whose reading (and whose messages) this follows: classes are those of ASCII, `.`
is any byte but a line feed and a carriage return, an unknown escape stands for its letter.
"""

from __future__ import annotations

import string
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NoReturn

MOST_STATES: Final = 20_000
"""The size that an expression may grow to when its repetitions are written out."""
_DEEPEST: Final = 50
_MISMATCHED: Final = "Mismatched '(' and ')' in regular expression"
_START_OF_RANGE: Final = "Invalid start of '[x-x]' range in regular expression"
_END_OF_RANGE: Final = "Invalid end of '[x-x]' range in regular expression"
_BRACKET: Final = "Unexpected character within '[...]' in regular expression"
_TOO_LARGE: Final = (
    "Number of NFA states exceeds limit. Please use shorter regex string, or use smaller brace expression"
)


class RegexError(ValueError):
    """This is no regular expression, or none that can be used. The message is the C++ library's where it has one."""


@dataclass(frozen=True, slots=True)
class OneOf:
    """One byte of these."""

    bytes: frozenset[int]


@dataclass(frozen=True, slots=True)
class Sequence:
    """One after the other."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """The first that lets the rest match."""

    options: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Repeat:
    """`low` times to `high` times (None: without end), as often as possible or, if lazy, as seldom."""

    node: Node
    low: int
    high: int | None
    lazy: bool


@dataclass(frozen=True, slots=True)
class Group:
    """A part that a back-reference may name, counted from 1."""

    node: Node
    number: int


@dataclass(frozen=True, slots=True)
class BackReference:
    """What a group has matched."""

    number: int


@dataclass(frozen=True, slots=True)
class LookAhead:
    """What follows matches, or does not."""

    node: Node
    negative: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place: ^ the beginning, $ the end, b a boundary of a word, B none."""

    kind: str


Node = OneOf | Sequence | Choice | Repeat | Group | BackReference | LookAhead | Anchor


def _all(characters: str) -> frozenset[int]:
    return frozenset(characters.encode())


ANYTHING: Final = frozenset(range(256))
_DIGITS: Final = _all(string.digits)
WORD: Final = _all(string.ascii_letters + string.digits + "_")
_SPACE: Final = _all(" \t\n\v\f\r")
_CLASSES: Final = {
    "d": _DIGITS,
    "w": WORD,
    "s": _SPACE,
    "alnum": WORD - _all("_"),
    "alpha": _all(string.ascii_letters),
    "blank": _all(" \t"),
    "cntrl": frozenset((*range(32), 127)),
    "digit": _DIGITS,
    "graph": frozenset(range(33, 127)),
    "lower": _all(string.ascii_lowercase),
    "print": frozenset(range(32, 127)),
    "punct": _all(string.punctuation),
    "space": _SPACE,
    "upper": _all(string.ascii_uppercase),
    "xdigit": _all(string.hexdigits),
}
_CONTROLS: Final = {"0": 0, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}


def parse_regex(text: str) -> Node:
    """The tree of a regular expression (one character a byte). RegexError."""
    node = _Reading(text).whole()
    if size(node) > MOST_STATES:
        raise RegexError(_TOO_LARGE)
    return node


def size(node: Node) -> int:
    """How many states it takes once repetitions are written out."""
    match node:
        case Sequence(parts) | Choice(parts):
            return 1 + sum(map(size, parts))
        case Repeat(inner, low, high, _):
            return 1 + size(inner) * max(1, low + 1 if high is None else high)
        case Group(inner, _) | LookAhead(inner, _):
            return 1 + size(inner)
        case _:
            return 1


class _Reading:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._groups = 0
        self._open: list[int] = []
        self._depth = 0

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _take(self, expected: str) -> bool:
        if self._text.startswith(expected, self._at):
            self._at += len(expected)
            return True
        return False

    def whole(self) -> Node:
        node = self._choice()
        if self._at < len(self._text):
            raise RegexError(_MISMATCHED)
        return node

    def _choice(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RegexError(f"more than {_DEEPEST} groups in each other")
        options = [self._sequence()]
        while self._take("|"):
            options.append(self._sequence())
        self._depth -= 1
        return options[0] if len(options) == 1 else Choice(tuple(options))

    def _sequence(self) -> Node:
        parts: list[Node] = []
        while True:
            anchor = self._anchor()
            if anchor is not None:
                parts.append(anchor)
                continue
            atom = self._atom()
            if atom is None:
                break
            parts.append(self._repeated(atom))
        return parts[0] if len(parts) == 1 else Sequence(tuple(parts))

    def _anchor(self) -> Node | None:
        """What stands between bytes, which no repetition may follow."""
        for written, kind in (("^", "^"), ("$", "$"), ("\\b", "b"), ("\\B", "B")):
            if self._take(written):
                return Anchor(kind)
        for written, negative in (("(?=", False), ("(?!", True)):
            if self._take(written):
                return LookAhead(self._closed(), negative)
        return None

    def _closed(self) -> Node:
        node = self._choice()
        if not self._take(")"):
            raise RegexError(_MISMATCHED)
        return node

    def _atom(self) -> Node | None:
        character = self._peek()
        if character in ("", "|", ")", "*", "+", "?", "{"):
            return None
        self._at += 1
        if character == "(":
            return self._group()
        if character == "[":
            return OneOf(self._bracket())
        if character == ".":
            return OneOf(ANYTHING - _all("\r\n"))
        if character == "\\":
            return self._escape()
        return OneOf(frozenset((ord(character),)))

    def _group(self) -> Node:
        if self._take("?:"):
            return self._closed()
        if self._peek() == "?":
            raise RegexError(
                "Invalid '(?...)' zero-width assertion in regular expression"
                if self._at + 1 < len(self._text)
                else _MISMATCHED
            )
        self._groups += 1
        number = self._groups
        self._open.append(number)
        node = self._closed()
        self._open.pop()
        return Group(node, number)

    def _repeated(self, atom: Node) -> Node:
        while True:
            if self._take("*"):
                low, high = 0, None
            elif self._take("+"):
                low, high = 1, None
            elif self._take("?"):
                low, high = 0, 1
            elif self._take("{"):
                low, high = self._braces()
            else:
                return atom
            atom = Repeat(atom, low, high, self._take("?"))
            if size(atom) > MOST_STATES:
                raise RegexError(_TOO_LARGE)

    def _braces(self) -> tuple[int, int | None]:
        low = self._number()
        if low is None:
            raise RegexError("Invalid range in '{}' in regular expression")
        high: int | None = low
        if self._take(","):
            high = self._number()
        if not self._take("}"):
            raise RegexError("Mismatched '{' and '}' in regular expression")
        if high is not None and high < low:
            raise RegexError("Invalid range in '{}' in regular expression")
        return low, high

    def _number(self) -> int | None:
        start = self._at
        while self._peek() and self._peek() in string.digits:
            self._at += 1
        digits = self._text[start : self._at]
        if len(digits) > 9:
            raise RegexError(_TOO_LARGE)
        return int(digits) if digits else None

    def _escape(self) -> Node:
        character = self._peek()
        if character and character in "123456789":
            number = self._number() or 0
            if number > self._groups:
                raise RegexError("Back-reference index exceeds current sub-expression count.")
            if number in self._open:
                raise RegexError("Back-reference referred to an opened sub-expression.")
            return BackReference(number)
        return OneOf(self._escaped())

    def _escaped(self) -> frozenset[int]:
        """The bytes that an escape stands for, in brackets or outside of them."""
        character = self._peek()
        if not character:
            raise RegexError("Invalid escape at end of regular expression")
        self._at += 1
        if character.lower() in ("d", "s", "w"):
            found = _CLASSES[character.lower()]
            return found if character.islower() else ANYTHING - found
        if character in ("x", "u"):
            digits = 2 if character == "x" else 4
            written = self._text[self._at : self._at + digits]
            if len(written) < digits or not all(each in string.hexdigits for each in written):
                raise RegexError(f"Invalid '\\{character}{'N' * digits}' control character in regular expression")
            self._at += digits
            return frozenset((int(written, 16) & 255,))
        if character == "c":
            if not self._peek():
                raise RegexError("invalid '\\cX' control character in regular expression")
            self._at += 1
            return frozenset((ord(self._text[self._at - 1]),))
        return frozenset((_CONTROLS.get(character, ord(character)),))

    def _bracket(self) -> frozenset[int]:
        negative = self._take("^")
        found: set[int] = set()
        while not self._take("]"):
            item, single = self._item()
            if self._peek() == "-" and self._text[self._at + 1 : self._at + 2] != "]":
                self._at += 1
                self._range(item, single, found)
            else:
                found |= item
        return ANYTHING - found if negative else frozenset(found)

    def _range(self, first: frozenset[int], single: bool, found: set[int]) -> None:
        if not single:
            raise RegexError(_START_OF_RANGE)
        if not self._peek():
            raise RegexError(_END_OF_RANGE)
        last, single = self._item()
        if not single:
            raise RegexError(_END_OF_RANGE)
        low, high = min(first), min(last)
        if low > high:
            raise RegexError("Invalid range in bracket expression.")
        found.update(range(low, high + 1))

    def _item(self) -> tuple[frozenset[int], bool]:
        """One element of a bracket, and whether it is a single byte, as the ends of a range are."""
        character = self._peek()
        if not character:
            self._outside()
        self._at += 1
        following = self._peek()
        if character == "[" and not following:
            raise RegexError("Incomplete '[[' character class in regular expression")
        if character == "[" and following in ":.=":
            return self._named(following)
        if character != "\\":
            return frozenset((ord(character),)), True
        if self._take("b"):
            return frozenset((8,)), True
        if following and following in "123456789":
            self._outside()
        return self._escaped(), following not in ("d", "D", "s", "S", "w", "W")

    def _named(self, kind: str) -> tuple[frozenset[int], bool]:
        end = self._text.find(kind + "]", self._at + 1)
        if end < 0:
            what = {":": "character class", ".": "collating element", "=": "equivalence class"}[kind]
            raise RegexError(f"Invalid {what} in regular expression")
        name = self._text[self._at + 1 : end]
        self._at = end + 2
        if kind == ":":
            if name.lower() not in _CLASSES:
                raise RegexError("Invalid character class.")
            return _CLASSES[name.lower()], False
        if len(name) != 1:
            raise RegexError("Invalid collate element." if kind == "." else "Invalid equivalence class.")
        return frozenset((ord(name),)), kind == "."

    def _outside(self) -> NoReturn:
        raise RegexError(_BRACKET)


def ranges(values: Iterable[int]) -> list[tuple[int, int]]:
    """The runs of consecutive numbers in these, ascending."""
    found: list[tuple[int, int]] = []
    for value in sorted(values):
        if found and found[-1][1] == value - 1:
            found[-1] = (found[-1][0], value)
        else:
            found.append((value, value))
    return found
