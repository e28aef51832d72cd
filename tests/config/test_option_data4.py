"""option-data and option-def: which bytes a place of the configuration gives, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.snapshot4 import OptionScope
from tests.config.some_configs import SUBNET, load, server, subnet


def options(*entries: dict[str, Any], definitions: list[dict[str, Any]] | None = None) -> OptionScope:
    return server(option_data=list(entries), option_def=definitions or []).options


def data(*entries: dict[str, Any], definitions: list[dict[str, Any]] | None = None) -> dict[int, bytes]:
    scope = options(*entries, definitions=definitions)
    return {code: same[0].data for code, same in scope.by_code.items()}


def test_text_and_hexadecimal() -> None:
    assert data(
        {"name": "routers", "data": "192.0.2.1, 192.0.2.2"},
        {"code": 15, "data": "example.org"},
        {"name": "domain-name-servers", "data": "C0000201", "csv-format": False},
        {"code": 222, "data": "0a:0b", "csv-format": False},
        {"code": 14, "data": "'abc'", "csv-format": False},
    ) == {
        3: bytes.fromhex("c0000201c0000202"),
        6: bytes.fromhex("c0000201"),
        14: b"abc",
        15: b"example.org",
        222: b"\x0a\x0b",
    }


def test_text_is_bytes() -> None:
    assert data({"name": "domain-name", "data": "é"}) == {15: b"\xe9"}  # \u00e9 in the file is one byte
    loaded = load('{ "Dhcp4": { "option-data": [ { "name": "domain-name", "data": "é" } ] } }')
    assert loaded.options.by_code[15][0].data == "é".encode()  # raw bytes stay as they are


def test_without_csv_format_it_depends_on_the_place() -> None:
    with pytest.raises(ConfigError, match=r"definition for the option 'dhcp4.' having code '222' does not exist"):
        options({"code": 222, "data": "0a"})
    assert subnet(option_data=[{"code": 222, "data": "0a"}]).options.by_code[222][0].data == b"\x0a"
    assert subnet(option_data=[{"code": 3, "data": "192.0.2.1"}]).options.by_code[3][0].data == bytes([192, 0, 2, 1])


def test_always_and_never() -> None:
    scope = options(
        {"name": "ntp-servers", "data": "192.0.2.1", "always-send": True},
        {"name": "domain-name", "never-send": True},
        {"code": 42, "data": "192.0.2.2", "never-send": True},
        {"code": 1, "space": "vendor-4491", "data": "1", "always-send": True, "csv-format": False},
    )
    assert scope.always == {42}
    assert scope.never == {15, 42}
    assert scope.by_code[15][0].data == b""
    assert scope.vendor[4491][1][0].always_send


def test_of_several_entries_the_first_counts() -> None:
    scope = options(
        {"name": "domain-name", "data": "first"},
        {"name": "domain-name", "data": "second"},
        {"name": "domain-name", "data": "for all", "client-classes": ["ALL"]},
        {"name": "vivso-suboptions", "data": "7"},
        {"name": "vivso-suboptions", "data": "8"},
    )
    assert [option.data for option in scope.by_code[15]] == [b"for all", b"first"]
    assert [option.data[:4] for option in scope.by_code[125]] == [bytes([0, 0, 0, 7]), bytes([0, 0, 0, 8])]


def test_sub_options_go_into_the_container_of_the_same_list() -> None:
    inner = {"code": 2, "space": "vendor-encapsulated-options-space", "csv-format": False, "data": "0102"}
    first = {"code": 1, "space": "vendor-encapsulated-options-space", "csv-format": False, "data": "ff"}
    container = {"name": "vendor-encapsulated-options"}
    assert data(container, inner, first) == {43: bytes.fromhex("0101ff02020102")}
    assert data(inner) == {}
    loaded = load({"Dhcp4": {"option-data": [inner], "subnet4": [{**SUBNET, "option-data": [container]}]}})
    assert loaded.subnets[0].options.by_code[43][0].data == b""


def test_sub_options_of_sub_options() -> None:
    definitions = [
        {"name": "box", "code": 200, "type": "uint8", "encapsulate": "inside"},
        {"name": "bag", "code": 1, "type": "empty", "space": "inside", "encapsulate": "deeper"},
        {"name": "coin", "code": 9, "type": "uint16", "space": "deeper"},
        {"name": "loop", "code": 10, "type": "empty", "space": "deeper", "encapsulate": "inside"},
    ]
    entries = [
        {"name": "box", "data": "7"},
        {"name": "bag", "space": "inside"},
        {"name": "coin", "space": "deeper", "data": "258"},
        {"name": "loop", "space": "deeper"},
    ]
    assert data(*entries, definitions=definitions) == {200: bytes.fromhex("07 01 06 09 02 01 02 0a 00")}


def test_a_sub_option_too_long_for_its_length_byte() -> None:
    big = {"code": 1, "space": "vendor-encapsulated-options-space", "csv-format": False, "data": "00" * 256}
    with pytest.raises(ConfigError, match="is 256 bytes long, at most 255 fit"):
        options({"name": "vendor-encapsulated-options"}, big)


def test_vendor_options_by_enterprise() -> None:
    scope = options(
        {"code": 5, "space": "vendor-9999", "data": "0a", "csv-format": False},
        {"code": 1, "space": "vendor-9999", "data": "0b", "csv-format": False},
        {"code": 1, "space": "elsewhere", "data": "0c", "csv-format": False},
    )
    assert {code: [o.data for o in same] for code, same in scope.vendor[9999].items()} == {1: [b"\x0b"], 5: [b"\x0a"]}
    assert list(scope.vendor) == [9999]
    assert not scope.by_code


def test_own_definitions() -> None:
    definitions = [
        {"name": "pair", "code": 222, "type": "record", "record-types": "uint8, string,"},
        {"name": "names", "code": 224, "type": "fqdn", "array": True},
        {"name": "mine", "code": 43, "type": "uint8"},
    ]
    assert data(
        {"name": "pair", "data": "7, seven"},
        {"code": 224, "data": "a.b"},
        {"name": "mine", "data": "3"},
        definitions=definitions,
    ) == {222: b"\x07seven", 224: b"\x01a\x01b\x00", 43: b"\x03"}


def test_the_server_identifier_is_the_nearest() -> None:
    def tree(number: int) -> list[dict[str, str]]:
        return [{"name": "dhcp-server-identifier", "data": f"192.0.2.{number}"}]

    network = {"name": "n", "option-data": tree(2), "subnet4": [{**SUBNET, "option-data": tree(3)}, {
        "id": 2, "subnet": "10.0.0.0/8"}]}  # fmt: skip
    other = {"id": 3, "subnet": "11.0.0.0/8"}
    loaded = load({"Dhcp4": {"option-data": tree(1), "shared-networks": [network], "subnet4": [other]}})
    assert [one.server_id for one in loaded.subnets] == [0xC0000203, 0xC0000202, 0xC0000201]
    assert loaded.server_id == 0xC0000201


def test_scopes_have_names() -> None:
    loaded = load({"Dhcp4": {"shared-networks": [{"name": "floor", "subnet4": [SUBNET]}]}})
    one = loaded.subnets[0]
    assert one.network is not None
    assert loaded.options.name == "global"
    assert one.network.options.name == "shared-network floor"
    assert one.options.name == "subnet 1"
    assert one.pools[0].options.name == "pool 192.0.2.10-192.0.2.20"


@pytest.mark.parametrize(("code", "why"), [(0, "reserved for PAD"), (255, "reserved for END")])
def test_codes_that_frame_options_are_none(code: int, why: str) -> None:
    entry = {"code": code, "data": "00", "csv-format": False}
    with pytest.raises(ConfigError, match=f"invalid option code '{code}': {why}"):
        options(entry)
    assert code in options({**entry, "space": "vendor-7"}).vendor[7]
