"""What the DHCPv4 server sees of a socket: channels that deliver datagrams in batches and send replies.

Law: nothing here opens a socket. Sending raises what the kernel says.
"""

from __future__ import annotations

import ctypes
import socket
import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from kead.dhcp4.frames import Instruction, assemble
from kead.dhcp4.options import MESSAGE_TYPE
from kead.dhcp4.packet import DISCOVER
from kead.network import channel as network
from kead.network.interfaces import Interface

_SO_ATTACH_FILTER: Final = 26

BEGINS_AT: Final = 240
BEGINS: Final = bytes((MESSAGE_TYPE, 1, DISCOVER))
"""Of a newcomer's message these bytes are at this place: clients put the message type first."""


class Datagram:
    """One message as it came. Addresses are numbers; ``link_source`` is the sender's MAC where it is known, else b"";
    ``arrived`` is in seconds since the epoch: the kernel's time where that is known, else when the batch was read.
    """

    __slots__ = ("arrived", "channel", "data", "destination", "link_source", "source", "source_port")

    def __init__(
        self,
        data: bytes,
        source: int,
        source_port: int,
        destination: int,
        channel: Channel,
        link_source: bytes,
        arrived: float,
    ) -> None:
        self.data = data
        self.source = source
        self.source_port = source_port
        self.destination = destination
        self.channel = channel
        self.link_source = link_source
        self.arrived = arrived


class Channel(network.Channel["Datagram"]):
    """One place to receive and to send: a raw socket on an interface, or a UDP socket on one of its addresses.

    ``direct``: can it reach a client that has no address yet?
    """

    __slots__ = ("direct",)

    def __init__(
        self,
        interface: Interface,
        addresses: tuple[int, ...],
        direct: bool,
        trouble: Callable[[Channel, OSError], None],
    ) -> None:
        """``trouble`` is told when reading fails."""
        super().__init__(interface, addresses, trouble)
        self.direct = direct

    def send(
        self, data: bytes, destination: int, port: int, link_destination: bytes | None, source: int, source_port: int
    ) -> None:
        """Send ``data`` to destination:port, from source:source_port where this channel may choose (a UDP socket sends
        from what it is bound to; source 0: this channel's address).

        ``link_destination``: a MAC, for raw channels; None leaves finding it to the kernel. Raises OSError.
        """
        raise NotImplementedError

    def send_group(
        self,
        group: Sequence[bytes],
        destination: int,
        port: int,
        link_destination: bytes | None,
        source: int,
        source_port: int,
    ) -> None:
        """Where ``groups`` is true: send these, of one length each, as ``send`` would. Raises OSError when nothing was
        sent; ``groups`` is false afterwards where it makes no sense to try others.
        """
        raise NotImplementedError


def attach(filtered: socket.socket, program: Iterable[Instruction]) -> None:
    """Put a filter on a socket, or another in its place; nothing is lost between the two. Raises OSError."""
    code = bytearray(assemble(program))
    view = (ctypes.c_char * len(code)).from_buffer(code)
    filtered.setsockopt(
        socket.SOL_SOCKET, _SO_ATTACH_FILTER, struct.pack("@HP", len(code) // 8, ctypes.addressof(view))
    )
