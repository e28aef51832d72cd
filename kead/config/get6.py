"""What config-get shows below "Dhcp6".

Law: as in `get.py`, which has the shapes that both families have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kead.config.classes6 import ReadClass6
from kead.config.family import V6
from kead.config.get import (
    Shown,
    as_written,
    show_derived,
    show_guards,
    show_hosts,
    show_interfaces,
    show_own,
    show_pool,
    show_relay,
    show_server,
    with_context,
)
from kead.config.get_classes import show_classes6
from kead.config.hosts6 import ReadHost6
from kead.config.options import ScopeOptions
from kead.config.pdpools6 import ReadPdPool
from kead.config.schema6 import Dhcp6, Scope
from kead.config.snapshot import D2Client
from kead.config.snapshot6 import Host6, Prefix, ServerId
from kead.config.subnets6 import ReadNetwork, ReadSubnet
from kead.log_settings import LoggerSettings
from kead.wire.address import text_ip6

_GLOBAL_WRITTEN = (
    "allow-address-registration",
    "max-preferred-lifetime",
    "min-preferred-lifetime",
    "preferred-lifetime",
)


def show_config(
    top: Dhcp6,
    options: ScopeOptions,
    networks: Sequence[ReadNetwork],
    subnets: Sequence[ReadSubnet],
    classes: Sequence[ReadClass6],
    loggers: Sequence[LoggerSettings],
    host_identifiers: Sequence[str],
    d2_client: D2Client,
    global_hosts: Sequence[ReadHost6],
    server_id: ServerId,
    mac_sources: Sequence[str],
    relay_supplied_options: frozenset[int],
) -> Shown:
    """The map under "Dhcp6". The lists that may be long are iterators: for `json_pieces`, once."""
    shown = show_server(
        top, V6, options, loggers, host_identifiers, d2_client, always=("pd-allocator",), written=_GLOBAL_WRITTEN
    )
    if top.compatibility is not None:
        shown["compatibility"] = as_written(top.compatibility)
    if classes:
        shown["client-classes"] = show_classes6(classes)
    if global_hosts:
        shown["reservations"] = show_hosts(global_hosts, _host)
    return shown | {
        "interfaces-config": show_interfaces(top.interfaces_config, {}),
        "mac-sources": list(mac_sources),
        "relay-supplied-options": [str(code) for code in sorted(relay_supplied_options)],
        "server-id": _server_id(top, server_id),
        "shared-networks": (_network(one) for one in sorted(networks, key=lambda one: one.network.name)),
        "subnet6": (_subnet(one) for one in sorted(subnets, key=lambda one: one.subnet.id)),
    }


def _server_id(top: Dhcp6, server_id: ServerId) -> Shown:
    shown: Shown = {
        "enterprise-id": server_id.enterprise_id,
        "htype": server_id.htype,
        "identifier": server_id.identifier.hex().upper(),
        "persist": server_id.persist,
        "time": server_id.time,
        "type": server_id.type,
    }
    return shown if top.server_id is None else with_context(shown, top.server_id)


def _derived(common: Any, own: Any) -> Shown:
    """`common`, `own`: a Subnet6 twice, or a Resolved and a Resolved6."""
    shown = show_derived(common) | {"allocator": own.allocator, "pd-allocator": own.pd_allocator}
    if not own.preferred_follows_valid:
        shown |= {
            "max-preferred-lifetime": own.preferred.maximum,
            "min-preferred-lifetime": own.preferred.minimum,
            "preferred-lifetime": own.preferred.default,
        }
    return shown


def _own(written: Scope) -> Shown:
    return show_own(written, (), ("interface-id",)) | show_guards(written)


def _subnet(read: ReadSubnet) -> Shown:
    shown = _derived(read.subnet, read.subnet) | _own(read.written)
    shown |= {
        "id": read.subnet.id,
        "option-data": read.options.shown,
        "pd-pools": [_pd_pool(pool) for pool in read.pd_pools],
        "pools": [show_pool(pool) for pool in read.pools],
        "rapid-commit": read.subnet.rapid_commit,
        "relay": {"ip-addresses": read.relays},
        "reservations": show_hosts(read.hosts, _host),
        "subnet": read.subnet.text,
    }
    return with_context(shown, read.written)


def _pd_pool(read: ReadPdPool) -> Shown:
    pool = read.pool
    shown = show_guards(read.written)
    shown |= {
        "delegated-len": pool.delegated_length,
        "option-data": read.options.shown,
        "prefix": text_ip6(pool.prefix),
        "prefix-len": pool.length,
    }
    if pool.excluded is not None:
        shown["excluded-prefix"] = text_ip6(pool.excluded[0])
        shown["excluded-prefix-len"] = pool.excluded[1]
    if pool.pool_id:
        shown["pool-id"] = pool.pool_id
    return with_context(shown, read.written)


def _host(host: Host6) -> Shown:
    shown: Shown = {
        "ip-addresses": [text_ip6(address) for address in host.addresses],
        "prefixes": [_prefix(prefix) for prefix in host.prefixes],
    }
    if any(host.excluded):
        shown["excluded-prefixes"] = [_prefix(excluded) if excluded is not None else "" for excluded in host.excluded]
    return shown


def _prefix(prefix: Prefix) -> str:
    return f"{text_ip6(prefix[0])}/{prefix[1]}"


def _network(read: ReadNetwork) -> Shown:
    shown = _derived(read.resolved, read.own) | _own(read.written)
    shown |= {
        "name": read.network.name,
        "option-data": read.options.shown,
        "rapid-commit": read.network.rapid_commit,
        "relay": show_relay(read.written),
        "subnet6": (_subnet(one) for one in sorted(read.subnets, key=lambda one: one.subnet.id)),
    }
    return with_context(shown, read.written)
