"""From a document to checked keywords: a tree against the models, and Kea's words for what does not fit.

Law: no keyword of a family by its meaning; what the models say is applied, and what is wrong is told as Kea's
parser tells it: for a file with the position of the token and what was expected, over the command channel as its
element parsers do (config-common.md § 1, § 12). Of several mistakes the first in the text is reported.
"""

from __future__ import annotations

import difflib
from typing import Any, TypeVar, cast

import orjson
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kead.config.errors import ConfigError, Path, dotted
from kead.config.positions import Spot, context_name, element_place
from kead.config.reader import Document
from kead.config.scanner import Kind
from kead.config.schema_base import Commented, Keywords

Model = TypeVar("Model", bound=Keywords)

_PIECE = 500  # maps that one call may check: a few milliseconds

_EXPECTED = {
    "int_type": Kind.INTEGER,
    "float_type": Kind.FLOAT,
    "string_type": Kind.STRING,
    "bool_type": Kind.BOOLEAN,
    "list_type": Kind.OPEN_LIST,
    "dict_type": Kind.OPEN_MAP,
    "model_type": Kind.OPEN_MAP,
}
_WIRE_TYPES = {
    "int_type": "an integer",
    "float_type": "a real",
    "string_type": "a string",
    "bool_type": "a boolean",
    "list_type": "a list",
    "dict_type": "a map",
    "model_type": "a map",
}
_ELEMENT_CALLS = {"string_type": "stringValue() called on non-string", "int_type": "intValue() called on non-integer"}
_TYPED_MAPS = frozenset(
    {"subnet4", "subnet6", "pools", "pd-pools", "shared-networks", "option-data", "option-def", "relay"}
)
_CLOSED = {"relay": "ip-addresses", "hooks-libraries": '"," or }', "output-options": ""}
"""Maps whose grammar has no place for unknown words: what it expects instead."""
_ITEMS = {"loggers": "{", "mac-sources": "duid or constant string"}
"""Lists whose grammar, where an item is of the wrong type, expects something else than their end."""
_MAPS_ON_WIRE = {
    "server-id": "get(string) called on a non-map",
    "interfaces-config": "get(string) called on a non-map",
    "lease-database": "mapValue() called on non-map",
}
_MANDATORY_ON_WIRE = {
    "subnet": "subnet configuration failed: mandatory 'subnet' parameter is missing for a subnet being configured {}",
    "pool": "Mandatory 'pool' entry missing in definition: {}",
    "library": "hooks library configuration error: one or more hooks-libraries elements are missing the name of the "
    "library {}",
    "ip-addresses": "ip-addresses is required",
}


def validated(document: Document, model: type[Model], top: str) -> tuple[Model, list[str]]:
    """The document as a model that has one field, `top`; warnings about older spellings. Raises ConfigError."""
    if document.wire:
        if top not in document.tree:
            raise ConfigError(f"Missing mandatory '{top}' parameter.")
    elif next(iter(document.tree), None) != top:
        raise _wrong_top(document, top)
    extra = next((key for key in document.tree if key != top), None)
    if extra is not None:
        raise _second_top(document, extra)
    errors: list[ErrorDetails] = []
    ((name, field),) = model.model_fields.items()
    assert isinstance(field.annotation, type)
    assert issubclass(field.annotation, Keywords)
    whole = _in_pieces(field.annotation, document.tree[top], document.wire, (top,), errors)
    if whole is None:
        raise _first(document, model, errors)
    checked = cast(Model, model.model_construct(_fields_set=None, **{name: whole}))
    warnings: list[str] = []
    _walk(document, checked, (), warnings)
    return checked, warnings


def _in_pieces(model: type[Keywords], tree: Any, wire: bool, path: Path, errors: list[ErrorDetails]) -> Keywords | None:
    """The tree as a model. None: it is none, and `errors` grew.

    What one call checks is bounded: it keeps the interpreter from everybody else. So lists of maps are checked map by
    map, where there is much in them.
    """
    long = {} if _maps_in(model, tree) <= _PIECE else {k: m for k, m in model.lists.items() if _is_long(tree.get(k))}
    rest = {**tree, **{keyword: [] for keyword in long}} if long else tree
    checked: Keywords | None = None
    try:
        checked = model.model_validate(rest, context={"wire": wire})
    except ValidationError as error:
        for one in error.errors(include_url=False):
            one["loc"] = (*path, *one["loc"])
            errors.append(one)
    for keyword, (name, entry) in long.items():
        entries = [
            _in_pieces(entry, value, wire, (*path, keyword, index), errors) for index, value in enumerate(tree[keyword])
        ]
        if checked is not None:
            checked.__dict__[name] = entries  # frozen, but new: nobody has seen it yet
    return None if errors else checked


def _is_long(value: Any) -> bool:
    return isinstance(value, list) and bool(value)


def _maps_in(model: type[Keywords], tree: Any) -> int:
    """How many maps there are in a tree, as far as the lists of a model go."""
    if not isinstance(tree, dict):
        return 1
    lists = ((entry, tree[keyword]) for keyword, (_, entry) in model.lists.items() if keyword in tree)
    return 1 + sum(_maps_in(entry, one) for entry, value in lists if isinstance(value, list) for one in value)


def _wrong_top(document: Document, top: str) -> ConfigError:
    for path, spot in ((tuple(document.tree)[:1], None), ((), document.spot(()))):
        spot = spot or document.spot(path)
        if spot is not None:
            token = spot.key or spot.last
            text = f"{token.span}: syntax error, unexpected {token.kind.value}, expecting {top}"
            return ConfigError(text, place=token.place, path=path, syntax=True)
    return ConfigError(f"the only key at the top must be {top}", syntax=True)


def _second_top(document: Document, key: str) -> ConfigError:
    if document.wire:
        return ConfigError(f"Unsupported '{key}' parameter.", path=(key,))
    spot = document.spot((key,))
    token = spot.key if spot else None
    where = f"{token.span}: " if token else ""
    text = f'{where}syntax error, unexpected constant string, expecting "," or }}'
    return ConfigError(text, place=document.place((key,)), path=(key,), syntax=True)


def _first(document: Document, model: type[Keywords], errors: list[ErrorDetails]) -> ConfigError:
    """The error that Kea would have met first."""

    def position(error: ErrorDetails) -> int:
        spot = document.spot(_spot_path(error))
        if spot is None:
            return 0
        if error["type"] == "missing":
            return spot.last.begin
        return (spot.key or spot.first).begin if error["type"] == "extra_forbidden" else spot.first.begin

    return _translated(document, model, min(errors, key=position))


def _spot_path(error: ErrorDetails) -> Path:
    return tuple(error["loc"][:-1]) if error["type"] == "missing" else tuple(error["loc"])


def _translated(document: Document, model: type[Keywords], error: ErrorDetails) -> ConfigError:
    path: Path = tuple(error["loc"])
    kind = error["type"]
    if kind == "extra_forbidden":
        return _unknown(document, model, path)
    if kind == "missing":
        return _missing(document, model_at(model, path[:-1]), path, error["input"])
    if kind == "literal_error":
        return _not_one_of(document, path, error)
    if kind in _EXPECTED:
        return _wrong_type(document, path, kind, error["input"])
    return ConfigError(f"{error['msg']} ({document.place(path)})", place=document.place(path), path=path, syntax=True)


def _unknown(document: Document, model: type[Keywords], path: Path) -> ConfigError:
    word = str(path[-1])
    near = difflib.get_close_matches(word, sorted(model_at(model, path[:-1]).keywords()), 1, 0.6)
    remedy = f"did you mean '{near[0]}'?" if near else ""
    where = context_name(path[:-1])
    if document.wire:
        place = document.place(path)
        texts = {
            "Dhcp4": f"unsupported global configuration parameter: {word} ({place})",
            "Dhcp6": f"unsupported global configuration parameter: {word} ({place})",
            "compatibility": f"unsupported compatibility parameter: {word} ({place})",
            "hooks-libraries": f"unknown hooks library parameter: {word}({document.place(path[:-1])})",
            "shared-networks": f"spurious '{word}' parameter ({document.place(path[:-1])})",
        }
        if where == "interfaces-config" and word in ("dhcp-socket-type", "outbound-interface"):
            texts[where] = f"{word} is not supported in DHCPv6 ({place})"
        other = f"spurious '{word}' parameter" if where in _TYPED_MAPS else f"unsupported parameter '{word}' ({place})"
        return ConfigError(texts.get(where, other), place=place, path=path, remedy=remedy)
    spot = document.spot(path)
    token = spot.key if spot else None
    text = f'got unexpected keyword "{word}" in {where} map.'
    if where in _CLOSED:
        text = "syntax error, unexpected constant string" + (f", expecting {_CLOSED[where]}" if _CLOSED[where] else "")
    if token is None:
        return ConfigError(text, path=path, remedy=remedy, syntax=True)
    return ConfigError(f"{token.span}: {text}", place=token.place, path=path, remedy=remedy, syntax=True)


def model_at(model: type[Keywords], path: Path) -> type[Keywords]:
    """The model of the map at `path`."""
    here: type[Keywords] | None = model
    for step in path:
        if isinstance(step, str) and here is not None:
            fields = (field for name, field in here.model_fields.items() if (field.alias or name) == step)
            here = next((_model_in(field.annotation) for field in fields), None)
    return Keywords if here is None else here


def _model_in(annotation: Any) -> type[Keywords] | None:
    if isinstance(annotation, type) and issubclass(annotation, Keywords):
        return annotation
    found = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((part for part in found if part is not None), None)


def _missing(document: Document, model: type[Keywords], path: Path, given: Any) -> ConfigError:
    word = str(path[-1])
    around = path[:-1]
    place = document.place(around)
    if document.wire:
        text = _MANDATORY_ON_WIRE.get(word, f"missing parameter '{word}' {{}}")
        if context_name(around) == "lease-database":
            text = (
                "database access parameters must include the keyword 'type' to determine type of database to be "
                "accessed {}"
            )
        return ConfigError(text.format(f"({place})"), place=place, path=around)
    spot = document.spot(around)
    if not given and not model.may_be_empty:
        return empty_map(document, around, f"expecting {model.expected}" if model.expected else "")
    if spot is None:
        return ConfigError(f"missing parameter '{word}'", path=around, syntax=True)
    where = f"[{context_name(around)} map between {spot.first.place} and {spot.last.place}]"
    text = f"missing parameter '{word}' ({element_place(spot)}) {where}"
    return ConfigError(text, place=place, path=around, remedy=f"add '{word}'", syntax=True)


def empty_map(document: Document, path: Path, expecting: str = "") -> ConfigError:
    spot = document.spot(path)
    text = "syntax error, unexpected }" + (f", {expecting}" if expecting else "")
    if spot is None:
        return ConfigError(text, path=path, syntax=True)
    return ConfigError(f"{spot.last.span}: {text}", place=spot.last.place, path=path, syntax=True)


def _empty_list(document: Document, path: Path, expected: str = "") -> ConfigError:
    place = document.place(path)
    if document.wire:
        text = f"'{path[-1]}' list must not be empty ({place})"
        if path[-1] == "mac-sources":
            text = "If specified, MAC Sources cannot be empty"
        return ConfigError(text, place=place, path=path)
    spot = document.spot(path)
    expecting = f", expecting {expected}" if expected else ""
    where = f"{spot.last.span}: " if spot else ""
    return ConfigError(f"{where}syntax error, unexpected ]{expecting}", place=place, path=path, syntax=True)


def _unexpected(document: Document, path: Path, expected: str) -> ConfigError:
    spot: Spot | None = document.spot(path)
    tail = f", expecting {expected}" if expected else ""
    if spot is None:
        return ConfigError(f"syntax error at {dotted(path)}{tail}", path=path, syntax=True)
    token = spot.first
    text = f"{token.span}: syntax error, unexpected {token.kind.value}{tail}"
    return ConfigError(text, place=token.place, path=path, syntax=True)


def _wrong_type(document: Document, path: Path, kind: str, value: Any) -> ConfigError:
    step = path[-1]
    in_list = isinstance(step, int)
    if not document.wire:
        expected = _ITEMS.get(str(path[-2]), "]") if in_list else _EXPECTED[kind].value
        return _unexpected(document, path, expected)
    place = document.place(path)
    where = context_name(path[:-1])
    if in_list:
        text = _wrong_item(document, path, kind)
    elif where == "lease-database":
        text = f"invalid value type specified for parameter '{step}' ({place})"
    elif where == "compatibility":
        text = f"compatibility parameter values must be boolean ({step} at {place})"
    elif where == "client-classes" and step in ("test", "template-test"):
        text = f"expression [{orjson.dumps(value).decode()}] must be a string, at ({place})"
    elif where in _TYPED_MAPS or ("lifetime" in str(step) and where != "client-classes"):
        text = f"'{step}' parameter is not {_WIRE_TYPES[kind]}"
    elif step in _MAPS_ON_WIRE:
        text = f"{_MAPS_ON_WIRE[str(step)]} Element in ({place})"
    elif step == "control-sockets":
        text = "Specified control-sockets is expected to be a list"
    elif kind == "list_type":
        text = f"listValue() called on non-list Element in ({place})" + (
            f" ({place})" if step in ("interfaces", "relay-supplied-options") else ""
        )
    elif step == "library":
        why = "value of 'library' element is not a string giving the path to a hooks library"
        text = f"hooks library configuration error: {why} ({place})"
    else:
        text = f"invalid type specified for parameter '{step}' ({place})"
    return ConfigError(text, place=place, path=path, remedy=f"{_WIRE_TYPES[kind]} expected")


def _wrong_item(document: Document, path: Path, kind: str) -> str:
    """A member of a list, over the command channel."""
    place, name = document.place(path), path[-2]
    if name == "hooks-libraries":
        why = "one or more entries in the hooks-libraries list is not a map"
        return f"hooks library configuration error: {why} ({place})"
    if name == "client-classes" and kind == "string_type":
        return f"subnet configuration failed: invalid class name ({place})"
    call = "mapValue() called on non-map" if name in ("pools", "pd-pools") else "get(string) called on a non-map"
    text = f"{_ELEMENT_CALLS.get(kind, call)} Element in ({place})"
    return f"{text} ({place})" if name == "interfaces" else text


def _not_one_of(document: Document, path: Path, error: ErrorDetails) -> ConfigError:
    value = error["input"]
    choices = error["ctx"]["expected"].replace("'", "").replace(" or ", ", ").split(", ")
    near = difflib.get_close_matches(str(value), choices, 1, 0.6)
    remedy = f"did you mean '{near[0]}'?" if near else "one of " + ", ".join(choices)
    step, place = path[-1], document.place(path)
    if isinstance(value, str) and step in ("lease-checks", "extended-info-checks"):
        quote = "" if document.wire else "'"
        text = f"Unsupported {quote}{step} value: {value}, supported values are: {', '.join(choices)}"
        spot = document.spot(path)
        where = f"{spot.first.span}: " if spot and not document.wire else ""
        return ConfigError(where + text, place=place, path=path, remedy=remedy, syntax=not document.wire)
    if not document.wire:
        expected = " or ".join(choices) if len(choices) <= 4 else ""
        refused = _unexpected(document, path, expected)
        refused.remedy = remedy
        return refused
    texts = {
        "dhcp-socket-type": f"unsupported socket type '{value}' ({place})",
        "outbound-interface": f"unsupported outbound interface type '{value}' ({place})",
        "socket-type": f"unsupported 'socket-type': '{value}' not 'unix', 'http' or 'https'",
        "type": f"unsupported DUID type '{value}'. Expected: LLT, EN or LL ({place})",
    }
    name = f"unsupported identifier '{value}' ({place})" if isinstance(step, int) else ""
    text = texts.get(str(step), name or f"unsupported value '{value}' of parameter '{step}' ({place})")
    return ConfigError(text, place=place, path=path, remedy=remedy)


def _walk(document: Document, model: Keywords, path: Path, warnings: list[str]) -> None:
    """What types can't say: empty maps, null, older spellings, what is not supported yet."""
    given = model.model_fields_set
    if not given and not model.may_be_empty and not document.wire:
        few = [] if isinstance(model, Commented) else [model.keyword(name) for name in type(model).model_fields]
        expected = model.expected or (" or ".join(few) if len(few) < 4 else "")
        raise empty_map(document, path, f"expecting {expected}" if expected else "")
    for name in given:
        value = getattr(model, name)
        if value is None:
            raise _null(document, (*path, model.keyword(name)))
        if value == [] and name in model.filled:
            mark = model.filled[name]
            if mark.on_wire or not document.wire:
                raise _empty_list(document, (*path, model.keyword(name)), mark.expected)
    if isinstance(model, Commented) and not document.wire:
        _check_comment(document, model, path)
    for name in sorted(model.marked & given):
        _marked(document, model, name, path, warnings)
    for rest, inner in model.maps():
        _walk(document, inner, path + rest, warnings)


def _check_comment(document: Document, model: Commented, path: Path) -> None:
    """A comment behind a user context that has one already; before it, it takes the other's place."""
    if model.comment is None or "comment" not in (model.user_context or {}):
        return
    comment, context = document.spot((*path, "comment")), document.spot((*path, "user-context"))
    if comment is None or comment.key is None or context is None or comment.key.begin < context.first.begin:
        return
    text = f"{comment.key.span}: duplicate user-context/comment entries (previous at {context.first.place})"
    remedy = "keep one of the two"
    raise ConfigError(text, place=comment.key.place, path=(*path, "comment"), remedy=remedy, syntax=True)


def _null(document: Document, path: Path) -> ConfigError:
    if not document.wire:
        return _unexpected(document, path, "")
    text = f"invalid type specified for parameter '{path[-1]}' ({document.place(path)})"
    return ConfigError(text, place=document.place(path), path=path)


def _marked(document: Document, model: Keywords, name: str, path: Path, warnings: list[str]) -> None:
    keyword = model.keyword(name)
    here = (*path, keyword)
    former = model.former.get(name)
    if former is not None:
        now = former.now
        if now in model.given():
            text = f"cannot specify both '{keyword}' and '{now}'. Use only the latter."
            inside = {"subnet4", "subnet6"}.intersection(path) and not {"pools", "pd-pools"}.intersection(path)
            prefix = "subnet configuration failed: " if inside else ""
            suffix = f" ({document.place(path[:3])})" if "shared-networks" in path else ""
            raise ConfigError(prefix + text + suffix, place=document.place(here), path=here)
        warnings.append(f"'{keyword}' ({document.place(here)}) is an older spelling: use '{now}'")
    later = model.later.get(name)
    value = getattr(model, name)
    if later is not None and not later.harmless(value):
        place = document.place(here)
        raise ConfigError(
            f"'{keyword}' is not supported yet ({place})",
            place=place,
            path=here,
            remedy=f"leave '{keyword}' out",
        )
