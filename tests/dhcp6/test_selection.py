"""interfaces-config: which interfaces and addresses are meant, and what is said about those that cannot be had."""

from __future__ import annotations

from kead.config.snapshot6 import InterfaceChoice, InterfacesConfig
from kead.dhcp6.selection import Selection, is_link_local, select
from kead.network.interfaces import Interface, Interfaces
from kead.wire.address import parse_ip6, text_ip6

UP, LOOPBACK, RUNNING, MULTICAST = 0x1, 0x8, 0x40, 0x1000
USUAL = UP | RUNNING | MULTICAST


def interface(
    name: str,
    index: int,
    *addresses: str,
    flags: int = USUAL,
    tentative: tuple[str, ...] = (),
    duplicates: tuple[str, ...] = (),
) -> Interface:
    usable, doubtful, others = (tuple(map(parse_ip6, texts)) for texts in (addresses, tentative, duplicates))
    return Interface(name, index, 1, flags, bytes(6), usable, doubtful, others)


class Table(Interfaces):
    """Interfaces that a test makes up."""

    def __init__(self, *interfaces: Interface) -> None:
        super().__init__()
        self._by_index = {one.index: one for one in interfaces}
        self._by_name = {one.name: one for one in interfaces}


TABLE = Table(
    interface("lo", 1, "::1", flags=UP | LOOPBACK | RUNNING),
    interface("eth0", 2, "2001:db8::1", "2001:db8::2", "fe80::a"),
    interface("eth1", 3, "fe80::b", "fe80::c", flags=UP | RUNNING),
    interface("eth2", 4),
    interface("eth3", 5, "fe80::d", flags=UP | MULTICAST),
    interface("eth4", 6, "fe80::e", flags=MULTICAST),
    interface("eth5", 7, "2001:db8::5", tentative=("fe80::f", "2001:db8::6")),
    interface("eth6", 8, "2001:db8::7", duplicates=("fe80::9", "2001:db8::8")),
)


def chosen(*names: str, served: tuple[int, ...] = (), known: frozenset[str] | None = None) -> Selection:
    choices = []
    for name in names:
        plain, _, address = name.partition("/")
        choices.append(InterfaceChoice(plain, parse_ip6(address) if address else None))
    return select(InterfacesConfig(interfaces=tuple(choices)), TABLE, served, known)


def wishes(selection: Selection) -> list[tuple[str, list[str], list[str], bool]]:
    return [
        (wish.interface.name, [*map(text_ip6, wish.link_local)], [*map(text_ip6, wish.unicast)], wish.multicast)
        for wish in selection.wanted
    ]


def test_an_interface_means_its_link_local_addresses_and_multicasts() -> None:
    assert wishes(chosen("eth0")) == [("eth0", ["fe80::a"], [], True)]
    assert wishes(chosen("eth1")) == [("eth1", ["fe80::b", "fe80::c"], [], False)]
    assert chosen("eth0", "eth1").problems == []


def test_an_address_is_meant_beside_those() -> None:
    both = [("eth0", ["fe80::a"], ["2001:db8::2", "2001:db8::1"], True)]
    assert wishes(chosen("eth0/2001:db8::2", "eth0/2001:db8::1")) == both
    assert wishes(chosen("eth0", "eth0/2001:db8::2", "eth0/2001:db8::1")) == both
    assert wishes(chosen("eth0/fe80::a")) == [("eth0", ["fe80::a"], [], True)]


def test_all_interfaces_with_what_is_wrong_with_some() -> None:
    selection = chosen("*", "eth0/2001:db8::1")
    assert wishes(selection) == [
        ("eth0", ["fe80::a"], ["2001:db8::1"], True),
        ("eth1", ["fe80::b", "fe80::c"], [], False),
    ]
    assert selection.problems == [
        "the interface eth3 is not running",
        "the interface eth4 is down",
        "Failed to open link-local socket on interface eth6: somebody else on the link has the address fe80::9, too",
    ]
    assert selection.tentative == [(parse_ip6("fe80::f"), "eth5")]
    assert selection.without_link_local == []


def test_a_served_interface_may_lose_its_carrier() -> None:
    assert wishes(chosen("eth3", served=(5,))) == [("eth3", ["fe80::d"], [], True)]
    assert chosen("eth4", served=(6,)).problems == ["the interface eth4 is down"]


def test_loopback_has_only_what_is_chosen() -> None:
    assert wishes(chosen("lo")) == []
    assert chosen("lo").problems == []
    assert wishes(chosen("lo/::1")) == [("lo", [], ["::1"], False)]


def test_an_interface_without_a_link_local_address_is_told() -> None:
    selection = chosen("eth2")
    assert (selection.wanted, selection.problems, selection.without_link_local) == ([], [], ["eth2"])


def test_tentative_addresses_are_waited_for() -> None:
    selection = chosen("eth5/2001:db8::6", "eth5/2001:db8::5")
    assert wishes(selection) == [("eth5", [], ["2001:db8::5"], False)]
    assert selection.problems == []
    assert selection.tentative == [(parse_ip6("fe80::f"), "eth5"), (parse_ip6("2001:db8::6"), "eth5")]


def test_addresses_that_cannot_be_had_are_told() -> None:
    assert chosen("eth6/2001:db8::8", "eth0/2001:db8::77").problems == [
        "Failed to open unicast socket on interface eth0, reason: the interface has no address 2001:db8::77",
        "Failed to open link-local socket on interface eth6: somebody else on the link has the address fe80::9, too",
        "Failed to open unicast socket on interface eth6, reason: somebody else on the link has the address"
        " 2001:db8::8, too",
    ]


def test_an_interface_that_is_not_there_or_does_not_count_is_named() -> None:
    missing = ["fail to open socket on interface 'eth9' as this interface doesn't exist"]
    assert chosen("eth9").problems == missing
    assert chosen("eth9/2001:db8::1").problems == missing
    assert chosen("eth0", known=frozenset({"lo"})).problems == [missing[0].replace("eth9", "eth0")]
    assert wishes(chosen("*", known=frozenset({"lo", "eth1"}))) == [("eth1", ["fe80::b", "fe80::c"], [], False)]


def test_what_is_link_local() -> None:
    assert [*map(is_link_local, map(parse_ip6, ("fe80::1", "febf::1", "fec0::1", "fe7f::1", "ff02::1:2", "::1")))] == [
        True,
        True,
        False,
        False,
        False,
        False,
    ]
