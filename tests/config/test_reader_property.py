"""Any tree, written in the dialect with any comments and blanks between its tokens, reads back as itself."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kead.config.positions import read_positioned
from kead.config.reader import ConfigError, read_text
from kead.config.scanner import Source

characters = st.characters(max_codepoint=0xFF)
texts = st.text(characters, max_size=12)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
trees = st.dictionaries(
    texts,
    st.recursive(
        scalars,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(texts, inner, max_size=4)),
        max_leaves=12,
    ),
    max_size=5,
)
fillers = st.sampled_from(
    ["", " ", "\n", "\t", ' # a "comment" } ]\n', "// ' { [\n", "/* , */", '/* a\n"b */ ', "\r\n"]
)


class Writer:
    """Writes a tree token by token, with something between all of them and perhaps a comma too many."""

    def __init__(self, draw: Any) -> None:
        self._draw = draw

    def text(self, value: Any) -> str:
        fill = self._fill
        if isinstance(value, dict):
            inner = ",".join(f"{fill()}{self.text(k)}{fill()}:{self.text(v)}" for k, v in value.items())
            return f"{fill()}{{{inner}{self._comma(value)}{fill()}}}{fill()}"
        if isinstance(value, list):
            return f"{fill()}[{','.join(self.text(one) for one in value)}{self._comma(value)}{fill()}]{fill()}"
        return f"{fill()}{json.dumps(value)}{fill()}"

    def _fill(self) -> str:
        filler: str = self._draw(fillers)
        return filler

    def _comma(self, value: Any) -> str:
        return "," if value and self._draw(st.booleans()) else ""


@given(trees, st.data())
def test_what_is_written_is_read(tree: dict[str, Any], data: st.DataObject) -> None:
    text = Writer(data.draw).text(tree)
    document = read_text(text)
    assert document.tree == tree
    careful = read_positioned(Source("F", text))
    assert careful.tree == tree


@given(trees, st.data())
def test_every_value_has_its_place(tree: dict[str, Any], data: st.DataObject) -> None:
    text = Writer(data.draw).text(tree)
    document = read_text(text, "F")
    lines = text.split("\n")
    for path, value in leaves(tree, ()):
        place = document.place(path)
        assert lines[place.line - 1][place.column - 1 :].startswith(json.dumps(value))


def leaves(value: Any, path: tuple[str | int, ...]) -> Any:
    if isinstance(value, (dict, list)):
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            yield from leaves(inner, (*path, key))
    else:
        yield path, value


@given(st.text(st.characters(max_codepoint=0xFF), max_size=60) | st.text('{}[]",:#/*<?\\u0a1e-.+ \n', max_size=40))
def test_any_text_is_read_or_refused_with_a_place(text: str) -> None:
    error = None
    try:
        document = read_text(text.encode("latin-1"), "F")
    except ConfigError as refusal:
        error = refusal
    else:
        assert isinstance(document.tree, dict)
    assert error is None or (error.syntax and error.line >= 1)
