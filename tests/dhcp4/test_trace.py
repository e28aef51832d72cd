"""What the server says about its decisions, and that saying it changes nothing."""

from __future__ import annotations

from typing import Any

from kead.dhcp4.dispatch import explain
from kead.dhcp4.exchange import Exchange
from kead.trace import Step, Trace
from tests.dhcp4.conversation import Client, ServerUnderTest, option


def test_steps_read_as_sentences() -> None:
    trace = Trace()
    trace("subnet", "192.0.2.0/24", "interface eth0")
    trace("lease", "none")
    assert str(trace) == "subnet: 192.0.2.0/24 (interface eth0)\nlease: none"
    assert trace.steps[0] == Step("subnet", "192.0.2.0/24", "interface eth0")


async def explained(server: ServerUnderTest, query: Any, **way: Any) -> tuple[Exchange, bool]:
    x, answered = await explain(server.service, server.datagram(query, **way), int(server.now))
    x.finish()
    return x, answered


async def test_a_discover(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        option_data=[option("domain-name", "example.org")], of_subnet={"option_data": [option("routers", "192.0.2.1")]}
    )
    for _ in range(2):  # the second time there is a template
        x, answered = await explained(server, client.query(1, giaddr="192.0.2.2"))
        assert answered
        assert x.trace is not None
        text = str(x.trace)
        assert "subnet: 192.0.2.0/24 (prefix of the relay agent's address 192.0.2.2)" in text
        assert "picked from pool" in text
        assert "option: routers (subnet 1)" in text
        assert "option: domain-name (global)" in text
        await client.discover()


async def test_whose_address_it_is(server: ServerUnderTest, client: Client) -> None:
    await server.put("192.0.2.15")
    x, _ = await explained(server, client.query(1, requested="192.0.2.15"))
    assert "address: 192.0.2.15 (leased to another client)" in str(x.trace)
    x, _ = await explained(server, client.query(1, requested="192.0.2.16"))
    assert "address: 192.0.2.16 (requested and free)" in str(x.trace)
    await client.bind(requested="192.0.2.17")
    x, _ = await explained(server, client.query(1))
    assert "lease: 192.0.2.17 (reused as it is)" in str(x.trace)
    server.now += 3000
    x, _ = await explained(server, client.query(1))
    assert "lease: 192.0.2.17 (the client's own, renewed)" in str(x.trace)


async def test_no_subnet(server: ServerUnderTest, client: Client) -> None:
    x, answered = await explained(server, client.query(1, giaddr="10.0.0.1"))
    assert not answered
    assert "subnet: none" in str(x.trace)


async def test_it_changes_nothing_in_the_reply(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=[option("routers", "192.0.2.1"), option("ntp-servers", "10.0.0.1")])
    for about in ({}, {"prl": [42, 3], "options": {82: b"\1\2ab"}, "giaddr": "192.0.2.2"}, {"options": {12: b"me"}}):
        query = client.query(1, requested="192.0.2.15", **about)  # type: ignore[arg-type]
        plain = server.deliver(server.datagram(query))[0]
        x, answered = await explained(server, query)
        assert answered
        assert x.data == plain.data
    assert server.in_flight == {}
