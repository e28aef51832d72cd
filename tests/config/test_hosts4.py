"""Reservations of DHCPv4: what is in them, and each mistake told as Kea 3.0 tells it."""

# ruff: noqa: E501  (Kea says it at length)

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.snapshot4 import Host4
from tests.config.some_configs import load

MAC = "1a:1b:1c:1d:1e:1f"


def hosts(*written: dict[str, Any], **keywords: Any) -> tuple[Host4, ...]:
    """The reservations of a subnet written so."""
    subnet = {"id": 1, "subnet": "10.77.0.0/16", "pools": [{"pool": "10.77.1.1-10.77.1.99"}]}
    return load({"Dhcp4": {"subnet4": [{**subnet, "reservations": list(written)}], **keywords}}).hosts


MISTAKES: list[tuple[list[dict[str, Any]], str]] = [
    (
        [{"ip-address": "10.77.0.5"}],
        "one of the supported identifiers must be specified for host reservation: circuit-id, client-id, duid, flex-id, hw-address (F:13:6)",
    ),
    ([{"hw-address": MAC, "client-id": "01:02"}], "the 'hw-address' and 'client-id' are mutually exclusive (F:13:6)"),
    ([{"hw-address": "x"}], "invalid host identifier value 'x' (F:13:6)"),
    ([{"hw-address": ""}], "empty host identifier used (F:13:6)"),
    ([{"hw-address": "aa-bb"}], "invalid host identifier value 'aa-bb' (F:13:6)"),
    (
        [{"hw-address": "aabbcc", "ip-address": "10.78.0.5"}],
        "specified reservation '10.78.0.5' is not within the IPv4 subnet '10.77.0.0/16'",
    ),
    (
        [{"hw-address": "aabbcc", "ip-address": "0.0.0.0"}],
        "must not make reservation for the '0.0.0.0' address (F:15:21)",
    ),
    (
        [{"hw-address": "aabbcc", "ip-address": "255.255.255.255"}],
        "must not make reservation for the '255.255.255.255' address (F:15:21)",
    ),
    (
        [{"hw-address": "aabbcc", "ip-address": "xx"}],
        "Failed to convert string to address 'xx': Invalid argument (F:15:21)",
    ),
    (
        [{"hw-address": "aabbcc", "ip-address": "2001:db8::1"}],
        "address '2001:db8::1' is not a valid IPv4 address (F:15:21)",
    ),
    (
        [{"hw-address": "aabbcc", "ip-address": ""}],
        "Failed to convert string to address '': Invalid argument (F:15:21)",
    ),
    (
        [{"hw-address": MAC, "ip-address": "10.77.0.5"}, {"hw-address": "aa", "ip-address": "10.77.0.5"}],
        "failed to add new host using the HW address 'aa and DUID '(null)' to the IPv4 subnet id '1' for the address 10.77.0.5: There's already a reservation for this address",
    ),
    (
        [{"hw-address": MAC}, {"hw-address": MAC}],
        "failed to add new host using the HW address '1a:1b:1c:1d:1e:1f' to the IPv4 subnet id '1' as this host has already been added",
    ),
    (
        [{"hw-address": MAC, "ip-address": "10.77.0.5"}, {"hw-address": MAC, "ip-address": "10.77.0.6"}],
        "failed to add new host using the HW address '1a:1b:1c:1d:1e:1f' to the IPv4 subnet id '1' as this host has already been added",
    ),
    (
        [{"client-id": "01", "ip-address": "10.77.0.5"}, {"client-id": "02", "ip-address": "10.77.0.5"}],
        "failed to add new host using the HW address '(null) and DUID '(null)' to the IPv4 subnet id '1' for the address 10.77.0.5: There's already a reservation for this address",
    ),
    (
        [{"client-id": "01", "ip-address": "10.77.0.5"}, {"client-id": "01", "ip-address": "10.77.0.6"}],
        "failed to add duplicate IPv4 host using identifier: client-id=01",
    ),
    ([{"duid": "01", "ip-address": "10.77.0.5"}], "identifier is too short (1), at least 3 is required"),
    (
        [{"duid": "01:02:03", "ip-address": "10.77.0.5"}, {"duid": "01:02:03"}],
        "failed to add new host using the DUID '01:02:03' to the IPv4 subnet id '1' as this host has already been added",
    ),
    ([{"circuit-id": "'" + "a" * 129 + "'"}], "too long client identifier type circuit-id length 129 (F:13:6)"),
    ([{"client-id": "a" * 512}], "too long client identifier type client-id length 256 (F:13:6)"),
    ([{"duid": "a" * 262}], "too long client identifier type duid length 131 (F:13:6)"),
    (
        [{"hw-address": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}],
        "too long client identifier type hw-address length 21 (F:13:6)",
    ),
    ([{"hw-address": MAC, "next-server": "x"}], "Failed to convert string to address 'x': Invalid argument (F:15:22)"),
    (
        [{"hw-address": MAC, "next-server": "255.255.255.255"}],
        "invalid next server address '255.255.255.255' (F:15:22)",
    ),
    ([{"hw-address": MAC, "server-hostname": "a" * 64}], "server hostname length must not exceed 63 (F:15:26)"),
    ([{"hw-address": MAC, "boot-file-name": "a" * 128}], "boot file length must not exceed 127 (F:15:25)"),
    (
        [{"hw-address": MAC, "option-data": [{"name": "routers", "data": "x"}]}],
        "option data does not match option definition (space: dhcp4, code: 3): Failed to convert string to address 'x': Invalid argument (F:18:17)",
    ),
    (
        [{"hw-address": MAC, "option-data": [{"name": "foo", "data": "x"}]}],
        "definition for the option 'dhcp4.foo' does not exist (F:17:17)",
    ),
    (
        [{}],
        "one of the supported identifiers must be specified for host reservation: circuit-id, client-id, duid, flex-id, hw-address (F:13:6)",
    ),
    ([{"hw-address": "'abc"}], "invalid host identifier value ''abc' (F:13:6)"),
    ([{"hw-address": "''"}], "invalid host identifier value '''' (F:13:6)"),
]
"""Reservations of one subnet, and what is said of them ("F" is the file, positions are Kea's)."""


@pytest.mark.parametrize(("written", "message"), MISTAKES)
def test_a_mistake_is_told_with_its_place(written: list[dict[str, Any]], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        hosts(*written)
    assert caught.value.message == message
    assert caught.value.path.startswith("Dhcp4.subnet4[0].reservations[")
    assert caught.value.line


def test_what_is_in_one() -> None:
    (host,) = hosts(
        {
            "hw-address": "1A:1B:1C:1D:1E:1F",
            "ip-address": "10.77.0.9",
            "hostname": "Printer.example.org",
            "next-server": "10.0.0.1",
            "server-hostname": "boot",
            "boot-file-name": "pxe.0",
            "option-data": [{"name": "routers", "data": "10.77.0.1"}],
            "comment": "second floor",
        }
    )
    assert (host.subnet_id, host.identifier_type, host.identifier.hex(":")) == (1, "hw-address", MAC)
    assert (host.address, host.hostname) == (0x0A4D0009, "Printer.example.org")
    assert (host.next_server, host.server_hostname, host.boot_file_name) == (0x0A000001, b"boot", b"pxe.0")
    assert host.options.by_code[3][0].data == bytes((10, 77, 0, 1))
    assert host.user_context == {"comment": "second floor"}


def test_one_that_says_nothing_but_whose_it_is() -> None:
    (host,) = hosts({"circuit-id": "'port 7'"})
    assert (host.identifier_type, host.identifier) == ("circuit-id", b"port 7")
    assert (host.address, host.hostname, host.next_server, host.server_hostname, host.boot_file_name) == (
        0, "", 0, b"", b"",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "identifier"),
    [
        ("0x1A1B", b"\x1a\x1b"),
        ("1a 1b", b"\x1a\x1b"),
        ("a:b", b"\x0a\x0b"),
        ("abc", b"\x0a\xbc"),
        ("'abc'", b"abc"),
        ("'a:b'", b"a:b"),
    ],
)
def test_the_forms_of_an_identifier(text: str, identifier: bytes) -> None:
    (host,) = hosts({"hw-address": text})
    assert host.identifier == identifier


def test_global_ones_come_last_and_need_not_lie_in_a_subnet() -> None:
    first, second = hosts({"hw-address": MAC}, reservations=[{"duid": "01:02:03", "ip-address": "192.0.2.9"}])
    assert (first.subnet_id, second.subnet_id, second.address) == (1, 0, 0xC0000209)


def test_an_address_may_be_shared_if_the_configuration_says_so() -> None:
    shared = [{"hw-address": MAC, "ip-address": "10.77.0.5"}, {"hw-address": "aa", "ip-address": "10.77.0.5"}]
    assert [host.address for host in hosts(*shared, **{"ip-reservations-unique": False})] == [0x0A4D0005] * 2


def test_config_get_shows_them_by_identifier_with_what_is_not_set() -> None:
    config = load(
        {
            "Dhcp4": {
                "subnet4": [
                    {
                        "id": 1,
                        "subnet": "10.77.0.0/16",
                        "reservations": [
                            {"hw-address": MAC, "ip-address": "10.77.0.9", "hostname": "B.x", "user-context": {"a": 1}},
                            {"client-id": "'abc'", "next-server": "10.0.0.1", "boot-file-name": "x"},
                            {"hw-address": "0102"},
                        ],
                    }
                ],
                "reservations": [{"duid": "01:02:0A", "hostname": "q"}],
            }
        }
    )
    empty = {
        "boot-file-name": "",
        "client-classes": [],
        "hostname": "",
        "next-server": "0.0.0.0",
        "option-data": [],
        "server-hostname": "",
    }
    assert config.as_get["subnet4"][0]["reservations"] == [
        {**empty, "hw-address": "01:02"},
        {**empty, "hw-address": MAC, "ip-address": "10.77.0.9", "hostname": "B.x", "user-context": {"a": 1}},
        {**empty, "client-id": "616263", "next-server": "10.0.0.1", "boot-file-name": "x"},
    ]
    assert config.as_get["reservations"] == [{**empty, "duid": "01:02:0a", "hostname": "q"}]
