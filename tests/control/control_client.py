"""A client of the UNIX control socket, as simple as they come."""

import asyncio
import contextlib
from pathlib import Path


class Client:
    """One connection to a control socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, path: str | Path) -> "Client":
        return cls(*await asyncio.open_unix_connection(str(path), limit=1 << 26))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    def half_close(self) -> None:
        self.writer.write_eof()

    async def answer(self) -> bytes:
        """All that comes until the server closes."""
        data = b""
        with contextlib.suppress(ConnectionResetError):
            while piece := await asyncio.wait_for(self.reader.read(1 << 20), 10):
                data += piece
        self.writer.close()
        return data


async def ask(path: str | Path, data: bytes) -> bytes:
    client = await Client.connect(path)
    await client.send(data)
    return await client.answer()
