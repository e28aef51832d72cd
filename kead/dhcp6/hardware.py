"""The client's hardware address, which no DHCPv6 message says plainly: `mac-sources` names where to look for it.

Each source is a function of the query and its datagram. What they read comes from the network and may be missing or
too short; then they find nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from kead.dhcp6.duid import LL, LLT
from kead.dhcp6.options import CLIENT_LINKLAYER_ADDR, DOCSIS_ENTERPRISE, REMOTE_ID, VENDOR_OPTS
from kead.dhcp6.packet import Packet6
from kead.dhcp6.values import vendor_options
from kead.leases.lease6 import HwaddrSource

if TYPE_CHECKING:
    from kead.dhcp6.channel import Datagram

LONGEST: Final = 20
"""Bytes of a hardware address at most. What claims to be a longer one is none; of longer names the beginning serves."""
_DEVICE_ID: Final = 36
_CM_MAC: Final = 1026
_ETHERNET: Final = 1
_LL: Final = LL.to_bytes(2, "big")
_LLT: Final = LLT.to_bytes(2, "big")
_LINK_LOCAL: Final = 0xFE80

# as leases have them: plain ints, which is quicker to write to a lease file too
_FROM_DUID: Final = int(HwaddrSource.DUID)
_FROM_IPV6_LINK_LOCAL: Final = int(HwaddrSource.IPV6_LINK_LOCAL)
_FROM_CLIENT_LINK_ADDR: Final = int(HwaddrSource.CLIENT_LINK_ADDR)
_FROM_REMOTE_ID: Final = int(HwaddrSource.REMOTE_ID)
_FROM_DOCSIS_CMTS: Final = int(HwaddrSource.DOCSIS_CMTS)
_FROM_DOCSIS_MODEM: Final = int(HwaddrSource.DOCSIS_MODEM)


class Hardware(NamedTuple):
    """A hardware address (b"": none is known), its type and where it was found."""

    address: bytes
    type: int
    source: int


NONE: Final = Hardware(b"", 0, 0)


def hardware_of(query: Packet6, datagram: Datagram, sources: Sequence[str]) -> Hardware:
    """The address from the first of these sources that has one; NONE if none has."""
    for source in sources:
        for look in ORDER if source == "any" else (SOURCES[source],):
            found = look(query, datagram)
            if found is not None:
                return found
    return NONE


def _nothing(query: Packet6, datagram: Datagram) -> Hardware | None:
    """Packets come from sockets that do not tell their senders' addresses (raw); nobody has defined it (RFC 4580)."""
    return None


def _of_duid(query: Packet6, datagram: Datagram) -> Hardware | None:
    return of_duid(query.duid)


def of_duid(duid: bytes) -> Hardware | None:
    """From a DUID-LL or a DUID-LLT; it is on the way of most packets."""
    kind = duid[:2]
    if kind == _LL:
        address = duid[4:]
    elif kind == _LLT:
        address = duid[8:]
    else:
        return None
    if not 0 < len(address) <= LONGEST:
        return None
    return Hardware(address, duid[2] << 8 | duid[3], _FROM_DUID)


def _of_link_local(query: Packet6, datagram: Datagram) -> Hardware | None:
    """From an address made of an EUI-64 whose u bit says: assigned by a manufacturer (RFC 4291 appendix A)."""
    address = query.relays[-1].peer if query.relays else datagram.source
    identifier = (address & (1 << 64) - 1).to_bytes(8, "big")
    if address >> 112 != _LINK_LOCAL or identifier[0] & 3 != 2 or identifier[3:5] != b"\xff\xfe":
        return None
    hwaddr = bytes((identifier[0] ^ 2,)) + identifier[1:3] + identifier[5:]
    return Hardware(hwaddr, datagram.channel.interface.kind, _FROM_IPV6_LINK_LOCAL)


def _of_client_link_address(query: Packet6, datagram: Datagram) -> Hardware | None:
    """What the relay nearest to the client has seen (RFC 6939)."""
    value = query.relays[-1].first(CLIENT_LINKLAYER_ADDR) if query.relays else None
    if value is None or not 2 < len(value) <= 2 + LONGEST:
        return None
    return Hardware(value[2:], int.from_bytes(value[:2], "big"), _FROM_CLIENT_LINK_ADDR)


def _of_remote_id(query: Packet6, datagram: Datagram) -> Hardware | None:
    """What the relay nearest to the client calls it, behind the enterprise's number (RFC 4649)."""
    value = query.relays[-1].first(REMOTE_ID) if query.relays else None
    if value is None or len(value) < 5:
        return None
    return Hardware(value[4:][:LONGEST], datagram.channel.interface.kind, _FROM_REMOTE_ID)


def _of_docsis_cmts(query: Packet6, datagram: Datagram) -> Hardware | None:
    for relay in reversed(query.relays):
        found = _docsis(relay.options.get(VENDOR_OPTS, ()), _CM_MAC)
        if found:
            return Hardware(found, _ETHERNET, _FROM_DOCSIS_CMTS)
    return None


def _of_docsis_modem(query: Packet6, datagram: Datagram) -> Hardware | None:
    found = _docsis(query.options.get(VENDOR_OPTS, ()), _DEVICE_ID)
    return Hardware(found, _ETHERNET, _FROM_DOCSIS_MODEM) if found else None


def _docsis(values: Iterable[bytes], code: int) -> bytes:
    found = vendor_options(values).get(DOCSIS_ENTERPRISE, {}).get(code)
    return found[0] if found and len(found[0]) <= LONGEST else b""


Look = Callable[[Packet6, "Datagram"], Hardware | None]

SOURCES: Final[dict[str, Look]] = {
    "raw": _nothing,
    "duid": _of_duid,
    "ipv6-link-local": _of_link_local,
    "client-link-addr-option": _of_client_link_address,
    "remote-id": _of_remote_id,
    "subscriber-id": _nothing,
    "docsis-cmts": _of_docsis_cmts,
    "docsis-modem": _of_docsis_modem,
}
"""By the names that a configuration has for them."""
ORDER: Final = (
    _of_client_link_address,
    _of_duid,
    _of_link_local,
    _of_remote_id,
    _of_docsis_cmts,
    _of_docsis_modem,
)
"""How `any` looks."""
