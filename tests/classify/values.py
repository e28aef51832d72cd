"""String expressions and what the real Kea 3.0.4 made of them, on the packets of packets.py.

Those of EARLY4 were asked for before option 43 and the private options were read, as classes without KNOWN ask.
"""

from __future__ import annotations

VALUES4 = (
    ("option[61].text", b"type=061, len=004: 01:02:03:04"),
    ("option[51].text", b"type=051, len=004: 3600 (uint32)"),
    ("option[12].text", b"MyHost"),
    ("option[60].text", b"MSFT 5.0"),
    (
        "option[81].text",
        (b"type=81 (CLIENT_FQDN), flags: (N=0, E=1, O=0, S=1), domain-name='myhost.example.org.' (full)"),
    ),
    ("option[55].text", b"type=055, len=003: 1(uint8) 3(uint8) 200(uint8)"),
    ("option[77].text", b"type=077, len=004: 03:61:62:63"),
    ("option[93].text", b"type=093, len=004: 7(uint16) 9(uint16)"),
    (
        "option[124].text",
        b"type=124, len=8,  enterprise id=0x118b, data-len0=3, vendor-class-data0='foo'",
    ),
    (
        "option[125].text",
        (b"type=125, len=010: 4491 (uint32) 5 (uint8),\noptions:\n  type=001, len=003: 49(uint8) 50(uint8) 51(uint8)"),
    ),
    ("option[57].text", b"type=057, len=002: 1500 (uint16)"),
    ("option[50].text", b"type=050, len=004: 10.0.1.7 (ipv4-address)"),
    ("option[19].text", b"type=019, len=001: true (boolean)"),
    ("option[79].text", b'type=079, len=006: mandatory:1, scope-list:"scope"'),
    ("option[88].text", b'type=088, len=012: "foo.bar." (fqdn) "x." (fqdn)'),
    ("option[94].text", b"type=094, len=003: 1 (uint8) 2 (uint8) 3 (uint8)"),
    ("option[97].text", b"type=097, len=004: 0 (uint8) AABBCC (binary)"),
    ("option[2].text", b"type=002, len=004: -256 (int32)"),
    ("option[200].text", b"type=200, len=001: 5 (uint8)"),
    (
        "option[121].text",
        (b"type=121(CLASSLESS_STATIC_ROUTE), len=8, Route 1 (subnet 192.0.2.0/24, router IP 1.2.3.4)"),
    ),
    ("option[119].text", b'type=119, len=009: "foo.bar." (fqdn)'),
    (
        "option[212].text",
        (b"type=212, len=022: 16 (uint8) 32 (uint8) :: (ipv6-address) 1.2.3.4 (ipv4-address)"),
    ),
    (
        "option[82].text",
        (
            b"type=082, len=033:,\noptions:\n  type=001, len=005: 70:6f:72:74:37 'port7'\n  type="
            b"002, len=003: 01:02:03\n  type=005, len=004: 10.3.0.0 (ipv4-address)\n  type=006, "
            b"len=005: \"sub-7\" (string)\n  type=008, len=000: ''\n  type=009, len=004: 00:00:00:"
            b"ff"
        ),
    ),
    ("option[116].text", b"type=116, len=001: 1 (uint8)"),
    ("option[108].text", b"type=108, len=004: 1800 (uint32)"),
    ("option[6].text", b"type=006, len=004: 10.0.0.1"),
    ("option[80].text", b"type=080, len=000: ''"),
    ("option[223].text", b'type=223, len=003: 97 (uint8) "bc" (string)'),
    ("option[145].text", b"type=145, len=002: 61:62 'ab'"),
    ("option[143].text", b"type=143, len=5, data-len0=3, data0='abc'"),
    ("option[53].text", b"type=053, len=001: 1 (uint8)"),
    ("relay4[1].text", b"type=001, len=005: 70:6f:72:74:37 'port7'"),
    ("relay4[2].text", b"type=002, len=003: 01:02:03"),
    ("relay4[5].text", b"type=005, len=004: 10.3.0.0 (ipv4-address)"),
    ("relay4[6].text", b"sub-7"),
    ("relay4[8].text", b"type=008, len=000: ''"),
    ("relay4[9].text", b"type=009, len=004: 00:00:00:ff"),
    ("relay4[3].text", b""),
    ("option[82].option[1].text", b"type=001, len=005: 70:6f:72:74:37 'port7'"),
    ("option[125].option[1].text", b"type=001, len=003: 49(uint8) 50(uint8) 51(uint8)"),
    ("vendor[4491].option[1].text", b"type=001, len=003: 49(uint8) 50(uint8) 51(uint8)"),
    ("option[124].hex", b"\x00\x00\x11\x8b\x03foo"),
    ("option[125].hex", b"\x00\x00\x11\x8b\x05\x01\x03123"),
    ("vendor.enterprise", b"\x00\x00\x11\x8b"),
    ("vendor-class.enterprise", b"\x00\x00\x11\x8b"),
    ("vendor-class[4491].data", b"foo"),
    ("vendor-class[0].data[0]", b"foo"),
    ("vendor-class[4491].data[1]", b""),
    ("pkt.iface", b"srv0"),
    ("pkt.src", b"\n\x03\x00\x02"),
    ("pkt.dst", b"\n\x03\x00\x01"),
    ("pkt4.mac", b"\x02\x00\x00\x00\n\x0b"),
    ("pkt4.hlen", b"\x00\x00\x00\x06"),
    ("pkt4.msgtype", b"\x00\x00\x00\x01"),
    ("pkt4.transid", b"\x124Vx"),
    ("addrtotext(pkt.src)", b"10.3.0.2"),
    ("addrtotext(0x20010db8000000000000000000000001)", b"2001:db8::1"),
    ("addrtotext(0x00000000000000000000ffff01020304)", b"::ffff:1.2.3.4"),
    ("addrtotext(::1.2.3.4)", b"::1.2.3.4"),
    ("addrtotext(::)", b"::"),
    ("int8totext(0x80)", b"-128"),
    ("int16totext(0x8000)", b"-32768"),
    ("int32totext(0x80000000)", b"-2147483648"),
    ("uint8totext(0xff)", b"255"),
    ("uint16totext(0xffff)", b"65535"),
    ("uint32totext(4294967295)", b"4294967295"),
    ("int32totext('')", b""),
    ("split('abc','',5)", b"abc"),
    ("split('abc','',1)", b"abc"),
    ("split('a.b','.',-1)", b""),
    ("split('.a','.',1)", b""),
    ("split('a.','.',2)", b""),
    ("split('a.b.c','.',3)", b"c"),
    ("split('a.b.c','.',4)", b""),
    ("split('abc','x',1)", b"abc"),
    ("split('','',1)", b""),
    ("substring('abcdef',-2,all)", b"ef"),
    ("substring('abcdef',2,-1)", b"b"),
    ("substring('abcdef',-1,-2)", b"de"),
    ("substring('abcdef',0,-1)", b""),
    ("substring('abcdef',6,1)", b""),
    ("substring('abcdef',6,-2)", b""),
    ("substring('abcdef',-7,3)", b""),
    ("substring('abcdef',5,9)", b"f"),
    ("substring('abcdef',3,-9)", b"abc"),
    ("substring('abcdef',-6,-1)", b""),
    ("hexstring(0xABCD,':')", b"ab:cd"),
    ("ifelse('a'=='a','b','c')", b"b"),
    ("ifelse('a'=='a','b',uint8totext('ab'))", b"b"),
    ("concat('a',1)", b"a\x00\x00\x00\x01"),
    ("-0", b"\x00\x00\x00\x00"),
    ("0x061", b"\x00a"),
    ("0X0f", b"\x0f"),
    ("007", b"\x00\x00\x00\x07"),
    ("option[61].hex", b"\x01\x02\x03\x04"),
    (
        "option[82].hex",
        b"\x01\x05port7\x02\x03\x01\x02\x03\x05\x04\n\x03\x00\x00\x06\x05sub-7\x08\x00\t\x04\x00\x00\x00\xff",
    ),
    ("'x' + ifelse(member('ALL'),'y','z')", b"xy"),
    ("ifelse(member('VENDOR_CLASS_MSFT 5.0'),'y','z')", b"y"),
    ("option[88].hex", b"\x03foo\x03bar\x00\x01x\x00"),
    ("option[81].hex", b"\x05\x00\x00\x06myhost\x07example\x03org\x00"),
    ("option[12].hex", b"MyHost"),
    ("hexstring(option[121].hex,'')", b"18c0000201020304"),
    ("hexstring(option[212].hex,'')", b"10200000000000000000000000000000000001020304"),
    ("ucase(option[12].hex)", b"MYHOST"),
    ("option[99].text", b""),
)

EARLY4 = (
    ("option[43].text", b"type=043, len=009: 01:02:ab:cd:02:03:61:62:63"),
    ("option[224].text", b"type=224, len=002: 62:63 'bc'"),
    ("option[43].option[1].hex", b""),
)

VALUES6 = (
    ("option[13].text", b'type=00013, len=00007: UnspecFail(1) "hello"'),
    ("option[14].text", b"type=00014, len=00000: ''"),
    ("option[15].text", b"type=00015, len=00005: 00:03:61:62:63"),
    (
        "option[16].text",
        (
            b"type=16, len=14,  enterprise id=0x118b, data-len0=3, vendor-class-data0='foo', d"
            b"ata-len1=3, vendor-class-data1='bar'"
        ),
    ),
    (
        "option[17].text",
        (
            b"type=00017, len=00019: 4491 (uint32),\noptions:\n  type=00001, len=00004: 32(uint1"
            b"6) 33(uint16)\n  type=00036, len=00003: 31:32:33 '123'"
        ),
    ),
    ("option[1].text", b"type=00001, len=00010: 00:03:00:01:02:00:00:00:01:01"),
    ("option[200].text", b"type=00200, len=00002: 61:62 'ab'"),
    ("option[201].text", b"type=00201, len=00002: 258 (uint16)"),
    ("option[22].text", b"type=00022, len=00016: ::"),
    ("option[23].text", b"type=00023, len=00016: 2001:db8::53"),
    ("option[24].text", b'type=00024, len=00012: "foo.bar." (fqdn) "x." (fqdn)'),
    (
        "option[25].text",
        (
            b"type=00025(IA_PD), len=00041: iaid=2, t1=0, t2=0,\noptions:\n  type=00026(IAPREFIX"
            b"), len=00025: prefix=2001:db8:8::/56, preferred-lft=0, valid-lft=0"
        ),
    ),
    ("option[37].text", b"type=00037, len=00006: 9 (uint32) 6162 'ab' (binary)"),
    (
        "option[39].text",
        (b"type=39(CLIENT_FQDN), flags: (N=0, O=0, S=1), domain-name='myhost.example.org.' (full)"),
    ),
    (
        "option[3].text",
        (
            b"type=00003(IA_NA), len=00040: iaid=1, t1=0, t2=0,\noptions:\n  type=00005(IAADDR),"
            b" len=00024: address=2001:db8::1:10, preferred-lft=0, valid-lft=0"
        ),
    ),
    ("option[41].text", b"EST5"),
    ("option[4].text", b"type=00004, len=00004: 1 (uint32)"),
    ("option[59].text", b"http://x"),
    ("option[60].text", b"type=60, len=8, data-len0=3, data0='abc', data-len1=1, data1='x'"),
    ("option[61].text", b"type=00061, len=00004: 7(uint16) 9(uint16)"),
    ("option[62].text", b"type=00062, len=00003: 1 (uint8) 2 (uint8) 3 (uint8)"),
    ("option[67].text", b"type=00067, len=00002: excluded-prefix-len=64, subnet-id=0xAA"),
    ("option[6].text", b"type=00006, len=00004: 23(uint16) 24(uint16)"),
    ("option[79].text", b"type=00079, len=00008: 00:01:02:00:00:00:01:01"),
    ("option[7].text", b"type=00007, len=00001: 5 (uint8)"),
    ("option[82].text", b"type=00082, len=00004: 10 (uint32)"),
    ("option[8].text", b"type=00008, len=00002: 100 (uint16)"),
    (
        "option[3].option[5].text",
        (b"type=00005(IAADDR), len=00024: address=2001:db8::1:10, preferred-lft=0, valid-lft=0"),
    ),
    (
        "option[3].option[5].hex",
        b" \x01\r\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00",
    ),
    (
        "option[25].option[26].text",
        (b"type=00026(IAPREFIX), len=00025: prefix=2001:db8:8::/56, preferred-lft=0, valid-lft=0"),
    ),
    (
        "option[25].option[26].hex",
        b"\x00\x00\x00\x00\x00\x00\x00\x008 \x01\r\xb8\x00\x08\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
    ),
    (
        "hexstring(option[3].hex,'')",
        b"0000000100000000000000000005001820010db80000000000000000000100100000000000000000",
    ),
    ("option[17].hex", b"\x00\x00\x11\x8b\x00\x01\x00\x04\x00 \x00!\x00$\x00\x03123"),
    ("option[16].hex", b"\x00\x00\x11\x8b\x00\x03foo\x00\x03bar"),
    ("option[17].option[36].hex", b"123"),
    ("vendor[4491].option[36].hex", b"123"),
    ("vendor[4491].option[1].text", b"type=00001, len=00004: 32(uint16) 33(uint16)"),
    ("vendor[4491].option[36].text", b"type=00036, len=00003: 31:32:33 '123'"),
    ("ifelse(vendor[9].exists,'y','n')", b"n"),
    ("vendor.enterprise", b"\x00\x00\x11\x8b"),
    ("vendor-class.enterprise", b"\x00\x00\x11\x8b"),
    ("vendor-class[4491].data[1]", b"bar"),
    ("vendor-class[9].data", b""),
    ("relay6[0].option[18].text", b"type=00018, len=00005: 6f:75:74:65:72 'outer'"),
    ("relay6[1].option[37].text", b"type=00037, len=00010: 9 (uint32) 72656D6F7465 'remote' (binary)"),
    ("relay6[1].option[37].hex", b"\x00\x00\x00\tremote"),
    ("relay6[-1].option[18].hex", b"port7"),
    ("relay6[0].linkaddr", b" \x01\r\xb8\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\t"),
    ("relay6[5].peeraddr", b""),
    ("addrtotext(relay6[-1].peeraddr)", b"fe80::1c1"),
    ("pkt.iface", b"srv0"),
    ("addrtotext(pkt.src)", b"2001:db8::2"),
    ("addrtotext(pkt.dst)", b"2001:db8::1"),
    ("pkt6.msgtype", b"\x00\x00\x00\x01"),
    ("pkt6.transid", b"\x00\x124V"),
    ("option[9].hex", b""),
    ("ifelse(member('VENDOR_CLASS_foo'),'y','n')", b"y"),
    ("ifelse(member('VENDOR_CLASS_abc'),'y','n')", b"y"),
)
