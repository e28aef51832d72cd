"""What is wrong with an expression and where, and what went wrong when one met a packet."""

from __future__ import annotations

from typing import NamedTuple


class Span(NamedTuple):
    """Where a word stands in an expression: line and columns count from 1, `last` is that of its last character."""

    line: int
    column: int
    last: int

    def __str__(self) -> str:
        """As Kea's parser writes it: 1.8 or 1.8-10."""
        return f"{self.line}.{self.column}" + (f"-{self.last}" if self.last > self.column else "")


class ExpressionError(ValueError):
    """An expression that cannot be used.

    why       what is wrong, in Kea's words where Kea has words for it
    text      the expression
    span      where in it
    remedy    what would be right, a short phrase, or ""

    str() is Kea's whole line, without the place in the configuration that whoever reads one puts behind it.
    """

    def __init__(self, why: str, text: str, span: Span, *, remedy: str = "", positioned: bool = True) -> None:
        """`positioned`: whether Kea's line says where (it does not for a bad regular expression)."""
        place = f"<string>:{span}: " if positioned else ""
        super().__init__(f"expression: [{text}] error: {place}{why}")
        self.why = why
        self.text = text
        self.span = span
        self.remedy = remedy

    @property
    def line(self) -> int:
        return self.span.line

    @property
    def column(self) -> int:
        return self.span.column


class EmptyExpressionError(ExpressionError):
    """There is nothing at all where a string expression should stand."""

    def __init__(self) -> None:
        super().__init__("expression can not be empty", "", Span(1, 1, 1))

    def __str__(self) -> str:
        return self.why


class EvaluationError(Exception):
    """This packet has no value for an expression. Raised inside of compiled expressions, never out of them."""


class Failure:
    """What an expression gives instead of a value when its evaluation failed: false, as its class does not match."""

    __slots__ = ("reason",)

    def __init__(self, reason: str) -> None:
        self.reason = reason

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"Failure({self.reason!r})"


def failure_of(error: Exception) -> Failure:
    """What an exception out of a compiled expression means: bytes without a value, or a packet that a hook spoilt."""
    return Failure(str(error) if isinstance(error, EvaluationError) else f"{type(error).__name__}: {error}")
