"""Long work beside the serving loop: in a thread that lets the loop have its turns, or on the loop in slices.

Law: knows no server. Nothing here helps against one long call of C code, which nobody interrupts: who works on
something big cuts it into pieces.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Final, ParamSpec, TypeVar

from kead import collector

P = ParamSpec("P")
T = TypeVar("T")

_TURN: Final = 0.0005
"""Seconds that a thread keeps the interpreter. The loop lets it go in every system call, and a packet needs several: at
Python's usual 5 ms each of them would wait that long.
"""
_SLICE: Final = 0.002
_under_way = 0
_for_a_while: Final = ExitStack()
"""What holds while any work is under way in a thread."""


async def in_thread(work: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
    """What `work` gives, called in a thread. Cancelled, it goes on to its end unseen."""
    global _under_way
    if not _under_way:
        _for_a_while.enter_context(_handing_over_often())
        _for_a_while.enter_context(collector.put_off())
    _under_way += 1
    try:
        return await asyncio.to_thread(work, *arguments, **keywords)
    finally:
        _under_way -= 1
        if not _under_way:
            _for_a_while.close()


@contextmanager
def _handing_over_often() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(_TURN)
    try:
        yield
    finally:
        sys.setswitchinterval(usual)


async def in_slices(steps: Iterable[object]) -> None:
    """Take all steps, each short; whenever that has gone on for a while, others have their turn."""
    until = time.perf_counter() + _SLICE
    for _ in steps:
        if time.perf_counter() > until:
            await asyncio.sleep(0)
            until = time.perf_counter() + _SLICE


async def let_go(things: list[object]) -> None:
    """Free what nothing but this list holds. In one go a hundred thousand objects would stop the loop for long."""

    def one_by_one() -> Iterable[None]:
        while things:
            things.pop()
            yield

    await in_slices(one_by_one())
