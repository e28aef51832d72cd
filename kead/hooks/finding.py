"""From the name in the configuration to a library's code: found, allowed, read and compiled, but not run.

Law: nothing here executes a library (config-test stops here); of a dotted module only its parent packages are
imported, as Python does. The code that is compiled is what was read from the very file that was checked, so a file
swapped in between gains nothing, and no stale bytecode is ever used.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pkgutil
import re
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from types import CodeType
from typing import Any, Final, Protocol

from kead.hooks import messages
from kead.hooks.errors import LibraryError, Problem
from kead.hooks.trust import NotTrusted, check_directory, read_trusted

ENTRY_POINTS: Final = "kead.hooks"
FRAMEWORK: Final = frozenset(
    {"chain", "commands", "errors", "finding", "instance", "library", "loading", "messages", "point", "status", "trust"}
)
"""Modules of kead.hooks that are no libraries."""
_KEA_FILE: Final = re.compile(r"libdhcp_(\w+)\.so", re.ASCII)
_DOTTED: Final = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
VALIDATION: Final = "hooks libraries failed to validate - library or libraries in error are:"
CONFIGURATION: Final = "hooks library configuration error: "


class Configured(Protocol):
    """An entry of hooks-libraries."""

    @property
    def library(self) -> str: ...
    @property
    def parameters(self) -> Any: ...


@dataclass(frozen=True, slots=True)
class Source:
    """A library's code, not run yet. `module` is the name that its instances' names begin with."""

    name: str
    module: str
    file: str
    code: CodeType
    package: bool


class _Unusable(Exception):
    """Why a name leads to no library."""


class _InvalidPath(Exception):
    """A path that the policy refuses."""


def hooks_directory() -> str:
    """Where hook libraries lie: KEA_HOOKS_PATH, or Kea's own directory."""
    multiarch = sysconfig.get_config_var("MULTIARCH")
    lib = f"/usr/lib/{multiarch}" if multiarch else "/usr/lib"
    return os.environ.get("KEA_HOOKS_PATH") or f"{lib}/kea/hooks"


def available() -> str:
    """For people who named one that does not exist: what there is."""
    own = sorted(one.name for one in pkgutil.iter_modules(_own_path()) if one.name not in FRAMEWORK)
    found = [f"libdhcp_{name}.so" for name in own]
    found += sorted(point.name for point in importlib.metadata.entry_points(group=ENTRY_POINTS))
    directory = hooks_directory()
    try:
        found += sorted(name for name in os.listdir(directory) if name.endswith(".py"))
    except OSError:
        pass  # no such directory: nothing of it is available
    return "available are: " + (", ".join(found) if found else "none") + f" (files in {directory} and installed ones)"


def find_all(configured: Sequence[Configured], *, confined: bool = True) -> list[Source]:
    """The code of all of them. Raises LibraryError, which names every one that is not usable.

    confined  .py files only from the hooks directory, owned by root or us and writable by nobody else
    """
    sources: list[Source] = []
    problems: list[Problem] = []
    for position, entry in enumerate(configured):
        try:
            sources.append(_find(entry.library, confined=confined))
        except _InvalidPath as error:
            raise LibraryError(CONFIGURATION, [Problem(position, entry.library, str(error))]) from None
        except _Unusable as error:
            problems.append(Problem(position, entry.library, str(error)))
            messages.OPEN_ERROR(entry.library, error)
    if problems:
        raise LibraryError(VALIDATION, problems)
    return sources


def _find(name: str, *, confined: bool) -> Source:
    """The code of one."""
    if not name.strip() or not name.isprintable():
        raise _Unusable("a library's name is printable and not blank")
    directory, _, base = name.rpartition("/")
    if base.endswith((".so", ".dylib", ".dll")):
        return _of_kea(name, directory, base, confined)
    if base.endswith(".py"):
        return _of_file(name, confined)
    if directory:
        _check_place(directory, confined)
        raise _Unusable(f"not a Python file (….py); {available()}")
    for point in importlib.metadata.entry_points(group=ENTRY_POINTS):
        if point.name == name:
            if point.attr:
                raise _Unusable(f"its entry point is {point.value}, which is not a module")
            return _of_module(name, point.module, confined)
    if _DOTTED.fullmatch(name) is None:
        raise _Unusable(f"neither a Python file nor the name of a module; {available()}")
    return _of_module(name, name, confined)


def _of_kea(name: str, directory: str, base: str, confined: bool) -> Source:
    """Kea's file name stands for kead's own library; the file itself is not looked at."""
    if directory and not directory.endswith("/kea/hooks"):
        _check_place(directory, confined)
    match = _KEA_FILE.fullmatch(base)
    if match is None:
        raise _Unusable(f"compiled hook libraries cannot be loaded, only Python ones; {available()}")
    short = match[1]
    if short in FRAMEWORK or importlib.util.find_spec(f"kead.hooks.{short}") is None:
        raise _Unusable(f"kead has no hook library {short} (yet); {available()}")
    return _of_module(name, f"kead.hooks.{short}", confined)


def _of_file(name: str, confined: bool) -> Source:
    directory, slash, base = name.rpartition("/")
    if slash:
        _check_place(directory or "/", confined)
        path = os.path.abspath(name)
    else:
        path = os.path.join(hooks_directory(), name)
    try:
        if confined:
            check_directory(os.path.dirname(path))
        text = read_trusted(path, confined=confined)
    except NotTrusted as error:
        raise _Unusable(str(error)) from None
    except FileNotFoundError:
        raise _Unusable(f"there is no file {path}; {available()}") from None
    except OSError as error:
        raise _Unusable(f"{path}: {error.strerror}") from None
    stem = re.sub(r"\W", "_", base.removesuffix(".py"))
    return Source(name, f"kead_hook_{stem}", path, _compiled(text, path), package=False)


def _check_place(directory: str, confined: bool) -> None:
    """Kea's rule for paths: the hooks directory itself, spelt without detours."""
    supported = hooks_directory()
    if directory == supported.rstrip("/"):
        return
    plain = directory.startswith("/") and os.path.normpath(directory) == directory
    if plain and os.path.realpath(directory) == os.path.realpath(supported):
        return
    refusal = f"invalid path specified: '{directory}', supported path is '{supported}'"
    if confined:
        raise _InvalidPath(refusal)
    messages.PATH_SECURITY_WARNING(refusal)


def _of_module(name: str, dotted: str, confined: bool) -> Source:
    if dotted.partition(".")[0] in sys.stdlib_module_names:
        raise _Unusable(f"{dotted} belongs to Python itself and is no hook library; {available()}")
    if dotted.rpartition(".")[0] == "kead.hooks" and dotted.rpartition(".")[2] in FRAMEWORK:
        raise _Unusable(f"{dotted} is a part of the hook framework; {available()}")
    importlib.invalidate_caches()
    try:
        spec = importlib.util.find_spec(dotted)
    except ModuleNotFoundError:
        spec = None
    except Exception as error:  # importing a parent package runs it, and it may raise anything
        raise _Unusable(f"importing its parent package: {type(error).__name__}: {error}") from error
    if spec is None:
        raise _Unusable(f"there is no module {dotted}; {available()}")
    if spec.origin is None or not spec.origin.endswith(".py"):
        raise _Unusable(f"{dotted} is not a module of Python source")
    try:
        text = read_trusted(spec.origin, confined=confined, follow=True)
    except NotTrusted as error:
        raise _Unusable(str(error)) from None
    except OSError as error:
        raise _Unusable(f"{spec.origin}: {error.strerror}") from None
    package = spec.submodule_search_locations is not None
    return Source(name, dotted, spec.origin, _compiled(text, spec.origin), package)


def _compiled(text: bytes, path: str) -> CodeType:
    try:
        return compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise _Unusable(f"{path}:{error.lineno}: {error.msg}") from None
    except ValueError as error:  # NUL bytes
        raise _Unusable(f"{path}: {error}") from None


def _own_path() -> list[str]:
    return [os.path.dirname(__file__)]
