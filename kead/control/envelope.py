"""The map around a command: what may stand in it, and how a handler gets at its arguments.

Law: checks the envelope and the kinds of arguments, in Kea's words (control.md § 1, 4, 5); knows no command's meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Final, TypeVar

from kead.control import json_text
from kead.control.answers import CommandError

_ENVELOPE: Final = ("arguments", "command", "remote-address", "service")

_ABSENT: Final = object()
_T = TypeVar("_T")


class EnvelopeError(ValueError):
    """Not a command; the text is Kea's, to stand behind "Error during command processing: "."""


class Kind(Enum):
    """The kinds of values that arguments have, with the words for them."""

    STRING = "a string"
    INTEGER = "an integer"
    BOOLEAN = "a boolean"
    MAP = "a map"
    LIST = "a list"
    ANY = "anything"

    def holds(self, value: object) -> bool:
        if self is Kind.STRING:
            return isinstance(value, str)
        if self is Kind.INTEGER:
            return isinstance(value, int) and not isinstance(value, bool)
        if self is Kind.BOOLEAN:
            return isinstance(value, bool)
        if self is Kind.MAP:
            return isinstance(value, dict)
        if self is Kind.LIST:
            return isinstance(value, list)
        return True


class Argument:
    """One row of a command's arguments: its key, its kind, whether it must be there.

    ``wrong`` is Kea's text for another kind: "'{key}' parameter expected to be a boolean." unless said otherwise; with
    ``{place}`` in it the value's position is filled in and the text counts as a failure of processing, as Kea words
    those.
    """

    __slots__ = ("key", "kind", "mandatory", "wrong")

    def __init__(self, key: str, kind: Kind, *, mandatory: bool = True, wrong: str = "") -> None:
        self.key = key
        self.kind = kind
        self.mandatory = mandatory
        self.wrong = wrong or f"'{key}' parameter expected to be {kind.value}."


class Request:
    """One command as it came.

    ``arguments`` is what stands there, a map or anything else, None when nothing does (see ``has_arguments``).
    ``document`` is the text of the whole command without comments, for positions (a handler may give it to the
    configuration's reader).
    """

    __slots__ = ("arguments", "command", "document", "first_line", "has_arguments", "origin", "remote_address", "whole")

    def __init__(
        self,
        command: str,
        arguments: object = _ABSENT,
        document: bytes = b"",
        origin: str = "<wire>",
        first_line: int = 0,
    ) -> None:
        self.command = command
        self.has_arguments = arguments is not _ABSENT
        self.arguments: object = arguments if self.has_arguments else None
        self.document = document
        self.origin = origin
        self.first_line = first_line
        self.remote_address = ""
        self.whole: dict[str, object] = {"command": command}
        if self.has_arguments:
            self.whole["arguments"] = self.arguments

    def place(self, *path: str | int) -> str:
        """Where the argument at ``path`` stands: ``<wire>:0:40``; just the origin when the text is not known."""
        if not self.document:
            return f"{self.origin}:{self.first_line}:0"
        return json_text.place(self.document, ("arguments", *path), self.origin, self.first_line)

    def check(self, rows: Sequence[Argument], not_a_map: str = "") -> None:
        """Check the arguments against a command's rows, in their order. Raises CommandError, or EnvelopeError as Kea
        does.

        ``not_a_map`` is the text when arguments are there and no map; without it they may be absent for optional rows
        only, and anything else fails the way a look-up in Kea's element does.
        """
        if not rows and not not_a_map:
            return
        if self.has_arguments and not isinstance(self.arguments, dict):
            raise CommandError(not_a_map) if not_a_map else self.no_map()
        for row in rows:
            value = self.get(row.key, _ABSENT)
            if value is _ABSENT:
                if row.mandatory:
                    raise CommandError(f"Missing mandatory '{row.key}' parameter.")
            elif not row.kind.holds(value):
                if "{place}" in row.wrong:
                    raise EnvelopeError(row.wrong.format(place=self.place(row.key)))
                raise CommandError(row.wrong)

    def no_map(self) -> EnvelopeError:
        """Kea's complaint about arguments that are no map."""
        return EnvelopeError(f"get(string) called on a non-map Element in ({self.place()})")

    def get(self, key: str, default: object = None) -> object:
        """The argument, or the default."""
        return self.arguments.get(key, default) if isinstance(self.arguments, dict) else default

    def string(self, key: str, default: str = "") -> str:
        """A string argument that was checked."""
        return self._checked(key, default, str)

    def integer(self, key: str, default: int = 0) -> int:
        """An integer argument that was checked."""
        return self._checked(key, default, int)

    def boolean(self, key: str, default: bool = False) -> bool:
        """A boolean argument that was checked."""
        return self._checked(key, default, bool)

    def _checked(self, key: str, default: _T, kind: type[_T]) -> _T:
        value = self.get(key, default)
        if not isinstance(value, kind):
            raise TypeError(f"the argument '{key}' was not declared with this command")
        return value


def open_envelope(
    tree: object, document: bytes = b"", *, strict: bool = False, origin: str = "<wire>", first_line: int = 0
) -> Request:
    """The request in a document. ``strict`` checks ``remote-address`` too (HTTP does, the UNIX socket does not).

    Raises EnvelopeError. The order of the checks is Kea's: the command's kind comes last but for its presence.
    """
    if not isinstance(tree, dict):
        raise EnvelopeError(f"invalid command: expected toplevel entry to be a map, got {_kind_of(tree)} instead")
    command = tree.get("command", _ABSENT)
    if command is _ABSENT:
        raise EnvelopeError("invalid command: does not contain mandatory 'command'")
    for key in sorted(tree):
        if key not in _ENVELOPE:
            raise EnvelopeError(f"invalid command: unsupported parameter '{key}'")
    if not isinstance(command, str):
        raise EnvelopeError("invalid command: expected 'command' to be a string, got map instead")  # whatever it is
    request = Request(command, tree.get("arguments", _ABSENT), document, origin, first_line)
    request.whole = tree
    remote = tree.get("remote-address", "")
    if isinstance(remote, str):
        request.remote_address = remote
    elif strict:
        raise EnvelopeError("invalid command: expected 'remote-address' to be a string")
    return request


def _kind_of(value: object) -> str:
    """Kea's name of a value's kind."""
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, str):
        return "string"
    if isinstance(value, int):
        return "integer"
    if isinstance(value, float):
        return "real"
    return "list" if isinstance(value, list) else "null"
