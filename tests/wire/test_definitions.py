"""The table of option definitions."""

from __future__ import annotations

from kead.wire.definitions import OptionDefinition, OptionTable, OptionType

A = OptionDefinition(1, "a", OptionType.UINT8, space="x")
B = OptionDefinition(2, "b", OptionType.STRING, space="x")
C = OptionDefinition(1, "a", OptionType.IPV4, array=True, space="y")


def test_rows_are_found_by_code_and_name_in_their_space() -> None:
    table = OptionTable((A, B, C))
    assert table.by_code("x", 1) is table.by_name("x", "a") is A
    assert table.by_code("y", 1) is C
    assert table.by_code("y", 2) is table.by_name("z", "a") is table.by_name("x", "c") is None
    assert table.spaces() == ("x", "y")
    assert table.names("x") == ("a", "b")
    assert table.codes("x") == (1, 2)
    assert table.names("z") == table.codes("z") == ()
    assert list(table) == [A, B, C]
    assert len(table) == 3


def test_an_extension_replaces_rows_and_leaves_the_first_table_alone() -> None:
    table = OptionTable((A, B))
    other = OptionDefinition(1, "other", OptionType.BINARY, space="x")
    renumbered = OptionDefinition(9, "b", OptionType.BINARY, space="x")
    extended = table.extended((other, renumbered))
    assert extended.by_code("x", 1) is other
    assert extended.by_name("x", "a") is None
    assert extended.by_name("x", "b") is extended.by_code("x", 9) is renumbered
    assert extended.by_code("x", 2) is None
    assert table.by_code("x", 1) is A
    assert table.by_code("x", 2) is B


def test_types_have_the_names_of_configurations() -> None:
    names = {each.value for each in OptionType}
    assert {"empty", "binary", "boolean", "string", "tuple", "fqdn", "internal", "record", "psid"} <= names
    assert {f"{sign}int{bits}" for sign in ("u", "") for bits in (8, 16, 32)} <= names
    assert {"ipv4-address", "ipv6-address", "ipv6-prefix"} <= names
    assert len(names) == 18
