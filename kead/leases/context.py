"""User contexts of leases: compact JSON text inside kead, Kea's spaced text in its files, and extended info.

Law: text in, text out; keys are sorted, as in everything that Kea writes.

To Kea a string is bytes, and \\u00c3 is how it writes one that is not ASCII. So a letter of two bytes in UTF-8 is two
such escapes in its files, and that is how they are read and written here. Bytes that are no UTF-8 come as surrogates
(PEP 383), which the compact text has as escapes, \\udce4.
"""

from __future__ import annotations

import json
import re
from functools import lru_cache
from typing import Any, Final

import orjson

_KEA_ESCAPES: Final = re.compile(rb"\\\\|\\u00([89a-fA-F][0-9a-fA-F])")  # an escaped backslash begins no escape
_NOT_ASCII: Final = re.compile(rb"[\x80-\xff]")
_NAMES: Final = {True: "true", False: "false", None: "null"}


def compact_context(data: bytes) -> str:
    """The compact text of a JSON map. ValueError: something else."""
    raw = _KEA_ESCAPES.sub(_byte, data) if b"\\u00" in data else data
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        try:  # Kea takes any byte inside a string
            value = json.loads(raw.decode("utf-8", "surrogateescape"))
        except ValueError:
            raise ValueError(f"user context is not JSON: {error}") from None
    if not isinstance(value, dict):
        raise ValueError(f"user context '{data.decode('utf-8', 'replace')}' is not a JSON map")
    return dump(value) if value else ""


def dump(value: object) -> str:
    """Compact JSON text with sorted keys."""
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
    except orjson.JSONEncodeError:  # surrogates
        return json.dumps(value, sort_keys=True, separators=(",", ":"))


def load(text: str) -> Any:
    """The value of a compact text."""
    return json.loads(text) if "\\udc" in text else orjson.loads(text.encode("utf-8", "surrogateescape"))


@lru_cache(maxsize=1024)
def kea_context(text: str) -> str:
    """The same JSON with Kea's blanks, as its lease files have it."""
    return _kea(load(text))


def _kea(value: object) -> str:
    if isinstance(value, dict):
        if not value:
            return "{  }"
        return "{ " + ", ".join(f"{_kea(key)}: {_kea(member)}" for key, member in sorted(value.items())) + " }"
    if isinstance(value, list):
        return "[ " + ", ".join(map(_kea, value)) + " ]" if value else "[  ]"
    if value is None or isinstance(value, bool):
        return _NAMES[value]
    written = json.dumps(value, ensure_ascii=False) if isinstance(value, str) else orjson.dumps(value).decode()
    data = written.encode("utf-8", "surrogateescape")
    return _NOT_ASCII.sub(lambda found: b"\\u00%02x" % found[0][0], data).decode("ascii")


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes((int(found[1], 16),)) if found[1] else found[0]
