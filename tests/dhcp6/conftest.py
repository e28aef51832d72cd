"""Fixtures of the conversations: a server, a client, and what is logged (see conversation.py)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from kead import logs
from tests.dhcp6.conversation import Client, LogFile, ServerUnderTest


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    """The server's log: warnings and errors, unless a test wants `everything`."""
    file = LogFile(tmp_path / "log")
    file.use("WARN")
    yield file
    logs.stop()


@pytest.fixture
async def server(tmp_path: Path, log: LogFile) -> AsyncIterator[ServerUnderTest]:
    """A server with one subnet, whose leases are in a file. At the end nothing may be left in flight."""
    under_test = ServerUnderTest(tmp_path)
    under_test.configure()
    yield under_test
    under_test.dispatcher.lot.clear()
    assert "DHCP6_PACKET_PROCESS_EXCEPTION" not in log, log.text
    assert not under_test.in_flight
    assert not under_test.guard._busy
    await under_test.store.close()


@pytest.fixture
def client(server: ServerUnderTest) -> Client:
    return Client(server)


@pytest.fixture
def other(server: ServerUnderTest) -> Client:
    """Another client."""
    return Client(server, "00030001020000000002")
