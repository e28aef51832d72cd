"""interfaces-config: which interfaces and addresses are meant, and what is said about those that cannot be had."""

from __future__ import annotations

from kead.config.snapshot4 import InterfaceChoice, InterfacesConfig
from kead.dhcp4.selection import select
from kead.network.interfaces import Interface, Interfaces
from kead.wire.address import parse_ip4

UP, BROADCAST, LOOPBACK, RUNNING = 0x1, 0x2, 0x8, 0x40


def interface(
    name: str, index: int, *addresses: str, flags: int = UP | BROADCAST | RUNNING, kind: int = 1
) -> Interface:
    return Interface(name, index, kind, flags, bytes(6), tuple(map(parse_ip4, addresses)))


class Table(Interfaces):
    """Interfaces that a test makes up."""

    def __init__(self, *interfaces: Interface) -> None:
        super().__init__()
        self._by_index = {one.index: one for one in interfaces}
        self._by_name = {one.name: one for one in interfaces}


TABLE = Table(
    interface("lo", 1, "127.0.0.1", flags=UP | LOOPBACK | RUNNING, kind=772),
    interface("eth0", 2, "192.0.2.1"),
    interface("eth1", 3, "198.51.100.1", "198.51.100.2"),
    interface("eth2", 4),
    interface("eth3", 5, "203.0.113.1", flags=UP | BROADCAST),
    interface("eth4", 6, "203.0.113.2", flags=BROADCAST),
    interface("tun0", 7, "10.0.0.1", flags=UP | RUNNING, kind=65534),
)


def chosen(*names: str, udp: bool = False) -> tuple[list[tuple[str, int, bool]], list[str]]:
    choices = []
    for name in names:
        plain, _, address = name.partition("/")
        choices.append(InterfaceChoice(plain, parse_ip4(address) if address else None))
    wanted, problems = select(InterfacesConfig(interfaces=tuple(choices), udp=udp), TABLE)
    return [(wish.interface.name, len(wish.addresses), wish.raw) for wish in wanted], problems


def test_one_interface_means_all_its_addresses() -> None:
    assert chosen("eth1") == ([("eth1", 2, True)], [])


def test_one_address_means_no_other() -> None:
    wanted, problems = select(InterfacesConfig(interfaces=(InterfaceChoice("eth1", parse_ip4("198.51.100.2")),)), TABLE)
    assert [wish.addresses for wish in wanted] == [(parse_ip4("198.51.100.2"),)]
    assert not problems


def test_all_interfaces_with_what_is_wrong_with_some() -> None:
    assert chosen("*") == (
        [("eth0", 1, True), ("eth1", 2, True), ("tun0", 1, False)],
        [
            "the interface eth2 has no usable IPv4 addresses configured",
            "the interface eth3 is not running",
            "the interface eth4 is down",
        ],
    )


def test_loopback_only_when_named_and_by_udp() -> None:
    assert chosen("lo") == ([], ["must not open socket on the loopback interface lo"])
    assert chosen("lo", udp=True) == ([("lo", 1, False)], [])
    assert ("lo", 1, False) not in chosen("*", udp=True)[0]
    assert ("lo", 1, False) in chosen("*", "lo", udp=True)[0]


def test_nothing_chosen_is_no_problem() -> None:
    assert chosen() == ([], [])


def test_an_interface_that_is_not_there_is_named() -> None:
    assert chosen("eth9", "eth0") == (
        [("eth0", 1, True)],
        ["fail to open socket on interface 'eth9' as this interface doesn't exist"],
    )


def test_a_served_interface_may_lose_its_carrier() -> None:
    config = InterfacesConfig(interfaces=(InterfaceChoice("eth3"),))
    assert select(config, TABLE)[1] == ["the interface eth3 is not running"]
    wanted, problems = select(config, TABLE, [5])
    assert [wish.interface.name for wish in wanted] == ["eth3"]
    assert not problems


def test_interfaces_that_do_not_count_are_neither_served_nor_missed() -> None:
    everything = InterfacesConfig(interfaces=(InterfaceChoice("*"),))
    wanted, problems = select(everything, TABLE, known={"eth0"})
    assert [wish.interface.name for wish in wanted] == ["eth0"]
    assert not problems
    assert select(InterfacesConfig(interfaces=(InterfaceChoice("eth1"),)), TABLE, known={"eth0"}) == (
        [],
        ["fail to open socket on interface 'eth1' as this interface doesn't exist"],
    )
