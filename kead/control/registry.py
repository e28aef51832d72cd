"""The commands a daemon knows, and how one is carried out.

Law: one command at a time, in the order of their coming; packets go on being served meanwhile, since a handler may
suspend. A handler returns an Answer or raises; whatever it raises becomes an answer, never more. Knows no socket and
no command's meaning.

Commands of hook libraries come before the daemon's own of the same name. They are set as a whole, so that a reload
swaps them in one step.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass

from kead.beside import in_thread
from kead.config.pieces import free_tree
from kead.control import json_text, messages
from kead.control.answers import ERROR as FAILED
from kead.control.answers import UNSUPPORTED, Answer, CommandError
from kead.control.envelope import Argument, EnvelopeError, Request, open_envelope
from kead.control.json_text import LONG, JsonError

Handler = Callable[[Request], Answer | Awaitable[Answer | None] | None]
"""A handler answers; None (a hook library's that says nothing) closes the connection without a byte, as in Kea."""

CommandProcessed = Callable[[str, object, Answer], Awaitable[Answer | None]]
"""(command, its arguments or None, the answer) -> another answer or None: what the hook point command_processed
needs.
"""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: name, handler (plain or async), the arguments' rows, Kea's text when arguments are no map."""

    name: str
    handler: Handler
    arguments: Sequence[Argument] = ()
    not_a_map: str = ""


class Registry:
    """All commands of one daemon."""

    def __init__(self) -> None:
        self.command_processed: CommandProcessed | None = None
        self._commands: dict[str, Command] = {}
        self._hook_commands: dict[str, Command] = {}
        self._turn = asyncio.Lock()
        self._running: asyncio.Task[object] | None = None

    def register(self, *commands: Command) -> None:
        """Add commands of the daemon. ValueError if one is there already."""
        for command in commands:
            if command.name in self._commands:
                raise ValueError(f"the command '{command.name}' is registered already")
            self._commands[command.name] = command
            if messages.REGISTERED.on:
                messages.REGISTERED(command.name)

    def set_hook_commands(self, commands: Iterable[Command]) -> None:
        """These, and only these, are now the hook libraries' commands; of two with one name the first counts."""
        hook_commands: dict[str, Command] = {}
        for command in commands:
            hook_commands.setdefault(command.name, command)
        self._hook_commands = hook_commands

    def names(self) -> list[str]:
        """The names of all commands, sorted."""
        return sorted(self._commands.keys() | self._hook_commands.keys())

    async def execute_document(self, document: bytes, origin: str = "<wire>", first_line: int = 0) -> Answer | None:
        """Carry out a command given as text without comments."""
        long = len(document) >= LONG
        try:
            if long:
                tree = await in_thread(json_text.read, document, origin, first_line)
            else:
                tree = json_text.read(document, origin, first_line)
        except JsonError as error:
            messages.PROCESS_ERROR1(error)
            return Answer(FAILED, str(error))
        try:
            request = open_envelope(tree, document, origin=origin, first_line=first_line)
        except EnvelopeError as error:
            return _failed(error)
        answer = await self.execute(request)
        if long and answer is not None and not answer.shared and request.command not in self._hook_commands:
            await in_thread(free_tree, tree)
        return answer

    async def execute(self, request: Request) -> Answer | None:
        """Carry out one command after those that came before it. Never raises, but for being cancelled.

        A handler may itself carry out another command: that one runs at once, within its turn.
        """
        task = asyncio.current_task()
        if task is not None and task is self._running:
            return await self._execute(request)
        async with self._turn:
            self._running = task
            try:
                return await self._execute(request)
            finally:
                self._running = None

    async def _execute(self, request: Request) -> Answer | None:
        messages.RECEIVED(request.command)
        answer = await self._answer(request)
        if self.command_processed is not None and answer is not None:
            try:
                other = await self.command_processed(request.command, request.arguments, answer)
            except Exception as error:  # noqa: BLE001  (other people's code; the answer stands)
                messages.PROCESS_ERROR2(error)
            else:
                answer = answer if other is None else other
        return answer

    async def _answer(self, request: Request) -> Answer | None:
        command = self._hook_commands.get(request.command) or self._commands.get(request.command)
        if command is None:
            return Answer(UNSUPPORTED, f"'{request.command}' command not supported.")
        try:
            request.check(command.arguments, command.not_a_map)
            answer = command.handler(request)
            if inspect.isawaitable(answer):
                answer = await answer
        except CommandError as error:
            return Answer(error.result, error.text)
        except Exception as error:  # noqa: BLE001  (whatever fails is answered and logged)
            return _failed(error)
        return answer


def _failed(error: Exception) -> Answer:
    messages.PROCESS_ERROR2(error)
    return Answer(FAILED, f"Error during command processing: {error}")
