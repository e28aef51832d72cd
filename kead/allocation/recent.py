"""Where a shared network was searched last: there the next search begins.

So a search seldom meets full subnets first, and failures are counted by each subnet in turn, as Kea does it.
"""

from __future__ import annotations

from typing import Generic, Protocol, TypeVar


class Network(Protocol):
    """What is asked of a shared network here."""

    @property
    def name(self) -> str: ...


class Member(Protocol):
    """What is asked of a subnet here. `classes`: those that it is for."""

    @property
    def network(self) -> Network | None: ...
    @property
    def classes(self) -> tuple[str, ...]: ...


S = TypeVar("S", bound=Member)


class Recent(Generic[S]):
    """The subnet of each shared network, and type of lease, in which something was looked for last, found or not."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last: dict[tuple[str, int, tuple[str, ...]], S] = {}

    def note(self, subnet: S, kind: int = 0) -> None:
        """This is the last one."""
        network = subnet.network
        if network is not None:
            self._last[network.name, kind, subnet.classes] = subnet

    def first(self, selected: S, kind: int = 0) -> S:
        """Where to begin for a client of this subnet: in the last one, if that is for the same classes."""
        network = selected.network
        if network is None:
            return selected
        last = self._last.get((network.name, kind, selected.classes))
        return last if last is not None and last.network is network else selected  # not one of a former configuration
