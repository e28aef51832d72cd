"""What makes an option of a received packet so wrong that the packet is not answered.

The measure is each option's row: too short for its type, a list that is no whole number of values, a broken name.
Longer than needed is fine, and an option without a row may hold anything. `LOOK_AT` lets the decoder see with one
look that an option cannot be wrong; only those that might be come here.

Containers (IA_NA, IA_PD, addresses, prefixes, softwires …) are walked to their depths without recursion, in time
linear to their bytes. What is cut off at the end of a container does not count.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from struct import Struct
from typing import Final

from kead.dhcp6.options import (
    CLIENT_FQDN,
    DHCP6_SPACE,
    DOCSIS_ENTERPRISE,
    DOCSIS_SPACE,
    IA_TA,
    ISC_ENTERPRISE,
    ISC_SPACE,
    PD_EXCLUDE,
    RSOO,
    STANDARD,
    VENDOR_CLASS,
    VENDOR_OPTS,
    minimum_lengths,
)
from kead.wire.definitions import OptionDefinition, OptionType
from kead.wire.names import MAXIMUM_LABEL, MAXIMUM_NAME
from kead.wire.text import fit
from kead.wire.values import OptionTextError

ALWAYS: Final = 1 << 20
"""More than any value has: its option is looked at whatever its length."""

REST_IS_LOST: Final = "\0"
"""The complaint that does not spoil the packet: this option and all that follow it in the message are left out.

So Kea treats a vendor's option whose sub-options are cut short, wherever in the message it stands.
"""

Look = Callable[[bytes], str]
"""Says what is wrong with a value that is long enough, "" if nothing is."""

_option_at = Struct("!HH").unpack_from
_VENDOR_SPACES = {DOCSIS_ENTERPRISE: DOCSIS_SPACE, ISC_ENTERPRISE: ISC_SPACE}
_UNCHECKED = frozenset((RSOO, IA_TA))
"""Containers whose options nobody looks at: those of relays are for clients, and temporary addresses are not served."""


@dataclass(frozen=True, slots=True)
class _Rule:
    """How to look at one option: its least length, what else, and where in it the options of which space begin.

    `softwire`: between its first `least` bytes and its options there is a prefix, which may be missing.
    """

    least: int = 0
    look: Look | None = None
    inner: str = ""
    softwire: bool = False


def _fits(definition: OptionDefinition, value: bytes) -> str:
    try:
        fit(definition, value)
    except OptionTextError as error:
        return str(error)
    return ""


def _pairs(value: bytes) -> str:
    return "" if value and not len(value) & 1 else f"{len(value)} bytes are no list of numbers of two"


def _tuples(value: bytes, at: int = 0) -> str:
    last = len(value) - 2
    while at <= last:
        at += 2 + (value[at] << 8 | value[at + 1])
    return "" if at == last + 2 else "a length leads beyond the end"


def _client_name(value: bytes) -> str:
    """RFC 4704: flags, then a name whose end may be missing; `partial_labels` without the labels."""
    if not value:
        return "no flags"
    if value[0] & 5 == 5:
        return "the flags N and S contradict each other"
    at, end = 1, len(value)
    while at < end:
        length = value[at]
        if not length:
            break
        at += 1 + length
        if length > MAXIMUM_LABEL or at > end:
            return "a label is too long or cut short"
    else:
        if at > 1 and not value[-1]:
            return "the root label is missing"
    return "" if at <= MAXIMUM_NAME else "name is too long"


def _excluded_prefix(value: bytes) -> str:
    if len(value) < 2:
        return f"{len(value)} bytes, at least 2 are needed"
    return "" if value[0] else "an excluded prefix of length 0"


def _vendor_options(value: bytes) -> str:
    """RFC 8415 section 21.17: an enterprise number and its options, which are those of a space if kead knows it."""
    if len(value) < 4:
        return REST_IS_LOST
    rules = _RULES.get(_VENDOR_SPACES.get(int.from_bytes(value[:4], "big"), ""), {})
    at, end = 4, len(value)
    while at < end:
        if at + 4 > end:
            return REST_IS_LOST
        code, length = _option_at(value, at)
        start = at + 4
        at = start + length
        if at > end:
            return REST_IS_LOST
        rule = rules.get(code)
        if rule is not None:
            why = _simple_complaint(rule, value[start:at])
            if why:
                return f"sub-option {code}: {why}"
    return ""


_SPECIAL: dict[int, _Rule] = {
    CLIENT_FQDN: _Rule(1, _client_name),
    PD_EXCLUDE: _Rule(0, _excluded_prefix),
    VENDOR_CLASS: _Rule(4, partial(_tuples, at=4)),
    VENDOR_OPTS: _Rule(0, _vendor_options),
}


def _rule_of(definition: OptionDefinition, least: int) -> _Rule:
    """The rule that follows from a row, if it is not one of the special ones."""
    kind = definition.type
    in_packet = definition.space == DHCP6_SPACE
    if in_packet and definition.code in _SPECIAL:
        return _SPECIAL[definition.code]
    if definition.encapsulates:
        inner = "" if definition.code in _UNCHECKED else definition.encapsulates
        return _Rule(least, None, inner, OptionType.IPV6_PREFIX in definition.fields)
    if kind is OptionType.UINT16 and definition.array:
        return _Rule(0, _pairs)
    if kind is OptionType.TUPLE:
        return _Rule(0, _tuples)
    last = definition.fields[-1] if definition.fields else kind
    named = last in (OptionType.FQDN, OptionType.IPV6_PREFIX, OptionType.INTERNAL)
    if definition.array or named or (kind is OptionType.STRING and not in_packet):
        return _Rule(least, partial(_fits, definition))
    return _Rule(least)


def _rules_of(space: str) -> dict[int, _Rule]:
    found = {}
    least = minimum_lengths(space)
    for code in STANDARD.codes(space):
        definition = STANDARD.by_code(space, code)
        if definition is not None:
            rule = _rule_of(definition, least.get(code, 0))
            if rule != _Rule():
                found[code] = rule
    return found


def _breakable(code: int) -> bool:
    definition = STANDARD.by_code(DHCP6_SPACE, code)
    return definition is not None and not _NAMES_AND_TEXTS.isdisjoint((definition.type, *definition.fields))


_RULES: dict[str, dict[int, _Rule]] = {space: _rules_of(space) for space in STANDARD.spaces()}
_IN_PACKET = _RULES[DHCP6_SPACE]
_NAMES_AND_TEXTS = frozenset((OptionType.FQDN, OptionType.TUPLE))
_BREAKABLE = frozenset(code for code in _IN_PACKET if code == VENDOR_CLASS or _breakable(code))


def _look_at(code: int) -> int:
    rule = _IN_PACKET.get(code)
    if rule is None:
        return 0
    return ALWAYS if rule.look is not None or rule.inner else rule.least


LOOK_AT = tuple(_look_at(code) for code in range(256))
"""By code: a value with fewer bytes than this is looked at by `complaint`. Above 255 there is nothing to look at."""


SURE_AT = tuple(_IN_PACKET[code].least if code in _IN_PACKET and _IN_PACKET[code].inner else -1 for code in range(256))
"""By code: a value with exactly so many bytes is not looked at after all; it is a container without options."""


def complaint(code: int, value: bytes) -> str:
    """What is wrong with a whole value of an option, "" if nothing is; or REST_IS_LOST."""
    rule = _IN_PACKET.get(code)
    if rule is None:
        return ""
    length = len(value)
    least = rule.least
    if length < least:
        return f"option {code}: {length} bytes, at least {least} are needed"
    if rule.look is not None:
        why = rule.look(value)
        return f"option {code}: {why}" if why and why != REST_IS_LOST else why
    if rule.inner and length > least:
        return _contained_complaint(code, rule, value)
    return ""


def forgivable(code: int, value: bytes) -> bool:
    """Whether lenient-option-parsing lets this broken value pass: a name or a counted text in it is broken, no more."""
    rule = _IN_PACKET.get(code)
    if rule is None or len(value) < rule.least:
        return False
    if code == CLIENT_FQDN:
        return value[0] & 5 != 5
    return code in _BREAKABLE


def _simple_complaint(rule: _Rule, value: bytes) -> str:
    if len(value) < rule.least:
        return f"{len(value)} bytes, at least {rule.least} are needed"
    return rule.look(value) if rule.look is not None else ""


def _contained_complaint(outer: int, rule: _Rule, value: bytes) -> str:
    """What is wrong with an option somewhere in a container, in the order of the bytes."""
    try:
        at, end = _options_begin(rule, value, 0, len(value)), len(value)
    except OptionTextError as error:
        return f"option {outer}: {error}"
    rules = _RULES[rule.inner]
    unfinished: list[tuple[dict[int, _Rule], int, int]] = []  # the containers around: rules, where to go on, end
    while True:
        if at + 4 > end:
            if not unfinished:
                return ""
            rules, at, end = unfinished.pop()
            continue
        code, length = _option_at(value, at)
        start = at + 4
        at = start + length
        if at > end:
            at = end
            continue
        inner = rules.get(code)
        if inner is None:
            continue
        if length < inner.least:
            return f"option {code} in option {outer}: {length} bytes, at least {inner.least} are needed"
        if inner.look is not None:
            why = inner.look(value[start:at])
            if why:
                return why if why == REST_IS_LOST else f"option {code} in option {outer}: {why}"
        elif inner.inner and length > inner.least:
            try:
                begin = _options_begin(inner, value, start, at)
            except OptionTextError as error:
                return f"option {code} in option {outer}: {error}"
            unfinished.append((rules, at, end))
            rules, at, end = _RULES[inner.inner], begin, at


def _options_begin(rule: _Rule, value: bytes, start: int, end: int) -> int:
    """Where the options in a container begin, which is after its own value. OptionTextError: a broken prefix."""
    at = start + rule.least
    if not rule.softwire or at >= end:
        return at
    bits = value[at]
    if bits > 128:
        raise OptionTextError(f"a prefix of {bits} bits")
    at += 1 + (bits + 7 >> 3)
    if at > end:
        raise OptionTextError(f"a prefix of {bits} bits is cut short")
    return at
