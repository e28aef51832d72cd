"""Subnets, pools, shared networks: from keywords to what packets see.

Law: the rules of one subnet, one pool, one network, and how they fit together (config-common.md § 5). What they
inherit is worked out in `inheritance.py`, their options in `options4.py`. Error texts are Kea's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import IPv6Address
from typing import Any, NoReturn

from kead.config.errors import ConfigError, Path
from kead.config.inheritance import AllocatorError, Levels, Resolved
from kead.config.options4 import ScopeOptions, read_options
from kead.config.pools4 import overlapping, pool_range, pool_text
from kead.config.reader import Document
from kead.config.restrictions import Restrictions
from kead.config.schema4 import Dhcp4, Pool, Relay, Scope, SharedNetwork, Subnet
from kead.config.snapshot4 import Pool4, SharedNetwork4, Subnet4
from kead.wire.address import parse_ip4, text_ip4
from kead.wire.definitions import OptionTable

HIGHEST_ID = 4294967294
_INHERITED = tuple(field.name for field in fields(Resolved))


@dataclass(frozen=True, slots=True)
class ReadPool:
    pool: Pool4
    options: ScopeOptions
    written: Pool


@dataclass(frozen=True, slots=True)
class ReadSubnet:
    """A subnet with what config-get needs besides: the keywords as written, the relay agents' texts."""

    subnet: Subnet4
    options: ScopeOptions
    pools: tuple[ReadPool, ...]
    written: Subnet
    relays: list[str]


@dataclass(frozen=True, slots=True)
class ReadNetwork:
    network: SharedNetwork4
    options: ScopeOptions
    subnets: tuple[ReadSubnet, ...]
    written: SharedNetwork
    resolved: Resolved


class SubnetReader:
    """Reads the subnets and networks of one configuration; remembers ids and prefixes to refuse repeated ones."""

    def __init__(
        self,
        document: Document,
        top: Dhcp4,
        path: Path,
        table: OptionTable,
        options: ScopeOptions,
        context: Restrictions,
        warnings: list[str],
    ) -> None:
        self._document = document
        self._top = top
        self._path = path
        self._table = table
        self._global_server_id = options.server_id
        self._warnings = warnings
        self._present: Mapping[str, Any] | None = None if context.interfaces is None else context.interfaces()
        self._ids: set[int] = set()
        self._prefixes: set[str] = set()
        self._names: set[str] = set()

    def networks(self) -> list[ReadNetwork]:
        """All shared networks, in the configuration's order."""
        path: Path = (*self._path, "shared-networks")
        return [self._network(network, (*path, index)) for index, network in enumerate(self._top.shared_networks)]

    def subnets(self) -> list[ReadSubnet]:
        """All subnets outside of networks, in the configuration's order."""
        path: Path = (*self._path, "subnet4")
        return [self._subnet(subnet, (*path, index), None) for index, subnet in enumerate(self._top.subnet4)]

    def _network(self, written: SharedNetwork, path: Path) -> ReadNetwork:
        try:
            read = self._read_network(written, path)
        except AllocatorError:
            raise
        except ConfigError as error:
            error.message += f" ({self._document.place(path)})"
            raise
        name = read.network.name
        if name in self._names:
            self._refuse(f"duplicate network '{name}' found in the configuration", path, around=1)
        if not name:
            text = "Shared-network with subnets  is missing mandatory 'name' parameter"
            self._refuse(text, (*path, "name"), place=False)
        self._names.add(name)
        self._check_members(written, path)
        return read

    def _read_network(self, written: SharedNetwork, path: Path) -> ReadNetwork:
        name = written.name
        if name is None:
            self._refuse("missing parameter 'name'", path)
        self._check_interface(written, path, f"shared network {name}")
        levels = Levels(self._document, ((written, path), (self._top, self._path)), self._warnings)
        resolved = levels.resolve()
        options = read_options(
            self._document, written.option_data, (*path, "option-data"), self._table, f"shared-network {name}"
        )
        relays = self._relays(written.relay, path)
        network = SharedNetwork4(
            name=name,
            interface=written.interface or "",
            relay_addresses=frozenset(relays),
            subnets=(),
            options=options.scope,
            authoritative=resolved.authoritative,
            user_context=written.context(),
            classes=_classes(written),
            additional_classes=_additional(written),
        )
        above = _Above(network, written, path, options.server_id)
        members = [
            self._subnet(subnet, (*path, "subnet4", index), above) for index, subnet in enumerate(written.subnet4)
        ]
        members.sort(key=lambda member: member.subnet.id)
        object.__setattr__(network, "subnets", tuple(member.subnet for member in members))
        return ReadNetwork(network, options, tuple(members), written, resolved)

    def _check_members(self, network: SharedNetwork, path: Path) -> None:
        interface = network.interface or ""
        inherited = bool(self._top.authoritative)
        for index, subnet in enumerate(network.subnet4):
            text = _without_blanks(subnet.subnet)
            here = (*path, "subnet4", index)
            if subnet.interface:
                if interface and subnet.interface != interface:
                    self._refuse(
                        f"Subnet {text} has specified interface {subnet.interface}, but earlier subnet in the same "
                        f"shared-network or the shared-network itself used {interface}",
                        (*here, "interface"),
                        place=False,
                    )
                interface = subnet.interface
            if subnet.authoritative is None:
                continue
            whole = network.authoritative
            if subnet.authoritative != (whole or False) and subnet.authoritative != (
                inherited if whole is None else whole
            ):
                self._refuse(
                    f"Subnet {text} has different authoritative setting {str(subnet.authoritative).lower()} than the "
                    f"shared-network itself: {str(whole or False).lower()}",
                    (*here, "authoritative"),
                    place=False,
                )

    def _subnet(self, written: Subnet, path: Path, above: _Above | None) -> ReadSubnet:
        pools = [self._pool(pool, (*path, "pools", index)) for index, pool in enumerate(written.pools)]
        name = f"subnet {written.id}"
        options = read_options(self._document, written.option_data, (*path, "option-data"), self._table, name)
        relays = self._relays(written.relay, path)
        relay_texts = _relay_texts(written.relay)
        if written.relay is None and above is not None:
            relays, relay_texts = list(above.network.relay_addresses), _relay_texts(above.written.relay)
        try:
            subnet = self._create(written, path, above, options, pools, relays)
        except AllocatorError:
            raise
        except ConfigError as error:
            error.message = f"subnet configuration failed: {error.message}"
            raise
        self._check_new(subnet, path)
        ordered = tuple(sorted(pools, key=lambda read: read.pool.first))
        return ReadSubnet(subnet, options, ordered, written, relay_texts)

    def _create(
        self,
        written: Subnet,
        path: Path,
        above: _Above | None,
        options: ScopeOptions,
        pools: list[ReadPool],
        relays: list[int],
    ) -> Subnet4:
        text, prefix, length = self._prefix(written.subnet, (*path, "subnet"))
        mask = (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF
        if written.id is None:
            self._refuse("missing parameter 'id'", path, remedy="add an id that no other subnet has")
        if not 1 <= written.id <= HIGHEST_ID:
            self._refuse(
                f"The 'id' value ({written.id}) is not within expected range: (1 - {HIGHEST_ID})",
                (*path, "id"),
                place=False,
            )
        between = () if above is None else ((above.written, above.path),)
        levels = Levels(self._document, ((written, path), *between, (self._top, self._path)), self._warnings)
        resolved = levels.resolve()
        self._check_interface(written, path, f"subnet {text}")
        self._check_pools(pools, prefix & mask, mask, text, path)
        ordered = tuple(sorted((read.pool for read in pools), key=lambda pool: pool.first))
        server_ids = options.server_id, above.server_id if above else None, self._global_server_id
        return Subnet4(
            id=written.id,
            prefix=prefix,
            length=length,
            mask=mask,
            text=text,
            network=above.network if above else None,
            interface=written.interface or (above.network.interface if above else ""),
            relay_addresses=frozenset(relays),
            pools=ordered,
            pool_ids=tuple(sorted({pool.pool_id for pool in ordered})),
            options=options.scope,
            server_id=next((one for one in server_ids if one is not None), None),
            user_context=written.context(),
            classes=_classes(written),
            additional_classes=_additional(written),
            **{name: getattr(resolved, name) for name in _INHERITED},
        )

    def _prefix(self, written: str, path: Path) -> tuple[str, int, int]:
        text = _without_blanks(written)
        address, slash, digits = text.partition("/")
        if not slash:
            self._refuse(f"Invalid subnet syntax (prefix/len expected):{text}", path)
        length = _integer(digits)
        if length is None:
            self._refuse(f"prefix length: '{digits}' is not an integer", path)
        try:
            prefix = parse_ip4(address)
        except ValueError:
            if _is_ip6(address):
                self._refuse(f"Non IPv4 prefix {address} specified in subnet4", path, place=False)
            self._refuse(f"Failed to convert string to address '{address}': Invalid argument", path, place=False)
        if not 0 <= length <= 32:
            self._refuse(f"Invalid prefix length specified for subnet: {length % (1 << 32)}", path)
        return f"{address}/{length}", prefix, length

    def _check_new(self, subnet: Subnet4, path: Path) -> None:
        if subnet.id in self._ids:
            self._refuse(f"ID of the new IPv4 subnet '{subnet.id}' is already in use", path)
        if subnet.text in self._prefixes:
            self._refuse(f"subnet with the prefix of '{subnet.text}' already exists", path)
        self._ids.add(subnet.id)
        self._prefixes.add(subnet.text)

    def _check_pools(self, pools: list[ReadPool], network: int, mask: int, text: str, path: Path) -> None:
        outside = (
            index
            for index, read in enumerate(pools)
            if read.pool.first & mask != network or read.pool.last & mask != network
        )
        index = next(outside, None)
        what = "does not match the prefix of a subnet"
        if index is None:
            index = overlapping([read.pool for read in pools])
            what = "overlaps with an existing pool in the subnet"
        if index is not None:
            pool = pools[index].pool
            self._refuse(
                "a pool of type V4, with the following address range: "
                f"{text_ip4(pool.first)}-{text_ip4(pool.last)} {what}: {text} to which it is being added",
                (*path, "pools", index, "pool"),
                around=3,
            )

    def _pool(self, written: Pool, path: Path) -> ReadPool:
        first, last = pool_range(self._document, written.pool, (*path, "pool"))
        pool_id = written.pool_id
        if pool_id is not None and pool_id <= 0:
            self._refuse(f"pool-id {pool_id} is not a positive integer greater than 0", (*path, "pool-id"), place=False)
        if pool_id is not None and pool_id >= 1 << 32:
            self._refuse(f"pool-id {pool_id} is not a 32 bit unsigned integer", (*path, "pool-id"), place=False)
        text = pool_text(first, last)
        try:
            options = read_options(
                self._document, written.option_data, (*path, "option-data"), self._table, f"pool {text}"
            )
        except ConfigError as error:
            error.message += f" ({self._document.place((*path, 'option-data'))})"
            raise
        pool = Pool4(
            first,
            last,
            pool_id or 0,
            last - first + 1,
            options.scope,
            text,
            written.context(),
            _classes(written),
            _additional(written),
        )
        return ReadPool(pool, options, written)

    def _relays(self, relay: Relay | None, path: Path) -> list[int]:
        addresses: list[int] = []
        if relay is None:
            return addresses
        for index, text in enumerate(relay.ip_addresses):
            here = (*path, "relay", "ip-addresses", index)
            try:
                address = parse_ip4(text)
            except ValueError:
                what = "a" if _is_ip6(text) else "a valid"
                self._refuse(f"address {text} is not {what}: IPv4address", here, around=1)
            if address in addresses:
                self._refuse(
                    f"cannot add address: {text} to relay info: RelayInfo already contains address: {text}",
                    here,
                    around=1,
                )
            addresses.append(address)
        return addresses

    def _check_interface(self, written: Scope, path: Path, whose: str) -> None:
        name = written.interface
        if name and self._present is not None and name not in self._present:
            self._refuse(
                f"Specified network interface name {name} for {whose} is not present in the system",
                (*path, "interface"),
            )

    def _refuse(self, text: str, path: Path, *, place: bool = True, around: int = 0, remedy: str = "") -> NoReturn:
        """`place`: the text ends with a position, that of the value or of what is `around` so many steps above it."""
        if place:
            text += f" ({self._document.place(path[: len(path) - around])})"
        raise ConfigError(text, place=self._document.place(path), path=path, remedy=remedy)


@dataclass(frozen=True, slots=True)
class _Above:
    """The network that a subnet is in."""

    network: SharedNetwork4
    written: SharedNetwork
    path: Path
    server_id: int | None


def _classes(written: Scope | Pool) -> tuple[str, ...]:
    return tuple(written.client_classes or ([written.client_class] if written.client_class else []))


def _additional(written: Scope | Pool) -> tuple[str, ...]:
    return tuple(written.evaluate_additional_classes or written.require_client_classes)


def _relay_texts(relay: Relay | None) -> list[str]:
    return [] if relay is None else list(relay.ip_addresses)


def _without_blanks(text: str) -> str:
    return text.replace(" ", "").replace("\t", "")


def _integer(text: str) -> int | None:
    try:
        return int(text) if text.strip() == text else None
    except ValueError:
        return None


def _is_ip6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True
