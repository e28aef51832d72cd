"""What a server needs around its subnets: interfaces, lease database, timers, sockets, libraries, loggers.

Law: one short function a map of the configuration, keywords in, snapshot part out; texts are Kea's.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NoReturn

from kead.config.errors import ConfigError, Path
from kead.config.family import Family
from kead.config.reader import Document
from kead.config.restrictions import ForbiddenPathError, Restrictions
from kead.config.schema_common import (
    ControlSocketEntry,
    Database,
    Expiring,
    Interfaces,
    Library,
    QueueControl,
    Sanity,
    Server,
    Threads,
)
from kead.config.snapshot import (
    ControlSocket,
    Expiration,
    HooksLibrary,
    InterfaceChoice,
    InterfacesConfig,
    LeaseDatabase,
    MultiThreading,
    SanityChecks,
)
from kead.log_settings import LoggerSettings, LogSettingsError, read_loggers

UINT32_MAX = 4294967295
LONGEST_SOCKET_NAME = 107


class Surroundings:
    """Reads them out of one document."""

    def __init__(
        self, document: Document, family: Family, path: Path, context: Restrictions, warnings: list[str]
    ) -> None:
        self._document = document
        self._family = family
        self._path = path
        self._context = context
        self._warnings = warnings

    def _refuse(self, text: str, path: Path, *, place: bool = True, remedy: str = "") -> NoReturn:
        where = self._document.place(path)
        raise ConfigError(f"{text} ({where})" if place else text, place=where, path=path, remedy=remedy)

    def control_sockets(self, top: Server) -> tuple[ControlSocket, ...]:
        if top.control_socket is not None:
            entries, path = [top.control_socket], [(*self._path, "control-socket")]
        else:
            entries = top.control_sockets or []
            path = [(*self._path, "control-sockets", index) for index in range(len(entries))]
        sockets: list[ControlSocket] = []
        for entry, here in zip(entries, path, strict=True):
            sockets.append(self._control_socket(entry, here))
            if len(sockets) > 1:
                self._refuse("control socket of type 'unix' already configured", here, place=False)
        return tuple(sockets)

    def _control_socket(self, entry: ControlSocketEntry, path: Path) -> ControlSocket:
        if entry.socket_type is None:
            self._refuse("'socket-type' parameter is mandatory in control-sockets items", path, place=False)
        if entry.socket_type != "unix":
            remedy = "use a control socket of type 'unix'"
            where = (*path, "socket-type")
            self._refuse(f"control socket of type '{entry.socket_type}' is not supported yet", where, remedy=remedy)
        if entry.socket_name is None:
            self._refuse("Mandatory 'socket-name' parameter missing", path, place=False)
        here = (*path, "socket-name")
        try:
            name = self._context.socket_file(entry.socket_name)
        except ForbiddenPathError as error:
            self._refuse(f"'socket-name' is invalid: {error}", here, place=False)
        if len(name) > LONGEST_SOCKET_NAME:
            self._refuse(f"'socket-name' is invalid: {name} is longer than {LONGEST_SOCKET_NAME} bytes", here)
        for keyword in sorted(entry.given().keys() - {"socket-type", "socket-name", "comment", "user-context"}):
            self._warnings.append(f"'{keyword}' says nothing for a control socket of type 'unix'")
        return ControlSocket("unix", name)

    def multi_threading(self, written: Threads | None) -> MultiThreading:
        if written is None:
            return MultiThreading()
        path = (*self._path, "multi-threading")
        if "enable-multi-threading" not in written.given() and not self._document.wire:
            spot = self._document.spot(path)
            around = f" [multi-threading map between {spot.first.place} and {spot.last.place}]" if spot else ""
            place = self._document.place(path)
            text = f"missing parameter 'enable-multi-threading' ({place}){around}"
            raise ConfigError(text, place=place, path=path, syntax=True)
        for keyword, value in (
            ("thread pool size", written.thread_pool_size),
            ("packet queue size", written.packet_queue_size),
        ):
            here = (*path, keyword.replace(" ", "-"))
            if value < 0:
                self._refuse(f"{keyword} code must not be negative", here)
            if value > 65535:
                self._refuse(f"invalid {keyword} '{value}', it must not be greater than '65535'", here)
        return MultiThreading(written.enable_multi_threading, written.thread_pool_size, written.packet_queue_size)

    def queue_control(self, written: QueueControl | None, threads: MultiThreading) -> None:
        if written is None or not written.enable_queue:
            return
        path = (*self._path, "dhcp-queue-control", "enable-queue")
        if not threads.enabled:
            self._refuse("'dhcp-queue-control' is not supported yet", path, remedy="set 'enable-queue' to false")
        self._warnings.append("dhcp-queue-control has no effect while multi-threading is enabled, as in Kea")

    def host_identifiers(self, written: list[Any] | None) -> tuple[str, ...]:
        if written is None:
            return self._family.identifiers
        path = (*self._path, "host-reservation-identifiers")
        found: list[str] = []
        for index, name in enumerate(written):
            names = self._family.all_identifiers if name == "auto" else (name,)
            for one in names:
                if one in found:
                    self._refuse(f"duplicate host identifier '{one}'", (*path, index))
                found.append(one)
        return tuple(found)

    def expiration(self, written: Expiring | None) -> Expiration:
        if written is None:
            return Expiration()
        path = (*self._path, "expired-leases-processing")
        most = {"max-reclaim-time": 10000, "hold-reclaimed-time": UINT32_MAX, "max-reclaim-leases": UINT32_MAX}
        for keyword, value in written.given().items():
            here, limit = (*path, keyword), most.get(keyword, 65535)
            if value < 0:
                self._refuse(f"value for configuration parameter '{keyword}' must not be negative", here)
            if value > limit:
                self._refuse(
                    f"out range value '{value}' for configuration parameter '{keyword}', expected maximum value of "
                    f"'{limit}'",
                    here,
                )
        return Expiration(
            written.reclaim_timer_wait_time,
            written.flush_reclaimed_timer_wait_time,
            written.hold_reclaimed_time,
            written.max_reclaim_leases,
            written.max_reclaim_time,
            written.unwarned_reclaim_cycles,
        )

    def data_directory(self, written: str | None) -> None:
        """Kea 3 takes the directory from the environment alone; the keyword may still say the same."""
        if written is None:
            return
        path = (*self._path, "data-directory")
        try:
            self._context.check_data_directory(written)
        except ForbiddenPathError as error:
            remedy = "leave 'data-directory' out; the environment's KEA_DHCP_DATA_DIR says where data lie"
            self._refuse(f"'data-directory' of {error}", path, place=False, remedy=remedy)
        self._warnings.append(f"'data-directory' ({self._document.place(path)}) is ignored")

    def sanity(self, written: Sanity | None) -> SanityChecks:
        return SanityChecks() if written is None else SanityChecks(written.lease_checks, written.extended_info_checks)

    def decline_probation_period(self, period: int) -> int:
        if not 0 <= period <= UINT32_MAX:
            text = f"out of range value ({period}) specified for parameter 'decline-probation-period'"
            self._refuse(text, (*self._path, "decline-probation-period"))
        return period

    def warn_of_timers(self, timers: Iterable[tuple[str, int | None, int | None]]) -> None:
        """Tell once of each pair of timers (of a subnet, with its text) that is the wrong way round."""
        seen: set[tuple[int, int]] = set()
        for subnet, renew, rebind in timers:
            if renew is None or rebind is None or renew <= rebind or (renew, rebind) in seen:
                continue
            seen.add((renew, rebind))
            values = f"renew-timer {renew} is greater than the value of rebind-timer {rebind}"
            self._warnings.append(f"in subnet {subnet} the value of {values}")

    def hooks_libraries(self, written: list[Library]) -> tuple[HooksLibrary, ...]:
        """As written; which of them exist and may be loaded is the hook framework's to say."""
        return tuple(HooksLibrary(entry.library, entry.parameters or {}) for entry in written)

    def lease_database(self, written: Database | None) -> LeaseDatabase:
        if written is None:
            return LeaseDatabase(path=self._context.lease_file(self._family.lease_file))
        path = (*self._path, "lease-database")
        self._check_numbers(written, path)
        if written.type in ("mysql", "postgresql"):
            self._refuse(
                f"lease database of type '{written.type}' is not supported yet", (*path, "type"), remedy="use 'memfile'"
            )
        if written.type != "memfile":
            self._refuse(f"unknown backend database type: {written.type}", (*path, "type"), remedy="use 'memfile'")
        for keyword, backend in (
            ("read-timeout", "mysql"),
            ("write-timeout", "mysql"),
            ("tcp-user-timeout", "postgresql"),
        ):
            if written.given().get(keyword):
                self._refuse(f"{keyword} value is only supported by the {backend} backend", (*path, keyword))
        name = ""
        try:
            name = self._context.lease_file(written.name or self._family.lease_file)
        except ForbiddenPathError as error:
            self._refuse(f"Could not open lease file: {error}", (*path, "name"), place=False)
        return LeaseDatabase(
            "memfile",
            name,
            written.persist,
            written.lfc_interval,
            written.max_row_errors,
            written.on_fail,
            written.durability,
            written.given(),
        )

    def _check_numbers(self, written: Database, path: Path) -> None:
        for keyword, value in written.given().items():
            if type(value) is not int:
                continue
            most = 65535 if keyword == "port" else UINT32_MAX
            if not 0 <= value <= most:
                self._refuse(f"{keyword} value: {value} is out of range, expected value: 0..{most}", (*path, keyword))

    def loggers(self, top: Server) -> tuple[LoggerSettings, ...]:
        path = (*self._path, "loggers")
        entries = [logger.model_dump(by_alias=True, exclude_unset=True) for logger in top.loggers or []]
        context = self._context
        try:
            return read_loggers(
                entries, directory=context.log_directory, restricted=context.enforce and not context.testing
            )
        except LogSettingsError as error:
            self._refuse(str(error), (*path, error.logger))

    def interfaces(self, written: Interfaces | None) -> InterfacesConfig:
        if written is None:
            return InterfacesConfig()
        path = (*self._path, "interfaces-config", "interfaces")
        choices: list[InterfaceChoice] = []
        for index, text in enumerate(written.interfaces):
            try:
                choice = self._interface(text, choices)
            except ValueError as error:
                place, outer = self._document.place((*path, index)), self._document.place(path)
                text = f"Failed to select interface: {error} ({place}) ({outer})"
                raise ConfigError(text, place=place, path=(*path, index)) from None
            choices.append(choice)
        return InterfacesConfig(
            tuple(choices),
            re_detect=written.re_detect,
            require_all=written.service_sockets_require_all,
            max_retries=self.uint32(
                written.service_sockets_max_retries, "interfaces-config", "service-sockets-max-retries"
            ),
            retry_wait=self.uint32(
                written.service_sockets_retry_wait_time, "interfaces-config", "service-sockets-retry-wait-time"
            ),
        )

    def uint32(self, value: int, *keywords: str) -> int:
        """A number of 32 bits, at these keywords; as in Kea one outside is taken modulo."""
        if not 0 <= value <= UINT32_MAX:
            place = self._document.place((*self._path, *keywords))
            self._warnings.append(f"'{keywords[-1]}' {value} ({place}) is taken as {value % (1 << 32)}")
        return value % (1 << 32)

    def _interface(self, text: str, earlier: list[InterfaceChoice]) -> InterfaceChoice:
        """One entry of the list. ValueError with Kea's text."""
        name, slash, address_text = text.partition("/")
        name, address_text = name.strip(), address_text.strip()
        if not name:
            raise ValueError("empty interface name used in configuration")
        if slash and not address_text:
            raise ValueError("empty address specified in the interface configuration")
        if name == "*":
            if slash:
                raise ValueError("wildcard interface name '*' must not be used in conjunction with an address")
            if any(choice.name == "*" for choice in earlier):
                raise ValueError("the wildcard interface '*' can only be specified once")
            return InterfaceChoice("*")
        choice = InterfaceChoice(name, self._interface_address(address_text) if slash else None)
        present = None if self._context.interfaces is None else self._context.interfaces()
        if present is not None:
            if name not in present:
                raise ValueError(f"interface '{name}' doesn't exist in the system")
            if choice.address is not None and choice.address not in present[name]:
                raise ValueError(f"interface '{name}' doesn't have address '{address_text}' assigned")
        self._check_repeated(choice, address_text, [one for one in earlier if one.name == name])
        return choice

    def _check_repeated(self, choice: InterfaceChoice, text: str, same: list[InterfaceChoice]) -> None:
        """What may not be chosen twice. DHCPv4: an interface or addresses of it; DHCPv6: the one beside the others."""
        name = choice.name
        if choice in same:
            if choice.address is None:
                raise ValueError(f"interface '{name}' has already been specified")
            raise ValueError(
                f"must not select address '{text}' for interface '{name}' because this address is already selected"
            )
        if self._family.number == 6:
            return
        if choice.address is None and same:
            raise ValueError(f"interface '{name}' has already been specified")
        if any(one.address is None for one in same):
            raise ValueError(f"interface '{name}' has already been selected")

    def _interface_address(self, text: str) -> int:
        family = self._family
        try:
            address = family.parse(text)
        except ValueError:
            if not family.is_other(text):
                raise ValueError(f"Failed to convert string to address '{text}': Invalid argument") from None
        else:
            if family.number == 4 or address >> 120 != 0xFF:
                return address
        raise ValueError(f"address '{text}' is not a valid {family.interface_address}")
