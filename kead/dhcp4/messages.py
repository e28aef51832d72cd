"""What kead-dhcp4 logs while it answers packets: Kea's message ids, loggers and severities, one row each.

A caller on the packet path asks `M.on` first, so that what nobody reads costs one attribute test. `%s` stands
for the client's label (`[hwtype=1 02:00:…], cid=[…], tid=0x…`) wherever a text begins with it.
"""

from kead.logs import DEBUG, ERROR, INFO, WARN, Message

BUFFER_RECEIVE_FAIL = Message(
    "DHCP4_BUFFER_RECEIVE_FAIL", "bad-packets", DEBUG(15), "error on attempt to receive packet: %s"
)
QUERY_LABEL = Message("DHCP4_QUERY_LABEL", "dhcp4", INFO, "received query: %s")
PACKET_RECEIVED = Message(
    "DHCP4_PACKET_RECEIVED", "packets", INFO, "%s: %s (type %d) received from %s to %s on interface %s"
)
QUERY_DATA = Message("DHCP4_QUERY_DATA", "packets", DEBUG(55), "%s, packet details: %s", multiline=True)
RESPONSE_DATA = Message(
    "DHCP4_RESPONSE_DATA",
    "packets",
    DEBUG(55),
    "%s: responding with packet %s (type %d), packet details: %s",
    multiline=True,
)
PACKET_SEND = Message(
    "DHCP4_PACKET_SEND", "packets", INFO, "%s: trying to send packet %s (type %d) from %s:%d to %s:%d on interface %s"
)
PACKET_SEND_FAIL = Message("DHCP4_PACKET_SEND_FAIL", "packets", ERROR, "%s: failed to send DHCPv4 packet: %s")

PACKET_PARSE_FAIL = Message(
    "DHCP4_PACKET_DROP_0001",
    "bad-packets",
    DEBUG(15),
    "failed to parse packet from %s to %s, received over %s, reason: %s",
)
PACKET_WRONG_SERVER = Message(
    "DHCP4_PACKET_DROP_0003", "bad-packets", DEBUG(15), "%s, from interface %s: it contains a foreign server identifier"
)
PACKET_UNKNOWN_TYPE = Message("DHCP4_PACKET_DROP_0006", "bad-packets", DEBUG(15), "%s: unknown message type %d")
PACKET_INSANE = Message("DHCP4_PACKET_DROP_0007", "bad-packets", DEBUG(15), "%s: failed to process packet: %s")
PACKET_SERVICE_DISABLED = Message("DHCP4_PACKET_DROP_0008", "dhcp4", DEBUG(15), "%s: DHCP service is globally disabled")
PACKET_NO_TYPE = Message(
    "DHCP4_PACKET_DROP_0009", "bad-packets", DEBUG(15), "%s: Option 53 missing (no DHCP message type)"
)
DROP_CLASS = Message(
    "DHCP4_PACKET_DROP_0010", "packets", DEBUG(15), "dropped as member of the special class 'DROP': %s, %s",
    multiline=True,
)  # fmt: skip
DROP_CLASS_LATER = Message(
    "DHCP4_PACKET_DROP_0013",
    "packets",
    DEBUG(15),
    "dropped as member of the special class 'DROP' after host reservation lookup: %s, %s",
    multiline=True,
)
DROP_CLASS_EARLY = Message(
    "DHCP4_PACKET_DROP_0014",
    "packets",
    DEBUG(15),
    "dropped as member of the special class 'DROP' after early global host reservations lookup: %s, %s",
    multiline=True,
)
CLASSES_ASSIGNED = Message(
    "DHCP4_CLASSES_ASSIGNED",
    "dhcp4",
    DEBUG(40),
    "%s: client packet has been assigned on %s message to the following classes: %s",
)
CLASSES_ASSIGNED_LATER = Message(
    "DHCP4_CLASSES_ASSIGNED_AFTER_SUBNET_SELECTION",
    "dhcp4",
    DEBUG(40),
    "%s: client packet has been assigned to the following classes: %s",
)
CLASS_UNCONFIGURED = Message(
    "DHCP4_CLASS_UNCONFIGURED", "dhcp4", DEBUG(40), "%s: client packet belongs to an unconfigured class: %s"
)
ADDITIONAL_UNDEFINED = Message(
    "DHCP4_ADDITIONAL_CLASS_UNDEFINED", "dhcp4", DEBUG(40), "additional class %s has no definition"
)
EVAL_RESULT = Message("DHCPSRV_EVAL_RESULT", "eval", DEBUG(55), "%s: Expression '%s' evaluated to %s")
EVAL_ERROR = Message("DHCPSRV_EVAL_ERROR", "eval", ERROR, "%s: Expression '%s' evaluated to %s")
PACKET_DUPLICATE = Message(
    "DHCP4_PACKET_DROP_0011",
    "bad-packets",
    DEBUG(15),
    "dropped as sent by the same client (id: %s) as a packet being processed: %s",
)
PACKET_DUPLICATE_HWADDR = Message(
    "DHCP4_PACKET_DROP_0012",
    "bad-packets",
    DEBUG(15),
    "dropped as sent by the same client (hwaddr: %s) as a packet being processed: %s",
)
PACKET_LOT_FULL = Message(
    "DHCP4_HOOK_LEASES4_PARKING_LOT_FULL",
    "packets",
    DEBUG(15),
    "%s: the parking lot of %s is full (parked-packet-limit %d), dropping",
)
PACKET_LOT_LOST = Message("DHCP4_PACKET_DROP_PARKED", "packets", DEBUG(15), "%s: a parked packet is dropped: %s")
PACKETS_TOO_MANY = Message(
    "DHCP4_PACKET_DROP_OVERLOAD", "packets", DEBUG(15), "%d of %d packets that had piled up are dropped unanswered"
)
PACKET_PROCESS_EXCEPTION = Message(
    "DHCP4_PACKET_PROCESS_EXCEPTION", "packets", ERROR, "%s: exception occurred during packet processing: %s"
)
PACKET_PROCESS_STD_EXCEPTION = Message(
    "DHCP4_PACKET_PROCESS_STD_EXCEPTION",
    "bad-packets",
    DEBUG(15),
    "%s: exception occurred during packet processing: %s",
)

NAK_NO_SUBNET = Message(
    "DHCP4_PACKET_NAK_0001", "bad-packets", ERROR, "%s: failed to select a subnet for incoming packet, src %s, type %s"
)
NAK_REJECTED = Message(
    "DHCP4_PACKET_NAK_0005", "bad-packets", DEBUG(15), "%s: rejected as member of the special class 'REJECT'"
)
NAK_INIT_REBOOT = Message(
    "DHCP4_PACKET_NAK_0002", "bad-packets", DEBUG(15), "%s: invalid address %s requested by INIT-REBOOT"
)
NAK_NO_OFFER = Message(
    "DHCP4_PACKET_NAK_0003",
    "bad-packets",
    DEBUG(15),
    "%s: failed to advertise a lease, client sent ciaddr %s, requested-ip-address %s",
)
NAK_NO_LEASE = Message(
    "DHCP4_PACKET_NAK_0004",
    "bad-packets",
    DEBUG(15),
    "%s: failed to grant a lease, client sent ciaddr %s, requested-ip-address %s",
)

SUBNET_SELECTED = Message(
    "DHCP4_SUBNET_SELECTED", "packets", DEBUG(45), "%s: the subnet with ID %d was selected for client assignments"
)
SUBNET_SELECTION_FAILED = Message(
    "DHCP4_SUBNET_SELECTION_FAILED", "packets", DEBUG(50), "%s: failed to select subnet for the packet"
)
SUBNET_CHANGED = Message(
    "DHCP4_SUBNET_DYNAMICALLY_CHANGED",
    "dhcp4",
    DEBUG(45),
    "%s: changed selected subnet %s to subnet %s from shared network %s for client assignments",
)
DISCOVER = Message("DHCP4_DISCOVER", "leases", DEBUG(50), "%s: server is processing DHCPDISCOVER with hint=%s")
REQUEST = Message("DHCP4_REQUEST", "leases", DEBUG(50), "%s: server is processing DHCPREQUEST with hint=%s")
INIT_REBOOT = Message("DHCP4_INIT_REBOOT", "leases", INFO, "%s: client is in INIT-REBOOT state and requests address %s")
NO_LEASE_INIT_REBOOT = Message(
    "DHCP4_NO_LEASE_INIT_REBOOT",
    "bad-packets",
    DEBUG(50),
    "%s: no lease for address %s requested by INIT-REBOOT client",
)
UNKNOWN_ADDRESS_REQUESTED = Message(
    "DHCP4_UNKNOWN_ADDRESS_REQUESTED",
    "dhcp4",
    DEBUG(50),
    "%s: client requested an unknown address, client sent ciaddr %s, requested-ip-address %s",
)
LEASE_OFFER = Message("DHCP4_LEASE_OFFER", "leases", INFO, "%s: lease %s will be offered")
LEASE_ALLOC = Message("DHCP4_LEASE_ALLOC", "leases", INFO, "%s: lease %s has been allocated for %d seconds")
LEASE_REUSE = Message("DHCP4_LEASE_REUSE", "leases", INFO, "%s: lease %s has been reused for %d seconds")
V6_ONLY_PREFERRED_MISSING = Message(
    "DHCP4_V6_ONLY_PREFERRED_MISSING_IN_ACK",
    "packets",
    DEBUG(50),
    "%s: v6-only-preferred option missing in the response",
)

RELEASE = Message("DHCP4_RELEASE", "leases", INFO, "%s: address %s was released properly.")
RELEASE_EXPIRED = Message("DHCP4_RELEASE_EXPIRED", "leases", INFO, "%s: address %s expired on release.")
RELEASE_DELETED = Message("DHCP4_RELEASE_DELETED", "leases", INFO, "%s: address %s was deleted on release.")
RELEASE_FAIL_NO_LEASE = Message(
    "DHCP4_RELEASE_FAIL_NO_LEASE", "leases", DEBUG(50), "%s: client is trying to release non-existing lease %s"
)
RELEASE_FAIL_WRONG_CLIENT = Message(
    "DHCP4_RELEASE_FAIL_WRONG_CLIENT",
    "leases",
    DEBUG(50),
    "%s: client is trying to release the lease %s which belongs to a different client",
)
DECLINE_LEASE = Message(
    "DHCP4_DECLINE_LEASE",
    "leases",
    INFO,
    "Received DHCPDECLINE for addr %s from client %s. The lease will be unavailable for %d seconds.",
)
DECLINE_LEASE_NOT_FOUND = Message(
    "DHCP4_DECLINE_LEASE_NOT_FOUND",
    "leases",
    WARN,
    "Received DHCPDECLINE for addr %s from client %s, but no such lease found.",
)
DECLINE_LEASE_MISMATCH = Message(
    "DHCP4_DECLINE_LEASE_MISMATCH",
    "leases",
    WARN,
    "Received DHCPDECLINE for addr %s from client %s, but the data doesn't match: received hwaddr: %s, "
    "lease hwaddr: %s, received client-id: %s, lease client-id: %s",
)
SERVER_INITIATED_DECLINE = Message(
    "DHCP4_SERVER_INITIATED_DECLINE",
    "leases",
    INFO,
    "Lease for addr %s has been found to be already in use. The lease will be unavailable for %d seconds.",
)
SERVER_INITIATED_DECLINE_FAILED = Message(
    "DHCP4_SERVER_INITIATED_DECLINE_UPDATE_FAILED",
    "leases",
    ERROR,
    "%s: error on server-initiated decline lease update for %s",
)
STORE_FAILED = Message(
    "DHCP4_LEASE_STORE_FAILED", "leases", ERROR, "%d replies were not sent, since their leases could not be stored: %s"
)

RESERVED_ADDRESS_TAKEN = Message(
    "ALLOC_ENGINE_V4_DISCOVER_ADDRESS_CONFLICT",
    "alloc-engine",
    WARN,
    "%s: conflicting reservation for address %s with existing lease %s",
)
ALLOC_FAIL_SHARED_NETWORK = Message(
    "ALLOC_ENGINE_V4_ALLOC_FAIL_SHARED_NETWORK",
    "alloc-engine",
    WARN,
    "%s: failed to allocate an IPv4 address in the shared network %s: %d subnets have no available addresses, "
    "%d subnets have no matching pools",
)
ALLOC_FAIL_SUBNET = Message(
    "ALLOC_ENGINE_V4_ALLOC_FAIL_SUBNET",
    "alloc-engine",
    WARN,
    "%s: failed to allocate an IPv4 address in the subnet %s, subnet-id %d, shared network %s",
)
ALLOC_FAIL_NO_POOLS = Message(
    "ALLOC_ENGINE_V4_ALLOC_FAIL_NO_POOLS",
    "alloc-engine",
    WARN,
    "%s: no pools were available for the address allocation",
)
ALLOC_FAIL = Message(
    "ALLOC_ENGINE_V4_ALLOC_FAIL", "alloc-engine", WARN, "%s: failed to allocate an IPv4 address after %d attempt(s)"
)
ALLOC_FAIL_CLASSES = Message(
    "ALLOC_ENGINE_V4_ALLOC_FAIL_CLASSES",
    "alloc-engine",
    WARN,
    "%s: Failed to allocate an IPv4 address for client with classes: %s",
)
HOOK_PACKET_DROPPED = Message(
    "DHCP4_HOOK_PACKET_RCVD_SKIP",
    "hooks",
    DEBUG(40),
    "%s: packet is dropped, because a callout set the next step to SKIP or DROP.",
)
NEW_SUBNET = Message(
    "DHCPSRV_CFGMGR_NEW_SUBNET4",
    "dhcpsrv",
    INFO,
    "a new subnet has been added to configuration: %s with params: %s",
)
USE_ALLOCATOR = Message(
    "DHCPSRV_CFGMGR_USE_ALLOCATOR", "dhcpsrv", INFO, "using the %s allocator for V4 leases in subnet %s"
)
