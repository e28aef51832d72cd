"""From a document to the snapshot that packets see: the DHCPv6 configuration resolved and checked as a whole.

Law: the order of the checks is Kea's (config-common.md § 2), so that of several mistakes the same one is told; the
checks themselves live with their parts. Nothing here touches a running server.
"""

from __future__ import annotations

from kead.config.classes6 import read_classes
from kead.config.ddns import DdnsReader, d2_client
from kead.config.definitions import extended_table
from kead.config.errors import Path
from kead.config.family import V6
from kead.config.get6 import show_config
from kead.config.grammar import validated
from kead.config.identity6 import Identity
from kead.config.inheritance import Levels
from kead.config.options import OptionReader
from kead.config.pieces import free_lists, free_model, json_pieces
from kead.config.reader import Document
from kead.config.restrictions import Restrictions
from kead.config.schema6 import Dhcp6, File6
from kead.config.snapshot6 import Compatibility, Config6
from kead.config.subnets import Ground
from kead.config.subnets6 import SubnetReader
from kead.config.surroundings import Surroundings
from kead.wire.definitions import OptionTable

TOP = "Dhcp6"


def load6(document: Document, table: OptionTable, *, context: Restrictions) -> Config6:
    """The configuration that a document says, with `table` the standard options. Raises ConfigError."""
    whole, warnings = validated(document, File6, TOP)
    try:
        return _resolved(document, whole.dhcp6, table, context, document.warnings + warnings)
    finally:
        free_model(whole.dhcp6)


def _resolved(
    document: Document, top: Dhcp6, table: OptionTable, context: Restrictions, warnings: list[str]
) -> Config6:
    path: Path = (TOP,)
    around = Surroundings(document, V6, path, context, warnings)
    identity = Identity(document, path, table)
    around.data_directory(top.data_directory)
    mac_sources = identity.mac_sources(top.mac_sources)
    server_id = identity.server_id(top.server_id)
    relay_supplied_options = identity.relay_supplied_options(top.relay_supplied_options)
    table = extended_table(document, top.option_def, (*path, "option-def"), table, V6)
    option_reader = OptionReader(document, table, V6)
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
    classes = read_classes(option_reader, top.client_classes, (*path, "client-classes"), warnings)
    lease_database = around.lease_database(top.lease_database)
    ground = Ground(document, V6, option_reader, context, ddns)
    reader = SubnetReader(ground, top, path, warnings)
    networks = reader.networks()
    alone = reader.subnets()
    global_hosts = reader.global_hosts()
    for kind in ("preferred", "valid"):
        Levels(document, ((top, path),), warnings).lifetime(kind)
    decline_probation_period = around.decline_probation_period(top.decline_probation_period)
    interfaces = around.interfaces(top.interfaces_config)
    loggers = around.loggers(top)
    shown = show_config(
        top,
        options,
        networks,
        alone,
        classes,
        loggers,
        host_identifiers,
        d2,
        global_hosts,
        server_id,
        mac_sources,
        relay_supplied_options,
    )
    read = [subnet for network in networks for subnet in network.subnets] + alone
    around.warn_of_timers((one.subnet.text, one.subnet.renew_timer, one.subnet.rebind_timer) for one in read)
    subnets = tuple(sorted((one.subnet for one in read), key=lambda subnet: subnet.id))
    config = Config6(
        subnets=subnets,
        by_id={subnet.id: subnet for subnet in subnets},
        networks=tuple(network.network for network in networks),
        hosts=tuple(one.host for one in (*(host for subnet in read for host in subnet.hosts), *global_hosts)),
        classes={one.resolved.name: one.resolved for one in classes},
        options=options.scope,
        interfaces=interfaces,
        lease_database=lease_database,
        expiration=expiration,
        control_sockets=control_sockets,
        hooks_libraries=hooks_libraries,
        loggers=loggers,
        sanity=around.sanity(top.sanity_checks),
        compatibility=Compatibility(top.compatibility is not None and top.compatibility.lenient_option_parsing),
        multi_threading=multi_threading,
        host_identifiers=host_identifiers,
        early_global_lookup=top.early_global_reservations_lookup,
        table=table,
        server_id=server_id,
        mac_sources=mac_sources,
        relay_supplied_options=relay_supplied_options,
        allow_address_registration=top.allow_address_registration,
        decline_probation_period=decline_probation_period,
        parked_packet_limit=around.uint32(top.parked_packet_limit, "parked-packet-limit"),
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
