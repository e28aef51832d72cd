"""Commands that change DHCPv6 leases: answers, what is stored before they leave, and what is counted."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kead.config.snapshot import D2Client
from kead.leases.store6 import StoreError
from kead.wire.address import parse_ip6
from tests.hooks.lease_cmds.conftest import Commands6, LeaseServer6, prefix

GONE = (
    "failed to update the lease with address 2001:db8::1:12 either because the lease has been deleted or it has "
    "changed in the database, in both cases a retry might succeed"
)
ADDRESS = {"ip_address": "2001:db8::1:11", "duid": "00:01:02:11", "iaid": 17}
PREFIX = {"ip_address": prefix(0x12), "duid": "00:01:02:12", "iaid": 18, "type": "IA_PD", "prefix_len": 56}
ALREADY = {"result": 4, "text": "IPv6 lease already exists."}
IN_SUBNET_1_ONLY = "Subnet-id is 0 or not specified. This is allowed for address leases only, not prefix leases."


async def test_a_lease_is_stored_before_it_is_confirmed(commands6: Commands6, lease_file6: Path) -> None:
    await commands6.add(0x11, valid_lft=100, preferred_lft=60, expire=2000000000, hw_address="02:01")
    await commands6.add_prefix(0x12, valid_lft=100, preferred_lft=60, expire=2000000000)
    assert lease_file6.read_text().splitlines()[1:] == [
        "2001:db8::1:11,00:01:02:11,100,2000000000,1,60,0,17,128,0,0,,02:01,0,,1,0,0",
        "2001:db8:8000:1200::,00:01:02:12,100,2000000000,1,60,2,18,56,0,0,,,0,,,,0",
    ]
    await commands6("lease6-del", ip_address="2001:db8::1:11")
    assert lease_file6.read_text().splitlines()[3:] == [
        "2001:db8::1:11,00:01:02:11,0,1999999900,1,0,0,17,128,0,0,,02:01,0,,1,0,0"
    ]


async def test_an_address_has_one_lease(commands6: Commands6) -> None:
    await commands6.add(0x11)
    assert await commands6.add(0x11, duid="01:02:03") == ALREADY
    assert await commands6.add(0x11, duid="00:00:00") == ALREADY
    assert (await commands6.get(0x11))["duid"] == "00:01:02:11"


async def test_an_address_and_a_prefix_cannot_begin_with_the_same_bits(commands6: Commands6) -> None:
    await commands6.add(0x11)
    same: dict[str, object] = {**PREFIX, "ip_address": "2001:db8::1:11", "prefix_len": 128, "subnet_id": 1}
    assert await commands6("lease6-add", **same) == ALREADY
    for force in (False, True):
        answer = await commands6("lease6-update", **same, force_create=force)
        assert answer["result"] == 4
        assert answer["text"].startswith("failed to update the lease with address 2001:db8::1:11 ")
    assert (await commands6.get(0x11))["type"] == "IA_NA"


@pytest.mark.parametrize(
    ("more", "result", "text"),
    [
        ({"subnet_id": 2}, 4, "The address 2001:db8::1:11 does not belong to subnet 2001:db8:1::/64, subnet-id=2"),
        ({"subnet_id": 7}, 4, "Invalid subnet-id: No IPv6 subnet with subnet-id=7 currently configured."),
        ({"subnet_id": 7, "hw_address": "zz", "iaid": "x"}, 4, "Invalid subnet-id: No IPv6 subnet with subnet-id=7 "),
        ({"duid": "0102"}, 1, "identifier is too short (2), at least 3 is required"),
        ({"duid": "01" * 131}, 1, "identifier is too large (131), at most 130 is required"),
        ({"duid": "00:00:00"}, 1, "Lease6: 2001:db8::1:11, state: default, has no DUID"),
        ({"duid": "00:00:00", "state": 2}, 1, "Lease6: 2001:db8::1:11, state: expired-reclaimed, has no DUID"),
        ({"type": "IA_XX"}, 1, "Incorrect lease type: IA_XX, the only supported values are: IA_NA and IA_PD"),
        ({"type": "0"}, 1, "Incorrect lease type: 0, the only supported values are: IA_NA and IA_PD"),
        ({"type": 0}, 1, "invalid type specified for parameter 'type' (<wire>:0:105)"),
        ({"type": "IA_PD"}, 1, "missing parameter 'prefix-len' (<wire>:0:37)"),
        ({"type": "IA_TA"}, 1, IN_SUBNET_1_ONLY),
        ({"type": "IA_PD", "prefix_len": 0}, 1, IN_SUBNET_1_ONLY),
        ({"iaid": -1}, 1, "out of range value (-1) specified for parameter 'iaid' (<wire>:0:95)"),
        ({"iaid": 2**32}, 1, "out of range value (4294967296) specified for parameter 'iaid' (<wire>:0:95)"),
        ({"iaid": "x", "pool_id": "x"}, 1, "invalid type specified for parameter 'pool-id' (<wire>:0:109)"),
        ({"iaid": "x", "hw_address": "zz"}, 1, "invalid type specified for parameter 'iaid' (<wire>:0:95)"),
        ({"hw_address": "0200"}, 1, "invalid format of the decoded string '0200'"),
        ({"preferred_lft": -1}, 1, "out of range value (-1) specified for parameter 'preferred-lft' (<wire>:0:114)"),
        (
            {"preferred_lft": "x", "valid_lft": "x"},
            1,
            "invalid type specified for parameter 'valid-lft' (<wire>:0:130)",
        ),
        ({"expire": 0}, 1, "expiration time must be positive for address 2001:db8::1:11"),
        ({"expire": 100}, 1, "expiration time must be greater than valid lifetime for address 2001:db8::1:11"),
        ({"fqdn_rev": True}, 1, "No hostname specified and either forward or reverse fqdn was set to true."),
        ({"state": 5}, 1, "Invalid state value: 5, supported values are: 0 (default), 1 (declined), "),
        ({"user_context": []}, 1, "Invalid user context '[  ]' is not a JSON map."),
        ({"force_create": "x"}, 1, "invalid type specified for parameter 'force-create' (<wire>:0:113)"),
    ],
)
@pytest.mark.parametrize("command", ["lease6-add", "lease6-update"])
async def test_what_is_refused(
    commands6: Commands6, server6: LeaseServer6, command: str, more: dict[str, Any], result: int, text: str
) -> None:
    if command == "lease6-update":
        await commands6.add(0x11)
        text = re.sub(r"(?<=wire>:0:)\d+", lambda found: str(int(found[0]) + 3), text)  # the name is longer
    before = len(server6.store)
    answer = await commands6(command, **(ADDRESS | more))
    assert answer["result"] == result
    assert answer["text"].startswith(text)
    assert len(server6.store) == before


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"prefix_len": 0}, "Invalid prefix length: 0"),
        ({"prefix_len": 129}, "Invalid prefix length: 129"),
        ({"prefix_len": 300}, "out of range value (300) specified for parameter 'prefix-len' (<wire>:0:132)"),
        (
            {"ip_address": "2001:db8:8000:1234::"},
            "Prefix address: 2001:db8:8000:1234:: exceeds prefix/prefix-len pair: 2001:db8:8000:1200::/56",
        ),
        (
            {"prefix_len": 8, "duid": "00:00:00"},
            "Prefix address: 2001:db8:8000:1200:: exceeds prefix/prefix-len pair: ",
        ),
        ({"prefix_len": 0, "state": 1, "user_context": []}, "Invalid declined state for PD prefix."),
        ({"prefix_len": 0, "user_context": []}, "Invalid user context '[  ]' is not a JSON map."),
    ],
)
async def test_what_is_refused_of_prefixes(commands6: Commands6, more: dict[str, Any], text: str) -> None:
    answer = await commands6("lease6-add", **({**PREFIX, "subnet_id": 1} | more))
    assert answer["result"] == 1
    assert answer["text"].startswith(text)


async def test_a_prefix_may_lie_outside_of_its_subnet_an_address_not(commands6: Commands6) -> None:
    assert (await commands6.add_prefix(0x12, subnet_id=2))["result"] == 0
    temporary = await commands6("lease6-add", {"ip-address": "2001:db8:77::1", "duid": "010203", "iaid": 1,
                                               "type": "IA_TA", "subnet-id": 1})  # fmt: skip
    assert temporary["text"] == "Lease for prefix 2001:db8:77::1/128, subnet-id 1 added."
    assert (await commands6("lease6-get", ip_address="2001:db8:77::1", type="IA_TA"))["result"] == 0
    assert (await commands6("lease6-add", ip_address="2001:db8:77::2", duid="010203", iaid=1))["result"] == 4


@pytest.mark.parametrize(
    ("command", "arguments", "text"),
    [
        ("lease6-add", ..., "no parameters specified for the command"),
        ("lease6-update", ..., "no parameters specified for lease6-update command"),
        ("lease6-write", ..., "no parameters specified for the command"),
        ("lease6-add", {}, "missing parameter 'ip-address' (<wire>:0:37)"),
        ("lease6-add", {"ip-address": "2001:db8::1"}, "missing parameter 'duid' (<wire>:0:37)"),
        ("lease6-add", {"ip-address": "2001:db8::1", "duid": "010203"}, "missing parameter 'iaid' (<wire>:0:37)"),
        ("lease6-add", {"ip-address": "10.0.0.1"}, "Non-IPv6 address specified: 10.0.0.1"),
        ("lease6-add", [], "get(string) called on a non-map Element in (<wire>:0:37)"),
        ("lease6-wipe", [], "contains(string) called on a non-map Element in (<wire>:0:38)"),
        ("lease6-del", {"ip-address": "2001:db8::1", "update-ddns": "x"}, "'update-ddns' is not a boolean"),
        (
            "lease6-del",
            {"subnet-id": 1, "identifier-type": "hw-address", "identifier": "01:02"},
            "Delete by hw-address is not allowed in v6.",
        ),
        (
            "lease6-del",
            {"subnet-id": 1, "identifier-type": "client-id", "identifier": "01:02"},
            "Unknown query type: 3",
        ),
    ],
)
async def test_arguments_that_are_none(commands6: Commands6, command: str, arguments: Any, text: str) -> None:
    assert await commands6(command, arguments) == {"result": 1, "text": text}


async def test_extended_info_is_put_right(commands6: Commands6) -> None:
    relay = {"hop": 0, "link": "::", "peer": "fe80::1", "options": "0x002500070000000a010203"}
    await commands6.add(0x11, user_context={"ISC": {"relays": [relay]}})
    lease = await commands6.get(0x11)
    assert lease["user-context"] == {"ISC": {"relay-info": [{**relay, "remote-id": "0000000A010203"}]}}


async def test_an_update_replaces_everything(commands6: Commands6) -> None:
    await commands6.add(0x11, hostname="h", valid_lft=100, hw_address="02:01", user_context={"a": 1})
    assert await commands6("lease6-update", **{**ADDRESS, "iaid": 7}) == {"result": 0, "text": "IPv6 lease updated."}
    lease = await commands6.get(0x11)
    assert (lease["iaid"], lease["hostname"], lease["valid-lft"]) == (7, "", 4000)
    assert not {"hw-address", "user-context"} & lease.keys()


async def test_an_update_of_a_prefix_may_change_its_length(commands6: Commands6, server6: LeaseServer6) -> None:
    await commands6.add_prefix(0x12)
    assert (await commands6("lease6-update", **{**PREFIX, "prefix_len": 60, "subnet_id": 1}))["result"] == 0
    found = await commands6("lease6-get", ip_address=prefix(0x12), type="IA_PD")
    assert found["arguments"]["prefix-len"] == 60


async def test_an_update_of_what_is_not_there(commands6: Commands6) -> None:
    lease = {**ADDRESS, "ip_address": "2001:db8::1:12"}
    assert await commands6("lease6-update", **lease) == {"result": 4, "text": GONE}
    assert await commands6("lease6-update", **{**lease, "duid": "00:00:00"}) == {"result": 4, "text": GONE}
    assert await commands6("lease6-update", **lease, force_create=True) == {"result": 0, "text": "IPv6 lease added."}
    assert (await commands6.get(0x12))["duid"] == "00:01:02:11"


async def test_registered_addresses_stay_registered_and_no_others_become_so(commands6: Commands6) -> None:
    await commands6.add(0x11, state=4)
    for state in (0, 1, 2, 3):
        answer = await commands6("lease6-update", **ADDRESS, state=state)
        assert answer == {"result": 1, "text": "illegal reuse of registered address 2001:db8::1:11"}
    assert (await commands6("lease6-update", **ADDRESS, state=4, hostname="x"))["result"] == 0
    for state in (0, 2, 3):
        await commands6.add(0x12, state=state)
        twelve = {**ADDRESS, "ip_address": "2001:db8::1:12"}
        answer = await commands6("lease6-update", **twelve, state=4, force_create=True)
        assert answer == {"result": 1, "text": "address in use: 2001:db8::1:12 can't be registered"}
        await commands6("lease6-del", ip_address="2001:db8::1:12")


async def test_an_address_that_a_packet_is_about_to_get(commands6: Commands6, server6: LeaseServer6) -> None:
    server6.busy.add(parse_ip6("2001:db8::1:11"))
    busy = "ResourceBusy: IP address:2001:db8::1:11 could not be "
    assert await commands6.add(0x11) == {"result": 4, "text": busy + "added."}
    assert await commands6("lease6-update", **ADDRESS, force_create=True) == {"result": 4, "text": busy + "updated."}


async def test_deleting(commands6: Commands6) -> None:
    await commands6.add(0x11)
    await commands6.add_prefix(0x12)
    gone, missing = {"result": 0, "text": "IPv6 lease deleted."}, {"result": 3, "text": "IPv6 lease not found."}
    client = {"subnet-id": 1, "identifier-type": "duid", "identifier": "00010211"}
    assert await commands6("lease6-del", client) == missing, "another IAID"
    assert await commands6("lease6-del", {**client, "iaid": 17, "update-ddns": True}) == gone
    assert await commands6("lease6-del", {**client, "iaid": 17}) == missing
    assert await commands6("lease6-del", ip_address=prefix(0x12)) == missing, "an address, not a prefix"
    assert await commands6("lease6-del", ip_address=prefix(0x12), type="IA_PD") == gone


async def test_wiping(commands6: Commands6, server6: LeaseServer6) -> None:
    for last in range(0x10, 0x15):
        await commands6.add(last, state=last - 0x10)
    await commands6.add_prefix(0x12)
    await commands6("lease6-add", ip_address="2001:db8:1::1", duid="010203", iaid=1)

    async def wipe(**arguments: int) -> dict[str, Any]:
        return await commands6("lease6-wipe", {name.replace("_", "-"): value for name, value in arguments.items()})

    text = "Deleted {} IPv6 lease(s) from subnet(s) {}"
    assert await wipe(subnet_id=7) == {"result": 3, "text": text.format(0, 7)}
    assert await wipe(subnet_id=1) == {"result": 0, "text": text.format(6, 1)}
    assert await wipe() == {"result": 0, "text": text.format(1, "1 2")}
    assert await wipe() == {"result": 3, "text": text.format(0, "1 2")}
    assert len(server6.store) == 0
    for name in ("assigned-nas", "assigned-pds", "declined-addresses", "registered-nas"):
        assert server6.counted(f"subnet[1].{name}") == 0


def counts(server: LeaseServer6, place: str) -> tuple[int, int]:
    return server.counted(place + "assigned-nas"), server.counted(place + "declined-addresses")


async def test_what_counts(commands6: Commands6, server6: LeaseServer6) -> None:
    subnet, pool = "subnet[1].", "subnet[1].pool[0]."
    await commands6.add(0x11)
    await commands6.add(0x12, state=1)
    await commands6.add(0x13, state=2)
    await commands6.add(0x14, state=3)
    assert counts(server6, subnet) == counts(server6, pool) == (2, 1)
    await commands6("lease6-update", **ADDRESS, state=1)
    assert counts(server6, subnet) == (2, 2)
    await commands6("lease6-update", **ADDRESS, state=2)
    assert counts(server6, subnet) == (1, 1)
    await commands6("lease6-del", ip_address="2001:db8::1:12")
    assert counts(server6, subnet) == (0, 0)
    assert server6.counted(subnet + "cumulative-assigned-nas") == 0
    assert server6.counted("cumulative-assigned-nas") == 0


async def test_how_prefixes_count(commands6: Commands6, server6: LeaseServer6) -> None:
    await commands6.add_prefix(0x12)
    await commands6("lease6-add", **{**PREFIX, "ip_address": "2001:db8:9000::", "subnet_id": 1})
    names = ("subnet[1].assigned-pds", "subnet[1].pd-pool[0].assigned-pds", "subnet[2].assigned-pds")
    assert [server6.counted(name) for name in names] == [2, 1, 0]
    await commands6("lease6-update", **PREFIX, subnet_id=2)
    assert [server6.counted(name) for name in names] == [1, 0, 1]
    assert server6.counted("subnet[1].assigned-nas") == 0
    assert server6.counted("cumulative-assigned-pds") == 0


async def test_registered_addresses_count_as_such(commands6: Commands6, server6: LeaseServer6) -> None:
    await commands6.add(0x11, state=4)
    assert server6.counted("subnet[1].registered-nas") == 1
    assert server6.counted("subnet[1].assigned-nas") == 0
    for place in ("", "subnet[1]."):
        assert server6.counted(place + "cumulative-registered-nas") == 0, "no client has done it"
    await commands6("lease6-del", ip_address="2001:db8::1:11")
    assert server6.counted("subnet[1].registered-nas") == 0


async def test_what_is_not_stored_is_not_confirmed(
    commands6: Commands6, server6: LeaseServer6, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail() -> None:
        raise StoreError("the disk is full")

    monkeypatch.setattr(server6, "durable", fail)
    failed = {"result": 1, "text": "the disk is full"}
    assert await commands6.add(0x11) == failed
    assert (
        await commands6("lease6-bulk-apply", leases=[{"ip-address": "2001:db8::1:12", "duid": "010203", "iaid": 1}])
        == failed
    )


@pytest.mark.parametrize(
    ("arguments", "result", "text"),
    [
        (..., 1, "'ip-address' parameter is missing."),
        ({}, 1, "'ip-address' parameter is missing."),
        ({"ip-address": 5}, 1, "'ip-address' is not a string."),
        ({"ip-address": "x"}, 1, "'x' is not a valid IP address."),
        ({"ip-address": "10.0.0.1"}, 1, "Invalid IPv6 address specified: 10.0.0.1"),
        ({"ip-address": "2001:db8::1"}, 4, "DDNS updating is not enabled"),
    ],
)
async def test_no_dns_updates_to_send_again(commands6: Commands6, arguments: Any, result: int, text: str) -> None:
    assert await commands6("lease6-resend-ddns", arguments) == {"result": result, "text": text}


@pytest.mark.parametrize(
    ("fields", "result", "text"),
    [
        ({"hostname": "a.b.", "fqdn-fwd": True}, 0, "NCR generated for: 2001:db8::1:11, hostname: a.b."),
        ({}, 4, "Lease for: 2001:db8::1:11, has no hostname, nothing to update"),
        ({"hostname": "a.b."}, 4, "Neither forward nor reverse updates enabled for lease for: 2001:db8::1:11"),
    ],
)
async def test_dns_updates_to_send_again(
    commands6: Commands6, server6: LeaseServer6, fields: dict[str, Any], result: int, text: str
) -> None:
    server6.config = replace(server6.config, d2_client=D2Client(enable_updates=True))
    await commands6.add(0x11, **fields)
    assert await commands6("lease6-resend-ddns", {"ip-address": "2001:db8::1:11"}) == {"result": result, "text": text}
    assert server6.told == ([("add", "a.b.")] if not result else [])
    missing = await commands6("lease6-resend-ddns", {"ip-address": "2001:db8::1:12"})
    assert missing == {"result": 3, "text": "No lease found for: 2001:db8::1:12"}
    await commands6("lease6-del", {"ip-address": "2001:db8::1:11", "update-ddns": True})
    assert server6.told[-1] == ("remove", fields.get("hostname", ""))


async def test_writing_another_file(commands6: Commands6, tmp_path: Path) -> None:
    await commands6.add_prefix(0x12)
    await commands6.add(0x11)
    assert await commands6("lease6-write", filename="out.csv") == {
        "result": 0,
        "text": f"IPv6 lease database into '{tmp_path}/out.csv'.",
    }
    rows = (tmp_path / "out.csv").read_text().splitlines()
    assert rows[0].startswith("address,duid,valid_lifetime,expire,subnet_id,pref_lifetime,lease_type,iaid,prefix_len,")
    assert [row.split(",")[0] for row in rows[1:]] == ["2001:db8::1:11", prefix(0x12)]


async def test_writing_the_lease_file_itself(commands6: Commands6, lease_file6: Path) -> None:
    for last in (0x11, 0x12):
        await commands6.add(last)
    await commands6("lease6-del", ip_address="2001:db8::1:12")
    assert (await commands6("lease6-write", filename=lease_file6.name))["result"] == 0
    assert len(lease_file6.read_text().splitlines()) == 2, "one row a lease, none that takes one away"
    await commands6.add(0x13)
    assert len(lease_file6.read_text().splitlines()) == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "'filename' parameter not specified"),
        ({"filename": 5}, "'filename' parameter must be a string"),
        ({"filename": ""}, "'filename' parameter is invalid: path: '' has no filename"),
        (
            {"filename": "/somewhere/out.csv"},
            "'filename' parameter is invalid: invalid path specified: '/somewhere', supported path is 'DIR'",
        ),
    ],
)
async def test_where_files_may_not_be(commands6: Commands6, tmp_path: Path, arguments: Any, text: str) -> None:
    assert await commands6("lease6-write", arguments) == {"result": 1, "text": text.replace("DIR", str(tmp_path))}
