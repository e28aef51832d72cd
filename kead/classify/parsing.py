"""Text to syntax tree, by `grammar.lark`; syntax errors in Kea's words and at Kea's columns.

Law: nothing here knows what a construct means. Texts have one character a byte (Latin-1), as kead reads
configurations, so columns are columns of bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from lark import Lark, Token, Tree
from lark.exceptions import UnexpectedCharacters, UnexpectedToken

from kead.classify.errors import ExpressionError, Span

Start = Literal["test", "template"]
Node = Tree[Token]

DEEPEST: Final = 100
"""How many parentheses with something in them, functions and nots may stand in each other."""
LONGEST: Final = 65536
"""Characters of an expression."""
_MOST_EXPECTED: Final = 4

_NAMES: Final = {
    "$END": ("end of file",),
    "LPAR": ("(",),
    "RPAR": (")",),
    "NOT": ("not",),
    "AND": ("and",),
    "OR": ("or",),
    "SAND": ("sand",),
    "SOR": ("sor",),
    "EQUAL": ("==",),
    "OPTION": ("option",),
    "RELAY4": ("relay4",),
    "RELAY6": ("relay6",),
    "MEMBER": ("member",),
    "RELAY6_FIELD": ("peeraddr", "linkaddr"),
    "LSQB": ("[",),
    "RSQB": ("]",),
    "DOT": (".",),
    "TEXT": ("text",),
    "HEX": ("hex",),
    "EXISTS": ("exists",),
    "PKT": ("pkt",),
    "PKT_FIELD": ("iface", "src", "dst", "len"),
    "PKT4": ("pkt4",),
    "PKT4_FIELD": ("mac", "hlen", "htype", "ciaddr", "giaddr", "yiaddr", "siaddr"),
    "SUBSTRING": ("substring",),
    "SPLIT": ("split",),
    "ALL": ("all",),
    "COMMA": ('","',),
    "CONCAT": ("concat",),
    "PLUS": ("+",),
    "IFELSE": ("ifelse",),
    "SIFELSE": ("sifelse",),
    "TO_HEXSTRING": ("hexstring",),
    "ADDRTOTEXT": ("addrtotext",),
    "NUMBER_TO_TEXT": ("int8totext", "int16totext", "int32totext", "uint8totext", "uint16totext", "uint32totext"),
    "LCASE": ("lcase",),
    "UCASE": ("ucase",),
    "MATCH": ("match",),
    "PKT6": ("pkt6",),
    "PKT_BOTH_FIELD": ("msgtype", "transid"),
    "VENDOR_CLASS": ("vendor-class",),
    "VENDOR": ("vendor",),
    "ANY": ("*",),
    "DATA": ("data",),
    "ENTERPRISE": ("enterprise",),
    "STRING": ("constant string",),
    "INTEGER": ("integer",),
    "HEXSTRING": ("constant hexstring",),
    "OPTION_NAME": ("option name",),
    "IP_ADDRESS": ("ip address",),
}
"""What Kea's messages call each terminal of the grammar, in the order in which they list them."""
_VALUES: Final = frozenset(("STRING", "INTEGER", "HEXSTRING", "OPTION_NAME", "IP_ADDRESS"))


def parse(text: str, start: Start) -> Node:
    """The tree of an expression, its root named `start`. ExpressionError: it breaks the grammar."""
    if len(text) > LONGEST:
        raise ExpressionError(
            "expression too long", text[:40] + "…", Span(1, LONGEST + 1, LONGEST + 1), remedy=f"at most {LONGEST} bytes"
        )
    try:
        tree = _parser().parse(text, start=start)
    except UnexpectedCharacters as error:
        character = text[error.pos_in_stream or 0]
        raise ExpressionError(
            f"Invalid character: {character}", text, Span(error.line, error.column, error.column)
        ) from None
    except UnexpectedToken as error:
        raise _syntax_error(text, start, error.token) from None
    _check_depth(tree, text)
    return tree


def span_of(token: Token) -> Span:
    """Where a token stands."""
    return Span(token.line or 1, token.column or 1, (token.end_column or 2) - 1)


def nodes_of(node: Node) -> list[Node]:
    """The trees right below one."""
    return [child for child in node.children if isinstance(child, Tree)]


def tokens_of(node: Node) -> list[Token]:
    """The words right below a tree."""
    return [child for child in node.children if isinstance(child, Token)]


@cache
def _parser() -> Lark:
    grammar = (files("kead.classify") / "grammar.lark").read_text()
    return Lark(grammar, parser="lalr", lexer="basic", start=["test", "template"], maybe_placeholders=False)


def _syntax_error(text: str, start: Start, token: Token) -> ExpressionError:
    if token.type == "$END":
        column = len(text) - text.rfind("\n")
        span = Span(text.count("\n") + 1, column, column)
        found = "end of file"
    else:
        span = span_of(token)
        found = _NAMES[token.type][0] if token.type in _VALUES or token == "," else str(token)
    expected = _expected(_accepted(text, start, token))
    why = f"syntax error, unexpected {found}"
    if len(expected) <= _MOST_EXPECTED:
        why += ", expecting " + " or ".join(expected)
    return ExpressionError(why, text, span)


def _accepted(text: str, start: Start, wrong: Token) -> set[str]:
    """The terminals that could stand where the wrong one does: everything before it is read once more."""
    again = _parser().parse_interactive(text, start=start)
    for token in again.iter_parse():
        if wrong.type != "$END" and token.start_pos == wrong.start_pos:
            break
    accepted: set[str] = again.accepts()  # type: ignore[no-untyped-call]
    return accepted


def _expected(accepted: Iterable[str]) -> list[str]:
    """The words that could stand there; where the expression might be over, Kea speaks of its end only."""
    if "$END" in accepted:
        return ["end of file"]
    words = [word for name, words in _NAMES.items() if name in accepted for word in words]
    return [word for word in words if word != "[" or "+" not in words]  # the index that data may have is not named


def _check_depth(tree: Node, text: str) -> None:
    """Compiled expressions call each other as deep as they are nested: bounded, for Python's stack is."""
    level: list[Node] = [tree]
    for _ in range(DEEPEST):
        level = [child for node in level for child in nodes_of(node)]
        if not level:
            return
    raise ExpressionError(f"nested deeper than {DEEPEST} levels", text, _first(level), remedy="fewer levels")


def _first(level: list[Node]) -> Span:
    """Where the first word of these trees stands, or the first of those below them."""
    while level:
        for node in level:
            for token in tokens_of(node):
                return span_of(token)
        level = [child for node in level for child in nodes_of(node)]
    return Span(1, 1, 1)
