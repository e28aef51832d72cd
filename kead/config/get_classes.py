"""What config-get shows of client classes.

Law: as in `get.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from kead.config.classes import C, ReadClass, W
from kead.config.family import V4
from kead.config.get import Shown, show_definitions, with_context
from kead.config.snapshot import Lifetime
from kead.wire.address import text_ip4

if TYPE_CHECKING:
    from kead.config.classes4 import ReadClass4
    from kead.config.classes6 import ReadClass6


def show_classes4(classes: Iterable[ReadClass4]) -> list[Shown]:
    """Those of DHCPv4, in their order."""
    return [_show(read, _own4) for read in classes]


def show_classes6(classes: Iterable[ReadClass6]) -> list[Shown]:
    """Those of DHCPv6, in their order."""
    return [_show(read, lambda one: _lifetime("preferred", one.resolved.preferred)) for read in classes]


def _show(read: ReadClass[C, W], own: Callable[[ReadClass[C, W]], Shown]) -> Shown:
    written = read.written
    shown: Shown = {"name": written.name, "option-data": read.options.shown}
    if written.test is not None:
        shown["test"] = written.test
    if written.template_test is not None:
        shown["template-test"] = written.template_test
    if written.additional():
        shown["only-in-additional-list"] = True
    return with_context(shown | _lifetime("valid", read.resolved.valid) | own(read), written)


def _own4(read: ReadClass4) -> Shown:
    one = read.resolved
    shown: Shown = {
        "boot-file-name": one.boot_file_name.decode("latin-1"),
        "next-server": text_ip4(one.next_server),
        "option-def": show_definitions(read.written.option_def, V4),
        "server-hostname": one.server_hostname.decode("latin-1"),
    }
    if one.offer_lifetime is not None:
        shown["offer-lifetime"] = one.offer_lifetime
    return shown


def _lifetime(kind: str, lifetime: Lifetime | None) -> Shown:
    if lifetime is None:
        return {}
    shown: Shown = {f"{kind}-lifetime": lifetime.default}
    if lifetime.minimum < lifetime.default:
        shown[f"min-{kind}-lifetime"] = lifetime.minimum
    if lifetime.maximum > lifetime.default:
        shown[f"max-{kind}-lifetime"] = lifetime.maximum
    return shown
