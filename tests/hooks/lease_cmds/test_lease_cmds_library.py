"""The library itself: where it loads, the commands for IPv6 leases in a server that has none, and its page."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kead.config import schema4, schema6
from kead.config.reader import read_text
from kead.config.resolve4 import load4
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.dhcp4 import options as options4
from kead.dhcp4.hook_points import POINTS as POINTS4
from kead.dhcp6 import options as options6
from kead.dhcp6.hook_points import POINTS as POINTS6
from kead.hooks.errors import LibraryError
from kead.hooks.instance import Host
from kead.hooks.loading import load
from tests.hooks.lease_cmds.conftest import Commands, Commands6, library

PAGE = Path(__file__).parents[3] / "docs" / "hooks" / "lease_cmds.md"


NAMES = "add del get get-all get-by-hostname get-by-hw-address get-by-state get-page resend-ddns update wipe write"
FOUR = {f"lease4-{name}" for name in [*NAMES.split(), "get-by-client-id"]}
SIX = {f"lease6-{name}" for name in [*NAMES.split(), "get-by-duid", "bulk-apply"]}


async def test_its_commands(commands: Commands) -> None:
    assert set(commands.names) == FOUR | SIX


async def test_its_commands_in_a_dhcpv6_server(commands6: Commands6) -> None:
    assert set(commands6.names) == SIX
    answer = await commands6("lease4-get-all")
    assert answer == {"result": 2, "text": "'lease4-get-all' command not supported."}


@pytest.mark.parametrize(
    ("parameters", "process", "why"),
    [
        ({}, "kead-dhcp-ddns", "lease_cmds is for kead-dhcp4 and kead-dhcp6, it cannot be loaded by kead-dhcp-ddns"),
        ({"foo": 1}, "kead-dhcp4", "lease_cmds has no parameter 'foo'"),
        ({"binding-variables": 1}, "kead-dhcp4", "'binding-variables' must be a list"),
        ({"binding-variables": [{}]}, "kead-dhcp4", "'binding-variables' are not supported yet"),
        ({"binding-variables": [{}]}, "kead-dhcp6", "'binding-variables' are not supported yet"),
    ],
)
async def test_what_it_does_not_load_with(parameters: Any, process: str, why: str) -> None:
    with pytest.raises(LibraryError, match=re.escape(why)):
        await library(None, parameters, process)


async def test_it_loads_without_variables() -> None:
    await (await library(None, {"binding-variables": []})).unload()


LEASE = {"ip-address": "2001:db8::1", "duid": "00:01:02:03", "iaid": 1}
NO_SUBNET = "Invalid subnet-id: No IPv6 subnet with subnet-id=1 currently configured."
NONE = "0 IPv6 lease(s) found."


@pytest.mark.parametrize(
    ("command", "arguments", "result", "text"),
    [
        ("add", LEASE, 4, "subnet-id not specified and failed to find a subnet for address 2001:db8::1"),
        ("add", LEASE | {"subnet-id": 1}, 4, NO_SUBNET),
        ("add", LEASE | {"ip-address": "10.0.1.11"}, 1, "Non-IPv6 address specified: 10.0.1.11"),
        ("add", LEASE | {"duid": "01"}, 1, "identifier is too short (1), at least 3 is required"),
        ("add", {}, 1, "missing parameter 'ip-address' (<wire>:0:37)"),
        (
            "add",
            LEASE | {"type": "foo"},
            1,
            "Incorrect lease type: foo, the only supported values are: IA_NA and IA_PD",
        ),
        (
            "add",
            LEASE | {"type": "IA_PD", "prefix-len": 56},
            1,
            "Subnet-id is 0 or not specified. This is allowed for address leases only, not prefix leases.",
        ),
        ("add", LEASE | {"type": "IA_PD", "prefix-len": 0, "subnet-id": 1}, 4, NO_SUBNET),
        ("update", LEASE | {"subnet-id": 1, "force-create": True}, 4, NO_SUBNET),
        ("get", {"ip-address": "2001:db8::1"}, 3, "Lease not found."),
        ("get", {"ip-address": "10.0.1.11"}, 1, "Invalid IPv6 address specified: 10.0.1.11"),
        (
            "get",
            {"subnet-id": 1, "identifier-type": "hw-address", "identifier": "02:00"},
            1,
            "Query by hw-address is not allowed in v6.",
        ),
        ("del", {"ip-address": "2001:db8::1"}, 3, "IPv6 lease not found."),
        ("get-all", ..., 3, NONE),
        ("get-all", {"subnets": [1]}, 3, NONE),
        ("get-page", {"from": "start", "limit": 5}, 3, NONE),
        ("get-page", {"from": "10.0.1.1", "limit": 5}, 1, "'from' parameter value 10.0.1.1 is not an IPv6 address"),
        ("get-by-duid", {"duid": "00:01:02:03"}, 3, NONE),
        ("get-by-hw-address", {"hw-address": "02:00"}, 3, NONE),
        ("get-by-hostname", {"hostname": "x"}, 3, NONE),
        ("get-by-state", {"state": "declined"}, 3, NONE),
        ("wipe", ..., 3, "Deleted 0 IPv6 lease(s) from subnet(s)"),
        ("wipe", {"subnet-id": 1}, 3, "Deleted 0 IPv6 lease(s) from subnet(s) 1"),
        ("bulk-apply", {}, 1, "neither 'deleted-leases' nor 'leases' parameter specified"),
        ("bulk-apply", {"leases": 5}, 1, "the 'leases' parameter must be a list"),
        ("bulk-apply", {"leases": []}, 3, "Bulk apply of 0 IPv6 leases completed."),
        ("bulk-apply", {"leases": [LEASE | {"subnet-id": 1}]}, 1, NO_SUBNET),
        ("bulk-apply", {"deleted-leases": [LEASE]}, 3, "Bulk apply of 0 IPv6 leases completed."),
        ("resend-ddns", {"ip-address": "2001:db8::1"}, 4, "DDNS updating is not enabled"),
        ("write", {"filename": "x"}, 1, "this server has no IPv6 leases to write"),
    ],
)
async def test_ipv6_leases_where_there_are_none(
    commands: Commands, command: str, arguments: Any, result: int, text: str
) -> None:
    answer = await commands(f"lease6-{command}", arguments)
    assert (answer["result"], answer["text"]) == (result, text)


def examples() -> list[str]:
    return re.findall(r"^```json\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def of_family(family: str) -> tuple[str, list[dict[str, Any]]]:
    """A family's configuration, and its commands in the order of the page."""
    [configuration] = [text for text in examples() if f'"Dhcp{family}"' in text]
    requests = [json.loads(text) for text in examples() if '"command"' in text]
    return configuration, [request for request in requests if request["command"].startswith(f"lease{family}-")]


async def test_the_configuration_of_its_page_loads_it() -> None:
    text, _ = of_family("4")
    loaded = load4(read_text(text, "F", schema4.KEYWORDS), options4.STANDARD, context=Restrictions(enforce=False))
    running = await load(loaded.hooks_libraries, Host("kead-dhcp4", POINTS4, SimpleNamespace()), confined=False)
    assert "lease4-add" in running.commands
    await running.unload()


async def test_the_configuration_of_its_page_loads_it_in_a_dhcpv6_server() -> None:
    text, _ = of_family("6")
    loaded = load6(read_text(text, "F", schema6.KEYWORDS), options6.STANDARD, context=Restrictions(enforce=False))
    running = await load(loaded.hooks_libraries, Host("kead-dhcp6", POINTS6, SimpleNamespace()), confined=False)
    assert "lease6-add" in running.commands
    await running.unload()


async def test_the_commands_of_its_page_work(commands: Commands, commands6: Commands6) -> None:
    for family, send in (("4", commands), ("6", commands6)):
        _, requests = of_family(family)
        assert requests
        for request in requests:
            answer = await send(request["command"], request.get("arguments", ...))
            assert answer["result"] == 0, (request, answer)


def test_its_page_names_every_command() -> None:
    text = PAGE.read_text()
    assert {name for name in FOUR | SIX if f"`{name}`" not in text} == set()
