"""What every lease store promises, as a machine that plays it against a plain dictionary.

A store's test subclasses `StoreContract` and says how to make one and how to come back after a restart.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from kead.leases.lease4 import INFINITE
from kead.leases.store4 import StoreError
from tests.leases.some_leases import NET, NOW, changed, lease

T = TypeVar("T")

numbers = st.integers(1, 12)
clients = st.integers(0, 4)
lifetimes = st.sampled_from([1, 5, 30, 3600, INFINITE])
states = st.sampled_from([0, 0, 0, 1, 2, 3])


class StoreContract(RuleBasedStateMachine):
    """Subclasses give `open` and, where a store can fail, `fail` (let the next group fail) and `heal`.

    What differs between the families stands first, as it is for DHCPv4.
    """

    can_fail = False
    survives = True

    def address_of(self, number: int) -> int:
        return NET + number

    async def find(self, number: int) -> Any:
        return await self.store.get(NET + number)

    def make(self, number: int, client: int, valid: int, state: int) -> Any:
        return lease(
            number,
            hwaddr=b"\2" * 5 + bytes((client // 2,)),
            client_id=b"\1" * 6 + bytes((client,)) if client else b"",
            valid_lifetime=valid,
            cltt=self.now,
            state=state,
            subnet_id=1 + number % 2,
        )

    @staticmethod
    def kind(one: Any) -> tuple[int, ...]:
        """What leases are counted by."""
        return one.subnet_id, one.pool_id, one.state

    def taken(self) -> set[int]:
        """The addresses among those that play a part which the store's occupancy holds taken."""
        return {NET + n for n in range(16) if self.store.occupancy.taken(NET + n)}

    def check_clients(self, client: int) -> None:
        client_id, hwaddr = b"\1" * 6 + bytes((client,)), b"\2" * 5 + bytes((client,))
        by_id, by_hwaddr = self.do(self.store.of_client(client_id, hwaddr))
        leases = self.accepted.values()
        assert {one.address for one in by_id} == {one.address for one in leases if one.client_id == client_id}
        assert {one.address for one in by_hwaddr} == {one.address for one in leases if one.hwaddr == hwaddr}
        assert all(one == self.accepted[one.address] for one in (*by_id, *by_hwaddr))

    async def open(self) -> Any:
        """The store, with what was made durable before."""
        raise NotImplementedError

    def fail(self) -> None:
        """From now on no group becomes durable."""

    def heal(self) -> None:
        """And now again."""

    @initialize()
    def begin(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.now = NOW
        self.accepted: dict[int, Any] = {}  # what a look-up must find
        self.stored: dict[int, Any] = {}  # what must survive
        self.store = self.do(self.open())
        self.store.tick(self.now)

    def do(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self.loop.run_until_complete(coroutine)

    def teardown(self) -> None:
        if hasattr(self, "loop"):
            self.heal()
            self.do(self.store.close())
            self.loop.close()

    @rule(number=numbers, client=clients, valid=lifetimes, state=states)
    def add(self, number: int, client: int, valid: int, state: int) -> None:
        new = self.make(number, client, valid, state)
        accepted = self.do(self.store.add(new))
        assert accepted == (new.address not in self.accepted)
        if accepted:
            self.accepted[new.address] = new

    @rule(number=numbers, client=clients, valid=lifetimes, state=states)
    def update(self, number: int, client: int, valid: int, state: int) -> None:
        old = self.do(self.find(number))
        if old is None:
            return
        new = self.make(number, client, valid, state)
        assert self.do(self.store.update(new, old))
        self.accepted[new.address] = new
        if new != old:
            assert not self.do(self.store.update(new, old)), "a change of what is not there any more"
            assert not self.do(self.store.delete(old)), "a removal of what is not there any more"

    @rule(number=numbers)
    def delete(self, number: int) -> None:
        old = self.do(self.find(number))
        if old is not None:
            assert self.do(self.store.delete(old))
            del self.accepted[old.address]
            assert not self.do(self.store.delete(old))

    @rule(number=numbers)
    def renew_later(self, number: int) -> None:
        old = self.do(self.find(number))
        if old is not None:
            new = changed(old, cltt=self.now)
            assert self.do(self.store.update(new, old))
            self.accepted[new.address] = new

    @rule(alone=st.booleans())
    def flush(self, alone: bool) -> None:
        async def flush() -> None:
            if alone:
                await self.store.durable()
            future = self.store.flush()
            if future is not None:
                await future

        self.do(flush())
        self.stored = dict(self.accepted)

    @rule(alone=st.booleans())
    def flush_that_fails(self, alone: bool) -> None:
        if not self.can_fail or self.accepted == self.stored:
            return
        undone = self.store.undone

        async def flush() -> None:
            try:
                if alone:
                    await self.store.durable()
                    raise AssertionError("a group that cannot be durable was called so")
            except StoreError:
                pass
            try:
                future = self.store.flush()
                if future is not None:
                    await future
            except StoreError:
                return
            assert alone, "a group that cannot be durable was called so"

        self.fail()
        try:
            self.do(flush())
        finally:
            self.heal()
        assert self.store.undone > undone
        self.accepted = dict(self.stored)

    @rule(seconds=st.sampled_from([0, 1, 1, 5, 31, 4000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds
        self.store.tick(self.now)

    @rule(limit=st.sampled_from([0, 1, 3]))
    def expired(self, limit: int) -> None:
        found = list(self.do(self.store.expired(self.now, limit)))
        expected = sorted(
            (one for one in self.accepted.values() if one.expired(self.now) and one.state != 2),
            key=lambda one: one.expire,
        )
        assert [one.expire for one in found] == [one.expire for one in expected][: limit or None]
        assert all(one in expected for one in found)

    @rule(limit=st.sampled_from([0, 2]), ago=st.sampled_from([0, 10]))
    def reclaimed(self, limit: int, ago: int) -> None:
        found = list(self.do(self.store.reclaimed(self.now - ago, limit)))
        expected = [
            one
            for one in self.accepted.values()
            if one.state == 2 and one.valid_lifetime != INFINITE and one.expire < self.now - ago
        ]
        assert len(found) == min(len(expected), limit or len(expected))
        assert all(one in expected for one in found)

    @rule()
    def restart(self) -> None:
        self.flush(alone=False)
        self.do(self.store.close())
        self.store = self.do(self.open())
        self.store.tick(self.now)
        if not self.survives:
            self.accepted = {}
        self.stored = dict(self.accepted)

    @rule(number=numbers, client=clients)
    def look_up(self, number: int, client: int) -> None:
        assert self.do(self.find(number)) == self.accepted.get(self.address_of(number))
        self.check_clients(client)

    @invariant()
    def all_is_as_accepted(self) -> None:
        if not hasattr(self, "store"):
            return

        async def walk() -> list[Any]:
            return [one async for page in self.store.all(3) for one in page]

        assert self.do(walk()) == [self.accepted[address] for address in sorted(self.accepted)]
        expected = Counter(self.kind(one) for one in self.accepted.values())
        assert {kind: number for *kind_, number in self.do(self.store.counts()) for kind in (tuple(kind_),)} == expected
        taken = {
            one.address
            for one in self.accepted.values()
            if one.state != 2 and (one.valid_lifetime == INFINITE or one.expire >= self.now)
        }
        assert self.taken() == taken
