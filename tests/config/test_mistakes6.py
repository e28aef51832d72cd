"""Wrong DHCPv6 configurations and what is told: Kea 3.0.4's own texts, and the path that kead adds.

`data/mistakes6.jsonl`: a configuration a line, written to file F with an indentation of one, and the text that Kea
3.0.4 gives for it (asked of the real one). `data/accepted6.jsonl`: what it accepts. `data/wire6.jsonl`: config-test
commands as sent, and the texts of the answers.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.positions import read_positioned
from kead.config.reader import from_wire
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.config.scanner import Source
from kead.dhcp6.options import STANDARD
from tests.config.some_configs6 import DATA, LOOPBACK, PD_POOL, SUBNET, load


def lines(name: str) -> list[Any]:
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def label(case: dict[str, Any]) -> str:
    return f"{case['path']}: {case['text'][:60]}"


@pytest.mark.parametrize("case", lines("mistakes6.jsonl"), ids=label)
def test_kea_tells_it_so(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(case["config"], testing=True, interfaces=lambda: LOOPBACK)
    error = caught.value
    assert error.message == case["text"]
    assert (error.line, error.column) == (case["line"], case["column"])
    assert (error.path, error.syntax) == (case["path"], case["syntax"])


@pytest.mark.parametrize("config", lines("accepted6.jsonl"), ids=json.dumps)
def test_kea_accepts_it(config: dict[str, Any]) -> None:
    loaded = load(config, testing=True, interfaces=lambda: LOOPBACK)
    again = load6(from_wire({"Dhcp6": loaded.as_get}), STANDARD, context=Restrictions(testing=True))
    assert again.text == loaded.text


TEXTS = [
    ("", "F:1.1: syntax error, unexpected end of file, expecting {"),
    ("{}", "F:1.2: syntax error, unexpected }, expecting Dhcp6"),
    ('{ "Dhcp4": {} }', "F:1.3-9: syntax error, unexpected constant string, expecting Dhcp6"),
    ('{ "Dhcp6": {} }', "F:1.13: syntax error, unexpected }"),
    (
        '{ "Dhcp6": { "valid-lifetime": 5 "renew-timer": 3 } }',
        'F:1.34-46: syntax error, unexpected renew-timer, expecting "," or }',
    ),
    ('{ "Dhcp6": { "foo": 1, "subnet6": "x" } }', 'F:1.14-18: got unexpected keyword "foo" in Dhcp6 map.'),
]


@pytest.mark.parametrize(("text", "message"), TEXTS)
def test_the_first_mistake_in_the_text_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert (caught.value.message, caught.value.syntax) == (message, True)


@pytest.mark.parametrize("case", lines("wire6.jsonl"), ids=lambda case: case["text"][:60])
def test_kea_answers_it_so(case: dict[str, str]) -> None:
    command = case["command"]
    tree = read_positioned(Source("", command), wire=True).tree["arguments"]
    context = Restrictions(testing=True, interfaces=lambda: LOOPBACK)
    with pytest.raises(ConfigError) as caught:
        load6(from_wire(tree, command), STANDARD, context=context)
    assert caught.value.message == case["text"]
    assert not caught.value.syntax
    assert caught.value.path


def test_the_top_of_a_command() -> None:
    for tree, message in (
        ({}, "Missing mandatory 'Dhcp6' parameter."),
        ({"Dhcp4": {}}, "Missing mandatory 'Dhcp6' parameter."),
        ({"Dhcp6": {}, "X": 1}, "Unsupported 'X' parameter."),
    ):
        with pytest.raises(ConfigError) as caught:
            load6(from_wire(tree), STANDARD, context=Restrictions())
        assert caught.value.message == message
    assert load6(from_wire({"Dhcp6": {}}), STANDARD, context=Restrictions()).subnets == ()


@pytest.mark.parametrize(
    ("tree", "remedy"),
    [
        ({"preferred-lifetme": 5}, "did you mean 'preferred-lifetime'?"),
        ({"subnet6": [{**SUBNET, "pd-pool": []}]}, "did you mean 'pd-pools'?"),
        ({"subnet6": [{**SUBNET, "pd-pools": [{**PD_POOL, "delegated-length": 3}]}]}, "did you mean 'delegated-len'?"),
        ({"server-id": {"type": "ENT"}}, "did you mean 'EN'?"),
        ({"mac-sources": ["rfc6393"]}, "did you mean 'rfc6939'?"),
        ({"relay-supplied-options": ["dns-server"]}, "did you mean 'dns-servers'?"),
        ({"option-data": [{"name": "domain-serach", "data": "a"}]}, "did you mean 'domain-search'?"),
        ({"allocator": "flq", "subnet6": [SUBNET]}, "'iterative' or 'random' expected"),
    ],
)
def test_the_nearest_known_word_is_named(tree: Any, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load({"Dhcp6": tree})
    assert caught.value.remedy == remedy
    assert str(caught.value).endswith(f"; {remedy}]")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("hosts-databases", [{"type": "mysql"}]),
        ("config-control", {"config-databases": [{"type": "mysql"}]}),
        ("dhcp4o6-port", 6767),
        ("control-sockets", [{"socket-type": "http"}]),
        ("lease-database", {"type": "mysql"}),
    ],
)
def test_what_is_not_there_yet_is_refused(keyword: str, value: Any) -> None:
    with pytest.raises(ConfigError, match="is not supported yet"):
        load({"Dhcp6": {keyword: value}})


def test_what_asks_for_nothing_passes() -> None:
    harmless = {
        "client-classes": [],
        "reservations": [],
        "hosts-databases": [],
        "dhcp4o6-port": 0,
        "dhcp-ddns": {"enable-updates": False, "server-ip": "::1"},
        "ddns-send-updates": False,
        "dhcp-queue-control": {"enable-queue": True, "capacity": 5},
    }
    subnet = {**SUBNET, "reservations": [], "client-classes": ["ALL"]}
    assert load({"Dhcp6": {**harmless, "subnet6": [subnet]}}).subnets[0].classes == ("ALL",)


@pytest.mark.parametrize("keyword", ["authoritative", "next-server", "echo-client-id", "offer-lifetime", "subnet4"])
def test_what_only_dhcp4_has_is_unknown(keyword: str) -> None:
    with pytest.raises(ConfigError, match=f'got unexpected keyword "{keyword}" in Dhcp6 map'):
        load({"Dhcp6": {keyword: 1}})


@pytest.mark.parametrize(
    ("server_id", "text"),
    [
        (
            {"type": "EN", "identifier": "00" * 125},
            "an identifier of 125 bytes makes the DUID too long, at most 124 fit",
        ),
        (
            {"type": "LL", "identifier": "00" * 127},
            "an identifier of 127 bytes makes the DUID too long, at most 126 fit",
        ),
        ({"type": "LLT", "identifier": "00" * 123}, "an identifier of 123 bytes makes the DUID too long"),
    ],
)
def test_duids_have_at_most_130_bytes(server_id: Any, text: str) -> None:
    """Kea takes longer ones and then can't use them."""
    with pytest.raises(ConfigError, match=text):
        load({"Dhcp6": {"server-id": server_id}})


def test_delegated_prefixes_have_at_most_128_bits() -> None:
    with pytest.raises(ConfigError, match="Invalid delegated prefix length: 129") as caught:
        load({"Dhcp6": {"subnet6": [{**SUBNET, "pd-pools": [{**PD_POOL, "delegated-len": 129}]}]}})
    assert caught.value.path == "Dhcp6.subnet6[0].pd-pools[0].delegated-len"


def test_a_number_of_any_length_is_no_option_code() -> None:
    with pytest.raises(ConfigError, match="must not be greater than '65535'"):
        load({"Dhcp6": {"relay-supplied-options": ["9" * 5000]}})
