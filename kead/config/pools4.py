"""Pools as text and as ranges: "10.0.0.1 - 10.0.0.9" or "10.0.0.0/24".

Law: text and numbers only; which subnet a pool belongs to is no matter of this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kead.config.errors import ConfigError, Path
from kead.config.reader import Document
from kead.wire.address import parse_ip4, text_ip4


class Range(Protocol):
    """Anything with a first and a last address."""

    @property
    def first(self) -> int: ...
    @property
    def last(self) -> int: ...


class _ImpossibleError(ValueError):
    """Well-formed, but no range: reversed, host bits set, a length that no prefix has."""


def pool_range(document: Document, written: str, path: Path) -> tuple[int, int]:
    """First and last address of a pool's text at `path`. Raises ConfigError with Kea's text."""
    text = written.replace(" ", "").replace("\t", "")
    try:
        if "/" in text:
            return _prefix(text)
        if "-" in text:
            return _between(text)
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


def _address(text: str) -> int:
    if ":" in text:
        raise _ImpossibleError
    return parse_ip4(text)


def _prefix(text: str) -> tuple[int, int]:
    address, _, digits = text.partition("/")
    length = int(digits)
    first = _address(address)
    if not 1 <= length <= 32:
        raise _ImpossibleError
    size = 1 << (32 - length)
    if first & (size - 1):
        raise _ImpossibleError
    return first, first + size - 1


def _between(text: str) -> tuple[int, int]:
    left, _, right = text.partition("-")
    first, last = _address(left), _address(right)
    if first > last:
        raise _ImpossibleError
    return first, last


def pool_text(first: int, last: int) -> str:
    """The pool as config-get writes it: a prefix where the range is exactly one."""
    size = last - first + 1
    if size & (size - 1) == 0 and first & (size - 1) == 0 and size < 1 << 32:
        return f"{text_ip4(first)}/{33 - size.bit_length()}"
    return f"{text_ip4(first)}-{text_ip4(last)}"


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
