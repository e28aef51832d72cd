"""Statistics under Kea's names: cheap to count, history on request.

The law of this file: counting costs an addition and, once a batch, one entry in a list. Everything that people see
(names, samples with their times, limits) is put together outside the packet path. A counter belongs to a group; the
group has the prefix ("", "subnet[1].", "subnet[1].pool[0].") and the counter the rest of the name, so that ten
thousand subnets cost objects and not strings.

Samples are taken at the end of a batch, of what changed in it; while more than a hundred batches a second change
anything, a hundred times a second. What a command reports is always the newest value.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Final

Samples = list[list[int | str]]
"""As Kea's commands give them: [[value, "YYYY-MM-DD HH:MM:SS.ffffff"], …], newest first, in local time."""

SAMPLE_COUNT: Final = 20
_INTERVAL: Final = 0.01  # seconds between two rounds of samples in the long run …
_BURST: Final = 0.5  # … and how far ahead of that the rounds may be


class StatisticError(Exception):
    """A command about statistics that cannot be carried out; str() is the answer's text."""


class Limit:
    """How much history is kept: the newest `count` samples or, where `count` is 0, those of the newest `age` seconds.

    The newest sample always stays.
    """

    __slots__ = ("age", "count")

    def __init__(self, count: int, age: float) -> None:
        self.count = count
        self.age = age


class Counter:
    """One statistic: a number that is added to (`add`) or set (`set`)."""

    __slots__ = ("changed", "group", "history", "leaf", "limit", "present", "value")

    def __init__(self, group: Group, leaf: str, limit: Limit, present: bool = True) -> None:
        self.group = group
        self.leaf = leaf
        self.limit = limit
        self.present = present
        self.changed = False
        self.value = 0
        # value, time, value, time …, oldest first. None: one sample, 0 at the time when the group was made.
        self.history: list[float] | None = None

    @property
    def name(self) -> str:
        """The full name, as commands give and take it."""
        return self.group.prefix + self.leaf

    def add(self, n: int = 1) -> None:
        """Count. A statistic that was not there, or has been removed, is there (again) from now on."""
        self.value += n
        if not self.changed:
            self.changed = True
            self.group.pending.append(self)

    def set(self, value: int) -> None:
        """Say what it is now."""
        self.value = value
        if not self.changed:
            self.changed = True
            self.group.pending.append(self)

    def begin(self, value: int) -> None:
        """Say what it is from the start: the only sample, taken when the group was made."""
        self.value = value
        self.present = True
        self.history = [value, self.group.created] if value else None

    def sample(self, now: float) -> None:
        """Take a sample of the present value."""
        history = self.history
        if not self.present:
            self.present = True
            self.history = [self.value, now]
            return
        if history is None:
            history = self.history = [0, self.group.created]
        history.append(self.value)
        history.append(now)
        self.trim(history)

    def trim(self, history: list[float]) -> None:
        """Drop what is beyond the limit.

        By age only when half of the samples are too old, so that a long history is not moved for every sample;
        `samples` leaves out the rest.
        """
        size, count = len(history), self.limit.count
        if count:
            if size > 2 * count:
                del history[: size - 2 * count]
        elif history[(size // 4) * 2 + 1] < history[-1] - self.limit.age:
            del history[: (size // 4) * 2 + 2]

    def set_limit(self, limit: Limit) -> None:
        """Keep so much history from now on; what the old limit left out does not come back."""
        if self.history is not None:
            self.history = [part for sample in reversed(self.samples()) for part in sample]
            self.limit = limit
            self.trim(self.history)
        else:
            self.limit = limit

    def samples(self) -> list[tuple[int, float]]:
        """(value, seconds since the epoch), newest first."""
        history = self.history
        if history is None:
            return [(0, self.group.created)]
        oldest = history[-1] - self.limit.age if not self.limit.count else float("-inf")
        return [
            (int(history[place]), history[place + 1])
            for place in range(len(history) - 2, -1, -2)
            if history[place + 1] >= oldest
        ]


class Group:
    """Counters whose names have the same prefix.

    A subclass has an attribute for each and makes them in its constructor, a line a name: `fresh` for a statistic that
    begins anew with every configuration, `kept` for one that goes on. `before` is the group that this one replaces:
    its very counters are taken over, so that a packet that is still being served with the old configuration counts
    where people look. So make it when the configuration is being applied, not while it is only tried.
    """

    __slots__ = ("before", "counters", "created", "limit", "pending", "prefix")

    def __init__(self, statistics: Statistics, prefix: str, before: Group | None = None) -> None:
        self.prefix = prefix
        self.pending = statistics.pending
        self.limit = statistics.limit
        self.created = statistics.clock()
        self.counters: list[Counter] = []
        self.before = before

    def fresh(self, leaf: str, value: int = 0) -> Counter:
        """A counter that begins with this group, at `value`."""
        counter = self._take_over(leaf)
        if counter is None:
            counter = Counter(self, leaf, self.limit)
        counter.begin(value)
        self.counters.append(counter)
        return counter

    def kept(self, leaf: str, present: bool = True) -> Counter:
        """A counter that goes on from the group before. Without `present` it appears when it is first counted."""
        counter = self._take_over(leaf)
        if counter is None:
            counter = Counter(self, leaf, self.limit, present)
        elif present and not counter.present:
            counter.begin(0)
        self.counters.append(counter)
        return counter

    def find(self, leaf: str) -> Counter | None:
        """The counter of that name, present or not."""
        for counter in self.counters:
            if counter.leaf == leaf:
                return counter
        return None

    def _take_over(self, leaf: str) -> Counter | None:
        counter = None if self.before is None else self.before.find(leaf)
        if counter is not None:
            counter.group = self
        return counter


class Statistics:
    """All statistics of a process, and what Kea's statistic commands do with them.

    `clock` gives the wall time in seconds since the epoch.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self.clock = clock
        self.limit = Limit(SAMPLE_COUNT, 0)
        self.pending: list[Counter] = []  # the one list all counters append to: cleared, never replaced
        self.sources: list[Callable[[], None]] = []
        """Each puts into counters what it has gathered: called before samples are taken, and before anybody reads."""
        self._groups: dict[str, Group] = {}
        self._single: dict[str, Counter] = {}
        self._loose = Group(self, "")
        self._due = 0.0
        self._deferred: float | None = None

    # The packet path

    def end_of_batch(self, now: float, gathered: bool = False) -> None:
        """A batch is through at `now`: take samples of what changed, unless many have just been taken. `gathered`: a
        source has something.

        For batches of packets and for everything else that counts (a round of reclamation, a command).
        """
        if not gathered and not self.pending:
            return
        if now < self._due - _BURST:
            self._deferred = now
            return
        self._due = max(self._due, now) + _INTERVAL
        self._take_samples(now)

    # Making and finding

    def counter(self, name: str) -> Counter:
        """The counter of that full name; made, at 0 from now on, if there is none."""
        counter = self._find(name)
        if counter is None:
            counter = self._single[name] = Counter(self._loose, name, self.limit, present=False)
        if not counter.present and not counter.changed:
            counter.present = True
            counter.history = [0, self.clock()]
        return counter

    def attach(self, group: Group) -> None:
        """Make a group known, in place of one with the same prefix (groups without a prefix stand side by side)."""
        group.before = None
        if group.prefix:
            self._groups[group.prefix] = group
        else:
            self._single.update((counter.leaf, counter) for counter in group.counters)

    def detach(self, group: Group) -> None:
        """Forget a group, if it is still the one with its prefix; its counters may be counted on, unseen."""
        if self._groups.get(group.prefix) is group:
            del self._groups[group.prefix]
        for counter in group.counters:
            counter.group = self._loose  # no ring: a group goes when nobody counts in it any more

    def remove_prefix(self, prefix: str) -> None:
        """Forget every group and counter whose name begins so, e.g. "subnet[7]."."""
        for name in [name for name in self._groups if name.startswith(prefix)]:
            del self._groups[name]
        for name in [name for name in self._single if name.startswith(prefix)]:
            del self._single[name]

    def value(self, name: str) -> int | None:
        """The present value; None if there is no such statistic."""
        self._collect()
        counter = self._find(name)
        return counter.value if counter is not None and (counter.present or counter.changed) else None

    def configure(self, sample_count: int, sample_age: int) -> None:
        """Limit all histories, present and to come (`statistic-default-sample-count`, `-age`; count 0: by age)."""
        self._limit_all(Limit(sample_count, sample_age))

    def configuring(self, sample_count: int, sample_age: int) -> Iterator[None]:
        """The same in short steps."""
        return self._limiting(Limit(sample_count, sample_age))

    # The commands of Kea's control channel; what they return is text or arguments of the answer

    def get(self, name: str) -> dict[str, Samples]:
        """statistic-get: empty if there is no such statistic."""
        self._settle()
        counter = self._find(name)
        return {} if counter is None or not counter.present else {name: _as_text(counter, {})}

    def all(self) -> Iterator[tuple[str, Samples]]:
        """statistic-get-all, one statistic after the other, so that the caller may pause between them."""
        self._settle()
        known: dict[float, str] = {}
        for counter in list(self._counters()):
            if counter.present:
                yield counter.name, _as_text(counter, known)

    def all_global(self) -> Iterator[tuple[str, Samples]]:
        """statistic-global-get-all: all but those of subnets."""
        self._settle()
        known: dict[float, str] = {}
        for name, counter in list(self._single.items()):
            if counter.present and not name.startswith("subnet"):
                yield name, _as_text(counter, known)

    def reset(self, name: str) -> str:
        """statistic-reset: back to 0, which becomes the only sample."""
        self._reset(self._existing(name), self.clock())
        return f"Statistic '{name}' reset."

    def reset_all(self) -> str:
        """statistic-reset-all."""
        self._settle()
        now = self.clock()
        for counter in self._counters():
            if counter.present:
                self._reset(counter, now)
        return "All statistics reset to neutral values."

    def remove(self, name: str) -> str:
        """statistic-remove: gone until it is counted again."""
        self._remove(self._existing(name))
        return f"Statistic '{name}' removed."

    def remove_all(self) -> str:
        """statistic-remove-all."""
        self._settle()
        for counter in self._counters():
            self._remove(counter)
        return "Warning: statistic-remove-all command is deprecated. All statistics removed."

    def sample_age_set(self, name: str, duration: int) -> str:
        """statistic-sample-age-set: keep the samples of the newest `duration` seconds."""
        self._existing(name).set_limit(_by_age(duration))
        return f"Statistic '{name}' duration limit is set."

    def sample_age_set_all(self, duration: int) -> str:
        """statistic-sample-age-set-all: for all, and for those to come."""
        self._limit_all(_by_age(duration))
        return "All statistics duration limit are set."

    def sample_count_set(self, name: str, max_samples: int) -> str:
        """statistic-sample-count-set: keep `max_samples` samples; 0 keeps the newest alone."""
        self._existing(name).set_limit(_by_count(max_samples))
        return f"Statistic '{name}' count limit is set."

    def sample_count_set_all(self, max_samples: int) -> str:
        """statistic-sample-count-set-all: for all, and for those to come."""
        if max_samples == 0:
            raise StatisticError("'max-samples' parameter must not be zero")
        self._limit_all(_by_count(max_samples))
        return "All statistics count limit are set."

    def _take_samples(self, now: float) -> None:
        self._collect()
        for counter in self.pending:
            counter.changed = False
            counter.sample(now)
        self.pending.clear()
        self._deferred = None

    def _settle(self) -> None:
        """Samples of all that changed, as of the last batch that put them off, else of now."""
        self._collect()
        if self.pending:
            self._take_samples(self.clock() if self._deferred is None else self._deferred)

    def _collect(self) -> None:
        for collect in self.sources:
            collect()

    def _counters(self) -> Iterator[Counter]:
        for group in self._groups.values():
            yield from group.counters
        yield from self._single.values()

    def _find(self, name: str) -> Counter | None:
        single = self._single.get(name)
        if single is not None:
            return single
        end = name.rfind(".") + 1
        group = self._groups.get(name[:end])
        return None if group is None else group.find(name[end:])

    def _existing(self, name: str) -> Counter:
        self._settle()
        counter = self._find(name)
        if counter is None or not counter.present:
            raise StatisticError(f"No '{name}' statistic found")
        return counter

    @staticmethod
    def _reset(counter: Counter, now: float) -> None:
        counter.value = 0
        counter.history = [0, now]

    @staticmethod
    def _remove(counter: Counter) -> None:
        counter.value = 0
        counter.present = False
        counter.history = None

    def _limit_all(self, limit: Limit) -> None:
        for _ in self._limiting(limit):
            pass

    def _limiting(self, limit: Limit) -> Iterator[None]:
        self._settle()
        self.limit = limit
        for group in list(self._groups.values()):
            group.limit = limit
            for counter in group.counters:
                counter.set_limit(limit)
            yield
        for counter in self._single.values():
            counter.set_limit(limit)


def _by_age(duration: int) -> Limit:
    if duration < 0:
        raise StatisticError("'duration' parameter must not be negative")
    return Limit(0, duration)


def _by_count(max_samples: int) -> Limit:
    if max_samples < 0:
        raise StatisticError("'max-samples' parameter must not be negative")
    return Limit(max(max_samples, 1), 0)


def _as_text(counter: Counter, known: dict[float, str]) -> Samples:
    """Its samples with their times as text; `known` remembers texts, since many statistics change at one time."""
    samples: Samples = []
    for value, moment in counter.samples():
        text = known.get(moment)
        if text is None:
            text = known[moment] = time_text(moment)
        samples.append([value, text])
    return samples


def time_text(moment: float) -> str:
    """A moment in local time as Kea writes it, to the microsecond."""
    microseconds = round(moment * 1_000_000)
    whole = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(microseconds // 1_000_000))
    return f"{whole}.{microseconds % 1_000_000:06d}"
