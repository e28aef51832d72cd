"""The server's own control commands: those of both families, and which subnet would serve."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.commands_contract import *  # noqa: F403 - the tests of both families
from tests.dhcp6.test_server import Up, running, up

__all__ = ("running", "up")  # fixtures

SUBNETS = [
    {"id": 1, "subnet": "2001:db8:1::/64", "interface-id": "port7"},
    {"id": 2, "subnet": "2001:db8:2::/64", "client-classes": ["foo"]},
    {"id": 3, "subnet": "2001:db8:3::/64"},
    {"id": 4, "subnet": "2001:db8:4::/64", "interface": "lo"},
]
NETWORKS = [{"name": "floor", "subnet6": [{"id": 9, "subnet": "2001:db8:9::/64"}]}]
PORT7 = "2001:db8:3::1"


@pytest.mark.parametrize(
    ("facts", "result", "text"),
    [
        (None, 1, "empty arguments"),
        ({}, 3, "no subnet selected"),
        ([], 1, "arguments must be a map"),
        ({"foo": 1}, 1, "unknown entry 'foo'"),
        ({"relay": "2001:db8:3::1"}, 1, "unknown entry 'relay'"),
        ({"interface": 1}, 1, "'interface' entry must be a string"),
        ({"interface": "lo"}, 0, "selected subnet '2001:db8:4::/64' id 4"),
        ({"interface": "no-such"}, 3, "no subnet selected"),
        ({"interface-id": "port7", "link": PORT7}, 1, "value of 'interface-id' was not recognized"),
        ({"interface-id": "", "link": PORT7}, 1, "'interface-id' must be not empty"),
        ({"interface-id": "'port7'", "link": PORT7}, 0, "selected subnet '2001:db8:1::/64' id 1"),
        ({"interface-id": "70:6f:72:74:37", "link": PORT7}, 0, "selected subnet '2001:db8:1::/64' id 1"),
        ({"remote": "10.0.0.1"}, 1, "bad 'remote' entry: not IPv6"),
        ({"link": "x"}, 1, "bad 'link' entry: Failed to convert string to address 'x': Invalid argument"),
        ({"remote": "2001:db8:3::1"}, 0, "selected subnet '2001:db8:3::/64' id 3"),
        ({"link": "2001:db8:9::1"}, 0, "selected shared network 'floor' starting with subnet '2001:db8:9::/64' id 9"),
        ({"link": "::", "remote": "2001:db8:3::1"}, 0, "selected subnet '2001:db8:3::/64' id 3"),
        ({"link": "fe80::1", "remote": "2001:db8:3::1"}, 3, "no subnet selected"),
        ({"link": "2001:db8:2::1"}, 3, "no subnet selected"),
        ({"link": "2001:db8:2::1", "classes": ["foo"]}, 0, "selected subnet '2001:db8:2::/64' id 2"),
        ({"classes": "foo"}, 1, "'classes' entry must be a list"),
        ({"classes": [1]}, 1, "'classes' entry must be a list of strings"),
    ],
)
async def test_which_subnet_would_serve(running: Up, facts: Any, result: int, text: str) -> None:
    """What Kea 3.0.4 answers."""
    answer = await running.set(subnet6=SUBNETS, shared_networks=NETWORKS, client_classes=[{"name": "foo"}])
    assert answer.result == 0, answer.text
    document = {"command": "subnet6-select-test", **({} if facts is None else {"arguments": facts})}
    assert await running.document(json.dumps(document)) == (result, text)
