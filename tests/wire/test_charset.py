"""hostname-char-set: POSIX extended regular expressions."""

from __future__ import annotations

import time

import pytest

from kead.wire.charset import CharSetError, cleaner


@pytest.mark.parametrize(
    ("char_set", "replacement", "text", "cleaned"),
    [
        ("[^A-Za-z0-9.-]", "", "a b_c.D-1\xe9", "abc.D-1"),
        ("[^A-Za-z0-9.-]", "X", "a b_c", "aXbXc"),
        ("[^A-Za-z0-9.-]", r"\1", "a b", r"a\1b"),
        ("[a]", r"\0", "bab", r"b\0b"),
        ("[[:digit:]]+", "-", "a12b3", "a-b-"),
        (r"[\n]", "", r"n\b", "b"),
        (r"[]a\]", "", r"a]b\c", "bc"),
        (r"\.", "-", "a.b", "a-b"),
        ("ab|a", "x", "abac", "xxc"),
        ("[\xe0-\xff]", "?", "a\xe9", "a?"),
    ],
)
def test_cleaning(char_set: str, replacement: str, text: str, cleaned: str) -> None:
    clean = cleaner(char_set, replacement)
    assert clean is not None
    assert clean(text) == cleaned


def test_an_empty_one_cleans_nothing() -> None:
    assert cleaner("", "x") is None


@pytest.mark.parametrize("char_set", ["[", "(", "\u20ac", "(a)\\1", "a{1000}{1000}"])
def test_none(char_set: str) -> None:
    with pytest.raises(CharSetError):
        cleaner(char_set, "")


def test_time_is_bounded() -> None:
    clean = cleaner("(a*)*b", "")
    assert clean is not None
    begin = time.process_time()
    clean("a" * 255)
    assert time.process_time() - begin < 0.2
