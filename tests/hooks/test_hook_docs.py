"""docs/hooks.md says what is so: its tables are the rows and the classes, its libraries run as printed."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kead import logs
from kead.config.snapshot4 import Lifetime, OptionScope, Pool4, SharedNetwork4, Subnet4
from kead.config.snapshot6 import PdPool6, SharedNetwork6, Subnet6
from kead.dhcp4 import hook_points as points4
from kead.dhcp4.hook_points import POINTS
from kead.dhcp4.options import BOOT_FILE_NAME, NTP_SERVERS, VENDOR_CLASS_IDENTIFIER
from kead.dhcp4.packet import ACK, OFFER, Packet4
from kead.dhcp6 import hook_points as points6
from kead.dhcp6.associations import NO_PREFIX_AVAILABLE, IaAddress, IaNa, IaPd, IaPrefix
from kead.dhcp6.packet import SOLICIT, Options, Packet6, Relay6
from kead.hooks import CONTINUE, DROP, PARK
from kead.hooks.instance import Host
from kead.hooks.loading import load
from kead.hooks.point import Callout, Occasion
from kead.leases.lease4 import Lease4, State
from kead.leases.lease6 import Lease6
from tests.dhcp4.conversation import Client, LogFile, ServerUnderTest
from tests.dhcp6 import conversation as conversation6
from tests.hooks.table import PAGE, with_tables


def blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)


def block(part: str) -> str:
    """The one example with this in it."""
    [text] = [text for text in blocks() if part in text]
    return text


async def library(folder: Path, text: str, host: Host | None = None, **parameters: Any) -> Any:
    """An example, loaded from a file as a server loads it; a DHCPv4 server unless said otherwise."""
    file = folder / "example.py"
    file.write_text(text)
    entry = SimpleNamespace(library=str(file), parameters=parameters)
    return (await load([entry], host or Host("kea-dhcp4", POINTS), confined=False)).libraries[0]


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[ServerUnderTest]:
    server = ServerUnderTest()
    server.configure()
    yield server
    logs.stop()


def test_the_tables_are_the_rows() -> None:
    assert PAGE.read_text() == with_tables(PAGE.read_text()), "run: python -m tests.hooks.table"


SHOWN: list[tuple[str, dict[str, object]]] = [
    ("Packet4", dict(Packet4.__annotations__)),
    ("Lease4", {name: one.annotation for name, one in inspect.signature(Lease4).parameters.items()}),
    ("Subnet4", dict(Subnet4.__annotations__)),
    ("Packet6", {**Packet6.__annotations__, "options": Options}),
    ("Lease6", {name: one.annotation for name, one in inspect.signature(Lease6).parameters.items()}),
    ("Subnet6", dict(Subnet6.__annotations__)),
]


@pytest.mark.parametrize(("name", "attributes"), SHOWN, ids=[name for name, _ in SHOWN])
def test_the_tables_of_attributes_are_the_classes(name: str, attributes: dict[str, object]) -> None:
    """All of them, none that does not exist, and of which type."""
    _, _, page = PAGE.read_text().partition(f"| `{name}` | type | |\n|---|---|---|\n")
    rows = re.findall(r"^\| `(\w+)` \| ([^|]*) \|", page.partition("\n\n")[0], re.MULTILINE)
    assert dict(rows) == {one: str(kind).replace(" | ", " or ") for one, kind in attributes.items()}


def test_what_the_page_says_beside_the_tables_exists() -> None:
    packet, lease = Packet4(1), Lease4(1, b"", b"", 10, 20, 1)
    assert (packet.client_id, packet.relay_info(), packet.name_of_type()) == (b"", {}, "DHCPDISCOVER")
    assert (lease.expire, lease.expired(31), lease.copy() == lease) == (30, True, True)
    for network in (SharedNetwork4, SharedNetwork6):
        assert set(network.__annotations__) >= {"name", "subnets"}
    assert set(Pool4.__annotations__) >= {"first", "last", "size", "pool_id"}
    assert set(PdPool6.__annotations__) >= {"prefix", "length", "delegated_length", "size", "pool_id"}
    assert list(Lifetime.__annotations__) == ["minimum", "default", "maximum"]
    assert "by_code" in OptionScope.__annotations__


def test_what_the_page_says_of_dhcpv6_beside_the_tables_exists() -> None:
    packet, relay = Packet6(SOLICIT), Relay6(3, 1, 2)
    assert (packet.duid, packet.first(1), packet.name_of_type()) == (b"", None, "SOLICIT")
    assert (relay.type, relay.hops, relay.link, relay.peer, relay.options, relay.first(18)) == (12, 3, 1, 2, {}, None)
    lease = Lease6(0, 1, 128, b"\0\3\0\1", 1, 5, 10, 20, 1)
    assert (lease.expire, lease.expired(31), lease.copy() == lease) == (30, True, True)
    for ia in (IaNa(7, 1, 2), IaPd(7, 1, 2)):
        leases = ia.addresses if isinstance(ia, IaNa) else ia.prefixes
        assert (ia.iaid, ia.t1, ia.t2, ia.status, leases, dict(ia.options)) == (7, 1, 2, None, [], {})
        assert type(ia).parse(ia.encode()).iaid == 7
    address, prefix = IaAddress(1, 2, 3), IaPrefix(1 << 80, 56, 2, 3)
    assert (address.address, address.preferred, address.valid) == (1, 2, 3)
    assert (prefix.address, prefix.length, prefix.preferred, prefix.valid) == (1 << 80, 56, 2, 3)


def test_constants_are_where_the_page_says() -> None:
    rows = re.findall(r"^\| (.*) \| `(kead[\w.]+)` \|$", PAGE.read_text(), re.MULTILINE)
    assert len(rows) == 8
    for names, module in rows:
        found = re.findall(r"`([\w.]+)`", names)
        place = importlib.import_module(module)
        assert found
        for name in found:
            assert any(hasattr(where, name.rpartition(".")[2]) for where in (place, State)), name


FAMILIES = pytest.mark.parametrize("points", [points4, points6], ids=["DHCPv4", "DHCPv6"])


@FAMILIES
def test_the_family_s_hooks_have_every_point_typed(points: Any) -> None:
    hooks = points.Hooks4 if points is points4 else points.Hooks6
    assert set(hooks.__annotations__) == set(points.POINTS) == set(hooks.__slots__)
    for row in points.ROWS:
        assert hooks.__annotations__[row.point] == f"Chain[{row.__name__}] | None"
        assert row.__doc__
        assert set(row.effects) == row.obeys
        assert not hasattr(row(Occasion()), "__dict__"), "a handle has its arguments and nothing else"


PARKING = {
    points4: {"subnet4_select", "lease4_offer", "leases4_committed"},
    points6: {"subnet6_select", "leases6_committed"},
}


@FAMILIES
def test_which_points_park(points: Any) -> None:
    rows: list[type[Callout]] = points.ROWS
    assert {row.point for row in rows if PARK in row.obeys} == PARKING[points]
    assert {row.point for row in rows if row.parkable} == PARKING[points]
    said = re.search(r"a callout of\n(.*?) can do it in", PAGE.read_text(), re.DOTALL)
    assert said is not None
    assert set(re.findall(r"\w+\d_\w+", said[1])) == set().union(*PARKING.values())


async def test_drop_runs_as_printed(server: ServerUnderTest, tmp_path: Path) -> None:
    log = LogFile(tmp_path / "log")
    server.hook(await library(tmp_path, block('"""Drop: ')))
    log.use("INFO")
    assert await Client(server, "02:00:00:00:00:02").discover() is None
    [said] = [line for line in log.lines if "ACME_DROPPED" in line]
    assert "INFO  [kea-dhcp4.acme/" in said
    assert re.search(r"<Packet4 DHCPDISCOVER xid=0x[0-9a-f]+ hwaddr=02:00:00:00:00:02> is unwanted$", said)
    assert "DHCP4_HOOK_PACKET_RCVD_SKIP" not in log
    log.use("DEBUG", 39)
    await Client(server, "02:00:00:00:00:02").discover()
    assert "DHCP4_HOOK_PACKET_RCVD_SKIP" not in log
    log.use("DEBUG", 55)
    await Client(server, "02:00:00:00:00:02").discover()
    assert re.search(r"DEBUG \[kea-dhcp4\.hooks/\S+ DHCP4_HOOK_PACKET_RCVD_SKIP ", log.text)
    assert re.search(r"DEBUG \[kea-dhcp4\.callouts/\S+ HOOKS_CALLOUT_CALLED .*pkt4_receive", log.text)
    assert await Client(server, "02:00:00:00:00:03").discover() is not None


async def test_delay_runs_as_printed(server: ServerUnderTest, tmp_path: Path) -> None:
    late, soon = Client(server), Client(server, "02:00:00:00:00:03")
    address = await soon.bind()
    server.hook(await library(tmp_path, block('"""Delay: '), seconds=0.2))
    assert await late.discover() is None, "it waits"
    ack = await soon.request(requested=address)
    assert ack is not None
    assert ack.type == ACK, "only the packet itself waits"
    await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()}, timeout=5)
    await server.settle()
    assert server.channel.sent[-1].type == OFFER


async def test_add_to_the_reply_runs_as_printed(server: ServerUnderTest, tmp_path: Path) -> None:
    server.hook(await library(tmp_path, block('"""Add to the reply: ')))
    offer = await Client(server).discover(options={VENDOR_CLASS_IDENTIFIER: b"acme-phone 3"})
    assert offer is not None
    assert offer.options[BOOT_FILE_NAME] == b"phone-020000000001.cfg"
    assert offer.options[NTP_SERVERS] == bytes((192, 0, 2, 53))
    offer = await Client(server, "02:00:00:00:00:03").discover()
    assert offer is not None
    assert BOOT_FILE_NAME not in offer.options


async def test_prefixes_for_routers_runs_as_printed(tmp_path: Path) -> None:
    server = conversation6.ServerUnderTest()
    server.configure()
    router, other = conversation6.DUID, bytes.fromhex("000300010200000000aa")
    text = block('"""DHCPv6: prefixes are for our own routers')
    server.hook(await library(tmp_path, text, conversation6.HOST, routers=[router.hex()]))
    given = await conversation6.Client(server, router).solicit(na=[], pd=[])
    assert given is not None
    assert (given.address, given.prefix) == ("2001:db8:1::10", "2001:db8:8000::/56")
    refused = await conversation6.Client(server, other).solicit(na=[], pd=[])
    assert refused is not None
    assert refused.address
    assert refused.prefixes == []
    assert refused.pd.status is not None
    assert refused.pd.status.code == NO_PREFIX_AVAILABLE
    logs.stop()


async def test_the_library_of_ten_lines_runs_as_printed(tmp_path: Path) -> None:
    text = block('"""Serve only what the inventory knows')
    assert len([line for line in text.splitlines() if line]) < 11
    file = tmp_path / "inventory.py"
    file.write_text(text)

    async def serve(reader: Any, writer: Any) -> None:
        known = await reader.readline() == b"02:00:00:00:00:01\n"
        writer.write(b"known\n" if known else b"unknown\n")
        await writer.drain()
        writer.close()

    inventory = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        names: dict[str, Any] = {}
        exec(blocks()[-1], names)  # the last one shows how to test a hook
        parameters = {"inventory": list(inventory.sockets[0].getsockname())}
        assert await names["status_of"](str(file), parameters, b"\2\0\0\0\0\1") is CONTINUE
        assert await names["status_of"](str(file), parameters, b"\2\0\0\0\0\2") is DROP
    finally:
        inventory.close()


async def test_the_command_runs_as_printed(tmp_path: Path) -> None:
    text = block("@command")
    file = tmp_path / "commands.py"
    file.write_text(text)
    loaded = await load([SimpleNamespace(library=str(file), parameters={})], Host("kea-dhcp4", POINTS), confined=False)

    async def reload(arguments: Any) -> int:
        return len(arguments)

    loaded.libraries[0].inventory = SimpleNamespace(reload=reload)
    request = {"command": "inventory-reload", "arguments": {"a": 1}}
    assert await loaded.answer("inventory-reload", request, Occasion()) == {"result": 0, "text": "1 entries"}
