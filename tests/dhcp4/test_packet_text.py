"""Packets as people read them: every field and option is there, and nothing in them can break the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.dhcp4.packet import BROADCAST_FLAG, DISCOVER, Packet4, PacketError, decode
from kead.dhcp4.packet_text import packet_text
from tests.dhcp4.conversation import Client, LogFile, ServerUnderTest

CORPUS = sorted((Path(__file__).parent.parent / "corpus" / "dhcp4").glob("*.bin"))


def discover() -> Packet4:
    packet = Packet4(DISCOVER, 0x3CA91A0E, bytes.fromhex("36e78464c236"))
    packet.flags = BROADCAST_FLAG
    packet.giaddr = 0xC0000202
    packet.options |= {
        12: b"abc",
        50: bytes((192, 0, 2, 7)),
        55: bytes((1, 3, 119)),
        61: bytes.fromhex("01020304"),
        82: b"\x01\x04eth0\x05\x04\xc0\x00\x02\x01",
        119: b"\x07example\x03org\x00\x01b\xc0\x00",
        125: b"\x00\x00\x11\x8b\x04\x01\x02\x02\x07",
        231: b"\xff\x00",
    }
    return packet


def test_everything_is_shown() -> None:
    assert packet_text(discover()) == (
        "msg_type=DHCPDISCOVER (1), trans_id=0x3ca91a0e,\n"
        "op=1, htype=1, hwaddr=36:e7:84:64:c2:36, hops=0, secs=0, flags=0x8000 (broadcast),\n"
        "ciaddr=0.0.0.0, yiaddr=0.0.0.0, siaddr=0.0.0.0, giaddr=192.0.2.2,\n"
        "options:\n"
        '  type=012, len=003: "abc" (host-name)\n'
        "  type=050, len=004: 192.0.2.7 (dhcp-requested-address)\n"
        "  type=053, len=001: 1 (dhcp-message-type)\n"
        "  type=055, len=003: 1, 3, 119 (dhcp-parameter-request-list)\n"
        "  type=061, len=004: 01:02:03:04 (dhcp-client-identifier)\n"
        "  type=082, len=012: (dhcp-agent-options)\n"
        "    type=001, len=004: 65:74:68:30 (circuit-id)\n"
        "    type=005, len=004: 192.0.2.1 (link-selection)\n"
        "  type=119, len=017: example.org, b.example.org (domain-search)\n"
        "  type=125, len=009: (vivso-suboptions)\n"
        "    enterprise=4491:\n"
        "      type=001, len=002: 2, 7 (oro)\n"
        "  type=231, len=002: ff:00"
    )


def test_names_in_the_header_and_a_packet_without_options() -> None:
    packet = Packet4()
    packet.sname, packet.file = b"tftp\0\0", b'"\n'
    assert packet_text(packet).endswith('\nsname="tftp",\nfile="\\"\\n",\nmessage contains no options')
    assert "msg_type=UNKNOWN (0)" in packet_text(packet)


def test_a_client_s_text_begins_no_line_and_no_escape_sequence() -> None:
    packet = Packet4(DISCOVER)
    packet.options[12] = b'x\n2026-01-01 00:00:00.000 INFO  FORGED\r\x1b[2J\xff\\"'
    line = [line for line in packet_text(packet).split("\n") if "host-name" in line]
    assert line == [r'  type=012, len=046: "x\n2026-01-01 00:00:00.000 INFO  FORGED\r\x1b[2J\xff\\\"" (host-name)']


@pytest.mark.parametrize("file", CORPUS, ids=lambda file: file.stem)
def test_whatever_can_be_read_can_be_shown(file: Path) -> None:
    try:
        packet = decode(file.read_bytes())
    except PacketError:
        return
    check(packet)
    assert f"xid={packet.xid:#x}" in repr(packet)


def check(packet: Packet4) -> None:
    text = packet_text(packet)
    assert "cannot be shown" not in text
    assert all(line.isprintable() and line.isascii() for line in text.split("\n"))
    lines = text.split("\n")
    assert {int(line[7:10]) for line in lines if line.startswith("  type=")} == set(packet.options)


@given(st.dictionaries(st.integers(1, 254), st.binary(max_size=40)), st.binary(max_size=64))
def test_any_options_can_be_shown(options: dict[int, bytes], name: bytes) -> None:
    packet = Packet4(DISCOVER)
    packet.options, packet.sname = options, name
    check(packet)


class Unspeakable:
    def __repr__(self) -> str:
        raise RuntimeError("no")


ODD: list[Any] = [None, -1, 2**40, 10**5000, "text\n", b"\n", [1], {1: 2}, Unspeakable()]


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
@pytest.mark.parametrize("field", Packet4.__slots__)
def test_a_hook_can_put_anything_into_any_field(field: str, value: Any) -> None:
    packet = discover()
    setattr(packet, field, value)
    text = packet_text(packet)
    assert text.isascii()
    assert len(text.split("\n")) <= 20
    assert repr(packet).startswith("<Packet4 ")


@pytest.mark.parametrize("value", ODD, ids=lambda value: type(value).__name__)
def test_odd_options_are_named_among_the_others(value: Any) -> None:
    packet = discover()
    packet.options[12] = value
    if isinstance(value, (int, str)):
        packet.options[value] = b"x"  # type: ignore[index]
    text = packet_text(packet)
    assert "(dhcp-message-type)" in text
    assert "type=12:" in text or "type=012" in text


def test_a_packet_without_fields() -> None:
    packet = Packet4.__new__(Packet4)
    assert packet_text(packet) == "a packet that cannot be shown: AttributeError in one of its fields"
    assert repr(packet) == "<Packet4 with odd fields>"


def test_in_short() -> None:
    assert repr(discover()) == f"{discover()}" == "<Packet4 DHCPDISCOVER xid=0x3ca91a0e hwaddr=36:e7:84:64:c2:36>"


async def test_the_log_shows_query_and_response(server: ServerUnderTest, client: Client, log: LogFile) -> None:
    log.everything()
    await client.discover(options={12: b"abc\n"})
    query = log.text.partition(" DHCP4_QUERY_DATA ")[2]
    assert query.splitlines()[0].endswith(
        ", packet details: local_address=255.255.255.255:67, remote_address=0.0.0.0:68,"
    )
    assert query.splitlines()[1].startswith("msg_type=DHCPDISCOVER (1), trans_id=0x")
    assert '\n  type=012, len=004: "abc\\n" (host-name)\n' in query
    head, *lines = log.text.partition(" DHCP4_RESPONSE_DATA ")[2].splitlines()
    assert (
        "responding with packet DHCPOFFER (type 2), packet details: local_address=192.0.2.1:67, remote_address=" in head
    )
    assert "  type=053, len=001: 2 (dhcp-message-type)" in lines
    assert "yiaddr=192.0.2." in lines[2]
