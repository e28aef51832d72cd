"""The parking lot: the bounded set of half-run exchanges that wait for something, and how they leave it.

Law: it drives coroutines by hand and knows nothing of what they do. One that never suspends never gets here: no
task, no timer, its result comes back as from a plain call. One that suspends waits here for its future, whose
done-callback drives it on. Every way out (finished, failed, deadline, full, cleared) takes it off the lot first and
then tells whoever owns the lot, exactly once; given up, a coroutine is closed, so that its `finally` blocks run.

A half-run coroutine cannot be wrapped in a task, hence this file. The coroutines await futures of the running loop
and nothing that insists on a task around it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from kead.logs import ERROR, WARN, Message

E = TypeVar("E")
R = TypeVar("R")

EXPIRED_MESSAGE: Final = Message(
    "PARKING_LOT_DEADLINE", "dhcp4", WARN, "%s: dropped, what it waited for did not come within %g seconds"
)
CLOSE_FAILED: Final = Message("PARKING_LOT_CLOSE_FAILED", "dhcp4", ERROR, "%s: its clean-up failed: %s")


class Parked(Enum):
    """What drive() says instead of a result."""

    PARKED = 0


PARKED: Final = Parked.PARKED


class Lost(Enum):
    """Why a parked exchange ends without a result."""

    FULL = "the lot is full"
    EXPIRED = "its deadline has passed"
    CLEARED = "all parked packets were dropped"


class _Entry(Generic[E, R]):
    """One parked exchange."""

    __slots__ = ("coroutine", "due", "exchange", "lost", "lot", "running")

    def __init__(self, lot: ParkingLot[E, R], coroutine: Coroutine[Any, Any, R], exchange: E, due: float) -> None:
        self.lot = lot
        self.coroutine = coroutine
        self.exchange = exchange
        self.due = due
        self.running = False
        self.lost = False

    def wait(self, awaited: Any) -> None:
        """Go on when this is done. `awaited` is what the coroutine has suspended on."""
        if awaited is None:  # a bare yield (asyncio.sleep(0)): only give way once
            self.lot.loop.call_soon(self.step, None)
        elif getattr(awaited, "_asyncio_future_blocking", None):
            awaited._asyncio_future_blocking = False  # else the future takes the next await for a mistake
            awaited.add_done_callback(self.wake)
        else:
            self.lot.loop.call_soon(self.step, TypeError(f"awaited {awaited!r}, which is not a future"))

    def wake(self, awaited: asyncio.Future[Any]) -> None:
        if self.lost:
            return
        try:
            awaited.result()
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001  it is the coroutine's, which gets it
            self.step(error)
        else:
            self.step(None)

    def step(self, error: BaseException | None) -> None:
        """Drive it on to its next wait or its end."""
        if self.lost:
            return
        lot = self.lot
        self.running = True
        try:
            awaited = self.coroutine.send(None) if error is None else self.coroutine.throw(error)
        except StopIteration as stop:
            lot._leave(self)
            if not self.lost:
                lot.finished(self.exchange, stop.value)
        except (Exception, asyncio.CancelledError) as failure:  # noqa: BLE001  handed on to the lot's owner
            lot._leave(self)
            if not self.lost:
                lot.failed(self.exchange, failure)
        except BaseException:
            lot._leave(self)
            raise
        else:
            if self.lost:  # given up by something it called itself
                lot._close(self.coroutine, self.exchange)
            else:
                self.wait(awaited)
        finally:
            self.running = False


class ParkingLot(Generic[E, R]):
    """Drives exchanges (any object, `E`) whose coroutines come to a result (`R`).

    limit     how many may be parked at once; 0: any number
    deadline  seconds that one may stay, counted from its first wait, however often it waits again
    finished  called with exchange and result when a parked one has come to its end
    failed    called with exchange and exception when a parked one has raised
    dropped   called with exchange and the reason when one ends without either
    label     how log lines name an exchange
    """

    __slots__ = (
        "_entries",
        "_idle",
        "_loop",
        "_timer",
        "cleared",
        "deadline",
        "dropped",
        "dropped_full",
        "excused",
        "expired",
        "failed",
        "finished",
        "label",
        "limit",
        "total",
    )

    def __init__(
        self,
        limit: int,
        deadline: float,
        *,
        finished: Callable[[E, R], None],
        failed: Callable[[E, BaseException], None],
        dropped: Callable[[E, Lost], None],
        label: Callable[[E], str] = str,
        loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self.limit = limit
        self.deadline = deadline
        self.finished = finished
        self.failed = failed
        self.dropped = dropped
        self.label = label
        self.total = 0
        """How many were ever parked."""
        self.excused = 0
        """How many of those who wait do not count for the limit: what they wait for is the server's own, and soon."""
        self.expired = 0
        self.dropped_full = 0
        self.cleared = 0
        self._loop = loop
        self._entries: dict[_Entry[E, R], None] = {}  # in the order of their deadlines
        self._timer: asyncio.TimerHandle | None = None
        self._idle: asyncio.Future[None] | None = None

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop that wakes them: the one given, or the one running at first use."""
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    @property
    def parked(self) -> int:
        """How many wait now."""
        return len(self._entries)

    @property
    def full(self) -> bool:
        """Whether the next one that has to wait is dropped."""
        return 0 < self.limit <= len(self._entries) - self.excused

    def full_for(self, exchange: E) -> bool:
        """Whether this one is dropped if it has to wait: not if it has its place already."""
        return self.full and all(entry.exchange is not exchange for entry in self._entries)

    def drive(self, coroutine: Coroutine[Any, Any, R], exchange: E) -> R | Parked:
        """Run it as far as it goes. Its result, or PARKED: a callback will tell, or (lot full) has told.

        What it raises before its first wait is raised here.
        """
        try:
            awaited = coroutine.send(None)
        except StopIteration as stop:
            result: R = stop.value
            return result
        self.park(coroutine, exchange, awaited)
        return PARKED

    def park(self, coroutine: Coroutine[Any, Any, R], exchange: E, awaited: Any) -> None:
        """Keep one that has suspended on `awaited`, and drive it on: a callback will tell, or (lot full) has told."""
        if self.full:
            self.dropped_full += 1
            self._close(coroutine, exchange)
            self.dropped(exchange, Lost.FULL)
            return
        loop = self._loop or self.loop
        due = loop.time() + self.deadline
        entry = _Entry(self, coroutine, exchange, due)
        self._entries[entry] = None
        self.total += 1
        if self._timer is None:
            self._timer = loop.call_at(due, self._expire)
        entry.wait(awaited)

    def clear(self) -> int:
        """Drop all that wait (configuration or libraries change, shutdown). How many there were."""
        entries = list(self._entries)
        for entry in entries:
            self.cleared += 1
            self._lose(entry, Lost.CLEARED)
        return len(entries)

    async def drain(self, seconds: float) -> int:
        """Wait until nobody is parked any more, at most so long; then drop the rest. How many those were."""
        if self._entries:
            self._idle = self.loop.create_future()
            try:
                async with asyncio.timeout(seconds):
                    await self._idle
            except TimeoutError:
                pass
            finally:
                self._idle = None
        return self.clear()

    def _leave(self, entry: _Entry[E, R]) -> None:
        self._entries.pop(entry, None)
        if not self._entries and self._idle is not None and not self._idle.done():
            self._idle.set_result(None)

    def _lose(self, entry: _Entry[E, R], why: Lost) -> None:
        """End it without a result."""
        if entry.lost:
            return
        entry.lost = True
        self._leave(entry)
        if not entry.running:  # else its step closes it
            self._close(entry.coroutine, entry.exchange)
        self.dropped(entry.exchange, why)

    def _close(self, coroutine: Coroutine[Any, Any, R], exchange: E) -> None:
        try:
            coroutine.close()
        except Exception as error:  # noqa: BLE001  a `finally` of the coroutine's failed; the lot goes on
            CLOSE_FAILED(self.label(exchange), f"{type(error).__name__}: {error}")

    def _expire(self) -> None:
        """One timer for all: they came with the same deadline, so the longest parked is the next due."""
        self._timer = None
        now = self.loop.time()
        while self._entries:
            entry = next(iter(self._entries))
            if entry.due > now:
                self._timer = self.loop.call_at(entry.due, self._expire)
                return
            self.expired += 1
            EXPIRED_MESSAGE(self.label(entry.exchange), self.deadline)
            self._lose(entry, Lost.EXPIRED)
