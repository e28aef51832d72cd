"""Fixtures of the lease stores' tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from kead.leases import messages


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "leases.csv"


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every message of the lease stores, as "ID text"."""
    lines: list[str] = []

    class Recorder:
        def __init__(self, message: object) -> None:
            self.message = message
            self.on = True

        def __call__(self, *arguments: object) -> None:
            lines.append(f"{self.message.id} {self.message._text % arguments}")  # type: ignore[attr-defined]

    for name, message in vars(messages).items():
        if isinstance(message, messages.Message):
            monkeypatch.setattr(messages, name, Recorder(message))
    return lines
