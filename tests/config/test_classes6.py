"""client-classes of DHCPv6: what of them is in force, what config-get shows, what is refused and where."""

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.snapshot6 import Lifetime
from tests.config.some_configs6 import PD_POOL, SUBNET, server


def test_what_a_class_gives() -> None:
    [phones] = server(
        client_classes=[
            {
                "name": "phones",
                "test": "option[16].exists",
                "option-data": [{"name": "preference", "data": "7"}],
                "valid-lifetime": 100,
                "preferred-lifetime": 60,
                "min-preferred-lifetime": 50,
            }
        ]
    ).classes.values()
    assert phones.rule.test is not None
    assert phones.options.by_code[7][0].data == b"\7"
    assert phones.valid == Lifetime(100, 100, 100)
    assert phones.preferred == Lifetime(50, 60, 60)


def test_what_config_get_shows() -> None:
    config = server(
        client_classes=[
            {"name": "a"},
            {"name": "b", "template-test": "'x'", "preferred-lifetime": 5, "max-preferred-lifetime": 6, "comment": "c"},
        ]
    )
    shown = config.as_get["client-classes"]
    assert shown == [
        {"name": "a", "option-data": []},
        {
            "name": "b",
            "template-test": "'x'",
            "option-data": [],
            "preferred-lifetime": 5,
            "max-preferred-lifetime": 6,
            "user-context": {"comment": "c"},
        },
    ]
    assert server(client_classes=shown).as_get["client-classes"] == shown


def test_guards_and_tags_name_classes_that_need_not_be_defined() -> None:
    tagged = {"name": "preference", "data": "1", "client-classes": ["gold"]}
    prefixes = {**PD_POOL, "client-classes": ["silver"], "evaluate-additional-classes": ["x"]}
    subnet = {**SUBNET, "client-classes": ["gold"], "pd-pools": [prefixes], "option-data": [tagged]}
    subnet["reservations"] = [{"duid": "01:02:03", "client-classes": ["gold"]}]
    loaded = server(subnet6=[subnet])
    [read] = loaded.subnets
    assert read.classes == ("gold",)
    assert (read.pd_pools[0].classes, read.pd_pools[0].additional_classes) == (("silver",), ("x",))
    assert read.options.of({"gold"}).by_code[7][0].data == b"\1"
    assert not read.options.of(()).by_code
    assert loaded.hosts[0].classes == ("gold",)


@pytest.mark.parametrize(
    ("classes", "text", "path"),
    [
        ([{"name": "a", "test": "pkt4.mac == 0x01"}], "expression: [pkt4.mac == 0x01] error: <string>:1.1", "[0].test"),
        (
            [{"name": "a", "next-server": "192.0.2.1"}],
            'got unexpected keyword "next-server" in client-classes map.',
            "",
        ),
        ([{"name": "a", "option-def": []}], 'got unexpected keyword "option-def" in client-classes map.', ""),
        (
            [{"name": "a", "min-preferred-lifetime": 1, "max-preferred-lifetime": 2}],
            "have min-preferred-lifetime and max-preferred-lifetime but no preferred-lifetime (default) in F:",
            "[0].min-preferred-lifetime",
        ),
        (
            [{"name": "UNKNOWN", "only-if-required": True}],
            "built-in class 'UNKNOWN' only-in-additional-list flag",
            "[0]",
        ),
    ],
)
def test_mistakes(classes: list[dict[str, Any]], text: str, path: str) -> None:
    """Texts as Kea 3.0.4 writes them."""
    with pytest.raises(ConfigError) as caught:
        server(client_classes=classes)
    assert text in caught.value.message
    assert caught.value.path.startswith("Dhcp6.client-classes" + path)
