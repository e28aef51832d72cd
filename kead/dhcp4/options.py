"""Every standard DHCPv4 option as a row: code, name, type, whether it repeats (RFC 2132 and its successors).

Names and types are those that Kea's configurations use, so `domain-name` is a string here, as Kea has it. What
packets are checked for when they arrive (`MINIMUM_LENGTH`) and which options lose trailing NULs (`STRINGS`) follows
from the rows. This file knows no packet: `kead.dhcp4.packet` reads and writes those.
"""

from __future__ import annotations

from kead.wire.definitions import SIZES, OptionDefinition, OptionTable, OptionType

PAD = 0
SUBNET_MASK = 1
TIME_OFFSET = 2
ROUTERS = 3
DOMAIN_NAME_SERVERS = 6
HOST_NAME = 12
DOMAIN_NAME = 15
BROADCAST_ADDRESS = 28
NTP_SERVERS = 42
VENDOR_ENCAPSULATED_OPTIONS = 43
REQUESTED_ADDRESS = 50
LEASE_TIME = 51
OPTION_OVERLOAD = 52
MESSAGE_TYPE = 53
SERVER_IDENTIFIER = 54
PARAMETER_REQUEST_LIST = 55
MESSAGE = 56
MAX_MESSAGE_SIZE = 57
RENEWAL_TIME = 58
REBINDING_TIME = 59
VENDOR_CLASS_IDENTIFIER = 60
CLIENT_IDENTIFIER = 61
TFTP_SERVER_NAME = 66
BOOT_FILE_NAME = 67
USER_CLASS = 77
FQDN = 81
AGENT_OPTIONS = 82
CLIENT_LAST_TRANSACTION_TIME = 91
ASSOCIATED_IP = 92
CLIENT_SYSTEM = 93
V6_ONLY_PREFERRED = 108
SUBNET_SELECTION = 118
DOMAIN_SEARCH = 119
CLASSLESS_STATIC_ROUTE = 121
VIVCO_SUBOPTIONS = 124
VIVSO_SUBOPTIONS = 125
END = 255

RAI_CIRCUIT_ID = 1
RAI_REMOTE_ID = 2
RAI_DOCSIS_DEVICE_CLASS = 4
RAI_LINK_SELECTION = 5
RAI_SUBSCRIBER_ID = 6
RAI_RADIUS = 7
RAI_AUTH = 8
RAI_VENDOR_SPECIFIC_INFO = 9
RAI_RELAY_FLAGS = 10
RAI_SERVER_ID_OVERRIDE = 11
RAI_RELAY_ID = 12
RAI_ACCESS_TECHNO_TYPE = 13
RAI_ACCESS_NETWORK_NAME = 14
RAI_ACCESS_POINT_NAME = 15
RAI_ACCESS_POINT_BSSID = 16
RAI_OPERATOR_ID = 17
RAI_OPERATOR_REALM = 18
RAI_RELAY_PORT = 19
RAI_VIRTUAL_SUBNET_SELECT = 151
RAI_VIRTUAL_SUBNET_SELECT_CTRL = 152

DHCP4_SPACE = "dhcp4"
RELAY_AGENT_SPACE = "dhcp-agent-options-space"
VENDOR_ENCAPSULATED_SPACE = "vendor-encapsulated-options-space"
CABLELABS_SPACE = "cablelabs-client-conf"
CABLELABS_ENTERPRISE = 4491
DOCSIS_SPACE = "vendor-4491"

EMPTY = OptionType.EMPTY
BINARY = OptionType.BINARY
BOOLEAN = OptionType.BOOLEAN
INT32 = OptionType.INT32
UINT8 = OptionType.UINT8
UINT16 = OptionType.UINT16
UINT32 = OptionType.UINT32
IPV4 = OptionType.IPV4
IPV6 = OptionType.IPV6
PSID = OptionType.PSID
STRING = OptionType.STRING
TUPLE = OptionType.TUPLE
FQDN_TYPE = OptionType.FQDN
INTERNAL = OptionType.INTERNAL
RECORD = OptionType.RECORD

_row = OptionDefinition

_STANDARD = (
    _row(1, "subnet-mask", IPV4),
    _row(2, "time-offset", INT32),
    _row(3, "routers", IPV4, array=True),
    _row(4, "time-servers", IPV4, array=True),
    _row(5, "name-servers", IPV4, array=True),
    _row(6, "domain-name-servers", IPV4, array=True),
    _row(7, "log-servers", IPV4, array=True),
    _row(8, "cookie-servers", IPV4, array=True),
    _row(9, "lpr-servers", IPV4, array=True),
    _row(10, "impress-servers", IPV4, array=True),
    _row(11, "resource-location-servers", IPV4, array=True),
    _row(12, "host-name", STRING),
    _row(13, "boot-size", UINT16),
    _row(14, "merit-dump", STRING),
    _row(15, "domain-name", STRING),
    _row(16, "swap-server", IPV4),
    _row(17, "root-path", STRING),
    _row(18, "extensions-path", STRING),
    _row(19, "ip-forwarding", BOOLEAN),
    _row(20, "non-local-source-routing", BOOLEAN),
    _row(21, "policy-filter", IPV4, array=True),
    _row(22, "max-dgram-reassembly", UINT16),
    _row(23, "default-ip-ttl", UINT8),
    _row(24, "path-mtu-aging-timeout", UINT32),
    _row(25, "path-mtu-plateau-table", UINT16, array=True),
    _row(26, "interface-mtu", UINT16),
    _row(27, "all-subnets-local", BOOLEAN),
    _row(28, "broadcast-address", IPV4),
    _row(29, "perform-mask-discovery", BOOLEAN),
    _row(30, "mask-supplier", BOOLEAN),
    _row(31, "router-discovery", BOOLEAN),
    _row(32, "router-solicitation-address", IPV4),
    _row(33, "static-routes", IPV4, array=True),
    _row(34, "trailer-encapsulation", BOOLEAN),
    _row(35, "arp-cache-timeout", UINT32),
    _row(36, "ieee802-3-encapsulation", BOOLEAN),
    _row(37, "default-tcp-ttl", UINT8),
    _row(38, "tcp-keepalive-interval", UINT32),
    _row(39, "tcp-keepalive-garbage", BOOLEAN),
    _row(40, "nis-domain", STRING),
    _row(41, "nis-servers", IPV4, array=True),
    _row(42, "ntp-servers", IPV4, array=True),
    _row(43, "vendor-encapsulated-options", EMPTY, encapsulates=VENDOR_ENCAPSULATED_SPACE),
    _row(44, "netbios-name-servers", IPV4, array=True),
    _row(45, "netbios-dd-server", IPV4, array=True),
    _row(46, "netbios-node-type", UINT8),
    _row(47, "netbios-scope", STRING),
    _row(48, "font-servers", IPV4, array=True),
    _row(49, "x-display-manager", IPV4, array=True),
    _row(50, "dhcp-requested-address", IPV4),
    _row(51, "dhcp-lease-time", UINT32),
    _row(52, "dhcp-option-overload", UINT8),
    _row(53, "dhcp-message-type", UINT8),
    _row(54, "dhcp-server-identifier", IPV4),
    _row(55, "dhcp-parameter-request-list", UINT8, array=True),
    _row(56, "dhcp-message", STRING),
    _row(57, "dhcp-max-message-size", UINT16),
    _row(58, "dhcp-renewal-time", UINT32),
    _row(59, "dhcp-rebinding-time", UINT32),
    _row(60, "vendor-class-identifier", STRING),
    _row(61, "dhcp-client-identifier", BINARY),
    _row(62, "nwip-domain-name", STRING),
    _row(63, "nwip-suboptions", BINARY),
    _row(64, "nisplus-domain-name", STRING),
    _row(65, "nisplus-servers", IPV4, array=True),
    _row(66, "tftp-server-name", STRING),
    _row(67, "boot-file-name", STRING),
    _row(68, "mobile-ip-home-agent", IPV4, array=True),
    _row(69, "smtp-server", IPV4, array=True),
    _row(70, "pop-server", IPV4, array=True),
    _row(71, "nntp-server", IPV4, array=True),
    _row(72, "www-server", IPV4, array=True),
    _row(73, "finger-server", IPV4, array=True),
    _row(74, "irc-server", IPV4, array=True),
    _row(75, "streettalk-server", IPV4, array=True),
    _row(76, "streettalk-directory-assistance-server", IPV4, array=True),
    _row(77, "user-class", BINARY),
    _row(78, "slp-directory-agent", RECORD, array=True, fields=(BOOLEAN, IPV4)),
    _row(79, "slp-service-scope", RECORD, fields=(BOOLEAN, STRING)),
    _row(81, "fqdn", RECORD, fields=(UINT8, UINT8, UINT8, FQDN_TYPE)),
    _row(82, "dhcp-agent-options", EMPTY, encapsulates=RELAY_AGENT_SPACE),
    _row(85, "nds-servers", IPV4, array=True),
    _row(86, "nds-tree-name", STRING),
    _row(87, "nds-context", STRING),
    _row(88, "bcms-controller-names", FQDN_TYPE, array=True),
    _row(89, "bcms-controller-address", IPV4, array=True),
    _row(90, "authenticate", BINARY),
    _row(91, "client-last-transaction-time", UINT32),
    _row(92, "associated-ip", IPV4, array=True),
    _row(93, "client-system", UINT16, array=True),
    _row(94, "client-ndi", RECORD, fields=(UINT8, UINT8, UINT8)),
    _row(97, "uuid-guid", RECORD, fields=(UINT8, BINARY)),
    _row(98, "uap-servers", STRING),
    _row(99, "geoconf-civic", BINARY),
    _row(100, "pcode", STRING),
    _row(101, "tcode", STRING),
    _row(108, "v6-only-preferred", UINT32),
    _row(112, "netinfo-server-address", IPV4, array=True),
    _row(113, "netinfo-server-tag", STRING),
    _row(114, "v4-captive-portal", STRING),
    _row(116, "auto-config", UINT8),
    _row(117, "name-service-search", UINT16, array=True),
    _row(118, "subnet-selection", IPV4),
    _row(119, "domain-search", FQDN_TYPE, array=True),
    _row(121, "classless-static-route", INTERNAL),
    _row(122, "cablelabs-client-conf", EMPTY, encapsulates=CABLELABS_SPACE),
    _row(124, "vivco-suboptions", RECORD, fields=(UINT32, BINARY)),
    _row(125, "vivso-suboptions", UINT32),
    _row(136, "pana-agent", IPV4, array=True),
    _row(137, "v4-lost", FQDN_TYPE),
    _row(138, "capwap-ac-v4", IPV4, array=True),
    _row(141, "sip-ua-cs-domains", FQDN_TYPE, array=True),
    _row(143, "v4-sztp-redirect", TUPLE, array=True, wide=True),
    _row(146, "rdnss-selection", RECORD, array=True, fields=(UINT8, IPV4, IPV4, FQDN_TYPE)),
    _row(151, "status-code", RECORD, fields=(UINT8, STRING)),
    _row(152, "base-time", UINT32),
    _row(153, "start-time-of-state", UINT32),
    _row(154, "query-start-time", UINT32),
    _row(155, "query-end-time", UINT32),
    _row(156, "dhcp-state", UINT8),
    _row(157, "data-source", UINT8),
    _row(159, "v4-portparams", RECORD, fields=(UINT8, PSID)),
    _row(162, "v4-dnr", INTERNAL),
    _row(212, "option-6rd", RECORD, array=True, fields=(UINT8, UINT8, IPV6, IPV4)),
    _row(213, "v4-access-domain", FQDN_TYPE),
)

_RELAY_AGENT = (
    _row(1, "circuit-id", BINARY, space=RELAY_AGENT_SPACE),
    _row(2, "remote-id", BINARY, space=RELAY_AGENT_SPACE),
    _row(4, "docsis-device-class", UINT32, space=RELAY_AGENT_SPACE),
    _row(5, "link-selection", IPV4, space=RELAY_AGENT_SPACE),
    _row(6, "subscriber-id", STRING, space=RELAY_AGENT_SPACE),
    _row(7, "radius", BINARY, space=RELAY_AGENT_SPACE),
    _row(8, "auth", BINARY, space=RELAY_AGENT_SPACE),
    _row(9, "vendor-specific-info", BINARY, space=RELAY_AGENT_SPACE),
    _row(10, "relay-flags", UINT8, space=RELAY_AGENT_SPACE),
    _row(11, "server-id-override", IPV4, space=RELAY_AGENT_SPACE),
    _row(12, "relay-id", BINARY, space=RELAY_AGENT_SPACE),
    _row(13, "access-techno-type", UINT16, space=RELAY_AGENT_SPACE),
    _row(14, "access-network-name", STRING, space=RELAY_AGENT_SPACE),
    _row(15, "access-point-name", STRING, space=RELAY_AGENT_SPACE),
    _row(16, "access-point-bssid", BINARY, space=RELAY_AGENT_SPACE),
    _row(17, "operator-id", UINT32, space=RELAY_AGENT_SPACE),
    _row(18, "operator-realm", STRING, space=RELAY_AGENT_SPACE),
    _row(19, "relay-port", UINT16, space=RELAY_AGENT_SPACE),
    _row(151, "virtual-subnet-select", BINARY, space=RELAY_AGENT_SPACE),
    _row(152, "virtual-subnet-select-ctrl", EMPTY, space=RELAY_AGENT_SPACE),
)

_CABLELABS = (
    _row(1, "tsp-primary-server", IPV4, space=CABLELABS_SPACE),
    _row(2, "tsp-secondary-server", IPV4, space=CABLELABS_SPACE),
    _row(4, "tsp-as-parameters", RECORD, fields=(UINT32, UINT32, UINT32), space=CABLELABS_SPACE),
    _row(5, "tsp-ap-parameters", RECORD, fields=(UINT32, UINT32, UINT32), space=CABLELABS_SPACE),
    _row(6, "tsp-realm", FQDN_TYPE, space=CABLELABS_SPACE),
    _row(7, "tsp-use-tgt", BOOLEAN, space=CABLELABS_SPACE),
    _row(8, "tsp-provisioning-timer", UINT8, space=CABLELABS_SPACE),
    _row(9, "tsp-sct", UINT16, space=CABLELABS_SPACE),
    _row(10, "kdc-server", IPV4, array=True, space=CABLELABS_SPACE),
)

_DOCSIS = (
    _row(1, "oro", UINT8, array=True, space=DOCSIS_SPACE),
    _row(2, "tftp-servers", IPV4, array=True, space=DOCSIS_SPACE),
)

STANDARD = OptionTable((*_STANDARD, *_RELAY_AGENT, *_CABLELABS, *_DOCSIS))
"""All of them. Option 43 is the last resort: a definition of the configuration takes its place."""

DEFERRED = frozenset((VENDOR_ENCAPSULATED_OPTIONS, *range(224, 255)))
"""Codes that a configuration, or one class of it, may define for itself although they are standard or private."""


def _minimum(definition: OptionDefinition) -> int:
    """The fewest bytes of a value that a packet may carry: the size of one value, for what always has it."""
    if definition.code == VIVSO_SUBOPTIONS:
        return 0  # the row names only the enterprise number; the sub-options are read when somebody asks
    if definition.type is OptionType.RECORD or definition.array:
        return 1 if definition.code == PARAMETER_REQUEST_LIST else 0
    return SIZES.get(definition.type, 0)


def _minimum_lengths(space: str) -> bytes:
    lengths = bytearray(256)
    for code in STANDARD.codes(space):
        definition = STANDARD.by_code(space, code)
        if definition is not None:
            lengths[code] = _minimum(definition)
    return bytes(lengths)


MINIMUM_LENGTH = _minimum_lengths(DHCP4_SPACE)
"""By code: how many bytes an option of a packet must have at least. A shorter one spoils the whole packet."""

RELAY_AGENT_MINIMUM_LENGTH = _minimum_lengths(RELAY_AGENT_SPACE)
"""The same for the sub-options of option 82."""

STRINGS = frozenset(definition.code for definition in _STANDARD if definition.type is OptionType.STRING)
"""Codes whose values lose their trailing NULs when they are read (RFC 2132 section 2)."""
