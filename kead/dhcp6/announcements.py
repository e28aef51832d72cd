"""What the log says of a configuration that comes into force, in Kea's words and order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kead.dhcp6 import messages as log

if TYPE_CHECKING:
    from kead.config.snapshot6 import Config6, Subnet6


def announce_subnets(config: Config6) -> Iterator[None]:
    """Which subnets there are; Kea names those of shared networks first. A line a step."""
    if log.NEW_SUBNET.on:
        for subnet in sorted(config.subnets, key=lambda one: (one.network is None, one.id)):
            log.NEW_SUBNET(subnet.text, _parameters(subnet))
            yield


def announce_allocators(config: Config6) -> Iterator[None]:
    """How addresses and prefixes are chosen in each."""
    if log.USE_ALLOCATOR.on:
        for subnet in sorted(config.subnets, key=lambda one: one.id):
            log.USE_ALLOCATOR(subnet.allocator, "IA_NA", subnet.text)
            log.USE_ALLOCATOR(subnet.pd_allocator, "IA_PD", subnet.text)
            yield


def _parameters(subnet: Subnet6) -> str:
    preferred = None if subnet.preferred_follows_valid else subnet.preferred.default
    timers = (
        ("t1", subnet.renew_timer),
        ("t2", subnet.rebind_timer),
        ("preferred-lifetime", preferred),
        ("valid-lifetime", subnet.valid.default),
    )
    shown = [f"{name}={value}" for name, value in timers if value is not None]
    return ", ".join([*shown, f"rapid-commit is {'true' if subnet.rapid_commit else 'false'}"])
