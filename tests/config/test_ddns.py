"""The ddns- keywords and dhcp-ddns: inheritance, mistakes in Kea's words, and what config-get shows."""

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.reader import from_wire
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.snapshot import NO_DDNS, D2Client
from kead.dhcp4.options import STANDARD
from tests.config.some_configs import SUBNET, load, server, subnet

POOL = {"pool": "192.0.2.30 - 192.0.2.40"}
ENABLED = {"enable-updates": True}


def test_without_any_all_is_as_without_ddns() -> None:
    config = server()
    assert config.d2_client == D2Client()
    assert config.subnets[0].ddns is NO_DDNS
    assert config.subnets[0].pools[0].ddns is None


def test_each_keyword_is_inherited_by_itself() -> None:
    own = {**POOL, "ddns-qualifying-suffix": "pool.example"}
    network = {
        "name": "floor",
        "ddns-ttl-percent": 0.5,
        "ddns-generated-prefix": "floor",
        "subnet4": [
            {**SUBNET, "ddns-qualifying-suffix": "subnet.example", "pools": [{"pool": "192.0.2.10 - 192.0.2.20"}, own]}
        ],
    }
    tree = {"dhcp-ddns": ENABLED, "ddns-override-no-update": True, "ddns-generated-prefix": "all"}
    one = load({"Dhcp4": {**tree, "shared-networks": [network]}}).subnets[0]
    assert (one.ddns.updates, one.ddns.override_no_update) == (True, True)
    assert (one.ddns.generated_prefix, one.ddns.qualifying_suffix) == ("floor", "subnet.example")
    assert one.ddns.ttl_percent == 0.5
    first, second = one.pools
    assert first.ddns is None
    assert second.ddns is not None
    assert (second.ddns.generated_prefix, second.ddns.qualifying_suffix) == ("floor", "pool.example")


def test_equal_ones_are_one_object() -> None:
    others = [{**SUBNET, "id": n, "subnet": f"10.{n}.0.0/16", "pools": [], "ddns-ttl": 5} for n in (1, 2)]
    one, other = server(subnet4=others).subnets
    assert one.ddns is other.ddns


@pytest.mark.parametrize(("keyword", "updates"), [(None, True), (True, True), (False, False)])
def test_updates(keyword: bool | None, updates: bool) -> None:
    own = {} if keyword is None else {"ddns-send-updates": keyword}
    assert server(dhcp_ddns=ENABLED, subnet4=[{**SUBNET, **own}]).subnets[0].ddns.updates is updates
    assert not server(subnet4=[{**SUBNET, **own}]).subnets[0].ddns.updates


def test_older_spellings() -> None:
    assert subnet(ddns_use_conflict_resolution=False).ddns.conflict_resolution_mode == "no-check-with-dhcid"
    assert subnet(ddns_use_conflict_resolution=True).ddns.conflict_resolution_mode == "check-with-dhcid"
    shown = server(ddns_use_conflict_resolution=False).as_get
    assert shown["ddns-conflict-resolution-mode"] == "no-check-with-dhcid"
    with pytest.raises(ConfigError, match="boolean values for the ddns-replace-client-name are no longer supported"):
        subnet(ddns_replace_client_name=True)
    tree = {"Dhcp4": {"subnet4": [{**SUBNET, "ddns-replace-client-name": True}]}}
    config = load4(from_wire(tree), STANDARD, context=Restrictions())
    assert config.subnets[0].ddns.replace_client_name == "when-present"


MISTAKES: list[tuple[dict[str, Any], str]] = [
    ({"ddns-ttl": 5, "ddns-ttl-percent": 0.5}, "cannot specify both ddns-ttl-percent and ddns-ttl"),
    ({"ddns-ttl": 0, "ddns-ttl-min": 4}, "cannot specify both ddns-ttl-min and ddns-ttl"),
    ({"ddns-ttl": 5, "ddns-ttl-max": 4}, "cannot specify both ddns-ttl-max and ddns-ttl"),
    ({"ddns-ttl-max": 5, "ddns-ttl-min": 10}, "ddns-ttl-max: 5 must be greater than ddns-ttl-min: 10"),
    ({"hostname-char-set": "["}, "hostname-char-set '[' is not a valid regular expression"),
]


@pytest.mark.parametrize(("keywords", "text"), MISTAKES)
def test_mistakes(keywords: dict[str, Any], text: str) -> None:
    places = (
        ({"subnet4": [{**SUBNET, **keywords}]}, f"subnet configuration failed: {text}"),
        ({"subnet4": [{**SUBNET, "pools": [{**POOL, **keywords}]}]}, text),
        ({**keywords, "subnet4": []}, text),
    )
    for tree, expected in places:
        with pytest.raises(ConfigError) as caught:
            load({"Dhcp4": tree})
        assert caught.value.message == expected
        assert caught.value.line


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"ncr-protocol": "TCP"}, "D2ClientConfig error: NCR Protocol: TCP is not supported. (F:"),
        (
            {"server-ip": "::1", "sender-ip": "1.2.3.4"},
            "D2ClientConfig error: address family mismatch: server-ip: ::1 is: IPv6 while sender-ip: 1.2.3.4 is: IPv4",
        ),
        ({"server-ip": "x"}, "Failed to convert 'x' to address: Failed to convert string to address 'x': Invalid arg"),
        ({"sender-ip": "x"}, "invalid address (x) specified for parameter 'sender-ip' (F:"),
        (
            {"server-port": 5000, "sender-ip": "127.0.0.1", "sender-port": 5000},
            "D2ClientConfig error: server and sender cannot share the exact same IP address/port: 127.0.0.1/5000 (F:",
        ),
        ({"sender-port": -1}, "out of range value (-1) specified for parameter 'sender-port' (F:"),
        ({"max-queue-size": 0}, "D2ClientConfig error: 'max-queue-size' must be greater than zero (F:"),
    ],
)
def test_mistakes_in_dhcp_ddns(keywords: dict[str, Any], text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        server(dhcp_ddns={**ENABLED, **keywords})
    assert caught.value.message.startswith(text)


def test_config_get() -> None:
    own = {**POOL, "ddns-ttl-min": 5}
    config = server(dhcp_ddns={**ENABLED, "server-ip": "::1"}, ddns_ttl=7, subnet4=[{**SUBNET, "pools": [own]}])
    shown = config.as_get
    assert shown["dhcp-ddns"] == {
        "enable-updates": True,
        "max-queue-size": 1024,
        "ncr-format": "JSON",
        "ncr-protocol": "UDP",
        "sender-ip": "::",
        "sender-port": 0,
        "server-ip": "::1",
        "server-port": 53001,
    }
    assert shown["ddns-ttl"] == 7
    assert shown["subnet4"][0]["pools"][0]["ddns-ttl-min"] == 5
    assert "ddns-ttl" not in shown["subnet4"][0]
    assert load({"Dhcp4": shown}).text == config.text


def test_numbers_of_more_than_32_bits_are_taken_modulo_with_a_warning() -> None:
    config = server(subnet4=[{**SUBNET, "ddns-ttl": -5}])
    assert config.subnets[0].ddns.ttl == (1 << 32) - 5
    assert any("'ddns-ttl' -5" in warning for warning in config.warnings)
