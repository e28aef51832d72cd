"""Wrong configurations and what is told: Kea 3.0.4's own texts with its positions, and the path that kead adds.

`data/mistakes4.jsonl`: a configuration a line, written to file F with an indentation of one, and the text that Kea
3.0.4 gives for it (asked of the real one). `data/accepted4.jsonl`: what it accepts. `data/wire4.jsonl`: config-test
commands as sent, and the texts of the answers.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.positions import read_positioned
from kead.config.reader import from_wire
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.config.scanner import Source
from kead.dhcp4.options import STANDARD
from tests.config.some_configs import DATA, LOOPBACK, SUBNET, as_document, load


def lines(name: str) -> list[Any]:
    return [json.loads(line) for line in (DATA / name).read_text().splitlines()]


def label(case: dict[str, Any]) -> str:
    return f"{case['path']}: {case['text'][:60]}"


@pytest.mark.parametrize("case", lines("mistakes4.jsonl"), ids=label)
def test_kea_tells_it_so(case: dict[str, Any]) -> None:
    with pytest.raises(ConfigError) as caught:
        load(case["config"], testing=True, interfaces=lambda: LOOPBACK)
    error = caught.value
    assert error.message == case["text"]
    assert (error.line, error.column) == (case["line"], case["column"])
    assert (error.path, error.syntax) == (case["path"], case["syntax"])


@pytest.mark.parametrize("config", lines("accepted4.jsonl"), ids=json.dumps)
def test_kea_accepts_it(config: dict[str, Any]) -> None:
    loaded = load(config, testing=True, interfaces=lambda: LOOPBACK)
    again = load4(from_wire({"Dhcp4": loaded.as_get}), STANDARD, context=Restrictions(testing=True))
    assert again.text == loaded.text


TEXTS = [
    ("", "F:1.1: syntax error, unexpected end of file, expecting {"),
    ("{}", "F:1.2: syntax error, unexpected }, expecting Dhcp4"),
    ('{ "Dhcp6": {} }', "F:1.3-9: syntax error, unexpected constant string, expecting Dhcp4"),
    ('{ "Dhcp4": {} }', "F:1.13: syntax error, unexpected }"),
    (
        '{ "Dhcp4": { "authoritative": true }, "x": 5 }',
        'F:1.39-41: syntax error, unexpected constant string, expecting "," or }',
    ),
    (
        '{ "Dhcp4": { "valid-lifetime": 5 "renew-timer": 3 } }',
        'F:1.34-46: syntax error, unexpected renew-timer, expecting "," or }',
    ),
    ('{ "Dhcp4": { "valid-lifetime": null } }', "F:1.32-35: syntax error, unexpected null"),
    ('{ "Dhcp4": { "subnet4": {} } }', "F:1.25: syntax error, unexpected {, expecting ["),
    (
        '{ "Dhcp4": { "echo-client-id": "x", "foo": 1 } }',
        "F:1.32-34: syntax error, unexpected constant string, expecting boolean",
    ),
    ('{ "Dhcp4": { "foo": 1, "echo-client-id": "x" } }', 'F:1.14-18: got unexpected keyword "foo" in Dhcp4 map.'),
]


@pytest.mark.parametrize(("text", "message"), TEXTS)
def test_the_first_mistake_in_the_text_is_told(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(text)
    assert (caught.value.message, caught.value.syntax) == (message, True)


@pytest.mark.parametrize("case", lines("wire4.jsonl"), ids=lambda case: case["text"][:60])
def test_kea_answers_it_so(case: dict[str, str]) -> None:
    command = case["command"]
    tree = read_positioned(Source("", command), wire=True).tree["arguments"]
    document = from_wire(tree, command)
    context = Restrictions(testing=True, interfaces=lambda: LOOPBACK)
    with pytest.raises(ConfigError) as caught:
        load4(document, STANDARD, context=context)
    assert caught.value.message == case["text"]
    assert not caught.value.syntax
    assert caught.value.path


def test_the_top_of_a_command() -> None:
    for tree, message in (
        ({}, "Missing mandatory 'Dhcp4' parameter."),
        ({"Dhcp6": {}}, "Missing mandatory 'Dhcp4' parameter."),
        ({"Dhcp4": {}, "X": 1}, "Unsupported 'X' parameter."),
    ):
        with pytest.raises(ConfigError) as caught:
            load4(from_wire(tree), STANDARD, context=Restrictions())
        assert caught.value.message == message
    assert load4(from_wire({"Dhcp4": {}}), STANDARD, context=Restrictions()).subnets == ()
    assert load4(from_wire({"Dhcp4": {"cache-threshold": 0}}), STANDARD, context=Restrictions())


@pytest.mark.parametrize(
    ("tree", "remedy"),
    [
        ({"Dhcp4": {"valid-lifetme": 5}}, "did you mean 'valid-lifetime'?"),
        ({"Dhcp4": {"subnet4": [{**SUBNET, "pool": []}]}}, "did you mean 'pools'?"),
        ({"Dhcp4": {"lease-database": {"type": "memfil"}}}, "use 'memfile'"),
        ({"Dhcp4": {"interfaces-config": {"dhcp-socket-type": "rwa"}}}, "did you mean 'raw'?"),
        ({"Dhcp4": {"option-data": [{"name": "router", "data": "192.0.2.1"}]}}, "did you mean 'routers'?"),
        ({"Dhcp4": {"xyzzy-plugh": 1}}, ""),
    ],
)
def test_the_nearest_known_word_is_named(tree: Any, remedy: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tree)
    assert caught.value.remedy == remedy
    assert str(caught.value).endswith(f"; {remedy}]" if remedy else "[at Dhcp4.xyzzy-plugh]")


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("hosts-databases", [{"type": "mysql"}]),
        ("config-control", {"config-databases": [{"type": "mysql"}]}),
        ("dhcp4o6-port", 6767),
        ("control-sockets", [{"socket-type": "http"}]),
        ("lease-database", {"type": "mysql"}),
        ("dhcp-queue-control", {"enable-queue": True}),
        ("subnet4", [{**SUBNET, "4o6-interface": "eth0"}]),
    ],
)
def test_what_is_not_supported_yet_is_refused_and_named(keyword: str, value: Any) -> None:
    tree = {keyword: value, "multi-threading": {"enable-multi-threading": False}}
    with pytest.raises(ConfigError, match="is not supported yet") as caught:
        load({"Dhcp4": tree})
    assert caught.value.path.startswith(f"Dhcp4.{keyword}")
    assert caught.value.line


HARMLESS = {
    "client-classes": [],
    "reservations": [],
    "hosts-databases": [],
    "config-control": {"config-databases": []},
    "dhcp4o6-port": 0,
    "dhcp-ddns": {"enable-updates": False, "server-ip": "192.0.2.1"},
    "ddns-send-updates": False,
    "ddns-replace-client-name": "never",
    "ddns-generated-prefix": "myhost",
    "hostname-char-set": "[^A-Za-z0-9.-]",
    "dhcp-queue-control": {"enable-queue": True, "capacity": 5},
    "adaptive-lease-time-threshold": 1.0,
}


def test_what_asks_for_nothing_passes() -> None:
    subnet = {**SUBNET, "reservations": [], "4o6-interface": "", "client-classes": [], "ddns-update-on-renew": False}
    assert load({"Dhcp4": {**HARMLESS, "subnet4": [subnet]}}).subnets


def test_a_mistake_for_no_place_at_all_still_has_a_text() -> None:
    error = ConfigError("wrong")
    assert (str(error), error.file, error.line, error.path) == ("wrong", "", 0, "")
    assert as_document("{}").tree == {}
