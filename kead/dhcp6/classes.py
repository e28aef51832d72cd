"""Client classes in an exchange: when a packet is sorted into them, and what they open, give and forbid.

Who is in which class `kead.classify` says; here it is asked: when a packet has come (`arrive`), when the client's
reservations are known, or that there are none (`know_early`, `know`), and when its leases are (`settle`). The classes
stand in `x.query.classes`, in their rank. Law: a service in whose configuration nothing looks at classes has no
`Classification`, and its packets have neither a subject nor a class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from kead.classify.classifier import Classifier, Watch
from kead.classify.errors import Failure
from kead.classify.names import BUILT_IN, DROP, PREFIXES
from kead.config.snapshot6 import Config6, Host6, Lifetime, OptionScope, Subnet6
from kead.dhcp6 import messages as log
from kead.dhcp6.packet_text import packet_text
from kead.dhcp6.reservations import host_of
from kead.dhcp6.subject import PacketSubject6
from kead.hosts.configured import GLOBAL
from kead.logs import Message

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange

Times = tuple[Lifetime | None, Lifetime | None]
"""Preferred and valid lifetimes; None: nothing is said of that."""
NO_TIMES: Times = (None, None)


class Classification:
    """The classes of one configuration, and what each has for its members.

    early    global reservations are looked up before the subnet is selected
    """

    __slots__ = ("_classifier", "_config", "_decisive", "_failures", "_options", "_times", "early")

    def __init__(self, config: Config6) -> None:
        self._config = config
        self.early = config.early_global_lookup
        self._failures: list[tuple[str, Failure]] = []
        self._classifier = Classifier(
            [each.rule for each in config.classes.values()], lambda name, why: self._failures.append((name, why))
        )
        self._options = {name: each.options for name, each in config.classes.items() if _has_any(each.options)}
        times = {name: (_set(each.preferred), _set(each.valid)) for name, each in config.classes.items()}
        self._times: Mapping[str, Times] = {name: each for name, each in times.items() if each != NO_TIMES}
        self._decisive = frozenset(self._options).union(*map(_tags, _scopes(config)))

    # When a packet is sorted

    def arrive(self, x: Exchange) -> None:
        """It is decoded, and for this server."""
        x.subject = PacketSubject6(x.query, x.datagram, self._config.table)
        self._classifier.on_arrival(x.subject, _watch(x))
        self._after(x)
        if log.CLASSES_ASSIGNED.on:
            log.CLASSES_ASSIGNED(x.label, x.query.name_of_type(), x.query.classes)

    def know_early(self, x: Exchange, host: Host6) -> bool:
        """It has a global reservation; no subnet is selected yet. False: it is dropped."""
        assert x.subject is not None
        x.early_host = host
        self._classifier.with_host(x.subject, True, host.classes, _watch(x))
        self._after(x)
        return not dropped(x, log.DROP_CLASS_EARLY)

    def know(self, x: Exchange) -> bool:
        """Subnet and reservations are known, or that there are none. False: it is dropped."""
        assert x.subject is not None
        known = bool(x.hosts) or x.early_host is not None
        self._classifier.with_host(x.subject, known, _classes_of_host(x), _watch(x))
        self._after(x)
        if log.CLASSES_ASSIGNED_LATER.on:
            log.CLASSES_ASSIGNED_LATER(x.label, x.query.classes)
        return not dropped(x, log.DROP_CLASS2)

    def settle(self, x: Exchange) -> None:
        """Subnet and leases are what they will be: a subnet's reservation in a shared network, additional classes."""
        subject, subnet = x.subject, x.subnet
        if subject is None or subnet is None:
            return
        network = subnet.network
        host = x.hosts.get(subnet.id) if network is not None else None
        if host is not None:
            for name in host.classes:
                subject.classes.add(name)
        names = [name for pool in x.pools for name in pool.additional_classes]
        names += subnet.additional_classes
        if network is not None:
            names += network.additional_classes
        if names:
            self._classifier.additional(subject, dict.fromkeys(names), _watch(x))
            self._after(x)

    def _after(self, x: Exchange) -> None:
        """Say which classes could not be evaluated."""
        if self._failures:
            for name, failure in self._failures:
                if log.EVAL_ERROR.on:
                    log.EVAL_ERROR(x.label, name, failure.reason)
            self._failures.clear()

    # What its classes have for it

    def lifetimes(self, names: Iterable[str]) -> Times:
        """Those of the first class that has some, preferred and valid each."""
        preferred = valid = None
        for name in names:
            if name in self._times:
                first, second = self._times[name]
                preferred = preferred or first
                valid = valid or second
        return preferred, valid

    def options(self, x: Exchange) -> Iterator[OptionScope]:
        """Those of its classes, in their rank."""
        for name in x.query.classes:
            if name in self._options:
                yield self._options[name]
            elif log.CLASS_UNCONFIGURED.on and not _is_built_in(name) and name not in self._config.classes:
                log.CLASS_UNCONFIGURED(x.label, name)

    def decisive(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of these classes, in their rank, on which the options of a reply depend."""
        decisive = self._decisive
        return tuple([name for name in names if name in decisive])


def settle(x: Exchange) -> None:
    """Subnet and leases are what they will be: which classes follow from that."""
    if x.subject is not None and x.service.classification is not None:
        x.service.classification.settle(x)


def dropped(x: Exchange, message: Message = log.DROP_CLASS) -> bool:
    """Whether the packet's classes want it dropped; then that is counted and logged."""
    if DROP not in x.query.classes:
        return False
    tally = x.service.tally
    tally.dropped(tally.packets.pkt6_admin_filtered)
    if message.on:
        message(x.label, packet_text(x.query))
    return True


def matter(config: Config6) -> bool:
    """Whether anything in this configuration looks at the classes of a packet."""
    return (
        bool(config.classes)
        or any(network.classes or network.additional_classes for network in config.networks)
        or any(map(_subnet_looks, config.subnets))
        or any(host.classes for host in config.hosts)
        or any(scope.tagged for scope in _scopes(config))
    )


def _subnet_looks(subnet: Subnet6) -> bool:
    return (
        bool(subnet.classes or subnet.additional_classes)
        or any(pool.classes or pool.additional_classes for pool in subnet.pools)
        or any(pool.classes or pool.additional_classes for pool in subnet.pd_pools)
    )


def _classes_of_host(x: Exchange) -> tuple[str, ...]:
    """Those that its reservation gives the client before its leases are chosen.

    In a shared network a subnet's reservation counts later, since another subnet may yet serve the client; but where
    there is a global one with classes, the one that counts now has its say now, whichever it is.
    """
    subnet = x.subnet
    host = host_of(x)
    if host is None or subnet is None:
        return ()
    of_all = x.hosts.get(GLOBAL)
    if subnet.network is None or (x.early_host is None and of_all is not None and of_all.classes):
        return host.classes
    return ()


def _watch(x: Exchange) -> Watch | None:
    """Who is told of each class that is evaluated, where somebody wants to hear of it."""
    if x.trace is None and not (log.EVAL_RESULT.on or log.ADDITIONAL_UNDEFINED.on):
        return None

    def tell(name: str, value: bool | bytes | Failure | None) -> None:
        if isinstance(value, Failure):
            said = value.reason
        elif value is None:
            said = "not defined"
            if log.ADDITIONAL_UNDEFINED.on:
                log.ADDITIONAL_UNDEFINED(name)
        else:
            said = value.decode("latin-1") if isinstance(value, bytes) else str(value).lower()
            if log.EVAL_RESULT.on:
                log.EVAL_RESULT(x.label, name, said)
        if x.trace is not None:
            x.trace("class", name, said)

    return tell


def _is_built_in(name: str) -> bool:
    return name in BUILT_IN or name.startswith(PREFIXES)


def _set(lifetime: Lifetime | None) -> Lifetime | None:
    """A lifetime of 0 says nothing, as in Kea."""
    return lifetime if lifetime is not None and lifetime.maximum else None


def _has_any(scope: OptionScope) -> bool:
    return bool(scope.by_code or scope.vendor)


def _scopes(config: Config6) -> Iterator[OptionScope]:
    """All places with options."""
    yield config.options
    for network in config.networks:
        yield network.options
    for subnet in config.subnets:
        yield subnet.options
        yield from (pool.options for pool in subnet.pools)
        yield from (pool.options for pool in subnet.pd_pools)
    yield from (each.options for each in config.classes.values())
    yield from (host.options for host in config.hosts)


def _tags(scope: OptionScope) -> Iterator[str]:
    """The classes of the options of one place."""
    if scope.tagged:
        groups = (scope.by_code, *scope.vendor.values())
        for option in (option for group in groups for same in group.values() for option in same):
            yield from option.classes
