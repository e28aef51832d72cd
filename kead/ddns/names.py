"""What the server makes of a client's name and of who is to update DNS: the rules that both families share.

Names are text as people write it (RFC 1035 section 5.1); one that ends with a dot is complete.
"""

from __future__ import annotations

from collections.abc import Sequence

from kead.config.snapshot import Ddns
from kead.wire.charset import cleaner
from kead.wire.names import DomainNameError, split_text, text_labels


def directions(asks: bool, forbids: bool, ddns: Ddns, *, updates: bool) -> tuple[bool, bool]:
    """Whether the server updates the name's address, and the address's name (RFC 4702 section 4, RFC 4704 section 6).

    `asks`, `forbids`: the client's S and N bits; `updates`: whether name changes are sent at all.
    """
    if not updates:
        return False, False
    if asks:
        return True, True
    if forbids:
        return ddns.override_no_update, ddns.override_no_update
    return ddns.override_client_update, True


def qualified(name: str, ddns: Ddns) -> str:
    """With the suffix behind it, unless it has it already or is complete. No dot is added at the end, none taken."""
    suffix = ddns.qualifying_suffix
    bare = suffix.removesuffix(".")
    if not bare or name == bare or name.endswith((".", "." + bare)):
        return name
    return f"{name}.{suffix}"


def generated(address: str, ddns: Ddns) -> str:
    """The name made up for who has this address (its text), without a final dot."""
    text = address.replace(".", "-").replace(":", "-")
    if text.endswith("-"):
        text += "0"
    return qualified(f"{ddns.generated_prefix}-{text}", ddns).removesuffix(".")


def from_labels(labels: Sequence[bytes], ddns: Ddns, *, complete: bool) -> str:
    """The complete name that a client's labels make, in lower case and cleaned; "" if it is none, or nothing is left.

    `complete`: it is not to be qualified.
    """
    clean = cleaner(ddns.char_set, ddns.char_replacement)
    texts = [label.lower().decode("latin-1") for label in labels]
    if clean is not None:
        texts = ".".join(map(clean, texts)).split(".")
    if not texts or not all(texts):
        return ""
    name = text_labels(text.encode("latin-1") for text in texts)
    return canonical(name if complete else qualified(name, ddns))


def canonical(name: str) -> str:
    """A name as DNS has it: complete, in lower case, escaped where need be; "" if it cannot be one."""
    try:
        labels = split_text(name.lower())
    except DomainNameError:
        return ""
    return text_labels(labels) + "." if labels else ""
