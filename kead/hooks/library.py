"""One loaded hook library: a module instance with its parameters, what it registered, and what runs on its behalf.

Each load makes a new `Library` around a fresh module, also when the same file is listed twice. Callouts reach it as
`callout.library`; it is the place where a library keeps its own things (`library.inventory = …`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from kead.hooks.messages import TASK_FAILED

F = TypeVar("F", bound=Callable[..., Any])
COMMANDS_OF = "__kead_commands__"


def command(*names: str) -> Callable[[F], F]:
    """Mark a function as the handler of these control commands: `@command("inventory-reload")`."""
    for name in names:
        if not name or not all(one.isalnum() or one in "-_" for one in name):
            raise ValueError(f"not a command's name: {name!r}")

    def mark(function: F) -> F:
        setattr(function, COMMANDS_OF, (*getattr(function, COMMANDS_OF, ()), *names))
        return function

    return mark


class Registration:
    """One function of one library at one point, and what it has cost since it was loaded.

    `seconds`: time in which the whole server stood still for it. `elapsed`: seconds from call to end, waiting
    included; for a plain function the same.
    """

    __slots__ = ("calls", "elapsed", "exceptions", "function", "library", "name", "point", "seconds", "slow", "waits")

    def __init__(self, library: Library, point: str, function: Callable[[Any], Any], waits: bool) -> None:
        self.library = library
        self.point = point
        self.function = function
        self.name: str = getattr(function, "__qualname__", repr(function))
        self.waits = waits  # is it `async def`?
        self.calls = 0
        self.seconds = 0.0
        self.elapsed = 0.0
        self.exceptions = 0
        self.slow = 0


class Library:
    """What a library knows of itself.

    name        as the configuration names it
    parameters  its own copy of the configuration's map ({} if there is none)
    process     who loaded it: "kea-dhcp4", …
    server      the public side of the server that loaded it (configuration, leases, statistics)
    module      the module instance
    Further attributes are the library's own.
    """

    if TYPE_CHECKING:  # a library's own attributes may be anything

        def __getattr__(self, name: str) -> Any: ...
        def __setattr__(self, name: str, value: Any) -> None: ...

    def __init__(self, name: str, parameters: dict[str, Any], process: str, server: Any, module: ModuleType) -> None:
        self.name = name
        self.parameters = parameters
        self.process = process
        self.server: Any = server
        self.module = module
        self.registrations: list[Registration] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    def __repr__(self) -> str:
        return f"<hooks library {self.name}>"

    def start_task(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Run something beside the packets; it is cancelled when the library is unloaded, and logged if it fails."""
        task = asyncio.get_running_loop().create_task(work)
        task.add_done_callback(self._report)
        self.keep(task)
        return task

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Hold a task that works for this library until it has ended (the loop itself holds tasks only weakly)."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def end_tasks(self) -> None:
        """Cancel what still runs for this library and wait until it has ended."""
        for task in (tasks := list(self._tasks)):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _report(self, task: asyncio.Task[Any]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            TASK_FAILED(self.name, f"{type(error).__name__}: {error}")
