"""What a server is made of in its family: the names it goes by, and who makes its store, its dispatcher, its sockets.

Law: nothing here decides when. `kead.server` does, and knows nothing of a family; a family's server.py fills this in.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from kead.config.reader import Document
from kead.config.restrictions import Restrictions
from kead.config.snapshot import Config, InterfacesConfig
from kead.ddns.changes import NameChanges
from kead.dispatch import Dispatcher
from kead.hooks.loading import Loaded
from kead.hooks.point import Callout
from kead.leases.memfile import Memfile, MemfileSettings
from kead.leases.reclamation import ReclamationOf
from kead.network.sockets import Sockets
from kead.parking_lot import ParkingLot

C = TypeVar("C", bound=Config)
M = TypeVar("M", bound=Memfile[Any])
D = TypeVar("D", bound=Dispatcher[Any, Any, Any, Any])
S = TypeVar("S")


class Parts(ABC, Generic[C, M, D, S]):
    """A family's configuration (C), lease store (M), dispatcher (D) and service (S), and how each is had.

    program    "kead-dhcp4"
    protocol   "DHCPv4"
    top_key    "Dhcp4"
    keywords   the words of its configurations, for telling misspelt ones
    points     its hook points, by name
    """

    program: ClassVar[str]
    protocol: ClassVar[str]
    top_key: ClassVar[str]
    keywords: ClassVar[frozenset[str]]
    points: ClassVar[Mapping[str, type[Callout]]]

    config: C
    store: M
    dispatcher: D
    sockets: Sockets[Any]
    reclamation: ReclamationOf[Any]
    changes: NameChanges[Any]

    @classmethod
    @abstractmethod
    def load(cls, document: Document, context: Restrictions) -> C:
        """The configuration that a document says. ConfigError."""

    @staticmethod
    @abstractmethod
    def interfaces() -> dict[str, Collection[int]]:
        """The machine's interfaces now, each with the addresses of the family that it has."""

    @staticmethod
    @abstractmethod
    def text_address(address: int) -> str:
        """An address as people write it."""

    def _complete(self, config: C) -> C:
        """The configuration with what it leaves to the machine; called in a thread. ConfigError."""
        return config

    @classmethod
    @abstractmethod
    def _taken_apart(cls, config: C) -> list[object]:
        """What a configuration that nobody uses any more has many of; its rings are open."""

    def _go_back(self, config: C) -> None:
        """Undo what `_complete` did for another configuration, which has failed: this one is in force."""

    @abstractmethod
    def _open_store(self, settings: MemfileSettings, config: C) -> M:
        """The lease store; called in a thread. LoadError, StoreError."""

    @abstractmethod
    def _service(self, config: C, store: M, libraries: Loaded) -> S:
        """What exchanges work with; called in a thread. Nothing is changed yet."""

    @abstractmethod
    def _make_dispatcher(self, service: S, libraries: Loaded) -> D:
        """The first dispatcher."""

    @abstractmethod
    def _change_service(self, service: S, libraries: Loaded) -> ParkingLot[Any, bool]:
        """Have the dispatcher serve under this service. Gives the lot before."""

    @abstractmethod
    def _make_sockets(self, config: InterfacesConfig) -> Sockets[Any]:
        """The sockets, nothing opened yet."""

    @abstractmethod
    def _make_reclamation(self, config: C) -> ReclamationOf[Any]:
        """What reclaims the store's expired leases, not started yet."""

    @abstractmethod
    async def _recount(self) -> None:
        """Set up the statistics of the subnets and pools that are now in force."""

    @abstractmethod
    def _announce_subnets(self, config: C) -> Iterator[None]:
        """Log which subnets there are, a few lines a step."""

    @abstractmethod
    def _announce_allocators(self, config: C) -> Iterator[None]:
        """Log how their addresses are chosen, after `_summary`; likewise."""

    @abstractmethod
    def _summary(self, config: C) -> str:
        """A configuration in a few words, for the log."""

    def _sockets_changed(self) -> None:
        """Other sockets are open than before."""
