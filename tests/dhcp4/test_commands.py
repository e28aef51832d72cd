"""The server's own control commands, with Kea's texts (and the errors): those of both families, and DHCPv4's alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.commands_contract import *  # noqa: F403 - the tests of both families
from tests.dhcp4.test_server import Up, running, up

__all__ = ("running", "up")  # fixtures


class TestSelectTest:
    @pytest.mark.parametrize(
        ("arguments", "result", "text"),
        [
            ({"relay": "192.0.2.9"}, 0, "selected subnet '192.0.2.0/24' id 1"),
            ({"address": "192.0.2.9", "local": "192.0.2.1"}, 0, "selected subnet '192.0.2.0/24' id 1"),
            ({"remote": "192.0.2.9", "local": "192.0.2.1"}, 0, "selected subnet '192.0.2.0/24' id 1"),
            ({"link": "10.1.0.7"}, 0, "selected shared network 'floor' starting with subnet '10.1.0.0/16' id 5"),
            ({"subnet": "10.1.0.0"}, 0, "selected shared network 'floor' starting with subnet '10.1.0.0/16' id 5"),
            ({"interface": "lo"}, 0, "selected shared network 'floor' starting with subnet '10.1.0.0/16' id 5"),
            ({"relay": "172.16.0.1", "classes": ["a"]}, 3, "no subnet selected"),
            (
                {"interface": "no-such"},
                1,
                "Error during command processing: interface no-such doesn't exist and therefore it is impossible to "
                "find a suitable subnet for its IPv4 address",
            ),
            ({"interface": "no-such", "relay": "192.0.2.9"}, 0, "selected subnet '192.0.2.0/24' id 1"),
            ({"address": "192.0.2.9"}, 0, "selected subnet '192.0.2.0/24' id 1"),
            ({"remote": "192.0.2.9"}, 0, "selected subnet '192.0.2.0/24' id 1"),
            (
                {"interface": "lo", "address": "192.0.2.9", "local": "255.255.255.255"},
                0,
                "selected shared network 'floor' starting with subnet '10.1.0.0/16' id 5",
            ),
            ({"foo": 1}, 1, "unknown entry 'foo'"),
            (
                {"address": "x"},
                1,
                "bad 'address' entry: Failed to convert string to address 'x': Invalid argument",
            ),
            ({"relay": 7}, 1, "'relay' entry must be a string"),
            ({"interface": 7}, 1, "'interface' entry must be a string"),
            ({"classes": "a"}, 1, "'classes' entry must be a list"),
            ({"classes": [1]}, 1, "'classes' entry must be a list of strings"),
            ({"relay": "::1"}, 1, "bad 'relay' entry: not IPv4"),
        ],
    )
    async def test_answers(self, up: Up, arguments: dict[str, Any], result: int, text: str) -> None:
        network = {"name": "floor", "interface": "lo", "subnet4": [{"id": 5, "subnet": "10.1.0.0/16"}]}
        up.write(shared_networks=[network])
        await up.server.start()
        assert await up.said("subnet4-select-test", **arguments) == (result, text)

    async def test_without_arguments(self, running: Up) -> None:
        assert await running.said("subnet4-select-test") == (1, "empty arguments")
        assert await running.document('{"command": "subnet4-select-test", "arguments": {}}') == (
            3,
            "no subnet selected",
        )
        assert (await running.document('{"command": "subnet4-select-test", "arguments": [1]}'))[0] == 1
