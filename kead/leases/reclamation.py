"""Expired leases: reclaimed some time after they end, flushed some time after that.

Law: works on any lease store and knows no hooks, no statistics and no names: what every expired lease has to pass
is one callback, whose answer decides. A cycle never holds the event loop longer than a few milliseconds, whatever
its limits.

A reclaimed lease keeps its client and its times, so that a client who returns gets its address back, and loses its
name; a declined or registered one, and every one when `remove` is asked for, goes at once.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from asyncio import Task
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Generic, Protocol, TypeVar

from kead.leases.context import dump, load
from kead.leases.lease import State
from kead.leases.lease4 import Lease4
from kead.leases.lease6 import EMPTY_DUID, Lease6
from kead.leases.messages import RECLAMATION4, RECLAMATION6, ReclamationMessages
from kead.leases.store import StoreError
from kead.leases.table import LeaseT
from kead.wire.address import text_ip4, text_ip6

LeaseT_contra = TypeVar("LeaseT_contra", contravariant=True)

_PAGE: Final = 256
_TURN: Final = 0.002  # seconds after which the loop gets its turn
_LOOKS: Final = 8  # leases between two looks at the time


class ExpirationSettings(Protocol):
    """`expired-leases-processing`: waits in seconds (0: off), `max_reclaim_time` in milliseconds, maxima 0: none."""

    @property
    def reclaim_timer_wait_time(self) -> int: ...
    @property
    def flush_reclaimed_timer_wait_time(self) -> int: ...
    @property
    def hold_reclaimed_time(self) -> int: ...
    @property
    def max_reclaim_leases(self) -> int: ...
    @property
    def max_reclaim_time(self) -> int: ...
    @property
    def unwarned_reclaim_cycles(self) -> int: ...


class Reclaim(Protocol[LeaseT_contra]):
    """What a lease has to pass before the store is changed; False: leave it, it comes again in the next cycle."""

    def __call__(self, lease: LeaseT_contra, *, remove: bool) -> Awaitable[bool]: ...


class Store(Protocol[LeaseT]):
    """What is asked of a lease store of either family; see store4.py."""

    async def update(self, lease: LeaseT, old: LeaseT) -> bool: ...
    async def delete(self, old: LeaseT) -> bool: ...
    async def durable(self) -> None: ...
    async def expired(self, now: int, limit: int) -> Sequence[LeaseT]: ...
    async def reclaimed(self, expired_before: int, limit: int) -> Sequence[LeaseT]: ...


@dataclass(frozen=True, slots=True)
class Cycle:
    """What a cycle did: how many leases it reclaimed, and whether it had to leave some to the next."""

    reclaimed: int
    unfinished: bool


class ReclamationOf(ABC, Generic[LeaseT]):
    """The two timers and what they do. `durable` makes changes durable and may count; by default the store's own."""

    _say: ClassVar[ReclamationMessages]

    @abstractmethod
    def _names(self, lease: LeaseT) -> tuple[object, ...]:
        """What the message about a lease says: client and address first."""

    def __init__(
        self,
        store: Store[LeaseT],
        settings: ExpirationSettings,
        reclaim: Reclaim[LeaseT],
        *,
        durable: Callable[[], Awaitable[None]] | None = None,
        enabled: Callable[[], bool] = lambda: True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._settings = settings
        self._reclaim = reclaim
        self._durable = durable if durable is not None else store.durable
        self._enabled = enabled
        self._clock = clock
        self._unfinished = 0
        self._timers: list[Task[None]] = []
        self._one_at_a_time = asyncio.Lock()

    def start(self) -> None:
        """Set the timers going; the first turn of each comes after its wait."""
        settings = self._settings
        loop = asyncio.get_running_loop()
        if settings.reclaim_timer_wait_time:
            self._timers.append(loop.create_task(self._every(settings.reclaim_timer_wait_time, self.turn)))
        if settings.flush_reclaimed_timer_wait_time:
            self._timers.append(loop.create_task(self._every(settings.flush_reclaimed_timer_wait_time, self.flush)))

    async def stop(self) -> None:
        """Stop the timers. What a cycle has changed by then is made durable by the store's next flush."""
        timers, self._timers = self._timers, []
        for timer in timers:
            timer.cancel()
        await asyncio.gather(*timers, return_exceptions=True)

    async def turn(self) -> None:
        """What the reclaim timer does: one cycle within the configured limits."""
        settings = self._settings
        try:
            cycle = await self.run_cycle(
                int(self._clock()),
                settings.max_reclaim_leases,
                settings.max_reclaim_time,
                settings.flush_reclaimed_timer_wait_time == 0,
            )
        except StoreError as error:
            self._say.failed(error)
            return
        if not cycle.unfinished:
            self._unfinished = 0
            return
        self._unfinished += 1
        if settings.unwarned_reclaim_cycles and self._unfinished > settings.unwarned_reclaim_cycles:
            self._say.slow(self._unfinished)
            self._unfinished = 0

    async def run_cycle(self, now: int, limit_leases: int, limit_ms: int, remove: bool) -> Cycle:
        """Reclaim what has expired by `now`, longest expired first, within these limits (0: none).

        Returns when it is durable. StoreError: it could not be made so, and will come again.
        """
        async with self._one_at_a_time:
            self._say.start(limit_leases, limit_ms)
            started = turn = time.perf_counter()
            deadline = started + limit_ms / 1000 if limit_ms else float("inf")
            reclaimed = looked_at = 0
            unfinished = False
            left: set[int] = set()  # met in this cycle and still there: kept by a callback or changed meanwhile
            while not unfinished:
                page = await self._page(now, limit_leases - looked_at if limit_leases else 0, left)
                for lease in page:
                    if limit_leases and looked_at >= limit_leases:
                        unfinished = True
                        break
                    looked_at += 1
                    if await self._reclaim_one(lease, remove):
                        reclaimed += 1
                    else:
                        left.add(lease.address)
                    if looked_at % _LOOKS:
                        continue
                    moment = time.perf_counter()
                    if moment > deadline:
                        self._say.timeout(limit_ms)
                        unfinished = True
                        break
                    if moment > turn + _TURN:
                        break  # exchanges will run: what they change must not be met with what was read before
                await self._durable()
                if not page:
                    break
                await asyncio.sleep(0)
                turn = time.perf_counter()
            self._say.complete(reclaimed, (time.perf_counter() - started) * 1000)
            if not unfinished:
                self._say.none_left()
            return Cycle(reclaimed, unfinished)

    async def flush(self) -> None:
        """What the flush timer does: delete leases that have been reclaimed long enough."""
        hold = self._settings.hold_reclaimed_time
        self._say.deleting(hold)
        before = int(self._clock()) - hold
        deleted = 0
        try:
            async with self._one_at_a_time:
                while page := await self._store.reclaimed(before, _PAGE):
                    gone = 0
                    for lease in page:
                        gone += await self._store.delete(lease)
                    await self._durable()
                    deleted += gone
                    if not gone:
                        break  # others were quicker with all of them: next time
                    await asyncio.sleep(0)
        except StoreError as error:
            self._say.flush_failed(error)
        else:
            self._say.deleted(deleted)

    async def _page(self, now: int, wanted: int, left: set[int]) -> Sequence[LeaseT]:
        """Some expired leases that this cycle has not met yet; one more than wanted tells that there are more."""
        size = min(wanted + 1, _PAGE) if wanted else _PAGE
        while True:
            found = await self._store.expired(now, size + len(left))
            fresh = [lease for lease in found if lease.address not in left]
            if fresh or len(found) < size + len(left):
                return fresh
            size *= 2

    async def _reclaim_one(self, lease: LeaseT, remove: bool) -> bool:
        """Whether the lease is reclaimed now."""
        if self._say.lease.on:
            self._say.lease(*self._names(lease))
        if not await self._reclaim(lease, remove=remove):
            return False
        if lease.state == State.DECLINED:
            self._say.recovered(self._names(lease)[1], lease.valid_lifetime)
        if remove or lease.state in (State.DECLINED, State.REGISTERED):
            return await self._store.delete(lease)
        return await self._store.update(reclaimed(lease), lease)

    async def _every(self, seconds: int, turn: Callable[[], Awaitable[None]]) -> None:
        while True:
            await asyncio.sleep(seconds)
            if self._enabled():
                await turn()


class Reclamation4(ReclamationOf[Lease4]):
    """Of DHCPv4 leases."""

    _say = RECLAMATION4

    def _names(self, lease: Lease4) -> tuple[object, ...]:
        client_id = lease.client_id.hex(":") or "no info"
        return f"[hwtype={lease.htype} {lease.hwaddr.hex(':')}], cid=[{client_id}]", text_ip4(lease.address)


class Reclamation6(ReclamationOf[Lease6]):
    """Of DHCPv6 leases."""

    _say = RECLAMATION6

    def _names(self, lease: Lease6) -> tuple[object, ...]:
        duid = "no info" if lease.duid == EMPTY_DUID else lease.duid.hex(":")
        hwaddr = f", [hwtype={lease.htype} {lease.hwaddr.hex(':')}]" if lease.hwaddr else ""
        return f"duid=[{duid}]{hwaddr}", text_ip6(lease.address), lease.prefix_length


def reclaimed(lease: LeaseT) -> LeaseT:
    """What becomes of an expired lease that is kept for its client."""
    kept = lease.copy()
    kept.state = State.RECLAIMED.value
    kept.hostname = ""
    kept.fqdn_fwd = kept.fqdn_rev = False
    if '"ISC"' in kept.user_context:
        context = load(kept.user_context)
        context.pop("ISC", None)
        kept.user_context = dump(context) if context else ""
    return kept
