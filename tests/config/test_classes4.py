"""client-classes of DHCPv4: what of them is in force, what config-get shows, what is refused and where."""

from __future__ import annotations

from typing import Any

import pytest

from kead.config.errors import ConfigError
from kead.config.snapshot4 import ClientClass4, Lifetime
from kead.wire.address import parse_ip4
from tests.config.some_configs import SUBNET, server

MEMBER = "option[60].text == 'phone'"


def one(**keywords: Any) -> ClientClass4:
    tree = {name.replace("_", "-"): value for name, value in {"name": "phones", **keywords}.items()}
    return server(client_classes=[tree]).classes["phones"]


def test_what_a_class_gives() -> None:
    phones = one(
        test=MEMBER,
        option_data=[{"name": "routers", "data": "192.0.2.1"}, {"code": 222, "data": "0a"}],
        next_server="192.0.2.9",
        server_hostname="boot",
        boot_file_name="file",
        valid_lifetime=100,
        min_valid_lifetime=50,
        offer_lifetime=7,
        user_context={"a": 1},
        comment="b",
    )
    assert phones.rule.test is not None
    assert phones.options.name == "class phones"
    assert [phones.options.by_code[code][0].data for code in (3, 222)] == [bytes([192, 0, 2, 1]), b"\n"]
    assert phones.next_server == parse_ip4("192.0.2.9")
    assert (phones.server_hostname, phones.boot_file_name) == (b"boot", b"file")
    assert phones.valid == Lifetime(50, 100, 100)
    assert phones.offer_lifetime == 7
    assert phones.user_context == {"a": 1, "comment": "b"}


def test_a_class_may_say_nothing() -> None:
    phones = one()
    assert (phones.rule.test, phones.rule.template, phones.valid, phones.offer_lifetime) == (None,) * 4
    assert (phones.next_server, phones.server_hostname, phones.boot_file_name) == (0, b"", b"")


def test_lifetimes_of_a_class_need_no_default() -> None:
    assert one(max_valid_lifetime=9).valid == Lifetime(9, 9, 9)
    assert one(valid_lifetime=-1).valid == Lifetime(0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF)


def test_own_formats_of_options() -> None:
    definition = {"name": "vendor", "code": 43, "type": "uint16"}
    same_name = {"name": "vendor", "code": 224, "type": "string"}
    config = server(
        option_def=[same_name],
        client_classes=[
            {"name": "a", "option-def": [definition], "option-data": [{"name": "vendor", "data": "258"}]},
            {"name": "b", "option-data": [{"name": "vendor", "data": "258"}]},
        ],
    )
    assert config.classes["a"].options.by_code[43][0].data == b"\1\2"
    assert config.classes["a"].rule.definitions[43].name == "vendor"
    assert config.classes["b"].options.by_code[224][0].data == b"258"


def test_the_order_of_classes_is_the_configurations() -> None:
    config = server(client_classes=[{"name": "z"}, {"name": "a", "test": "member('z')"}])
    assert list(config.classes) == ["z", "a"]


def test_expressions_know_the_options_of_option_def() -> None:
    definition = {"name": "mine", "code": 224, "type": "string"}
    config = server(option_def=[definition], client_classes=[{"name": "a", "test": "option[mine].exists"}])
    assert config.classes["a"].rule.test is not None


def test_what_config_get_shows() -> None:
    definition = {"name": "v", "code": 43, "type": "string"}
    config = server(
        client_classes=[
            {"name": "a"},
            {
                "name": "b",
                "template-test": "'x'",
                "only-if-required": True,
                "option-def": [definition],
                "next-server": "192.0.2.1",
                "server-hostname": "s",
                "boot-file-name": "f",
                "valid-lifetime": 5,
                "min-valid-lifetime": 4,
                "max-valid-lifetime": 6,
                "offer-lifetime": 3,
                "comment": "c",
            },
        ]
    )
    nothing = {"boot-file-name": "", "next-server": "0.0.0.0", "server-hostname": "", "option-data": []}
    shown = config.as_get["client-classes"]
    assert shown == [
        {"name": "a", **nothing, "option-def": []},
        {
            "name": "b",
            "template-test": "'x'",
            "only-in-additional-list": True,
            "option-data": [],
            "option-def": [{**definition, "array": False, "encapsulate": "", "record-types": "", "space": "dhcp4"}],
            "next-server": "192.0.2.1",
            "server-hostname": "s",
            "boot-file-name": "f",
            "valid-lifetime": 5,
            "min-valid-lifetime": 4,
            "max-valid-lifetime": 6,
            "offer-lifetime": 3,
            "user-context": {"comment": "c"},
        },
    ]
    assert server(client_classes=shown).as_get["client-classes"] == shown
    assert "client-classes" not in server().as_get


def test_guards_and_tags_name_classes_that_need_not_be_defined() -> None:
    tagged = {"name": "routers", "data": "192.0.2.1", "client-classes": ["gold", ""]}
    pool = {"pool": "192.0.2.10-192.0.2.20", "client-class": "silver", "require-client-classes": ["x"]}
    subnet = {**SUBNET, "client-classes": ["gold", "VENDOR_CLASS_x"], "pools": [pool], "option-data": [tagged]}
    subnet["reservations"] = [{"hw-address": "01", "client-classes": ["gold"]}]
    loaded = server(subnet4=[subnet])
    [read] = loaded.subnets
    assert read.classes == ("gold", "VENDOR_CLASS_x")
    assert (read.pools[0].classes, read.pools[0].additional_classes) == (("silver",), ("x",))
    assert read.options.by_code[3][0].classes == ("gold",)
    assert loaded.hosts[0].classes == ("gold",)


def test_a_scope_as_clients_of_classes_see_it() -> None:
    scope = server(
        option_data=[
            {"name": "routers", "data": "192.0.2.1"},
            {"name": "routers", "data": "192.0.2.2", "client-classes": ["a", "b"]},
            {"name": "routers", "data": "192.0.2.3", "client-classes": ["a"]},
            {"name": "domain-name", "data": "x", "client-classes": ["a"]},
            {"code": 1, "space": "vendor-7", "data": "01", "csv-format": False, "client-classes": ["a"]},
        ]
    ).options
    assert [option.data[-1] for option in scope.of({"a"}).by_code[3]] == [3, 2, 1]
    assert [option.data[-1] for option in scope.of({"b"}).by_code[3]] == [2, 1]
    nobody = scope.of(())
    assert [option.data[-1] for option in nobody.by_code[3]] == [1]
    assert 15 not in nobody.by_code
    assert not nobody.vendor[7]
    assert scope.of({"a"}).vendor[7][1][0].data == b"\1"
    plain = server(option_data=[{"name": "routers", "data": "192.0.2.1"}]).options
    assert plain.of(()) is plain


def test_lifetimes_that_nobody_looks_at_are_worth_a_warning() -> None:
    config = server(client_classes=[{"name": "a", "only-in-additional-list": True, "valid-lifetime": 5}])
    assert any("class a" in warning and "lifetimes are ignored" in warning for warning in config.warnings)


DEFINITION = {"name": "x", "code": 222, "type": "string"}


@pytest.mark.parametrize(
    ("classes", "text", "path", "line"),
    [
        ([{}], "missing parameter 'name' (F:", "[0]", 1),
        ([{"name": ""}], "not empty parameter 'name' is required", "[0].name", 2),
        ([{"name": "a", "test": ""}], "expression: [] error: <string>:1.1: syntax error", "[0].test", 3),
        ([{"name": "a", "test": "member('x')"}], "error: <string>:1.8-10: Not defined client class 'x' at (F:", "", 3),
        ([{"name": "a", "template-test": ""}], "expression can not be empty at (F:", "[0].template-test", 3),
        (
            [{"name": "a", "test": MEMBER, "template-test": "'x'"}],
            "can not use both 'test' and 'template-test' (F:",
            "",
            4,
        ),
        ([{"name": "a"}, {"name": "a"}], "Can't add class: Client Class: a has already been defined (F:", "[1]", 5),
        ([{"name": "ALL", "test": MEMBER}], "built-in class 'ALL' test expression must be empty", "[0].test", 3),
        (
            [{"name": "DROP", "only-in-additional-list": True}],
            "special class 'DROP' only-in-additional-list flag must be false",
            "[0].only-in-additional-list",
            3,
        ),
        (
            [{"name": "a", "only-if-required": True, "only-in-additional-list": True}],
            "cannot specify both 'only-if-required' and 'only-in-additional-list'. Use only the latter.",
            "[0].only-if-required",
            3,
        ),
        ([{"name": "a", "next-server": "x"}], "Invalid next-server value specified: 'x' (F:", "[0].next-server", 3),
        ([{"name": "a", "next-server": ""}], "Invalid next-server value specified: '' (F:", "[0].next-server", 3),
        ([{"name": "a", "next-server": "::1"}], "Invalid next-server value: '::1', must be IPv4 address (F:", "", 3),
        (
            [{"name": "a", "next-server": "255.255.255.255"}],
            "Invalid next-server value: '255.255.255.255', must not be a broadcast (F:",
            "[0].next-server",
            3,
        ),
        (
            [{"name": "a", "server-hostname": "x" * 64}],
            "server-hostname must be at most 63 bytes long, it is 64",
            "",
            3,
        ),
        ([{"name": "a", "boot-file-name": "x" * 129}], "boot-file-name must be at most 127 bytes long, it is", "", 3),
        (
            [{"name": "a", "offer-lifetime": -1}],
            "the value of offer-lifetime '-1' must be a positive number (F:",
            "",
            3,
        ),
        (
            [{"name": "a", "min-valid-lifetime": 1, "max-valid-lifetime": 2}],
            "have min-valid-lifetime and max-valid-lifetime but no valid-lifetime (default) in F:",
            "[0].min-valid-lifetime",
            3,
        ),
        (
            [{"name": "a", "min-valid-lifetime": 10, "valid-lifetime": 5}],
            "the value of min-valid-lifetime (10) is not less than (default) valid-lifetime (5)",
            "[0].min-valid-lifetime",
            3,
        ),
        (
            [{"name": "a", "option-def": [DEFINITION]}],
            "Not allowed option definition for code '222' in space 'dhcp4' at (F:",
            "[0].option-def[0]",
            4,
        ),
        (
            [{"name": "a", "option-data": [{"name": "foo", "data": "1"}]}],
            "definition for the option 'dhcp4.foo' does not exist (F:",
            "[0].option-data[0].name",
            5,
        ),
        (
            [{"name": "a", "preferred-lifetime": 5}],
            'got unexpected keyword "preferred-lifetime" in client-classes',
            "",
            3,
        ),
    ],
)
def test_mistakes(classes: list[dict[str, Any]], text: str, path: str, line: int) -> None:
    """Texts as Kea 3.0.4 writes them; lines counted from that of `client-classes`."""
    with pytest.raises(ConfigError) as caught:
        server(client_classes=classes)
    error = caught.value
    assert text in error.message
    assert error.path.startswith("Dhcp4.client-classes" + path)
    assert error.line - 1 - _line_of_classes() == line


def _line_of_classes() -> int:
    """How many lines are above the value of client-classes in the file that `server` writes."""
    with pytest.raises(ConfigError) as caught:
        server(client_classes=5)
    return caught.value.line - 1
