"""DUIDs: what identifies a client or a server (RFC 8415 section 11, RFC 6355).

On the wire, in leases and everywhere inside kead a DUID is plain bytes; who wants to know what they say asks here.
Nothing here knows a clock, an interface or a file: what goes into a new DUID is an argument.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

LLT: Final = 1
EN: Final = 2
LL: Final = 3
UUID: Final = 4

TYPE_NAMES: Final = {LLT: "LLT", EN: "EN", LL: "LL", UUID: "UUID"}

MINIMUM_LENGTH: Final = 3
MAXIMUM_LENGTH: Final = 130

EPOCH: Final = 946_684_800
"""When the time of a DUID-LLT began, 2000-01-01 00:00:00 UTC, in seconds since 1970."""

ETHERNET: Final = 1


@dataclass(frozen=True, slots=True)
class Duid:
    """What a DUID says. `type` is 0 for one that is none of the four, or too short for what it claims to be: opaque.

    `hardware_type` is of LLT and LL, `time` (seconds since 1970) of LLT, `enterprise` of EN. `identifier` is the
    link-layer address of LLT and LL, the identifier of EN, the UUID of UUID, and all bytes of an opaque one.
    """

    type: int
    identifier: bytes
    hardware_type: int = 0
    time: int = 0
    enterprise: int = 0


def complaint(duid: bytes) -> str:
    """Why these bytes cannot be anybody's DUID, "" if they can: too short or too long."""
    length = len(duid)
    if MINIMUM_LENGTH <= length <= MAXIMUM_LENGTH:
        return ""
    return f"a DUID has {MINIMUM_LENGTH} to {MAXIMUM_LENGTH} bytes, this one has {length}"


def parse(duid: bytes) -> Duid:
    """What a DUID says. Total: what cannot be read is opaque."""
    kind = int.from_bytes(duid[:2], "big") if len(duid) >= 2 else 0
    if kind == LLT and len(duid) > 8:
        when = int.from_bytes(duid[4:8], "big") + EPOCH
        return Duid(LLT, duid[8:], hardware_type=int.from_bytes(duid[2:4], "big"), time=when)
    if kind == EN and len(duid) > 6:
        return Duid(EN, duid[6:], enterprise=int.from_bytes(duid[2:6], "big"))
    if kind == LL and len(duid) > 4:
        return Duid(LL, duid[4:], hardware_type=int.from_bytes(duid[2:4], "big"))
    if kind == UUID and len(duid) == 18:
        return Duid(UUID, duid[2:])
    return Duid(0, duid)


def hardware_address(duid: bytes) -> tuple[int, bytes] | None:
    """The hardware type and the link-layer address in an LLT or LL; None for any other DUID."""
    said = parse(duid)
    return (said.hardware_type, said.identifier) if said.type in (LLT, LL) else None


def _checked(duid: bytes) -> bytes:
    why = complaint(duid)
    if why:
        raise ValueError(why)
    return duid


def make_llt(hardware_type: int, address: bytes, now: int) -> bytes:
    """A DUID from a link-layer address and the time, in seconds since 1970. ValueError: too long an address."""
    time = (now - EPOCH) & 0xFFFFFFFF
    return _checked(LLT.to_bytes(2, "big") + hardware_type.to_bytes(2, "big") + time.to_bytes(4, "big") + address)


def make_en(enterprise: int, identifier: bytes) -> bytes:
    """A DUID from a number of an enterprise and what it calls this device. ValueError: too long an identifier."""
    return _checked(EN.to_bytes(2, "big") + enterprise.to_bytes(4, "big") + identifier)


def make_ll(hardware_type: int, address: bytes) -> bytes:
    """A DUID from a link-layer address alone. ValueError: too long an address."""
    return _checked(LL.to_bytes(2, "big") + hardware_type.to_bytes(2, "big") + address)


def make_uuid(uuid: bytes) -> bytes:
    """A DUID from a UUID (RFC 6355). ValueError: it has not 16 bytes."""
    if len(uuid) != 16:
        raise ValueError(f"a UUID has 16 bytes, this one has {len(uuid)}")
    return UUID.to_bytes(2, "big") + uuid


def text(duid: bytes) -> str:
    """A DUID as leases, logs and configurations write it: pairs of hexadecimal digits with colons between."""
    return duid.hex(":")


def from_text(text: str) -> bytes:
    """The DUID that a text stands for, with colons, blanks or nothing between its pairs of digits.

    ValueError: no such text, or too short or too long a DUID.
    """
    parts = text.split(":")
    if len(parts) > 1 and all(len(part) in (1, 2) for part in parts):
        text = "".join(part.rjust(2, "0") for part in parts)
    try:
        duid = bytes.fromhex(text)
    except ValueError:
        raise ValueError(f"not a DUID: {text!r}") from None
    return _checked(duid)


def describe(duid: bytes) -> str:
    """What a DUID says, for people: `LL, hardware type 1, 02:00:00:00:01:01`."""
    said = parse(duid)
    name = TYPE_NAMES.get(said.type, "opaque")
    if said.type == LLT:
        return f"{name}, hardware type {said.hardware_type}, {text(said.identifier)}, time {said.time}"
    if said.type == LL:
        return f"{name}, hardware type {said.hardware_type}, {text(said.identifier)}"
    if said.type == EN:
        return f"{name}, enterprise {said.enterprise}, {text(said.identifier)}"
    if said.type == UUID:
        digits = said.identifier.hex()
        return f"{name}, " + "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))
    return f"{name}, {text(duid)}"
