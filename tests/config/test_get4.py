"""config-get: the shape that Kea gives it, and the way back."""

from __future__ import annotations

import hashlib
import json

import orjson

from kead.config.reader import from_wire
from kead.config.resolve4 import load4
from kead.config.restrictions import Restrictions
from kead.dhcp4.options import STANDARD
from tests.config.some_configs import DATA, SUBNET, load, server


def test_kea_shows_it_so() -> None:
    """A configuration with something of everything, and what Kea 3.0.4 answered to config-get."""
    loaded = load((DATA / "rich4.json").read_text())
    assert loaded.as_get == json.loads((DATA / "rich4-get.json").read_text())


def test_the_way_back_changes_nothing() -> None:
    loaded = load((DATA / "rich4.json").read_text())
    again = load4(from_wire({"Dhcp4": loaded.as_get}), STANDARD, context=Restrictions())
    assert (again.text, again.hash) == (loaded.text, loaded.hash)
    assert again.subnets[0].valid == loaded.subnets[0].valid
    assert again.options.by_code.keys() == loaded.options.by_code.keys()
    assert {c: [o.data for o in s] for c, s in again.options.by_code.items()} == {
        c: [o.data for o in s] for c, s in loaded.options.by_code.items()
    }


def test_the_hash_is_that_of_the_sorted_compact_text() -> None:
    loaded = server()
    text = orjson.dumps(loaded.as_get, option=orjson.OPT_SORT_KEYS)
    assert loaded.text == text
    assert loaded.hash == hashlib.sha256(text).hexdigest().upper()


def test_layout_does_not_change_the_hash_but_values_do() -> None:
    tree = {"Dhcp4": {"subnet4": [SUBNET], "valid-lifetime": 7200}}
    assert load(tree).hash == load(json.dumps(tree)).hash == server().hash
    assert server(valid_lifetime=7201).hash != server().hash


def test_every_caller_gets_a_tree_of_its_own() -> None:
    loaded = server()
    loaded.as_get["subnet4"].clear()
    assert loaded.as_get["subnet4"]
