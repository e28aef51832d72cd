"""When the garbage collector looks, and at what.

A batch under load makes thousands of objects that go by themselves, so looking seldom is cheaper; but what is looked at
in one go stops the loop, a fifth of a second for a million leases. So collections are small, and what has survived a
full one is set aside for good: leases and configurations live long and hold no rings.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

_THRESHOLDS: Final = (2_000, 10, 2)
"""A full collection every 40,000 objects that stayed: a few milliseconds."""
_NEVER: Final = 1 << 30
_FEW: Final = 100_000
"""So many objects may be looked at in one go when a configuration has been replaced: some 20 ms."""


def begin() -> None:
    """Collect like this from now on, in the whole process."""
    gc.set_threshold(*_THRESHOLDS)
    if _set_aside not in gc.callbacks:
        gc.callbacks.append(_set_aside)


def tidy_up(objects: int) -> None:
    """A configuration is in force: free what the one before left, unless that means looking at too much.

    objects: about how many there are that live long, besides those of every process. To count them would take as long
    as to look at them.

    What a configuration has many of holds no rings (a server opens them), and goes without being looked at.
    """
    if objects < _FEW:
        gc.unfreeze()
        gc.collect()


@contextmanager
def put_off() -> Iterator[None]:
    """Meanwhile many objects are made that live long: they are set aside at the end, without a full collection."""
    before = gc.get_threshold()
    gc.set_threshold(*before[:2], _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.freeze()


def _set_aside(phase: str, info: dict[str, Any]) -> None:
    if phase == "stop" and info["generation"] == 2:
        gc.freeze()
