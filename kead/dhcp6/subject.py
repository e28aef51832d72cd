"""A DHCPv6 packet as expressions see it (`kead.classify.subject`).

What is asked of few packets is worked out when it is asked, and nothing is kept: expressions that need the same thing
twice are rare. Of an option that is there several times, options 16 and 17 included, the first is seen, as in Kea.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import TYPE_CHECKING, Final

from kead.classify.subject import ANY_ENTERPRISE, Classes, Path
from kead.dhcp6.option_dump import dump_of
from kead.dhcp6.options import DHCP6_SPACE, VENDOR_CLASS, VENDOR_OPTS
from kead.dhcp6.packet import Packet6, Relay6, split_options
from kead.dhcp6.values import tuples
from kead.wire.definitions import OptionDefinition, OptionTable, OptionType
from kead.wire.text import OptionTextError, fit

if TYPE_CHECKING:
    from kead.classify.subject import Subject6
    from kead.dhcp6.channel import Datagram

    def _answers_everything(subject: PacketSubject6) -> Subject6:
        return subject


VENDOR_CLASS_PREFIX: Final = "VENDOR_CLASS_"
_MODEMS: Final = (b"docsis3.0", b"eRouter1.0")
_four_bytes = Struct("!I").pack


class PacketSubject6:
    """One packet with its classes, the datagram that it came in, and the definitions of the configuration."""

    __slots__ = ("_table", "classes", "datagram", "packet")

    def __init__(self, packet: Packet6, datagram: Datagram, table: OptionTable) -> None:
        self.packet = packet
        self.datagram = datagram
        self.classes: Classes = packet.classes
        self._table = table

    def follow(self, packet: Packet6) -> None:
        """A hook library may have put another packet in its place: it is in the same classes, unless it has its own."""
        if packet is not self.packet:
            if not packet.classes:
                packet.classes = self.classes
            self.packet, self.classes = packet, packet.classes

    def vendor_class_names(self) -> list[str]:
        """One for each instance of option 16: that of a cable modem, if it says that it is one, else its first."""
        found = []
        for value in self.packet.options.get(VENDOR_CLASS, ()):
            data = tuples(value[4:])
            if data:
                name = next((modem for modem in _MODEMS if modem in data), data[0])
                found.append(VENDOR_CLASS_PREFIX + name.decode("latin-1"))
        return found

    def defer(self, definitions: Mapping[int, OptionDefinition] | None) -> None:
        """No option of DHCPv6 is read late."""

    # Options

    def option(self, code: int) -> bytes | None:
        values = self.packet.options.get(code)
        return values[0] if values else None

    def inner(self, path: Path) -> bytes | None:
        return self._find(DHCP6_SPACE, path, self.option(path[0]))[2]

    def text(self, path: Path) -> bytes | None:
        return self._shown(DHCP6_SPACE, path, self.option(path[0]))

    def _find(self, space: str, path: Path, value: bytes | None) -> tuple[str, OptionDefinition | None, bytes | None]:
        """The option at the end of a path, with its space and its definition; `value` is that of the first."""
        definition = self._table.by_code(space, path[0])
        previous = path[0]
        for code in path[1:]:
            if value is None:
                break
            if space == DHCP6_SPACE and previous == VENDOR_OPTS:
                space, value = f"vendor-{int.from_bytes(value[:4], 'big')}", _first(value[4:], code)
            else:
                space, value = _inside(definition, value, code)
            definition = self._table.by_code(space, code)
            previous = code
        return space, definition, value

    def _shown(self, space: str, path: Path, value: bytes | None) -> bytes | None:
        space, definition, value = self._find(space, path, value)
        return None if value is None else dump_of(self._table).show(space, path[-1], value, definition)

    # Relays

    def _relay(self, level: int) -> Relay6 | None:
        relays = self.packet.relays
        return relays[level] if -len(relays) <= level < len(relays) else None

    def relay_peer(self, level: int) -> bytes:
        relay = self._relay(level)
        return b"" if relay is None else relay.peer.to_bytes(16, "big")

    def relay_link(self, level: int) -> bytes:
        relay = self._relay(level)
        return b"" if relay is None else relay.link.to_bytes(16, "big")

    def relay_option(self, level: int, path: Path) -> bytes | None:
        relay = self._relay(level)
        return None if relay is None else self._find(DHCP6_SPACE, path, relay.first(path[0]))[2]

    def relay_text(self, level: int, path: Path) -> bytes | None:
        relay = self._relay(level)
        return None if relay is None else self._shown(DHCP6_SPACE, path, relay.first(path[0]))

    # Vendors

    def vendor(self) -> bytes:
        return (self.option(VENDOR_OPTS) or b"")[:4]

    def has_vendor(self, enterprise: int) -> bool:
        return _is(self.option(VENDOR_OPTS), enterprise)

    def vendor_option(self, enterprise: int, path: Path) -> bytes | None:
        space, value = self._vendor_value(enterprise, path[0])
        return self._find(space, path, value)[2]

    def vendor_text(self, enterprise: int, path: Path) -> bytes | None:
        space, value = self._vendor_value(enterprise, path[0])
        return self._shown(space, path, value)

    def _vendor_value(self, enterprise: int, code: int) -> tuple[str, bytes | None]:
        value = self.option(VENDOR_OPTS)
        if value is None or not _is(value, enterprise):
            return "", None
        return f"vendor-{int.from_bytes(value[:4], 'big')}", _first(value[4:], code)

    def vendor_class(self) -> bytes:
        return (self.option(VENDOR_CLASS) or b"")[:4]

    def has_vendor_class(self, enterprise: int) -> bool:
        return _is(self.option(VENDOR_CLASS), enterprise)

    def vendor_class_data(self, enterprise: int, index: int) -> bytes:
        value = self.option(VENDOR_CLASS)
        if value is None or not _is(value, enterprise):
            return b""
        data = tuples(value[4:])
        return data[index] if index < len(data) else b""

    # The header and the datagram

    def interface(self) -> bytes:
        return self.datagram.channel.interface.name.encode("utf-8", "surrogateescape")

    def source(self) -> bytes:
        return self.datagram.source.to_bytes(16, "big")

    def destination(self) -> bytes:
        return self.datagram.destination.to_bytes(16, "big")

    def length(self) -> bytes:
        return _four_bytes(len(self.datagram.data))

    def message_type(self) -> bytes:
        return _four_bytes(self.packet.type)

    def transaction_id(self) -> bytes:
        return _four_bytes(self.packet.transaction_id)


def _first(data: bytes, code: int) -> bytes | None:
    values = split_options(data).get(code)
    return values[0] if values else None


def _inside(definition: OptionDefinition | None, value: bytes, code: int) -> tuple[str, bytes | None]:
    """The space of what an option encapsulates, and the value of the first of these options with this code."""
    if definition is None or not definition.encapsulates:
        return "", None
    try:
        start = 0 if definition.type is OptionType.EMPTY else len(fit(definition, value))
    except OptionTextError:
        return definition.encapsulates, None
    return definition.encapsulates, _first(value[start:], code)


def _is(value: bytes | None, enterprise: int) -> bool:
    return value is not None and enterprise in (ANY_ENTERPRISE, int.from_bytes(value[:4], "big"))
