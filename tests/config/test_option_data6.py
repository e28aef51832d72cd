"""option-data and option-def of the DHCPv6 server: which bytes a place of the configuration gives."""

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.snapshot6 import OptionScope
from tests.config.some_configs6 import PD_POOL, SUBNET, load, server, subnet


def options(*entries: dict[str, Any], definitions: list[dict[str, Any]] | None = None) -> OptionScope:
    return server(option_data=list(entries), option_def=definitions or []).options


def data(*entries: dict[str, Any], definitions: list[dict[str, Any]] | None = None) -> dict[int, bytes]:
    scope = options(*entries, definitions=definitions)
    return {code: same[0].data for code, same in scope.by_code.items()}


def test_text_and_hexadecimal() -> None:
    assert data(
        {"name": "dns-servers", "data": "2001:db8::1, 2001:db8::2"},
        {"code": 24, "data": "a.b, c"},
        {"name": "sntp-servers", "data": "20010db8000000000000000000000003", "csv-format": False},
        {"code": 2222, "data": "0a:0b", "csv-format": False},
        {"name": "bootfile-param", "data": "a,bc"},
    ) == {
        23: bytes.fromhex("20010db8000000000000000000000001 20010db8000000000000000000000002"),
        24: b"\x01a\x01b\x00\x01c\x00",
        31: bytes.fromhex("20010db8000000000000000000000003"),
        60: b"\x00\x01a\x00\x02bc",
        2222: b"\x0a\x0b",
    }


def test_codes_have_two_bytes() -> None:
    assert data({"code": 65535, "data": "00", "csv-format": False}) == {65535: b"\x00"}
    with pytest.raises(ConfigError, match="invalid option code '65536', it must not exceed '65535'"):
        options({"code": 65536, "data": "00", "csv-format": False})


def test_without_csv_format_it_depends_on_the_place() -> None:
    with pytest.raises(ConfigError, match=r"definition for the option 'dhcp6.' having code '2222' does not exist"):
        options({"code": 2222, "data": "0a"})
    assert subnet(option_data=[{"code": 2222, "data": "0a"}]).options.by_code[2222][0].data == b"\x0a"


def test_the_other_family_s_space_is_refused() -> None:
    with pytest.raises(ConfigError, match="'dhcp4' option space name is reserved for DHCPv4 server"):
        options({"name": "routers", "space": "dhcp4", "data": "192.0.2.1"})


def test_always_and_never() -> None:
    scope = options(
        {"name": "preference", "data": "7", "always-send": True},
        {"name": "domain-search", "never-send": True},
        {"name": "tftp-servers", "space": "vendor-4491", "data": "::1", "always-send": True},
    )
    assert scope.always == {7}
    assert scope.never == {24}
    assert scope.vendor[4491][32][0].always_send
    assert scope.by_code[24][0].data == b""


def test_of_several_entries_the_first_counts_but_each_enterprise() -> None:
    scope = options(
        {"name": "preference", "data": "1"},
        {"name": "preference", "data": "2"},
        {"name": "preference", "data": "3", "client-classes": ["ALL"]},
        {"name": "vendor-opts", "data": "7"},
        {"name": "vendor-opts", "data": "8"},
    )
    assert [option.data for option in scope.by_code[7]] == [b"\x03", b"\x01"]
    assert [option.data for option in scope.by_code[17]] == [bytes([0, 0, 0, 7]), bytes([0, 0, 0, 8])]


def test_sub_options_have_two_bytes_of_code_and_of_length() -> None:
    container = {"name": "s46-cont-mape"}
    border = {"name": "s46-br", "space": "s46-cont-mape-options", "data": "2001:db8::7"}
    assert data(container, border) == {
        94: bytes.fromhex("005a 0010 20010db8000000000000000000000007"),
    }
    assert data(border) == {}


def test_long_sub_options() -> None:
    definitions = [{"name": "box", "code": 1000, "type": "empty", "encapsulate": "inside"}]
    long = {"code": 1, "space": "inside", "csv-format": False, "data": "00" * 300}
    assert data({"name": "box"}, long, definitions=definitions) == {1000: b"\x00\x01\x01\x2c" + bytes(300)}
    longest = {"code": 1, "space": "inside", "csv-format": False, "data": "00" * 65536}
    with pytest.raises(ConfigError, match="is 65536 bytes long, at most 65535 fit"):
        options({"name": "box"}, longest, definitions=definitions)


def test_own_definitions() -> None:
    definitions = [
        {"name": "pair", "code": 1000, "type": "record", "record-types": "uint8, string"},
        {"name": "names", "code": 255, "type": "fqdn", "array": True},
        {"name": "tuple", "code": 1001, "type": "tuple"},
    ]
    assert data(
        {"name": "pair", "data": "7, seven"},
        {"code": 255, "data": "a.b"},
        {"name": "tuple", "data": "abc"},
        definitions=definitions,
    ) == {1000: b"\x07seven", 255: b"\x01a\x01b\x00", 1001: b"\x00\x03abc"}


@pytest.mark.parametrize("code", [23, 43, 17])
def test_standard_options_keep_their_format(code: int) -> None:
    with pytest.raises(ConfigError, match=f"unable to override definition of option '{code}'"):
        server(option_def=[{"name": "mine", "code": code, "type": "uint8"}])


def test_scopes_have_names() -> None:
    tree = {"name": "floor", "subnet6": [{**SUBNET, "pd-pools": [PD_POOL]}]}
    loaded = load({"Dhcp6": {"shared-networks": [tree]}})
    one = loaded.subnets[0]
    assert one.network is not None
    names = [
        loaded.options.name,
        one.network.options.name,
        one.options.name,
        one.pools[0].options.name,
        one.pd_pools[0].options.name,
    ]
    assert names == [
        "global",
        "shared-network floor",
        "subnet 1",
        "pool 2001:db8:1::10-2001:db8:1::20",
        "pd-pool 2001:db8:8000::/48",
    ]


def test_sub_options_behind_a_value_are_kept_in_raw_bytes() -> None:
    written = {"name": "vendor-opts", "csv-format": False, "data": "0000118b 00200001aa".replace(" ", "")}
    config = load({"Dhcp6": {"option-data": [written]}})
    assert [option.data.hex() for option in config.options.by_code[17]] == ["0000118b00200001aa"]
