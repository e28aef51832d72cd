"""What the log says of a configuration that comes into force, in Kea's words and order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kead.dhcp4 import messages as log

if TYPE_CHECKING:
    from kead.config.snapshot4 import Config4, Subnet4


def announce_subnets(config: Config4) -> Iterator[None]:
    """Which subnets there are; Kea names those of shared networks first. A line a step."""
    if log.NEW_SUBNET.on:
        for subnet in sorted(config.subnets, key=lambda one: (one.network is None, one.id)):
            log.NEW_SUBNET(subnet.text, _parameters(subnet))
            yield


def announce_allocators(config: Config4) -> Iterator[None]:
    """How addresses are chosen in each."""
    if log.USE_ALLOCATOR.on:
        for subnet in sorted(config.subnets, key=lambda one: one.id):
            log.USE_ALLOCATOR(subnet.allocator, subnet.text)
            yield


def _parameters(subnet: Subnet4) -> str:
    timers = (("t1", subnet.renew_timer), ("t2", subnet.rebind_timer), ("valid-lifetime", subnet.valid.default))
    return ", ".join(f"{name}={value}" for name, value in timers if value is not None)
