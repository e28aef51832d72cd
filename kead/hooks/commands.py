"""Control commands that libraries bring: the handle of their handlers.

Several libraries may handle one command: all are called, in the order of the configuration, and the last response
counts. Inside the framework a command's point is `$` and its name with underscores, as in Kea.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kead.hooks.point import Callout, In, Out


class HookCommand(Callout, point="$command"):
    """A control command has come. What the handler returns is the response (`{"result": 0, "text": …}`)."""

    __slots__ = ("arguments", "command", "place", "response")
    command: In[dict[str, Any]]  # the whole request
    arguments: In[Any]  # its `arguments`, None if it has none
    place: In[Callable[..., str]]  # where an argument stands: place("leases", 0) → "<wire>:0:57"; place(): all of them
    response: Out[Any]  # what an earlier handler has answered

    def _returned(self, value: object) -> str | None:
        if isinstance(value, (dict, list)):
            self.response = value
            return None
        return f"it returned {value!r}, which is no response: a map with `result`, `text` and maybe `arguments` is"


def nowhere(*path: str | int) -> str:
    """The place of an argument in a request whose text is not known."""
    return "<wire>:0:0"


def point_of(command: str) -> str:
    """`inventory-reload` → `$inventory_reload`."""
    return "$" + command.replace("-", "_")
