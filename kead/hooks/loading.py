"""Libraries on and off: load, start, unload, and the change from one set to the next.

Law: new ones are made and loaded beside the old, which are not touched until all new ones are ready. Whatever fails
before that leaves the old ones as they were; what fails after it (only `start` can) brings them back.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from kead.hooks import messages
from kead.hooks.chain import Chain, chains_of
from kead.hooks.commands import HookCommand, nowhere, point_of
from kead.hooks.errors import LibraryError, Problem
from kead.hooks.finding import Configured, Source, find_all
from kead.hooks.instance import Host, LoadingFailed, forget, instantiate, place_of, register
from kead.hooks.library import COMMANDS_OF, Library, Registration
from kead.hooks.point import Exchange, Occasion

LOAD: Final = "One or more hook libraries failed to load:"
LOAD_SECONDS: Final = 30.0
"""How long an async load() or start() may take."""
UNLOAD_SECONDS: Final = 10.0


class Loaded:
    """The libraries of one configuration, ready to be called.

    libraries  in the order of the configuration
    chains     point → chain, for the family's `Hooks`
    commands   command → chain of its handlers
    """

    def __init__(
        self, libraries: Sequence[Library], sources: Sequence[Source], parameters: Sequence[Any], host: Host
    ) -> None:
        self.libraries = tuple(libraries)
        self.chains: dict[str, Chain[Any]] = chains_of(host.points, self.libraries)
        self.commands: dict[str, Chain[HookCommand]] = _command_chains(self.libraries)
        self._sources = tuple(sources)
        self._parameters = tuple(parameters)
        self._host = host

    async def answer(
        self,
        name: str,
        request: Mapping[str, Any],
        occasion: Exchange,
        place: Callable[..., str] = nowhere,
    ) -> Any:
        """What the handlers of this command make of a request. None: nobody has answered (Kea then closes the
        connection without a byte). KeyError if no library handles it. `place`: where an argument stands in the text.
        """
        handle = await self.commands[name](occasion, command=request, arguments=request.get("arguments"), place=place)
        return getattr(handle, "response", None)

    @asynccontextmanager
    async def occasion(self) -> AsyncIterator[Occasion]:
        """What is no packet but has a context: a command, a configuration, a reclaimed lease."""
        occasion = Occasion()
        if (create := self.chains.get("context_create")) is not None:
            await create(occasion)
        try:
            yield occasion
        finally:
            if (destroy := self.chains.get("context_destroy")) is not None:
                destroy.detached(occasion)

    async def start(self) -> None:
        """Call start() of those that have one, in order. Raises LibraryError at the first that fails."""
        for position, library in enumerate(self.libraries):
            try:
                await _enter("start", library)
            except LoadingFailed as error:
                raise LibraryError(LOAD, [Problem(position, library.name, str(error))]) from error

    async def unload(self) -> None:
        """Call unload() of those that have one, in reverse order, and end what runs for them. Failures are logged."""
        for library in reversed(self.libraries):
            await _unload(library)

    async def again(self) -> Loaded:
        """The same libraries once more, from the same code, as new instances."""
        return await _load(self._sources, self._parameters, self._host)


def nothing(host: Host) -> Loaded:
    """No library at all."""
    return Loaded((), (), (), host)


async def load(configured: Sequence[Configured], host: Host, *, confined: bool = True) -> Loaded:
    """Find, instantiate and load all of them. Raises LibraryError; then nothing of them is left."""
    sources = find_all(configured, confined=confined)
    return await _load(sources, [entry.parameters for entry in configured], host)


async def replace(old: Loaded, new: Loaded, switch: Callable[[Loaded], None]) -> Loaded:
    """Put `new` in the place of `old`: switch, unload the old, start the new. What is then in force is returned.

    `switch` makes the server use a set; no packet may be parked in callouts of the old one any more. If a start()
    fails the old libraries are loaded anew and LibraryError is raised; with its `fatal` set, even that failed and
    the server is left without libraries.
    """
    switch(new)
    await old.unload()
    try:
        await new.start()
    except LibraryError as error:
        switch(nothing(old._host))
        await new.unload()
        try:
            back = await old.again()
        except LibraryError as failed:
            raise LibraryError(error.headline, [*error.problems, *failed.problems], fatal=True) from error
        switch(back)
        try:
            await back.start()
        except LibraryError as failed:
            switch(nothing(old._host))
            await back.unload()
            raise LibraryError(error.headline, [*error.problems, *failed.problems], fatal=True) from error
        raise
    return new


async def _load(sources: Sequence[Source], parameters: Sequence[Any], host: Host) -> Loaded:
    libraries = _instances(sources, parameters, host)
    entered = 0
    try:
        for position, library in enumerate(libraries):
            entered += 1
            try:
                await _enter("load", library)
            except LoadingFailed as error:
                raise LibraryError(LOAD, [Problem(position, library.name, str(error))]) from error
            messages.LIBRARY_LOADED(library.name)
    except BaseException:
        # Whose load() was called, successfully or not, is unloaded; the others only vanish.
        for library in libraries[entered:]:
            forget(library)
        for library in reversed(libraries[:entered]):
            await _unload(library)
        raise
    return Loaded(libraries, sources, parameters, host)


def _instances(sources: Sequence[Source], parameters: Sequence[Any], host: Host) -> list[Library]:
    """Run every module. Raises LibraryError that names all that failed; then none of them is left."""
    libraries: list[Library] = []
    problems: list[Problem] = []
    for position, source in enumerate(sources):
        messages.LIBRARY_LOADING(source.name)
        try:
            library = instantiate(source, parameters[position], host)
            libraries.append(library)
            register(library, host.points)
        except LoadingFailed as error:
            messages.OPEN_ERROR(source.name, error)
            problems.append(Problem(position, source.name, str(error)))
    if problems:
        for library in libraries:
            forget(library)
        raise LibraryError(LOAD, problems)
    return libraries


def _command_chains(libraries: Sequence[Library]) -> dict[str, Chain[HookCommand]]:
    handlers: dict[str, list[Registration]] = {}
    for library in libraries:
        for registration in library.registrations:
            for command in getattr(registration.function, COMMANDS_OF, ()):
                if point_of(command) == registration.point:
                    handlers.setdefault(command, []).append(registration)
    return {command: Chain(HookCommand, found, point_of(command)) for command, found in handlers.items()}


def _takes_one(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        return False
    return True


async def _call(function: Callable[..., Any], library: Library, seconds: float) -> Any:
    """Call a library's load, start or unload, which may want the library or nothing, and may be async."""
    result = function(library) if _takes_one(function) else function()
    if inspect.isawaitable(result):
        async with asyncio.timeout(seconds):
            result = await result
    return result


async def _enter(name: str, library: Library) -> None:
    """load() or start(). Raises LoadingFailed."""
    function = getattr(library.module, name, None)
    if function is None:
        if name == "load":
            messages.NO_LOAD(library.name)
        return
    try:
        result = await _call(function, library, LOAD_SECONDS)
    except (Exception, SystemExit) as error:  # whatever the library raises is its failure
        reason = f"{place_of(error, library.module.__file__)}{type(error).__name__}: {error}"
        messages.LOAD_EXCEPTION(name, library.name, reason)
        raise LoadingFailed(f"{name}() raised: {reason}") from error
    if result is not None and not (type(result) is int and result == 0):
        messages.LOAD_ERROR(name, library.name, result)
        raise LoadingFailed(f"{name}() returned {result!r}; it returns nothing, and raises to refuse")
    if name == "load":
        messages.LOAD_SUCCESS(library.name)


async def _unload(library: Library) -> None:
    messages.LIBRARY_UNLOADING(library.name)
    function = getattr(library.module, "unload", None)
    if function is None:
        messages.NO_UNLOAD(library.name)
    else:
        try:
            await _call(function, library, UNLOAD_SECONDS)
            messages.UNLOAD_SUCCESS(library.name)
        except (Exception, SystemExit) as error:  # noqa: BLE001  it is unloaded all the same, and the failure logged
            reason = f"{place_of(error, library.module.__file__)}{type(error).__name__}: {error}"
            messages.UNLOAD_EXCEPTION(library.name, reason)
    await library.end_tasks()
    messages.LIBRARY_UNLOADED(library.name)
    forget(library)
    messages.LIBRARY_CLOSED(library.name)
