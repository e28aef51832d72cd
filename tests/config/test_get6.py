"""config-get of the DHCPv6 server: the shape that Kea gives it, and the way back."""

from __future__ import annotations

import json

import pytest

from kead.config.reader import from_wire
from kead.config.resolve6 import load6
from kead.config.restrictions import Restrictions
from kead.dhcp6.options import STANDARD
from tests.config.some_configs6 import DATA, PD_POOL, SUBNET, load, server


def test_kea_shows_it_so() -> None:
    """A configuration with something of everything, and what Kea 3.0.4 answered to config-get."""
    loaded = load((DATA / "rich6.json").read_text())
    assert loaded.as_get == json.loads((DATA / "rich6-get.json").read_text())


def test_the_way_back_changes_nothing() -> None:
    loaded = load((DATA / "rich6.json").read_text())
    again = load6(from_wire({"Dhcp6": loaded.as_get}), STANDARD, context=Restrictions())
    assert (again.text, again.hash) == (loaded.text, loaded.hash)
    one, same = loaded.by_id[7], again.by_id[7]
    assert (one.preferred, one.valid, one.rapid_commit) == (same.preferred, same.valid, same.rapid_commit)
    assert [(pool.text, pool.excluded) for pool in one.pd_pools] == [(p.text, p.excluded) for p in same.pd_pools]
    assert {c: [o.data for o in s] for c, s in again.options.by_code.items()} == {
        c: [o.data for o in s] for c, s in loaded.options.by_code.items()
    }


def test_layout_does_not_change_the_hash_but_values_do() -> None:
    tree = {"Dhcp6": {"subnet6": [SUBNET], "valid-lifetime": 7200}}
    assert load(tree).hash == load(json.dumps(tree)).hash == server().hash
    assert server(valid_lifetime=7201).hash != server().hash


def test_preferred_lifetimes_are_shown_only_where_one_is_set() -> None:
    assert not [keyword for keyword in server().as_get["subnet6"][0] if "preferred" in keyword]
    shown = server(min_preferred_lifetime=5).as_get
    assert "preferred-lifetime" not in shown
    keywords = ("min-preferred-lifetime", "preferred-lifetime", "max-preferred-lifetime")
    assert [shown["subnet6"][0][keyword] for keyword in keywords] == [5, 5, 5]


def test_who_the_server_is_stands_there_even_if_nothing_was_said() -> None:
    shown = server().as_get
    assert shown["server-id"] == {
        "enterprise-id": 0, "htype": 0, "identifier": "", "persist": True, "time": 0, "type": "LLT",
    }  # fmt: skip
    assert (shown["mac-sources"], shown["relay-supplied-options"]) == (["any"], ["65"])
    assert shown["interfaces-config"] == {"interfaces": [], "re-detect": False}


@pytest.mark.parametrize("value", [True, False])
def test_address_registration_is_shown_only_if_something_was_said(value: bool) -> None:
    """Kea 3.0 has no such keyword: what nobody wrote, nobody gets back."""
    assert "allow-address-registration" not in server().as_get
    loaded = server(allow_address_registration=value)
    assert loaded.as_get["allow-address-registration"] is loaded.allow_address_registration is value


def test_pools_of_prefixes() -> None:
    plain = {**PD_POOL, "prefix": "2001:DB8:9000:0::"}
    both = [plain, {**PD_POOL, "pool-id": 4, "excluded-prefix": "2001:db8:8000:0:3::1", "excluded-prefix-len": 72}]
    shown = load({"Dhcp6": {"subnet6": [{**SUBNET, "pd-pools": both}]}}).as_get["subnet6"][0]["pd-pools"]
    assert shown == [
        {
            **PD_POOL,
            "excluded-prefix": "2001:db8:8000::",
            "excluded-prefix-len": 72,
            "option-data": [],
            "pool-id": 4,
        },
        {**PD_POOL, "prefix": "2001:db8:9000::", "option-data": []},
    ]
