"""The DHCPv6 server's sockets: which are wanted, and how each is opened. When that is done: see `kead.network.sockets`.

Law: on each interface a socket on each link-local address, one for multicasts, and two on each global address that is
chosen by name. An address that duplicate address detection has not cleared yet is no error: it is waited for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from kead.config.snapshot6 import InterfaceChoice, InterfacesConfig
from kead.dhcp6 import socket_messages as say
from kead.dhcp6.channel import Channel, Datagram
from kead.dhcp6.selection import Wanted, is_link_local, select
from kead.dhcp6.udp import ALL_SERVERS, MulticastChannel, StrayChannel, UdpChannel
from kead.network.channel import BindError
from kead.network.interfaces import Interface, Interfaces
from kead.network.messages import LISTEN_INTERFACE
from kead.network.rtnetlink import AF_INET6
from kead.network.sockets import Key, Sockets
from kead.wire.address import text_ip6

__all__ = ["ALL_SERVERS", "Channel", "Datagram", "Interface", "Interfaces", "Sockets6"]


class Sockets6(Sockets[Channel]):
    """All sockets of one DHCPv6 server."""

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
        """See `Sockets`. ``interfaces``: a table of IPv6 addresses."""
        super().__init__(
            config,
            port,
            on_readable,
            messages=say.MESSAGES,
            interfaces=interfaces or Interfaces(AF_INET6),
            loop=loop,
            on_change=on_change,
            on_failed=on_failed,
        )
        self._said_tentative: set[tuple[int, str]] = set()
        self._said_without: set[str] = set()

    def _text(self, address: int) -> str:
        return text_ip6(address)

    def _announce(self, choice: InterfaceChoice) -> None:
        if choice.address is None:
            LISTEN_INTERFACE(choice.name)
            return
        if is_link_local(choice.address):
            say.LINK_LOCAL_CHOSEN(text_ip6(choice.address), choice.name)
        say.LISTEN_ADDRESS(text_ip6(choice.address), choice.name)

    def _settle_channels(self) -> list[str]:
        selection = select(self._config, self.interfaces, self._served_numbers(), self._counting())
        self._close_unwanted({key for wish in selection.wanted for key in _keys(wish)})
        for wish in selection.wanted:
            for address in wish.unicast:
                self._settle_unicast(wish.interface, address, selection.problems)
            for address in wish.link_local:
                self._settle_link_local(wish.interface, address, selection.problems)
            self._settle_multicast(wish, selection.problems)
        for address, name in selection.tentative:
            if (address, name) not in self._said_tentative:
                say.TENTATIVE(text_ip6(address), name)
        for name in selection.without_link_local:
            if name not in self._said_without:
                say.NO_LINK_LOCAL(name)
        self._said_tentative = set(selection.tentative)
        self._said_without = set(selection.without_link_local)
        return selection.problems

    def _settle_unicast(self, interface: Interface, address: int, problems: list[str]) -> None:
        key, beside = ("unicast", interface.index, address), ("stray", interface.index, address)
        try:
            channel = self._udp(key, interface, address)
            if beside in self._open:
                self._open[beside].interface = interface
            else:
                self._add(beside, StrayChannel(channel, self.interfaces.by_index, self._broken))
        except OSError as error:
            reason = self._reason(error, address)
            problems.append(f"Failed to open unicast socket on interface {interface.name}, reason: {reason}")

    def _settle_link_local(self, interface: Interface, address: int, problems: list[str]) -> None:
        try:
            self._udp(("link-local", interface.index, address), interface, address)
        except OSError as error:
            problems.append(
                f"Failed to open multicast socket on interface {interface.name}, reason: Failed to open link-local"
                f" socket on interface {interface.name}: {self._reason(error, address)}"
            )

    def _udp(self, key: Key, interface: Interface, address: int) -> UdpChannel:
        """The channel with this key, made if need be. OSError."""
        channel = self._open.get(key)
        if channel is None:
            channel = UdpChannel(interface, address, self._port, self._broken)
            self._add(key, channel)
        assert isinstance(channel, UdpChannel)
        channel.interface = interface
        return channel

    def _settle_multicast(self, wish: Wanted, problems: list[str]) -> None:
        interface = wish.interface
        key = ("multicast", interface.index, 0)
        channel = self._open.get(key)
        local = self._speaker("link-local", interface, wish.link_local)
        if local is None or not wish.multicast:
            if channel is not None:
                del self._open[key]
                channel.close()
            return
        try:
            if channel is None:
                channel = MulticastChannel(interface, self._port, local, self._broken)
                self._add(key, channel)
            assert isinstance(channel, MulticastChannel)
            channel.interface = interface
            channel.answer_by(local, self._speaker("unicast", interface, wish.unicast))
        except OSError as error:
            reason = self._reason(error, ALL_SERVERS)
            problems.append(f"Failed to open multicast socket on interface {interface.name}, reason: {reason}")

    def _speaker(self, kind: str, interface: Interface, addresses: tuple[int, ...]) -> UdpChannel | None:
        """The first open channel of these."""
        for address in addresses:
            channel = self._open.get((kind, interface.index, address))
            if isinstance(channel, UdpChannel):
                return channel
        return None

    def _reason(self, error: OSError, address: int) -> str:
        reason = error.strerror or str(error)
        if isinstance(error, BindError):
            return f"Failed to bind socket {error.descriptor} to {text_ip6(address)}/port={self._port}: {reason}"
        return reason


def _keys(wish: Wanted) -> list[Key]:
    number = wish.interface.index
    keys: list[Key] = [("link-local", number, address) for address in wish.link_local]
    keys += [(kind, number, address) for address in wish.unicast for kind in ("unicast", "stray")]
    if wish.multicast:
        keys.append(("multicast", number, 0))
    return keys
