"""Extended info of a DHCPv6 lease: what relays said, kept in the lease's user context under "ISC".

The form is {"ISC": {"relay-info": [{"hop": 0, "link": "…", "peer": "…", "options": "0x…", "remote-id": "…", "relay-id":
"…"}, …]}}, the relay closest to the server first; older servers wrote "relays" and no identifiers.
`extended-info-checks` says how much of a deviation is put right when a lease file is loaded; what cannot be is taken
out, and the lease stays.
"""

from __future__ import annotations

import re
from typing import Any, Final

from kead.leases import messages
from kead.leases.context import dump, load
from kead.leases.extended import ExtendedInfoChecks, Outcome
from kead.leases.lease6 import Lease6
from kead.wire.address import parse_ip6, text_ip6

_HEX: Final = re.compile(r"(?:0x)?((?:[0-9A-Fa-f]{2})+)")
_DIGITS: Final = re.compile(r"[0-9A-Fa-f]*")
_CODES: Final = {37: "remote-id", 53: "relay-id"}
_ALLOWED: Final = frozenset(("hop", "link", "peer", "options", "remote-id", "relay-id", "comment"))


class _Fault(Exception):
    """Says where and why."""


def check_extended_info(lease: Lease6, checks: ExtendedInfoChecks) -> Outcome:
    """Put the extended info of a lease right that nobody else has yet, in place. As measured with Kea 3.0.4:

    "fix" turns the older form into today's and takes out what is no list of maps or has unreadable options; "strict"
    also takes out what has no link-address or unreadable identifiers; "pedantic" also what has no peer-address or hop
    count, or entries of its own beside them.
    """
    context: dict[str, Any] = load(lease.user_context)
    if "ISC" not in context or checks == "none":
        return Outcome(False, False)
    isc = context["ISC"]
    upgraded = broken = False
    try:
        if not isinstance(isc, dict):
            raise _Fault("in isc a problem was found: ISC entry is not a map")
        upgraded = _upgrade(isc)
        if "relay-info" in isc:
            for place, relay in enumerate(_list(isc, "relay-info")):
                _check(relay, f"relay#{place}", checks)
    except _Fault as fault:
        messages.EXTENDED_INFO_SANITY_FAIL6(text_ip6(lease.address), fault)
        broken = True
        if isinstance(isc, dict):
            isc.pop("relays", None)
            isc.pop("relay-info", None)
        else:
            isc = None
    has_ids = bool(isc) and any(name in relay for relay in isc.get("relay-info", ()) for name in _CODES.values())
    if isc and not upgraded and not broken:
        return Outcome(False, has_ids)
    if not isc:
        del context["ISC"]
    lease.user_context = dump(context) if context else ""
    if upgraded and not broken and messages.EXTENDED_INFO_UPGRADED6.on:
        messages.EXTENDED_INFO_UPGRADED6(text_ip6(lease.address))
    return Outcome(True, has_ids)


def _upgrade(isc: dict[str, Any]) -> bool:
    """Turn "relays" into "relay-info", with the identifiers of its options."""
    if "relays" not in isc:
        return False
    relays = _list(isc, "relays")
    if "relay-info" not in isc:
        for place, relay in enumerate(relays):
            relay.update(_identifiers(_options(relay, f"relay#{place}")))
        isc["relay-info"] = relays
    del isc["relays"]
    return True


def _list(isc: dict[str, Any], name: str) -> list[dict[str, Any]]:
    value = isc[name]
    if not isinstance(value, list):
        raise _Fault(f"in {name} a problem was found: {name} is not a list")
    if not value:
        raise _Fault(f"in {name} a problem was found: {name} is empty")
    for place, relay in enumerate(value):
        if not isinstance(relay, dict):
            raise _Fault(f"in relay [relay#{place}] a problem was found: relay#{place} is not a map")
    return value


def _check(relay: dict[str, Any], which: str, checks: ExtendedInfoChecks) -> None:
    _options(relay, which)
    if checks == "fix":
        return
    _address(relay, "link", which)
    for name in _CODES.values():
        if name in relay:
            _identifier(relay[name], name, which)
    if checks == "strict":
        return
    _address(relay, "peer", which)
    if "hop" not in relay:
        raise _Fault(f"in hop [{which}] a problem was found: no hop")
    if not isinstance(relay["hop"], int) or isinstance(relay["hop"], bool):
        raise _Fault(f"in hop [{which}] a problem was found: hop is not an integer")
    for name in relay:
        if name not in _ALLOWED:
            raise _Fault(f"in relay-info [{which}] a problem was found: spurious '{name}' entry")


def _address(relay: dict[str, Any], name: str, which: str) -> None:
    text = relay.get(name)
    if name not in relay:
        why = f"no {name}"
    elif not isinstance(text, str):
        why = f"{name} is not a string"
    else:
        try:
            parse_ip6(text)
        except ValueError:
            why = f"{name} is not an IPv6 address"
        else:
            return
    raise _Fault(f"in {name} [{which}] a problem was found: {why}")


def _identifier(value: object, name: str, which: str) -> None:
    if not isinstance(value, str):
        why = f"{name} is not a string"
    elif not value:
        why = f"{name} is empty"
    elif not _DIGITS.fullmatch(value):
        why = f"attempt to decode a value not in base16 char set: {value}"
    elif len(value) % 2:
        why = f"Incomplete input for base16: {value}"
    else:
        return
    raise _Fault(f"in {name} [{which}] a problem was found: {why}")


def _options(relay: dict[str, Any], which: str) -> bytes:
    """The options that the relay sent."""
    text = relay.get("options", "")
    if not isinstance(text, str):
        raise _Fault(f"in options [{which}] a problem was found: options is not a string")
    if not text:
        return b""
    digits = _HEX.fullmatch(text)
    if digits is None:
        raise _Fault(f"in options [{which}] a problem was found: '{text}' is not a valid string of hexadecimal digits")
    return bytes.fromhex(digits[1])


def _identifiers(options: bytes) -> dict[str, str]:
    """The relay and remote identifiers among these options."""
    found: dict[str, str] = {}
    place = 0
    while place + 4 <= len(options):
        code = int.from_bytes(options[place : place + 2], "big")
        length = int.from_bytes(options[place + 2 : place + 4], "big")
        value = options[place + 4 : place + 4 + length]
        place += 4 + length
        if len(value) == length and value and code in _CODES:
            found.setdefault(_CODES[code], value.hex().upper())
    return found
