"""Addresses in ascending order, where they may lie anywhere and be very many.

Pages of some hundred sorted addresses: to enter one costs a search for its page and a place in it, a microsecond.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable
from typing import Final

_PAGE: Final = 512


class AddressOrder:
    """The addresses. Each is entered once."""

    __slots__ = ("_lasts", "_pages")

    def __init__(self) -> None:
        self._pages: list[list[int]] = []
        self._lasts: list[int] = []  # at least the last address of each page, less than the first of the next

    def fill(self, addresses: Iterable[int]) -> None:
        """Take over all of these, in any order. It must be empty."""
        ordered = sorted(addresses)
        self._pages = [ordered[start : start + _PAGE] for start in range(0, len(ordered), _PAGE)]
        self._lasts = [page[-1] for page in self._pages]

    def add(self, address: int) -> None:
        """Enter an address that is not there."""
        pages, lasts = self._pages, self._lasts
        place = bisect_left(lasts, address)
        if place == len(lasts):
            if not pages:
                pages.append([address])
                lasts.append(address)
                return
            place -= 1
            lasts[place] = address
            page = pages[place]
            page.append(address)
        else:
            page = pages[place]
            if page[-1] < address:  # pools are given out in order
                page.append(address)
            else:
                insort(page, address)
        if len(page) > 2 * _PAGE:
            pages.insert(place + 1, page[_PAGE:])
            lasts.insert(place, page[_PAGE - 1])
            del page[_PAGE:]

    def remove(self, address: int) -> None:
        """Take an address out that is there."""
        place = bisect_left(self._lasts, address)
        page = self._pages[place]
        del page[bisect_left(page, address)]
        if not page:
            del self._pages[place]
            del self._lasts[place]

    def after(self, address: int, number: int) -> list[int]:
        """At least `number` addresses (less: no more there) that are greater, in ascending order."""
        found: list[int] = []
        place = bisect_right(self._lasts, address)
        if place < len(self._pages):
            page = self._pages[place]
            found = page[bisect_right(page, address) :]
        while len(found) < number and place + 1 < len(self._pages):
            place += 1
            found += self._pages[place]
        return found
