"""Packets as the log shows them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp6.associations import IaAddress, IaNa, IaPd, IaPrefix
from kead.dhcp6.packet import Packet6
from kead.dhcp6.packet_text import packet_text
from kead.wire.address import parse_ip6
from tests.dhcp6.conversation import relay


def test_every_option_has_its_name_and_value() -> None:
    packet = Packet6(1, 0xABCDEF)
    ia, ia_pd = IaNa(7, 10, 20), IaPd(8)
    ia.addresses = [IaAddress(parse_ip6("2001:db8::1"), 30, 40)]
    ia_pd.prefixes = [IaPrefix(parse_ip6("2001:db8:8000::"), 56, 50, 60)]
    packet.options = {1: [b"\0\3\0\1ab"], 3: [ia.encode()], 25: [ia_pd.encode()], 23: [bytes(15) + b"\1"], 999: [b"x"]}
    packet.relays = [relay("2001:db8::9", "fe80::1", hops=2, options={18: b"port"})]
    text = packet_text(packet)
    for part in (
        "msg_type=SOLICIT (1), trans_id=0xabcdef",
        "type=00001, len=00006: 00:03:00:01:61:62 (clientid)",
        "iaid=7, t1=10, t2=20 (ia-na)",
        "    type=00005, len=00024: address=2001:db8::1, preferred-lft=30, valid-lft=40 (iaaddr)",
        "    type=00026, len=00025: prefix=2001:db8:8000::/56, preferred-lft=50, valid-lft=60 (iaprefix)",
        "type=00023, len=00016: ::1 (dns-servers)",
        "type=00999, len=00001: 78",
        "relay[0]: msg-type=12, hop-count=2, link-address=2001:db8::9, peer-address=fe80::1, 1 option(s)",
        "  type=00018, len=00004: 70:6f:72:74 (interface-id)",
    ):
        assert part in text


Options = st.dictionaries(
    st.sampled_from([1, 3, 5, 13, 16, 17, 23, 24, 25, 26, 39, 41, 56, 59, 60, 79, 94, 103, 144, 5000]),
    st.lists(st.binary(max_size=40), min_size=1, max_size=2),
    max_size=5,
)


@given(kind=st.integers(0, 255), options=Options)
def test_whatever_is_in_it(kind: int, options: dict[int, list[bytes]]) -> None:
    packet = Packet6(kind, 1)
    packet.options = options
    text = packet_text(packet)
    assert all(character == "\n" or 32 <= ord(character) < 127 for character in text)
    for line in text.split("\n"):
        assert line.startswith(("msg_type=", "options:", "message contains", "No relays", "  "))


def test_what_a_hook_library_broke() -> None:
    packet = Packet6(1, 1)
    packet.options = {1: [None]}  # type: ignore[list-item]
    assert packet_text(packet).startswith("a packet that cannot be shown")
