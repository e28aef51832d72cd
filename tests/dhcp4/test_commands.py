"""The server's own control commands, with Kea's texts (and the errors)."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from kead.leases.lease4 import Lease4, State
from kead.wire.address import parse_ip4
from tests.dhcp4.test_server import Up, running, up

__all__ = ("running", "up")  # fixtures
NOT_A_MAP = "arguments for the '{}' command must be a map"


async def said(up: Up, command: str, **arguments: Any) -> tuple[int, str]:
    answer = await up.command(command, **arguments)
    return answer.result, answer.text


async def document(up: Up, text: str) -> tuple[int, str]:
    answer = await up.server.registry.execute_document(text.encode())
    assert answer is not None
    return answer.result, answer.text


class TestService:
    async def test_off_and_on(self, running: Up) -> None:
        assert await said(running, "dhcp-disable") == (0, "DHCPv4 service disabled")
        assert await running.asks() is None
        assert running.count("pkt4-service-disabled") == 1
        assert await said(running, "dhcp-disable") == (0, "DHCPv4 service disabled")
        assert await said(running, "dhcp-enable") == (0, "DHCP service successfully enabled")
        assert await running.asks() is not None
        assert await said(running, "dhcp-enable") == (0, "DHCP service successfully enabled")

    async def test_for_a_while(self, running: Up) -> None:
        assert await said(running, "dhcp-disable", **{"max-period": 20}) == (
            0,
            "DHCPv4 service disabled for 20 seconds",
        )
        assert running.server.state.disabled

    async def test_each_origin_enables_its_own(self, running: Up) -> None:
        await said(running, "dhcp-disable", origin="ha-partner")
        await said(running, "dhcp-disable", **{"origin": "user", "origin-id": 3001})
        await said(running, "dhcp-enable")
        status = (await running.command("status-get")).arguments
        assert isinstance(status, dict)
        assert status["dhcp-state"] == {
            "globally-disabled": True,
            "disabled-by-user": False,
            "disabled-by-local-command": [],
            "disabled-by-remote-command": [2000],
            "disabled-by-db-connection": [3001],
        }
        await said(running, "dhcp-enable", origin="ha-partner")
        await said(running, "dhcp-enable", origin=3001)
        assert await running.asks() is not None

    async def test_a_new_configuration_keeps_what_the_user_said(self, running: Up) -> None:
        await said(running, "dhcp-disable")
        await said(running, "dhcp-disable", origin="ha-partner")
        await running.set()
        assert await running.asks() is None
        await said(running, "dhcp-enable")
        assert await running.asks() is not None

    @pytest.mark.parametrize(
        ("arguments", "text"),
        [
            ({"max-period": 0}, "'max-period' must be positive integer"),
            ({"max-period": -5}, "'max-period' must be positive integer"),
            ({"max-period": "x"}, "'max-period' argument must be a number"),
            ({"max-period": True}, "'max-period' argument must be a number"),
            ({"origin": "zzz"}, "invalid value used for 'origin' parameter: zzz"),
            ({"origin": True}, "'origin' argument must be a string or a number"),
            ({"origin-id": "x"}, "'origin-id' argument must be a number"),
        ],
    )
    async def test_errors(self, running: Up, arguments: dict[str, Any], text: str) -> None:
        assert await said(running, "dhcp-disable", **arguments) == (1, text)
        assert not running.server.state.disabled
        if "max-period" not in arguments:
            assert await said(running, "dhcp-enable", **arguments) == (1, text)

    async def test_arguments_are_a_map(self, running: Up) -> None:
        for command in ("dhcp-disable", "dhcp-enable"):
            found = await document(running, f'{{"command": "{command}", "arguments": [1]}}')
            assert found == (1, NOT_A_MAP.format(command))

    async def test_origin_ids_are_taken_modulo(self, running: Up) -> None:
        await said(running, "dhcp-disable", **{"origin-id": -1})
        assert running.server.state.status()["disabled-by-db-connection"] == [0xFFFFFFFF]

    async def test_unknown_keys_are_ignored(self, running: Up) -> None:
        assert (await said(running, "dhcp-disable", foo=1))[0] == 0


class TestReclaim:
    async def expire(self, up: Up) -> list[Lease4]:
        now = int(time.time())
        leases = [
            Lease4(parse_ip4("192.0.2.11"), b"\1" * 6, b"", 10, now - 100, 1),
            Lease4(parse_ip4("192.0.2.12"), b"", b"", 10, now - 100, 1, state=State.DECLINED),
            Lease4(parse_ip4("192.0.2.13"), b"\2" * 6, b"", 1000, now, 1),
        ]
        for lease in leases:
            await up.server.store.add(lease)
            up.server.tally.assigned(lease)
        up.server.tally.declined(leases[1])
        up.server.dispatcher.flush()
        return leases

    async def test_kept_for_their_clients(self, running: Up) -> None:
        leases = await self.expire(running)
        text = "Reclamation of expired leases is complete."
        assert await said(running, "leases-reclaim", remove=False) == (0, text)
        kept = await running.server.store.get(leases[0].address)
        assert kept is not None
        assert kept.state == State.RECLAIMED
        assert await running.server.store.get(leases[1].address) is None
        assert running.count("assigned-addresses") == 1
        assert running.count("declined-addresses") == 0
        assert running.count("reclaimed-leases") == 2

    async def test_removed(self, running: Up) -> None:
        leases = await self.expire(running)
        assert (await said(running, "leases-reclaim", remove=True))[0] == 0
        assert await running.server.store.get(leases[0].address) is None
        assert await running.server.store.get(leases[2].address) is not None

    async def test_callouts_may_keep_them(self, up: Up) -> None:
        path = up.folder / "keeps.py"
        path.write_text("from kead.hooks import SKIP\n\nasync def lease4_expire(callout):\n    callout.status = SKIP\n")
        up.write(hooks_libraries=[{"library": str(path)}])
        await up.server.start()
        await self.expire(up)
        await said(up, "leases-reclaim", remove=True)
        assert up.count("reclaimed-leases") == 0
        assert len(up.server.store) == 3

    async def test_a_lease_that_is_renewed_while_callouts_take_their_time(self, up: Up) -> None:
        path = up.folder / "slow.py"
        path.write_text(
            "import asyncio\n\nasync def lease4_expire(callout):\n"
            "    if callout.context is not None and not hasattr(callout.library, 'done'):\n"
            "        callout.library.done = True\n        await asyncio.sleep(0.05)\n"
        )
        up.write(hooks_libraries=[{"library": str(path)}])
        await up.server.start()
        now = int(time.time())
        lease = Lease4(parse_ip4("192.0.2.10"), bytes.fromhex("020000000001"), b"", 10, now - 100, 1)
        await up.server.store.add(lease)
        up.server.tally.assigned(lease)
        up.server.dispatcher.flush()
        cycle = asyncio.get_running_loop().create_task(said(up, "leases-reclaim", remove=True))
        await asyncio.sleep(0)
        ack = await up.asks(3)
        await cycle
        assert ack is not None
        assert await up.server.store.get(lease.address) is not None
        assert (up.count("assigned-addresses"), up.count("reclaimed-leases")) == (1, 1)

    async def test_errors(self, running: Up) -> None:
        assert await said(running, "leases-reclaim") == (1, "Missing mandatory 'remove' parameter.")
        assert await said(running, "leases-reclaim", remove=1) == (1, "'remove' parameter expected to be a boolean.")


class TestInterfaces:
    async def test_list_and_redetect(self, running: Up) -> None:
        for command in ("interface-list", "interface-redetect"):
            answer = await running.command(command)
            assert answer.result == 0
            shown = answer.arguments
            assert isinstance(shown, dict)
            assert answer.text == f"{len(shown['interfaces'])} interfaces detected."
        (loopback,) = [one for one in shown["interfaces"] if one["flag-loopback"]]
        assert loopback["name"] == "lo"
        assert loopback["in-use"] is False
        assert set(loopback) == {
            "name", "index", "mac", "type", "addresses", "flag-loopback", "flag-up", "flag-running",
            "flag-multicast", "flag-broadcast", "in-use",
        }  # fmt: skip

    async def test_add(self, running: Up) -> None:
        text = "Interface configuration successfully updated."
        assert await said(running, "interface-add", interfaces=["no-such"]) == (0, text)
        for wrong in ({}, {"interfaces": "eth0"}, {"interfaces": [1]}):
            assert (await said(running, "interface-add", **wrong))[0] == 1


class TestCleanUp:
    async def test_not_without_a_file(self, up: Up) -> None:
        up.write(lease_database={"type": "memfile", "persist": False})
        await up.server.start()
        assert (await said(up, "kea-lfc-start"))[0] == 2

    async def test_started(self, running: Up) -> None:
        assert await said(running, "kea-lfc-start") == (0, "kea-lfc started")


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
        assert await said(up, "subnet4-select-test", **arguments) == (result, text)

    async def test_without_arguments(self, running: Up) -> None:
        assert await said(running, "subnet4-select-test") == (1, "empty arguments")
        assert await document(running, '{"command": "subnet4-select-test", "arguments": {}}') == (
            3,
            "no subnet selected",
        )
        assert (await document(running, '{"command": "subnet4-select-test", "arguments": [1]}'))[0] == 1
