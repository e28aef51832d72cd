"""Reservations of DHCPv4: an address, options, boot parameters.

Law: as in `hosts.py`, which has what both families have. Error texts are Kea's.
"""

from __future__ import annotations

from collections.abc import Sequence

from kead.config.errors import Path
from kead.config.hosts import OtherFamilyError, ReadHost, Registered, convert, read_identifier, read_options
from kead.config.inheritance4 import header_text
from kead.config.schema4 import Reservation
from kead.config.snapshot4 import Host4, Subnet4
from kead.config.subnets import Ground

ReadHost4 = ReadHost[Host4]
_BROADCAST = 0xFFFFFFFF


def read_hosts(
    ground: Ground, registered: Registered, entries: Sequence[Reservation], path: Path, subnet: Subnet4 | None
) -> tuple[ReadHost4, ...]:
    """The reservations of a subnet, or the global ones (None). Raises ConfigError."""
    return tuple(_read(ground, registered, entry, (*path, index), subnet) for index, entry in enumerate(entries))


def _read(
    ground: Ground, registered: Registered, written: Reservation, path: Path, subnet: Subnet4 | None
) -> ReadHost4:
    kind, identifier = read_identifier(ground, written, path)
    options = read_options(ground, written, path)
    host = Host4(
        subnet_id=subnet.id if subnet is not None else 0,
        identifier_type=kind,
        identifier=identifier,
        hostname=written.hostname,
        classes=tuple(written.client_classes),
        options=options.scope,
        user_context=written.context(),
        address=_address(ground, written.ip_address, (*path, "ip-address")),
        next_server=_next_server(ground, written.next_server, (*path, "next-server")),
        server_hostname=_header(ground, written.server_hostname, (*path, "server-hostname"), "server hostname", 63),
        boot_file_name=_header(ground, written.boot_file_name, (*path, "boot-file-name"), "boot file", 127),
    )
    if host.address and subnet is not None and (host.address ^ subnet.prefix) & subnet.mask:
        ground.refuse(
            f"specified reservation '{ground.family.text(host.address)}' is not within the IPv4 subnet '{subnet.text}'",
            (*path, "ip-address"),
            place=False,
        )
    registered.client(host, path)
    if host.address:
        registered.address(host, host.address, path)
    return ReadHost(host, options, written)


def _address(ground: Ground, text: str | None, path: Path) -> int:
    if text is None:
        return 0
    try:
        address = convert(ground, text, path)
    except OtherFamilyError:
        ground.refuse(f"address '{text}' is not a valid IPv4 address", path)
    if address in (0, _BROADCAST):
        ground.refuse(f"must not make reservation for the '{ground.family.text(address)}' address", path)
    return address


def _next_server(ground: Ground, text: str, path: Path) -> int:
    if not text:
        return 0
    try:
        address = convert(ground, text, path)
    except OtherFamilyError:
        ground.refuse(f"address '{text}' is not a valid IPv4 address", path)
    if address == _BROADCAST:
        ground.refuse(f"invalid next server address '{text}'", path)
    return address


def _header(ground: Ground, text: str, path: Path, what: str, most: int) -> bytes:
    if len(text) > most:
        ground.refuse(f"{what} length must not exceed {most}", path)
    return header_text(ground.document, text, path, most, most)
