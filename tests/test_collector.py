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


def test_what_a_configuration_leaves_goes_with_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(collector, "_FEW", 1 << 62)  # this process may hold more than a server does
    ring = Ring()
    gc.collect()
    seen = weakref.ref(ring)
    del ring
    gc.collect()
    assert seen() is not None, "set aside"
    collector.tidy_up()
    assert seen() is None


def test_a_million_objects_are_not_looked_at_by_a_reload(monkeypatch: pytest.MonkeyPatch) -> None:
    ring = Ring()
    gc.collect()
    seen = weakref.ref(ring)
    del ring
    monkeypatch.setattr(collector, "_FEW", 1)
    collector.tidy_up()
    assert seen() is not None
