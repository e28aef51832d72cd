"""Extended info of a DHCPv4 lease: what a relay said, kept in the lease's user context under "ISC".

The form is {"ISC": {"relay-agent-info": {"sub-options": "0x…", "remote-id": "…", "relay-id": "…"}}}; older servers
wrote the sub-options as a string in place of the inner map. `extended-info-checks` says how much of a deviation is
put right when a lease file is loaded; what cannot be is taken out, and the lease stays.
"""

from __future__ import annotations

import re
from typing import Any, Final

from kead.leases import messages
from kead.leases.context import dump, load
from kead.leases.extended import ExtendedInfoChecks, Outcome
from kead.leases.lease4 import Lease4
from kead.wire.address import text_ip4

_HEX: Final = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2})+)")
_DIGITS: Final = re.compile(r"(?:[0-9A-Fa-f]{2})*")
_CODES: Final = {2: "remote-id", 12: "relay-id"}
_ALLOWED: Final = frozenset(("sub-options", "remote-id", "relay-id", "comment"))


class _Fault(Exception):
    """Says where and why."""


def check_extended_info(lease: Lease4, checks: ExtendedInfoChecks) -> Outcome:
    """Put the extended info of a lease right that nobody else has yet, in place. As measured with Kea 3.0.4:

    "fix" turns the older form into today's and takes out what is no map; "strict" also takes out what has unreadable
    sub-options or identifiers; "pedantic" also what has entries of its own beside them.
    """
    context: dict[str, Any] = load(lease.user_context)
    if "ISC" not in context or checks == "none":
        return Outcome(False, False)
    upgraded = False
    has_ids = False
    try:
        isc = context["ISC"]
        if not isinstance(isc, dict):
            raise _Fault("in isc a problem was found: ISC entry is not a map")
        info = isc.get("relay-agent-info")
        if isinstance(info, str):
            isc["relay-agent-info"] = info = {"sub-options": info, **_identifiers(_sub_options(info, "rai"))}
            upgraded = True
        elif "relay-agent-info" in isc:
            _check_map(info, checks)
        if isinstance(info, dict):
            has_ids = any(isinstance(info.get(name), str) and _DIGITS.fullmatch(info[name]) for name in _CODES.values())
        broken = not isc
    except _Fault as fault:
        messages.EXTENDED_INFO_SANITY_FAIL(text_ip4(lease.address), fault)
        broken = True
    if broken:
        del context["ISC"]
    elif not upgraded:
        return Outcome(False, has_ids)
    lease.user_context = dump(context) if context else ""
    if upgraded and not broken and messages.EXTENDED_INFO_UPGRADED.on:
        messages.EXTENDED_INFO_UPGRADED(text_ip4(lease.address))
    return Outcome(True, has_ids and not broken)


def _check_map(info: object, checks: ExtendedInfoChecks) -> None:
    if not isinstance(info, dict):
        raise _Fault("in relay-agent-info a problem was found: relay-agent-info is not a map or a string")
    if checks == "fix":
        return
    if "sub-options" in info:
        if not isinstance(info["sub-options"], str):
            raise _Fault("in sub-options a problem was found: sub-options is not a string")
        _sub_options(info["sub-options"], "sub-options")
    for name in _CODES.values():
        value = info.get(name, "")
        if not isinstance(value, str):
            raise _Fault(f"in {name} a problem was found: {name} is not a string")
        if not _DIGITS.fullmatch(value):
            raise _Fault(f"in {name} a problem was found: attempt to decode a value not in base16 char set: {value}")
    if checks == "pedantic":
        for name in info:
            if name not in _ALLOWED:
                raise _Fault(f"in relay-agent-info a problem was found: spurious '{name}' entry in relay-agent-info")


def _identifiers(sub_options: bytes) -> dict[str, str]:
    """The relay and remote identifiers in an option 82 with this payload."""
    found: dict[str, str] = {}
    place = 0
    while place + 2 <= len(sub_options):
        code, length = sub_options[place], sub_options[place + 1]
        value = sub_options[place + 2 : place + 2 + length]
        place += 2 + length
        if len(value) == length and value and code in _CODES:
            found[_CODES[code]] = value.hex().upper()
    return found


def _sub_options(text: str, place: str) -> bytes:
    digits = _HEX.fullmatch(text)
    if digits is None:
        raise _Fault(f"in {place} a problem was found: '{text}' is not a valid string of hexadecimal digits")
    return bytes.fromhex(digits[1])
