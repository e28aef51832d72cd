"""Batch in, exchanges, outbox out, for DHCPv6; the laws are those of `kead.dispatch`.

The usual packets take the express lane, where there is one.
"""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import TYPE_CHECKING, Any

from kead import dispatch
from kead.dhcp6 import messages
from kead.dhcp6.exchange import Exchange
from kead.dhcp6.label import label
from kead.dhcp6.outgoing import Outgoing
from kead.dhcp6.packet import RELAY_FORW, SOLICIT, decode
from kead.dhcp6.serve import serve
from kead.dispatch import Store
from kead.network.segments import FEWEST, send_groups
from kead.trace import Trace
from kead.wire.address import text_ip6

if TYPE_CHECKING:
    from kead.dhcp6.channel import Channel, Datagram
    from kead.dhcp6.service import Service6

Place = tuple["Channel", int, int, int]
"""Where replies go that may go together: channel, address, port; and their length."""
_RELAY_HEADER = 34
_RELAY_MESSAGE = b"\0\x09"


class Dispatcher(dispatch.Dispatcher["Service6", "Datagram", Exchange, Outgoing]):
    """Serves batches under the service of the moment."""

    words = messages

    def _serve(self, datagrams: list[Datagram], now: int) -> None:
        service = self.service
        lot, outbox = self.lot, self._outbox
        with_contexts = service.hooks.context_create is not None or service.hooks.context_destroy is not None
        express = service.express if service.express is not None and service.express.open else None
        for datagram in datagrams:
            if express is not None:
                try:
                    out = express.answer(datagram, now)
                except Exception as error:  # noqa: BLE001  whatever a packet brings, the next one is served
                    self._failed(Exchange(service, datagram, now), error)
                    continue
                if out is not None:
                    outbox.append(out)
                    continue
            x = Exchange(service, datagram, now)
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
        # a batch is of one channel, but for some that were parked
        if len(outbox) >= FEWEST and outbox[0].datagram.channel.groups:
            outbox = self._send_groups(outbox, sent)
        for x in outbox:
            try:
                x.datagram.channel.send(x.data, x.destination, x.port)
            except OSError as error:
                messages.PACKET_SEND_FAIL(_client(x), error.strerror or str(error))
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
                place = (channel, x.destination, x.port, len(x.data))
                group = groups.get(place)
                if group is None:
                    groups[place] = [x]
                else:
                    group.append(x)
            else:
                rest.append(x)
        return rest + send_groups(groups, _send_group, sent)

    def _store_of(self, x: Exchange) -> Store:
        return x.service.store

    def _begins(self, data: bytes) -> bool:
        """A SOLICIT, or one that a relay has sent on as its first or second option, as they do."""
        at = 0
        while data[at : at + 1] == bytes((RELAY_FORW,)):
            at += _RELAY_HEADER
            if data[at : at + 2] != _RELAY_MESSAGE:
                at += 4 + int.from_bytes(data[at + 2 : at + 4], "big")
            if data[at : at + 2] != _RELAY_MESSAGE:
                return False
            at += 4
        return data[at : at + 1] == bytes((SOLICIT,))

    def _label(self, x: Exchange) -> str:
        try:
            return x.label
        except AttributeError:  # nothing is decoded yet
            return f"packet from {text_ip6(x.datagram.source)}"


def _send_group(place: Place, group: Sequence[bytes]) -> None:
    channel, destination, port, _size = place
    channel.send_group(group, destination, port)


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


async def explain(service: Service6, datagram: Datagram, now: int) -> tuple[Exchange, bool]:
    """Serve one datagram with a trace, by the code that serves all others; the caller gives a store of its own."""
    x = Exchange(service, datagram, now, Trace())
    run: Coroutine[Any, Any, bool] = serve(x)
    return x, await run
