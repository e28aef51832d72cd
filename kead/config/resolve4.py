"""From a document to the snapshot that packets see: the DHCPv4 configuration resolved and checked as a whole.

Law: the order of the checks is Kea's (config-common.md § 2), so that of several mistakes the same one is told; the
checks themselves live with their parts. Nothing here touches a running server.
"""

from __future__ import annotations

from dataclasses import replace

from kead.config.classes4 import read_classes
from kead.config.ddns import DdnsReader, d2_client
from kead.config.definitions import extended_table
from kead.config.errors import Path
from kead.config.family import V4
from kead.config.get4 import show_config
from kead.config.grammar import validated
from kead.config.inheritance import Levels
from kead.config.inheritance4 import header_text, next_server
from kead.config.options import OptionReader
from kead.config.pieces import free_lists, free_model, json_pieces
from kead.config.reader import Document
from kead.config.restrictions import Restrictions
from kead.config.schema4 import Dhcp4, File4
from kead.config.snapshot4 import Compatibility, Config4, InterfacesConfig
from kead.config.subnets import Ground
from kead.config.subnets4 import SubnetReader, server_id
from kead.config.surroundings import Surroundings
from kead.wire.definitions import OptionTable

TOP = "Dhcp4"


def load4(document: Document, table: OptionTable, *, context: Restrictions) -> Config4:
    """The configuration that a document says, with `table` the standard options. Raises ConfigError."""
    whole, warnings = validated(document, File4, TOP)
    try:
        return _resolved(document, whole.dhcp4, table, context, document.warnings + warnings)
    finally:
        free_model(whole.dhcp4)


def _resolved(
    document: Document, top: Dhcp4, table: OptionTable, context: Restrictions, warnings: list[str]
) -> Config4:
    path: Path = (TOP,)
    around = Surroundings(document, V4, path, context, warnings)
    standard, table = table, extended_table(document, top.option_def, (*path, "option-def"), table, V4)
    option_reader = OptionReader(document, table, V4)
    options = option_reader.read(top.option_data, (*path, "option-data"), "global", is_global=True)
    control_sockets = around.control_sockets(top)
    multi_threading = around.multi_threading(top.multi_threading)
    around.queue_control(top.dhcp_queue_control, multi_threading)
    host_identifiers = around.host_identifiers(top.host_reservation_identifiers)
    expiration = around.expiration(top.expired_leases_processing)
    hooks_libraries = around.hooks_libraries(top.hooks_libraries)
    d2 = d2_client(document, top.dhcp_ddns, (*path, "dhcp-ddns"))
    ddns = DdnsReader(document, d2.enable_updates, warnings)
    ddns.check(top, path)
    classes = read_classes(option_reader, standard, top.client_classes, (*path, "client-classes"), warnings)
    lease_database = around.lease_database(top.lease_database)
    ground = Ground(document, V4, option_reader, context, ddns)
    reader = SubnetReader(ground, top, path, options.scope, warnings)
    networks = reader.networks()
    alone = reader.subnets()
    global_hosts = reader.global_hosts()
    Levels(document, ((top, path),), warnings).lifetime("valid")
    decline_probation_period = around.decline_probation_period(top.decline_probation_period)
    _check_header(document, top, path)
    interfaces = _interfaces(around, top)
    loggers = around.loggers(top)
    shown = show_config(top, options, networks, alone, classes, loggers, host_identifiers, d2, global_hosts)
    read = [subnet for network in networks for subnet in network.subnets] + alone
    around.warn_of_timers((one.subnet.text, one.subnet.renew_timer, one.subnet.rebind_timer) for one in read)
    subnets = tuple(sorted((one.subnet for one in read), key=lambda subnet: subnet.id))
    config = Config4(
        subnets=subnets,
        by_id={subnet.id: subnet for subnet in subnets},
        networks=tuple(network.network for network in networks),
        hosts=tuple(one.host for one in (*(host for subnet in read for host in subnet.hosts), *global_hosts)),
        classes={one.resolved.name: one.resolved for one in classes},
        options=options.scope,
        authoritative=top.authoritative is True,
        server_id=server_id(options.scope),
        interfaces=interfaces,
        lease_database=lease_database,
        expiration=expiration,
        control_sockets=control_sockets,
        hooks_libraries=hooks_libraries,
        loggers=loggers,
        sanity=around.sanity(top.sanity_checks),
        compatibility=_compatibility(top),
        multi_threading=multi_threading,
        host_identifiers=host_identifiers,
        early_global_lookup=top.early_global_reservations_lookup,
        table=table,
        decline_probation_period=decline_probation_period,
        parked_packet_limit=around.uint32(top.parked_packet_limit, "parked-packet-limit"),
        echo_client_id=top.echo_client_id,
        stash_agent_options=top.stash_agent_options,
        statistic_default_sample_count=around.uint32(
            top.statistic_default_sample_count, "statistic-default-sample-count"
        ),
        statistic_default_sample_age=around.uint32(top.statistic_default_sample_age, "statistic-default-sample-age"),
        server_tag=top.server_tag,
        d2_client=d2,
        user_context=top.context(),
        text=b"".join(json_pieces(shown)),
        warnings=tuple(warnings),
    )
    free_lists(alone, networks, read)
    return config


def _check_header(document: Document, top: Dhcp4, path: Path) -> None:
    """Texts for the header that no subnet looks at: Kea finds out only when it answers a packet."""
    if top.next_server:
        next_server(document, top.next_server, (*path, "next-server"))
    header_text(document, top.server_hostname or "", (*path, "server-hostname"), 63, 63)
    header_text(document, top.boot_file_name or "", (*path, "boot-file-name"), 128, 127)


def _interfaces(around: Surroundings, top: Dhcp4) -> InterfacesConfig:
    interfaces = around.interfaces(top.interfaces_config)
    written = top.interfaces_config
    if written is None:
        return interfaces
    udp, use_routing = written.dhcp_socket_type == "udp", written.outbound_interface == "use-routing"
    return replace(interfaces, udp=udp, use_routing=use_routing)


def _compatibility(top: Dhcp4) -> Compatibility:
    written = top.compatibility
    if written is None:
        return Compatibility()
    return Compatibility(
        written.lenient_option_parsing,
        written.ignore_dhcp_server_identifier,
        written.ignore_rai_link_selection,
        written.exclude_first_last_24,
    )
