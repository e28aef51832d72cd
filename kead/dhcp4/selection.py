"""Which interfaces and addresses ``interfaces-config`` means, given those that there are.

Law: pure: configuration and table in, wishes and complaints out. The texts are Kea's (3.0.4, measured).
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from typing import NamedTuple

from kead.config.snapshot4 import InterfacesConfig
from kead.network.interfaces import ALL, Interface, Interfaces


class Wanted(NamedTuple):
    """An interface to serve, on these of its addresses, by packet socket or by UDP sockets."""

    interface: Interface
    addresses: tuple[int, ...]
    raw: bool


def select(
    config: InterfacesConfig, interfaces: Interfaces, served: Iterable[int] = (), known: Container[str] | None = None
) -> tuple[list[Wanted], list[str]]:
    """What to serve, by interface number, and what cannot be served, each with its reason.

    ``served``: numbers of interfaces that are being served; those go on without a carrier, which may come back any
    moment, while a new one has to have one. ``known``: names of the interfaces that count; None: all do.
    """
    served = frozenset(served)
    everywhere = any(choice.name == ALL for choice in config.interfaces)
    whole = {choice.name for choice in config.interfaces if choice.address is None}
    parts: dict[str, set[int]] = {}
    for choice in config.interfaces:
        if choice.address is not None:
            parts.setdefault(choice.name, set()).add(choice.address)
    wanted: list[Wanted] = []
    problems = [
        f"fail to open socket on interface '{name}' as this interface doesn't exist"
        for name in sorted((whole | parts.keys()) - {ALL})
        if interfaces.by_name(name) is None or (known is not None and name not in known)
    ]
    for interface in interfaces.all.values():
        if known is not None and interface.name not in known:
            continue
        named = interface.name in whole or interface.name in parts
        if not named and (not everywhere or interface.loopback):
            continue
        if interface.name in whole or (everywhere and not interface.loopback):
            addresses = interface.addresses
        else:
            chosen = parts[interface.name]
            addresses = tuple(address for address in interface.addresses if address in chosen)
        problem = _problem(config, interface, addresses, interface.index in served)
        if problem:
            problems.append(problem)
        else:
            # frames are Ethernet's: where there are none (a tunnel, say) relayed traffic can still be served
            wanted.append(Wanted(interface, addresses, not config.udp and interface.ethernet))
    return wanted, problems


def _problem(config: InterfacesConfig, interface: Interface, addresses: tuple[int, ...], served: bool) -> str:
    if interface.loopback and not config.udp:
        return f"must not open socket on the loopback interface {interface.name}"
    if not interface.up:
        return f"the interface {interface.name} is down"
    if not interface.running and not served:
        return f"the interface {interface.name} is not running"
    if not addresses:
        return f"the interface {interface.name} has no usable IPv4 addresses configured"
    return ""
