"""Which interfaces and addresses ``interfaces-config`` means, given those that there are.

Law: pure: configuration and table in, wishes and complaints out. The texts are Kea's (3.0.4, measured) where Kea has
one. Whatever is chosen of an interface, its link-local addresses and multicasts are served; a global address only if it
is chosen by name.
"""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from kead.config.snapshot6 import InterfacesConfig
from kead.network.interfaces import ALL, Interface, Interfaces
from kead.wire.address import text_ip6

_LINK_LOCAL = 0xFE80 >> 6


class Wanted(NamedTuple):
    """An interface to serve: on its link-local addresses, on these global ones, and by multicast if it can that."""

    interface: Interface
    link_local: tuple[int, ...]
    unicast: tuple[int, ...]

    @property
    def multicast(self) -> bool:
        return bool(self.link_local) and self.interface.multicast


@dataclass(slots=True)
class Selection:
    """wanted, by interface number · problems: what cannot be served, each with its reason · tentative: addresses that
    can be served soon, with their interfaces · without_link_local: interfaces chosen by name that have no such address
    """

    wanted: list[Wanted] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    tentative: list[tuple[int, str]] = field(default_factory=list)
    without_link_local: list[str] = field(default_factory=list)


def select(
    config: InterfacesConfig, interfaces: Interfaces, served: Iterable[int] = (), known: Container[str] | None = None
) -> Selection:
    """What to serve.

    ``served``: numbers of interfaces that are being served; those go on without a carrier, which may come back any
    moment, while a new one has to have one. ``known``: names of the interfaces that count; None: all do.
    """
    served = frozenset(served)
    everywhere = any(choice.name == ALL for choice in config.interfaces)
    chosen: dict[str, list[int]] = {}
    for choice in config.interfaces:
        addresses = chosen.setdefault(choice.name, [])
        if choice.address is not None:
            addresses.append(choice.address)
    selection = Selection()
    selection.problems += [
        f"fail to open socket on interface '{name}' as this interface doesn't exist"
        for name in sorted(chosen.keys() - {ALL})
        if interfaces.by_name(name) is None or (known is not None and name not in known)
    ]
    for interface in interfaces.all.values():
        if known is not None and interface.name not in known:
            continue
        named = interface.name in chosen
        if not named and (not everywhere or interface.loopback):
            continue
        if not interface.up:
            selection.problems.append(f"the interface {interface.name} is down")
        elif not interface.running and interface.index not in served:
            selection.problems.append(f"the interface {interface.name} is not running")
        else:
            _choose(selection, interface, chosen.get(interface.name, []), named)
    return selection


def _choose(selection: Selection, interface: Interface, chosen: list[int], named: bool) -> None:
    """What can be served of an interface that is to be."""
    local = tuple(address for address in interface.addresses if is_link_local(address))
    usable = tuple(address for address in chosen if address in interface.addresses and address not in local)
    if local or usable:
        selection.wanted.append(Wanted(interface, local, usable))
    for address in interface.tentative:
        if is_link_local(address) or address in chosen:
            selection.tentative.append((address, interface.name))
    for address in interface.duplicates:
        if is_link_local(address):
            selection.problems.append(
                f"Failed to open link-local socket on interface {interface.name}: somebody else on the link has the"
                f" address {text_ip6(address)}, too"
            )
    for address in chosen:
        if address in interface.duplicates:
            reason = f"somebody else on the link has the address {text_ip6(address)}, too"
        elif address in interface.assigned:
            continue
        else:
            reason = f"the interface has no address {text_ip6(address)}"
        selection.problems.append(f"Failed to open unicast socket on interface {interface.name}, reason: {reason}")
    if named and not interface.loopback and not any(map(is_link_local, interface.assigned)):
        selection.without_link_local.append(interface.name)


def is_link_local(address: int) -> bool:
    """Is it in fe80::/10?"""
    return address >> 118 == _LINK_LOCAL
