"""The server's side of the lease file clean-up: rotate the lease file, run kead-lfc on what was before.

The loop is never held: rotating is two renames, the work is done by a process of its own. While one runs none
other is started.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
from asyncio import Task
from asyncio.subprocess import DEVNULL, Process
from pathlib import Path
from typing import Any

from kead.leases import messages
from kead.leases.cleanup_files import CleanupFiles
from kead.leases.memfile import Memfile
from kead.leases.store import StoreError


class LeaseFileCleanup:
    """Clean-ups of one memfile, every `interval` seconds (0: only when asked) after the one before has ended."""

    def __init__(self, store: Memfile[Any], interval: int) -> None:
        self._store = store
        self._interval = interval
        self._process: Process | None = None
        self._task: Task[None] | None = None

    def start(self) -> None:
        """Convert the files at once if they need it, then run every interval."""
        if self._store.path is None:
            return
        if self._interval:
            messages.LFC_SETUP(self._interval)
        if self._interval or self._store.needs_cleanup:
            self._task = asyncio.get_running_loop().create_task(self._keep_clean())

    async def stop(self) -> None:
        """Start none any more and end the one that runs: it can be killed at any moment without harm."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()

    async def run(self) -> int | None:
        """One clean-up; its exit status. None: it could not be started, which has been logged."""
        path = self._store.path
        if path is None:
            return None
        files = CleanupFiles(path)
        if files.running():
            messages.LFC_STILL_RUNNING()
            return None
        messages.LFC_START()
        if not files.copy.exists() and not files.completed.exists():
            try:
                await self._store.rotate(files.copy)
            except StoreError as error:
                messages.LFC_RENAME_FAIL(path, files.copy, error.__cause__ or error)
                return None
        self._store.needs_cleanup = False
        command = [*lfc_command(), *_arguments(self._store.universe, files)]
        messages.LFC_EXECUTE(shlex.join(command))
        try:
            self._process = await asyncio.create_subprocess_exec(
                *command, stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
            )
        except OSError as error:
            messages.LFC_SPAWN_FAIL(f"{command[0]} ({error.strerror})")
            return None
        status = await self._process.wait()
        if status:
            messages.LFC_ENDED_BADLY(status)
        return status

    async def _keep_clean(self) -> None:
        if self._store.needs_cleanup:
            messages.CONVERTING(self._store.schema.version)
            await self.run()
        while self._interval:
            await asyncio.sleep(self._interval)
            await self.run()


def lfc_command() -> list[str]:
    """The clean-up program: KEA_LFC_EXECUTABLE, else the kead-lfc beside this Python, else the module itself."""
    configured = os.environ.get("KEA_LFC_EXECUTABLE")
    if configured:
        return [configured]
    beside = Path(sys.executable).with_name("kead-lfc")
    return [str(beside)] if beside.exists() else [sys.executable, "-m", "kead.leases.lfc"]


def _arguments(universe: int, files: CleanupFiles) -> list[str]:
    return [
        f"-{universe}",
        "-x",
        str(files.previous),
        "-i",
        str(files.copy),
        "-o",
        str(files.output),
        "-f",
        str(files.completed),
        "-p",
        str(files.pid),
        "-c",
        "ignored-path",
    ]
