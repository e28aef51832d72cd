"""What expressions ask of a packet.

Law: a subject is total. Whatever the packet holds, each question has an answer: bytes, or None (False, "") for what is
not there. Numbers of the packet's header are asked for as four bytes, addresses as four or sixteen, as expressions
see them. The families' subjects are `kead/dhcp4/subject.py` and `kead/dhcp6/subject.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Final, Protocol

from kead.wire.definitions import OptionDefinition

ANY_ENTERPRISE: Final = 0
"""Stands for whichever enterprise there is, `*` or 0 in expressions."""

Path = tuple[int, ...]
"""An option's code, the code of an option in it, and so on; never empty."""


class Classes(dict[str, None]):
    """The names of a packet's classes, in the order in which they came: that is their rank."""

    __slots__ = ()

    def __init__(self, names: Iterable[str] = ()) -> None:
        super().__init__(dict.fromkeys(names))

    def add(self, name: str) -> None:
        """Into the class; who is in it already keeps their rank."""
        self.setdefault(name)

    def discard(self, name: str) -> None:
        """Out of the class, if in it."""
        self.pop(name, None)

    def may_pass(self, guard: Collection[str]) -> bool:
        """Whether a place with this guard (`client-classes`) is open to who is in these classes."""
        return not guard or not self.keys().isdisjoint(guard)

    def __repr__(self) -> str:
        return ", ".join(self)


class Subject(Protocol):
    """A packet of either family."""

    @property
    def classes(self) -> Classes: ...

    def vendor_class_names(self) -> Iterable[str]:
        """The classes that the packet is in by what it says of its vendor: VENDOR_CLASS_…"""
        ...

    def defer(self, definitions: Mapping[int, OptionDefinition] | None) -> None:
        """How options with a format of the configuration's own are read (DHCPv4: 43 and 224 to 254).

        None: not at all, as before the first classes are known. Else as these definitions say, or the configuration's,
        or the standard: so is a subject that nobody has told anything.
        """
        ...

    def option(self, code: int) -> bytes | None:
        """The value of the first option with this code."""
        ...

    def inner(self, path: Path) -> bytes | None:
        """The value of an option inside of others."""
        ...

    def text(self, path: Path) -> bytes | None:
        """An option as text: that of a string itself, of all others what Kea's log shows."""
        ...

    def interface(self) -> bytes: ...
    def source(self) -> bytes: ...
    def destination(self) -> bytes: ...

    def length(self) -> bytes:
        """Of the message, as Kea counts it."""
        ...

    def vendor(self) -> bytes:
        """The enterprise of the vendor's information options; empty if there are none."""
        ...

    def has_vendor(self, enterprise: int) -> bool: ...
    def vendor_option(self, enterprise: int, path: Path) -> bytes | None: ...
    def vendor_text(self, enterprise: int, path: Path) -> bytes | None: ...

    def vendor_class(self) -> bytes:
        """The enterprise of the vendor class; empty if there is none."""
        ...

    def has_vendor_class(self, enterprise: int) -> bool: ...

    def vendor_class_data(self, enterprise: int, index: int) -> bytes:
        """One of the class's data, counted from 0; empty if there are not so many."""
        ...


class Subject4(Subject, Protocol):
    """A DHCPv4 packet."""

    def hwaddr(self) -> bytes: ...
    def hlen(self) -> bytes: ...
    def htype(self) -> bytes: ...
    def ciaddr(self) -> bytes: ...
    def giaddr(self) -> bytes: ...
    def yiaddr(self) -> bytes: ...
    def siaddr(self) -> bytes: ...
    def message_type(self) -> bytes: ...
    def transaction_id(self) -> bytes: ...

    def relay_option(self, path: Path) -> bytes | None:
        """A sub-option of the relay agent's information, option 82."""
        ...

    def relay_text(self, path: Path) -> bytes | None: ...


class Subject6(Subject, Protocol):
    """A DHCPv6 packet. Levels of relays count from 0, the nearest to the server; from -1, the nearest to the client."""

    def message_type(self) -> bytes: ...
    def transaction_id(self) -> bytes: ...
    def relay_peer(self, level: int) -> bytes: ...
    def relay_link(self, level: int) -> bytes: ...
    def relay_option(self, level: int, path: Path) -> bytes | None: ...
    def relay_text(self, level: int, path: Path) -> bytes | None: ...
