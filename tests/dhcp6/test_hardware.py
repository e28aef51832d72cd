"""Where hardware addresses are found (`mac-sources`)."""

from __future__ import annotations

from typing import Any

import pytest

from kead.dhcp6.associations import IaPd, IaPrefix
from kead.dhcp6.hardware import NONE, SOURCES, Hardware, hardware_of
from kead.dhcp6.packet import REQUEST, Packet6
from tests.dhcp6.conversation import SERVER_DUID, Client, ServerUnderTest, relay

MAC = bytes.fromhex("001122334455")
EUI64 = "fe80::211:22ff:fe33:4455"
DEVICE = (4491).to_bytes(4, "big") + b"\0\x24\0\6" + MAC
MODEM = (4491).to_bytes(4, "big") + b"\x04\x02\0\6" + MAC


def query(duid: bytes = b"", relays: list[Any] | None = None, **options: bytes) -> Packet6:
    packet = Packet6(1, 1)
    if duid:
        packet.options[1] = [duid]
    packet.relays = relays or []
    if "vendor" in options:
        packet.options[17] = [b"\0\0\0\1", options["vendor"]]
    return packet


LINK = {79: b"\0\x06" + MAC}
REMOTE = {37: b"\0\0\0\1" + MAC}


@pytest.mark.parametrize(
    ("source", "packet", "peer", "found"),
    [
        ("duid", query(b"\0\3\0\1" + MAC), "fe80::1", Hardware(MAC, 1, 2)),
        ("duid", query(b"\0\1\0\6\0\0\0\0" + MAC), "fe80::1", Hardware(MAC, 6, 2)),
        ("duid", query(b"\0\2\0\0\0\1" + MAC), "fe80::1", NONE),
        ("duid", query(), "fe80::1", NONE),
        ("ipv6-link-local", query(), EUI64, Hardware(MAC, 1, 4)),
        ("ipv6-link-local", query(), "fe80::11:22ff:fe33:4455", NONE),
        ("ipv6-link-local", query(), "2001:db8::211:22ff:fe33:4455", NONE),
        ("ipv6-link-local", query(relays=[relay(peer="fe80::1"), relay(peer=EUI64)]), "::", Hardware(MAC, 1, 4)),
        ("client-link-addr-option", query(relays=[relay(), relay(options=LINK)]), "::", Hardware(MAC, 6, 8)),
        ("client-link-addr-option", query(relays=[relay(options=LINK), relay()]), "::", NONE),
        ("client-link-addr-option", query(relays=[relay(options={79: b"\0\1"})]), "::", NONE),
        ("client-link-addr-option", query(relays=[relay(options={79: b"\0\1" + bytes(21)})]), "::", NONE),
        ("duid", query(b"\0\3\0\1" + bytes(21)), "::", NONE),
        ("duid", query(b"\0\1\0\1\0\0\0\0" + bytes(21)), "::", NONE),
        ("remote-id", query(relays=[relay(options=REMOTE)]), "::", Hardware(MAC, 1, 16)),
        ("remote-id", query(relays=[relay(options={37: b"\0\0\0\1"})]), "::", NONE),
        ("docsis-modem", query(vendor=DEVICE), "::", Hardware(MAC, 1, 128)),
        ("docsis-modem", query(vendor=DEVICE[:7] + b"\x15" + bytes(21)), "::", NONE),
        ("docsis-cmts", query(relays=[relay(options={17: MODEM}), relay()]), "::", Hardware(MAC, 1, 64)),
        ("raw", query(b"\0\3\0\1" + MAC), EUI64, NONE),
        ("subscriber-id", query(relays=[relay(options={38: MAC})]), EUI64, NONE),
        ("any", query(b"\0\3\0\1abcdef", [relay(options=LINK)]), EUI64, Hardware(MAC, 6, 8)),
        ("any", query(b"\0\3\0\1abcdef"), EUI64, Hardware(b"abcdef", 1, 2)),
        ("any", query(b"\0\4" + bytes(16)), EUI64, Hardware(MAC, 1, 4)),
        ("any", query(), "fe80::1", NONE),
    ],
)
async def test_sources(server: ServerUnderTest, source: str, packet: Packet6, peer: str, found: Hardware) -> None:
    assert hardware_of(packet, server.datagram(b"", source=peer), (source,)) == found


async def test_the_first_source_that_has_one(server: ServerUnderTest) -> None:
    one = query(b"\0\3\0\1abcdef")
    datagram = server.datagram(b"", source=EUI64)
    assert hardware_of(one, datagram, ("remote-id", "ipv6-link-local", "duid")).source == 4
    assert hardware_of(one, datagram, ("duid", "ipv6-link-local")).source == 2


async def test_every_source_of_a_configuration_is_known(server: ServerUnderTest) -> None:
    for name in SOURCES:
        assert server.configure(mac_sources=[name]).mac_sources == (name,)


async def test_a_packet_that_is_broken_inside_is_refused_also_where_it_is_looked_at_for_an_address(
    server: ServerUnderTest, client: Client
) -> None:
    server.configure(mac_sources=["remote-id"])
    await Client(server, b"\0\3\0\1another").request(pd=[])  # the express lane serves what was served before
    asked = IaPd(1)
    asked.prefixes = [IaPrefix(0, 56, options={67: [b"\0"]})]
    assert await client.send(REQUEST, options={25: asked.encode()}, server_id=SERVER_DUID) is None
    assert server.counted() == {"pkt6-parse-failed": 1, "pkt6-receive-drop": 1}
