"""What a DHCPv4 packet sees of the configuration: resolved, immutable, slotted.

Law: as in `snapshot.py`, where everything stands that both families have; its names may be taken from here too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
    "ClientClass4",
    "Compatibility",
    "Config4",
    "ControlSocket",
    "Ddns",
    "Expiration",
    "HooksLibrary",
    "Host4",
    "InterfaceChoice",
    "InterfacesConfig",
    "LeaseDatabase",
    "Lifetime",
    "MultiThreading",
    "Option",
    "OptionScope",
    "Pool4",
    "SanityChecks",
    "SharedNetwork4",
    "Subnet4",
]

Pool4 = Pool
"""A pool of IPv4 addresses; no different from one of IPv6 addresses."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Subnet4:
    """A subnet with everything that it inherits from its network and the global level.

    prefix             as written: host bits may be set; `prefix & mask` is the network's address
    text               "192.0.2.0/24", as written, without blanks
    interface          the interface that selects it ("" none), its own or else its network's
    relay_addresses    its own only: a network's count when a subnet has none
    pools              in address order, whatever the configuration's
    renew_timer, …     seconds, None when not set
    t1_percent         a part of 1; used when calculate_tee_times
    cache_threshold    a part of 1, 0.0 switches reuse off; cache_max_age seconds, None: no such limit, 0: no reuse
    offer_lifetime     seconds, None or 0: nothing is stored for an offer
    server_id          the configured dhcp-server-identifier (of subnet, network or global), None: the address asked
    """

    id: int
    prefix: int
    length: int
    mask: int
    text: str
    network: SharedNetwork4 | None
    interface: str
    relay_addresses: frozenset[int]
    pools: tuple[Pool4, ...]
    pool_ids: tuple[int, ...]
    valid: Lifetime
    renew_timer: int | None
    rebind_timer: int | None
    calculate_tee_times: bool
    t1_percent: float
    t2_percent: float
    match_client_id: bool
    authoritative: bool
    next_server: int
    server_hostname: bytes
    boot_file_name: bytes
    store_extended_info: bool
    cache_threshold: float
    cache_max_age: int | None
    offer_lifetime: int | None
    allocator: str
    reservations_global: bool
    reservations_in_subnet: bool
    reservations_out_of_pool: bool
    options: OptionScope
    server_id: int | None
    ddns: Ddns
    user_context: Mapping[str, Any] | None = None
    classes: tuple[str, ...] = ()
    additional_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Host4(Host):
    """A reservation. 0 and b"" are "not set": `address`, and the header fields, which come before a subnet's."""

    address: int
    next_server: int
    server_hostname: bytes
    boot_file_name: bytes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClientClass4(ClientClass):
    """A client class. 0 and b"" are "not set": the header fields, which come before a subnet's; seconds, or None."""

    next_server: int
    server_hostname: bytes
    boot_file_name: bytes
    offer_lifetime: int | None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SharedNetwork4:
    """Subnets on one link. `subnets` come by ascending id and know this network."""

    name: str
    interface: str
    relay_addresses: frozenset[int]
    subnets: tuple[Subnet4, ...]
    options: OptionScope
    authoritative: bool
    user_context: Mapping[str, Any] | None = None
    classes: tuple[str, ...] = ()
    additional_classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compatibility:
    lenient_option_parsing: bool = False
    ignore_dhcp_server_identifier: bool = False
    ignore_rai_link_selection: bool = False
    exclude_first_last_24: bool = False


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Config4(Config):
    """One resolved configuration of the DHCPv4 server.

    subnets    all, those of networks too, by ascending id; by_id the same
    hosts      all reservations: the subnets', then the global ones, in the configuration's order
    classes    by name, in the configuration's order
    server_id  the globally configured dhcp-server-identifier
    """

    subnets: tuple[Subnet4, ...]
    by_id: Mapping[int, Subnet4]
    networks: tuple[SharedNetwork4, ...]
    hosts: tuple[Host4, ...]
    classes: Mapping[str, ClientClass4]
    authoritative: bool
    server_id: int | None
    compatibility: Compatibility
    echo_client_id: bool
    stash_agent_options: bool
