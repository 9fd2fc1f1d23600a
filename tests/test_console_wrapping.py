"""Lines fit a terminal by the cells that characters take."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.console.wrapping import cells, wrap


@pytest.mark.parametrize(
    ("text", "expected"),
    [("abc", 3), ("数学", 4), ("e\u0301", 1), ("ｗｉｄｅ", 8), ("🙂", 2), ("", 0), ("é·…", 3)],
)
def test_cells(text: str, expected: int) -> None:
    assert cells(text) == expected


def test_words_are_kept_whole() -> None:
    assert wrap("one two three four", 9, " 1. ", "  ") == [" 1. one", "  two", "  three", "  four"]
    assert wrap("one two three four", 14, " 1. ") == [" 1. one two", "    three four"]


def test_a_text_without_words_gives_no_line() -> None:
    assert wrap("", 40, "* ") == []
    assert wrap(" \n ", None, "* ") == []


def test_no_width_means_one_line() -> None:
    assert wrap("one\n  two " * 40, None, "- ") == ["- " + " ".join(["one two"] * 40)]


def test_wide_characters_break_anywhere_and_count_twice() -> None:
    assert wrap("深度学习方法 for 图", 10) == ["深度学习方", "法 for 图"]


def test_a_run_longer_than_a_line_is_broken_or_left_whole_as_asked() -> None:
    assert wrap("see abcdefghijklmnop now", 10) == ["see", "abcdefghij", "klmnop now"]
    assert wrap("see abcdefghijklmnop now", 10, broken=False) == ["see", "abcdefghijklmnop", "now"]


@given(
    st.text(alphabet="ab c\u0301数é🙂\n-", max_size=200),
    st.integers(20, 60),
    st.sampled_from(["", " 1. ", "        "]),
)
def test_every_line_fits_and_nothing_is_lost(text: str, columns: int, first: str) -> None:
    lines = wrap(text, columns, first)
    assert all(cells(line) <= columns for line in lines)
    assert "".join("".join(line[len(first) :] for line in lines).split()) == "".join(text.split())
