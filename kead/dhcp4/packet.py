"""One DHCPv4 message: bytes to `Packet4`, `Packet4` to bytes (RFC 2131 section 2, RFC 3396).

The law of this file: `decode` is total. Whatever the network brings, it gives a packet or raises `PacketError`,
in time linear to the datagram. It is on the way of every packet, so it makes one pass over the bytes, decodes no
value that nobody asked for, and knows an option only by its code, its least length and its bytes.
"""

from __future__ import annotations

from struct import Struct
from struct import error as StructError
from typing import Final

from kead.classify.subject import Classes
from kead.dhcp4.checks import LOOK_AT, complaint, forgivable
from kead.dhcp4.options import STRINGS
from kead.wire.packets import PacketError as PacketError

DISCOVER: Final = 1
OFFER: Final = 2
REQUEST: Final = 3
DECLINE: Final = 4
ACK: Final = 5
NAK: Final = 6
RELEASE: Final = 7
INFORM: Final = 8
LEASE_QUERY: Final = 10
LEASE_UNASSIGNED: Final = 11
LEASE_UNKNOWN: Final = 12
LEASE_ACTIVE: Final = 13
BULK_LEASE_QUERY: Final = 14
LEASE_QUERY_DONE: Final = 15
LEASE_QUERY_STATUS: Final = 17
TLS: Final = 18

BOOTREQUEST: Final = 1
BOOTREPLY: Final = 2
BROADCAST_FLAG: Final = 0x8000

TYPE_NAMES: Final = {
    DISCOVER: "DHCPDISCOVER",
    OFFER: "DHCPOFFER",
    REQUEST: "DHCPREQUEST",
    DECLINE: "DHCPDECLINE",
    ACK: "DHCPACK",
    NAK: "DHCPNAK",
    RELEASE: "DHCPRELEASE",
    INFORM: "DHCPINFORM",
    LEASE_QUERY: "DHCPLEASEQUERY",
    LEASE_UNASSIGNED: "DHCPLEASEUNASSIGNED",
    LEASE_UNKNOWN: "DHCPLEASEUNKNOWN",
    LEASE_ACTIVE: "DHCPLEASEACTIVE",
    BULK_LEASE_QUERY: "DHCPBULKLEASEQUERY",
    LEASE_QUERY_DONE: "DHCPLEASEQUERYDONE",
    LEASE_QUERY_STATUS: "DHCPLEASEQUERYSTATUS",
    TLS: "DHCPTLS",
}

COOKIE: Final = 0x63825363
HEADER_LENGTH: Final = 240
"""The fixed fields and the magic cookie."""

LONGEST_HWADDR: Final = 20
"""Bytes that `hlen` may speak of, as in Kea; chaddr holds 16 of them."""
PIECE: Final = 253
"""The most bytes that one instance of a split option carries when sent (RFC 3396 allows 255; Kea sends 253)."""

_HEADER = Struct("!BBBBIHHIIII16s64s128sI")
_unpack_header = _HEADER.unpack_from
_pack_header = _HEADER.pack
_NO_SNAME = bytes(64)
_NO_FILE = bytes(128)


class Packet4:
    """A message, query or reply. Addresses are ints, `hwaddr` has the length that the header says, at most 16.

    `options` maps a code to its whole value: instances of the same code are fused, those of an overloaded file and
    sname field are in it. `sname` and `file` are b"" when the field is all zero or held options, else the raw field.
    `classes` are the client classes that a query is in, as far as anybody looks at classes.
    """

    __slots__ = (
        "chaddr",
        "ciaddr",
        "classes",
        "file",
        "flags",
        "giaddr",
        "hlen",
        "hops",
        "htype",
        "hwaddr",
        "op",
        "options",
        "secs",
        "siaddr",
        "sname",
        "type",
        "xid",
        "yiaddr",
    )

    op: int
    htype: int
    hlen: int
    hops: int
    xid: int
    secs: int
    flags: int
    ciaddr: int
    yiaddr: int
    siaddr: int
    giaddr: int
    chaddr: bytes
    hwaddr: bytes
    sname: bytes
    file: bytes
    options: dict[int, bytes]
    type: int
    classes: Classes

    def __init__(self, type: int = 0, xid: int = 0, hwaddr: bytes = b"", *, op: int = BOOTREQUEST) -> None:
        self.op = op
        self.htype = 1
        self.hlen = len(hwaddr)
        self.hops = 0
        self.xid = xid
        self.secs = 0
        self.flags = 0
        self.ciaddr = 0
        self.yiaddr = 0
        self.siaddr = 0
        self.giaddr = 0
        self.hwaddr = hwaddr
        self.chaddr = hwaddr.ljust(16, b"\0")
        self.sname = b""
        self.file = b""
        self.options = {53: bytes((type,))} if type else {}
        self.type = type
        self.classes = Classes()

    def __repr__(self) -> str:
        """Which message it is, in short; `packet_text.packet_text` shows all of it."""
        try:
            return f"<Packet4 {self.name_of_type()} xid={self.xid:#x} hwaddr={self.hwaddr.hex(':')}>"
        except Exception:  # noqa: BLE001  (a hook library can put anything into the fields, or leave them unset)
            return "<Packet4 with odd fields>"

    def set_type(self, type: int) -> None:
        """Makes it a message of this type: the attribute and option 53."""
        self.type = type
        self.options[53] = bytes((type,))

    @property
    def client_id(self) -> bytes:
        """Option 61, b"" if there is none."""
        return self.options.get(61, b"")

    def relay_info(self) -> dict[int, bytes]:
        """The sub-options of option 82 by code, instances fused, {} if there are none (RFC 3046)."""
        value = self.options.get(82)
        return split_suboptions(value) if value else {}

    def name_of_type(self) -> str:
        """DHCPDISCOVER and so on; UNKNOWN for a type without a name and where option 53 is missing."""
        return TYPE_NAMES.get(self.type, "UNKNOWN")


_new_packet = Packet4.__new__
_new_classes = Classes.__new__


def decode(data: bytes, lenient: bool = False) -> Packet4:
    """The message in these bytes. PacketError: a header cut short, no magic cookie, or an option too short.

    Options that are cut off at the end are left out with all that follows; a missing END is fine. `lenient`: so are
    options whose names are broken.
    """
    packet = _new_packet(Packet4)
    packet.classes = _new_classes(Classes)
    try:
        (
            packet.op,
            packet.htype,
            hlen,
            packet.hops,
            packet.xid,
            packet.secs,
            packet.flags,
            packet.ciaddr,
            packet.yiaddr,
            packet.siaddr,
            packet.giaddr,
            chaddr,
            sname,
            file,
            cookie,
        ) = _unpack_header(data)
    except StructError:
        raise PacketError(f"truncated header: {len(data)} bytes, at least {HEADER_LENGTH} are needed") from None
    if cookie != COOKIE:
        raise PacketError(f"no DHCP magic cookie: {cookie:#010x}")
    if hlen > 16:
        if hlen > LONGEST_HWADDR:
            raise PacketError(f"a hardware address of {hlen} bytes, at most {LONGEST_HWADDR} are known of any network")
        hlen = 16
    packet.hlen = hlen
    packet.chaddr = chaddr
    packet.hwaddr = chaddr[:hlen]
    packet.sname = b"" if sname == _NO_SNAME else sname
    packet.file = b"" if file == _NO_FILE else file
    options: dict[int, bytes] = {}
    packet.options = options
    look_at = LOOK_AT
    odd = False
    further: dict[int, list[bytes]] = {}
    at = 240
    end = len(data)
    try:
        while at < end:
            code = data[at]
            if code == 255:
                break
            if code == 0:
                at += 1
                continue
            start = at + 2
            length = data[at + 1]
            at = start + length
            if at > end:
                break
            if code in options:
                pieces = further.get(code)
                if pieces is None:
                    pieces = further[code] = [options[code]]
                    odd = True
                pieces.append(data[start:at])
            else:
                options[code] = data[start:at]
                if length < look_at[code] or not data[at - 1]:
                    odd = True
    except IndexError:
        pass  # a code without a length ends the list
    if odd:
        for code, pieces in further.items():
            options[code] = b"".join(pieces)
        _check(options, lenient)
    if 52 in options:
        _overload(packet)
    packet.type = options[53][0] if 53 in options else 0
    return packet


def _check(options: dict[int, bytes], lenient: bool) -> None:
    """Refuses the packet for a value that is no value of its option; strings lose their trailing NULs."""
    for code, value in tuple(options.items()) if lenient else options.items():
        if code in STRINGS:
            if value[-1:] == b"\0":
                options[code] = value.rstrip(b"\0")
        elif len(value) < LOOK_AT[code]:
            why = complaint(code, value)
            if why:
                if not lenient or not forgivable(code, value):
                    raise PacketError(why)
                del options[code]


def _overload(packet: Packet4) -> None:
    """Takes in the options of the file field, then those of the sname field, as option 52 says (RFC 2131, 4.1).

    A field that holds options holds no name, so it is b"" afterwards.

    Kea does not read them at all, so an old client may have rubbish there and still get an answer: what is no value
    of its option is left out instead of refusing the packet.
    """
    options = packet.options
    which = options[52][0]
    more: dict[int, bytes] = {}
    if which & 1:
        _read_field(packet.file, more)
        packet.file = b""
    if which & 2:
        _read_field(packet.sname, more)
        packet.sname = b""
    for code, value in more.items():
        whole = options.get(code, b"") + value
        if code in STRINGS:
            whole = whole.rstrip(b"\0")
        if code != 52 and not complaint(code, whole):
            options[code] = whole


def _read_field(field: bytes, found: dict[int, bytes]) -> None:
    at, end = 0, len(field)
    while at < end:
        code = field[at]
        if code == 255:
            return
        if code == 0:
            at += 1
            continue
        start = at + 2
        if start > end:
            return
        at = start + field[at + 1]
        if at > end:
            return
        found[code] = found.get(code, b"") + field[start:at]


def split_suboptions(data: bytes) -> dict[int, bytes]:
    """Code-length-value sub-options in order of first appearance, instances fused. Total: stops where they are cut."""
    found: dict[int, bytes] = {}
    further: dict[int, list[bytes]] = {}
    at, end = 0, len(data)
    while at + 1 < end:
        code = data[at]
        start = at + 2
        at = start + data[at + 1]
        if at > end:
            break
        if code in found:
            further.setdefault(code, [found[code]]).append(data[start:at])
        else:
            found[code] = data[start:at]
    for code, pieces in further.items():
        found[code] = b"".join(pieces)
    return found


def encode_option(code: int, value: bytes) -> bytes:
    """One option on the wire, in consecutive pieces of 253 bytes if it is longer (RFC 3396)."""
    length = len(value)
    if length <= PIECE:
        return bytes((code, length)) + value
    return b"".join(
        bytes((code, min(PIECE, length - start))) + value[start : start + PIECE] for start in range(0, length, PIECE)
    )


def encode_vendor_option(code: int, value: bytes) -> bytes:
    """Option 124 or 125, an instance an enterprise (RFC 3925 section 3), as Kea sends them."""
    parts: list[bytes] = []
    at = 0
    while at < len(value) or not parts:
        end = at + 5 + value[at + 4] if at + 4 < len(value) else len(value)
        parts.append(encode_option(code, value[at:end]))
        at = end
    return b"".join(parts)


def encode(packet: Packet4) -> bytes:
    """The message on the wire: option 53, then ascending codes, 82 last, END; no padding.

    struct.error if a header field does not fit.
    """
    options = packet.options
    parts = [
        _pack_header(
            packet.op,
            packet.htype,
            packet.hlen,
            packet.hops,
            packet.xid,
            packet.secs,
            packet.flags,
            packet.ciaddr,
            packet.yiaddr,
            packet.siaddr,
            packet.giaddr,
            packet.chaddr,
            packet.sname,
            packet.file,
            COOKIE,
        )
    ]
    if 53 in options:
        parts.append(encode_option(53, options[53]))
    for code in sorted(options):
        if code in (124, 125):
            parts.append(encode_vendor_option(code, options[code]))
        elif code not in (53, 82):
            parts.append(encode_option(code, options[code]))
    if 82 in options:
        parts.append(encode_option(82, options[82]))
    parts.append(b"\xff")
    return b"".join(parts)
