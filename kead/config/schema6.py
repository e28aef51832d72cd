"""The keywords of a DHCPv6 server's configuration: one field a keyword, with type, default, range.

Law: what may be written, and nothing about what it means together (`resolve6.py`). None is "not set". Names and
meanings are Kea's; what both families have stands in `schema_common.py`. The models export as JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from kead.config import schema_common
from kead.config.schema_base import Bool, Commented, Int, Keywords, NotEmpty, Real, Str, words
from kead.config.schema_common import Guards, Interfaces, OptionData, Pool, Server

__all__ = [
    "KEYWORDS",
    "ClientClass",
    "Dhcp6",
    "File6",
    "Inherited",
    "Interfaces",
    "Lenience",
    "OptionData",
    "PdPool",
    "Pool",
    "Reservation",
    "ServerId",
    "SharedNetwork",
    "Subnet",
]


class Inherited(schema_common.Inherited):
    """What only DHCPv6 subnets take from their network, and both from the global level. Times in seconds."""

    preferred_lifetime: Int | None = None
    min_preferred_lifetime: Int | None = None
    max_preferred_lifetime: Int | None = None
    pd_allocator: Str | None = None


class Scope(schema_common.Scope, Inherited):
    """What subnets and networks have in common; neither interface-id nor rapid-commit has a global value."""

    interface_id: Str | None = None
    rapid_commit: Bool | None = None


class PdPool(Commented, Guards):
    """Prefixes to delegate: those of delegated-len in prefix/prefix-len, without the excluded one (RFC 6603)."""

    prefix: Str
    prefix_len: Int
    delegated_len: Int
    excluded_prefix: Str = "::"
    excluded_prefix_len: Int = 0
    pool_id: Int | None = None
    option_data: list[OptionData] = Field(default_factory=list)


class ClientClass(schema_common.ClientClass):
    """Clients that have something in common, and what they get."""

    preferred_lifetime: Int | None = None
    min_preferred_lifetime: Int | None = None
    max_preferred_lifetime: Int | None = None


class Reservation(schema_common.Reservation):
    """What one DHCPv6 client gets. `excluded-prefixes` go with `prefixes`, one by one ("" excludes nothing)."""

    ip_addresses: list[Str] = Field(default_factory=list)
    prefixes: list[Str] = Field(default_factory=list)
    excluded_prefixes: list[Str] | None = None


class Subnet(Scope):
    """One IPv6 prefix and how its clients are served."""

    id: Int | None = None
    subnet: Str
    pools: list[Pool] = Field(default_factory=list)
    pd_pools: list[PdPool] = Field(default_factory=list)
    reservations: list[Reservation] = Field(default_factory=list)


class SharedNetwork(Scope):
    """Subnets on one link."""

    name: Str | None = None
    subnet6: list[Subnet] = Field(default_factory=list)


class Lenience(Keywords):
    """compatibility: deviations from the standards, off."""

    lenient_option_parsing: Bool = False
    expected: ClassVar[str] = "lenient-option-parsing or constant string"


class ServerId(Commented):
    """The server's DUID: 0 and "" mean that the server chooses."""

    type: Literal["LLT", "EN", "LL"]
    identifier: Str = ""
    time: Int = 0
    htype: Int = 0
    enterprise_id: Int = 0
    persist: Bool = True


class Dhcp6(Server, Inherited):
    """The DHCPv6 server."""

    calculate_tee_times: Bool | None = True
    t2_percent: Real | None = 0.8
    pd_allocator: Str | None = "iterative"

    allow_address_registration: Bool = True
    data_directory: Str | None = None

    client_classes: list[ClientClass] = Field(default_factory=list)
    compatibility: Lenience | None = None
    host_reservation_identifiers: Annotated[
        list[Literal["duid", "hw-address", "flex-id"]] | None,
        NotEmpty("duid or hw-address or flex-id", on_wire=True),
    ] = None
    interfaces_config: Interfaces | None = None
    mac_sources: Annotated[list[Str] | None, NotEmpty("duid or constant string", on_wire=True)] = None
    relay_supplied_options: list[Any] | None = None
    reservations: list[Reservation] = Field(default_factory=list)
    server_id: ServerId | None = None
    shared_networks: list[SharedNetwork] = Field(default_factory=list)
    subnet6: list[Subnet] = Field(default_factory=list)


class File6(Keywords):
    """The whole file: one map, named for the server it is for."""

    dhcp6: Annotated[Dhcp6, Field(alias="Dhcp6")]
    may_be_empty: ClassVar[bool] = True


KEYWORDS = words(File6)
"""Every keyword, for the reader's messages."""
