"""One value of each option type: its text, its bytes, and where it ends among other bytes.

A type says everything about itself in one place. `read` turns a person's text into bytes, `end` finds where the
value that begins at an offset stops, `show` turns exactly those bytes back into text that `read` takes. Whole
options, with their arrays and records, are put together in `kead.wire.text`.
"""

from __future__ import annotations

import re
from socket import AF_INET, AF_INET6, inet_ntop, inet_pton
from typing import Protocol

from kead.wire.definitions import OptionDefinition, OptionType
from kead.wire.names import DomainNameError, decode_name, join_labels, read_labels, split_text

_TRUNCATED = "option buffer truncated"
_DECIMAL = re.compile(r"[+-]?[0-9]+", re.ASCII)
_HEXADECIMAL = re.compile(r"[+-]?(0[xX])?[0-9a-fA-F]+", re.ASCII)
_OUTSIDE_NAMES = frozenset('"$();@\\')


class OptionTextError(ValueError):
    """This text or these bytes are no value of the option. The message says why; the caller knows where.

    `remedy` is what Kea's message leaves open, a short phrase, or "".
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy


class Codec(Protocol):
    """What a type offers. `read` and `end` raise OptionTextError; `show` takes only what `end` has measured."""

    def read(self, text: str) -> bytes:
        """The bytes of a text."""
        ...

    def end(self, data: bytes, at: int) -> int:
        """The offset after the value that begins at `at`."""
        ...

    def show(self, data: bytes) -> str:
        """The text of a value's bytes."""
        ...


def parse_integer(text: str) -> int:
    """A whole number as option data has it: decimal with leading zeros allowed, else hexadecimal with or without 0x.

    OptionTextError: no number, or one that does not fit in 64 bits.
    """
    if _DECIMAL.fullmatch(text):
        value = int(text) if len(text) < 40 else 1 << 64
    elif _HEXADECIMAL.fullmatch(text):
        value = int(text, 16) if len(text) < 40 else 1 << 64
    else:
        value = 1 << 64
    if not -(1 << 63) <= value < 1 << 63:
        raise OptionTextError(f"unable to convert the value '{text}' to integer data type")
    return value


def parse_address(text: str, family: int) -> bytes:
    """The bytes of an address of one family; the zone of an IPv6 address is left out."""
    plain = text.partition("%")[0] if family == AF_INET6 else text
    try:
        return inet_pton(family, plain)
    except (OSError, ValueError):
        raise OptionTextError(f"Failed to convert string to address '{text}': Invalid argument") from None


class _Sized:
    """What values of one size have in common."""

    __slots__ = ("size",)

    def __init__(self, size: int) -> None:
        self.size = size

    def end(self, data: bytes, at: int) -> int:
        end = at + self.size
        if end > len(data):
            raise OptionTextError(_TRUNCATED)
        return end


class _Integer(_Sized):
    __slots__ = ("_signed",)

    def __init__(self, size: int, signed: bool) -> None:
        super().__init__(size)
        self._signed = signed

    def read(self, text: str) -> bytes:
        value = parse_integer(text)
        try:
            return value.to_bytes(self.size, "big", signed=self._signed)
        except OverflowError:
            bits = 8 * self.size
            low, high = (-(1 << bits - 1), (1 << bits - 1) - 1) if self._signed else (0, (1 << bits) - 1)
            raise OptionTextError(
                f"unable to convert '{text}' to numeric type."
                f" This value is expected to be in the range of {low}..{high}"
            ) from None

    def show(self, data: bytes) -> str:
        return str(int.from_bytes(data, "big", signed=self._signed))


class _Boolean(_Sized):
    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(1)

    def read(self, text: str) -> bytes:
        word = text.lower()
        if word in ("true", "false"):
            return b"\1" if word == "true" else b"\0"
        if not _DECIMAL.fullmatch(text):
            raise OptionTextError(f"unable to covert the value '{text}' to boolean data type")  # Kea spells it so
        if len(text) > 20 or int(text) not in (0, 1):
            raise OptionTextError(f"unable to convert '{text}' to boolean data type")
        return bytes((int(text),))

    def show(self, data: bytes) -> str:
        return "true" if data[0] else "false"


class _Address(_Sized):
    __slots__ = ("_family",)

    def __init__(self, size: int, family: int) -> None:
        super().__init__(size)
        self._family = family

    def read(self, text: str) -> bytes:
        return parse_address(text, self._family)

    def show(self, data: bytes) -> str:
        return inet_ntop(self._family, data)


class _Prefix:
    """An IPv6 prefix: its length in bits, then the bytes that hold so many bits."""

    __slots__ = ()

    def read(self, text: str) -> bytes:
        address, slash, bits = text.partition("/")
        if not slash:
            raise OptionTextError(f"provided address/prefix {text} is not valid.")
        address, bits = address.strip(), bits.strip()
        if not (bits.isascii() and bits.isdigit() and len(bits) < 10):
            raise OptionTextError(f"provided prefix {bits} is not valid.")
        length = int(bits)
        if length > 128:
            raise OptionTextError(f"bad prefix_len {length}, allowed range is [0..128]")
        if _is_ip4(address):
            raise OptionTextError(f"provided address {address} is not a valid IPv4 or IPv6 address.")
        value = int.from_bytes(parse_address(address, AF_INET6), "big")
        masked = value >> 128 - length << 128 - length
        return bytes((length,)) + masked.to_bytes(16, "big")[: length + 7 >> 3]

    def end(self, data: bytes, at: int) -> int:
        if at >= len(data):
            raise OptionTextError(_TRUNCATED)
        bits = data[at]
        if bits > 128:
            raise OptionTextError(
                f"unable to read a prefix from a buffer: bad prefix_len {bits}, allowed range is [0..128]"
            )
        end = at + 1 + (bits + 7 >> 3)
        if end > len(data):
            raise OptionTextError(f"unable to read a prefix having length of {bits} from a truncated buffer")
        return end

    def show(self, data: bytes) -> str:
        return f"{inet_ntop(AF_INET6, data[1:].ljust(16, bytes(1)))}/{data[0]}"


def _is_ip4(text: str) -> bool:
    try:
        inet_pton(AF_INET, text)
    except (OSError, ValueError):
        return False
    return True


class _Psid(_Sized):
    """A port set identifier: how many bits, then those bits at the left of two bytes (RFC 7597)."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(3)

    def read(self, text: str) -> bytes:
        left, slash, right = text.partition("/")
        if not slash:
            raise OptionTextError(f"provided PSID value {text} is not valid")
        value = _small(left.strip(), 0xFFFF, "provided PSID {} is not valid")
        bits = _small(right.strip(), 0xFF, "provided PSID length {} is not valid")
        if bits > 16:
            raise OptionTextError(f"invalid value {bits} of PSID length")
        if bits == 0:
            return bytes(3)
        if value >> bits:
            raise OptionTextError(f"invalid PSID value {value} for a specified PSID length {bits}")
        return bytes((bits,)) + (value << 16 - bits).to_bytes(2, "big")

    def show(self, data: bytes) -> str:
        bits = min(data[0], 16)
        return f"{int.from_bytes(data[1:3], 'big') >> 16 - bits}/{bits}"


def _small(text: str, highest: int, complaint: str) -> int:
    try:
        value = parse_integer(text)
    except OptionTextError:
        value = -1
    if not 0 <= value <= highest:
        raise OptionTextError(complaint.format(text))
    return value


class _Rest:
    """What goes on to the end of the option."""

    __slots__ = ()

    def end(self, data: bytes, at: int) -> int:
        return len(data)


class _String(_Rest):
    __slots__ = ()

    def read(self, text: str) -> bytes:
        return to_latin(text)

    def show(self, data: bytes) -> str:
        return escape_csv(data.decode("latin-1"))


class _Binary(_Rest):
    __slots__ = ()

    def read(self, text: str) -> bytes:
        digits = "".join(text.split())
        try:
            return bytes.fromhex(digits)
        except ValueError:
            pass
        why = (
            "non-zero bits left over"
            if re.fullmatch("[0-9a-fA-F]+", digits)
            else "attempt to decode a value not in base16 char set:"
        )
        raise OptionTextError(f"unable to cast {text} to binary data type: {why} {text}")

    def show(self, data: bytes) -> str:
        return data.hex().upper()


class _Tuple:
    """Text or bytes with their length before them."""

    __slots__ = ("_prefix",)

    def __init__(self, prefix: int) -> None:
        self._prefix = prefix

    def read(self, text: str) -> bytes:
        value = to_latin(text)
        highest = (1 << 8 * self._prefix) - 1
        if not value:
            raise OptionTextError("invalid tuple value (empty)")
        if len(value) > highest:
            raise OptionTextError(f"invalid tuple value (size {len(value)} larger than {highest})")
        return len(value).to_bytes(self._prefix, "big") + value

    def end(self, data: bytes, at: int) -> int:
        start = at + self._prefix
        if start > len(data):
            raise OptionTextError(
                f"unable to parse the opaque data tuple, the buffer length is {len(data) - at},"
                f" but its length field has {self._prefix}"
            )
        length = int.from_bytes(data[at:start], "big")
        if start + length > len(data):
            raise OptionTextError(
                f"unable to parse the opaque data tuple, the buffer length is {len(data) - start},"
                f" but the tuple length is {length}"
            )
        return start + length

    def show(self, data: bytes) -> str:
        return escape_csv(data[self._prefix :].decode("latin-1"))


class _Name:
    """A domain name, written without the root and unusual characters; received alone it must not be one zero byte."""

    __slots__ = ("_alone",)

    def __init__(self, alone: bool) -> None:
        self._alone = alone

    def read(self, text: str) -> bytes:
        try:
            labels = split_text(text)
        except DomainNameError as error:
            raise OptionTextError(str(error)) from None
        self._usual(labels, text)
        return join_labels(labels)

    def end(self, data: bytes, at: int) -> int:
        if at >= len(data):
            raise OptionTextError("unable to read FQDN from a buffer. The buffer is empty.")
        try:
            labels, end = read_labels(data, at)
        except DomainNameError as error:
            raise OptionTextError(str(error)) from None
        if self._alone and not labels and len(data) < at + 2:
            raise OptionTextError(_TRUNCATED)
        return end

    def show(self, data: bytes) -> str:
        return escape_csv(decode_name(data)[0])

    @staticmethod
    def _usual(labels: list[bytes], text: str) -> None:
        characters = b"".join(labels).decode("latin-1")
        odd = [c for c in characters if not 33 <= ord(c) <= 126 or c in _OUTSIDE_NAMES or c == "."]
        if not labels or odd:
            what = f"{odd[0]!r} is no character" if odd else "the root is no value"
            raise OptionTextError(f"{_TRUNCATED}: {what} of a domain name in an option: {text}")


def to_latin(text: str) -> bytes:
    """The bytes of text, one a character. OptionTextError: a character above U+00FF."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError as error:
        raise OptionTextError(f"the character {text[error.start]!r} has no single byte: {text}") from None


def escape_csv(text: str) -> str:
    """Text with its backslashes and commas escaped, so that it stays one field."""
    return text.replace("\\", "\\\\").replace(",", "\\,")


_CODECS: dict[OptionType, Codec] = {
    OptionType.BINARY: _Binary(),
    OptionType.BOOLEAN: _Boolean(),
    OptionType.INT8: _Integer(1, True),
    OptionType.INT16: _Integer(2, True),
    OptionType.INT32: _Integer(4, True),
    OptionType.UINT8: _Integer(1, False),
    OptionType.UINT16: _Integer(2, False),
    OptionType.UINT32: _Integer(4, False),
    OptionType.IPV4: _Address(4, AF_INET),
    OptionType.IPV6: _Address(16, AF_INET6),
    OptionType.IPV6_PREFIX: _Prefix(),
    OptionType.PSID: _Psid(),
    OptionType.STRING: _String(),
    OptionType.TUPLE: _Tuple(1),
    OptionType.FQDN: _Name(alone=True),
}
_WIDE_TUPLE = _Tuple(2)
_LISTED_NAME = _Name(alone=False)


def codec_of(definition: OptionDefinition, type: OptionType) -> Codec:
    """What reads, measures and shows values of this type in this option; KeyError for EMPTY, INTERNAL, RECORD."""
    if type is OptionType.TUPLE and definition.wide:
        return _WIDE_TUPLE
    if type is OptionType.FQDN and definition.array and definition.type is OptionType.FQDN:
        return _LISTED_NAME
    return _CODECS[type]
