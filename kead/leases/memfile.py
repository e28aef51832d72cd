"""The memfile: every lease in memory, every change appended to a CSV file in Kea's format.

Changes are accepted at once, since nobody else writes the file, and gathered; `flush` writes the group with one
system call. With durability "write" that is all: the group survives the server. With "fsync" a thread then syncs
the file, so that the group survives the machine; meanwhile further groups gather and are written, and each has a
future of its own.

A group that cannot be made durable is undone, in the file and in memory, together with everything accepted after
it, which may rest on it. Whoever flushes next hears of that too.
"""

from __future__ import annotations

import asyncio
from abc import ABC
from asyncio import Future
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Generic, Literal

from kead.leases import messages
from kead.leases.cleanup_files import CleanupFiles
from kead.leases.fields import Schema
from kead.leases.leasefile import LeaseFile, sync_directory
from kead.leases.store import StoreError
from kead.leases.table import LeaseT, LeaseTable
from kead.leases.writing import beside, dump, give_name

Durability = Literal["write", "fsync"]
_AT_ONCE: Final = 2048  # entries of the timeline that are looked at in one go: some milliseconds


@dataclass(frozen=True, slots=True)
class MemfileSettings:
    """How to open a memfile. `parameters`: lease-database as configured, for the log."""

    path: Path | None
    """None: leases live in memory only (persist false)."""
    durability: Durability = "write"
    max_row_errors: int = 0
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Form(Generic[LeaseT]):
    """How a family's leases look in its files. `universe`: 4 or 6; `writable`: whether a row can hold this lease so
    that it loads again.
    """

    universe: int
    schema: Schema
    format_row: Callable[[LeaseT], str]
    format_removal: Callable[[LeaseT], str]
    writable: Callable[[LeaseT], bool]


class _Group(Generic[LeaseT]):
    """Changes that become durable together: what each address had before, what is to be written, where the file
    ended before that (-1: it has not been written yet).
    """

    __slots__ = ("before", "data", "done", "start")

    def __init__(self, before: list[tuple[int, LeaseT | None]], data: bytes, done: Future[None]) -> None:
        self.before = before
        self.data = data
        self.start = -1
        self.done = done


class Memfile(ABC, Generic[LeaseT]):
    """What the memfiles of both families do in the same way. Coroutines never suspend, but for `durable` with "fsync",
    `all`, `rotate`, `close`, and `expired` and `reclaimed` when there is very much to look through.
    """

    def __init__(
        self, table: LeaseTable[LeaseT], form: Form[LeaseT], file: LeaseFile | None, durability: Durability = "write"
    ) -> None:
        self.undone = 0
        """How many groups were undone so far. An exchange that suspends after a change was accepted, and before it
        is flushed, compares: if it has grown, the change is gone."""
        self.needs_cleanup = False
        """Whether the file is of another schema version and should be rewritten at once."""
        self._table: LeaseTable[LeaseT] = table
        self.universe: Final = form.universe
        self.schema: Final = form.schema
        self._format_row: Final = form.format_row
        self._format_removal: Final = form.format_removal
        self._writable: Final = form.writable
        self._file: Final = file
        self._thread: ThreadPoolExecutor | None = None
        if durability == "fsync" and file is not None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="kead-lease-sync")
        self._rows: list[LeaseT | str] = []  # what is to be written: leases, and lines that take leases away
        self._before: list[tuple[int, LeaseT | None]] = []
        self._under_way: deque[_Group[LeaseT]] = deque()
        self._syncing = 0  # how many of those the sync that is running covers
        self._files = asyncio.Lock()  # held while files change their names
        self._held = False  # groups are not written, since the file is about to be rotated
        self._failed: StoreError | None = None  # for the next `flush`: what it would have made durable is gone
        self._failures = 0  # in a row

    @property
    def path(self) -> Path | None:
        """The file, if there is one."""
        return None if self._file is None else self._file.path

    def __len__(self) -> int:
        return len(self._table)

    async def promise(self, durability: Durability) -> None:
        """What an acknowledgement promises from now on."""
        if durability == "fsync" and self._thread is None and self._file is not None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="kead-lease-sync")
        elif durability == "write" and self._thread is not None:
            while self._under_way:
                await asyncio.shield(self._under_way[-1].done)
            self._thread.shutdown()
            self._thread = None

    def tick(self, now: int) -> None:
        self._table.tick(now)

    def put_new(self, lease: LeaseT) -> bool:
        if not self._writable(lease):
            raise ValueError(f"a lease file cannot hold {lease!r}")
        if not self._table.put_new(lease):
            return False
        self._before.append((lease.address, None))
        if self._file is not None:
            self._rows.append(
                lease
            )  # it is written when its group is: one after the other is quicker, and none changes
        return True

    def put_instead(self, lease: LeaseT, old: LeaseT) -> bool:
        if not self._table.holds(old):
            return False
        if not self._writable(lease):
            raise ValueError(f"a lease file cannot hold {lease!r}")
        self._before.append((lease.address, old))
        if self._file is not None:
            self._rows.append(lease)
        self._table.put(lease, old)
        return True

    async def add(self, lease: LeaseT) -> bool:
        return self.put_new(lease)

    async def update(self, lease: LeaseT, old: LeaseT) -> bool:
        return self.put_instead(lease, old)

    async def delete(self, old: LeaseT) -> bool:
        if not self._table.holds(old):
            return False
        self._before.append((old.address, old))
        if self._file is not None:
            self._rows.append(self._format_removal(old))
        self._table.drop(old)
        return True

    def flush(self) -> Future[None] | None:
        if self._failed is not None:
            failed, self._failed = self._failed, None
            self._undo(self._take_gathered())
            raise failed
        future = self._write() if self._before else None
        if future is None and self._under_way:  # begun by an earlier flush, or by `durable`: the caller may rest on it
            return self._under_way[-1].done
        return future

    async def durable(self) -> None:
        if self._failed is not None:
            raise self._failed
        if self._before:
            try:
                self._write()
            except StoreError as error:
                self._failed = error  # those who flush for the rest of the group must hear it as well
                raise
        if self._under_way:
            await asyncio.shield(self._under_way[-1].done)  # shared with others, who must not be cancelled with us

    async def expired(self, now: int, limit: int) -> Sequence[LeaseT]:
        table = self._table
        while table.mature(now, _AT_ONCE):  # after a long silence, or a mass expiry
            await _others()
        while (found := table.expired(now, limit)) is None:
            await _others()
        return found

    async def reclaimed(self, expired_before: int, limit: int) -> Sequence[LeaseT]:
        while (found := self._table.reclaimed(expired_before, limit)) is None:
            await _others()
        return found

    async def all(self, page: int = 1000, after: int = -1) -> AsyncIterator[Sequence[LeaseT]]:
        while leases := self._table.after(after, page):
            for start in range(0, len(leases), page):
                yield leases[start : start + page]
                await asyncio.sleep(0)
            after = leases[-1].address

    async def close(self) -> None:
        try:
            self.flush()
            while self._under_way:
                await asyncio.shield(self._under_way[-1].done)
        finally:
            if self._thread is not None:
                self._thread.shutdown()
                self._thread = None
            if self._file is not None:
                self._file.close()

    async def rotate(self, to: Path) -> None:
        """Rename the file and go on in a new one. StoreError: everything is as it was."""
        if self._file is None:
            return
        async with self._files:
            await self._rotate(self._file, to)

    async def _rotate(self, file: LeaseFile, to: Path) -> None:
        try:
            await self._hold()
            file.rotate(to)
            if self._thread is not None:  # what is written from now on is in a file that the directory must know
                loop = asyncio.get_running_loop()
                await loop.run_in_executor(self._thread, sync_directory, file.path.parent)
        except OSError as error:
            raise StoreError(f"cannot rotate the lease file {file.path}: {error.strerror}") from error
        finally:
            self._held = False
            self._write_held()

    async def _hold(self) -> None:
        """Write no more groups, and wait for those that are written."""
        self._held = True
        while written := [group for group in self._under_way if group.start >= 0]:
            await asyncio.wait([written[-1].done])

    async def write_file(self, path: Path) -> None:
        new, backup = beside(path)
        undone = self.undone
        try:
            async with self._files:
                own = self._file is not None and path == self._file.path
                start = self._file.length if own and self._file is not None else 0
                if own:
                    self._refuse_beside_cleanup(path)
                await dump(self.all(), new, self.schema.header, self._format_row)
                try:
                    if self.undone != undone:
                        raise StoreError(f"leases were undone while {path} was written")
                    if own and self._file is not None:
                        await self._change_over(self._file, new, backup, start)
                    else:
                        give_name(new, path, backup)
                except BaseException:
                    new.unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise StoreError(f"unable to open '{path}': {error.strerror}") from error

    async def _change_over(self, file: LeaseFile, new: Path, backup: Path, start: int) -> None:
        """The lease file itself has been written anew: go on in it, without what clean-ups have left."""
        try:
            await self._hold()
            self._refuse_beside_cleanup(file.path)
            file.replace(new, backup, start)
            CleanupFiles(file.path).previous.unlink(missing_ok=True)
        finally:
            self._held = False
            self._write_held()

    @staticmethod
    def _refuse_beside_cleanup(path: Path) -> None:
        files = CleanupFiles(path)
        if files.running() or files.copy.exists() or files.completed.exists():
            raise StoreError(f"a clean-up of {path} is under way")

    def _take_gathered(self) -> list[tuple[int, LeaseT | None]]:
        before = self._before
        self._before = []
        self._rows = []
        return before

    def _write(self) -> Future[None] | None:
        """Write the gathered group, and have it synced where that is asked for."""
        file = self._file
        rows = self._rows
        before = self._take_gathered()
        self._table.settle()
        if file is None:
            return None
        format_row = self._format_row
        data = "".join([row if isinstance(row, str) else format_row(row) for row in rows]).encode("ascii")
        if self._thread is None:
            try:
                file.append(data)
            except OSError as error:
                self._undo(before)
                raise self._failure(error, "write", len(before)) from error
            if self._failures:
                self._recovered()
            return None
        group = _Group(before, data, asyncio.get_running_loop().create_future())
        self._under_way.append(group)
        if not self._held:
            self._write_held()
        return group.done

    def _write_held(self) -> None:
        """Write the groups under way that are not yet written, and begin a sync if none is running."""
        if self._file is None:
            return
        for index, group in enumerate(self._under_way):
            if group.start < 0:
                start = self._file.length
                try:
                    self._file.append(group.data)
                except OSError as error:
                    self._lose_groups(error, "write", index)
                    break
                group.start = start
                group.data = b""
        if self._under_way and not self._syncing:
            self._sync()

    def _sync(self) -> None:
        if self._file is None or self._thread is None:
            return
        self._syncing = sum(group.start >= 0 for group in self._under_way)
        asyncio.get_running_loop().run_in_executor(self._thread, self._file.sync).add_done_callback(self._synced)

    def _synced(self, sync: Future[None]) -> None:
        error = sync.exception()
        if error is None:
            for _ in range(self._syncing):
                group = self._under_way.popleft()
                if not group.done.done():
                    group.done.set_result(None)
            if self._failures:
                self._recovered()
        else:  # nobody knows what of the groups under way is on the disk, so none of it counts
            self._lose_groups(error, "sync", 0)
        self._syncing = 0
        if any(group.start >= 0 for group in self._under_way):
            self._sync()

    def _lose_groups(self, error: BaseException, what: str, first: int) -> None:
        """The groups under way from that one on cannot be made durable, nor what was accepted after them."""
        gathered = self._take_gathered()
        self._undo(gathered)
        groups = list(self._under_way)[first:]
        for group in reversed(groups):
            self._undo(group.before)
            self._under_way.pop()
        failure = self._failure(error, what, sum(len(group.before) for group in groups))
        if gathered:
            self._failed = failure
        if self._file is not None and groups[0].start >= 0:
            try:
                self._file.cut(groups[0].start)
            except OSError:
                pass  # tried again before the next write
        for group in groups:
            if not group.done.done():
                group.done.set_exception(failure)
                group.done.exception()  # somebody may have gone away: no complaint from the loop

    def _undo(self, before: list[tuple[int, LeaseT | None]]) -> None:
        if before:
            self.undone += 1
        restore = self._table.restore
        for address, lease in reversed(before):
            restore(address, lease)

    def _failure(self, error: BaseException, what: str, changes: int) -> StoreError:
        reason = error.strerror if isinstance(error, OSError) else repr(error)
        failure = StoreError(f"cannot {what} the lease file {self.path}: {reason}")
        self._failures += 1
        if self._failures == 1:  # what follows is counted: a full disk is one message, not one a packet
            messages.WRITE_FAIL(failure, changes)
        return failure

    def _recovered(self) -> None:
        messages.WRITE_RECOVERED(self.path, self._failures)
        self._failures = 0


def announce(settings: MemfileSettings, form: Form[LeaseT]) -> None:
    """Say in the log what is opened."""
    parameters = " ".join(f"{name}={_plain(value)}" for name, value in sorted(settings.parameters.items()))
    messages.MEMFILE_DB(f"{parameters} universe={form.universe}".lstrip())
    if settings.path is None:
        messages.NO_STORAGE()


def open_file(path: Path, form: Form[LeaseT]) -> LeaseFile:
    """The lease file, open for appending. StoreError."""
    try:
        return LeaseFile(path, form.schema.header.encode())
    except OSError as error:
        raise StoreError(f"Could not open lease file {path}: {error.strerror}") from error


async def _others() -> None:
    """Let others work."""
    await asyncio.sleep(0)


def _plain(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
