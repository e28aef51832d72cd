"""A DHCPv4 packet as expressions see it; what the expressions make of it is in tests/classify."""

from __future__ import annotations

import pytest

from kead.wire.definitions import OptionDefinition, OptionType
from tests.classify.packets import subject4


def test_option_82_is_read_anew_when_it_has_changed() -> None:
    subject = subject4({82: bytes.fromhex("010161")})
    assert subject.relay_option((1,)) == b"a"
    assert subject.relay_option((2,)) is None
    subject.packet.options[82] = bytes.fromhex("020162")
    assert subject.relay_option((1,)) is None
    assert subject.relay_option((2,)) == b"b"
    del subject.packet.options[82]
    assert subject.relay_option((2,)) is None


def test_what_is_not_there() -> None:
    subject = subject4({})
    assert subject.option(12) is None
    assert subject.inner((43, 1)) is None
    assert subject.text((12,)) is None
    assert subject.relay_option((1, 2)) is None
    assert subject.relay_text((1,)) is None
    assert subject.vendor() == subject.vendor_class() == b""
    assert not subject.has_vendor(0)
    assert not subject.has_vendor_class(0)
    assert subject.vendor_option(0, (1,)) is None
    assert subject.vendor_text(0, (1,)) is None
    assert subject.vendor_class_data(0, 0) == b""
    assert subject.vendor_class_names() == ()


@pytest.mark.parametrize(
    ("value", "enterprise"),
    [
        ("0000118b050103313233", 4491),
        ("0000118b0501033132330000", 4491),  # what is cut off counts for nothing
        ("0000118b050103313233" + "0000000920", 4491),
        ("0000118b20010331", None),
        ("0000118b", None),
        ("", None),
    ],
)
def test_vendor_options_that_are_cut_short(value: str, enterprise: int | None) -> None:
    subject = subject4({125: bytes.fromhex(value)})
    assert subject.has_vendor(0) is (enterprise is not None)
    assert subject.vendor() == (b"" if enterprise is None else enterprise.to_bytes(4, "big"))
    assert subject.option(125) == (None if enterprise is None else bytes.fromhex("0000118b050103313233"))


def test_a_value_too_short_for_its_type_holds_no_options() -> None:
    wide = OptionDefinition(43, "wide", OptionType.UINT32, encapsulates="inner")
    subject = subject4({43: b"\1\1"})
    assert subject.inner((43, 1)) is None
    subject.defer({43: wide})
    assert subject.inner((43, 1)) is None
    subject = subject4({43: b"\0\0\0\0\1\1x"})
    subject.defer({43: wide})
    assert subject.inner((43, 1)) == b"x"


def test_the_interface_by_any_name() -> None:
    subject = subject4({})
    subject.datagram.channel.interface.name = "br-é\udcff"
    assert subject.interface() == "br-é".encode() + b"\xff"
