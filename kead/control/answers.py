"""What a command answers, and Kea's own way of writing JSON, which some tools read as text.

Law: no command, no socket; values in, text out. Strings are bytes in disguise (Latin-1), as everywhere in kead's
JSON: each character up to U+00FF stands for one byte, a greater one for its UTF-8 bytes.

Kea's form (control.md § 1): blanks after ``{`` and ``[``, before ``}`` and ``]``, after ``,`` and ``:``; ``[  ]`` and
``{  }`` when empty; keys sorted; every byte outside 0x20–0x7e as an escape, ``/`` as it is.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring_ascii
from typing import Final

SUCCESS: Final = 0
ERROR: Final = 1
UNSUPPORTED: Final = 2
EMPTY: Final = 3
CONFLICT: Final = 4
FATAL: Final = 5

SLICE: Final = 4000
"""How many values are written between two turns of the loop: some 3 ms."""


class CommandError(Exception):
    """A command that failed; its text and result become the answer."""

    def __init__(self, text: str, result: int = ERROR) -> None:
        super().__init__(text)
        self.result = result
        self.text = text


class Answer:
    """Result code, text ("": none), arguments (None: none). An error (1) never carries arguments.

    shared: a hook library has seen it, and the command, and may keep both
    """

    __slots__ = ("_whole", "arguments", "result", "shared", "text")

    def __init__(self, result: int = SUCCESS, text: str = "", arguments: object = None) -> None:
        self.result = result
        self.text = text
        self.arguments = arguments
        self.shared = False
        self._whole: object = None

    @classmethod
    def from_json(cls, whole: object) -> Answer:
        """An answer that somebody else (a hook library) has put together; it goes out as it is."""
        first = whole[0] if isinstance(whole, list) and whole else whole
        if not isinstance(first, dict):
            raise TypeError(f"not an answer: {whole!r}")
        result, text = first.get("result", SUCCESS), first.get("text", "")
        answer = cls(
            result if isinstance(result, int) else SUCCESS,
            text if isinstance(text, str) else "",
            first.get("arguments"),
        )
        answer._whole = whole
        answer.shared = True
        return answer

    def __repr__(self) -> str:
        return f"Answer({self.result}, {self.text!r}, {self.arguments!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Answer) and self.as_json() == other.as_json()

    __hash__ = None  # type: ignore[assignment]

    def as_json(self) -> object:
        """The answer as it goes out; keys without content are left out."""
        if self._whole is not None:
            return self._whole
        answer: dict[str, object] = {"result": self.result}
        if self.text:
            answer["text"] = self.text
        if self.arguments is not None and self.result != ERROR:
            answer["arguments"] = self.arguments
        return answer


def text_form(value: object) -> str:
    """Kea's text of a JSON value (dict, list, tuple, str, int, float, bool, None); ASCII only."""
    writing = _Writing(value)
    while not writing.go_on(1 << 30):
        pass
    return writing.text()


async def gentle_text_form(value: object) -> str:
    """The same, with turns of the loop in between: a configuration of 10,000 subnets must not hold up packets."""
    writing = _Writing(value)
    while not writing.go_on(SLICE):  # noqa: ASYNC110  (nothing to wait for: this is the work, in slices)
        await asyncio.sleep(0)
    return writing.text()


def _string(text: str) -> str:
    if not text.isascii() and max(text) > "\xff":
        text = "".join(one if one <= "\xff" else one.encode("utf-8", "replace").decode("latin-1") for one in text)
    return encode_basestring_ascii(text)


def _scalar(value: object) -> str:
    if isinstance(value, str):
        return _string(value)
    if value is True:
        return "true"
    if value is False:
        return "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return int.__repr__(value)
    if isinstance(value, float) and math.isfinite(value):
        return float.__repr__(value)
    raise TypeError(f"not a JSON value: {value!r}")


class _Writing:
    """The text of one value, made piece by piece; an explicit stack instead of recursion so that it can pause."""

    def __init__(self, value: object) -> None:
        self._written: list[str] = []
        self._pieces: list[str] = []
        self._stack: list[tuple[Iterator[tuple[str, object]], str]] = []
        self._begin(value)

    def text(self) -> str:
        return "".join(self._written) + "".join(self._pieces)

    def _begin(self, value: object) -> None:
        """Write a scalar whole; of a map or list the opening, its entries follow."""
        if isinstance(value, Mapping):
            self._pieces.append("{ ")
            entries = iter([(_string(key) + ": ", value[key]) for key in sorted(value)])
            self._stack.append((entries, " }"))
        elif isinstance(value, (list, tuple)):
            self._pieces.append("[ ")
            self._stack.append(((("", one) for one in value), " ]"))
        else:
            self._pieces.append(_scalar(value))

    def go_on(self, values: int) -> bool:
        """Write about this many values more; true when all is written."""
        pieces = self._pieces
        while self._stack:
            entries, closing = self._stack[-1]
            for key, value in entries:
                if pieces[-1] not in ("{ ", "[ "):
                    pieces.append(", ")
                if key:
                    pieces.append(key)
                self._begin(value)
                values -= 1
                if isinstance(value, (Mapping, list, tuple)):
                    break
            else:
                self._stack.pop()
                pieces.append(closing)
            if values <= 0:
                self._written.append("".join(pieces[:-1]))  # a few long texts are soon joined, a million short ones not
                del pieces[:-1]
                return not self._stack
        return True
