"""Nothing printed can steer a terminal or hide in it."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.console.harmless import MARKS, encodable, harmless, one_line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain words", "plain words"),
        ("two\nlines\tand a tab", "two\nlines\tand a tab"),
        ("Windows\r\nline", "Windows\nline"),
        ("over\rwrite", "over write"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x9b31mred\x9b0m", "red"),
        ("\x1b[2J\x1b[Hcleared", "cleared"),
        ("\x1b]0;new title\x07words", "words"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bP1$r0m\x1b\\device", "device"),
        ("\x1b]52;c;aGVsbG8= never closed", "]52;c;aGVsbG8= never closed"),
        ("\x1bc reset", " reset"),
        ("\x1b(0line drawing", "line drawing"),
        ("an ESC \x1b alone at the end \x1b", "an ESC  alone at the end "),
        ("nul\x00 bell\x07 backspace\x08 delete\x7f next line\x85.", "nul bell backspace delete next line ."),
        ("a\u202eb\u2066c\u200bd\u200de\ufefff\u00adg", "abcdefg"),
        ("tag\U000e0041s and variation\ufe0fs", "tags and variations"),
        ("filler\u3164s", "fillers"),
        ("lone \ud800 surrogate", "lone  surrogate"),
        ("line\u2028and paragraph\u2029separators", "line and paragraph separators"),
        ("Émile Café, E\u0301, 数学, 🙂, Ω", "Émile Café, E\u0301, 数学, 🙂, Ω"),
    ],
)
def test_what_a_terminal_would_obey_is_taken_out(text: str, expected: str) -> None:
    assert harmless(text) == expected


def test_a_letter_carries_few_marks() -> None:
    assert harmless("Z" + "\u0301" * 500 + "a\u0301lgo") == "Z" + "\u0301" * MARKS + "a\u0301lgo"
    assert harmless("\u0301" * 9 + "\n" + "\u0301" * 9) == "\u0301" * MARKS + "\n" + "\u0301" * MARKS


@given(st.text(alphabet=st.characters(), max_size=60))
def test_any_text_comes_out_harmless(text: str) -> None:
    out = harmless(text)
    assert not {unicodedata.category(character) for character in out if character not in "\n\t"} & {"Cc", "Cf", "Cs"}
    assert harmless(out) == out
    out.encode()


@given(st.text(alphabet="\x1b[];0m\x07\\ ax\x9b\x9c\n", max_size=40))
def test_no_order_of_escapes_leaves_one_behind(text: str) -> None:
    assert not set(harmless(text)) & set("\x1b\x07\x9b\x9c")


def test_one_line_folds_and_trims() -> None:
    assert one_line("  a\n b\t\tc  ", 10) == "a b c"
    assert one_line("exactly ten", 11) == "exactly ten"
    assert one_line("some words, another word", 15) == "some words…"
    assert one_line("unbreakablewordthatislong", 10) == "unbreakab…"
    assert one_line("", 10) == ""


@given(st.text(max_size=300), st.integers(2, 50))
def test_one_line_keeps_within_its_room(text: str, most: int) -> None:
    line = one_line(text, most)
    assert len(line) <= most
    assert "\n" not in line


def test_a_cut_is_told_even_when_what_remains_is_short() -> None:
    assert one_line("a" + " " * 10_000_000 + "b", 50) == "a…"


def test_outputs_that_know_fewer_characters_get_stand_ins() -> None:
    assert encodable("5 new papers · Émile – “x” → 数 ł", "ascii") == '5 new papers - Emile - "x" -> ? ?'
    assert encodable("Émile – 数", "latin-1") == "Émile - ?"
    assert encodable("Émile – 数", "utf-8") == "Émile – 数"
