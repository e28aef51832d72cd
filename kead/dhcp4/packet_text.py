"""A message as people read it, in the log and in a debugger: one line an option, with its name and decoded value.

The form is that of Kea's log lines, so that eyes and scripts that know those find their way; Kea names the type of a
value, kead the option. The law of this file: whatever is in the packet (a client or a hook library made it), this
gives text, and no byte of it begins a line or an escape sequence of its own.
"""

from __future__ import annotations

from contextlib import suppress
from struct import error as StructError

from kead.dhcp4.options import DHCP4_SPACE, STANDARD, VIVSO_SUBOPTIONS
from kead.dhcp4.packet import BROADCAST_FLAG, TYPE_NAMES, Packet4, split_suboptions
from kead.dhcp4.values import vendor_suboptions
from kead.wire.address import text_ip4
from kead.wire.definitions import OptionDefinition, OptionType
from kead.wire.names import DomainNameError, decode_search_list
from kead.wire.text import decode_text

NUL = b"\0"


def packet_text(packet: Packet4) -> str:
    """The whole message, on several lines. Never raises; what is no value of its field appears as Python shows it."""
    try:
        return "\n".join(_lines(packet))
    except Exception as error:  # noqa: BLE001  (a log line must not cost the packet; a hook can put anything here)
        return f"a packet that cannot be shown: {type(error).__name__} in one of its fields"


def type_text(packet: Packet4) -> str:
    """DHCPDISCOVER (1)"""
    kind: object = packet.type
    return f"{TYPE_NAMES.get(kind, 'UNKNOWN') if isinstance(kind, int) else 'UNKNOWN'} ({_shown(kind)})"


def _lines(packet: Packet4) -> list[str]:
    flags = _number(packet.flags, 4) + (" (broadcast)" if _is_broadcast(packet.flags) else "")
    lines = [
        f"msg_type={type_text(packet)}, trans_id={_number(packet.xid)},",
        f"op={_shown(packet.op)}, htype={_shown(packet.htype)}, hwaddr={_hexadecimal(packet.hwaddr)}, "
        f"hops={_shown(packet.hops)}, secs={_shown(packet.secs)}, flags={flags},",
        f"ciaddr={_address(packet.ciaddr)}, yiaddr={_address(packet.yiaddr)}, "
        f"siaddr={_address(packet.siaddr)}, giaddr={_address(packet.giaddr)},",
    ]
    for field, value in (("sname", packet.sname), ("file", packet.file)):
        if value:
            lines.append(f"{field}={_string(value.partition(NUL)[0] if isinstance(value, bytes) else value)},")
    options = packet.options
    if not isinstance(options, dict):
        lines.append(f"options: {_shown(options)}")
    elif options:
        lines.append("options:")
        for code in sorted(options, key=_order):
            lines += _option(DHCP4_SPACE, code, options[code], "  ")
    else:
        lines.append("message contains no options")
    return lines


def _option(space: str, code: object, value: object, indent: str) -> list[str]:
    """The lines of one option and its sub-options."""
    if not isinstance(code, int) or not 0 <= code < 256 or not isinstance(value, (bytes, bytearray)):
        return [f"{indent}type={_shown(code)}: {_shown(value)}"]
    data = bytes(value)
    definition = STANDARD.by_code(space, code)
    head = f"{indent}type={code:03}, len={len(data):03}:"
    if definition is None:
        return [f"{head} {_hexadecimal(data)}".rstrip()]
    inner = indent + "  "
    if definition.encapsulates:
        lines = [f"{head} ({definition.name})"]
        found = split_suboptions(data)
        if data and not found:
            return [f"{head} {_hexadecimal(data)} ({definition.name})"]
        for sub, part in found.items():
            lines += _option(definition.encapsulates, sub, part, inner)
        return lines
    if space == DHCP4_SPACE and code == VIVSO_SUBOPTIONS:
        lines = [f"{head} ({definition.name})"]
        for enterprise, subs in vendor_suboptions(data).items():
            lines.append(f"{inner}enterprise={enterprise}:")
            for sub, part in subs.items():
                lines += _option(f"vendor-{enterprise}", sub, part, inner + "  ")
        return lines
    return [" ".join(part for part in (head, _value(definition, data), f"({definition.name})") if part)]


def _value(definition: OptionDefinition, data: bytes) -> str:
    if definition.type is OptionType.STRING:
        return _string(data)
    if definition.type is OptionType.BINARY:
        return _hexadecimal(data)
    if definition.type is OptionType.FQDN and definition.array:  # in packets such a list may be compressed
        with suppress(DomainNameError):
            return _escaped(", ".join(decode_search_list(data)))
    return _escaped(decode_text(definition, data))


def _order(code: object) -> tuple[bool, int]:
    return (False, code) if isinstance(code, int) else (True, 0)


def _is_broadcast(flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & BROADCAST_FLAG)


def _number(value: object, digits: int = 0) -> str:
    return f"0x{value:0{digits}x}" if isinstance(value, int) and value >= 0 else _shown(value)


def _address(value: object) -> str:
    if isinstance(value, int):
        try:
            return text_ip4(value)
        except StructError:
            pass
    return _shown(value)


def _hexadecimal(value: object) -> str:
    return value.hex(":") if isinstance(value, (bytes, bytearray)) else _shown(value)


def _string(value: object) -> str:
    """Bytes as text in quotes."""
    if not isinstance(value, (bytes, bytearray)):
        return _shown(value)
    return '"' + _escaped(value.decode("latin-1")).replace('"', '\\"') + '"'


def _escaped(text: str) -> str:
    """ASCII that can be printed; of everything else, and of a backslash, the escape."""
    return text.encode("unicode_escape").decode("ascii")


def _shown(value: object) -> str:
    """Whatever it is, as Python shows it."""
    try:
        return _escaped(repr(value))
    except Exception:  # noqa: BLE001  (some object of a hook library's)
        return f"<{type(value).__name__}>"
