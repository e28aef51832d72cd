"""Commands that change leases: answers, what is stored before they leave, and what is counted."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kead.allocation.occupancy import Occupancy
from kead.config.snapshot import D2Client
from kead.leases.memfile4 import Memfile4, MemfileSettings
from kead.leases.store4 import StoreError
from kead.leases.writing import dump
from kead.wire.address import parse_ip4
from tests.hooks.lease_cmds.conftest import Commands, LeaseServer

GONE = (
    "failed to update the lease with address 10.0.1.12 either because the lease has been deleted or it has changed "
    "in the database, in both cases a retry might succeed"
)


def counts(server: LeaseServer, place: str = "") -> tuple[int, int]:
    return server.counted(place + "assigned-addresses"), server.counted(place + "declined-addresses")


async def test_a_lease_is_stored_before_it_is_confirmed(commands: Commands, lease_file: Path) -> None:
    await commands.add(11, valid_lft=100, expire=2000000000)
    assert lease_file.read_text().splitlines()[1:] == [
        "10.0.1.11,02:00:00:00:01:0b,,100,2000000000,1,0,0,,0,,0",
    ]
    await commands("lease4-del", ip_address="10.0.1.11")
    assert lease_file.read_text().splitlines()[2:] == ["10.0.1.11,02:00:00:00:01:0b,,0,1999999900,1,0,0,,0,,0"]


async def test_an_address_has_one_lease(commands: Commands) -> None:
    await commands.add(11)
    assert await commands.add(11, hw_address="02:02") == {"result": 4, "text": "IPv4 lease already exists."}
    assert await commands.add(11, hw_address="") == {"result": 4, "text": "IPv4 lease already exists."}
    assert (await commands.get(11))["hw-address"] == "02:00:00:00:01:0b"


@pytest.mark.parametrize(
    ("more", "result", "text"),
    [
        ({"subnet_id": 2}, 4, "The address 10.0.1.11 does not belong to subnet 10.1.0.0/16, subnet-id=2"),
        ({"subnet_id": 7}, 4, "Invalid subnet-id: No IPv4 subnet with subnet-id=7 currently configured."),
        ({"subnet_id": "x"}, 1, "invalid type specified for parameter 'subnet-id' (<wire>:0:107)"),
        ({"subnet_id": []}, 1, "invalid type specified for parameter 'subnet-id' (<wire>:0:108)"),
        ({"subnet_id": -1}, 1, "out of range value (-1) specified for parameter 'subnet-id' (<wire>:0:107)"),
        ({"valid_lft": 2**32}, 1, "out of range value (4294967296) specified for parameter 'valid-lft' (<wire>:0:107)"),
        ({"hw_address": "0200"}, 1, "invalid format of the decoded string '0200'"),
        ({"hw_address": ":".join(["02"] * 21)}, 1, "address vector size exceeds MAX_HWADDR_LEN"),
        ({"hw_address": ""}, 1, "Lease4: 10.0.1.11, state: default has neither hardware address or client id"),
        ({"client_id": "02"}, 1, "identifier is too short (1), at least 2 is required"),
        ({"client_id": ":".join(["02"] * 256)}, 1, "identifier is too large (256), at most 255 is required"),
        ({"expire": 0}, 1, "expiration time must be positive for address 10.0.1.11"),
        ({"expire": 100}, 1, "expiration time must be greater than valid lifetime for address 10.0.1.11"),
        ({"fqdn_rev": True}, 1, "No hostname specified and either forward or reverse fqdn was set to true."),
        (
            {"state": 5},
            1,
            "Invalid state value: 5, supported values are: 0 (default), 1 (declined), 2 (expired-reclaimed), "
            "3 (released) and 4 (registered)",
        ),
        ({"user_context": []}, 1, "Invalid user context '[  ]' is not a JSON map."),
        (
            {"user_context": {"comment": "one"}, "comment": "two"},
            1,
            'Duplicated comment entry \'"two"\' in user context \'{ "comment": "one" }\'',
        ),
        ({"force_create": "x"}, 1, "invalid type specified for parameter 'force-create' (<wire>:0:110)"),
    ],
)
@pytest.mark.parametrize("command", ["lease4-add", "lease4-update"])
async def test_what_is_refused(
    commands: Commands, server: LeaseServer, command: str, more: dict[str, Any], result: int, text: str
) -> None:
    lease = {"ip_address": "10.0.1.11", "hw_address": "02:00:00:00:01:0b"} | more
    if command == "lease4-update":
        await commands.add(11)
        text = re.sub(r"(?<=wire>:0:)\d+", lambda found: str(int(found[0]) + 3), text)  # the name is longer
    before = len(server.store)
    assert await commands(command, **lease) == {"result": result, "text": text}
    assert len(server.store) == before


@pytest.mark.parametrize(
    ("command", "arguments", "text"),
    [
        ("lease4-add", ..., "no parameters specified for the command"),
        ("lease4-update", ..., "no parameters specified for lease4-update command"),
        ("lease4-write", ..., "no parameters specified for the command"),
        ("lease4-add", {}, "missing parameter 'ip-address' (<wire>:0:37)"),
        ("lease4-add", {"ip-address": "10.0.1.1"}, "missing parameter 'hw-address' (<wire>:0:37)"),
        ("lease4-add", {"ip-address": "::1"}, "Non-IPv4 address specified: ::1"),
        (
            "lease4-add",
            {"ip-address": "x"},
            "Failed to convert 'x' to address: Failed to convert string to address 'x': Invalid argument(<wire>:0:50)",
        ),
        ("lease4-add", [], "get(string) called on a non-map Element in (<wire>:0:37)"),
        ("lease4-wipe", [], "contains(string) called on a non-map Element in (<wire>:0:38)"),
        ("lease4-wipe", {"subnet-id": "x"}, "invalid type specified for parameter 'subnet-id' (<wire>:0:50)"),
        ("lease4-del", {"ip-address": "10.0.1.1", "update-ddns": "x"}, "'update-ddns' is not a boolean"),
        (
            "lease4-del",
            {"subnet-id": 1, "identifier-type": "duid", "identifier": "010203"},
            "Delete by duid is not allowed in v4.",
        ),
    ],
)
async def test_arguments_that_are_none(commands: Commands, command: str, arguments: Any, text: str) -> None:
    assert await commands(command, arguments) == {"result": 1, "text": text}


async def test_no_subnet_for_an_address(commands: Commands) -> None:
    assert await commands("lease4-add", ip_address="192.0.2.1", hw_address="02:00") == {
        "result": 4,
        "text": "subnet-id not specified and failed to find a subnet for address 192.0.2.1",
    }


async def test_an_update_replaces_everything(commands: Commands) -> None:
    await commands.add(11, client_id="01:02", hostname="h", valid_lft=100, user_context={"a": 1})
    assert await commands("lease4-update", ip_address="10.0.1.11", hw_address="02:02") == {
        "result": 0,
        "text": "IPv4 lease updated.",
    }
    lease = await commands.get(11)
    assert (lease["hw-address"], lease["hostname"], lease["valid-lft"]) == ("02:02", "", 4000)
    assert not {"client-id", "user-context"} & lease.keys()


async def test_an_update_of_what_is_not_there(commands: Commands) -> None:
    lease = {"ip-address": "10.0.1.12", "hw-address": "02:02"}
    assert await commands("lease4-update", lease) == {"result": 4, "text": GONE}
    assert await commands("lease4-update", {**lease, "hw-address": ""}) == {"result": 4, "text": GONE}
    assert await commands("lease4-update", {**lease, "force-create": True}) == {
        "result": 0,
        "text": "IPv4 lease added.",
    }
    assert (await commands.get(12))["hw-address"] == "02:02"


async def test_an_address_that_a_packet_is_about_to_get(commands: Commands, server: LeaseServer) -> None:
    server.busy.add(parse_ip4("10.0.1.11"))
    assert await commands.add(11) == {
        "result": 4,
        "text": "ResourceBusy: IP address:10.0.1.11 could not be added.",
    }


async def test_deleting(commands: Commands) -> None:
    await commands.add(11, client_id="01:02:03")
    client = {"subnet-id": 1, "identifier-type": "client-id", "identifier": "010203"}
    assert await commands("lease4-del", client) == {"result": 0, "text": "IPv4 lease deleted."}
    assert await commands("lease4-del", client) == {"result": 3, "text": "IPv4 lease not found."}


async def test_wiping(commands: Commands, server: LeaseServer) -> None:
    for last in range(5):
        await commands.add(10 + last, state=last)
    await commands("lease4-add", ip_address="10.1.1.11", hw_address="02:00")
    assert await commands("lease4-wipe", subnet_id=7) == {
        "result": 3,
        "text": "Deleted 0 IPv4 lease(s) from subnet(s) 7",
    }
    assert await commands("lease4-wipe", subnet_id=2) == {
        "result": 0,
        "text": "Deleted 1 IPv4 lease(s) from subnet(s) 2",
    }
    assert await commands("lease4-wipe") == {"result": 0, "text": "Deleted 5 IPv4 lease(s) from subnet(s) 1 2"}
    assert len(server.store) == 0
    assert counts(server) == counts(server, "subnet[1].") == counts(server, "subnet[2].") == (0, 0)


@pytest.mark.parametrize("state", range(5))
async def test_what_a_lease_counts_as(commands: Commands, server: LeaseServer, state: int) -> None:
    places = ("", "subnet[1].", "subnet[1].pool[0].")
    counted = (int(state not in (2, 3)), int(state == 1))
    await commands.add(11, state=state)
    assert [counts(server, place) for place in places] == [counted] * 3
    assert server.counted("cumulative-assigned-addresses") == 0
    await commands("lease4-del", ip_address="10.0.1.11")
    assert [counts(server, place) for place in places] == [(0, 0)] * 3


@pytest.mark.parametrize("before", range(5))
@pytest.mark.parametrize("after", range(5))
async def test_what_an_update_counts_as(commands: Commands, server: LeaseServer, before: int, after: int) -> None:
    await commands.add(11, state=before)
    await commands("lease4-update", ip_address="10.0.1.11", hw_address="02:00", state=after)
    assert counts(server) == counts(server, "subnet[1].") == (int(after not in (2, 3)), int(after == 1))


async def test_outside_of_all_pools(commands: Commands, server: LeaseServer) -> None:
    await commands.add(77)
    assert counts(server, "subnet[1].") == (1, 0)
    assert counts(server, "subnet[1].pool[0].") == (0, 0)
    await commands("lease4-add", ip_address="10.1.1.10", hw_address="02:00")
    assert counts(server, "subnet[2].pool[7].") == (1, 0), "the pool that has the address counts, not what was said"


async def test_extended_info_is_put_right(commands: Commands) -> None:
    old = {"ISC": {"relay-agent-info": "0x0104AABBCCDD0204AABBCCDD0C0411223344"}}
    await commands.add(11, user_context=old)
    await commands.add(12, user_context={"ISC": 5, "x": 1})
    assert (await commands.get(11))["user-context"]["ISC"]["relay-agent-info"] == {
        "sub-options": "0x0104AABBCCDD0204AABBCCDD0C0411223344",
        "remote-id": "AABBCCDD",
        "relay-id": "11223344",
    }
    assert (await commands.get(12))["user-context"] == {"x": 1}


async def test_a_disk_that_is_full(commands: Commands, server: LeaseServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails() -> None:
        raise StoreError("cannot write the lease file F: No space left on device")

    monkeypatch.setattr(server, "durable", fails)
    assert await commands.add(11) == {"result": 1, "text": "cannot write the lease file F: No space left on device"}


@pytest.mark.parametrize(
    ("arguments", "result", "text"),
    [
        (..., 1, "'ip-address' parameter is missing."),
        ({}, 1, "'ip-address' parameter is missing."),
        ({"ip-address": 5}, 1, "'ip-address' is not a string."),
        ({"ip-address": "x"}, 1, "'x' is not a valid IP address."),
        ({"ip-address": "::1"}, 1, "Invalid IPv4 address specified: ::1"),
        ({"ip-address": "10.0.1.11"}, 4, "DDNS updating is not enabled"),
    ],
)
async def test_no_dns_updates_to_send_again(commands: Commands, arguments: Any, result: int, text: str) -> None:
    assert await commands("lease4-resend-ddns", arguments) == {"result": result, "text": text}


@pytest.mark.parametrize(
    ("fields", "result", "text"),
    [
        ({"hostname": "a.b.", "fqdn-fwd": True}, 0, "NCR generated for: 10.0.1.11, hostname: a.b."),
        ({}, 4, "Lease for: 10.0.1.11, has no hostname, nothing to update"),
        ({"hostname": "a.b."}, 4, "Neither forward nor reverse updates enabled for lease for: 10.0.1.11"),
    ],
)
async def test_dns_updates_to_send_again(
    commands: Commands, server: LeaseServer, fields: dict[str, Any], result: int, text: str
) -> None:
    server.config = replace(server.config, d2_client=D2Client(enable_updates=True))
    await commands.add(11, **fields)
    assert await commands("lease4-resend-ddns", {"ip-address": "10.0.1.11"}) == {"result": result, "text": text}
    assert server.told == ([("add", "a.b.")] if not result else [])
    missing = await commands("lease4-resend-ddns", {"ip-address": "10.0.1.12"})
    assert missing == {"result": 3, "text": "No lease found for: 10.0.1.12"}


async def test_dns_hears_of_a_deleted_lease_only_if_asked(commands: Commands, server: LeaseServer) -> None:
    for wanted, told in ((False, []), (True, [("remove", "a.b.")])):
        await commands.add(11, hostname="a.b.", **{"fqdn-fwd": True})
        deleted = await commands("lease4-del", {"ip-address": "10.0.1.11", "update-ddns": wanted})
        assert deleted["result"] == 0
        assert server.told == told


async def test_writing_another_file(commands: Commands, tmp_path: Path) -> None:
    await commands.add(12, hostname="x,y")
    await commands.add(11)
    (tmp_path / "out.csv").write_text("before")
    assert await commands("lease4-write", filename="out.csv") == {
        "result": 0,
        "text": f"IPv4 lease database into '{tmp_path}/out.csv'.",
    }
    rows = (tmp_path / "out.csv").read_text().splitlines()[1:]
    assert [row.split(",")[0] for row in rows] == ["10.0.1.11", "10.0.1.12"]
    [backup] = tmp_path.glob("out.csv.bak*")
    assert backup.read_text() == "before"
    assert not list(tmp_path.glob("*.tmp*"))


async def test_writing_the_lease_file_itself(commands: Commands, server: LeaseServer, lease_file: Path) -> None:
    for last in (11, 12, 13):
        await commands.add(last)
    await commands("lease4-del", ip_address="10.0.1.12")
    (lease_file.with_name("kea-leases4.csv.2")).write_text(lease_file.read_text())
    assert (await commands("lease4-write", filename=lease_file.name))["result"] == 0
    assert len(lease_file.read_text().splitlines()) == 3, "one row a lease, none that takes one away"
    await commands.add(14)
    await server.store.close()
    again = Memfile4.open(MemfileSettings(lease_file), Occupancy(), 0)
    assert len(again) == 3, "and what a clean-up had kept does not bring back what was deleted"
    assert await again.get(parse_ip4("10.0.1.14")) is not None
    await again.close()
    server.store = Memfile4.open(MemfileSettings(None), Occupancy(), 0)


async def test_what_changes_while_the_lease_file_is_written_is_in_it(
    commands: Commands, server: LeaseServer, lease_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for last in range(10, 20):
        await commands.add(last)

    async def change(dumped: Any) -> None:
        await dumped
        for last in (11, 12):
            await commands("lease4-del", ip_address=f"10.0.1.{last}")
        await commands.add(30)

    monkeypatch.setattr("kead.leases.memfile.dump", lambda *arguments: change(dump(*arguments)))
    await server.store.write_file(lease_file)
    again = Memfile4.open(MemfileSettings(lease_file), Occupancy(), 0)
    assert len(again) == len(server.store) == 9
    assert await again.get(parse_ip4("10.0.1.30")) is not None
    assert await again.get(parse_ip4("10.0.1.11")) is None
    await again.close()


async def test_not_while_a_clean_up_is_under_way(commands: Commands, lease_file: Path) -> None:
    await commands.add(11)
    lease_file.with_name("kea-leases4.csv.1").write_text("")
    assert await commands("lease4-write", filename=lease_file.name) == {
        "result": 1,
        "text": f"a clean-up of {lease_file} is under way",
    }


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "'filename' parameter not specified"),
        ({"filename": 5}, "'filename' parameter must be a string"),
        ({"filename": ""}, "'filename' parameter is invalid: path: '' has no filename"),
        ({"filename": "/"}, "'filename' parameter is invalid: path: '/' has no filename"),
        (
            {"filename": "/somewhere/out.csv"},
            "'filename' parameter is invalid: invalid path specified: '/somewhere', supported path is 'DIR'",
        ),
    ],
)
async def test_where_files_may_not_be(commands: Commands, tmp_path: Path, arguments: Any, text: str) -> None:
    assert await commands("lease4-write", arguments) == {"result": 1, "text": text.replace("DIR", str(tmp_path))}
