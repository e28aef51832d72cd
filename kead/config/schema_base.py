"""What the models of configuration keywords are made of.

Law: no keyword of a family stands here. A keyword is a field of a model, named as Kea names it with `_` for `-`;
its type, default and range are the field's. Two marks say what a type can't: `Later` (Kea knows it, kead not yet:
only values that ask for nothing pass) and `Former` (an older spelling, taken with a warning).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, get_args, get_origin

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, ValidationInfo
from pydantic_core import PydanticCustomError

Wire = dict[str, bool]
"""The validation context: {"wire": whether the tree came over a command channel}."""


def _real(value: Any, info: ValidationInfo) -> Any:
    """Kea's grammar wants a fraction where a real stands; over the command channel an integer will do."""
    if type(value) is int and not (info.context or {}).get("wire"):
        raise PydanticCustomError("float_type", "a number with a decimal point expected")
    return float(value) if type(value) is int else value


Int = Annotated[int, Field(strict=True, ge=-(1 << 63), lt=1 << 63)]
Real = Annotated[float, Field(strict=True), BeforeValidator(_real)]
Str = Annotated[str, StringConstraints(strict=True)]
Bool = Annotated[bool, Field(strict=True)]
Context = dict[str, Any]


@dataclass(frozen=True)
class Later:
    """Mark of a keyword that is not supported yet. `harmless` says which values may stand all the same."""

    harmless: Callable[[Any], bool]


def later(*values: Any) -> Later:
    """Not supported yet, save these values, which say what is so anyway."""
    return Later(lambda value: value in values)


@dataclass(frozen=True)
class Former:
    """Mark of an older spelling of the keyword `now`."""

    now: str


@dataclass(frozen=True)
class NotEmpty:
    """Mark of a list that may be left out, but not empty, in a file.

    `expected`: what Kea's grammar wants in it; `on_wire`: not over the command channel either.
    """

    expected: str = "{"
    on_wire: bool = False


class Keywords(BaseModel):
    """A map of the configuration: these keywords and no others.

    may_be_empty     whether `{}` is allowed in a file (Kea's grammar refuses most empty maps)
    expected         what its message then says was expected, where that is not just the keywords
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=lambda name: name.replace("_", "-"),
        protected_namespaces=(),
        use_attribute_docstrings=True,
    )
    may_be_empty: ClassVar[bool] = False
    expected: ClassVar[str] = ""
    later: ClassVar[dict[str, Later]] = {}
    former: ClassVar[dict[str, Former]] = {}
    filled: ClassVar[dict[str, NotEmpty]] = {}
    marked: ClassVar[frozenset[str]] = frozenset()
    inner: ClassVar[tuple[str, ...]] = ()
    lists: ClassVar[dict[str, tuple[str, type[Keywords]]]] = {}
    """By keyword, the fields that are lists of maps: the field's name, and what the maps are."""

    @classmethod
    def __pydantic_init_subclass__(cls, **arguments: Any) -> None:
        cls.later = {n: m for n, f in cls.model_fields.items() for m in f.metadata if isinstance(m, Later)}
        cls.former = {n: m for n, f in cls.model_fields.items() for m in f.metadata if isinstance(m, Former)}
        cls.filled = {n: m for n, f in cls.model_fields.items() for m in f.metadata if isinstance(m, NotEmpty)}
        cls.marked = frozenset(cls.later) | frozenset(cls.former)
        cls.inner = tuple(n for n, f in cls.model_fields.items() if _holds_maps(f.annotation))
        cls.lists = {
            cls.keyword(name): (name, entry)
            for name, field in cls.model_fields.items()
            if (entry := _entry_of(field.annotation)) is not None
        }

    @classmethod
    def keyword(cls, name: str) -> str:
        """A field's keyword, as configurations spell it."""
        return cls.model_fields[name].alias or name

    @classmethod
    def keywords(cls) -> frozenset[str]:
        return frozenset(field.alias or name for name, field in cls.model_fields.items())

    def given(self) -> dict[str, Any]:
        """The keywords that were written, with their values (maps and lists of maps as models)."""
        return {self.keyword(name): getattr(self, name) for name in self.model_fields_set}

    def maps(self) -> Iterator[tuple[tuple[str | int, ...], Keywords]]:
        """The maps directly below, with the rest of their path."""
        for name in self.inner:
            value = getattr(self, name)
            if isinstance(value, Keywords):
                yield (self.keyword(name),), value
            elif isinstance(value, list):
                keyword = self.keyword(name)
                for index, item in enumerate(value):
                    if isinstance(item, Keywords):
                        yield (keyword, index), item


def _holds_maps(annotation: Any) -> bool:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return True
    return any(_holds_maps(part) for part in getattr(annotation, "__args__", ()))


def _entry_of(annotation: Any) -> type[Keywords] | None:
    """What a list of maps is a list of; None: it is no such list, or may be something else too."""
    if get_origin(annotation) is not list:
        return None
    (entry,) = get_args(annotation)
    return entry if isinstance(entry, type) and issubclass(entry, Keywords) else None


class Commented(Keywords):
    """A map that people may annotate; `comment` becomes the entry `comment` of user-context."""

    user_context: Context | None = None
    comment: Str | None = None

    def context(self) -> Context | None:
        """The user context with the comment in it, None when there is neither."""
        if self.comment is None:
            return self.user_context
        return {**(self.user_context or {}), "comment": self.comment}


def words(model: type[Keywords]) -> frozenset[str]:
    """Every keyword of a model and of the maps in it."""
    return _words(model, set())


def _words(model: type[Keywords], seen: set[type[Keywords]]) -> frozenset[str]:
    found = model.keywords()
    seen.add(model)
    for field in model.model_fields.values():
        for part in (field.annotation, *getattr(field.annotation, "__args__", ())):
            for inner in (part, *getattr(part, "__args__", ())):
                if isinstance(inner, type) and issubclass(inner, Keywords) and inner not in seen:
                    found |= _words(inner, seen)
    return found
