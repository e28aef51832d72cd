"""What packets see: inheritance, lifetimes, pools, networks, and the maps around them."""

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.reader import from_wire
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.snapshot4 import Compatibility, Expiration, InterfaceChoice, Lifetime, MultiThreading
from kead.dhcp4.options import STANDARD
from kead.wire.address import parse_ip4
from tests.config.some_configs import SUBNET, load, server, subnet

NETWORK = {"name": "floor", "subnet4": [SUBNET]}


def refused(tree: dict[str, Any]) -> str:
    with pytest.raises(ConfigError) as caught:
        load(tree)
    return caught.value.message


def in_network(network: dict[str, Any], **keywords: Any) -> Any:
    """The subnet SUBNET in a network with these keywords, below these global ones."""
    tree = {name.replace("_", "-"): value for name, value in keywords.items()}
    return load({"Dhcp4": {**tree, "shared-networks": [{**NETWORK, **network}]}}).subnets[0]


def test_defaults() -> None:
    one = subnet()
    assert (one.id, one.text, one.length, one.mask) == (1, "192.0.2.0/24", 24, 0xFFFFFF00)
    assert one.valid == Lifetime(7200, 7200, 7200)
    assert (one.renew_timer, one.rebind_timer, one.calculate_tee_times) == (None, None, False)
    assert (one.t1_percent, one.t2_percent, one.cache_threshold) == (0.5, 0.875, 0.25)
    assert (one.match_client_id, one.authoritative, one.store_extended_info) == (True, False, False)
    assert (one.next_server, one.server_hostname, one.boot_file_name) == (0, b"", b"")
    assert (one.cache_max_age, one.offer_lifetime, one.allocator) == (None, None, "iterative")
    assert (one.interface, one.network, one.server_id, one.relay_addresses) == ("", None, None, frozenset())
    assert (one.reservations_global, one.reservations_in_subnet, one.reservations_out_of_pool) == (False, True, False)


VALUES: list[tuple[str, str, Any, Any, Any]] = [
    ("renew-timer", "renew_timer", 1, 2, 3),
    ("rebind-timer", "rebind_timer", 1, 2, 3),
    ("calculate-tee-times", "calculate_tee_times", True, False, True),
    ("t1-percent", "t1_percent", 0.1, 0.2, 0.3),
    ("t2-percent", "t2_percent", 0.7, 0.8, 0.9),
    ("match-client-id", "match_client_id", False, True, False),
    ("next-server", "next_server", "192.0.2.1", "192.0.2.2", "192.0.2.3"),
    ("server-hostname", "server_hostname", "a", "b", "c"),
    ("boot-file-name", "boot_file_name", "a", "b", "c"),
    ("store-extended-info", "store_extended_info", True, False, True),
    ("cache-threshold", "cache_threshold", 0.1, 0.0, 0.3),
    ("cache-max-age", "cache_max_age", 1, 0, 3),
    ("offer-lifetime", "offer_lifetime", 1, 0, 3),
    ("allocator", "allocator", "random", "flq", "iterative"),
    ("reservations-global", "reservations_global", True, False, True),
    ("reservations-in-subnet", "reservations_in_subnet", False, True, False),
    ("reservations-out-of-pool", "reservations_out_of_pool", True, False, True),
]


@pytest.mark.parametrize(("keyword", "attribute", "outer", "middle", "inner"), VALUES)
def test_the_nearest_value_counts(keyword: str, attribute: str, outer: Any, middle: Any, inner: Any) -> None:
    def seen(value: Any) -> Any:
        if keyword == "next-server":
            return parse_ip4(value)
        return value.encode() if isinstance(value, str) and keyword != "allocator" else value

    whole = {**SUBNET, keyword: inner}
    tree: dict[str, Any] = {keyword: outer, "shared-networks": [{**NETWORK, keyword: middle, "subnet4": [whole]}]}
    assert getattr(load({"Dhcp4": tree}).subnets[0], attribute) == seen(inner)
    del whole[keyword]
    assert getattr(load({"Dhcp4": tree}).subnets[0], attribute) == seen(middle)
    del tree["shared-networks"][0][keyword]
    assert getattr(load({"Dhcp4": tree}).subnets[0], attribute) == seen(outer)


def test_empty_header_texts_say_nothing() -> None:
    outer = {"next-server": "192.0.2.9", "server-hostname": "up", "boot-file-name": "up"}
    empty = dict.fromkeys(outer, "")
    one = load({"Dhcp4": {**outer, "subnet4": [{**SUBNET, **empty}]}}).subnets[0]
    assert (one.next_server, one.server_hostname, one.boot_file_name) == (parse_ip4("192.0.2.9"), b"up", b"up")


@pytest.mark.parametrize(
    ("keywords", "lifetime"),
    [
        ({"valid-lifetime": 100}, (100, 100, 100)),
        ({"valid-lifetime": 100, "min-valid-lifetime": 50}, (50, 100, 100)),
        ({"valid-lifetime": 100, "max-valid-lifetime": 150}, (100, 100, 150)),
        ({"valid-lifetime": 100, "min-valid-lifetime": 50, "max-valid-lifetime": 150}, (50, 100, 150)),
        ({"min-valid-lifetime": 50}, (50, 7200, 7200)),
        ({"max-valid-lifetime": 9000}, (7200, 7200, 9000)),
        ({"valid-lifetime": 4294967295}, (4294967295, 4294967295, 4294967295)),
    ],
)
def test_lifetimes(keywords: dict[str, int], lifetime: tuple[int, int, int]) -> None:
    assert subnet(**keywords).valid == Lifetime(*lifetime)
    assert load({"Dhcp4": {**keywords, "subnet4": [SUBNET]}}).subnets[0].valid == Lifetime(*lifetime)


def test_each_of_the_three_lifetimes_is_inherited_by_itself() -> None:
    one = in_network({"valid-lifetime": 1000}, min_valid_lifetime=5)
    assert one.valid == Lifetime(5, 1000, 1000)


def test_a_lifetime_of_more_than_32_bits_wraps_with_a_warning() -> None:
    loaded = load({"Dhcp4": {"valid-lifetime": -1, "subnet4": [SUBNET, {**SUBNET, "id": 2, "subnet": "192.0.2.0/25"}]}})
    assert loaded.subnets[0].valid == Lifetime(*[4294967295] * 3)
    assert loaded.warnings == ("'valid-lifetime' -1 (F:3:21) is taken as 4294967295",)


def test_a_global_mistake_needs_a_subnet_to_show() -> None:
    assert load({"Dhcp4": {"renew-timer": -5, "subnet4": []}})
    message = "subnet configuration failed: the value of renew-timer (-5) must be a positive number"
    assert refused({"Dhcp4": {"renew-timer": -5, "subnet4": [SUBNET]}}) == message


def test_global_header_texts_are_checked_without_any_subnet() -> None:
    assert "at most 63 bytes" in refused({"Dhcp4": {"server-hostname": "h" * 64}})
    assert "at most 127 bytes" in refused({"Dhcp4": {"boot-file-name": "h" * 129}})
    assert "next-server : x" in refused({"Dhcp4": {"next-server": "x"}})
    assert load({"Dhcp4": {"boot-file-name": "h" * 128, "next-server": ""}})
    wide = from_wire({"Dhcp4": {"server-hostname": "\u20ac"}})
    with pytest.raises(ConfigError, match="has no single byte"):
        load4(wide, STANDARD, context=Restrictions())


def test_percents_matter_only_when_they_are_used() -> None:
    assert subnet(t1_percent=0.9, t2_percent=0.5).t1_percent == 0.9


def test_timers_the_wrong_way_round_are_told_once() -> None:
    many = [{**SUBNET, "id": n, "subnet": f"10.{n}.0.0/16", "pools": []} for n in range(1, 5)]
    loaded = load({"Dhcp4": {"renew-timer": 5, "rebind-timer": 4, "subnet4": many}})
    assert len(loaded.warnings) == 1
    assert "renew-timer 5 is greater than" in loaded.warnings[0]


@pytest.mark.parametrize(
    ("text", "first", "last", "shown"),
    [
        ("192.0.2.1-192.0.2.9", "192.0.2.1", "192.0.2.9", "192.0.2.1-192.0.2.9"),
        (" 192.0.2.1 - 192.0.2.1 ", "192.0.2.1", "192.0.2.1", "192.0.2.1/32"),
        ("192.0.2.64 / 26", "192.0.2.64", "192.0.2.127", "192.0.2.64/26"),
        ("192.0.2.64-192.0.2.127", "192.0.2.64", "192.0.2.127", "192.0.2.64/26"),
        ("192.0.2.63-192.0.2.126", "192.0.2.63", "192.0.2.126", "192.0.2.63-192.0.2.126"),
        ("192.0.2.0/24", "192.0.2.0", "192.0.2.255", "192.0.2.0/24"),
    ],
)
def test_pools(text: str, first: str, last: str, shown: str) -> None:
    (pool,) = subnet(pools=[{"pool": text}]).pools
    assert (pool.first, pool.last, pool.text) == (parse_ip4(first), parse_ip4(last), shown)
    assert pool.size == pool.last - pool.first + 1


def test_pools_come_in_address_order() -> None:
    pools = [{"pool": "192.0.2.128/26", "pool-id": 7}, {"pool": "192.0.2.10-192.0.2.20"}, {"pool": "192.0.2.21/32"}]
    one = subnet(pools=pools)
    assert [pool.text for pool in one.pools] == ["192.0.2.10-192.0.2.20", "192.0.2.21/32", "192.0.2.128/26"]
    assert one.pool_ids == (0, 7)


def test_a_big_pool_that_holds_a_small_one() -> None:
    pools = [{"pool": "192.0.2.100-192.0.2.101"}, {"pool": "192.0.2.200/32"}, {"pool": "192.0.2.0/24"}]
    with pytest.raises(ConfigError, match=r"192.0.2.0-192.0.2.255 overlaps") as caught:
        subnet(pools=pools)
    assert caught.value.path == "Dhcp4.subnet4[0].pools[2].pool"


def test_host_bits_of_a_prefix_stay_but_count_for_nothing() -> None:
    one = subnet(subnet=" 192.0.2.77 / 24 ")
    assert (one.text, one.prefix & one.mask) == ("192.0.2.77/24", parse_ip4("192.0.2.0"))
    whole = subnet(subnet="0.0.0.0/0")
    assert (whole.mask, whole.length) == (0, 0)


def test_subnets_come_by_id_and_are_found_by_it() -> None:
    trees = [{**SUBNET, "id": n, "subnet": f"10.{n}.0.0/16", "pools": []} for n in (9, 3)]
    loaded = load({"Dhcp4": {"subnet4": trees, "shared-networks": [NETWORK]}})
    assert [one.id for one in loaded.subnets] == [1, 3, 9]
    assert loaded.by_id[3] is loaded.subnets[1]
    assert loaded.networks[0].subnets == (loaded.subnets[0],)
    assert loaded.subnets[0].network is loaded.networks[0]


def test_relay_agents_of_the_network_are_those_of_a_subnet_without() -> None:
    relays = {"relay": {"ip-addresses": ["198.51.100.1", "198.51.100.2"]}}
    one = in_network(relays)
    assert one.relay_addresses == {parse_ip4("198.51.100.1"), parse_ip4("198.51.100.2")}
    own = load({"Dhcp4": {"shared-networks": [{**NETWORK, **relays, "subnet4": [{**SUBNET, "relay": {
        "ip-addresses": ["198.51.100.9"]}}]}]}}).subnets[0]  # fmt: skip
    assert own.relay_addresses == {parse_ip4("198.51.100.9")}
    assert own.network is not None
    assert len(own.network.relay_addresses) == 2


def test_a_network_is_on_one_link() -> None:
    two = [{**SUBNET, "interface": "eth0"}, {"id": 2, "subnet": "10.0.0.0/8", "interface": "eth1"}]
    assert refused({"Dhcp4": {"shared-networks": [{"name": "n", "subnet4": two}]}}) == (
        "Subnet 10.0.0.0/8 has specified interface eth1, but earlier subnet in the same shared-network or the "
        "shared-network itself used eth0"
    )
    assert in_network({"interface": "eth0"}).interface == "eth0"


def test_a_network_is_authoritative_as_a_whole() -> None:
    subnets = [{**SUBNET, "authoritative": False}]
    message = "has different authoritative setting false than the shared-network itself: true"
    assert message in refused({"Dhcp4": {"shared-networks": [{**NETWORK, "authoritative": True, "subnet4": subnets}]}})
    agreeing = [{**SUBNET, "authoritative": True}]
    tree = {"authoritative": True, "shared-networks": [{**NETWORK, "subnet4": agreeing}]}
    assert load({"Dhcp4": tree}).subnets[0].authoritative


def test_older_spellings_are_taken_with_a_warning() -> None:
    loaded = load(
        {
            "Dhcp4": {
                "control-socket": {"socket-type": "unix", "socket-name": "old"},
                "reservation-mode": "global",
                "loggers": [{"name": "kea-dhcp4", "output_options": [{"output": "stdout"}]}],
                "subnet4": [
                    {
                        **SUBNET,
                        "reservation-mode": "out-of-pool",
                        "client-class": "ALL",
                        "require-client-classes": ["more"],
                    }
                ],
            }
        }
    )
    assert loaded.control_sockets[0].path == "/run/kea/old"
    one = loaded.subnets[0]
    assert (one.reservations_global, one.reservations_in_subnet, one.reservations_out_of_pool) == (False, True, True)
    assert (one.classes, one.additional_classes) == (("ALL",), ("more",))
    assert loaded.loggers[0].outputs is not None
    words = ("control-socket", "reservation-mode", "output_options", "client-class", "require-client-classes")
    for word in words:
        assert any(f"'{word}'" in warning and "older spelling" in warning for warning in loaded.warnings), word


def test_old_and_new_together_are_refused() -> None:
    subnets = [{**SUBNET, "client-class": "ALL", "client-classes": ["ALL"]}]
    assert refused({"Dhcp4": {"subnet4": subnets}}) == (
        "subnet configuration failed: cannot specify both 'client-class' and 'client-classes'. Use only the latter."
    )


def test_the_surroundings() -> None:
    loaded = server(
        interfaces_config={
            "interfaces": ["eth0", "eth1/192.0.2.1", "eth1/192.0.2.2"],
            "dhcp-socket-type": "udp",
            "outbound-interface": "use-routing",
            "re-detect": False,
            "service-sockets-require-all": True,
            "service-sockets-max-retries": 3,
            "service-sockets-retry-wait-time": 500,
        },
        expired_leases_processing={"max-reclaim-time": 0, "hold-reclaimed-time": 4294967295},
        compatibility={"lenient-option-parsing": True, "exclude-first-last-24": True},
        multi_threading={"enable-multi-threading": False, "thread-pool-size": 4, "packet-queue-size": 28},
        sanity_checks={"lease-checks": "fix-del", "extended-info-checks": "strict"},
        lease_database={"type": "memfile", "persist": False, "lfc-interval": 0, "durability": "fsync"},
        hooks_libraries=[{"library": "libdhcp_x.so"}, {"library": "y", "parameters": {"z": [1]}}],
        host_reservation_identifiers=["flex-id", "duid"],
        decline_probation_period=1,
        parked_packet_limit=0,
        echo_client_id=False,
        stash_agent_options=True,
        statistic_default_sample_count=5,
        statistic_default_sample_age=6,
        server_tag="tag",
        comment="a comment",
        user_context={"b": 1},
    )
    interfaces = loaded.interfaces
    assert interfaces.interfaces == (
        InterfaceChoice("eth0"),
        InterfaceChoice("eth1", parse_ip4("192.0.2.1")),
        InterfaceChoice("eth1", parse_ip4("192.0.2.2")),
    )
    assert (interfaces.udp, interfaces.use_routing, interfaces.re_detect, interfaces.require_all) == (
        True,
        True,
        False,
        True,
    )
    assert (interfaces.max_retries, interfaces.retry_wait) == (3, 500)
    assert loaded.expiration == Expiration(max_reclaim_time=0, hold_reclaimed_time=4294967295)
    assert loaded.compatibility == Compatibility(lenient_option_parsing=True, exclude_first_last_24=True)
    assert loaded.multi_threading == MultiThreading(False, 4, 28)
    assert (loaded.sanity.lease_checks, loaded.sanity.extended_info_checks) == ("fix-del", "strict")
    database = loaded.lease_database
    assert (database.persist, database.lfc_interval, database.durability) == (False, 0, "fsync")
    assert [(library.library, library.parameters) for library in loaded.hooks_libraries] == [
        ("libdhcp_x.so", {}),
        ("y", {"z": [1]}),
    ]
    assert loaded.host_identifiers == ("flex-id", "duid")
    assert (loaded.decline_probation_period, loaded.parked_packet_limit) == (1, 0)
    assert (loaded.echo_client_id, loaded.stash_agent_options, loaded.server_tag) == (False, True, "tag")
    assert (loaded.statistic_default_sample_count, loaded.statistic_default_sample_age) == (5, 6)
    assert loaded.user_context == {"b": 1, "comment": "a comment"}


def test_auto_stands_for_every_identifier() -> None:
    identifiers = ("hw-address", "duid", "circuit-id", "client-id", "flex-id")
    assert server(host_reservation_identifiers=["auto"]).host_identifiers == identifiers
    assert server().host_identifiers == identifiers[:-1]
