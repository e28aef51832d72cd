"""The command line of a daemon, read the way getopt(3) reads it, since scripts rely on every text of it.

Law: text in, a decision out; prints nothing, opens nothing. Switches count in the order they stand: ``-v`` ends the
reading at once, an unknown one too, so ``-v -Z`` prints a version and ``-Z -v`` a usage (compatibility.md § 1,
measured with Kea 3.0.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

SWITCHES: Final = "dvVWXc:t:T:p:P:"


class UsageError(Exception):
    """A bad call; ``text`` (may be empty) stands before the usage on stderr, the exit status is 1."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text)
        self.text = text


@dataclass(slots=True)
class CommandLine:
    """What was asked for. ``show`` is v, V, W or schema when only something is to be printed; ``check`` is t or T, or
    empty.
    """

    config_file: str = ""
    check: str = ""
    show: str = ""
    verbose: bool = False
    restricted: bool = True
    server_port: int = 0
    client_port: int = 0


def read_command_line(program: str, arguments: Sequence[str]) -> CommandLine:
    """Read the arguments (without the program's own name, which only begins the texts). Raises UsageError."""
    line = CommandLine()
    if list(arguments) == ["--schema"]:  # kead's own; getopt's letters stay as they are
        line.show = "schema"
        return line
    spare: list[str] = []
    for switch, value in _switches(program, arguments, spare):
        if switch in "vVW":
            line.show = switch
            return line
        if switch == "d":
            line.verbose = True
        elif switch == "X":
            line.restricted = False
        elif switch == "p":
            line.server_port = _port("server", value)
        elif switch == "P":
            line.client_port = _port("client", value)
        else:  # c, t, T: of several files the last counts, and one -t makes it a check
            line.config_file = value
            if switch != "c":
                line.check = switch
    if spare:
        raise UsageError
    if not line.config_file:
        raise UsageError("Configuration file not specified.")
    return line


def _port(whose: str, text: str) -> int:
    if text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535:
        return int(text)
    raise UsageError(f"Failed to parse {whose} port number: [{text}], 1-65535 allowed.")


def _switches(program: str, arguments: Sequence[str], spare: list[str]) -> Iterator[tuple[str, str]]:
    """The switches with their values, in order; what is none goes to ``spare``."""
    waiting = list(arguments)
    while waiting:
        word = waiting.pop(0)
        if word == "--":
            spare += waiting
            return
        if not word.startswith("-") or word == "-":
            spare.append(word)
            continue
        letters = word[1:]
        while letters:
            letter, letters = letters[0], letters[1:]
            place = SWITCHES.find(letter)
            if place < 0 or letter == ":":
                raise UsageError(f"{program}: invalid option -- '{letter}'")
            if SWITCHES[place + 1 : place + 2] != ":":
                yield letter, ""
                continue
            if not letters and not waiting:
                raise UsageError(f"{program}: option requires an argument -- '{letter}'")
            yield letter, letters or waiting.pop(0)
            break
