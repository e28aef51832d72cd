"""Lifetimes and timers: pure arithmetic."""

from __future__ import annotations

from typing import Any

import pytest

from kead.config.snapshot6 import Subnet6
from kead.dhcp6.lifetimes import lifetimes, remaining, tee_times
from kead.leases.lease6 import INFINITE, Lease6
from tests.dhcp6.conversation import NOW, keywords, load


def subnet(**settings: Any) -> Subnet6:
    return load({**keywords(settings), "subnet6": [{"id": 1, "subnet": "2001:db8::/64"}]}).subnets[0]


LIMITS = {
    "min_preferred_lifetime": 100,
    "preferred_lifetime": 300,
    "max_preferred_lifetime": 500,
    "min_valid_lifetime": 200,
    "valid_lifetime": 400,
    "max_valid_lifetime": 800,
}


@pytest.mark.parametrize(
    ("asked", "got"),
    [
        ((0, 0), (300, 400)),
        ((200, 700), (200, 700)),
        ((1, 1), (100, 200)),
        ((INFINITE, INFINITE), (500, 800)),
        ((500, 300), (187, 300)),  # preferred for longer than valid: five eighths of that
        ((0, 250), (156, 250)),
    ],
)
def test_what_a_client_asks_for(asked: tuple[int, int], got: tuple[int, int]) -> None:
    assert lifetimes(subnet(**LIMITS), *asked) == got


def test_preferred_follows_valid_where_nothing_is_said() -> None:
    one = subnet(min_valid_lifetime=100, valid_lifetime=4000, max_valid_lifetime=8000)
    assert lifetimes(one, 0, 0) == (2500, 4000)
    assert lifetimes(one, 77, 8000) == (5000, 8000)


@pytest.mark.parametrize(
    ("settings", "preferred", "times"),
    [
        ({}, 3000, (1500, 2400)),
        ({"renew_timer": 1000, "rebind_timer": 2000}, 3000, (1000, 2000)),
        ({"renew_timer": 2000, "rebind_timer": 1000}, 3000, (0, 1000)),
        ({"renew_timer": 1000}, 3000, (1000, 2400)),
        ({"calculate_tee_times": False}, 3000, (0, 0)),
        ({"calculate_tee_times": False, "renew_timer": 1000}, 3000, (0, 0)),
        ({"calculate_tee_times": False, "rebind_timer": 2000}, 3000, (0, 2000)),
        ({"t1_percent": 0.3, "t2_percent": 0.6}, 3000, (900, 1800)),
        ({}, 0, (0, 0)),
    ],
)
def test_timers(settings: dict[str, Any], preferred: int, times: tuple[int, int]) -> None:
    assert tee_times(subnet(**settings), preferred) == times


def lease(preferred: int = 3000, valid: int = 4000) -> Lease6:
    return Lease6(0, 1, 128, b"\0\3\0\1", 1, preferred, valid, NOW, 1)


@pytest.mark.parametrize(
    ("settings", "age", "left"),
    [
        ({}, 0, (3000, 4000)),
        ({}, 1000, (2000, 3000)),
        ({}, 1001, (0, 0)),
        ({}, -1, (0, 0)),
        ({"cache_threshold": 0.0}, 0, (0, 0)),
        ({"cache_max_age": 10}, 10, (2990, 3990)),
        ({"cache_max_age": 10}, 11, (0, 0)),
        ({"cache_threshold": 0.9}, 2999, (1, 1001)),
        ({"cache_threshold": 0.9}, 3000, (0, 0)),
    ],
)
def test_what_is_left(settings: dict[str, Any], age: int, left: tuple[int, int]) -> None:
    assert remaining(subnet(**settings), lease(), NOW + age) == left


def test_what_is_left_of_for_ever() -> None:
    assert remaining(subnet(), lease(INFINITE, INFINITE), NOW + 100) == (INFINITE, INFINITE)
    assert remaining(subnet(), lease(0, 4000), NOW + 100) == (0, 3900)
