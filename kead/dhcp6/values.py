"""Values of single options: bytes to what they mean, and back (sans-IO).

The packet itself keeps bytes; whoever wants to know what an option says asks here. Identity associations have a file
of their own and can be had from here too. What is read comes from the network: `parse_…` functions and those that say
so raise ValueError for what cannot be read at all, the others are total and leave out what is cut off at the end.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from kead.dhcp6.associations import IaAddress, IaNa, IaPd, IaPrefix, IaTa, Status
from kead.dhcp6.packet import Options, encode_options, split_options
from kead.wire.client_names import ClientName
from kead.wire.names import decode_search_list, encode_name, encode_search_list, partial_labels, text_labels
from kead.wire.packets import integers

__all__ = (
    "ClientName",
    "IaAddress",
    "IaNa",
    "IaPd",
    "IaPrefix",
    "IaTa",
    "Status",
    "addresses",
    "client_link_address",
    "decode_search_list",
    "encode_addresses",
    "encode_client_name",
    "encode_excluded_prefix",
    "encode_options",
    "encode_search_list",
    "encode_tuples",
    "encode_vendor_class",
    "encode_vendor_options",
    "integers",
    "parse_client_name",
    "parse_excluded_prefix",
    "remote_id",
    "requested_options",
    "split_options",
    "tuples",
    "vendor_classes",
    "vendor_options",
)

_number = int.from_bytes


def encode_excluded_prefix(length: int, address: int, delegated: int) -> bytes:
    """Option 67: the prefix in a delegated one that its router keeps for the link to us (RFC 6603 section 4.2).

    `delegated` is the length of the prefix around it. ValueError: the excluded one is not longer, or above 128.
    """
    if not delegated < length <= 128:
        raise ValueError(f"an excluded prefix of {length} bits does not fit in one of {delegated}")
    bits = length - delegated
    size = bits + 7 >> 3
    subnet = address >> 128 - length & (1 << bits) - 1
    return bytes((length,)) + (subnet << 8 * size - bits).to_bytes(size, "big")


def parse_excluded_prefix(value: bytes, prefix: int, delegated: int) -> tuple[int, int]:
    """The first address and the length of the prefix that option 67 excludes from a delegated one.

    ValueError: it is not longer than the delegated one, longer than 128, or cut short.
    """
    length = value[0] if value else 0
    if not delegated < length <= 128:
        raise ValueError(f"an excluded prefix of {length} bits does not fit in one of {delegated}")
    bits = length - delegated
    size = bits + 7 >> 3
    if len(value) < 1 + size:
        raise ValueError(f"{len(value)} bytes for an excluded prefix, {1 + size} are needed")
    subnet = _number(value[1 : 1 + size], "big") >> 8 * size - bits
    high = prefix >> 128 - delegated << 128 - delegated
    return high | subnet << 128 - length, length


def addresses(value: bytes) -> list[int]:
    """The addresses in a list of them (options 22, 23, 27 …); bytes beyond the last whole one are left out."""
    return integers(value, 16)


def encode_addresses(values: Iterable[int]) -> bytes:
    """A list of addresses as its option's value."""
    return b"".join(address.to_bytes(16, "big") for address in values)


def requested_options(values: Iterable[bytes]) -> list[int]:
    """The codes in all instances of option 6, in order (RFC 8415 section 21.7)."""
    return [code for value in values for code in integers(value, 2)]


def tuples(value: bytes) -> list[bytes]:
    """Bytes with their lengths of two bytes before them (options 15, 60, and 16 behind its number). Total."""
    found = []
    at, end = 0, len(value)
    while at + 2 <= end:
        start = at + 2
        at = start + _number(value[at:start], "big")
        if at > end:
            break
        found.append(value[start:at])
    return found


def encode_tuples(values: Iterable[bytes]) -> bytes:
    """Such a list as bytes. OverflowError: one of more than 65535 bytes."""
    return b"".join(len(value).to_bytes(2, "big") + value for value in values)


def vendor_options(values: Iterable[bytes]) -> dict[int, Options]:
    """Enterprise number to its options, from all instances of option 17 (RFC 8415 section 21.17). Total."""
    found: dict[int, Options] = {}
    for value in values:
        if len(value) >= 4:
            options = found.setdefault(_number(value[:4], "big"), {})
            for code, instances in split_options(value[4:]).items():
                options.setdefault(code, []).extend(instances)
    return found


def encode_vendor_options(enterprise: int, options: Mapping[int, list[bytes]]) -> bytes:
    """One instance of option 17; its options ascending by code."""
    return enterprise.to_bytes(4, "big") + encode_options(dict(options))


def vendor_classes(values: Iterable[bytes]) -> dict[int, list[bytes]]:
    """Enterprise number to its classes, from all instances of option 16 (RFC 8415 section 21.16). Total."""
    found: dict[int, list[bytes]] = {}
    for value in values:
        if len(value) >= 4:
            found.setdefault(_number(value[:4], "big"), []).extend(tuples(value[4:]))
    return found


def encode_vendor_class(enterprise: int, classes: Iterable[bytes]) -> bytes:
    """One instance of option 16."""
    return enterprise.to_bytes(4, "big") + encode_tuples(classes)


def parse_client_name(value: bytes) -> ClientName:
    """What option 39 says (RFC 4704); its flags: 1 S, 2 O, 4 N. ValueError: no flags, or a broken label."""
    if not value:
        raise ValueError("no flags")
    labels = partial_labels(value[1:])
    if not labels:
        return ClientName(value[0], "", False)
    length = sum(map(len, labels)) + len(labels)
    return ClientName(value[0], text_labels(labels), len(value) > 1 + length)


def encode_client_name(name: ClientName) -> bytes:
    """Option 39's value. ValueError: a name that is none."""
    head = bytes((name.flags,))
    if not name.name:
        return head
    wire = encode_name(name.name)
    return head + (wire if name.complete else wire[:-1])


def client_link_address(value: bytes) -> tuple[int, bytes]:
    """Option 79: hardware type and link-layer address of the client (RFC 6939). ValueError: fewer than two bytes."""
    if len(value) < 2:
        raise ValueError(f"{len(value)} bytes, at least 2 are needed")
    return _number(value[:2], "big"), value[2:]


def remote_id(value: bytes) -> tuple[int, bytes]:
    """Option 37: the relay's enterprise number and its identifier of the client (RFC 4649). ValueError: too short."""
    if len(value) < 4:
        raise ValueError(f"{len(value)} bytes, at least 4 are needed")
    return _number(value[:4], "big"), value[4:]
