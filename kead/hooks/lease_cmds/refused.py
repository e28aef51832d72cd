"""Why a command is not carried out, and the result codes of Kea's commands."""

from __future__ import annotations

from typing import Final

SUCCESS: Final = 0
ERROR: Final = 1
EMPTY: Final = 3
CONFLICT: Final = 4


class Refused(Exception):
    """The answer of a command that failed: its text and result code."""

    def __init__(self, text: str, result: int = ERROR) -> None:
        super().__init__(text)
        self.text = text
        self.result = result
