"""subnet4-select-test: which subnet a query would get, told from the facts that decide it.

The command builds the query that these facts describe and asks the selector that serves packets.
"""

from __future__ import annotations

from kead.classify.subject import Classes
from kead.control.answers import EMPTY, Answer, CommandError
from kead.control.envelope import Request
from kead.dhcp4.channel import Channel, Datagram
from kead.dhcp4.exchange import Exchange
from kead.dhcp4.options import AGENT_OPTIONS, RAI_LINK_SELECTION, SUBNET_SELECTION
from kead.dhcp4.packet import Packet4
from kead.dhcp4.service import Service4
from kead.network.interfaces import Interface, Interfaces
from kead.wire.address import parse_ip4, parse_ip6

ADDRESSES = ("address", "relay", "local", "remote", "link", "subnet")
"""ciaddr, giaddr, where the query went and came from, option 82 sub-option 5, option 118."""


DECIDING = frozenset(ADDRESSES) - {"local"}
"""With one of these nobody asks which interface it was."""


def _is_ip6(text: str) -> bool:
    try:
        parse_ip6(text)
    except ValueError:
        return False
    return True


def select_test(service: Service4, interfaces: Interfaces, request: Request) -> Answer:
    """Carry the command out."""
    if not request.has_arguments:
        raise CommandError("empty arguments")
    if not isinstance(request.arguments, dict):
        raise CommandError("arguments must be a map")
    facts = dict.fromkeys(ADDRESSES, 0)
    name, classes = "", Classes()
    for key, value in request.arguments.items():
        if key == "classes":
            if not isinstance(value, list):
                raise CommandError("'classes' entry must be a list")
            if not all(isinstance(one, str) for one in value):
                raise CommandError("'classes' entry must be a list of strings")
            classes = Classes(value)
        elif key == "interface":
            if not isinstance(value, str):
                raise CommandError("'interface' entry must be a string")
            name = value
        elif key in facts:
            if not isinstance(value, str):
                raise CommandError(f"'{key}' entry must be a string")
            try:
                facts[key] = parse_ip4(value)
            except ValueError:
                why = (
                    "not IPv4" if _is_ip6(value) else f"Failed to convert string to address '{value}': Invalid argument"
                )
                raise CommandError(f"bad '{key}' entry: {why}") from None
        else:
            raise CommandError(f"unknown entry '{key}'")
    query = Packet4()
    query.classes = classes
    query.ciaddr, query.giaddr = facts["address"], facts["relay"]
    if facts["link"]:
        query.options[AGENT_OPTIONS] = bytes((RAI_LINK_SELECTION, 4)) + facts["link"].to_bytes(4, "big")
    if facts["subnet"]:
        query.options[SUBNET_SELECTION] = facts["subnet"].to_bytes(4, "big")
    interface = interfaces.by_name(name)
    if interface is None:
        if name and not any(facts[key] for key in DECIDING):
            raise CommandError(
                f"Error during command processing: interface {name} doesn't exist and therefore it is impossible to "
                "find a suitable subnet for its IPv4 address"
            )
        interface = Interface(name, 0, 1, 0, b"", ())
    channel = Channel(interface, (), False, lambda channel, error: None)
    x = Exchange(service, Datagram(b"", facts["remote"], 68, facts["local"], channel, b"", 0.0), 0)
    x.query = query
    subnet = service.selector.select(x)
    if subnet is None:
        return Answer(EMPTY, "no subnet selected")
    if subnet.network is not None:
        name = subnet.network.name
        return Answer(text=f"selected shared network '{name}' starting with subnet '{subnet.text}' id {subnet.id}")
    return Answer(text=f"selected subnet '{subnet.text}' id {subnet.id}")
