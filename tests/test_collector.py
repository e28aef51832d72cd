from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator

import pytest

from kead import collector


class Ring:
    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _as_it_was() -> Iterator[None]:
    thresholds, callbacks = gc.get_threshold(), list(gc.callbacks)
    collector.begin()
    yield
    gc.callbacks[:] = callbacks
    gc.set_threshold(*thresholds)
    gc.unfreeze()


def test_what_survives_a_full_collection_is_set_aside() -> None:
    kept = [Ring() for _ in range(10)]
    gc.collect()
    assert not any(one is kept[0] for one in gc.get_objects())
    kept[0].itself = None  # type: ignore[assignment]
    seen = weakref.ref(kept.pop(0))
    assert seen() is None, "counted references free it all the same"


def test_what_a_configuration_leaves_goes_with_the_next() -> None:
    ring = Ring()
    gc.collect()
    seen = weakref.ref(ring)
    del ring
    gc.collect()
    assert seen() is not None, "set aside"
    collector.tidy_up(1000)
    assert seen() is None


def test_a_million_objects_are_not_looked_at_by_a_reload() -> None:
    ring = Ring()
    gc.collect()
    seen = weakref.ref(ring)
    del ring
    collector.tidy_up(1_000_000)
    assert seen() is not None


def test_what_is_made_in_quantity_is_set_aside_without_being_looked_at() -> None:
    full = gc.get_stats()[2]["collections"]
    with collector.put_off():
        made = [[number] for number in range(200_000)]
    assert gc.get_stats()[2]["collections"] == full
    assert gc.get_freeze_count() >= len(made)
    assert gc.get_threshold() == (2_000, 10, 2)
