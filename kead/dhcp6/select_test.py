"""subnet6-select-test: which subnet a query would get, told from the facts that decide it.

The command builds the query that these facts describe and asks the selector that serves packets.
"""

from __future__ import annotations

from kead.classify.subject import Classes
from kead.config.hosts import identifier_bytes
from kead.control.answers import EMPTY, Answer, CommandError
from kead.control.envelope import Request
from kead.dhcp6.channel import Channel, Datagram
from kead.dhcp6.exchange import Exchange
from kead.dhcp6.options import INTERFACE_ID
from kead.dhcp6.packet import Packet6, Relay6
from kead.dhcp6.service import Service6
from kead.dhcp6.subnets import is_of_a_link
from kead.network.interfaces import Interface, Interfaces
from kead.wire.address import parse_ip4, parse_ip6

ADDRESSES = ("remote", "link")
"""Where the query came from, and the link-address of its relay agent."""


def select_test(service: Service6, interfaces: Interfaces, request: Request) -> Answer:
    """Carry the command out."""
    if not request.has_arguments:
        raise CommandError("empty arguments")
    if not isinstance(request.arguments, dict):
        raise CommandError("arguments must be a map")
    facts = dict.fromkeys(ADDRESSES, 0)
    name, interface_id, classes = "", b"", Classes()
    for key, value in request.arguments.items():
        if key == "classes":
            if not isinstance(value, list):
                raise CommandError("'classes' entry must be a list")
            if not all(isinstance(one, str) for one in value):
                raise CommandError("'classes' entry must be a list of strings")
            classes = Classes(value)
            continue
        if key not in ("interface", "interface-id", *ADDRESSES):
            raise CommandError(f"unknown entry '{key}'")
        if not isinstance(value, str):
            raise CommandError(f"'{key}' entry must be a string")
        if key == "interface":
            name = value
        elif key == "interface-id":
            interface_id = _interface_id(value)
        else:
            facts[key] = _address(key, value)
    query = Packet6()
    query.classes = classes
    link = facts["link"]
    if link and not is_of_a_link(link):
        return Answer(EMPTY, "no subnet selected")
    if link or interface_id:
        relay = Relay6(0, link, 0)
        if interface_id:
            relay.options[INTERFACE_ID] = [interface_id]
        query.relays.append(relay)
    interface = interfaces.by_name(name) or Interface(name, 0, 1, 0, b"", ())
    channel = Channel(interface, (), lambda channel, error: None)
    x = Exchange(service, Datagram(b"", facts["remote"], 546, 0, channel, 0.0), 0)
    x.query = query
    subnet = service.selector.select(x)
    if subnet is None:
        return Answer(EMPTY, "no subnet selected")
    if subnet.network is not None:
        name = subnet.network.name
        return Answer(text=f"selected shared network '{name}' starting with subnet '{subnet.text}' id {subnet.id}")
    return Answer(text=f"selected subnet '{subnet.text}' id {subnet.id}")


def _interface_id(text: str) -> bytes:
    if not text:
        raise CommandError("'interface-id' must be not empty")
    found = identifier_bytes(text)
    if not found:
        raise CommandError("value of 'interface-id' was not recognized")
    return found


def _address(key: str, text: str) -> int:
    try:
        return parse_ip6(text)
    except ValueError:
        why = "not IPv6" if _is_ip4(text) else f"Failed to convert string to address '{text}': Invalid argument"
        raise CommandError(f"bad '{key}' entry: {why}") from None


def _is_ip4(text: str) -> bool:
    try:
        parse_ip4(text)
    except ValueError:
        return False
    return True
