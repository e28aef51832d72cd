"""Who has switched DHCP service off, and until when."""

from __future__ import annotations

import asyncio

import pytest

from kead.service_state import HA_PARTNER, USER, ServiceState


@pytest.fixture
def told() -> list[bool]:
    return []


@pytest.fixture
def state(told: list[bool]) -> ServiceState:
    return ServiceState(told.append)


def test_service_is_on_until_somebody_says_otherwise(state: ServiceState, told: list[bool]) -> None:
    assert not state.disabled
    state.disable(USER)
    state.disable(USER)
    assert state.disabled
    state.enable(USER)
    assert not state.disabled
    assert told == [True, False], "told of changes only"


def test_it_is_on_when_nobody_wants_it_off(state: ServiceState, told: list[bool]) -> None:
    state.disable(USER)
    state.disable(HA_PARTNER)
    state.enable(USER)
    assert state.disabled
    state.enable(1234)
    state.enable(HA_PARTNER)
    assert not state.disabled
    assert told == [True, False]


def test_who_it_was(state: ServiceState) -> None:
    for origin in (USER, 1000, 1999, 2000, 2999, 3000, 0xFFFFFFFF):
        state.disable(origin)
    assert state.status() == {
        "globally-disabled": True,
        "disabled-by-user": True,
        "disabled-by-local-command": [1000, 1999],
        "disabled-by-remote-command": [2000, 2999],
        "disabled-by-db-connection": [3000, 0xFFFFFFFF],
    }


def test_a_new_configuration_forgets_all_but_the_user(state: ServiceState) -> None:
    for origin in (USER, 1000, 2000, 3000):
        state.disable(origin)
    state.reconfigured()
    assert state.status()["disabled-by-user"] is True
    assert state.status()["disabled-by-remote-command"] == []
    assert state.disabled


async def test_for_a_while(state: ServiceState, told: list[bool], monkeypatch: pytest.MonkeyPatch) -> None:
    timers: list[tuple[float, asyncio.TimerHandle]] = []
    loop = asyncio.get_running_loop()
    call_later = loop.call_later

    def later(delay: float, *rest: object) -> asyncio.TimerHandle:
        handle = call_later(3600, *rest)  # type: ignore[arg-type]
        timers.append((delay, handle))
        return handle

    monkeypatch.setattr(loop, "call_later", later)
    state.disable(USER, 20)
    state.disable(USER, 10)
    assert [delay for delay, _ in timers] == [20, 10]
    assert timers[0][1].cancelled(), "a later word counts"
    state.enable(USER)
    assert timers[1][1].cancelled()
    state.disable(HA_PARTNER, 5)
    state.enable(HA_PARTNER)  # what the timer does
    assert told == [True, False, True, False]
    state.disable(HA_PARTNER, 5)
    state.close()
    assert timers[-1][1].cancelled()
