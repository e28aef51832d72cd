"""kead-lfc: rewrite a lease file with one row a lease. Kea's kea-lfc, down to its command line.

Killed at any moment it leaves files that a server loads without loss and that the next run finishes: the result
exists under its final name (F.completed) only when it is whole, and nothing is removed before.
"""

from __future__ import annotations

import getopt
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Generic, Protocol

from kead import __version__, logs
from kead.leases import csv4, csv6, loading4, loading6, messages, record4, record6
from kead.leases.cleanup_files import alive
from kead.leases.leasefile import sync_directory
from kead.leases.loading import NO_CHECKS, Checks, Loaded, LoadError
from kead.leases.table import LeaseT

_MOST_ROW_ERRORS: Final = 100
_ROWS_A_WRITE: Final = 10_000

_USAGE: Final = """Usage: kea-lfc
 [-4|-6] -p file -x file -i file -o file -f file -c file
   -4 or -6 clean a set of v4 or v6 lease files
   -p <file>: PID file
   -x <file>: previous or ex lease file
   -i <file>: copy of lease file
   -o <file>: output lease file
   -f <file>: finish file
   -c <file>: configuration file
   -v: print version number and exit
   -V: print extended version information and exit
   -d: optional, verbose output
   -h: print this message
"""

_NEEDED: Final = (
    ("p", "PID file not specified"),
    ("x", "Previous file not specified"),
    ("i", "Copy file not specified"),
    ("o", "Output file not specified"),
    ("f", "Finish file not specified"),
    ("c", "Config file not specified"),
)


class UsageError(Exception):
    """The command line is not one of ours."""


@dataclass(frozen=True, slots=True)
class Job:
    """The files of one clean-up."""

    previous: Path
    copy: Path
    output: Path
    finish: Path
    pid: Path
    config: Path
    verbose: bool = False
    universe: int = 4


def parse(arguments: Sequence[str]) -> Job | str:
    """The job, or a text to print and be done. UsageError."""
    try:
        options, rest = getopt.gnu_getopt(list(arguments), "46dhvVp:x:i:o:f:c:")
    except getopt.GetoptError as error:
        missing = error.msg.endswith("requires argument")
        raise UsageError("Missing option argument" if missing else "Unknown argument") from None
    values: dict[str, str] = {}
    family = ""
    for name, value in options:
        letter = name[1:]
        if letter in "46":
            family = letter
        elif letter == "h":
            return _USAGE
        elif letter == "v":
            return __version__
        elif letter == "V":
            return f"{__version__} ({__version__} (kead))"
        else:
            values[letter] = value
    if rest:
        raise UsageError("Extraneous parameters.")
    if not family:
        raise UsageError("DHCP version required")
    for letter, complaint in _NEEDED:
        if not values.get(letter):
            raise UsageError(complaint)
    named = {letter: Path(values[letter]) for letter, _ in _NEEDED}
    return Job(named["x"], named["i"], named["o"], named["f"], named["p"], named["c"], "d" in values, int(family))


class _ReadLeases(Protocol[LeaseT]):
    def __call__(
        self, path: Path, loaded: Loaded[LeaseT], checks: Checks = NO_CHECKS, max_row_errors: int = 0
    ) -> None: ...


@dataclass(frozen=True, slots=True)
class _Family(Generic[LeaseT]):
    """How a family's lease files are read and written."""

    header: str
    read_leases: _ReadLeases[LeaseT]
    wake: Callable[[int, bytes], LeaseT]
    format_row: Callable[[LeaseT], str]


_V4: Final = _Family(csv4.HEADER, loading4.read_leases, record4.wake, csv4.format_row)
_V6: Final = _Family(csv6.HEADER, loading6.read_leases, record6.wake, csv6.format_row)


def steps(job: Job) -> Iterator[str]:
    """Do the job; after each step its name. What one step leaves behind the next run, or a server, can use.

    LoadError, OSError: before anything was removed.
    """
    if not job.finish.exists():
        yield from _rewrite(job, _V4) if job.universe == 4 else _rewrite(job, _V6)
        os.rename(job.output, job.finish)
        sync_directory(job.finish.absolute().parent)
        yield "finished"
    messages.LFC_ROTATING()
    job.previous.unlink(missing_ok=True)
    yield "previous removed"
    job.copy.unlink(missing_ok=True)
    yield "copy removed"
    os.rename(job.finish, job.previous)
    sync_directory(job.finish.absolute().parent)
    yield "renamed"


def _rewrite(job: Job, family: _Family[LeaseT]) -> Iterator[str]:
    yield from _write(job, family, _read(job, family))


def _read(job: Job, family: _Family[LeaseT]) -> Loaded[LeaseT]:
    messages.LFC_PROCESSING(job.previous, job.copy)
    loaded = Loaded[LeaseT]()
    for path in (job.previous, job.copy):
        if path.exists():
            family.read_leases(path, loaded, max_row_errors=_MOST_ROW_ERRORS)
    messages.LFC_READ_STATS(len(loaded.records) + len(loaded.restless), loaded.rows, loaded.errors)
    return loaded


def _write(job: Job, family: _Family[LeaseT], loaded: Loaded[LeaseT]) -> Iterator[str]:
    """Write the leases to the output file, in address order."""
    records, restless = loaded.records, loaded.restless
    wake, format_row = family.wake, family.format_row
    addresses = sorted((*records, *restless))
    with job.output.open("wb") as file:
        yield "output begun"
        file.write(family.header.encode())
        for start in range(0, len(addresses), _ROWS_A_WRITE):
            rows = [
                format_row(wake(address, records[address]) if address in records else restless[address])
                for address in addresses[start : start + _ROWS_A_WRITE]
            ]
            file.write("".join(rows).encode("ascii"))
            file.flush()
            yield "output grown"
        os.fsync(file.fileno())
    messages.LFC_WRITE_STATS(len(addresses), len(addresses), 0)
    yield "output written"


def run(job: Job) -> int:
    """The whole of it, with the pid file; the exit status."""
    messages.LFC_PROGRAM_START()
    try:
        if alive(job.pid):
            messages.LFC_PROGRAM_RUNNING()
            return 0
        _write_pid(job.pid)
    except (OSError, ValueError) as error:
        messages.LFC_FAIL_PID_CREATE(error)
        return 1
    try:
        for _ in steps(job):
            pass
    except (LoadError, OSError) as error:
        messages.LFC_FAIL_PROCESS(error)
        job.output.unlink(missing_ok=True)
    finally:
        try:
            job.pid.unlink()
        except OSError as error:
            messages.LFC_FAIL_PID_DEL(error)
    messages.LFC_TERMINATE()
    return 0


def _write_pid(path: Path) -> None:
    path.write_text(f"{os.getpid()}\n")


def main() -> int:
    """The command."""
    try:
        job = parse(sys.argv[1:])
    except UsageError as error:
        sys.stderr.write(f"Usage error: {error}\n{_USAGE}\nService failed: {error}\n")
        return 1
    if isinstance(job, str):
        print(job)
        return 0
    os.umask(os.umask(0o077) | 0o027)
    output = "stderr" if job.verbose else "syslog"
    logs.configure(
        [{"name": "DhcpLFC", "severity": "INFO", "output-options": [{"output": output}]}], root="DhcpLFC", verbose=False
    )
    if job.verbose:
        print(
            f"Protocol version:    DHCPv{job.universe}\n"
            f"Previous or ex lease file: {job.previous}\n"
            f"Copy lease file:           {job.copy}\n"
            f"Output lease file:         {job.output}\n"
            f"Finish file:               {job.finish}\n"
            f"Config file:               {job.config}\n"
            f"PID file:                  {job.pid}\n"
        )
    return run(job)


if __name__ == "__main__":
    sys.exit(main())
