"""Values of single options, for callouts and people: bytes to what they mean, and back (sans-IO).

The packet itself keeps bytes; whoever wants to know what an option says asks here. What is read comes from the
network: `parse_…` functions raise ValueError for what cannot be read at all, the others are total and leave out what
is cut off at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kead.dhcp4.checks import client_labels
from kead.dhcp4.packet import encode_option, split_suboptions
from kead.wire.client_names import ClientName
from kead.wire.names import decode_search_list, encode_name, encode_search_list, text_labels
from kead.wire.packets import integers
from kead.wire.routes import Route, decode_routes, encode_routes

__all__ = (
    "ClientName",
    "Route",
    "addresses",
    "decode_search_list",
    "encode_addresses",
    "encode_classless_routes",
    "encode_client_name",
    "encode_option",
    "encode_search_list",
    "encode_suboptions",
    "encode_vendor_classes",
    "encode_vendor_suboptions",
    "integers",
    "parse_classless_routes",
    "parse_client_name",
    "split_suboptions",
    "vendor_classes",
    "vendor_suboptions",
)


def addresses(value: bytes) -> list[int]:
    """The addresses in a list of them (options 3, 6, 42 …); bytes beyond the last whole one are left out."""
    return integers(value, 4)


def encode_addresses(values: Iterable[int]) -> bytes:
    """A list of addresses as its option's value."""
    return b"".join(address.to_bytes(4, "big") for address in values)


def encode_suboptions(suboptions: Mapping[int, bytes]) -> bytes:
    """Sub-options (of 43, 82, 122, or of one enterprise in 125) as a value, in the order of the mapping.

    Those longer than 255 bytes are split. ValueError: a code outside of 0..255.
    """
    return b"".join(
        bytes((code, min(255, len(data) - at))) + data[at : at + 255]
        for code, data in suboptions.items()
        for at in range(0, len(data) or 1, 255)
    )


def vendor_suboptions(value: bytes) -> dict[int, dict[int, bytes]]:
    """Option 125: enterprise number to its sub-options by code (RFC 3925 section 4). Total.

    Entries of the same enterprise are put together. What is cut off at the end is left out.
    """
    found: dict[int, dict[int, list[bytes]]] = {}
    for enterprise, data in _enterprises(value):
        suboptions = found.setdefault(enterprise, {})
        for code, piece in split_suboptions(data).items():
            suboptions.setdefault(code, []).append(piece)
    return {
        enterprise: {code: b"".join(pieces) for code, pieces in suboptions.items()}
        for enterprise, suboptions in found.items()
    }


def encode_vendor_suboptions(enterprises: Mapping[int, Mapping[int, bytes]]) -> bytes:
    """Option 125 for enterprises in the order of the mapping. ValueError: more than 255 bytes for one of them."""
    return b"".join(_entry(number, encode_suboptions(suboptions)) for number, suboptions in enterprises.items())


def vendor_classes(value: bytes) -> dict[int, list[bytes]]:
    """Option 124: enterprise number to its class strings, in order (RFC 3925 section 3). Total."""
    found: dict[int, list[bytes]] = {}
    for enterprise, data in _enterprises(value):
        classes = found.setdefault(enterprise, [])
        at = 0
        while at < len(data):
            end = at + 1 + data[at]
            if end > len(data):
                break
            classes.append(data[at + 1 : end])
            at = end
    return found


def encode_vendor_classes(enterprises: Mapping[int, Iterable[bytes]]) -> bytes:
    """Option 124 for enterprises in the order of the mapping. ValueError: a class or an entry above 255 bytes."""
    return b"".join(
        _entry(number, b"".join(bytes((len(each),)) + each for each in classes))
        for number, classes in enterprises.items()
    )


def _enterprises(value: bytes) -> list[tuple[int, bytes]]:
    """The entries of options 124 and 125: enterprise number, length, data; a bare number counts too."""
    entries: list[tuple[int, bytes]] = []
    at = 0
    while at + 4 <= len(value):
        start = at + 5
        end = start + value[at + 4] if at + 4 < len(value) else start
        entries.append((int.from_bytes(value[at : at + 4], "big"), value[start:end] if end <= len(value) else b""))
        at = end
    return entries


def _entry(enterprise: int, data: bytes) -> bytes:
    if len(data) > 255:
        raise ValueError(f"{len(data)} bytes for enterprise {enterprise}: an entry holds 255")
    return enterprise.to_bytes(4, "big") + bytes((len(data),)) + data


def parse_client_name(value: bytes) -> ClientName:
    """What option 81 says. ValueError: fewer than three bytes, or a broken label."""
    if len(value) < 3:
        raise ValueError(f"{len(value)} bytes, at least 3 are needed")
    labels = client_labels(value)
    if not labels:
        return ClientName(value[0], "", len(value) > 3)
    if value[0] & 4:
        length = sum(map(len, labels)) + len(labels)
        return ClientName(value[0], text_labels(labels), len(value) > 3 + length)
    text = b".".join(labels).decode("latin-1")
    return ClientName(value[0], text, value[3:].rstrip(b"\0").endswith(b"."))


def encode_client_name(name: ClientName, first: int = 255, second: int = 255) -> bytes:
    """Option 81's value; `first` and `second` are its two result codes. ValueError: a name that is none."""
    head = bytes((name.flags, first, second))
    if not name.name:
        return head + (b"\0" if name.flags & 4 else b".") if name.complete else head
    if name.flags & 4:
        wire = encode_name(name.name)
        return head + (wire if name.complete else wire[:-1])
    return head + name.name.encode("latin-1") + (b"." if name.complete else b"")


def parse_classless_routes(value: bytes) -> list[Route]:
    """Option 121: destination, prefix length, router (RFC 3442). ValueError: none, or a broken one."""
    return decode_routes(value)


def encode_classless_routes(routes: Iterable[Route]) -> bytes:
    """Option 121's value."""
    return encode_routes(list(routes))
