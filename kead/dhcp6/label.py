"""How log lines name a client and its query."""

from __future__ import annotations

from kead.dhcp6.packet import Packet6


def label(query: Packet6) -> str:
    """duid=[00:03:00:01:…] or duid=[no info], [no hwaddr info], tid=0x123456"""
    return label_of(query.duid, query.transaction_id)


def label_of(duid: bytes, transaction_id: int) -> str:
    """The same, where there is no packet."""
    return f"duid=[{duid.hex(':') if duid else 'no info'}], [no hwaddr info], tid=0x{transaction_id:x}"
