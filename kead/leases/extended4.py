"""Extended info of a DHCPv4 lease: what a relay said, kept in the lease's user context under "ISC".

The form is {"ISC": {"relay-agent-info": {"sub-options": "0x…", "remote-id": "…", "relay-id": "…"}}}; older servers
wrote the sub-options as a string in place of the inner map. `extended-info-checks` says how much of a deviation is
put right when a lease file is loaded; what cannot be is taken out, and the lease stays.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final, Literal

import orjson

from kead.leases import messages
from kead.leases.context import dump
from kead.leases.lease4 import Lease4
from kead.wire.address import text_ip4

ExtendedInfoChecks = Literal["none", "fix", "strict", "pedantic"]

_HEX: Final = re.compile(r"0x(?:[0-9A-Fa-f]{2})*")
_DIGITS: Final = re.compile(r"[0-9A-Fa-f]+")
_REMOTE_ID: Final = 2
_RELAY_ID: Final = 12


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a check found."""

    modified: bool
    has_ids: bool
    """Whether there is a relay or a remote identifier."""


class _Fault(Exception):
    """Says where and why."""


def check_extended_info(lease: Lease4, checks: ExtendedInfoChecks) -> Outcome:
    """Put the extended info of a lease right that nobody else has yet, in place."""
    context: dict[str, Any] = orjson.loads(lease.user_context.encode("utf-8", "surrogateescape"))
    if "ISC" not in context or checks == "none":
        return Outcome(False, False)
    before = dump(context)
    has_ids = False
    upgraded = False
    try:
        isc = context["ISC"]
        if not isinstance(isc, dict):
            raise _Fault("in isc a problem was found: ISC entry is not a map")
        if "relay-agent-info" in isc:
            upgraded = isinstance(isc["relay-agent-info"], str)
            isc["relay-agent-info"] = info = _relay_agent_info(isc["relay-agent-info"], checks)
            has_ids = "remote-id" in info or "relay-id" in info
        if checks == "pedantic":
            for name in isc:
                if name not in ("relay-agent-info", "comment"):
                    raise _Fault(f"in isc a problem was found: spurious '{name}' entry")
    except _Fault as fault:
        messages.EXTENDED_INFO_SANITY_FAIL(text_ip4(lease.address), fault)
        has_ids = False
        upgraded = False
        del context["ISC"]
    after = dump(context)
    if after == before:
        return Outcome(False, has_ids)
    lease.user_context = after if context else ""
    if upgraded:
        messages.EXTENDED_INFO_UPGRADED(text_ip4(lease.address))
    return Outcome(True, has_ids)


def _relay_agent_info(value: object, checks: ExtendedInfoChecks) -> dict[str, Any]:
    """The inner map in today's form."""
    if isinstance(value, str):
        return relay_agent_info(_sub_options(value))
    if not isinstance(value, dict):
        raise _Fault(
            "in relay-agent-info a problem was found: relay-agent-info is not a map"
            + (" or a string" if checks == "fix" else "")
        )
    if checks == "fix":
        return value
    text = value.get("sub-options")
    if not isinstance(text, str):
        raise _Fault("in sub-options a problem was found: no string sub-options in relay-agent-info")
    right = relay_agent_info(_sub_options(text))
    for name in ("remote-id", "relay-id"):
        if value.get(name) != right.get(name):
            raise _Fault(f"in {name} a problem was found: {name} does not match the sub-options")
    if checks == "pedantic":
        for name in value:
            if name not in ("sub-options", "remote-id", "relay-id", "comment"):
                raise _Fault(f"in relay-agent-info a problem was found: spurious '{name}' entry")
    return value


def relay_agent_info(sub_options: bytes) -> dict[str, Any]:
    """What belongs under "relay-agent-info" for an option 82 with this payload."""
    info: dict[str, Any] = {"sub-options": "0x" + sub_options.hex().upper()}
    place = 0
    while place + 2 <= len(sub_options):
        code, length = sub_options[place], sub_options[place + 1]
        value = sub_options[place + 2 : place + 2 + length]
        place += 2 + length
        if len(value) == length and value:
            if code == _REMOTE_ID:
                info["remote-id"] = value.hex().upper()
            elif code == _RELAY_ID:
                info["relay-id"] = value.hex().upper()
    return info


def _sub_options(text: str) -> bytes:
    if not _HEX.fullmatch(text):
        raise _Fault(f"in rai a problem was found: '{text}' is not a valid string of hexadecimal digits")
    return bytes.fromhex(text[2:])
