"""A chain: the callouts of one point, in the order of the configuration, then of their definition.

Law: all callouts of a point run, whatever the earlier ones said; the status they leave behind decides. A plain
function is called plainly and a chain of them never suspends. An `async def` runs in a task of its own, since other
people's code needs one around it (asyncio.timeout, database drivers), and the exchange, which is driven by hand and
has none, awaits that task as a future: so the packet parks by itself. A callout that raises is logged under its
library's name and leaves DROP; the next one still runs.
"""

from __future__ import annotations

import asyncio
import inspect
import traceback
from collections.abc import Awaitable, Coroutine, Generator, Iterable, Mapping, Sequence
from time import perf_counter
from typing import Any, Final, Generic, TypeVar

from kead.hooks import messages
from kead.hooks.library import Library, Registration
from kead.hooks.messages import CALLOUT_CALLED, CALLOUTS_BEGIN, CALLOUTS_COMPLETE
from kead.hooks.point import Callout, Exchange
from kead.hooks.status import CONTINUE, DROP, Status

C = TypeVar("C", bound=Callout)
SLOW: Final = 0.05
"""Seconds that a callout may keep everybody waiting before it is named in a warning."""


class CalloutExit(Exception):
    """A callout tried to end the process (SystemExit); it ends only itself."""


class _Timed(Coroutine[Any, Any, Any]):
    """A coroutine whose steps are timed: what is between two steps keeps nobody waiting."""

    __slots__ = ("_coroutine", "_registration")

    def __init__(self, coroutine: Coroutine[Any, Any, Any], registration: Registration) -> None:
        self._coroutine = coroutine
        self._registration = registration

    def send(self, value: Any) -> Any:
        began = perf_counter()
        try:
            return self._coroutine.send(value)
        except SystemExit as error:
            raise CalloutExit(f"SystemExit: {error}") from error
        finally:
            _spent(self._registration, perf_counter() - began)

    def throw(self, *error: Any) -> Any:
        began = perf_counter()
        try:
            return self._coroutine.throw(*error)
        except SystemExit as exit_:
            raise CalloutExit(f"SystemExit: {exit_}") from exit_
        finally:
            _spent(self._registration, perf_counter() - began)

    def close(self) -> None:
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, Any]:
        return self._coroutine.__await__()


def _spent(registration: Registration, seconds: float) -> None:
    registration.seconds += seconds
    if seconds > SLOW:
        registration.slow += 1
        messages.CALLOUT_SLOW(registration.point, registration.library.name, seconds * 1000)


async def _awaited(awaitable: Awaitable[Any]) -> Any:
    return await awaitable


async def _in_own_task(awaitable: Awaitable[Any], registration: Registration) -> Any:
    """What it comes to. If the exchange is given up meanwhile, the task is cancelled."""
    coroutine = awaitable if inspect.iscoroutine(awaitable) else _awaited(awaitable)
    task = asyncio.get_running_loop().create_task(_Timed(coroutine, registration))
    registration.library.keep(task)
    try:
        return await task
    except asyncio.CancelledError:
        own = asyncio.current_task()
        if own is not None and own.cancelling():
            raise  # not the callout, but who waits for it is cancelled
        raise RuntimeError("the callout was cancelled") from None
    finally:
        if not task.done():
            task.cancel()
            task.add_done_callback(_look_at)


def _look_at(task: asyncio.Task[Any]) -> None:
    """Nobody waits for this one any more; asyncio complains about exceptions that nobody looks at."""
    if not task.cancelled():
        task.exception()


def _where(error: BaseException, library: Library) -> str:
    """File and line: the last place in the library itself, even if it ended in others' code; else the innermost."""
    own = innermost = "?"
    name = library.module.__name__
    for frame, line in traceback.walk_tb(error.__traceback__):
        innermost = f"{frame.f_code.co_filename}:{line}"
        module = str(frame.f_globals.get("__name__"))
        if module == name or module.startswith(f"{name}."):
            own = innermost
    return innermost if own == "?" else own


def _raised(registration: Registration, error: BaseException, seconds: float) -> None:
    registration.exceptions += 1
    name = registration.library.name
    messages.CALLOUT_EXCEPTION(
        registration.point,
        name,
        _where(error, registration.library),
        f"{type(error).__name__}: {error}",
        seconds * 1000,
    )
    if messages.CALLOUT_TRACEBACK.on:
        messages.CALLOUT_TRACEBACK(registration.point, name, "".join(traceback.format_exception(error)))


class Chain(Generic[C]):
    """The callouts of one point. Call it with the exchange and the point's arguments, await it, read the handle."""

    __slots__ = ("_registrations", "_row", "point", "waits")

    def __init__(self, row: type[C], registrations: Iterable[Registration], point: str = "") -> None:
        self._row = row
        self._registrations = tuple(registrations)
        self.point = point or row.point
        self.waits = any(one.waits for one in self._registrations)
        """May it suspend?"""

    @property
    def registrations(self) -> Sequence[Registration]:
        """Who is called, in order."""
        return self._registrations

    async def __call__(self, exchange: Exchange, /, **arguments: object) -> C:
        """Call them all. The handle's status is one that the point obeys, or CONTINUE; never PARK: a parked packet
        comes back when it may go on (CONTINUE) or was dropped (DROP).
        """
        callout = self._row(exchange)
        for name, value in arguments.items():
            setattr(callout, name, value)
        if callout.parkable:
            callout._park()
        if CALLOUTS_BEGIN.on:
            CALLOUTS_BEGIN(self.point)
        start = perf_counter()
        try:
            for one in self._registrations:
                callout.library = one.library
                one.calls += 1
                began = perf_counter()
                try:
                    value = one.function(callout)
                    if not one.waits:
                        spent = perf_counter() - began
                        one.seconds += spent
                        if spent > SLOW:
                            one.slow += 1
                            messages.CALLOUT_SLOW(self.point, one.library.name, spent * 1000)
                    if value is not None:
                        if inspect.isawaitable(value):
                            value = await _in_own_task(value, one)
                            callout.library = one.library
                        if value is not None and (problem := callout._returned(value)) is not None:
                            messages.CALLOUT_ERROR(self.point, one.library.name, problem)
                    if callout.status.__class__ is not Status:
                        wrong, callout.status = callout.status, CONTINUE
                        raise TypeError(f"status is {wrong!r}, not one of CONTINUE, SKIP, DROP, PARK")
                except (Exception, SystemExit) as error:  # noqa: BLE001  a hook's failure is the hook's, and logged
                    _raised(one, error, perf_counter() - began)
                    callout.status = DROP
                ended = perf_counter() - began
                one.elapsed += ended
                if CALLOUT_CALLED.on:
                    CALLOUT_CALLED(one.library.name, self.point, one.name, ended * 1000)
            if CALLOUTS_COMPLETE.on:
                CALLOUTS_COMPLETE(self.point, (perf_counter() - start) * 1000)
            if callout.parkable:
                callout.status = await callout._settle()
            if callout.status not in callout.obeys:
                callout.status = CONTINUE
        except BaseException:  # the exchange is closed or cancelled while it waits here
            callout._give_up()
            raise
        return callout

    def detached(self, exchange: Exchange, /, **arguments: object) -> None:
        """Call them all without waiting: a chain of plain functions now, one with an `async def` in it as a task.

        For places that cannot await, as the end of a packet that is given up.
        """
        run = self(exchange, **arguments)
        if not self.waits:
            try:
                run.send(None)
            except StopIteration:
                return
            run.close()
            problem = "it returned something to wait for, and the server does not wait here; `async def` can have it"
            messages.CALLOUT_ERROR(self.point, "|".join(one.library.name for one in self._registrations), problem)
            return
        task = asyncio.get_running_loop().create_task(run)
        self._registrations[0].library.keep(task)


def chains_of(points: Mapping[str, type[Callout]], libraries: Iterable[Library]) -> dict[str, Chain[Any]]:
    """A chain for each point at which some library listens."""
    listeners: dict[str, list[Registration]] = {}
    for library in libraries:
        for registration in library.registrations:
            if registration.point in points:
                listeners.setdefault(registration.point, []).append(registration)
    return {name: Chain(points[name], found) for name, found in listeners.items()}


class Hooks:
    """One attribute a point: its chain, or None where nobody listens. A family's subclass names and types them."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, chains: Mapping[str, Chain[Any]] | None = None) -> None:
        chains = chains or {}
        for name in self.__slots__:
            setattr(self, name, chains.get(name))
