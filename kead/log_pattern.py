"""The pattern of a log line: log4cplus's layout language, the part of it that Kea's users write.

Law: a pattern is read once, when loggers are configured; what a message's line has in common with its next line
(severity, logger, process) is worked out once per message, and only the rest is filled in per line. Knows nothing of
files and severities' meaning.

Directives: ``%D{…}`` local and ``%d{…}`` UTC time (strftime, and ``%q`` for milliseconds), ``%p`` severity, ``%c`` or
``%c{n}`` logger (its last n parts), ``%i`` process, ``%t`` thread, ``%m`` message, ``%n`` line end, ``%%``; with
``-``, a least and a greatest width between, as in ``%-5p`` or ``%20.30c``. Anything else is an error.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Final

FILE_PATTERN: Final = "%D{%Y-%m-%d %H:%M:%S.%q} %-5p [%c/%i.%t] %m\n"
SYSLOG_PATTERN: Final = "%-5p [%c.%t] %m\n"

_DIRECTIVE = re.compile(r"%(?P<left>-?)(?P<least>\d*)(?:\.(?P<most>\d+))?(?P<kind>.?)(?P<braces>\{[^}]*\})?", re.DOTALL)
_PLAIN_DATE = "%Y-%m-%d %H:%M:%S"

Render = Callable[[float, int, str], str]
"""(seconds since the epoch, thread, message text) -> the whole line."""


class PatternError(ValueError):
    """A pattern that cannot be used; the text says why."""


class Timestamp:
    """One date format; the text of a second is made once a second, milliseconds are filled in."""

    __slots__ = ("_convert", "_format", "_milliseconds", "_second", "_text")

    def __init__(self, date_format: str, utc: bool) -> None:
        parts = re.split(r"(%.)", date_format)
        # A literal % before the later %-substitution of milliseconds must be doubled after strftime, so they are
        # marked here.
        self._milliseconds = parts.count("%q")
        self._format = "".join("\1" if part == "%q" else part for part in parts)
        self._convert = time.gmtime if utc else time.localtime
        self._second = -1
        self._text = ""

    def __call__(self, now: float) -> str:
        second = int(now)
        if second != self._second:
            text = time.strftime(self._format, self._convert(second))
            self._text = text.replace("%", "%%").replace("\1", "%03d")
            self._second = second
        millisecond = int((now - second) * 1000)
        if self._milliseconds == 1:
            return self._text % millisecond
        return self._text % ((millisecond,) * self._milliseconds)


class _Field:
    """One directive: what it stands for and how wide it is."""

    __slots__ = ("detail", "kind", "least", "left", "most")

    def __init__(self, kind: str, detail: str, left: bool, least: int, most: int | None) -> None:
        self.kind = kind
        self.detail = detail
        self.left = left
        self.least = least
        self.most = most

    @property
    def plain(self) -> bool:
        return not self.least and self.most is None

    def fit(self, text: str) -> str:
        """Pad to the least width; of a text that is too long the end stays, as log4cplus does."""
        if self.most is not None and len(text) > self.most:
            text = text[len(text) - self.most :]
        return text.ljust(self.least) if self.left else text.rjust(self.least)


class Pattern:
    """A pattern that was read; ``bind`` makes a message's renderer."""

    def __init__(self, text: str) -> None:
        self._pieces: list[str | _Field] = []
        self._timestamps: dict[tuple[str, str], Timestamp] = {}
        place = 0
        for match in _DIRECTIVE.finditer(text):
            if match.start() < place:
                continue
            self._pieces.append(text[place : match.start()])
            place = match.end()
            kind, braces = match["kind"], match["braces"]
            if kind not in ("D", "d", "c") and braces is not None:
                place -= len(braces)  # braces belong to dates and logger names only; elsewhere they are text
                braces = None
            self._pieces.append(self._field(match, kind, braces))
        self._pieces.append(text[place:])

    def _field(self, match: re.Match[str], kind: str, braces: str | None) -> str | _Field:
        if kind == "%":
            return "%"
        if kind == "n":
            return "\n"
        if not kind or kind not in "Ddpcitm":
            raise PatternError(f"unknown directive '{match[0]}' in pattern: %D %d %p %c %i %t %m %n and %% are known")
        detail = braces[1:-1] if braces is not None else ""
        if kind == "c" and detail and not detail.isdecimal():
            raise PatternError(f"'{match[0]}' in pattern: a number of logger name parts expected between the braces")
        if kind in "Dd":
            self._timestamps.setdefault((kind, detail), Timestamp(detail or _PLAIN_DATE, utc=kind == "d"))
        return _Field(
            kind, detail, bool(match["left"]), int(match["least"] or 0), int(match["most"]) if match["most"] else None
        )

    def bind(self, severity: str, logger: str, process: int, message_id: str) -> Render:
        """The renderer of one message: its texts that never change are part of it."""
        template = ""
        fields: list[_Field] = []
        for piece in self._pieces:
            if isinstance(piece, str):
                template += piece.replace("%", "%%")
            elif piece.kind in "pci":
                template += piece.fit(_fixed(piece, severity, logger, process)).replace("%", "%%")
            else:
                fields.append(piece)
                # Without a width the id is as fixed as the logger; with one it must be measured together with the text.
                template += message_id.replace("%", "%%") + " %s" if piece.kind == "m" and piece.plain else "%s"
        if [field.kind for field in fields] == ["D", "t", "m"] and all(field.plain for field in fields):
            return UsualRender(template, self._timestamps["D", fields[0].detail])
        return self._any(template, fields, message_id)

    def _any(self, template: str, fields: list[_Field], message_id: str) -> Render:
        timestamps = self._timestamps

        def render(now: float, thread: int, text: str) -> str:
            values: list[str] = []
            for field in fields:
                if field.kind == "m":
                    values.append(text if field.plain else field.fit(f"{message_id} {text}"))
                elif field.kind == "t":
                    values.append(field.fit(str(thread)))
                else:
                    values.append(field.fit(timestamps[field.kind, field.detail](now)))
            return template % tuple(values)

        return render


class UsualRender:
    """Date, thread, message, in this order and without widths: Kea's own pattern, the one that must be quick."""

    __slots__ = ("template", "timestamp")

    def __init__(self, template: str, timestamp: Timestamp) -> None:
        self.template = template
        self.timestamp = timestamp

    def __call__(self, now: float, thread: int, text: str) -> str:
        return self.template % (self.timestamp(now), thread, text)

    def with_text(self, text: str) -> str:
        """A template for date, thread and what `text` asks for."""
        return self.template % ("%s", "%s", text)


def _fixed(field: _Field, severity: str, logger: str, process: int) -> str:
    if field.kind == "p":
        return severity
    if field.kind == "i":
        return str(process)
    if field.detail and int(field.detail):
        return ".".join(logger.split(".")[-int(field.detail) :])
    return logger
