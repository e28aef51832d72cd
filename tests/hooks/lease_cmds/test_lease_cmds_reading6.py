"""Commands that show DHCPv6 leases. Texts and result codes are Kea 3.0.4's answers."""

from __future__ import annotations

from typing import Any

import pytest

from kead.leases.lease6 import Lease6, LeaseType
from kead.wire.address import parse_ip6
from tests.hooks.lease_cmds.conftest import Commands6, LeaseServer6, prefix


def shown(answer: dict[str, Any]) -> list[str]:
    return [lease["ip-address"] for lease in answer["arguments"]["leases"]]


NOT_FOUND = {"result": 3, "text": "Lease not found."}
DUID = {"identifier-type": "duid", "identifier": "00:01:02:11"}


async def test_a_lease_as_it_was_added(commands6: Commands6) -> None:
    added = await commands6.add(
        0x11,
        valid_lft=500,
        preferred_lft=600,
        expire=2000000000,
        hw_address="2:0:0:0:1:B",
        fqdn_fwd=True,
        fqdn_rev=True,
        hostname="Host.Example",
        state=1,
        user_context={"a": 1},
        comment="c",
        pool_id=3,
    )
    assert added == {"result": 0, "text": "Lease for address 2001:db8::1:11, subnet-id 1 added."}
    assert await commands6("lease6-get", ip_address="2001:db8:0::1:11") == {
        "result": 0,
        "text": "IPv6 lease found.",
        "arguments": {
            "cltt": 1999999500,
            "duid": "00:01:02:11",
            "fqdn-fwd": True,
            "fqdn-rev": True,
            "hostname": "host.example",
            "hw-address": "02:00:00:00:01:0b",
            "iaid": 17,
            "ip-address": "2001:db8::1:11",
            "pool-id": 3,
            "preferred-lft": 600,
            "state": 1,
            "subnet-id": 1,
            "type": "IA_NA",
            "user-context": {"a": 1, "comment": "c"},
            "valid-lft": 500,
        },
    }


async def test_a_prefix_as_it_was_added(commands6: Commands6) -> None:
    assert await commands6.add_prefix(0x12, expire=2000000000) == {
        "result": 0,
        "text": "Lease for prefix 2001:db8:8000:1200::/56, subnet-id 1 added.",
    }
    found = await commands6("lease6-get", ip_address=prefix(0x12), type="IA_PD")
    assert found["arguments"] == {
        "cltt": 1999996000,
        "duid": "00:01:02:12",
        "fqdn-fwd": False,
        "fqdn-rev": False,
        "hostname": "",
        "iaid": 18,
        "ip-address": "2001:db8:8000:1200::",
        "preferred-lft": 4000,  # Kea takes the valid lifetime of the subnet
        "prefix-len": 56,
        "state": 0,
        "subnet-id": 1,
        "type": "IA_PD",
        "valid-lft": 4000,
    }


@pytest.mark.parametrize("kind", ["IA_TA", "IA_PD", "1", "2", "3", "V4"])
async def test_an_address_is_looked_for_by_its_type(commands6: Commands6, kind: str) -> None:
    await commands6.add(0x11)
    assert await commands6("lease6-get", ip_address="2001:db8::1:11", type=kind) == NOT_FOUND
    for right in ("IA_NA", "0"):
        assert (await commands6("lease6-get", ip_address="2001:db8::1:11", type=right))["result"] == 0


async def test_get_by_identity_association(commands6: Commands6) -> None:
    await commands6.add(0x11, iaid=0)
    await commands6.add(0x12, duid="00:01:02:11", iaid=17)
    await commands6.add_prefix(0x13, duid="00:01:02:11", iaid=17)
    await commands6("lease6-add", ip_address="2001:db8:1::1", duid="00010211", iaid=17)

    async def get(subnet_id: int, **more: object) -> object:
        answer = await commands6("lease6-get", {"subnet-id": subnet_id, **DUID, **more})
        return answer["arguments"]["ip-address"] if answer["result"] == 0 else answer

    assert await get(1) == "2001:db8::1:11", "the IAID is 0 if there is none"
    assert await get(1, iaid=17) == "2001:db8::1:12"
    assert await get(1, iaid=17, type="IA_PD") == prefix(0x13)
    assert await get(2, iaid=17) == await get(2**32 + 2, iaid=2**32 + 17) == "2001:db8:1::1"
    for subnet_id, iaid, kind in ((1, 17, "IA_TA"), (1, 18, "IA_NA"), (2, 17, "IA_PD"), (9, 17, "IA_NA"), (1, -1, "0")):
        assert await get(subnet_id, iaid=iaid, type=kind) == NOT_FOUND


async def test_an_association_with_several_leases_does_not_say_which(commands6: Commands6) -> None:
    await commands6.add(0x11, iaid=17)
    await commands6.add(0x12, iaid=17, duid="00:01:02:11")
    for command in ("lease6-get", "lease6-del"):
        assert await commands6(command, {"subnet-id": 1, "iaid": 17, **DUID}) == {
            "result": 1,
            "text": "More than one lease found for type 0, duid 00:01:02:11, iaid 17 and subnet-id 1",
        }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (..., "Parameters missing or are not a map."),
        ([], "Parameters missing or are not a map."),
        ({}, "Mandatory 'subnet-id' parameter missing."),
        ({"ip-address": "10.0.0.1"}, "Invalid IPv6 address specified: 10.0.0.1"),
        ({"ip-address": "x"}, "Failed to convert string to address 'x': Invalid argument"),
        (
            {"ip-address": "2001:db8::1", "type": "IA_XX"},
            "Invalid lease type specified: IA_XX, only supported values are: IA_NA, IA_TA, IA_PD and V4",
        ),
        ({"subnet-id": 1, **DUID, "iaid": "x"}, "intValue() called on non-integer Element in (<wire>:0:110)"),
        ({"subnet-id": 1, **DUID, "identifier": "0102"}, "identifier is too short (2), at least 3 is required"),
        ({"subnet-id": 1, **DUID, "identifier-type": "hw-address"}, "Query by hw-address is not allowed in v6."),
        ({"subnet-id": 1, **DUID, "identifier-type": "client-id"}, "Query by client-id is not allowed in v6."),
        (
            {"subnet-id": 1, **DUID, "identifier-type": "flex-id"},
            "Incorrect identifier type: flex-id, the only supported values are: address, hw-address, duid",
        ),
    ],
)
async def test_what_get_refuses(commands6: Commands6, arguments: Any, text: str) -> None:
    assert await commands6("lease6-get", arguments) == {"result": 1, "text": text}


async def test_an_identifier_that_is_an_address_finds_nothing(commands6: Commands6) -> None:
    await commands6.add(0x11)
    where = {"subnet-id": 1, "identifier-type": "address", "identifier": "2001:db8::1:11"}
    assert await commands6("lease6-get", where) == NOT_FOUND


async def test_get_all(commands6: Commands6) -> None:
    assert await commands6("lease6-get-all") == {
        "result": 3,
        "text": "0 IPv6 lease(s) found.",
        "arguments": {"leases": []},
    }
    await commands6.add_prefix(0x12)
    for last in (0x12, 0x11):
        await commands6.add(last, state=last - 0x11)
    await commands6("lease6-add", ip_address="2001:db8:1::1", duid="010203", iaid=1)
    everything = await commands6("lease6-get-all")
    assert everything["text"] == "4 IPv6 lease(s) found."
    assert shown(everything) == ["2001:db8::1:11", "2001:db8::1:12", "2001:db8:1::1", prefix(0x12)]
    first = ["2001:db8::1:11", "2001:db8::1:12", prefix(0x12)]
    assert shown(await commands6("lease6-get-all", subnets=[2, 1, 9])) == ["2001:db8:1::1", *first]
    assert shown(await commands6("lease6-get-all", subnets=[1, 1])) == first * 2
    assert (await commands6("lease6-get-all", subnets=[]))["result"] == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "'subnets' parameter not specified"),
        ({"subnets": 5}, "'subnets' parameter must be a list"),
        ({"subnets": [1, "x"]}, "listed subnet identifiers must be numbers"),
    ],
)
async def test_what_get_all_refuses(commands6: Commands6, arguments: Any, text: str) -> None:
    assert await commands6("lease6-get-all", arguments) == {"result": 1, "text": text}


async def test_pages_follow_each_other(commands6: Commands6) -> None:
    for last in range(0x10, 0x1A):
        await commands6.add(last)
    seen: list[str] = []
    start = "start"
    while True:
        page = await commands6("lease6-get-page", {"from": start, "limit": 4})
        assert page["arguments"]["count"] == len(shown(page))
        seen += shown(page)
        if page["arguments"]["count"] < 4:
            break
        start = seen[-1]
    assert seen == [f"2001:db8::1:{last:x}" for last in range(0x10, 0x1A)]
    assert shown(await commands6("lease6-get-page", {"from": "::", "limit": 1})) == ["2001:db8::1:10"]
    assert (await commands6("lease6-get-page", {"from": "ffff::", "limit": 2**32 - 1}))["result"] == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (..., "no parameters specified for the lease6-get-page command"),
        ({"from": "x", "limit": 1}, "'from' parameter value is neither 'start' keyword nor a valid IPv6 address"),
        ({"from": "10.0.0.1", "limit": 1}, "'from' parameter value 10.0.0.1 is not an IPv6 address"),
        ({"from": "start", "limit": 0}, "page size of retrieved leases must not be 0"),
    ],
)
async def test_what_get_page_refuses(commands6: Commands6, arguments: Any, text: str) -> None:
    assert await commands6("lease6-get-page", arguments) == {"result": 1, "text": text}


async def test_looking_for_clients_names_and_states(commands6: Commands6) -> None:
    await commands6.add(0x11, hostname="Host", hw_address="02:00:00:00:01:0B")
    await commands6.add(0x12, state=1)
    await commands6.add_prefix(0x11)
    await commands6.add(0x13, state=4)
    for duid in ("00 01 02 11", "00010211", "0x00010211"):
        assert shown(await commands6("lease6-get-by-duid", duid=duid)) == ["2001:db8::1:11", prefix(0x11)]
    assert (await commands6("lease6-get-by-duid", duid="000000"))["text"] == "0 IPv6 lease(s) found."
    assert shown(await commands6("lease6-get-by-hw-address", hw_address="2:0:0:0:1:b")) == ["2001:db8::1:11"]
    assert (await commands6("lease6-get-by-hw-address", hw_address=""))["result"] == 3
    assert shown(await commands6("lease6-get-by-hostname", hostname="hOST")) == ["2001:db8::1:11"]
    assert (await commands6("lease6-get-by-hostname", hostname="host."))["result"] == 3
    assert shown(await commands6("lease6-get-by-state", state="declined")) == ["2001:db8::1:12"]
    assert shown(await commands6("lease6-get-by-state", state="registered")) == ["2001:db8::1:13"]
    assert shown(await commands6("lease6-get-by-state", state=0)) == ["2001:db8::1:11", prefix(0x11)]
    assert (await commands6("lease6-get-by-state", state="assigned", subnet_id=2))["result"] == 3


@pytest.mark.parametrize("key", ["hw-address", "duid", "hostname"])
async def test_what_looking_for_something_refuses(commands6: Commands6, key: str) -> None:
    command = f"lease6-get-by-{key}"
    assert (await commands6(command))["text"] == "Command arguments missing or a not a map."
    assert (await commands6(command, {}))["text"] == f"'{key}' parameter not specified"
    assert (await commands6(command, {key: 5}))["text"] == f"'{key}' parameter must be a string"


async def test_a_type_that_nobody_knows_is_shown_as_such(commands6: Commands6, server6: LeaseServer6) -> None:
    await server6.store.add(Lease6(9, parse_ip6("2001:db8::9"), 128, b"\1\2\3", 1, 1, 1, 1, 1))
    [lease] = (await commands6("lease6-get-all"))["arguments"]["leases"]
    assert lease["type"] == "unknown (9)"


async def test_the_loop_turns_while_all_leases_are_read(
    commands6: Commands6, server6: LeaseServer6, turns: Any
) -> None:
    first = parse_ip6("2001:db8::2:0")
    for address in range(first, first + 20_000):
        await server6.store.add(Lease6(LeaseType.NA, address, 128, b"\1\2\3", 1, 3000, 4000, 0, 1))
    for command, arguments in (
        ("lease6-get-all", ...),
        ("lease6-get-page", {"from": "start", "limit": 2**32 - 1}),
        ("lease6-get-by-hostname", {"hostname": "x"}),
        ("lease6-wipe", ...),
    ):
        answer, number = await turns()(commands6(command, arguments))
        assert answer["result"] == (3 if "hostname" in command else 0)
        assert number >= 20
    assert len(server6.store) == 0
