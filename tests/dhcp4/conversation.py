"""What the tests of the server share: a server without sockets, clients that talk to it, a clock that stands still.

Everything is real but for the channel, which keeps what leaves: configurations come from text, leases live in a
memfile, packets come as bytes through the dispatcher and leave as bytes. A test sets the time.

    async def test_an_address_of_another_network_is_refused(server, client):
        server.configure(authoritative=True)
        assert (await client.request(requested="10.9.9.9")).type == NAK
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from kead import logs
from kead.allocation.occupancy import Occupancy
from kead.allocation.recent import Recent
from kead.config.reader import read_text
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.schema4 import KEYWORDS
from kead.config.snapshot4 import Config4
from kead.ddns.changes import NameChanges
from kead.ddns.request import request4
from kead.dhcp4.channel import Channel, Datagram
from kead.dhcp4.dispatch import Dispatcher
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.guard import ClientGuard
from kead.dhcp4.hook_points import POINTS
from kead.dhcp4.options import STANDARD
from kead.dhcp4.packet import BROADCAST_FLAG, Packet4, decode, encode
from kead.dhcp4.service import Service4
from kead.dhcp4.subnets import BROADCAST
from kead.dhcp4.tally import Tally4
from kead.hooks.instance import Host
from kead.hooks.library import Library
from kead.hooks.loading import Loaded
from kead.leases.csv4 import HEADER
from kead.leases.lease4 import Lease4
from kead.leases.memfile4 import Durability, Memfile4, MemfileSettings
from kead.log_settings import LoggerSettings, OutputSettings
from kead.network.interfaces import Interface
from kead.statistics import Statistics
from kead.wire.address import parse_ip4, text_ip4
from tests.ddns.kept import Keeper

NOW = 1_700_000_000
HOST = Host("kea-dhcp4", POINTS)
SUBNET: dict[str, Any] = {"id": 1, "subnet": "192.0.2.0/24", "pools": [{"pool": "192.0.2.10 - 192.0.2.20"}]}
MAC = bytes.fromhex("020000000001")
SERVER_MAC = bytes.fromhex("0200000000fe")
SERVER = "192.0.2.1"


def load(tree: Mapping[str, Any]) -> Config4:
    """The configuration of what stands under "Dhcp4"."""
    document = read_text(json.dumps({"Dhcp4": tree}), "F", KEYWORDS)
    return load4(document, STANDARD, context=Restrictions(enforce=False))


def keywords(names: Mapping[str, Any]) -> dict[str, Any]:
    """valid_lifetime=5 as "valid-lifetime": 5"""
    return {name.replace("_", "-"): value for name, value in names.items()}


def option(name: str, data: str, **more: Any) -> dict[str, Any]:
    """One entry of option-data."""
    return {"name": name, "data": data, **keywords(more)}


def interface(name: str = "eth0", address: str = SERVER) -> Interface:
    addresses = (parse_ip4(address),) if address else ()
    return Interface(name, 2, 1, 0x1043, SERVER_MAC, addresses)


class Reply:
    """What has left the server: the datagram, its way, and what it says; addresses as text."""

    def __init__(self, data: bytes, destination: int, port: int, link: bytes, source: int, source_port: int) -> None:
        self.data = data
        self.destination = text_ip4(destination)
        self.port = port
        self.link = link
        self.source = text_ip4(source)
        self.source_port = source_port

    @property
    def packet(self) -> Packet4:
        return decode(self.data)

    @property
    def type(self) -> int:
        return self.packet.type

    @property
    def options(self) -> dict[int, bytes]:
        return self.packet.options

    @property
    def address(self) -> str:
        """yiaddr."""
        return text_ip4(self.packet.yiaddr)

    @property
    def lifetime(self) -> int:
        return int.from_bytes(self.options[51], "big")

    @property
    def codes(self) -> list[int]:
        """Option codes in the order of the wire, one an instance."""
        found, at = [], 240
        while self.data[at] != 255:
            found.append(self.data[at])
            at += 2 + self.data[at + 1]
        assert at == len(self.data) - 1, "END is the last byte"
        return found


class FakeChannel(Channel):
    """A channel whose datagrams come from a list, and which keeps what is sent."""

    def __init__(self, on: Interface, *, direct: bool = True) -> None:
        super().__init__(on, on.addresses, direct, lambda channel, error: None)
        self.sent: list[Reply] = []
        self.waiting: list[Datagram] = []
        self.broken: OSError | None = None

    def receive(self, limit: int) -> list[Datagram]:
        batch, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return batch

    def send(
        self, data: bytes, destination: int, port: int, link_destination: bytes | None, source: int, source_port: int
    ) -> None:
        if self.broken is not None:
            raise self.broken
        self.sent.append(Reply(data, destination, port, link_destination or b"", source, source_port))


class ServerUnderTest:
    """A dispatcher with all that belongs to it. `configure` may be called again, as a reload."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        durability: Durability = "write",
        dispatcher: type[Dispatcher] = Dispatcher,
    ) -> None:
        """Without a folder leases live in memory only."""
        self.now: float = NOW
        self._dispatcher_type = dispatcher
        self.path = folder / "leases.csv" if folder is not None else None
        self.store = Memfile4.open(MemfileSettings(self.path, durability), Occupancy(), NOW)
        self.statistics = Statistics(lambda: self.now)
        self.tally = Tally4(self.statistics)
        self.guard = ClientGuard(self.tally)
        self.changes = NameChanges(request4, lambda: self.now)
        self.d2 = self.changes.sender = Keeper()
        self.in_flight: dict[int, Exchange] = {}
        self.recent: Recent[Any] = Recent()
        self.channel = FakeChannel(interface())
        self.libraries = Loaded((), (), (), HOST)
        self.dispatcher: Dispatcher
        self.config: Config4
        self.service: Service4

    # Configuration

    def configure(
        self,
        *,
        subnet: str = "",
        pool: str = "",
        pools: list[dict[str, Any]] | None = None,
        subnets: list[dict[str, Any]] | None = None,
        networks: list[dict[str, Any]] | None = None,
        of_subnet: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Config4:
        """One subnet, 192.0.2.0/24 with a pool of eleven addresses unless told otherwise; `of_subnet` are keywords of
        that subnet, all others global ones.
        """
        one = dict(SUBNET, **keywords(of_subnet or {}))
        if subnet:
            one["subnet"] = subnet
        if pool:
            one["pools"] = [{"pool": pool}]
        if pools is not None:
            one["pools"] = pools
        if subnets is None:
            subnets = [one] if networks is None else []
        tree = {"valid-lifetime": 4000, **keywords(more), "subnet4": subnets}
        if networks is not None:
            tree["shared-networks"] = networks
        self.config = load(tree)
        self._serve_under()
        return self.config

    def hook(self, *libraries: Mapping[str, Callable[..., Any]] | Library, **functions: Callable[..., Any]) -> None:
        """Libraries in this order, each a map from point to function; keywords are one library more."""
        made = [one if isinstance(one, Library) else _library(f"library {n}", one) for n, one in enumerate(libraries)]
        if functions:
            made.append(_library("test", functions))
        self.libraries = Loaded(made, (), (), HOST)
        if hasattr(self, "config"):
            self._serve_under()

    def _serve_under(self) -> None:
        config = self.config
        service = self.service = Service4(
            config,
            self.store,
            self.tally,
            self.libraries,
            guard=self.guard,
            in_flight=self.in_flight,
            recent=self.recent,
            is_lot_full=lambda x: self.dispatcher.lot.full_for(x),
            durable=lambda: self.dispatcher.stored(self.store),
            changes=self.changes if config.d2_client.enable_updates else None,
        )
        service.listen_on(set(self.channel.addresses))
        self.guard.serialize = bool(self.libraries.chains)
        self.tally.pool_of = service.pool_id_of
        self.tally.configure((s.id, [(pool.pool_id, pool.size) for pool in s.pools]) for s in config.subnets)
        if hasattr(self, "dispatcher"):
            self.dispatcher.use(service)
        else:
            self.dispatcher = self._dispatcher_type(service, asyncio.get_running_loop(), clock=lambda: self.now)

    # What comes and what leaves

    def datagram(
        self,
        query: Packet4 | bytes,
        *,
        source: str = "0.0.0.0",
        source_port: int = 68,
        destination: str = "255.255.255.255",
        link_source: bytes | None = None,
        channel: FakeChannel | None = None,
        arrived: float | None = None,
    ) -> Datagram:
        if isinstance(query, Packet4):
            link_source = query.hwaddr if link_source is None else link_source
            query = encode(query)
        return Datagram(
            query,
            parse_ip4(source),
            source_port,
            parse_ip4(destination),
            channel or self.channel,
            link_source or b"",
            self.now if arrived is None else arrived,
        )

    def deliver(self, *datagrams: Datagram) -> list[Reply]:
        """One batch; what has left by its end."""
        before = len(self.channel.sent)
        self.dispatcher.serve(list(datagrams))
        return self.channel.sent[before:]

    async def settle(self, turns: int = 80) -> None:
        """Let whoever is parked go on as far as they come without waiting."""
        for _ in range(turns):
            await asyncio.sleep(0)

    async def exchange(self, *datagrams: Datagram) -> list[Reply]:
        """One batch and what comes of it, parked packets included."""
        before = len(self.channel.sent)
        self.dispatcher.serve(list(datagrams))
        await self.settle()
        return self.channel.sent[before:]

    # What one wants to know

    async def lease(self, address: str) -> Lease4 | None:
        return await self.store.get(parse_ip4(address))

    async def put(self, address: str, **fields: Any) -> Lease4:
        """A lease that is there already: of another client, for 4000 seconds from now, unless told otherwise."""
        values: dict[str, Any] = {
            "hwaddr": bytes.fromhex("0200000000aa"),
            "client_id": b"",
            "valid_lifetime": 4000,
            "cltt": int(self.now),
            "subnet_id": 1,
            **fields,
        }
        lease = Lease4(parse_ip4(address), **values)
        assert await self.store.add(lease)
        self.tally.assigned(lease)
        self.dispatcher.make_durable()
        found = await self.store.get(lease.address)
        assert found is not None
        return found

    def rows(self) -> list[list[str]]:
        """The rows of the lease file, split."""
        assert self.path is not None
        head, *rows = self.path.read_text().splitlines()
        assert head == HEADER.strip()
        return [row.split(",") for row in rows]

    def count(self, name: str) -> int:
        """A statistic; 0 where there is none."""
        return self.statistics.value(name) or 0

    def counted(self, *names: str) -> dict[str, int]:
        """All packet statistics that are not 0, or these."""
        if names:
            return {name: self.count(name) for name in names}
        return {
            counter.name: counter.value
            for counter in self.tally.packets.counters
            if counter.value and not counter.name.endswith(("received", "sent"))
        }


def _library(name: str, functions: Mapping[str, Callable[..., Any]]) -> Library:
    from tests.hooks.helpers import library

    return library(name, **functions)


class Client:
    """Somebody with a network card. Its methods send one message and give the reply, None for silence."""

    def __init__(self, server: ServerUnderTest, hwaddr: bytes | str = MAC, client_id: bytes = b"") -> None:
        self.server = server
        self.hwaddr = bytes.fromhex(hwaddr.replace(":", "")) if isinstance(hwaddr, str) else hwaddr
        self.client_id = client_id
        self.xid = 0x10000000

    def query(
        self,
        kind: int,
        *,
        requested: str = "",
        server_id: str = "",
        ciaddr: str = "",
        giaddr: str = "",
        prl: Iterable[int] = (),
        options: Mapping[int, bytes] | None = None,
        broadcast: bool = False,
        hops: int = 0,
        htype: int = 1,
    ) -> Packet4:
        """A message of this client; addresses as text, "" for none."""
        self.xid += 1
        packet = Packet4(kind, self.xid, self.hwaddr)
        packet.htype = htype
        packet.hops = hops
        packet.flags = BROADCAST_FLAG if broadcast else 0
        packet.ciaddr = parse_ip4(ciaddr) if ciaddr else 0
        packet.giaddr = parse_ip4(giaddr) if giaddr else 0
        own = packet.options
        if self.client_id:
            own[61] = self.client_id
        if requested:
            own[50] = parse_ip4(requested).to_bytes(4, "big")
        if server_id:
            own[54] = parse_ip4(server_id).to_bytes(4, "big")
        if prl := bytes(prl):
            own[55] = prl
        own.update(options or {})
        return packet

    async def send(self, kind: int, **about: Any) -> Reply | None:
        """Any message: what it says (see `query`) and how it travels (see `ServerUnderTest.datagram`)."""
        way = {
            name: about.pop(name)
            for name in ("source", "source_port", "destination", "link_source", "channel", "arrived")
            if name in about
        }
        query = self.query(kind, **about)
        if query.giaddr:
            way.setdefault("source", text_ip4(query.giaddr))
            way.setdefault("source_port", 67)
            way.setdefault("destination", SERVER)
        elif query.ciaddr:
            way.setdefault("source", text_ip4(query.ciaddr))
        channel: FakeChannel = way.get("channel") or self.server.channel
        before = len(channel.sent)
        self.server.dispatcher.serve([self.server.datagram(query, **way)])
        await self.server.settle()
        replies = [reply for reply in channel.sent[before:] if reply.packet.xid == query.xid]
        assert len(replies) <= 1
        return replies[0] if replies else None

    async def discover(self, **about: Any) -> Reply | None:
        return await self.send(1, **about)

    async def request(self, offer: Reply | None = None, **about: Any) -> Reply | None:
        """With an OFFER: selecting it. With requested=…: as a client that reboots, unless there is a server_id."""
        if offer is not None:
            about.setdefault("requested", offer.address)
            about.setdefault("server_id", text_ip4(int.from_bytes(offer.options[54], "big")))
        return await self.send(3, **about)

    async def renew(self, address: str, **about: Any) -> Reply | None:
        return await self.send(3, ciaddr=address, **{"destination": SERVER, **about})

    async def rebind(self, address: str, **about: Any) -> Reply | None:
        return await self.send(3, ciaddr=address, **about)

    async def decline(self, address: str, **about: Any) -> Reply | None:
        return await self.send(4, requested=address, server_id=SERVER, **about)

    async def release(self, address: str, **about: Any) -> Reply | None:
        return await self.send(7, ciaddr=address, server_id=SERVER, **{"destination": SERVER, **about})

    async def inform(self, address: str = "", **about: Any) -> Reply | None:
        return await self.send(8, ciaddr=address, **about)

    async def bind(self, **about: Any) -> str:
        """DISCOVER and REQUEST; the address."""
        offer = await self.discover(**about)
        assert offer is not None
        ack = await self.request(offer, **{name: about[name] for name in about if name != "requested"})
        assert ack is not None
        assert ack.type == 5
        return ack.address


class LogFile:
    """What the server logged, by message id."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def everything(self) -> None:
        """Log all there is from now on."""
        self.use("DEBUG", 99)

    def use(self, severity: str, debuglevel: int = 0) -> None:
        output = OutputSettings(str(self.path))
        logs.configure([LoggerSettings("kea-dhcp4", severity, debuglevel, (output,))], root="kea-dhcp4")

    @property
    def text(self) -> str:
        logs.catch_up()
        return self.path.read_text() if self.path.exists() else ""

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def __contains__(self, message_id: str) -> bool:
        return f" {message_id} " in self.text


__all__ = (
    "BROADCAST",
    "MAC",
    "NOW",
    "SERVER",
    "Client",
    "FakeChannel",
    "LogFile",
    "Reply",
    "ServerUnderTest",
    "interface",
    "keywords",
    "load",
    "option",
)
