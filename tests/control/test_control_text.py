"""Kea's JSON text: written to the letter, read with Kea's liberties and complaints, complete when it is complete."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.control.answers import Answer, gentle_text_form, text_form
from kead.control.json_feed import NESTING_LIMIT, Feed, FeedError
from kead.control.json_text import JsonError, place, read

LATIN = st.text(st.characters(max_codepoint=0xFF), max_size=8)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | LATIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(LATIN, inner, max_size=4),
    max_leaves=20,
)


def fed(*pieces: bytes) -> bytes:
    feed = Feed()
    for piece in pieces[:-1]:
        assert not feed.push(piece)
    assert feed.push(pieces[-1])
    return feed.document


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"text": "x", "result": 0}, '{ "result": 0, "text": "x" }'),
        ({"arguments": {"leases": []}}, '{ "arguments": { "leases": [  ] } }'),
        ({}, "{  }"),
        ([1, [2], {"a": None}], '[ 1, [ 2 ], { "a": null } ]'),
        ((True, False, 0.0, 1.5, -7, 2**64), "[ true, false, 0.0, 1.5, -7, 18446744073709551616 ]"),
        ('"\\/\b\f\n\r\t\x00\x1f\x7f\x80\xff', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f\\u0080\\u00ff"'),
        ("caf\xc3\xa9", '"caf\\u00c3\\u00a9"'),
        ("\u20ac", '"\\u00e2\\u0082\\u00ac"'),
    ],
)
async def test_the_text_form(value: object, text: str) -> None:
    assert text_form(value) == text
    assert await gentle_text_form(value) == text


@given(JSON)
def test_what_is_written_is_read_again(value: object) -> None:
    text = text_form(value)
    assert text.isascii()
    assert text.isprintable()
    assert read(text.encode()) == value
    assert json.loads(text) == value


@given(st.lists(JSON, max_size=3) | st.dictionaries(LATIN, JSON, max_size=3), st.data())
def test_a_document_is_complete_at_its_last_byte_however_it_is_cut(value: object, data: st.DataObject) -> None:
    text = text_form(value).encode()
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text) - 1), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    pieces[-1] += b' {"next": 1}'
    assert fed(*pieces) == text


def test_comments_are_taken_out_at_any_cut_and_their_line_ends_stay() -> None:
    text = b'# one {\n/* two\n "*/ // three\n {"a#//": /* [\n */ 1, # }\n "b": "/* no */"} trailing'
    for cut in range(len(text)):
        feed = Feed()
        complete = feed.push(text[:cut])
        assert complete or feed.push(text[cut:])
        assert feed.document == b'{"a#//": \n 1, \n "b": "/* no */"}'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"nope", "invalid first character n"),
        (b" \n}", "invalid first character }"),
        (b'{"a": / 1}', "invalid characters / "),
    ],
)
def test_what_cannot_become_a_document(text: bytes, complaint: str) -> None:
    with pytest.raises(FeedError, match=f"^{complaint}$"):
        Feed().push(text)


def test_nesting_is_limited_to_a_hundred() -> None:
    fed(b'{"a":' + b"[" * (NESTING_LIMIT - 1) + b"]" * (NESTING_LIMIT - 1) + b"}")
    with pytest.raises(FeedError, match="nested too deeply"):
        Feed().push(b'{"a":' + b"[" * NESTING_LIMIT)
    with pytest.raises(FeedError, match="nested too deeply"):
        Feed().push(b'{"a":' * 1_000_000)


def test_blanks_alone_count_for_nothing() -> None:
    feed = Feed()
    assert not feed.push(b" \n\t ")
    assert feed.received == 0
    assert not feed.push(b'{"a"')
    assert feed.received == 8


@pytest.mark.parametrize(
    ("text", "complaint"),
    [  # each as Kea 3.0.4 words it
        ('{"command": nope}', "Bad null value: nope in <wire>:0:12"),
        ('{"command": }', "error: unexpected character } in <wire>:0:13"),
        ('{"command"  "x"}', '\'"\' read, one of ":" expected in <wire>:0:13'),
        ('{"command": "x",}', "String expected in <wire>:0:17"),
        ('{command: "x"}', "String expected in <wire>:0:2"),
        ('{"command": "x" "y"}', '\'"\' read, one of ",}" expected in <wire>:0:17'),
        ('{"command": "\\u0100"}', "Unsupported unicode escape in <wire>:0:14"),
        ('{"command": "abcdef\\q"}', "Bad escape in <wire>:0:20"),
        ('{"command": "\\u00g1"}', "Not hexadecimal in unicode escape in <wire>:0:14"),
        ('{"command": tru}', "Bad boolean value: tru in <wire>:0:12"),
        ('{"command": True}', "error: unexpected character T in <wire>:0:13"),
        ('{"command": "x"]', "']' read, one of \",}\" expected in <wire>:0:16"),
        ('{\n"command":\n nope}', "Bad null value: nope in <wire>:2:2"),
        ('{"command": "a\nbcdef", "arguments": nope}', "Bad null value: nope in <wire>:0:36"),
        ('{"a": [,]}', "error: unexpected character , in <wire>:0:8"),
        ('{"a": [1 2]}', "'2' read, one of \",]\" expected in <wire>:0:10"),
        ('{"a": 0x10}', "'x' read, one of \",}\" expected in <wire>:0:8"),
        ('{"a": Infinity}', "error: unexpected character I in <wire>:0:7"),
    ],
)
def test_complaints_are_keas(text: str, complaint: str) -> None:
    with pytest.raises(JsonError) as caught:
        read(text.encode())
    assert str(caught.value) == complaint


@pytest.mark.parametrize("number", ["-", ".", "1e999", "1.2.3", "5e", "1-2", "9" * 5000])
def test_what_is_no_number_is_refused(number: str) -> None:
    with pytest.raises(JsonError, match="Number overflow while trying to cast"):
        read(b'{"a": ' + number.encode() + b"}")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b'{"a": 010, "b": +5, "c": .5, "d": [1, 2, ]}', {"a": 10, "b": 5, "c": 0.5, "d": [1, 2]}),
        (b'{"a": 1, "a": 2}', {"a": 2}),
        (b'{"a": "x\ny\x00"}', {"a": "x\ny\x00"}),
        (b'{"a": "\xc3\xa9\\u00e9\\/"}', {"a": "\xc3\xa9\xe9/"}),
        (b'{"a": 99999999999999999999}', {"a": 99999999999999999999}),
        (b"[]", []),
    ],
)
def test_liberties_are_keas(text: bytes, value: object) -> None:
    assert read(text) == value


@given(st.binary(max_size=40))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        complete = (feed := Feed()).push(b"{" + data)
        if complete:
            read(feed.document)
    except (FeedError, JsonError):
        pass


@pytest.mark.parametrize(
    ("value", "where"),
    [
        ('"s"', "0:20"),
        ("-5", "0:20"),
        ("[]", "0:21"),
        ("{}", "0:21"),
        ("\n  5", "1:3"),
        ("\n[]", "1:2"),
        ("\r\n true", "1:2"),
    ],
)
def test_places_are_counted_as_kea_counts(value: str, where: str) -> None:
    text = f'{{"arguments": {{"a": {value}}}}}'
    assert place(text.encode(), ("arguments", "a")) == f"<wire>:{where}"


def test_an_error_has_result_and_text_alone() -> None:
    assert Answer(1, "why", {"more": 1}).as_json() == {"result": 1, "text": "why"}
    assert Answer(3, "none", {"leases": []}).as_json() == {"result": 3, "text": "none", "arguments": {"leases": []}}
    assert Answer().as_json() == {"result": 0}


def test_a_foreign_answer_goes_out_as_it_is() -> None:
    whole = {"result": 1, "text": "t", "arguments": {}, "more": 5}
    assert Answer.from_json(whole).as_json() == whole
    assert Answer.from_json([whole]).result == 1
    with pytest.raises(TypeError):
        Answer.from_json("no")
