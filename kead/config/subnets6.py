"""Subnets and shared networks of DHCPv6: from keywords to what packets see.

Law: how one subnet and one network are put together. The rules of their parts are in `subnets.py` and `pdpools6.py`,
what they inherit is worked out in `inheritance.py` and `inheritance6.py`, their options in `options.py`. Error texts
are Kea's.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

from kead.config.errors import Path
from kead.config.hosts import Registered
from kead.config.hosts6 import ReadHost6, read_hosts
from kead.config.inheritance import Levels, Resolved
from kead.config.inheritance6 import Resolved6, resolve6
from kead.config.options import ScopeOptions
from kead.config.pdpools6 import ReadPdPool, read_pd_pool
from kead.config.pools import Range, overlapping
from kead.config.reader import text_bytes
from kead.config.schema6 import Dhcp6, Inherited, Scope, SharedNetwork, Subnet
from kead.config.snapshot6 import SharedNetwork6, Subnet6
from kead.config.subnets import Ground, ReadPool, additional_of, classes_of, relay_texts

Around = tuple[tuple[Inherited, Path], ...]
"""The places that something inherits from, its own first, with their paths."""
_COMMON = tuple(field.name for field in fields(Resolved))
_OWN = tuple(field.name for field in fields(Resolved6))


@dataclass(frozen=True, slots=True)
class ReadSubnet:
    """A subnet with what config-get needs besides: the keywords as written, the relay agents' texts."""

    subnet: Subnet6
    options: ScopeOptions
    pools: tuple[ReadPool, ...]
    pd_pools: tuple[ReadPdPool, ...]
    hosts: tuple[ReadHost6, ...]
    written: Subnet
    relays: list[str]


@dataclass(frozen=True, slots=True)
class ReadNetwork:
    network: SharedNetwork6
    options: ScopeOptions
    subnets: tuple[ReadSubnet, ...]
    written: SharedNetwork
    resolved: Resolved
    own: Resolved6


class SubnetReader:
    """Reads the subnets and networks of one configuration."""

    def __init__(self, ground: Ground, top: Dhcp6, path: Path, warnings: list[str]) -> None:
        self._ground = ground
        self._top = top
        self._path = path
        self._warnings = warnings
        self._registered = Registered(ground, unique=top.ip_reservations_unique)

    def networks(self) -> list[ReadNetwork]:
        """All shared networks, in the configuration's order."""
        path: Path = (*self._path, "shared-networks")
        return [self._network(network, (*path, index)) for index, network in enumerate(self._top.shared_networks)]

    def subnets(self) -> list[ReadSubnet]:
        """All subnets outside of networks, in the configuration's order."""
        path: Path = (*self._path, "subnet6")
        return [self._subnet(subnet, (*path, index), None) for index, subnet in enumerate(self._top.subnet6)]

    def global_hosts(self) -> tuple[ReadHost6, ...]:
        """The reservations of no subnet."""
        return read_hosts(self._ground, self._registered, self._top.reservations, (*self._path, "reservations"), None)

    def _network(self, written: SharedNetwork, path: Path) -> ReadNetwork:
        ground = self._ground
        read = ground.within_network(lambda: self._read_network(written, path), path)
        ground.new_name(read.network.name, path)
        texts = [ground.prefix(subnet.subnet, path)[0] for subnet in written.subnet6]
        interfaces = [subnet.interface for subnet in written.subnet6]
        ground.check_one_link(written.interface, list(zip(texts, interfaces, strict=True)), path)
        self._check_rapid_commit(written, texts, path)
        return read

    def _read_network(self, written: SharedNetwork, path: Path) -> ReadNetwork:
        ground, name = self._ground, written.name
        if name is None:
            ground.refuse("missing parameter 'name'", path)
        self._check_link(written, path, f"shared network {name}")
        levels = Levels(ground.document, ((written, path), (self._top, self._path)), self._warnings)
        ground.ddns.check(written, path)
        levels.lifetime("preferred")
        levels.times()
        options = ground.options.read(written.option_data, (*path, "option-data"), f"shared-network {name}")
        network = SharedNetwork6(
            name=name,
            interface=written.interface or "",
            interface_id=self._interface_id(written, path),
            relay_addresses=frozenset(ground.relays(written.relay, path)),
            subnets=(),
            options=options.scope,
            rapid_commit=written.rapid_commit or False,
            user_context=written.context(),
            classes=classes_of(written),
            additional_classes=additional_of(written),
        )
        above = _Above(network, written, path)
        members = [
            self._subnet(subnet, (*path, "subnet6", index), above) for index, subnet in enumerate(written.subnet6)
        ]
        resolved, own = resolve6(levels)  # after the subnets, which inherit mistakes: as in Kea
        members.sort(key=lambda member: member.subnet.id)
        object.__setattr__(network, "subnets", tuple(member.subnet for member in members))
        return ReadNetwork(network, options, tuple(members), written, resolved, own)

    def _check_rapid_commit(self, network: SharedNetwork, texts: list[str], path: Path) -> None:
        """All subnets of a network do alike; Kea compares each with the first."""
        effective = [
            (network.rapid_commit if subnet.rapid_commit is None else subnet.rapid_commit) or False
            for subnet in network.subnet6
        ]
        for index, (text, value) in enumerate(zip(texts, effective, strict=True)):
            if value != effective[0]:
                self._ground.refuse(
                    "All subnets in a shared network must have the same rapid-commit value. Subnet "
                    f"{text} has specified rapid-commit {str(value).lower()}, but earlier subnet in the same "
                    f"shared-network or the shared-network itself used rapid-commit {str(effective[0]).lower()}",
                    (*path, "subnet6", index, "rapid-commit"),
                    place=False,
                )

    def _check_link(self, written: Scope, path: Path, whose: str) -> None:
        """What a subnet or network is selected by: an interface that exists, or an interface-id."""
        if written.interface and written.interface_id:
            self._ground.refuse(
                "parser error: interface (defined for locally reachable subnets) and interface-id (defined for "
                f"subnets reachable via relays) cannot be defined at the same time for {whose}"
                f"({self._ground.document.place(path)})",
                path,
                place=False,
                remedy="leave one of the two out",
            )
        self._ground.check_interface(written, path, whose)

    def _interface_id(self, written: Scope, path: Path) -> bytes | None:
        """The bytes of the configured text; an empty one says nothing."""
        if not written.interface_id:
            return None
        return text_bytes(self._ground.document, written.interface_id, (*path, "interface-id"))

    def _subnet(self, written: Subnet, path: Path, above: _Above | None) -> ReadSubnet:
        ground = self._ground
        between = () if above is None else ((above.written, above.path),)
        around = ((written, path), *between, (self._top, self._path))
        pools = [ground.pool(pool, (*path, "pools", index), around) for index, pool in enumerate(written.pools)]
        pd_pools = [
            read_pd_pool(ground, pool, (*path, "pd-pools", index)) for index, pool in enumerate(written.pd_pools)
        ]
        options = ground.options.read(written.option_data, (*path, "option-data"), f"subnet {written.id}")
        relays = frozenset(ground.relays(written.relay, path))
        texts = relay_texts(written.relay)
        if written.relay is None and above is not None:
            relays, texts = above.network.relay_addresses, relay_texts(above.written.relay)
        parts = _Parts(around, options, pools, pd_pools, relays)
        subnet = ground.within_subnet(lambda: self._create(written, path, above, parts))
        hosts = read_hosts(ground, self._registered, written.reservations, (*path, "reservations"), subnet)
        ground.new_subnet(subnet.id, subnet.text, path)
        pools.sort(key=lambda read: read.pool.first)
        pd_pools.sort(key=lambda read: read.pool.first)
        return ReadSubnet(subnet, options, tuple(pools), tuple(pd_pools), hosts, written, texts)

    def _create(self, written: Subnet, path: Path, above: _Above | None, parts: _Parts) -> Subnet6:
        ground = self._ground
        text, prefix, length = ground.prefix(written.subnet, (*path, "subnet"))
        mask = ground.family.mask(length)
        id = ground.id(written.id, path)
        levels = Levels(ground.document, parts.around, self._warnings)
        ground.ddns.check(written, path)
        resolved, own = resolve6(levels)
        self._check_link(written, path, f"subnet {text}")
        ground.check_inside(parts.pools, prefix & mask, mask, text, path)
        self._check_apart(parts, text, path)
        pools = tuple(sorted((read.pool for read in parts.pools), key=lambda pool: pool.first))
        pd_pools = tuple(sorted((read.pool for read in parts.pd_pools), key=lambda pool: pool.first))
        rapid_commit = written.rapid_commit
        if rapid_commit is None:
            rapid_commit = above.network.rapid_commit if above else False
        return Subnet6(
            id=id,
            prefix=prefix,
            length=length,
            mask=mask,
            text=text,
            network=above.network if above else None,
            interface=written.interface or (above.network.interface if above else ""),
            interface_id=self._interface_id(written, path) or (above.network.interface_id if above else None),
            relay_addresses=parts.relays,
            pools=pools,
            pool_ids=tuple(sorted({pool.pool_id for pool in pools})),
            pd_pools=pd_pools,
            pd_pool_ids=tuple(sorted({pool.pool_id for pool in pd_pools})),
            rapid_commit=rapid_commit,
            options=parts.options.scope,
            user_context=written.context(),
            classes=classes_of(written),
            additional_classes=additional_of(written),
            ddns=ground.ddns.resolve(parts.around),
            **{name: getattr(resolved, name) for name in _COMMON},
            **{name: getattr(own, name) for name in _OWN},
        )

    def _check_apart(self, parts: _Parts, text: str, path: Path) -> None:
        """No pd-pool holds what another pool of the subnet has. (Prefixes need not be the subnet's own.)"""
        if not parts.pd_pools:
            return
        ranges: list[Range] = [read.pool for read in parts.pools]
        first = len(ranges)
        ranges += [read.pool for read in parts.pd_pools]
        index = overlapping(ranges)
        if index is not None:
            here = (*path, "pd-pools", index - first)
            self._ground.refuse_pool(ranges[index], "IA_PD", "overlaps with an existing pool in the", text, here)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What a subnet is made of, read already."""

    around: Around
    options: ScopeOptions
    pools: list[ReadPool]
    pd_pools: list[ReadPdPool]
    relays: frozenset[int]


@dataclass(frozen=True, slots=True)
class _Above:
    """The network that a subnet is in."""

    network: SharedNetwork6
    written: SharedNetwork
    path: Path
