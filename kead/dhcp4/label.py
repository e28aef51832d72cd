"""How log lines name a client and its query."""

from __future__ import annotations

from kead.dhcp4.options import CLIENT_IDENTIFIER
from kead.dhcp4.packet import Packet4


def label(query: Packet4) -> str:
    """[hwtype=1 aa:bb:cc:dd:ee:ff], cid=[01:aa:…] or [no info], tid=0x12345678"""
    client_id = query.options.get(CLIENT_IDENTIFIER)
    cid = client_id.hex(":") if client_id else "no info"
    return f"[hwtype={query.htype} {query.hwaddr.hex(':')}], cid=[{cid}], tid=0x{query.xid:x}"
