"""Reservations: what they have in common in both families, from keywords to what packets see.

Law: who the client is, and what may not come twice (config-common.md § 8, § 12); what it gets is for `hosts4.py` and
`hosts6.py`. Error texts are Kea's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Generic, NoReturn, TypeVar

from kead.config.errors import ConfigError, Path
from kead.config.options import ScopeOptions
from kead.config.schema_common import Reservation
from kead.config.snapshot import Host, IdentifierType, OptionScope
from kead.config.subnets import Ground

H = TypeVar("H", bound=Host, covariant=True)

SHORTEST_DUID: Final = 3
LONGEST: Final[dict[IdentifierType, int]] = {
    "hw-address": 20,
    "duid": 130,
    "circuit-id": 128,
    "client-id": 255,
    "flex-id": 128,
}
"""Bytes that an identifier of each type may have."""
_FIELDS: Final[dict[IdentifierType, str]] = {kind: kind.replace("-", "_") for kind in LONGEST}
_SEPARATED = re.compile(r"[0-9A-Fa-f]{1,2}(?:([: ])[0-9A-Fa-f]{1,2}(?:\1[0-9A-Fa-f]{1,2})*)?\Z")
_DIGITS = re.compile(r"(?:0[xX])?([0-9A-Fa-f]+)\Z")


_NO_OPTIONS: Final = ScopeOptions(OptionScope("reservation"), [])
"""Of most reservations: a hundred thousand need not have an empty scope each."""


@dataclass(frozen=True, slots=True)
class ReadHost(Generic[H]):
    """A reservation with what config-get needs besides."""

    host: H
    options: ScopeOptions
    written: Reservation


class Registered:
    """Who and what has been reserved so far, to find what comes twice.

    `unique` (ip-reservations-unique): no address may be reserved for two clients of a subnet.
    """

    def __init__(self, ground: Ground, *, unique: bool) -> None:
        self._ground = ground
        self._number = ground.family.number
        self._unique = unique
        self._clients: set[tuple[int, IdentifierType, bytes]] = set()
        self._addresses: set[tuple[int, int]] = set()

    def client(self, host: Host, path: Path) -> None:
        """Take a client, who may have one reservation in a subnet."""
        key = (host.subnet_id, host.identifier_type, host.identifier)
        if key in self._clients:
            name = {"hw-address": "HW address", "duid": "DUID"}.get(host.identifier_type)
            if name is not None:
                self._refuse(
                    f"failed to add new host using the {name} '{host.identifier.hex(':')}' to the IPv{self._number} "
                    f"subnet id '{host.subnet_id}' as this host has already been added",
                    path,
                )
            if self._number == 4:
                what = f"{host.identifier_type}={host.identifier.hex().upper()}"
                self._refuse(f"failed to add duplicate IPv4 host using identifier: {what}", path)
        self._clients.add(key)

    def address(self, host: Host, address: int, path: Path) -> None:
        """Take an address or a prefix."""
        key = (host.subnet_id, address)
        if self._unique and key in self._addresses:
            identifier = host.identifier.hex(":")
            hwaddr = identifier if host.identifier_type == "hw-address" else "(null)"
            duid = identifier if host.identifier_type == "duid" else "(null)"
            who = f"host using the HW address '{hwaddr} and DUID '{duid}' to the IPv{self._number} subnet id "
            text = self._ground.family.text(address)
            if self._number == 4:
                why = f"for the address {text}: There's already a reservation for this address"
                self._refuse(f"failed to add new {who}'{host.subnet_id}' {why}", path)
            why = f"for address/prefix {text}: There's already reservation for this address/prefix"
            self._refuse(f"failed to add address reservation for {who}'{host.subnet_id}' {why}", path)
        self._addresses.add(key)

    def _refuse(self, text: str, path: Path) -> NoReturn:
        self._ground.refuse(text, path, place=False)


def read_identifier(ground: Ground, written: Reservation, path: Path) -> tuple[IdentifierType, bytes]:
    """Who the reservation at `path` is for. Raises ConfigError."""
    given: list[tuple[IdentifierType, str]] = [
        (kind, text) for kind, name in _FIELDS.items() if (text := written.__dict__.get(name)) is not None
    ]
    if not given:
        kinds = ", ".join(sorted(kind for kind in LONGEST if kind in written.keywords()))
        ground.refuse(f"one of the supported identifiers must be specified for host reservation: {kinds}", path)
    if len(given) > 1:
        ground.refuse(f"the '{given[0][0]}' and '{given[1][0]}' are mutually exclusive", path)
    kind, text = given[0]
    if not text:
        ground.refuse("empty host identifier used", path)
    identifier = identifier_bytes(text)
    if not identifier:
        ground.refuse(
            f"invalid host identifier value '{text}'",
            path,
            remedy="hexadecimal digits (aa:bb, aa bb, aabb, 0xaabb) or text in single quotes expected",
        )
    if len(identifier) > LONGEST[kind]:
        ground.refuse(f"too long client identifier type {kind} length {len(identifier)}", path)
    if kind == "duid" and len(identifier) < SHORTEST_DUID:
        text = f"identifier is too short ({len(identifier)}), at least {SHORTEST_DUID} is required"
        ground.refuse(text, (*path, "duid"), place=False)
    return kind, identifier


def identifier_bytes(text: str) -> bytes:
    """The bytes that an identifier's text stands for, b"" if it stands for none."""
    if len(text) >= 2 and text[0] == text[-1] == "'":
        return text[1:-1].encode("latin-1", "replace")
    if _SEPARATED.match(text) and len(text) > 2:
        try:
            return bytes.fromhex(text.replace(":", " "))
        except ValueError:  # some have one digit only
            return bytes(int(digits, 16) for digits in re.split("[: ]", text))
    digits = _DIGITS.match(text)
    if digits is None:
        return b""
    return bytes.fromhex(digits[1] if len(digits[1]) % 2 == 0 else "0" + digits[1])


def read_options(ground: Ground, written: Reservation, path: Path) -> ScopeOptions:
    """The options of the reservation at `path`. Raises ConfigError."""
    if not written.option_data:
        return _NO_OPTIONS
    return ground.options.read(written.option_data, (*path, "option-data"), "reservation")


def identifier_text(host: Host) -> str:
    """The identifier as config-get shows it."""
    if host.identifier_type in ("hw-address", "duid"):
        return host.identifier.hex(":")
    return host.identifier.hex().upper()


def convert(ground: Ground, text: str, path: Path) -> int:
    """The address of a value that is one of the family, or a ConfigError in Kea's words."""
    try:
        return ground.family.parse(text)
    except ValueError as error:
        if ground.family.is_other(text):
            raise OtherFamilyError from error
        place = ground.document.place(path)
        raise ConfigError(
            f"Failed to convert string to address '{text}': Invalid argument ({place})", place=place, path=path
        ) from None


class OtherFamilyError(ValueError):
    """An address, but of the other family."""
