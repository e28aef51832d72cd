"""A DHCPv4 packet as expressions see it (`kead.classify.subject`).

What is asked of few packets is worked out when it is asked; only what is in option 82 is kept, for where there are
relays many classes ask for it. Options 125 and 124 are seen as Kea keeps them: one enterprise, that with the lowest
number.
"""

from __future__ import annotations

from collections.abc import Mapping
from struct import Struct
from typing import TYPE_CHECKING, Final

from kead.classify.subject import ANY_ENTERPRISE, Classes, Path
from kead.dhcp4.option_dump import dump_of
from kead.dhcp4.options import (
    AGENT_OPTIONS,
    DEFERRED,
    DHCP4_SPACE,
    RELAY_AGENT_SPACE,
    VENDOR_CLASS_IDENTIFIER,
    VIVCO_SUBOPTIONS,
    VIVSO_SUBOPTIONS,
)
from kead.dhcp4.packet import Packet4, encode_option, split_suboptions
from kead.wire.definitions import OptionDefinition, OptionTable, OptionType
from kead.wire.text import OptionTextError, fit

if TYPE_CHECKING:
    from kead.classify.subject import Subject4
    from kead.dhcp4.channel import Datagram

    def _answers_everything(subject: PacketSubject4) -> Subject4:
        return subject


VENDOR_CLASS_PREFIX: Final = "VENDOR_CLASS_"
_HEADER: Final = 236
_four_bytes = Struct("!I").pack
_NOTHING: Final[Mapping[int, OptionDefinition]] = {}


class PacketSubject4:
    """One packet, the datagram that it came in, its classes, and the definitions of the configuration."""

    __slots__ = ("_definitions", "_relay_options", "_relay_value", "_table", "classes", "datagram", "packet")

    def __init__(self, packet: Packet4, datagram: Datagram, table: OptionTable, classes: Classes | None = None) -> None:
        self.packet = packet
        self.datagram = datagram
        if classes is not None:
            packet.classes = classes
        self.classes = packet.classes
        self._table = table
        self._definitions: Mapping[int, OptionDefinition] | None = _NOTHING
        self._relay_value = b""
        self._relay_options: dict[int, bytes] = {}

    def follow(self, packet: Packet4) -> None:
        """A hook library may have put another packet in its place: it is in the same classes, unless it has its own."""
        if packet is not self.packet:
            if not packet.classes:
                packet.classes = self.classes
            self.packet, self.classes = packet, packet.classes

    def vendor_class_names(self) -> tuple[str, ...]:
        """That of option 60."""
        text = self.packet.options.get(VENDOR_CLASS_IDENTIFIER)
        return (VENDOR_CLASS_PREFIX + text.decode("latin-1"),) if text else ()

    def defer(self, definitions: Mapping[int, OptionDefinition] | None) -> None:
        self._definitions = definitions

    # Options

    def option(self, code: int) -> bytes | None:
        if code in (VIVSO_SUBOPTIONS, VIVCO_SUBOPTIONS):
            return self._vendor_block(code)
        return self.packet.options.get(code)

    def inner(self, path: Path) -> bytes | None:
        return self._find(DHCP4_SPACE, path, self.option(path[0]))[2]

    def text(self, path: Path) -> bytes | None:
        return self._shown(DHCP4_SPACE, path, self.option(path[0]))

    def relay_option(self, path: Path) -> bytes | None:
        value = self._relay(path[0])
        return value if len(path) == 1 else self._find(RELAY_AGENT_SPACE, path, value)[2]

    def relay_text(self, path: Path) -> bytes | None:
        return self._shown(RELAY_AGENT_SPACE, path, self._relay(path[0]))

    def _relay(self, code: int) -> bytes | None:
        value = self.packet.options.get(AGENT_OPTIONS)
        if value is None:
            return None
        if value is not self._relay_value:
            self._relay_value, self._relay_options = value, split_suboptions(value)
        return self._relay_options.get(code)

    def _definition(self, space: str, code: int) -> OptionDefinition | None:
        if space == DHCP4_SPACE and code in DEFERRED:
            if self._definitions is None:
                return None
            own = self._definitions.get(code)
            if own is not None:
                return own
        return self._table.by_code(space, code)

    def _find(self, space: str, path: Path, value: bytes | None) -> tuple[str, OptionDefinition | None, bytes | None]:
        """The option at the end of a path, with its space and its definition; `value` is that of the first."""
        definition = self._definition(space, path[0])
        previous = path[0]
        for code in path[1:]:
            if value is None:
                break
            if space == DHCP4_SPACE and previous == VIVSO_SUBOPTIONS:
                space, value = f"vendor-{int.from_bytes(value[:4], 'big')}", split_suboptions(value[5:]).get(code)
            else:
                space, value = _inside(definition, value, code)
            definition = self._definition(space, code)
            previous = code
        return space, definition, value

    def _shown(self, space: str, path: Path, value: bytes | None) -> bytes | None:
        space, definition, value = self._find(space, path, value)
        return None if value is None else dump_of(self._table).show(space, path[-1], value, definition)

    # Vendors

    def _vendor_block(self, code: int) -> bytes | None:
        """The entries of the lowest enterprise in option 124 or 125, as one; those that are cut short are none."""
        value = self.packet.options.get(code)
        if value is None:
            return None
        entries = _entries(value)
        if not entries:
            return None
        lowest = min(entry[:4] for entry in entries)
        own = [entry for entry in entries if entry[:4] == lowest]
        if code == VIVCO_SUBOPTIONS:
            return b"".join(own)
        body = b"".join(entry[5:] for entry in own)
        return lowest + bytes((min(len(body), 255),)) + body

    def vendor(self) -> bytes:
        return (self._vendor_block(VIVSO_SUBOPTIONS) or b"")[:4]

    def has_vendor(self, enterprise: int) -> bool:
        return _is(self._vendor_block(VIVSO_SUBOPTIONS), enterprise)

    def vendor_option(self, enterprise: int, path: Path) -> bytes | None:
        space, value = self._vendor_value(enterprise, path[0])
        return self._find(space, path, value)[2]

    def vendor_text(self, enterprise: int, path: Path) -> bytes | None:
        space, value = self._vendor_value(enterprise, path[0])
        return self._shown(space, path, value)

    def _vendor_value(self, enterprise: int, code: int) -> tuple[str, bytes | None]:
        block = self._vendor_block(VIVSO_SUBOPTIONS)
        if block is None or not _is(block, enterprise):
            return "", None
        return f"vendor-{int.from_bytes(block[:4], 'big')}", split_suboptions(block[5:]).get(code)

    def vendor_class(self) -> bytes:
        return (self._vendor_block(VIVCO_SUBOPTIONS) or b"")[:4]

    def has_vendor_class(self, enterprise: int) -> bool:
        return _is(self._vendor_block(VIVCO_SUBOPTIONS), enterprise)

    def vendor_class_data(self, enterprise: int, index: int) -> bytes:
        block = self._vendor_block(VIVCO_SUBOPTIONS)
        if block is None or not _is(block, enterprise):
            return b""
        entries = _entries(block)
        return entries[index][5:] if index < len(entries) else b""

    # The header and the datagram

    def interface(self) -> bytes:
        return self.datagram.channel.interface.name.encode("utf-8", "surrogateescape")

    def source(self) -> bytes:
        return _four_bytes(self.datagram.source)

    def destination(self) -> bytes:
        return _four_bytes(self.datagram.destination)

    def length(self) -> bytes:
        """As Kea counts: the header and the options, without the cookie, the END and what is behind it."""
        values = ((code, self.option(code)) for code in self.packet.options)
        return _four_bytes(
            _HEADER + sum(len(encode_option(code, value)) for code, value in values if value is not None)
        )

    def hwaddr(self) -> bytes:
        return self.packet.hwaddr

    def hlen(self) -> bytes:
        return _four_bytes(self.packet.hlen)

    def htype(self) -> bytes:
        return _four_bytes(self.packet.htype)

    def ciaddr(self) -> bytes:
        return _four_bytes(self.packet.ciaddr)

    def giaddr(self) -> bytes:
        return _four_bytes(self.packet.giaddr)

    def yiaddr(self) -> bytes:
        return _four_bytes(self.packet.yiaddr)

    def siaddr(self) -> bytes:
        return _four_bytes(self.packet.siaddr)

    def message_type(self) -> bytes:
        return _four_bytes(self.packet.type)

    def transaction_id(self) -> bytes:
        return _four_bytes(self.packet.xid)


def _inside(definition: OptionDefinition | None, value: bytes, code: int) -> tuple[str, bytes | None]:
    """The space of what an option encapsulates, and the value of one of these options."""
    if definition is None or not definition.encapsulates:
        return "", None
    try:
        start = 0 if definition.type is OptionType.EMPTY else len(fit(definition, value))
    except OptionTextError:
        return definition.encapsulates, None
    return definition.encapsulates, split_suboptions(value[start:]).get(code)


def _entries(value: bytes) -> list[bytes]:
    """The entries of options 124 and 125, each with its enterprise and its length; what is cut off is left out."""
    found, at = [], 0
    while at + 5 <= len(value):
        end = at + 5 + value[at + 4]
        if end > len(value):
            break
        found.append(value[at:end])
        at = end
    return found


def _is(block: bytes | None, enterprise: int) -> bool:
    return block is not None and enterprise in (ANY_ENTERPRISE, int.from_bytes(block[:4], "big"))
