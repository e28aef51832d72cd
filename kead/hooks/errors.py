"""What can be wrong with a configured hook library, and how it is told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple


class Problem(NamedTuple):
    """One library that cannot be used."""

    position: int  # in hooks-libraries
    library: str  # as configured
    reason: str  # what is wrong, and what would be right


class LibraryError(Exception):
    """Libraries that cannot be found or loaded; every one of them is named.

    `problems` gives positions, so that who knows the configuration's text can add places. `fatal`: not even the
    libraries that ran before could be brought back.
    """

    def __init__(self, headline: str, problems: Sequence[Problem], *, fatal: bool = False) -> None:
        super().__init__(headline, problems)
        self.headline = headline
        self.problems = tuple(problems)
        self.fatal = fatal

    def text(self, place: Callable[[int], str] = lambda position: "") -> str:
        """Kea's sentence and the reasons. `place` gives what is to follow a library's name: " (<wire>:0:12)"."""
        if not self.headline.endswith(":"):
            return "; ".join(f"{self.headline}{problem.reason}{place(problem.position)}" for problem in self.problems)
        names = ", ".join(f"{problem.library}{place(problem.position)}" for problem in self.problems)
        reasons = "; ".join(f"{problem.library}: {problem.reason}" for problem in self.problems)
        return f"{self.headline} {names}; {reasons}"

    def __str__(self) -> str:
        return self.text()
