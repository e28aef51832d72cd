"""What a DHCPv6 packet sees of the configuration: resolved, immutable, slotted.

Law: as in `snapshot.py`, where everything stands that both families have; its names may be taken from here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kead.config.snapshot import (
    INFINITE,
    NO_DDNS,
    ClientClass,
    Config,
    ControlSocket,
    Ddns,
    Expiration,
    HooksLibrary,
    Host,
    InterfaceChoice,
    InterfacesConfig,
    LeaseDatabase,
    Lifetime,
    MultiThreading,
    Option,
    OptionScope,
    Pool,
    SanityChecks,
)

__all__ = [
    "INFINITE",
    "NO_DDNS",
    "ClientClass6",
    "Compatibility",
    "Config6",
    "ControlSocket",
    "Ddns",
    "Expiration",
    "HooksLibrary",
    "Host6",
    "InterfaceChoice",
    "InterfacesConfig",
    "LeaseDatabase",
    "Lifetime",
    "MultiThreading",
    "Option",
    "OptionScope",
    "PdPool6",
    "Pool6",
    "SanityChecks",
    "ServerId",
    "SharedNetwork6",
    "Subnet6",
]

Pool6 = Pool
"""A pool of IPv6 addresses; no different from one of IPv4 addresses."""


@dataclass(frozen=True, slots=True, eq=False)
class PdPool6:
    """Prefixes to delegate: `size` of `delegated_length` bits each, in prefix/length.

    first, last        the whole range as addresses: prefix, and the last address of its last prefix
    step               from one delegated prefix to the next
    excluded           (prefix, length) of what a client may not use of the pool's first delegated prefix (RFC 6603);
                       in others it is the one with the same bits behind delegated_length. None: nothing
    text               "2001:db8:8000::/48"
    """

    prefix: int
    length: int
    delegated_length: int
    excluded: tuple[int, int] | None
    pool_id: int
    first: int
    last: int
    size: int
    step: int
    options: OptionScope
    text: str
    user_context: Mapping[str, Any] | None = None
    classes: tuple[str, ...] = ()
    additional_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Subnet6:
    """A subnet with everything that it inherits from its network and the global level.

    prefix                   as written: host bits may be set; `prefix & mask` is the network's address
    text                     "2001:db8:1::/64": host bits as written, no blanks
    interface                the interface that selects it ("" none), its own or else its network's
    interface_id             the relay agent's interface-id that selects it, its own or else its network's
    relay_addresses          its own only: a network's count when a subnet has none
    pools, pd_pools          in address order, whatever the configuration's; pool_ids, pd_pool_ids ascending
    preferred                when none is configured: 0.625 of `valid`, and preferred_follows_valid: a client then gets
                             0.625 of whatever valid lifetime it gets, whatever it asked for
    renew_timer, …           seconds, None when not set
    t1_percent, t2_percent   a part of 1, of the preferred lifetime; used when calculate_tee_times
    cache_threshold          a part of 1, 0.0 switches reuse off
    cache_max_age            seconds, None: no such limit, 0: no reuse
    """

    id: int
    prefix: int
    length: int
    mask: int
    text: str
    network: SharedNetwork6 | None
    interface: str
    interface_id: bytes | None
    relay_addresses: frozenset[int]
    pools: tuple[Pool6, ...]
    pool_ids: tuple[int, ...]
    pd_pools: tuple[PdPool6, ...]
    pd_pool_ids: tuple[int, ...]
    preferred: Lifetime
    preferred_follows_valid: bool
    valid: Lifetime
    renew_timer: int | None
    rebind_timer: int | None
    calculate_tee_times: bool
    t1_percent: float
    t2_percent: float
    rapid_commit: bool
    store_extended_info: bool
    cache_threshold: float
    cache_max_age: int | None
    allocator: str
    pd_allocator: str
    reservations_global: bool
    reservations_in_subnet: bool
    reservations_out_of_pool: bool
    options: OptionScope
    ddns: Ddns
    user_context: Mapping[str, Any] | None = None
    classes: tuple[str, ...] = ()
    additional_classes: tuple[str, ...] = ()


Prefix = tuple[int, int]
"""A prefix's address and length."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Host6(Host):
    """A reservation. `excluded`: of each of the `prefixes`, what its client may not use (RFC 6603), or None."""

    addresses: tuple[int, ...]
    prefixes: tuple[Prefix, ...]
    excluded: tuple[Prefix | None, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClientClass6(ClientClass):
    """A client class. `preferred`: lifetimes, None: the class says nothing of that."""

    preferred: Lifetime | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SharedNetwork6:
    """Subnets on one link. `subnets` come by ascending id and know this network."""

    name: str
    interface: str
    interface_id: bytes | None
    relay_addresses: frozenset[int]
    subnets: tuple[Subnet6, ...]
    options: OptionScope
    rapid_commit: bool
    user_context: Mapping[str, Any] | None = None
    classes: tuple[str, ...] = ()
    additional_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ServerId:
    """How the server's DUID is made; 0 and b"" mean: take the stored DUID's if it is of this type, else choose.

    identifier     link-layer address (LLT, LL) or the enterprise's own bytes (EN)
    time           seconds since 2000-01-01 (LLT)
    """

    type: Literal["LLT", "EN", "LL"] = "LLT"
    identifier: bytes = b""
    time: int = 0
    htype: int = 0
    enterprise_id: int = 0
    persist: bool = True


@dataclass(frozen=True, slots=True)
class Compatibility:
    lenient_option_parsing: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Config6(Config):
    """One resolved configuration of the DHCPv6 server.

    subnets                  all, those of networks too, by ascending id; by_id the same
    hosts                    all reservations: the subnets', then the global ones, in the configuration's order
    classes                  by name, in the configuration's order
    mac_sources              where hardware addresses are taken from, best first, under Kea's first names ("rfc6939" is
                             "client-link-addr-option")
    relay_supplied_options   codes of the options that a relay agent may have sent on to clients; 65 always
    duid                     the server's own, which `server_id` is about; b"" until the configuration comes into force
    """

    subnets: tuple[Subnet6, ...]
    by_id: Mapping[int, Subnet6]
    networks: tuple[SharedNetwork6, ...]
    hosts: tuple[Host6, ...]
    classes: Mapping[str, ClientClass6]
    compatibility: Compatibility
    server_id: ServerId
    mac_sources: tuple[str, ...]
    relay_supplied_options: frozenset[int]
    allow_address_registration: bool
    duid: bytes = b""
