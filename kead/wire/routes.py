"""Classless static routes (RFC 3442): `subnet/length - router, …` as text, and the bytes of option 121.

Of a destination only the bytes that its length covers are sent, so 10.0.0.0/8 by 192.0.2.1 is 08 0a c0000201. Bits
of the last such byte that lie beyond the prefix go out as they were written, as Kea sends them; clients mask them.
"""

from __future__ import annotations

from kead.wire.address import parse_ip4, text_ip4
from kead.wire.values import OptionTextError

Route = tuple[int, int, int]
"""Destination, length of its prefix, router; addresses as ints."""

_WRONG = "DHCPv4 OptionClasslessStaticRoute 121 has invalid "
_FORM = "formatted as in example: 10.229.0.128/25 - 10.229.0.1"


def read_routes(text: str) -> bytes:
    """The bytes of routes as a configuration has them. OptionTextError says which part is wrong."""
    if len(text) < 5:
        raise OptionTextError(
            f"{_WRONG}length={len(text)}, must be at least 5." if text else "no option value specified"
        )
    parts = [part.strip() for part in text.split(",")]
    while parts and not parts[-1]:
        parts.pop()
    return encode_routes([_read_route(part) for part in parts])


def _read_route(text: str) -> Route:
    halves = text.split("-")
    if len(halves) != 2:
        raise OptionTextError(f"{_WRONG}value, option definition must have comma separated routes {_FORM}")
    target, router = halves[0].strip(), halves[1].strip()
    address, slash, bits = target.partition("/")
    if not slash:
        raise OptionTextError(f"{_WRONG}value, provided IPv4 prefix {target} is not valid.")
    destination = _address("subnet_addr", address)
    if not (bits.isascii() and bits.isdigit() and len(bits) < 10):
        raise OptionTextError(
            f"{_WRONG}value, provided prefix len {bits} is not valid. Error: it must be a number from 0 to 32"
        )
    length = int(bits)
    if length > 32:
        raise OptionTextError(
            f"{_WRONG}value, provided prefix len {length} is not valid."
            " Error: Provided IPv4 prefix len is out of 0-32 range."
        )
    return destination, length, _address("router address", router)


def _address(what: str, text: str) -> int:
    try:
        return parse_ip4(text)
    except ValueError:
        raise OptionTextError(
            f"{_WRONG}value, provided {what} {text} is not a valid IPv4 address."
            f" Error: Failed to convert string to address '{text}': Invalid argument"
        ) from None


def encode_routes(routes: list[Route]) -> bytes:
    """The bytes of routes."""
    return b"".join(
        bytes((length,)) + destination.to_bytes(4, "big")[: length + 7 >> 3] + router.to_bytes(4, "big")
        for destination, length, router in routes
    )


def decode_routes(data: bytes) -> list[Route]:
    """The routes in bytes. OptionTextError: none, a prefix longer than 32 bits, or one that is cut short."""
    if not data:
        raise OptionTextError(f"{_WRONG}length=0, must be at least 5.")
    routes: list[Route] = []
    at = 0
    while at < len(data):
        length = data[at]
        if length > 32:
            raise OptionTextError(f"{_WRONG}value, prefix len {length} is out of 0-32 range.")
        start = at + 1 + (length + 7 >> 3)
        if start + 4 > len(data):
            raise OptionTextError(f"{_WRONG}length={len(data)}, a route is truncated")
        destination = int.from_bytes(data[at + 1 : start].ljust(4, b"\0"), "big")
        routes.append((destination, length, int.from_bytes(data[start : start + 4], "big")))
        at = start + 4
    return routes


def show_routes(data: bytes) -> str:
    """The text of routes. OptionTextError as `decode_routes`."""
    return ", ".join(
        f"{text_ip4(destination)}/{length} - {text_ip4(router)}" for destination, length, router in decode_routes(data)
    )
