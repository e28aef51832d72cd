"""The DHCPv4 server: what `kead.server` asks of the family."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Collection, Iterator
from typing import Any

from kead.allocation.occupancy import Occupancy
from kead.allocation.recent import Recent
from kead.beside import in_slices
from kead.config.reader import Document
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.schema4 import KEYWORDS
from kead.config.snapshot4 import Config4, InterfacesConfig, Subnet4
from kead.control.answers import Answer
from kead.control.commands_common import Facts
from kead.control.envelope import Request
from kead.control.registry import Command
from kead.daemon import Launch
from kead.daemon_messages import DaemonMessages
from kead.ddns.changes import NameChanges
from kead.ddns.request import request4
from kead.dhcp4.announcements import announce_allocators, announce_subnets
from kead.dhcp4.dispatch import Dispatcher
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.guard import ClientGuard
from kead.dhcp4.hook_points import POINTS
from kead.dhcp4.options import STANDARD
from kead.dhcp4.select_test import select_test
from kead.dhcp4.service import CLIENT_PORT, SERVER_PORT, Service4
from kead.dhcp4.sockets import Sockets4
from kead.dhcp4.subnets import SubnetSelector
from kead.dhcp4.tally import Tally4
from kead.hooks.loading import Loaded
from kead.leases.lease4 import Lease4
from kead.leases.loading4 import Checks4
from kead.leases.memfile4 import Memfile4, MemfileSettings
from kead.leases.reclamation import Reclamation4
from kead.network.interfaces import Interfaces
from kead.parking_lot import ParkingLot
from kead.server import Server
from kead.wire.address import text_ip4


class Server4(Server[Config4, Memfile4, Dispatcher, Service4]):
    """One process's DHCPv4 server; hook libraries see it as `kead.dhcp4.public.PublicServer4`."""

    program = "kead-dhcp4"
    protocol = "DHCPv4"
    top_key = "Dhcp4"
    keywords = KEYWORDS
    points = POINTS
    text_address = staticmethod(text_ip4)

    def __init__(self, launch: Launch, facts: Facts, messages: DaemonMessages) -> None:
        super().__init__(launch, facts, messages)
        self.tally = Tally4(self.statistics)
        self.guard = ClientGuard(self.tally)
        self.changes = NameChanges(request4)
        self._in_flight: dict[int, Exchange] = {}
        self._recent: Recent[Subnet4] = Recent()
        self.registry.register(Command("subnet4-select-test", self._select_test))

    # What the server is made of

    @classmethod
    def load(cls, document: Document, context: Restrictions) -> Config4:
        return load4(document, STANDARD, context=context)

    @staticmethod
    def interfaces() -> dict[str, Collection[int]]:
        table = Interfaces()
        table.detect()
        return {interface.name: interface.addresses for interface in table.all.values()}

    @classmethod
    def _taken_apart(cls, config: Config4) -> list[object]:
        for network in config.networks:
            object.__setattr__(network, "subnets", ())
        return [*config.subnets, *config.hosts]

    def _open_store(self, settings: MemfileSettings, config: Config4) -> Memfile4:
        selector = SubnetSelector(config.subnets)

        def subnet_of(address: int) -> int | None:
            subnet = selector.containing(address)
            return subnet.id if subnet is not None else None

        sanity = config.sanity
        ranges = {subnet.id: _range_of(subnet) for subnet in config.subnets}
        checks = Checks4(sanity.lease_checks, sanity.extended_info_checks, ranges, subnet_of)
        return Memfile4.open(settings, Occupancy(), int(time.time()), checks)

    def _service(self, config: Config4, store: Memfile4, libraries: Loaded) -> Service4:
        return Service4(
            config,
            store,
            self.tally,
            libraries,
            guard=self.guard,
            in_flight=self._in_flight,
            recent=self._recent,
            server_port=self.launch.server_port or SERVER_PORT,
            client_port=self.launch.client_port or CLIENT_PORT,
            relay_port=self.launch.client_port or SERVER_PORT,
            is_lot_full=lambda x: self.dispatcher.lot.full_for(x),
            durable=lambda: self.dispatcher.stored(store),
            changes=self.changes if config.d2_client.enable_updates else None,
        )

    def _make_dispatcher(self, service: Service4, libraries: Loaded) -> Dispatcher:
        self.guard.serialize = bool(libraries.chains)
        return Dispatcher(service, asyncio.get_running_loop())

    def _change_service(self, service: Service4, libraries: Loaded) -> ParkingLot[Any, bool]:
        self.guard.serialize = bool(libraries.chains)
        service.take_over(self.dispatcher.service)
        leaving = self.dispatcher.use(service)
        self._sockets_changed()
        return leaving

    def _make_sockets(self, config: InterfacesConfig) -> Sockets4:
        return Sockets4(
            config,
            self.launch.server_port or SERVER_PORT,
            self.dispatcher.readable,
            loop=asyncio.get_running_loop(),
            on_change=self._sockets_changed,
            on_failed=lambda: self.shutdown(1),
        )

    def _sockets_changed(self) -> None:
        self.dispatcher.service.listen_on(set(self.sockets.addresses))

    def _make_reclamation(self, config: Config4) -> Reclamation4:
        return Reclamation4(
            self.store,
            config.expiration,
            self.dispatcher.service.reclaim,
            durable=self.durable,
            enabled=lambda: not self.state.disabled,
        )

    async def _recount(self) -> None:
        self.tally.pool_of = self.dispatcher.service.pool_id_of
        subnets = ((s.id, [(pool.pool_id, pool.size) for pool in s.pools]) for s in self.config.subnets)
        await in_slices(self.tally.configuring(subnets))
        self.tally.recount(await self.store.counts())

    def _announce_subnets(self, config: Config4) -> Iterator[None]:
        return announce_subnets(config)

    def _announce_allocators(self, config: Config4) -> Iterator[None]:
        return announce_allocators(config)

    def _summary(self, config: Config4) -> str:
        ddns = "enabled" if config.d2_client.enable_updates else "disabled"
        return f"added IPv4 subnets: {len(config.subnets)}; DDNS: {ddns}"

    # Its own commands

    def _select_test(self, request: Request) -> Answer:
        return select_test(self.dispatcher.service, self.sockets.interfaces, request)

    # What hook libraries see besides configuration, store and tally

    def subnet_of(self, address: int) -> Subnet4 | None:
        """See `PublicServer4`."""
        return self.dispatcher.service.selector.containing(address)

    def name_changed(self, lease: Lease4, *, added: bool) -> None:
        """See `PublicServer4`."""
        service = self.dispatcher.service
        if service.changes is not None:
            (service.changes.add if added else service.changes.remove)(lease, service.ddns_of(lease))

    def is_busy(self, address: int) -> bool:
        """See `PublicServer4`."""
        return address in self._in_flight


def _range_of(subnet: Subnet4) -> tuple[int, int]:
    first = subnet.prefix & subnet.mask
    return first, first | (~subnet.mask & 0xFFFFFFFF)
