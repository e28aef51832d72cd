"""Big trees, texts and lists in pieces, so that no single call of C code keeps the interpreter from the serving loop.

Law: knows no keyword. A configuration is read in a thread, which hands the interpreter over between two steps of
Python; making JSON of 10,000 subnets, or freeing them, is one step unless it is cut here.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import islice
from typing import Any, Final

import orjson

from kead.config.schema_base import Keywords

_LONG: Final = 1 << 18  # bytes
_WORDS: Final = 10_000


def json_pieces(value: Any) -> Iterator[bytes]:
    """Compact JSON with sorted keys, to be joined. Iterators stand for lists: their entries are pieces, made one by
    one.
    """
    if isinstance(value, Iterator):
        yield b"["
        for number, entry in enumerate(value):
            if number:
                yield b","
            yield from json_pieces(entry)
        yield b"]"
    elif isinstance(value, dict) and any(isinstance(one, Iterator) for one in value.values()):
        yield b"{"
        for number, key in enumerate(sorted(value)):
            yield (b"," if number else b"") + orjson.dumps(key) + b":"
            yield from json_pieces(value[key])
        yield b"}"
    else:
        yield orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def tree_of(text: bytes) -> dict[str, Any]:
    """What a JSON text says."""
    tree: dict[str, Any]
    if len(text) < _LONG:
        tree = orjson.loads(text)
    else:
        tree = json.loads(text, object_pairs_hook=_map)  # slower, but a function in Python gives others their turn
    return tree


def _map(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    return dict(pairs)


def indented(tree: Any) -> str:
    """A JSON text for people, with sorted keys."""
    words = json.JSONEncoder(indent=2, sort_keys=True).iterencode(tree)
    return "".join(iter(lambda: "".join(islice(words, _WORDS)), ""))


def free_tree(tree: Any) -> None:
    """Take a tree of maps and lists apart, which nobody needs any more."""
    if isinstance(tree, dict):
        for value in tree.values():
            free_tree(value)
    elif isinstance(tree, list):
        while tree:
            entry = tree.pop()
            if isinstance(entry, dict):
                free_tree(entry)


def free_model(model: Keywords) -> None:
    """The same for a checked map."""
    for name, _ in type(model).lists.values():
        entries = getattr(model, name)
        while entries:
            free_model(entries.pop())


def free_lists(*lists: list[Any]) -> None:
    """The same for lists of other objects."""
    for entries in lists:
        while entries:
            entries.pop()
