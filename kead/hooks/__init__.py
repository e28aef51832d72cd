"""Hooks: other people's Python at named points of an exchange. What a library needs is here; the rest of the
framework lies beside it, and so does one module a library of kead's own.
"""

from kead.hooks.library import Library, command
from kead.hooks.point import Callout, Context, NoSuchArgument, NoSuchContext, NotParked
from kead.hooks.status import CONTINUE, DROP, PARK, SKIP, Status

__all__ = [
    "CONTINUE",
    "DROP",
    "PARK",
    "SKIP",
    "Callout",
    "Context",
    "Library",
    "NoSuchArgument",
    "NoSuchContext",
    "NotParked",
    "Status",
    "command",
]
