"""What the sockets have to say: one row a message (Kea's ids and texts where Kea has one)."""

from __future__ import annotations

from kead.logs import DEBUG, ERROR, INFO, WARN, Message

SOCKET_TYPE = Message("DHCPSRV_CFGMGR_SOCKET_TYPE_SELECT", "dhcpsrv", INFO, "using socket type %s")
ALL_INTERFACES = Message(
    "DHCPSRV_CFGMGR_ALL_IFACES_ACTIVE", "dhcpsrv", DEBUG(40), "enabling listening on all interfaces"
)
LISTEN_INTERFACE = Message("DHCPSRV_CFGMGR_ADD_IFACE", "dhcpsrv", INFO, "listening on interface %s")
LISTEN_ADDRESS = Message("DHCPSRV_CFGMGR_USE_ADDRESS", "dhcpsrv", INFO, "listening on address %s, on interface %s")
OPEN_FAILED = Message("DHCPSRV_OPEN_SOCKET_FAIL", "dhcpsrv", WARN, "failed to open socket: %s")
NONE_OPEN = Message("DHCPSRV_NO_SOCKETS_OPEN", "dhcpsrv", WARN, "no interface configured to listen to DHCP traffic")
GIVEN_UP = Message(
    "DHCP4_OPEN_SOCKETS_FAILED",
    "dhcp4",
    INFO,
    "maximum number of open service sockets attempts: %d, has been exhausted without success",
)
RECEIVE_FAILED = Message("DHCP4_BUFFER_RECEIVE_FAIL", "packets", ERROR, "error on attempt to receive packet: %s")

# kead's own: Kea does not follow its interfaces
OPENED = Message("DHCP4_SOCKETS_OPENED", "dhcpsrv", INFO, "serving interface %s from now on, addresses: %s")
CLOSED = Message("DHCP4_SOCKETS_CLOSED", "dhcpsrv", INFO, "no longer serving interface %s, addresses: %s")
