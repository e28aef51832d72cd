"""Chains: order, status, errors, async callouts, contexts, arguments, what callouts cost."""

from __future__ import annotations

import asyncio
import gc
from pathlib import Path
from typing import Any

import pytest

from kead.hooks import CONTINUE, DROP, PARK, SKIP, Callout, Context, NoSuchArgument, NoSuchContext
from kead.hooks.chain import SLOW
from kead.hooks.loading import load
from kead.parking_lot import PARKED, Lost
from tests.hooks.helpers import HOST, Entry, Exchange, Server, hooks, library, loaded, query, turns


def by_hand(coroutine: Any) -> Any:
    """Run what must not suspend."""
    with pytest.raises(StopIteration) as stop:
        coroutine.send(None)
    return stop.value.value


def test_nobody_listens() -> None:
    assert hooks(library()).pkt4_receive is None


def test_all_callouts_run_in_configuration_order_whatever_the_status() -> None:
    called = []

    def first(callout: Any) -> None:
        assert callout.status is CONTINUE
        called.append("first")
        callout.status = DROP

    def second(callout: Any) -> None:
        called.append(callout.status)

    on = hooks(library("a", pkt4_receive=first), library("b", pkt4_receive=second))
    assert on.pkt4_receive is not None
    for _ in range(2):  # the status is CONTINUE anew at each point
        assert by_hand(on.pkt4_receive(Exchange(), query4=query())).status is DROP
    assert called == ["first", DROP] * 2


def test_a_later_callout_may_take_a_drop_back() -> None:
    def drop(callout: Any) -> None:
        callout.status = DROP

    def go_on(callout: Any) -> None:
        callout.status = CONTINUE

    on = hooks(library("a", pkt4_receive=drop), library("b", pkt4_receive=go_on))
    assert on.pkt4_receive is not None
    assert by_hand(on.pkt4_receive(Exchange(), query4=query())).status is CONTINUE


@pytest.mark.parametrize("status", [DROP, PARK])
def test_a_status_that_the_point_does_not_list_is_continue(status: Any) -> None:
    def select(callout: Any) -> None:
        callout.status = status

    on = hooks(library(lease4_select=select))
    assert on.lease4_select is not None
    assert by_hand(on.lease4_select(Exchange(), query4=query())).status is CONTINUE


def test_skip_is_not_listed_at_a_parkable_point() -> None:
    def skip(callout: Any) -> None:
        callout.status = SKIP

    on = hooks(library(leases4_committed=skip))
    assert on.leases4_committed is not None
    assert by_hand(on.leases4_committed(Exchange())).status is CONTINUE


async def test_a_raising_callout_leaves_drop_is_logged_and_counted_and_the_next_runs(capfd: Any) -> None:
    seen = []

    def after(callout: Any) -> None:
        seen.append(callout.status)

    both = await loaded(("raises", {"points": ["pkt4_receive"]}))
    second = library("second", pkt4_receive=after)
    on = hooks(*both.libraries, second)
    assert on.pkt4_receive is not None
    assert by_hand(on.pkt4_receive(Exchange(), query4=query())).status is DROP
    assert seen == [DROP]
    logged = capfd.readouterr().out
    assert "HOOKS_CALLOUT_EXCEPTION" in logged
    assert "pkt4_receive" in logged
    assert "raises.py" in logged
    assert "RuntimeError: raised on purpose at pkt4_receive" in logged
    assert on.pkt4_receive.registrations[0].exceptions == 1


DEEP = """
import asyncio
from kead.hooks import DROP

async def pkt4_receive(callout):
    await asyncio.open_connection("127.0.0.1", -1)

def pkt4_send(callout):
    return own(callout)

def own(callout):
    int("x" * int("1"))

def subnet4_select(callout):
    callout.nothing_of_this_name
"""


@pytest.mark.parametrize(("point", "line"), [("pkt4_receive", 6), ("pkt4_send", 12), ("subnet4_select", 15)])
async def test_the_place_is_in_the_library(point: str, line: int, tmp_path: Path, capfd: Any) -> None:
    """Not in the event loop's or the framework's file, into which the library called."""
    file = tmp_path / "deep.py"
    file.write_text(DEEP)
    on = hooks(*(await load([Entry(str(file))], HOST, confined=False)).libraries)
    assert (await getattr(on, point)(Exchange(), query4=query())).status is DROP
    [said] = [each for each in capfd.readouterr().out.splitlines() if " HOOKS_CALLOUT_EXCEPTION " in each]
    assert f"{file}:{line}" in said


async def test_the_place_may_be_in_a_submodule(tmp_path: Path, capfd: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "acme_deep"
    package.mkdir()
    (package / "__init__.py").write_text("from . import inner\ndef pkt4_receive(callout):\n    inner.work()\n")
    (package / "inner.py").write_text("import json\ndef work():\n    json.loads('x')\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    on = hooks(*(await load([Entry("acme_deep")], HOST, confined=False)).libraries)
    assert on.pkt4_receive is not None
    await on.pkt4_receive(Exchange(), query4=query())
    assert f"{package / 'inner.py'}:3" in capfd.readouterr().out


def test_without_a_frame_of_the_library_the_innermost_counts(capfd: Any) -> None:
    on = hooks(library(pkt4_receive=lambda callout: int("x")))
    assert on.pkt4_receive is not None
    by_hand(on.pkt4_receive(Exchange(), query4=query()))
    assert f"{__file__}:" in capfd.readouterr().out


def test_what_is_raised_where_drop_means_nothing_changes_nothing() -> None:
    def select(callout: Any) -> None:
        raise ValueError

    on = hooks(library(lease4_select=select))
    assert on.lease4_select is not None
    assert by_hand(on.lease4_select(Exchange(), query4=query())).status is CONTINUE


@pytest.mark.parametrize("wrong", ["DROP", 2, None, True])
def test_a_status_that_is_none_counts_as_raised(wrong: Any, capfd: Any) -> None:
    def drop(callout: Any) -> None:
        callout.status = wrong

    on = hooks(library(pkt4_receive=drop))
    assert on.pkt4_receive is not None
    assert by_hand(on.pkt4_receive(Exchange(), query4=query())).status is DROP
    assert "not one of CONTINUE, SKIP, DROP, PARK" in capfd.readouterr().out


@pytest.mark.parametrize("leave", [SystemExit(3), RecursionError(), StopIteration()])
async def test_no_exception_of_a_callout_gets_out(leave: BaseException) -> None:
    def plainly(callout: Any) -> None:
        raise leave

    async def slowly(callout: Any) -> None:
        await asyncio.sleep(0)
        raise leave

    for function in (plainly, slowly):
        on = hooks(library(pkt4_receive=function))
        assert on.pkt4_receive is not None
        assert (await on.pkt4_receive(Exchange(), query4=query())).status is DROP
        assert on.pkt4_receive.registrations[0].exceptions == 1


def test_a_returned_value_is_an_error_but_not_a_status(capfd: Any) -> None:
    on = hooks(library(pkt4_receive=lambda callout: DROP))
    assert on.pkt4_receive is not None
    assert by_hand(on.pkt4_receive(Exchange(), query4=query())).status is CONTINUE
    assert "HOOKS_CALLOUT_ERROR" in capfd.readouterr().out


def test_zero_is_what_kea_callouts_return(capfd: Any) -> None:
    on = hooks(library(pkt4_receive=lambda callout: 0))
    assert on.pkt4_receive is not None
    by_hand(on.pkt4_receive(Exchange(), query4=query()))
    assert capfd.readouterr().out == ""


# Arguments


def test_only_given_arguments_exist() -> None:
    seen = []

    def offer(callout: Any) -> None:
        with pytest.raises(NoSuchArgument):
            _ = callout.offer_address_in_use
        with pytest.raises(NoSuchArgument):
            _ = callout.lease6
        with pytest.raises(AttributeError):
            callout.lease6 = 1
        assert "offer_address_in_use" not in callout
        callout.offer_address_in_use = True
        seen.append(callout["offer_address_in_use"])

    on = hooks(library(lease4_offer=offer))
    assert on.lease4_offer is not None
    handle = by_hand(on.lease4_offer(Exchange(), query4=query(), leases4=()))
    assert seen == [True]
    assert handle.status is CONTINUE
    assert handle.offer_address_in_use is True


def test_arguments_by_their_names_in_kea_and_private_ones_for_later_libraries() -> None:
    def first(callout: Any) -> None:
        callout["fwd-update"] = False
        callout["$first.note"] = 7
        with pytest.raises(NoSuchArgument):
            _ = callout["$other"]

    def second(callout: Any) -> None:
        assert callout.fwd_update is False
        assert "fwd-update" in callout
        assert callout["$first.note"] == 7

    on = hooks(library("a", ddns4_update=first), library("b", ddns4_update=second))
    assert on.ddns4_update is not None
    handle = by_hand(on.ddns4_update(Exchange(), fwd_update=True))
    assert handle.fwd_update is False
    assert handle.status is CONTINUE


def test_a_wrong_argument_of_the_server_is_refused() -> None:
    on = hooks(library(pkt4_receive=lambda callout: None))
    assert on.pkt4_receive is not None
    with pytest.raises(AttributeError):
        on.pkt4_receive(Exchange(), response4=None).send(None)


# Contexts


def test_context_is_per_packet_and_per_library_and_lives_over_points() -> None:
    got = []

    def write(callout: Any) -> None:
        with pytest.raises(NoSuchContext):
            _ = callout.context["note"]
        callout.context["note"] = callout.library.name

    def read(callout: Any) -> None:
        got.append(callout.context["note"])

    on = hooks(
        library("a", pkt4_receive=write, pkt4_send=read),
        library("b", pkt4_receive=write, pkt4_send=read),
    )
    assert on.pkt4_receive is not None
    assert on.pkt4_send is not None
    exchanges = [Exchange(), Exchange()]
    for exchange in exchanges:
        by_hand(on.pkt4_receive(exchange, query4=query()))
    for exchange in exchanges:
        by_hand(on.pkt4_send(exchange, query4=query()))
    assert got == ["a", "b", "a", "b"]


def test_no_context_is_made_for_who_wants_none() -> None:
    exchange = Exchange()
    on = hooks(library(pkt4_receive=lambda callout: None))
    assert on.pkt4_receive is not None
    by_hand(on.pkt4_receive(exchange, query4=query()))
    assert exchange.contexts is None


# Async callouts


async def test_an_async_callout_parks_its_packet_and_has_a_task_around_it() -> None:
    gate = asyncio.get_running_loop().create_future()

    async def slow(callout: Any) -> None:
        async with asyncio.timeout(5):  # insists on a task
            await gate
        callout.status = DROP

    on = hooks(library(pkt4_receive=slow))
    chain = on.pkt4_receive
    assert chain is not None
    server = Server()
    assert server.drive(chain(Exchange(), query4=query())) is PARKED
    await turns()
    assert server.lot.parked == 1
    gate.set_result(None)
    await turns()
    assert server.lot.parked == 0
    [(_, handle)] = server.ends
    assert handle.status is DROP
    assert chain.registrations[0].calls == 1


async def test_plain_and_async_callouts_keep_their_order_and_their_library() -> None:
    seen = []

    def plain(callout: Any) -> None:
        seen.append(callout.library.name)

    async def slow(callout: Any) -> None:
        seen.append(callout.library.name)
        await asyncio.sleep(0)
        callout.context["here"] = 1
        seen.append(callout.library.name)

    on = hooks(library("a", pkt4_send=plain), library("b", pkt4_send=slow), library("c", pkt4_send=plain))
    assert on.pkt4_send is not None
    exchange = Exchange()
    await on.pkt4_send(exchange, query4=query())
    assert seen == ["a", "b", "b", "c"]
    assert exchange.contexts is not None
    assert [one.name for one in exchange.contexts] == ["b"]


async def test_a_plain_function_that_returns_something_to_wait_for_is_waited_for() -> None:
    async def late(callout: Any) -> None:
        await asyncio.sleep(0)
        callout.status = DROP

    on = hooks(library(pkt4_receive=lambda callout: late(callout)))
    assert on.pkt4_receive is not None
    assert (await on.pkt4_receive(Exchange(), query4=query())).status is DROP


async def test_given_up_while_it_waits_the_callout_is_cancelled() -> None:
    end = []

    async def slow(callout: Any) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            end.append("cleaned up")

    on = hooks(library(pkt4_receive=slow))
    assert on.pkt4_receive is not None
    server = Server()
    server.drive(on.pkt4_receive(Exchange(), query4=query()))
    await turns()
    assert server.lot.clear() == 1
    await turns()
    assert end == ["cleaned up"]
    assert server.ends == [("x", Lost.CLEARED)]


async def test_a_callout_that_is_cancelled_by_somebody_leaves_drop() -> None:
    tasks: list[Any] = []

    async def slow(callout: Any) -> None:
        tasks.append(asyncio.current_task())
        await asyncio.get_running_loop().create_future()

    on = hooks(library(pkt4_receive=slow))
    assert on.pkt4_receive is not None
    server = Server()
    server.drive(on.pkt4_receive(Exchange(), query4=query()))
    await turns()
    tasks[0].cancel()
    await turns()
    assert server.ends[0][1].status is DROP


async def test_a_cancelled_waiter_is_cancelled() -> None:
    async def slow(callout: Any) -> None:
        await asyncio.get_running_loop().create_future()

    on = hooks(library(command_processed=slow))
    assert on.command_processed is not None
    task = asyncio.create_task(on.command_processed(Exchange(), name="x"))
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_others_are_served_while_requests_wait() -> None:
    libraries = await loaded(("park_requests", {"milliseconds": 20}))
    on = hooks(*libraries.libraries)
    assert on.pkt4_receive is not None
    server = Server()
    order = []

    async def serve(name: str, kind: int) -> str:
        assert on.pkt4_receive is not None
        await on.pkt4_receive(Exchange(), query4=query(kind))
        order.append(name)
        return name

    for number in range(20):
        server.drive(serve(f"request {number}", 3), "r")
        server.drive(serve(f"discover {number}", 1), "d")
    assert await server.lot.drain(5) == 0
    assert order[:20] == [f"discover {number}" for number in range(20)]
    assert len(order) == 40


async def test_detached_does_not_wait() -> None:
    seen = []

    async def slow(callout: Any) -> None:
        await asyncio.sleep(0)
        seen.append("slow")

    on = hooks(library(context_destroy=slow), library(context_destroy=lambda callout: seen.append("plain")))
    assert on.context_destroy is not None
    on.context_destroy.detached(Exchange())
    assert seen == []
    await turns()
    assert seen == ["slow", "plain"]

    on = hooks(library(context_destroy=lambda callout: seen.append("now")))
    assert on.context_destroy is not None
    on.context_destroy.detached(Exchange())
    assert seen[-1] == "now"


async def test_handles_are_freed_at_once_without_the_collector() -> None:
    async def slow(callout: Any) -> None:
        callout.context["here"] = callout.query4
        await asyncio.sleep(0)

    def fail(callout: Any) -> None:
        raise ValueError

    on = hooks(library(leases4_committed=slow), library(leases4_committed=fail))
    assert on.leases4_committed is not None
    server = Server()

    def alive() -> int:
        return sum(isinstance(one, (Callout, Exchange, Context)) for one in gc.get_objects())

    gc.collect()
    gc.disable()
    before = alive()
    try:
        for _ in range(100):
            server.drive(on.leases4_committed(Exchange(), query4=query()))
            await turns()
        assert len(server.ends) == 100
        server.ends.clear()
        assert alive() == before
    finally:
        gc.enable()


# What callouts cost


async def test_who_keeps_everybody_waiting_is_named(capfd: Any) -> None:
    libraries = await loaded(("blocks", {"milliseconds": SLOW * 1000 + 5}))
    on = hooks(*libraries.libraries)
    for chain in (on.pkt4_receive, on.pkt4_send):
        assert chain is not None
        await chain(Exchange(), query4=query())
        logged = capfd.readouterr().out
        assert "HOOKS_CALLOUT_SLOW" in logged
        assert chain.point in logged
        assert "blocks.py" in logged
        assert chain.registrations[0].slow == 1
        assert chain.registrations[0].seconds >= SLOW


async def test_waiting_is_not_working() -> None:
    libraries = await loaded(("park_requests", {"milliseconds": 60}))
    on = hooks(*libraries.libraries)
    assert on.pkt4_receive is not None
    await on.pkt4_receive(Exchange(), query4=query(3))
    [registration] = on.pkt4_receive.registrations
    assert registration.elapsed >= 0.06
    assert registration.seconds < 0.05
    assert registration.slow == 0
