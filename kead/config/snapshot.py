"""What packets see of a configuration, alike in both families: options, pools, and the maps around the subnets.

Law: no text form, no default, no inheritance here; the family's `resolve` module has worked all that out. Addresses are
ints, times seconds (where milliseconds: said so), option data bytes as on the wire. Objects compare by identity.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from kead.config.pieces import tree_of
from kead.log_settings import LoggerSettings
from kead.wire.definitions import OptionTable

if TYPE_CHECKING:
    from kead.classify.classes import ClientClass as ClassRule

INFINITE = 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class Lifetime:
    """How long a lease may be valid, in seconds; INFINITE for ever. minimum <= default <= maximum."""

    minimum: int
    default: int
    maximum: int


@dataclass(frozen=True, slots=True, eq=False)
class Option:
    """One configured option. `data` is its value as on the wire, sub-options included.

    `classes`: given only to clients of one of these classes; empty: to all.
    """

    code: int
    space: str
    data: bytes
    always_send: bool = False
    never_send: bool = False
    name: str = ""
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class OptionScope:
    """The options of one place of the configuration (global, a network, a subnet, a pool).

    name     "global", "shared-network floor1", "subnet 1", "pool 192.0.2.10-192.0.2.20"
    by_code  options of the family's own space; of one code the ones with classes first, the last written before the
             others as Kea has it, then at most one without
             (DHCPv4's 124 and 125, DHCPv6's 16 and 17, which go out once an enterprise: all of them)
    vendor   options of the spaces vendor-ID: by enterprise, then by code, in the same order
    always   own codes that are sent unasked; never: codes that are not sent, whatever an outer scope says
    tagged   some options have classes: what a client sees of the scope `of` tells
    """

    name: str
    by_code: Mapping[int, tuple[Option, ...]] = field(default_factory=dict)
    vendor: Mapping[int, Mapping[int, tuple[Option, ...]]] = field(default_factory=dict)
    always: frozenset[int] = frozenset()
    never: frozenset[int] = frozenset()
    tagged: bool = False

    def of(self, classes: Container[str]) -> OptionScope:
        """The scope as clients in these classes see it."""
        if not self.tagged:
            return self
        vendor = {enterprise: _of(options, classes) for enterprise, options in self.vendor.items()}
        return OptionScope(self.name, _of(self.by_code, classes), vendor, self.always, self.never)


def _of(options: Mapping[int, tuple[Option, ...]], classes: Container[str]) -> dict[int, tuple[Option, ...]]:
    seen = (
        (code, tuple(o for o in same if not o.classes or any(name in classes for name in o.classes)))
        for code, same in options.items()
    )
    return {code: same for code, same in seen if same}


ReplaceMode = Literal["never", "always", "when-present", "when-not-present"]
ConflictMode = Literal["check-with-dhcid", "no-check-with-dhcid", "check-exists-with-dhcid", "no-check-without-dhcid"]


@dataclass(frozen=True, slots=True)
class Ddns:
    """What becomes of clients' names in one place of the configuration. Equal ones are one object.

    updates                     whether name changes are sent: dhcp-ddns is enabled, and ddns-send-updates true
    ttl, ttl_min, ttl_max       seconds, 0: not set; ttl_percent a part of 1, 0.0 or less: not set
    char_set, char_replacement  what is no part of a name, and what stands for it then; "" as set: names stay as sent
    """

    updates: bool = False
    override_no_update: bool = False
    override_client_update: bool = False
    replace_client_name: ReplaceMode = "never"
    generated_prefix: str = "myhost"
    qualifying_suffix: str = ""
    update_on_renew: bool = False
    conflict_resolution_mode: ConflictMode = "check-with-dhcid"
    ttl: int = 0
    ttl_percent: float = 0.0
    ttl_min: int = 0
    ttl_max: int = 0
    char_set: str = "[^A-Za-z0-9.-]"
    char_replacement: str = ""

    @property
    def makes_names(self) -> bool:
        """Whether clients that send no name get one."""
        return self.replace_client_name in ("always", "when-not-present")

    @property
    def plain(self) -> bool:
        """Whether names are what they are without any ddns- keyword, and nobody hears of them."""
        usual = Ddns()
        return (
            not self.updates
            and self.replace_client_name == "never"
            and not self.qualifying_suffix
            and self.char_set == usual.char_set
            and not self.char_replacement
        )


NO_DDNS = Ddns()


@dataclass(frozen=True, slots=True)
class D2Client:
    """dhcp-ddns: where name change requests go, from where, and how many may wait."""

    enable_updates: bool = False
    server_ip: str = "127.0.0.1"
    server_port: int = 53001
    sender_ip: str = "0.0.0.0"
    sender_port: int = 0
    max_queue_size: int = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Pool:
    """A range of addresses, both ends included. `text` is the pool as config-get writes it.

    ddns    what counts for its addresses in place of the subnet's; None: the subnet's
    """

    first: int
    last: int
    pool_id: int
    size: int
    options: OptionScope
    text: str
    user_context: Mapping[str, Any] | None = None
    classes: tuple[str, ...] = ()
    additional_classes: tuple[str, ...] = ()
    ddns: Ddns | None = None


@dataclass(frozen=True, slots=True)
class InterfaceChoice:
    """One entry of interfaces-config: an interface ("*": all), and the one address on it that is meant, if given."""

    name: str
    address: int | None = None


@dataclass(frozen=True, slots=True)
class InterfacesConfig:
    """Where to listen. retry_wait is in milliseconds. DHCPv4: udp: no raw sockets; use_routing: outbound-interface."""

    interfaces: tuple[InterfaceChoice, ...] = ()
    udp: bool = False
    use_routing: bool = False
    re_detect: bool = True
    require_all: bool = False
    max_retries: int = 0
    retry_wait: int = 5000


@dataclass(frozen=True, slots=True)
class LeaseDatabase:
    """Where leases live: `path` is the whole name of the lease file (memfile).

    lfc_interval seconds, 0: no clean-up; max_row_errors 0: no limit; on_fail as written; durability "fsync": an
    acknowledgement waits until its lease is on the disk; parameters: the map as written, for the log.
    """

    type: str = "memfile"
    path: str = ""
    persist: bool = True
    lfc_interval: int = 3600
    max_row_errors: int = 0
    on_fail: str = "stop-retry-exit"
    durability: Literal["write", "fsync"] = "write"
    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Expiration:
    """expired-leases-processing: seconds; max_reclaim_time milliseconds; 0 in a maximum: no limit, in a wait: off."""

    reclaim_timer_wait_time: int = 10
    flush_reclaimed_timer_wait_time: int = 25
    hold_reclaimed_time: int = 3600
    max_reclaim_leases: int = 100
    max_reclaim_time: int = 250
    unwarned_reclaim_cycles: int = 5


@dataclass(frozen=True, slots=True)
class ControlSocket:
    """A control socket; only type "unix" exists yet. `path`: the whole name of the socket file."""

    type: str
    path: str


@dataclass(frozen=True, slots=True)
class HooksLibrary:
    """One entry of hooks-libraries, as written; `parameters` is {} when there are none."""

    library: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SanityChecks:
    lease_checks: Literal["none", "warn", "fix", "fix-del", "del"] = "warn"
    extended_info_checks: Literal["none", "fix", "strict", "pedantic"] = "fix"


@dataclass(frozen=True, slots=True)
class MultiThreading:
    """Kea's threads. kead serves from one loop whatever this says; status-get shows it."""

    enabled: bool = True
    thread_pool_size: int = 0
    packet_queue_size: int = 64


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class ClientClass:
    """A client class: who is in it, and what its members get.

    rule   who is in it
    valid  their lifetimes, None: the class says nothing of that
    """

    name: str
    rule: ClassRule
    options: OptionScope
    valid: Lifetime | None
    user_context: Mapping[str, Any] | None = None


IdentifierType = Literal["hw-address", "duid", "circuit-id", "client-id", "flex-id"]
"""What a client may be known by (`host-reservation-identifiers`)."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Host:
    """A reservation: what one client gets.

    subnet_id              where; 0: everywhere (a global reservation)
    identifier_type, identifier    who
    hostname               as written, "" none
    classes                those that the client is in besides
    """

    subnet_id: int
    identifier_type: IdentifierType
    identifier: bytes
    hostname: str
    classes: tuple[str, ...]
    options: OptionScope
    user_context: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Config:
    """What both servers' configurations have beside their subnets.

    options    those of the global level
    table      the definitions of options, the standard ones and the configuration's own
    early_global_lookup  global reservations are looked up before the subnet is selected
    d2_client  how name change requests are sent
    text       compact JSON with sorted keys of what config-get shows below the family's name
    hash       its SHA-256, upper case hexadecimal: equal when the configurations are, whatever their layout
    warnings   sentences for the log: older spellings, surplus commas, values that surprise
    """

    options: OptionScope
    table: OptionTable
    interfaces: InterfacesConfig
    lease_database: LeaseDatabase
    expiration: Expiration
    control_sockets: tuple[ControlSocket, ...]
    hooks_libraries: tuple[HooksLibrary, ...]
    loggers: tuple[LoggerSettings, ...]
    sanity: SanityChecks
    multi_threading: MultiThreading
    host_identifiers: tuple[str, ...]
    early_global_lookup: bool
    decline_probation_period: int
    parked_packet_limit: int
    statistic_default_sample_count: int
    statistic_default_sample_age: int
    server_tag: str
    d2_client: D2Client
    user_context: Mapping[str, Any] | None
    text: bytes
    warnings: tuple[str, ...]
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "hash", hashlib.sha256(self.text).hexdigest().upper())

    @property
    def as_get(self) -> dict[str, Any]:
        """What config-get returns under "Dhcp4" or "Dhcp6": a new dict, the caller's own."""
        return tree_of(self.text)
