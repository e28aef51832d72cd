"""Reading a configuration: a file, a text, or what came over a command channel, into a tree that knows its places.

Law: here is decided how to read, not what a configuration may say. An ordinary text goes through the JSON library
after its comments are taken out; an odd one (a repeated key, a comma too many, an error) through `positions.py`,
which also answers, when first asked, where everything stands. So a good configuration never pays for positions.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from kead.config.errors import NOWHERE, ConfigError, Path, Place
from kead.config.pieces import free_tree
from kead.config.positions import Positioned, Spot, element_place, read_positioned, wire_place
from kead.config.scanner import Source, read_source

__all__ = ["ConfigError", "Document", "Place", "from_wire", "read_file", "read_text", "text_bytes"]


class Document:
    """A tree (dict, list, str, int, float, bool, None) and where each part of it stands.

    Strings are bytes in disguise (Latin-1), as in Kea. `warnings` are complete sentences with their positions.
    `wire` is true for what came over a command channel: other rules, other texts (config-common.md § 1).
    """

    def __init__(
        self,
        tree: dict[str, Any],
        locate: Callable[[], Positioned] | None,
        *,
        origin: str,
        wire: bool = False,
        prefix: Path = (),
    ) -> None:
        self.tree = tree
        self.wire = wire
        self.origin = origin
        self.warnings: list[str] = []
        self._locate = locate
        self._positioned: Positioned | None = None
        self._prefix = prefix

    def free(self) -> None:
        """Take the tree apart, which nobody needs any more. Places are known as before."""
        free_tree(self.tree)
        self.tree = {}

    def spot(self, path: Path) -> Spot | None:
        """The tokens of the value at `path` (of the nearest map or list around it, if it isn't there)."""
        if self._positioned is None:
            if self._locate is None:
                return None
            try:
                self._positioned = self._locate()
            except ConfigError:  # the command channel read more leniently than this reader: no positions then
                self._positioned = Positioned(self.tree, {}, [])
        spots = self._positioned.spots
        whole = self._prefix + path
        while whole and whole not in spots:
            whole = whole[:-1]
        return spots.get(whole)

    def place(self, path: Path) -> Place:
        """Where Kea says that the value at `path` stands. NOWHERE if the text isn't known."""
        spot = self.spot(path)
        if spot is None:
            return NOWHERE
        return wire_place(spot, self.origin) if self.wire else element_place(spot)


def read_file(path: str, keywords: frozenset[str] = frozenset()) -> Document:
    """Read a configuration file. ConfigError (syntax set) if it can't be opened or breaks the dialect."""
    return _read(read_source(path, "Unable to open file"), keywords)


def read_text(text: str | bytes, name: str = "<string>", keywords: frozenset[str] = frozenset()) -> Document:
    """Read a text in the dialect of configuration files; a str is taken as UTF-8."""
    data = text.encode() if isinstance(text, str) else text
    return _read(Source(name, data.decode("latin-1")), keywords)


def from_wire(
    tree: dict[str, Any], text: str | bytes = b"", prefix: Path = ("arguments",), origin: str = "<wire>"
) -> Document:
    """Wrap what a command brought: `tree` is {"Dhcp4": …}, `text` the whole command as it came, if known.

    With the text, messages carry Kea's positions (`<wire>:0:53`); `prefix` says where in it the tree stands. Any other
    origin counts lines and columns from 1, as Kea does over HTTP.
    """
    locate = None
    if text:
        source = Source(origin, (text.encode() if isinstance(text, str) else text).decode("latin-1"))

        def locate() -> Positioned:
            return read_positioned(source, wire=True)

    return Document(tree, locate, origin=origin, wire=True, prefix=prefix)


def text_bytes(document: Document, text: str, path: Path) -> bytes:
    """The bytes that a string of the document stands for. ConfigError: a character that is none (command channel)."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        place = document.place(path)
        why = f"{path[-1]} holds the character {text[error.start]!r}, which has no single byte ({place})"
        raise ConfigError(why, place=place, path=path) from None


def _read(source: Source, keywords: frozenset[str]) -> Document:
    tree = _quickly(source.text)
    if tree is not None:
        return Document(tree, lambda: read_positioned(source, keywords), origin=source.name)
    positioned = read_positioned(source, keywords)
    document = Document(positioned.tree, lambda: positioned, origin=source.name)
    document.warnings += positioned.warnings
    return document


class _OddError(Exception):
    """The text has something that the quick way can't be trusted with."""


_STRING_OR_COMMENT = re.compile(r'("(?:[^"\\]|\\.)*")|#[^\n]*|//[^\n]*|/\*.*?\*/', re.DOTALL)
_BIG_ESCAPE = re.compile(r"\\u(?!00)")


def _quickly(text: str) -> dict[str, Any] | None:
    """The tree, or None: not sure, let the careful reader decide (and find the words, if it is an error)."""
    if "<?" in text or _BIG_ESCAPE.search(text):
        return None
    if "#" in text or "//" in text or "/*" in text:
        text = _STRING_OR_COMMENT.sub(lambda match: match[1] or " ", text)
    try:
        tree = json.loads(text, object_pairs_hook=_once, parse_int=_int64, parse_constant=_refuse)
    except (ValueError, RecursionError, _OddError):
        return None
    return tree if isinstance(tree, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    tree = dict(pairs)
    if len(tree) != len(pairs):
        raise _OddError
    return tree


def _int64(text: str) -> int:
    if len(text) > 18:
        raise _OddError
    return int(text)


def _refuse(text: str) -> Any:
    raise _OddError
