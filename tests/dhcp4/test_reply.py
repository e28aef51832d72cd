"""Which options and header fields a reply carries, and where it goes."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kead.dhcp4 import reply
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.packet import ACK, NAK, OFFER, Packet4
from kead.leases.lease4 import INFINITE, Lease4
from kead.wire.address import parse_ip4
from tests.dhcp4.conversation import (
    MAC,
    NOW,
    SERVER,
    Client,
    FakeChannel,
    Reply,
    ServerUnderTest,
    interface,
    option,
)

RELAY = "192.0.2.2"
RELAY_MAC = bytes.fromhex("0200000000ee")
EVERYBODY = b"\xff" * 6


class TestDestinations:
    """Where replies go, case by case."""

    async def to(self, reply: Reply | None) -> tuple[str, int, bytes]:
        assert reply is not None
        assert (reply.source, reply.source_port) == (SERVER, 67)
        return reply.destination, reply.port, reply.link

    async def test_an_offer_goes_to_the_new_address(self, client: Client) -> None:
        assert await self.to(await client.discover()) == ("192.0.2.10", 68, MAC)

    async def test_a_client_that_asks_for_a_broadcast_gets_it(self, client: Client) -> None:
        assert await self.to(await client.discover(broadcast=True)) == ("255.255.255.255", 68, EVERYBODY)

    async def test_a_channel_that_cannot_reach_it_otherwise_broadcasts(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        server.channel = FakeChannel(interface(), direct=False)
        assert await self.to(await client.discover()) == ("255.255.255.255", 68, MAC)

    async def test_ports_of_the_command_line_are_for_relay_agents_too(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        server.service.client_port = server.service.relay_port = 1068
        assert (await self.to(await client.discover()))[1] == 1068
        assert (await self.to(await client.discover(giaddr=RELAY)))[1] == 1068

    async def test_a_renewing_client_at_its_address(self, client: Client) -> None:
        address = await client.bind()
        assert await self.to(await client.renew(address)) == (address, 68, MAC)
        assert await self.to(await client.renew(address, source_port=999)) == (address, 68, MAC)

    async def test_a_rebinding_client_too(self, client: Client) -> None:
        address = await client.bind()
        assert await self.to(await client.rebind(address)) == (address, 68, MAC)
        assert await self.to(await client.rebind(address, broadcast=True)) == (address, 68, EVERYBODY)

    async def test_an_offer_to_a_client_with_ciaddr(self, client: Client) -> None:
        assert await self.to(await client.discover(ciaddr="192.0.2.15")) == ("192.0.2.15", 68, MAC)

    async def test_a_nak_is_broadcast(self, server: ServerUnderTest, client: Client) -> None:
        await server.put("192.0.2.15")
        nak = await client.request(requested="192.0.2.15", server_id=SERVER)
        assert await self.to(nak) == ("255.255.255.255", 68, MAC)

    async def test_but_goes_to_ciaddr_where_there_is_one(self, server: ServerUnderTest, client: Client) -> None:
        await server.put("192.0.2.15")
        for nak in (await client.renew("192.0.2.15"), await client.rebind("192.0.2.15")):
            assert await self.to(nak) == ("192.0.2.15", 68, MAC)

    async def test_through_a_relay_agent(self, client: Client) -> None:
        relayed = {"giaddr": RELAY, "link_source": RELAY_MAC}
        offer = await client.discover(**relayed)
        assert await self.to(offer) == (RELAY, 67, RELAY_MAC)
        assert await self.to(await client.request(offer, **relayed)) == (RELAY, 67, RELAY_MAC)
        assert await self.to(await client.rebind("192.0.2.10", **relayed)) == (RELAY, 67, RELAY_MAC)

    async def test_a_nak_through_a_relay_agent_is_to_be_broadcast_by_it(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        await server.put("192.0.2.15")
        nak = await client.request(requested="192.0.2.15", server_id=SERVER, giaddr=RELAY, link_source=RELAY_MAC)
        assert await self.to(nak) == (RELAY, 67, RELAY_MAC)
        assert nak is not None
        assert nak.packet.flags == 0x8000

    async def test_a_relay_agents_frame_is_its_own_whatever_the_client_asked_for(self, client: Client) -> None:
        agent = bytes.fromhex("020000000099")
        offer = await client.discover(giaddr="192.0.2.2", broadcast=True, link_source=agent)
        assert offer is not None
        assert offer.link == agent

    async def test_a_frame_goes_back_to_the_card_that_sent_the_query(self, client: Client) -> None:
        card = bytes.fromhex("020000000099")
        offer = await client.discover(link_source=card)
        assert offer is not None
        assert offer.link == card

    async def test_a_relay_agent_on_a_port_of_its_own(self, client: Client) -> None:
        offer = await client.discover(giaddr=RELAY, source_port=4711, options={82: b"\x13\2\0\0"})
        assert offer is not None
        assert (offer.destination, offer.port) == (RELAY, 4711)
        offer = await client.discover(giaddr=RELAY, source_port=4711)
        assert offer is not None
        assert offer.port == 67

    async def test_giaddr_255_255_255_255_is_no_relay_agent(self, client: Client) -> None:
        offer = await client.discover(
            giaddr="255.255.255.255", source="0.0.0.0", source_port=68, options={118: b"\xc0\0\2\0"}
        )
        assert offer is not None
        assert (offer.destination, offer.port) == ("192.0.2.10", 68)

    async def test_a_card_that_is_no_ethernet(self, server: ServerUnderTest) -> None:
        client = Client(server, b"\1\2\3\4\5\6\7\x08", b"\xffabc")
        offer = await client.discover(htype=32, link_source=RELAY_MAC)
        assert await self.to(offer) == ("192.0.2.10", 68, RELAY_MAC)

    async def test_the_source_is_what_the_query_was_sent_to(self, server: ServerUnderTest, client: Client) -> None:
        on = interface()
        server.channel = FakeChannel(on)
        server.channel.addresses = (parse_ip4(SERVER), parse_ip4("192.0.2.3"))
        server.service.listen_on(set(server.channel.addresses))
        ack = await client.renew("192.0.2.10", destination="192.0.2.3")
        assert ack is not None
        assert ack.source == "192.0.2.3"
        assert ack.options[54] == bytes([192, 0, 2, 3])


class TestHeader:
    async def test_what_is_copied(self, client: Client) -> None:
        offer = await client.discover(giaddr=RELAY, hops=3, broadcast=True)
        assert offer is not None
        packet = offer.packet
        assert (packet.hops, packet.flags, packet.giaddr) == (3, 0x8000, parse_ip4(RELAY))
        assert (packet.htype, packet.hlen, packet.chaddr) == (1, 6, MAC.ljust(16, b"\0"))
        assert (packet.secs, packet.siaddr, packet.sname, packet.file) == (0, 0, b"", b"")

    async def test_an_ack_copies_ciaddr_and_an_offer_does_not(self, client: Client) -> None:
        ack = await client.renew("192.0.2.15")
        offer = await client.discover(ciaddr="192.0.2.15")
        assert ack is not None
        assert offer is not None
        assert (ack.packet.ciaddr, offer.packet.ciaddr) == (parse_ip4("192.0.2.15"), 0)

    async def test_boot_fields_are_the_subnets(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(
            next_server="10.0.0.1",
            server_hostname="boot",
            boot_file_name="pxelinux.0",
            of_subnet={"next_server": "10.0.0.2"},
        )
        offer = await client.discover(prl=[66, 67])
        assert offer is not None
        packet = offer.packet
        assert packet.siaddr == parse_ip4("10.0.0.2")
        assert packet.sname.rstrip(b"\0") == b"boot"
        assert packet.file.rstrip(b"\0") == b"pxelinux.0"
        assert not {66, 67} & packet.options.keys()

    async def test_no_padding(self, client: Client) -> None:
        offer = await client.discover()
        assert offer is not None
        assert len(offer.data) == 240 + 3 + 6 + 6 + 6 + 1


class TestOptions:
    async def test_the_order_is_fixed_whatever_is_asked(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(
            option_data=[
                option("routers", "192.0.2.1"),
                option("domain-name-servers", "192.0.2.53"),
                option("domain-name", "example.org"),
                option("ntp-servers", "192.0.2.123"),
                option("vendor-class-identifier", "me"),
            ],
            calculate_tee_times=True,
        )
        client.client_id = b"\1abc"
        offer = await client.discover(prl=[60, 42, 15, 6, 3, 1], giaddr=RELAY, options={82: b"\1\2ab"})
        assert offer is not None
        assert offer.codes == [53, 1, 3, 6, 15, 42, 51, 54, 58, 59, 60, 61, 82]

    async def test_basic_ones_are_sent_unasked_and_others_are_not(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        server.configure(
            option_data=[
                option("routers", "192.0.2.1"),
                option("ntp-servers", "192.0.2.123"),
                option("log-servers", ""),
            ]
        )
        offer = await client.discover()
        assert offer is not None
        assert offer.codes == [53, 1, 3, 51, 54]

    async def test_the_narrowest_scope_wins(self, server: ServerUnderTest, client: Client) -> None:
        def ntp(last: int) -> dict[str, Any]:
            return option("ntp-servers", f"10.0.0.{last}")

        pools = [
            {"pool": "192.0.2.10/32", "option-data": [ntp(1)]},
            {"pool": "192.0.2.11/32"},
        ]
        subnets = [
            {"id": 1, "subnet": "192.0.2.0/24", "pools": pools, "option-data": [ntp(2)]},
            {"id": 2, "subnet": "198.51.100.0/24", "pools": [{"pool": "198.51.100.10/32"}]},
        ]
        alone = [{"id": 3, "subnet": "203.0.113.0/24", "pools": [{"pool": "203.0.113.10/32"}]}]
        server.configure(
            option_data=[ntp(4)],
            networks=[{"name": "n", "option-data": [ntp(3)], "subnet4": subnets}],
            subnets=alone,
        )
        found = []
        for address in ("192.0.2.10", "192.0.2.11", "198.51.100.10"):
            offer = await client.discover(requested=address, prl=[42])
            assert offer is not None
            assert offer.address == address
            found.append(offer.options[42][3])
        offer = await client.discover(giaddr="203.0.113.1", prl=[42])
        assert offer is not None
        assert [*found, offer.options[42][3]] == [1, 2, 3, 4]

    async def test_always_send(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(
            option_data=[option("ntp-servers", "10.0.0.4", always_send=True)],
            of_subnet={"option_data": [option("ntp-servers", "10.0.0.2")]},
        )
        offer = await client.discover()
        assert offer is not None
        assert offer.options[42] == bytes([10, 0, 0, 2]), "asked for by the outer scope, taken from the inner"

    async def test_never_send(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(
            option_data=[option("routers", "10.0.0.4", always_send=True)],
            of_subnet={"option_data": [option("routers", "10.0.0.2", never_send=True)]},
        )
        offer = await client.discover(prl=[3])
        assert offer is not None
        assert 3 not in offer.options

    async def test_the_subnet_mask_is_the_subnets(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(option_data=[option("subnet-mask", "255.0.0.0")])
        offer = await client.discover(prl=[1])
        assert offer is not None
        assert offer.options[1] == bytes([255, 255, 255, 0])

    async def test_the_client_identifier_is_echoed_unless_told_otherwise(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        client.client_id = b"\1abc"
        for echo in (True, False):
            server.configure(echo_client_id=echo)
            offer = await client.discover()
            assert offer is not None
            assert offer.options.get(61) == (b"\1abc" if echo else None)

    @pytest.mark.parametrize("size", [1, 253, 254, 255, 300])
    async def test_what_the_relay_agent_said_is_echoed_last(
        self, server: ServerUnderTest, client: Client, size: int
    ) -> None:
        server.configure(option_data=[option("v6-only-preferred", "300", always_send=True)])
        said = (b"\1\xc8" + bytes(200) + b"\2\x60" + bytes(98))[:size]
        for about in ({"giaddr": RELAY}, {}):
            offer = await client.discover(options={82: said}, **about)
            assert offer is not None
            assert offer.options[82] == said
            assert offer.codes[-1] == 82

    async def test_an_empty_option_82_is_not_echoed(self, client: Client) -> None:
        offer = await client.discover(options={82: b""})
        assert offer is not None
        assert 82 not in offer.options

    async def test_a_long_option_goes_out_in_pieces(self, server: ServerUnderTest, client: Client) -> None:
        servers = ",".join(f"10.0.{n}.1" for n in range(100))
        server.configure(option_data=[option("domain-name-servers", servers)])
        offer = await client.discover()
        assert offer is not None
        assert offer.codes.count(6) == 2
        assert len(offer.options[6]) == 400


# What is quick is the same as what is plain

CODES = st.lists(st.sampled_from([1, 2, 3, 6, 12, 15, 42, 43, 51, 54, 58, 66, 67, 81, 82, 108, 119, 121, 124, 125]))
VENDOR = st.sampled_from([b"", b"\0\0\x11\x8b\4\1\2\1\2", b"\0\0\x0d\xe9\0", b"\0\0\x11\x8b\0\0\0\0\5\2\1\2"])
AGENT = st.sampled_from([b"", b"\1\2ab", b"\x13\2\0\0", b"\1\xff" + bytes(255), bytes(253), bytes(254)])
SELDOM = st.sampled_from([False] * 7 + [True])
SCALARS = {"htype": st.sampled_from([1, 6, 32]), "hops": st.integers(0, 255), "xid": st.integers(0, 2**32 - 1)}


@st.composite
def queries(draw: st.DrawFn) -> tuple[Packet4, dict[str, Any]]:
    """A query and the way that it came."""
    packet = Packet4(
        draw(st.sampled_from([1, 3, 1, 3, 8])), hwaddr=draw(st.sampled_from([MAC, b"", bytes(16), b"abc"]))
    )
    for name, values in SCALARS.items():
        setattr(packet, name, draw(values))
    packet.flags = draw(st.sampled_from([0, 0x8000, 0x7FFF]))
    packet.ciaddr = draw(st.sampled_from([0, parse_ip4("192.0.2.12")]))
    packet.giaddr = draw(st.sampled_from([0, 0xFFFFFFFF, parse_ip4(RELAY)]))
    options = packet.options
    if draw(st.booleans()):
        options[55] = bytes(draw(CODES))
    if draw(st.booleans()):
        options[82] = draw(AGENT)
    for code, values in ((12, st.sampled_from([b"me", b"", b"."])), (81, st.just(b"\1\0\0me")), (124, VENDOR)):
        if draw(SELDOM):
            options[code] = draw(values)
    if draw(SELDOM):
        options[125] = draw(VENDOR)
    if draw(SELDOM):
        options[118] = b"\xc0\0\2\0"
    way = {
        "source": draw(st.sampled_from(["0.0.0.0", "192.0.2.12"])),
        "source_port": draw(st.sampled_from([68, 67, 4711])),
        "destination": draw(st.sampled_from([SERVER, "255.255.255.255"])),
        "link_source": draw(st.sampled_from([b"", RELAY_MAC])),
    }
    return packet, way


@st.composite
def outcomes(draw: st.DrawFn) -> dict[str, Any]:
    """What an exchange came to."""
    lifetime = draw(st.sampled_from([1, 4000, INFINITE]))
    return {
        "kind": draw(st.sampled_from([OFFER, ACK, OFFER, ACK, NAK])),
        "address": draw(st.sampled_from(["192.0.2.10", "192.0.2.11", "192.0.2.10", "192.0.2.30", None])),
        "lifetime": lifetime,
        "full_lifetime": draw(st.sampled_from([lifetime, 60, 4000])),
        "hostname": draw(st.sampled_from(["", "", "", "", "me", "me.example.org."])),
        "client_id": draw(st.sampled_from([b"", b"\1abc", b"x" * 254])),
        "stashed": draw(st.booleans()),
    }


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """One of some configurations, with what replies depend on."""
    pool = [option("ntp-servers", "10.0.0.1")] if draw(st.booleans()) else []
    vendor = {"name": "tftp-servers", "space": "vendor-4491", "data": "10.0.0.9", "always-send": draw(st.booleans())}
    more = draw(
        st.sampled_from(
            [
                [],
                [option("domain-name-servers", ",".join(["10.0.0.53"] * 80), always_send=True)],
                [option("v6-only-preferred", "300", always_send=True), option("domain-search", "example.org")],
                [
                    option("tcode", "Europe/Berlin", always_send=True),
                    option("classless-static-route", "10.9.0.0/16 - 10.0.0.1"),
                ],
            ]
        )
    )
    return {
        "pools": [
            {"pool": "192.0.2.10 - 192.0.2.10", "option-data": pool},
            {"pool": "192.0.2.11 - 192.0.2.20"},
        ],
        "calculate_tee_times": draw(st.booleans()),
        "echo_client_id": draw(st.booleans()),
        "next_server": draw(st.sampled_from(["0.0.0.0", "10.0.0.1"])),
        "boot_file_name": draw(st.sampled_from(["", "file"])),
        "option_data": [option("routers", "192.0.2.1"), *more, *([vendor] if draw(st.booleans()) else [])],
    }


@pytest.mark.usefixtures("log")
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    configurations(),
    st.lists(queries(), min_size=1, max_size=3),
    st.lists(outcomes(), min_size=4, max_size=10),
)
async def test_the_quick_way_gives_the_bytes_of_the_plain_one(
    configuration: dict[str, Any],
    asked: list[tuple[Packet4, dict[str, Any]]],
    ends: list[dict[str, Any]],
) -> None:
    server = ServerUnderTest()
    server.configure(**configuration)
    subnet = server.config.subnets[0]

    def exchange(query: Packet4, way: dict[str, Any], outcome: dict[str, Any]) -> Exchange:
        x = Exchange(server.service, server.datagram(query, **way), NOW)
        x.query = query
        x.subnet = subnet
        x.kind = outcome["kind"]
        x.client_id = outcome["client_id"]
        x.hostname = outcome["hostname"]
        x.lifetime, x.full_lifetime = outcome["lifetime"], outcome["full_lifetime"]
        x.stashed = outcome["stashed"]
        if outcome["address"] is not None and x.kind != NAK and query.type != 8:
            x.lease = Lease4(parse_ip4(outcome["address"]), MAC, b"", x.lifetime, NOW, 1)
        return x

    for _ in range(2):  # the second round meets the templates of the first
        for (query, way), outcome in itertools.product(asked, ends):
            quick, plain = exchange(query, way, outcome), exchange(query, way, outcome)
            reply.pack_quickly(quick)
            reply.pack(plain, reply.compose(plain))
            assert quick.data == plain.data
            assert (quick.destination, quick.port, quick.link_destination) == (
                plain.destination,
                plain.port,
                plain.link_destination,
            )


async def test_templates_do_not_fill_the_memory(server: ServerUnderTest, client: Client) -> None:
    known = server.service.templates
    for number in range(5000):
        datagram = server.datagram(client.query(1, requested="192.0.2.15", prl=[1, number >> 8, number & 255]))
        assert len(server.deliver(datagram)) == 1
    assert 0 < len(known) <= 4096
