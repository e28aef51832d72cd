"""Client classes in an exchange, as far as both families treat them alike.

Who is in which class `kead.classify` says; here it is asked: when a packet has come (`arrive`), when the client's
reservations are known, or that there are none (`know_early`, `know`), and when its leases are (`settle_for`). The
classes stand in `x.query.classes`, in their rank. Law: a service in whose configuration nothing looks at classes has no
`Membership`, and its packets have neither a subject nor a class. What classes have for their members besides options
each family says itself.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Generic, Protocol, TypeVar

from kead.classify.classifier import Classifier, Watch
from kead.classify.errors import Failure
from kead.classify.names import BUILT_IN, DROP, PREFIXES
from kead.config.snapshot import OptionScope
from kead.hosts.configured import GLOBAL
from kead.logs import Message


class Words(Protocol):
    """The family's messages."""

    ADDITIONAL_UNDEFINED: Message
    CLASSES_ASSIGNED: Message
    CLASSES_ASSIGNED_LATER: Message
    CLASS_UNCONFIGURED: Message
    DROP_CLASS: Message
    DROP_CLASS_EARLY: Message
    DROP_CLASS_LATER: Message
    EVAL_ERROR: Message
    EVAL_RESULT: Message


class Configuration(Protocol):
    """What is asked of a configuration here; of its networks, subnets, pools and hosts: their classes and options."""

    @property
    def early_global_lookup(self) -> bool: ...
    @property
    def options(self) -> OptionScope: ...
    @property
    def classes(self) -> Mapping[str, Any]: ...
    @property
    def networks(self) -> Iterable[Any]: ...
    @property
    def subnets(self) -> Iterable[Any]: ...
    @property
    def hosts(self) -> Iterable[Any]: ...


class Exchange(Protocol):
    """What is asked of an exchange here: query, subnet and reservations are its family's."""

    query: Any
    subject: Any
    subnet: Any
    hosts: Mapping[int, Any]
    early_host: Any
    trace: Any

    @property
    def label(self) -> str: ...


Pools = Callable[[Any], Iterable[Any]]
"""All pools of a subnet."""
X = TypeVar("X", bound=Exchange)


class Membership(ABC, Generic[X]):
    """The classes of one configuration.

    early    global reservations are looked up before the subnet is selected
    """

    __slots__ = ("_classifier", "_configured", "_decisive", "_failures", "_options", "early")

    words: Words

    def __init__(self, config: Configuration, pools: Pools, decisive: Iterable[str] = ()) -> None:
        """`decisive`: classes on which a reply depends, besides those that have options or that options are tagged
        with.
        """
        self.early = config.early_global_lookup
        self._failures: list[tuple[str, Failure]] = []
        self._configured = config.classes
        self._classifier = Classifier(
            [each.rule for each in config.classes.values()], lambda name, why: self._failures.append((name, why))
        )
        options = {name: each.options for name, each in config.classes.items()}
        self._options = {name: scope for name, scope in options.items() if scope.by_code or scope.vendor}
        self._decisive = frozenset((*self._options, *decisive)).union(*map(_tags, _scopes(config, pools)))

    # What a family says

    @abstractmethod
    def _subject_of(self, x: X) -> Any:
        """The packet as expressions see it."""

    @abstractmethod
    def _host_of(self, x: X) -> Any:
        """The reservation that counts where the client is, None if there is none."""

    @abstractmethod
    def _text_of(self, x: X) -> str:
        """The packet for the log."""

    @abstractmethod
    def _count_dropped(self, x: X) -> None:
        """The packet is dropped because its classes want it."""

    # When a packet is sorted

    def arrive(self, x: X) -> None:
        """It is decoded."""
        x.subject = self._subject_of(x)
        self._classifier.on_arrival(x.subject, self._watch(x))
        self._say_failures(x)
        if self.words.CLASSES_ASSIGNED.on:
            self.words.CLASSES_ASSIGNED(x.label, x.query.name_of_type(), x.query.classes)

    def know_early(self, x: X, host: Any) -> bool:
        """It has a global reservation; no subnet is selected yet. False: it is dropped."""
        x.early_host = host
        self._classifier.with_host(x.subject, True, host.classes, self._watch(x))
        self._say_failures(x)
        return not self.dropped(x, self.words.DROP_CLASS_EARLY)

    def know(self, x: X) -> bool:
        """Subnet and reservations are known, or that there are none. False: it is dropped."""
        known = bool(x.hosts) or x.early_host is not None
        self._classifier.with_host(x.subject, known, self._classes_of_host(x), self._watch(x))
        self._say_failures(x)
        if self.words.CLASSES_ASSIGNED_LATER.on:
            self.words.CLASSES_ASSIGNED_LATER(x.label, x.query.classes)
        return not self.dropped(x, self.words.DROP_CLASS_LATER)

    def settle_for(self, x: X, pools: Iterable[Any]) -> None:
        """Subnet and leases are what they will be, the leases of these pools: a subnet's reservation in a shared
        network counts now, and additional classes are looked at.
        """
        subject, subnet = x.subject, x.subnet
        if subject is None or subnet is None:
            return
        network = subnet.network
        host = x.hosts.get(subnet.id) if network is not None else None
        if host is not None:
            for name in host.classes:
                subject.classes.add(name)
        names = [name for pool in pools for name in pool.additional_classes]
        names += subnet.additional_classes
        if network is not None:
            names += network.additional_classes
        if names:
            self._classifier.additional(subject, dict.fromkeys(names), self._watch(x))
            self._say_failures(x)

    def dropped(self, x: X, message: Message | None = None) -> bool:
        """Whether the packet's classes want it dropped; then that is counted and logged."""
        if DROP not in x.query.classes:
            return False
        self._count_dropped(x)
        message = message or self.words.DROP_CLASS
        if message.on:
            message(x.label, self._text_of(x))
        return True

    def _classes_of_host(self, x: X) -> tuple[str, ...]:
        """Those that its reservation gives the client before its leases are chosen.

        In a shared network a subnet's reservation counts later, since another subnet may yet serve the client; but
        where there is a global one with classes, the one that counts now has its say now, whichever it is.
        """
        subnet, host = x.subnet, self._host_of(x)
        if host is None or subnet is None:
            return ()
        of_all = x.hosts.get(GLOBAL)
        if subnet.network is None or (x.early_host is None and of_all is not None and of_all.classes):
            classes: tuple[str, ...] = host.classes
            return classes
        return ()

    def _say_failures(self, x: X) -> None:
        """Say which classes could not be evaluated."""
        if self._failures:
            for name, failure in self._failures:
                self.words.EVAL_ERROR(x.label, name, failure.reason)
            self._failures.clear()

    def _watch(self, x: X) -> Watch | None:
        """Who is told of each class that is evaluated, where somebody wants to hear of it."""
        words = self.words
        if x.trace is None and not (words.EVAL_RESULT.on or words.ADDITIONAL_UNDEFINED.on):
            return None

        def tell(name: str, value: bool | bytes | Failure | None) -> None:
            if isinstance(value, Failure):
                said = value.reason
            elif value is None:
                said = "not defined"
                words.ADDITIONAL_UNDEFINED(name)
            else:
                said = value.decode("latin-1") if isinstance(value, bytes) else str(value).lower()
                words.EVAL_RESULT(x.label, name, said)
            if x.trace is not None:
                x.trace("class", name, said)

        return tell

    # What its classes have for it

    def options(self, x: X) -> Iterator[OptionScope]:
        """The options of its classes, in their rank."""
        for name in x.query.classes:
            if name in self._options:
                yield self._options[name]
            elif self.words.CLASS_UNCONFIGURED.on and not _is_built_in(name) and name not in self._configured:
                self.words.CLASS_UNCONFIGURED(x.label, name)

    def decisive(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of these classes, in their rank, on which a reply depends."""
        decisive = self._decisive
        return tuple([name for name in names if name in decisive])


def matter(config: Configuration, pools: Pools) -> bool:
    """Whether anything in this configuration looks at the classes of a packet."""
    subnets = tuple(config.subnets)
    places = (*config.networks, *subnets, *(pool for subnet in subnets for pool in pools(subnet)))
    return (
        bool(config.classes)
        or any(place.classes or place.additional_classes for place in places)
        or any(host.classes for host in config.hosts)
        or any(scope.tagged for scope in _scopes(config, pools))
    )


def _is_built_in(name: str) -> bool:
    return name in BUILT_IN or name.startswith(PREFIXES)


def _scopes(config: Configuration, pools: Pools) -> Iterator[OptionScope]:
    """All places with options."""
    yield config.options
    yield from (network.options for network in config.networks)
    for subnet in config.subnets:
        yield subnet.options
        yield from (pool.options for pool in pools(subnet))
    yield from (each.options for each in config.classes.values())
    yield from (host.options for host in config.hosts)


def _tags(scope: OptionScope) -> Iterator[str]:
    """The classes of the options of one place."""
    if scope.tagged:
        groups = (scope.by_code, *scope.vendor.values())
        for option in (option for group in groups for same in group.values() for option in same):
            yield from option.classes
