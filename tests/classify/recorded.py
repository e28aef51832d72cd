"""Conditions whose values the real Kea 3.0.4 was asked for, with the packets that they were tried on."""

from __future__ import annotations

from kead.dhcp4.packet import INFORM
from kead.dhcp4.subject import PacketSubject4
from kead.dhcp6.packet import Relay6
from kead.dhcp6.subject import PacketSubject6
from tests.classify.packets import ip, subject4, subject6

OPTIONS4 = {
    61: bytes.fromhex("01020000000a0b"),
    51: bytes.fromhex("00000e10"),
    12: bytes.fromhex("4d79486f7374"),
    60: bytes.fromhex("4d53465420352e30"),
    81: bytes.fromhex("050000066d79686f7374076578616d706c65036f726700"),
    55: bytes.fromhex("0103c8"),
    43: bytes.fromhex("0102abcd0203616263"),
    77: bytes.fromhex("03616263"),
    93: bytes.fromhex("0007"),
    124: bytes.fromhex("0000118b03666f6f"),
    125: bytes.fromhex("0000118b050103313233"),
    82: bytes.fromhex("0105706f727437020301020305040a03000006057375622d37"),
}


def packet4() -> PacketSubject4:
    """A relayed INFORM of a client without a reservation."""
    subject = subject4(OPTIONS4, ("ALL", "VENDOR_CLASS_MSFT 5.0", "UNKNOWN"))
    subject.packet.set_type(INFORM)
    subject.datagram.source = ip("10.3.0.1")
    subject.datagram.destination = ip("10.0.0.1")
    return subject


OPTIONS6 = (
    (1, bytes.fromhex("00030001020000000101")),
    (6, bytes.fromhex("0017")),
    (15, bytes.fromhex("0003616263")),
    (16, bytes.fromhex("0000118b0003666f6f0003626172")),
    (17, bytes.fromhex("0000118b000100040020002100240003313233")),
    (39, bytes.fromhex("01066d79686f7374076578616d706c65036f726700")),
    (8, bytes.fromhex("0064")),
)


def packet6() -> PacketSubject6:
    """A SOLICIT through two relays."""
    outer, inner = Relay6(1, ip("2001:db8:4::9"), ip("2001:db8:3::1")), Relay6(0, ip("2001:db8:3::9"), ip("fe80::1c1"))
    outer.options = {18: [b"outer"]}
    inner.options = {37: [b"\0\0\0\x09remote"], 18: [b"port7"]}
    subject = subject6(OPTIONS6, ("ALL", "VENDOR_CLASS_foo", "UNKNOWN"), (outer, inner))
    subject.datagram.source = ip("fe80::ff:fe00:c000")
    return subject


CONDITIONS4 = (
    ("option[66].exists", False),
    ("option[host-name].exists", True),
    ("option[60].text == 'MSFT 5.0'", True),
    ("option[12].text == 'myhost'", False),
    ("option[51].hex == 3600", True),
    ("option[43].option[9].exists", False),
    ("relay4[2].exists", True),
    ("pkt.src == 10.3.0.1", True),
    ("pkt.dst == 10.0.0.1", True),
    ("pkt4.hlen == 6", True),
    ("pkt4.siaddr == 0x00000000", True),
    ("pkt4.transid == 305419896", True),
    ("substring(option[60].hex,0,4) == 'MSFT'", True),
    ("substring(option[60].hex,-3,3) == '5.0'", True),
    ("substring(option[60].hex,5,all) == '5.0'", True),
    ("substring(option[60].hex,-99,2) == ''", True),
    ("substring(option[60].hex,0,0) == ''", True),
    ("substring(option[60].hex,2,-9) == 'MS'", True),
    ("hexstring(pkt4.mac, '') == '020000000a0b'", True),
    ("hexstring(0x0102, '--') == '01--02'", True),
    ("hexstring(pkt4.mac, ':') == '02:00:00:00:0A:0B'", False),
    ("hexstring('', ':') == ''", True),
    ("lcase(option[12].text) == 'myhost'", True),
    ("split('a.b.c', '.', 0) == ''", True),
    ("split('a.b-c', '.-', 3) == 'c'", True),
    ("split('a..c', '.', 2) == ''", True),
    ("split('', '.', 1) == ''", True),
    ("addrtotext('') == ''", True),
    ("int16totext(0xff00) == '-256'", True),
    ("uint16totext(option[93].hex) == '7'", True),
    ("uint32totext(option[51].hex) == '3600'", True),
    ("match('MSFT', option[60].text)", False),
    ("member('UNKNOWN')", True),
    ("vendor[4491].exists", True),
    ("vendor[9].exists", False),
    ("vendor[0].exists", True),
    ("vendor[4491].option[1].hex == '123'", True),
    ("vendor-class[4491].exists", True),
    ("vendor-class.enterprise == 4491", True),
    ("option[12].exists and option[60].exists", True),
    ("option[66].exists or option[60].exists", True),
    ("option[60].exists or option[66].exists and option[66].exists", True),
    ("(option[60].exists or option[66].exists) and option[66].exists", False),
    ("uint8totext('abc') == '' or option[60].exists", False),
    ("('a') == 'a'", True),
    ("'' == ''", True),
    ("'a\"b' == 'a\"b'", True),
    ("1 == 0x00000001", True),
    ("10.0.0.1 == 0x0a000001", True),
    ("option[60].exists\n and option[12].exists", True),
)

CONDITIONS6 = (
    ("option[1].hex == 0x00030001020000000101", True),
    ("option[clientid].exists", True),
    ("option[65535].exists", False),
    ("substring(option[39].hex,1,all) == 0x066d79686f7374076578616d706c65036f726700", True),
    ("relay6[0].linkaddr == 2001:db8:4::9", True),
    ("relay6[1].linkaddr == 2001:db8:3::9", True),
    ("relay6[-1].linkaddr == 2001:db8:3::9", True),
    ("relay6[5].peeraddr == ''", True),
    ("relay6[0].option[37].exists", False),
    ("pkt.src == fe80::ff:fe00:c000", True),
    ("vendor.enterprise == 4491", True),
    ("vendor-class[4491].data[1] == 'bar'", True),
    ("member('VENDOR_CLASS_foo')", True),
    ("member('UNKNOWN')", True),
    ("addrtotext(relay6[0].linkaddr) == '2001:db8:4::9'", True),
    ("uint32totext(pkt6.msgtype) == '1'", True),
)
