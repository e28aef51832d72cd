"""What relays said about a client, kept with its lease (store-extended-info).

A lease's user context then holds {"ISC": {"relay-info": [{"hop": 1, "link": "…", "peer": "…", "options": "0x…",
"remote-id": "…", "relay-id": "…"} …]}}, the relay nearest to the server first, bytes as upper-case hex.
"""

from __future__ import annotations

from typing import Any

from kead.dhcp6.options import RELAY_ID, REMOTE_ID
from kead.dhcp6.packet import Packet6, encode_options
from kead.leases.context import dump, load
from kead.wire.address import text_ip6


def extended_info(query: Packet6, context: str) -> str:
    """The lease's user context with this query's relays in it; other entries stay as they are."""
    relays: list[dict[str, Any]] = []
    for relay in query.relays:
        entry: dict[str, Any] = {"hop": relay.hops, "link": text_ip6(relay.link), "peer": text_ip6(relay.peer)}
        if relay.options:
            entry["options"] = "0x" + encode_options(relay.options).hex().upper()
        for key, code in (("remote-id", REMOTE_ID), ("relay-id", RELAY_ID)):
            value = relay.first(code)
            if value:
                entry[key] = value.hex().upper()
        relays.append(entry)
    tree: dict[str, Any] = load(context) if context else {}
    isc = tree.get("ISC")
    tree["ISC"] = {**(isc if isinstance(isc, dict) else {}), "relay-info": relays}
    return dump(tree)
