"""Client classes of DHCPv4: header fields, own formats of options 43 and 224 to 254.

Law: as in `classes.py`, which has what both families have.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kead.config.classes import Own, ReadClass, class_options, lifetimes, rules
from kead.config.definitions import read_definitions
from kead.config.errors import ConfigError, Path
from kead.config.family import V4
from kead.config.inheritance import Places
from kead.config.inheritance4 import header_text
from kead.config.options import OptionReader
from kead.config.reader import Document
from kead.config.schema4 import ClientClass
from kead.config.snapshot4 import ClientClass4
from kead.wire.address import parse_ip4
from kead.wire.definitions import OptionTable

ReadClass4 = ReadClass[ClientClass4, ClientClass]
_BROADCAST = 0xFFFFFFFF


def read_classes(
    reader: OptionReader, standard: OptionTable, entries: Sequence[ClientClass], path: Path, warnings: list[str]
) -> tuple[ReadClass4, ...]:
    """The classes at `path`. `standard`: the options that a class may not define anew. Raises ConfigError."""
    definitions = [_own(reader.document, standard, entry, (*path, index)) for index, entry in enumerate(entries)]
    found = rules(reader, entries, definitions, path)
    read: list[ReadClass4] = []
    for index, (written, own, rule) in enumerate(zip(entries, definitions, found, strict=True)):
        here: Path = (*path, index)
        own_reader = replace(reader, table=reader.table.extended(own.values())) if own else reader
        options = class_options(own_reader, written, here)
        document = reader.document
        next_server = _next_server(document, written.next_server, (*here, "next-server"))
        server_hostname = header_text(document, written.server_hostname, (*here, "server-hostname"), 63, 63)
        boot_file_name = header_text(document, written.boot_file_name, (*here, "boot-file-name"), 128, 127)
        places = lifetimes(document, written, here, warnings)
        offer_lifetime = _offer_lifetime(places, here)
        resolved = ClientClass4(
            name=written.name,
            rule=rule,
            options=options.scope,
            valid=places.lifetime("valid"),
            user_context=written.context(),
            next_server=next_server,
            server_hostname=server_hostname,
            boot_file_name=boot_file_name,
            offer_lifetime=offer_lifetime,
        )
        read.append(ReadClass(resolved, options, written))
    return tuple(read)


def _own(document: Document, standard: OptionTable, written: ClientClass, path: Path) -> Own:
    """The option definitions of the class at `path`."""
    path = (*path, "option-def")
    definitions = read_definitions(document, written.option_def, path, standard, V4)
    for index, definition in enumerate(definitions):
        if definition.space != V4.space or definition.code not in V4.redefinable:
            place = document.place((*path, index))
            raise ConfigError(
                f"Not allowed option definition for code '{definition.code}' in space '{definition.space}' at "
                f"({place})",
                place=place,
                path=(*path, index),
                remedy="codes 43 and 224 to 254 may be defined in a class",
            )
    return {definition.code: definition for definition in definitions}


def _next_server(document: Document, text: str | None, path: Path) -> int:
    if text is None:
        return 0
    try:
        address = parse_ip4(text)
        why = f"value: '{text}', must not be a broadcast" if address == _BROADCAST else ""
    except ValueError:
        address = 0
        why = f"value: '{text}', must be IPv4 address" if V4.is_other(text) else f"value specified: '{text}'"
    if why:
        place = document.place(path)
        raise ConfigError(f"Invalid next-server {why} ({place})", place=place, path=path)
    return address


def _offer_lifetime(places: Places[ClientClass], path: Path) -> int | None:
    value, _ = places.integer("offer_lifetime")
    if value is not None and value < 0:
        place = places.document.place((*path, "offer-lifetime"))
        places.refuse("offer_lifetime", f"the value of offer-lifetime '{value}' must be a positive number ({place})")
    return places.uint32("offer_lifetime")
