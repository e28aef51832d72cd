"""One exchange in flight per client.

While an exchange waits for a callout or a database, a second packet of its client waits too: the newest one; an
earlier one that was waiting is dropped, since its client has asked again. A client is known by its client identifier
and by its hardware address, either is enough. Where nothing can ever wait, nobody needs to be guarded.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kead.dhcp4 import messages as log

if TYPE_CHECKING:
    from kead.dhcp4.exchange import Exchange
    from kead.dhcp4.tally import Tally4


class ClientGuard:
    """Who is being served. `serialize`: whether exchanges can overlap at all."""

    __slots__ = ("_busy", "_tally", "_waiting", "serialize")

    def __init__(self, tally: Tally4) -> None:
        self.serialize = False
        self._tally = tally
        self._busy: dict[tuple[int, bytes], Exchange] = {}
        self._waiting: dict[int, tuple[Exchange, asyncio.Future[bool]]] = {}
        """By the identity of the exchange that is waited for."""

    async def enter(self, x: Exchange) -> bool:
        """Wait for this client's turn. False: a newer packet of the client has taken this one's place."""
        while True:
            ahead = next((self._busy[key] for key in self._keys(x) if key in self._busy), None)
            if ahead is None:
                break
            before = self._waiting.get(id(ahead))
            if before is not None and not before[1].done():
                before[1].set_result(False)
            turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._waiting[id(ahead)] = (x, turn)
            if not await turn:
                self._tally.dropped(self._tally.packets.pkt4_duplicate)
                if x.client_id:
                    if log.PACKET_DUPLICATE.on:
                        log.PACKET_DUPLICATE(x.client_id.hex(":"), x.label)
                elif log.PACKET_DUPLICATE_HWADDR.on:
                    log.PACKET_DUPLICATE_HWADDR(x.query.hwaddr.hex(":"), x.label)
                return False
        for key in self._keys(x):
            self._busy[key] = x
        x.guarded = True
        return True

    def leave(self, x: Exchange) -> None:
        """This exchange is over: who waits for it goes on."""
        for key in self._keys(x):
            if self._busy.get(key) is x:
                del self._busy[key]
        waiting = self._waiting.pop(id(x), None)
        if waiting is not None and not waiting[1].done():
            waiting[1].set_result(True)

    @staticmethod
    def _keys(x: Exchange) -> list[tuple[int, bytes]]:
        keys = [(61, x.client_id)] if x.client_id else []
        if x.query.hwaddr:
            keys.append((x.query.htype, x.query.hwaddr))
        return keys
