"""The server's sockets: opened as the configuration says, kept right while interfaces come, go and change.

Law: what is open is at any moment derived from configuration and interface table by ``_settle``; every event (a
reload, news from the kernel, a retry, a broken socket) only makes it run again. A channel that stays wanted is not
touched, so no packet is lost by any of them.

The interfaces are looked at when sockets are opened, and followed after that. With ``re-detect`` off, interfaces that
were not there at the start stay out until ``redetect()``; those that were are followed all the same.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable
from typing import Any

from kead.config.snapshot4 import InterfacesConfig
from kead.dhcp4 import socket_messages as say
from kead.dhcp4.channel import Channel, Datagram
from kead.dhcp4.raw import RINGS_MOST, RawChannel, open_raw
from kead.dhcp4.selection import ALL, Wanted, select
from kead.dhcp4.udp import BindError, StrayChannel, UdpChannel
from kead.network.interfaces import Interface, Interfaces
from kead.wire.address import text_ip4

__all__ = ["Channel", "Datagram", "Interface", "Interfaces", "Sockets4"]

_Key = tuple[str, int, int]  # kind, interface number, address (0 for raw)


class Sockets4:
    """All sockets of one DHCPv4 server."""

    def __init__(
        self,
        config: InterfacesConfig,
        port: int,
        on_readable: Callable[[Channel], None],
        *,
        loop: asyncio.AbstractEventLoop,
        interfaces: Interfaces | None = None,
        on_change: Callable[[], None] | None = None,
        on_failed: Callable[[], None] | None = None,
    ) -> None:
        """``on_readable`` is called with a channel that has something to read; ``on_change`` after ``channels`` or
        ``addresses`` became others; ``on_failed`` when service-sockets-require-all cannot be had and no retry is left:
        the server is to stop. Nothing is opened before ``open()``.
        """
        self.interfaces = interfaces or Interfaces()
        self.channels: tuple[Channel, ...] = ()
        self.addresses: frozenset[int] = frozenset()
        """The addresses that something listens to."""
        self.errors: list[str] = []
        """Why what should be open is not, in Kea's words."""
        self._config = config
        self._port = port
        self._on_readable = on_readable
        self._on_change = on_change
        self._on_failed = on_failed
        self._loop = loop
        self._open: dict[_Key, Channel] = {}
        self._unusable: set[Channel] = set()
        self._known: frozenset[str] = frozenset()
        self._retry: asyncio.TimerHandle | None = None
        self._retries = 0
        self._again: asyncio.Handle | None = None
        self._closed = True

    def open(self) -> None:
        """Open everything that can be opened, and follow the interfaces. What fails is logged, is in ``errors``, and
        is tried again as the configuration says. Raises OSError if the kernel does not tell its interfaces.
        """
        self._closed = False
        self.interfaces.follow(self._loop, self._news)
        self._note_known()
        self._announce()
        self._begin()

    def reconfigure(self, config: InterfacesConfig) -> None:
        """Go over to another configuration: what both want stays as it is, packets waiting in it included."""
        self._config = config
        if config.re_detect:
            self._note_known()
        self._announce()
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

    def _note_known(self) -> None:
        self._known = frozenset(interface.name for interface in self.interfaces.all.values())

    # --- when ---

    def _announce(self) -> None:
        say.SOCKET_TYPE("udp" if self._config.udp else "raw")
        for choice in self._config.interfaces:
            if choice.name == ALL:
                if say.ALL_INTERFACES.on:
                    say.ALL_INTERFACES()
            elif choice.address is None:
                say.LISTEN_INTERFACE(choice.name)
            else:
                say.LISTEN_ADDRESS(text_ip4(choice.address), choice.name)

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
                say.GIVEN_UP(self._config.max_retries)
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
            say.CLOSED(name, _texts(before[name]))
        for name, addresses in after.items():
            if before.get(name) != addresses:
                say.OPENED(name, _texts(addresses))
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

    def _broken(self, channel: Channel, error: OSError) -> None:
        """Reading failed: have the channel replaced, or closed if its interface went away (the usual reason)."""
        if channel.closed or self._closed:
            return
        if error.errno not in (errno.ENETDOWN, errno.ENODEV):
            say.RECEIVE_FAILED(f"{channel.interface.name}: {error.strerror}")
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
        known = None if self._config.re_detect else self._known
        wanted, problems = select(self._config, self.interfaces, {key[1] for key in self._open}, known)
        keys = {key for wish in wanted for key in self._keys(wish)}
        # both sockets of an address go together: one cannot be bound anew while the other has the address
        spoilt = {(channel.interface.index, channel.addresses) for channel in self._unusable}
        self._unusable.clear()
        for key, channel in list(self._open.items()):
            unusable = (channel.interface.index, channel.addresses) in spoilt
            if unusable or key not in keys:
                del self._open[key]
                if not unusable:
                    self._on_readable(channel)  # what still waits in it
                channel.close()
        for wish in wanted:
            if wish.raw:
                self._settle_raw(wish, problems)
            else:
                for address in wish.addresses:
                    self._settle_udp(wish.interface, address, problems)
        self.errors = problems
        self._tell()

    def _keys(self, wish: Wanted) -> list[_Key]:
        if wish.raw:
            return [("raw", wish.interface.index, 0)]
        kinds = ("routed",) if self._config.use_routing else ("device", "stray")
        return [(kind, wish.interface.index, address) for address in wish.addresses for kind in kinds]

    def _settle_raw(self, wish: Wanted, problems: list[str]) -> None:
        key = ("raw", wish.interface.index, 0)
        channel = self._open.get(key)
        try:
            fresh = channel is None
            if channel is None:
                ring = sum(isinstance(other, RawChannel) for other in self._open.values()) < RINGS_MOST
                channel = open_raw(wish.interface, self._port, self._broken, ring)
            assert isinstance(channel, RawChannel)
            for address, error in channel.listen(wish.interface, wish.addresses):
                reason = error.strerror or str(error)
                if error.errno == errno.EADDRINUSE:
                    reason += " - is another DHCP server running?"
                problems.append(
                    f"Failed to open socket on interface {wish.interface.name}, reason: failed to bind fallback socket"
                    f" to address {text_ip4(address)}, port {self._port}, reason: {reason}"
                )
            if not channel.addresses:
                self._open.pop(key, None)
                channel.close()
            elif fresh:
                self._add(key, channel)
        except OSError as error:
            problems.append(
                f"Failed to open socket on interface {wish.interface.name}, reason: Failed to create raw LPF socket:"
                f" {error.strerror}"
            )

    def _settle_udp(self, interface: Interface, address: int, problems: list[str]) -> None:
        device = not self._config.use_routing
        key = ("device" if device else "routed", interface.index, address)
        stray = ("stray", interface.index, address)
        channel = self._open.get(key)
        try:
            if channel is None:
                channel = UdpChannel(interface, address, self._port, device, self._broken)
                self._add(key, channel)
            channel.interface = interface
            if device and stray not in self._open:
                assert isinstance(channel, UdpChannel)
                self._add(stray, StrayChannel(channel, self.interfaces.by_index, self._broken))
            elif device:
                self._open[stray].interface = interface
        except BindError as error:
            problems.append(
                f"Failed to open socket on interface {interface.name}, reason: Failed to bind socket"
                f" {error.descriptor} to {text_ip4(address)}/port={self._port}"
            )
        except OSError as error:
            problems.append(f"Failed to open socket on interface {interface.name}, reason: {error.strerror}")

    def _add(self, key: _Key, channel: Channel) -> None:
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


def _texts(addresses: frozenset[int]) -> str:
    return ", ".join(text_ip4(address) for address in sorted(addresses))
