"""--schema: what editors complete and check from says what the server takes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kead.config.json_schema import json_schema
from kead.config.schema4 import File4
from kead.config.schema6 import File6
from kead.config.schema_base import Keywords, words

FILES = Path(__file__).parents[2] / "etc"
FAMILIES = [(File4, "Dhcp4"), (File6, "Dhcp6")]


def names(node: Any) -> Iterator[str]:
    """All properties of a schema."""
    if isinstance(node, dict):
        properties = node.get("properties")
        if isinstance(properties, dict):
            yield from properties
        for value in node.values():
            yield from names(value)
    elif isinstance(node, list):
        for item in node:
            yield from names(item)


def allowed(schema: dict[str, Any], value: Any, whole: dict[str, Any]) -> bool:
    """Whether a value passes; the part of JSON Schema that ours is made of."""
    if "$ref" in schema:
        return allowed(whole["$defs"][schema["$ref"].rpartition("/")[2]], value, whole)
    if "anyOf" in schema:
        return any(allowed(choice, value, whole) for choice in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kinds = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "number": (int, float)}
    kind = schema.get("type")
    if kind is not None and (not isinstance(value, kinds[kind]) or (kind != "boolean" and isinstance(value, bool))):
        return False
    if isinstance(value, dict) and "properties" in schema:
        known = schema["properties"]
        if schema.get("additionalProperties") is False and not set(value) <= set(known):
            return False
        return all(allowed(known[key], part, whole) for key, part in value.items() if key in known)
    if isinstance(value, list) and "items" in schema:
        return all(allowed(schema["items"], part, whole) for part in value)
    return True


@pytest.mark.parametrize(("model", "top"), FAMILIES)
def test_it_has_every_keyword_and_no_other(model: type[Keywords], top: str) -> None:
    schema = json_schema(model, "t")
    assert set(names(schema)) == words(model)
    assert list(schema["properties"]) == [top]


@pytest.mark.parametrize(("model", "top"), FAMILIES)
def test_the_shipped_configurations_pass_and_misspelt_ones_do_not(model: type[Keywords], top: str) -> None:
    schema = json_schema(model, "t")
    lines = (FILES / f"kea-dhcp{top[-1]}.json").read_text().splitlines()
    tree = json.loads("\n".join(line for line in lines if not line.lstrip().startswith(("//", "#"))))
    assert allowed(schema, tree, schema)
    tree[top]["valid-lifetim"] = 1
    assert not allowed(schema, tree, schema)
    del tree[top]["valid-lifetim"]
    tree[top]["valid-lifetime"] = "1"
    assert not allowed(schema, tree, schema)


@pytest.mark.parametrize("family", [4, 6])
def test_the_programs_print_it(family: int, capsys: pytest.CaptureFixture[str]) -> None:
    from kead.daemon import run
    from kead.dhcp4.main import Dhcp4
    from kead.dhcp6.main import Dhcp6

    program = Dhcp4() if family == 4 else Dhcp6()
    assert run(program, [program.name, "--schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["$schema"].startswith("https://json-schema.org/")
    assert f"Dhcp{family}" in printed["properties"]
