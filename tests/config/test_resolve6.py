"""What DHCPv6 packets see: inheritance, lifetimes, pools, networks, and the maps around them."""

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.reader import from_wire
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.snapshot6 import Compatibility, InterfaceChoice, Lifetime, ServerId
from kead.dhcp6.options import STANDARD
from kead.wire.address import parse_ip6
from tests.config.some_configs6 import LOOPBACK, SUBNET, load, server, subnet

NETWORK = {"name": "floor", "subnet6": [SUBNET]}


def refused(tree: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tree)
    return caught.value.message


def in_network(network: dict[str, Any], **keywords: Any) -> Any:
    """The subnet SUBNET in a network with these keywords, below these global ones."""
    tree = {name.replace("_", "-"): value for name, value in keywords.items()}
    return load({"Dhcp6": {**tree, "shared-networks": [{**NETWORK, **network}]}}).subnets[0]


def test_defaults() -> None:
    one = subnet()
    assert (one.id, one.text, one.length, one.mask) == (1, "2001:db8:1::/64", 64, (1 << 128) - (1 << 64))
    assert (one.valid, one.preferred) == (Lifetime(7200, 7200, 7200), Lifetime(4500, 4500, 4500))
    assert one.preferred_follows_valid
    assert (one.renew_timer, one.rebind_timer, one.calculate_tee_times) == (None, None, True)
    assert (one.t1_percent, one.t2_percent, one.cache_threshold) == (0.5, 0.8, 0.25)
    assert (one.rapid_commit, one.store_extended_info, one.cache_max_age) == (False, False, None)
    assert (one.allocator, one.pd_allocator, one.pd_pools, one.pd_pool_ids) == ("iterative", "iterative", (), ())
    assert (one.interface, one.interface_id, one.network, one.relay_addresses) == ("", None, None, frozenset())
    assert (one.reservations_global, one.reservations_in_subnet, one.reservations_out_of_pool) == (False, True, False)


def test_defaults_of_the_server() -> None:
    loaded = server()
    assert loaded.server_id == ServerId("LLT", b"", 0, 0, 0, True)
    assert loaded.mac_sources == ("any",)
    assert loaded.relay_supplied_options == {65}
    assert loaded.host_identifiers == ("hw-address", "duid")
    assert loaded.allow_address_registration
    assert loaded.lease_database.path == "/var/lib/kea/kea-leases6.csv"
    assert loaded.compatibility == Compatibility()


VALUES: list[tuple[str, str, Any, Any, Any]] = [
    ("renew-timer", "renew_timer", 1, 2, 3),
    ("rebind-timer", "rebind_timer", 1, 2, 3),
    ("calculate-tee-times", "calculate_tee_times", True, False, True),
    ("t1-percent", "t1_percent", 0.1, 0.2, 0.3),
    ("t2-percent", "t2_percent", 0.7, 0.8, 0.9),
    ("store-extended-info", "store_extended_info", True, False, True),
    ("cache-threshold", "cache_threshold", 0.1, 0.0, 0.3),
    ("cache-max-age", "cache_max_age", 1, 0, 3),
    ("allocator", "allocator", "random", "iterative", "random"),
    ("pd-allocator", "pd_allocator", "random", "flq", "iterative"),
    ("reservations-global", "reservations_global", True, False, True),
    ("reservations-in-subnet", "reservations_in_subnet", False, True, False),
    ("reservations-out-of-pool", "reservations_out_of_pool", True, False, True),
]


@pytest.mark.parametrize(("keyword", "attribute", "outer", "middle", "inner"), VALUES)
def test_the_nearest_value_counts(keyword: str, attribute: str, outer: Any, middle: Any, inner: Any) -> None:
    whole = {**SUBNET, keyword: inner}
    tree: dict[str, Any] = {keyword: outer, "shared-networks": [{**NETWORK, keyword: middle, "subnet6": [whole]}]}
    assert getattr(load({"Dhcp6": tree}).subnets[0], attribute) == inner
    del whole[keyword]
    assert getattr(load({"Dhcp6": tree}).subnets[0], attribute) == middle
    del tree["shared-networks"][0][keyword]
    assert getattr(load({"Dhcp6": tree}).subnets[0], attribute) == outer


@pytest.mark.parametrize(
    ("keywords", "lifetime"),
    [
        ({"preferred-lifetime": 100}, (100, 100, 100)),
        ({"preferred-lifetime": 100, "min-preferred-lifetime": 50}, (50, 100, 100)),
        ({"preferred-lifetime": 100, "max-preferred-lifetime": 150}, (100, 100, 150)),
        ({"min-preferred-lifetime": 50}, (50, 50, 50)),
        ({"max-preferred-lifetime": 60}, (60, 60, 60)),
        ({"preferred-lifetime": 9000}, (9000, 9000, 9000)),
    ],
)
def test_preferred_lifetimes(keywords: dict[str, int], lifetime: tuple[int, int, int]) -> None:
    for one in (subnet(**keywords), load({"Dhcp6": {**keywords, "subnet6": [SUBNET]}}).subnets[0]):
        assert (one.preferred, one.preferred_follows_valid) == (Lifetime(*lifetime), False)


def test_a_preferred_lifetime_that_nobody_set_follows_the_valid_one() -> None:
    one = subnet(valid_lifetime=1000, min_valid_lifetime=100, max_valid_lifetime=4294967295)
    assert (one.preferred, one.preferred_follows_valid) == (Lifetime(62, 625, 4294967295), True)


def test_each_of_the_preferred_lifetimes_is_inherited_by_itself() -> None:
    one = in_network({"preferred-lifetime": 1000}, min_preferred_lifetime=5)
    assert one.preferred == Lifetime(5, 1000, 1000)


def test_two_ends_without_a_middle_are_no_lifetime() -> None:
    both = {"min-preferred-lifetime": 5, "max-preferred-lifetime": 9}
    missing = "have min-preferred-lifetime and max-preferred-lifetime but no preferred-lifetime (default)"
    assert refused({"Dhcp6": both}) == missing
    message = refused({"Dhcp6": {"subnet6": [{**SUBNET, **both}]}})
    assert message == f"subnet configuration failed: {missing} in F:4:4"
    assert in_network(both, preferred_lifetime=7).preferred == Lifetime(5, 7, 9)


def test_pools() -> None:
    pools = [{"pool": "2001:db8:1:0:8000::/65", "pool-id": 7}, {"pool": "2001:db8:1::10 - 2001:db8:1::1f"}]
    one = subnet(pools=pools)
    assert [pool.text for pool in one.pools] == ["2001:db8:1::10/124", "2001:db8:1:0:8000::/65"]
    assert [pool.size for pool in one.pools] == [16, 1 << 63]
    assert (one.pools[0].first, one.pools[0].last) == (parse_ip6("2001:db8:1::10"), parse_ip6("2001:db8:1::1f"))
    assert one.pool_ids == (0, 7)


def test_texts_are_the_shortest() -> None:
    one = subnet(subnet=" 2001:0DB8:1:0:0::77 / 64 ")
    assert (one.text, one.prefix & one.mask) == ("2001:db8:1::77/64", parse_ip6("2001:db8:1::"))
    assert refused({"Dhcp6": {"subnet6": [SUBNET, {"id": 2, "subnet": "2001:db8:1:0::/64"}]}}).startswith(
        "subnet with the prefix of '2001:db8:1::/64' already exists"
    )


def test_subnets_come_by_id_and_are_found_by_it() -> None:
    trees = [{"id": n, "subnet": f"2001:db8:{n:x}00::/64"} for n in (9, 3)]
    loaded = load({"Dhcp6": {"subnet6": trees, "shared-networks": [NETWORK]}})
    assert [one.id for one in loaded.subnets] == [1, 3, 9]
    assert loaded.by_id[3] is loaded.subnets[1]
    assert loaded.networks[0].subnets == (loaded.subnets[0],)
    assert loaded.subnets[0].network is loaded.networks[0]


def test_the_link_of_the_network_is_that_of_a_subnet_without() -> None:
    network = {"interface-id": "port 7", "relay": {"ip-addresses": ["2001:db8::1"]}}
    one = in_network(network)
    assert (one.interface_id, one.interface) == (b"port 7", "")
    assert one.relay_addresses == {parse_ip6("2001:db8::1")}
    own = load({"Dhcp6": {"shared-networks": [{**NETWORK, **network, "subnet6": [{**SUBNET, "interface-id": "x"}]}]}})
    assert own.subnets[0].interface_id == b"x"
    assert in_network({"interface": "eth0"}).interface == "eth0"


def test_an_interface_id_is_bytes() -> None:
    assert (
        load('{ "Dhcp6": { "subnet6": [ { "id": 1, "subnet": "::/0", "interface-id": "é\\u0001" } ] } }')
        .subnets[0]
        .interface_id
        == "é\x01".encode()
    )
    assert subnet(interface_id="").interface_id is None
    wide = from_wire({"Dhcp6": {"subnet6": [{**SUBNET, "interface-id": "\u20ac"}]}})
    with pytest.raises(ConfigError, match="has no single byte"):
        load6(wide, STANDARD, context=Restrictions())


def test_a_subnet_is_reached_by_an_interface_or_through_relay_agents() -> None:
    message = refused({"Dhcp6": {"subnet6": [{**SUBNET, "interface": "eth0", "interface-id": "x"}]}})
    assert "cannot be defined at the same time for subnet 2001:db8:1::/64(F:4:4)" in message


def test_rapid_commit_is_one_for_a_network() -> None:
    two = [{**SUBNET, "rapid-commit": True}, {"id": 2, "subnet": "2001:db8:2::/64"}]
    assert "same rapid-commit value" in refused({"Dhcp6": {"shared-networks": [{"name": "n", "subnet6": two}]}})
    loaded = load({"Dhcp6": {"shared-networks": [{"name": "n", "rapid-commit": True, "subnet6": two}]}})
    assert [one.rapid_commit for one in loaded.subnets] == [True, True]
    assert subnet(rapid_commit=True).rapid_commit


def test_a_network_is_on_one_link() -> None:
    two = [{**SUBNET, "interface": "eth0"}, {"id": 2, "subnet": "2001:DB8:2::/64", "interface": "eth1"}]
    assert refused({"Dhcp6": {"shared-networks": [{"name": "n", "subnet6": two}]}}) == (
        "Subnet 2001:db8:2::/64 has specified interface eth1, but earlier subnet in the same shared-network or the "
        "shared-network itself used eth0"
    )


def test_who_the_server_is() -> None:
    written = {"type": "EN", "enterprise-id": 2495, "identifier": "87 65 4a bc", "persist": False}
    assert server(server_id=written).server_id == ServerId("EN", bytes.fromhex("87654abc"), 0, 0, 2495, False)
    written = {"type": "LLT", "htype": 8, "time": 0xFFFFFFFF, "identifier": "A65DC7410F05"}
    identity = server(server_id=written).server_id
    assert (identity.htype, identity.time, identity.identifier.hex()) == (8, 0xFFFFFFFF, "a65dc7410f05")


def test_mac_sources_by_either_name() -> None:
    names = ["rfc6939", "remote-id", "rfc4580", "duid"]
    found = server(mac_sources=names).mac_sources
    assert found == ("client-link-addr-option", "remote-id", "subscriber-id", "duid")


def test_options_that_relay_agents_may_supply() -> None:
    assert server(relay_supplied_options=["dns-servers", "110", "0023"]).relay_supplied_options == {23, 65, 110}


def test_interfaces() -> None:
    chosen = ["eth0", "eth1/2001:db8::1", "eth1/2001:db8::2", "eth1", "*"]
    loaded = server(interfaces_config={"interfaces": chosen, "re-detect": False, "service-sockets-max-retries": 3})
    assert loaded.interfaces.interfaces == (
        InterfaceChoice("eth0"),
        InterfaceChoice("eth1", parse_ip6("2001:db8::1")),
        InterfaceChoice("eth1", parse_ip6("2001:db8::2")),
        InterfaceChoice("eth1"),
        InterfaceChoice("*"),
    )
    assert (loaded.interfaces.re_detect, loaded.interfaces.max_retries) == (False, 3)


def test_interfaces_are_looked_for_only_where_there_is_a_list_of_them() -> None:
    tree = {"Dhcp6": {"interfaces-config": {"interfaces": ["lo/::1"]}, "subnet6": [{**SUBNET, "interface": "lo"}]}}
    assert load(tree, interfaces=lambda: LOOPBACK).interfaces.interfaces == (InterfaceChoice("lo", 1),)
    with pytest.raises(ConfigError, match="interface 'lo' doesn't have address '::1' assigned"):
        load(tree, interfaces=lambda: {"lo": ()})
    with pytest.raises(ConfigError, match="Specified network interface name lo for subnet"):
        load(tree, interfaces=dict)
    del tree["Dhcp6"]["subnet6"]
    with pytest.raises(ConfigError, match="interface 'lo' doesn't exist in the system"):
        load(tree, interfaces=dict)


def test_the_data_directory_is_the_environment_s() -> None:
    loaded = server(data_directory="/var/lib/kea")
    assert loaded.warnings == ("'data-directory' (F:14:21) is ignored",)
    assert "data-directory" not in loaded.as_get
    elsewhere = {"Dhcp6": {"data-directory": "/tmp"}}
    assert refused(elsewhere) == "'data-directory' of '/tmp' is invalid, supported path is '/var/lib/kea'"
    assert load(elsewhere, enforce=False).lease_database.path == "/var/lib/kea/kea-leases6.csv"


def test_timers_the_wrong_way_round_are_told_once() -> None:
    many = [{"id": n, "subnet": f"2001:db8:{n}::/64"} for n in range(1, 5)]
    loaded = load({"Dhcp6": {"renew-timer": 5, "rebind-timer": 4, "subnet6": many}})
    assert len(loaded.warnings) == 1
    assert "renew-timer 5 is greater than" in loaded.warnings[0]


def test_older_spellings_are_taken_with_a_warning() -> None:
    old = {"control-socket": {"socket-type": "unix", "socket-name": "old"}, "reservation-mode": "global"}
    one = {**SUBNET, "client-class": "ALL", "require-client-classes": ["more"]}
    loaded = load({"Dhcp6": {**old, "subnet6": [one]}})
    assert loaded.control_sockets[0].path == "/run/kea/old"
    assert loaded.subnets[0].reservations_global
    assert (loaded.subnets[0].classes, loaded.subnets[0].additional_classes) == (("ALL",), ("more",))
    for word in ("control-socket", "reservation-mode", "client-class", "require-client-classes"):
        assert any(f"'{word}'" in warning and "older spelling" in warning for warning in loaded.warnings), word
