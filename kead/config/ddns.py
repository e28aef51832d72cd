"""The ddns- keywords: from what is written in a pool, its subnet, its network and for all to what names depend on.

Law: each keyword is inherited by itself. What excludes each other is checked where it is written, as in Kea, whose
texts these are. Values that are equal are one object, however many subnets have them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import NoReturn

from kead.config.errors import ConfigError, Path
from kead.config.inheritance import UINT32, nearest_or_none
from kead.config.reader import Document
from kead.config.schema_common import Ddns as Written
from kead.config.schema_common import DhcpDdns
from kead.config.snapshot import NO_DDNS, ConflictMode, D2Client, Ddns, ReplaceMode
from kead.wire.charset import USUAL, CharSetError, cleaner

Level = tuple[Written, Path]


class DdnsReader:
    """Reads them out of one document. `updates`: whether name change requests are sent at all."""

    def __init__(self, document: Document, updates: bool, warnings: list[str]) -> None:
        self._document = document
        self._updates = updates
        self._warnings = warnings
        self._known: dict[Ddns, Ddns] = {NO_DDNS: NO_DDNS}

    def _refuse(self, text: str, path: Path, remedy: str = "") -> NoReturn:
        raise ConfigError(text, place=self._document.place(path), path=path, remedy=remedy)

    def check(self, written: Written, path: Path) -> None:
        """What is written at one place agrees with itself. ConfigError."""
        given = written.given()
        for keyword in ("ddns-ttl-percent", "ddns-ttl-min", "ddns-ttl-max"):
            if keyword in given and "ddns-ttl" in given:
                text = f"cannot specify both {keyword} and ddns-ttl"
                self._refuse(text, (*path, keyword), "leave one of the two out")
        least, most = written.ddns_ttl_min, written.ddns_ttl_max
        if least is not None and most is not None and most < least:
            text = f"ddns-ttl-max: {most} must be greater than ddns-ttl-min: {least}"
            self._refuse(text, (*path, "ddns-ttl-max"))
        if written.hostname_char_set is not None:
            try:
                cleaner(written.hostname_char_set, "")
            except CharSetError:
                text = f"hostname-char-set '{written.hostname_char_set}' is not a valid regular expression"
                remedy = "a POSIX extended regular expression expected, such as [^A-Za-z0-9.-]"
                self._refuse(text, (*path, "hostname-char-set"), remedy)

    def resolve(self, levels: Sequence[Level]) -> Ddns:
        """What counts at the first of these places, each of which inherits from the next."""
        usual = Ddns()
        models = [model for model, _ in levels]

        def flag(name: str, otherwise: bool) -> bool:
            value = nearest_or_none(*(getattr(model, name) for model in models))
            return otherwise if value is None else bool(value)

        def text(name: str, otherwise: str) -> str:
            value = nearest_or_none(*(getattr(model, name) for model in models))
            return otherwise if value is None else str(value)

        modes: list[ReplaceMode | None] = [model.ddns_replace_client_name for model in models]
        conflicts = [conflict_mode(model) for model in models]
        percent = nearest_or_none(*(model.ddns_ttl_percent for model in models))
        resolved = Ddns(
            updates=self._updates and flag("ddns_send_updates", True),
            override_no_update=flag("ddns_override_no_update", False),
            override_client_update=flag("ddns_override_client_update", False),
            replace_client_name=nearest_or_none(*modes) or usual.replace_client_name,
            generated_prefix=text("ddns_generated_prefix", usual.generated_prefix),
            qualifying_suffix=text("ddns_qualifying_suffix", ""),
            update_on_renew=flag("ddns_update_on_renew", False),
            conflict_resolution_mode=nearest_or_none(*conflicts) or usual.conflict_resolution_mode,
            ttl=self._uint32(levels, lambda model: model.ddns_ttl, "ddns-ttl"),
            ttl_percent=percent or 0.0,
            ttl_min=self._uint32(levels, lambda model: model.ddns_ttl_min, "ddns-ttl-min"),
            ttl_max=self._uint32(levels, lambda model: model.ddns_ttl_max, "ddns-ttl-max"),
            char_set=text("hostname_char_set", USUAL),
            char_replacement=text("hostname_char_replacement", ""),
        )
        return self._known.setdefault(resolved, resolved)

    def own(self, levels: Sequence[Level]) -> Ddns | None:
        """The same for a pool, checked; None where it says nothing of its own: then its subnet's count."""
        written, path = levels[0]
        self.check(written, path)
        if not any(keyword.startswith(("ddns-", "hostname-char-")) for keyword in written.given()):
            return None
        return self.resolve(levels)

    def _uint32(self, levels: Sequence[Level], get: Callable[[Written], int | None], keyword: str) -> int:
        """The nearest value as a number of 32 bits; as in Kea one outside is taken modulo. 0: not set."""
        for model, path in levels:
            value = get(model)
            if value is None:
                continue
            if not 0 <= value < UINT32:
                place = self._document.place((*path, keyword))
                warning = f"'{keyword}' {value} ({place}) is taken as {value % UINT32}"
                if warning not in self._warnings:
                    self._warnings.append(warning)
            return value % UINT32
        return 0


def conflict_mode(written: Written) -> ConflictMode | None:
    """ddns-conflict-resolution-mode; `ddns-use-conflict-resolution` is how Kea before 2.5 said it."""
    if written.ddns_use_conflict_resolution is not None:
        return "check-with-dhcid" if written.ddns_use_conflict_resolution else "no-check-with-dhcid"
    return written.ddns_conflict_resolution_mode


def d2_client(document: Document, written: DhcpDdns | None, path: Path) -> D2Client:
    """The map dhcp-ddns at `path`. ConfigError."""
    if written is None:
        return D2Client()

    def refuse(text: str, keyword: str, remedy: str = "", *, blank: str = " ") -> NoReturn:
        here = (*path, keyword)
        place = document.place(here)
        raise ConfigError(f"{text}{blank}({place})", place=place, path=here, remedy=remedy)

    for keyword, value, most in (
        ("server-port", written.server_port, 65535),
        ("sender-port", written.sender_port, 65535),
        ("max-queue-size", written.max_queue_size, UINT32 - 1),
    ):
        if not 0 <= value <= most:
            refuse(f"out of range value ({value}) specified for parameter '{keyword}'", keyword)
    if not written.max_queue_size:
        refuse("D2ClientConfig error: 'max-queue-size' must be greater than zero", "max-queue-size")
    if not written.server_port:
        refuse("D2ClientConfig error: 'server-port' must be greater than zero", "server-port")
    try:
        server = ip_address(written.server_ip)
    except ValueError:
        text = written.server_ip
        why = f"Failed to convert string to address '{text}': Invalid argument"
        refuse(f"Failed to convert '{text}' to address: {why}", "server-ip", blank="")
    try:
        sender = ip_address(written.sender_ip or ("0.0.0.0" if server.version == 4 else "::"))
    except ValueError:
        refuse(f"invalid address ({written.sender_ip}) specified for parameter 'sender-ip'", "sender-ip")
    if written.ncr_protocol == "TCP":
        refuse("D2ClientConfig error: NCR Protocol: TCP is not supported.", "ncr-protocol")
    if server.version != sender.version:
        text = (
            f"D2ClientConfig error: address family mismatch: server-ip: {server} is: IPv{server.version} "
            f"while sender-ip: {sender} is: IPv{sender.version}"
        )
        refuse(text, "sender-ip")
    if server == sender and written.server_port == written.sender_port:
        text = (
            "D2ClientConfig error: server and sender cannot share the exact same IP address/port: "
            f"{server}/{written.server_port}"
        )
        refuse(text, "sender-port")
    return D2Client(
        enable_updates=written.enable_updates,
        server_ip=str(server),
        server_port=written.server_port,
        sender_ip=str(sender),
        sender_port=written.sender_port,
        max_queue_size=written.max_queue_size,
    )
