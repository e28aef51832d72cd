"""The keywords of a DHCPv4 server's configuration: one field a keyword, with type, default, range.

Law: what may be written, and nothing about what it means together (`resolve4.py`). None is "not set". Names and
meanings are Kea's; what both families have stands in `schema_common.py`. The models export as JSON Schema.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from kead.config import schema_common
from kead.config.schema_base import Bool, Int, Keywords, NotEmpty, Real, Str, later, words
from kead.config.schema_common import OptionData, OptionDef, Pool, Server

__all__ = [
    "KEYWORDS",
    "ClientClass",
    "Dhcp4",
    "File4",
    "Inherited",
    "Interfaces",
    "Lenience",
    "OptionData",
    "Pool",
    "Reservation",
    "SharedNetwork",
    "Subnet",
]


class Inherited(schema_common.Inherited):
    """What only DHCPv4 subnets take from their network, and both from the global level."""

    match_client_id: Bool | None = None
    authoritative: Bool | None = None
    next_server: Str | None = None
    server_hostname: Str | None = None
    boot_file_name: Str | None = None
    offer_lifetime: Int | None = None


class ClientClass(schema_common.ClientClass):
    """Clients that have something in common, and what they get; `option-def`: for 43 and 224 to 254 only."""

    option_def: list[OptionDef] = Field(default_factory=list)
    next_server: Str | None = None
    server_hostname: Str = ""
    boot_file_name: Str = ""
    offer_lifetime: Int | None = None


class Reservation(schema_common.Reservation):
    """What one DHCPv4 client gets."""

    circuit_id: Str | None = None
    client_id: Str | None = None
    ip_address: Str | None = None
    next_server: Str = ""
    server_hostname: Str = ""
    boot_file_name: Str = ""


class Subnet(schema_common.Scope, Inherited):
    """One IPv4 prefix and how its clients are served."""

    id: Int | None = None
    subnet: Str
    pools: list[Pool] = Field(default_factory=list)
    reservations: list[Reservation] = Field(default_factory=list)
    four_o_six_interface: Annotated[Str, Field(alias="4o6-interface"), later("")] = ""
    four_o_six_interface_id: Annotated[Str, Field(alias="4o6-interface-id"), later("")] = ""
    four_o_six_subnet: Annotated[Str, Field(alias="4o6-subnet"), later("")] = ""


class SharedNetwork(schema_common.Scope, Inherited):
    """Subnets on one link."""

    name: Str | None = None
    subnet4: list[Subnet] = Field(default_factory=list)


class Interfaces(schema_common.Interfaces):
    """Where to listen, and how."""

    dhcp_socket_type: Literal["raw", "udp"] | None = None
    outbound_interface: Literal["same-as-inbound", "use-routing"] | None = None


class Lenience(Keywords):
    """compatibility: deviations from the standards, all off."""

    lenient_option_parsing: Bool = False
    ignore_dhcp_server_identifier: Bool = False
    ignore_rai_link_selection: Bool = False
    exclude_first_last_24: Bool = False


class Dhcp4(Server, Inherited):
    """The DHCPv4 server."""

    calculate_tee_times: Bool | None = False
    t2_percent: Real | None = 0.875
    match_client_id: Bool | None = True
    authoritative: Bool | None = False
    next_server: Str | None = "0.0.0.0"
    server_hostname: Str | None = ""
    boot_file_name: Str | None = ""

    echo_client_id: Bool = True
    stash_agent_options: Bool = False

    client_classes: list[ClientClass] = Field(default_factory=list)
    compatibility: Lenience | None = None
    host_reservation_identifiers: Annotated[
        list[Literal["hw-address", "duid", "circuit-id", "client-id", "flex-id", "auto"]] | None,
        NotEmpty("", on_wire=True),
    ] = None
    interfaces_config: Interfaces | None = None
    reservations: list[Reservation] = Field(default_factory=list)
    shared_networks: list[SharedNetwork] = Field(default_factory=list)
    subnet4: list[Subnet] = Field(default_factory=list)


class File4(Keywords):
    """The whole file: one map, named for the server it is for."""

    dhcp4: Annotated[Dhcp4, Field(alias="Dhcp4")]
    may_be_empty: ClassVar[bool] = True


KEYWORDS = words(File4)
"""Every keyword, for the reader's messages."""
