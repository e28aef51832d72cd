"""Kea's JSON dialect as tokens: comments, include directives, numbers, strings.

Law: text in, tokens out; every token knows its text and its offsets. What tokens mean together is said in
`positions.py`. Texts are Latin-1 decoded bytes throughout, as Kea's strings are bytes: columns count bytes,
`\\u00e9` is the one character U+00E9, and a raw UTF-8 é is two characters. Error texts are Kea's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from kead.config.errors import ConfigError, Place

INCLUDE_LIMIT = 10


class Kind(Enum):
    """A token's kind; the value is the name that Kea's grammar gives it in messages."""

    STRING = "constant string"
    INTEGER = "integer"
    FLOAT = "floating point"
    BOOLEAN = "boolean"
    NULL = "null"
    OPEN_MAP = "{"
    CLOSE_MAP = "}"
    OPEN_LIST = "["
    CLOSE_LIST = "]"
    COMMA = '","'
    COLON = ":"
    END = "end of file"


Scalar = str | int | float | bool | None


class Source:
    """One file's (or string's) text and name; turns offsets into places."""

    __slots__ = ("__dict__", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(match.end() for match in re.finditer("\n", self.text))]

    def place(self, offset: int) -> Place:
        line = bisect_right(self._line_starts, offset)
        return Place(self.name, line, offset - self._line_starts[line - 1] + 1)

    def span(self, begin: int, end: int) -> str:
        """`FILE:LINE.COLUMN[-COLUMN]`, as Kea's parser writes where a token stands."""
        first, last = self.place(begin), self.place(max(begin, end - 1))
        text = f"{self.name}:{first.line}.{first.column}"
        if last.line != first.line:
            return f"{text}-{last.line}.{last.column}"
        return f"{text}-{last.column}" if last.column != first.column else text


class Token(NamedTuple):
    kind: Kind
    value: Scalar
    source: Source
    begin: int
    end: int

    @property
    def place(self) -> Place:
        return self.source.place(self.begin)

    @property
    def span(self) -> str:
        return self.source.span(self.begin, self.end)


def read_source(name: str, failure: str) -> Source:
    """The text of a file. `failure` begins the message when it can't be read."""
    try:
        with open(name, "rb") as file:
            return Source(name, file.read().decode("latin-1"))
    except OSError as error:
        raise ConfigError(f"{failure} {name}", remedy=error.strerror or "", syntax=True) from error


_TOKEN = re.compile(
    r"""
      (?P<blank>[ \t\r\n]+ | \#[^\n]* | //[^\n]*)
    | (?P<mark>[{}\[\],:])
    | (?P<string>"(?:[^\x00-\x1f"\\] | \\(?:["\\/bfnrt] | u[0-9A-Fa-f]{4}))*")
    | (?P<word>[A-Za-z]+)
    | (?P<number>[-+]?(?=[0-9.])[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?)
    | (?P<comment>/\*)
    | (?P<directive><\?)
    """,
    re.VERBOSE,
)
_INTEGER = re.compile(r"-?[0-9]+\Z")
_INCLUDE = re.compile(r"<\?[ \t\r\n]*include[ \t\r\n]*\"([^\"\n]+)\"([ \t\r\n]*\?>)?")
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|.)", re.DOTALL)
_PLAIN_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_MARKS = {kind.value.strip('"'): kind for kind in Kind if len(kind.value.strip('"')) == 1}
_WORDS: dict[str, tuple[Kind, Scalar]] = {
    "true": (Kind.BOOLEAN, True),
    "false": (Kind.BOOLEAN, False),
    "null": (Kind.NULL, None),
}


def tokens(source: Source, depth: int = 0) -> Iterator[Token]:
    """All tokens of a text and of what it includes; the outermost text ends with one END token."""
    text, at = source.text, 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise _bad_string(source, at) if text[at] == '"' else _bad_character(source, at)
        kind, begin, at = match.lastgroup, at, match.end()
        if kind == "blank":
            continue
        if kind == "mark":
            yield Token(_MARKS[text[begin]], None, source, begin, at)
        elif kind == "string":
            yield Token(Kind.STRING, _unescaped(source, begin, at), source, begin, at)
        elif kind == "number":
            yield _number(source, begin, at)
        elif kind == "word":
            yield _word(source, begin, at)
        elif kind == "comment":
            at = _after_comment(source, begin)
        else:
            included, at = _included(source, begin, depth)
            yield from tokens(included, depth + 1)
    if depth == 0:
        yield Token(Kind.END, None, source, at, at)


def _included(source: Source, begin: int, depth: int) -> tuple[Source, int]:
    match = _INCLUDE.match(source.text, begin)
    if match is None:
        if "?>" not in source.text[begin:]:
            raise ConfigError("Directive not closed.", place=source.place(begin), syntax=True)
        raise _bad_character(source, begin)
    if depth >= INCLUDE_LIMIT:
        raise ConfigError("Too many nested include.", place=source.place(begin), syntax=True)
    if match[2] is None:
        raise ConfigError("Directive not closed.", place=source.place(begin), syntax=True)
    try:
        return read_source(match[1], "Can't open include file"), match.end()
    except ConfigError as error:
        error.place = source.place(begin)
        raise


def _after_comment(source: Source, begin: int) -> int:
    end = source.text.find("*/", begin + 2)
    if end < 0:
        place = source.place(begin)
        raise ConfigError(f"Comment not closed. (/* in line {place.line}", place=place, syntax=True)
    return end + 2


def _number(source: Source, begin: int, end: int) -> Token:
    text = source.text[begin:end]
    if _INTEGER.match(text):
        value = int(text)
        if not -(1 << 63) <= value < 1 << 63:
            raise _failed(source, begin, end, f"Failed to convert {text} to an integer.")
        return Token(Kind.INTEGER, value, source, begin, end)
    try:
        return Token(Kind.FLOAT, float(text), source, begin, end)
    except ValueError as error:
        raise _failed(source, begin, end, f"Failed to convert {text} to a floating point.") from error


def _word(source: Source, begin: int, end: int) -> Token:
    text = source.text[begin:end]
    if text in _WORDS:
        kind, value = _WORDS[text]
        return Token(kind, value, source, begin, end)
    if text.lower() in _WORDS:
        raise _failed(source, begin, end, f"JSON {text.lower()} reserved keyword is lower case only")
    raise _bad_character(source, begin)


def _unescaped(source: Source, begin: int, end: int) -> str:
    text = source.text[begin + 1 : end - 1]
    if "\\" not in text:
        return text

    def one(match: re.Match[str]) -> str:
        what = match[1]
        if what[0] != "u":
            return _PLAIN_ESCAPES.get(what, what)
        code = int(what[1:], 16)
        if code > 0xFF:
            near = match.start() + 3
            raise _failed(source, begin, end, f"Unsupported unicode escape in {source.text[begin:end]}", near)
        return chr(code)

    return _ESCAPE.sub(one, text)


def _bad_character(source: Source, at: int) -> ConfigError:
    return _failed(source, at, at + 1, f"Invalid character: {source.text[at]}")


_GOOD_PART = re.compile(r'"(?:[^\x00-\x1f"\\]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*')


def _bad_string(source: Source, begin: int) -> ConfigError:
    """Why a text that begins with a double quote is no string: Kea names the escape or the control character."""
    good = _GOOD_PART.match(source.text, begin)
    at = good.end() if good else begin + 1
    end = source.text.find('"', at)
    if end < 0:
        quote = source.text.rfind('\\"', begin, at)  # perhaps the backslash before it is too many
        if quote < 0:
            return _bad_character(source, begin)
        whole = source.text[begin : quote + 2]
        return _failed(source, begin, quote + 2, f"Overflow escape in {whole}", quote - begin + 2)
    whole = source.text[begin : end + 1]
    near = at - begin
    if source.text[at] != "\\":
        return _failed(source, begin, end + 1, f"Invalid control in {whole}", near)
    kind = "Bad escape"
    if source.text[at + 1] == "u" and re.fullmatch(r"[0-9A-Fa-f]*", source.text[at + 2 : end]):
        kind = "Overflow unicode escape"
    return _failed(source, begin, end + 1, f"{kind} in {whole}", near + 1)


def _failed(source: Source, begin: int, end: int, text: str, near: int | None = None) -> ConfigError:
    where = source.span(begin, end) + (f" (near {near})" if near is not None else "")
    return ConfigError(f"{where}: {text}", place=source.place(begin), syntax=True)
