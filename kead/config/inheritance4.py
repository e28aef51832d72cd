"""What only DHCPv4 subnets and networks inherit: header fields, client identifiers, authority.

Law: as in `inheritance.py`, whose levels and common properties this takes.
"""

from __future__ import annotations

from dataclasses import dataclass

from kead.config.errors import ConfigError, Path
from kead.config.inheritance import Levels, nearest
from kead.config.reader import Document, text_bytes
from kead.config.schema4 import Inherited
from kead.wire.address import parse_ip4

Levels4 = Levels[Inherited]


@dataclass(frozen=True, slots=True)
class Resolved4:
    """The inherited properties of one subnet or network that DHCPv6 has not, as `snapshot4.Subnet4` describes them."""

    match_client_id: bool
    authoritative: bool
    next_server: int
    server_hostname: bytes
    boot_file_name: bytes
    offer_lifetime: int | None
    allocator: str


def resolve4(levels: Levels4) -> Resolved4:
    """Of one subnet or network. Raises ConfigError."""
    models = levels.models
    return Resolved4(
        match_client_id=nearest(*(m.match_client_id for m in models)),
        authoritative=nearest(*(m.authoritative for m in models)),
        next_server=_next_server(levels),
        server_hostname=_header_text(levels, "server_hostname", 63, 63),
        boot_file_name=_header_text(levels, "boot_file_name", 128, 127),
        offer_lifetime=_offer_lifetime(levels),
        allocator=levels.allocator("allocator"),
    )


def check_header(levels: Levels4) -> None:
    """Refuse what a network says of the header before its subnets inherit it. Raises ConfigError."""
    _next_server(levels)
    _header_text(levels, "server_hostname", 63, 63)
    _header_text(levels, "boot_file_name", 128, 127)


def _offer_lifetime(levels: Levels4) -> int | None:
    value, path = levels.integer("offer_lifetime")
    if value is not None and value < 0:
        place = levels.document.place(path)
        levels.refuse("offer_lifetime", f"the value of offer-lifetime '{value}' must be a positive number ({place})")
    return levels.uint32("offer_lifetime")


def _next_server(levels: Levels4) -> int:
    for model, path in levels.levels:
        if model.next_server:
            return next_server(levels.document, model.next_server, (*path, "next-server"))
    return 0


def _header_text(levels: Levels4, name: str, most: int, told: int) -> bytes:
    """A text for a field of the packet's header; an empty one says nothing."""
    for model, path in levels.levels:
        text: str | None = getattr(model, name)
        if text:
            return header_text(levels.document, text, (*path, model.keyword(name)), most, told)
    return b""


def next_server(document: Document, text: str, path: Path) -> int:
    try:
        return parse_ip4(text)
    except ValueError:
        place = document.place(path)
        raise ConfigError(
            f"invalid parameter next-server : {text}({place})",
            place=place,
            path=path,
            remedy="an IPv4 address expected",
        ) from None


def header_text(document: Document, text: str, path: Path, most: int, told: int) -> bytes:
    data = text_bytes(document, text, path)
    if len(data) > most:
        place = document.place(path)
        text = f"{path[-1]} must be at most {told} bytes long, it is {len(data)} ({place})"
        raise ConfigError(text, place=place, path=path)
    return data
