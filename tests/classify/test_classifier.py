"""When classes are evaluated and in which order they come; the long lists are Kea 3.0.4's own."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from kead.classify.classes import ClassSource, resolve_classes
from kead.classify.classifier import Classifier
from kead.classify.errors import Failure
from kead.classify.subject import Classes
from kead.dhcp4.subject import PacketSubject4
from kead.wire.definitions import OptionDefinition, OptionType
from tests.classify.packets import TABLE4, TABLE6, subject4, subject6

Failures = list[tuple[str, str]]


def classifier(*sources: ClassSource, failures: Failures | None = None) -> Classifier:
    def failed(name: str, failure: Failure) -> None:
        assert failures is not None, (name, failure)
        failures.append((name, failure.reason))

    return Classifier(resolve_classes(sources, TABLE4, 4), failed)


def packet() -> PacketSubject4:
    return subject4({60: b"sp"})


CLASSES = (
    ClassSource("a", "option[60].exists"),
    ClassSource("k", "member('KNOWN')"),
    ClassSource("u", "member('UNKNOWN')"),
    ClassSource("nk", "not member('KNOWN')"),
    ClassSource("tt", template="option[60].hex"),
    ClassSource("r1", "option[99].exists"),
    ClassSource("b", "member('a')"),
    ClassSource("r2"),
    ClassSource("c", "member('r2')"),
    ClassSource("x", "member('a')", additional=True),
    ClassSource("y", additional=True),
    ClassSource("z", "member('y')"),
    ClassSource("no", "option[99].exists", additional=True),
)


def went(known: bool, names: Iterable[str] = (), additional: Iterable[str] = ()) -> list[str]:
    classes = classifier(*CLASSES)
    subject = packet()
    classes.on_arrival(subject)
    classes.with_host(subject, known, names)
    classes.additional(subject, additional)
    return list(subject.classes)


def test_a_client_nobody_knows() -> None:
    assert went(False) == ["ALL", "VENDOR_CLASS_sp", "a", "SPAWN_tt_sp", "tt", "b", "UNKNOWN", "u", "nk"]


def test_a_client_whose_reservation_has_no_classes() -> None:
    assert went(True) == ["ALL", "VENDOR_CLASS_sp", "a", "SPAWN_tt_sp", "tt", "b", "KNOWN", "k"]


def test_classes_of_a_reservation_come_before_all_tested_ones() -> None:
    expected = "ALL, VENDOR_CLASS_sp, SPAWN_tt_sp, r1, r2, a, tt, b, c, KNOWN, k"
    assert ", ".join(went(True, ["r1", "r2"])) == expected


def test_additional_classes_in_the_order_of_their_lists() -> None:
    """z was false when it was evaluated as usual; here its turn comes again, after y. no stays false."""
    names = ["y", "x", "a", "nobody", "no", "z", "k"]
    assert went(True, ["r1", "r2"], names)[-4:] == ["k", "y", "x", "z"]
    assert "u" not in went(True, additional=["u"])


def test_a_global_reservation_found_early_counts_twice() -> None:
    """Its tested classes are taken away and come back the second time, the others keep their place."""
    classes = classifier(*CLASSES)
    subject = packet()
    classes.on_arrival(subject)
    classes.with_host(subject, True, ["r1", "r2"])
    assert list(subject.classes)[3:] == ["r1", "r2", "a", "tt", "b", "c", "KNOWN", "k"]
    classes.with_host(subject, True, ["r1", "r2"])
    assert list(subject.classes)[3:] == ["r2", "KNOWN", "r1", "a", "tt", "b", "c", "k"]


def test_a_template_that_asks_for_known_waits() -> None:
    classes = classifier(ClassSource("t", template="ifelse(member('KNOWN'), 'friend', 'foe')"))
    for known, name in ((True, "SPAWN_t_friend"), (False, "SPAWN_t_foe")):
        subject = packet()
        classes.on_arrival(subject)
        assert "t" not in subject.classes
        classes.with_host(subject, known)
        assert list(subject.classes)[-2:] == [name, "t"]


def test_a_template_without_a_value_is_no_class() -> None:
    classes = classifier(ClassSource("t", template="option[99].hex"))
    subject = packet()
    classes.on_arrival(subject)
    assert list(subject.classes) == ["ALL", "VENDOR_CLASS_sp"]


def test_bytes_of_a_template_are_characters_of_its_class() -> None:
    classes = classifier(ClassSource("t", template="0x00e9ff"))
    subject = packet()
    classes.on_arrival(subject)
    assert "SPAWN_t_\x00\xe9\xff" in subject.classes


def test_a_class_that_fails_does_not_match_and_the_others_go_on() -> None:
    failures: Failures = []
    classes = classifier(
        ClassSource("bad", "uint8totext('ab') == '' or option[60].exists"),
        ClassSource("worse", template="addrtotext(0x01)"),
        ClassSource("good", "option[60].exists"),
        failures=failures,
    )
    subject = packet()
    classes.on_arrival(subject)
    assert list(subject.classes) == ["ALL", "VENDOR_CLASS_sp", "good"]
    assert failures == [
        ("bad", "Can not convert to valid uint8."),
        ("worse", "Can not convert to valid address."),
    ]


def test_a_template_in_an_additional_list_is_a_failure() -> None:
    failures: Failures = []
    classes = classifier(ClassSource("t", template="'x'", additional=True), failures=failures)
    subject = packet()
    classes.additional(subject, ["t"])
    assert not subject.classes
    assert failures[0][0] == "t"


def test_who_watches_sees_every_value() -> None:
    seen: list[tuple[str, object]] = []
    classes = classifier(*CLASSES)
    subject = packet()

    def watch(name: str, value: bool | bytes | Failure | None) -> None:
        seen.append((name, value))

    classes.on_arrival(subject, watch)
    assert seen == [("a", True), ("tt", b"sp"), ("r1", False), ("b", True), ("c", False), ("z", False)]
    seen.clear()
    classes.with_host(subject, False, watch=watch)
    assert seen == [("k", False), ("u", True), ("nk", True)]
    seen.clear()
    classes.additional(subject, ["nobody", "y", "x"], watch)
    assert seen == [("nobody", None), ("x", True)]


def test_drop_is_a_class_like_others() -> None:
    classes = classifier(ClassSource("DROP", "member('KNOWN')"))
    subject = packet()
    classes.on_arrival(subject)
    assert "DROP" not in subject.classes
    classes.with_host(subject, True)
    assert "DROP" in subject.classes


def test_an_empty_vendor_class_is_none() -> None:
    subject = subject4({60: b"", 12: b"x"})
    classifier().on_arrival(subject)
    assert list(subject.classes) == ["ALL"]


def option43() -> PacketSubject4:
    return subject4({60: b"sp", 43: bytes.fromhex("0102616202016a"), 224: b"\1\2"})


def test_late_options_are_bytes_at_first_and_read_afterwards() -> None:
    classes = classifier(
        ClassSource("e", "option[43].option[1].exists"),
        ClassSource("e2", "member('KNOWN') or option[43].option[1].exists"),
        ClassSource("t1", "not member('KNOWN') and option[43].option[2].exists"),
        ClassSource("t2", template="'T' + option[224].text"),
    )
    subject = option43()
    classes.on_arrival(subject)
    classes.with_host(subject, False)
    assert list(subject.classes) == [
        "ALL",
        "VENDOR_CLASS_sp",
        "SPAWN_t2_Ttype=224, len=002: 01:02",
        "t2",
        "UNKNOWN",
        "e2",
        "t1",
    ]


def test_late_options_are_read_as_the_first_class_of_the_packet_that_defines_them_says() -> None:
    offset = OptionDefinition(43, "one", OptionType.UINT8, encapsulates="one-space")
    plain = OptionDefinition(43, "two", OptionType.BINARY)
    sources = (
        ClassSource("absent", "option[99].exists", definitions={43: plain}),
        ClassSource("here", "option[60].exists", definitions={43: offset}),
        ClassSource("too", "option[60].exists", definitions={43: plain}),
        ClassSource("e", "member('UNKNOWN') and option[43].option[2].exists"),
        ClassSource("f", "member('UNKNOWN') and option[43].option[1].exists"),
    )
    for classes, expected in ((sources, ["e"]), (sources[3:], ["f"])):
        subject = subject4({60: b"sp", 43: bytes.fromhex("0102" + "0161" if classes is not sources else "05020161")})
        found = classifier(*classes)
        found.on_arrival(subject)
        found.with_host(subject, False)
        assert [name for name in subject.classes if name in "ef"] == expected


def vendor_class(*data: bytes) -> bytes:
    return bytes(4) + b"".join(len(each).to_bytes(2, "big") + each for each in data)


@pytest.mark.parametrize(
    ("instances", "names"),
    [
        ([], []),
        ([vendor_class(b"foo", b"bar")], ["foo"]),
        ([vendor_class(b"foo"), vendor_class(b"abc")], ["foo", "abc"]),
        ([vendor_class(b"x", b"docsis3.0")], ["docsis3.0"]),
        ([vendor_class(b"x", b"a docsis3.0 modem")], ["x"]),
        ([vendor_class(b"x", b"eRouter1.0", b"docsis3.0")], ["docsis3.0"]),
        ([vendor_class(b"x", b"eRouter1.0")], ["eRouter1.0"]),
        ([vendor_class(b"eRouter1.0:cm")], ["eRouter1.0:cm"]),
        ([vendor_class()], []),
        ([vendor_class(b"\xe9")], ["\xe9"]),
    ],
)
def test_vendor_classes_of_dhcpv6(instances: list[bytes], names: list[str]) -> None:
    subject = subject6([(16, value) for value in instances])
    Classifier(resolve_classes((), TABLE6, 6), lambda name, failure: None).on_arrival(subject)
    assert list(subject.classes) == ["ALL", *(f"VENDOR_CLASS_{name}" for name in names)]


def test_who_is_in_a_class_already_keeps_their_rank() -> None:
    classes = Classes(["a", "b"])
    classes.add("c")
    classes.add("a")
    assert list(classes) == ["a", "b", "c"]
    classes.discard("a")
    classes.discard("nobody")
    classes.add("a")
    assert list(classes) == ["b", "c", "a"]
    assert repr(classes) == "b, c, a"
