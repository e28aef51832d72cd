"""Subnets and shared networks of DHCPv4: from keywords to what packets see.

Law: how one subnet and one network are put together. The rules of their parts are in `subnets.py`, what they inherit
is worked out in `inheritance.py` and `inheritance4.py`, their options in `options.py`. Error texts are Kea's.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from kead.config.errors import Path
from kead.config.hosts import Registered
from kead.config.hosts4 import ReadHost4, read_hosts
from kead.config.inheritance import Levels, Resolved, nearest
from kead.config.inheritance4 import Resolved4, check_header, resolve4
from kead.config.options import ScopeOptions
from kead.config.schema4 import Dhcp4, Inherited, SharedNetwork, Subnet
from kead.config.snapshot4 import OptionScope, SharedNetwork4, Subnet4
from kead.config.subnets import Ground, ReadPool, additional_of, classes_of, relay_texts, without_blanks

SERVER_IDENTIFIER = 54
Around = tuple[tuple[Inherited, Path], ...]
"""The places that something inherits from, its own first, with their paths."""
_COMMON = tuple(field.name for field in fields(Resolved))
_OWN = tuple(field.name for field in fields(Resolved4))


@dataclass(frozen=True, slots=True)
class ReadSubnet:
    """A subnet with what config-get needs besides: the keywords as written, the relay agents' texts."""

    subnet: Subnet4
    options: ScopeOptions
    pools: tuple[ReadPool, ...]
    hosts: tuple[ReadHost4, ...]
    written: Subnet
    relays: list[str]


@dataclass(frozen=True, slots=True)
class ReadNetwork:
    network: SharedNetwork4
    options: ScopeOptions
    subnets: tuple[ReadSubnet, ...]
    written: SharedNetwork
    resolved: Resolved
    own: Resolved4


class SubnetReader:
    """Reads the subnets and networks of one configuration."""

    def __init__(self, ground: Ground, top: Dhcp4, path: Path, options: OptionScope, warnings: list[str]) -> None:
        self._ground = ground
        self._top = top
        self._path = path
        self._global_server_id = server_id(options)
        self._warnings = warnings
        self._registered = Registered(ground, unique=top.ip_reservations_unique)

    def networks(self) -> list[ReadNetwork]:
        """All shared networks, in the configuration's order."""
        path: Path = (*self._path, "shared-networks")
        return [self._network(network, (*path, index)) for index, network in enumerate(self._top.shared_networks)]

    def subnets(self) -> list[ReadSubnet]:
        """All subnets outside of networks, in the configuration's order."""
        path: Path = (*self._path, "subnet4")
        return [self._subnet(subnet, (*path, index), None) for index, subnet in enumerate(self._top.subnet4)]

    def global_hosts(self) -> tuple[ReadHost4, ...]:
        """The reservations of no subnet."""
        return read_hosts(self._ground, self._registered, self._top.reservations, (*self._path, "reservations"), None)

    def _network(self, written: SharedNetwork, path: Path) -> ReadNetwork:
        ground = self._ground
        read = ground.within_network(lambda: self._read_network(written, path), path)
        ground.new_name(read.network.name, path)
        members = [(without_blanks(subnet.subnet), subnet.interface) for subnet in written.subnet4]
        ground.check_one_link(written.interface, members, path)
        self._check_authority(written, path)
        return read

    def _read_network(self, written: SharedNetwork, path: Path) -> ReadNetwork:
        ground, name = self._ground, written.name
        if name is None:
            ground.refuse("missing parameter 'name'", path)
        ground.check_interface(written, path, f"shared network {name}")
        levels = Levels(ground.document, ((written, path), (self._top, self._path)), self._warnings)
        ground.ddns.check(written, path)
        levels.times()
        check_header(levels)
        options = ground.options.read(written.option_data, (*path, "option-data"), f"shared-network {name}")
        network = SharedNetwork4(
            name=name,
            interface=written.interface or "",
            relay_addresses=frozenset(ground.relays(written.relay, path)),
            subnets=(),
            options=options.scope,
            authoritative=nearest(written.authoritative, self._top.authoritative),
            user_context=written.context(),
            classes=classes_of(written),
            additional_classes=additional_of(written),
        )
        above = _Above(network, written, path, server_id(options.scope))
        members = [
            self._subnet(subnet, (*path, "subnet4", index), above) for index, subnet in enumerate(written.subnet4)
        ]
        resolved, own = levels.resolve(), resolve4(levels)  # after the subnets, which inherit mistakes: as in Kea
        members.sort(key=lambda member: member.subnet.id)
        object.__setattr__(network, "subnets", tuple(member.subnet for member in members))
        return ReadNetwork(network, options, tuple(members), written, resolved, own)

    def _check_authority(self, network: SharedNetwork, path: Path) -> None:
        whole = network.authoritative
        in_force = bool(self._top.authoritative) if whole is None else whole
        for index, subnet in enumerate(network.subnet4):
            own = subnet.authoritative
            if own is not None and own != (whole or False) and own != in_force:
                self._ground.refuse(
                    f"Subnet {without_blanks(subnet.subnet)} has different authoritative setting {str(own).lower()} "
                    f"than the shared-network itself: {str(whole or False).lower()}",
                    (*path, "subnet4", index, "authoritative"),
                    place=False,
                )

    def _subnet(self, written: Subnet, path: Path, above: _Above | None) -> ReadSubnet:
        ground = self._ground
        between = () if above is None else ((above.written, above.path),)
        around = ((written, path), *between, (self._top, self._path))
        pools = [ground.pool(pool, (*path, "pools", index), around) for index, pool in enumerate(written.pools)]
        options = ground.options.read(written.option_data, (*path, "option-data"), f"subnet {written.id}")
        relays = frozenset(ground.relays(written.relay, path))
        texts = relay_texts(written.relay)
        if written.relay is None and above is not None:
            relays, texts = above.network.relay_addresses, relay_texts(above.written.relay)
        subnet = ground.within_subnet(lambda: self._create(written, path, above, around, options, pools, relays))
        hosts = read_hosts(ground, self._registered, written.reservations, (*path, "reservations"), subnet)
        ground.new_subnet(subnet.id, subnet.text, path)
        ordered = tuple(sorted(pools, key=lambda read: read.pool.first))
        return ReadSubnet(subnet, options, ordered, hosts, written, texts)

    def _create(
        self,
        written: Subnet,
        path: Path,
        above: _Above | None,
        around: Around,
        options: ScopeOptions,
        pools: list[ReadPool],
        relays: frozenset[int],
    ) -> Subnet4:
        ground = self._ground
        text, prefix, length = ground.prefix(written.subnet, (*path, "subnet"))
        mask = ground.family.mask(length)
        id = ground.id(written.id, path)
        levels = Levels(ground.document, around, self._warnings)
        ground.ddns.check(written, path)
        resolved, own = levels.resolve(), resolve4(levels)
        ground.check_interface(written, path, f"subnet {text}")
        ground.check_inside(pools, prefix & mask, mask, text, path)
        ordered = tuple(sorted((read.pool for read in pools), key=lambda pool: pool.first))
        server_ids = server_id(options.scope), above.server_id if above else None, self._global_server_id
        return Subnet4(
            id=id,
            prefix=prefix,
            length=length,
            mask=mask,
            text=text,
            network=above.network if above else None,
            interface=written.interface or (above.network.interface if above else ""),
            relay_addresses=relays,
            pools=ordered,
            pool_ids=tuple(sorted({pool.pool_id for pool in ordered})),
            options=options.scope,
            server_id=next((one for one in server_ids if one is not None), None),
            user_context=written.context(),
            classes=classes_of(written),
            additional_classes=additional_of(written),
            ddns=ground.ddns.resolve(around),
            **{name: getattr(resolved, name) for name in _COMMON},
            **{name: getattr(own, name) for name in _OWN},
        )


@dataclass(frozen=True, slots=True)
class _Above:
    """The network that a subnet is in."""

    network: SharedNetwork4
    written: SharedNetwork
    path: Path
    server_id: int | None


def server_id(options: OptionScope) -> int | None:
    """The server identifier that a scope configures."""
    for option in options.by_code.get(SERVER_IDENTIFIER, ()):
        if not option.never_send and not option.classes and len(option.data) == 4:
            return int.from_bytes(option.data, "big")
    return None
