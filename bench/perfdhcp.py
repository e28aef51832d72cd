"""perfdhcp, Kea's load generator: paced four-way exchanges (and renewals), and what it says of them."""

from __future__ import annotations

import re
from dataclasses import dataclass

SECTION = re.compile(r"\*\*\*Statistics for: (.+?)\*\*\*(.*?)(?=\*\*\*|\Z)", re.S)
FIGURE = re.compile(r"^([a-z ]+): (-?[\d.e+]+)", re.M)
LEGS = (("DISCOVER-OFFER", "REQUEST-ACK"), ("SOLICIT-ADVERTISE", "REQUEST-REPLY"))
RENEWALS = ("REQUEST-ACK (renewal)", "RENEW-REPLY")


@dataclass(frozen=True)
class Outcome:
    """Per second of load: exchanges begun and finished, renewals finished. Delays in ms, of one leg, averaged over all.

    `count` and `renewals` are how many finished, `lost_renewals` per cent of those asked for.
    """

    begun: float
    finished: float
    count: int
    delay: float
    worst: float
    renewals: int = 0
    lost_renewals: float = 0.0

    @property
    def loss(self) -> float:
        """Per cent of the exchanges begun that did not finish."""
        return 100 * (1 - self.finished / self.begun) if self.begun else 100.0


def command(kind: list[str], rate: int, seconds: int, clients: int, step: int, renewals: int = 0) -> list[str]:
    """A run of perfdhcp, `kind` being the family's own words; `step` makes its clients other ones than those of other
    runs; `renewals` a second of leases that the run has made."""
    words = ["perfdhcp", *kind, "-r", str(rate), "-R", str(clients), "-p", str(seconds), "-W", "1000000"]
    return [*words, *(["-f", str(renewals)] if renewals else []), "-b", f"mac=00:0c:{step % 256:02x}:00:00:00"]


def read(text: str, seconds: int) -> Outcome:
    """What a run printed. ValueError: it printed no statistics."""
    sections = {name: {k.strip(): float(v) for k, v in FIGURE.findall(body)} for name, body in SECTION.findall(text)}
    names = next((names for names in LEGS if all(name in sections for name in names)), None)
    if names is None:
        raise ValueError(f"perfdhcp said:\n{text[-800:]}")
    first, second = (sections[name] for name in names)
    renewals = next((sections[name] for name in RENEWALS if name in sections), {})
    delays = [leg["avg delay"] for leg in (first, second, renewals) if "avg delay" in leg]
    worst = [leg["max delay"] for leg in (first, second, renewals) if "max delay" in leg]
    asked = renewals.get("sent packets", 0.0)
    renewed = renewals.get("received packets", 0.0)
    return Outcome(
        begun=first["sent packets"] / seconds,
        finished=second["received packets"] / seconds,
        count=int(second["received packets"]),
        delay=sum(delays) / len(delays) if delays else 0.0,
        worst=max(worst, default=0.0),
        renewals=int(renewed),
        lost_renewals=100 * (1 - renewed / asked) if asked else 0.0,
    )
