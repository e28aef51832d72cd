"""Vendor options in replies: 16 and 17, an instance an enterprise (RFC 8415 sections 21.16 and 21.17).

Sub-options of the spaces `vendor-ID` go out when the enterprise is known from the query (its option 17 or 16) or from
a configured option 17 that is itself sent, and the sub-option is always-send or, for DOCSIS (4491), asked for in the
client's own sub-option 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kead.dhcp6.options import DOCSIS_ENTERPRISE, VENDOR_CLASS, VENDOR_OPTS
from kead.dhcp6.packet import Options, Packet6, encode_option
from kead.dhcp6.values import integers, vendor_classes, vendor_options

if TYPE_CHECKING:
    from kead.config.snapshot6 import OptionScope

DOCSIS_ORO = 1


def add_vendor_options(
    query: Packet6, options: Options, scopes: Sequence[OptionScope], seen: Sequence[OptionScope], *, on_link: bool
) -> None:
    """Complete options 16 and 17 of a reply. `seen`: the scopes as the client sees them.

    `on_link`: a subnet serves the client; else there are no sub-options.
    """
    if VENDOR_CLASS in options:
        options[VENDOR_CLASS] = list(_each(VENDOR_CLASS, seen).values())
    configured = _each(VENDOR_OPTS, seen) if VENDOR_OPTS in options else {}
    bodies = {enterprise: data[4:] for enterprise, data in configured.items()}
    if on_link and any(scope.vendor for scope in scopes):
        asked = vendor_options(query.options.get(VENDOR_OPTS, ()))
        enterprises = {*asked, *vendor_classes(query.options.get(VENDOR_CLASS, ()))}
        for enterprise in (*configured, *sorted(enterprises - configured.keys())):
            requested: Sequence[int] = ()
            if enterprise == DOCSIS_ENTERPRISE:
                requested = integers(asked.get(enterprise, {}).get(DOCSIS_ORO, [b""])[0], 2)
            chosen = _suboptions(enterprise, requested, scopes, seen)
            if chosen:
                bodies[enterprise] = bodies.get(enterprise, b"") + chosen
    if bodies:
        options[VENDOR_OPTS] = [enterprise.to_bytes(4, "big") + body for enterprise, body in bodies.items()]
    else:
        options.pop(VENDOR_OPTS, None)


def _suboptions(
    enterprise: int, requested: Sequence[int], scopes: Sequence[OptionScope], seen: Sequence[OptionScope]
) -> bytes:
    """Those of one enterprise, ascending by code, each from the first scope that has it."""
    configured = [options for scope in scopes if (options := scope.vendor.get(enterprise))]
    always = {o.code for options in configured for same in options.values() for o in same if o.always_send}
    never = {o.code for options in configured for same in options.values() for o in same if o.never_send}
    chosen: dict[int, bytes] = {}
    for scope in seen:
        for code, same in scope.vendor.get(enterprise, {}).items():
            if code not in chosen and code not in never and (code in always or code in requested):
                chosen[code] = same[0].data
    return b"".join(encode_option(code, chosen[code]) for code in sorted(chosen))


def _each(code: int, scopes: Sequence[OptionScope]) -> dict[int, bytes]:
    """Enterprise to the value of this option, each from the first scope that has it."""
    found: dict[int, bytes] = {}
    for scope in scopes:
        for option in scope.by_code.get(code, ()):
            found.setdefault(int.from_bytes(option.data[:4], "big"), option.data)
    return found
