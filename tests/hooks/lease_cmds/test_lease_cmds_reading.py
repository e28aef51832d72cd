"""Commands that show leases. Texts and result codes are Kea 3.0.4's answers."""

from __future__ import annotations

from typing import Any

import pytest

from kead.leases.lease4 import Lease4
from kead.wire.address import parse_ip4
from tests.hooks.lease_cmds.conftest import Commands, LeaseServer


def shown(answer: dict[str, Any]) -> list[str]:
    return [lease["ip-address"] for lease in answer["arguments"]["leases"]]


async def test_a_lease_as_it_was_added(commands: Commands) -> None:
    added = await commands.add(
        11,
        client_id="aa:bb",
        valid_lft=500,
        expire=2000000000,
        fqdn_fwd=True,
        fqdn_rev=True,
        hostname="Host.Example",
        state=1,
        user_context={"a": 1},
        comment="c",
        pool_id=3,
    )
    assert added == {"result": 0, "text": "Lease for address 10.0.1.11, subnet-id 1 added."}
    assert await commands("lease4-get", ip_address="10.0.1.11") == {
        "result": 0,
        "text": "IPv4 lease found.",
        "arguments": {
            "client-id": "aa:bb",
            "cltt": 1999999500,
            "fqdn-fwd": True,
            "fqdn-rev": True,
            "hostname": "host.example",
            "hw-address": "02:00:00:00:01:0b",
            "ip-address": "10.0.1.11",
            "pool-id": 3,
            "state": 1,
            "subnet-id": 1,
            "user-context": {"a": 1, "comment": "c"},
            "valid-lft": 500,
        },
    }


@pytest.mark.parametrize("byte", ["\xe4", "\xc3\xa4"], ids=["no UTF-8", "UTF-8"])
async def test_letters_beyond_ascii_come_back_as_they_came(commands: Commands, byte: str) -> None:
    await commands.add(11, hostname=f"SP{byte}t", user_context={"k" + byte: [byte]})
    lease = await commands.get(11)
    assert lease["hostname"] == f"sp{byte}t"
    assert lease["user-context"] == {"k" + byte: [byte]}
    assert shown(await commands("lease4-get-by-hostname", hostname=f"Sp{byte}T")) == ["10.0.1.11"]


async def test_get_by_identifier_is_within_the_subnet(commands: Commands) -> None:
    await commands.add(11, client_id="01:02:03")
    for kind, identifier in (("hw-address", "2:0:0:0:1:B"), ("client-id", "010203"), ("client-id", "0x010203")):
        where = {"identifier-type": kind, "identifier": identifier}
        found = await commands("lease4-get", {"subnet-id": 1, **where})
        assert found["arguments"]["ip-address"] == "10.0.1.11"
        assert await commands("lease4-get", {"subnet-id": 2, **where}) == {"result": 3, "text": "Lease not found."}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (..., "Parameters missing or are not a map."),
        ([], "Parameters missing or are not a map."),
        ({}, "Mandatory 'subnet-id' parameter missing."),
        ({"ip-address": "::1"}, "Invalid IPv4 address specified: ::1"),
        ({"ip-address": "x"}, "Failed to convert string to address 'x': Invalid argument"),
        ({"ip-address": 5}, "'ip-address' is not a string."),
        (
            {"ip-address": "10.0.1.11", "type": "foo"},
            "Invalid lease type specified: foo, only supported values are: IA_NA, IA_TA, IA_PD and V4",
        ),
        (
            {"ip-address": "10.0.1.11", "type": 7},
            "stringValue() called on non-string Element in (<wire>:0:69)",
        ),
        ({"subnet-id": "x"}, "'subnet-id' parameter is not integer."),
        ({"subnet-id": 1}, "No 'ip-address' provided and 'identifier-type' is either missing or not a string."),
        (
            {"subnet-id": 1, "identifier-type": "foo"},
            "No 'ip-address' provided and 'identifier' is either missing or not a string.",
        ),
        (
            {"subnet-id": 1, "identifier-type": "foo", "identifier": "01"},
            "Incorrect identifier type: foo, the only supported values are: address, hw-address, duid",
        ),
        ({"subnet-id": 1, "identifier-type": "duid", "identifier": "010203"}, "Query by duid is not allowed in v4."),
        (
            {"subnet-id": 1, "identifier-type": "duid", "identifier": "01"},
            "identifier is too short (1), at least 3 is required",
        ),
        (
            {"subnet-id": 1, "identifier-type": "hw-address", "identifier": "0200"},
            "invalid format of the decoded string '0200'",
        ),
        (
            {"subnet-id": 1, "identifier-type": "hw-address", "identifier": "02::03"},
            "two consecutive separators (':') specified in a decoded string '02::03'",
        ),
        (
            {"subnet-id": 1, "identifier-type": "hw-address", "identifier": "02:zz"},
            "'z' is not a valid hexadecimal digit in decoded string '02:zz'",
        ),
        (
            {"subnet-id": 1, "identifier-type": "client-id", "identifier": "zz"},
            "'zz' is not a valid string of hexadecimal digits",
        ),
    ],
)
async def test_what_get_refuses(commands: Commands, arguments: Any, text: str) -> None:
    assert await commands("lease4-get", arguments) == {"result": 1, "text": text}


async def test_get_all(commands: Commands) -> None:
    assert await commands("lease4-get-all") == {
        "result": 3,
        "text": "0 IPv4 lease(s) found.",
        "arguments": {"leases": []},
    }
    for last in (13, 11, 12):
        await commands.add(last, state=last - 11)
    await commands("lease4-add", ip_address="10.1.1.11", hw_address="02:00")
    everything = await commands("lease4-get-all")
    assert everything["text"] == "4 IPv4 lease(s) found."
    assert shown(everything) == ["10.0.1.11", "10.0.1.12", "10.0.1.13", "10.1.1.11"]
    assert shown(await commands("lease4-get-all", subnets=[2, 1])) == [
        "10.1.1.11",
        "10.0.1.11",
        "10.0.1.12",
        "10.0.1.13",
    ]
    assert shown(await commands("lease4-get-all", subnets=[2, 2])) == ["10.1.1.11"] * 2
    assert shown(await commands("lease4-get-all", subnets=[2**32 + 2])) == ["10.1.1.11"]
    assert (await commands("lease4-get-all", subnets=[7]))["result"] == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "'subnets' parameter not specified"),
        ({"subnets": 5}, "'subnets' parameter must be a list"),
        ({"subnets": [1, "x"]}, "listed subnet identifiers must be numbers"),
        ({"subnets": [True]}, "listed subnet identifiers must be numbers"),
        ([], "get(string) called on a non-map Element in (<wire>:0:41)"),
        (5, "get(string) called on a non-map Element in (<wire>:0:40)"),
    ],
)
async def test_what_get_all_refuses(commands: Commands, arguments: Any, text: str) -> None:
    assert await commands("lease4-get-all", arguments) == {"result": 1, "text": text}


async def test_pages_follow_each_other(commands: Commands) -> None:
    for last in range(10, 20):
        await commands.add(last)
    seen: list[str] = []
    start = "start"
    while True:
        page = await commands("lease4-get-page", {"from": start, "limit": 4})
        assert page["arguments"]["count"] == len(shown(page))
        seen += shown(page)
        if page["arguments"]["count"] < 4:
            break
        start = seen[-1]
    assert seen == [f"10.0.1.{last}" for last in range(10, 20)]
    assert shown(await commands("lease4-get-page", {"from": "0.0.0.0", "limit": 1})) == ["10.0.1.10"]
    assert (await commands("lease4-get-page", {"from": "255.255.255.255", "limit": 2**32 - 1}))["result"] == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (..., "no parameters specified for the lease4-get-page command"),
        ({"limit": 1}, "'from' parameter not specified"),
        ({"from": "start"}, "'limit' parameter not specified"),
        ({"from": "start", "limit": "x"}, "'limit' parameter must be a number"),
        ({"from": 5, "limit": 1}, "'from' parameter must be a string"),
        ({"from": "x", "limit": 1}, "'from' parameter value is neither 'start' keyword nor a valid IPv4 address"),
        ({"from": "::", "limit": 1}, "'from' parameter value :: is not an IPv4 address"),
        ({"from": "start", "limit": 0}, "page size of retrieved leases must not be 0"),
        ({"from": "start", "limit": -1}, "page size of retrieved leases must not be greater than 4294967295"),
        ({"from": "start", "limit": 2**32}, "page size of retrieved leases must not be greater than 4294967295"),
    ],
)
async def test_what_get_page_refuses(commands: Commands, arguments: Any, text: str) -> None:
    assert await commands("lease4-get-page", arguments) == {"result": 1, "text": text}


async def test_looking_for_clients_names_and_states(commands: Commands) -> None:
    await commands.add(11, client_id="01:02:03", hostname="Host")
    await commands.add(12, state=1)
    await commands.add(14, hw_address="", client_id="01:02:03")
    assert shown(await commands("lease4-get-by-hw-address", hw_address="02:00:00:00:01:0B")) == ["10.0.1.11"]
    assert shown(await commands("lease4-get-by-hw-address", hw_address="")) == ["10.0.1.14"]
    assert shown(await commands("lease4-get-by-client-id", client_id="01 02 03")) == ["10.0.1.11", "10.0.1.14"]
    assert shown(await commands("lease4-get-by-hostname", hostname="hOST")) == ["10.0.1.11"]
    assert (await commands("lease4-get-by-hostname", hostname="host."))["result"] == 3
    assert shown(await commands("lease4-get-by-state", state="declined")) == ["10.0.1.12"]
    assert shown(await commands("lease4-get-by-state", state=0)) == ["10.0.1.11", "10.0.1.14"]
    assert (await commands("lease4-get-by-state", state="assigned", subnet_id=2))["result"] == 3


@pytest.mark.parametrize("key", ["hw-address", "client-id", "hostname"])
async def test_what_looking_for_something_refuses(commands: Commands, key: str) -> None:
    command = f"lease4-get-by-{key}"
    assert (await commands(command))["text"] == "Command arguments missing or a not a map."
    assert (await commands(command, {}))["text"] == f"'{key}' parameter not specified"
    assert (await commands(command, {key: 5}))["text"] == f"'{key}' parameter must be a string"


@pytest.mark.parametrize("state", ["x", "", 5, -1, True, None])
async def test_a_state_that_there_is_not(commands: Commands, state: object) -> None:
    assert (await commands("lease4-get-by-state", state=state))["result"] == 1


async def test_the_loop_turns_while_all_leases_are_read(commands: Commands, server: LeaseServer, turns: Any) -> None:
    first = parse_ip4("10.0.16.0")
    for address in range(first, first + 20_000):
        await server.store.add(Lease4(address, address.to_bytes(6, "big"), b"", 4000, 0, 1))
    for command, arguments in (
        ("lease4-get-all", ...),
        ("lease4-get-page", {"from": "start", "limit": 2**32 - 1}),
        ("lease4-get-by-hostname", {"hostname": "x"}),
        ("lease4-wipe", ...),
    ):
        answer, number = await turns()(commands(command, arguments))
        assert answer["result"] == (3 if "hostname" in command else 0)
        assert number >= 20
    assert server.store.occupancy.count(first, first + 20_000) == 0
