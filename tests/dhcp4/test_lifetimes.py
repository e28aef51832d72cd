"""How long leases last: what holds for all settings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.config.snapshot4 import Lifetime
from kead.dhcp4.lifetimes import remaining, tee_times, valid_lifetime
from kead.leases.lease4 import INFINITE, Lease4

SECONDS = st.one_of(st.sampled_from([0, 1, 2, INFINITE - 1, INFINITE]), st.integers(0, INFINITE))


def subnet(**fields: Any) -> Any:
    """Of a subnet only what the arithmetic looks at."""
    usual = {
        "valid": Lifetime(3600, 7200, 86400),
        "renew_timer": None,
        "rebind_timer": None,
        "calculate_tee_times": False,
        "t1_percent": 0.5,
        "t2_percent": 0.875,
        "cache_threshold": 0.25,
        "cache_max_age": None,
    }
    return SimpleNamespace(**{**usual, **fields})


@given(st.lists(SECONDS, min_size=3, max_size=3), SECONDS)
def test_the_lifetime_is_within_what_the_subnet_allows(bounds: list[int], asked: int) -> None:
    low, middle, high = sorted(bounds)
    valid = valid_lifetime(Lifetime(low, middle, high), asked)
    assert low <= valid <= high
    if not asked:
        assert valid == middle
    elif low <= asked <= high:
        assert valid == asked


@given(
    SECONDS,
    st.none() | SECONDS,
    st.none() | SECONDS,
    st.booleans(),
    st.floats(0, 1),
    st.floats(0, 1),
)
def test_renewing_comes_before_rebinding_comes_before_the_end(
    valid: int, renew: int | None, rebind: int | None, calculate: bool, one: float, two: float
) -> None:
    t1, t2 = tee_times(
        subnet(renew_timer=renew, rebind_timer=rebind, calculate_tee_times=calculate, t1_percent=one, t2_percent=two),
        valid,
    )
    assert t1 == 0 or 0 < t1 < (t2 or valid)
    assert t2 == 0 or 0 < t2 < valid
    if not calculate:
        assert t1 in (0, renew)
        assert t2 in (0, rebind)


@pytest.mark.parametrize(
    ("settings", "valid", "times"),
    [
        ({}, 4000, (0, 0)),
        ({"calculate_tee_times": True}, 4000, (2000, 3500)),
        ({"calculate_tee_times": True}, 1, (0, 0)),
        ({"calculate_tee_times": True, "renew_timer": 7}, 4000, (7, 3500)),
        ({"renew_timer": 1000, "rebind_timer": 2000}, 4000, (1000, 2000)),
        ({"renew_timer": 1000, "rebind_timer": 4000}, 4000, (1000, 0)),
        ({"renew_timer": 4000}, 4000, (0, 0)),
        ({"renew_timer": 2000, "rebind_timer": 2000}, 4000, (0, 2000)),
        ({"renew_timer": 1000, "rebind_timer": 2000}, 900, (0, 0)),
        ({"calculate_tee_times": True}, INFINITE, (0x80000000, 0xDFFFFFFF)),
    ],
)
def test_timers(settings: dict[str, Any], valid: int, times: tuple[int, int]) -> None:
    assert tee_times(subnet(**settings), valid) == times


@given(SECONDS, st.integers(0, 2**32), st.integers(-10, 2**33), st.floats(0, 1), st.none() | SECONDS)
def test_what_is_left_of_a_lease_is_true(valid: int, cltt: int, age: int, threshold: float, most: int | None) -> None:
    left = remaining(
        subnet(cache_threshold=threshold, cache_max_age=most), Lease4(1, b"m", b"", valid, cltt, 1), cltt + age
    )
    if valid == INFINITE:
        assert left == INFINITE
    elif left:
        assert left == valid - age
        assert 0 <= age <= threshold * valid
        assert most is None or age <= most
    if valid != INFINITE and (threshold == 0 or most == 0 or age < 0):
        assert left == 0
