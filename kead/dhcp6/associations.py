"""Identity associations: what a client asks for and is given, with their addresses, prefixes and statuses (RFC 8415).

They are on the way of most packets, so their classes are slotted and plain, and reading one makes one pass. An option
of a decoded packet is always readable: `kead.dhcp6.checks` has seen that it is long enough, and that those in it are.
"""

from __future__ import annotations

from collections.abc import Iterable
from struct import Struct
from typing import Final

from kead.dhcp6.packet import Options, encode_options, split_options

SUCCESS: Final = 0
UNSPECIFIED_FAILURE: Final = 1
NO_ADDRESSES_AVAILABLE: Final = 2
NO_BINDING: Final = 3
NOT_ON_LINK: Final = 4
USE_MULTICAST: Final = 5
NO_PREFIX_AVAILABLE: Final = 6

_IA = Struct("!III")
_ADDRESS = Struct("!16sII")
_PREFIX = Struct("!IIB16s")
_option_at = Struct("!HH").unpack_from
_pack_option = Struct("!HH").pack
_number = int.from_bytes
_NOTHING: Final[Options] = {}


class Status:
    """Option 13: a code and words for people (RFC 8415 section 21.13)."""

    __slots__ = ("code", "text")

    def __init__(self, code: int, text: str = "") -> None:
        self.code = code
        self.text = text

    @classmethod
    def parse(cls, value: bytes) -> Status:
        """What a status says; Success for bytes too short to say anything, as for no status at all."""
        return cls(_number(value[:2], "big") if len(value) >= 2 else SUCCESS, value[2:].decode("utf-8", "replace"))

    def encode(self) -> bytes:
        """The option's value."""
        return self.code.to_bytes(2, "big") + self.text.encode()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Status) and (self.code, self.text) == (other.code, other.text)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Status({self.code}, {self.text!r})"


class IaAddress:
    """Option 5: an address and how long it is preferred and valid, in seconds (RFC 8415 section 21.6)."""

    __slots__ = ("address", "options", "preferred", "valid")

    def __init__(self, address: int, preferred: int = 0, valid: int = 0, options: Options = _NOTHING) -> None:
        self.address = address
        self.preferred = preferred
        self.valid = valid
        self.options = options

    @classmethod
    def parse(cls, value: bytes) -> IaAddress:
        """The address in an option's value. struct.error: fewer than 24 bytes, which no decoded packet has."""
        address, preferred, valid = _ADDRESS.unpack_from(value)
        options = split_options(value[24:]) if len(value) > 24 else _NOTHING
        return cls(_number(address, "big"), preferred, valid, options)

    def encode(self) -> bytes:
        """The option's value."""
        head = _ADDRESS.pack(self.address.to_bytes(16, "big"), self.preferred, self.valid)
        return head + encode_options(self.options) if self.options else head


class IaPrefix:
    """Option 26: a delegated prefix and how long it is preferred and valid, in seconds (RFC 8415 section 21.22).

    `address` is its first address. A client's hint may be 0 in any part; `length` is at most 128.
    """

    __slots__ = ("address", "length", "options", "preferred", "valid")

    def __init__(
        self, address: int, length: int, preferred: int = 0, valid: int = 0, options: Options = _NOTHING
    ) -> None:
        self.address = address
        self.length = length
        self.preferred = preferred
        self.valid = valid
        self.options = options

    @classmethod
    def parse(cls, value: bytes) -> IaPrefix:
        """The prefix in an option's value, without bits beyond its length. One above 128 leaves the address as it is,
        and is taken for 0, which stands for any.

        struct.error: fewer than 25 bytes, which no decoded packet has.
        """
        preferred, valid, length, address = _PREFIX.unpack_from(value)
        options = split_options(value[25:]) if len(value) > 25 else _NOTHING
        if length > 128:
            return cls(_number(address, "big"), 0, preferred, valid, options)
        beyond = 128 - length
        return cls(_number(address, "big") >> beyond << beyond, length, preferred, valid, options)

    def encode(self) -> bytes:
        """The option's value."""
        head = _PREFIX.pack(self.preferred, self.valid, self.length, self.address.to_bytes(16, "big"))
        return head + encode_options(self.options) if self.options else head


def _contained(value: bytes, at: int) -> Options:
    return split_options(value[at:]) if len(value) > at else _NOTHING


class IaNa:
    """Option 3: an identity association for addresses, T1 and T2 in seconds (RFC 8415 section 21.4).

    `options` are those beside the addresses and the status.
    """

    __slots__ = ("addresses", "iaid", "options", "status", "t1", "t2")

    def __init__(self, iaid: int, t1: int = 0, t2: int = 0) -> None:
        self.iaid = iaid
        self.t1 = t1
        self.t2 = t2
        self.addresses: list[IaAddress] = []
        self.status: Status | None = None
        self.options: Options = _NOTHING

    @classmethod
    def parse(cls, value: bytes) -> IaNa:
        """What an option's value says. struct.error: fewer than 12 bytes, which no decoded packet has."""
        ia = cls(*_IA.unpack_from(value))
        options = _contained(value, 12)
        if options:
            for each in options.pop(5, ()):
                if len(each) >= 24:
                    ia.addresses.append(IaAddress.parse(each))
            status = options.pop(13, None)
            if status is not None:
                ia.status = Status.parse(status[0])
            ia.options = options
        return ia

    def encode(self) -> bytes:
        """The option's value, its options ascending by code: the addresses before the status."""
        parts = [_IA.pack(self.iaid, self.t1, self.t2)]
        if self.options:
            return parts[0] + encode_options(_with(self.options, 5, self.addresses, self.status))
        for address in self.addresses:
            value = address.encode()
            parts.append(_pack_option(5, len(value)) + value)
        if self.status is not None:
            value = self.status.encode()
            parts.append(_pack_option(13, len(value)) + value)
        return b"".join(parts)


class IaTa:
    """Option 4: an identity association for temporary addresses (RFC 8415 section 21.5)."""

    __slots__ = ("addresses", "iaid", "options", "status")

    def __init__(self, iaid: int) -> None:
        self.iaid = iaid
        self.addresses: list[IaAddress] = []
        self.status: Status | None = None
        self.options: Options = _NOTHING

    @classmethod
    def parse(cls, value: bytes) -> IaTa:
        """What an option's value says; what is cut short is left out, as nobody has looked at it before."""
        ia = cls(_number(value[:4], "big"))
        options = _contained(value, 4)
        if options:
            for each in options.pop(5, ()):
                if len(each) >= 24:
                    ia.addresses.append(IaAddress.parse(each))
            status = options.pop(13, None)
            if status is not None:
                ia.status = Status.parse(status[0])
            ia.options = options
        return ia

    def encode(self) -> bytes:
        """The option's value, its options ascending by code."""
        return self.iaid.to_bytes(4, "big") + encode_options(_with(self.options, 5, self.addresses, self.status))


class IaPd:
    """Option 25: an identity association for prefixes, T1 and T2 in seconds (RFC 8415 section 21.21).

    `options` are those beside the prefixes and the status.
    """

    __slots__ = ("iaid", "options", "prefixes", "status", "t1", "t2")

    def __init__(self, iaid: int, t1: int = 0, t2: int = 0) -> None:
        self.iaid = iaid
        self.t1 = t1
        self.t2 = t2
        self.prefixes: list[IaPrefix] = []
        self.status: Status | None = None
        self.options: Options = _NOTHING

    @classmethod
    def parse(cls, value: bytes) -> IaPd:
        """What an option's value says. struct.error: fewer than 12 bytes, which no decoded packet has."""
        ia = cls(*_IA.unpack_from(value))
        options = _contained(value, 12)
        if options:
            for each in options.pop(26, ()):
                if len(each) >= 25:
                    ia.prefixes.append(IaPrefix.parse(each))
            status = options.pop(13, None)
            if status is not None:
                ia.status = Status.parse(status[0])
            ia.options = options
        return ia

    def encode(self) -> bytes:
        """The option's value, its options ascending by code: the status before the prefixes."""
        parts = [_IA.pack(self.iaid, self.t1, self.t2)]
        if self.options:
            return parts[0] + encode_options(_with(self.options, 26, self.prefixes, self.status))
        if self.status is not None:
            value = self.status.encode()
            parts.append(_pack_option(13, len(value)) + value)
        for prefix in self.prefixes:
            value = prefix.encode()
            parts.append(_pack_option(26, len(value)) + value)
        return b"".join(parts)


def _with(
    options: Options, code: int, leases: Iterable[IaAddress] | Iterable[IaPrefix], status: Status | None
) -> Options:
    """Options and what an identity association keeps apart from them."""
    whole = dict(options)
    whole[code] = [lease.encode() for lease in leases]
    if status is not None:
        whole[13] = [status.encode()]
    return whole
