"""Wrong expressions: what is said of them, and where."""

from __future__ import annotations

from typing import Literal

import pytest

from kead.classify.compiler import ExpressionError, Scope, compile_boolean, compile_string
from kead.classify.names import BUILT_IN, PREFIXES
from kead.classify.parsing import DEEPEST, LONGEST
from tests.classify.mistakes import MISTAKES
from tests.classify.packets import TABLE4, TABLE6, usual4


class Classes:
    """As above a class that is the first of its configuration."""

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in BUILT_IN or name.startswith(PREFIXES))


def refusal(family: Literal[4, 6], kind: str, text: str) -> ExpressionError:
    scope = Scope(family, TABLE4 if family == 4 else TABLE6, Classes() if kind == "test" else None)
    with pytest.raises(ExpressionError) as error:
        (compile_boolean if kind == "test" else compile_string)(text, scope)
    return error.value


@pytest.mark.parametrize(("family", "kind", "text", "expected"), MISTAKES)
def test_as_kea_says_it(family: Literal[4, 6], kind: str, text: str, expected: str) -> None:
    error = refusal(family, kind, text)
    if not text and kind == "template":
        assert str(error) == expected
    else:
        assert str(error) == f"expression: [{text}] error: {expected}"


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("option[12].exists and\n  option[nope].exists", 2, 10),
        ("match('a', 'a') and match('(', 'a')", 1, 27),
        ("'a' == 'b' or\n\n\t member('x')", 3, 10),
        ("concat('a', 4294967296) == ''", 1, 13),
        ("'a' == 10.0.0.256", 1, 8),
        ("option[12].hex == hexstring('a', 'b'", 1, 37),
    ],
)
def test_the_place_is_that_of_the_word(text: str, line: int, column: int) -> None:
    error = refusal(4, "test", text)
    assert (error.line, error.column) == (line, column)


def test_sub_options_are_named_where_they_stand() -> None:
    error = refusal(4, "test", "relay4[1].option[nope].exists")
    assert error.why == "option 'nope' is not defined"
    assert error.column == 18


def test_what_is_beyond_kea_refuses_what_kea_does() -> None:
    assert "unexpected option name, expecting integer" in str(refusal(4, "test", "option[1].option[host-name].exists"))
    assert refusal(4, "test", "option[1].option[2].option[256].exists").column == 28


def test_depth_is_bounded() -> None:
    deep = "lcase(" * (DEEPEST - 4) + "'a'" + ")" * (DEEPEST - 4) + " == 'a'"
    assert compile_boolean(deep, Scope(4, TABLE4))(usual4()) is True
    for text in (
        "lcase(" * 5000 + "'A'" + ")" * 5000 + " == 'a'",
        "not " * 5000 + "'a' == 'a'",
        "ifelse('a'=='a'," * 300 + "'a'" + ",'b')" * 300 + " == 'a'",
    ):
        assert "nested deeper" in refusal(4, "test", text).why


def test_parentheses_around_nothing_else_are_no_levels() -> None:
    text = "(" * 5000 + "'a'" + ")" * 5000 + " == 'a'"
    assert compile_boolean(text, Scope(4, TABLE4))(usual4()) is True


def test_long_chains_are_no_levels() -> None:
    for word, expected in (("and", True), ("or", True), ("sand", True), ("sor", True)):
        text = f" {word} ".join(["option[12].exists"] * 2000)
        assert compile_boolean(text, Scope(4, TABLE4))(usual4()) is expected
    text = " + ".join(["'a'"] * 2000)
    assert compile_string(text, Scope(4, TABLE4))(usual4()) == b"a" * 2000


def test_length_is_bounded() -> None:
    error = refusal(4, "test", "'" + "a" * LONGEST + "' == ''")
    assert error.why == "expression too long"
    assert len(str(error)) < 200


def test_zeros_before_a_number_do_not_count() -> None:
    compile_boolean(f"option[{'0' * 60}12].exists", Scope(4, TABLE4))
    assert "Failed to convert" in refusal(4, "test", f"option[{'9' * 60}].exists").why
