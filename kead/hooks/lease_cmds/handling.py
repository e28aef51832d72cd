"""From a function that answers, or raises, to the handler of a command.

Law: whatever goes wrong becomes an answer in Kea's form, and a line in the log under Kea's id.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Protocol

from kead.control.answers import text_form
from kead.hooks import command
from kead.leases.store import StoreError

from . import messages
from .arguments import Arguments
from .processes import DHCP6
from .refused import CONFLICT, SUCCESS, Refused

if TYPE_CHECKING:
    from kead.dhcp4.public import PublicServer4
    from kead.dhcp6.public import PublicServer6
    from kead.hooks.commands import HookCommand

Answer = dict[str, Any]


class Call:
    """A command that has come, and the server that it is for."""

    __slots__ = ("_callout",)

    def __init__(self, callout: HookCommand) -> None:
        self._callout = callout

    @property
    def server(self) -> PublicServer4:
        """The DHCPv4 server. Only there are there commands that ask for it."""
        server: PublicServer4 = self._callout.library.server
        return server

    @property
    def in_dhcp6(self) -> bool:
        """Whether a DHCPv6 server has loaded the library."""
        return self._callout.library.process in DHCP6

    @property
    def server6(self) -> PublicServer6:
        """The DHCPv6 server; in a DHCPv4 server one that has nothing."""
        if self.in_dhcp6:
            server: PublicServer6 = self._callout.library.server
            return server
        from .elsewhere6 import nothing6  # DHCPv6's modules are not for a DHCPv4 server that is never asked for them

        return nothing6()

    @property
    def has_arguments(self) -> bool:
        return "arguments" in self._callout.command

    def map(self, otherwise: str = "") -> Arguments:
        """The arguments if they are a map. If not: `otherwise`, else what Kea's `get` says of another thing."""
        arguments = self._callout.arguments
        if isinstance(arguments, dict):
            return Arguments(arguments, self._callout.place)
        if otherwise:
            raise Refused(otherwise)
        raise self.no_map("get")

    def no_map(self, function: str) -> Refused:
        return Refused(f"{function}(string) called on a non-map Element in ({self._callout.place()})")

    def text(self) -> str:
        """The arguments as the log shows them."""
        return text_form(self._callout.arguments) if self.has_arguments else "(null)"


class _Handler(Protocol):
    async def __call__(self, callout: HookCommand) -> Answer: ...


def handles(name: str) -> Callable[[Callable[[Call], Awaitable[Answer]]], _Handler]:
    """Make a function the handler of this command."""

    def make(answer: Callable[[Call], Awaitable[Answer]]) -> _Handler:
        @command(name)
        async def handle(callout: HookCommand) -> Answer:
            call = Call(callout)
            try:
                return await answer(call)
            except (Refused, StoreError) as error:
                refused = error if isinstance(error, Refused) else Refused(str(error))
                _log(name, call, refused)
                return {"result": refused.result, "text": refused.text}

        handle.__name__ = handle.__qualname__ = name.replace("-", "_")
        return handle

    return make


def _log(name: str, call: Call, refused: Refused) -> None:
    message = messages.CONFLICTS.get(name) if refused.result == CONFLICT else None
    message = message or messages.FAILED.get(name)
    if message is not None:
        message(call.text(), refused.text)
    elif name in messages.RESEND_FAILED:
        messages.RESEND_FAILED[name](refused.text)


def success(text: str) -> Answer:
    return {"result": SUCCESS, "text": text}
