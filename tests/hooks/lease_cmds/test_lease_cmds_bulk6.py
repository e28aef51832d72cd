"""lease6-bulk-apply: many leases with one command."""

from __future__ import annotations

from typing import Any

import pytest

from kead.wire.address import parse_ip6
from tests.hooks.lease_cmds.conftest import Commands6, LeaseServer6, prefix

BULK = "lease6-bulk-apply"
PREFIX = {"ip-address": prefix(0x12), "duid": "00:01:02:12", "iaid": 18, "type": "IA_PD", "prefix-len": 56}


def lease(last: int, **more: object) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in more.items()}
    return {"ip-address": f"2001:db8::1:{last:x}", "duid": "00:01:02:11", "iaid": 17} | named


def address(last: int, **more: object) -> dict[str, Any]:
    return {"ip-address": f"2001:db8::1:{last:x}"} | more


def completed(number: int) -> dict[str, Any]:
    return {"result": 0 if number else 3, "text": f"Bulk apply of {number} IPv6 leases completed."}


def failed(last: int, result: int, text: str) -> dict[str, Any]:
    return {"type": "IA_NA", "ip-address": f"2001:db8::1:{last:x}", "result": result, "error-message": text}


async def addresses(commands: Commands6) -> list[str]:
    return [one["ip-address"] for one in (await commands("lease6-get-all"))["arguments"]["leases"]]


async def test_leases_are_added_and_updated_in_one_group(commands6: Commands6, server6: LeaseServer6) -> None:
    await commands6.add(0x11)
    before = server6.flushes
    assert await commands6(
        BULK, leases=[lease(0x11, hostname="x"), lease(0x12), {**PREFIX, "subnet-id": 1}]
    ) == completed(3)
    assert server6.flushes == before + 1
    assert await addresses(commands6) == ["2001:db8::1:11", "2001:db8::1:12", prefix(0x12)]
    assert (await commands6.get(0x11))["hostname"] == "x"
    assert server6.counted("subnet[1].assigned-nas") == 2
    assert server6.counted("subnet[1].assigned-pds") == 1


async def test_removals_come_first(commands6: Commands6) -> None:
    await commands6.add(0x11)
    await commands6.add_prefix(0x12)
    both = {"deleted-leases": [address(0x11), {"ip-address": prefix(0x12), "type": "IA_PD"}], "leases": [lease(0x11)]}
    assert await commands6(BULK, both) == completed(3)
    assert await addresses(commands6) == ["2001:db8::1:11"]


async def test_of_two_leases_of_an_address_the_last_stays(commands6: Commands6) -> None:
    assert await commands6(BULK, leases=[lease(0x11), lease(0x11, hostname="two")]) == completed(2)
    assert (await commands6.get(0x11))["hostname"] == "two"


async def test_each_lease_that_fails_is_named(commands6: Commands6, server6: LeaseServer6) -> None:
    await commands6.add(0x11)
    await commands6.add(0x14, state=4)
    server6.busy.add(parse_ip6("2001:db8::1:15"))
    answer = await commands6(
        BULK,
        {
            "deleted-leases": [address(0x11), address(0x11), address(0x19, type="IA_PD")],
            "leases": [lease(0x12), lease(0x13, duid="00:00:00"), lease(0x14), lease(0x12, state=4), lease(0x15)],
        },
    )
    assert answer == completed(2) | {
        "arguments": {
            "failed-deleted-leases": [
                failed(0x11, 3, "lease not found"),
                failed(0x19, 3, "lease not found") | {"type": "IA_PD"},
            ],
            "failed-leases": [
                failed(0x13, 1, "Lease6: 2001:db8::1:13, state: default, has no DUID"),
                failed(0x14, 1, "illegal reuse of registered address 2001:db8::1:14"),
                failed(0x12, 1, "address in use: 2001:db8::1:12 can't be registered"),
                failed(0x15, 4, "ResourceBusy: IP address:2001:db8::1:15 could not be updated."),
            ],
        }
    }
    assert await addresses(commands6) == ["2001:db8::1:12", "2001:db8::1:14"]


async def test_removals_by_identity_association(commands6: Commands6) -> None:
    await commands6.add(0x11)
    client = {"subnet-id": 1, "identifier-type": "duid", "identifier": "00010211", "iaid": 17}
    assert await commands6(BULK, {"deleted-leases": [client]}) == completed(1)
    assert await commands6(BULK, {"deleted-leases": [client]}) == completed(0), "as in Kea it is not named"
    nothing = {**client, "identifier-type": "address"}
    assert await commands6(BULK, {"deleted-leases": [nothing]}) == completed(0) | {
        "arguments": {"failed-deleted-leases": [{"type": "IA_NA", "result": 3, "error-message": "lease not found"}]}
    }


CLIENT = {"subnet-id": 1, "identifier-type": "duid", "identifier": "00:01:02:11", "iaid": 17}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (..., "Command arguments missing or a not a map."),
        ([], "Command arguments missing or a not a map."),
        ({}, "neither 'deleted-leases' nor 'leases' parameter specified"),
        ({"leases": 5}, "the 'leases' parameter must be a list"),
        ({"deleted-leases": 5}, "the 'deleted-leases' parameter must be a list"),
        ({"leases": [5]}, "get(string) called on a non-map Element in (<wire>:0:54)"),
        ({"deleted-leases": [5]}, "Parameters missing or are not a map."),
        ({"leases": [lease(0x12), {}]}, "missing parameter 'ip-address' (<wire>:0:118)"),
        (
            {"leases": [lease(0x12), lease(0x13, subnet_id=9)]},
            "Invalid subnet-id: No IPv6 subnet with subnet-id=9 currently configured.",
        ),
        ({"leases": [lease(0x12, force_create="x")]}, "invalid type specified for parameter 'force-create' "),
        ({"leases": [{**PREFIX, "prefix-len": 0, "subnet-id": 1}]}, "Invalid prefix length: 0"),
        ({"deleted-leases": [address(0x11), {"ip-address": "x"}]}, "Failed to convert string to address 'x': Invalid "),
        ({"deleted-leases": [address(0x11), {}]}, "Mandatory 'subnet-id' parameter missing."),
        ({"deleted-leases": [address(0x11), {**CLIENT, "identifier-type": "hw-address"}]}, "Delete by hw-address is "),
        ({"deleted-leases": [address(0x11), {**CLIENT, "identifier-type": "client-id"}]}, "Unknown query type: 3"),
        ({"deleted-leases": [address(0x11)], "leases": [lease(0x12, iaid="x")]}, "invalid type specified for "),
        (
            {"deleted-leases": [address(0x11), CLIENT]},
            "More than one lease found for type 0, duid 00:01:02:11, iaid 17",
        ),
    ],
)
async def test_what_refuses_the_whole_command(commands6: Commands6, arguments: Any, text: str) -> None:
    await commands6.add(0x11)
    await commands6.add(0x1A, duid="00:01:02:11", iaid=17)
    answer = await commands6(BULK, arguments)
    assert answer["result"] == 1
    assert answer["text"].startswith(text)
    assert await addresses(commands6) == ["2001:db8::1:11", "2001:db8::1:1a"], "nothing has changed"


@pytest.mark.parametrize("arguments", [{"leases": []}, {"leases": [], "deleted-leases": []}])
async def test_nothing_to_do(commands6: Commands6, server6: LeaseServer6, arguments: Any) -> None:
    assert await commands6(BULK, arguments) == completed(0)
    assert server6.flushes == 0


async def test_packets_are_served_in_between(commands6: Commands6, server6: LeaseServer6, turns: Any) -> None:
    many = [lease(number) for number in range(0x1000, 0x1000 + 5000)]
    answer, number = await turns()(commands6(BULK, leases=many))
    assert answer == completed(5000)
    assert number >= 50
    assert server6.flushes >= 25
    answer, number = await turns()(
        commands6(BULK, {"deleted-leases": [{"ip-address": one["ip-address"]} for one in many]})
    )
    assert answer == completed(5000)
    assert number >= 50
    assert len(server6.store) == 0
