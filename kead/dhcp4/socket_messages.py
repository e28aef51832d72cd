"""What the DHCPv4 sockets have to say besides what both families' have: one row a message."""

from __future__ import annotations

from kead.logs import ERROR, INFO, Message
from kead.network.messages import FamilyMessages

SOCKET_TYPE = Message("DHCPSRV_CFGMGR_SOCKET_TYPE_SELECT", "dhcpsrv", INFO, "using socket type %s")
LISTEN_ADDRESS = Message("DHCPSRV_CFGMGR_USE_ADDRESS", "dhcpsrv", INFO, "listening on address %s, on interface %s")

MESSAGES = FamilyMessages(
    given_up=Message(
        "DHCP4_OPEN_SOCKETS_FAILED",
        "dhcp4",
        INFO,
        "maximum number of open service sockets attempts: %d, has been exhausted without success",
    ),
    receive_failed=Message("DHCP4_BUFFER_RECEIVE_FAIL", "packets", ERROR, "error on attempt to receive packet: %s"),
    opened=Message("DHCP4_SOCKETS_OPENED", "dhcpsrv", INFO, "serving interface %s from now on, addresses: %s"),
    closed=Message("DHCP4_SOCKETS_CLOSED", "dhcpsrv", INFO, "no longer serving interface %s, addresses: %s"),
)
