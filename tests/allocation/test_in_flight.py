"""An address that is being offered has one owner until its outcome is known."""

from __future__ import annotations

from kead.allocation.in_flight import InFlight
from kead.allocation.iterative import IterativeAllocator
from kead.allocation.occupancy import Occupancy


class Exchange:
    """Owners are told apart by identity, even if they compare equal."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def test_one_owner_at_a_time() -> None:
    flight, one, other = InFlight(), Exchange(), Exchange()
    assert flight.claim(1, one)
    assert flight.claim(1, one)
    assert not flight.claim(1, other)
    flight.release(1, other)
    assert 1 in flight
    flight.release(1, one)
    flight.release(1, one)
    assert 1 not in flight
    assert flight.claim(1, other)
    assert len(flight) == 1


def test_an_allocator_steps_over_what_is_in_flight() -> None:
    class Pool:
        first, last = 10, 12

    flight, exchange, free, allocator = InFlight(), Exchange(), Occupancy(), IterativeAllocator()
    for address in (10, 11):
        assert flight.claim(address, exchange)
    assert allocator.pick((Pool,), free, flight, None) == 12
    assert flight.claim(12, exchange)
    assert allocator.pick((Pool,), free, flight, None) is None
    flight.release(11, exchange)
    assert allocator.pick((Pool,), free, flight, None) == 11
