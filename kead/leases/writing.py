"""All leases of a store as a lease file, while the store goes on changing.

Law: a file that was there is kept beside it as `.bak` and our process id, and at no moment is the name without a whole
file. What changes while the leases are written may be in the file or not; a lease file reads right either way, as long
as whatever was appended meanwhile comes after it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import TypeVar

LeaseT = TypeVar("LeaseT")


def beside(path: Path) -> tuple[Path, Path]:
    """Where a file is written before it gets its name, and where what had the name before is kept."""
    process = os.getpid()
    return path.with_name(f"{path.name}.tmp{process}"), path.with_name(f"{path.name}.bak{process}")


async def dump(
    pages: AsyncIterator[Sequence[LeaseT]], path: Path, header: str, format_row: Callable[[LeaseT], str]
) -> None:
    """A new file with these leases, on the disk when it returns. OSError: there is none."""
    try:
        with path.open("wb") as file:
            os.fchmod(file.fileno(), 0o640)
            file.write(header.encode())
            async for leases in pages:
                file.write("".join(map(format_row, leases)).encode("ascii"))
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def give_name(new: Path, path: Path, backup: Path) -> None:
    """Let the new file take the name, and what had it be the backup. OSError: nothing has changed."""
    if path.exists():
        backup.unlink(missing_ok=True)
        os.link(path, backup)
    os.rename(new, path)
