"""The commands that both DHCP servers have about their service: on and off, expired leases, interfaces, clean-up."""

from __future__ import annotations

import time
from collections.abc import Coroutine
from typing import Any, Protocol

from kead.control.answers import EMPTY, UNSUPPORTED, Answer, CommandError
from kead.control.envelope import Argument, Kind, Request
from kead.control.registry import Command, Registry
from kead.leases.cleanup import LeaseFileCleanup
from kead.leases.cleanup_files import CleanupFiles
from kead.leases.memfile import Memfile
from kead.leases.reclamation import ReclamationOf
from kead.network.sockets import Sockets
from kead.service_state import ORIGINS, USER, ServiceState


class ServingServer(Protocol):
    """A server that these commands can be about."""

    state: ServiceState
    cleanup: LeaseFileCleanup | None

    @property
    def protocol(self) -> str:
        """ "DHCPv4"."""

    @property
    def store(self) -> Memfile[Any]: ...

    @property
    def sockets(self) -> Sockets[Any]: ...

    @property
    def reclamation(self) -> ReclamationOf[Any]: ...

    def text_address(self, address: int) -> str:
        """An address as people write it."""

    def add_interfaces(self, names: list[str]) -> None:
        """Listen on these too."""

    def in_background(self, work: Coroutine[Any, Any, object]) -> None:
        """Run this beside everything else."""


def register_service(registry: Registry, server: ServingServer) -> None:
    """Make them known."""

    def dhcp_disable(request: Request) -> Answer:
        arguments = _map_of(request, "dhcp-disable")
        seconds = 0
        if "max-period" in arguments:
            value = arguments["max-period"]
            if not isinstance(value, int) or isinstance(value, bool):
                raise CommandError("'max-period' argument must be a number")
            if value <= 0:
                raise CommandError("'max-period' must be positive integer")
            seconds = value
        server.state.disable(_origin(arguments), seconds)
        return Answer(text=f"{server.protocol} service disabled" + (f" for {seconds} seconds" if seconds else ""))

    def dhcp_enable(request: Request) -> Answer:
        server.state.enable(_origin(_map_of(request, "dhcp-enable")))
        return Answer(text="DHCP service successfully enabled")

    async def leases_reclaim(request: Request) -> Answer:
        remove = request.boolean("remove")
        await server.reclamation.run_cycle(int(time.time()), 0, 0, remove)
        return Answer(text="Reclamation of expired leases is complete.")

    def interface_list(_: Request) -> Answer:
        return _interfaces(server)

    def interface_redetect(_: Request) -> Answer:
        server.sockets.redetect()
        return _interfaces(server)

    def interface_add(request: Request) -> Answer:
        names = request.arguments.get("interfaces") if isinstance(request.arguments, dict) else None
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise CommandError("'interfaces' parameter expected to be a list of strings.")
        server.add_interfaces(names)
        return Answer(text="Interface configuration successfully updated.")

    def lfc_start(_: Request) -> Answer:
        path = server.store.path
        if server.cleanup is None or path is None:
            raise CommandError("kea-lfc is not used: the lease database is not persistent", UNSUPPORTED)
        if CleanupFiles(path).running():
            return Answer(EMPTY, "kea-lfc already running")
        server.in_background(server.cleanup.run())
        return Answer(text="kea-lfc started")

    registry.register(
        Command("dhcp-disable", dhcp_disable),
        Command("dhcp-enable", dhcp_enable),
        Command("leases-reclaim", leases_reclaim, (Argument("remove", Kind.BOOLEAN),)),
        Command("interface-list", interface_list),
        Command("interface-redetect", interface_redetect),
        Command("interface-add", interface_add),
        Command("kea-lfc-start", lfc_start),
    )


def _map_of(request: Request, command: str) -> dict[str, object]:
    """The arguments, {} when there are none."""
    if not request.has_arguments:
        return {}
    if not isinstance(request.arguments, dict):
        raise CommandError(f"arguments for the '{command}' command must be a map")
    return request.arguments


def _origin(arguments: dict[str, object]) -> int:
    """Who switches the service: `origin-id`, else `origin`, else the user."""
    if "origin-id" in arguments:
        number = arguments["origin-id"]
        if not isinstance(number, int) or isinstance(number, bool):
            raise CommandError("'origin-id' argument must be a number")
        return number & 0xFFFFFFFF
    origin = arguments.get("origin", USER)
    if isinstance(origin, int) and not isinstance(origin, bool):
        return origin & 0xFFFFFFFF
    if isinstance(origin, str) and origin in ORIGINS:
        return ORIGINS[origin]
    if not isinstance(origin, str):
        raise CommandError("'origin' argument must be a string or a number")
    raise CommandError(f"invalid value used for 'origin' parameter: {origin}")


def _interfaces(server: ServingServer) -> Answer:
    known = server.sockets.interfaces.all.values()
    served = {channel.interface.index for channel in server.sockets.channels}
    shown = [
        {
            "name": interface.name,
            "index": interface.index,
            "mac": interface.mac.hex(":"),
            "type": interface.kind,
            "addresses": [server.text_address(address) for address in interface.addresses],
            "flag-loopback": interface.loopback,
            "flag-up": interface.up,
            "flag-running": interface.running,
            "flag-multicast": interface.multicast,
            "flag-broadcast": interface.broadcast,
            "in-use": interface.index in served,
        }
        for interface in known
    ]
    return Answer(text=f"{len(shown)} interfaces detected.", arguments={"interfaces": shown})
