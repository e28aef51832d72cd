"""What config-get shows below "Dhcp4".

Law: as in `get.py`, which has the shapes that both families have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kead.config.classes4 import ReadClass4
from kead.config.family import V4
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
from kead.config.get_classes import show_classes4
from kead.config.hosts4 import ReadHost4
from kead.config.options import ScopeOptions
from kead.config.schema4 import Dhcp4, Inherited
from kead.config.snapshot import D2Client
from kead.config.snapshot4 import Host4
from kead.config.subnets4 import ReadNetwork, ReadSubnet
from kead.log_settings import LoggerSettings
from kead.wire.address import text_ip4

_GLOBAL_DEFAULTS = (
    "authoritative",
    "boot-file-name",
    "echo-client-id",
    "match-client-id",
    "next-server",
    "server-hostname",
    "stash-agent-options",
)


def show_config(
    top: Dhcp4,
    options: ScopeOptions,
    networks: Sequence[ReadNetwork],
    subnets: Sequence[ReadSubnet],
    classes: Sequence[ReadClass4],
    loggers: Sequence[LoggerSettings],
    host_identifiers: Sequence[str],
    d2_client: D2Client,
    global_hosts: Sequence[ReadHost4],
) -> Shown:
    """The map under "Dhcp4". The lists that may be long are iterators: for `json_pieces`, once."""
    shown = show_server(
        top, V4, options, loggers, host_identifiers, d2_client, always=_GLOBAL_DEFAULTS, written=("offer-lifetime",)
    )
    flags = (
        {key: on for key, on in as_written(top.compatibility).items() if on} if top.compatibility is not None else {}
    )
    if flags:
        shown["compatibility"] = flags
    if classes:
        shown["client-classes"] = show_classes4(classes)
    if global_hosts:
        shown["reservations"] = show_hosts(global_hosts, _host)
    return shown | {
        "interfaces-config": _interfaces(top),
        "shared-networks": (_network(one) for one in sorted(networks, key=lambda one: one.network.name)),
        "subnet4": (_subnet(one) for one in sorted(subnets, key=lambda one: one.subnet.id)),
    }


def _interfaces(top: Dhcp4) -> Shown:
    written = top.interfaces_config
    own: Shown = {}
    if written is not None and written.dhcp_socket_type is not None:
        own["dhcp-socket-type"] = written.dhcp_socket_type
    if written is not None and written.outbound_interface is not None:
        own["outbound-interface"] = written.outbound_interface
    return show_interfaces(written, own)


def _own(written: Inherited) -> Shown:
    header = ("next-server", "server-hostname", "boot-file-name")
    return show_own(written, ("match-client-id", "authoritative"), header)


def _derived(common: Any, own: Any) -> Shown:
    """`common`, `own`: a Subnet4 twice, or a Resolved and a Resolved4."""
    shown = show_derived(common) | {"allocator": own.allocator}
    if own.offer_lifetime is not None:
        shown["offer-lifetime"] = own.offer_lifetime
    return shown


def _subnet(read: ReadSubnet) -> Shown:
    shown = _derived(read.subnet, read.subnet) | _own(read.written) | show_guards(read.written)
    shown |= {
        "4o6-interface": "",
        "4o6-interface-id": "",
        "4o6-subnet": "",
        "id": read.subnet.id,
        "option-data": read.options.shown,
        "pools": [show_pool(pool) for pool in read.pools],
        "relay": {"ip-addresses": read.relays},
        "reservations": show_hosts(read.hosts, _host),
        "subnet": read.subnet.text,
    }
    return with_context(shown, read.written)


def _host(host: Host4) -> Shown:
    shown: Shown = {
        "boot-file-name": host.boot_file_name.decode("latin-1"),
        "next-server": text_ip4(host.next_server),
        "server-hostname": host.server_hostname.decode("latin-1"),
    }
    if host.address:
        shown["ip-address"] = text_ip4(host.address)
    return shown


def _network(read: ReadNetwork) -> Shown:
    shown = _derived(read.resolved, read.own) | _own(read.written) | show_guards(read.written)
    shown |= {
        "name": read.network.name,
        "option-data": read.options.shown,
        "relay": show_relay(read.written),
        "subnet4": (_subnet(one) for one in sorted(read.subnets, key=lambda one: one.subnet.id)),
    }
    return with_context(shown, read.written)
