"""Who is in which class, and when that is found out.

    classifier.on_arrival(subject)                     a packet has been decoded
    classifier.with_host(subject, known, names)        its reservation has been looked up, or there is none
    classifier.additional(subject, names)              its subnet and pool are chosen; their lists, in their order

Each puts names into `subject.classes`, whose order is the classes' rank. Whether DROP is among them the server asks
after the first two. A reservation in a subnet of a shared network counts only once the lease is chosen: its classes
are then simply added to the end of `subject.classes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from kead.classify.errors import Failure, failure_of
from kead.classify.names import ALL, KNOWN, SPAWN, UNKNOWN
from kead.classify.subject import Classes, Subject
from kead.wire.definitions import OptionDefinition

if TYPE_CHECKING:
    from kead.classify.classes import ClientClass

Watch = Callable[[str, "bool | bytes | Failure | None"], None]
"""Told of every class whose expression was evaluated, and its value; None: an additional class that is not defined."""


_Step = tuple[str, Callable[[Subject], "bool | bytes"]]
"""A class, and what evaluates it: a test to a bool, a template to bytes."""


def _step(each: ClientClass) -> _Step | None:
    if each.test is not None:
        return each.name, each.test.bare
    if each.template is not None:
        return each.name, each.template.bare
    return None


class Classifier:
    """The classes of one configuration. Total: no packet makes it raise."""

    __slots__ = ("_classes", "_early", "_failed", "_late", "_local", "_steps")

    def __init__(self, classes: Sequence[ClientClass], failed: Callable[[str, Failure], None]) -> None:
        """`failed` is told which class could not be evaluated for a packet, and why."""
        self._classes = {each.name: each for each in classes}
        self._steps = {each.name: step for each in classes if (step := _step(each)) is not None}
        usual = [each for each in classes if each.name in self._steps and not each.additional]
        self._early = tuple(self._steps[each.name] for each in usual if not each.late)
        self._late = tuple(self._steps[each.name] for each in usual if each.late)
        self._local = {each.name: each.definitions for each in classes if each.definitions}
        self._failed = failed

    @property
    def defined(self) -> Mapping[str, ClientClass]:
        """The classes by name, in the configuration's order."""
        return self._classes

    def on_arrival(self, subject: Subject, watch: Watch | None = None) -> None:
        """The built-in classes, the vendor's, and all that do not depend on whether the client is known."""
        classes = subject.classes
        classes.add(ALL)
        for name in subject.vendor_class_names():
            classes.add(name)
        if self._early:
            subject.defer(None)
            self._evaluate(self._early, subject, watch)
        subject.defer(self._definitions(classes))

    def with_host(self, subject: Subject, known: bool, names: Iterable[str] = (), watch: Watch | None = None) -> None:
        """The classes of the client's reservation, KNOWN or UNKNOWN, and all that depends on these.

        If there are classes of a reservation, they come before all tested ones, which are therefore evaluated anew.
        With a global reservation found early, call this early and, when subnet and host are chosen, again.
        """
        classes = subject.classes
        names = tuple(names)
        if names:
            for name in self._steps:
                classes.discard(name)
            for name in names:
                classes.add(name)
            self._evaluate(self._early, subject, watch)
        classes.add(KNOWN if known else UNKNOWN)
        if self._late:
            self._evaluate(self._late, subject, watch)

    def additional(self, subject: Subject, names: Iterable[str], watch: Watch | None = None) -> None:
        """The classes of evaluate-additional-classes, those of the pool first, then of the subnet, of the network.

        One without a test is simply added. What a class depends on that was evaluated before is not looked at again.
        """
        classes = subject.classes
        for name in names:
            if name in classes:
                continue
            found = self._classes.get(name)
            if found is None:
                if watch is not None:
                    watch(name, None)
            elif found.template is not None:
                self._failed(name, Failure("a template class in a list of additional classes has no value"))
            elif found.test is not None:
                self._evaluate((self._steps[name],), subject, watch)
            else:
                classes.add(name)

    def _evaluate(self, steps: Iterable[_Step], subject: Subject, watch: Watch | None) -> None:
        """On the way of every packet: one call a class, and nothing but that for the many that do not match."""
        classes = subject.classes
        for name, evaluate in steps:
            value: bool | bytes | Failure
            try:
                value = evaluate(subject)
            except Exception as error:  # noqa: BLE001  (a hook library can put anything into a packet)
                value = failure_of(error)
                self._failed(name, value)
            if value:
                if isinstance(value, bytes):
                    classes.add(f"{SPAWN}{name}_{value.decode('latin-1')}")
                classes.add(name)
            if watch is not None:
                watch(name, value)

    def _definitions(self, classes: Classes) -> Mapping[int, OptionDefinition]:
        """For each option that a class of the packet's defines, the definition of the first such class."""
        found: dict[int, OptionDefinition] = {}
        if self._local:
            for name in classes:
                for code, definition in self._local.get(name, found).items():
                    found.setdefault(code, definition)
        return found
