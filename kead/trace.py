"""What an exchange looked at and why it decided as it did, for people who ask.

An exchange has a trace only when somebody wants one (`x.trace is None` otherwise, one attribute test), so that
saying why costs nothing on the packet path.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Step:
    """One decision: what was decided (`step`), what came out (`outcome`), and the rule that made it so (`why`)."""

    step: str
    outcome: str
    why: str = ""

    def __str__(self) -> str:
        return f"{self.step}: {self.outcome}" + (f" ({self.why})" if self.why else "")


@dataclass(slots=True)
class Trace:
    """The steps of one exchange, in order."""

    steps: list[Step] = field(default_factory=list)

    def __call__(self, step: str, outcome: str, why: str = "") -> None:
        self.steps.append(Step(step, outcome, why))

    def __str__(self) -> str:
        return "\n".join(map(str, self.steps))
