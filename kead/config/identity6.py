"""Who the DHCPv6 server is, how it learns hardware addresses, and what relay agents may send on through it.

Law: server-id, mac-sources and relay-supplied-options (dhcp6.md § 6, § 7, § 3), keywords in, snapshot parts out; texts
are Kea's. The DUID itself is made and kept elsewhere.
"""

from __future__ import annotations

import difflib
from typing import Any, NoReturn

from kead.config.errors import ConfigError, Path
from kead.config.reader import Document
from kead.config.schema6 import ServerId as ServerIdEntry
from kead.config.snapshot6 import ServerId
from kead.wire.definitions import OptionTable

ALWAYS_RELAYED = 65
"""erp-local-domain-name (RFC 6440): may come from a relay agent whatever the configuration says."""
LONGEST_DUID = 130
_HEADERS = {"LLT": 8, "EN": 6, "LL": 4}
"""Bytes of a DUID before its identifier, by type (RFC 8415 section 11)."""
_RANGES = {"htype": 0xFFFF, "time": 0xFFFFFFFF, "enterprise-id": 0xFFFFFFFF}

MAC_SOURCES = (
    "any",
    "raw",
    "duid",
    "ipv6-link-local",
    "client-link-addr-option",
    "remote-id",
    "subscriber-id",
    "docsis-cmts",
    "docsis-modem",
)
_OTHER_NAMES = {"rfc6939": "client-link-addr-option", "rfc4649": "remote-id", "rfc4580": "subscriber-id"}


class Identity:
    """Reads them out of one document."""

    def __init__(self, document: Document, path: Path, table: OptionTable) -> None:
        self._document = document
        self._path = path
        self._table = table

    def _refuse(self, text: str, path: Path, *, around: int = 0, remedy: str = "") -> NoReturn:
        where = self._document.place(path[: len(path) - around])
        raise ConfigError(f"{text} ({where})", place=self._document.place(path), path=path, remedy=remedy)

    def server_id(self, written: ServerIdEntry | None) -> ServerId:
        if written is None:
            return ServerId()
        path = (*self._path, "server-id")
        for keyword, most in _RANGES.items():
            value: int = getattr(written, keyword.replace("-", "_"))
            if not 0 <= value <= most:
                text = f"out of range value ({value}) specified for parameter '{keyword}'"
                self._refuse(text, (*path, keyword), remedy=f"0..{most} expected")
        here = (*path, "identifier")
        try:
            identifier = _hexadecimal(written.identifier)
        except ValueError:
            text = f"identifier specified in the DUID configuration '{written.identifier}'"
            self._refuse(f"{text} is not a valid string of hexadecimal digits", here, remedy="an even number expected")
        most = LONGEST_DUID - _HEADERS[written.type]
        if len(identifier) > most:
            self._refuse(f"an identifier of {len(identifier)} bytes makes the DUID too long, at most {most} fit", here)
        return ServerId(written.type, identifier, written.time, written.htype, written.enterprise_id, written.persist)

    def mac_sources(self, written: list[str] | None) -> tuple[str, ...]:
        if written is None:
            return ("any",)
        path = (*self._path, "mac-sources")
        found: list[str] = []
        for index, text in enumerate(written):
            name, here = _OTHER_NAMES.get(text, text), (*path, index)
            if name not in MAC_SOURCES:
                near = difflib.get_close_matches(text, [*MAC_SOURCES, *_OTHER_NAMES], 1, 0.6)
                remedy = f"did you mean '{near[0]}'?" if near else "one of " + ", ".join(MAC_SOURCES)
                why = f"Can't convert '{text}' to any known MAC source."
                self._refuse(
                    f"Failed to convert '{text}' to any recognized MAC source:{why}", here, around=1, remedy=remedy
                )
            if name in found:
                self._refuse(f"The mac-sources value '{name}' was specified twice", here, around=1)
            found.append(name)
        return tuple(found)

    def relay_supplied_options(self, written: list[Any] | None) -> frozenset[int]:
        path = (*self._path, "relay-supplied-options")
        codes = {ALWAYS_RELAYED}
        for index, item in enumerate(written or []):
            codes.add(self._option_code(item, (*path, index)))
        return frozenset(codes)

    def _option_code(self, item: Any, path: Path) -> int:
        """The code that an entry means: a number or the name of a standard option, both as text."""
        if not isinstance(item, str):
            why = f"stringValue() called on non-string Element in ({self._document.place(path)})"
            self._refuse(why, path, around=1, remedy="option codes are written as strings here")
        sign = item.startswith("-")
        digits = item[1:] if sign else item
        if digits.isascii() and digits.isdigit() and digits.strip("0"):
            value = f"invalid option code value specified '{item}', the option code must"
            if sign:
                self._refuse(f"{value} be a non-negative value", path, around=1)
            code = int(digits.lstrip("0")[:6])
            if code > 0xFFFF:
                self._refuse(f"{value} not be greater than '65535'", path, around=1)
            return code
        definition = self._table.by_name("dhcp6", item)
        if definition is None:
            near = difflib.get_close_matches(item, self._table.names("dhcp6"), 1, 0.6)
            self._refuse(
                f"unable to find option code for the  specified option name '{item}' while parsing the list of enabled "
                "relay-supplied-options",
                path,
                around=1,
                remedy=f"did you mean '{near[0]}'?" if near else "",
            )
        return definition.code


def _hexadecimal(text: str) -> bytes:
    """Bytes from pairs of digits, blanks anywhere between them. ValueError."""
    digits = "".join(text.split())
    return bytes.fromhex(digits)
