"""What the DHCPv6 sockets have to say besides what both families' have: one row a message."""

from __future__ import annotations

from kead.logs import ERROR, INFO, WARN, Message
from kead.network.messages import FamilyMessages

LISTEN_ADDRESS = Message(
    "DHCPSRV_CFGMGR_USE_UNICAST", "dhcpsrv", INFO, "listening on unicast address %s, on interface %s"
)
LINK_LOCAL_CHOSEN = Message(
    "DHCPSRV_CFGMGR_UNICAST_LINK_LOCAL",
    "dhcpsrv",
    WARN,
    "specified link local address %s for unicast traffic on interface %s",
)

MESSAGES = FamilyMessages(
    given_up=Message(
        "DHCP6_OPEN_SOCKETS_FAILED",
        "dhcp6",
        INFO,
        "maximum number of open service sockets attempts: %d, has been exhausted without success",
    ),
    receive_failed=Message("DHCP6_BUFFER_RECEIVE_FAIL", "packets", ERROR, "error on attempt to receive packet: %s"),
    opened=Message("DHCP6_SOCKETS_OPENED", "dhcpsrv", INFO, "serving interface %s from now on, addresses: %s"),
    closed=Message("DHCP6_SOCKETS_CLOSED", "dhcpsrv", INFO, "no longer serving interface %s, addresses: %s"),
)

# kead's own: Kea gives such addresses up, or says nothing
TENTATIVE = Message(
    "DHCP6_ADDRESS_TENTATIVE",
    "dhcpsrv",
    INFO,
    "not listening on address %s on interface %s yet: it is being found out if anybody else has it",
)
NO_LINK_LOCAL = Message(
    "DHCP6_NO_LINK_LOCAL_ADDRESS",
    "dhcpsrv",
    WARN,
    "interface %s has no link-local address: no multicast is heard on it until it has one",
)
