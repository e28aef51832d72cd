"""What the sockets of both families have to say: one row a message (Kea's ids and texts where Kea has one)."""

from __future__ import annotations

from typing import NamedTuple

from kead.logs import DEBUG, INFO, WARN, Message

ALL_INTERFACES = Message(
    "DHCPSRV_CFGMGR_ALL_IFACES_ACTIVE", "dhcpsrv", DEBUG(40), "enabling listening on all interfaces"
)
LISTEN_INTERFACE = Message("DHCPSRV_CFGMGR_ADD_IFACE", "dhcpsrv", INFO, "listening on interface %s")
OPEN_FAILED = Message("DHCPSRV_OPEN_SOCKET_FAIL", "dhcpsrv", WARN, "failed to open socket: %s")
NONE_OPEN = Message("DHCPSRV_NO_SOCKETS_OPEN", "dhcpsrv", WARN, "no interface configured to listen to DHCP traffic")


class FamilyMessages(NamedTuple):
    """Those whose id or text names the family.

    given_up        (number of retries): something cannot be opened, and it is not tried again
    receive_failed  (why)
    opened, closed  (interface, addresses): kead's own, Kea does not follow its interfaces
    """

    given_up: Message
    receive_failed: Message
    opened: Message
    closed: Message
