"""Class definitions: what is refused, in which words, and which classes wait for the host."""

from __future__ import annotations

import pytest

from kead.classify.classes import ClassError, ClassSource, ClientClass, resolve_classes
from tests.classify.packets import TABLE4, TABLE6


def resolved(*sources: ClassSource) -> dict[str, ClientClass]:
    return {each.name: each for each in resolve_classes(sources, TABLE4, 4)}


def refusal(*sources: ClassSource) -> ClassError:
    with pytest.raises(ClassError) as error:
        resolve_classes(sources, TABLE4, 4)
    return error.value


def written(error: ClassError) -> str:
    return error.written(lambda keyword: f"<{keyword}>")


TRUE = "'a' == 'a'"


@pytest.mark.parametrize(
    ("sources", "index", "keyword", "text"),
    [
        ([ClassSource("")], 0, "name", "not empty parameter 'name' is required (<name>)"),
        (
            [ClassSource("a"), ClassSource("a")],
            1,
            "name",
            "Can't add class: Client Class: a has already been defined (<>)",
        ),
        (
            [ClassSource("a", TRUE, "'a'")],
            0,
            "template-test",
            "can not use both 'test' and 'template-test' (<test>) and (<template-test>)",
        ),
        ([ClassSource("ALL", TRUE)], 0, "test", "built-in class 'ALL' test expression must be empty"),
        (
            [ClassSource("KNOWN", template="'a'")],
            0,
            "template-test",
            "built-in class 'KNOWN' test expression must be empty",
        ),
        (
            [ClassSource("BOOTP", additional=True)],
            0,
            "only-in-additional-list",
            "built-in class 'BOOTP' only-in-additional-list flag must be false",
        ),
        (
            [ClassSource("a"), ClassSource("DROP", additional=True)],
            1,
            "only-in-additional-list",
            "special class 'DROP' only-in-additional-list flag must be false",
        ),
        (
            [ClassSource("a", "member('a')")],
            0,
            "test",
            "expression: [member('a')] error: <string>:1.8-10: Not defined client class 'a' at (<test>)",
        ),
        (
            [ClassSource("a", "member('b')"), ClassSource("b")],
            0,
            "test",
            "expression: [member('b')] error: <string>:1.8-10: Not defined client class 'b' at (<test>)",
        ),
        (
            [ClassSource("t", template="'x'"), ClassSource("a", "member('t') or member('SPAWN_t_x')")],
            1,
            "test",
            "expression: [member('t') or member('SPAWN_t_x')] error: <string>:1.23-33: "
            "Not defined client class 'SPAWN_t_x' at (<test>)",
        ),
        ([ClassSource("a", template="")], 0, "template-test", "expression can not be empty at (<template-test>)"),
        (
            [ClassSource("a", "")],
            0,
            "test",
            "expression: [] error: <string>:1.1: syntax error, unexpected end of file at (<test>)",
        ),
        (
            [ClassSource("a", "match('[', 'a')")],
            0,
            "test",
            "expression: [match('[', 'a')] error: invalid regular expression '[': "
            "Unexpected character within '[...]' in regular expression at (<test>)",
        ),
    ],
)
def test_what_is_refused(sources: list[ClassSource], index: int, keyword: str, text: str) -> None:
    error = refusal(*sources)
    assert (error.index, error.keyword) == (index, keyword)
    assert written(error) == text


def test_the_column_of_what_is_wrong() -> None:
    assert refusal(ClassSource("a", "option[60].exists and option[nope].exists")).column == 30
    assert refusal(ClassSource("a", "match('a', 'a') and match('[', 'a')")).column == 27
    assert refusal(ClassSource("a", template="")).column == 0
    assert "above" in refusal(ClassSource("a", "member('b')")).remedy


@pytest.mark.parametrize("name", ["DROP", "REJECT", "SKIP_DDNS", "STASH_AGENT_OPTIONS"])
def test_special_classes_can_be_asked_for_only_when_they_are_defined(name: str) -> None:
    assert "Not defined client class" in written(refusal(ClassSource("a", f"member('{name}')")))
    resolved(ClassSource(name), ClassSource("a", f"member('{name}')"))


@pytest.mark.parametrize(
    "name", ["ALL", "KNOWN", "UNKNOWN", "BOOTP", "VENDOR_CLASS_x", "HA_one", "AFTER_HA", "EXTERNAL_x"]
)
def test_built_in_classes_can_be_asked_for(name: str) -> None:
    assert resolved(ClassSource("a", f"member('{name}')"))["a"].test is not None


def test_special_classes_may_have_a_test() -> None:
    resolved(
        ClassSource("DROP", TRUE),
        ClassSource("SKIP_DDNS", TRUE, additional=True),
        ClassSource("HA_x", TRUE),
        ClassSource("VENDOR_CLASS_x", additional=True),
        ClassSource("ALL"),
    )


def test_a_template_may_ask_for_any_class() -> None:
    resolved(ClassSource("a", template="ifelse(member('nobody knows'), 'x', 'y')"))


def test_what_waits_for_the_host() -> None:
    classes = resolved(
        ClassSource("now", TRUE),
        ClassSource("known", "member('KNOWN')"),
        ClassSource("stranger", "option[60].exists and not member('UNKNOWN')"),
        ClassSource("plain"),
        ClassSource("through", "member('now') or member('known')"),
        ClassSource("farther", "member('through')"),
        ClassSource("still now", "member('now') and member('plain')"),
        ClassSource("template", template="ifelse(member('KNOWN'), 'x', 'y')"),
        ClassSource("early template", template="ifelse(member('known'), 'x', 'y')"),
        ClassSource("by template", "member('template')"),
    )
    late = [name for name, each in classes.items() if each.late]
    assert late == ["known", "stranger", "through", "farther", "template", "by template"]


def test_families() -> None:
    (only,) = resolve_classes([ClassSource("a", "pkt6.msgtype == 1 and option[clientid].exists")], TABLE6, 6)
    assert only.test is not None
    assert "relay6" not in written(refusal(ClassSource("a", "pkt6.msgtype == 1")))
