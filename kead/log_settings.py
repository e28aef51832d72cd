"""What the configuration says of loggers: its ``loggers`` list, checked, as plain values.

Law: reads maps and gives settings; opens nothing. Every mistake is a LogSettingsError that says what is wrong and,
where that helps, what would be right; the caller adds the place in the file.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kead.log_outputs import FACILITIES
from kead.log_pattern import Pattern, PatternError

DEFAULT_DIRECTORY: Final = "/var/log/kea"
SEVERITIES: Final = ("FATAL", "ERROR", "WARN", "INFO", "DEBUG", "NONE")


class LogSettingsError(ValueError):
    """A logger that cannot be configured as asked; the text says why. ``logger`` is its index in the list."""

    def __init__(self, why: str, logger: int = 0) -> None:
        super().__init__(why)
        self.logger = logger


@dataclass(frozen=True, slots=True)
class OutputSettings:
    """One entry of ``output-options``; ``output`` is stdout, stderr, syslog[:facility] or a file's whole path."""

    output: str
    flush: bool = True
    maxsize: int = 10240000
    maxver: int = 1
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class LoggerSettings:
    """One logger; what is None comes from the next logger above that says it."""

    name: str
    severity: str | None = None
    debuglevel: int | None = None
    outputs: tuple[OutputSettings, ...] | None = None


def read_loggers(
    loggers: Sequence[Mapping[str, object]], *, directory: str | None = None, restricted: bool = True
) -> tuple[LoggerSettings, ...]:
    """The settings of a ``loggers`` list as the configuration has it.

    ``directory`` is where log files lie (default: KEA_LOG_FILE_DIR, else /var/log/kea); ``restricted`` refuses files
    elsewhere, as Kea does without -X. Raises LogSettingsError.
    """
    if directory is None:
        directory = os.environ.get("KEA_LOG_FILE_DIR") or DEFAULT_DIRECTORY
    settings: list[LoggerSettings] = []
    for index, entry in enumerate(loggers):
        try:
            settings.append(_logger(entry, directory, restricted))
        except LogSettingsError as error:
            raise LogSettingsError(str(error), index) from None
    return tuple(settings)


def _logger(entry: Mapping[str, object], directory: str, restricted: bool) -> LoggerSettings:
    for key in entry:
        if key not in ("name", "severity", "debuglevel", "output-options", "output_options", "user-context", "comment"):
            raise LogSettingsError(f"unknown keyword '{key}' in a logger")
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise LogSettingsError("loggers entry does not have a mandatory 'name' element")
    severity = entry.get("severity")
    if severity is not None and (not isinstance(severity, str) or severity.upper() not in SEVERITIES):
        raise LogSettingsError(
            f"unsupported severity value '{severity}' of logger '{name}': one of {', '.join(SEVERITIES)} expected"
        )
    if "output-options" in entry and "output_options" in entry:
        raise LogSettingsError("cannot specify both 'output_options' and 'output-options'. Use only the latter.")
    outputs = entry.get("output-options", entry.get("output_options"))
    if outputs is not None and (not isinstance(outputs, list) or not all(isinstance(one, dict) for one in outputs)):
        raise LogSettingsError("'output-options' must be a list of maps")
    return LoggerSettings(
        name=name.strip(),
        severity=severity.upper() if severity is not None else None,
        debuglevel=_number(entry, "debuglevel", None, 99),
        outputs=tuple(_output(one, directory, restricted) for one in outputs) if outputs else None,
    )


def _output(entry: Mapping[str, object], directory: str, restricted: bool) -> OutputSettings:
    for key in entry:
        if key not in ("output", "flush", "maxsize", "maxver", "pattern", "user-context", "comment"):
            raise LogSettingsError(f"unknown keyword '{key}' in output-options")
    output = entry.get("output")
    if not isinstance(output, str) or not output:
        raise LogSettingsError("output-options entry does not have a mandatory 'output' element")
    flush = entry.get("flush", True)
    if not isinstance(flush, bool):
        raise LogSettingsError("'flush' in output-options must be true or false")
    pattern = entry.get("pattern", "")
    if not isinstance(pattern, str):
        raise LogSettingsError("'pattern' in output-options must be a string")
    try:
        Pattern(pattern)
    except PatternError as error:
        raise LogSettingsError(str(error)) from None
    return OutputSettings(
        output=destination(output, directory, restricted),
        flush=flush,
        maxsize=_number(entry, "maxsize", 10240000) or 0,
        maxver=_number(entry, "maxver", 1) or 0,
        pattern=pattern,
    )


def _number(entry: Mapping[str, object], key: str, default: int | None, most: int = 2**31 - 1) -> int | None:
    value = entry.get(key, default)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
        raise LogSettingsError(f"'{key}' is {value!r}: an integer from 0 to {most} expected")
    return value


def destination(output: str, directory: str = DEFAULT_DIRECTORY, restricted: bool = True) -> str:
    """Check one destination; a file's name comes back with its directory. Raises LogSettingsError."""
    if output in ("stdout", "stderr", "syslog"):
        return output
    if output.startswith("syslog:"):
        facility = output.removeprefix("syslog:").lower()
        if facility not in FACILITIES:
            raise LogSettingsError(f"unknown syslog facility '{facility}': one of {', '.join(FACILITIES)} expected")
        return f"syslog:{facility}"
    folder, name = os.path.split(output)
    if name in ("", ".", ".."):
        raise LogSettingsError(f"invalid path in `output`: path: '{output}' has no filename")
    if not folder:
        return os.path.join(directory, name)
    if restricted and folder != directory.rstrip("/"):
        raise LogSettingsError(
            f"invalid path in `output`: invalid path specified: '{folder}', supported path is '{directory.rstrip('/')}'"
        )
    return output
