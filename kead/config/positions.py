"""A text of Kea's dialect, read with the position of everything in it.

Law: this is the careful reader. It knows the dialect's structure and no keyword's meaning; it is slower than the
JSON library by far, so `reader.py` calls it only for an odd text, an error, or a question where something stands.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from kead.config.errors import ConfigError, Path, Place
from kead.config.scanner import Kind, Source, Token, tokens

NESTING_LIMIT = 100

_SPECIAL_NAMES = {
    "control-sockets": "control-socket",
    "hosts-databases": "hosts-database",
    "config-databases": "config-database",
    "output_options": "output-options",
}
FREE_MAPS = frozenset({"user-context", "parameters", "metadata"})


def context_name(path: Path) -> str:
    """What Kea's messages call the map at `path`: "Dhcp4", "subnet4", "pools" …"""
    if any(step in FREE_MAPS for step in path):
        return "JSON"
    for step in reversed(path):
        if isinstance(step, str):
            return _SPECIAL_NAMES.get(step, step)
    return "toplevel"


class Spot(NamedTuple):
    """Where one value stands: its key (None in a list and at the top), its first and its last token."""

    key: Token | None
    first: Token
    last: Token


class Positioned(NamedTuple):
    tree: Any
    spots: dict[Path, Spot]
    warnings: list[str]


def read_positioned(source: Source, keywords: frozenset[str] = frozenset(), *, wire: bool = False) -> Positioned:
    """Read the text; ConfigError with syntax set when it breaks the dialect.

    `keywords` are words that Kea's grammar has a token for: its messages call those by name, all others "constant
    string". `wire`: the plain JSON of the command channel, where a repeated key takes the last value.
    """
    return _Reading(source, keywords, wire).document()


class _Reading:
    """One pass over the tokens, one token ahead."""

    def __init__(self, source: Source, keywords: frozenset[str], wire: bool) -> None:
        self._tokens: Iterator[Token] = tokens(source)
        self._keywords = keywords
        self._wire = wire
        self._spots: dict[Path, Spot] = {}
        self._warnings: list[str] = []
        self._ahead: Token | None = None

    def document(self) -> Positioned:
        self._demand(Kind.OPEN_MAP)
        tree = self._value((), None)
        if not self._wire:
            self._demand(Kind.END)
        return Positioned(tree, self._spots, self._warnings)

    @property
    def _next(self) -> Token:
        if self._ahead is None:
            self._ahead = next(self._tokens)
        return self._ahead

    def _demand(self, kind: Kind) -> None:
        if self._next.kind is not kind:
            raise self._unexpected(kind.value)

    def _take(self) -> Token:
        token = self._next
        if token.kind is not Kind.END:
            self._ahead = None  # only looked for when asked: behind a command there may be anything
        return token

    def _unexpected(self, expected: str = "", *, key: bool = False) -> ConfigError:
        token = self._next
        name = token.kind.value
        if key and token.kind is Kind.STRING and token.value in self._keywords:
            name = str(token.value)
        text = f"{token.span}: syntax error, unexpected {name}"
        return ConfigError(text + (f", expecting {expected}" if expected else ""), place=token.place, syntax=True)

    def _value(self, path: Path, key: Token | None) -> Any:
        token = self._next
        value: Any
        if token.kind is Kind.OPEN_MAP:
            value, last = self._map(path, token)
        elif token.kind is Kind.OPEN_LIST:
            value, last = self._list(path, token)
        elif token.kind in (Kind.STRING, Kind.INTEGER, Kind.FLOAT, Kind.BOOLEAN, Kind.NULL):
            value, last = token.value, self._take()
        else:
            raise self._unexpected()
        self._spots[path] = Spot(key, token, last)
        return value

    def _open(self, path: Path, token: Token) -> None:
        if len(path) >= NESTING_LIMIT:
            text = f"{token.span}: elements nested too deeply"
            raise ConfigError(text, place=token.place, path=path[:8], syntax=True)
        self._take()

    def _map(self, path: Path, opening: Token) -> tuple[dict[str, Any], Token]:
        self._open(path, opening)
        tree: dict[str, Any] = {}
        while self._next.kind is not Kind.CLOSE_MAP:
            key = self._take_key()
            name = str(key.value)
            if name in tree and not self._wire:
                raise self._duplicate(path, name, key)
            self._demand(Kind.COLON)
            self._take()
            tree[name] = self._value((*path, name), key)
            if not self._commas(Kind.CLOSE_MAP):
                raise self._unexpected('"," or }', key=True)
        return tree, self._take()

    def _take_key(self) -> Token:
        if self._next.kind is not Kind.STRING:
            raise self._unexpected()
        return self._take()

    def _list(self, path: Path, opening: Token) -> tuple[list[Any], Token]:
        self._open(path, opening)
        tree: list[Any] = []
        while self._next.kind is not Kind.CLOSE_LIST:
            tree.append(self._value((*path, len(tree)), None))
            if not self._commas(Kind.CLOSE_LIST):
                raise self._unexpected("]")
        return tree, self._take()

    def _commas(self, closing: Kind) -> bool:
        """Take what stands between two entries. Commas before the closing bracket count for nothing, with a warning."""
        if self._next.kind is not Kind.COMMA:
            return self._next.kind is closing
        surplus = [self._take()]
        while self._next.kind is Kind.COMMA and not self._wire:
            surplus.append(self._take())
        if self._next.kind is closing and not self._wire:
            self._warnings += [
                f"{comma.span}: Extraneous comma. A piece of configuration may have been omitted." for comma in surplus
            ]
        elif len(surplus) > 1 or self._next.kind is closing:
            raise self._unexpected()
        return True

    def _duplicate(self, path: Path, name: str, key: Token) -> ConfigError:
        previous = element_place(self._spots[(*path, name)])
        return ConfigError(
            f"{key.place}: duplicate {name} entries in {context_name(path)} map (previous at {previous})",
            place=key.place,
            path=(*path, name),
            remedy="keep one of the two",
            syntax=True,
        )


def element_place(spot: Spot) -> Place:
    """Where Kea says that a value stands: a list or map with a key at its key, all else at its first byte."""
    if spot.key is not None and spot.first.kind in (Kind.OPEN_MAP, Kind.OPEN_LIST):
        return spot.key.place
    return spot.first.place


def wire_place(spot: Spot, origin: str) -> Place:
    """The same for what came over a command channel, where lists and maps stand one byte later: behind the bracket.

    On the UNIX socket ("<wire>") the first line is 0 and its columns count from 0.
    """
    token = spot.first
    line_start = token.source.text.rfind("\n", 0, token.begin) + 1
    line = token.source.text.count("\n", 0, token.begin)
    first = 0 if origin == "<wire>" else 1
    column = token.begin - line_start + (1 if line else first)
    inside = token.kind in (Kind.OPEN_MAP, Kind.OPEN_LIST)
    return Place(origin, line + first, column + (1 if inside else 0))
