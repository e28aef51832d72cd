"""Syntax trees to functions of a subject: what each construct of the language means, and what is checked of it.

A condition becomes a function that gives a bool, a string one that gives bytes; a string whose value is known already
is a `Part` that says so, and what is made of such parts is computed here and now. Failures at a packet are raised as
EvaluationError; what is wrong with the expression itself is an ExpressionError at the word that is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from socket import AF_INET, AF_INET6, inet_pton
from typing import Final, NamedTuple, cast

from kead.classify import functions
from kead.classify.errors import EvaluationError
from kead.classify.parsing import Node, nodes_of, tokens_of
from kead.classify.regex import RegexError, compile_regex
from kead.classify.subject import Path, Subject, Subject4, Subject6
from kead.classify.words import Words
from kead.wire.definitions import OptionTable

Test = Callable[[Subject], bool]
Value = Callable[[Subject], bytes]

_RELAY_SPACE: Final = "dhcp-agent-options-space"
_UINT8: Final = 0xFF
_UINT32: Final = 0xFFFFFFFF


class Part(NamedTuple):
    """A string expression: how to get its value, and the value itself where it is the same for all packets."""

    value: Value
    constant: bytes | None = None


_PKT: Final[dict[str, Value]] = {
    "iface": lambda s: s.interface(),
    "src": lambda s: s.source(),
    "dst": lambda s: s.destination(),
    "len": lambda s: s.length(),
}
_PKT4: Final[dict[str, Callable[[Subject4], bytes]]] = {
    "mac": lambda s: s.hwaddr(),
    "hlen": lambda s: s.hlen(),
    "htype": lambda s: s.htype(),
    "ciaddr": lambda s: s.ciaddr(),
    "giaddr": lambda s: s.giaddr(),
    "yiaddr": lambda s: s.yiaddr(),
    "siaddr": lambda s: s.siaddr(),
    "msgtype": lambda s: s.message_type(),
    "transid": lambda s: s.transaction_id(),
}
_PKT6: Final[dict[str, Callable[[Subject6], bytes]]] = {
    "msgtype": lambda s: s.message_type(),
    "transid": lambda s: s.transaction_id(),
}


def _each(tests: Sequence[Test], subject: Subject) -> list[bool]:
    """The value of every test, also of those that could not change the result any more: they may fail."""
    return [test(subject) for test in tests]


class Builder:
    """One expression. `members` gathers the classes that it asks for."""

    def __init__(self, text: str, family: int, table: OptionTable, classes: Container[str] | None) -> None:
        self.members: set[str] = set()
        self._words = Words(text, family, table)
        self._classes = classes
        self._tests: dict[str, Callable[[Node], Test]] = {
            "sor": self._some,
            "or_": self._some,
            "sand": self._all,
            "and_": self._all,
            "not_": self._not,
            "equal": self._equal,
            "option_exists": self._option_exists,
            "relay4_exists": self._relay4_exists,
            "relay6_option_exists": self._relay6_option_exists,
            "vendor_exists": self._vendor_exists,
            "vendor_option_exists": self._vendor_option_exists,
            "vendor_class_exists": self._vendor_class_exists,
            "member": self._member,
            "match": self._match,
        }
        self._values: dict[str, Callable[[Node], Part]] = {
            "sum": self._sum,
            "literal": self._literal,
            "hexadecimal": self._hexadecimal,
            "address": self._address,
            "integer": self._integer,
            "option": self._option,
            "relay4": self._relay4,
            "relay6_option": self._relay6_option,
            "relay6_field": self._relay6_field,
            "pkt": self._pkt,
            "pkt4": self._pkt4,
            "pkt6": self._pkt6,
            "vendor_option": self._vendor_option,
            "vendor_enterprise": self._vendor_enterprise,
            "vendor_class_enterprise": self._vendor_class_enterprise,
            "vendor_class_data": self._vendor_class_data,
            "substring": self._substring,
            "split": self._split,
            "ifelse": self._ifelse,
            "sifelse": self._sifelse,
            "hexstring": self._hexstring,
            "lcase": self._lcase,
            "ucase": self._ucase,
            "addrtotext": self._addrtotext,
            "number_to_text": self._number_to_text,
        }

    def test(self, node: Node) -> Test:
        """A condition as a function."""
        return self._tests[node.data](node)

    def value(self, node: Node) -> Value:
        """A string as a function."""
        return self._values[node.data](node).value

    def _parts(self, node: Node) -> list[Part]:
        return [self._values[child.data](child) for child in nodes_of(node)]

    # Conditions

    def _some(self, node: Node) -> Test:
        tests = [self.test(child) for child in nodes_of(node)]
        if node.data == "sor":
            return lambda s: any(_each(tests, s))
        if len(tests) == 2:
            first, second = tests
            return lambda s: first(s) or second(s)

        def some(s: Subject) -> bool:
            for test in tests:  # noqa: SIM110  (any() with a generator costs as much as two tests)
                if test(s):
                    return True
            return False

        return some

    def _all(self, node: Node) -> Test:
        tests = [self.test(child) for child in nodes_of(node)]
        if node.data == "sand":
            return lambda s: all(_each(tests, s))
        if len(tests) == 2:
            first, second = tests
            return lambda s: first(s) and second(s)

        def every(s: Subject) -> bool:
            for test in tests:  # noqa: SIM110
                if not test(s):
                    return False
            return True

        return every

    def _not(self, node: Node) -> Test:
        test = self.test(nodes_of(node)[0])
        return lambda s: not test(s)

    def _equal(self, node: Node) -> Test:
        left, right = self._parts(node)
        if left.constant is not None:
            left, right = right, left
        value, other, constant = left.value, right.value, right.constant
        if constant is None:
            return lambda s: value(s) == other(s)
        return lambda s: value(s) == constant

    def _option_exists(self, node: Node) -> Test:
        path = self._words.path(tokens_of(node))
        if len(path) == 1:
            code = path[0]
            return lambda s: s.option(code) is not None
        return lambda s: s.inner(path) is not None

    def _relay4_exists(self, node: Node) -> Test:
        path = self._relay4_path(node)
        return lambda s: cast(Subject4, s).relay_option(path) is not None

    def _relay6_option_exists(self, node: Node) -> Test:
        level, path = self._relay6_path(node)
        return lambda s: cast(Subject6, s).relay_option(level, path) is not None

    def _vendor_exists(self, node: Node) -> Test:
        enterprise = self._words.enterprise(nodes_of(node)[0])
        return lambda s: s.has_vendor(enterprise)

    def _vendor_option_exists(self, node: Node) -> Test:
        enterprise, path = self._vendor_path(node)
        return lambda s: s.vendor_option(enterprise, path) is not None

    def _vendor_class_exists(self, node: Node) -> Test:
        enterprise = self._words.enterprise(nodes_of(node)[0])
        return lambda s: s.has_vendor_class(enterprise)

    def _member(self, node: Node) -> Test:
        token = tokens_of(node)[0]
        name = token[1:-1]
        if self._classes is not None and name not in self._classes:
            self._words.refuse(
                f"Not defined client class '{name}'", token, remedy="a class defined above this one, or a built-in one"
            )
        self.members.add(name)
        return lambda s: name in s.classes

    def _match(self, node: Node) -> Test:
        token = tokens_of(node)[0]
        try:
            matches = compile_regex(token[1:-1])
        except RegexError as error:
            self._words.refuse(f"invalid regular expression {token}: {error}", token, positioned=False)
        value = self._parts(node)[0].value
        return lambda s: matches(value(s))

    # Strings that are known

    def _constant(self, value: bytes) -> Part:
        return Part(lambda s: value, value)

    def _literal(self, node: Node) -> Part:
        text = tokens_of(node)[0][1:-1]
        try:
            return self._constant(text.encode("latin-1"))
        except UnicodeEncodeError:
            return self._constant(text.encode("utf-8", "surrogatepass"))

    def _hexadecimal(self, node: Node) -> Part:
        digits = tokens_of(node)[0][2:]
        return self._constant(bytes.fromhex("0" * (len(digits) % 2) + digits))

    def _address(self, node: Node) -> Part:
        token = tokens_of(node)[0]
        try:
            return self._constant(inet_pton(AF_INET6 if ":" in token else AF_INET, token))
        except OSError:
            self._words.refuse(f"Failed to convert {token} to an IP address.", token)

    def _integer(self, node: Node) -> Part:
        return self._constant(self._words.limited(tokens_of(node)[0], _UINT32).to_bytes(4, "big"))

    # Strings out of packets

    def _option(self, node: Node) -> Part:
        path = self._words.path(tokens_of(node))
        if self._is_text(node) and not self._words.is_string(path):
            return Part(lambda s: s.text(path) or b"")
        if len(path) == 1:
            code = path[0]
            return Part(lambda s: s.option(code) or b"")
        return Part(lambda s: s.inner(path) or b"")

    def _is_text(self, node: Node) -> bool:
        return str(tokens_of(nodes_of(node)[-1])[0]) == "text"

    def _relay4_path(self, node: Node) -> Path:
        token, *codes = tokens_of(node)
        self._words.only_in(4, token)
        return self._words.path(codes, _RELAY_SPACE)

    def _relay4(self, node: Node) -> Part:
        path = self._relay4_path(node)
        if self._is_text(node):
            return Part(lambda s: cast(Subject4, s).relay_text(path) or b"")
        return Part(lambda s: cast(Subject4, s).relay_option(path) or b"")

    def _relay6_path(self, node: Node) -> tuple[int, Path]:
        return self._words.level(nodes_of(node)[0]), self._words.path(tokens_of(node))

    def _relay6_option(self, node: Node) -> Part:
        level, path = self._relay6_path(node)
        if self._is_text(node):
            return Part(lambda s: cast(Subject6, s).relay_text(level, path) or b"")
        return Part(lambda s: cast(Subject6, s).relay_option(level, path) or b"")

    def _relay6_field(self, node: Node) -> Part:
        level = self._words.level(nodes_of(node)[0])
        if tokens_of(node)[0] == "peeraddr":
            return Part(lambda s: cast(Subject6, s).relay_peer(level))
        return Part(lambda s: cast(Subject6, s).relay_link(level))

    def _pkt(self, node: Node) -> Part:
        return Part(_PKT[tokens_of(node)[0]])

    def _pkt4(self, node: Node) -> Part:
        word, field = tokens_of(node)
        self._words.only_in(4, word)
        return Part(cast(Value, _PKT4[field]))

    def _pkt6(self, node: Node) -> Part:
        word, field = tokens_of(node)
        self._words.only_in(6, word)
        return Part(cast(Value, _PKT6[field]))

    def _vendor_path(self, node: Node) -> tuple[int, Path]:
        enterprise = self._words.enterprise(nodes_of(node)[0])
        return enterprise, self._words.path(tokens_of(node), f"vendor-{enterprise}")

    def _vendor_option(self, node: Node) -> Part:
        enterprise, path = self._vendor_path(node)
        if self._is_text(node):
            return Part(lambda s: s.vendor_text(enterprise, path) or b"")
        return Part(lambda s: s.vendor_option(enterprise, path) or b"")

    def _vendor_enterprise(self, node: Node) -> Part:
        return Part(lambda s: s.vendor())

    def _vendor_class_enterprise(self, node: Node) -> Part:
        return Part(lambda s: s.vendor_class())

    def _vendor_class_data(self, node: Node) -> Part:
        enterprise = self._words.enterprise(nodes_of(node)[0])
        tokens = tokens_of(node)
        index = self._words.limited(tokens[0], _UINT8) if tokens else 0
        return Part(lambda s: s.vendor_class_data(enterprise, index))

    # Functions

    def _changed(self, part: Part, change: functions.Change) -> Part:
        """A function of one string; computed now where that is possible (what would fail fails at the packet)."""
        if part.constant is not None:
            try:
                return self._constant(change(part.constant))
            except EvaluationError:
                pass
        value = part.value
        return Part(lambda s: change(value(s)))

    def _joined(self, parts: Sequence[Part], join: Callable[[bytes, bytes], bytes]) -> Part:
        """A function of two strings, none of which fails."""
        first, second = parts
        if second.constant is not None:
            constant = second.constant
            return self._changed(first, lambda data: join(data, constant))
        one, other = first.value, second.value
        return Part(lambda s: join(one(s), other(s)))

    def _sum(self, node: Node) -> Part:
        parts = self._parts(node)
        constants = [part.constant for part in parts if part.constant is not None]
        if len(constants) == len(parts):
            return self._constant(b"".join(constants))
        values = [part.value for part in parts]
        if len(values) == 2:
            first, second = values
            return Part(lambda s: first(s) + second(s))
        return Part(lambda s: b"".join([value(s) for value in values]))

    def _substring(self, node: Node) -> Part:
        start, length = tokens_of(node)
        numbers = self._words.number(start), None if length.type == "ALL" else self._words.number(length)
        return self._changed(self._parts(node)[0], functions.substring(*numbers))

    def _split(self, node: Node) -> Part:
        return self._joined(self._parts(node), functions.split(self._words.number(tokens_of(node)[0])))

    def _ifelse(self, node: Node) -> Part:
        condition, *branches = nodes_of(node)
        test = self.test(condition)
        then, otherwise = (self.value(branch) for branch in branches)
        return Part(lambda s: then(s) if test(s) else otherwise(s))

    def _sifelse(self, node: Node) -> Part:
        condition, *branches = nodes_of(node)
        test = self.test(condition)
        then, otherwise = (self.value(branch) for branch in branches)

        def both(s: Subject) -> bytes:
            holds, one, other = test(s), then(s), otherwise(s)
            return one if holds else other

        return Part(both)

    def _hexstring(self, node: Node) -> Part:
        return self._joined(self._parts(node), functions.hexstring)

    def _lcase(self, node: Node) -> Part:
        return self._changed(self._parts(node)[0], bytes.lower)

    def _ucase(self, node: Node) -> Part:
        return self._changed(self._parts(node)[0], bytes.upper)

    def _addrtotext(self, node: Node) -> Part:
        return self._changed(self._parts(node)[0], functions.addrtotext)

    def _number_to_text(self, node: Node) -> Part:
        return self._changed(self._parts(node)[0], functions.number_to_text(tokens_of(node)[0]))
