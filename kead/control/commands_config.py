"""The commands about the configuration: config-get, -set, -test, -reload, -write, -hash-get (control.md § 4).

Law: the envelope of a configuration and Kea's texts; what a configuration means, and how it comes into force, is the
server's.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Protocol

from kead.beside import in_thread
from kead.config.errors import ConfigError
from kead.config.pieces import free_tree, indented
from kead.control.answers import ERROR, Answer, CommandError
from kead.control.envelope import Argument, Kind, Request
from kead.control.registry import Command
from kead.control.unix import ControlSocketError
from kead.daemon_messages import DaemonMessages, log_config_error

SUCCESSFUL: Final = "Configuration successful."
SANE: Final = (
    "Configuration seems sane. "
    "Control-socket, hook-libraries, and D2 configuration were sanity checked, but not applied."
)


class ConfigurableServer(Protocol):
    """A server whose configuration commands can be asked for."""

    @property
    def top_key(self) -> str:
        """The configuration's one key at the top: "Dhcp4"."""

    @property
    def config_file(self) -> str:
        """The file given with -c."""

    @property
    def restricted(self) -> bool:
        """False with -X."""

    @property
    def messages(self) -> DaemonMessages:
        """The daemon's own log messages."""

    @property
    def running(self) -> Mapping[str, object]:
        """The configuration in force, defaults filled in: what config-get gives under the top key."""

    @property
    def running_hash(self) -> str:
        """Its hash, 64 hexadecimal digits."""

    async def apply(self, tree: dict[str, object], text: bytes) -> None:
        """Bring ``tree`` ({top key: …}, from a command whose whole text is ``text``) into force, wholly or not at all.

        Raises ConfigError, or CommandError with another result.
        """

    async def test(self, tree: dict[str, object], text: bytes) -> None:
        """Check it only. Raises ConfigError."""

    async def reload(self) -> None:
        """Read the file of -c again and bring it into force, wholly or not at all.

        Raises ConfigError or what apply() raises. Cancelled when the daemon is stopped meanwhile.
        """


def config_commands(server: ConfigurableServer) -> Iterable[Command]:
    """The commands, ready to be registered."""

    def running() -> Mapping[str, object]:
        return server.running

    def written() -> str:
        tree = {server.top_key: server.running}
        try:
            return indented(tree) + "\n"
        finally:
            free_tree(tree)

    async def config_get(_: Request) -> Answer:
        running_hash = server.running_hash
        return Answer(arguments={server.top_key: await in_thread(running), "hash": running_hash})

    def config_hash_get(_: Request) -> Answer:
        return Answer(arguments={"hash": server.running_hash})

    async def config_set(request: Request) -> Answer:
        tree = _configuration_in(request, server.top_key)
        with _failures_answered(server.messages):
            await server.apply(tree, request.document)
        return Answer(text=SUCCESSFUL, arguments={"hash": server.running_hash})

    async def config_test(request: Request) -> Answer:
        tree = _configuration_in(request, server.top_key)
        with _failures_answered(server.messages):
            await server.test(tree, request.document)
        return Answer(text=SANE)

    async def config_reload(_: Request) -> Answer:
        return await _reload(server)

    async def config_write(request: Request) -> Answer:
        path = _where_to_write(request.string("filename"), server)
        text = await in_thread(written)
        try:
            await asyncio.to_thread(_write, path, text)
        except OSError as error:
            raise CommandError(f"Error during config-write: Unable to open file {path} for writing") from error
        return Answer(
            text=f"Configuration written to {path} successful", arguments={"filename": path, "size": len(text)}
        )

    filename = Argument("filename", Kind.STRING, mandatory=False, wrong="passed parameter 'filename' is not a string")
    return (
        Command("config-get", config_get),
        Command("config-hash-get", config_hash_get),
        Command("config-set", config_set),
        Command("config-test", config_test),
        Command("config-reload", config_reload),
        Command("config-write", config_write, (filename,), not_a_map="Argument must be a map"),
    )


def _configuration_in(request: Request, top_key: str) -> dict[str, object]:
    """The arguments of config-set and config-test, checked: one map under the top key and nothing beside it."""
    if not request.has_arguments:
        raise CommandError("Missing mandatory 'arguments' parameter.")
    arguments = request.arguments
    if not isinstance(arguments, dict):
        raise request.no_map()
    if top_key not in arguments:
        raise CommandError(f"Missing mandatory '{top_key}' parameter.")
    if not isinstance(arguments[top_key], dict):
        raise CommandError(f"'{top_key}' parameter expected to be a map.")
    others = sorted(key for key in arguments if key != top_key)
    if others:
        more = "".join(f" (and '{key}')" for key in others[1:])
        raise CommandError(f"Unsupported '{others[0]}' parameter{more}.")
    return arguments


@contextlib.contextmanager
def _failures_answered(messages: DaemonMessages) -> Iterator[None]:
    """What a configuration fails with becomes the answer, and its line in the log."""
    try:
        yield
    except ConfigError as error:
        log_config_error(messages, error)
        raise CommandError(str(error)) from error
    except ControlSocketError as error:
        raise CommandError(str(error), error.result) from error


async def _reload(server: ConfigurableServer) -> Answer:
    """config-reload, and SIGHUP: the log lines that people wait for, the answer."""
    path, messages = server.config_file, server.messages
    messages.reconfiguration(path)
    try:
        await server.reload()
    except Exception as error:  # noqa: BLE001  (whatever it is, the old configuration stays and the reason is told)
        if isinstance(error, ConfigError):
            log_config_error(messages, error)
        messages.config_load_fail(path, error)
        messages.reconfiguration_fail(path)
        result = error.result if isinstance(error, (CommandError, ControlSocketError)) else ERROR
        return Answer(result, f"Config reload failed: configuration error using file '{path}': {error}")
    messages.reconfigured(path)
    return Answer(text=SUCCESSFUL, arguments={"hash": server.running_hash})


def _where_to_write(filename: str, server: ConfigurableServer) -> str:
    """The whole path to write to; with restrictions on only beside the configuration file."""
    if not filename:
        return server.config_file
    folder, name = os.path.split(filename)
    home = os.path.dirname(server.config_file)
    if name in ("", ".", ".."):
        raise CommandError(f"not allowed to write config into {filename}: config file:{filename} is missing file name")
    if not folder:
        return os.path.join(home, name)
    if server.restricted and folder != home:
        raise CommandError(
            f"not allowed to write config into {filename}: "
            f"file {filename} must be in the same directory as the config file ({server.config_file})"
        )
    return filename


def _write(path: str, text: str) -> None:
    """Replace the file in one step, 0640 by the umask. Where the directory is read-only, write into the file itself."""
    data = text.encode("ascii")
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=os.path.basename(path) + ".", dir=os.path.dirname(path) or ".")
    except PermissionError:
        descriptor = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        return
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, 0o640)
            file.write(data)
            file.flush()
            os.fsync(descriptor)
        os.rename(temporary, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise
