"""The DHCPv4 codec: total, stable, and of one mind with Kea 3.0.4 and scapy about what packets say."""

from __future__ import annotations

import struct
from contextlib import suppress
from pathlib import Path
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.layers.dhcp import BOOTP, DHCP

from kead.dhcp4.options import MINIMUM_LENGTH
from kead.dhcp4.packet import (
    ACK,
    BOOTREPLY,
    COOKIE,
    DISCOVER,
    NAK,
    OFFER,
    REQUEST,
    Packet4,
    PacketError,
    decode,
    encode,
    encode_option,
    split_suboptions,
)
from kead.dhcp4.values import vendor_suboptions

MAC = bytes.fromhex("0200000001a7")
CORPUS = sorted((Path(__file__).parent.parent / "corpus" / "dhcp4").glob("*.bin"))


def datagram(options: bytes, *, hlen: int = 6, cookie: int = COOKIE, sname: bytes = b"", file: bytes = b"") -> bytes:
    """A query with these bytes for options."""
    return struct.pack(
        "!BBBBIHHIIII16s64s128sI", 1, 1, hlen, 0, 0x3903F326, 7, 0x8000, 1, 2, 3, 4, MAC, sname, file, cookie
    ) + bytes(options)


def with_option(code: int, value: bytes) -> bytes:
    """A DISCOVER with one more option."""
    return datagram(b"\x35\1\1" + encode_option(code, value) + b"\xff")


def fields(packet: Packet4) -> dict[str, object]:
    """All that a packet says."""
    return {name: getattr(packet, name) for name in Packet4.__slots__}


# --- the header ---


def test_header_fields() -> None:
    packet = decode(datagram(b"\x35\1\3\xff"))
    assert (packet.op, packet.htype, packet.hlen, packet.hops) == (1, 1, 6, 0)
    assert (packet.xid, packet.secs, packet.flags) == (0x3903F326, 7, 0x8000)
    assert (packet.ciaddr, packet.yiaddr, packet.siaddr, packet.giaddr) == (1, 2, 3, 4)
    assert packet.hwaddr == MAC
    assert packet.chaddr == MAC + bytes(10)
    assert packet.sname == packet.file == b""
    assert packet.type == REQUEST
    assert packet.name_of_type() == "DHCPREQUEST"


@pytest.mark.parametrize("length", [0, 1, 43, 236, 239])
def test_a_short_header_is_refused(length: int) -> None:
    with pytest.raises(PacketError, match="truncated header"):
        decode(datagram(b"")[:length])


def test_a_wrong_cookie_is_refused() -> None:
    with pytest.raises(PacketError, match="cookie"):
        decode(datagram(b"\x35\1\1\xff", cookie=0x63825362))


@pytest.mark.parametrize("hlen", [17, 20])
def test_a_hardware_address_has_sixteen_bytes_at_most(hlen: int) -> None:
    packet = decode(datagram(b"\x35\1\1\xff", hlen=hlen))
    assert packet.hlen == 16
    assert packet.hwaddr == MAC + bytes(10)


@pytest.mark.parametrize("hlen", [21, 255])
def test_a_longer_hardware_address_is_none(hlen: int) -> None:
    with pytest.raises(PacketError, match=f"a hardware address of {hlen} bytes"):
        decode(datagram(b"\x35\1\1\xff", hlen=hlen))


def test_no_hardware_address() -> None:
    assert decode(datagram(b"\x35\1\1\xff", hlen=0)).hwaddr == b""


def test_names_are_kept_raw() -> None:
    packet = decode(datagram(b"\xff", sname=b"boot", file=b"pxelinux.0"))
    assert packet.sname == b"boot".ljust(64, b"\0")
    assert packet.file == b"pxelinux.0".ljust(128, b"\0")


# --- options ---


def test_options_come_in_order_of_appearance() -> None:
    assert list(decode(datagram(b"\x0c\1a\x35\1\1\0\0\x3d\2\0a\xff\x32\1")).options) == [12, 53, 61]


@pytest.mark.parametrize("tail", [b"", b"\x0c", b"\x0c\x05a", b"\x0c\xff", b"\x32\x04\x0a", b"\0", b"\xff\xff"])
def test_what_is_cut_off_is_left_out(tail: bytes) -> None:
    packet = decode(datagram(b"\x35\1\1\x37\2\1\3" + tail))
    assert packet.options == {53: b"\1", 55: b"\1\3"}


def test_a_message_without_a_type_is_decoded() -> None:
    packet = decode(datagram(b"\xff"))
    assert packet.type == 0
    assert packet.options == {}
    assert packet.name_of_type() == "UNKNOWN"


def test_instances_are_fused() -> None:
    packet = decode(datagram(b"\x35\1\1\x3d\1\0\x37\1\3\x3d\3abc\xff"))
    assert packet.options[61] == b"\0abc"
    assert packet.client_id == b"\0abc"


def test_pieces_may_be_shorter_than_their_option() -> None:
    assert decode(datagram(b"\x35\1\1\x32\2\x0a\0\x32\2\1\x0b\xff")).options[50] == b"\x0a\0\1\x0b"


@given(st.binary(max_size=2000))
def test_long_options_arrive_whole(value: bytes) -> None:
    pieces = b"".join(
        b"\xc8" + bytes((len(value[i : i + 255]),)) + value[i : i + 255] for i in range(0, len(value), 255)
    )
    assert decode(datagram(pieces + b"\xff")).options.get(200, b"") == value


@pytest.mark.parametrize("code", [12, 15, 60, 66])
def test_strings_lose_trailing_nuls(code: int) -> None:
    assert decode(with_option(code, b"a\0b\0\0")).options[code] == b"a\0b"
    assert decode(with_option(code, b"\0")).options[code] == b""
    assert decode(with_option(code, b"")).options[code] == b""


def test_other_options_keep_trailing_nuls() -> None:
    assert decode(with_option(61, b"\1\0\0")).options[61] == b"\1\0\0"
    assert decode(with_option(43, b"\1\0")).options[43] == b"\1\0"


# --- what Kea 3.0.4 was seen to refuse and to accept ---

REFUSED = [
    *((code, length * "01") for code in (1, 2, 50, 51, 54, 58, 91, 108, 118, 155) for length in range(4)),
    *((code, length * "01") for code in (13, 26, 57) for length in range(2)),
    *((code, "") for code in (19, 20, 23, 52, 53, 55, 79, 88, 93, 97, 116, 119, 141, 151)),
    *((code, length * "01") for code in (3, 33, 92) for length in (1, 2, 3, 5)),
    *((code, length * "01") for code in (25, 93, 117) for length in (0, 1, 3, 5)),
    *((78, length * "01") for length in range(5)),
    *((94, length * "01") for length in range(3)),
    *(
        (81, text)
        for text in ("", "00", "0000", "040000c000", "0400000361", "0500003f41", "040000" + "40" + "61" * 64 + "00")
    ),
    *((81, text) for text in ("000000612e2e62", "0000002e2e", "0000002e61", "000000" + "61" * 64, "0400000161ff")),
    (81, "040000" + ("3f" + "61" * 63) * 3 + "3e" + "61" * 62 + "00"),
    *(
        (code, text)
        for code in (88, 119, 141)
        for text in ("01", "0101", "0161c000", "c000", "c002016100", "016100016200ff")
    ),
    (119, ("3f" + "61" * 63) * 3 + "3e" + "61" * 62 + "00"),
    *((code, text) for code in (137, 213) for text in ("", "00", "01", "0101")),
    *((121, length * "00") for length in range(5)),
    *((121, text) for text in ("0101010101", "2101010101010a000001", "000a000001080a")),
    *((122, text) for text in ("0103616161", "0700", "06020161", "0a050a00000101", "040b" + "00" * 11)),
    *((143, text) for text in ("01", "0101", "000000", "010101")),
    *((146, length * "00") for length in range(10)),
    (146, "0101020304010203040161000162"),
    *((159, length * "01") for length in range(4)),
    *((162, text) for text in ("00", "0000", "000000", "0003000100", "0009000105016101 6200", "000800010401610162")),
    *((212, length * "01") for length in (0, 1, 21)),
    *(
        (82, text)
        for text in ("0503010203", "0b03010203", "130101", "1300", "0a00", "04020102", "0d0101", "1103010101")
    ),
    *((82, text) for text in ("ff01aa0503010203", "0502010205020304", "0503010203010faa")),
]
ACCEPTED = [
    *((code, length * "01") for code in (1, 2, 50, 51, 54, 57, 58) for length in (4, 5)),
    *((code, length * "01") for code in (12, 60, 61, 77, 114, 222, 224, 63, 90, 99) for length in range(6)),
    *((code, length * "01") for code in (43, 124, 125) for length in range(10)),
    *((code, "02") for code in (19, 20)),
    *((code, length * "01") for code in (3, 33) for length in (0, 4, 8)),
    *((78, length * "01") for length in (5, 6, 9)),
    *(
        (81, text)
        for text in ("000000", "00000000", "0000002e", "0000006162632e", "000000612062", "000000ff", "04000000")
    ),
    *(
        (81, text)
        for text in ("04000003616263", "040000016100026262", "04000001ff00", "040000012000", "f4000001610000")
    ),
    (81, "040000" + ("3f" + "61" * 63) * 3 + "3a" + "61" * 58 + "00"),
    *((code, text) for code in (88, 119, 141) for text in ("00", "0000", "016100c000", "016100")),
    *((code, text) for code in (137, 213) for text in ("0000", "016100ff", "016100c000")),
    *((121, text) for text in ("0000000000", "000a000001", "000a000001080a0a000001")),
    *((122, text) for text in ("", "01", "0101", "010561", "0603016100", "63020000")),
    *((143, text) for text in ("", "0000", "00000000", "00016100026263")),
    (146, "01010203040102030401610001 6200"),
    *((159, text) for text in ("00000000", "01010101", "00110000")),
    *((162, text) for text in ("", "00080001050161016200", "0008000105016101620000080001050161016200")),
    (162, "000d0001050161016200040a000001"),
    *((212, length * "01") for length in (22, 23, 26)),
    *(
        (82, text)
        for text in ("", "01", "0101", "0105aa", "0100", "05050a03000100", "9700", "980101", "0600", "030101")
    ),
    *((82, text) for text in ("00000101aa", "ff0101aa", "05040a03000105040a030002")),
]


@pytest.mark.parametrize(("code", "value"), REFUSED)
def test_a_value_that_is_none_spoils_the_packet(code: int, value: str) -> None:
    data = bytes.fromhex(value)
    packet = datagram((b"" if code in (53, 55) else b"\x35\1\1") + encode_option(code, data) + b"\xff")
    with pytest.raises(PacketError) as refusal:
        decode(packet)
    assert f"option {code}" in refusal.value.reason


@pytest.mark.parametrize(("code", "value"), ACCEPTED)
def test_other_values_do_not(code: int, value: str) -> None:
    assert decode(with_option(code, bytes.fromhex(value))).type == DISCOVER


def test_a_long_message_type_counts_by_its_first_byte() -> None:
    assert decode(datagram(b"\x35\2\3\1\xff")).type == REQUEST
    assert decode(datagram(b"\x35\1\1\x35\1\3\xff")).type == DISCOVER


def test_minimum_lengths_are_those_of_the_rows() -> None:
    assert len(MINIMUM_LENGTH) == 256
    assert [MINIMUM_LENGTH[code] for code in (0, 3, 12, 53, 55, 57, 51, 50, 61, 125, 224, 255)] == [
        *(0, 0, 0, 1, 1, 2),
        *(4, 4, 0, 0, 0, 0),
    ]


# --- overload ---


def test_overloaded_fields_hold_options() -> None:
    packet = decode(datagram(b"\x35\1\1\x34\1\3\xff", file=b"\x0c\3abc\x37\2\1\3\xff\x0c\1x", sname=b"\x37\1\6"))
    assert packet.options == {53: b"\1", 52: b"\3", 12: b"abc", 55: b"\1\3\6"}
    assert packet.file == packet.sname == b""


@pytest.mark.parametrize(("which", "names"), [(0, set()), (1, {12}), (2, {60}), (3, {12, 60}), (4, set())])
def test_option_52_says_which_fields(which: int, names: set[int]) -> None:
    packet = decode(datagram(b"\x35\1\1\x34\1" + bytes((which,)) + b"\xff", file=b"\x0c\1a\xff", sname=b"\x3c\1b\xff"))
    assert packet.options.keys() - {52, 53} == names
    assert bool(packet.file) == (which not in (1, 3))


def test_rubbish_in_overloaded_fields_spoils_nothing() -> None:
    packet = decode(datagram(b"\x35\1\1\x34\1\3\xff", file=b"\x32\3\x0a\0\1\x0c\1a\x34\1\3", sname=b"\x37\xfa"))
    assert packet.options == {53: b"\1", 52: b"\3", 12: b"a"}


# --- option 82 ---


def test_relay_information() -> None:
    packet = decode(with_option(82, b"\1\4eth0\2\3abc\1\1!"))
    assert packet.relay_info() == {1: b"eth0!", 2: b"abc"}
    assert decode(datagram(b"\xff")).relay_info() == {}


@given(st.binary(max_size=300))
def test_suboptions_are_total(data: bytes) -> None:
    assert sum(len(value) for value in split_suboptions(data).values()) <= len(data)


# --- encode ---


def test_order_on_the_wire() -> None:
    packet = Packet4(OFFER, xid=1, hwaddr=MAC, op=BOOTREPLY)
    packet.options |= {82: b"\1\1a", 255 - 1: b"z", 51: b"\0\0\0\1", 3: b"\1\2\3\4"}
    assert encode(packet)[240:].hex() == "350102" + "030401020304" + "330400000001" + "fe017a" + "5203010161" + "ff"


def test_long_options_are_sent_in_pieces_of_253() -> None:
    assert encode_option(43, b"x" * 253) == b"\x2b\xfd" + b"x" * 253
    assert encode_option(43, b"x" * 254) == b"\x2b\xfd" + b"x" * 253 + b"\x2b\1x"
    assert encode_option(80, b"") == b"\x50\0"


def test_set_type() -> None:
    packet = Packet4(ACK, hwaddr=MAC)
    packet.set_type(NAK)
    assert (packet.type, packet.options, packet.name_of_type()) == (NAK, {53: b"\6"}, "DHCPNAK")
    assert decode(encode(packet)).type == NAK


addresses = st.integers(0, 0xFFFFFFFF)


@st.composite
def packets(draw: st.DrawFn) -> Packet4:
    """Packets whose options have no rows, so that any bytes are a value of theirs."""
    packet = Packet4(draw(st.integers(1, 255)), draw(addresses), draw(st.binary(max_size=16)))
    packet.htype, packet.hops = draw(st.integers(0, 255)), draw(st.integers(0, 255))
    packet.secs, packet.flags = draw(st.integers(0, 65535)), draw(st.integers(0, 65535))
    packet.ciaddr, packet.yiaddr = draw(addresses), draw(addresses)
    packet.siaddr, packet.giaddr = draw(addresses), draw(addresses)
    packet.options |= draw(st.dictionaries(st.integers(214, 254), st.binary(max_size=600), max_size=8))
    return packet


@given(packets())
def test_what_was_encoded_is_decoded(packet: Packet4) -> None:
    assert fields(decode(encode(packet))) == fields(packet)


@given(st.binary(max_size=400))
def test_decode_is_total(data: bytes) -> None:
    with suppress(PacketError):
        decode(data)


@given(st.binary(max_size=400))
def test_decode_is_total_behind_the_header(options: bytes) -> None:
    with suppress(PacketError):
        assert decode(datagram(options)).hwaddr == MAC


@given(st.binary(max_size=400), st.binary(max_size=64), st.binary(max_size=128))
def test_encoding_what_was_decoded_changes_nothing(options: bytes, sname: bytes, file: bytes) -> None:
    try:
        packet = decode(datagram(options, sname=sname, file=file))
    except PacketError:
        return
    assert fields(decode(encode(packet))) == fields(packet)


@pytest.mark.parametrize(
    "options",
    [
        b"\x0c\1a" * 21_000,
        b"\0" * 65_000,
        b"\x52\xff" + b"\1\1a" * 85,
        (b"\x52\xff" + b"\1\1a" * 85) * 250,
        (b"\x77\xfe" + b"\xc0\0" * 127) * 250,
        b"\x77\x3d" + b"\1a" * 30 + b"\0" + (b"\x77\xfe" + b"\xc0\0" * 127) * 250,
        (b"\x7d\xff" + b"\0\0\0\1\3\1\1a" * 31 + b"\0\0\0\1\2\1\0") * 250,
    ],
    ids=["instances", "padding", "suboptions", "many suboptions", "pointers", "good pointers", "enterprises"],
)
def test_no_datagram_takes_long(options: bytes) -> None:
    before = process_time()
    with suppress(PacketError):
        packet = decode(datagram(options))
        packet.relay_info()
        vendor_suboptions(packet.options.get(125, b""))
    assert process_time() - before < 0.1  # some ten times what it takes


# --- second opinions ---


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_the_corpus_is_accepted_and_stable(path: Path) -> None:
    packet = decode(path.read_bytes())
    kind = {
        "discover": 1,
        "request": 3,
        "decline": 4,
        "release": 7,
        "inform": 8,
        "leasequery": 10,
        "lists": 1,
        "bootp": 0,
    }
    assert packet.type == kind[path.stem.split("-")[0]]
    assert fields(decode(encode(packet))) == fields(packet)


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_scapy_reads_the_same(path: Path) -> None:
    data = path.read_bytes()
    packet, other = decode(data), BOOTP(data)
    assert (packet.op, packet.htype, packet.hlen, packet.hops) == (other.op, other.htype, other.hlen, other.hops)
    assert (packet.xid, packet.secs, packet.flags) == (other.xid, other.secs, int(other.flags))
    for name in ("ciaddr", "yiaddr", "siaddr", "giaddr"):
        assert getattr(packet, name).to_bytes(4, "big") == bytes(map(int, getattr(other, name).split(".")))
    named = {pair[0]: pair[1:] for pair in other[DHCP].options if isinstance(pair, tuple)}
    assert named.get("message-type", (0,))[0] == packet.type
    if "requested_addr" in named:
        assert bytes(map(int, named["requested_addr"][0].split("."))) == packet.options[50]
    if "hostname" in named:
        assert named["hostname"][0] == packet.options[12]
    if "param_req_list" in named and packet.options.get(52) is None:
        assert bytes(named["param_req_list"][0]) == packet.options[55]
    if "lease_time" in named:
        assert named["lease_time"][0] == int.from_bytes(packet.options[51], "big")


def test_scapy_writes_the_same() -> None:
    theirs = BOOTP(op=1, xid=0x11223344, chaddr=MAC + bytes(10), flags=0x8000, giaddr="10.3.0.1", hops=2) / DHCP(
        options=[
            ("message-type", "request"),
            ("requested_addr", "192.0.2.17"),
            ("lease_time", 3600),
            ("server_id", "192.0.2.1"),
            ("param_req_list", [1, 3, 6, 15]),
            ("max_dhcp_size", 1500),
            "end",
        ]
    )
    ours = Packet4(REQUEST, xid=0x11223344, hwaddr=MAC)
    ours.flags, ours.giaddr, ours.hops = 0x8000, 0x0A030001, 2
    ours.options |= {
        50: bytes((192, 0, 2, 17)),
        51: (3600).to_bytes(4, "big"),
        54: bytes((192, 0, 2, 1)),
        55: bytes((1, 3, 6, 15)),
        57: (1500).to_bytes(2, "big"),
    }
    assert encode(ours) == bytes(theirs)
    assert fields(decode(bytes(theirs))) == fields(ours)
