"""Pools of prefixes: from keywords to what packets see.

Law: the rules of one pd-pool (dhcp6.md § 5, RFC 6603 for the excluded prefix); whether it fits beside the other pools
of its subnet is for `subnets6.py`. Error texts are Kea's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

from kead.config.errors import Path
from kead.config.family import V6
from kead.config.options import ScopeOptions
from kead.config.schema6 import PdPool
from kead.config.snapshot6 import PdPool6
from kead.config.subnets import Ground, additional_of, classes_of
from kead.wire.address import parse_ip6, text_ip6


@dataclass(frozen=True, slots=True)
class ReadPdPool:
    """A pool with what config-get needs besides."""

    pool: PdPool6
    options: ScopeOptions
    written: PdPool


def read_pd_pool(ground: Ground, written: PdPool, path: Path) -> ReadPdPool:
    """One entry of pd-pools, at `path`. Raises ConfigError."""
    for keyword in ("prefix-len", "delegated-len", "excluded-prefix-len"):
        value: int = getattr(written, keyword.replace("-", "_"))
        if not 0 <= value <= 255:
            text = f"out of range value ({value}) specified for parameter '{keyword}'"
            ground.refuse(text, (*path, keyword), remedy="1..128 expected")
    reading = _Reading(ground, written, path)
    prefix, excluded = reading.prefixes()
    pool_id = ground.pool_id(written.pool_id, path)
    text = f"{text_ip6(prefix)}/{written.prefix_len}"
    options = ground.options.read(written.option_data, (*path, "option-data"), f"pd-pool {text}")
    step = 1 << (128 - written.delegated_len)
    size = 1 << (written.delegated_len - written.prefix_len)
    pool = PdPool6(
        prefix=prefix,
        length=written.prefix_len,
        delegated_length=written.delegated_len,
        excluded=excluded,
        pool_id=pool_id,
        first=prefix,
        last=prefix + size * step - 1,
        size=size,
        step=step,
        options=options.scope,
        text=text,
        user_context=written.context(),
        classes=classes_of(written),
        additional_classes=additional_of(written),
    )
    return ReadPdPool(pool, options, written)


class _Reading:
    """One entry."""

    def __init__(self, ground: Ground, written: PdPool, path: Path) -> None:
        self._ground = ground
        self._written = written
        self._path = path

    def prefixes(self) -> tuple[int, tuple[int, int] | None]:
        """The prefix, and the excluded one with its length. Raises ConfigError if they don't fit together."""
        excluded = self._address("excluded-prefix")
        prefix = self._prefix()
        return prefix, self._excluded(excluded, prefix)

    def _refuse(self, text: str, keyword: str, remedy: str = "") -> NoReturn:
        """Refuse a value; Kea's text ends with the position of the map."""
        self._ground.refuse(text, (*self._path, keyword), around=1, remedy=remedy)

    def _address(self, keyword: str) -> int | None:
        """The address of a keyword, None if it is one of the other family."""
        text: str = getattr(self._written, keyword.replace("-", "_"))
        try:
            return parse_ip6(text)
        except ValueError:
            if not V6.is_other(text):
                self._refuse(f"Failed to convert string to address '{text}': Invalid argument", keyword)
        return None

    def _prefix(self) -> int:
        length, delegated = self._written.prefix_len, self._written.delegated_len
        prefix = self._address("prefix")
        if prefix is None:
            self._refuse("Invalid Pool6 address boundaries: not IPv6", "prefix")
        if not 1 <= length <= 128:
            self._refuse(f"Invalid prefix length: {length}", "prefix-len", "1..128 expected")
        if delegated < length:
            what = f"Delegated length ({delegated}) must be longer than or equal to prefix length ({length})"
            self._refuse(what, "delegated-len")
        if delegated > 128:
            self._refuse(f"Invalid delegated prefix length: {delegated}", "delegated-len", f"{length}..128 expected")
        first = prefix & V6.mask(length)
        if prefix != first:
            self._refuse(
                f"Invalid Pool6 address boundaries: {text_ip6(prefix)} is not the first address in prefix: "
                f"{text_ip6(first)}/{length}",
                "prefix",
            )
        return prefix

    def _excluded(self, excluded: int | None, prefix: int) -> tuple[int, int] | None:
        length, delegated = self._written.excluded_prefix_len, self._written.delegated_len
        if length == 0 and excluded == 0:
            return None
        if length == 0 and excluded is None:
            self._refuse("excluded prefix must be an IPv6 prefix", "excluded-prefix")
        shown = self._written.excluded_prefix if excluded is None else text_ip6(excluded)
        if length == 0:
            self._refuse(f"invalid excluded prefix {shown}/{length}", "excluded-prefix", "give excluded-prefix-len too")
        whole = f"{text_ip6(prefix)}/{delegated}"
        if length <= delegated:
            what = f"Excluded prefix ({length}) must be longer than the delegated prefix length ({delegated})"
            self._refuse(what, "excluded-prefix-len")
        if excluded is None or length > 128:
            what = f"invalid delegated or excluded prefix values specified: {whole}, {shown}/{length}"
            self._refuse(what, "excluded-prefix" if excluded is None else "excluded-prefix-len")
        if (excluded ^ prefix) & V6.mask(delegated):
            self._refuse(
                f"excluded prefix {shown}/{length} must have the same common prefix part of {delegated} as the "
                f"delegated prefix {whole}",
                "excluded-prefix",
            )
        return excluded & V6.mask(length), length
