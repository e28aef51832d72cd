"""Which prefixes are delegated, of whatever length, and the next one of a length that overlaps none of them.

To an allocator the prefixes of one length are numbers: their first bits. What is taken is kept for each length apart;
a prefix is free if it is not taken, none of those that contain it is, and none that it contains. Mostly all have the
length of the one kind of pool there is, and then only the first question is asked.
"""

from __future__ import annotations

from kead.allocation.occupied import Watcher
from kead.allocation.sparse import SparseOccupancy

_WIDTH = 128


class Prefixes:
    """The set of taken prefixes (address, length). One that is none, with a length outside of 1..128 or bits behind
    it, as files may hold, counts as its address alone.
    """

    __slots__ = ("_exact", "_views")

    def __init__(self) -> None:
        self._exact: dict[int, SparseOccupancy] = {}
        self._views: dict[int, PrefixesOfLength] = {}

    def __len__(self) -> int:
        """How many are taken in all."""
        return sum(map(len, self._exact.values()))

    def take(self, address: int, length: int) -> bool:
        """Mark it taken; False if it was already. Others that overlap it may be."""
        shift = _WIDTH - length
        if not 0 <= shift < _WIDTH or address & ((1 << shift) - 1):
            length, shift = _WIDTH, 0
        exact = self._exact.get(length)
        if exact is None:
            exact = self._of_length(length)
        if not exact.take(address >> shift):
            return False
        views = self._views
        if len(views) == 1 and length in views:
            return True  # the one kind of pool there is
        for view in views.values():
            if view.length < length:
                view.enter(address)
        return True

    def free(self, address: int, length: int) -> bool:
        """Mark it free; False if it was already."""
        shift = _WIDTH - length
        if not 0 <= shift < _WIDTH or address & ((1 << shift) - 1):
            length, shift = _WIDTH, 0
        exact = self._exact.get(length)
        if exact is None or not exact.free(address >> shift):
            return False
        for view in self._views.values():
            if view.length < length:
                view.leave(address)
        return True

    def taken(self, address: int, length: int) -> bool:
        """Whether it, or anything that it overlaps, is taken. ValueError: no such prefix."""
        view = self._views.get(length)
        if view is None:
            view = self.of_length(length)
        return view.taken(address >> (_WIDTH - length))

    def of_length(self, length: int) -> PrefixesOfLength:
        """The prefixes of this length (1..128) as allocators see them. ValueError: there are none."""
        view = self._views.get(length)
        if view is None:
            if not 1 <= length <= _WIDTH:
                raise ValueError(f"not the length of a prefix: {length}")
            exact = self._exact.get(length)
            if exact is None:
                exact = self._of_length(length)
            view = PrefixesOfLength(length, exact)
            for other, within in self._exact.items():
                if other < length:
                    view.covering.append((length - other, within))
                elif other > length:
                    for number in within:
                        view.enter(number << (_WIDTH - other))
            self._views[length] = view
        return view

    def _of_length(self, length: int) -> SparseOccupancy:
        exact = self._exact[length] = SparseOccupancy()
        for view in self._views.values():
            if view.length > length:
                view.covering.append((view.length - length, exact))
        return exact


class PrefixesOfLength:
    """An `Occupied` of the prefixes of one length; the number of a prefix is its address >> (128 - length)."""

    __slots__ = ("_exact", "_inside", "_longer", "covering", "length")

    def __init__(self, length: int, exact: SparseOccupancy) -> None:
        self.length = length
        self.covering: list[tuple[int, SparseOccupancy]] = []
        """Taken prefixes of each shorter length, with the difference."""
        self._exact = exact
        self._longer: dict[int, int] = {}  # how many longer prefixes are taken inside of one of ours
        self._inside = SparseOccupancy()  # which of ours have any

    def taken(self, number: int) -> bool:
        """Whether it, or anything that it overlaps, is taken."""
        return self._exact.taken(number) or (bool(self._longer or self.covering) and self.overlapped(number))

    def overlapped(self, number: int) -> bool:
        """Whether a longer or shorter prefix that it overlaps is taken."""
        return number in self._longer or any(shorter.taken(number >> bits) for bits, shorter in self.covering)

    def mixed(self) -> bool:
        """Whether prefixes of other lengths may be in the way."""
        return bool(self._longer) or any(map(_len, self.covering))

    def next_free(self, first: int, last: int, start: int) -> int | None:
        """The first free one at or after `start` in first..last (both included), without wrapping around."""
        number = self._exact.next_free(first, last, start)
        while number is not None and (self._longer or self.covering):
            place = self._inside.next_free(number, last, number)
            for bits, shorter in self.covering:
                if place is None:
                    break
                above = shorter.next_free(place >> bits, last >> bits, place >> bits)
                if above is None:
                    place = None
                elif above > place >> bits:
                    place = above << bits
            if place is None or place == number:
                return place
            number = self._exact.next_free(first, last, place)
        return number

    def watch(self, first: int, last: int, watcher: Watcher) -> None:
        """Tell `watcher` of every change in first..last; of prefixes of this length only."""
        self._exact.watch(first, last, watcher)

    def unwatch(self, first: int, last: int, watcher: Watcher) -> None:
        """End what `watch` with the same arguments began; nothing happens if it did not."""
        self._exact.unwatch(first, last, watcher)

    def enter(self, address: int) -> None:
        """A longer prefix with this address is taken."""
        number = address >> (_WIDTH - self.length)
        others = self._longer.get(number, 0)
        self._longer[number] = others + 1
        if not others:
            self._inside.take(number)

    def leave(self, address: int) -> None:
        """A longer prefix with this address is free."""
        number = address >> (_WIDTH - self.length)
        others = self._longer[number] - 1
        if others:
            self._longer[number] = others
        else:
            del self._longer[number]
            self._inside.free(number)


def _len(covering: tuple[int, SparseOccupancy]) -> int:
    return len(covering[1])
