"""Which interfaces and addresses ``interfaces-config`` means, given those that there are.

Law: pure: configuration and table in, wishes and complaints out. The texts are Kea's (3.0.4, measured).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from kead.config.snapshot4 import InterfaceChoice, InterfacesConfig
from kead.dhcp4.interfaces import Interface, Interfaces
from kead.wire.address import text_ip4

ALL: Final = "*"


class Wanted(NamedTuple):
    """An interface to serve, on these of its addresses, by packet socket or by UDP sockets."""

    interface: Interface
    addresses: tuple[int, ...]
    raw: bool


def select(
    config: InterfacesConfig, interfaces: Interfaces, served: Iterable[int] = ()
) -> tuple[list[Wanted], list[str]]:
    """What to serve, by interface number, and what cannot be served, each with its reason.

    ``served``: numbers of interfaces that are being served; those go on without a carrier, which may come back any
    moment, while a new one has to have one.
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
        if interfaces.by_name(name) is None
    ]
    for interface in interfaces.all.values():
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


def missing(choices: Iterable[InterfaceChoice], interfaces: Interfaces) -> str:
    """Why these choices cannot be meant: the first that names an interface or an address that is not there; "" if all
    are. For checking a configuration; a server that runs takes interfaces as they come.
    """
    for choice in choices:
        if choice.name == ALL:
            continue
        interface = interfaces.by_name(choice.name)
        if interface is None:
            return f"interface '{choice.name}' doesn't exist in the system"
        if choice.address is not None and choice.address not in interface.addresses:
            return f"interface '{choice.name}' doesn't have address '{text_ip4(choice.address)}' assigned"
    return ""
