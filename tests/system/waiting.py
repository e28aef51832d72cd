"""Waiting for what another process does: until it is so, or an assertion says what was waited for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(what: str, question: Callable[[], T | None], patience: float = 15.0) -> T:
    """Ask until the answer is true; returns it. AssertionError("… : WHAT") when patience ends."""
    deadline = time.monotonic() + patience
    while True:
        answer = question()
        if answer:
            return answer
        assert time.monotonic() < deadline, f"not within {patience} seconds: {what}"
        time.sleep(0.05)
