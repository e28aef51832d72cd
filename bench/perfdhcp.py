"""perfdhcp, Kea's load generator: paced four-way exchanges, and what it says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

SECTION = re.compile(r"\*\*\*Statistics for: (\S+)\*\*\*(.*?)(?=\*\*\*|\Z)", re.S)
FIGURE = re.compile(r"^([a-z ]+): (-?[\d.e+]+)", re.M)


@dataclass(frozen=True)
class Outcome:
    """Per second of load: exchanges begun and finished. Delays in ms, of one leg, averaged over both."""

    begun: float
    finished: float
    count: int
    delay: float
    worst: float

    @property
    def loss(self) -> float:
        """Per cent of the exchanges begun that did not finish."""
        return 100 * (1 - self.finished / self.begun) if self.begun else 100.0


def command(rate: int, seconds: int, clients: int, step: int, server: str) -> list[str]:
    """A run of perfdhcp as relay agent; `step` makes its clients other ones than those of other runs."""
    words = ["perfdhcp", "-4", "-r", str(rate), "-R", str(clients), "-p", str(seconds), "-W", "1000000"]
    return [*words, "-b", f"mac=00:0c:{step % 256:02x}:00:00:00", server]


def read(text: str, seconds: int) -> Outcome:
    """What a run printed. ValueError: it printed no statistics."""
    sections = {name: {k.strip(): float(v) for k, v in FIGURE.findall(body)} for name, body in SECTION.findall(text)}
    first, second = sections.get("DISCOVER-OFFER"), sections.get("REQUEST-ACK")
    if first is None or second is None:
        raise ValueError(f"perfdhcp said:\n{text[-800:]}")
    delays = [leg["avg delay"] for leg in (first, second) if "avg delay" in leg]
    worst = [leg["max delay"] for leg in (first, second) if "max delay" in leg]
    return Outcome(
        begun=first["sent packets"] / seconds,
        finished=second["received packets"] / seconds,
        count=int(second["received packets"]),
        delay=sum(delays) / len(delays) if delays else 0.0,
        worst=max(worst, default=0.0),
    )
