"""What allocators ask of whoever knows which addresses are taken."""

from __future__ import annotations

from typing import Protocol


class Watcher(Protocol):
    """Who wants to hear of every change in a range. Called after it has been made; must be quick, must not raise."""

    def taken(self, address: int) -> None:
        """It was free and is taken now."""

    def freed(self, address: int) -> None:
        """It was taken and is free now."""


class Occupied(Protocol):
    """A set of taken addresses, or of taken prefixes of one length, each of which has a number then."""

    def taken(self, address: int) -> bool:
        """Whether it is taken."""

    def next_free(self, first: int, last: int, start: int) -> int | None:
        """The first free address at or after `start` in first..last (both included), without wrapping around.
        Microseconds, however many are taken.
        """

    def watch(self, first: int, last: int, watcher: Watcher) -> None:
        """Tell `watcher` of every change in first..last (both included) from now on."""

    def unwatch(self, first: int, last: int, watcher: Watcher) -> None:
        """End what `watch` with the same arguments began; nothing happens if it did not."""
