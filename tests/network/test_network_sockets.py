"""When sockets are opened, tried again and given up: the part that both families share, with channels made up."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from kead.config.snapshot import InterfaceChoice, InterfacesConfig
from kead.dhcp4.socket_messages import MESSAGES
from kead.network.channel import Channel
from kead.network.interfaces import Interface, Interfaces
from kead.network.sockets import Key, Sockets

ETH0 = Interface("eth0", 2, 1, 0x1043, bytes(6), (7,))


class Pipe(Channel[bytes]):
    """A channel that is a pipe."""

    __slots__ = ("_ends",)

    def __init__(self, address: int, trouble: Callable[[Any, OSError], None]) -> None:
        super().__init__(ETH0, (address,), trouble)
        self._ends = os.pipe()

    def fileno(self) -> int:
        return self._ends[0]

    def put(self) -> None:
        os.write(self._ends[1], b"!")

    def receive(self, limit: int) -> list[bytes]:
        return [os.read(self._ends[0], 1)]

    def fail(self, code: int) -> None:
        self._trouble(self, OSError(code, os.strerror(code)))

    def close(self) -> None:
        if not self.closed:
            super().close()
            for end in self._ends:
                os.close(end)


class Known(Interfaces):
    """A table that knows what it is told."""

    news: Callable[[], None]

    def follow(self, loop: asyncio.AbstractEventLoop, on_change: Callable[[], None]) -> None:
        self.news = on_change

    def detect(self) -> None:
        self._by_index = {2: ETH0}


class Pipes(Sockets[Pipe]):
    """Wants pipes for ``wanted``, and cannot open those in ``refused``."""

    def __init__(self, config: InterfacesConfig) -> None:
        self.wanted: set[int] = {7}
        self.refused: set[int] = set()
        self.read: list[Pipe] = []
        self.attempts = self.changes = self.failures = 0
        self.table = Known()
        super().__init__(
            config,
            0,
            self.read.append,
            messages=MESSAGES,
            interfaces=self.table,
            loop=asyncio.get_running_loop(),
            on_change=self._changed,
            on_failed=self._has_failed,
        )

    def _changed(self) -> None:
        self.changes += 1

    def _has_failed(self) -> None:
        self.failures += 1

    def _settle_channels(self) -> list[str]:
        self.attempts += 1
        keys: dict[Key, int] = {("pipe", 2, address): address for address in self.wanted}
        self._close_unwanted(keys.keys())
        for key, address in keys.items():
            if address not in self.refused and key not in self._open:
                self._add(key, Pipe(address, self._broken))
        return [f"no {address}" for address in sorted(self.wanted & self.refused)]

    def _text(self, address: int) -> str:
        return str(address)

    def _announce(self, choice: InterfaceChoice) -> None:
        pass


@pytest.fixture
def made() -> Iterator[Callable[..., Pipes]]:
    every: list[Pipes] = []

    def make(**keywords: Any) -> Pipes:
        every.append(Pipes(InterfacesConfig((InterfaceChoice("eth0"),), **keywords)))
        return every[-1]

    yield make
    for sockets in every:
        sockets.close()


async def turns(number: int = 20) -> None:
    for _ in range(number):
        await asyncio.sleep(0.001)


async def test_opened_once_and_left_alone(made: Callable[..., Pipes]) -> None:
    sockets = made()
    assert sockets.channels == ()
    sockets.open()
    (channel,) = sockets.channels
    assert (sockets.addresses, sockets.changes, sockets.status()) == ({7}, 1, {"status": "ready"})
    sockets.reconfigure(InterfacesConfig())
    sockets.redetect()
    sockets.table.news()
    assert sockets.channels == (channel,)
    assert (sockets.changes, sockets.failures) == (1, 0)
    channel.put()
    await turns(3)
    assert channel in sockets.read
    sockets.close()
    assert channel.closed
    assert (sockets.channels, sockets.addresses, sockets.changes) == ((), frozenset(), 2)


async def test_tried_again_until_it_works(made: Callable[..., Pipes]) -> None:
    sockets = made(max_retries=1000, retry_wait=1, require_all=True)
    sockets.refused = {7}
    sockets.open()
    assert sockets.status() == {"status": "retrying", "errors": ["no 7"]}
    await turns()
    assert sockets.attempts > 2
    sockets.refused = set()
    await turns()
    assert sockets.status() == {"status": "ready"}
    attempts = sockets.attempts
    await turns()
    assert (sockets.attempts, sockets.failures) == (attempts, 0)


@pytest.mark.parametrize("require_all", [False, True])
async def test_given_up_after_so_many_retries(made: Callable[..., Pipes], require_all: bool) -> None:
    sockets = made(max_retries=2, retry_wait=1, require_all=require_all)
    sockets.wanted, sockets.refused = {7, 8}, {8}
    sockets.open()
    await turns()
    assert sockets.attempts == 3
    assert sockets.status() == {"status": "failed", "errors": ["no 8"]}
    assert sockets.addresses == {7}
    assert sockets.failures == int(require_all)


async def test_news_end_the_retries(made: Callable[..., Pipes]) -> None:
    sockets = made(max_retries=5, retry_wait=60_000)
    sockets.refused = {7}
    sockets.open()
    sockets.refused = set()
    sockets.table.news()
    assert sockets.status() == {"status": "ready"}
    assert sockets.addresses == {7}


async def test_what_waits_is_read_before_a_channel_is_closed(made: Callable[..., Pipes]) -> None:
    sockets = made()
    sockets.open()
    (channel,) = sockets.channels
    sockets.wanted = {8}
    sockets.table.news()
    assert sockets.read == [channel]
    assert channel.closed
    assert sockets.addresses == {8}


async def test_a_broken_channel_is_replaced_unread(made: Callable[..., Pipes]) -> None:
    sockets = made()
    sockets.open()
    (channel,) = sockets.channels
    channel.fail(errno.EIO)
    channel.fail(errno.EIO)
    assert sockets.channels == (channel,)
    await turns(3)
    (fresh,) = sockets.channels
    assert fresh is not channel
    assert channel.closed
    assert sockets.read == []
    channel.fail(errno.EIO)  # a closed one is nobody's trouble
    await turns(3)
    assert sockets.channels == (fresh,)


async def test_a_paused_channel_is_not_listened_to(made: Callable[..., Pipes]) -> None:
    sockets = made()
    sockets.open()
    (channel,) = sockets.channels
    channel.pause()
    channel.put()
    await turns(3)
    assert sockets.read == []
    channel.resume()
    await turns(3)
    assert channel in sockets.read
