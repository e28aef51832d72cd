"""The reservations of one configuration, indexed: by subnet and client, by subnet and address.

Law: nothing here knows a packet or an address family. A client is a list of (type, identifier) in the order in which
they are tried (`host-reservation-identifiers`); the subnet id 0 stands for the global reservations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from kead.config.snapshot import Host, IdentifierType

H = TypeVar("H", bound=Host)

GLOBAL = 0
Identifiers = Iterable[tuple[IdentifierType, bytes]]


class ConfiguredHosts(Generic[H]):
    """`reserved`: the addresses and prefixes of a reservation. False where nothing is reserved at all.

    kinds  by what clients are known in any of these reservations
    """

    __slots__ = ("_by_address", "_by_client", "_subnets", "kinds")

    def __init__(self, hosts: Iterable[H], reserved: Callable[[H], Iterable[int]]) -> None:
        self._by_client: dict[tuple[int, IdentifierType, bytes], H] = {}
        self._by_address: dict[int, dict[int, tuple[H, ...]]] = {}
        for host in hosts:
            self._by_client.setdefault((host.subnet_id, host.identifier_type, host.identifier), host)
            for address in reserved(host):
                there = self._by_address.setdefault(host.subnet_id, {})
                there[address] = (*there.get(address, ()), host)
        self.kinds = frozenset(kind for _, kind, _ in self._by_client)
        self._subnets = frozenset(subnet_id for subnet_id, _, _ in self._by_client)

    def __bool__(self) -> bool:
        return bool(self._subnets)

    def any_in(self, subnet_id: int) -> bool:
        """Whether this subnet has reservations (GLOBAL: whether there are global ones)."""
        return subnet_id in self._subnets

    def find(self, subnet_id: int, client: Identifiers) -> H | None:
        """The client's reservation there, by the first of its identifiers that has one."""
        if subnet_id in self._subnets:
            for kind, identifier in client:
                host = self._by_client.get((subnet_id, kind, identifier))
                if host is not None:
                    return host
        return None

    def holders(self, subnet_id: int, address: int) -> tuple[H, ...]:
        """For whom the address (or the prefix that begins with it) is reserved there; several only if the configuration
        allows it (ip-reservations-unique false).
        """
        return self.addresses(subnet_id).get(address, ())

    def addresses(self, subnet_id: int) -> Mapping[int, tuple[H, ...]]:
        """All that is reserved there, and for whom."""
        return self._by_address.get(subnet_id, {})
