"""Reservations of DHCPv6: addresses, prefixes with what is excluded from them, options.

Law: as in `hosts.py`, which has what both families have. Error texts are Kea's.
"""

from __future__ import annotations

from collections.abc import Sequence

from kead.config.errors import Path
from kead.config.family import V6
from kead.config.hosts import OtherFamilyError, ReadHost, Registered, convert, read_identifier, read_options
from kead.config.schema6 import Reservation
from kead.config.snapshot6 import Host6, Prefix, Subnet6
from kead.config.subnets import Ground
from kead.wire.address import text_ip6

ReadHost6 = ReadHost[Host6]
_MULTICAST = 0xFF << 120


def read_hosts(
    ground: Ground, registered: Registered, entries: Sequence[Reservation], path: Path, subnet: Subnet6 | None
) -> tuple[ReadHost6, ...]:
    """The reservations of a subnet, or the global ones (None). Raises ConfigError."""
    return tuple(
        _Reading(ground, entry, (*path, index)).host(registered, subnet) for index, entry in enumerate(entries)
    )


class _Reading:
    """One entry."""

    def __init__(self, ground: Ground, written: Reservation, path: Path) -> None:
        self._ground = ground
        self._written = written
        self._path = path

    def host(self, registered: Registered, subnet: Subnet6 | None) -> ReadHost6:
        ground, written, path = self._ground, self._written, self._path
        kind, identifier = read_identifier(ground, written, path)
        options = read_options(ground, written, path)
        addresses = self._addresses()
        prefixes = self._prefixes()
        host = Host6(
            subnet_id=subnet.id if subnet is not None else 0,
            identifier_type=kind,
            identifier=identifier,
            hostname=written.hostname,
            classes=tuple(written.client_classes),
            options=options.scope,
            user_context=written.context(),
            addresses=addresses,
            prefixes=prefixes,
            excluded=self._excluded(prefixes),
        )
        for index, address in enumerate(addresses):
            if subnet is not None and (address ^ subnet.prefix) & subnet.mask:
                text = f"specified reservation '{text_ip6(address)}' is not within the IPv6 subnet '{subnet.text}'"
                ground.refuse(text, (*path, "ip-addresses", index), place=False)
        registered.client(host, path)
        for reserved in (*addresses, *(prefix for prefix, _ in prefixes)):
            registered.address(host, reserved, path)
        return ReadHost(host, options, written)

    def _addresses(self) -> tuple[int, ...]:
        addresses: list[int] = []
        for index, text in enumerate(self._written.ip_addresses):
            path = (*self._path, "ip-addresses", index)
            address = self._unicast(text, path)
            if address in addresses:
                self._twice(text_ip6(address), path)
            addresses.append(address)
        return tuple(addresses)

    def _prefixes(self) -> tuple[Prefix, ...]:
        prefixes: list[Prefix] = []
        for index, text in enumerate(self._written.prefixes):
            path = (*self._path, "prefixes", index)
            prefix = self._prefix(text, path, "prefix reservation")
            if prefix in prefixes:
                self._twice(text, path)
            prefixes.append(prefix)
        return tuple(prefixes)

    def _excluded(self, prefixes: Sequence[Prefix]) -> tuple[Prefix | None, ...]:
        """What is excluded from each prefix (RFC 6603)."""
        written = self._written.excluded_prefixes
        if written is None:
            return (None,) * len(prefixes)
        path: Path = (*self._path, "excluded-prefixes")
        if "prefixes" not in self._written.given():
            self._ground.refuse("'excluded-prefixes' parameter requires the 'prefixes' parameter", path, place=False)
        if len(written) != len(prefixes):
            text = "'excluded-prefixes' parameter does not match the 'prefixes' parameter: "
            self._ground.refuse(f"{text}{len(written)} != {len(prefixes)}", path, place=False)
        return tuple(
            self._excluded_from(prefix, text, (*path, index)) if text else None
            for index, (prefix, text) in enumerate(zip(prefixes, written, strict=True))
        )

    def _excluded_from(self, delegated: Prefix, text: str, path: Path) -> Prefix:
        excluded, length = self._prefix(text, path, "exclude prefix")
        prefix, whole = delegated
        shown, delegated_text = f"{text_ip6(excluded)}/{length}", f"{text_ip6(prefix)}/{whole}"
        if length <= whole:
            why = f"must be greater than the length of the delegated prefix {delegated_text}"
            self._ground.refuse(f"length of the excluded prefix {shown} {why}", path)
        if (excluded ^ prefix) & V6.mask(whole):
            why = f"must have the same common prefix part of {whole} as the delegated prefix {delegated_text}"
            self._ground.refuse(f"excluded prefix {shown} {why}", path)
        return excluded, length

    def _prefix(self, text: str, path: Path, what: str) -> Prefix:
        address_text, slash, digits = text.partition("/")
        if not slash:
            self._ground.refuse(f"{what} requires prefix length be specified in '{text}'", path)
        if not (digits.isascii() and digits.isdigit()):
            self._ground.refuse(f"prefix length value '{digits}' is invalid", path)
        length = int(digits)
        if not 1 <= length <= V6.bits:
            self._ground.refuse("'prefix-len' value must be in range of [1..128]", path)
        prefix = self._unicast(address_text, path)
        first = prefix & V6.mask(length)
        if prefix != first:
            pair = f"{text_ip6(first)}/{length}"
            self._ground.refuse(f"Prefix address: {text_ip6(prefix)} exceeds prefix/prefix-len pair: {pair}", path)
        return prefix, length

    def _unicast(self, text: str, path: Path) -> int:
        try:
            address = convert(self._ground, text, path)
        except OtherFamilyError:
            address = _MULTICAST
        if address & _MULTICAST == _MULTICAST:
            self._ground.refuse(f"invalid prefix '{text}' for new IPv6 reservation", path)
        return address

    def _twice(self, text: str, path: Path) -> None:
        self._ground.refuse(f"failed on attempt to add a duplicated host reservation for {text}", path)
