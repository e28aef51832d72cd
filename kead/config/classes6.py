"""Client classes of DHCPv6: preferred lifetimes.

Law: as in `classes.py`, which has what both families have.
"""

from __future__ import annotations

from collections.abc import Sequence

from kead.config.classes import ReadClass, class_options, lifetimes, rules
from kead.config.errors import Path
from kead.config.options import OptionReader
from kead.config.schema6 import ClientClass
from kead.config.snapshot6 import ClientClass6

ReadClass6 = ReadClass[ClientClass6, ClientClass]


def read_classes(
    reader: OptionReader, entries: Sequence[ClientClass], path: Path, warnings: list[str]
) -> tuple[ReadClass6, ...]:
    """The classes at `path`. Raises ConfigError."""
    found = rules(reader, entries, [{} for _ in entries], path)
    read: list[ReadClass6] = []
    for index, (written, rule) in enumerate(zip(entries, found, strict=True)):
        here: Path = (*path, index)
        options = class_options(reader, written, here)
        places = lifetimes(reader.document, written, here, warnings)
        resolved = ClientClass6(
            name=written.name,
            rule=rule,
            options=options.scope,
            valid=places.lifetime("valid"),
            preferred=places.lifetime("preferred"),
            user_context=written.context(),
        )
        read.append(ReadClass(resolved, options, written))
    return tuple(read)
