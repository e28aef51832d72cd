"""Name changes of leases: noted when a store has taken the lease, sent when the lease is durable.

`add` and `remove` note, `cut` gives what was noted for a group of leases, `send` sends it when the group is through;
what was noted for a group that fails is forgotten with it. Nothing here waits.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from kead.config.errors import ConfigError
from kead.config.snapshot import D2Client, Ddns
from kead.ddns import messages as log
from kead.ddns.request import ADD, REMOVE, NameChangeRequest
from kead.ddns.sender import Sender, open_socket
from kead.leases.lease4 import Lease4
from kead.leases.lease6 import Lease6
from kead.wire.names import DomainNameError

LeaseT = TypeVar("LeaseT", Lease4, Lease6)
Noted = tuple[int, LeaseT, Ddns]
_WORDS = {ADD: "add", REMOVE: "remove"}


class NameChanges(Generic[LeaseT]):
    """Those of one server, whatever its configuration. `request`: what a lease asks for, in the server's family."""

    def __init__(
        self,
        request: Callable[[int, LeaseT, Ddns], NameChangeRequest],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._request: Callable[[int, LeaseT, Ddns], NameChangeRequest] = request
        self._clock = clock
        self._noted: list[Noted[LeaseT]] = []
        self.sender: Sender | None = None

    @property
    def suspended(self) -> bool:
        """Whether names are not updated although they should be: sending has failed."""
        return self.sender is None or self.sender.suspended

    # Leases

    def add(self, lease: LeaseT, ddns: Ddns) -> None:
        """A lease has a new name, as far as it has one and DNS is to know it."""
        if lease.hostname and (lease.fqdn_fwd or lease.fqdn_rev):
            self._noted.append((ADD, lease, ddns))

    def remove(self, lease: LeaseT, ddns: Ddns, *, first: bool = False) -> None:
        """A lease, as it was, has lost its name. `first`: to another one that was noted already, so this goes ahead."""
        if lease.hostname and (lease.fqdn_fwd or lease.fqdn_rev):
            self._noted.insert(0 if first else len(self._noted), (REMOVE, lease, ddns))

    def cut(self) -> Sequence[Noted[LeaseT]]:
        """What was noted since the last cut."""
        if not self._noted:
            return ()
        noted, self._noted = self._noted, []
        return noted

    def send(self, noted: Sequence[Noted[LeaseT]]) -> None:
        """These leases are durable."""
        now = int(self._clock())
        for change, lease, ddns in noted:
            sender = self.sender
            if sender is None or sender.suspended:
                return
            try:
                request = self._request(change, lease, ddns)
            except DomainNameError as error:
                log.FAILED(_WORDS[change], lease.hostname, error)
                continue
            data = request.encode(now)
            if log.QUEUED.on:
                log.QUEUED(_WORDS[change], data[2:].decode())
            sender.put(data)

    # The server

    @staticmethod
    def check(settings: D2Client) -> None:
        """ConfigError: requests could not be sent so from this machine."""
        if not settings.enable_updates:
            return
        try:
            open_socket(settings).close()
        except OSError as error:
            why = f"{settings.sender_ip} port {settings.sender_port}: {error.strerror or error}"
            raise ConfigError(
                f"Error starting DHCP_DDNS client after server reconfiguration: {why}",
                remedy="'sender-ip' and 'sender-port' must be an address of this machine and a free port",
            ) from error

    def configure(self, settings: D2Client) -> None:
        """Send as this configuration says from now on; what waits is sent so too."""
        before = self.sender
        if before is not None and before.settings == settings and not before.suspended:
            return
        if not settings.enable_updates:
            self.sender = None
            if before is not None:
                before.close()
            return
        waiting = before.close() if before is not None else ()
        self.sender = Sender(settings)
        self.sender.start()
        for data in waiting:
            self.sender.put(data)

    async def close(self) -> None:
        """Send what waits, and be done."""
        sender, self.sender = self.sender, None
        if sender is not None:
            await sender.drain()
            sender.close()
