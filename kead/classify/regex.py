"""match(): regular expressions over packet data, in bounded time.

An expression is read by `regex_syntax` and given to RE2, whose time is linear in the data. What RE2 cannot do,
back-references and look-aheads, is matched by `backtracking`, which gives up after a fixed number of steps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

import re2  # type: ignore[import-untyped]

from kead.classify.backtracking import compile_program
from kead.classify.errors import EvaluationError
from kead.classify.regex_syntax import (
    Anchor,
    BackReference,
    Choice,
    Group,
    LookAhead,
    Node,
    OneOf,
    RegexError,
    Repeat,
    Sequence,
    parse_regex,
    ranges,
    size,
)

__all__ = ("Match", "RegexError", "compile_regex")

Match = Callable[[bytes], bool]
"""Whether the whole of the data matches. EvaluationError: it would take too long to find out."""

_MOST_REPEATS: Final = 1000
"""RE2's bound of a repetition, of all that are in each other together."""
_MEMORY: Final = 64 << 20
_MOST_WORK: Final = 20_000_000
"""States times bytes: a sixth of a second at the very worst. With 300 states any option will do."""
_LONGEST_DATA: Final = 1 << 16
_ANCHORS: Final = {"^": r"\A", "$": r"\z", "b": r"\b", "B": r"\B"}


def compile_regex(text: str) -> Match:
    """The matcher of an expression (one character a byte). RegexError: it is none, or too large."""
    tree = parse_regex(text)
    if _needs_backtracking(tree):
        return compile_program(tree)
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        fullmatch = re2.compile(_written(tree)[0].encode("latin-1"), options).fullmatch
    except re2.error as error:
        raise RegexError(_reason(error)) from None
    longest = _MOST_WORK // size(tree)
    if longest < _LONGEST_DATA:
        return _limited(fullmatch, longest)
    prefix = _prefix(tree)
    if not prefix:
        return lambda data: fullmatch(data) is not None
    return lambda data: data.startswith(prefix) and fullmatch(data) is not None


def _limited(fullmatch: Callable[[bytes], object], longest: int) -> Match:
    """Of a large expression: RE2 may take the data's length times the number of states."""

    def match(data: bytes) -> bool:
        if len(data) > longest:
            raise EvaluationError(f"the regular expression is too large for data of more than {longest} bytes")
        return fullmatch(data) is not None

    return match


def _prefix(tree: Node) -> bytes:
    """The bytes that everything begins with that matches: to compare them costs a twentieth of a match."""
    found = bytearray()
    for part in tree.parts if isinstance(tree, Sequence) else (tree,):
        if not isinstance(part, OneOf) or len(part.bytes) != 1:
            break
        found += bytes(part.bytes)
    return bytes(found)


def _reason(error: Exception) -> str:
    why = error.args[0] if error.args else error
    return why.decode("latin-1") if isinstance(why, bytes) else str(why)


def _needs_backtracking(node: Node) -> bool:
    match node:
        case BackReference() | LookAhead():
            return True
        case Sequence(parts) | Choice(parts):
            return any(map(_needs_backtracking, parts))
        case Repeat(inner, _, _, _) | Group(inner, _):
            return _needs_backtracking(inner)
        case _:
            return False


def _written(node: Node) -> tuple[str, int]:
    """The expression in RE2's syntax, and how often its most repeated part is repeated, by braces in braces.

    Laziness and groups do not matter when only the whole counts.
    """
    match node:
        case OneOf(found):
            return _set(found), 1
        case Sequence(parts) | Choice(parts):
            written = [_written(part) for part in parts]
            glue = "|" if isinstance(node, Choice) else ""
            return "(?:" + glue.join(text for text, _ in written) + ")", max((most for _, most in written), default=1)
        case Repeat(inner, low, high, _):
            unit, inside = _written(inner)
            limit = max(1, _MOST_REPEATS // inside)
            text = "".join(f"(?:{unit}){count}" for count in _counts(low, high, limit))
            return f"(?:{text})", inside * max(1, min(limit, low if high is None else high))
        case Group(inner, _):
            return _written(inner)
        case Anchor(kind):
            return _ANCHORS[kind], 1
        case _:
            raise AssertionError(node)


def _set(found: frozenset[int]) -> str:
    if not found:
        return r"[^\x00-\xff]"
    if len(found) == 1:
        return f"\\x{min(found):02x}"
    return "[" + "".join(f"\\x{first:02x}-\\x{last:02x}" for first, last in ranges(found)) + "]"


def _counts(low: int, high: int | None, limit: int) -> Iterator[str]:
    """Repetitions of at most `limit` that together are this one."""
    while low > limit:
        yield f"{{{limit}}}"
        low -= limit
        high = None if high is None else high - limit
    if high is None:
        yield f"{{{low},}}"
    elif high <= limit:
        yield f"{{{low},{high}}}"
    else:
        yield f"{{{low}}}"
        for at in range(low, high, limit):
            yield f"{{0,{min(limit, high - at)}}}"
