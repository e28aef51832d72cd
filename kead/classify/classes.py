"""Client classes as a configuration defines them: checked, compiled, and sorted by when they can be evaluated.

Law: a list of what was written in, a tuple of classes or a `ClassError` out. Nothing here knows files or positions:
the error says which class and which of its keywords is wrong, and puts Kea's text together once it is told the places.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from kead.classify.compiler import Predicate, Scope, StringExpression, compile_boolean, compile_string
from kead.classify.errors import EmptyExpressionError, ExpressionError
from kead.classify.names import BUILT_IN, DROP, KNOWN, PREFIXES, REJECT, UNKNOWN
from kead.wire.definitions import OptionDefinition, OptionTable

_KNOWLEDGE: Final = frozenset((KNOWN, UNKNOWN))


@dataclass(frozen=True, slots=True)
class ClassSource:
    """What a configuration says of one class, as far as it concerns who is in it.

    `definitions`: its own option-def entries by code (DHCPv4, 43 and 224 to 254).
    """

    name: str
    test: str | None = None
    template: str | None = None
    additional: bool = False
    definitions: Mapping[int, OptionDefinition] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ClientClass:
    """A class, ready to be evaluated.

    test          the condition, or None
    template      the string that names a class of its own for each value, or None; with neither of both, packets get
                  into the class by reservations, hook libraries, additional lists and templates only
    additional    not evaluated but where a subnet, pool or network lists it
    late          its value depends on KNOWN or UNKNOWN, so it is evaluated once the host is known
    definitions   the formats of options 43 and 224 to 254 for its members
    """

    name: str
    test: Predicate | None = None
    template: StringExpression | None = None
    additional: bool = False
    late: bool = False
    definitions: Mapping[int, OptionDefinition] = field(default_factory=dict)


class ClassError(ValueError):
    """A class that is refused.

    index      of the class in the list
    keyword    which of its keywords, "" for the class itself
    column     where in an expression, 0 if none is wrong
    remedy     what would be right, or ""
    """

    def __init__(self, index: int, keyword: str, parts: Sequence[str], places: Sequence[str] = ()) -> None:
        """`parts`: the text before, between and behind the places of these keywords."""
        super().__init__("".join(parts).strip())
        self.index = index
        self.keyword = keyword
        self.column = 0
        self.remedy = ""
        self._parts = tuple(parts)
        self._places = tuple(places)

    def written(self, place: Callable[[str], str]) -> str:
        """The text as Kea writes it; `place` gives file:line:column of a keyword of the class, or of the class ("")."""
        text = self._parts[0]
        for keyword, part in zip(self._places, self._parts[1:], strict=True):
            text += f"({place(keyword)}){part}"
        return text


class _Names:
    """The names that member() may use in a class: of those above it, and of those that need no definition."""

    def __init__(self) -> None:
        self._defined = set(BUILT_IN)

    def add(self, name: str) -> None:
        self._defined.add(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and (name in self._defined or name.startswith(PREFIXES))


def resolve_classes(
    sources: Sequence[ClassSource], table: OptionTable, family: Literal[4, 6]
) -> tuple[ClientClass, ...]:
    """The classes of a configuration, in its order. ClassError: the first that is wrong."""
    resolved: dict[str, ClientClass] = {}
    names = _Names()
    for index, source in enumerate(sources):
        if not source.name:
            raise ClassError(index, "name", ("not empty parameter 'name' is required ", ""), ("name",))
        if source.test is not None and source.template is not None:
            raise ClassError(
                index,
                "template-test",
                ("can not use both 'test' and 'template-test' ", " and ", ""),
                ("test", "template-test"),
            )
        test, template = _compiled(index, source, Scope(family, table, names), Scope(family, table))
        _check_special(index, source)
        if source.name in resolved:
            raise ClassError(
                index,
                "name",
                (f"Can't add class: Client Class: {source.name} has already been defined ", ""),
                ("",),
            )
        late = _is_late(test, template, resolved)
        resolved[source.name] = ClientClass(
            source.name, test, template, source.additional, late, dict(source.definitions)
        )
        names.add(source.name)
    return tuple(resolved.values())


def _compiled(
    index: int, source: ClassSource, scope: Scope, open_scope: Scope
) -> tuple[Predicate | None, StringExpression | None]:
    keyword = "test" if source.test is not None else "template-test"
    try:
        if source.test is not None:
            return compile_boolean(source.test, scope), None
        if source.template is not None:
            return None, compile_string(source.template, open_scope)
    except ExpressionError as error:
        wrong = ClassError(index, keyword, (f"{error} at ", ""), (keyword,))
        wrong.column = 0 if isinstance(error, EmptyExpressionError) else error.column
        wrong.remedy = error.remedy
        raise wrong from None
    return None, None


def _check_special(index: int, source: ClassSource) -> None:
    name = source.name
    if name in BUILT_IN and (source.test is not None or source.template is not None):
        keyword = "test" if source.test is not None else "template-test"
        raise ClassError(index, keyword, (f"built-in class '{name}' test expression must be empty",))
    if source.additional and (name in BUILT_IN or name in (DROP, REJECT)):
        kind = "built-in" if name in BUILT_IN else "special"
        raise ClassError(
            index, "only-in-additional-list", (f"{kind} class '{name}' only-in-additional-list flag must be false",)
        )


def _is_late(test: Predicate | None, template: StringExpression | None, above: Mapping[str, ClientClass]) -> bool:
    """Whether it must wait for the host: it names KNOWN or UNKNOWN, or, as a test, a class that waits."""
    if template is not None:
        return not _KNOWLEDGE.isdisjoint(template.members)
    if test is None:
        return False
    return any(name in _KNOWLEDGE or (name in above and above[name].late) for name in test.members)
