"""The lot: what it drives, how they leave, deadlines by a clock of our own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.parking_lot import PARKED, Lost, ParkingLot


class Loop:
    """As much of an event loop as a lot and futures need, with a clock that the test turns."""

    def __init__(self) -> None:
        self.now = 100.0
        self.soon: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []
        self.timers: list[tuple[float, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def call_soon(self, callback: Callable[..., Any], *arguments: Any, context: Any = None) -> None:
        self.soon.append((callback, arguments))

    def call_at(self, when: float, callback: Callable[[], None]) -> object:
        self.timers.append((when, callback))
        return object()

    def run(self) -> None:
        while self.soon:
            callback, arguments = self.soon.pop(0)
            callback(*arguments)

    def wait(self, seconds: float) -> None:
        self.now += seconds
        for timer in sorted(self.timers, key=lambda one: one[0]):
            if timer[0] <= self.now:
                self.timers.remove(timer)
                timer[1]()
        self.run()

    def future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)  # type: ignore[arg-type]


class Owner:
    def __init__(self, limit: int = 0, deadline: float = 10.0) -> None:
        self.loop = Loop()
        self.ends: list[tuple[str, Any]] = []
        self.lot: ParkingLot[str, Any] = ParkingLot(
            limit,
            deadline,
            finished=lambda exchange, result: self.ends.append((exchange, result)),
            failed=lambda exchange, error: self.ends.append((exchange, repr(error))),
            dropped=lambda exchange, why: self.ends.append((exchange, why)),
            label=lambda exchange: f"[{exchange}]",
            loop=self.loop,  # type: ignore[arg-type]
        )


async def waiting(future: asyncio.Future[Any], *more: asyncio.Future[Any], end: list[str] | None = None) -> Any:
    try:
        results = [await future]
        for one in more:
            results.append(await one)
        return results
    finally:
        if end is not None:
            end.append("cleaned up")


def test_what_does_not_wait_never_gets_here() -> None:
    owner = Owner(limit=1)

    async def at_once() -> int:
        return 5

    assert owner.lot.drive(at_once(), "a") == 5
    assert owner.lot.total == 0
    assert owner.ends == []
    assert owner.loop.timers == []


def test_what_it_raises_at_once_is_raised() -> None:
    async def fails() -> None:
        raise KeyError("a")

    with pytest.raises(KeyError):
        Owner().lot.drive(fails(), "a")


def test_results_of_futures_go_in_and_the_result_comes_out() -> None:
    owner = Owner()
    one, two = owner.loop.future(), owner.loop.future()
    assert owner.lot.drive(waiting(one, two), "a") is PARKED
    one.set_result(1)
    owner.loop.run()
    assert owner.lot.parked == 1
    two.set_result(2)
    owner.loop.run()
    assert owner.ends == [("a", [1, 2])]
    assert (owner.lot.parked, owner.lot.total) == (0, 1)


def test_many_may_wait_for_one_future() -> None:
    owner = Owner()
    shared = owner.loop.future()
    for name in "abc":
        owner.lot.drive(waiting(shared), name)
    shared.set_result(0)
    owner.loop.run()
    assert owner.ends == [("a", [0]), ("b", [0]), ("c", [0])]


@pytest.mark.parametrize("caught", [True, False])
def test_exceptions_go_in(caught: bool) -> None:
    owner = Owner()
    future = owner.loop.future()

    async def careful() -> str:
        try:
            await future
        except ValueError:
            if not caught:
                raise
        return "fine"

    owner.lot.drive(careful(), "a")
    future.set_exception(ValueError("no"))
    owner.loop.run()
    assert owner.ends == [("a", "fine" if caught else "ValueError('no')")]
    assert owner.lot.parked == 0


def test_a_cancelled_future_is_a_failure() -> None:
    owner = Owner()
    future = owner.loop.future()
    owner.lot.drive(waiting(future), "a")
    future.cancel()
    owner.loop.run()
    assert owner.ends == [("a", "CancelledError()")]


def test_the_deadline_closes_it_counts_and_logs(capfd: pytest.CaptureFixture[str]) -> None:
    owner, end = Owner(deadline=10), list[str]()
    future = owner.loop.future()
    owner.lot.drive(waiting(future, end=end), "client a")
    owner.loop.wait(9.9)
    assert owner.ends == []
    owner.loop.wait(0.2)
    assert owner.ends == [("client a", Lost.EXPIRED)]
    assert end == ["cleaned up"]
    assert (owner.lot.expired, owner.lot.parked) == (1, 0)
    assert "[client a]: dropped" in capfd.readouterr().out
    future.set_result(1)  # too late, and no harm done
    owner.loop.run()
    assert len(owner.ends) == 1


def test_the_deadline_counts_from_the_first_wait() -> None:
    owner = Owner(deadline=10)
    one, two = owner.loop.future(), owner.loop.future()
    owner.lot.drive(waiting(one, two), "a")
    owner.loop.wait(8)
    one.set_result(1)
    owner.loop.wait(3)
    assert owner.ends == [("a", Lost.EXPIRED)]


def test_one_timer_serves_all() -> None:
    owner = Owner(deadline=10)
    for number in range(5):
        owner.lot.drive(waiting(owner.loop.future()), str(number))
        assert len(owner.loop.timers) == 1
        owner.loop.wait(1)
    owner.loop.wait(5)  # ten seconds after the first
    assert owner.ends == [("0", Lost.EXPIRED)]
    assert len(owner.loop.timers) == 1
    owner.loop.wait(4)
    assert owner.lot.expired == 5
    assert owner.loop.timers == []
    owner.lot.drive(waiting(owner.loop.future()), "late")
    owner.loop.wait(10)
    assert owner.ends[-1] == ("late", Lost.EXPIRED)


def test_a_full_lot_drops_and_counts() -> None:
    owner, end = Owner(limit=2), list[str]()
    for name in "ab":
        owner.lot.drive(waiting(owner.loop.future()), name)
    assert owner.lot.full
    assert owner.lot.drive(waiting(owner.loop.future(), end=end), "c") is PARKED
    assert owner.ends == [("c", Lost.FULL)]
    assert end == ["cleaned up"]
    assert (owner.lot.parked, owner.lot.total, owner.lot.dropped_full) == (2, 2, 1)


def test_no_limit() -> None:
    owner = Owner(limit=0)
    for number in range(1000):
        owner.lot.drive(waiting(owner.loop.future()), str(number))
    assert owner.lot.parked == 1000
    assert not owner.lot.full


def test_clear_closes_all() -> None:
    owner, end = Owner(), list[str]()
    futures = [owner.loop.future() for _ in range(3)]
    for future in futures:
        owner.lot.drive(waiting(future, end=end), "a")
    futures[0].set_result(None)  # done, but its callback has not run yet
    assert owner.lot.clear() == 3
    assert end == ["cleaned up"] * 3
    assert owner.ends == [("a", Lost.CLEARED)] * 3
    owner.loop.run()
    assert len(owner.ends) == 3
    assert (owner.lot.parked, owner.lot.cleared) == (0, 3)


def test_cleared_by_one_of_them_it_ends_only_once() -> None:
    owner = Owner()
    one, two = owner.loop.future(), owner.loop.future()

    async def clears() -> None:
        await one
        owner.lot.clear()
        await two

    owner.lot.drive(clears(), "clears")
    owner.lot.drive(waiting(two), "other")
    one.set_result(None)
    owner.loop.run()
    assert sorted(owner.ends) == [("clears", Lost.CLEARED), ("other", Lost.CLEARED)]
    assert owner.lot.parked == 0


def test_a_bare_yield_gives_way_once() -> None:
    owner = Owner()

    async def yields() -> str:
        await asyncio.sleep(0)
        return "on"

    owner.lot.drive(yields(), "a")
    owner.loop.run()
    assert owner.ends == [("a", "on")]


def test_what_is_no_future_fails_the_exchange() -> None:
    class Odd:
        def __await__(self) -> Any:
            yield "odd"

    async def awaits() -> None:
        await Odd()

    owner = Owner()
    owner.lot.drive(awaits(), "a")
    owner.loop.run()
    assert owner.ends == [("a", "TypeError(\"awaited 'odd', which is not a future\")")]
    assert owner.lot.parked == 0


def test_a_failing_clean_up_does_not_stop_the_others(capfd: pytest.CaptureFixture[str]) -> None:
    owner = Owner()

    async def untidy(future: asyncio.Future[Any]) -> None:
        try:
            await future
        finally:
            raise OSError("no room")

    async def stubborn(future: asyncio.Future[Any]) -> None:
        try:
            await future
        finally:
            await owner.loop.future()

    owner.lot.drive(untidy(owner.loop.future()), "untidy")
    owner.lot.drive(stubborn(owner.loop.future()), "stubborn")
    owner.lot.drive(waiting(owner.loop.future()), "tidy")
    owner.lot.clear()
    assert [why for _, why in owner.ends] == [Lost.CLEARED] * 3
    logged = capfd.readouterr().out
    assert "[untidy]: its clean-up failed: OSError: no room" in logged
    assert "[stubborn]: its clean-up failed: RuntimeError" in logged


async def test_drain_waits_for_those_that_end_and_drops_the_rest() -> None:
    ends: list[tuple[str, Any]] = []
    lot: ParkingLot[str, Any] = ParkingLot(
        0,
        10,
        finished=lambda exchange, result: ends.append((exchange, result)),
        failed=lambda exchange, error: ends.append((exchange, error)),
        dropped=lambda exchange, why: ends.append((exchange, why)),
    )
    loop = asyncio.get_running_loop()
    assert await lot.drain(10) == 0
    one, two = loop.create_future(), loop.create_future()
    lot.drive(waiting(one), "one")
    loop.call_soon(one.set_result, 1)
    assert await lot.drain(10) == 0
    lot.drive(waiting(two), "two")
    assert await lot.drain(0) == 1
    assert ends == [("one", [1]), ("two", Lost.CLEARED)]


@given(
    st.lists(
        st.tuples(st.sampled_from(["drive", "resolve", "fail", "cancel", "wait", "clear"]), st.integers(0, 9)),
        max_size=60,
    )
)
def test_everybody_ends_exactly_once(steps: list[tuple[str, int]]) -> None:
    owner = Owner(limit=4, deadline=5)
    futures: list[asyncio.Future[Any]] = []
    started = 0
    for step, number in steps:
        open_ = [one for one in futures if not one.done()]
        one = open_[number % len(open_)] if open_ else None
        if step == "drive":
            futures += [owner.loop.future(), owner.loop.future()]
            owner.lot.drive(waiting(*futures[-2:]), str(started))
            started += 1
        elif step == "wait":
            owner.loop.wait(number)
        elif step == "clear":
            owner.lot.clear()
        elif one is not None:
            if step == "resolve":
                one.set_result(number)
            elif step == "fail":
                one.set_exception(ValueError(number))
                one.exception()
            else:
                one.cancel()
        if number % 2:
            owner.loop.run()
        assert owner.lot.parked <= 4
        assert len(owner.ends) + owner.lot.parked == started
    owner.lot.clear()
    owner.loop.run()
    assert sorted(exchange for exchange, _ in owner.ends) == sorted(str(number) for number in range(started))
