"""Whether a server answers packets: who has switched DHCP service off, and until when.

Several may have done so at once (a user, a high-availability partner, a lost database); service is on when nobody has.
Numbers of origins are Kea's: 1 the user, 1000 and more local commands of high availability, 2000 and more its partner,
3000 and more database connections.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

USER: Final = 1
HA_PARTNER: Final = 2000
ORIGINS: Final = {"user": USER, "ha-partner": HA_PARTNER}


class ServiceState:
    """`changed` is called with the new state (True: service is off) whenever it becomes another."""

    def __init__(self, changed: Callable[[bool], None]) -> None:
        self._changed = changed
        self._origins: set[int] = set()
        self._timers: dict[int, asyncio.TimerHandle] = {}

    @property
    def disabled(self) -> bool:
        return bool(self._origins)

    def disable(self, origin: int, seconds: int = 0) -> None:
        """Switch service off on behalf of this origin, for so many seconds (0: until it says otherwise)."""
        self._cancel(origin)
        if seconds:
            self._timers[origin] = asyncio.get_running_loop().call_later(seconds, self.enable, origin)
        was = self.disabled
        self._origins.add(origin)
        if not was:
            self._changed(True)

    def enable(self, origin: int) -> None:
        """This origin wants service; it is on when nobody else wants it off."""
        self._cancel(origin)
        was = self.disabled
        self._origins.discard(origin)
        if was and not self.disabled:
            self._changed(False)

    def reconfigured(self) -> None:
        """A new configuration forgets all but what the user has said."""
        for origin in [o for o in self._origins if o != USER]:
            self.enable(origin)

    def status(self) -> dict[str, object]:
        """What status-get says as `dhcp-state`."""

        def between(low: int, high: int) -> list[int]:
            return sorted(o for o in self._origins if low <= o < high)

        return {
            "globally-disabled": self.disabled,
            "disabled-by-user": USER in self._origins,
            "disabled-by-local-command": between(1000, 2000),
            "disabled-by-remote-command": between(2000, 3000),
            "disabled-by-db-connection": between(3000, 1 << 32),
        }

    def close(self) -> None:
        for origin in list(self._timers):
            self._cancel(origin)

    def _cancel(self, origin: int) -> None:
        timer = self._timers.pop(origin, None)
        if timer is not None:
            timer.cancel()
