"""What the tests of the DHCPv6 server share: a server without sockets, clients that talk to it, a clock that stands
still.

Everything is real but for the channel, which keeps what leaves: configurations come from text, leases live in a
memfile, packets come as bytes through the dispatcher and leave as bytes. A test sets the time.

    async def test_a_client_without_a_lease_is_asked_for_another_address(server, client):
        reply = await client.request(na=["2001:db8:1::99"])
        assert reply.address == "2001:db8:1::10"
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kead import logs
from kead.allocation.occupancy6 import Occupancy6
from kead.allocation.recent import Recent
from kead.config.reader import read_text
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.schema6 import KEYWORDS
from kead.config.snapshot6 import Config6
from kead.ddns.changes import NameChanges
from kead.ddns.request import request6
from kead.dhcp6.associations import IaAddress, IaNa, IaPd, IaPrefix, Status
from kead.dhcp6.channel import Channel, Datagram
from kead.dhcp6.dispatch import Dispatcher
from kead.dhcp6.exchange import Exchange
from kead.dhcp6.guard import ClientGuard
from kead.dhcp6.hook_points import POINTS
from kead.dhcp6.options import STANDARD
from kead.dhcp6.packet import (
    CONFIRM,
    DECLINE,
    INFORMATION_REQUEST,
    REBIND,
    RELEASE,
    RENEW,
    REQUEST,
    SOLICIT,
    Options,
    Packet6,
    Relay6,
    decode,
    encode,
)
from kead.dhcp6.service import Service6
from kead.dhcp6.tally import Tally6
from kead.hooks.instance import Host
from kead.hooks.library import Library
from kead.hooks.loading import Loaded
from kead.leases.lease6 import Lease6
from kead.leases.memfile6 import Durability, Memfile6, MemfileSettings
from kead.log_settings import LoggerSettings, OutputSettings
from kead.network.interfaces import Interface
from kead.statistics import Statistics
from kead.wire.address import parse_ip6, text_ip6
from tests.ddns.kept import Keeper

NOW = 1_700_000_000
HOST = Host("kea-dhcp6", POINTS)
DUID = bytes.fromhex("00030001020000000001")
SERVER_DUID = bytes.fromhex("0002000009bf0123456789abcdef")
SERVER = "fe80::fe"
ALL_SERVERS = "ff02::1:2"
SUBNET: dict[str, Any] = {
    "id": 1,
    "subnet": "2001:db8:1::/64",
    "interface": "eth0",
    "pools": [{"pool": "2001:db8:1::10 - 2001:db8:1::20"}],
    "pd-pools": [{"prefix": "2001:db8:8000::", "prefix-len": 48, "delegated-len": 56}],
}


def load(tree: Mapping[str, Any]) -> Config6:
    """The configuration of what stands under "Dhcp6"."""
    document = read_text(json.dumps({"Dhcp6": tree}), "F", KEYWORDS)
    return load6(document, STANDARD, context=Restrictions(enforce=False))


def keywords(names: Mapping[str, Any]) -> dict[str, Any]:
    """valid_lifetime=5 as "valid-lifetime": 5"""
    return {name.replace("_", "-"): value for name, value in names.items()}


def option(name: str, data: str, **more: Any) -> dict[str, Any]:
    """One entry of option-data."""
    return {"name": name, "data": data, **keywords(more)}


def interface(name: str = "eth0", address: str = SERVER) -> Interface:
    return Interface(name, 2, 1, 0x1043, bytes.fromhex("0200000000fe"), (parse_ip6(address),))


class Reply:
    """What has left the server: the datagram, its way, and what it says; addresses as text."""

    def __init__(self, data: bytes, destination: int, port: int) -> None:
        self.data = data
        self.destination = text_ip6(destination)
        self.port = port
        self.packet: Packet6 = decode(data)

    @property
    def type(self) -> int:
        return self.packet.type

    @property
    def options(self) -> Options:
        return self.packet.options

    def option(self, code: int) -> bytes:
        """The value of an option that is there once."""
        (value,) = self.packet.options[code]
        return value

    @property
    def nas(self) -> list[IaNa]:
        return [IaNa.parse(value) for value in self.packet.options.get(3, ())]

    @property
    def pds(self) -> list[IaPd]:
        return [IaPd.parse(value) for value in self.packet.options.get(25, ())]

    @property
    def na(self) -> IaNa:
        (ia,) = self.nas
        return ia

    @property
    def pd(self) -> IaPd:
        (ia,) = self.pds
        return ia

    @property
    def lifetimes(self) -> tuple[int, int]:
        """Preferred and valid, of the only address or prefix."""
        ((only,),) = [ia.addresses for ia in self.nas] + [ia.prefixes for ia in self.pds]  # type: ignore[list-item]
        return only.preferred, only.valid

    @property
    def addresses(self) -> list[str]:
        """All addresses that are given: those that are taken away are not among them."""
        return [text_ip6(a.address) for ia in self.nas for a in ia.addresses if a.valid]

    @property
    def address(self) -> str:
        (address,) = self.addresses
        return address

    @property
    def prefixes(self) -> list[str]:
        """All prefixes that are given, as 2001:db8::/56."""
        return [f"{text_ip6(p.address)}/{p.length}" for ia in self.pds for p in ia.prefixes if p.valid]

    @property
    def prefix(self) -> str:
        (prefix,) = self.prefixes
        return prefix

    @property
    def status(self) -> Status | None:
        """That of the whole message."""
        values = self.packet.options.get(13)
        return Status.parse(values[0]) if values else None

    @property
    def codes(self) -> list[int]:
        """Option codes of the message in the order of the wire, one an instance."""
        at = len(self.data) - len(encode(_bare(self.packet)))
        data, found = self.data[at + 4 :], []
        while data:
            found.append(int.from_bytes(data[:2], "big"))
            data = data[4 + int.from_bytes(data[2:4], "big") :]
        return found


def _bare(packet: Packet6) -> Packet6:
    bare = Packet6(packet.type, packet.transaction_id)
    bare.options = packet.options
    return bare


class FakeChannel(Channel):
    """A channel whose datagrams come from a list, and which keeps what is sent."""

    def __init__(self, on: Interface) -> None:
        super().__init__(on, on.addresses, lambda channel, error: None)
        self.sent: list[Reply] = []
        self.waiting: list[Datagram] = []
        self.broken: OSError | None = None

    def receive(self, limit: int) -> list[Datagram]:
        batch, self.waiting = self.waiting[:limit], self.waiting[limit:]
        return batch

    def send(self, data: bytes, destination: int, port: int) -> None:
        if self.broken is not None:
            raise self.broken
        self.sent.append(Reply(data, destination, port))


class ServerUnderTest:
    """A dispatcher with all that belongs to it. `configure` may be called again, as a reload."""

    def __init__(
        self,
        folder: Path | None = None,
        *,
        durability: Durability = "write",
        dispatcher: type[Dispatcher] = Dispatcher,
        store: type[Memfile6] = Memfile6,
    ) -> None:
        """Without a folder leases live in memory only."""
        self.now: float = NOW
        self.path = folder / "leases.csv" if folder is not None else None
        self._dispatcher_type = dispatcher
        self.store = store.open(MemfileSettings(self.path, durability), Occupancy6(), NOW)
        self.statistics = Statistics(lambda: self.now)
        self.tally = Tally6(self.statistics)
        self.guard = ClientGuard(self.tally)
        self.changes = NameChanges(request6, lambda: self.now)
        self.d2 = self.changes.sender = Keeper()
        self.in_flight: dict[int, Exchange] = {}
        self.recent: Recent[Any] = Recent()
        self.channel = FakeChannel(interface())
        self.libraries = Loaded((), (), (), HOST)
        self.dispatcher: Dispatcher
        self.config: Config6
        self.service: Service6

    # Configuration

    def configure(
        self,
        *,
        pools: list[dict[str, Any]] | None = None,
        subnets: list[dict[str, Any]] | None = None,
        networks: list[dict[str, Any]] | None = None,
        of_subnet: Mapping[str, Any] | None = None,
        **more: Any,
    ) -> Config6:
        """One subnet, 2001:db8:1::/64 on eth0 with a pool of addresses and one of prefixes unless told otherwise;
        `of_subnet` are keywords of that subnet, all others global ones.
        """
        one = dict(SUBNET, **keywords(of_subnet or {}))
        if pools is not None:
            one["pools"] = pools
        if subnets is None:
            subnets = [one] if networks is None else []
        tree = {"preferred-lifetime": 3000, "valid-lifetime": 4000, **keywords(more), "subnet6": subnets}
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
        service = self.service = Service6(
            config,
            self.store,
            self.tally,
            self.libraries,
            duid=SERVER_DUID,
            guard=self.guard,
            in_flight=self.in_flight,
            recent=self.recent,
            is_lot_full=lambda x: self.dispatcher.lot.full_for(x),
            durable=lambda: self.dispatcher.stored(self.store),
            changes=self.changes if config.d2_client.enable_updates else None,
        )
        self.guard.serialize = bool(self.libraries.chains)
        self.tally.pool_of = service.pool_id_of
        self.tally.configure(
            (s.id, [(p.pool_id, p.size) for p in s.pools], [(p.pool_id, p.size) for p in s.pd_pools])
            for s in config.subnets
        )
        if hasattr(self, "dispatcher"):
            self.dispatcher.use(service)
        else:
            self.dispatcher = self._dispatcher_type(service, asyncio.get_running_loop(), clock=lambda: self.now)

    # What comes and what leaves

    def datagram(
        self,
        query: Packet6 | bytes,
        *,
        source: str = "fe80::c1",
        source_port: int = 0,
        destination: str = ALL_SERVERS,
        channel: FakeChannel | None = None,
        arrived: float | None = None,
    ) -> Datagram:
        relayed = bool(query.relays) if isinstance(query, Packet6) else query[:1] == b"\x0c"
        return Datagram(
            encode(query) if isinstance(query, Packet6) else query,
            parse_ip6(source),
            source_port or (547 if relayed else 546),
            parse_ip6(destination),
            channel or self.channel,
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

    async def lease(self, address: str, kind: int = 0) -> Lease6 | None:
        return await self.store.get(kind, parse_ip6(address))

    async def put(self, address: str, **fields: Any) -> Lease6:
        """A lease that is there already: an address of another client, for 4000 seconds from now, unless told
        otherwise.
        """
        values: dict[str, Any] = {
            "type": 0,
            "prefix_length": 128,
            "duid": bytes.fromhex("000300010200000000aa"),
            "iaid": 1,
            "preferred_lifetime": 3000,
            "valid_lifetime": 4000,
            "cltt": int(self.now),
            "subnet_id": 1,
            **fields,
        }
        lease = Lease6(address=parse_ip6(address), **values)
        assert await self.store.add(lease)
        self.tally.added(lease)
        self.dispatcher.make_durable()
        found = await self.store.get(lease.type, lease.address)
        assert found is not None
        return found

    def rows(self) -> list[dict[str, str]]:
        """The rows of the lease file, by column."""
        assert self.path is not None
        head, *rows = self.path.read_text().splitlines()
        names = head.split(",")
        return [dict(zip(names, row.split(","), strict=True)) for row in rows]

    def count(self, name: str) -> int:
        """A statistic; 0 where there is none."""
        return self.statistics.value(name) or 0

    def counted(self) -> dict[str, int]:
        """All packet statistics that are not 0, but for how many came and went."""
        return {
            counter.name: counter.value
            for counter in self.tally.packets.counters
            if counter.value and not counter.name.endswith(("received", "sent"))
        }


def _library(name: str, functions: Mapping[str, Callable[..., Any]]) -> Library:
    from tests.hooks.helpers import library

    return library(name, **functions)


def relay(
    link: str = "2001:db8:1::1", peer: str = "fe80::c1", *, hops: int = 0, options: Mapping[int, bytes] | None = None
) -> Relay6:
    """One relay's wrapping."""
    made = Relay6(hops, parse_ip6(link), parse_ip6(peer))
    made.options = {code: [value] for code, value in (options or {}).items()}
    return made


Addresses = Sequence[str | tuple[str, int, int]]
"""Addresses, or (address, preferred, valid)."""


def address_of(said: str | tuple[str, int, int]) -> IaAddress:
    if isinstance(said, str):
        return IaAddress(parse_ip6(said))
    return IaAddress(parse_ip6(said[0]), said[1], said[2])


def prefix_of(said: str | tuple[str, int, int]) -> IaPrefix:
    text, preferred, valid = (said, 0, 0) if isinstance(said, str) else said
    address, _, length = text.partition("/")
    return IaPrefix(parse_ip6(address), int(length), preferred, valid)


class Client:
    """Somebody with a DUID. Its methods send one message and give the reply, None for silence.

    `na` and `pd`: hints of its one IA_NA or IA_PD (an empty list: none; None: no such option). `nas` and `pds`: IAID to
    hints, for several of them.
    """

    def __init__(self, server: ServerUnderTest, duid: bytes | str = DUID, iaid: int = 1) -> None:
        self.server = server
        self.duid = bytes.fromhex(duid) if isinstance(duid, str) else duid
        self.iaid = iaid
        self.transaction_id = 0x100000

    def query(
        self,
        kind: int,
        *,
        na: Addresses | None = None,
        pd: Addresses | None = None,
        nas: Mapping[int, Addresses] | None = None,
        pds: Mapping[int, Addresses] | None = None,
        oro: Iterable[int] = (),
        server_id: bytes = b"",
        rapid: bool = False,
        options: Mapping[int, bytes] | None = None,
        relays: Sequence[Relay6] = (),
    ) -> Packet6:
        """A message of this client."""
        self.transaction_id += 1
        packet = Packet6(kind, self.transaction_id)
        own = packet.options
        if self.duid:
            own[1] = [self.duid]
        if server_id:
            own[2] = [server_id]
        for iaid, addresses in {**({self.iaid: na} if na is not None else {}), **(nas or {})}.items():
            ia = IaNa(iaid)
            ia.addresses = list(map(address_of, addresses))
            own.setdefault(3, []).append(ia.encode())
        for iaid, prefixes in {**({self.iaid: pd} if pd is not None else {}), **(pds or {})}.items():
            ia_pd = IaPd(iaid)
            ia_pd.prefixes = list(map(prefix_of, prefixes))
            own.setdefault(25, []).append(ia_pd.encode())
        if oro := list(oro):
            own[6] = [b"".join(code.to_bytes(2, "big") for code in oro)]
        if rapid:
            own[14] = [b""]
        for code, value in (options or {}).items():
            own[code] = [value]
        packet.relays = list(relays)
        return packet

    async def send(self, kind: int, **about: Any) -> Reply | None:
        """Any message: what it says (see `query`) and how it travels (see `ServerUnderTest.datagram`)."""
        way = {
            name: about.pop(name)
            for name in ("source", "source_port", "destination", "channel", "arrived")
            if name in about
        }
        query = self.query(kind, **about)
        channel: FakeChannel = way.get("channel") or self.server.channel
        before = len(channel.sent)
        self.server.dispatcher.serve([self.server.datagram(query, **way)])
        await self.server.settle()
        replies = [one for one in channel.sent[before:] if one.packet.transaction_id == query.transaction_id]
        assert len(replies) <= 1
        return replies[0] if replies else None

    async def answered(self, kind: int, **about: Any) -> Reply:
        """As `send`, where silence is a failure."""
        reply = await self.send(kind, **about)
        assert reply is not None, "no answer"
        return reply

    async def solicit(self, **about: Any) -> Reply:
        return await self.answered(SOLICIT, **_with_address(about))

    async def request(self, **about: Any) -> Reply:
        return await self.answered(REQUEST, **{"server_id": SERVER_DUID, **_with_address(about)})

    async def renew(self, **about: Any) -> Reply:
        return await self.answered(RENEW, **{"server_id": SERVER_DUID, **_with_address(about)})

    async def rebind(self, **about: Any) -> Reply:
        return await self.answered(REBIND, **_with_address(about))

    async def release(self, **about: Any) -> Reply:
        return await self.answered(RELEASE, **{"server_id": SERVER_DUID, **about})

    async def decline(self, **about: Any) -> Reply:
        return await self.answered(DECLINE, **{"server_id": SERVER_DUID, **about})

    async def confirm(self, **about: Any) -> Reply | None:
        return await self.send(CONFIRM, **about)

    async def inform(self, **about: Any) -> Reply:
        """INFORMATION-REQUEST."""
        return await self.answered(INFORMATION_REQUEST, **about)

    async def bind(self, **about: Any) -> str:
        """SOLICIT and REQUEST for an address; the address."""
        offered = await self.solicit(**about)
        reply = await self.request(**{**about, "na": [offered.address]})
        return reply.address

    async def delegate(self, **about: Any) -> str:
        """SOLICIT and REQUEST for a prefix; the prefix."""
        offered = await self.solicit(**{"pd": [], **about})
        reply = await self.request(**{**about, "pd": [offered.prefix]})
        return reply.prefix


def _with_address(about: dict[str, Any]) -> dict[str, Any]:
    """Who says nothing else asks for an address."""
    return about if about.keys() & {"na", "pd", "nas", "pds"} else {"na": [], **about}


class LogFile:
    """What the server logged, by message id."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def everything(self) -> None:
        """Log all there is from now on."""
        self.use("DEBUG", 99)

    def use(self, severity: str, debuglevel: int = 0) -> None:
        output = OutputSettings(str(self.path))
        logs.configure([LoggerSettings("kea-dhcp6", severity, debuglevel, (output,))], root="kea-dhcp6")

    @property
    def text(self) -> str:
        logs.catch_up()
        return self.path.read_text() if self.path.exists() else ""

    @property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    def __contains__(self, message_id: str) -> bool:
        return f" {message_id} " in self.text
