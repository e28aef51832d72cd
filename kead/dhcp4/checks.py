"""What makes an option of a received packet so wrong that the packet is not answered.

The measure is each option's row: too short for its type, a list that is no whole number of values, a broken name.
Longer than needed is fine, and an option without a row may hold anything. `MINIMUM_LENGTH` lets the decoder see
with one look that an option cannot be wrong; only those that might be come here.
"""

from __future__ import annotations

from kead.dhcp4.options import (
    AGENT_OPTIONS,
    CABLELABS_SPACE,
    DHCP4_SPACE,
    FQDN,
    MINIMUM_LENGTH,
    PARAMETER_REQUEST_LIST,
    RELAY_AGENT_MINIMUM_LENGTH,
    STANDARD,
    VENDOR_ENCAPSULATED_OPTIONS,
    VIVCO_SUBOPTIONS,
    VIVSO_SUBOPTIONS,
)
from kead.wire.definitions import SIZES, OptionDefinition, OptionType
from kead.wire.names import MAXIMUM_LABEL, MAXIMUM_NAME, DomainNameError, partial_labels
from kead.wire.text import fit
from kead.wire.values import OptionTextError

ALWAYS = 1 << 20
"""More than any value has: its option is looked at whatever its length."""

_UNCHECKED = frozenset((VENDOR_ENCAPSULATED_OPTIONS, VIVCO_SUBOPTIONS, VIVSO_SUBOPTIONS))
_BREAKABLE = frozenset((OptionType.FQDN, OptionType.TUPLE))


def _by_length(definition: OptionDefinition) -> bool:
    """Whether the least length says all there is to say about this option."""
    if definition.code == PARAMETER_REQUEST_LIST:
        return True
    simple = definition.type not in (OptionType.RECORD, OptionType.FQDN, OptionType.INTERNAL, OptionType.TUPLE)
    return simple and not definition.array and not definition.encapsulates


def _look_at(code: int) -> int:
    definition = STANDARD.by_code(DHCP4_SPACE, code)
    if definition is None or code in _UNCHECKED:
        return 0
    return MINIMUM_LENGTH[code] if _by_length(definition) else ALWAYS


LOOK_AT = tuple(_look_at(code) for code in range(256))
"""By code: a value with fewer bytes than this is looked at by `complaint`."""


def forgivable(code: int, value: bytes) -> bool:
    """Whether lenient-option-parsing lets this broken value pass: a name or a counted text in it is broken, no more."""
    if code == FQDN:
        return len(value) >= 3 and not _contradict(value[0])
    definition = STANDARD.by_code(DHCP4_SPACE, code)
    if definition is None:
        return False
    *before, last = definition.fields or (definition.type,)
    begins = sum(SIZES.get(kind, 1) for kind in before)
    length = 2 if definition.wide and last is OptionType.TUPLE else 1
    return last in _BREAKABLE and len(value) >= begins + length


def complaint(code: int, value: bytes) -> str:
    """What is wrong with the whole value of an option, "" if nothing is."""
    if len(value) < MINIMUM_LENGTH[code]:
        return f"option {code} has {len(value)} bytes, at least {MINIMUM_LENGTH[code]} are needed"
    if LOOK_AT[code] < ALWAYS:
        return ""
    if code == FQDN:
        why = client_name_complaint(value)
    elif code == AGENT_OPTIONS:
        why = relay_info_complaint(value)
    else:
        definition = STANDARD.by_code(DHCP4_SPACE, code)
        if definition is None:
            return ""
        why = (
            _suboptions_complaint(definition, value) if definition.encapsulates else _value_complaint(definition, value)
        )
    return f"option {code}: {why}" if why else ""


def _value_complaint(definition: OptionDefinition, value: bytes) -> str:
    if not value and definition.type is OptionType.INTERNAL and definition.name == "v4-dnr":
        return ""
    try:
        fit(definition, value)
    except OptionTextError as error:
        return str(error)
    return ""


def _suboptions_complaint(definition: OptionDefinition, value: bytes) -> str:
    """What is wrong with a sub-option that is whole; what is cut off at the end does not count."""
    at, end = 0, len(value)
    while at + 2 <= end:
        start = at + 2
        after = start + value[at + 1]
        if after > end:
            break
        row = STANDARD.by_code(CABLELABS_SPACE, value[at]) if definition.encapsulates == CABLELABS_SPACE else None
        if row is not None:
            why = _value_complaint(row, value[start:after])
            if why:
                return f"sub-option {row.code}: {why}"
        at = after
    return ""


def relay_info_complaint(value: bytes) -> str:
    """What is wrong with the sub-options of option 82: one, by itself, that is too short for its type."""
    at, end = 0, len(value)
    minimum = RELAY_AGENT_MINIMUM_LENGTH
    while at + 1 < end:
        length = value[at + 1]
        after = at + 2 + length
        if after > end:
            break
        if length < minimum[value[at]]:
            return f"sub-option {value[at]} has {length} bytes, at least {minimum[value[at]]} are needed"
        at = after
    return ""


def client_name_complaint(value: bytes) -> str:
    """What is wrong with option 81 (RFC 4702): no flags and codes, contradicting flags, or a broken label."""
    if len(value) < 3:
        return f"{len(value)} bytes, at least 3 are needed"
    if _contradict(value[0]):
        return "the flags N and S contradict each other"
    try:
        client_labels(value)
    except DomainNameError as error:
        return str(error)
    return ""


def _contradict(flags: int) -> bool:
    """The client forbids every update (N) and wants one from the server (S)."""
    return flags & 9 == 9


def client_labels(value: bytes) -> list[bytes]:
    """The labels of option 81's name, of three or more bytes; none if it is empty.

    With the E flag in wire form, where a missing root label means a name that the server shall complete; without
    it in text. DomainNameError: an empty label inside, one above 63 bytes, a name above 255, a pointer, or cut short.
    """
    name = value[3:]
    if value[0] & 4:
        return partial_labels(name)
    text = name.rstrip(b"\0")
    if text in (b"", b"."):
        return []
    labels = (text[:-1] if text.endswith(b".") else text).split(b".")
    size = len(labels) + 1
    for label in labels:
        if not 0 < len(label) <= MAXIMUM_LABEL:
            raise DomainNameError("empty label" if not label else "label is too long")
        size += len(label)
    if size > MAXIMUM_NAME:
        raise DomainNameError("name is too long")
    return labels
