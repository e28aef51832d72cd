"""What differs between the two families in their configurations' common parts: one row a family.

Law: names, widths and numbers only. Code that both share takes a row and asks it, rather than which family it is;
what one family alone has stands in that family's own modules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from struct import Struct

from kead.wire.address import parse_ip4, parse_ip6, text_ip4, text_ip6


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """One family's row.

    number            4 or 6
    top, subnets      the keywords of the whole map and of its subnets
    space, foreign    the option spaces of this family and of the other
    bits              of an address; parse and text: between text and int (ValueError)
    highest_code      the largest option code; beyond: what Kea says that others do
    reserved_codes    those that nobody may define, and why
    redefinable       standard options that a configuration may define anew
    repeatable        options of which all entries of a list are sent, not the first only
    sub_option        the header of a sub-option: code and length; longest_sub_option: what the length can say
    wide_tuples       tuples have a length of two bytes
    pool_type         how messages call a pool of addresses, and interface_address what may be listened on
    lease_file        the usual name of the lease file
    queue_type        the usual dhcp-queue-control queue
    identifiers       what reservations are looked up by if nothing is said
    all_identifiers   what "auto" stands for
    """

    number: int
    top: str
    subnets: str
    space: str
    foreign: str
    bits: int
    parse: Callable[[str], int]
    text: Callable[[int], str]
    highest_code: int
    beyond: str
    reserved_codes: Mapping[int, str]
    redefinable: frozenset[int]
    repeatable: frozenset[int]
    sub_option: Struct
    longest_sub_option: int
    wide_tuples: bool
    pool_type: str
    interface_address: str
    lease_file: str
    queue_type: str
    identifiers: tuple[str, ...]
    all_identifiers: tuple[str, ...]

    def is_other(self, text: str) -> bool:
        """Whether the text is an address of the other family."""
        try:
            (parse_ip6 if self.number == 4 else parse_ip4)(text)
        except ValueError:
            return False
        return True

    def mask(self, length: int) -> int:
        """The network mask of a prefix length."""
        return ((1 << length) - 1) << (self.bits - length)


V4 = Family(
    number=4,
    top="Dhcp4",
    subnets="subnet4",
    space="dhcp4",
    foreign="dhcp6",
    bits=32,
    parse=parse_ip4,
    text=text_ip4,
    highest_code=255,
    beyond="be greater than",
    reserved_codes={0: "reserved for PAD", 255: "reserved for END"},
    redefinable=frozenset({43, *range(224, 255)}),
    repeatable=frozenset({124, 125}),
    sub_option=Struct(">BB"),
    longest_sub_option=255,
    wide_tuples=False,
    pool_type="V4",
    interface_address="IPv4 address",
    lease_file="kea-leases4.csv",
    queue_type="kea-ring4",
    identifiers=("hw-address", "duid", "circuit-id", "client-id"),
    all_identifiers=("hw-address", "duid", "circuit-id", "client-id", "flex-id"),
)

V6 = Family(
    number=6,
    top="Dhcp6",
    subnets="subnet6",
    space="dhcp6",
    foreign="dhcp4",
    bits=128,
    parse=parse_ip6,
    text=text_ip6,
    highest_code=65535,
    beyond="exceed",
    reserved_codes={0: "reserved value"},
    redefinable=frozenset(),
    repeatable=frozenset({16, 17}),
    sub_option=Struct(">HH"),
    longest_sub_option=65535,
    wide_tuples=True,
    pool_type="IA_NA",
    interface_address="IPv6 unicast address",
    lease_file="kea-leases6.csv",
    queue_type="kea-ring6",
    identifiers=("hw-address", "duid"),
    all_identifiers=("hw-address", "duid", "flex-id"),
)
