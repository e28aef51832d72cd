"""What kead-dhcp6 logs while it answers packets: Kea's message ids, loggers and severities, one row each.

A caller on the packet path asks `M.on` first, so that what nobody reads costs one attribute test. `%s` stands
for the client's label (`duid=[00:03:00:01:…], [no hwaddr info], tid=0x…`) wherever a text begins with it.
"""

from kead.logs import DEBUG, ERROR, INFO, WARN, Message

# A packet comes, and its reply leaves

QUERY_LABEL = Message("DHCP6_QUERY_LABEL", "dhcp6", INFO, "received query: %s")
PACKET_RECEIVED = Message(
    "DHCP6_PACKET_RECEIVED", "packets", INFO, "%s: %s (type %d) received from %s to %s on interface %s"
)
QUERY_DATA = Message("DHCP6_QUERY_DATA", "packets", DEBUG(55), "%s, packet details: %s")
RESPONSE_DATA = Message(
    "DHCP6_RESPONSE_DATA", "packets", DEBUG(55), "%s: responding with packet %s (type %d), packet details: %s"
)
PACKET_SEND = Message(
    "DHCP6_PACKET_SEND",
    "packets",
    INFO,
    "%s: trying to send packet %s (type %d) from [%s]:%d to [%s]:%d on interface %s",
)
PACKET_SEND_FAIL = Message("DHCP6_PACKET_SEND_FAIL", "packets", ERROR, "%s: failed to send DHCPv6 packet: %s")

# Packets that are not answered

PACKET_PARSE_FAIL = Message(
    "DHCP6_PACKET_DROP_PARSE_FAIL",
    "bad-packets",
    DEBUG(15),
    "%s: failed to parse packet from %s to %s, received over interface %s, reason: %s, %s",
)
PACKET_SERVERID_MISMATCH = Message(
    "DHCP6_PACKET_DROP_SERVERID_MISMATCH",
    "bad-packets",
    DEBUG(15),
    "%s: dropping packet with server identifier: %s, server is using: %s",
)
PACKET_UNICAST = Message(
    "DHCP6_PACKET_DROP_UNICAST",
    "bad-packets",
    DEBUG(15),
    "%s: dropping unicast %s packet as this packet should be sent to multicast",
)
PACKET_UNKNOWN_TYPE = Message(
    "DHCP6_UNKNOWN_MSG_RECEIVED",
    "bad-packets",
    DEBUG(40),
    "%s: received unknown message (type %d) on interface %s",
)
REQUIRED_OPTIONS_CHECK_FAIL = Message(
    "DHCP6_REQUIRED_OPTIONS_CHECK_FAIL",
    "bad-packets",
    DEBUG(40),
    "%s: %s message received from %s failed the following check: %s",
)
PACKET_PROCESS_FAIL = Message(
    "DHCP6_PACKET_PROCESS_FAIL",
    "bad-packets",
    DEBUG(40),
    "%s: processing of %s message received from %s failed: %s",
)
PACKET_DUPLICATE = Message(
    "DHCP6_PACKET_DROP_DUPLICATE",
    "bad-packets",
    DEBUG(15),
    "dropped as sent by the same client as a packet being processed: %s",
)
PACKET_LOT_FULL = Message(
    "DHCP6_HOOK_LEASES6_PARKING_LOT_FULL",
    "packets",
    DEBUG(15),
    "%s: the parking lot of %s is full (parked-packet-limit %d), dropping",
)
DROP_CLASS = Message(
    "DHCP6_PACKET_DROP_DROP_CLASS",
    "packets",
    DEBUG(40),
    "dropped as member of the special class 'DROP': %s %s",
)
DROP_CLASS_EARLY = Message(
    "DHCP6_PACKET_DROP_DROP_CLASS_EARLY",
    "packets",
    DEBUG(40),
    "dropped as member of the special class 'DROP' after early global host reservations lookup: %s %s",
)
DROP_CLASS_LATER = Message(
    "DHCP6_PACKET_DROP_DROP_CLASS2",
    "packets",
    DEBUG(40),
    "dropped as member of the special class 'DROP' after host reservation lookup: %s %s",
)
PACKET_LOT_LOST = Message("DHCP6_PACKET_DROP_PARKED", "packets", DEBUG(15), "%s: a parked packet is dropped: %s")
PACKETS_TOO_MANY = Message(
    "DHCP6_PACKET_DROP_OVERLOAD", "packets", DEBUG(15), "%d of %d packets that had piled up are dropped unanswered"
)
PACKET_PROCESS_EXCEPTION = Message(
    "DHCP6_PACKET_PROCESS_EXCEPTION", "packets", ERROR, "%s: exception occurred during packet processing: %s"
)
STORE_FAILED = Message(
    "DHCP6_LEASE_STORE_FAILED", "leases", ERROR, "%d replies were not sent, since their leases could not be stored: %s"
)

# Subnets

SUBNET_SELECTED = Message(
    "DHCP6_SUBNET_SELECTED", "packets", DEBUG(45), "%s: the subnet with ID %d was selected for client assignments"
)
SUBNET_SELECTION_FAILED = Message(
    "DHCP6_SUBNET_SELECTION_FAILED", "packets", DEBUG(50), "%s: failed to select subnet for the client"
)
SUBNET_CHANGED = Message(
    "DHCP6_SUBNET_DYNAMICALLY_CHANGED",
    "packets",
    DEBUG(45),
    "%s: changed selected subnet %s to subnet %s from shared network %s for client assignments",
)

# Leases are given

RAPID_COMMIT = Message(
    "DHCP6_RAPID_COMMIT", "options", DEBUG(50), "%s: Rapid Commit option received, following 2-way exchange"
)
IA_NA_SOLICIT = Message(
    "DHCP6_PROCESS_IA_NA_SOLICIT",
    "leases",
    DEBUG(50),
    "%s: server is processing IA_NA option with iaid=%d and hint=%s",
)
IA_NA_REQUEST = Message(
    "DHCP6_PROCESS_IA_NA_REQUEST",
    "leases",
    DEBUG(50),
    "%s: server is processing IA_NA option with iaid=%d and hint=%s",
)
IA_NA_EXTEND = Message(
    "DHCP6_PROCESS_IA_NA_EXTEND", "leases", DEBUG(50), "%s: extending lease lifetime for IA_NA option with iaid=%d"
)
IA_PD_SOLICIT = Message(
    "DHCP6_PROCESS_IA_PD_SOLICIT",
    "leases",
    DEBUG(50),
    "%s: server is processing IA_PD option with iaid=%d and hint=%s",
)
IA_PD_REQUEST = Message(
    "DHCP6_PROCESS_IA_PD_REQUEST",
    "leases",
    DEBUG(50),
    "%s: server is processing IA_PD option with iaid=%d and hint=%s",
)
IA_PD_EXTEND = Message(
    "DHCP6_PROCESS_IA_PD_EXTEND", "leases", DEBUG(50), "%s: extending lease lifetime for IA_PD option with iaid=%d"
)
LEASE_ADVERT = Message("DHCP6_LEASE_ADVERT", "leases", INFO, "%s: lease for address %s and iaid=%s will be advertised")
LEASE_ADVERT_FAIL = Message(
    "DHCP6_LEASE_ADVERT_FAIL", "leases", DEBUG(50), "%s: failed to advertise an address lease for iaid=%d"
)
LEASE_ALLOC = Message(
    "DHCP6_LEASE_ALLOC", "leases", INFO, "%s: lease for address %s and iaid=%s has been allocated for %s seconds"
)
LEASE_ALLOC_FAIL = Message(
    "DHCP6_LEASE_ALLOC_FAIL", "leases", DEBUG(50), "%s: failed to grant an address lease for iaid=%d"
)
LEASE_RENEW = Message("DHCP6_LEASE_RENEW", "leases", INFO, "%s: lease for address %s and iaid=%s has been allocated")
LEASE_REUSE = Message(
    "DHCP6_LEASE_REUSE", "leases", INFO, "%s: lease for address %s and iaid=%s has been reused for %s seconds"
)
PD_LEASE_ADVERT = Message(
    "DHCP6_PD_LEASE_ADVERT", "leases", INFO, "%s: lease for prefix %s/%d and iaid=%s will be advertised"
)
PD_LEASE_ADVERT_FAIL = Message(
    "DHCP6_PD_LEASE_ADVERT_FAIL", "leases", DEBUG(50), "%s: failed to advertise a prefix lease for iaid=%d"
)
PD_LEASE_ALLOC = Message(
    "DHCP6_PD_LEASE_ALLOC",
    "leases",
    INFO,
    "%s: lease for prefix %s/%d and iaid=%s has been allocated for %s seconds",
)
PD_LEASE_ALLOC_FAIL = Message(
    "DHCP6_PD_LEASE_ALLOC_FAIL", "leases", DEBUG(50), "%s: failed to grant a prefix lease for iaid=%d"
)
PD_LEASE_RENEW = Message(
    "DHCP6_PD_LEASE_RENEW", "leases", INFO, "%s: lease for prefix %s/%d and iaid=%s has been allocated"
)
PD_LEASE_REUSE = Message(
    "DHCP6_PD_LEASE_REUSE", "leases", INFO, "%s: lease for prefix %s/%d and iaid=%s has been reused for %s seconds"
)

# Leases are given back

RELEASE_NA = Message("DHCP6_RELEASE_NA", "leases", INFO, "%s: binding for address %s and iaid=%d was released properly")
RELEASE_NA_EXPIRED = Message(
    "DHCP6_RELEASE_NA_EXPIRED", "leases", INFO, "%s: binding for address %s and iaid=%d expired on release"
)
RELEASE_NA_DELETED = Message(
    "DHCP6_RELEASE_NA_DELETED", "leases", INFO, "%s: binding for address %s and iaid=%d was deleted on release"
)
RELEASE_NA_FAIL = Message(
    "DHCP6_RELEASE_NA_FAIL", "leases", ERROR, "%s: failed to remove address lease for address %s and iaid=%d"
)
RELEASE_NA_NOT_ASSIGNED = Message(
    "DHCP6_RELEASE_NA_FAIL_NOT_ASSIGNED",
    "packets",
    DEBUG(40),
    "%s: client tried to release address %s which is not assigned",
)
RELEASE_NA_WRONG_DUID = Message(
    "DHCP6_RELEASE_NA_FAIL_WRONG_DUID",
    "leases",
    INFO,
    "%s: client tried to release address %s, but it belongs to another client using duid=%s",
)
RELEASE_NA_WRONG_IAID = Message(
    "DHCP6_RELEASE_NA_FAIL_WRONG_IAID",
    "leases",
    WARN,
    "%s: client tried to release address %s, but it used wrong IAID (expected %d, but got %d)",
)
RELEASE_NA_SKIP = Message(
    "DHCP6_HOOK_LEASE6_RELEASE_NA_SKIP",
    "hooks",
    DEBUG(40),
    "%s: DHCPv6 address lease was not released because a callout set the next step to SKIP",
)
RELEASE_PD = Message("DHCP6_RELEASE_PD", "leases", INFO, "%s: prefix %s/%d for iaid=%d was released properly")
RELEASE_PD_EXPIRED = Message(
    "DHCP6_RELEASE_PD_EXPIRED", "leases", INFO, "%s: prefix %s/%d for iaid=%d expired on release"
)
RELEASE_PD_DELETED = Message(
    "DHCP6_RELEASE_PD_DELETED", "leases", INFO, "%s: prefix %s/%d for iaid=%d was deleted on release"
)
RELEASE_PD_FAIL = Message("DHCP6_RELEASE_PD_FAIL", "leases", ERROR, "%s: failed to release prefix %s/%d for iaid=%d")
RELEASE_PD_NOT_ASSIGNED = Message(
    "DHCP6_RELEASE_PD_FAIL_NOT_ASSIGNED",
    "packets",
    DEBUG(40),
    "%s: client tried to release prefix %s/%d which is not assigned",
)
RELEASE_PD_WRONG_DUID = Message(
    "DHCP6_RELEASE_PD_FAIL_WRONG_DUID",
    "leases",
    INFO,
    "%s: client tried to release prefix %s/%d, but it belongs to another client (duid=%s)",
)
RELEASE_PD_WRONG_IAID = Message(
    "DHCP6_RELEASE_PD_FAIL_WRONG_IAID",
    "leases",
    WARN,
    "%s: client tried to release prefix %s/%d, but it used wrong IAID (expected %d, but got %d)",
)
RELEASE_PD_SKIP = Message(
    "DHCP6_HOOK_LEASE6_RELEASE_PD_SKIP",
    "hooks",
    DEBUG(40),
    "%s: prefix lease was not released because a callout set the next step to SKIP",
)
DECLINE_LEASE = Message(
    "DHCP6_DECLINE_LEASE",
    "leases",
    INFO,
    "Client %s sent DECLINE for address %s and the server marked it as declined. "
    "The lease will be recovered in %d seconds.",
)
DECLINE_NO_LEASE = Message(
    "DHCP6_DECLINE_FAIL_NO_LEASE",
    "leases",
    INFO,
    "Client %s sent DECLINE for address %s, but there's no lease for it",
)
DECLINE_DUID_MISMATCH = Message(
    "DHCP6_DECLINE_FAIL_DUID_MISMATCH",
    "leases",
    INFO,
    "Client %s sent DECLINE for address %s, but it belongs to client with DUID %s",
)
DECLINE_IAID_MISMATCH = Message(
    "DHCP6_DECLINE_FAIL_IAID_MISMATCH",
    "leases",
    INFO,
    "Client %s sent DECLINE for address %s, but used a wrong IAID (%d), instead of expected %d",
)
DECLINE_SKIP = Message(
    "DHCP6_HOOK_DECLINE_SKIP",
    "hooks",
    DEBUG(50),
    "During Decline processing (client=%s, interface=%s, addr=%s) hook callout set status to SKIP, skipping decline.",
)
DECLINE_DROP = Message(
    "DHCP6_HOOK_DECLINE_DROP",
    "hooks",
    DEBUG(15),
    "During Decline processing (client=%s, interface=%s, addr=%s) hook callout set next step to DROP, dropping packet.",
)

# Addresses are registered (RFC 9686)

REGISTRATION_DISABLED = Message(
    "DHCP6_ADDR6_REGISTER_DISABLED_DROP",
    "packets",
    DEBUG(40),
    "ADDR-REG-INFORM from %s was dropped because address registration is disabled.",
)
REGISTRATION_FAIL = Message(
    "DHCP6_ADDR_REG_INFORM_FAIL", "packets", INFO, "error on ADDR-REG-INFORM from client %s, %s"
)
REGISTRATION_CLIENT_CHANGE = Message(
    "DHCP6_ADDR_REG_INFORM_CLIENT_CHANGE",
    "packets",
    INFO,
    "received an ADDR-REG-INFORM for %s from client '%s' but the address was registered by another client '%s'",
)
REGISTRATION_SKIP = Message(
    "DHCP6_HOOK_ADDR6_REGISTER_SKIP",
    "hooks",
    DEBUG(40),
    "%s: lease %s operation for %s is skipped, because a callout set the next step to SKIP",
)
REGISTRATION_DROP = Message(
    "DHCP6_HOOK_ADDR6_REGISTER_DROP",
    "hooks",
    DEBUG(40),
    "%s: ADDR-REG-INFORM for %s is dropped, because a callout set the next step to DROP",
)
REGISTERED_LEASE_UPDATE_FAIL = Message(
    "DHCP6_REGISTERED_LEASE_UPDATE_FAIL", "dhcp6", ERROR, "error in registered lease update for %s: %s"
)
REGISTERED_LEASE_ADD_FAIL = Message(
    "DHCP6_REGISTERED_LEASE_ADD_FAIL", "dhcp6", ERROR, "error in registered lease add for %s"
)

# Nothing to give

ALLOC_FAIL_SHARED_NETWORK = Message(
    "ALLOC_ENGINE_V6_ALLOC_FAIL_SHARED_NETWORK",
    "alloc-engine",
    WARN,
    "%s: failed to allocate a lease in the shared network %s: %d subnets have no available leases, "
    "%d subnets have no matching pools",
)
ALLOC_FAIL_SUBNET = Message(
    "ALLOC_ENGINE_V6_ALLOC_FAIL_SUBNET",
    "alloc-engine",
    WARN,
    "%s: failed to allocate an IPv6 lease in the subnet %s, subnet-id %d, shared network %s",
)
ALLOC_FAIL_NO_POOLS = Message(
    "ALLOC_ENGINE_V6_ALLOC_FAIL_NO_POOLS",
    "alloc-engine",
    WARN,
    "%s: no pools were available for the lease allocation",
)
ALLOC_FAIL = Message(
    "ALLOC_ENGINE_V6_ALLOC_FAIL", "alloc-engine", WARN, "%s: failed to allocate an IPv6 lease after %d attempt(s)"
)
ALLOC_FAIL_CLASSES = Message(
    "ALLOC_ENGINE_V6_ALLOC_FAIL_CLASSES",
    "alloc-engine",
    WARN,
    "%s: Failed to allocate an IPv6 address for client with classes: %s",
)

# Classes

CLASSES_ASSIGNED = Message(
    "DHCP6_CLASSES_ASSIGNED",
    "dhcp6",
    DEBUG(40),
    "%s: client packet has been assigned on %s message to the following classes: %s",
)
CLASSES_ASSIGNED_LATER = Message(
    "DHCP6_CLASSES_ASSIGNED_AFTER_SUBNET_SELECTION",
    "dhcp6",
    DEBUG(40),
    "%s: client packet has been assigned to the following classes: %s",
)
CLASS_UNCONFIGURED = Message(
    "DHCP6_CLASS_UNCONFIGURED",
    "dhcp6",
    DEBUG(40),
    "%s: client packet belongs to an unconfigured class: %s",
)
ADDITIONAL_UNDEFINED = Message(
    "DHCP6_ADDITIONAL_CLASS_UNDEFINED", "dhcp6", DEBUG(40), "additional class %s has no definition"
)
EVAL_RESULT = Message("DHCPSRV_EVAL_RESULT", "eval", DEBUG(55), "%s: Expression '%s' evaluated to %s")
EVAL_ERROR = Message("DHCPSRV_EVAL_ERROR", "eval", ERROR, "%s: Expression '%s' evaluated to %s")

# Names and hooks

FQDN_RECEIVED = Message("DHCP6_DDNS_RECEIVE_FQDN", "ddns", DEBUG(50), "%s: received DHCPv6 Client FQDN option: %s")
FQDN_SCRUBBED_EMPTY = Message(
    "DHCP6_CLIENT_FQDN_SCRUBBED_EMPTY",
    "ddns",
    DEBUG(50),
    "%s: sanitizing client's FQDN option '%s' yielded an empty  name or an empty label within the name",
)
FQDN_GENERATED = Message("DHCP6_DDNS_FQDN_GENERATED", "ddns", DEBUG(55), "%s: generated FQDN for the client: %s")
HOOK_PACKET_DROPPED = Message(
    "DHCP6_HOOK_PACKET_RCVD_SKIP",
    "hooks",
    DEBUG(40),
    "%s: packet is dropped, because a callout set the next step to SKIP",
)

# Configurations

NEW_SUBNET = Message(
    "DHCPSRV_CFGMGR_NEW_SUBNET6",
    "dhcpsrv",
    INFO,
    "a new subnet has been added to configuration: %s with params: %s",
)
USE_ALLOCATOR = Message(
    "DHCPSRV_CFGMGR_USE_ALLOCATOR", "dhcpsrv", INFO, "using the %s allocator for %s leases in subnet %s"
)
