"""One exchange in flight per client.

While an exchange waits for a callout or a database, a second packet of its client waits too: the newest one; an
earlier one that was waiting is dropped, since its client has asked again. A client is known by its DUID. Where nothing
can ever wait, nobody needs to be guarded.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kead.dhcp6 import messages as log

if TYPE_CHECKING:
    from kead.dhcp6.exchange import Exchange
    from kead.dhcp6.tally import Tally6


class ClientGuard:
    """Who is being served. `serialize`: whether exchanges can overlap at all."""

    __slots__ = ("_busy", "_tally", "_waiting", "serialize")

    def __init__(self, tally: Tally6) -> None:
        self.serialize = False
        self._tally = tally
        self._busy: dict[bytes, Exchange] = {}
        self._waiting: dict[int, asyncio.Future[bool]] = {}
        """By the identity of the exchange that is waited for."""

    async def enter(self, x: Exchange) -> bool:
        """Wait for this client's turn. False: a newer packet of the client has taken this one's place."""
        if not x.duid:
            return True
        while (ahead := self._busy.get(x.duid)) is not None:
            before = self._waiting.get(id(ahead))
            if before is not None and not before.done():
                before.set_result(False)
            turn: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
            self._waiting[id(ahead)] = turn
            if not await turn:
                self._tally.dropped(self._tally.packets.pkt6_duplicate)
                if log.PACKET_DUPLICATE.on:
                    log.PACKET_DUPLICATE(x.label)
                return False
        self._busy[x.duid] = x
        x.guarded = True
        return True

    def leave(self, x: Exchange) -> None:
        """This exchange is over: who waits for it goes on."""
        if self._busy.get(x.duid) is x:
            del self._busy[x.duid]
        turn = self._waiting.pop(id(x), None)
        if turn is not None and not turn.done():
            turn.set_result(True)
