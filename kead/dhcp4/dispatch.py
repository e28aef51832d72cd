"""Batch in, exchanges, outbox out, for DHCPv4; the laws are those of `kead.dispatch`.

The usual packets take the express lane, where there is one.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from kead import dispatch
from kead.dhcp4 import messages
from kead.dhcp4.channel import BEGINS, BEGINS_AT
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.label import label
from kead.dhcp4.outgoing import Outgoing
from kead.dhcp4.packet import PacketError, decode
from kead.dhcp4.serve import serve
from kead.dispatch import Store
from kead.network.segments import FEWEST, send_groups
from kead.trace import Trace

if TYPE_CHECKING:
    from kead.dhcp4.channel import Channel, Datagram
    from kead.dhcp4.service import Service4

Place = tuple["Channel", int, int, bytes, int, int]
"""Where replies go that may go together: channel, address, port, MAC and own address where it is a matter of the
channel's; and their length."""


class Dispatcher(dispatch.Dispatcher["Service4", "Datagram", Exchange, Outgoing]):
    """Serves batches under the service of the moment."""

    words = messages

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

    def _send(self, outbox: Sequence[Outgoing]) -> None:
        sent: dict[int, int] = {}
        server_port = self.service.server_port
        # a batch is of one channel, but for some that were parked
        if len(outbox) >= FEWEST and outbox[0].datagram.channel.groups:
            outbox = self._send_groups(outbox, sent)
        for x in outbox:
            try:
                x.datagram.channel.send(x.data, x.destination, x.port, x.link_destination, x.local, server_port)
            except OSError as error:
                messages.PACKET_SEND_FAIL(_client(x), error.strerror or str(error))
            except Exception as error:  # noqa: BLE001  a callout made bytes that no frame holds: the others' replies go
                self.service.tally.failed()
                messages.PACKET_PROCESS_EXCEPTION(_client(x), f"{type(error).__name__}: {error}")
            else:
                sent[x.kind] = sent.get(x.kind, 0) + 1
        for kind, number in sent.items():
            self.service.tally.sent(kind, number)

    def _send_groups(self, outbox: Sequence[Outgoing], sent: dict[int, int]) -> list[Outgoing]:
        """Send together, in order, what goes to one relay agent and is of one length. Counts what was sent by kind, and
        gives what has to be sent one by one; clients are reached at a port of their own, each by its own reply.
        """
        client_port = self.service.client_port
        rest: list[Outgoing] = []
        groups: dict[Place, list[Outgoing]] = {}
        for x in outbox:
            channel = x.datagram.channel
            if channel.groups and x.port != client_port:
                # a UDP socket knows by itself where a reply comes from, and to which MAC it goes
                link, local = (x.link_destination, x.local) if channel.direct else (b"", 0)
                place = (channel, x.destination, x.port, link, local, len(x.data))
                group = groups.get(place)
                if group is None:
                    groups[place] = [x]
                else:
                    group.append(x)
            else:
                rest.append(x)
        return rest + send_groups(groups, self._send_group, sent)

    def _send_group(self, place: Place, group: Sequence[bytes]) -> None:
        channel, destination, port, link, local, _size = place
        channel.send_group(group, destination, port, link, local, self.service.server_port)

    def _store_of(self, x: Exchange) -> Store:
        return x.service.store

    def _begins(self, data: bytes) -> bool:
        """Whether it looks like a DISCOVER."""
        return data[BEGINS_AT : BEGINS_AT + 3] == BEGINS

    def _label(self, x: Exchange) -> str:
        try:
            return x.label
        except AttributeError:  # nothing is decoded yet
            return f"packet from {x.datagram.source:#010x}"


def _client(out: Outgoing) -> str:
    return out.label if isinstance(out, Exchange) else label(decode(out.datagram.data))


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
