"""The arguments of a command, read in Kea's words.

Law: each look-up gives a value of the type that was asked for or raises `Refused`; the texts, and the places that they
name, are those of Kea 3.0.4. Text in commands is bytes in disguise (Latin-1), as everywhere in kead's JSON.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from kead.wire.address import parse_ip4, parse_ip6

from .refused import Refused

_32_BITS: Final = 0xFFFFFFFF
_64_BITS: Final = 0x7FFFFFFFFFFFFFFF


class Arguments:
    """A map of arguments. `place` says where something in it stands."""

    __slots__ = ("_map", "place")

    def __init__(self, arguments: Mapping[str, Any], place: Callable[..., str]) -> None:
        self._map = arguments
        self.place = place

    def __contains__(self, key: str) -> bool:
        return key in self._map

    def get(self, key: str) -> Any:
        """Whatever stands there, None if nothing does."""
        return self._map.get(key)

    def string(self, key: str, default: str | None = None) -> str:
        """A string; without a default it must be there."""
        value = self._value(key, default)
        if not isinstance(value, str):
            self._wrong_type(key)
        return value

    def boolean(self, key: str) -> bool:
        """A boolean, false if it is not there."""
        value = self._value(key, False)
        if not isinstance(value, bool):
            self._wrong_type(key)
        return value

    def number(self, key: str, default: int | None = None, *, most: int = _32_BITS) -> int:
        """An unsigned number of 32 bits; without a default it must be there."""
        value = self.integer(key, default)
        if not 0 <= value <= most:
            raise Refused(f"out of range value ({value}) specified for parameter '{key}' ({self.place(key)})")
        return value

    def integer(self, key: str, default: int | None = None) -> int:
        """A number of 64 bits."""
        value = self._value(key, default)
        if not isinstance(value, int) or isinstance(value, bool):
            self._wrong_type(key)
        if abs(value) > _64_BITS:
            raise Refused(f"out of range value ({value}) specified for parameter '{key}' ({self.place(key)})")
        return value

    def address(self, key: str, *, v6: bool = False) -> int:
        """An address that must be there, of this family."""
        text = self.string(key)
        try:
            return parse_ip6(text) if v6 else parse_ip4(text)
        except ValueError:
            pass
        if is_address(text):
            raise Refused(f"Non-IPv{6 if v6 else 4} address specified: {text}")
        raise Refused(
            f"Failed to convert '{text}' to address: Failed to convert string to address '{text}': "
            f"Invalid argument({self.place(key)})"
        )

    def _value(self, key: str, default: object) -> object:
        value = self._map.get(key, default)
        if value is None and key not in self._map:
            raise Refused(f"missing parameter '{key}' ({self.place()})")
        return value

    def _wrong_type(self, key: str) -> NoReturn:
        raise Refused(f"invalid type specified for parameter '{key}' ({self.place(key)})")


def is_address(text: str) -> bool:
    """Whether the text is an address of either family."""
    for parse in (parse_ip4, parse_ip6):
        try:
            parse(text)
        except ValueError:
            continue
        return True
    return False


def family_address(text: str, *, v6: bool) -> int:
    """The address, as look-ups want it."""
    try:
        return parse_ip6(text) if v6 else parse_ip4(text)
    except ValueError:
        if is_address(text):
            raise Refused(f"Invalid IPv{6 if v6 else 4} address specified: {text}") from None
        raise Refused(f"Failed to convert string to address '{text}': Invalid argument") from None
