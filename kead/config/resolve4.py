"""From a document to the snapshot that packets see: the DHCPv4 configuration resolved and checked as a whole.

Law: the order of the checks is Kea's (config-common.md § 2), so that of several mistakes the same one is told; the
checks themselves live with their parts. Nothing here touches a running server.
"""

from __future__ import annotations

import orjson

from kead.config.definitions4 import extended_table
from kead.config.errors import ConfigError, Path
from kead.config.get4 import show_config
from kead.config.grammar import validated
from kead.config.inheritance import header_text, next_server
from kead.config.options4 import read_options
from kead.config.reader import Document
from kead.config.restrictions import Restrictions
from kead.config.schema4 import Dhcp4, File4
from kead.config.snapshot4 import Compatibility, Config4, SanityChecks
from kead.config.subnets4 import ReadNetwork, ReadSubnet, SubnetReader
from kead.config.surroundings4 import UINT32_MAX, Surroundings
from kead.wire.definitions import OptionTable

TOP = "Dhcp4"


def load4(document: Document, table: OptionTable, *, context: Restrictions) -> Config4:
    """The configuration that a document says, with `table` the standard options. Raises ConfigError."""
    whole, warnings = validated(document, File4, TOP)
    return _Loading(document, whole.dhcp4, table, context, document.warnings + warnings).config()


class _Loading:
    """One document on its way."""

    def __init__(
        self, document: Document, top: Dhcp4, table: OptionTable, context: Restrictions, warnings: list[str]
    ) -> None:
        self._document = document
        self._top = top
        self._path: Path = (TOP,)
        self._table = table
        self._context = context
        self._warnings = warnings

    def config(self) -> Config4:
        document, top, path = self._document, self._top, self._path
        around = Surroundings(document, path, self._context, self._warnings)
        table = extended_table(document, top.option_def, (*path, "option-def"), self._table)
        options = read_options(document, top.option_data, (*path, "option-data"), table, "global", is_global=True)
        control_sockets = around.control_sockets(top)
        multi_threading = around.multi_threading(top.multi_threading)
        around.queue_control(top.dhcp_queue_control, multi_threading)
        host_identifiers = around.host_identifiers(top.host_reservation_identifiers)
        expiration = around.expiration(top.expired_leases_processing)
        hooks_libraries = around.hooks_libraries(top.hooks_libraries)
        around.ddns(top.dhcp_ddns)
        lease_database = around.lease_database(top.lease_database)
        reader = SubnetReader(document, top, path, table, options, self._context, self._warnings)
        networks = reader.networks()
        alone = reader.subnets()
        self._check_scalars()
        interfaces = around.interfaces(top.interfaces_config)
        loggers = around.loggers(top)
        shown = show_config(top, options, networks, alone, loggers, host_identifiers)
        subnets = tuple(sorted((read.subnet for read in _all(networks, alone)), key=lambda subnet: subnet.id))
        self._warn_of_timers(networks, alone)
        return Config4(
            subnets=subnets,
            by_id={subnet.id: subnet for subnet in subnets},
            networks=tuple(read.network for read in networks),
            options=options.scope,
            authoritative=top.authoritative is True,
            server_id=options.server_id,
            interfaces=interfaces,
            lease_database=lease_database,
            expiration=expiration,
            control_sockets=control_sockets,
            hooks_libraries=hooks_libraries,
            loggers=loggers,
            sanity=_sanity(top),
            compatibility=_compatibility(top),
            multi_threading=multi_threading,
            host_identifiers=host_identifiers,
            decline_probation_period=top.decline_probation_period,
            parked_packet_limit=self._uint32("parked-packet-limit", top.parked_packet_limit),
            echo_client_id=top.echo_client_id,
            stash_agent_options=top.stash_agent_options,
            statistic_default_sample_count=self._uint32(
                "statistic-default-sample-count", top.statistic_default_sample_count
            ),
            statistic_default_sample_age=self._uint32("statistic-default-sample-age", top.statistic_default_sample_age),
            server_tag=top.server_tag,
            user_context=top.context(),
            text=orjson.dumps(shown, option=orjson.OPT_SORT_KEYS),
            warnings=tuple(self._warnings),
        )

    def _check_scalars(self) -> None:
        """What no subnet looks at, and what Kea finds out only when it answers a packet."""
        top, path = self._top, self._path
        period = top.decline_probation_period
        if not 0 <= period <= UINT32_MAX:
            here = (*path, "decline-probation-period")
            place = self._document.place(here)
            raise ConfigError(
                f"out of range value ({period}) specified for parameter 'decline-probation-period' ({place})",
                place=place,
                path=here,
            )
        if top.next_server:
            next_server(self._document, top.next_server, (*path, "next-server"))
        header_text(self._document, top.server_hostname or "", (*path, "server-hostname"), 63, 63)
        header_text(self._document, top.boot_file_name or "", (*path, "boot-file-name"), 128, 127)

    def _uint32(self, keyword: str, value: int) -> int:
        """A number of 32 bits; as in Kea one outside is taken modulo."""
        if not 0 <= value <= UINT32_MAX:
            place = self._document.place((*self._path, keyword))
            self._warnings.append(f"'{keyword}' {value} ({place}) is taken as {value % (1 << 32)}")
        return value % (1 << 32)

    def _warn_of_timers(self, networks: list[ReadNetwork], alone: list[ReadSubnet]) -> None:
        seen: set[tuple[int, int]] = set()
        for read in _all(networks, alone):
            renew, rebind = read.subnet.renew_timer, read.subnet.rebind_timer
            if renew is None or rebind is None or renew <= rebind or (renew, rebind) in seen:
                continue
            seen.add((renew, rebind))
            self._warnings.append(
                f"in subnet {read.subnet.text} the value of renew-timer {renew} is greater than the value of "
                f"rebind-timer {rebind}"
            )


def _all(networks: list[ReadNetwork], alone: list[ReadSubnet]) -> list[ReadSubnet]:
    return [subnet for network in networks for subnet in network.subnets] + alone


def _sanity(top: Dhcp4) -> SanityChecks:
    written = top.sanity_checks
    return SanityChecks() if written is None else SanityChecks(written.lease_checks, written.extended_info_checks)


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
