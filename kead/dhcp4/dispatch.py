"""Batch in, exchanges, outbox out.

All that waits on a socket is read, each datagram becomes an exchange, and each exchange is driven as far as it goes.
Replies go to the outbox. When the batch is through, its lease changes are made durable together, and only then do
the replies that depend on them leave. An exchange that waits for something is parked; when it is through, its reply
goes the same way.

No wish of one packet may cost the others: the batch is bounded, what has waited longer than a client waits is dropped
when there is more than can be served, and then requests go before discovers, since they finish work already paid for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from kead import logs
from kead.dhcp4 import messages as log
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.label import label
from kead.dhcp4.options import MESSAGE_TYPE
from kead.dhcp4.outgoing import Outgoing
from kead.dhcp4.pace import Pace
from kead.dhcp4.packet import DISCOVER, PacketError, decode
from kead.dhcp4.serve import serve
from kead.dhcp4.tally import Noted
from kead.leases.store4 import StoreError
from kead.parking_lot import Lost, ParkingLot
from kead.trace import Trace

if TYPE_CHECKING:
    from kead.dhcp4.service import Service4
    from kead.dhcp4.sockets import Channel, Datagram
    from kead.leases.store4 import LeaseStore4

BATCH = 128
"""How many datagrams one turn of the loop serves, unless more have piled up."""
BACKLOG = 16384
"""How many more it looks at then."""
DISCOVERS = 512
"""How many of those that wish for a new address it serves then."""
STALE = 1.0
"""Seconds after which nobody waits for the answer to a packet any more."""
PARKED_FOR = 30.0
"""Seconds that an exchange may wait in all for callouts and databases."""
LINES_AT_ONCE = 64
"""So many packets' log lines are written at once."""
LINES_WAIT = 0.01
"""Seconds that the log lines of fewer packets wait for those of others."""
REPLACED = "a reload has put another lease database in its place while the packet was parked"
_DISCOVER = bytes((MESSAGE_TYPE, 1, DISCOVER))


class Dispatcher:
    """Serves batches under the service of the moment. `disabled` says whether DHCP service is switched off.

    `clock` gives the wall time in seconds since the epoch; a batch is served under one reading of it.
    """

    def __init__(
        self, service: Service4, loop: asyncio.AbstractEventLoop, clock: Callable[[], float] = time.time
    ) -> None:
        self.service = service
        self._clock = clock
        self.disabled = False
        self.pace = Pace()
        self._loop = loop
        self._outbox: list[Outgoing] = []
        self._flush_due = False
        self._lines_due = False
        self._group: asyncio.Future[None] | None = None
        self._under_way: asyncio.Future[None] | None = None
        self.lot = self.new_lot(service.config.parked_packet_limit)

    def new_lot(self, limit: int) -> ParkingLot[Exchange, bool]:
        """An empty parking lot whose exchanges report here."""
        return ParkingLot(
            limit,
            PARKED_FOR,
            finished=self._finished,
            failed=self._failed,
            dropped=self._lost,
            label=_label,
            loop=self._loop,
        )

    def use(self, service: Service4) -> ParkingLot[Exchange, bool]:
        """Serve under this service from now on. Gives the lot of what is still parked under the one before."""
        before, self.lot = self.lot, self.new_lot(service.config.parked_packet_limit)
        self.service = service
        return before

    def readable(self, channel: Channel) -> None:
        """Datagrams wait on this channel: serve a batch of them."""
        self.pace.wait()
        datagrams = channel.receive(BATCH)
        if not datagrams:
            return
        began = time.perf_counter()
        if len(datagrams) >= BATCH:  # behind: see all that waits, so that nothing is lost in the kernel unseen
            datagrams = self._most_useful(datagrams + channel.receive(BACKLOG))
        self.serve(datagrams)
        self.pace.note(len(datagrams), began, time.perf_counter())

    def serve(self, datagrams: list[Datagram]) -> None:
        """Serve these now."""
        service = self.service
        if self.disabled:
            service.tally.packets.pkt4_service_disabled.add(len(datagrams))
            return
        clock = self._clock()
        now = int(clock)
        service.store.tick(now)
        logs.begin_batch()
        try:
            self._serve(datagrams, now)
            self.flush()
            service.tally.end_of_batch(clock)
        finally:
            put_off = logs.flush()
            if put_off >= LINES_AT_ONCE:
                logs.catch_up()
            elif put_off and not self._lines_due:
                self._lines_due = True
                self._loop.call_later(LINES_WAIT, self._write_lines)

    def _write_lines(self) -> None:
        self._lines_due = False
        logs.catch_up()

    def _serve(self, datagrams: list[Datagram], now: int) -> None:
        service = self.service
        lot, outbox = self.lot, self._outbox
        with_contexts = service.hooks.context_create is not None or service.hooks.context_destroy is not None
        express = service.express if service.express is not None and service.express.open else None
        for datagram in datagrams:
            try:
                query = None
                if express is not None:
                    query = decode(datagram.data)
                    out = express.answer(query, datagram, now)
                    if out is not None:
                        outbox.append(out)
                        continue
            except PacketError:
                pass  # `serve` decodes it once more, and knows what to do about it
            except Exception as error:  # noqa: BLE001  whatever a packet brings, the next one is served
                self._failed(Exchange(service, datagram, now), error)
                continue
            x = Exchange(service, datagram, now, query=query)
            run = _with_contexts(x) if with_contexts else serve(x)
            try:
                awaited = run.send(None)
            except StopIteration as through:
                x.finish()
                if through.value:
                    outbox.append(x)
            except Exception as error:  # noqa: BLE001
                self._failed(x, error)
            else:
                lot.park(run, x, awaited)

    # Replies leave

    def flush(self) -> None:
        """Make what was accepted durable, then send the replies that wait in the outbox."""
        self._flush_due = False
        outbox, self._outbox = self._outbox, []
        try:
            under_way = self.make_durable()
        except StoreError as error:
            self._send([x for x in outbox if not x.promises])
            self._not_stored([x for x in outbox if x.promises], error)
            return
        undone = self.service.store.undone
        lost = [x for x in outbox if x.undone != undone and x.promises]
        if lost:
            self._not_stored(lost, "their group was undone while they waited")
            outbox = [x for x in outbox if x not in lost]
        if under_way is None:
            self._send(outbox)
            return
        self._send([x for x in outbox if not x.promises])
        promises = [x for x in outbox if x.promises]
        if promises:
            under_way.add_done_callback(lambda future: self._stored(future, promises))

    def make_durable(self) -> asyncio.Future[None] | None:
        """Flush the store and count what the group did. None: done; raises StoreError."""
        tally = self.service.tally
        noted = tally.cut()
        group, self._group = self._group, None
        try:
            future = self.service.store.flush()
        except StoreError as error:
            if group is not None:
                group.set_exception(error)
            raise
        if future is not None:
            self._under_way = future
        elif self._under_way is not None and not self._under_way.done():
            future = self._under_way  # nothing new, but what replies say may rest on it: a lease that is reused
        if future is None:
            tally.settle(noted)
            if group is not None:
                group.set_result(None)
        elif noted or group is not None:
            future.add_done_callback(lambda done: self._durable(done, noted, group))
        return future

    def _durable(self, done: asyncio.Future[None], noted: Noted, group: asyncio.Future[None] | None) -> None:
        """What was under way is through, or has failed."""
        error = done.exception()
        if error is None:
            self.service.tally.settle(noted)
        if group is not None and not group.done():
            if error is None:
                group.set_result(None)
            else:
                group.set_exception(error)

    async def durable(self) -> None:
        """Come back when all that was changed so far is durable. Raises StoreError.

        Exchanges wait with their batch, so that they share one write.
        """
        if self._group is None:
            self._group = self._loop.create_future()
            self._flush_soon()
        await self._group

    async def stored(self, store: LeaseStore4) -> None:
        """`durable` for an exchange in the lot, where it does not take the place of one that waits for others.

        `store` took its lease. StoreError: leases are in another one by now.
        """
        if store is not self.service.store:
            raise StoreError(REPLACED)
        lot = self.lot
        lot.excused += 1
        try:
            await self.durable()
        finally:
            lot.excused -= 1

    def _send(self, outbox: list[Outgoing]) -> None:
        sent: dict[int, int] = {}
        server_port = self.service.server_port
        for x in outbox:
            try:
                x.datagram.channel.send(x.data, x.destination, x.port, x.link_destination, x.local, server_port)
            except OSError as error:
                log.PACKET_SEND_FAIL(_client(x), error.strerror or str(error))
            else:
                sent[x.kind] = sent.get(x.kind, 0) + 1
        for kind, number in sent.items():
            self.service.tally.sent(kind, number)

    def _stored(self, future: asyncio.Future[None], promises: list[Outgoing]) -> None:
        error = future.exception()
        if error is None:
            self._send(promises)
            self.service.tally.end_of_batch(self._clock())
        else:
            self._not_stored(promises, error)

    def _not_stored(self, promises: list[Outgoing], error: object) -> None:
        """Replies that must not leave, since what they promise is not stored."""
        if promises:
            self.service.tally.packets.pkt4_receive_drop.add(len(promises))
        log.STORE_FAILED(len(promises), error)

    # Exchanges that were parked

    def _flush_soon(self) -> None:
        if not self._flush_due:
            self._flush_due = True
            self._loop.call_soon(self.flush)

    def _finished(self, x: Exchange, answered: bool) -> None:
        x.finish()
        if answered:
            if x.promises and x.service.store is not self.service.store:
                self._not_stored([x], REPLACED)
            else:
                self._outbox.append(x)
        self._flush_soon()

    def _failed(self, x: Exchange, error: BaseException) -> None:
        x.finish()
        tally = x.service.tally
        if isinstance(error, StoreError):
            self._not_stored([x], error)
            return
        tally.dropped(tally.packets.pkt4_processing_failed)
        log.PACKET_PROCESS_EXCEPTION(_label(x), f"{type(error).__name__}: {error}")

    def _lost(self, x: Exchange, why: Lost) -> None:
        x.finish()
        tally = x.service.tally
        tally.dropped(tally.packets.pkt4_queue_full if why is Lost.FULL else None)
        if log.PACKET_LOT_LOST.on:
            log.PACKET_LOT_LOST(_label(x), why.value)

    # Too much to do

    def _most_useful(self, datagrams: list[Datagram]) -> list[Datagram]:
        """Of what has piled up, what is worth the time: packets that somebody still waits for; requests before
        discovers, since they finish work already paid for; and of discovers no more than can be served soon.
        """
        oldest_wanted = self._clock() - STALE
        useful: list[Datagram] = []
        discovers: list[Datagram] = []
        for datagram in datagrams:
            if datagram.arrived >= oldest_wanted:
                # a guess without decoding: clients put the message type first
                (discovers if datagram.data[240:243] == _DISCOVER else useful).append(datagram)
        useful += discovers[:DISCOVERS]
        dropped = len(datagrams) - len(useful)
        if dropped:
            packets = self.service.tally.packets
            packets.pkt4_received.add(dropped)
            packets.pkt4_queue_full.add(dropped)
            packets.pkt4_receive_drop.add(dropped)
            if log.PACKETS_TOO_MANY.on:
                log.PACKETS_TOO_MANY(dropped, len(datagrams))
        return useful


def _client(out: Outgoing) -> str:
    return out.label if isinstance(out, Exchange) else label(decode(out.datagram.data))


def _label(x: Exchange) -> str:
    try:
        return x.label
    except AttributeError:  # nothing is decoded yet
        return f"packet from {x.datagram.source:#010x}"


async def _with_contexts(x: Exchange) -> bool:
    """An exchange between the framework's own points."""
    on = x.service.hooks
    if on.context_create is not None:
        await on.context_create(x)
    try:
        return await serve(x)
    finally:
        if on.context_destroy is not None:
            on.context_destroy.detached(x)


async def explain(service: Service4, datagram: Datagram, now: int) -> tuple[Exchange, bool]:
    """Serve one datagram with a trace, by the code that serves all others; the caller gives a store of its own."""
    x = Exchange(service, datagram, now, Trace())
    run: Coroutine[Any, Any, bool] = serve(x)
    return x, await run
