"""Checks of extended info, what relays said about a client: how strict they are, and what they find."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

ExtendedInfoChecks = Literal["none", "fix", "strict", "pedantic"]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found."""

    modified: bool
    has_ids: bool
    """Whether there is a relay or a remote identifier."""
