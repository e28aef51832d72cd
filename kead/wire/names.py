"""DNS names on the wire: labels, lists of names, compressed lists (RFC 1035 section 4.1.4, RFC 3397).

Every function is total and bounded: a name ends after 255 bytes, a pointer leads strictly backwards, so no input
makes a loop. Text is what people write: labels with dots between, a final dot is optional when read and absent
when written; `\\DDD` is a byte by its decimal value, `\\X` the character X itself (RFC 1035 section 5.1).
"""

from __future__ import annotations

from collections.abc import Iterable

MAXIMUM_NAME = 255
MAXIMUM_LABEL = 63
MAXIMUM_POINTERS = 32
"""How many pointers one name may follow; a list from a sane encoder needs one a name."""

_PLAIN = frozenset(b"!#%&'*+,-/:<=>?[]^_`{|}~" + bytes(range(48, 58)) + bytes(range(65, 91)) + bytes(range(97, 123)))


class DomainNameError(ValueError):
    """These bytes or this text are no domain name. The message says why."""


def split_text(text: str) -> list[bytes]:
    """The labels that a text names; no labels for the root, which is a single dot."""
    if not text:
        raise DomainNameError("incomplete textual name in <empty>")
    if text == ".":
        return []
    labels: list[bytes] = []
    label = bytearray()
    at = 0
    while at < len(text):
        character = text[at]
        at += 1
        if character == ".":
            if not label:
                raise DomainNameError(
                    f"duplicate period in {text}" if labels else f"non terminating empty label in {text}"
                )
            labels.append(bytes(label))
            label.clear()
            continue
        if character == "\\":
            byte, at = _escaped(text, at)
        else:
            byte = ord(character)
            if byte > 255:
                raise DomainNameError(f"{character!r} has no place in a domain name: {text}")
        label.append(byte)
        if len(label) > MAXIMUM_LABEL:
            raise DomainNameError(f"label is too long in {text}")
    if label:
        labels.append(bytes(label))
    if sum(map(len, labels)) + len(labels) + 1 > MAXIMUM_NAME:
        raise DomainNameError(f"name is too long for termination in {text}")
    return labels


def _escaped(text: str, at: int) -> tuple[int, int]:
    """The byte after a backslash, and where the text goes on."""
    digits = text[at : at + 3]
    if len(digits) == 3 and digits.isascii() and digits.isdigit():
        if int(digits) > 255:
            raise DomainNameError(f"escaped decimal is too large in {text}")
        return int(digits), at + 3
    if at >= len(text) or digits[0].isdigit() or ord(digits[0]) > 255:
        raise DomainNameError(f"incomplete or wrong escape in {text}")
    return ord(digits[0]), at + 1


def join_labels(labels: Iterable[bytes]) -> bytes:
    """Labels on the wire, with the root label at the end. They must be known to fit."""
    return b"".join(bytes((len(label),)) + label for label in labels) + b"\0"


def text_labels(labels: Iterable[bytes]) -> str:
    """The text of labels, "." for none; what is not a usual character is escaped."""
    return ".".join(_text_label(label) for label in labels) or "."


def _text_label(label: bytes) -> str:
    if all(byte in _PLAIN for byte in label):
        return label.decode("ascii")
    return "".join(
        chr(byte) if byte in _PLAIN else f"\\{chr(byte)}" if 33 <= byte <= 126 else f"\\{byte:03}" for byte in label
    )


def encode_name(text: str) -> bytes:
    """A name's uncompressed wire form. DomainNameError: an empty or too long label, a name above 255 bytes."""
    return join_labels(split_text(text))


def read_labels(data: bytes, offset: int = 0) -> tuple[list[bytes], int]:
    """The labels of the name at an offset, pointers followed within `data`, and where the next name begins.

    DomainNameError: cut short, a pointer that does not lead backwards, too many of them, a label type that does not
    exist, or more than 255 bytes.
    """
    labels: list[bytes] = []
    size = 1
    pointers = 0
    at = floor = offset
    after = -1
    while True:
        if at >= len(data):
            raise DomainNameError("incomplete wire-format name")
        length = data[at]
        if length == 0:
            return labels, after if after >= 0 else at + 1
        if length < 64:
            end = at + 1 + length
            if end > len(data):
                raise DomainNameError("incomplete wire-format name")
            labels.append(data[at + 1 : end])
            size += length + 1
            if size > MAXIMUM_NAME:
                raise DomainNameError("wire name is too long")
            at = end
        elif length >= 192:
            if at + 1 >= len(data):
                raise DomainNameError("incomplete wire-format name")
            target = (length & 63) << 8 | data[at + 1]
            if target >= floor:
                raise DomainNameError(f"bad compression pointer (out of range): {target}")
            pointers += 1
            if pointers > MAXIMUM_POINTERS:
                raise DomainNameError("too many compression pointers")
            if after < 0:
                after = at + 2
            at = floor = target
        else:
            raise DomainNameError(f"unknown label character: {length}")


def partial_labels(data: bytes) -> list[bytes]:
    """The labels of a client's name (RFC 4702, RFC 4704); none for the root and for no bytes at all.

    The root label may be missing: then the client leaves it to the server to complete the name. What follows it is
    not looked at. DomainNameError: a label above 63 bytes, a pointer, a label cut short, or more than 255 bytes.
    """
    labels = []
    at, end = 0, len(data)
    while at < end:
        length = data[at]
        if not length:
            break
        at += 1 + length
        if length > MAXIMUM_LABEL or at > end:
            raise DomainNameError("a label is too long or cut short")
        labels.append(data[at - length : at])
    else:
        if labels and not data[-1]:  # whoever ends with a zero byte means the root
            raise DomainNameError("the root label is missing")
    if sum(map(len, labels)) + len(labels) + 1 > MAXIMUM_NAME:
        raise DomainNameError("name is too long")
    return labels


def check_names(data: bytes, at: int = 0, *, pointers: bool = True) -> None:
    """Walks the names from an offset to the end, in time linear to the bytes whatever the pointers do.

    DomainNameError as `read_labels`, but for the number of pointers; a pointer must lead to where a label of an
    earlier name of the list begins, as those of every encoder do. Without `pointers` there must not be any, which is
    the rule of DHCPv6 (RFC 8415 section 10).
    """
    end = len(data)
    sizes: dict[int, int] = {}  # by offset: bytes of the name that begins there, pointers followed
    while at < end:
        starts: list[int] = []
        while True:
            length = data[at] if at < end else -1
            if 0 < length < 64:
                starts.append(at)
                at += 1 + length
                continue
            if length == 0:
                size = sizes[at] = 1
                at += 1
            elif length >= 192 and at + 1 < end:
                target = (length & 63) << 8 | data[at + 1]
                if target not in sizes or not pointers:
                    raise DomainNameError(f"bad compression pointer (out of range): {target}")
                size = sizes[at] = sizes[target]
                at += 2
            elif 64 <= length < 192:
                raise DomainNameError(f"unknown label character: {length}")
            else:
                raise DomainNameError("incomplete wire-format name")
            break
        for start in reversed(starts):
            size += data[start] + 1
            sizes[start] = size
        if size > MAXIMUM_NAME:
            raise DomainNameError("wire name is too long")


def decode_name(data: bytes, offset: int = 0) -> tuple[str, int]:
    """The text of the name at an offset, and where the next one begins. DomainNameError as `read_labels`."""
    labels, after = read_labels(data, offset)
    return text_labels(labels), after


def decode_search_list(data: bytes) -> list[str]:
    """The names of a search list, compressed or not (RFC 3397). DomainNameError: one of them is broken."""
    names: list[str] = []
    at = 0
    while at < len(data):
        name, at = decode_name(data, at)
        names.append(name)
    return names


def encode_search_list(names: Iterable[str], *, compress: bool = False) -> bytes:
    """A search list on the wire; with `compress`, endings that were written before become pointers (RFC 3397)."""
    if not compress:
        return b"".join(map(encode_name, names))
    out = bytearray()
    written: dict[tuple[bytes, ...], int] = {}
    for name in names:
        rest = tuple(split_text(name))
        while rest and rest not in written:
            if len(out) < 0x4000:
                written[rest] = len(out)
            out.append(len(rest[0]))
            out += rest[0]
            rest = rest[1:]
        out += (0xC000 | written[rest]).to_bytes(2, "big") if rest else b"\0"
    return bytes(out)
