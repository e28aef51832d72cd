"""The keywords that both families' configurations have: maps around the subnets, pools, options.

Law: what may be written, alike in both families; what one has alone, or has differently, stands in its own schema.
None is "not set". Names and meanings are Kea's; `Later` marks what Kea has and kead has not yet.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo
from pydantic_core import PydanticCustomError

from kead.config.schema_base import Bool, Commented, Former, Int, Keywords, NotEmpty, Real, Str, later
from kead.config.snapshot import ConflictMode, ReplaceMode

OnFail = Literal["stop-retry-exit", "serve-retry-exit", "serve-retry-continue"]
Guard = list[Str]
"""Class names, one of which a client must be in."""


def _mode(value: Any, info: ValidationInfo) -> Any:
    """ddns-replace-client-name as Kea before 1.4 said it: a boolean, which now only commands may do."""
    if type(value) is not bool:
        return value
    if (info.context or {}).get("wire"):
        return "when-present" if value else "never"
    text = "boolean values for the ddns-replace-client-name are no longer supported"
    raise PydanticCustomError("no_boolean", text)


class Ddns(Keywords):
    """What names and name changes depend on: global, network, subnet, pool."""

    ddns_send_updates: Bool | None = None
    ddns_override_no_update: Bool | None = None
    ddns_override_client_update: Bool | None = None
    ddns_replace_client_name: Annotated[ReplaceMode | None, BeforeValidator(_mode)] = None
    ddns_generated_prefix: Str | None = None
    ddns_qualifying_suffix: Str | None = None
    ddns_update_on_renew: Bool | None = None
    ddns_use_conflict_resolution: Annotated[Bool | None, Former("ddns-conflict-resolution-mode")] = None
    ddns_conflict_resolution_mode: ConflictMode | None = None
    ddns_ttl: Int | None = None
    ddns_ttl_percent: Real | None = None
    ddns_ttl_min: Int | None = None
    ddns_ttl_max: Int | None = None
    hostname_char_set: Str | None = None
    hostname_char_replacement: Str | None = None


class Inherited(Ddns):
    """What a subnet takes from its network, and both from the global level. Times in seconds."""

    valid_lifetime: Int | None = None
    min_valid_lifetime: Int | None = None
    max_valid_lifetime: Int | None = None
    renew_timer: Int | None = None
    rebind_timer: Int | None = None
    calculate_tee_times: Bool | None = None
    t1_percent: Real | None = None
    t2_percent: Real | None = None
    store_extended_info: Bool | None = None
    cache_threshold: Real | None = None
    cache_max_age: Int | None = None
    adaptive_lease_time_threshold: Annotated[Real | None, later(None, 1.0)] = None
    allocator: Str | None = None
    reservations_global: Bool | None = None
    reservations_in_subnet: Bool | None = None
    reservations_out_of_pool: Bool | None = None
    reservation_mode: Annotated[
        Literal["disabled", "off", "out-of-pool", "global", "all"] | None, Former("reservations-…")
    ] = None


class OptionData(Commented):
    """An option's value; `name` or `code` says which, `csv-format` whether `data` is text or hexadecimal.

    `space`: the family's own where none is said.
    """

    name: Str | None = None
    code: Int | None = None
    space: Str | None = None
    data: Str | None = None
    csv_format: Bool | None = None
    always_send: Bool = False
    never_send: Bool = False
    client_classes: Guard = Field(default_factory=list)
    may_be_empty: ClassVar[bool] = True


class OptionDef(Commented):
    """The format of an option that has none (DHCPv4, 43 and 224 to 254: or another one than usual)."""

    name: Str
    code: Int
    type: Str
    array: Bool = False
    record_types: Str = ""
    space: Str | None = None
    encapsulate: Str = ""
    may_be_empty: ClassVar[bool] = True


class ClientClass(Commented):
    """Clients that have something in common: the `test` is true of them, or `template-test` names them, or a
    reservation, a hook library or a list of additional classes says so. Times in seconds.
    """

    name: Str
    test: Str | None = None
    template_test: Str | None = None
    option_data: list[OptionData] = Field(default_factory=list)
    only_in_additional_list: Bool = False
    only_if_required: Annotated[Bool, Former("only-in-additional-list")] = False
    valid_lifetime: Int | None = None
    min_valid_lifetime: Int | None = None
    max_valid_lifetime: Int | None = None
    may_be_empty: ClassVar[bool] = True

    def additional(self) -> bool:
        return self.only_in_additional_list or self.only_if_required


class Reservation(Commented):
    """What one client gets, whoever else asks for it."""

    hw_address: Str | None = None
    duid: Str | None = None
    flex_id: Str | None = None
    hostname: Str = ""
    client_classes: list[Str] = Field(default_factory=list)
    option_data: list[OptionData] = Field(default_factory=list)
    may_be_empty: ClassVar[bool] = True


class Guards(Keywords):
    """Which clients something is for, and which classes are looked at once it was chosen."""

    client_classes: Guard = Field(default_factory=list)
    client_class: Annotated[Str, Former("client-classes")] = ""
    evaluate_additional_classes: list[Str] = Field(default_factory=list)
    require_client_classes: Annotated[list[Str], Former("evaluate-additional-classes")] = Field(default_factory=list)

    def classes(self) -> list[str]:
        return self.client_classes or ([self.client_class] if self.client_class else [])

    def additional(self) -> list[str]:
        return self.evaluate_additional_classes or self.require_client_classes


class Pool(Commented, Ddns, Guards):
    """Addresses to hand out: "a - b" or "prefix/length"."""

    pool: Str
    pool_id: Int | None = None
    option_data: list[OptionData] = Field(default_factory=list)


class Relay(Keywords):
    """The relay agents, by address, whose clients belong here."""

    ip_addresses: list[Str]
    expected: ClassVar[str] = "ip-addresses"


class Scope(Commented, Inherited, Guards):
    """What subnets and networks have in common."""

    interface: Str | None = None
    relay: Relay | None = None
    option_data: list[OptionData] = Field(default_factory=list)


class Interfaces(Commented):
    """Where to listen. `service-sockets-retry-wait-time` is in milliseconds."""

    interfaces: list[Str] = Field(default_factory=list)
    re_detect: Bool = True
    service_sockets_require_all: Bool = False
    service_sockets_max_retries: Int = 0
    service_sockets_retry_wait_time: Int = 5000


class Database(Commented):
    """Where leases live. Times in seconds, reconnect-wait-time in milliseconds."""

    type: Str
    name: Str = ""
    persist: Bool = True
    lfc_interval: Int = 3600
    max_row_errors: Int = 0
    on_fail: OnFail = "stop-retry-exit"
    durability: Literal["write", "fsync"] = "write"
    host: Str = ""
    port: Int = 0
    user: Str = ""
    password: Str = ""
    connect_timeout: Int = 0
    read_timeout: Int = 0
    write_timeout: Int = 0
    tcp_user_timeout: Int = 0
    max_reconnect_tries: Int = 0
    reconnect_wait_time: Int = 0
    retry_on_startup: Bool = False
    trust_anchor: Str = ""
    cert_file: Str = ""
    key_file: Str = ""
    cipher_list: Str = ""


class Expiring(Keywords):
    """When expired leases are reclaimed and forgotten. Seconds, max-reclaim-time milliseconds."""

    reclaim_timer_wait_time: Int = 10
    flush_reclaimed_timer_wait_time: Int = 25
    hold_reclaimed_time: Int = 3600
    max_reclaim_leases: Int = 100
    max_reclaim_time: Int = 250
    unwarned_reclaim_cycles: Int = 5


class ControlSocketEntry(Commented):
    """A way in for commands."""

    socket_type: Literal["unix", "http", "https"] | None = None
    socket_name: Str | None = None
    socket_address: Str | None = None
    socket_port: Int | None = None
    trust_anchor: Str | None = None
    cert_file: Str | None = None
    key_file: Str | None = None
    cert_required: Bool | None = None
    authentication: dict[str, Any] | None = None
    http_headers: list[Any] | None = None


class Library(Keywords):
    """A hook library and what it is told."""

    library: Str
    parameters: dict[str, Any] | None = None
    expected: ClassVar[str] = "library or parameters or constant string"


class OutputOptions(Keywords):
    output: Str
    flush: Bool = True
    maxsize: Int = 10240000
    maxver: Int = 1
    pattern: Str = ""


class Logger(Commented):
    """How much one logger says, and where."""

    name: Str | None = None
    severity: Str | None = None
    debuglevel: Int = 0
    output_options: Annotated[list[OutputOptions] | None, NotEmpty()] = None
    output_options_: Annotated[
        list[OutputOptions] | None, Field(alias="output_options"), NotEmpty(), Former("output-options")
    ] = None


class Sanity(Keywords):
    lease_checks: Literal["none", "warn", "fix", "fix-del", "del"] = "warn"
    extended_info_checks: Literal["none", "fix", "strict", "pedantic"] = "fix"


class Threads(Commented):
    """multi-threading. kead serves from one loop whatever it says; status-get shows it."""

    enable_multi_threading: Bool = True
    thread_pool_size: Int = 0
    packet_queue_size: Int = 64


class QueueControl(Commented):
    """dhcp-queue-control: Kea ignores it with threads; without them kead has no such queue yet."""

    model_config = ConfigDict(extra="allow")
    enable_queue: Bool = False
    queue_type: Str | None = None
    capacity: Int = 64


class DhcpDdns(Commented):
    """Where name change requests go, and how many may wait."""

    enable_updates: Bool
    server_ip: Str = "127.0.0.1"
    server_port: Int = 53001
    sender_ip: Str = ""
    sender_port: Int = 0
    max_queue_size: Int = 1024
    ncr_protocol: Literal["UDP", "TCP"] = "UDP"
    ncr_format: Literal["JSON"] = "JSON"


class ConfigControl(Keywords):
    config_databases: Annotated[list[Any], later([])] = Field(default_factory=list)
    config_fetch_wait_time: Int = 30


class Server(Commented, Inherited):
    """What every server's whole map has beside its subnets, and the defaults of what those inherit."""

    valid_lifetime: Int | None = 7200
    t1_percent: Real | None = 0.5
    store_extended_info: Bool | None = False
    cache_threshold: Real | None = 0.25
    allocator: Str | None = "iterative"
    reservations_global: Bool | None = False
    reservations_in_subnet: Bool | None = True
    reservations_out_of_pool: Bool | None = False

    decline_probation_period: Int = 86400
    dhcp4o6_port: Annotated[Int, later(0)] = 0
    early_global_reservations_lookup: Bool = False
    ip_reservations_unique: Bool = True
    parked_packet_limit: Int = 256
    reservations_lookup_first: Bool = False
    server_tag: Str = ""
    statistic_default_sample_age: Int = 0
    statistic_default_sample_count: Int = 20

    config_control: ConfigControl | None = None
    control_socket: Annotated[ControlSocketEntry | None, Former("control-sockets")] = None
    control_sockets: list[ControlSocketEntry] | None = None
    dhcp_ddns: DhcpDdns | None = None
    dhcp_queue_control: QueueControl | None = None
    expired_leases_processing: Expiring | None = None
    hooks_libraries: list[Library] = Field(default_factory=list)
    hosts_database: Annotated[dict[str, Any] | None, later(None)] = None
    hosts_databases: Annotated[list[Any], later([])] = Field(default_factory=list)
    lease_database: Database | None = None
    loggers: Annotated[list[Logger] | None, NotEmpty()] = None
    multi_threading: Threads | None = None
    option_data: list[OptionData] = Field(default_factory=list)
    option_def: list[OptionDef] = Field(default_factory=list)
    sanity_checks: Sanity | None = None
