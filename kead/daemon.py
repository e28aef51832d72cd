"""What any DHCP daemon does around its server: command line, process, PID file, signals, readiness, shutdown.

Law: knows the life of a process and nothing of DHCP. A family gives a Program (names, a check, a maker of servers);
the server serves. Texts, exit codes and the order of log lines are Kea's (compatibility.md § 1, 2; operations.md § 1,
2).

    def main() -> int:
        return run(Dhcp4(), sys.argv)
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import signal
import sys
import traceback
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Protocol

import uvloop

import kead
from kead import logs
from kead.command_line import CommandLine, UsageError, read_command_line
from kead.config.errors import ConfigError
from kead.control import messages as command_messages
from kead.control.envelope import Request
from kead.control.registry import Registry
from kead.daemon_messages import DaemonMessages, log_config_error
from kead.notify import Notifier
from kead.pid_file import AlreadyRunning, PidFile, PidFileError, pid_file_path
from kead.process import set_process_name, tighten_umask


@dataclass(frozen=True, slots=True)
class Launch:
    """How the daemon was called. Ports are 0 for the family's own; ``restricted`` is false with -X."""

    config_file: str
    restricted: bool = True
    verbose: bool = False
    server_port: int = 0
    client_port: int = 0


class Server(Protocol):
    """What the daemon needs of a family's server.

    The daemon calls start() once, then waits in wait_closed(); close() comes last, always, even when start() failed.
    """

    @property
    def registry(self) -> Registry:
        """Its commands; SIGHUP is carried out as ``config-reload``, in turn with other commands."""

    async def start(self) -> None:
        """Read the launch's configuration file, bring it (its loggers too) into force, open everything.

        When it returns packets are being served. Whatever it raises is a failed start: str() of it is the reason that
        users read.
        """

    def shutdown(self, exit_value: int = 0) -> None:
        """Ask for the end: wait_closed() shall return soon. Returns at once, may be called again; the first value
        counts.
        """

    async def wait_closed(self) -> int:
        """Wait until the end was asked for; the exit status. Raises if the server cannot go on."""

    async def close(self) -> None:
        """Finish what is under way, make leases durable, close and remove everything. May be called again."""


class Program(ABC):
    """One daemon: its names, how to check a configuration, how to make its server."""

    name: str
    """kead's own, ``kead-dhcp4``."""
    kea_name: str
    """``kea-dhcp4``: names the root logger and the PID file."""
    protocol: str
    """``DHCPv4``."""
    top_key: str
    """``Dhcp4``."""
    messages: DaemonMessages
    version: str = kead.__version__

    @abstractmethod
    async def check(self, launch: Launch, *, extra: bool) -> None:
        """Check the configuration file without touching the system; ``extra`` (-T) loads hook libraries and so on too.

        Raises ConfigError.
        """

    @abstractmethod
    def schema(self) -> str:
        """What --schema prints: the JSON Schema of its configuration."""

    @abstractmethod
    def make_server(self, launch: Launch) -> Server:
        """A server that is not started yet."""

    def extended_version(self) -> str:
        """Several lines, as -V prints and version-get answers them."""
        lines = [
            f"{self.version} ({self.version} (kead))",
            "premium: no",
            "linked with:",
            f"- Python {platform.python_version()}",
        ]
        lines += [f"- {library} {metadata.version(library)}" for library in ("uvloop", "orjson", "pydantic")]
        return "\n".join([*lines, "lease backends:", "- Memfile backend 3.0"])

    def report(self) -> str:
        """What -W prints and build-report answers."""
        return "\n".join(
            [
                "Package:",
                "  Name:               kead",
                f"  Version:            {self.version}",
                f"  Program:            {self.name} (as {self.kea_name})",
                f"  Python:             {sys.version.split()[0]} ({sys.executable})",
                f"  System:             {platform.system()} {platform.machine()}",
                f"  Installed in:       {os.path.dirname(os.path.abspath(kead.__file__))}",
                "",
                self.extended_version(),
            ]
        )

    def usage(self, name: str) -> str:
        """The usage text."""
        return f"""kead {self.protocol} server, version {self.version}

Usage: {name} -[v|V|W|X] [-d] [-{{c|t|T}} cfgfile] [-p number] [-P number]
  -v: print version number and exit
  -V: print extended version and exit
  -W: display the configuration report and exit
  -d: debug mode with extra verbosity (all messages of all loggers)
  -c file: specify configuration file
  -t file: check the configuration file syntax and exit
  -T file: check the configuration file doing hooks load and extra checks and exit
  -p number: specify non-standard server port number 1-65535 (useful for testing only)
  -P number: specify non-standard client port number 1-65535 (useful for testing only)
  -X: disables security restrictions
  --schema: print the JSON Schema of configuration files, for editors, and exit
"""


def run(program: Program, argv: Sequence[str]) -> int:
    """Do what the command line asks for; the process's exit status."""
    called = os.path.basename(argv[0])
    name = program.kea_name if called.startswith("kea-") else program.name
    try:
        line = read_command_line(argv[0], argv[1:])
    except UsageError as error:
        sys.stderr.write((error.text + "\n" if error.text else "") + program.usage(name))
        return 1
    if line.show:
        print(_shown(program, line.show))
        return 0
    set_process_name(name)
    tighten_umask()
    logs.start(program.kea_name, verbose=line.verbose)
    launch = Launch(line.config_file, line.restricted, line.verbose, line.server_port, line.client_port)
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            if line.check:
                return runner.run(_check(program, launch, line))
            return runner.run(_Daemon(program, launch).run())
    finally:
        logs.stop()


def _shown(program: Program, what: str) -> str:
    """What -v, -V, -W and --schema print."""
    match what:
        case "v":
            return program.version
        case "V":
            return program.extended_version()
        case "W":
            return program.report()
        case _:
            return program.schema()


async def _check(program: Program, launch: Launch, line: CommandLine) -> int:
    """-t and -T."""
    try:
        await program.check(launch, extra=line.check == "T")
    except ConfigError as error:
        if error.syntax:
            sys.stderr.write(f"Syntax check failed with: {error}\n")
        else:
            log_config_error(program.messages, error)
            sys.stderr.write(f"Error encountered: {error}\n")
        return 1
    if line.verbose:
        sys.stderr.write("Syntax check OK\n")
    return 0


class _Daemon:
    """One run of a daemon, from the first log line to the last."""

    def __init__(self, program: Program, launch: Launch) -> None:
        self._program = program
        self._messages = program.messages
        self._launch = launch
        self._notifier = Notifier()
        self._server: Server | None = None
        self._reload: asyncio.Task[None] | None = None
        self._reload_again = False
        self._starting: asyncio.Task[None] | None = None
        self._stop_asked = False

    async def run(self) -> int:
        """The whole life; the exit status."""
        self._messages.starting(self._program.version)
        if not self._launch.restricted:
            self._messages.security_off()
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._on_stop)
        loop.add_signal_handler(signal.SIGHUP, self._on_reload)
        loop.set_exception_handler(self._on_unexpected)
        pid_file = PidFile(pid_file_path(self._launch.config_file, self._program.kea_name))
        try:
            pid_file.create()
        except AlreadyRunning as error:
            self._messages.already_running(self._program.kea_name, error)
            sys.stderr.write(f"{self._program.kea_name} already running? {error}\n")
            return 1
        except PidFileError as error:
            return self._fatal(error)
        try:
            return await self._live()
        finally:
            pid_file.remove()

    async def _live(self) -> int:
        try:
            self._server = self._program.make_server(self._launch)
            if not await self._start(self._server):
                return 0 if self._stop_asked else 1
            self._messages.started(self._program.version)
            self._notifier.ready()
            self._notifier.start_watchdog(asyncio.get_running_loop())
            if self._reload_again:
                self._on_reload()
            status = await self._server.wait_closed()
            if self._messages.shutdown_request.on:
                self._messages.shutdown_request()
        except Exception as error:  # noqa: BLE001  (a broken server still ends in order)
            status = self._fatal(error)
        finally:
            self._notifier.stopping()
            await self._close()
        self._messages.shutdown()
        return status

    async def _start(self, server: Server) -> bool:
        """Start the server; false when that failed or was broken off."""
        command_messages.RECEIVED("config-set")
        self._starting = asyncio.ensure_future(server.start())
        try:
            await self._starting
        except asyncio.CancelledError:
            if not self._stop_asked:
                raise
            return False
        except Exception as error:  # noqa: BLE001  (its reason is for the user)
            self._report_failed_start(error)
            return False
        finally:
            self._starting = None
        return not self._stop_asked

    def _report_failed_start(self, error: Exception) -> None:
        """In the log, and in any case on the console: callers look there."""
        path = self._launch.config_file
        if isinstance(error, ConfigError):
            log_config_error(self._messages, error)
        self._messages.config_load_fail(path, error)
        logs.announce(self._messages.init_fail, f"configuration error using file '{path}': {error}")

    def _fatal(self, error: Exception) -> int:
        self._messages.failed(error)
        sys.stderr.write(f"{self._program.kea_name}: Fatal error during start up: {error}\n")
        return 1

    async def _close(self) -> None:
        if self._reload is not None:
            self._reload.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._reload
        if self._server is not None:
            await self._server.close()

    def _on_unexpected(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """An error that nobody caught, in a callback or a forgotten task: a fault, so it is logged whole."""
        error = context.get("exception")
        details = "".join(traceback.format_exception(error)) if isinstance(error, BaseException) else repr(context)
        self._messages.unexpected(context.get("message", "error"), details.rstrip())

    def _on_stop(self) -> None:
        """SIGTERM, SIGINT: like the command ``shutdown``, but not behind other commands."""
        if self._stop_asked:
            return
        self._stop_asked = True
        command_messages.RECEIVED("shutdown")
        if self._starting is not None:
            self._starting.cancel()
        if self._server is not None:
            self._server.shutdown(0)

    def _on_reload(self) -> None:
        """SIGHUP: one reload at a time; of those asked for meanwhile one is made up for."""
        if self._stop_asked:
            return
        if self._server is None or self._starting is not None or (self._reload and not self._reload.done()):
            self._reload_again = True
            return
        self._reload = asyncio.ensure_future(self._reload_now(self._server))

    async def _reload_now(self, server: Server) -> None:
        while True:
            self._reload_again = False
            self._notifier.reloading()
            await server.registry.execute(Request("config-reload"))
            self._notifier.ready()
            if not self._reload_again:
                return
