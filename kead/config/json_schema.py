"""The keywords of a configuration as a JSON Schema, from which editors complete, explain and check while one types.

Law: made from the models alone. It says what may be written; what must fit together only a check of the file says.
"""

from __future__ import annotations

from typing import Any, Final

from kead.config.schema_base import Keywords

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema(model: type[Keywords], title: str) -> dict[str, Any]:
    """The schema of a whole file of this model. Comments are beyond JSON; most editors have a mode for them."""
    schema = _plain(model.model_json_schema(by_alias=True))
    return {"$schema": DIALECT, **schema, "title": title}


def _plain(node: Any) -> Any:
    """Without the words that say nothing to people: titles made of names, and null, which stands for "not written"."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    made = {
        key: {name: _plain(part) for name, part in value.items()}
        if key in ("properties", "$defs") and isinstance(value, dict)
        else _plain(value)
        for key, value in node.items()
        if not (key == "title" and isinstance(value, str)) and not (key == "default" and value is None)
    }
    choices = made.get("anyOf")
    if choices is not None:
        choices = [choice for choice in choices if choice != {"type": "null"}]
        if len(choices) == 1:
            del made["anyOf"]
            made = {**choices[0], **made}
        else:
            made["anyOf"] = choices
    return made
