"""Which subnet serves a packet: the rules in their order, shared networks, and what it costs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from kead.allocation.recent import Recent
from kead.config.snapshot4 import Subnet4
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.subnets import SubnetSelector, siblings
from kead.trace import Trace
from kead.wire.address import parse_ip4
from tests.dhcp4.conversation import SERVER, Client, FakeChannel, ServerUnderTest, interface, load


def link(address: str) -> dict[int, bytes]:
    """Option 82 with a link selection."""
    return {82: b"\5\4" + parse_ip4(address).to_bytes(4, "big")}


def subnet_option(address: str) -> dict[int, bytes]:
    return {118: parse_ip4(address).to_bytes(4, "big")}


class Selecting:
    """Asks the selector about packets."""

    def __init__(self, server: ServerUnderTest, client: Client) -> None:
        self.server = server
        self.client = client

    def __call__(self, on: str = "eth0", at: str = "192.0.2.1", **about: Any) -> int | None:
        """The id of the subnet for this query."""
        way = {name: about.pop(name) for name in ("source", "destination") if name in about}
        channel = FakeChannel(interface(on, at))
        x = Exchange(self.server.service, self.server.datagram(b"", channel=channel, **way), 0, Trace())
        x.query = self.client.query(1, **about)
        subnet = self.server.service.selector.select(x)
        assert x.trace is not None
        assert [step.step for step in x.trace.steps] == ["subnet"]
        return None if subnet is None else subnet.id


@pytest.fixture
def select(server: ServerUnderTest, client: Client) -> Selecting:
    server.configure(
        subnets=[
            {"id": 9, "subnet": "192.0.2.0/24"},
            {"id": 4, "subnet": "198.51.100.0/24", "relay": {"ip-addresses": ["10.0.0.7", "10.0.0.8"]}},
            {"id": 7, "subnet": "203.0.113.0/24", "interface": "eth1", "relay": {"ip-addresses": ["10.0.0.8"]}},
            {"id": 2, "subnet": "10.0.0.0/16"},
        ]
    )
    return Selecting(server, client)


class TestLinks:
    """Rule 1: a link that is named decides alone."""

    def test_link_selection(self, select: Selecting) -> None:
        assert select(options=link("203.0.113.9")) == 7
        assert select(options=link("203.0.113.9"), giaddr="10.0.0.7", ciaddr="192.0.2.9") == 7

    def test_subnet_selection(self, select: Selecting) -> None:
        assert select(options=subnet_option("198.51.100.0"), giaddr="10.0.0.9") == 4

    def test_the_first_beats_the_second(self, select: Selecting) -> None:
        assert select(options=link("203.0.113.9") | subnet_option("198.51.100.0")) == 7

    def test_there_is_no_way_back(self, select: Selecting) -> None:
        assert select(options=link("172.16.0.1"), giaddr="10.0.0.7") is None
        assert select(options=subnet_option("172.16.0.1")) is None

    def test_relay_addresses_do_not_matter(self, select: Selecting) -> None:
        assert select(options=link("10.0.0.7")) == 2

    def test_none_named_is_none_given(self, select: Selecting) -> None:
        assert select(options=link("0.0.0.0") | subnet_option("0.0.0.0"), giaddr="10.0.0.7") == 4
        assert select(options=link("0.0.0.0") | subnet_option("203.0.113.0")) == 7

    def test_link_selection_may_be_ignored(self, server: ServerUnderTest, client: Client) -> None:
        server.configure(compatibility={"ignore-rai-link-selection": True})
        assert Selecting(server, client)(options=link("203.0.113.9")) == 1

    async def test_subnet_selection_is_echoed(self, client: Client) -> None:
        offer = await client.discover(options=subnet_option("192.0.2.0"))
        assert offer is not None
        assert offer.options[118] == parse_ip4("192.0.2.0").to_bytes(4, "big")


class TestRelayed:
    """Rules 2 and 3: the relay agent's address."""

    def test_a_configured_relay_agent(self, select: Selecting) -> None:
        assert select(giaddr="10.0.0.7") == 4

    def test_of_two_subnets_the_lower_id(self, select: Selecting) -> None:
        assert select(giaddr="10.0.0.8") == 4

    def test_otherwise_the_prefix(self, select: Selecting) -> None:
        assert select(giaddr="10.0.0.9") == 2
        assert select(giaddr="203.0.113.3", ciaddr="192.0.2.9", destination=SERVER, source="198.51.100.1") == 7
        assert select(giaddr="172.16.0.1") is None

    def test_a_networks_relay_agents_count_where_a_subnet_has_none(
        self, server: ServerUnderTest, client: Client
    ) -> None:
        subnets = [
            {"id": 1, "subnet": "192.0.2.0/24", "relay": {"ip-addresses": ["10.0.0.1"]}},
            {"id": 2, "subnet": "198.51.100.0/24"},
        ]
        network = {"name": "n", "relay": {"ip-addresses": ["10.0.0.9"]}, "subnet4": subnets}
        server.configure(networks=[network])
        select = Selecting(server, client)
        assert select(giaddr="10.0.0.1") == 1
        assert select(giaddr="10.0.0.9") == 2


class TestUnicast:
    """Rule 3, for what was sent to an address of the server's."""

    def test_the_clients_address(self, select: Selecting) -> None:
        assert select(ciaddr="203.0.113.9", source="198.51.100.9", destination=SERVER) == 7

    def test_else_the_packets_source(self, select: Selecting) -> None:
        assert select(source="198.51.100.9", destination=SERVER) == 4

    def test_there_is_no_way_back_to_the_interface(self, select: Selecting) -> None:
        assert select(source="172.16.0.1", destination=SERVER) is None

    def test_neither_leaves_the_interface(self, select: Selecting) -> None:
        assert select(destination=SERVER) == 9


class TestBroadcast:
    """Rule 3, for broadcasts: where it came in, whatever addresses it has."""

    def test_an_interface_that_a_subnet_names(self, select: Selecting) -> None:
        assert select(on="eth1", at="192.0.2.1", ciaddr="192.0.2.9", source="192.0.2.9") == 7

    def test_otherwise_its_first_address(self, select: Selecting) -> None:
        assert select(on="eth2", at="198.51.100.1", ciaddr="192.0.2.9", source="192.0.2.9") == 4

    def test_an_interface_without_address(self, select: Selecting) -> None:
        assert select(on="eth2", at="") is None

    def test_a_networks_interface_is_its_subnets(self, server: ServerUnderTest, client: Client) -> None:
        subnets = [{"id": 5, "subnet": "198.51.100.0/24"}, {"id": 3, "subnet": "203.0.113.0/24"}]
        server.configure(networks=[{"name": "n", "interface": "eth5", "subnet4": subnets}])
        assert Selecting(server, client)(on="eth5") == 3


def test_of_overlapping_subnets_the_lowest_id_wins(server: ServerUnderTest, client: Client) -> None:
    server.configure(subnets=[{"id": 3, "subnet": "10.1.2.0/24"}, {"id": 2, "subnet": "10.0.0.0/8"}])
    assert Selecting(server, client)(giaddr="10.1.2.3") == 2


def members(*ids: int) -> tuple[Subnet4, ...]:
    subnets = [{"id": number, "subnet": f"10.0.{number}.0/24"} for number in ids]
    return load({"shared-networks": [{"name": "n", "subnet4": subnets}]}).subnets


def test_siblings_go_round_by_id() -> None:
    one, two, three = members(3, 1, 2)
    assert [subnet.id for subnet in siblings(two, ())] == [2, 3, 1]
    assert [subnet.id for subnet in siblings(one, ())] == [1, 2, 3]
    alone = load({"subnet4": [{"id": 1, "subnet": "10.0.0.0/24"}]}).subnets[0]
    assert siblings(alone, ()) == (alone,)
    assert three.id == 3


def test_a_network_remembers_where_it_gave_out_an_address_last() -> None:
    one, two = members(1, 2)
    recent: Recent[Subnet4] = Recent()
    assert one.network is not None
    assert recent.first(one) is one
    recent.note(two)
    assert recent.first(one) is two


def _time(count: int) -> float:
    config = load({"subnet4": [{"id": n + 1, "subnet": f"10.{n // 256}.{n % 256}.0/24"} for n in range(count)]})
    selector = SubnetSelector(config.subnets)
    addresses = [0x0A000000 + 256 * (n % count) + 9 for n in range(0, 20000, 7)]
    best = 1.0
    for _ in range(5):
        began = time.perf_counter()
        for address in addresses:
            assert selector.containing(address) is not None
        best = min(best, time.perf_counter() - began)
    return best


def test_ten_thousand_subnets_cost_what_ten_do() -> None:
    assert _time(10_000) < 8 * _time(10)
