"""A message as people read it, in the log and in a debugger: one line an option, with its name and value.

The law of this file: whatever is in the packet (a client or a hook library made it), this gives text, and no byte of it
begins a line or an escape sequence of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from kead.dhcp6.options import DHCP6_SPACE, IA_NA, IA_PD, IA_TA, IAADDR, IAPREFIX, STANDARD
from kead.dhcp6.packet import Options, Packet6, split_options
from kead.wire.address import text_ip6
from kead.wire.definitions import OptionDefinition, OptionType
from kead.wire.names import DomainNameError, decode_search_list
from kead.wire.text import decode_text

HEADS: Final = {IA_NA: 12, IA_TA: 4, IAADDR: 24, IA_PD: 12, IAPREFIX: 25}
"""Bytes of an option before the options in it."""
_DEEPEST: Final = 8


def packet_text(packet: Packet6) -> str:
    """The whole message, on several lines. Never raises."""
    try:
        return "\n".join(_lines(packet))
    except Exception as error:  # noqa: BLE001  (a log line must not cost the packet; a hook can put anything here)
        return f"a packet that cannot be shown: {type(error).__name__} in one of its fields"


def _lines(packet: Packet6) -> Iterator[str]:
    yield f"msg_type={packet.name_of_type()} ({packet.type}), trans_id=0x{packet.transaction_id:x},"
    if packet.options:
        yield "options:"
        yield from _options(packet.options, "  ", 0)
    else:
        yield "message contains no options"
    if not packet.relays:
        yield "No relays traversed."
        return
    yield f"{len(packet.relays)} relay(s):"
    for number, relay in enumerate(packet.relays):
        yield (
            f"relay[{number}]: msg-type={relay.type}, hop-count={relay.hops}, link-address={text_ip6(relay.link)}, "
            f"peer-address={text_ip6(relay.peer)}, {sum(map(len, relay.options.values()))} option(s)"
        )
        yield from _options(relay.options, "  ", 0)


def _options(options: Options, indent: str, depth: int) -> Iterator[str]:
    for code in sorted(options):
        for value in options[code]:
            yield from _option(code, bytes(value), indent, depth)


def _option(code: int, value: bytes, indent: str, depth: int) -> Iterator[str]:
    definition = STANDARD.by_code(DHCP6_SPACE, code)
    head = f"{indent}type={code:05}, len={len(value):05}:"
    if definition is None:
        yield f"{head} {value.hex(':')}".rstrip()
        return
    at = HEADS.get(code, 0)
    if not at or len(value) < at or depth >= _DEEPEST:
        yield f"{head} {_value(definition, value)} ({definition.name})"
        return
    yield f"{head} {_head(code, value)} ({definition.name})"
    yield from _options(split_options(value[at:]), indent + "  ", depth + 1)


def _head(code: int, value: bytes) -> str:
    number = int.from_bytes
    if code == IAADDR:
        return (
            f"address={text_ip6(number(value[:16], 'big'))}, preferred-lft={number(value[16:20], 'big')}, "
            f"valid-lft={number(value[20:24], 'big')}"
        )
    if code == IAPREFIX:
        return (
            f"prefix={text_ip6(number(value[9:25], 'big'))}/{value[8]}, preferred-lft={number(value[:4], 'big')}, "
            f"valid-lft={number(value[4:8], 'big')}"
        )
    if code == IA_TA:
        return f"iaid={number(value[:4], 'big')}"
    return f"iaid={number(value[:4], 'big')}, t1={number(value[4:8], 'big')}, t2={number(value[8:12], 'big')}"


def _value(definition: OptionDefinition, value: bytes) -> str:
    if definition.type is OptionType.STRING:
        return '"' + _escaped(value.decode("latin-1")).replace('"', '\\"') + '"'
    if definition.type is OptionType.BINARY or definition.encapsulates:
        return value.hex(":")
    if definition.type is OptionType.FQDN and definition.array:
        with suppress(DomainNameError):
            return _escaped(", ".join(decode_search_list(value)))
    return _escaped(decode_text(definition, value))


def _escaped(text: str) -> str:
    """ASCII that can be printed; of everything else, and of a backslash, the escape."""
    return text.encode("unicode_escape").decode("ascii")
