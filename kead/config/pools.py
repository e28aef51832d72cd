"""Pools as text and as ranges: "192.0.2.1 - 192.0.2.9" or "2001:db8::/64".

Law: text and numbers only; which subnet a pool belongs to is no matter of this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kead.config.errors import ConfigError, Path
from kead.config.family import Family
from kead.config.reader import Document


class Range(Protocol):
    """Anything with a first and a last address."""

    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...


class _ImpossibleError(ValueError):
    """Well-formed, but no range: reversed, host bits set, a length that no prefix has."""


def pool_range(document: Document, written: str, path: Path, family: Family) -> tuple[int, int]:
    """First and last address of a pool's text at `path`. Raises ConfigError with Kea's text."""
    text = written.replace(" ", "").replace("\t", "")
    try:
        if "/" in text:
            return _prefix(text, family)
        if "-" in text:
            return _between(text, family)
        why = (
            f"invalid pool definition: {text}. There are two acceptable formats <min address-max address> "
            "or <prefix/len>"
        )
    except _ImpossibleError:
        why = f"Failed to create pool defined by: {text}"
    except ValueError:
        why = f"Failed to parse pool definition: {text}"
    place = document.place(path)
    remedy = '"first - last" or "prefix/length" with the first address of the prefix expected'
    raise ConfigError(f"{why} ({place})", place=place, path=path, remedy=remedy)


def _address(text: str, family: Family) -> int:
    try:
        return family.parse(text)
    except ValueError:
        if family.is_other(text):
            raise _ImpossibleError from None
        raise


def _prefix(text: str, family: Family) -> tuple[int, int]:
    address, _, digits = text.partition("/")
    length = int(digits)
    first = _address(address, family)
    if not 1 <= length <= family.bits:
        raise _ImpossibleError
    size = 1 << (family.bits - length)
    if first & (size - 1):
        raise _ImpossibleError
    return first, first + size - 1


def _between(text: str, family: Family) -> tuple[int, int]:
    left, _, right = text.partition("-")
    first, last = _address(left, family), _address(right, family)
    if first > last:
        raise _ImpossibleError
    return first, last


def pool_text(first: int, last: int, family: Family) -> str:
    """The pool as config-get writes it: a prefix where the range is exactly one."""
    size = last - first + 1
    if size & (size - 1) == 0 and first & (size - 1) == 0 and size < 1 << family.bits:
        return f"{family.text(first)}/{family.bits + 1 - size.bit_length()}"
    return f"{family.text(first)}-{family.text(last)}"


def overlapping(pools: Sequence[Range]) -> int | None:
    """The index of the first pool that shares an address with an earlier one, None if all are apart."""
    order = sorted(range(len(pools)), key=lambda index: (pools[index].first, index))
    clashes = []
    reach, holder = -1, -1
    for index in order:
        if pools[index].first <= reach:
            clashes.append(max(index, holder))
        if pools[index].last > reach:
            reach, holder = pools[index].last, index
    return min(clashes, default=None)
