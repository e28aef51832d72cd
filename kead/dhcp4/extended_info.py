"""What a relay agent said about a client: kept with the lease (store-extended-info), used again (stash-agent-options).

A lease's user context then holds {"ISC": {"relay-agent-info": {"sub-options": "0x…", "remote-id": "…", "relay-id":
"…"}}}, upper-case hex of option 82's payload and of its sub-options 2 and 12. Older files have the hex text itself in
place of the inner map.
"""

from __future__ import annotations

from typing import Any

from kead.dhcp4.options import AGENT_OPTIONS, RAI_RELAY_ID, RAI_REMOTE_ID
from kead.dhcp4.packet import Packet4
from kead.leases.context import dump, load


def extended_info(query: Packet4, context: str) -> str:
    """The lease's user context with this query's option 82 in it; other entries stay as they are."""
    value = query.options[AGENT_OPTIONS]
    info: dict[str, Any] = {"sub-options": "0x" + value.hex().upper() if value else ""}
    parts = query.relay_info()
    for key, code in (("remote-id", RAI_REMOTE_ID), ("relay-id", RAI_RELAY_ID)):
        if code in parts:
            info[key] = parts[code].hex().upper()
    tree: dict[str, Any] = load(context) if context else {}
    isc = tree.get("ISC")
    tree["ISC"] = {**(isc if isinstance(isc, dict) else {}), "relay-agent-info": info}
    return dump(tree)


def stashed_agent_options(context: str) -> bytes:
    """Option 82 as a lease's user context keeps it, b"" if it has none or one that cannot be read."""
    if not context:
        return b""
    try:
        info = load(context)["ISC"]["relay-agent-info"]
        text = info if isinstance(info, str) else info["sub-options"]
        return bytes.fromhex(text.removeprefix("0x"))
    except (ValueError, KeyError, TypeError, AttributeError):
        return b""
