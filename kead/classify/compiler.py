"""Expressions to functions: once, when a configuration is read; what can be decided then is decided then.

    matches = compile_boolean("option[60].text == 'docsis'", Scope(4, table))
    matches(subject)                                    # True, False, or a Failure, which is false too

Law: an expression that was compiled has a value for every packet, or a Failure that says why not; calling it never
raises. Classes it asks for with member() are in `members`, so that who orders classes knows what depends on what.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import Literal

from lark import Tree

from kead.classify import parsing
from kead.classify.building import Builder
from kead.classify.errors import EmptyExpressionError, ExpressionError, Failure, failure_of
from kead.classify.subject import Subject
from kead.wire.definitions import OptionTable

__all__ = (
    "ExpressionError",
    "Failure",
    "Predicate",
    "Scope",
    "StringExpression",
    "compile_boolean",
    "compile_string",
)

Test = Callable[[Subject], bool]
Value = Callable[[Subject], bytes]


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression may speak of.

    family     4 or 6
    table      the options that have names, and what is in them
    classes    those that member() may name; None: any, as in template tests and hook libraries
    """

    family: Literal[4, 6]
    table: OptionTable
    classes: Container[str] | None = None


class Predicate:
    """A compiled condition. `bare` is the function itself, for who catches what it raises (see `failure_of`)."""

    __slots__ = ("bare", "members", "text")

    def __init__(self, text: str, test: Test, members: frozenset[str]) -> None:
        self.text = text
        self.members = members
        self.bare = test

    def __call__(self, subject: Subject) -> bool | Failure:
        """Whether it holds for this packet."""
        try:
            return self.bare(subject)
        except Exception as error:  # noqa: BLE001  (a hook library can put anything into a packet)
            return failure_of(error)

    def __repr__(self) -> str:
        return f"<Predicate {self.text}>"


class StringExpression:
    """A compiled string. `bare` is the function itself, for who catches what it raises (see `failure_of`)."""

    __slots__ = ("bare", "members", "text")

    def __init__(self, text: str, value: Value, members: frozenset[str]) -> None:
        self.text = text
        self.members = members
        self.bare = value

    def __call__(self, subject: Subject) -> bytes | Failure:
        """Its value for this packet."""
        try:
            return self.bare(subject)
        except Exception as error:  # noqa: BLE001  (a hook library can put anything into a packet)
            return failure_of(error)

    def __repr__(self) -> str:
        return f"<StringExpression {self.text}>"


def compile_boolean(text: str, scope: Scope) -> Predicate:
    """A condition, as in a class's `test`. `text` has one character a byte. ExpressionError."""
    builder = Builder(text, scope.family, scope.table, scope.classes)
    test = builder.test(_only(parsing.parse(text, "test")))
    return Predicate(text, test, frozenset(builder.members))


def compile_string(text: str, scope: Scope) -> StringExpression:
    """A string, as in `template-test` or a hook library's parameter. ExpressionError."""
    if not text:
        raise EmptyExpressionError
    builder = Builder(text, scope.family, scope.table, scope.classes)
    value = builder.value(_only(parsing.parse(text, "template")))
    return StringExpression(text, value, frozenset(builder.members))


def _only(tree: parsing.Node) -> parsing.Node:
    child = tree.children[0]
    assert isinstance(child, Tree)
    return child
