"""Reading a command's JSON as Kea does: its errors in its words, the position of every value.

Law: bytes in, tree out; knows no command. An ordinary document is read by the standard library's C code; anything
unusual, and every question where something stands, goes through the reader below.

Strings are bytes in disguise (Latin-1): ``\\u0000`` to ``\\u00ff`` become one byte each and greater escapes are
refused. A repeated key takes the last value. Kea's liberties are kept: leading zeros, ``+5``, ``.5``, raw control
characters in strings, a comma at the end of a list. Not kept: a lone ``-`` or ``.`` as a number.
"""

from __future__ import annotations

import json
import math
import re
from typing import Final

from kead.control.json_feed import NESTING_LIMIT

Path = tuple[str | int, ...]

_BLANKS: Final = re.compile("[ \b\f\n\r\t]*")
_NUMBER: Final = re.compile("[-+.0-9eE]*")
_WORD: Final = re.compile("[A-Za-z]*")
_PLAIN: Final = re.compile(r'[^"\\]*')
_ESCAPES: Final = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}


LONG: Final = 1 << 16
"""Bytes from which on a document is read in a thread of its own: some milliseconds."""


class JsonError(ValueError):
    """Not JSON; the text is Kea's, position included."""


def read(document: bytes, origin: str = "<wire>", first_line: int = 0) -> object:
    """The tree of a document without comments. ``origin`` and ``first_line`` begin the positions in texts. Raises
    JsonError.
    """
    if document.isascii() and b"\\u" not in document:
        try:
            return (_STANDARD if len(document) < LONG else _IN_TURNS).decode(document.decode("ascii"))
        except (ValueError, RecursionError):
            pass  # unusual or wrong: the careful reader decides, and words it
    return _Reading(document.decode("latin-1"), origin, first_line, None).document()


def place(document: bytes, path: Path, origin: str = "<wire>", first_line: int = 0) -> str:
    """Where the value at ``path`` stands in a good document, as Kea writes it: ``<wire>:0:40``."""
    places: dict[Path, str] = {}
    _Reading(document.decode("latin-1"), origin, first_line, places).document()
    while path and path not in places:
        path = path[:-1]
    return places[path]


def _refuse(token: str) -> float:
    raise ValueError(token)


def _finite(token: str) -> float:
    value = float(token)
    return value if math.isfinite(value) else _refuse(token)


def _map(pairs: list[tuple[str, object]]) -> dict[str, object]:
    return dict(pairs)


_STANDARD: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse)
_IN_TURNS: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_refuse, object_pairs_hook=_map)
"""The same. Since a function in Python makes its maps, other threads have their turn meanwhile."""


class _Reading:
    """One document, from left to right."""

    def __init__(self, text: str, origin: str, first_line: int, places: dict[Path, str] | None) -> None:
        self._text = text
        self._at = 0
        self._origin = origin
        self._first_line = first_line
        self._lines = 0
        self._line_start = 0
        self._depth = 0
        self._places = places

    def document(self) -> object:
        return self._value(())

    def _where(self, offset: int) -> str:
        """A position as Kea writes it: bytes from 0 on the first line, columns from 1 on later ones."""
        column = offset - self._line_start + (1 if self._lines else self._first_line)
        return f"{self._origin}:{self._first_line + self._lines}:{column}"

    def _error(self, text: str, offset: int) -> JsonError:
        return JsonError(f"{text} in {self._where(offset)}")

    def _blanks(self) -> None:
        match = _BLANKS.match(self._text, self._at)
        assert match is not None
        lines = match[0].count("\n")
        if lines:
            self._lines += lines
            self._line_start = match.start() + match[0].rindex("\n") + 1
        self._at = match.end()

    def _next(self) -> str:
        """The next character that is not blank, "" at the end; not yet taken."""
        self._blanks()
        return self._text[self._at : self._at + 1]

    def _take(self, expected: str) -> str:
        one = self._next()
        if not one:
            raise self._error(f'EOF read, one of "{expected}" expected', self._at)
        self._at += 1
        if one not in expected:
            raise self._error(f"'{one}' read, one of \"{expected}\" expected", self._at)
        return one

    def _value(self, path: Path) -> object:
        one = self._next()
        start = self._at
        if self._places is not None:
            self._places[path] = self._where(start + 1 if one in ("{", "[") else start)
        if one == "{":
            return self._map(path)
        if one == "[":
            return self._list(path)
        if one == '"':
            return self._string()
        if one in ("t", "f"):
            word = self._word()
            if word not in ("true", "false"):
                raise self._error(f"Bad boolean value: {word}", start)
            return word == "true"
        if one == "n":
            word = self._word()
            if word != "null":
                raise self._error(f"Bad null value: {word}", start)
            return None
        if one and one in "-+.0123456789":
            return self._number()
        if not one:
            raise JsonError("nothing read")
        raise self._error(f"error: unexpected character {one}", start + 1)

    def _word(self) -> str:
        match = _WORD.match(self._text, self._at)
        assert match is not None
        self._at = match.end()
        return match[0]

    def _number(self) -> int | float:
        match = _NUMBER.match(self._text, self._at)
        assert match is not None
        start, self._at, token = match.start(), match.end(), match[0]
        real = any(one in token for one in ".eE")
        try:
            return _finite(token) if real else int(token)
        except ValueError:
            kind = "double" if real else "int64 and subsequently to int128"
            why = "bad lexical cast: source type value could not be interpreted as target"
            text = f"Number overflow while trying to cast '{token[:80]}' to {kind}: {why}"
            raise self._error(text, start) from None

    def _open(self) -> None:
        self._at += 1
        self._depth += 1
        if self._depth > NESTING_LIMIT:
            raise JsonError("fromJSON elements nested too deeply")

    def _close(self) -> None:
        self._depth -= 1

    def _map(self, path: Path) -> dict[str, object]:
        self._open()
        tree: dict[str, object] = {}
        if self._next() == "}":
            self._at += 1
            self._close()
            return tree
        while True:
            if self._next() != '"':
                raise self._error("String expected", self._at + 1)
            key = self._string()
            self._take(":")
            tree[key] = self._value((*path, key))
            if self._take(",}") == "}":
                self._close()
                return tree

    def _list(self, path: Path) -> list[object]:
        self._open()
        tree: list[object] = []
        if self._next() == "]":
            self._at += 1
            self._close()
            return tree
        while True:
            tree.append(self._value((*path, len(tree))))
            if self._take(",]") == "]":
                break
            if self._next() == "]":  # Kea lets a comma stand there
                self._at += 1
                break
        self._close()
        return tree

    def _string(self) -> str:
        self._at += 1
        pieces: list[str] = []
        while True:
            match = _PLAIN.match(self._text, self._at)
            assert match is not None
            pieces.append(match[0])
            self._at = match.end() + 1
            stopped = self._text[match.end() : match.end() + 1]
            if stopped == '"':
                return "".join(pieces)
            if not stopped:
                raise self._error("Unterminated string", match.end())
            pieces.append(self._escape(self._at))

    def _escape(self, place: int) -> str:
        """What stands after a backslash, which ends at ``place``."""
        one = self._text[place : place + 1]
        if one != "u":
            if one not in _ESCAPES:
                raise self._error("Bad escape", place)
            self._at = place + 1
            return _ESCAPES[one]
        digits = self._text[place + 1 : place + 5]
        if digits[:2] != "00":
            raise self._error("Unsupported unicode escape", place)
        if not re.fullmatch("[0-9A-Fa-f]{4}", digits):
            raise self._error("Not hexadecimal in unicode escape", place)
        self._at = place + 5
        return chr(int(digits, 16))
