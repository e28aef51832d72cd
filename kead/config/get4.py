"""What config-get shows: the configuration with its defaults filled in, as Kea writes it.

Law: shapes only (config-common.md § 13). What is shown, sent back by config-set, gives the same configuration and
the same text: so a hash says whether two configurations are one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kead.config.inheritance import Resolved, reservations
from kead.config.options4 import ScopeOptions
from kead.config.schema4 import (
    Dhcp4,
    DhcpDdns,
    Expiring,
    Inherited,
    OptionDef,
    Pool,
    QueueControl,
    Sanity,
    Scope,
    Threads,
)
from kead.config.schema_base import Commented, Keywords
from kead.config.subnets4 import ReadNetwork, ReadPool, ReadSubnet
from kead.log_settings import LoggerSettings

Shown = dict[str, Any]

_UNSHOWN = frozenset({"comment", "user-context", "client-class", "require-client-classes", "reservation-mode"})
_OWN = (
    "match-client-id",
    "authoritative",
    "ddns-send-updates",
    "ddns-override-no-update",
    "ddns-override-client-update",
    "ddns-replace-client-name",
    "ddns-generated-prefix",
    "ddns-qualifying-suffix",
    "ddns-update-on-renew",
    "ddns-conflict-resolution-mode",
    "hostname-char-set",
    "hostname-char-replacement",
)
"""Inherited when a packet asks, so shown only where they were written."""
_RESERVATIONS = ("reservations-global", "reservations-in-subnet", "reservations-out-of-pool")
_OWN_IF_NOT_EMPTY = ("interface", "next-server", "server-hostname", "boot-file-name")
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
    "authoritative",
    "boot-file-name",
    "cache-threshold",
    "calculate-tee-times",
    "decline-probation-period",
    "dhcp4o6-port",
    "early-global-reservations-lookup",
    "echo-client-id",
    "ip-reservations-unique",
    "match-client-id",
    "next-server",
    "parked-packet-limit",
    "reservations-global",
    "reservations-in-subnet",
    "reservations-lookup-first",
    "reservations-out-of-pool",
    "server-hostname",
    "server-tag",
    "stash-agent-options",
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
    "max-valid-lifetime",
    "min-valid-lifetime",
    "offer-lifetime",
    "rebind-timer",
    "renew-timer",
)


def show_config(
    top: Dhcp4,
    options: ScopeOptions,
    networks: Sequence[ReadNetwork],
    subnets: Sequence[ReadSubnet],
    loggers: Sequence[LoggerSettings],
    host_identifiers: Sequence[str],
) -> Shown:
    """The map under "Dhcp4"."""
    given = top.given()
    shown: Shown = {keyword: getattr(top, keyword.replace("-", "_")) for keyword in _GLOBAL_DEFAULTS}
    shown.update({keyword: given[keyword] for keyword in _GLOBAL_WRITTEN if keyword in given})
    shown.update({keyword: given.get(keyword, usual) for keyword, usual in _DDNS_DEFAULTS.items()})
    shown.update(zip(_RESERVATIONS, reservations(top), strict=True))
    if "hosts-databases" in given:
        shown["hosts-databases"] = []
    shown |= {
        "dhcp-ddns": _filled(top.dhcp_ddns or DhcpDdns.model_validate({"enable-updates": False})),
        "dhcp-queue-control": _filled(top.dhcp_queue_control or QueueControl()),
        "expired-leases-processing": _filled(top.expired_leases_processing or Expiring()),
        "hooks-libraries": [_filled(library) for library in top.hooks_libraries],
        "host-reservation-identifiers": list(host_identifiers),
        "interfaces-config": _interfaces(top),
        "lease-database": _written(top.lease_database) if top.lease_database else {"type": "memfile"},
        "multi-threading": _filled(top.multi_threading or Threads()),
        "option-data": options.shown,
        "option-def": [_definition(entry) for entry in sorted(top.option_def, key=lambda entry: entry.space)],
        "sanity-checks": _filled(top.sanity_checks or Sanity()),
        "shared-networks": [_network(one) for one in sorted(networks, key=lambda one: one.network.name)],
        "subnet4": [_subnet(one) for one in sorted(subnets, key=lambda one: one.subnet.id)],
    }
    for keyword, part in (("compatibility", top.compatibility), ("config-control", top.config_control)):
        if part is not None:
            shown[keyword] = _written(part)
    sockets = [top.control_socket] if top.control_socket else top.control_sockets
    if sockets is not None:
        shown["control-sockets"] = [_written(socket) for socket in sockets]
    if loggers:
        shown["loggers"] = [_logger(*pair) for pair in zip(loggers, top.loggers or [], strict=True)]
    return _with_context(shown, top)


def _filled(model: Keywords) -> Shown:
    """All keywords of a map, defaults too; those that are None by default only if given."""
    shown: Shown = {**(model.model_extra or {})}
    for name in type(model).model_fields:
        value = getattr(model, name)
        keyword = model.keyword(name)
        if value is not None and keyword not in _UNSHOWN:
            shown[keyword] = value
    return _with_context(shown, model)


def _written(model: Keywords) -> Shown:
    """A map as it was given."""
    return _with_context({key: value for key, value in model.given().items() if key not in _UNSHOWN}, model)


def _with_context(shown: Shown, model: Keywords) -> Shown:
    context = model.context() if isinstance(model, Commented) else None
    if context is not None:
        shown["user-context"] = context
    return shown


def _interfaces(top: Dhcp4) -> Shown:
    written = top.interfaces_config
    if written is None:
        return {"interfaces": [], "re-detect": True}
    shown: Shown = {"interfaces": written.interfaces, "re-detect": written.re_detect}
    if written.dhcp_socket_type is not None:
        shown["dhcp-socket-type"] = written.dhcp_socket_type
    if written.outbound_interface is not None:
        shown["outbound-interface"] = written.outbound_interface
    if written.service_sockets_require_all:
        shown["service-sockets-require-all"] = True
    if written.service_sockets_max_retries:
        shown["service-sockets-max-retries"] = written.service_sockets_max_retries
        shown["service-sockets-retry-wait-time"] = written.service_sockets_retry_wait_time
    return _with_context(shown, written)


def _definition(entry: OptionDef) -> Shown:
    shown: Shown = {
        "array": entry.array,
        "code": entry.code,
        "encapsulate": entry.encapsulate,
        "name": entry.name,
        "record-types": ", ".join(word.strip() for word in entry.record_types.split(",") if word.strip()),
        "space": entry.space,
        "type": entry.type,
    }
    return _with_context(shown, entry)


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
    return _with_context(shown, written)


def _own(written: Inherited) -> Shown:
    given = written.given()
    shown = {keyword: given[keyword] for keyword in _OWN if keyword in given}
    shown.update({keyword: given[keyword] for keyword in _OWN_IF_NOT_EMPTY if given.get(keyword)})
    wanted = zip(_RESERVATIONS, reservations(written), strict=True)
    return shown | {keyword: value for keyword, value in wanted if value is not None}


def _derived(resolved: Any) -> Shown:
    """What a subnet or network derives, written out. `resolved`: a Subnet4 or a Resolved."""
    shown: Shown = {
        "allocator": resolved.allocator,
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
        ("offer-lifetime", resolved.offer_lifetime),
    ):
        if value is not None:
            shown[keyword] = value
    return shown


def _guards(written: Scope | Pool) -> Shown:
    shown: Shown = {}
    classes = written.client_classes or ([written.client_class] if written.client_class else [])
    if classes:
        shown["client-classes"] = classes
    additional = written.evaluate_additional_classes or written.require_client_classes
    if additional:
        shown["evaluate-additional-classes"] = additional
    return shown


def _subnet(read: ReadSubnet) -> Shown:
    shown = _derived(read.subnet) | _own(read.written) | _guards(read.written)
    shown |= {
        "4o6-interface": "",
        "4o6-interface-id": "",
        "4o6-subnet": "",
        "id": read.subnet.id,
        "option-data": read.options.shown,
        "pools": [_pool(pool) for pool in read.pools],
        "relay": {"ip-addresses": read.relays},
        "reservations": [],
        "subnet": read.subnet.text,
    }
    return _with_context(shown, read.written)


def _pool(read: ReadPool) -> Shown:
    given = read.written.given()
    shown: Shown = {keyword: given[keyword] for keyword in _OWN if keyword in given}
    shown |= _guards(read.written)
    shown |= {"option-data": read.options.shown, "pool": read.pool.text}
    if read.pool.pool_id:
        shown["pool-id"] = read.pool.pool_id
    return _with_context(shown, read.written)


def _network(read: ReadNetwork) -> Shown:
    resolved: Resolved = read.resolved
    relay = read.written.relay
    shown = _derived(resolved) | _own(read.written) | _guards(read.written)
    shown |= {
        "name": read.network.name,
        "option-data": read.options.shown,
        "relay": {"ip-addresses": list(relay.ip_addresses) if relay else []},
        "subnet4": [_subnet(one) for one in sorted(read.subnets, key=lambda one: one.subnet.id)],
    }
    return _with_context(shown, read.written)
