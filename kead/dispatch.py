"""Batch in, exchanges, outbox out: what the dispatchers of both families do alike.

All that waits on a socket is read, each datagram becomes an exchange, and each exchange is driven as far as it goes.
Replies go to the outbox. When the batch is through, its lease changes are made durable together, and only then do
the replies that depend on them leave. An exchange that waits for something is parked; when it is through, its reply
goes the same way.

No wish of one packet may cost the others: the batch is bounded, what has waited longer than a client waits is dropped
when there is more than can be served, and then requests go before clients that only begin, since they finish work
already paid for.

A family says how a datagram is served and how a reply is sent, both in loops of its own, since they cost every packet.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeVar

from kead import logs
from kead.leases.store import StoreError
from kead.logs import Message
from kead.pace import Pace
from kead.parking_lot import Lost, ParkingLot

BATCH = 128
"""How many datagrams one turn of the loop serves, unless more have piled up."""
BACKLOG = 16384
"""How many more it looks at then."""
NEWCOMERS = 512
"""How many of those that wish for a new address it serves then."""
STALE = 1.0
"""Seconds after which nobody waits for the answer to a packet any more."""
PARKED_FOR = 30.0
"""Seconds that an exchange may wait in all for callouts and databases."""
TOLD_EVERY = 16
"""After so many packets the store is told the time although it is the same second: it tidies up a slice each time."""
TIMED_EVERY = 8
"""Of packets that come one by one, so few are timed for the pace: timing costs a microsecond."""
LINES_AT_ONCE = 64
"""So many packets' log lines are written at once."""
LINES_WAIT = 0.01
"""Seconds that the log lines of fewer packets wait for those of others."""
REPLACED = "a reload has put another lease database in its place while the packet was parked"


class Store(Protocol):
    """What is asked of a lease store here."""

    undone: int

    def tick(self, now: int) -> None: ...
    def flush(self) -> asyncio.Future[None] | None: ...


class Tally(Protocol):
    """What is counted here. `cut` gives what `settle` counts when it is durable."""

    def cut(self) -> Mapping[Any, int]: ...
    def settle(self, noted: Any, /) -> None: ...
    def end_of_batch(self, now: float) -> None: ...
    def disabled(self, number: int) -> None: ...
    def overloaded(self, number: int) -> None: ...
    def not_stored(self, number: int) -> None: ...
    def failed(self) -> None: ...
    def lost(self, *, full: bool) -> None: ...


class Limits(Protocol):
    """What is asked of a configuration here."""

    @property
    def parked_packet_limit(self) -> int: ...


class Changes(Protocol):
    """Changes of names, of which DNS hears when their leases are durable."""

    def cut(self) -> Sequence[Any]: ...
    def send(self, noted: Any, /) -> None: ...


class Service(Protocol):
    """What is asked of a family's service here."""

    @property
    def changes(self) -> Changes | None: ...

    @property
    def store(self) -> Store: ...
    @property
    def tally(self) -> Tally: ...
    @property
    def config(self) -> Limits: ...


class Datagram(Protocol):
    """What is asked of a datagram here."""

    @property
    def arrived(self) -> float: ...
    @property
    def data(self) -> bytes: ...


class Outgoing(Protocol):
    """A reply: whether it must not leave before its leases are durable, and how many groups were undone before it."""

    promises: bool
    undone: int


class Exchange(Outgoing, Protocol):
    """An exchange is the reply to its own query."""

    def finish(self) -> None: ...


class Words(Protocol):
    """The family's messages."""

    STORE_FAILED: Message
    PACKET_LOT_LOST: Message
    PACKETS_TOO_MANY: Message
    PACKET_PROCESS_EXCEPTION: Message


S = TypeVar("S", bound=Service)
D = TypeVar("D", bound=Datagram)
X = TypeVar("X", bound=Exchange)
O = TypeVar("O", bound=Outgoing)  # noqa: E741


class Receiver(Protocol[D]):
    """A channel."""

    def receive(self, limit: int) -> list[D]: ...
    def one(self) -> D | None: ...
    def spare(self, limit: int, newcomers: int, oldest: float) -> tuple[list[D], int]: ...
    def waits(self) -> bool: ...


class Dispatcher(Generic[S, D, X, O]):
    """Serves batches under the service of the moment. `disabled` says whether DHCP service is switched off.

    `clock` gives the wall time in seconds since the epoch; a batch is served under one reading of it.
    """

    words: Words

    def __init__(self, service: S, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.time) -> None:
        self.service = service
        self._clock = clock
        self.disabled = False
        self.pace = Pace()
        self._loop = loop
        self._outbox: list[O | X] = []
        self._flush_due = False
        self._lines_due = False
        self._ones = 0  # packets that came alone since one was timed
        self._told = 0  # the second that the store knows …
        self._untold = 0  # … and how many packets came since it was told
        self._group: asyncio.Future[None] | None = None
        self._under_way: asyncio.Future[None] | None = None
        self.lot = self.new_lot(service.config.parked_packet_limit)

    # What a family says

    def _serve(self, datagrams: list[D], now: int) -> None:
        """Drive an exchange for each; replies into the outbox, what has to wait into the lot."""
        raise NotImplementedError

    def _send(self, outbox: Sequence[O | X]) -> None:
        """Send these, and count them."""
        raise NotImplementedError

    def _begins(self, data: bytes) -> bool:
        """Whether the sender of these bytes only wishes for a new address; a guess without decoding."""
        raise NotImplementedError

    def _label(self, x: X) -> str:
        """How log lines name an exchange, of which maybe nothing is decoded yet."""
        raise NotImplementedError

    # Batches

    def new_lot(self, limit: int) -> ParkingLot[X, bool]:
        """An empty parking lot whose exchanges report here."""
        return ParkingLot(
            limit,
            PARKED_FOR,
            finished=self._finished,
            failed=self._failed,
            dropped=self._lost,
            label=self._label,
            loop=self._loop,
        )

    def use(self, service: S) -> ParkingLot[X, bool]:
        """Serve under this service from now on. Gives the lot of what is still parked under the one before."""
        before, self.lot = self.lot, self.new_lot(service.config.parked_packet_limit)
        self.service = service
        self._told = 0
        return before

    def readable(self, channel: Receiver[D]) -> None:
        """Datagrams wait on this channel: serve a batch of them.

        While they come one by one, one is read and served, and only then it is asked for more: that one has not waited
        for the answer "no more", and what came meanwhile needs no waking up.
        """
        pace = self.pace
        if pace.pause:
            pace.wait()
        elif pace.alone:
            datagram = channel.one()
            if datagram is None:
                return
            self._ones += 1
            if self._ones < TIMED_EVERY:
                self.serve([datagram])
            else:
                began = time.perf_counter()
                self.serve([datagram])
                pace.note(1, began, time.perf_counter(), self._ones)
                self._ones = 0
            if not channel.waits():
                return
        datagrams = channel.receive(BATCH)
        if not datagrams:
            return
        began = time.perf_counter()
        if len(datagrams) >= BATCH:  # behind: see all that waits, so that nothing is lost in the kernel unseen
            more, dropped = channel.spare(BACKLOG, NEWCOMERS, self._clock() - STALE)
            datagrams = self._most_useful(datagrams + more, dropped)
        self.serve(datagrams)
        pace.note(len(datagrams), began, time.perf_counter(), 1)

    def serve(self, datagrams: list[D]) -> None:
        """Serve these now."""
        service = self.service
        if self.disabled:
            service.tally.disabled(len(datagrams))
            return
        clock = self._clock()
        now = int(clock)
        self._untold += len(datagrams)
        if now != self._told or self._untold >= TOLD_EVERY:
            self._told, self._untold = now, 0
            service.store.tick(now)
        logs.begin_batch()
        try:
            self._serve(datagrams, now)
            self.flush()
            service.tally.end_of_batch(clock)
        finally:
            put_off = logs.flush()
            if put_off >= LINES_AT_ONCE:
                logs.catch_up()
            elif put_off and not self._lines_due:
                self._lines_due = True
                self._loop.call_later(LINES_WAIT, self._write_lines)

    def _write_lines(self) -> None:
        self._lines_due = False
        logs.catch_up()

    # Replies leave

    def flush(self) -> None:
        """Make what was accepted durable, then send the replies that wait in the outbox."""
        self._flush_due = False
        outbox, self._outbox = self._outbox, []
        try:
            under_way = self.make_durable()
        except StoreError as error:
            self._send([x for x in outbox if not x.promises])
            self._not_stored(sum(x.promises for x in outbox), error)
            return
        undone = self.service.store.undone
        for x in outbox:
            if x.undone != undone and x.promises:
                outbox = self._without_lost(outbox, undone)
                break
        if under_way is None:
            self._send(outbox)
            return
        self._send([x for x in outbox if not x.promises])
        promises = [x for x in outbox if x.promises]
        if promises:
            under_way.add_done_callback(lambda future: self._stored(future, promises))

    def _without_lost(self, outbox: Sequence[O | X], undone: int) -> list[O | X]:
        """The replies whose leases are still there."""
        good = [x for x in outbox if x.undone == undone or not x.promises]
        self._not_stored(len(outbox) - len(good), "their group was undone while they waited")
        return good

    def make_durable(self) -> asyncio.Future[None] | None:
        """Flush the store and count what the group did. None: done; raises StoreError."""
        tally, changes = self.service.tally, self.service.changes
        noted = tally.cut()
        names = changes.cut() if changes is not None else ()
        try:
            future = self.service.store.flush()
        except StoreError as error:
            group, self._group = self._group, None
            if group is not None:
                group.set_exception(error)
            raise
        if future is not None:
            self._under_way = future
        elif self._under_way is not None:
            if self._under_way.done():
                self._under_way = None
            else:
                future = self._under_way  # nothing new, but what replies say may rest on it: a lease that is reused
        if future is None:
            if noted:
                tally.settle(noted)
            if changes is not None and names:
                changes.send(names)
            if self._group is not None:
                group, self._group = self._group, None
                group.set_result(None)
        elif noted or names or self._group is not None:
            group, self._group = self._group, None
            future.add_done_callback(lambda done: self._durable(done, noted, names, group))
        return future

    def _durable(
        self,
        done: asyncio.Future[None],
        noted: Mapping[Any, int],
        names: Sequence[Any],
        group: asyncio.Future[None] | None,
    ) -> None:
        """What was under way is through, or has failed."""
        error = done.exception()
        if error is None:
            self.service.tally.settle(noted)
            if self.service.changes is not None and names:
                self.service.changes.send(names)
        if group is not None and not group.done():
            if error is None:
                group.set_result(None)
            else:
                group.set_exception(error)

    async def durable(self) -> None:
        """Come back when all that was changed so far is durable. Raises StoreError.

        Exchanges wait with their batch, so that they share one write.
        """
        if self._group is None:
            self._group = self._loop.create_future()
            self._flush_soon()
        await self._group

    async def stored(self, store: Store) -> None:
        """`durable` for an exchange in the lot, where it does not take the place of one that waits for others.

        `store` took its lease. StoreError: leases are in another one by now.
        """
        if store is not self.service.store:
            raise StoreError(REPLACED)
        lot = self.lot
        lot.excused += 1
        try:
            await self.durable()
        finally:
            lot.excused -= 1

    def _stored(self, future: asyncio.Future[None], promises: Sequence[O | X]) -> None:
        error = future.exception()
        if error is None:
            self._send(promises)
            self.service.tally.end_of_batch(self._clock())
        else:
            self._not_stored(len(promises), error)

    def _not_stored(self, promises: int, error: object) -> None:
        """So many replies must not leave, since what they promise is not stored."""
        if promises:
            self.service.tally.not_stored(promises)
        self.words.STORE_FAILED(promises, error)

    # Exchanges that were parked

    def _flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self.flush)

    def _finished(self, x: X, answered: bool) -> None:
        x.finish()
        if answered:
            if x.promises and self._store_of(x) is not self.service.store:
                self._not_stored(1, REPLACED)
            else:
                self._outbox.append(x)
        self._flush_soon()

    def _store_of(self, x: X) -> Store:
        """The store in which the exchange's leases are."""
        raise NotImplementedError

    def _failed(self, x: X, error: BaseException) -> None:
        x.finish()
        if isinstance(error, StoreError):
            self._not_stored(1, error)
            return
        self.service.tally.failed()
        self.words.PACKET_PROCESS_EXCEPTION(self._label(x), f"{type(error).__name__}: {error}")

    def _lost(self, x: X, why: Lost) -> None:
        x.finish()
        self.service.tally.lost(full=why is Lost.FULL)
        if self.words.PACKET_LOT_LOST.on:
            self.words.PACKET_LOT_LOST(self._label(x), why.value)

    # Too much to do

    def _most_useful(self, datagrams: list[D], dropped: int) -> list[D]:
        """Of what has piled up, what is worth the time: packets that somebody still waits for; requests before
        newcomers, since they finish work already paid for; and of newcomers no more than can be served soon. `dropped`:
        how many are dropped already.
        """
        total = dropped + len(datagrams)
        oldest_wanted = self._clock() - STALE
        useful: list[D] = []
        newcomers: list[D] = []
        for datagram in datagrams:
            if datagram.arrived >= oldest_wanted:
                (newcomers if self._begins(datagram.data) else useful).append(datagram)
        useful += newcomers[:NEWCOMERS]
        dropped = total - len(useful)
        if dropped:
            self.service.tally.overloaded(dropped)
            if self.words.PACKETS_TOO_MANY.on:
                self.words.PACKETS_TOO_MANY(dropped, total)
        return useful
