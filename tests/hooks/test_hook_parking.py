"""PARK with reference, unpark, drop and dereference, as Kea counts them."""

from __future__ import annotations

from typing import Any

import pytest

from kead.hooks import CONTINUE, DROP, PARK, NotParked
from kead.parking_lot import PARKED, Lost
from tests.hooks.helpers import Exchange, Server, hooks, library, loaded, turns


class Park:
    """A library's callout that parks and keeps the handle."""

    def __init__(self, *, references: int = 1, status: Any = PARK, now: str = "") -> None:
        self.references = references
        self.status = status
        self.now = now
        self.handle: Any = None
        self.answer: Any = None

    def __call__(self, callout: Any) -> None:
        self.handle = callout
        for _ in range(self.references):
            callout.reference()
        if self.now:
            self.answer = getattr(callout, self.now)()
        callout.status = self.status


def committed(*callouts: Any) -> tuple[Server, Any]:
    """A server whose one exchange has come to leases4_committed."""
    on = hooks(*(library(f"library {number}", leases4_committed=one) for number, one in enumerate(callouts)))
    assert on.leases4_committed is not None
    server = Server()
    return server, server.drive(on.leases4_committed(Exchange(), leases4=[]))


async def test_unparked_it_goes_on_with_continue() -> None:
    park = Park()
    server, result = committed(park)
    assert result is PARKED
    await turns()
    assert server.ends == []
    assert park.handle.unpark() is True
    assert park.handle.unpark() is False
    await turns()
    assert server.ends[0][1].status is CONTINUE
    assert server.lot.parked == 0


async def test_the_last_of_several_libraries_lets_it_go() -> None:
    one, two = Park(), Park(references=2)
    server, _ = committed(one, two)
    assert one.handle.unpark() is True
    assert two.handle.unpark() is True
    await turns()
    assert server.ends == []
    assert two.handle.unpark() is True
    await turns()
    assert server.ends[0][1].status is CONTINUE


async def test_unpark_before_the_server_saw_park() -> None:
    park = Park(now="unpark")
    _, result = committed(park)
    assert park.answer is True
    assert result.status is CONTINUE


async def test_let_go_early_it_is_gone_whatever_comes_after() -> None:
    def drop(callout: Any) -> None:
        assert callout.unpark() is False
        with pytest.raises(NotParked):
            callout.reference()
        callout.status = DROP

    _, result = committed(Park(now="unpark"), drop)
    assert result.status is CONTINUE


async def test_drop_takes_it_out_whatever_the_count() -> None:
    one, two = Park(), Park()
    server, _ = committed(one, two)
    assert two.handle.drop() is True
    assert one.handle.unpark() is False
    assert one.handle.drop() is False
    await turns()
    assert server.ends[0][1].status is DROP


async def test_dropped_before_the_server_saw_park() -> None:
    _, result = committed(Park(now="drop"))
    assert result.status is DROP


async def test_without_park_the_server_takes_it_out() -> None:
    park = Park(status=CONTINUE)
    _, result = committed(park)
    assert result.status is CONTINUE
    assert park.handle.unpark() is False
    with pytest.raises(NotParked):
        park.handle.dereference()


async def test_dereference_never_lets_go() -> None:
    park = Park()
    server, _ = committed(park)
    park.handle.dereference()
    await turns()
    assert server.ends == []
    assert park.handle.unpark() is True  # the count may fall below nothing
    await turns()
    assert len(server.ends) == 1


async def test_park_without_reference_waits_for_its_deadline() -> None:
    park = Park(references=0)
    server, result = committed(park)
    assert result is PARKED
    await turns()
    server.lot.clear()
    assert server.ends == [("x", Lost.CLEARED)]
    assert park.handle.unpark() is False


async def test_nothing_parks_where_the_table_does_not_say_so() -> None:
    def park(callout: Any) -> None:
        with pytest.raises(NotParked):
            callout.reference()
        assert callout.unpark() is False
        callout.status = PARK

    on = hooks(library(pkt4_receive=park))
    assert on.pkt4_receive is not None
    handle = Server().drive(on.pkt4_receive(Exchange()))
    assert handle.status is CONTINUE


async def test_a_raising_callout_takes_it_out() -> None:
    def fail(callout: Any) -> None:
        raise RuntimeError

    park = Park()
    _, result = committed(park, fail)
    assert result.status is DROP
    assert park.handle.unpark() is False


async def test_an_async_callout_may_park_by_hand_too() -> None:
    handles: list[Any] = []

    async def park(callout: Any) -> None:
        callout.reference()
        callout.status = PARK
        handles.append(callout)

    server, _ = committed(park)
    await turns()
    assert server.ends == []
    handles[0].unpark()
    await turns()
    assert server.ends[0][1].status is CONTINUE


@pytest.mark.parametrize(("parameters", "status"), [({}, CONTINUE), ({"drop": True}, DROP)])
async def test_the_library_that_parks_by_hand(parameters: Any, status: Any) -> None:
    libraries = await loaded(("park_by_hand", {"milliseconds": 1, "offers": True, **parameters}))
    on = hooks(*libraries.libraries)
    server = Server()
    assert on.lease4_offer is not None
    assert server.drive(on.lease4_offer(Exchange())) is PARKED
    assert await server.lot.drain(5) == 0
    assert server.ends[0][1].status is status
