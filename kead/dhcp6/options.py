"""Every standard DHCPv6 option as a row: code, name, type, whether it repeats (RFC 8415, RFC 9915 and their likes).

Names and types are those that Kea's configurations use, so `v6-captive-portal` is a string here, as Kea has it. What
packets are checked for when they arrive (`MINIMUM_LENGTH`) follows from the rows. This file knows no packet:
`kead.dhcp6.packet` reads and writes those.
"""

from __future__ import annotations

from kead.wire.definitions import SIZES, OptionDefinition, OptionTable, OptionType

CLIENTID = 1
SERVERID = 2
IA_NA = 3
IA_TA = 4
IAADDR = 5
ORO = 6
PREFERENCE = 7
ELAPSED_TIME = 8
RELAY_MSG = 9
AUTH = 11
UNICAST = 12
STATUS_CODE = 13
RAPID_COMMIT = 14
USER_CLASS = 15
VENDOR_CLASS = 16
VENDOR_OPTS = 17
INTERFACE_ID = 18
RECONF_MSG = 19
RECONF_ACCEPT = 20
DNS_SERVERS = 23
DOMAIN_SEARCH = 24
IA_PD = 25
IAPREFIX = 26
INFORMATION_REFRESH_TIME = 32
REMOTE_ID = 37
SUBSCRIBER_ID = 38
CLIENT_FQDN = 39
ERO = 43
RELAY_ID = 53
NTP_SERVER = 56
BOOTFILE_URL = 59
BOOTFILE_PARAM = 60
CLIENT_ARCH_TYPE = 61
ERP_LOCAL_DOMAIN_NAME = 65
RSOO = 66
PD_EXCLUDE = 67
CLIENT_LINKLAYER_ADDR = 79
SOLMAX_RT = 82
INF_MAX_RT = 83
DHCPV4_MESSAGE = 87
S46_RULE = 89
S46_BR = 90
S46_DMR = 91
S46_V4V6BIND = 92
S46_PORTPARAMS = 93
S46_CONT_MAPE = 94
S46_CONT_MAPT = 95
S46_CONT_LW = 96
RELAY_SOURCE_PORT = 135
V6_DNR = 144
ADDR_REG_ENABLE = 148

DHCP6_SPACE = "dhcp6"
MAPE_SPACE = "s46-cont-mape-options"
MAPT_SPACE = "s46-cont-mapt-options"
LW_SPACE = "s46-cont-lw-options"
RULE_SPACE = "s46-rule-options"
BIND_SPACE = "s46-v4v6bind-options"
NTP_SPACE = "v6-ntp-server-suboptions"
RSOO_SPACE = "rsoo-opts"
VENDOR_OPTS_SPACE = "vendor-opts-space"
DOCSIS_ENTERPRISE = 4491
DOCSIS_SPACE = "vendor-4491"
ISC_ENTERPRISE = 2495
ISC_SPACE = "vendor-2495"

EMPTY = OptionType.EMPTY
BINARY = OptionType.BINARY
INT32 = OptionType.INT32
UINT8 = OptionType.UINT8
UINT16 = OptionType.UINT16
UINT32 = OptionType.UINT32
IPV4 = OptionType.IPV4
IPV6 = OptionType.IPV6
PREFIX = OptionType.IPV6_PREFIX
PSID = OptionType.PSID
STRING = OptionType.STRING
TUPLE = OptionType.TUPLE
FQDN = OptionType.FQDN
INTERNAL = OptionType.INTERNAL
RECORD = OptionType.RECORD


def _row(
    code: int,
    name: str,
    type: OptionType,
    *,
    array: bool = False,
    fields: tuple[OptionType, ...] = (),
    encapsulates: str = "",
    space: str = DHCP6_SPACE,
) -> OptionDefinition:
    """A row of this family, where every tuple has a length of two bytes."""
    return OptionDefinition(code, name, type, array, fields, encapsulates, space, wide=True)


_STANDARD = (
    _row(1, "clientid", BINARY),
    _row(2, "serverid", BINARY),
    _row(3, "ia-na", RECORD, fields=(UINT32, UINT32, UINT32), encapsulates=DHCP6_SPACE),
    _row(4, "ia-ta", UINT32, encapsulates=DHCP6_SPACE),
    _row(5, "iaaddr", RECORD, fields=(IPV6, UINT32, UINT32), encapsulates=DHCP6_SPACE),
    _row(6, "oro", UINT16, array=True),
    _row(7, "preference", UINT8),
    _row(8, "elapsed-time", UINT16),
    _row(9, "relay-msg", BINARY),
    _row(11, "auth", BINARY),
    _row(12, "unicast", IPV6),
    _row(13, "status-code", RECORD, fields=(UINT16, STRING)),
    _row(14, "rapid-commit", EMPTY),
    _row(15, "user-class", BINARY),
    _row(16, "vendor-class", RECORD, fields=(UINT32, BINARY)),
    _row(17, "vendor-opts", UINT32, encapsulates=VENDOR_OPTS_SPACE),
    _row(18, "interface-id", BINARY),
    _row(19, "reconf-msg", UINT8),
    _row(20, "reconf-accept", EMPTY),
    _row(21, "sip-server-dns", FQDN, array=True),
    _row(22, "sip-server-addr", IPV6, array=True),
    _row(23, "dns-servers", IPV6, array=True),
    _row(24, "domain-search", FQDN, array=True),
    _row(25, "ia-pd", RECORD, fields=(UINT32, UINT32, UINT32), encapsulates=DHCP6_SPACE),
    _row(26, "iaprefix", RECORD, fields=(UINT32, UINT32, UINT8, IPV6), encapsulates=DHCP6_SPACE),
    _row(27, "nis-servers", IPV6, array=True),
    _row(28, "nisp-servers", IPV6, array=True),
    _row(29, "nis-domain-name", FQDN, array=True),
    _row(30, "nisp-domain-name", FQDN, array=True),
    _row(31, "sntp-servers", IPV6, array=True),
    _row(32, "information-refresh-time", UINT32),
    _row(33, "bcmcs-server-dns", FQDN, array=True),
    _row(34, "bcmcs-server-addr", IPV6, array=True),
    _row(36, "geoconf-civic", RECORD, fields=(UINT8, UINT16, BINARY)),
    _row(37, "remote-id", RECORD, fields=(UINT32, BINARY)),
    _row(38, "subscriber-id", BINARY),
    _row(39, "client-fqdn", RECORD, fields=(UINT8, FQDN)),
    _row(40, "pana-agent", IPV6, array=True),
    _row(41, "new-posix-timezone", STRING),
    _row(42, "new-tzdb-timezone", STRING),
    _row(43, "ero", UINT16, array=True),
    _row(44, "lq-query", RECORD, fields=(UINT8, IPV6), encapsulates=DHCP6_SPACE),
    _row(45, "client-data", EMPTY, encapsulates=DHCP6_SPACE),
    _row(46, "clt-time", UINT32),
    _row(47, "lq-relay-data", RECORD, fields=(IPV6, BINARY)),
    _row(48, "lq-client-link", IPV6, array=True),
    _row(51, "v6-lost", FQDN),
    _row(52, "capwap-ac-v6", IPV6, array=True),
    _row(53, "relay-id", BINARY),
    _row(56, "ntp-server", EMPTY, encapsulates=NTP_SPACE),
    _row(57, "v6-access-domain", FQDN),
    _row(58, "sip-ua-cs-list", FQDN, array=True),
    _row(59, "bootfile-url", STRING),
    _row(60, "bootfile-param", TUPLE, array=True),
    _row(61, "client-arch-type", UINT16, array=True),
    _row(62, "nii", RECORD, fields=(UINT8, UINT8, UINT8)),
    _row(64, "aftr-name", FQDN),
    _row(65, "erp-local-domain-name", FQDN),
    _row(66, "rsoo", EMPTY, encapsulates=RSOO_SPACE),
    _row(67, "pd-exclude", PREFIX),
    _row(74, "rdnss-selection", RECORD, array=True, fields=(IPV6, UINT8, FQDN)),
    _row(79, "client-linklayer-addr", BINARY),
    _row(80, "link-address", IPV6),
    _row(82, "solmax-rt", UINT32),
    _row(83, "inf-max-rt", UINT32),
    _row(87, "dhcpv4-message", BINARY),
    _row(88, "dhcp4o6-server-addr", IPV6, array=True),
    _row(94, "s46-cont-mape", EMPTY, encapsulates=MAPE_SPACE),
    _row(95, "s46-cont-mapt", EMPTY, encapsulates=MAPT_SPACE),
    _row(96, "s46-cont-lw", EMPTY, encapsulates=LW_SPACE),
    _row(103, "v6-captive-portal", STRING),
    _row(135, "relay-source-port", UINT16),
    _row(136, "v6-sztp-redirect", TUPLE, array=True),
    _row(143, "ipv6-address-andsf", IPV6, array=True),
    _row(144, "v6-dnr", INTERNAL),
    _row(148, "addr-reg-enable", EMPTY),
)


def _rule(space: str) -> OptionDefinition:
    fields = (UINT8, UINT8, UINT8, IPV4, PREFIX)
    return _row(89, "s46-rule", RECORD, fields=fields, encapsulates=RULE_SPACE, space=space)


def _border_relay(space: str) -> OptionDefinition:
    return _row(90, "s46-br", IPV6, space=space)


def _port_parameters(space: str) -> OptionDefinition:
    return _row(93, "s46-portparams", RECORD, fields=(UINT8, PSID), space=space)


_SOFTWIRE = (
    _rule(MAPE_SPACE),
    _border_relay(MAPE_SPACE),
    _rule(MAPT_SPACE),
    _row(91, "s46-dmr", PREFIX, space=MAPT_SPACE),
    _border_relay(LW_SPACE),
    _row(92, "s46-v4v6bind", RECORD, fields=(IPV4, PREFIX), encapsulates=BIND_SPACE, space=LW_SPACE),
    _port_parameters(RULE_SPACE),
    _port_parameters(BIND_SPACE),
)

_NTP = (
    _row(1, "ntp-server-address", IPV6, space=NTP_SPACE),
    _row(2, "ntp-server-multicast", IPV6, space=NTP_SPACE),
    _row(3, "ntp-server-fqdn", FQDN, space=NTP_SPACE),
)

_DOCSIS = (
    _row(1, "oro", UINT16, array=True, space=DOCSIS_SPACE),
    _row(2, "device-type", STRING, space=DOCSIS_SPACE),
    _row(10, "vendor-type", STRING, space=DOCSIS_SPACE),
    _row(32, "tftp-servers", IPV6, array=True, space=DOCSIS_SPACE),
    _row(33, "config-file", STRING, space=DOCSIS_SPACE),
    _row(34, "syslog-servers", IPV6, array=True, space=DOCSIS_SPACE),
    _row(36, "device-id", BINARY, space=DOCSIS_SPACE),
    _row(37, "time-servers", IPV6, array=True, space=DOCSIS_SPACE),
    _row(38, "time-offset", INT32, space=DOCSIS_SPACE),
    _row(1026, "cmts-cm-mac", BINARY, space=DOCSIS_SPACE),
)

_ISC = (
    _row(60000, "4o6-interface", STRING, space=ISC_SPACE),
    _row(60001, "4o6-source-address", IPV6, space=ISC_SPACE),
    _row(60002, "4o6-source-port", UINT16, space=ISC_SPACE),
)

STANDARD = OptionTable((*_STANDARD, *_SOFTWIRE, *_NTP, *_DOCSIS, *_ISC))
"""All of them."""


def _minimum(definition: OptionDefinition) -> int:
    """The fewest bytes of a value that a packet may carry: the sizes of what the option always has."""
    if definition.type is RECORD:
        return sum(SIZES.get(field, 0) for field in definition.fields)
    return 0 if definition.array else SIZES.get(definition.type, 0)


def minimum_lengths(space: str) -> dict[int, int]:
    """By code: how many bytes an option of this space must have at least, for those that must have any."""
    found = {}
    for code in STANDARD.codes(space):
        definition = STANDARD.by_code(space, code)
        if definition is not None and _minimum(definition):
            found[code] = _minimum(definition)
    return found


_LEAST = minimum_lengths(DHCP6_SPACE)

MINIMUM_LENGTH = bytes(_LEAST.get(code, 0) for code in range(256))
"""By code: how many bytes an option of a packet must have at least. A shorter one spoils the whole packet."""
