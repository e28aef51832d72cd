"""One library's module: a fresh instance, and what it registers.

Law: nothing is shared with another instance, be it of the same file. A module runs under a name of its own
(`NAME#7`), is in Python's table as long as it lives, and leaves it with its submodules.
"""

from __future__ import annotations

import copy
import difflib
import importlib.machinery
import importlib.util
import inspect
import itertools
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.abc import Loader
from types import CodeType, ModuleType
from typing import Any, Final

from kead.hooks import messages
from kead.hooks.commands import point_of
from kead.hooks.finding import Source
from kead.hooks.library import COMMANDS_OF, Library, Registration
from kead.hooks.point import Callout

NOT_OVERRIDDEN: Final = "list-commands"
_serial = itertools.count(1)


class LoadingFailed(Exception):
    """Why this one library cannot be used."""


@dataclass(frozen=True, slots=True)
class Host:
    """Who loads: its name, its points, and what its libraries may see of it as `library.server`."""

    process: str
    points: Mapping[str, type[Callout]]
    server: Any = None


class _Code(Loader):
    """Runs code that is compiled already."""

    def __init__(self, code: CodeType) -> None:
        self._code = code

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType | None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        exec(self._code, module.__dict__)


def instantiate(source: Source, parameters: Any, host: Host) -> Library:
    """A new module, run once, under a name of its own, so that nothing is shared with another instance."""
    if parameters is None:
        parameters = {}
    if not isinstance(parameters, Mapping):
        raise LoadingFailed(f"`parameters` is a map, not {type(parameters).__name__}")
    name = f"{source.module}#{next(_serial)}"
    spec = importlib.machinery.ModuleSpec(name, _Code(source.code), origin=source.file, is_package=source.package)
    spec.has_location = True
    if source.package and spec.submodule_search_locations is not None:
        spec.submodule_search_locations.append(os.path.dirname(source.file))
    module = importlib.util.module_from_spec(spec)
    library = Library(source.name, copy.deepcopy(dict(parameters)), host.process, host.server, module)
    sys.modules[name] = module
    try:
        _Code(source.code).exec_module(module)
    except (Exception, SystemExit) as error:  # whatever the library's top level raises is its failure
        forget(library)
        raise LoadingFailed(f"{place_of(error, source.file)}{type(error).__name__}: {error}") from error
    return library


def register(library: Library, points: Mapping[str, type[Callout]]) -> None:
    """Functions named after points, and marked ones, in the order of their definition."""
    module = library.module
    own = library.registrations
    for name, value in list(vars(module).items()):
        if not callable(value) or isinstance(value, ModuleType):
            continue
        if name in points:
            _check_callout(name, value)
            own.append(Registration(library, name, value, inspect.iscoroutinefunction(value)))
            messages.CALLOUT_REGISTERED(library.name, name, getattr(value, "__qualname__", name))
        for command in getattr(value, COMMANDS_OF, ()):
            if command == NOT_OVERRIDDEN:
                raise LoadingFailed(f"the command {command} cannot be handled by a library")
            point = point_of(command)
            if any(one.point == point and one.function is value for one in own):
                continue  # a second name for the same function
            _check_callout(name, value)
            own.append(Registration(library, point, value, inspect.iscoroutinefunction(value)))
            messages.COMMAND_REGISTERED(library.name, point)
        if name not in points and getattr(value, "__module__", "") == module.__name__:
            _point_out(library, name, points)
    if not own and not any(callable(getattr(module, name, None)) for name in ("load", "start")):
        raise LoadingFailed(
            "nothing in it would ever be called: no function has the name of a hook point, none is a @command, "
            "and there is no load()"
        )


def _check_callout(name: str, function: Callable[..., Any]) -> None:
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise LoadingFailed(f"{name} is a generator (it has a `yield`); a callout is a plain or an async function")
    try:
        inspect.signature(function).bind(None)
    except TypeError:
        raise LoadingFailed(f"{name}{inspect.signature(function)} must take one argument, the handle") from None
    except ValueError:
        pass  # a builtin without a signature: it will be seen when it is called


_OTHER_FAMILY: Final = str.maketrans("46", "64")


def _point_out(library: Library, name: str, points: Mapping[str, type[Callout]]) -> None:
    """A name that nearly is one of a point (and not one of the other family's)."""
    if name.translate(_OTHER_FAMILY) in points:
        return
    for near in difflib.get_close_matches(name, points, 1, 0.85):
        messages.MISSPELT(library.name, name, near)


def forget(library: Library) -> None:
    """Take the module and, of a package, its submodules out of Python's table."""
    name = library.module.__name__
    for loaded in [one for one in sys.modules if one == name or one.startswith(name + ".")]:
        del sys.modules[loaded]


def place_of(error: BaseException, file: str | None) -> str:
    """Where in the library's own file it came from: "FILE:LINE: ", or nothing."""
    line = 0
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == file:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{file}:{line}: " if line else ""
