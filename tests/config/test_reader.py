"""Kea's JSON dialect: what is read, what is refused, and where things stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from kead.config.reader import ConfigError, Place, from_wire, read_file, read_text


def tree(text: str | bytes) -> object:
    return read_text(text, "F").tree


@pytest.mark.parametrize(
    "text",
    [
        '{"a": 1} # to the end',
        '{"a": 1} // to the end',
        '/* over\n lines */ {"a": /* between */ 1}',
        '{ # "b": 2,\n "a": 1 }',
        '{"a": 1,}',
        '{"a": 1,,}',
        '{"a": 01}',
        '{\t"a"\r\n:\n1\n}',
    ],
)
def test_the_dialect_reads_as_plain_json(text: str) -> None:
    assert tree(text) == {"a": 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('"# // /* no comment */"', "# // /* no comment */"),
        (r'"\"\\\/\b\f\n\r\t\u00e9"', '"\\/\b\f\n\r\té'),
        (b'"\xc3\xa9"', "\xc3\xa9"),
        (b'"\xc3\xa9", // slow way\n', "\xc3\xa9"),
        (".5", 0.5),
        ("5.", 5.0),
        ("+5", 5.0),
        ("1e3", 1000.0),
        ("-0012", -12),
        ("9223372036854775807", 2**63 - 1),
        ("[1, 2,]", [1, 2]),
        ("null", None),
        ("true", True),
    ],
)
def test_values(text: str | bytes, value: object) -> None:
    data = text.encode() if isinstance(text, str) else text
    assert tree(b'{"a": ' + data + b"}") == {"a": value}


def test_a_surplus_comma_is_told_with_its_position() -> None:
    document = read_text('{ "a": [ 1, ],\n  "b": 2,, }', "F")
    assert document.tree == {"a": [1], "b": 2}
    told = "Extraneous comma. A piece of configuration may have been omitted."
    assert document.warnings == [f"F:1.11: {told}", f"F:2.9: {told}", f"F:2.10: {told}"]


@pytest.mark.parametrize(
    ("text", "message", "line", "column"),
    [
        ("", "F:1.1: syntax error, unexpected end of file, expecting {", 1, 1),
        ("\n\n", "F:3.1: syntax error, unexpected end of file, expecting {", 3, 1),
        ("[ ]", "F:1.1: syntax error, unexpected [, expecting {", 1, 1),
        ("5", "F:1.1: syntax error, unexpected integer, expecting {", 1, 1),
        ('{ "a": 5', 'F:1.9: syntax error, unexpected end of file, expecting "," or }', 1, 9),
        ('{ "a": 5 "valid": 3 }', 'F:1.10-16: syntax error, unexpected valid, expecting "," or }', 1, 10),
        ('{ "a": 5 "b": 3 }', 'F:1.10-12: syntax error, unexpected constant string, expecting "," or }', 1, 10),
        ('{ "a" 5 }', "F:1.7: syntax error, unexpected integer, expecting :", 1, 7),
        ('{ "a": }', "F:1.8: syntax error, unexpected }", 1, 8),
        ("{ 5 }", "F:1.3: syntax error, unexpected integer", 1, 3),
        ('{ "a": [ 1 2 ] }', "F:1.12: syntax error, unexpected integer, expecting ]", 1, 12),
        ('{ "a": 5 } 5', "F:1.12: syntax error, unexpected integer, expecting end of file", 1, 12),
        ("{ 'a': 5 }", "F:1.3: Invalid character: '", 1, 3),
        ("{ a: 5 }", "F:1.3: Invalid character: a", 1, 3),
        ('{ "a": True }', "F:1.8-11: JSON true reserved keyword is lower case only", 1, 8),
        ('{ "a": NULL }', "F:1.8-11: JSON null reserved keyword is lower case only", 1, 8),
        (
            '{ "a": 99999999999999999999 }',
            "F:1.8-27: Failed to convert 99999999999999999999 to an integer.",
            1,
            8,
        ),
        ('{ "a": "b\\q" }', 'F:1.8-12 (near 3): Bad escape in "b\\q"', 1, 8),
        ('{ "a": "b\\u12" }', 'F:1.8-14 (near 3): Overflow unicode escape in "b\\u12"', 1, 8),
        ('{ "a": "b\\u12zz" }', 'F:1.8-16 (near 3): Bad escape in "b\\u12zz"', 1, 8),
        ('{ "a": "b\\u1234" }', 'F:1.8-16 (near 4): Unsupported unicode escape in "b\\u1234"', 1, 8),
        ('{ "a": "b\\" }', 'F:1.8-11 (near 4): Overflow escape in "b\\"', 1, 8),
        ('{ "a": "bc }', 'F:1.8: Invalid character: "', 1, 8),
        ('{ "a": "b\x01" }', 'F:1.8-11 (near 2): Invalid control in "b\x01"', 1, 8),
        ("{ } /* x", "Comment not closed. (/* in line 1", 1, 5),
        ('{ <?include "x', "Directive not closed.", 1, 3),
        ("{ <?include x?> }", "F:1.3: Invalid character: <", 1, 3),
        (
            '{ "m": { "a": 1,\n "a": 2 } }',
            "F:2:2: duplicate a entries in m map (previous at F:1:15)",
            2,
            2,
        ),
    ],
)
def test_broken_texts(text: str, message: str, line: int, column: int) -> None:
    with pytest.raises(ConfigError) as caught:
        read_text(text, "F", frozenset({"valid"}))
    error = caught.value
    assert (error.message, error.file, error.line, error.column, error.syntax) == (message, "F", line, column, True)


def test_a_duplicate_names_its_path() -> None:
    with pytest.raises(ConfigError) as caught:
        read_text('{ "Dhcp4": { "subnet4": [ { "id": 1, "id": 2 } ] } }', "F")
    assert caught.value.path == "Dhcp4.subnet4[0].id"
    assert str(caught.value) == (
        "F:1:38: duplicate id entries in subnet4 map (previous at F:1:35) [at Dhcp4.subnet4[0].id; keep one of the two]"
    )


def test_a_hundred_levels_are_enough() -> None:
    assert tree('{"a": ' + "[" * 99 + "]" * 99 + "}")
    with pytest.raises(ConfigError, match="elements nested too deeply"):
        tree('{"a": ' + "[" * 100_000 + "]" * 100_000 + "}")


def test_includes(tmp_path: Path) -> None:
    inner = tmp_path / "inner.json"
    inner.write_text('"b": [ 1,\n 2 ] # more\n')
    document = read_text(f'{{ "a": 1, <?include "{inner}"?> }}', "F")
    assert document.tree == {"a": 1, "b": [1, 2]}
    assert document.place(("b", 1)) == Place(str(inner), 2, 2)
    assert document.place(("a",)) == Place("F", 1, 8)


def test_what_is_included_may_include_but_not_for_ever(tmp_path: Path) -> None:
    for level in range(10):
        text = f'<?include "{tmp_path / str(level + 1)}"?>' if level < 9 else "7"
        (tmp_path / str(level)).write_text(text)
    assert tree(f'{{ "a": <?include "{tmp_path / "0"}"?> }}') == {"a": 7}
    itself = tmp_path / "itself"
    itself.write_text(f'<?include "{itself}"?>')
    with pytest.raises(ConfigError, match="Too many nested include"):
        tree(f'{{ "a": <?include "{itself}"?> }}')


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        read_file(str(tmp_path / "nothing"))
    assert caught.value.message == f"Unable to open file {tmp_path / 'nothing'}"
    assert caught.value.syntax
    with pytest.raises(ConfigError) as caught:
        tree(f'{{\n <?include "{tmp_path / "nothing"}"?> }}')
    assert caught.value.message == f"Can't open include file {tmp_path / 'nothing'}"
    assert caught.value.place == Place("F", 2, 2)


def test_places_are_those_that_kea_tells() -> None:
    document = read_text('{\n "a": {\n  "b": "x",\n  "c": [ { "d": 1 } ]\n }\n}', "F")
    assert document.place(("a",)) == Place("F", 2, 2)  # a map stands at its key,
    assert document.place(("a", "b")) == Place("F", 3, 8)  # a scalar where it begins,
    assert document.place(("a", "c", 0)) == Place("F", 4, 10)  # a map in a list at its brace,
    assert document.place(("a", "nothing")) == Place("F", 2, 2)  # what isn't there: the map that it would be in


def test_columns_count_bytes() -> None:
    assert read_text('{ "é": 1 }', "F").place(("\xc3\xa9",)).column == 9


def test_a_good_text_costs_no_positions() -> None:
    document = read_text('{ "a": 1 } # ordinary')
    assert document._positioned is None
    assert document.place(("a",)).column == 8


def test_places_on_the_command_channel() -> None:
    text = b'{"command": "config-set", "arguments": {"Dhcp4": {"foo": {"a": 1}, "b": [2]}}} and more'
    document = from_wire({"Dhcp4": {"foo": {"a": 1}, "b": [2]}}, text)
    assert str(document.place(("Dhcp4", "foo"))) == "<wire>:0:58"  # behind the brace
    assert str(document.place(("Dhcp4", "foo", "a"))) == "<wire>:0:63"
    assert str(document.place(("Dhcp4", "b", 0))) == "<wire>:0:73"
    assert str(from_wire({"Dhcp4": {}}).place(("Dhcp4",))) == ":0:0"


def test_the_command_channel_takes_the_last_of_repeated_keys() -> None:
    document = from_wire({"a": 22}, b'{"arguments": {"a": 1, "a": 22}}')
    assert document.place(("a",)).column == 28
