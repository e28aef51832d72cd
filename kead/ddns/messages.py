"""What is logged of name changes."""

from __future__ import annotations

from kead.logs import DEBUG, ERROR, INFO, WARN, Message

STARTED = Message("DHCPSRV_DHCP_DDNS_SENDER_STARTED", "dhcpsrv", INFO, "name change requests are sent from now on: %s")
STOPPED = Message(
    "DHCPSRV_DHCP_DDNS_SENDER_STOPPED", "dhcpsrv", INFO, "name change requests are sent no more; %s were not sent yet"
)
SUSPENDED = Message(
    "DHCPSRV_DHCP_DDNS_SUSPEND_UPDATES",
    "dhcpsrv",
    WARN,
    "name change requests are suspended, and names not updated, until the next configuration comes into force",
)
REJECTED = Message(
    "DHCPSRV_DHCP_DDNS_NCR_REJECTED", "dhcpsrv", ERROR, "a name change request cannot be sent: %s; request: %s"
)
SENT = Message("DHCPSRV_DHCP_DDNS_NCR_SENT", "dhcpsrv", DEBUG(50), "name change request sent: %s")
QUEUED = Message("DHCPSRV_QUEUE_NCR", "dhcpsrv", DEBUG(50), "name change request queued, to %s DNS entries: %s")
FAILED = Message(
    "DHCPSRV_QUEUE_NCR_FAILED", "dhcpsrv", ERROR, "no name change request to %s DNS entries of %s can be made: %s"
)
