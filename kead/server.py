"""A DHCP server: what it is made of, and how a configuration comes into force. The same for both families.

A new configuration is made beside the one that serves: read and checked (in a thread, so that packets go on), its hook
libraries loaded, its loggers and sockets opened. Then one step swaps it in. Whatever fails before that leaves the
running one as it is; the old libraries go when no packet waits in them any more.

What a configuration, a store, a socket is in its family, a subclass says (`kead.server_parts`).
"""

from __future__ import annotations

import asyncio
import dataclasses
import os
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from kead import collector, logs
from kead.beside import in_slices, in_thread, let_go
from kead.config.errors import ConfigError
from kead.config.reader import Document, from_wire, read_file
from kead.config.restrictions import Restrictions
from kead.config.snapshot import Config, InterfaceChoice, InterfacesConfig
from kead.control.answers import Answer
from kead.control.commands_common import Facts, register_common
from kead.control.commands_service import register_service
from kead.control.envelope import Request
from kead.control.registry import Command, Registry
from kead.control.sockets import ControlSockets
from kead.control.unix import ControlSocketError
from kead.daemon import Launch
from kead.daemon_messages import DaemonMessages
from kead.hooks import loading
from kead.hooks.errors import LibraryError
from kead.hooks.finding import find_all
from kead.hooks.instance import Host
from kead.hooks.status import DROP
from kead.leases.cleanup import LeaseFileCleanup
from kead.leases.loading import LoadError
from kead.leases.memfile import MemfileSettings
from kead.leases.store import StoreError
from kead.parking_lot import ParkingLot
from kead.server_parts import C, D, M, Parts, S
from kead.service_state import ServiceState
from kead.statistics import Statistics

DRAIN = 2.0
"""Seconds that packets parked under the configuration before get to finish."""
_AN_OBJECT = 30
"""About so many bytes of a configuration's text become one object."""


class Server(Parts[C, M, D, S]):
    """One process's DHCP server: a `kead.daemon.Server`, and what the common commands are about."""

    def __init__(self, launch: Launch, facts: Facts, messages: DaemonMessages) -> None:
        self.launch = launch
        self.config_file = launch.config_file
        self.restricted = launch.restricted
        self.messages = messages
        self.started = self.configured = time.monotonic()
        self.statistics = Statistics()
        self.state = ServiceState(self._switched)
        self.registry = Registry()
        self.registry.command_processed = self._command_processed
        register_common(self.registry, self, facts, self.statistics)
        register_service(self.registry, self)
        self._control = ControlSockets(self.registry.execute_document)
        self._host = Host(self.program, self.points, self)
        self._libraries = loading.nothing(self._host)
        self._ended: asyncio.Future[int] | None = None
        self._closed = False
        self._exit_value: int | None = None
        self.cleanup: LeaseFileCleanup | None = None
        self._listening: InterfacesConfig
        self._cleanup_of: tuple[M, int]
        self._leaving: ParkingLot[Any, bool]
        self._background: set[asyncio.Task[object]] = set()

    # Life

    async def start(self) -> None:
        """See `kead.daemon.Server`."""
        self._ended = asyncio.get_running_loop().create_future()
        collector.begin()
        if self._exit_value is not None:
            self._ended.set_result(self._exit_value)
        await self.reload()

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
        await self._command_processed("shutdown", None, Answer(0, ""))  # the end by a signal shows itself as one too
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
        if hasattr(self, "dispatcher"):
            try:
                await self.store.close()
            except StoreError as error:
                self.dispatcher.words.STORE_FAILED(0, error)
        await self.changes.close()

    # What commands ask (kead.control)

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

    def add_interfaces(self, names: list[str]) -> None:
        """interface-add: listen on these too, until the next configuration."""
        known = {choice.name for choice in self._listening.interfaces}
        more = tuple(InterfaceChoice(name) for name in names if name not in known)
        self._listening = dataclasses.replace(self._listening, interfaces=self._listening.interfaces + more)
        self.sockets.reconfigure(self._listening)

    def in_background(self, work: Coroutine[Any, Any, object]) -> None:
        """Run this beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    # Configurations

    async def apply(self, tree: dict[str, object], text: bytes) -> None:
        """config-set: bring this into force. ConfigError: it is not, and what was before still is."""
        await self._bring_in(from_wire(tree, text))

    async def reload(self) -> None:
        """config-reload and SIGHUP: the file of -c anew, as `apply`."""
        document = await in_thread(read_file, self.config_file, self.keywords)
        await self._bring_in(document)

    async def test(self, tree: dict[str, object], text: bytes) -> None:
        """config-test: say whether this could come into force, and change nothing. ConfigError."""
        await self.check(from_wire(tree, text), self.launch, self.messages, load_libraries=False)

    @classmethod
    async def check(cls, document: Document, launch: Launch, messages: DaemonMessages, *, load_libraries: bool) -> None:
        """Whether this could come into force; ConfigError if not. Says its warnings, and touches nothing."""
        config = await in_thread(cls.load, document, cls._restrictions(launch, testing=True))
        for warning in config.warnings:
            messages.config_syntax_warning(warning)
        host = Host(cls.program, cls.points)
        with cls._libraries_named(document):
            if load_libraries:
                loaded = await loading.load(config.hooks_libraries, host, confined=launch.restricted)
                await loaded.unload()
            else:
                find_all(config.hooks_libraries, confined=launch.restricted)
        parts = cls._taken_apart(config)
        del config
        await let_go(parts)

    @classmethod
    def _restrictions(cls, launch: Launch, *, testing: bool = False) -> Restrictions:
        """What configurations of this process are judged by besides their text."""
        return Restrictions.from_environment(enforce=launch.restricted, testing=testing, interfaces=cls.interfaces)

    @classmethod
    @contextmanager
    def _libraries_named(cls, document: Document) -> Iterator[None]:
        """A library's failure becomes one of the configuration, with the place where the library is named."""

        def path(position: int) -> tuple[str | int, ...]:
            return (cls.top_key, "hooks-libraries", position, "library")

        try:
            yield
        except LibraryError as error:
            text = error.text(lambda position: f" ({document.place(path(position))})")
            first = error.problems[0].position if error.problems else 0
            raise ConfigError(text, place=document.place(path(first)), path=path(first)) from error

    async def _bring_in(self, document: Document) -> None:
        """Make everything of this configuration beside what there is, then switch."""
        config = await in_thread(self._load, document)
        self.changes.check(config.d2_client)
        with self._libraries_named(document):
            libraries = await loading.load(config.hooks_libraries, self._host, confined=self.launch.restricted)
        store: M | None = None
        try:
            await self._ask_libraries(config, libraries)
            logging = logs.prepare(config.loggers)
            try:
                if not hasattr(self, "config") or _place(config) != _place(self.config):
                    store = await asyncio.to_thread(self._open_store, _settings(config), config)
                config = await in_thread(self._complete, config)
                where = store if store is not None else self.store
                service = await in_thread(self._service, config, where, libraries)
                await self._control.apply(_control_socket(config))
            except BaseException:
                logging.close()
                raise
        except BaseException as error:
            await libraries.unload()
            if store is not None:
                await store.close()
            if hasattr(self, "config"):
                self._go_back(self.config)
            if isinstance(error, (LoadError, StoreError, logs.LogSettingsError)):
                raise ConfigError(str(error)) from error
            raise
        logs.use(logging)
        if store is None:
            await self.store.promise(config.lease_database.durability)
        for warning in config.warnings:
            self.messages.config_syntax_warning(warning)
        await in_slices(self._announce_subnets(config))
        former = self.config if hasattr(self, "config") else None
        await self._switch(config, libraries, where, service, document)
        self.messages.config_complete(self._summary(config))
        await in_slices(self._announce_allocators(config))
        self.messages.multi_threading("no", 0, 0)  # one loop, whatever multi-threading says
        objects = len(self.store) + len(config.text) // _AN_OBJECT
        if former is not None:
            objects += len(former.text) // _AN_OBJECT
            self.in_background(let_go(self._taken_apart(former)))
            del former
        collector.tidy_up(objects)

    def _load(self, document: Document) -> C:
        """The configuration; the document keeps nothing but its places. Called in a thread."""
        try:
            return self.load(document, self._restrictions(self.launch))
        finally:
            if not document.wire:  # what came with a command is the command's
                document.free()

    async def _ask_libraries(self, config: C, libraries: loading.Loaded) -> None:
        """dhcp4_srv_configured: libraries may object to the configuration."""
        chain = libraries.chains.get(f"{self.top_key.lower()}_srv_configured")
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

    async def _switch(self, config: C, libraries: loading.Loaded, store: M, service: S, document: Document) -> None:
        """From here on this configuration serves."""
        first = not hasattr(self, "config")
        before = None if first else (self.config, self._libraries, self.store)
        if not first:
            await self.reclamation.stop()
        self.store = store
        self._force(config, libraries, service)
        await self._count_anew(config)
        if before is None:
            self.sockets = self._make_sockets(config.interfaces)
            await libraries.start()
            self.sockets.open()
        else:
            old_config, old_libraries, old_store = before
            await self._leaving.drain(DRAIN)
            try:
                with self._libraries_named(document):
                    await loading.replace(
                        old_libraries, libraries, lambda used: self._keep(used, old_config, old_store)
                    )
            except ConfigError:
                await self._back_to(old_config)
                if old_store is not store:
                    await store.close()
                raise
            if old_store is not store:
                await old_store.close()
            self.sockets.reconfigure(config.interfaces)
        self._listening = config.interfaces
        self.configured = time.monotonic()
        self.state.reconfigured()
        self._start_timers(config)

    def _force(self, config: C, libraries: loading.Loaded, service: S) -> None:
        """The one step: the next packet is served under this configuration, with these libraries."""
        self.config, self._libraries = config, libraries
        self.changes.configure(config.d2_client)
        if hasattr(self, "dispatcher"):
            self._leaving = self._change_service(service, libraries)
        else:
            self.dispatcher = self._make_dispatcher(service, libraries)
        self.registry.set_hook_commands(self._hook_commands(libraries))

    async def _count_anew(self, config: C) -> None:
        """Statistics are what they are under this configuration, which is in force."""
        count, age = config.statistic_default_sample_count, config.statistic_default_sample_age
        await in_slices(self.statistics.configuring(count, age))
        await self._recount()

    def _keep(self, libraries: loading.Loaded, config: C, store: M) -> None:
        """Libraries have changed under a configuration that could not come into force wholly."""
        if libraries is not self._libraries:
            self.store = store
            self._force(config, libraries, self._service(config, store, libraries))
            self._leaving.clear()

    async def _back_to(self, config: C) -> None:
        """Packets are served under the configuration before again (`_keep`): so be all the rest."""
        await self._count_anew(config)
        self._start_timers(config)
        await self.store.promise(config.lease_database.durability)
        self._go_back(config)
        try:
            logs.use(logs.prepare(config.loggers))
            await self._control.apply(_control_socket(config))
        except (logs.LogSettingsError, ControlSocketError) as error:
            self.messages.config_not_restored(error)

    def _start_timers(self, config: C) -> None:
        self.reclamation = self._make_reclamation(config)
        self.reclamation.start()
        if self.cleanup is None or self._cleanup_of != (self.store, config.lease_database.lfc_interval):
            if self.cleanup is not None:
                self.in_background(self.cleanup.stop())
            self.cleanup = LeaseFileCleanup(self.store, config.lease_database.lfc_interval)
            self._cleanup_of = (self.store, config.lease_database.lfc_interval)
            self.cleanup.start()

    def _switched(self, disabled: bool) -> None:
        self.dispatcher.disabled = disabled

    # Hook libraries

    async def durable(self) -> None:
        """Come back when all that was accepted so far is stored and counted. StoreError: it was undone instead."""
        await self.dispatcher.durable()

    async def _command_processed(self, name: str, arguments: object, answer: Answer) -> Answer | None:
        chain = self._libraries.chains.get("command_processed")
        if chain is None:
            return None
        before = answer.as_json()
        answer.shared = True
        async with self._libraries.occasion() as occasion:
            c = await chain(occasion, name=name, arguments=arguments, response=before)
        response = c.response
        if response is before:
            return None
        return Answer.from_json(response)

    def _hook_commands(self, libraries: loading.Loaded) -> list[Command]:
        def handler(name: str) -> Any:
            async def handle(request: Request) -> Answer | None:
                async with libraries.occasion() as occasion:
                    response = await libraries.answer(name, request.whole, occasion, request.place)
                return None if response is None else Answer.from_json(response)

            return handle

        return [Command(name, handler(name)) for name in libraries.commands]


def _settings(config: Config) -> MemfileSettings:
    database = config.lease_database
    return MemfileSettings(
        Path(database.path) if database.persist else None,
        database.durability,
        database.max_row_errors,
        database.parameters,
    )


def _place(config: Config) -> tuple[bool, str]:
    """Where leases live; only another place needs another store."""
    return config.lease_database.persist, config.lease_database.path


def _control_socket(config: Config) -> str | None:
    return next((socket.path for socket in config.control_sockets), None)
