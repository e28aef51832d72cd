"""docs/expressions.md and the grammar are in step: every example is right, and nothing of the language is left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from lark import Token, Tree

from kead.classify.compiler import Scope, compile_boolean, compile_string
from kead.classify.parsing import _NAMES, _VALUES, Start, _parser, parse
from tests.classify.packets import TABLE4, TABLE6, usual4, usual6

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "expressions.md").read_text()
ROWS = [
    (6 if family else 4, text, value)
    for family, text, value in re.findall(r"^\| (\*\*6\*\* )?`([^`]+)` \| `([^`]*)` \|", PAGE, re.MULTILINE)
]


def kind(value: str) -> Start:
    return "test" if value in ("true", "false") else "template"


@pytest.mark.parametrize(("family", "text", "value"), ROWS)
def test_the_example_is_right(family: Literal[4, 6], text: str, value: str) -> None:
    scope = Scope(family, TABLE4 if family == 4 else TABLE6)
    subject = usual4() if family == 4 else usual6()
    if kind(value) == "test":
        assert str(compile_boolean(text, scope)(subject)).lower() == value
        return
    expected = bytes.fromhex(value[2:]) if value.startswith("0x") else value[1:-1].encode()
    assert compile_string(text, scope)(subject) == expected


def test_every_word_of_the_grammar_has_an_example() -> None:
    """The words of the examples, lexed as the language itself does it."""
    used: set[str] = set()
    for _, text, value in ROWS:
        used |= {str(token) for token in _parser().lex(text) if token.type not in _VALUES}
        used |= {token.type for token in _parser().lex(text) if token.type in _VALUES}
        assert parse(text, kind(value))
    words = {word for name, words in _NAMES.items() if name not in _VALUES for word in words}
    words = {"," if word == '","' else word for word in words} - {"end of file"}
    assert (words | _VALUES) - used == set()


def test_every_construct_of_the_grammar_has_an_example() -> None:
    used: set[str] = set()
    for _, text, value in ROWS:
        used |= {str(tree.data) for tree in parse(text, kind(value)).iter_subtrees()}
    constructs = {rule.alias or rule.origin.name for rule in _parser().rules}
    constructs = {str(name) for name in constructs if not name.startswith("_")}
    assert {"test", "template"} <= constructs
    assert constructs - used - {"term", "negation"} == set()  # these two only ever have other names


def test_every_terminal_has_its_name_in_messages() -> None:
    terminals = {terminal.name for terminal in _parser().terminals if not terminal.name.startswith("__IGNORE")}
    assert terminals == set(_NAMES) - {"$END"}


def test_trees_hold_tokens_and_trees_only() -> None:
    for _, text, value in ROWS:
        for tree in parse(text, kind(value)).iter_subtrees():
            assert all(isinstance(child, (Token, Tree)) for child in tree.children)
