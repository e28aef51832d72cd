"""Reservations of DHCPv6: what is in them, and each mistake told as Kea 3.0 tells it."""

# ruff: noqa: E501  (Kea says it at length)

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.snapshot6 import Host6
from kead.wire.address import parse_ip6
from tests.config.some_configs6 import load

MAC = "1a:1b:1c:1d:1e:1f"


def hosts(*written: dict[str, Any], **keywords: Any) -> tuple[Host6, ...]:
    """The reservations of a subnet written so."""
    subnet = {"id": 1, "subnet": "2001:db8:1::/64", "pools": [{"pool": "2001:db8:1::100-2001:db8:1::200"}]}
    return load({"Dhcp6": {"subnet6": [{**subnet, "reservations": list(written)}], **keywords}}).hosts


MISTAKES: list[tuple[list[dict[str, Any]], str]] = [
    (
        [{"ip-addresses": ["2001:db8:1::5"]}],
        "one of the supported identifiers must be specified for host reservation: duid, flex-id, hw-address (F:13:6)",
    ),
    ([{"duid": "01"}], "identifier is too short (1), at least 3 is required"),
    ([{"duid": "01:02"}], "identifier is too short (2), at least 3 is required"),
    ([{"duid": "01:02:03", "hw-address": MAC}], "the 'hw-address' and 'duid' are mutually exclusive (F:13:6)"),
    (
        [{"duid": "01:02:03", "ip-addresses": ["2001:db8:2::5"]}],
        "specified reservation '2001:db8:2::5' is not within the IPv6 subnet '2001:db8:1::/64'",
    ),
    (
        [{"duid": "01:02:03", "ip-addresses": ["10.0.0.1"]}],
        "invalid prefix '10.0.0.1' for new IPv6 reservation (F:16:8)",
    ),
    (
        [{"duid": "01:02:03", "ip-addresses": ["x"]}],
        "Failed to convert string to address 'x': Invalid argument (F:16:8)",
    ),
    (
        [{"duid": "01:02:03", "ip-addresses": ["::"]}],
        "specified reservation '::' is not within the IPv6 subnet '2001:db8:1::/64'",
    ),
    ([{"duid": "01:02:03", "ip-addresses": ["ff02::1"]}], "invalid prefix 'ff02::1' for new IPv6 reservation (F:16:8)"),
    (
        [{"duid": "01:02:03", "ip-addresses": ["2001:db8:1::5", "2001:db8:1::5"]}],
        "failed on attempt to add a duplicated host reservation for 2001:db8:1::5 (F:17:8)",
    ),
    (
        [
            {"duid": "01:02:03", "ip-addresses": ["2001:db8:1::5"]},
            {"duid": "01:02:04", "ip-addresses": ["2001:db8:1::5"]},
        ],
        "failed to add address reservation for host using the HW address '(null) and DUID '01:02:04' to the IPv6 subnet id '1' for address/prefix 2001:db8:1::5: There's already reservation for this address/prefix",
    ),
    (
        [{"duid": "01:02:03"}, {"duid": "01:02:03"}],
        "failed to add new host using the DUID '01:02:03' to the IPv6 subnet id '1' as this host has already been added",
    ),
    (
        [
            {"duid": "01:02:03", "ip-addresses": ["2001:db8:1::5"]},
            {"duid": "01:02:03", "ip-addresses": ["2001:db8:1::6"]},
        ],
        "failed to add new host using the DUID '01:02:03' to the IPv6 subnet id '1' as this host has already been added",
    ),
    (
        [{"hw-address": MAC}, {"hw-address": MAC}],
        "failed to add new host using the HW address '1a:1b:1c:1d:1e:1f' to the IPv6 subnet id '1' as this host has already been added",
    ),
    (
        [{"flex-id": "01", "ip-addresses": ["2001:db8:1::5"]}, {"flex-id": "02", "ip-addresses": ["2001:db8:1::5"]}],
        "failed to add address reservation for host using the HW address '(null) and DUID '(null)' to the IPv6 subnet id '1' for address/prefix 2001:db8:1::5: There's already reservation for this address/prefix",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::"]}],
        "prefix reservation requires prefix length be specified in '2001:db8:5::' (F:16:8)",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/0"]}],
        "'prefix-len' value must be in range of [1..128] (F:16:8)",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/129"]}],
        "'prefix-len' value must be in range of [1..128] (F:16:8)",
    ),
    ([{"duid": "01:02:03", "prefixes": ["2001:db8:5::/x"]}], "prefix length value 'x' is invalid (F:16:8)"),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::1/48"]}],
        "Prefix address: 2001:db8:5::1 exceeds prefix/prefix-len pair: 2001:db8:5::/48 (F:16:8)",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["x/48"]}],
        "Failed to convert string to address 'x': Invalid argument (F:16:8)",
    ),
    ([{"duid": "01:02:03", "prefixes": ["10.0.0.0/8"]}], "invalid prefix '10.0.0.0' for new IPv6 reservation (F:16:8)"),
    ([{"duid": "01:02:03", "prefixes": ["ff00::/48"]}], "invalid prefix 'ff00::' for new IPv6 reservation (F:16:8)"),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48", "2001:db8:5::/48"]}],
        "failed on attempt to add a duplicated host reservation for 2001:db8:5::/48 (F:17:8)",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48", "2001:db8:5::/56"]}],
        "failed to add address reservation for host using the HW address '(null) and DUID '01:02:03' to the IPv6 subnet id '1' for address/prefix 2001:db8:5::: There's already reservation for this address/prefix",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48"]}, {"duid": "01:02:04", "prefixes": ["2001:db8:5::/48"]}],
        "failed to add address reservation for host using the HW address '(null) and DUID '01:02:04' to the IPv6 subnet id '1' for address/prefix 2001:db8:5::: There's already reservation for this address/prefix",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48"]}, {"duid": "01:02:04", "prefixes": ["2001:db8:5::/56"]}],
        "failed to add address reservation for host using the HW address '(null) and DUID '01:02:04' to the IPv6 subnet id '1' for address/prefix 2001:db8:5::: There's already reservation for this address/prefix",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48"], "excluded-prefixes": []}],
        "'excluded-prefixes' parameter does not match the 'prefixes' parameter: 0 != 1",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48", "2001:db8:6::/48"], "excluded-prefixes": [""]}],
        "'excluded-prefixes' parameter does not match the 'prefixes' parameter: 1 != 2",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48"], "excluded-prefixes": ["2001:db8:6::/56"]}],
        "excluded prefix 2001:db8:6::/56 must have the same common prefix part of 48 as the delegated prefix 2001:db8:5::/48 (F:19:8)",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48"], "excluded-prefixes": ["2001:db8:5::/48"]}],
        "length of the excluded prefix 2001:db8:5::/48 must be greater than the length of the delegated prefix 2001:db8:5::/48 (F:19:8)",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48"], "excluded-prefixes": ["2001:db8:5::/40"]}],
        "Prefix address: 2001:db8:5:: exceeds prefix/prefix-len pair: 2001:db8::/40 (F:19:8)",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48"], "excluded-prefixes": ["x"]}],
        "exclude prefix requires prefix length be specified in 'x' (F:19:8)",
    ),
    (
        [{"duid": "01:02:03", "prefixes": ["2001:db8:5::/48"], "excluded-prefixes": ["2001:db8:5::/129"]}],
        "'prefix-len' value must be in range of [1..128] (F:19:8)",
    ),
    (
        [{"duid": "01:02:03", "excluded-prefixes": ["2001:db8:5::/56"]}],
        "'excluded-prefixes' parameter requires the 'prefixes' parameter",
    ),
    (
        [{"duid": "01:02:03", "option-data": [{"name": "dns-servers", "data": "x"}]}],
        "option data does not match option definition (space: dhcp6, code: 23): Failed to convert string to address 'x': Invalid argument (F:18:17)",
    ),
]
"""Reservations of one subnet, and what is said of them ("F" is the file, positions are Kea's)."""


@pytest.mark.parametrize(("written", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place(written: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        hosts(*written)
    assert caught.value.message == message
    assert caught.value.path.startswith("Dhcp6.subnet6[0].reservations[")
    assert caught.value.line


def test_what_is_in_one() -> None:
    (host,) = hosts(
        {
            "duid": "01:02:0A",
            "ip-addresses": ["2001:db8:1::9", "2001:db8:1::0008"],
            "prefixes": ["2001:DB8:5::/48", "2001:db8:6::/48"],
            "excluded-prefixes": ["2001:db8:5:1::/64", ""],
            "hostname": "Router.example.org",
            "option-data": [{"name": "dns-servers", "data": "2001:db8::53"}],
        }
    )
    assert (host.subnet_id, host.identifier_type, host.identifier) == (1, "duid", b"\x01\x02\x0a")
    assert host.addresses == (parse_ip6("2001:db8:1::9"), parse_ip6("2001:db8:1::8"))
    assert host.prefixes == ((parse_ip6("2001:db8:5::"), 48), (parse_ip6("2001:db8:6::"), 48))
    assert host.excluded == ((parse_ip6("2001:db8:5:1::"), 64), None)
    assert host.hostname == "Router.example.org"
    assert host.options.by_code[23][0].data == parse_ip6("2001:db8::53").to_bytes(16, "big")


def test_prefixes_need_not_lie_in_the_subnet_and_the_host_in_none_at_all() -> None:
    first, second = hosts(
        {"hw-address": MAC, "prefixes": ["3001::/48"]},
        reservations=[{"flex-id": "'x'", "ip-addresses": ["3001::5"]}],
    )
    assert (first.subnet_id, first.prefixes) == (1, ((parse_ip6("3001::"), 48),))
    assert (second.subnet_id, second.addresses, second.identifier) == (0, (parse_ip6("3001::5"),), b"x")


def test_an_address_may_be_shared_if_the_configuration_says_so() -> None:
    shared = [
        {"duid": "01:02:03", "ip-addresses": ["2001:db8:1::5"]},
        {"duid": "01:02:04", "ip-addresses": ["2001:db8:1::5"]},
    ]
    assert len(hosts(*shared, **{"ip-reservations-unique": False})) == 2


def test_config_get_shows_them_with_what_is_not_set() -> None:
    subnet = {
        "id": 1,
        "subnet": "2001:db8:1::/64",
        "reservations": [
            {
                "duid": "01:02:0A",
                "ip-addresses": ["2001:db8:1::9", "2001:db8:1::0008"],
                "prefixes": ["2001:DB8:5::/48", "2001:db8:6::/48"],
                "excluded-prefixes": ["2001:db8:5:1::/64", ""],
            },
            {"flex-id": "'ab'"},
        ],
    }
    config = load({"Dhcp6": {"subnet6": [subnet], "reservations": [{"duid": "01:02:0A", "hostname": "q"}]}})
    empty = {"client-classes": [], "hostname": "", "ip-addresses": [], "option-data": [], "prefixes": []}
    assert config.as_get["subnet6"][0]["reservations"] == [
        {
            **empty,
            "duid": "01:02:0a",
            "ip-addresses": ["2001:db8:1::9", "2001:db8:1::8"],
            "prefixes": ["2001:db8:5::/48", "2001:db8:6::/48"],
            "excluded-prefixes": ["2001:db8:5:1::/64", ""],
        },
        {**empty, "flex-id": "6162"},
    ]
    assert config.as_get["reservations"] == [{**empty, "duid": "01:02:0a", "hostname": "q"}]
