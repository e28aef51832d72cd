"""hostname-char-set: which characters of a client's name are left out or replaced, in bounded time.

The expression is a POSIX extended one; RE2 does the work, whose time is linear in the name. Names are text of one
character a byte (Latin-1).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final

import re2  # type: ignore[import-untyped]

USUAL: Final = "[^A-Za-z0-9.-]"
_MEMORY: Final = 8 << 20
Clean = Callable[[str], str]


class CharSetError(ValueError):
    """The text is no regular expression that can be used. The message says why."""


@lru_cache(256)
def cleaner(char_set: str, replacement: str) -> Clean | None:
    """What puts the replacement in place of each match; None for an empty set: names stay as they are. CharSetError."""
    if not char_set:
        return None
    if char_set == USUAL:
        usual = re.compile(USUAL)
        return lambda text: usual.sub(lambda _: replacement, text)
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.posix_syntax = True
    options.longest_match = True
    options.log_errors = False
    options.max_mem = _MEMORY
    try:
        pattern = re2.compile(_brackets(char_set).encode("latin-1"), options)
    except (re2.error, UnicodeEncodeError) as error:
        raise CharSetError(str(error)) from None
    instead = replacement.encode("latin-1", "replace")

    def clean(text: str) -> str:
        cleaned: bytes = pattern.sub(lambda _: instead, text.encode("latin-1", "replace"))
        return cleaned.decode("latin-1")

    return clean


def _brackets(text: str) -> str:
    """In POSIX a backslash between brackets is one; in RE2 it begins an escape."""
    out: list[str] = []
    at, end = 0, len(text)
    while at < end:
        if text[at] == "\\":
            out.append(text[at : at + 2])
            at += 2
        elif text[at] == "[":
            close = _close(text, at)
            out.append(text[at:close].replace("\\", "\\\\"))
            at = close
        else:
            out.append(text[at])
            at += 1
    return "".join(out)


def _close(text: str, at: int) -> int:
    """Behind the bracket that closes the one at `at`; the end if none does."""
    at += 2 if text[at + 1 : at + 2] == "^" else 1
    at += text[at : at + 1] == "]"  # the first one is a member
    while at < len(text):
        if text[at] == "]":
            return at + 1
        if text[at] == "[" and text[at + 1 : at + 2] in (":", ".", "="):
            inner = text.find(text[at + 1] + "]", at + 2)
            at = inner + 2 if inner >= 0 else at + 1
        else:
            at += 1
    return at
