"""Log messages: declared once, written in Kea's line format, at no cost when nobody wants them.

    LEASE_OFFER = Message("DHCP4_LEASE_OFFER", "leases", INFO, "%s: lease %s will be offered")
    …
    if LEASE_OFFER.on:
        LEASE_OFFER(label, address)

Law: a message knows its id, its logger (a name below the root, "" for the root itself), its severity and its text.
Whether it is on, and where it goes, is worked out when loggers are configured, never when it is written. Writing
never raises.

Loggers form a tree by their dotted names. What a logger's configuration leaves open (severity with debuglevel,
outputs) comes from the nearest logger above that says it; the root without an entry is INFO. Before the configuration
is known lines go to KEA_LOGGER_DESTINATION (default stdout); when it has no loggers, to stderr. Both as measured with
Kea 3.0.4.

Lines are written at once, unless a batch is being served: between ``begin_batch()`` and ``flush()`` they are gathered
and then written with one system call. The two enclose code that does not suspend, so no line waits longer than one
turn of the loop. What is said of every packet can be put off (``later``), so that no reply waits for it to be
formatted: any other line, and ``catch_up``, brings it first.
"""

from __future__ import annotations

import os
import re
import threading
import time
import weakref
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from operator import itemgetter
from typing import Final

from kead.log_outputs import FileOutput, Output, StreamOutput, SyslogOutput, complain
from kead.log_pattern import FILE_PATTERN, SYSLOG_PATTERN, Pattern, Render, UsualRender
from kead.log_settings import LoggerSettings, LogSettingsError, OutputSettings, destination, read_loggers

__all__ = [
    "DEBUG",
    "ERROR",
    "FATAL",
    "GAPS",
    "INFO",
    "WARN",
    "LogSettingsError",
    "Logging",
    "Message",
    "Severity",
    "Together",
    "announce",
    "begin_batch",
    "catch_up",
    "configure",
    "current",
    "flush",
    "later",
    "prepare",
    "read_loggers",
    "redact",
    "start",
    "stop",
    "use",
]


class Severity:
    """How grave a message is; DEBUG has a level too (0 to 99, the higher the more talkative)."""

    __slots__ = ("level", "name", "priority", "rank")

    def __init__(self, name: str, rank: int, priority: int, level: int = 0) -> None:
        self.name = name
        self.rank = rank
        self.priority = priority
        self.level = level

    def __repr__(self) -> str:
        return f"DEBUG({self.level})" if self.name == "DEBUG" else self.name


FATAL: Final = Severity("FATAL", 5, 2)
ERROR: Final = Severity("ERROR", 4, 3)
WARN: Final = Severity("WARN", 3, 4)
INFO: Final = Severity("INFO", 2, 6)
_RANKS: Final = {"NONE": 6, "FATAL": 5, "ERROR": 4, "WARN": 3, "INFO": 2, "DEBUG": 1}


def DEBUG(level: int) -> Severity:
    """The severity of a debug message: it is written where debuglevel is at least ``level``."""
    return Severity("DEBUG", 1, 7, level)


_messages: weakref.WeakSet[Message] = (
    weakref.WeakSet()
)  # weak: a hook library that is loaded anew takes its messages with it


class Message:
    """One kind of log line. Call it with what its text's %-directives ask for. ``on`` says whether anybody would see
    it.
    """

    __slots__ = ("__weakref__", "_routes", "_text", "id", "logger", "multiline", "on", "severity")

    def __init__(self, message_id: str, logger: str, severity: Severity, text: str, *, multiline: bool = False) -> None:
        self.id = message_id
        self.logger = logger
        self.severity = severity
        self.multiline = (
            multiline  # may its arguments hold line ends? (dumps; else a client could forge lines with them)
        )
        self._text = text
        self.on = False
        self._routes: tuple[tuple[Output, Render], ...] = ()
        _messages.add(self)
        _logging._route(self)

    def __call__(self, *arguments: object) -> None:
        if _batch.put_off:
            catch_up()
        try:
            text = self._text % arguments
        except (TypeError, ValueError):  # a mistake of the caller's must not stop the server, but be seen
            text = f"{self._text} {arguments!r}"
        if not text.isprintable():
            text = _harmless(text, self.multiline)
        now = _batch.moment or time.time()
        thread = threading.get_ident()
        for output, render in self._routes:
            output.add(render(now, thread, text), self.severity.priority)
            if not _batch.running:
                output.flush()
        _batch.gathered = True


GAPS: Final = tuple(f"\0{chr(place)}" for place in range(1, 9))
"""In place of values that differ from time to time: see `Together.learn`."""
_GAP: Final = re.compile("\0(.)", re.DOTALL)
_LEARNT_AT_MOST: Final = 512


class Together:
    """Messages that are always written one after the other: at the price of one, where all go to one output in the
    usual pattern. At half of that where most of their values are the same again and again: these are put into the
    text once (`learn`), and then only the gaps are filled (`again`), since joining is quicker than formatting.
    """

    __slots__ = ("_bound_to", "_learnt", "_messages", "_output", "_template", "_thread", "_timestamp")

    def __init__(self, *messages: Message) -> None:
        self._messages = messages
        self._bound_to: Logging | None = None
        self._output: Output | None = None
        self._template = ""
        self._timestamp: Callable[[float], str] = str
        self._thread = (0, "")
        self._learnt: dict[Hashable, tuple[list[str], Callable[[Sequence[str]], Sequence[str]]]] = {}

    def __call__(self, *arguments: tuple[object, ...]) -> None:
        """Write all that are on; a tuple of arguments for each, of which no text may need escaping."""
        self._get_ready()
        if self._output is None:
            for message, values in zip(self._messages, arguments, strict=True):
                if message.on:
                    message(*values)
            return
        self._write(self._output, self._filled(self._timestamp(_batch.moment or time.time()), arguments))

    def learn(self, about: Hashable, *arguments: tuple[object, ...]) -> None:
        """Remember these arguments; `GAPS[n]` among them stands for value n of `again`."""
        self._get_ready()
        if self._output is None:
            return
        if len(self._learnt) >= _LEARNT_AT_MOST:
            self._learnt.clear()
        text = _GAP.split(self._filled("\0\0", arguments))
        places = [ord(gap) for gap in text[1::2]]
        # the time is always one of them; an itemgetter of one place would give no sequence
        self._learnt[about] = (text, itemgetter(*places) if len(places) > 1 else lambda values: values[:1])

    def again(self, about: Hashable, *values: str) -> bool:
        """Write what was learnt about this, with these values in the gaps. False: nothing was learnt."""
        self._get_ready()
        learnt = self._learnt.get(about)
        if learnt is None or self._output is None:
            return False
        text, places = learnt
        row = text.copy()
        row[1::2] = places((self._timestamp(_batch.moment or time.time()), *values))
        self._write(self._output, "".join(row))
        return True

    def _filled(self, timestamp: str, arguments: tuple[tuple[object, ...], ...]) -> str:
        head = (timestamp, self._thread[1])
        values: tuple[object, ...] = ()
        for more in arguments:
            values += head + more
        return self._template % values

    @staticmethod
    def _write(output: Output, text: str) -> None:
        output.add(text, INFO.priority)
        _batch.gathered = True
        if not _batch.running:
            output.flush()

    def _get_ready(self) -> None:
        thread = threading.get_ident()
        if thread != self._thread[0]:
            self._thread = (thread, str(thread))
            self._learnt.clear()
        if self._bound_to is not _logging:
            self._bind(_logging)

    def _bind(self, logging: Logging) -> None:
        self._bound_to = logging
        self._learnt.clear()
        self._output = None
        routes = [route for message in self._messages for route in message._routes]
        output = routes[0][0] if len(routes) == len(self._messages) else None
        template = ""
        for message, (one, render) in zip(self._messages, routes, strict=False):
            if one is not output or not isinstance(render, UsualRender) or message.severity is not INFO:
                return
            template += render.with_text(message._text)
            self._timestamp = render.timestamp
        self._template = template
        self._output = output


class _Batch:
    """What is gathered just now."""

    __slots__ = ("gathered", "moment", "put_off", "running")

    def __init__(self) -> None:
        self.running = False
        self.gathered = False
        """Has any line been given to an output since the last flush?"""
        self.put_off: list[tuple[float, Callable[..., None], tuple[object, ...]]] = []
        self.moment = 0.0
        """When what is being said now took place; 0: now."""


_batch: Final = _Batch()


def begin_batch() -> None:
    """From now on lines are gathered; call flush() before anything suspends (in a ``finally``)."""
    _batch.running = True


def flush() -> int:
    """Write the gathered lines of every output and end the batch. Gives how much is put off for `catch_up`."""
    _batch.running = False
    if _batch.gathered:
        _batch.gathered = False
        for output in _logging.outputs:
            output.flush()
    return len(_batch.put_off)


def later(write: Callable[..., None], *arguments: object) -> None:
    """Let ``write(*arguments)`` write its lines, dated now, before the next other line or at `catch_up`."""
    _batch.put_off.append((time.time(), write, arguments))


def catch_up() -> None:
    """Write what was put off."""
    put_off, _batch.put_off = _batch.put_off, []
    running, _batch.running = _batch.running, True
    try:
        for _batch.moment, write, arguments in put_off:
            write(*arguments)
    finally:
        _batch.moment = 0.0
        _batch.running = running
    if not running:
        flush()


def _harmless(text: str, multiline: bool) -> str:
    """The text with control and unprintable characters escaped; what came from a client cannot begin a line of its
    own.
    """
    if multiline:
        return "\n".join(_harmless(line, False) for line in text.split("\n"))
    return "".join(one if one.isprintable() else one.encode("unicode_escape", "surrogatepass").decode() for one in text)


class Logging:
    """One configuration of all loggers: opened outputs and who writes to them. Made by prepare(), in force after
    use().
    """

    def __init__(self, root: str, loggers: Iterable[LoggerSettings], fallback: OutputSettings, verbose: bool) -> None:
        self.root = root
        self._verbose = verbose
        self._process = os.getpid()
        self._loggers: dict[str, LoggerSettings] = {}
        for logger in loggers:
            self._loggers[root if logger.name == "*" else logger.name] = logger
        self._fallback = fallback
        self._opened: dict[OutputSettings, Output] = {}
        self._patterns: dict[OutputSettings, Pattern] = {}
        try:
            for logger in self._loggers.values():
                for settings in logger.outputs or ():
                    self._open(settings)
            root_logger = self._loggers.get(root)
            if root_logger is None or root_logger.outputs is None:
                self._open(fallback)
        except OSError as error:
            self.close()
            raise LogSettingsError(f"cannot open the log file '{error.filename}': {error.strerror}") from error

    @property
    def outputs(self) -> Iterable[Output]:
        """All outputs that are open."""
        return self._opened.values()

    @property
    def lost(self) -> int:
        """How many lines could not be written."""
        return sum(output.lost for output in self._opened.values())

    def _open(self, settings: OutputSettings) -> None:
        if settings in self._opened:
            return
        output, syslog = settings.output, settings.output.startswith("syslog")
        self._patterns[settings] = Pattern(settings.pattern or (SYSLOG_PATTERN if syslog else FILE_PATTERN))
        if syslog:
            self._opened[settings] = SyslogOutput(self.root, output.partition(":")[2] or "local0")
        elif output in ("stdout", "stderr"):
            self._opened[settings] = StreamOutput(1 if output == "stdout" else 2)
        else:
            self._opened[settings] = FileOutput(output, settings.maxsize, settings.maxver, settings.flush)

    def _route(self, message: Message) -> None:
        """Tell a message whether it is on and where it goes."""
        name = f"{self.root}.{message.logger}" if message.logger else self.root
        severity, debuglevel, outputs = self._effective(name)
        rank = _RANKS[severity]
        message.on = message.severity.rank >= rank and message.severity.level <= debuglevel
        message._routes = (
            tuple(
                (
                    self._opened[settings],
                    self._patterns[settings].bind(message.severity.name, name, self._process, message.id),
                )
                for settings in outputs
            )
            if message.on
            else ()
        )

    def _effective(self, name: str) -> tuple[str, int, tuple[OutputSettings, ...]]:
        """Severity, debuglevel and outputs of a logger, from itself or the nearest above that says them."""
        severity: str | None = None
        debuglevel = 0
        outputs: tuple[OutputSettings, ...] | None = None
        while name:
            logger = self._loggers.get(name)
            if logger is not None:
                if severity is None and logger.severity is not None:
                    severity, debuglevel = logger.severity, logger.debuglevel or 0
                if outputs is None:
                    outputs = logger.outputs
            name = name.rpartition(".")[0]
        if self._verbose:
            severity, debuglevel = "DEBUG", 99
        return severity or "INFO", debuglevel, (self._fallback,) if outputs is None else outputs

    def close(self) -> None:
        """Write what waits and close everything; for a configuration that was, or never comes, into force."""
        for output in self._opened.values():
            output.close()
        self._opened.clear()


_logging = Logging("kead", (), OutputSettings("stdout"), verbose=False)


def start(root: str, *, verbose: bool = False) -> None:
    """Logging before the configuration is known: INFO (all of DEBUG with -d) to KEA_LOGGER_DESTINATION, default
    stdout.
    """
    wanted = os.environ.get("KEA_LOGGER_DESTINATION") or "stdout"
    try:
        early = Logging(root, (), OutputSettings(destination(wanted, ".", restricted=False)), verbose)
    except LogSettingsError as error:
        complain(f"KEA_LOGGER_DESTINATION: {error}; logging to stdout instead")
        early = Logging(root, (), OutputSettings("stdout"), verbose)
    use(early)


def prepare(
    loggers: Sequence[LoggerSettings] | Sequence[Mapping[str, object]],
    *,
    root: str | None = None,
    verbose: bool | None = None,
) -> Logging:
    """Open everything that a configuration's loggers need, without switching to it: ``use`` does that, ``close``
    drops it.

    ``loggers`` is what read_loggers() gave, or the configuration's list itself. ``root`` and ``verbose`` are those of
    start() unless given. Raises LogSettingsError.
    """
    settings = tuple(loggers)
    if not all(isinstance(one, LoggerSettings) for one in settings):
        settings = read_loggers([one for one in settings if isinstance(one, Mapping)])
    return Logging(
        _logging.root if root is None else root,
        [one for one in settings if isinstance(one, LoggerSettings)],
        OutputSettings("stderr"),
        _logging._verbose if verbose is None else verbose,
    )


def use(logging: Logging) -> None:
    """Bring a prepared configuration into force; every message learns its new place, the former outputs are closed."""
    global _logging
    catch_up()
    former = _logging
    _logging = logging
    for message in _messages:
        logging._route(message)
    if former is not logging:
        former.close()


def configure(
    loggers: Sequence[LoggerSettings] | Sequence[Mapping[str, object]],
    *,
    root: str | None = None,
    verbose: bool | None = None,
) -> None:
    """prepare() and use() in one: on an error (LogSettingsError) the former loggers stay."""
    use(prepare(loggers, root=root, verbose=verbose))


def stop() -> None:
    """Write everything and close the configured outputs; what is logged after that goes to stdout."""
    use(Logging(_logging.root, (), OutputSettings("stdout"), _logging._verbose))


def announce(message: Message, *arguments: object) -> None:
    """Write a line to stderr whatever is configured, and to the configured files and system log as well.

    For what a caller on the console must see: a start that failed.
    """
    console = Logging(_logging.root, (), OutputSettings("stderr"), verbose=True)
    routes = tuple(route for route in message._routes if not isinstance(route[0], StreamOutput))
    console._route(message)
    message._routes += routes
    message(*arguments)
    _logging._route(message)
    console.close()


def current() -> Logging:
    """The configuration in force."""
    return _logging


def redact(value: object) -> object:
    """A copy of a configuration or command fit for a log: what is under a key that ends in ``password`` or ``secret``
    is ``*****``.
    """
    if isinstance(value, Mapping):
        return {
            key: "*****" if isinstance(key, str) and key.endswith(("password", "secret")) else redact(one)
            for key, one in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [redact(one) for one in value]
    return value
