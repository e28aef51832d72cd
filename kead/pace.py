"""How long to wait before a socket is drained.

Being woken up costs more than a packet. While there is little to do nobody waits, since then delay is what counts.
With more to do the server waits a moment for the next packets to gather, at most half a millisecond. What decides is
the share of the core that serving would take if every packet came alone: it does not fall when waiting makes batches
fuller, so the pause does not undo its own cause.
"""

from __future__ import annotations

import time

LONGEST = 0.0005
"""Seconds."""
BEGIN, FULL = 0.4, 0.55
"""Share of the core that serving lone packets would take: where waiting begins, and where it is as long as it may be.
Being woken up and reading come on top of it, half as much again."""
ENOUGH = 32
"""A batch of so many packets needs no waiting for more."""
_SPAN = 0.02
"""Seconds over which the share is taken."""
_ALONE = 0.00002
"""Seconds that serving a lone packet takes, until it is known."""


class Pace:
    """The waiting time before the next batch: `pause` is in seconds. `alone`: packets come one by one."""

    __slots__ = ("_last", "_lone", "_packets", "_since", "alone", "pause")

    def __init__(self) -> None:
        self.pause = 0.0
        self.alone = False
        self._lone = _ALONE
        self._last = 0
        self._packets = 0
        self._since = 0.0

    def wait(self) -> None:
        """Let packets gather, if that pays now."""
        if self.pause and self._last < ENOUGH:
            time.sleep(self.pause)

    def note(self, packets: int, began: float, ended: float, times: int) -> None:
        """A batch of so many packets was served between these times (perf_counter), and as many others like it as make
        ``times`` since the last note.
        """
        self._last = packets
        self._packets += packets * times
        self.alone = packets == 1
        if self.alone:
            self._lone += (min(ended - began, 4 * self._lone) - self._lone) / 16
        since = ended - self._since
        if since >= _SPAN:
            share = self._packets * self._lone / since
            wanted = min(max((share - BEGIN) / (FULL - BEGIN), 0.0), 1.0) * LONGEST
            self.pause = wanted if wanted >= 0.00005 else 0.0
            self._packets = 0
            self._since = ended
