"""Reservations indexed: a client is found by the first of its identifiers that has one, an address by its holders."""

from __future__ import annotations

from kead.config.snapshot import IdentifierType, OptionScope
from kead.config.snapshot4 import Host4
from kead.hosts.configured import GLOBAL, ConfiguredHosts


def host(subnet_id: int, kind: IdentifierType, identifier: bytes, address: int = 0) -> Host4:
    return Host4(
        subnet_id=subnet_id,
        identifier_type=kind,
        identifier=identifier,
        hostname="",
        classes=(),
        options=OptionScope("reservation"),
        address=address,
        next_server=0,
        server_hostname=b"",
        boot_file_name=b"",
    )


def table(*hosts: Host4) -> ConfiguredHosts[Host4]:
    return ConfiguredHosts(hosts, lambda one: (one.address,) if one.address else ())


def test_the_first_identifier_that_has_a_reservation_decides() -> None:
    by_mac, by_duid = host(1, "hw-address", b"\1\2"), host(1, "duid", b"\1\2")
    hosts = table(by_mac, by_duid)
    assert hosts.find(1, [("duid", b"\1\2"), ("hw-address", b"\1\2")]) is by_duid
    assert hosts.find(1, [("hw-address", b"\1\2"), ("duid", b"\1\2")]) is by_mac
    assert hosts.find(1, [("circuit-id", b"\1\2"), ("duid", b"\1\2")]) is by_duid
    assert hosts.find(1, [("client-id", b"\1\2")]) is None


def test_a_subnet_does_not_know_the_reservations_of_another() -> None:
    hosts = table(host(1, "duid", b"\1\2"), host(GLOBAL, "duid", b"\3"))
    assert hosts.find(2, [("duid", b"\1\2")]) is None
    assert hosts.find(1, [("duid", b"\3")]) is None
    assert hosts.find(GLOBAL, [("duid", b"\3")]) is not None
    assert hosts.any_in(1)
    assert hosts.any_in(GLOBAL)
    assert not hosts.any_in(2)


def test_nothing_reserved_is_false() -> None:
    assert not table()
    assert table(host(GLOBAL, "duid", b"\3"))


def test_an_address_tells_for_whom_it_is_reserved() -> None:
    one, two, other = host(1, "duid", b"\1", 77), host(1, "duid", b"\2", 77), host(2, "duid", b"\1", 77)
    hosts = table(one, two, other, host(1, "duid", b"\3"))
    assert hosts.holders(1, 77) == (one, two)
    assert hosts.holders(2, 77) == (other,)
    assert hosts.holders(1, 78) == ()
    assert hosts.holders(1, 0) == ()
