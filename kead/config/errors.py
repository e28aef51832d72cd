"""What went wrong in a configuration, and where.

Law: this file knows no keyword. An error carries Kea's own text (users and scripts look for it), and beside it
what Kea does not say: the path of the value in the tree and what would have been right.
"""

from __future__ import annotations

from typing import NamedTuple

Path = tuple[str | int, ...]


class Place(NamedTuple):
    """A position in a text: lines and columns count from 1, columns in bytes.

    For what came over a command channel the file is "<wire>", the line 0 and the column an offset, as in Kea.
    """

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


NOWHERE = Place("", 0, 0)


def dotted(path: Path) -> str:
    """("Dhcp4", "subnet4", 3, "id") as people write it: `Dhcp4.subnet4[3].id`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += f".{step}" if text else step
    return text


class ConfigError(Exception):
    """A configuration that is refused.

    message   the text, positions included, as Kea writes it (config-get's users compare it); str() appends the path,
              the place if it is not in the text, and the remedy
    place     where the value stands (NOWHERE if that is not known); also as file, line, column
    path      `Dhcp4.subnet4[3].pools[0].pool`, "" when the text is no tree at all
    remedy    what would be right, a short phrase, or ""
    syntax    the text breaks the grammar ("Syntax check failed"), rather than the rules ("Error encountered")
    """

    def __init__(
        self, message: str, *, place: Place = NOWHERE, path: Path = (), remedy: str = "", syntax: bool = False
    ) -> None:
        super().__init__(message)
        self.message = message
        self.place = place
        self.path = dotted(path)
        self.remedy = remedy
        self.syntax = syntax

    @property
    def file(self) -> str:
        return self.place.file

    @property
    def line(self) -> int:
        return self.place.line

    @property
    def column(self) -> int:
        return self.place.column

    def __str__(self) -> str:
        position = self._position()
        at = f"at {self.path} ({position})" if self.path and position else f"at {self.path}" if self.path else position
        more = "; ".join(part for part in (at, self.remedy) if part)
        return f"{self.message} [{more}]" if more else self.message

    def _position(self) -> str:
        """Where the value stands, for people, if the message does not say it: Kea often points at what is around it."""
        place = self.place
        if place is NOWHERE or self.syntax:
            return ""
        if place.file == "<wire>":  # Kea's (<wire>:0:63) means nothing to people
            column = place.column if place.line else place.column + 1
            return f"line {place.line + 1}, column {column} of the command"
        return "" if str(place) in self.message else str(place)
