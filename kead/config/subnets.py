"""What subnets, networks and pools of both families have in common: prefixes, ids, names, pools, relay agents.

Law: rules of one value and of values that must differ (config-common.md § 5); putting a whole subnet together is for
`subnets4.py` and `subnets6.py`. Error texts are Kea's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn, TypeVar

from kead.config.ddns import DdnsReader, Level
from kead.config.errors import ConfigError, Path
from kead.config.family import Family
from kead.config.inheritance import AllocatorError
from kead.config.options import OptionReader, ScopeOptions
from kead.config.pools import Range, overlapping, pool_range, pool_text
from kead.config.reader import Document
from kead.config.restrictions import Restrictions
from kead.config.schema_common import Guards, Pool, Relay, Scope
from kead.config.snapshot import Pool as PoolPart

HIGHEST_ID = 4294967294
Read = TypeVar("Read")


@dataclass(frozen=True, slots=True)
class ReadPool:
    """A pool with what config-get needs besides."""

    pool: PoolPart
    options: ScopeOptions
    written: Pool


class Ground:
    """What reading the subnets of one configuration stands on; remembers what may not come twice."""

    def __init__(
        self, document: Document, family: Family, options: OptionReader, context: Restrictions, ddns: DdnsReader
    ) -> None:
        self.document = document
        self.family = family
        self.options = options
        self.ddns = ddns
        self._present: Mapping[str, Any] | None = None if context.interfaces is None else context.interfaces()
        self._ids: set[int] = set()
        self._prefixes: set[str] = set()
        self._names: set[str] = set()

    def refuse(self, text: str, path: Path, *, place: bool = True, around: int = 0, remedy: str = "") -> NoReturn:
        """`place`: the text ends with a position, that of the value or of what is `around` so many steps above it."""
        if place:
            text += f" ({self.document.place(path[: len(path) - around])})"
        raise ConfigError(text, place=self.document.place(path), path=path, remedy=remedy)

    def within_network(self, read: Callable[[], Read], path: Path) -> Read:
        """What `read` gives; a mistake in it is told with the position of the network at `path` behind it."""
        try:
            return read()
        except AllocatorError as error:
            if self.family.number == 6:
                error.message += f" ({self.document.place(path)})"
            raise
        except ConfigError as error:
            error.message += f" ({self.document.place(path)})"
            raise

    @staticmethod
    def within_subnet(create: Callable[[], Read]) -> Read:
        """What `create` gives; a mistake in it is told as one of the subnet."""
        try:
            return create()
        except AllocatorError:
            raise
        except ConfigError as error:
            error.message = f"subnet configuration failed: {error.message}"
            raise

    def new_name(self, name: str, path: Path) -> None:
        """Take the name of a network, which must be its own."""
        if name in self._names:
            self.refuse(f"duplicate network '{name}' found in the configuration", path, around=1)
        if not name:
            text = "Shared-network with subnets  is missing mandatory 'name' parameter"
            self.refuse(text, (*path, "name"), place=False)
        self._names.add(name)

    def new_subnet(self, id: int, text: str, path: Path) -> None:
        """Take the id and the prefix of a subnet, which must be its own."""
        if id in self._ids:
            self.refuse(f"ID of the new IPv{self.family.number} subnet '{id}' is already in use", path)
        if text in self._prefixes:
            self.refuse(f"subnet with the prefix of '{text}' already exists", path)
        self._ids.add(id)
        self._prefixes.add(text)

    def id(self, written: int | None, path: Path) -> int:
        """The id of the subnet at `path`."""
        if written is None:
            self.refuse("missing parameter 'id'", path, remedy="add an id that no other subnet has")
        if not 1 <= written <= HIGHEST_ID:
            text = f"The 'id' value ({written}) is not within expected range: (1 - {HIGHEST_ID})"
            self.refuse(text, (*path, "id"), place=False)
        return written

    def prefix(self, written: str, path: Path) -> tuple[str, int, int]:
        """A prefix as text, as number (host bits and all), and its length."""
        family = self.family
        text = without_blanks(written)
        address, slash, digits = text.partition("/")
        if not slash:
            self.refuse(f"Invalid subnet syntax (prefix/len expected):{text}", path)
        length = _integer(digits)
        if length is None:
            self.refuse(f"prefix length: '{digits}' is not an integer", path)
        try:
            prefix = family.parse(address)
        except ValueError:
            if family.is_other(address):
                self.refuse(f"Non IPv{family.number} prefix {address} specified in {family.subnets}", path, place=False)
            self.refuse(f"Failed to convert string to address '{address}': Invalid argument", path, place=False)
        if not 0 <= length <= family.bits:
            self.refuse(f"Invalid prefix length specified for subnet: {length % (1 << 32)}", path)
        return f"{family.text(prefix)}/{length}", prefix, length

    def pool(self, written: Pool, path: Path, around: Sequence[Level]) -> ReadPool:
        """The pool at `path`; `around`: what it inherits from, with the paths."""
        first, last = pool_range(self.document, written.pool, (*path, "pool"), self.family)
        text = pool_text(first, last, self.family)
        pool_id = self.pool_id(written.pool_id, path)
        try:
            options = self.options.read(written.option_data, (*path, "option-data"), f"pool {text}")
        except ConfigError as error:
            error.message += f" ({self.document.place((*path, 'option-data'))})"
            raise
        size = last - first + 1
        context, classes, additional = written.context(), classes_of(written), additional_of(written)
        ddns = self.ddns.own(((written, path), *around))
        pool = PoolPart(first, last, pool_id, size, options.scope, text, context, classes, additional, ddns)
        return ReadPool(pool, options, written)

    def pool_id(self, written: int | None, path: Path) -> int:
        """The id of the pool at `path`, 0 if it has none."""
        if written is None:
            return 0
        if written <= 0:
            self.refuse(f"pool-id {written} is not a positive integer greater than 0", (*path, "pool-id"), place=False)
        if written >= 1 << 32:
            self.refuse(f"pool-id {written} is not a 32 bit unsigned integer", (*path, "pool-id"), place=False)
        return written

    def check_inside(self, pools: Sequence[ReadPool], network: int, mask: int, text: str, path: Path) -> None:
        """Every pool lies in the subnet at `path`, and no two share an address."""
        outside = (
            index
            for index, read in enumerate(pools)
            if read.pool.first & mask != network or read.pool.last & mask != network
        )
        index = next(outside, None)
        kind = self.family.pool_type
        if index is not None:
            self.refuse_pool(pools[index].pool, kind, "does not match the prefix of a", text, (*path, "pools", index))
        index = overlapping([read.pool for read in pools])
        if index is not None:
            what = "overlaps with an existing pool in the"
            self.refuse_pool(pools[index].pool, kind, what, text, (*path, "pools", index))

    def refuse_pool(self, pool: Range, kind: str, what: str, subnet: str, path: Path) -> NoReturn:
        """The pool at `path` has no place in its subnet."""
        family = self.family
        self.refuse(
            f"a pool of type {kind}, with the following address range: {family.text(pool.first)}-"
            f"{family.text(pool.last)} {what} subnet: {subnet} to which it is being added",
            (*path, "prefix" if kind == "IA_PD" else "pool"),
            around=3,
        )

    def relays(self, relay: Relay | None, path: Path) -> list[int]:
        """The relay agents of the subnet or network at `path`."""
        family = self.family
        addresses: list[int] = []
        if relay is None:
            return addresses
        for index, text in enumerate(relay.ip_addresses):
            here = (*path, "relay", "ip-addresses", index)
            try:
                address = family.parse(text)
            except ValueError:
                what = "a" if family.is_other(text) else "a valid"
                self.refuse(f"address {text} is not {what}: IPv{family.number}address", here, around=1)
            if address in addresses:
                why = f"RelayInfo already contains address: {family.text(address)}"
                self.refuse(f"cannot add address: {text} to relay info: {why}", here, around=1)
            addresses.append(address)
        return addresses

    def check_interface(self, written: Scope, path: Path, whose: str) -> None:
        """The interface that a subnet or network names exists, as far as that is known."""
        name = written.interface
        if name and self._present is not None and name not in self._present:
            self.refuse(
                f"Specified network interface name {name} for {whose} is not present in the system",
                (*path, "interface"),
            )

    def check_one_link(self, network: str | None, members: Sequence[tuple[str, str | None]], path: Path) -> None:
        """All subnets of a network (their texts and interfaces) are on one interface."""
        used = network or ""
        for index, (text, interface) in enumerate(members):
            if not interface:
                continue
            if used and interface != used:
                self.refuse(
                    f"Subnet {text} has specified interface {interface}, but earlier subnet in the same "
                    f"shared-network or the shared-network itself used {used}",
                    (*path, self.family.subnets, index, "interface"),
                    place=False,
                )
            used = interface


def classes_of(written: Guards) -> tuple[str, ...]:
    """The classes that a client must be in one of."""
    return tuple(written.classes())


def additional_of(written: Guards) -> tuple[str, ...]:
    return tuple(written.additional())


def relay_texts(relay: Relay | None) -> list[str]:
    return [] if relay is None else list(relay.ip_addresses)


def without_blanks(text: str) -> str:
    return text.replace(" ", "").replace("\t", "")


def _integer(text: str) -> int | None:
    try:
        return int(text) if text.strip() == text else None
    except ValueError:
        return None
