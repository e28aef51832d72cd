"""Big trees, texts and lists in pieces, so that no single call of C code keeps the interpreter from the serving loop.

Law: knows no keyword. A configuration is read in a thread, which hands the interpreter over between two steps of
Python; making JSON of 10,000 subnets, or freeing them, is one step unless it is cut here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson

from kead.config.schema_base import Keywords


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
