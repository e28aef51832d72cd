"""The language: what the real Kea said of the same expressions on the same packets, and what it cannot be asked."""

from __future__ import annotations

from typing import Literal

import pytest

from kead.classify.compiler import Failure, Scope, compile_boolean, compile_string
from kead.classify.subject import Subject
from kead.wire.definitions import OptionDefinition, OptionType
from tests.classify.packets import OPTIONS4, TABLE4, TABLE6, subject4, subject6, usual4, usual6
from tests.classify.recorded import CONDITIONS4, CONDITIONS6, packet4, packet6
from tests.classify.values import EARLY4, VALUES4, VALUES6

SCOPE4 = Scope(4, TABLE4)
SCOPE6 = Scope(6, TABLE6)


def holds(text: str, subject: Subject, scope: Scope = SCOPE4) -> bool | Failure:
    return compile_boolean(text, scope)(subject)


def value(text: str, subject: Subject, scope: Scope = SCOPE4) -> bytes | Failure:
    return compile_string(text, scope)(subject)


@pytest.mark.parametrize(("text", "expected"), CONDITIONS4)
def test_conditions_of_dhcpv4(text: str, expected: bool) -> None:
    assert bool(holds(text, packet4())) is expected


@pytest.mark.parametrize(("text", "expected"), CONDITIONS6)
def test_conditions_of_dhcpv6(text: str, expected: bool) -> None:
    assert bool(holds(text, packet6(), SCOPE6)) is expected


@pytest.mark.parametrize(("text", "expected"), VALUES4)
def test_strings_of_dhcpv4(text: str, expected: bytes) -> None:
    assert value(text, usual4()) == expected


@pytest.mark.parametrize(("text", "expected"), EARLY4)
def test_strings_before_the_late_options_are_read(text: str, expected: bytes) -> None:
    subject = usual4()
    subject.defer(None)
    assert value(text, subject) == expected


@pytest.mark.parametrize(("text", "expected"), VALUES6)
def test_strings_of_dhcpv6(text: str, expected: bytes) -> None:
    assert value(text, usual6(), SCOPE6) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("addrtotext(0x01)", "Can not convert to valid address."),
        ("uint8totext('ab')", "Can not convert to valid uint8."),
        ("int16totext('a')", "Can not convert to valid int16."),
        ("int8totext('abc')", "Can not convert to valid int8."),
        ("uint16totext(5)", "Can not convert to valid uint16."),
        ("uint32totext('a')", "Can not convert to valid uint32."),
        ("int32totext(option[12].hex)", "Can not convert to valid int32."),
        ("sifelse('a'=='a','b',uint8totext('ab'))", "Can not convert to valid uint8."),
        (
            "substring('abcdef',-6,9223372036854775807)",
            "the parameter '9223372036854775807' for the length of the substring couldn't be converted to an integer.",
        ),
        (
            "substring('abcdef',-9223372036854775808,1)",
            "the parameter '-9223372036854775808' for the starting position of the substring couldn't be converted to "
            "an integer.",
        ),
    ],
)
def test_what_has_no_value(text: str, reason: str) -> None:
    failure = value(text, usual4())
    assert isinstance(failure, Failure)
    assert failure.reason == reason
    assert not failure


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("uint8totext('ab') == '' or option[60].exists", None),
        ("option[60].exists or uint8totext('ab') == ''", True),
        ("option[60].exists sor uint8totext('ab') == ''", None),
        ("option[99].exists and uint8totext('ab') == ''", False),
        ("option[99].exists sand uint8totext('ab') == ''", None),
        ("not uint8totext('ab') == ''", None),
        ("option[60].exists or option[61].exists or uint8totext('ab') == ''", True),
        ("option[99].exists and option[61].exists and uint8totext('ab') == ''", False),
        ("ifelse(option[60].exists, 'a', uint8totext('ab')) == 'a'", True),
        ("ifelse(option[99].exists, uint8totext('ab'), 'a') == 'a'", True),
    ],
)
def test_a_failure_takes_the_whole_expression_if_its_part_is_evaluated(text: str, expected: bool | None) -> None:
    found = holds(text, usual4())
    assert (None if isinstance(found, Failure) else found) is expected


TRUE, FALSE = "'a'=='a'", "'a'=='b'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"not {FALSE} and {FALSE}", False),
        (f"not ({FALSE} and {FALSE})", True),
        (f"{TRUE} or {FALSE} and {FALSE}", True),
        (f"({TRUE} or {FALSE}) and {FALSE}", False),
        (f"{TRUE} or {TRUE} sand {FALSE}", True),
        (f"{FALSE} sand {TRUE} or {TRUE}", True),
        (f"{FALSE} sand ({TRUE} or {TRUE})", False),
        (f"{FALSE} sor {TRUE}", True),
        (f"not not {TRUE}", True),
        ("'a' + 'b' == 'ab'", True),
        ("('a' + 'b') == ('a' + ('b'))", True),
        ("'ab' == 'a' + 'b' and 'c' == 'c'", True),
        (" ( \n\t( 'a' ) == 'a' ) ", True),
    ],
)
def test_precedence(text: str, expected: bool) -> None:
    assert holds(text, usual4()) is expected


def test_options_in_options() -> None:
    subject = usual4()
    assert value("option[222].option[1].hex", subject) == b"\0\xff"
    assert value("option[222].option[1].text", subject) == b"type=001, len=002: 255 (uint16)"
    assert value("option[222].option[2].option[7].text", subject) == b"abc"
    assert value("option[222].option[2].option[8].hex", subject) == b""
    assert value("option[222].hex", subject) == OPTIONS4[222]
    assert value("option[container].option[2].option[7].hex", subject) == b"abc"
    assert value("option[43].option[1].hex", subject) == bytes.fromhex("abcd")
    assert value("option[224].text", subject) == b"type=224, len=002: 25187 (uint16)"
    assert value("option[12].option[1].hex", subject) == b""


def test_names_of_sub_options_are_those_of_the_space_they_stand_in() -> None:
    circuit = OptionDefinition(1, "circuit", OptionType.IPV4, space="dhcp-agent-options-space", encapsulates="lines")
    table = TABLE4.extended((circuit, OptionDefinition(9, "slot", OptionType.IPV4, space="lines")))
    subject = subject4({82: bytes((1, 10)) + bytes(4) + bytes((9, 4)) + b"\x0a\0\0\1"}, table=table)
    scope = Scope(4, table)
    assert value("addrtotext(relay4[1].option[slot].hex)", subject, scope) == b"10.0.0.1"


def test_vendor_options_of_several_enterprises_show_the_lowest() -> None:
    subject = subject4(
        {
            124: bytes.fromhex("0000118b0403666f6f" + "00000009020178" + "00000009020179"),
            125: bytes.fromhex("0000118b050103313233" + "0000000903010161" + "0000000903020162"),
        }
    )
    assert value("uint32totext(vendor.enterprise)", subject) == b"9"
    assert value("vendor[*].option[1].hex + vendor[9].option[2].hex", subject) == b"ab"
    assert value("hexstring(option[125].hex, '')", subject) == b"0000000906010161020162"
    assert holds("vendor[4491].exists or vendor-class[4491].exists", subject) is False
    assert value("vendor-class[*].data + ':' + vendor-class[9].data[1]", subject) == b"\1x:\1y"


def test_length_counts_header_and_options() -> None:
    """Not the cookie and the END, and no padding: 236 bytes, option 53, option 12."""
    subject = subject4({12: b"abc"})
    assert value("uint32totext(pkt.len)", subject) == b"244"
    assert value("uint32totext(pkt.len)", subject6([(14, b"")]), SCOPE6) == b"8"


def test_member_asks_for_the_classes_of_the_packet() -> None:
    expression = compile_boolean("member('red') and not member('green')", SCOPE4)
    assert expression.members == {"red", "green"}
    assert expression(subject4({}, ["red"])) is True
    assert expression(subject4({}, ["red", "green"])) is False


@pytest.mark.parametrize("family", [4, 6])
def test_bytes_above_ascii(family: Literal[4, 6]) -> None:
    """A character of a configuration stands for a byte of its file."""
    subject: Subject = subject4({}) if family == 4 else subject6([])
    scope = Scope(family, TABLE4 if family == 4 else TABLE6)
    assert value("'é'".encode().decode("latin-1"), subject, scope) == "é".encode()
    assert value("'€'", subject, scope) == "€".encode()
    assert value("hexstring('\xe9', '')", subject, scope) == b"e9"


def test_what_a_hook_library_leaves_in_a_packet_is_no_exception() -> None:
    subject = subject4({})
    subject.packet.options[12] = 5  # type: ignore[assignment]
    subject.packet.giaddr = -1
    for text in ("substring(option[12].hex, 0, 1)", "pkt4.giaddr", "option[12].text + 'a'", "option[12].hex + 'x'"):
        assert isinstance(value(text, subject), Failure)
