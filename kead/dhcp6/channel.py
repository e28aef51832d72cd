"""What the DHCPv6 server sees of a socket: channels that deliver datagrams in batches and send replies.

Law: nothing here opens a socket. Sending raises what the kernel says.
"""

from __future__ import annotations

from collections.abc import Sequence

from kead.network import channel as network


class Datagram:
    """One message as it came. Addresses are numbers; ``destination`` is ALL_SERVERS for what came by multicast, else
    the address it was sent to. ``arrived`` is in seconds since the epoch: the kernel's time where that is known, else
    when the batch was read.
    """

    __slots__ = ("arrived", "channel", "data", "destination", "source", "source_port")

    def __init__(
        self, data: bytes, source: int, source_port: int, destination: int, channel: Channel, arrived: float
    ) -> None:
        self.data = data
        self.source = source
        self.source_port = source_port
        self.destination = destination
        self.channel = channel
        self.arrived = arrived


class Channel(network.Channel["Datagram"]):
    """One place to receive and to send: a UDP socket on an address of an interface, or for the multicasts there."""

    __slots__ = ()

    def send(self, data: bytes, destination: int, port: int) -> None:
        """Send ``data`` out by this channel's interface, from the address that suits the destination. OSError."""
        raise NotImplementedError

    def send_group(self, group: Sequence[bytes], destination: int, port: int) -> None:
        """Where ``groups`` is true: send these, of one length each, as ``send`` would. Raises OSError when nothing was
        sent; ``groups`` is false afterwards where it makes no sense to try others.
        """
        raise NotImplementedError
