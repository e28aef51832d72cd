"""The control commands that both families have, with Kea's texts (and the errors). See `tests.server_contract`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.started import Up

NOT_A_MAP = "arguments for the '{}' command must be a map"
DECLINED, RECLAIMED = 1, 2  # a lease's state


class TestService:
    async def test_off_and_on(self, running: Up) -> None:
        assert await running.said("dhcp-disable") == (0, f"DHCPv{running.family} service disabled")
        assert await running.asks() is None
        assert running.count(f"pkt{running.family}-service-disabled") == 1
        assert await running.said("dhcp-disable") == (0, f"DHCPv{running.family} service disabled")
        assert await running.said("dhcp-enable") == (0, "DHCP service successfully enabled")
        assert await running.asks() is not None
        assert await running.said("dhcp-enable") == (0, "DHCP service successfully enabled")

    async def test_for_a_while(self, running: Up) -> None:
        assert await running.said("dhcp-disable", **{"max-period": 20}) == (
            0,
            f"DHCPv{running.family} service disabled for 20 seconds",
        )
        assert running.server.state.disabled

    async def test_each_origin_enables_its_own(self, running: Up) -> None:
        await running.said("dhcp-disable", origin="ha-partner")
        await running.said("dhcp-disable", **{"origin": "user", "origin-id": 3001})
        await running.said("dhcp-enable")
        status = (await running.command("status-get")).arguments
        assert isinstance(status, dict)
        assert status["dhcp-state"] == {
            "globally-disabled": True,
            "disabled-by-user": False,
            "disabled-by-local-command": [],
            "disabled-by-remote-command": [2000],
            "disabled-by-db-connection": [3001],
        }
        await running.said("dhcp-enable", origin="ha-partner")
        await running.said("dhcp-enable", origin=3001)
        assert await running.asks() is not None

    async def test_a_new_configuration_keeps_what_the_user_said(self, running: Up) -> None:
        await running.said("dhcp-disable")
        await running.said("dhcp-disable", origin="ha-partner")
        await running.set()
        assert await running.asks() is None
        await running.said("dhcp-enable")
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
        assert await running.said("dhcp-disable", **arguments) == (1, text)
        assert not running.server.state.disabled
        if "max-period" not in arguments:
            assert await running.said("dhcp-enable", **arguments) == (1, text)

    async def test_arguments_are_a_map(self, running: Up) -> None:
        for command in ("dhcp-disable", "dhcp-enable"):
            found = await running.document(f'{{"command": "{command}", "arguments": [1]}}')
            assert found == (1, NOT_A_MAP.format(command))

    async def test_origin_ids_are_taken_modulo(self, running: Up) -> None:
        await running.said("dhcp-disable", **{"origin-id": -1})
        assert running.server.state.status()["disabled-by-db-connection"] == [0xFFFFFFFF]

    async def test_unknown_keys_are_ignored(self, running: Up) -> None:
        assert (await running.said("dhcp-disable", foo=1))[0] == 0


class TestReclaim:
    async def expire(self, up: Up) -> list[Any]:
        leases = [
            up.lease(1, cltt=up.now() - 100),
            up.lease(2, cltt=up.now() - 100, state=DECLINED),
            up.lease(3, cltt=up.now(), valid=1000),
        ]
        for lease in leases:
            await up.add(lease)
        up.server.tally.declined(leases[1])
        up.server.dispatcher.flush()
        return leases

    async def test_kept_for_their_clients(self, running: Up) -> None:
        leases = await self.expire(running)
        text = "Reclamation of expired leases is complete."
        assert await running.said("leases-reclaim", remove=False) == (0, text)
        kept = await running.stored(leases[0].address)
        assert kept is not None
        assert kept.state == RECLAIMED
        assert await running.stored(leases[1].address) is None
        assert running.assigned() == 1
        assert running.count("declined-addresses") == 0
        assert running.count("reclaimed-leases") == 2

    async def test_removed(self, running: Up) -> None:
        leases = await self.expire(running)
        assert (await running.said("leases-reclaim", remove=True))[0] == 0
        assert await running.stored(leases[0].address) is None
        assert await running.stored(leases[2].address) is not None

    async def test_callouts_may_keep_them(self, up: Up) -> None:
        path = up.folder / "keeps.py"
        path.write_text(
            f"from kead.hooks import SKIP\n\nasync def lease{up.family}_expire(callout):\n    callout.status = SKIP\n"
        )
        up.write(hooks_libraries=[{"library": str(path)}])
        await up.server.start()
        await self.expire(up)
        await up.said("leases-reclaim", remove=True)
        assert up.count("reclaimed-leases") == 0
        assert len(up.server.store) == 3

    async def test_a_lease_that_is_renewed_while_callouts_take_their_time(self, up: Up) -> None:
        path = up.folder / "slow.py"
        path.write_text(
            f"import asyncio\n\nasync def lease{up.family}_expire(callout):\n"
            "    if callout.context is not None and not hasattr(callout.library, 'done'):\n"
            "        callout.library.done = True\n        await asyncio.sleep(0.05)\n"
        )
        up.write(hooks_libraries=[{"library": str(path)}])
        await up.server.start()
        lease = up.lease(0, cltt=up.now() - 100, **up.first_client)
        await up.add(lease)
        up.server.dispatcher.flush()
        cycle = asyncio.get_running_loop().create_task(up.said("leases-reclaim", remove=True))
        await asyncio.sleep(0)
        ack = await up.asks(3)
        await cycle
        assert ack is not None
        assert await up.stored(lease.address) is not None
        assert (up.assigned(), up.count("reclaimed-leases")) == (1, up.reclaims_own)

    async def test_errors(self, running: Up) -> None:
        assert await running.said("leases-reclaim") == (1, "Missing mandatory 'remove' parameter.")
        assert await running.said("leases-reclaim", remove=1) == (1, "'remove' parameter expected to be a boolean.")


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
        assert await running.said("interface-add", interfaces=["no-such"]) == (0, text)
        for wrong in ({}, {"interfaces": "eth0"}, {"interfaces": [1]}):
            assert (await running.said("interface-add", **wrong))[0] == 1


class TestCleanUp:
    async def test_not_without_a_file(self, up: Up) -> None:
        up.write(lease_database={"type": "memfile", "persist": False})
        await up.server.start()
        assert (await up.said("kea-lfc-start"))[0] == 2

    async def test_started(self, running: Up) -> None:
        assert await running.said("kea-lfc-start") == (0, "kea-lfc started")
