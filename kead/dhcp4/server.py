"""The DHCPv4 server: what it is made of, and how a configuration comes into force.

A new configuration is made beside the one that serves: read and checked (in a thread, so that packets go on), its hook
libraries loaded, its loggers and sockets opened. Then one step swaps it in. Whatever fails before that leaves the
running one as it is; the old libraries go when no packet waits in them any more.
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

from kead import collector, logs
from kead.allocation.occupancy import Occupancy
from kead.config.errors import ConfigError
from kead.config.reader import Document, from_wire, read_file
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.schema4 import KEYWORDS
from kead.config.snapshot4 import Config4, InterfaceChoice, InterfacesConfig, LeaseDatabase, Subnet4
from kead.control.answers import Answer
from kead.control.commands_common import Facts, register_common
from kead.control.envelope import Request
from kead.control.registry import Command, Registry
from kead.control.sockets import ControlSockets
from kead.control.unix import ControlSocketError
from kead.daemon import Launch
from kead.daemon_messages import DaemonMessages
from kead.dhcp4 import messages as log
from kead.dhcp4.announcements import announce_allocators, announce_subnets
from kead.dhcp4.commands import register
from kead.dhcp4.dispatch import Dispatcher
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.guard import ClientGuard
from kead.dhcp4.hook_points import POINTS, Hooks4
from kead.dhcp4.options import STANDARD
from kead.dhcp4.service import CLIENT_PORT, SERVER_PORT, Service4
from kead.dhcp4.sockets import Sockets4
from kead.dhcp4.subnets import Recent, SubnetSelector
from kead.dhcp4.tally import Tally4
from kead.hooks import loading
from kead.hooks.errors import LibraryError
from kead.hooks.finding import find_all
from kead.hooks.instance import Host
from kead.hooks.status import DROP
from kead.leases.cleanup import LeaseFileCleanup
from kead.leases.loading4 import Checks4, LoadError
from kead.leases.memfile4 import Memfile4, MemfileSettings
from kead.leases.reclamation import Reclamation
from kead.leases.store4 import StoreError
from kead.network.interfaces import Interfaces
from kead.parking_lot import ParkingLot
from kead.service_state import ServiceState
from kead.statistics import Statistics

DRAIN = 2.0
"""Seconds that packets parked under the configuration before get to finish."""


def restrictions(launch: Launch, *, testing: bool = False) -> Restrictions:
    """What configurations of this process are judged by besides their text."""

    def interfaces() -> dict[str, tuple[int, ...]]:
        table = Interfaces()
        table.detect()
        return {interface.name: interface.addresses for interface in table.all.values()}

    return Restrictions.from_environment(enforce=launch.restricted, testing=testing, interfaces=interfaces)


class Server4:
    """One process's DHCPv4 server: a `kead.daemon.Server`, and what the common commands are about."""

    top_key = "Dhcp4"

    def __init__(self, launch: Launch, facts: Facts, messages: DaemonMessages) -> None:
        self.launch = launch
        self.config_file = launch.config_file
        self.restricted = launch.restricted
        self.messages = messages
        self.started = self.configured = time.monotonic()
        self.statistics = Statistics()
        self.tally = Tally4(self.statistics)
        self.guard = ClientGuard(self.tally)
        self.state = ServiceState(self._switched)
        self.registry = Registry()
        self.registry.command_processed = self._command_processed
        register_common(self.registry, self, facts, self.statistics)
        register(self.registry, self)
        self._control = ControlSockets(self.registry.execute_document)
        self._in_flight: dict[int, Exchange] = {}
        self._recent = Recent()
        self._host = Host("kead-dhcp4", POINTS, self)
        self._libraries = loading.nothing(self._host)
        self._ended: asyncio.Future[int] | None = None
        self._closed = False
        self._exit_value: int | None = None
        self.config: Config4
        self.store: Memfile4
        self.sockets: Sockets4
        self.dispatcher: Dispatcher
        self.reclamation: Reclamation
        self.cleanup: LeaseFileCleanup | None = None
        self._listening: InterfacesConfig
        self._cleanup_of: tuple[Memfile4, int]
        self._leaving: ParkingLot[Exchange, bool]
        self._background: set[asyncio.Task[object]] = set()

    # Life

    async def start(self) -> None:
        """See `kead.daemon.Server`."""
        self._ended = asyncio.get_running_loop().create_future()
        collector.begin()
        if self._exit_value is not None:
            self._ended.set_result(self._exit_value)
        await self._bring_in(read_file(self.config_file, KEYWORDS))

    def shutdown(self, exit_value: int = 0) -> None:
        """See `kead.daemon.Server`."""
        if self._exit_value is None:
            self._exit_value = exit_value
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(self._exit_value)

    async def wait_closed(self) -> int:
        """See `kead.daemon.Server`."""
        assert self._ended is not None
        status = await self._ended
        await self._answer_hook("shutdown")
        return status

    async def close(self) -> None:
        """See `kead.daemon.Server`."""
        if self._closed:
            return
        self._closed = True
        self.state.close()
        if hasattr(self, "sockets"):
            self.sockets.close()
        if hasattr(self, "dispatcher"):
            await self.dispatcher.lot.drain(DRAIN)
            self.dispatcher.flush()
        await self._control.close()
        if hasattr(self, "reclamation"):
            await self.reclamation.stop()
        if self.cleanup is not None:
            await self.cleanup.stop()
        libraries, self._libraries = self._libraries, loading.nothing(self._host)
        await libraries.unload()
        if hasattr(self, "store"):
            try:
                await self.store.close()
            except StoreError as error:
                log.STORE_FAILED(0, error)

    # Configurations

    @property
    def running(self) -> dict[str, Any]:
        """What config-get shows under "Dhcp4"."""
        return self.config.as_get

    @property
    def running_hash(self) -> str:
        return self.config.hash

    @property
    def server_tag(self) -> str:
        return self.config.server_tag

    def status(self) -> dict[str, object]:
        """What status-get shows of this server, beside what every daemon shows."""
        threads = self.config.multi_threading
        shown: dict[str, object] = {
            "multi-threading-enabled": threads.enabled,
            "sockets": self.sockets.status(),
            "dhcp-state": self.state.status(),
        }
        if threads.enabled:
            shown["thread-pool-size"] = threads.thread_pool_size or os.cpu_count() or 1
            shown["packet-queue-size"] = threads.packet_queue_size
            shown["packet-queue-statistics"] = [0.0, 0.0, 0.0]
        if self.store.path is not None:
            shown["csv-lease-file"] = str(self.store.path)
        return shown

    async def apply(self, tree: dict[str, object], text: bytes) -> None:
        """config-set: bring this into force. ConfigError: it is not, and what was before still is."""
        await self._bring_in(from_wire(tree, text))

    async def reload(self) -> None:
        """config-reload and SIGHUP: the file of -c anew, as `apply`."""
        await self._bring_in(await asyncio.to_thread(read_file, self.config_file, KEYWORDS))

    async def test(self, tree: dict[str, object], text: bytes) -> None:
        """config-test: say whether this could come into force, and change nothing. ConfigError."""
        await check(from_wire(tree, text), self.launch, self._host, load_libraries=False)

    async def _bring_in(self, document: Document) -> None:
        """Make everything of this configuration beside what there is, then switch."""
        config = await asyncio.to_thread(load4, document, STANDARD, context=restrictions(self.launch))
        libraries = await self._load_libraries(config, document)
        store: Memfile4 | None = None
        try:
            await self._ask_libraries(config, libraries)
            logging = logs.prepare(config.loggers)
            try:
                if not hasattr(self, "config") or _place(config) != _place(self.config):
                    store = await self._open_store(config)
                await self._control.apply(_control_socket(config))
            except BaseException:
                logging.close()
                raise
        except BaseException as error:
            await libraries.unload()
            if store is not None:
                await store.close()
            if isinstance(error, (LoadError, StoreError, logs.LogSettingsError)):
                raise ConfigError(str(error)) from error
            raise
        logs.use(logging)
        if store is None:
            await self.store.promise(config.lease_database.durability)
        for warning in config.warnings:
            log.CONFIG_SYNTAX_WARNING(warning)
        announce_subnets(config)
        await self._switch(config, libraries, store if store is not None else self.store, document)
        log.CONFIG_COMPLETE(f"added IPv4 subnets: {len(config.subnets)}; DDNS: disabled")
        announce_allocators(config)
        collector.tidy_up()

    async def _load_libraries(self, config: Config4, document: Document) -> loading.Loaded:
        try:
            return await loading.load(config.hooks_libraries, self._host, confined=self.launch.restricted)
        except LibraryError as error:
            raise library_error(error, document) from error

    async def _ask_libraries(self, config: Config4, libraries: loading.Loaded) -> None:
        """dhcp4_srv_configured: libraries may object to the configuration."""
        chain = Hooks4(libraries.chains).dhcp4_srv_configured
        if chain is None:
            return
        async with libraries.occasion() as occasion:
            c = await chain(
                occasion,
                io_context=None,
                network_state=self.state,
                json_config=config.as_get,
                server_config=config,
            )
        if c.status is DROP:
            raise ConfigError(c.error if "error" in c else "unknown error")

    async def _open_store(self, config: Config4) -> Memfile4:
        database: LeaseDatabase = config.lease_database
        settings = MemfileSettings(
            Path(database.path) if database.persist else None,
            database.durability,
            database.max_row_errors,
            database.parameters,
        )
        selector = SubnetSelector(config.subnets)

        def subnet_of(address: int) -> int | None:
            subnet = selector.containing(address)
            return subnet.id if subnet is not None else None

        checks = Checks4(
            config.sanity.lease_checks,
            config.sanity.extended_info_checks,
            {subnet.id: _range_of(subnet) for subnet in config.subnets},
            subnet_of,
        )
        return await asyncio.to_thread(Memfile4.open, settings, Occupancy(), int(time.time()), checks)

    async def _switch(self, config: Config4, libraries: loading.Loaded, store: Memfile4, document: Document) -> None:
        """From here on this configuration serves."""
        first = not hasattr(self, "config")
        before = None if first else (self.config, self._libraries, self.store)
        if not first:
            await self.reclamation.stop()
        self.store = store
        self._force(config, libraries)
        await self._recount()
        if before is None:
            self.sockets = Sockets4(
                config.interfaces,
                self.launch.server_port or SERVER_PORT,
                self.dispatcher.readable,
                loop=asyncio.get_running_loop(),
                on_change=self._sockets_changed,
                on_failed=lambda: self.shutdown(1),
            )
            await libraries.start()
            self.sockets.open()
        else:
            old_config, old_libraries, old_store = before
            await self._leaving.drain(DRAIN)
            try:
                await loading.replace(old_libraries, libraries, lambda used: self._keep(used, old_config, old_store))
            except LibraryError as error:
                await self._back_to(old_config)
                if old_store is not store:
                    await store.close()
                raise library_error(error, document) from error
            if old_store is not store:
                await old_store.close()
            self.sockets.reconfigure(config.interfaces)
        self._listening = config.interfaces
        self.configured = time.monotonic()
        self.state.reconfigured()
        self._start_timers(config)

    def _force(self, config: Config4, libraries: loading.Loaded) -> None:
        """The one step: the next packet is served under this configuration, with these libraries."""
        self.config, self._libraries = config, libraries
        store = self.store
        service = Service4(
            config,
            store,
            self.tally,
            libraries,
            guard=self.guard,
            in_flight=self._in_flight,
            recent=self._recent,
            server_port=self.launch.server_port or SERVER_PORT,
            client_port=self.launch.client_port or CLIENT_PORT,
            is_lot_full=lambda: self.dispatcher.lot.full,
            durable=lambda: self.dispatcher.stored(store),
        )
        self.guard.serialize = bool(libraries.chains)
        if hasattr(self, "dispatcher"):
            service.take_over(self.dispatcher.service)
            self._leaving = self.dispatcher.use(service)
            service.listen_on(set(self.sockets.addresses))
        else:
            self.dispatcher = Dispatcher(service, asyncio.get_running_loop())
        self.statistics.configure(config.statistic_default_sample_count, config.statistic_default_sample_age)
        self.registry.set_hook_commands(self._hook_commands(libraries))

    async def _recount(self) -> None:
        """Statistics of the subnets and pools that are now in force."""
        self.tally.pool_of = self.dispatcher.service.pool_id_of
        self.tally.configure((s.id, [(pool.pool_id, pool.size) for pool in s.pools]) for s in self.config.subnets)
        self.tally.recount(await self.store.counts())

    def _keep(self, libraries: loading.Loaded, config: Config4, store: Memfile4) -> None:
        """Libraries have changed under a configuration that could not come into force wholly."""
        if libraries is not self._libraries:
            self.store = store
            self._force(config, libraries)
            self._leaving.clear()

    async def _back_to(self, config: Config4) -> None:
        """Packets are served under the configuration before again (`_keep`): so be all the rest."""
        await self._recount()
        self._start_timers(config)
        await self.store.promise(config.lease_database.durability)
        try:
            logs.use(logs.prepare(config.loggers))
            await self._control.apply(_control_socket(config))
        except (logs.LogSettingsError, ControlSocketError) as error:
            log.CONFIG_NOT_RESTORED(error)

    def in_background(self, work: Coroutine[Any, Any, object]) -> None:
        """Run this beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    def add_interfaces(self, names: list[str]) -> None:
        """interface-add: listen on these too, until the next configuration."""
        known = {choice.name for choice in self._listening.interfaces}
        more = tuple(InterfaceChoice(name) for name in names if name not in known)
        self._listening = dataclasses.replace(self._listening, interfaces=self._listening.interfaces + more)
        self.sockets.reconfigure(self._listening)

    def _start_timers(self, config: Config4) -> None:
        self.reclamation = Reclamation(
            self.store,
            config.expiration,
            self.dispatcher.service.reclaim,
            durable=lambda: self.dispatcher.durable(),
            enabled=lambda: not self.state.disabled,
        )
        self.reclamation.start()
        if self.cleanup is None or self._cleanup_of != (self.store, config.lease_database.lfc_interval):
            if self.cleanup is not None:
                self.in_background(self.cleanup.stop())
            self.cleanup = LeaseFileCleanup(self.store, config.lease_database.lfc_interval)
            self._cleanup_of = (self.store, config.lease_database.lfc_interval)
            self.cleanup.start()

    def _sockets_changed(self) -> None:
        self.dispatcher.service.listen_on(set(self.sockets.addresses))

    def _switched(self, disabled: bool) -> None:
        self.dispatcher.disabled = disabled

    # What hook libraries see besides configuration, store and tally (kead.dhcp4.public)

    def subnet_of(self, address: int) -> Subnet4 | None:
        """See `PublicServer4`."""
        return self.dispatcher.service.selector.containing(address)

    def is_busy(self, address: int) -> bool:
        """See `PublicServer4`."""
        return address in self._in_flight

    async def durable(self) -> None:
        """See `PublicServer4`."""
        await self.dispatcher.durable()

    # Hooks and commands

    async def _command_processed(self, name: str, arguments: object, answer: Answer) -> Answer | None:
        chain = self._libraries.chains.get("command_processed")
        if chain is None:
            return None
        before = answer.as_json()
        async with self._libraries.occasion() as occasion:
            c = await chain(occasion, name=name, arguments=arguments, response=before)
        response = c.response
        if response is before:
            return None
        return Answer.from_json(response)

    async def _answer_hook(self, name: str) -> None:
        """What is no command but shows itself to libraries as one (the end by a signal)."""
        await self._command_processed(name, None, Answer(0, ""))

    def _hook_commands(self, libraries: loading.Loaded) -> list[Command]:
        def handler(name: str) -> Any:
            async def handle(request: Request) -> Answer | None:
                async with libraries.occasion() as occasion:
                    response = await libraries.answer(name, request.whole, occasion, request.place)
                return None if response is None else Answer.from_json(response)

            return handle

        return [Command(name, handler(name)) for name in libraries.commands]


def library_error(error: LibraryError, document: Document) -> ConfigError:
    """A library's failure as a failure of the configuration, with the place where the library is named."""

    def path(position: int) -> tuple[str | int, ...]:
        return ("Dhcp4", "hooks-libraries", position, "library")

    text = error.text(lambda position: f" ({document.place(path(position))})")
    first = error.problems[0].position if error.problems else 0
    return ConfigError(text, place=document.place(path(first)), path=path(first))


async def check(document: Document, launch: Launch, host: Host, *, load_libraries: bool) -> None:
    """Whether this configuration could come into force; ConfigError if not. Says its warnings, and touches nothing."""
    config = await asyncio.to_thread(load4, document, STANDARD, context=restrictions(launch, testing=True))
    for warning in config.warnings:
        log.CONFIG_SYNTAX_WARNING(warning)
    try:
        if load_libraries:
            loaded = await loading.load(config.hooks_libraries, host, confined=launch.restricted)
            await loaded.unload()
        else:
            find_all(config.hooks_libraries, confined=launch.restricted)
    except LibraryError as error:
        raise library_error(error, document) from error


def _place(config: Config4) -> tuple[bool, str]:
    """Where leases live; only another place needs another store."""
    return config.lease_database.persist, config.lease_database.path


def _control_socket(config: Config4) -> str | None:
    return next((socket.path for socket in config.control_sockets), None)


def _range_of(subnet: Subnet4) -> tuple[int, int]:
    first = subnet.prefix & subnet.mask
    return first, first | (~subnet.mask & 0xFFFFFFFF)
