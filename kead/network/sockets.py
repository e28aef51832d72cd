"""A server's sockets: opened as the configuration says, kept right while interfaces come, go and change.

Law: what is open is at any moment derived from configuration and interface table by ``_settle``; every event (a
reload, news from the kernel, a retry, a broken socket) only makes it run again. A channel that stays wanted is not
touched, so no packet is lost by any of them. When is said here; what is wanted, and how it is opened, each family says.

The interfaces are looked at when sockets are opened, and followed after that. With ``re-detect`` off, interfaces that
were not there at the start stay out until ``redetect()``; those that were are followed all the same.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Container
from typing import Any, Generic, TypeVar

from kead.config.snapshot import InterfaceChoice, InterfacesConfig
from kead.network import messages as say
from kead.network.channel import Channel
from kead.network.interfaces import ALL, Interfaces
from kead.network.messages import FamilyMessages

C = TypeVar("C", bound=Channel[Any])
Key = tuple[str, int, int]
"""What a channel is: its kind, its interface's number, its address (0 for those that have no one address)."""


class Sockets(Generic[C]):
    """All sockets of one server; ``channels``, and the ``addresses`` that something listens to."""

    def __init__(
        self,
        config: InterfacesConfig,
        port: int,
        on_readable: Callable[[C], None],
        *,
        messages: FamilyMessages,
        interfaces: Interfaces,
        loop: asyncio.AbstractEventLoop,
        on_change: Callable[[], None] | None = None,
        on_failed: Callable[[], None] | None = None,
    ) -> None:
        """``on_readable`` is called with a channel that has something to read; ``on_change`` after ``channels`` or
        ``addresses`` became others; ``on_failed`` when service-sockets-require-all cannot be had and no retry is left:
        the server is to stop. Nothing is opened before ``open()``.
        """
        self.interfaces = interfaces
        self.channels: tuple[C, ...] = ()
        self.addresses: frozenset[int] = frozenset()
        self.errors: list[str] = []
        """Why what should be open is not, in Kea's words."""
        self._config = config
        self._port = port
        self._messages = messages
        self._on_readable = on_readable
        self._on_change = on_change
        self._on_failed = on_failed
        self._loop = loop
        self._open: dict[Key, C] = {}
        self._unusable: set[C] = set()
        self._known: frozenset[str] = frozenset()
        self._retry: asyncio.TimerHandle | None = None
        self._retries = 0
        self._again: asyncio.Handle | None = None
        self._closed = True

    # --- what a family says ---

    def _settle_channels(self) -> list[str]:
        """Close what is open and not wanted (``_close_unwanted``), open what is wanted and not open (``_add``).
        Returns what is wrong with the rest.
        """
        raise NotImplementedError

    def _text(self, address: int) -> str:
        """An address as people write it."""
        raise NotImplementedError

    def _announce(self, choice: InterfaceChoice) -> None:
        """Say in the log that this interface, or this address on it, has been chosen."""
        raise NotImplementedError

    # --- what the server calls ---

    def open(self) -> None:
        """Open everything that can be opened, and follow the interfaces. What fails is logged, is in ``errors``, and
        is tried again as the configuration says. Raises OSError if the kernel does not tell its interfaces.
        """
        self._closed = False
        self.interfaces.follow(self._loop, self._news)
        self._note_known()
        self._announce_all()
        self._begin()

    def reconfigure(self, config: InterfacesConfig) -> None:
        """Go over to another configuration: what both want stays as it is, packets waiting in it included."""
        self._config = config
        if config.re_detect:
            self._note_known()
        self._announce_all()
        self._begin()

    def redetect(self) -> None:
        """Look at the interfaces anew, and take in new ones whatever ``re-detect`` says. Raises OSError."""
        self.interfaces.detect()
        self._note_known()
        self._begin()

    def close(self) -> None:
        """Close all and follow no more; ``open()`` may be called again."""
        self._closed = True
        self._stop_retrying()
        if self._again is not None:
            self._again.cancel()
            self._again = None
        self.interfaces.close()
        for channel in self._open.values():
            channel.close()
        self._open.clear()
        self._unusable.clear()
        self._tell()

    def status(self) -> dict[str, Any]:
        """What status-get shows as ``sockets``."""
        if not self.errors:
            return {"status": "ready"}
        return {"errors": list(self.errors), "status": "failed" if self._retry is None else "retrying"}

    # --- when ---

    def _note_known(self) -> None:
        self._known = frozenset(interface.name for interface in self.interfaces.all.values())

    def _announce_all(self) -> None:
        for choice in self._config.interfaces:
            if choice.name != ALL:
                self._announce(choice)
            elif say.ALL_INTERFACES.on:
                say.ALL_INTERFACES()

    def _begin(self) -> None:
        self._stop_retrying()
        self._retries = 0
        self._attempt()

    def _attempt(self) -> None:
        """Open what is missing; if something stays missing, arrange for the next attempt, or give up."""
        self._retry = None
        self._settle()
        for text in self.errors:
            say.OPEN_FAILED(text)
        if self.errors:
            if self._retries < self._config.max_retries:
                self._retries += 1
                self._retry = self._loop.call_later(self._config.retry_wait / 1000, self._attempt)
            else:
                self._messages.given_up(self._config.max_retries)
        if not self._open:
            say.NONE_OPEN()
        if self.errors and self._retry is None and self._config.require_all and self._on_failed is not None:
            self._on_failed()

    def _stop_retrying(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None

    def _news(self) -> None:
        """The interfaces changed: settle, and say what is new."""
        before, complained = self._served(), set(self.errors)
        self._settle()
        after = self._served()
        for name in before.keys() - after.keys():
            self._messages.closed(name, self._texts(before[name]))
        for name, addresses in after.items():
            if before.get(name) != addresses:
                self._messages.opened(name, self._texts(addresses))
        for text in self.errors:
            if text not in complained:
                say.OPEN_FAILED(text)
        if not self.errors:
            self._stop_retrying()
        if before and not after:
            say.NONE_OPEN()

    def _served(self) -> dict[str, frozenset[int]]:
        """Interfaces by name, with the addresses listened to."""
        served: dict[str, frozenset[int]] = {}
        for channel in self._open.values():
            name = channel.interface.name
            served[name] = served.get(name, frozenset()) | frozenset(channel.addresses)
        return served

    def _texts(self, addresses: frozenset[int]) -> str:
        return ", ".join(self._text(address) for address in sorted(addresses))

    def _broken(self, channel: C, error: OSError) -> None:
        """Reading failed: have the channel replaced, or closed if its interface went away (the usual reason)."""
        if channel.closed or self._closed:
            return
        if error.errno not in (errno.ENETDOWN, errno.ENODEV):
            self._messages.receive_failed(f"{channel.interface.name}: {error.strerror}")
        self._unusable.add(channel)
        if self._again is None:
            self._again = self._loop.call_soon(self._repair)

    def _repair(self) -> None:
        self._again = None
        self.interfaces.detect()
        self._news()

    # --- what ---

    def _settle(self) -> None:
        """Make what is open what is wanted."""
        self.errors = self._settle_channels()
        self._tell()

    def _served_numbers(self) -> set[int]:
        """Numbers of the interfaces that are being served."""
        return {number for _kind, number, _address in self._open}

    def _counting(self) -> Container[str] | None:
        """Names of the interfaces that count; None: all do."""
        return None if self._config.re_detect else self._known

    def _close_unwanted(self, keys: Container[Key]) -> None:
        """Close all but those with these keys, and what has turned out to be unusable."""
        # all sockets of an address go together: one cannot be bound anew while another has the address
        spoilt = {(channel.interface.index, channel.addresses) for channel in self._unusable}
        self._unusable.clear()
        for key, channel in list(self._open.items()):
            unusable = (channel.interface.index, channel.addresses) in spoilt
            if unusable or key not in keys:
                del self._open[key]
                if not unusable:
                    self._on_readable(channel)  # what still waits in it
                channel.close()

    def _add(self, key: Key, channel: C) -> None:
        self._open[key] = channel
        channel.watch(self._loop, self._on_readable)

    def _tell(self) -> None:
        """Publish what is open, if it became something else."""
        channels = tuple(self._open.values())
        addresses = frozenset(address for channel in channels for address in channel.addresses)
        if channels != self.channels or addresses != self.addresses:
            self.channels = channels
            self.addresses = addresses
            if self._on_change is not None:
                self._on_change()
