"""The handle that callouts get, and what a hook point is: one subclass of `Callout` a point, the row of a table.

Law: a row says everything about its point (when it is called, its arguments with type and direction, the statuses
that mean something there, each with its effect); it does nothing. A handle lives for one run of one point; what is
to live as long as the packet goes into `context`, what as long as the library onto `library`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from enum import Enum
from inspect import get_annotations
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Protocol, TypeVar

from kead.hooks.library import Library
from kead.hooks.status import CONTINUE, PARK, Status

T = TypeVar("T")
In = Annotated[T, "in"]
"""An argument that the server does not read again."""
InOut = Annotated[T, "i/o"]
"""An argument that the server reads again after the callouts."""
Out = Annotated[T, "out"]
"""An argument that a callout sets; it does not exist before."""


class NoSuchArgument(AttributeError):
    """A callout asked for an argument that this point does not have, or that nobody has set yet."""


class NoSuchContext(KeyError):
    """A callout asked its context for something that was not put there."""


class NotParked(RuntimeError):
    """reference() or dereference() of a packet that is not parked: another kind of point, or it has left already."""


class Context(dict[str, Any]):
    """What one library remembers of one packet, from context_create to context_destroy."""

    def __missing__(self, name: str) -> Any:
        raise NoSuchContext(name)


Contexts = dict[Library, Context]


class Exchange(Protocol):
    """All that the framework asks of what passes through the points: a place for the contexts, made when needed."""

    contexts: Contexts | None


class Occasion:
    """What has a context without being a packet: one control command, one configuration, one reclaimed lease."""

    __slots__ = ("contexts",)

    def __init__(self) -> None:
        self.contexts: Contexts | None = None


class _Lot(Enum):
    """Where a packet is in the parking lot of this run of a point."""

    NONE = 0  # was never here
    PARKED = 1
    RESUMED = 2  # unparked: goes on
    DROPPED = 3  # drop(): never goes on
    LEFT = 4  # the server took it out, or gave it up


class Callout:
    """The handle. Arguments are its attributes; which there are is said by the subclass of the point.

    An argument whose Kea name has a hyphen is the attribute with an underscore (`fwd-update`: `fwd_update`);
    `callout["fwd-update"]` works too, and carries private values to later libraries of the same point (by custom
    under names with `$`). Writing an "in" argument changes what later callouts see, not what the server does.
    """

    point: ClassVar[str] = ""
    effects: ClassVar[Mapping[Status, str]] = {}
    """Statuses that this point obeys, and what each does there."""
    obeys: ClassVar[frozenset[Status]] = frozenset()
    parkable: ClassVar[bool] = False
    detached: ClassVar[bool] = False
    """The server does not wait for the callouts of this point."""
    signature: ClassVar[Mapping[str, str]] = {}
    """Kea's name of each argument → type and direction as written in the row, `In[Packet4]`."""

    __slots__ = ("_count", "_exchange", "_lot", "_private", "_waiter", "library", "status")

    def __init_subclass__(
        cls,
        *,
        point: str,
        effects: Mapping[Status, str] | None = None,
        names: Mapping[str, str] | None = None,
        detached: bool = False,
    ) -> None:
        cls.point = point
        cls.effects = effects or {}
        cls.obeys = frozenset(cls.effects)
        cls.parkable = PARK in cls.obeys
        cls.detached = detached
        names = names or {}  # attributes whose argument has another name in Kea
        own = {name: kind for name, kind in get_annotations(cls).items() if name in cls.__slots__}
        cls.signature = {names.get(name, name): kind for name, kind in own.items()}

    def __init__(self, exchange: Exchange) -> None:
        self.status: Status = CONTINUE
        self.library: Library = _NOBODY
        self._exchange = exchange
        self._private: dict[str, Any] | None = None
        self._lot = _Lot.NONE
        self._count = 0
        self._waiter: asyncio.Future[None] | None = None

    @property
    def context(self) -> Context:
        """What the library that is being called remembers of this packet; a dict of its own, empty at first."""
        contexts = self._exchange.contexts
        if contexts is None:
            contexts = self._exchange.contexts = {}
        context = contexts.get(self.library)
        if context is None:
            context = contexts[self.library] = Context()
        return context

    # Arguments by name

    if not TYPE_CHECKING:  # a type checker shall see the row's attributes and no others

        def __getattr__(self, name):  # reached only for what is not set
            raise NoSuchArgument(f"{self.point} has no argument {name}")

    def _attribute(self, name: str) -> str | None:
        return name.replace("-", "_") if name in self.signature else None

    def __getitem__(self, name: str) -> Any:
        if (attribute := self._attribute(name)) is not None:
            return getattr(self, attribute)
        try:
            return (self._private or {})[name]
        except KeyError:
            raise NoSuchArgument(f"{self.point} has no argument {name}") from None

    def __setitem__(self, name: str, value: Any) -> None:
        if (attribute := self._attribute(name)) is not None:
            setattr(self, attribute, value)
        elif self._private is None:
            self._private = {name: value}
        else:
            self._private[name] = value

    def __contains__(self, name: str) -> bool:
        if (attribute := self._attribute(name)) is not None:
            return hasattr(self, attribute)
        return self._private is not None and name in self._private

    # Parking, with Kea's counting

    def reference(self) -> None:
        """Promise one unpark(); to be called before the callout returns with status PARK. Raises NotParked."""
        if self._lot is not _Lot.PARKED:
            raise NotParked(f"{self.point}: not parked, nothing to reference")
        self._count += 1

    def dereference(self) -> None:
        """Take a promise back. Never lets the packet go on. Raises NotParked."""
        if self._lot is not _Lot.PARKED:
            raise NotParked(f"{self.point}: not parked, nothing to dereference")
        self._count -= 1

    def unpark(self) -> bool:
        """Keep one promise; with the last one the packet goes on. False if it is not parked (any more).

        May come before the callout has returned. Only from the loop's own thread.
        """
        if self._lot is not _Lot.PARKED:
            return False
        self._count -= 1
        if self._count <= 0:
            self._leave(_Lot.RESUMED)
        return True

    def drop(self) -> bool:
        """Take the packet out of the lot whatever the count: it is never answered. False if it is not parked."""
        if self._lot is not _Lot.PARKED:
            return False
        self._leave(_Lot.DROPPED)
        return True

    def _leave(self, how: _Lot) -> None:
        self._lot = how
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # What the chain does with it

    def _park(self) -> None:
        """Before the callouts of a parkable point: in the lot, wanted by nobody."""
        self._lot = _Lot.PARKED

    def _give_up(self) -> None:
        """The packet has gone (deadline, reconfiguration): later calls find nothing parked."""
        self._lot = _Lot.LEFT

    async def _settle(self) -> Status:
        """What a parkable point's status comes to, once nobody holds the packet any more."""
        if self._lot is _Lot.RESUMED:  # so fast that nobody saw it waiting: it has been let go, whatever came after
            return CONTINUE
        if self.status is not PARK:
            self._lot = _Lot.LEFT
            return self.status
        if self._lot is _Lot.PARKED:
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        return self._outcome()

    def _outcome(self) -> Status:
        return CONTINUE if self._lot is _Lot.RESUMED else Status.DROP

    def _returned(self, value: object) -> str | None:
        """What a callout returned that is not None: the error in it, or None if there is none."""
        if type(value) is int and value == 0:
            return None
        return f"it returned {value!r}; a callout returns nothing and says what it wants by callout.status"


_NOBODY = Library("", {}, "", None, None)  # type: ignore[arg-type]  # before the first callout is called
