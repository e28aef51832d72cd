"""When is a command complete? JSON documents that come in pieces, without any framing.

Law: looks only at brackets, strings and comments; whether the rest is JSON the reader says (json_text.py). Each byte
is looked at once, however the pieces are cut. Comments (``#``, ``//``, ``/* */``) are taken out, their line ends
stay, so that positions count as Kea counts them (control.md § 1, 2). As in Kea brackets are counted, not matched.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final

LONGEST: Final = 64 * 1024 * 1024
"""A document longer than this is refused; Kea has been seen to take 8 MiB, and nobody sends more."""

NESTING_LIMIT: Final = 100
"""Maps and lists within each other; a deeper document could exhaust a reader's stack (CVE-2026-3608)."""

_NOTHING: Final = re.compile(rb'(?:[^"\[\]{}#/]+|"[^"\\]*(?:\\.[^"\\]*)*")*', re.DOTALL)
"""What matters neither as a bracket nor as a comment: whole strings, and all else outside them.

No possessive groups here: Python before 3.11.5 matches them wrongly. The alternatives begin differently, so nothing
is tried twice.
"""
_STRING: Final = re.compile(rb'[^"\\]*(?:\\.[^"\\]*)*', re.DOTALL)
_BLANKS: Final = re.compile(rb"[ \t\r\n]*")
_OPENING: Final = b"{["
_CLOSING: Final = b"}]"
_QUOTE: Final = 0x22
_BACKSLASH: Final = 0x5C
_HASH: Final = 0x23


class FeedError(ValueError):
    """This can never become a document; the text is Kea's."""


class _In(Enum):
    START = 0
    DOCUMENT = 1
    STRING = 2
    LINE_COMMENT = 3
    BLOCK_COMMENT = 4


class Feed:
    """Give it pieces with ``push`` until that returns True; then ``document`` is the text, without comments."""

    def __init__(self) -> None:
        self._text = bytearray()
        self._place = 0
        self._kept_from = 0
        self._parts: list[bytes] = []
        self._depth = 0
        self._state = _In.START
        self._after_comment = _In.START
        self.complete = False

    @property
    def received(self) -> int:
        """Bytes of a document so far; 0 while only blanks have come."""
        return 0 if self._state is _In.START else len(self._text)

    @property
    def document(self) -> bytes:
        """What was received of the document, up to its end."""
        return b"".join(self._parts)

    def push(self, data: bytes) -> bool:
        """Take a piece; true when the document is complete (what follows it is ignored). Raises FeedError."""
        if len(self._text) + len(data) > LONGEST:
            raise FeedError(f"the command is longer than {LONGEST} bytes")
        self._text += data
        while not self.complete and self._place < len(self._text):
            if not self._step():
                break
        return self.complete

    def _step(self) -> bool:
        """Look at what comes next; false when more bytes are needed to tell."""
        if self._state is _In.DOCUMENT:
            return self._in_document()
        if self._state is _In.STRING:
            return self._in_string()
        if self._state is _In.START:
            return self._at_start()
        return self._in_comment()

    def _at_start(self) -> bool:
        text = self._text
        self._place = _end(_BLANKS, text, self._place)
        if self._place == len(text):
            return False
        byte = text[self._place : self._place + 1]
        if byte in b"{[":
            self._kept_from = self._place
            self._state = _In.DOCUMENT
            return True
        if byte in b"#/":
            return self._comment(_In.START)
        raise FeedError(f"invalid first character {byte.decode('latin-1')}")

    def _in_document(self) -> bool:
        text, place, depth = self._text, self._place, self._depth
        while True:
            place = _end(_NOTHING, text, place)
            if place == len(text):
                break
            byte = text[place]
            if byte in _OPENING:
                depth += 1
                if depth > NESTING_LIMIT:
                    raise FeedError("fromJSON elements nested too deeply")
            elif byte in _CLOSING:
                depth -= 1
                if depth == 0:
                    self._parts.append(bytes(text[self._kept_from : place + 1]))
                    self.complete = True
                    return True
            else:
                break
            place += 1
        self._place, self._depth = place, depth
        if place == len(text):
            return False
        if text[place] == _QUOTE:  # a string that does not end in this piece
            self._place += 1
            self._state = _In.STRING
            return True
        return self._comment(_In.DOCUMENT)

    def _in_string(self) -> bool:
        self._place = _end(_STRING, self._text, self._place)
        if self._place == len(self._text) or self._text[self._place] == _BACKSLASH:  # whose character is to come
            return False
        self._place += 1
        self._state = _In.DOCUMENT
        return True

    def _comment(self, after: _In) -> bool:
        """Begin a comment; what stood before it is kept."""
        text, place = self._text, self._place
        second = b"" if text[place] == _HASH else bytes(text[place + 1 : place + 2])
        if text[place] != _HASH and not second:
            return False
        if second not in (b"", b"/", b"*"):
            raise FeedError(f"invalid characters /{second.decode('latin-1')}")
        if after is _In.DOCUMENT:
            self._parts.append(bytes(text[self._kept_from : place]))
        self._kept_from = place
        self._after_comment = after
        self._state = _In.BLOCK_COMMENT if second == b"*" else _In.LINE_COMMENT
        self._place = place + 1 + len(second)
        return True

    def _in_comment(self) -> bool:
        text = self._text
        if self._state is _In.LINE_COMMENT:
            end = text.find(b"\n", self._place)
            self._place = end if end >= 0 else len(text)
            after = self._place
        else:
            end = text.find(b"*/", self._place)
            self._place = end if end >= 0 else max(self._place, len(text) - 1)
            after = self._place + 2
        if end < 0:
            return False
        if self._after_comment is _In.DOCUMENT:
            self._parts.append(b"\n" * text.count(b"\n", self._kept_from, self._place))
            self._kept_from = after
        self._place = after
        self._state = self._after_comment
        return True


def _end(pattern: re.Pattern[bytes], text: bytearray, place: int) -> int:
    """Where the pattern, which always matches, ends. (The match must not outlive this call: it would lock the
    buffer.)
    """
    match = pattern.match(text, place)
    return match.end() if match else place
