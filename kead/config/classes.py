"""client-classes: what both families' definitions of classes have in common.

Law: a list of keywords in, classes for the snapshot out, in the configuration's order. The expressions are checked by
`kead.classify`, which is imported only where there are classes; places and paths are added here. Error texts are Kea's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, Literal, TypeVar

from kead.config.errors import ConfigError, Path
from kead.config.family import Family
from kead.config.inheritance import Places
from kead.config.options import OptionReader, ScopeOptions
from kead.config.reader import Document
from kead.config.schema_common import ClientClass as Written
from kead.config.snapshot import ClientClass
from kead.wire.definitions import OptionDefinition

if TYPE_CHECKING:
    from kead.classify.classes import ClientClass as ClassRule

C = TypeVar("C", bound=ClientClass)
W = TypeVar("W", bound=Written)
Own = Mapping[int, OptionDefinition]
"""A class's own formats of options, by code."""


@dataclass(frozen=True, slots=True)
class ReadClass(Generic[C, W]):
    """A class with what config-get needs besides."""

    resolved: C
    options: ScopeOptions
    written: W


def rules(
    reader: OptionReader, entries: Sequence[Written], definitions: Sequence[Own], path: Path
) -> tuple[ClassRule, ...]:
    """Who is in which class; `definitions`: the own ones of each entry. Raises ConfigError."""
    if not entries:
        return ()
    from kead.classify.classes import ClassError, ClassSource, resolve_classes

    document = reader.document
    sources = [
        ClassSource(entry.name, entry.test, entry.template_test, entry.additional(), own)
        for entry, own in zip(entries, definitions, strict=True)
    ]
    try:
        return resolve_classes(sources, reader.table, _number(reader.family))
    except ClassError as error:
        here: Path = (*path, error.index)
        wrong = (*here, error.keyword) if error.keyword in entries[error.index].given() else here
        raise ConfigError(
            error.written(lambda keyword: str(document.place((*here, keyword) if keyword else here))),
            place=document.place(wrong),
            path=wrong,
            remedy=error.remedy,
        ) from None


def _number(family: Family) -> Literal[4, 6]:
    return 4 if family.number == 4 else 6


def class_options(reader: OptionReader, written: Written, path: Path) -> ScopeOptions:
    """The options of the class at `path`. Raises ConfigError."""
    return reader.read(written.option_data, (*path, "option-data"), f"class {written.name}")


def lifetimes(document: Document, written: W, path: Path, warnings: list[str]) -> Places[W]:
    """Where the lifetimes of the class at `path` stand; a warning if nobody will ever look there."""
    timed = any("lifetime" in keyword for keyword in written.given())
    if timed and written.additional():
        warnings.append(
            f"class {written.name} ({document.place(path)}): its lifetimes are ignored, for it is looked at only when "
            "the lease is made"
        )
    return Places(document, ((written, path),), warnings)
