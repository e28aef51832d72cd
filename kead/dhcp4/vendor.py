"""Vendor-identifying options in replies: 124 and 125, an entry an enterprise (RFC 3925).

Sub-options of the spaces `vendor-ID` go out when the enterprise is known from the query (its option 125 or 124) or
from a configured option 125 that is itself sent, and the sub-option is always-send or, for DOCSIS (4491), asked for
in the client's own sub-option 1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kead.dhcp4.options import CABLELABS_ENTERPRISE, VIVCO_SUBOPTIONS, VIVSO_SUBOPTIONS
from kead.dhcp4.packet import Packet4
from kead.dhcp4.values import vendor_classes, vendor_suboptions

if TYPE_CHECKING:
    from kead.config.snapshot4 import OptionScope

DOCSIS_ORO = 1


def add_vendor_options(query: Packet4, options: dict[int, bytes], scopes: Sequence[OptionScope]) -> None:
    """Put option 125 (and every configured 124 that is sent) into a reply's options."""
    configured = _every(VIVSO_SUBOPTIONS, options, scopes)
    if VIVCO_SUBOPTIONS in options:
        options[VIVCO_SUBOPTIONS] = b"".join(_every(VIVCO_SUBOPTIONS, options, scopes))
    if not configured and not any(scope.vendor for scope in scopes):
        return
    asked = vendor_suboptions(query.options.get(VIVSO_SUBOPTIONS, b""))
    enterprises = {int.from_bytes(data[:4], "big") for data in configured}
    enterprises.update(asked, vendor_classes(query.options.get(VIVCO_SUBOPTIONS, b"")))
    own = {int.from_bytes(data[:4], "big"): data[5:] for data in configured}
    entries: list[bytes] = []
    for enterprise in sorted(enterprises):
        requested = asked.get(enterprise, {}).get(DOCSIS_ORO, b"") if enterprise == CABLELABS_ENTERPRISE else b""
        chosen: dict[int, bytes] = {}
        found = [codes for scope in scopes if (codes := scope.vendor.get(enterprise))]
        never = {o.code for codes in found for same in codes.values() for o in same if o.never_send}
        always = {o.code for codes in found for same in codes.values() for o in same if o.always_send}
        for codes in found:
            for code, same in codes.items():
                if code not in chosen and code not in never and (code in always or code in requested):
                    chosen[code] = same[0].data
        body = own.get(enterprise, b"") + b"".join(
            bytes((code, len(chosen[code]))) + chosen[code] for code in sorted(chosen)
        )
        if body or enterprise in own:
            entries.append(enterprise.to_bytes(4, "big") + bytes((len(body),)) + body)
    if entries:
        options[VIVSO_SUBOPTIONS] = b"".join(entries)


def _every(code: int, options: dict[int, bytes], scopes: Sequence[OptionScope]) -> list[bytes]:
    """All values of an option that may be there several times, if it is sent at all."""
    if code not in options:
        return []
    for scope in scopes:
        found = scope.by_code.get(code)
        if found:
            return [option.data for option in found]
    return []
