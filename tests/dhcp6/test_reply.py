"""Which options a reply carries; and that the quick way says what the slow one does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kead.dhcp6 import reply as replies
from kead.dhcp6.exchange import Exchange
from kead.dhcp6.packet import Packet6, encode
from tests.dhcp6.conversation import DUID, SERVER_DUID, SUBNET, Client, ServerUnderTest, option, relay


async def test_options_are_asked_for_or_always_sent(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        option_data=[
            option("dns-servers", "2001:db8::53"),
            option("preference", "7"),
            option("sntp-servers", "2001:db8::123", always_send=True),
        ]
    )
    assert (await client.solicit()).codes == [1, 2, 3, 31]
    assert (await client.solicit(oro=[7, 23, 99])).codes == [1, 2, 3, 7, 23, 31]


async def test_the_most_specific_place_wins(server: ServerUnderTest, client: Client) -> None:
    def dns(last: int) -> list[dict[str, Any]]:
        return [option("dns-servers", f"2001:db8::{last}")]

    pool = {"pool": "2001:db8:1::10-2001:db8:1::20", "option-data": dns(1)}
    subnet = {**SUBNET, "option-data": dns(2), "pools": [pool], "interface": ""}
    network = {"name": "n", "interface": "eth0", "option-data": dns(3), "subnet6": [subnet]}
    for wanted in (1, 2, 3, 4):
        server.configure(networks=[network], option_data=dns(4))
        assert (await client.solicit(oro=[23])).option(23)[-1] == wanted
        holder: dict[str, Any] = [pool, subnet, network, {}][wanted - 1]
        holder.pop("option-data", None)


async def test_a_prefixs_pool_has_options_too(server: ServerUnderTest, client: Client) -> None:
    pool = {**SUBNET["pd-pools"][0], "option-data": [option("dns-servers", "2001:db8::1")]}
    server.configure(of_subnet={"pd-pools": [pool]})
    assert (await client.solicit(pd=[], oro=[23])).option(23)[-1] == 1
    assert 23 not in (await client.solicit(na=[], oro=[23])).options


async def test_never_send(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        option_data=[option("dns-servers", "2001:db8::53", always_send=True)],
        of_subnet={"option-data": [option("dns-servers", "2001:db8::54", never_send=True)]},
    )
    assert 23 not in (await client.solicit(oro=[23])).options


async def test_only_the_first_option_request_counts(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=[option("dns-servers", "2001:db8::53"), option("sntp-servers", "2001:db8::123")])
    query = client.query(1, na=[])
    query.options[6] = [b"\0\x17", b"\0\x1f"]
    (reply,) = await server.exchange(server.datagram(query))
    assert reply.codes == [1, 2, 3, 23]


async def test_reconfigure_accept_is_not_answered(client: Client) -> None:
    assert 20 not in (await client.solicit(options={20: b""}, oro=[20])).options


async def test_a_client_without_an_identifier_gets_none_back(server: ServerUnderTest) -> None:
    assert (await Client(server, b"").inform()).codes == [2]


# Vendors

VENDOR_CLASS = {16: (4491).to_bytes(4, "big") + b"\0\3abc"}
DOCSIS = [
    option("tftp-servers", "2001:db8::69", space="vendor-4491"),
    option("config-file", "cable.cfg", space="vendor-4491", always_send=True),
]


async def test_what_a_vendor_is_always_sent(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=DOCSIS)
    reply = await client.solicit(options=VENDOR_CLASS)
    assert reply.option(17) == (4491).to_bytes(4, "big") + b"\0\x21\0\x09cable.cfg"
    assert 17 not in (await client.solicit()).options


async def test_docsis_clients_ask_in_an_option_of_their_own(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=DOCSIS)
    asked = {17: (4491).to_bytes(4, "big") + b"\0\1\0\2\0\x20"}
    value = (await client.solicit(options=asked)).option(17)
    assert value[4:8] == b"\0\x20\0\x10"
    assert value.endswith(b"cable.cfg")


async def test_configured_vendor_options(server: ServerUnderTest, client: Client) -> None:
    server.configure(
        option_data=[
            option("vendor-opts", "4491"),
            option("vendor-opts", "2495"),
            option("vendor-class", "000011ba0003616263", csv_format=False),
            *DOCSIS,
        ]
    )
    reply = await client.solicit(oro=[16, 17])
    assert [int.from_bytes(value[:4], "big") for value in reply.options[17]] == [4491, 2495]
    assert reply.options[17][0].endswith(b"cable.cfg")
    assert reply.option(16)[4:] == b"\0\3abc"


async def test_without_a_subnet_there_are_no_vendors_options(server: ServerUnderTest, client: Client) -> None:
    server.configure(option_data=DOCSIS, of_subnet={"interface": "eth9"})
    assert 17 not in (await client.solicit(options=VENDOR_CLASS)).options


# Quickly


CONFIGURED = [
    option("preference", "9", always_send=True),
    option("rapid-commit", ""),
    option("dns-servers", "2001:db8::53"),
    option("sntp-servers", "2001:db8::123", always_send=True),
    option("new-posix-timezone", "EST5EDT4"),
    option("client-fqdn", "1, host.example.", csv_format=True),
]
Some = st.fixed_dictionaries(
    {
        "nas": st.dictionaries(st.integers(0, 3), st.just([]), max_size=3),
        "pds": st.dictionaries(st.integers(0, 3), st.just([]), max_size=2),
        "oro": st.lists(st.sampled_from([7, 14, 17, 23, 31, 39, 41, 67, 99]), max_size=6),
        "rapid": st.booleans(),
        "options": st.dictionaries(st.sampled_from([39, 16, 8]), st.just(b"\0\0\0\0\0\1a"), max_size=2),
        "relays": st.lists(
            st.builds(
                lambda link, options: relay(link, options=options),
                st.sampled_from(["2001:db8:1::1", "::"]),
                st.dictionaries(st.sampled_from([18, 37, 135]), st.binary(min_size=5, max_size=6), max_size=3),
            ),
            max_size=3,
        ),
        "kind": st.sampled_from([1, 3, 5, 6, 8, 9, 11]),
    }
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(conversation=st.lists(Some, min_size=1, max_size=3))
async def test_the_quick_way_says_the_same(
    server: ServerUnderTest, monkeypatch: pytest.MonkeyPatch, conversation: list[dict[str, Any]]
) -> None:
    server.configure(option_data=CONFIGURED, of_subnet={"rapid-commit": True})
    compared: list[int] = []
    quickly = replies.pack_quickly

    def both(x: Exchange) -> None:
        slow: Packet6 = replies.compose(x)
        quickly(x)
        assert x.data == encode(slow)
        compared.append(x.kind)

    monkeypatch.setattr(replies, "pack_quickly", both)
    client = Client(server, DUID)
    for message in conversation:
        if 39 in message["options"]:
            message["options"][39] = b"\0\4host\7example\0"
        kind = message.pop("kind")
        about = {**message, "server_id": SERVER_DUID if kind in (3, 5, 8, 9) else b""}
        await client.send(kind, **about)
    monkeypatch.undo()
    assert compared


async def test_endless_lists_of_requested_options_are_not_remembered(server: ServerUnderTest, client: Client) -> None:
    """Thousands of them, of 64 KB each, would fill the memory."""
    server.configure(option_data=[option("dns-servers", "2001:db8::53")])
    for first in range(1000, 1010):
        assert 23 in (await client.inform(oro=[*range(first, first + 200), 23])).options
    assert not server.service.templates
    assert 23 in (await client.inform(oro=[*range(1000, 1100), 23])).options
    assert len(server.service.templates) == 1
