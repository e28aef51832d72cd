"""The DHCPv6 server: what `kead.server` asks of the family."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import AsyncIterator, Collection, Iterator
from typing import Any

from kead.allocation.occupancy6 import Occupancy6
from kead.allocation.recent import Recent
from kead.beside import in_slices
from kead.config.errors import ConfigError
from kead.config.reader import Document
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.schema6 import KEYWORDS
from kead.config.snapshot6 import Config6, InterfacesConfig, Subnet6
from kead.control.answers import Answer
from kead.control.commands_common import Facts
from kead.control.envelope import Request
from kead.control.registry import Command
from kead.daemon import Launch
from kead.daemon_messages import DaemonMessages
from kead.ddns.changes import NameChanges
from kead.ddns.request import request6
from kead.dhcp6 import server_id
from kead.dhcp6.announcements import announce_allocators, announce_subnets
from kead.dhcp6.dispatch import Dispatcher
from kead.dhcp6.exchange import Exchange
from kead.dhcp6.guard import ClientGuard
from kead.dhcp6.hook_points import POINTS
from kead.dhcp6.options import STANDARD
from kead.dhcp6.select_test import select_test
from kead.dhcp6.service import CLIENT_PORT, SERVER_PORT, Service6
from kead.dhcp6.sockets import Sockets6
from kead.dhcp6.subnets import SubnetSelector
from kead.dhcp6.tally import UNCOUNTED, Tally6
from kead.hooks.loading import Loaded
from kead.leases.lease6 import Lease6, LeaseType
from kead.leases.loading6 import Checks6
from kead.leases.memfile6 import Memfile6, MemfileSettings
from kead.leases.reclamation import Reclamation6
from kead.network.interfaces import Interfaces
from kead.network.rtnetlink import AF_INET6
from kead.parking_lot import ParkingLot
from kead.server import Server
from kead.wire.address import text_ip6

_ALL_ONES = (1 << 128) - 1
_AT_ONCE = 1000  # reservations that are looked at before others have their turn


class Server6(Server[Config6, Memfile6, Dispatcher, Service6]):
    """One process's DHCPv6 server; hook libraries see it as `kead.dhcp6.public.PublicServer6`."""

    program = "kead-dhcp6"
    protocol = "DHCPv6"
    top_key = "Dhcp6"
    keywords = KEYWORDS
    points = POINTS
    text_address = staticmethod(text_ip6)

    def __init__(self, launch: Launch, facts: Facts, messages: DaemonMessages) -> None:
        super().__init__(launch, facts, messages)
        self.tally = Tally6(self.statistics)
        self.guard = ClientGuard(self.tally)
        self.changes = NameChanges(request6)
        self._in_flight: dict[int, Exchange] = {}
        self._recent: Recent[Subnet6] = Recent()
        self.registry.register(Command("subnet6-select-test", self._select_test))

    # What the server is made of

    @classmethod
    def load(cls, document: Document, context: Restrictions) -> Config6:
        return load6(document, STANDARD, context=context)

    @staticmethod
    def interfaces() -> dict[str, Collection[int]]:
        table = Interfaces(AF_INET6)
        table.detect()
        return {interface.name: interface.assigned for interface in table.all.values()}

    def _complete(self, config: Config6) -> Config6:
        """With the server's DUID, which is stored before anybody hears of it."""
        table = Interfaces(AF_INET6)
        table.detect()
        current = self.config.duid if hasattr(self, "config") else b""
        directory = self._restrictions(self.launch).data_directory
        try:
            duid = server_id.establish(
                config.server_id, directory, lambda: table.all.values(), int(time.time()), current=current
            )
        except server_id.ServerIdError as error:
            raise ConfigError(str(error), remedy=error.remedy) from error
        return dataclasses.replace(config, duid=duid)

    def _go_back(self, config: Config6) -> None:
        try:
            server_id.keep(config.server_id, self._restrictions(self.launch).data_directory, config.duid)
        except (server_id.ServerIdError, OSError) as error:
            self.messages.config_not_restored(error)

    @classmethod
    def _taken_apart(cls, config: Config6) -> list[object]:
        for network in config.networks:
            object.__setattr__(network, "subnets", ())
        return [*config.subnets, *config.hosts]

    def _open_store(self, settings: MemfileSettings, config: Config6) -> Memfile6:
        selector = SubnetSelector(config.subnets)

        def subnet_of(address: int) -> int | None:
            subnet = selector.containing(address)
            return subnet.id if subnet is not None else None

        sanity = config.sanity
        ranges = {subnet.id: _range_of(subnet) for subnet in config.subnets}
        checks = Checks6(sanity.lease_checks, sanity.extended_info_checks, ranges, subnet_of)
        return Memfile6.open(settings, Occupancy6(), int(time.time()), checks)

    def _service(self, config: Config6, store: Memfile6, libraries: Loaded) -> Service6:
        return Service6(
            config,
            store,
            self.tally,
            libraries,
            duid=config.duid,
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

    def _make_dispatcher(self, service: Service6, libraries: Loaded) -> Dispatcher:
        self.guard.serialize = bool(libraries.chains)
        return Dispatcher(service, asyncio.get_running_loop())

    def _change_service(self, service: Service6, libraries: Loaded) -> ParkingLot[Any, bool]:
        self.guard.serialize = bool(libraries.chains)
        service.take_over(self.dispatcher.service)
        return self.dispatcher.use(service)

    def _make_sockets(self, config: InterfacesConfig) -> Sockets6:
        return Sockets6(
            config,
            self.launch.server_port or SERVER_PORT,
            self.dispatcher.readable,
            loop=asyncio.get_running_loop(),
            on_change=self._sockets_changed,
            on_failed=lambda: self.shutdown(1),
        )

    def _make_reclamation(self, config: Config6) -> Reclamation6:
        return Reclamation6(
            self.store,
            config.expiration,
            self.dispatcher.service.reclaim,
            durable=self.durable,
            enabled=lambda: not self.state.disabled,
        )

    async def _recount(self) -> None:
        self.tally.pool_of = self.dispatcher.service.pool_id_of
        await in_slices(
            self.tally.configuring(
                (s.id, [(pool.pool_id, pool.size) for pool in s.pools], [(p.pool_id, p.size) for p in s.pd_pools])
                for s in self.config.subnets
            )
        )
        counts = list(await self.store.counts())
        counts += [row async for row in self._uncounted()]
        self.tally.recount(counts)

    async def _uncounted(self) -> AsyncIterator[tuple[int, int, int, int, int]]:
        """What to take away from the store's counts: what is reserved outside of all pools counts nowhere."""
        for number, host in enumerate(self.config.hosts):
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)
            reserved = [(LeaseType.NA, address) for address in host.addresses]
            reserved += [(LeaseType.PD, prefix) for prefix, _ in host.prefixes]
            for kind, address in reserved:
                lease = self.store.at(kind, address)
                if lease is not None and self.tally.pool_of(lease) == UNCOUNTED:
                    yield lease.subnet_id, lease.pool_id, lease.type, lease.state, -1

    def _announce_subnets(self, config: Config6) -> Iterator[None]:
        return announce_subnets(config)

    def _announce_allocators(self, config: Config6) -> Iterator[None]:
        return announce_allocators(config)

    def _summary(self, config: Config6) -> str:
        ddns = "enabled" if config.d2_client.enable_updates else "disabled"
        return f"added IPv6 subnets: {len(config.subnets)}; DDNS: {ddns}"

    def status(self) -> dict[str, object]:
        """See `Server`; there are no tables for leasequeries by relay agent."""
        return {**super().status(), "extended-info-tables": False}

    # Its own commands

    def _select_test(self, request: Request) -> Answer:
        return select_test(self.dispatcher.service, self.sockets.interfaces, request)

    # What hook libraries see besides configuration, store and tally

    def subnet_of(self, address: int) -> Subnet6 | None:
        """See `PublicServer6`."""
        return self.dispatcher.service.selector.containing(address)

    def name_changed(self, lease: Lease6, *, added: bool) -> None:
        """See `PublicServer6`."""
        service = self.dispatcher.service
        if service.changes is not None:
            (service.changes.add if added else service.changes.remove)(lease, service.ddns_of(lease))

    def is_busy(self, address: int) -> bool:
        """See `PublicServer6`."""
        return address in self._in_flight


def _range_of(subnet: Subnet6) -> tuple[int, int]:
    first = subnet.prefix & subnet.mask
    return first, first | (~subnet.mask & _ALL_ONES)
