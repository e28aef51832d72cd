"""Client classes in an exchange: when a packet is sorted into them, and what they open, give and forbid.

Who is in which class `kead.classify` says; here it is asked: when a packet has come (`arrive`), when the client's
reservations are known, or that there are none (`know_early`, `know`), and when its lease is (`settle`). The classes
stand in `x.query.classes`, in their rank. Law: a service in whose configuration nothing looks at classes has no
`Classification`, and its packets have neither a subject nor a class.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from kead.classify.errors import Failure
from kead.classify.names import BOOTP, BUILT_IN, DROP, PREFIXES, REJECT
from kead.config.snapshot4 import INFINITE, ClientClass4, Config4, Host4, Lifetime, OptionScope, Subnet4
from kead.dhcp4 import messages as log
from kead.dhcp4.options import SERVER_IDENTIFIER
from kead.dhcp4.packet_text import packet_text
from kead.dhcp4.reservations import host_of
from kead.dhcp4.subject import PacketSubject4
from kead.dhcp4.subnets import pool_of
from kead.hosts.configured import GLOBAL
from kead.logs import Message

if TYPE_CHECKING:
    from kead.classify.classifier import Watch
    from kead.dhcp4.exchange import Exchange
    from kead.leases.lease4 import Lease4

_FOR_EVER: Final = Lifetime(INFINITE, INFINITE, INFINITE)
"""What members of BOOTP get: their clients do not know of lifetimes."""


class Classification:
    """The classes of one configuration, and what each has for its members.

    early    global reservations are looked up before the subnet is selected
    """

    __slots__ = (
        "_classifier",
        "_config",
        "_decisive",
        "_failures",
        "_fields",
        "_offers",
        "_options",
        "_valid",
        "early",
    )

    def __init__(self, config: Config4) -> None:
        from kead.classify.classifier import Classifier  # slow to import, and few need it

        self._config = config
        self.early = config.early_global_lookup
        self._failures: list[tuple[str, Failure]] = []
        classes = config.classes.values()
        self._classifier = Classifier(
            [each.rule for each in classes], lambda name, why: self._failures.append((name, why))
        )
        self._options = {each.name: each.options for each in classes if _has_any(each.options)}
        self._fields = {
            each.name: each for each in classes if each.next_server or each.server_hostname or each.boot_file_name
        }
        self._valid = {each.name: each.valid for each in classes if each.valid is not None}
        self._offers = {each.name: each.offer_lifetime for each in classes if each.offer_lifetime is not None}
        self._decisive = frozenset((*self._options, *self._fields)).union(*map(_tags, _scopes(config)))

    # When a packet is sorted

    def arrive(self, x: Exchange) -> None:
        """It is decoded."""
        x.subject = PacketSubject4(x.query, x.datagram, self._config.table)
        self._classifier.on_arrival(x.subject, _watch(x))
        self._after(x)
        if log.CLASSES_ASSIGNED.on:
            log.CLASSES_ASSIGNED(x.label, x.query.name_of_type(), x.query.classes)

    def know_early(self, x: Exchange, host: Host4) -> bool:
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
        return not dropped(x, log.DROP_CLASS_LATER)

    def settle(self, x: Exchange, lease: Lease4 | None) -> None:
        """Subnet and lease are what they will be: a subnet's reservation in a shared network, additional classes."""
        subject, subnet = x.subject, x.subnet
        if subject is None or subnet is None:
            return
        network = subnet.network
        host = x.hosts.get(subnet.id) if network is not None else None
        if host is not None:
            for name in host.classes:
                subject.classes.add(name)
        pool = pool_of(subnet, lease.address) if lease is not None else None
        names = [*pool.additional_classes] if pool is not None else []
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

    def valid(self, names: Iterable[str]) -> Lifetime | None:
        """The lifetimes of the first class that has some. If they are 0 the subnet's count, as in Kea: None."""
        if BOOTP in names:
            return _FOR_EVER
        first = next((self._valid[name] for name in names if name in self._valid), None)
        return None if first is None or not first.maximum else first

    def offer_lifetime(self, names: Iterable[str]) -> int | None:
        """For how long an offer is stored, by the first class that says so."""
        if BOOTP in names:
            return 0
        return next((self._offers[name] for name in names if name in self._offers), None)

    def fields(self, names: Iterable[str]) -> Iterator[ClientClass4]:
        """Those of its classes that have something for the header, in their rank."""
        return (self._fields[name] for name in names if name in self._fields)

    def options(self, x: Exchange) -> Iterator[OptionScope]:
        """Those of its classes, in their rank."""
        for name in x.query.classes:
            if name in self._options:
                yield self._options[name]
            elif log.CLASS_UNCONFIGURED.on and not _is_built_in(name) and name not in self._config.classes:
                log.CLASS_UNCONFIGURED(x.label, name)

    def is_server(self, names: Iterable[str], address: int) -> bool:
        """Whether this server calls itself so to members of one of these classes (option 54)."""
        value = address.to_bytes(4, "big")
        scopes = (self._options[name] for name in names if name in self._options)
        return any(value == option.data for scope in scopes for option in scope.by_code.get(SERVER_IDENTIFIER, ()))

    def decisive(self, names: Iterable[str]) -> tuple[str, ...]:
        """Those of these classes, in their rank, on which the options and fields of a reply depend."""
        decisive = self._decisive
        return tuple([name for name in names if name in decisive])


def valid_of(x: Exchange, subnet: Subnet4) -> Lifetime:
    """The lifetimes that count for this client: those of its first class that has some, or else the subnet's."""
    classification = x.service.classification
    own = None if classification is None else classification.valid(x.query.classes)
    return subnet.valid if own is None else own


def offer_lifetime_of(x: Exchange, subnet: Subnet4) -> int:
    """For how long an offer to this client is stored; 0: not at all."""
    classification = x.service.classification
    own = None if classification is None else classification.offer_lifetime(x.query.classes)
    return (subnet.offer_lifetime or 0) if own is None else own


def dropped(x: Exchange, message: Message = log.DROP_CLASS) -> bool:
    """Whether the packet's classes want it dropped; then that is counted and logged."""
    if DROP not in x.query.classes:
        return False
    tally = x.service.tally
    tally.dropped(tally.packets.pkt4_admin_filtered)
    if message.on:
        message(x.label, packet_text(x.query))
    return True


def rejected(x: Exchange) -> bool:
    """Whether the packet's classes want its client to get nothing; then that is logged."""
    if REJECT not in x.query.classes:
        return False
    if log.NAK_REJECTED.on:
        log.NAK_REJECTED(x.label)
    return True


def matter(config: Config4) -> bool:
    """Whether anything in this configuration looks at the classes of a packet."""
    subnets = config.subnets
    pools = (pool for subnet in subnets for pool in subnet.pools)
    return (
        bool(config.classes)
        or any(network.classes or network.additional_classes for network in config.networks)
        or any(subnet.classes or subnet.additional_classes for subnet in subnets)
        or any(pool.classes or pool.additional_classes for pool in pools)
        or any(host.classes for host in config.hosts)
        or any(scope.tagged for scope in _scopes(config))
    )


def _classes_of_host(x: Exchange) -> tuple[str, ...]:
    """Those that its reservation gives the client before its lease is chosen.

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


def _has_any(scope: OptionScope) -> bool:
    return bool(scope.by_code or scope.vendor)


def _scopes(config: Config4) -> Iterator[OptionScope]:
    """All places with options."""
    yield config.options
    for network in config.networks:
        yield network.options
    for subnet in config.subnets:
        yield subnet.options
        for pool in subnet.pools:
            yield pool.options
    for each in config.classes.values():
        yield each.options
    for host in config.hosts:
        yield host.options


def _tags(scope: OptionScope) -> Iterator[str]:
    """The classes of the options of one place."""
    if scope.tagged:
        groups = (scope.by_code, *scope.vendor.values())
        for option in (option for group in groups for same in group.values() for option in same):
            yield from option.classes
