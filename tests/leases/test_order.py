"""Addresses in order: as a sorted set does it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kead.leases import order
from kead.leases.order import AddressOrder

addresses = st.integers(0, 40) | st.integers(2**128 - 5, 2**128 - 1)


@given(st.sets(addresses), st.lists(st.tuples(st.booleans(), addresses), max_size=80), addresses, st.integers(1, 9))
@settings(deadline=None)
def test_it_is_a_sorted_set(start: set[int], changes: list[tuple[bool, int]], after: int, number: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(order, "_PAGE", 3)
        some, model = AddressOrder(), set(start)
        some.fill(start)
        for add, address in changes:
            if add and address not in model:
                some.add(address)
                model.add(address)
            elif not add and address in model:
                some.remove(address)
                model.remove(address)
            assert some.after(-1, 1000) == sorted(model)
        greater = sorted(address for address in model if address > after)
        found = some.after(after, number)
        assert found == greater[: len(found)]
        assert len(found) >= min(number, len(greater))


def test_ascending_and_descending_entries_keep_pages_small() -> None:
    for numbers in (range(20_000), range(20_000, 0, -1)):
        some = AddressOrder()
        for number in numbers:
            some.add(number << 64)
        assert max(map(len, some._pages)) <= 1024
        assert some.after(-1, 20_000) == sorted(number << 64 for number in numbers)
        assert len(some.after(5 << 64, 1)) <= 1024
