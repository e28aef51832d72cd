"""What config-get shows of the parts that both families have: the configuration with its defaults filled in.

Law: shapes only (config-common.md § 13). What is shown, sent back by config-set, gives the same configuration and
the same text: so a hash says whether two configurations are one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from kead.config.ddns import conflict_mode
from kead.config.family import Family
from kead.config.hosts import LONGEST, H, ReadHost, identifier_text
from kead.config.inheritance import reservations
from kead.config.options import ScopeOptions
from kead.config.schema_base import Commented, Keywords
from kead.config.schema_common import (
    Ddns,
    DhcpDdns,
    Expiring,
    Guards,
    Inherited,
    Interfaces,
    OptionDef,
    QueueControl,
    Sanity,
    Scope,
    Server,
    Threads,
)
from kead.config.snapshot import D2Client
from kead.config.subnets import ReadPool
from kead.log_settings import LoggerSettings

Shown = dict[str, Any]

_UNSHOWN = frozenset({"comment", "user-context", "client-class", "require-client-classes", "reservation-mode"})
_OWN: Final = (
    "ddns-send-updates",
    "ddns-override-no-update",
    "ddns-override-client-update",
    "ddns-replace-client-name",
    "ddns-generated-prefix",
    "ddns-qualifying-suffix",
    "ddns-update-on-renew",
    "hostname-char-set",
    "hostname-char-replacement",
    "ddns-ttl",
    "ddns-ttl-percent",
    "ddns-ttl-min",
    "ddns-ttl-max",
)
"""Inherited when a packet asks, so shown only where they were written."""
_MANY: Final = 200
_RESERVATIONS = ("reservations-global", "reservations-in-subnet", "reservations-out-of-pool")
_DDNS_DEFAULTS = {
    "ddns-conflict-resolution-mode": "check-with-dhcid",
    "ddns-generated-prefix": "myhost",
    "ddns-override-client-update": False,
    "ddns-override-no-update": False,
    "ddns-qualifying-suffix": "",
    "ddns-replace-client-name": "never",
    "ddns-send-updates": True,
    "ddns-update-on-renew": False,
    "hostname-char-replacement": "",
    "hostname-char-set": "[^A-Za-z0-9.-]",
}
_GLOBAL_DEFAULTS = (
    "allocator",
    "cache-threshold",
    "calculate-tee-times",
    "decline-probation-period",
    "dhcp4o6-port",
    "early-global-reservations-lookup",
    "ip-reservations-unique",
    "parked-packet-limit",
    "reservations-lookup-first",
    "server-tag",
    "statistic-default-sample-age",
    "statistic-default-sample-count",
    "store-extended-info",
    "t1-percent",
    "t2-percent",
    "valid-lifetime",
)
"""Shown always; other global keywords where they were written."""
_GLOBAL_WRITTEN = (
    "adaptive-lease-time-threshold",
    "cache-max-age",
    "ddns-ttl",
    "ddns-ttl-max",
    "ddns-ttl-min",
    "ddns-ttl-percent",
    "max-valid-lifetime",
    "min-valid-lifetime",
    "rebind-timer",
    "renew-timer",
)


def show_server(
    top: Server,
    family: Family,
    options: ScopeOptions,
    loggers: Sequence[LoggerSettings],
    host_identifiers: Sequence[str],
    d2_client: D2Client,
    *,
    always: Iterable[str],
    written: Iterable[str],
) -> Shown:
    """The whole map without its interfaces, subnets and networks.

    always, written: the family's own keywords that are shown always, and those shown where they were written
    """
    given = top.given()
    shown: Shown = {keyword: getattr(top, keyword.replace("-", "_")) for keyword in (*_GLOBAL_DEFAULTS, *always)}
    shown.update({keyword: given[keyword] for keyword in (*_GLOBAL_WRITTEN, *written) if keyword in given})
    shown |= _DDNS_DEFAULTS | _ddns(top)
    shown.update(zip(_RESERVATIONS, reservations(top), strict=True))
    if "hosts-databases" in given:
        shown["hosts-databases"] = []
    queue = {"queue-type": family.queue_type, **filled(top.dhcp_queue_control or QueueControl())}
    shown |= {
        "dhcp-ddns": _d2_client(top.dhcp_ddns or DhcpDdns.model_validate({"enable-updates": False}), d2_client),
        "dhcp-queue-control": queue,
        "expired-leases-processing": filled(top.expired_leases_processing or Expiring()),
        "hooks-libraries": [filled(library) for library in top.hooks_libraries],
        "host-reservation-identifiers": list(host_identifiers),
        "lease-database": as_written(top.lease_database) if top.lease_database else {"type": "memfile"},
        "multi-threading": filled(top.multi_threading or Threads()),
        "option-data": options.shown,
        "option-def": show_definitions(top.option_def, family),
        "sanity-checks": filled(top.sanity_checks or Sanity()),
    }
    if top.config_control is not None:
        shown["config-control"] = as_written(top.config_control)
    sockets = [top.control_socket] if top.control_socket else top.control_sockets
    if sockets is not None:
        shown["control-sockets"] = [as_written(socket) for socket in sockets]
    if loggers:
        shown["loggers"] = [_logger(*pair) for pair in zip(loggers, top.loggers or [], strict=True)]
    return with_context(shown, top)


def show_interfaces(written: Interfaces | None, own: Mapping[str, Any]) -> Shown:
    """interfaces-config, with the family's own keywords."""
    if written is None:
        return {"interfaces": [], "re-detect": False}
    shown: Shown = {"interfaces": written.interfaces, "re-detect": written.re_detect, **own}
    if written.service_sockets_require_all:
        shown["service-sockets-require-all"] = True
    if written.service_sockets_max_retries:
        shown["service-sockets-max-retries"] = written.service_sockets_max_retries
        shown["service-sockets-retry-wait-time"] = written.service_sockets_retry_wait_time
    return with_context(shown, written)


def filled(model: Keywords) -> Shown:
    """All keywords of a map, defaults too; those that are None by default only if given."""
    shown: Shown = {**(model.model_extra or {})}
    for name in type(model).model_fields:
        value = getattr(model, name)
        keyword = model.keyword(name)
        if value is not None and keyword not in _UNSHOWN:
            shown[keyword] = value
    return with_context(shown, model)


def as_written(model: Keywords) -> Shown:
    """A map as it was given."""
    return with_context({key: value for key, value in model.given().items() if key not in _UNSHOWN}, model)


def with_context(shown: Shown, model: Keywords) -> Shown:
    context = model.context() if isinstance(model, Commented) else None
    if context is not None:
        shown["user-context"] = context
    return shown


def show_definitions(entries: Iterable[OptionDef], family: Family) -> list[Shown]:
    """A list of option-def, in the order of their spaces."""
    return [_definition(entry, family) for entry in sorted(entries, key=lambda entry: entry.space or family.space)]


def _definition(entry: OptionDef, family: Family) -> Shown:
    shown: Shown = {
        "array": entry.array,
        "code": entry.code,
        "encapsulate": entry.encapsulate,
        "name": entry.name,
        "record-types": ", ".join(word.strip() for word in entry.record_types.split(",") if word.strip()),
        "space": family.space if entry.space is None else entry.space,
        "type": entry.type,
    }
    return with_context(shown, entry)


def _logger(settings: LoggerSettings, written: Commented) -> Shown:
    shown: Shown = {"name": settings.name, "debuglevel": settings.debuglevel or 0}
    if settings.severity is not None:
        shown["severity"] = settings.severity
    if settings.outputs:
        shown["output-options"] = outputs = []
        for output in settings.outputs:
            one: Shown = {"output": output.output, "flush": output.flush, "pattern": output.pattern}
            if output.output.startswith("/"):
                one |= {"maxsize": output.maxsize, "maxver": output.maxver}
            outputs.append(one)
    return with_context(shown, written)


def _ddns(written: Ddns) -> Shown:
    """The ddns- keywords of one place that were written there."""
    given = written.given()
    shown: Shown = {keyword: given[keyword] for keyword in _OWN if keyword in given}
    mode = conflict_mode(written)
    return shown if mode is None else shown | {"ddns-conflict-resolution-mode": mode}


def _d2_client(written: DhcpDdns, resolved: D2Client) -> Shown:
    return filled(written) | {"sender-ip": resolved.sender_ip}


def show_own(written: Inherited, own: Iterable[str], if_not_empty: Iterable[str]) -> Shown:
    """What a subnet or network has written itself.

    own, if_not_empty: the family's own keywords, shown where they were written, or only if not with an empty value
    """
    given = written.given()
    shown = _ddns(written) | {keyword: given[keyword] for keyword in own if keyword in given}
    shown.update({keyword: given[keyword] for keyword in ("interface", *if_not_empty) if given.get(keyword)})
    wanted = zip(_RESERVATIONS, reservations(written), strict=True)
    return shown | {keyword: value for keyword, value in wanted if value is not None}


def show_derived(resolved: Any) -> Shown:
    """What a subnet or network derives, written out. `resolved`: a subnet of a snapshot or a Resolved."""
    shown: Shown = {
        "cache-threshold": resolved.cache_threshold,
        "calculate-tee-times": resolved.calculate_tee_times,
        "max-valid-lifetime": resolved.valid.maximum,
        "min-valid-lifetime": resolved.valid.minimum,
        "store-extended-info": resolved.store_extended_info,
        "t1-percent": resolved.t1_percent,
        "t2-percent": resolved.t2_percent,
        "valid-lifetime": resolved.valid.default,
    }
    for keyword, value in (
        ("renew-timer", resolved.renew_timer),
        ("rebind-timer", resolved.rebind_timer),
        ("cache-max-age", resolved.cache_max_age),
    ):
        if value is not None:
            shown[keyword] = value
    return shown


def show_guards(written: Guards) -> Shown:
    shown: Shown = {}
    if classes := written.classes():
        shown["client-classes"] = classes
    if additional := written.additional():
        shown["evaluate-additional-classes"] = additional
    return shown


def show_pool(read: ReadPool) -> Shown:
    shown = _ddns(read.written) | show_guards(read.written)
    shown |= {"option-data": read.options.shown, "pool": read.pool.text}
    if read.pool.pool_id:
        shown["pool-id"] = read.pool.pool_id
    return with_context(shown, read.written)


def show_hosts(hosts: Sequence[ReadHost[H]], own: Callable[[H], Shown]) -> Iterable[Shown]:
    """The reservations of one place in Kea's order (many: an iterator); `own`: what only the family's have."""
    shown = (
        with_context(
            {
                "client-classes": list(read.host.classes),
                "hostname": read.host.hostname,
                "option-data": read.options.shown,
                read.host.identifier_type: identifier_text(read.host),
                **own(read.host),
            },
            read.written,
        )
        for read in sorted(
            hosts, key=lambda read: (read.host.identifier, tuple(LONGEST).index(read.host.identifier_type))
        )
    )
    return shown if len(hosts) > _MANY else list(shown)


def show_relay(written: Scope) -> Shown:
    """The relay agents that a network names itself."""
    return {"ip-addresses": list(written.relay.ip_addresses) if written.relay else []}
