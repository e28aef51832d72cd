"""The DHCPv4 server's sockets: which are wanted, and how each is opened. When that is done: see `kead.network.sockets`.

Law: a packet socket an interface, or UDP sockets an address, as the configuration says; complaints are Kea's.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable

from kead.config.snapshot4 import InterfaceChoice, InterfacesConfig
from kead.dhcp4 import socket_messages as say
from kead.dhcp4.channel import Channel, Datagram
from kead.dhcp4.raw import RINGS_MOST, RawChannel, open_raw
from kead.dhcp4.selection import Wanted, select
from kead.dhcp4.udp import StrayChannel, UdpChannel
from kead.network.channel import BindError
from kead.network.interfaces import Interface, Interfaces
from kead.network.messages import LISTEN_INTERFACE
from kead.network.sockets import Key, Sockets
from kead.wire.address import text_ip4

__all__ = ["Channel", "Datagram", "Interface", "Interfaces", "Sockets4"]


class Sockets4(Sockets[Channel]):
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
        """See `Sockets`."""
        super().__init__(
            config,
            port,
            on_readable,
            messages=say.MESSAGES,
            interfaces=interfaces or Interfaces(),
            loop=loop,
            on_change=on_change,
            on_failed=on_failed,
        )

    def _text(self, address: int) -> str:
        return text_ip4(address)

    def _announce_all(self) -> None:
        say.SOCKET_TYPE("udp" if self._config.udp else "raw")
        super()._announce_all()

    def _announce(self, choice: InterfaceChoice) -> None:
        if choice.address is None:
            LISTEN_INTERFACE(choice.name)
        else:
            say.LISTEN_ADDRESS(text_ip4(choice.address), choice.name)

    def _settle_channels(self) -> list[str]:
        wanted, problems = select(self._config, self.interfaces, self._served_numbers(), self._counting())
        self._close_unwanted({key for wish in wanted for key in self._keys(wish)})
        for wish in wanted:
            if wish.raw:
                self._settle_raw(wish, problems)
            else:
                for address in wish.addresses:
                    self._settle_udp(wish.interface, address, problems)
        return problems

    def _keys(self, wish: Wanted) -> list[Key]:
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
