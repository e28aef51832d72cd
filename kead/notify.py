"""Telling the service manager how things stand: sd_notify(3) and its watchdog, without its library.

Law: without NOTIFY_SOCKET nothing happens; what cannot be sent is dropped, a service manager that is gone must not
stop a DHCP server. A watchdog message means "the event loop turns".
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import time


class Notifier:
    """The line to the service manager."""

    def __init__(self) -> None:
        self._address = os.environ.get("NOTIFY_SOCKET", "")
        self._watchdog: asyncio.TimerHandle | None = None

    def _send(self, text: str) -> None:
        if not self._address.startswith(("/", "@")):
            return
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as line,
        ):
            line.setblocking(False)
            line.sendto(text.encode(), address)

    def ready(self) -> None:
        """The service is up (again)."""
        self._send("READY=1")

    def reloading(self) -> None:
        """A reload begins; ready() ends it. systemd (253 or later) wants to know when, to tell reloads apart."""
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The service goes down."""
        self.stop_watchdog()
        self._send("STOPPING=1")

    def start_watchdog(self, loop: asyncio.AbstractEventLoop) -> None:
        """Send signs of life at half the interval that the service manager waits, if it does and means this process."""
        microseconds = os.environ.get("WATCHDOG_USEC", "")
        meant = os.environ.get("WATCHDOG_PID", "")
        if not microseconds.isdecimal() or int(microseconds) == 0 or (meant and meant != str(os.getpid())):
            return
        self._alive(loop, int(microseconds) / 2e6)

    def _alive(self, loop: asyncio.AbstractEventLoop, interval: float) -> None:
        self._send("WATCHDOG=1")
        self._watchdog = loop.call_later(interval, self._alive, loop, interval)

    def stop_watchdog(self) -> None:
        """No more signs of life."""
        if self._watchdog is not None:
            self._watchdog.cancel()
            self._watchdog = None
