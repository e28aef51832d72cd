"""Reclaiming and flushing expired leases: what becomes of each, the limits, and how long the loop is held."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from kead.allocation.occupancy import Occupancy
from kead.allocation.occupancy6 import Occupancy6
from kead.leases import csv6, messages, reclamation
from kead.leases.csv4 import HEADER, format_removal, format_row
from kead.leases.lease4 import INFINITE, Lease4
from kead.leases.lease6 import Lease6
from kead.leases.memfile4 import Memfile4, MemfileSettings
from kead.leases.memfile6 import Memfile6
from kead.leases.reclamation import Cycle, Reclamation4, Reclamation6
from kead.leases.store4 import StoreError
from tests.leases import some_leases6
from tests.leases.some_leases import NET, NOW, changed, lease, until

LATER = NOW + 10_000


class Server:
    """What a reclamation calls: passes everything, remembers what it saw."""

    def __init__(self) -> None:
        self.seen: list[tuple[int, bool]] = []
        self.skip: set[int] = set()

    async def reclaim(self, one: Lease4, *, remove: bool) -> bool:
        self.seen.append((one.address - NET, remove))
        return one.address - NET not in self.skip


def settings(**changes: int) -> SimpleNamespace:
    return SimpleNamespace(
        **{
            "reclaim_timer_wait_time": 10,
            "flush_reclaimed_timer_wait_time": 25,
            "hold_reclaimed_time": 3600,
            "max_reclaim_leases": 100,
            "max_reclaim_time": 250,
            "unwarned_reclaim_cycles": 5,
            **changes,
        }
    )


async def make(
    path: Path | None, *some: Lease4, clock: Callable[[], float] = lambda: LATER, **changes: int
) -> tuple[Memfile4, Server, Reclamation4]:
    store = Memfile4.open(MemfileSettings(path), Occupancy(), NOW)
    for one in some:
        assert await store.add(one)
    store.flush()
    server = Server()
    return store, server, Reclamation4(store, settings(**changes), server.reclaim, clock=clock)


async def test_what_becomes_of_each_lease(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    plain = lease(1, hostname="host.example", fqdn_fwd=True, fqdn_rev=True, pool_id=3)
    with_info = lease(2, user_context='{"ISC":{"relay-agent-info":{"sub-options":"0x"}},"mine":1}')
    declined = lease(3, state=1, hwaddr=b"", client_id=b"")
    released = lease(4, state=3, valid_lifetime=0)
    registered = lease(5, state=4)
    unknown = lease(6, state=7)
    reclaimed = lease(7, state=2, hostname="kept")
    infinite = lease(8, valid_lifetime=INFINITE)
    running = lease(9, cltt=LATER - 3600)
    some = [plain, with_info, declined, released, registered, unknown, reclaimed, infinite, running]
    store, server, reclamation_ = await make(path, *some)
    before = path.read_text()
    assert await reclamation_.run_cycle(LATER, 0, 0, False) == Cycle(6, False)
    assert sorted(server.seen) == [(n, False) for n in (1, 2, 3, 4, 5, 6)]
    assert server.seen[0] == (4, False), "the longest expired first"
    assert await store.get(NET + 1) == changed(plain, state=2, hostname="", fqdn_fwd=False, fqdn_rev=False)
    assert await store.get(NET + 2) == changed(with_info, state=2, user_context='{"mine":1}')
    assert await store.get(NET + 3) is None
    assert await store.get(NET + 4) == changed(released, state=2)
    assert await store.get(NET + 5) is None
    assert await store.get(NET + 6) == changed(unknown, state=2)
    for untouched in (reclaimed, infinite, running):
        assert await store.get(untouched.address) == untouched
    rows = path.read_text().removeprefix(before).splitlines(keepends=True)
    assert format_row(changed(plain, state=2, hostname="", fqdn_fwd=False, fqdn_rev=False)) in rows
    assert format_removal(declined) in rows
    assert ",0,0,,1,,0\n" in format_removal(declined)
    assert len(rows) == 6
    assert await reclamation_.run_cycle(LATER, 0, 0, False) == Cycle(0, False)
    await store.close()


async def test_with_remove_leases_go_at_once(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    one = lease(1, hostname="host.example")
    store, server, reclamation_ = await make(path, one)
    assert await reclamation_.run_cycle(LATER, 0, 0, True) == Cycle(1, False)
    assert server.seen == [(1, True)]
    assert path.read_text() == HEADER + format_row(one) + format_removal(one)
    assert ",0,1800000000,1,0,0,host.example,0,,0\n" in format_removal(one)
    await store.close()


@pytest.mark.parametrize(("waits", "remove"), [((10, 25), False), ((10, 0), True)])
async def test_the_timer_removes_only_if_nothing_is_ever_flushed(waits: tuple[int, int], remove: bool) -> None:
    _, server, reclamation_ = await make(
        None, lease(1), reclaim_timer_wait_time=waits[0], flush_reclaimed_timer_wait_time=waits[1]
    )
    await reclamation_.turn()
    assert server.seen == [(1, remove)]


async def test_a_lease_that_a_callback_keeps_is_left_and_comes_again() -> None:
    store, server, reclamation_ = await make(None, *(lease(n) for n in range(1, 6)))
    server.skip = {2, 4}
    assert await reclamation_.run_cycle(LATER, 0, 0, False) == Cycle(3, False)
    assert [n for n, _ in server.seen] == [1, 2, 3, 4, 5], "each once a cycle"
    assert await store.get(NET + 2) == lease(2)
    server.skip = set()
    server.seen.clear()
    assert await reclamation_.run_cycle(LATER, 0, 0, False) == Cycle(2, False)
    assert [n for n, _ in server.seen] == [2, 4]


async def test_thousands_that_a_callback_keeps_do_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reclamation, "_PAGE", 10)
    _, server, reclamation_ = await make(None, *(lease(n, cltt=NOW - (n < 3000)) for n in range(1, 3011)))
    server.skip = set(range(1, 3000))
    assert await reclamation_.run_cycle(LATER, 0, 0, False) == Cycle(11, False)
    assert len(server.seen) == 3010


async def test_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    store, server, reclamation_ = await make(None, *(lease(n, cltt=NOW - n) for n in range(1, 8)))
    assert await reclamation_.run_cycle(LATER, 3, 0, False) == Cycle(3, True)
    assert [n for n, _ in server.seen] == [7, 6, 5]
    assert await reclamation_.run_cycle(LATER, 4, 0, False) == Cycle(4, False), "all, and none is left"
    assert len(await store.expired(LATER, 0)) == 0


async def test_the_limit_of_time() -> None:
    store, server, _ = await make(None, *(lease(n) for n in range(1, 200)))

    async def slow(one: Lease4, *, remove: bool) -> bool:
        await asyncio.sleep(0.002)
        return await server.reclaim(one, remove=remove)

    cycle = await Reclamation4(store, settings(), slow, clock=lambda: LATER).run_cycle(LATER, 0, 20, False)
    assert cycle.unfinished
    assert 0 < cycle.reclaimed < 100


async def test_a_lease_renewed_while_a_callback_waits_is_not_reclaimed() -> None:
    store, _, _ = await make(None, lease(1))
    renewed = lease(1, cltt=LATER)

    async def renew(one: Lease4, *, remove: bool) -> bool:
        assert await store.update(renewed, one)
        return True

    reclamation_ = Reclamation4(store, settings(), renew, clock=lambda: LATER)
    assert await reclamation_.run_cycle(LATER, 0, 0, False) == Cycle(0, False)
    assert await store.get(NET + 1) == renewed


async def test_cycles_that_do_not_finish_are_warned_about(monkeypatch: pytest.MonkeyPatch) -> None:
    warned: list[int] = []
    monkeypatch.setattr(messages.RECLAMATION4, "slow", warned.append)
    _, _, reclamation_ = await make(
        None, *(lease(n) for n in range(1, 30)), max_reclaim_leases=2, unwarned_reclaim_cycles=3
    )
    for _ in range(8):
        await reclamation_.turn()
    assert warned == [4, 4]


async def test_flushing_deletes_what_was_held_long_enough(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    old, fresh, running = lease(1, state=2), lease(2, state=2, cltt=NOW + 1), lease(3)
    store, _, reclamation_ = await make(
        path, old, fresh, running, clock=lambda: NOW + 3600 + 61, hold_reclaimed_time=60
    )
    await reclamation_.flush()
    assert await store.get(NET + 1) is None
    assert await store.get(NET + 2) == fresh
    assert await store.get(NET + 3) == running
    assert path.read_text().endswith(format_removal(old))
    assert format_removal(old).endswith(",2,,0\n")
    await store.close()


async def test_a_disk_that_is_full_leaves_everything_for_the_next_cycle(tmp_path: Path) -> None:
    store, server, _ = await make(tmp_path / "leases.csv", lease(1), lease(2, state=2))

    async def durable() -> None:
        raise StoreError("No space left on device")

    failing = Reclamation4(store, settings(), server.reclaim, durable=durable, clock=lambda: LATER)
    with pytest.raises(StoreError):
        await failing.run_cycle(LATER, 0, 0, False)
    await failing.turn()
    await failing.flush()
    await store.close()


async def test_the_loop_is_never_held_long() -> None:
    _, server, reclamation_ = await make(None, *(lease(n, valid_lifetime=60) for n in range(1, 30_001)))
    longest = 0.0
    stop = False

    async def watch() -> None:
        nonlocal longest
        while not stop:
            before = time.thread_time()  # not the time that other processes have
            await asyncio.sleep(0)
            longest = max(longest, time.thread_time() - before)

    gc.freeze()  # what all tests before have left is not this one's to look through
    try:
        watching = asyncio.create_task(watch())
        await asyncio.sleep(0)
        assert await reclamation_.run_cycle(LATER, 0, 0, False) == Cycle(30_000, False)
        stop = True
        await watching
    finally:
        gc.unfreeze()
    assert len(server.seen) == 30_000
    assert longest < 0.03, "5 ms on a quiet machine"


async def test_timers() -> None:
    clock = NOW
    store, server, reclamation_ = await make(
        None,
        lease(1, valid_lifetime=1),
        clock=lambda: clock,
        reclaim_timer_wait_time=0.01,  # type: ignore[arg-type]  # any number of seconds
        flush_reclaimed_timer_wait_time=0.01,  # type: ignore[arg-type]
        hold_reclaimed_time=5,
    )
    reclamation_.start()
    await asyncio.sleep(0.03)
    assert server.seen == []
    clock = NOW + 3
    await until(lambda: bool(server.seen))
    assert server.seen == [(1, False)]
    clock = NOW + 10
    await until(lambda: len(store) == 0)
    await reclamation_.stop()


async def test_nothing_happens_while_the_service_is_disabled() -> None:
    store, server, _ = await make(None, lease(1))
    enabled = False
    quick = settings(reclaim_timer_wait_time=0.005, flush_reclaimed_timer_wait_time=0)
    reclamation_ = Reclamation4(store, quick, server.reclaim, enabled=lambda: enabled, clock=lambda: LATER)
    reclamation_.start()
    await asyncio.sleep(0.03)
    assert server.seen == []
    enabled = True
    await until(lambda: bool(server.seen))
    await reclamation_.stop()


async def test_leases_of_dhcpv6(tmp_path: Path) -> None:
    path = tmp_path / "leases.csv"
    plain = some_leases6.lease(1, hostname="host.example", fqdn_fwd=True, fqdn_rev=True)
    with_info = some_leases6.prefix(2, user_context='{"ISC":{"relay-info":[{"hop":0}]},"mine":1}')
    declined = some_leases6.lease(3, state=1, duid=b"\0\0\0", preferred_lifetime=0)
    registered = some_leases6.lease(4, state=4, iaid=0)
    running = some_leases6.lease(5, cltt=LATER - 3600)
    store = Memfile6.open(MemfileSettings(path), Occupancy6(), NOW)
    for one in (plain, with_info, declined, registered, running):
        assert store.put_new(one)
    seen: list[int] = []

    async def reclaim(one: Lease6, *, remove: bool) -> bool:
        seen.append(one.iaid)
        return True

    reclamation6 = Reclamation6(store, settings(), reclaim, clock=lambda: LATER)
    store.flush()
    before = path.read_text()
    assert await reclamation6.run_cycle(LATER, 0, 0, False) == Cycle(4, False)
    assert sorted(seen) == [0, 1, 2, 3]
    freed = some_leases6.changed(plain, hostname="", fqdn_fwd=False, fqdn_rev=False, state=2)
    kept = some_leases6.changed(with_info, user_context='{"mine":1}', state=2)
    assert [one async for page in store.all() for one in page] == [freed, running, kept]
    rows = path.read_text().removeprefix(before).splitlines(keepends=True)
    assert sorted(rows) == sorted(
        [*map(csv6.format_row, (freed, kept)), *map(csv6.format_removal, (declined, registered))]
    )
    assert len(store.occupancy.addresses) == 1
    assert len(store.occupancy.prefixes) == 0
    flushing = Reclamation6(store, settings(hold_reclaimed_time=0), reclaim, clock=lambda: LATER)
    await flushing.flush()
    assert [one async for page in store.all() for one in page] == [running]
    last = path.read_text().splitlines()[-1]
    assert csv6.decode_row(last).preferred_lifetime == 2250, "as Kea leaves it"
    await store.close()
