"""match(): what the C++ library that Kea uses makes of regular expressions, and how long any of them may take."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kead.classify.backtracking import compile_program
from kead.classify.errors import EvaluationError
from kead.classify.regex import RegexError, compile_regex
from kead.classify.regex_syntax import parse_regex

# measured with Kea 3.0.4
MATCHES = (
    (r"", b"", True),
    (r"a.c", b"a\tc", True),
    (r"^abc$", b"abc", True),
    (r"a\.c", b"a.c", True),
    (r"\d+", b"123", True),
    (r"[[:alpha:]]+", b"abc", True),
    (r"(a)\1", b"aa", True),
    (r"(?=a)abc", b"abc", True),
    (r"(?!b)abc", b"abc", True),
    (r"(?:ab)+", b"abab", True),
    (r"a{2,3}", b"aaaa", False),
    (r"a{2,}", b"aaaa", True),
    (r"a|b", b"b", True),
    (r"a|ab", b"ab", True),
    (r"(a|ab)(c|bcd)", b"abcd", True),
    (r"\w+", b"a_1", True),
    (r"\s", b"\t", True),
    (r"\x41", b"A", True),
    (r"\u0041", b"A", True),
    (r"\cA", b"\x01", False),
    (r"\0", b"\x00", True),
    (r"[^a]", b"b", True),
    (r"[^]", b"b", True),
    (r"[]", b"b", False),
    (r"[a-]", b"-", True),
    (r".", b"\n", False),
    (r".", b"\r", False),
    (r".", b"\xe9", True),
    (r"[\w]+", b"ab1", True),
    (r"a\b", b"a", True),
    (r"\bab\b", b"ab", True),
    (r"a*?", b"aaa", True),
    (r"a??b", b"ab", True),
    (r"\ba", b"a", True),
    (r"\/a", b"/a", True),
    (r"\-", b"-", True),
    (r"\_", b"_", True),
    (r"[[.a.]]", b"a", True),
    (r"[[=a=]]", b"a", True),
    (r"\D", b"a", True),
    (r"\W", b"-", True),
    (r"\S", b"a", True),
    (r"[\D]", b"a", True),
    (r"\B", b"", True),
    (r"\z", b"z", True),
    (r"\e", b"e", True),
    (r"\n", b"\n", True),
    (r"\v", b"\x0b", True),
    (r"\f", b"\x0c", True),
    (r"\t", b"\t", True),
    (r"\r", b"\r", True),
    (r"\a", b"a", True),
    (r"a{0}", b"", True),
    (r"(a*)*", b"aaa", True),
    (r"(a*)+$", b"aaab", False),
    (r"}", b"}", True),
    (r"]", b"]", True),
    (r"\s", b"\x0b", True),
    (r"[[:w:]]", b"a", True),
    (r"[[:d:]]", b"1", True),
    (r"[\b]", b"\x08", True),
    (r"(a)|b\1", b"b", False),
    (r"a**", b"aaa", True),
    (r"a+*", b"aaa", True),
    (r"a{2}{3}", b"aaaaaa", True),
    (r"|", b"", True),
    (r"(|a)", b"a", True),
    (r"a||b", b"", True),
    (r"()", b"", True),
    (r"[a-z&&[b]]", b"b", False),
    (r"\A", b"A", True),
    (r"\Qa", b"Qa", True),
    (r"[\]]", b"]", True),
    (r"[a\-z]", b"-", True),
    (r"x$y", b"xy", False),
    (r"[--a]", b"5", True),
    (r"[!--]", b"-", True),
    (r"\u00e9", b"\xe9", True),
    (r"\u20ac", b"x", False),
    (r"a{1001}", b"a", False),
    (r"(a)(b)?\2", b"a", False),
    (r"(?:(a)|b)*\1", b"aba", True),
    (r"[\x41-\x43]+", b"ABC", True),
    (r"[\n]", b"\n", True),
    (r"(?=(a))\1", b"a", True),
    (r"^", b"", True),
    (r"a$|b", b"a", True),
    (r"(^a)", b"a", True),
    (r"a^b", b"ab", False),
    (r".*", b"\n", False),
    (r"[^a]", b"\n", True),
    (r"\07", b"a", False),
    (r"[[:ALPHA:]]", b"a", True),
    (r"(a|b)*c|d\{1\}", b"d{1}", True),
)
WRONG = (
    ("[\\d-x]", "Invalid start of '[x-x]' range in regular expression"),
    ("a{,2}", "Invalid range in '{}' in regular expression"),
    ("a{x}", "Invalid range in '{}' in regular expression"),
    ("\\2(a)", "Back-reference index exceeds current sub-expression count."),
    ("\\p{L}", "Invalid range in '{}' in regular expression"),
    ("\\xg", "Invalid '\\xNN' control character in regular expression"),
    ("\\c", "invalid '\\cX' control character in regular expression"),
    ("a{2", "Mismatched '{' and '}' in regular expression"),
    ("[a", "Unexpected character within '[...]' in regular expression"),
    ("[c}[", "Incomplete '[[' character class in regular expression"),
    ("[a-", "Invalid end of '[x-x]' range in regular expression"),
    ("[[:alpha:", "Invalid character class in regular expression"),
    ("[[:alpha:]", "Unexpected character within '[...]' in regular expression"),
    ("(a", "Mismatched '(' and ')' in regular expression"),
    ("a)", "Mismatched '(' and ')' in regular expression"),
    ("+", "Mismatched '(' and ')' in regular expression"),
    ("?a", "Mismatched '(' and ')' in regular expression"),
    ("a{", "Invalid range in '{}' in regular expression"),
    ("a{1", "Mismatched '{' and '}' in regular expression"),
    ("a{1,", "Mismatched '{' and '}' in regular expression"),
    ("{1}", "Mismatched '(' and ')' in regular expression"),
    ("\\", "Invalid escape at end of regular expression"),
    ("(?", "Mismatched '(' and ')' in regular expression"),
    ("(?:", "Mismatched '(' and ')' in regular expression"),
    ("[[.xx.]]", "Invalid collate element."),
    ("\\x4", "Invalid '\\xNN' control character in regular expression"),
    ("\\u004", "Invalid '\\uNNNN' control character in regular expression"),
    ("[[:alpha:]-z]", "Invalid start of '[x-x]' range in regular expression"),
    ("[a-[:alpha:]]", "Invalid end of '[x-x]' range in regular expression"),
    ("[\\w-z]", "Invalid start of '[x-x]' range in regular expression"),
    ("[a-\\d]", "Invalid end of '[x-x]' range in regular expression"),
    ("(?!", "Mismatched '(' and ')' in regular expression"),
    ("(?=a)*a", "Mismatched '(' and ')' in regular expression"),
    ("^*a", "Mismatched '(' and ')' in regular expression"),
    ("$*", "Mismatched '(' and ')' in regular expression"),
    ("\\b*", "Mismatched '(' and ')' in regular expression"),
    ("\\b+a", "Mismatched '(' and ')' in regular expression"),
    ("(?=a)+a", "Mismatched '(' and ')' in regular expression"),
)


@pytest.mark.parametrize(("text", "data", "expected"), MATCHES)
def test_as_the_c_library(text: str, data: bytes, expected: bool) -> None:
    assert compile_regex(text)(data) is expected


@pytest.mark.parametrize(("text", "data", "expected"), MATCHES)
def test_backtracking_says_the_same(text: str, data: bytes, expected: bool) -> None:
    assert compile_program(parse_regex(text))(data) is expected


@pytest.mark.parametrize(("text", "why"), WRONG)
def test_no_regular_expression(text: str, why: str) -> None:
    with pytest.raises(RegexError) as error:
        compile_regex(text)
    assert str(error.value) == why


@pytest.mark.parametrize(
    "text",
    [
        "a{99999}",
        "(a{1000}){1000}",
        "a{1,100000}",
        "a{9999999999}",
        "((((a{99}){99}){99}){99}){99}",
        "(" * 1000 + ")" * 1000,
    ],
)
def test_too_large(text: str) -> None:
    with pytest.raises(RegexError):
        compile_regex(text)


@pytest.mark.parametrize("count", [999, 1000, 1001, 1999, 2000, 2500])
def test_repetitions_beyond_those_of_the_library(count: int) -> None:
    exactly, at_least = compile_regex(f"a{{{count}}}"), compile_regex(f"a{{{count},}}")
    up_to, between = compile_regex(f"a{{0,{count}}}"), compile_regex(f"a{{{count},{count + 1200}}}")
    for size in (0, 1, 998, 999, 1000, 1001, 1998, 1999, 2000, 2001, 2499, 2500, 2501, 3700, 3701):
        data = b"a" * size
        assert exactly(data) is (size == count)
        assert at_least(data) is (size >= count)
        assert up_to(data) is (size <= count)
        assert between(data) is (count <= size <= count + 1200)


@pytest.mark.parametrize(
    ("text", "fits", "does_not"),
    [
        ("(a{400}){10}", 4000, 3999),
        ("((a{11}){11}){11}", 1331, 1330),
        ("(?:(a|b{3}){2}){700}", 1400, 1399),
        ("(a{100,200}){20}", 2000, 1999),
        ("(a{100,}){30,}", 3000, 2999),
        ("(a{3}){0,1100}", 3300, 3299),
        ("((a{30}){30}){2}", 1800, 1801),
    ],
)
def test_repetitions_in_each_other(text: str, fits: int, does_not: int) -> None:
    matches = compile_regex(text)
    assert matches(b"a" * fits) is True
    assert matches(b"a" * does_not) is False


CATASTROPHES = (
    (r"(a*)*b", b"a" * 5000),
    (r"(a+)+$", b"a" * 60000 + b"b"),
    (r"(x+x+)+y", b"x" * 60000),
    (r"(a|a)*c", b"a" * 60000),
    (r"(.*)(.*)(.*)(.*)=(.*)", b"x" * 60000),
    (r"(?:.*a){500}", b"a" * 499 + b"b" * 60000),
    (r".{1000}.{1000}.{1000}(a|b)*.{5000}c", b"a" * 60000),
    (r"(a+)+\1b", b"a" * 60000),
    (r"(a|a)*\1c", b"a" * 60000),
    (r"(?=(a+))a*b\1", b"a" * 60000),
    (r"(?!(a*)*b)(a*)*c", b"a" * 60000),
    (r"(.*)\1\1\1\1\1x", b"a" * 60000),
    (r"(a?){2000}\1b", b"a" * 60000),
)


@pytest.mark.parametrize(("text", "data"), CATASTROPHES)
def test_bounded_in_time(text: str, data: bytes) -> None:
    matches = compile_regex(text)
    before = time.process_time()
    found = "False"
    try:
        found = str(matches(data))
    except EvaluationError as error:
        assert re.match("the regular expression (needs more than 20000 steps|is too large for data)", str(error))  # noqa: PT017
    assert found == "False"
    assert time.process_time() - before < 1.0  # minutes and more without a bound


WORDS = r"\d \w \b \1 \ a b . [ab] [^a] (a) (?:ab) (a|b) a|b * + ? *? {2} {1,2} ^ $ | ( ) [ ] { } - x (?=a) (?!b)"
PIECES = st.sampled_from(WORDS.split())


@given(st.lists(PIECES, max_size=8).map("".join), st.text("abx1", max_size=6))
def test_any_text_is_read_or_refused(text: str, data: str) -> None:
    try:
        matches = compile_regex(text)
    except RegexError:
        return
    try:
        assert matches(data.encode()) in (True, False)
    except EvaluationError:
        pass


SIMPLE = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", "[^a]"]),
    lambda inner: st.one_of(
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,2}"])).map(lambda two: f"(?:{two[0]}){two[1]}"),
    ),
    max_leaves=6,
)


@given(SIMPLE, st.text("ab", max_size=6))
def test_python_says_the_same(text: str, data: str) -> None:
    expected = re.fullmatch(text, data) is not None
    assert compile_regex(text)(data.encode()) is expected
    try:
        assert compile_program(parse_regex(text))(data.encode()) is expected
    except EvaluationError:
        pass
